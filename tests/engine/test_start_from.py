"""A run takes up the end state of an earlier one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

from sim.engine.compiled import engine as compiled
from sim.engine.plan import CARRIED
from sim.engine.records import NEVER, Outcome, Records
from sim.measures.names import Key
from sim.measures.replication import measure
from sim.scenario.checks.crossings import check
from sim.scenario.model.scenario import Scenario
from tests.engine.build import MINUTE, Play, scenario
from tests.engine.carried import carried_on, drawn, end_of
from tests.engine.strategies import games
from tests.engine.test_equality import Game, assert_equal

DESK = {"staffing": 1, "service_time": "10 min"}
EXIT = {"staffing": 1, "service_time": "8 min"}
NOON = {"horizon": "2022-09-21T12:00"}


def twice(engine: Play, first: Scenario, hours: float = 12) -> tuple[Scenario, Records, Scenario, Records]:
    """A scenario and its records, and those of the one that starts from its end."""
    plan, tape = drawn(first)
    records = engine(plan, tape)
    second = carried_on(first, end_of(first, (plan, tape, records)), hours)
    assert list(check(second, whole_run=False)) == []
    return first, records, second, engine(*drawn(second))


def waiting(example: Scenario, records: Records, at: int) -> dict[tuple[str, str], float]:
    """Parties in the queue of every station and class at the first (0) or last (-1) point of the series."""
    plan, tape = drawn(example)
    series = measure(example, plan, records, tape).series
    return {
        key[1:]: values[at]
        for key, values in series.items()
        if key.quantity.startswith("queue") and not np.isnan(values[at])
    }


def test_a_run_in_two_parts_is_the_whole_run_but_for_the_service_that_begins_afresh(engine: Play) -> None:
    """A car every seven minutes; each is served for ten, so that nobody is idle."""
    cars = [{"at": f"2022-09-21T{at // 60:02}:{at % 60:02}"} for at in range(3, 13 * 60, 7)]
    rest: dict[str, Any] = {"demand": {"car": {"seen": {"log": cars}}}}
    whole = engine(*drawn(scenario({"desk": DESK}, **rest)))
    _, before, _, after = twice(engine, scenario({"desk": DESK}, horizon="2022-09-21T06:05", **rest), hours=17)
    (afresh,) = before.started_at[(before.started_at != NEVER) & (before.left_at == NEVER)]
    split_at = 365 * MINUTE
    expected = np.where(whole.left_at > split_at, whole.left_at + split_at - afresh, whole.left_at)
    found = np.concatenate([before.left_at[before.left_at != NEVER], after.left_at])
    assert 0 < split_at - afresh < 10 * MINUTE
    assert np.sort(found).tolist() == np.sort(expected).tolist()


EVERYTHING = {
    "gate": {"staffing": 2, "service_time": "6 min"},
    "lane": {"staffing": 1, "service_time": "25 min", "hall": 3},
    "exit": {"staffing": 1, "service_time": "29 min", "hall": 2},
}


def test_queues_begin_as_they_ended(engine: Play) -> None:
    first = scenario(EVERYTHING, demand={"car": "4/h", "truck": "2/h"}, initial_queue={"truck": 5}, **NOON)
    _, before, second, after = twice(engine, first)
    ended = waiting(first, before, -1)
    begun = waiting(second, after, 0)
    assert ended == begun
    assert sum(value > 0 for value in ended.values()) > 8
    at_station = before.station[before.outcome == Outcome.UNFINISHED]
    assert sorted(at_station) == sorted(after.station[(after.visit == 0) & (after.arrived_at == 12 * 60 * MINUTE)])


def equal_after_an_end_state(game: Game) -> None:
    """Both engines agree on a run that starts from the end of another, whose queues begin as they ended."""
    first, plan, tape = game
    records = compiled.play(plan, tape)
    second = carried_on(first, end_of(first, (plan, tape, records)))
    assume(not list(check(second)))
    new_plan, new_tape = drawn(second)
    later = assert_equal(new_plan, new_tape)
    carried = new_tape.carried[:, CARRIED.index("party")]
    there = np.isin(later.party, carried) & (later.visit == 0)
    stood = records.station[(records.outcome == Outcome.UNFINISHED) & (records.arrived_at < plan.horizon)]
    assert sorted(later.station[there]) == sorted(stood)


def test_waits_and_stays_count_from_the_first_run_on(engine: Play) -> None:
    """Cars come every seven minutes and are served for ten; the first of the second run was in service before."""
    cars = [{"at": f"2022-09-21T{at // 60:02}:{at % 60:02}"} for at in range(3, 6 * 60, 7)]
    first = scenario({"desk": DESK, "exit": EXIT}, demand={"car": {"seen": {"log": cars}}}, horizon="2022-09-21T06:05")
    _, before, second, after = twice(engine, first)
    came = before.arrived_at[before.visit == 0] / MINUTE
    inside = before.party[before.outcome == Outcome.UNFINISHED]
    at_exit = inside[0]
    plan, tape = drawn(second)
    totals = measure(second, plan, after, tape).totals
    last = after.outcome == Outcome.CROSSED
    stays = np.sort(after.left_at[last] / MINUTE - came[inside])
    assert totals[Key("x", "sojourn_mean", "car")] == pytest.approx(stays.mean() / 60)
    waits = after.started_at[after.station == 0] / MINUTE - came[inside[1:]]
    waits[0] = (before.started_at - before.arrived_at)[(before.party == inside[1]) & (before.station == 0)][0] / MINUTE
    assert totals[Key("x", "wait_per_visit", "station:desk")] == pytest.approx(waits.mean() / 60)
    (row,) = np.flatnonzero((before.party == at_exit) & (before.station == 0))
    own = (before.started_at - before.arrived_at)[row] / MINUTE
    more = after.started_at[after.station == 1][1:] / MINUTE - after.arrived_at[after.station == 1][1:] / MINUTE
    assert totals[Key("x", "wait_mean", "car")] == pytest.approx((waits.sum() + own + more.sum()) / len(inside) / 60)
    assert totals[Key("x", "initial_parties", "car")] == len(inside)
    assert totals[Key("x", "crossed_parties", "car")] == len(inside)
    assert totals[Key("x", "arrived_parties", "car")] == 0


@pytest.mark.slow
@settings(max_examples=40)
@given(game=games())
def test_random_scenarios(game: Game) -> None:
    equal_after_an_end_state(game)


@pytest.mark.slow
@settings(max_examples=20)
@given(game=games(with_network=True))
def test_random_networks(game: Game) -> None:
    equal_after_an_end_state(game)
