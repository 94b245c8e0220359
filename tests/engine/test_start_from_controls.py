"""Controls and outages go on where they stood at the end of an earlier run."""

from __future__ import annotations

from typing import Any

import pytest

from sim import store
from sim.engine.compiled import engine as compiled
from sim.engine.records import Records
from sim.errors import SimError
from sim.scenario.model.end_state import ADDED, LIGHTENED, OUT_OF_ORDER, Control
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.start_from import end_state
from tests.engine.build import MINUTE, Play, scenario
from tests.engine.carried import carried_on, drawn, end_of
from tests.engine.test_start_from import twice

LONG = {"staffing": 1, "service_time": "1 h"}
HOUR = {"horizon": "2022-09-21T01:00"}


def since_the_start(example: Scenario, rows: Any) -> list[tuple[float, int]]:
    """Rows (at, station, value) as minutes since the start of a run, and values."""
    start = drawn(example)[0].start
    return [((at - start) / MINUTE, value) for at, _, value in rows.tolist()]


def two_runs(engine: Play, station: dict[str, Any], cars: int = 10) -> tuple[Records, Scenario, Records]:
    """An hour with cars that wait at a station of an hour a car, and the hours after it."""
    first = scenario({"s": LONG | station}, initial_queue={"car": cars} if cars else {}, **HOUR)
    _, before, second, after = twice(engine, first)
    return before, second, after


def test_servers_that_a_control_added_are_at_work_from_the_start(engine: Play) -> None:
    reacts = {"open_above": 4, "checked_every": "5 min", "at_most": 3}
    before, second, after = two_runs(engine, {"staffing": {"servers": 1, "reacts": reacts}})
    assert before.staffing[-1, 2] == 3
    assert since_the_start(second, after.staffing)[0] == (0, 3)
    assert (after.started_at == drawn(second)[0].start).sum() == 3


def test_a_decision_counts_from_what_was_added(engine: Play) -> None:
    """Six wait at 35, and two servers are added; four wait 35 minutes after the start of the second run."""
    reacts = {"open_above": 5, "close_below": 5, "checked_every": "35 min", "by": 2, "at_most": 4}
    before, second, after = two_runs(engine, {"staffing": {"servers": 1, "reacts": reacts}}, 7)
    assert before.staffing[-1, 2] == 3
    assert since_the_start(second, after.staffing)[:2] == [(0, 3), (35, 1)]


def test_a_control_rests_where_the_plan_has_nobody(engine: Play) -> None:
    reacts = {"open_above": 4, "checked_every": "5 min", "at_most": 3}
    steps = [{"from": "2022-09-21T01:00", "servers": 0}, {"from": "2022-09-21T02:02", "servers": 1}]
    _, second, after = two_runs(engine, {"staffing": {"servers": 1, "reacts": reacts, "steps": steps}})
    assert since_the_start(second, after.staffing)[:3] == [(0, 0), (62, 1), (65, 2)]


def test_lightened_checks_stay_so_and_the_least_time_runs_from_their_turn(engine: Play) -> None:
    light = {"above": 7, "below": 5, "checked_every": "10 min", "at_least_for": "65 min", "scale_service": 0.02}
    before, second, after = two_runs(engine, {"lightened": light})
    assert before.lightened[:, ::2].tolist() == [[10 * MINUTE, 1]]
    assert since_the_start(second, after.lightened) == [(0, 1), (20, 0)]  # not at 10, an hour after the turn
    assert after.ended_at[0] - after.started_at[0] == 72_000


def test_an_outage_lasts_as_long_as_it_would_have(engine: Play) -> None:
    """Out of order from 50 to 100, from 150 to 200 and so on; the second run begins at 60."""
    outages = {"every": "50 min", "lasts": "50 min", "takes": 2}
    _, second, after = two_runs(engine, {"staffing": 3, "outages": outages})
    assert since_the_start(second, after.staffing)[1:5] == [(0, 1), (40, 3), (90, 1), (140, 3)]


@pytest.mark.parametrize(
    ("station", "expected"),
    [
        ({"staffing": 3}, []),
        ({"staffing": {"servers": 1, "reacts": {"open_above": 4, "at_most": 3}}}, [(ADDED, 2)]),
        ({"staffing": 3, "outages": {"every": "20 min", "lasts": "20 min"}}, []),  # over at the end
        ({"staffing": 3, "outages": {"every": "45 min", "lasts": "20 min"}}, [(OUT_OF_ORDER, 5 * MINUTE)]),
        ({"lightened": {"above": 4, "below": 1, "scale_service": 0.9}}, [(LIGHTENED, 55 * MINUTE)]),
    ],
)
def test_what_an_end_state_holds(engine: Play, station: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    first = scenario({"s": LONG | station}, initial_queue={"car": 10}, **HOUR)
    plan, tape = drawn(first)
    state = end_of(first, (plan, tape, engine(plan, tape)))
    assert state.controls == (tuple(Control("x", "s", *each) for each in expected),)


def test_a_scenario_without_the_control_leaves_its_state_aside(engine: Play) -> None:
    reacts = {"open_above": 4, "at_most": 3}
    first = scenario({"s": LONG | {"staffing": {"servers": 1, "reacts": reacts}}}, initial_queue={"car": 10}, **HOUR)
    plan, tape = drawn(first)
    state = end_of(first, (plan, tape, engine(plan, tape)))
    second = carried_on(scenario({"s": LONG}, **HOUR), state, hours=2)
    assert len(drawn(second)[1].controls) == 0


@pytest.mark.parametrize("wrong", [["shut", 2], [ADDED, True], [LIGHTENED, -1], [ADDED, 2.5], [OUT_OF_ORDER, 2**62]])
def test_a_damaged_state_of_a_control_is_refused(wrong: list[Any], tmp_path) -> None:
    first = scenario({"s": LONG}, initial_queue={"car": 3}, **HOUR)
    plan, tape = drawn(first)
    state = end_of(first, (plan, tape, compiled.play(plan, tape)))
    table, facts = store.labelled_table(state.content, tmp_path)
    content = store.parquet_bytes(table, facts | {"controls": [[0, "x", "s", *wrong]]})
    with pytest.raises(SimError, match="is damaged: the state of a control is wrong"):
        end_state(content, tmp_path)
