"""Parties as one row each add up to what the measures count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.engine.compiled.engine import play
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.tape import Tape
from sim.measures.names import Key
from sim.measures.parties import Parties, parties_of
from sim.measures.replication import Measures, measure
from sim.scenario.text.load_scenario import load

ROOT = Path(__file__).parents[2]
CUT = ["clock.start=2022-09-26T12:00", "clock.horizon=2022-09-28T00:00"]
Found = tuple[Plan, Tape, Parties, Measures]


@pytest.fixture(scope="module", params=["tests/tiny.yaml", "scenarios/verkhny_lars.yaml"])
def found(request: pytest.FixtureRequest) -> Found:
    sets = CUT if "lars" in request.param else []
    scenario = load(ROOT / request.param, sets).scenario
    plan = lower(scenario)
    tape = draw(scenario, plan, 3, 0)
    records = play(plan, tape)
    return plan, tape, parties_of(plan, records, len(tape)), measure(scenario, plan, records)


def test_every_person_has_one_fate(found: Found) -> None:
    _, tape, rows, _ = found
    people = np.bincount(rows.origin, rows.people, len(tape))
    assert np.array_equal(people, tape.people)
    assert np.array_equal(rows.origin[~rows.twin], np.arange(len(tape)))


def test_fates_and_waits_are_those_of_the_measures(found: Found) -> None:
    plan, tape, rows, measures = found
    (crossing,) = plan.crossings
    assert rows.people[rows.crossed].sum() == measures.totals[Key(crossing, "crossed_people")]
    own = rows.crossed & ~rows.twin & ~tape.initial[rows.origin]
    assert rows.waited[own].mean() / 3.6e6 == pytest.approx(measures.totals[Key(crossing, "wait_mean")], rel=1e-12)


def test_there_are_twins_to_test_with() -> None:
    scenario = load(ROOT / "scenarios/verkhny_lars.yaml", [*CUT, "stations.draft_screening.screening.intensity=100 %"])
    plan = lower(scenario.scenario)
    tape = draw(scenario.scenario, plan, 3, 0)
    rows = parties_of(plan, play(plan, tape), len(tape))
    assert rows.twin.any()
    assert np.array_equal(np.bincount(rows.origin, rows.people, len(tape)), tape.people)


def test_nobody_comes() -> None:
    tiny = load(ROOT / "tests/tiny.yaml").scenario
    plan = lower(tiny)
    empty = play(plan, draw(tiny, plan, 1, 0))
    none = type(empty)(**{name: column[:0] for name, column in empty.columns().items()})
    assert len(parties_of(plan, none, 1).origin) == 0
