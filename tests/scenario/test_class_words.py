"""Words for classes, guessed from their names, and doubts about classes and pools."""

from __future__ import annotations

from typing import Any

import pytest

from sim.measures.headline import headlines_of, phrase
from sim.measures.names import Key
from sim.measures.reports import label
from sim.plotting.colours import class_label
from sim.scenario.checks.warnings import warnings_of
from sim.scenario.model.class_words import words_of
from sim.scenario.model.scenario import Scenario

FIGURE = {
    "id": "seen", "crossing": "port", "quantity": "queue", "classes": ["enrolled"], "from": "2025-06-02T08:00",
    "until": "2025-06-02T09:00", "statistic": "max", "value": 40, "qualifier": "=", "who": "X", "source": "Y",
    "date": "2025-06-03", "reading": "Z",
}  # fmt: skip


def port(*classes: str, kind: str, **rest: Any) -> dict[str, Any]:
    """Return a file with one crossing and some classes of its own, all of one kind."""
    demand = {name: {"d": {"constant": {"rate": "60/h"}}} for name in classes}
    clock = {"timezone": "UTC", "t0": "2025-06-02", "start": "2025-06-02", "horizon": "2025-06-03"}
    stations = {"booths": {"staffing": 2, "service_time": "1 min"}}
    place = {"stations": stations, "demand": demand} | rest
    described = {name: {"kind": kind} for name in classes}
    return {"name": "p", "title": "P", "clock": clock, "classes": described, "crossings": {"port": place}}


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("visitor", "foot", "visitors"), ("fast_truck", "truck", "fast trucks"), ("fast", "bus", "fast buses"),
        ("enrolled", "car", "enrolled cars"), ("enrolled", "foot", "enrolled travellers"),
        ("eu", "foot", "EU travellers"), ("non_eu", "car", "non EU cars"), ("eu_citizen", "foot", "EU citizens"),
        ("staff", "foot", "staff"), ("seaman", "foot", "seamen"), ("man", "foot", "men"), ("family", "car", "families"),
        ("van", "car", "vans"), ("coach", "bus", "coaches"), ("first_time", "bike", "first time bikes"),
        ("crew", "foot", "crews"),
    ],
)  # fmt: skip
def test_words(name: str, kind: str, words: str) -> None:
    assert words_of(name, kind) == words


def test_a_scenario_calls_its_classes_and_those_of_its_figures() -> None:
    """Two scenarios side by side have words of their own for a class of the same name."""
    for kind, words in (("car", "enrolled cars"), ("truck", "enrolled trucks")):
        tree = port("enrolled", kind=kind)
        scenario = Scenario.model_validate(tree | {"reported": [FIGURE]})
        assert (scenario.class_words["enrolled"], scenario.class_words["foot"]) == (words, "walkers")
        assert label(scenario.reported[0], 40) == f"40 {words} waiting"
        assert phrase(Key("port", "max_queue", "enrolled"), scenario.class_words) == f"most {words} waiting"
        assert class_label(scenario, "enrolled") == words
        assert [each.name for each in headlines_of(scenario) if each.scope == "enrolled/main"] == [
            f"{words}, all queues, mean"
        ]


def test_what_has_no_effect_is_doubted() -> None:
    booths = {"staffing": {"pool": "officers", "at_most": 9}, "service_time": "1 min"}
    tree = port("van", "vans", kind="car", stations={"booths": booths}, pools={"officers": 4, "others": 2})
    assert [what for _, what in warnings_of(Scenario.model_validate(tree))] == [
        "is called 'vans' in tables and pictures, as class 'van' is; give it another name",
        "no station uses this pool; name it in the 'staffing' of a station, or remove it",
        "is more than the 4 servers of pool 'officers', so this has no effect; got 9",
    ]
