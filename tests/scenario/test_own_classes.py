"""Classes of a file's own: they behave as the standard class of their kind, and have words of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.compiled.engine import play as play_compiled
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.reference.story import play as play_reference
from sim.errors import ScenarioError
from sim.face import load
from sim.measures.names import Key
from sim.measures.replication import measure
from sim.plotting.colours import CLASS_COLOURS, OWN_COLOURS, colour_of
from sim.scenario.model.class_words import of_classes
from sim.scenario.model.quantities import CLASSES, MOST_OWN_CLASSES, STREAMS
from sim.scenario.model.scenario import Scenario


def hall(classes: dict[str, Any], **crossing: Any) -> dict[str, Any]:
    stations = {"desks": {"staffing": 3, "service_time": {"mean": "60 s", "family": "exponential"}}}
    demand = {name: {"all": {"constant": {"rate": "60/h"}}} for name in classes}
    return {
        "name": "hall", "title": "A hall",
        "clock": {"timezone": "UTC", "t0": "2026-06-01", "start": "2026-06-01", "horizon": "2026-06-01T08:00"},
        "classes": classes,
        "crossings": {"hall": {"stations": stations, "demand": demand, **crossing}},
    }  # fmt: skip


def read(description: dict[str, Any]) -> Scenario:
    return load(description).scenario


def test_a_kind_gives_what_is_not_said() -> None:
    found = read(hall({"visitor": {"kind": "foot"}, "lorry": {"kind": "truck", "people": 2}, "car": {}}))
    assert {name: each.spacing for name, each in found.classes.items()} == {"visitor": 1, "lorry": 19, "car": 7}
    assert found.classes["lorry"].people.max == 2
    assert found.classes["car"].kind == "car"
    assert found.vehicles == ("car", "truck", "bus", "lorry")
    assert found.present == ("car", "visitor", "lorry")
    assert found.streams == (*STREAMS, "visitor", "lorry")
    assert {"visitor", "lorry"} <= set(found.crossings["hall"].stations["desks"].serves)


@pytest.mark.parametrize("kind", ["foot", "truck"])
def test_an_own_class_waits_as_the_standard_class_of_its_kind_would(kind: str) -> None:
    """The same arrivals and services under another name: all measures but their names are the same."""
    own, standard = (read(hall({name: {"kind": kind}})) for name in ("zebra", kind))
    found = []
    for scenario, name in ((own, "zebra"), (standard, kind)):
        plan = lower(scenario)
        tape = draw(scenario, plan, 3, 0)
        found.append((scenario, plan, tape, name))
    # the tape of a class is drawn by its name, so the standard one lends its numbers to the own one
    lent = found[1][2]
    number = found[0][0].streams.index("zebra")
    tape = type(lent)(**{**vars(lent), "cls": np.full(len(lent), number, lent.cls.dtype)})
    records = play_compiled(found[0][1], tape)
    assert records == play_reference(found[0][1], tape)
    ours = measure(found[0][0], found[0][1], records)
    theirs = measure(found[1][0], found[1][1], play_compiled(found[1][1], lent))
    for quantity in ("wait_mean", "crossed_people", "max_queue"):
        assert ours.totals[Key("hall", quantity, "zebra")] == theirs.totals[Key("hall", quantity, kind)]
    for quantity in ("max_queue_length", "max_queue_people"):
        assert ours.totals[Key("hall", quantity)] == theirs.totals[Key("hall", quantity)]


def test_thirty_two_own_classes_play_alike_on_both_engines() -> None:
    classes = {f"c{n}": {"kind": CLASSES[n % 5]} for n in range(MOST_OWN_CLASSES)}
    scenario = read(hall(classes))
    plan = lower(scenario)
    tape = draw(scenario, plan, 1, 0)
    records = play_compiled(plan, tape)
    assert records == play_reference(plan, tape)
    assert set(np.unique(records.cls)) == set(range(len(STREAMS), len(STREAMS) + MOST_OWN_CLASSES))


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        (
            {"visitor": {}},
            "there is no class 'visitor'.*or a class of your own, described under 'classes' with its kind",
        ),
        ({"visitor": {"kind": "plane"}}, "classes.visitor.kind: expected car, truck, bus, bike or foot; got 'plane'"),
        ({"any": {"kind": "foot"}}, "classes.any: the name 'any' is reserved"),
        ({"Visitor": {"kind": "foot"}}, "classes.Visitor: the name 'Visitor' is not allowed; .*did you mean 'visitor'"),
        ({"car": {"kind": "foot"}}, "classes.car.kind: class 'car' is of the kind car; got foot"),
        (
            {f"c{n}": {"kind": "foot"} for n in range(MOST_OWN_CLASSES + 1)},
            "classes: at most 32 classes of your own are allowed; got 33",
        ),
    ],
)
def test_what_is_wrong_with_a_class_is_said(classes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ScenarioError, match=sentence):
        read(hall(classes))


def test_of_a_kind_that_does_not_exist_nothing_else_is_told() -> None:
    with pytest.raises(ScenarioError) as caught:
        read(hall({"visitor": {"kind": "plane"}}))
    assert len(caught.value.problems) == 1


def test_a_class_nobody_described_is_refused_wherever_it_stands() -> None:
    described = hall({"visitor": {"kind": "foot"}})
    described["crossings"]["hall"]["stations"]["desks"]["serves"] = ["visitr"]
    with pytest.raises(
        ScenarioError, match=r"desks\.serves\[0\]: there is no class 'visitr'; did you mean 'visitor'\?"
    ):
        read(described)


def test_words_and_colours() -> None:
    scenario = read(hall({"visitor": {"kind": "foot"}, "car": {}}))
    assert of_classes(("visitor", "car"), scenario.class_words) == "cars and visitors"
    assert colour_of(scenario, "visitor") == OWN_COLOURS[0]
    assert colour_of(scenario, "car") == CLASS_COLOURS["car"]
