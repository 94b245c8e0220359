"""The checks of random replications must notice a wrong record: each test falsifies one detail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.records import NEVER, Outcome, Records
from tests.engine.build import Play, scenario
from tests.engine.invariants import broken
from tests.engine.networks import ONE, STUCK, network, setting_out

Lie = Callable[[dict[str, Any]], Any]


def falsified(records: Records, lie: Lie) -> Records:
    columns = {name: column.copy() for name, column in records.columns().items()}
    keep = lie(columns)
    if keep is not None:
        columns = {name: column[keep] for name, column in columns.items()}
    return Records(**columns)


def _called(columns: dict[str, Any], station: int) -> Any:
    return np.flatnonzero((columns["station"] == station) & (columns["started_at"] != NEVER))


def lose_a_party(columns: dict[str, Any]) -> Any:
    return columns["party"] != 5


def lose_a_visit(columns: dict[str, Any]) -> Any:
    return ~((columns["party"] == 5) & (columns["visit"] == 1))


def gain_somebody(columns: dict[str, Any]) -> None:
    columns["people"][columns["outcome"] == Outcome.CROSSED] += 1


def overtake(columns: dict[str, Any]) -> None:
    two = _called(columns, 0)[40:42]
    for name in ("started_at", "ended_at"):
        columns[name][two] = columns[name][two[::-1]]


def serve_two_at_once(columns: dict[str, Any]) -> None:
    columns["started_at"][_called(columns, 0)[40]] = columns["started_at"][_called(columns, 0)[39]]


def idle(columns: dict[str, Any]) -> None:
    columns["started_at"][_called(columns, 0)[40]] += 1


def overfill_the_hall(columns: dict[str, Any]) -> None:
    for name in ("started_at", "ended_at", "left_at"):
        columns[name][_called(columns, 1)[45]] += 40 * 60_000


def stay_a_little_longer(columns: dict[str, Any]) -> None:
    columns["left_at"][_called(columns, 0)[40]] += 1


LIES = [
    (lose_a_party, "conservation"), (lose_a_visit, "conservation"), (gain_somebody, "conservation"),
    (overtake, "order_of_service"), (serve_two_at_once, "servers"), (idle, "idling"), (overfill_the_hall, "halls"),
    (stay_a_little_longer, "chains"), (stay_a_little_longer, "path_identity"),
]  # fmt: skip


@pytest.mark.parametrize(("lie", "check"), LIES, ids=lambda value: getattr(value, "__name__", value))
def test_a_lie_is_noticed(engine: Play, lie: Lie, check: str) -> None:
    law = {"mean": "5 min", "family": "exponential"}
    stations = {"a": {"staffing": 1, "service_time": law}, "b": {"staffing": 1, "service_time": law, "hall": 2}}
    example = scenario(stations, demand={"car": "12/h"}, initial_queue={"car": 20})
    plan = lower(example)
    tape = draw(example, plan, 1, 0)
    records = engine(plan, tape)
    assert broken(plan, tape, records) == []
    assert check in {fault.split(":")[0] for fault in broken(plan, tape, falsified(records, lie))}


def test_a_call_from_a_closed_queue_and_a_batch_too_large_are_noticed(engine: Play) -> None:
    station = {"staffing": 9, "service_time": "5 min", "release": {"size": 2, "every": "7 min"}}
    example = scenario({"a": station}, demand={"car": "12/h"}, initial_queue={"car": 20})
    plan = lower(example)
    tape = draw(example, plan, 1, 0)
    records = engine(plan, tape)
    assert broken(plan, tape, records) == []
    smaller = replace(plan, release_size=plan.release_size // 2)
    assert {fault.split(":")[0] for fault in broken(smaller, tape, records)} == {"releases"}
    closed = replace(plan, opening=plan.opening * [1, 1, 1, 0])
    assert "closures" in {fault.split(":")[0] for fault in broken(closed, tape, records)}


DIVERTED = Outcome.DIVERTED


def _begun_by(columns: dict[str, Any], outcome: Outcome) -> Any:
    """Rows after those that ended so."""
    return np.flatnonzero(columns["outcome"] == outcome) + 1


def come_a_little_sooner(columns: dict[str, Any]) -> None:
    columns["arrived_at"][0] -= 1


def come_elsewhere(columns: dict[str, Any]) -> None:
    columns["crossing"][_begun_by(columns, DIVERTED)[0]] = 0


def drive_a_little_longer(columns: dict[str, Any]) -> None:
    columns["arrived_at"][_begun_by(columns, DIVERTED)[0]] += 1


def be_of_another_class(columns: dict[str, Any]) -> None:
    columns["cls"][_begun_by(columns, DIVERTED)[0]] = 4


def hesitate_before_staying(columns: dict[str, Any]) -> None:
    columns["left_at"][columns["outcome"] == Outcome.STAYED] += 1


def stay_at_a_crossing_out_of_reach(columns: dict[str, Any]) -> None:
    columns["crossing"][columns["outcome"] == Outcome.STAYED] = 2


def go_home_too_soon(columns: dict[str, Any]) -> Any:
    row = np.flatnonzero(columns["outcome"] == DIVERTED)[0]
    columns["outcome"][row] = Outcome.RENEGED if columns["first"][row] else Outcome.BALKED
    return ~((columns["party"] == columns["party"][row]) & (columns["visit"] > columns["visit"][row]))


def stay_for_no_reason(columns: dict[str, Any]) -> Any:
    row = np.flatnonzero(columns["outcome"] == Outcome.ON_THE_WAY)[0]
    columns["outcome"][row], columns["left_at"][row] = Outcome.STAYED, columns["arrived_at"][row]
    return None


def be_barred_for_no_reason(columns: dict[str, Any]) -> None:
    columns["outcome"][columns["outcome"] == Outcome.BALKED] = Outcome.BARRED


def drive_on_for_no_reason(columns: dict[str, Any]) -> None:
    columns["left_at"][columns["outcome"] == Outcome.ON_THE_WAY] = 86_400_000 - 1


OF_COURSES = [
    (come_a_little_sooner, "courses"), (come_elsewhere, "chains"), (drive_a_little_longer, "chains"),
    (drive_a_little_longer, "path_identity"), (be_of_another_class, "courses"), (hesitate_before_staying, "courses"),
    (stay_at_a_crossing_out_of_reach, "courses"), (go_home_too_soon, "courses"), (stay_for_no_reason, "courses"),
    (be_barred_for_no_reason, "courses"), (drive_on_for_no_reason, "instants"),
]  # fmt: skip


def travellers() -> tuple[Any, Any]:
    """Ten parties: some are turned away or lose patience at `a` and go on to `b`; one cannot go; one comes too late."""
    behaviour = {"car": {"balk": {"queue_over": 2}, "renege": {"by_quoted_wait": "100 %/h"}}}
    crossings = {
        "a": (ONE, {"behaviour": behaviour, "destination": {"admits": 0.9}}),
        "b": (ONE, {"behaviour": {"car": {"balk": {"queue_over": 3}}}, "destination": {"admits": 0.9}}),
        "c": STUCK,
    }
    example = network(crossings, {"a": "1 h", "b": "3 h"}, {"a": {"b": "1 h"}}, {"wait": 0, "diversions": 1})
    at = [0, 1, 2, 3, 4, 5, 6, 7, 8, 1439]
    return setting_out(example, at, papers=[0.0] * 8 + [0.95, 0.0], clocks=5 * 10**11)


def test_every_kind_of_course_is_among_those_lied_about(engine: Play) -> None:
    plan, tape = travellers()
    records = engine(plan, tape)
    assert broken(plan, tape, records) == []
    assert {DIVERTED, Outcome.STAYED, Outcome.ON_THE_WAY, Outcome.BALKED} <= set(records.outcome.tolist())
    assert set(records.first[records.outcome == DIVERTED].tolist()) == {True, False}


@pytest.mark.parametrize(("lie", "check"), OF_COURSES, ids=lambda value: getattr(value, "__name__", value))
def test_a_lie_about_a_course_is_noticed(engine: Play, lie: Lie, check: str) -> None:
    plan, tape = travellers()
    faults = broken(plan, tape, falsified(engine(plan, tape), lie))
    assert check in {fault.split(":")[0] for fault in faults}


@pytest.mark.parametrize(
    ("field", "change", "message"),
    [
        ("diversions", lambda _: 0, "diverts too often"),
        ("accepts", lambda accepts: accepts * 0, "joins where it is barred"),
        ("admits", lambda admits: admits * 0, "goes on to a crossing without a way, or that does not take it"),
        ("bars", lambda bars: bars + 1, "joins where it is barred"),
        ("drive", lambda drive: drive + 1, "comes when no drive ends"),
        ("diversions", lambda _: 2, "goes home although another crossing would take it"),
    ],
)
def test_a_course_that_another_plan_would_not_allow_is_noticed(
    engine: Play, field: str, change: Callable[[Any], Any], message: str
) -> None:
    plan, tape = travellers()
    records = engine(plan, tape)
    other = replace(plan, **{field: change(getattr(plan, field))})
    assert any(fault.startswith(f"courses: {message}") for fault in broken(other, tape, records))


def test_who_hears_of_no_wait_does_not_go_on_of_its_own_accord(engine: Play) -> None:
    crossings = {"a": (STUCK, {"initial_queue": {"car": 1}}), "b": STUCK}
    plan, tape = setting_out(network(crossings, {"a": "1 h"}, {"a": {"b": "1 h"}}), [600])
    records = engine(plan, tape)
    assert broken(plan, tape, records) == []
    deaf = replace(plan, informed=plan.informed * 0)
    assert [fault.split(":")[1].strip() for fault in broken(deaf, tape, records)] == [
        "goes on of its own accord, but hears of no wait"
    ]


def test_only_who_sets_out_chooses_a_crossing(engine: Play) -> None:
    example = scenario({"a": ONE["gate"]}, initial_queue={"car": 1}, behaviour={"car": {"balk": {"queue_over": 0}}},
                     demand={"car": "1/h"})  # fmt: skip
    plan = lower(example)
    tape = draw(example, plan, 1, 0)

    def stay(columns: dict[str, Any]) -> None:
        columns["outcome"][columns["outcome"] == Outcome.BALKED] = Outcome.STAYED

    faults = broken(plan, tape, falsified(engine(plan, tape), stay))
    assert {fault.split(":")[0] for fault in faults} == {"courses"}
