"""Waits of the parties of a class that have a trait, and of those that lack it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.measures.headline import headlines_of, phrase
from sim.measures.names import Key
from sim.measures.replication import measure
from sim.scenario.model.scenario import Scenario
from tests.engine.build import Play, scenario

WAITS = ("wait_mean", "wait_p50", "wait_p90", "wait_max", "sojourn_mean")
HAS, LACKS = "car/when registered", "car/unless registered"


def hall(share: float, **rest: Any) -> Scenario:
    """A kiosk for those who are not registered, then a desk."""
    stations = {
        "kiosk": {"staffing": 1, "service_time": "1 min", "only": "unless registered"},
        "desk": {"staffing": 1, "service_time": "2 min", "patience": "40 min"},
    }
    classes = {"car": {"traits": {"registered": share}}}
    return scenario(stations, classes=classes, demand={"car": "27/h", "truck": "1/h"}, **rest)


def totals(engine: Play, game: Scenario) -> tuple[dict[Key, float], Any, Any]:
    plan = lower(game)
    tape = draw(game, plan, 1, 0)
    records = engine(plan, tape)
    return measure(game, plan, records, tape).totals, records, tape


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_where_all_or_none_have_it_the_waits_are_those_of_the_class(engine: Play, share: float) -> None:
    found, _, _ = totals(engine, hall(share, initial_queue={"car": {"parties": 5, "waited": "20 min"}, "truck": 3}))
    some, none = (HAS, LACKS) if share else (LACKS, HAS)
    for name in WAITS:
        assert found[Key("x", name, some)] == pytest.approx(found[Key("x", name, "car")])
        assert np.isnan(found[Key("x", name, none)])


def test_the_waits_of_both_make_up_those_of_the_class(engine: Play) -> None:
    found, records, tape = totals(engine, hall(0.4))
    across = records.party[(records.outcome == 1) & (records.cls == 0)]
    share = (tape.traits[across] & 1).mean()
    has, lacks, both = (found[Key("x", "wait_mean", scope)] for scope in (HAS, LACKS, "car"))
    assert share * has + (1 - share) * lacks == pytest.approx(both)
    assert found[Key("x", "sojourn_mean", LACKS)] - lacks == pytest.approx(3 / 60)
    assert found[Key("x", "sojourn_mean", HAS)] - has == pytest.approx(2 / 60)


def test_headline_measures_tell_them(engine: Play) -> None:
    game = hall(0.4)
    found, _, _ = totals(engine, game)
    rows = [row for row in headlines_of(game) if " " in row.scope]
    assert [row.name for row in rows] == ["cars, registered, mean", "cars, not registered, mean"]
    assert {Key("x", row.quantity, row.scope) for row in rows} <= set(found)
    assert phrase(Key("x", "wait_p90", LACKS)) == "90 % quantile of the wait, cars, not registered"


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("car/when chip", "cars with chip"),
        ("foot/unless e_visa", "walkers without e visa"),
        ("car/unless local", "cars, not local"),
    ],
)
def test_a_noun_reads_with_and_without(scope: str, words: str) -> None:
    assert phrase(Key("x", "wait_mean", scope)) == f"mean wait, {words}"
