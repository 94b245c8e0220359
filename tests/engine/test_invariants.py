"""The checks of the random plays must notice when a record is wrong: one small lie each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.engine.lower import lower
from sim.engine.records import NEVER, Outcome, Records
from sim.engine.tape import draw
from tests.engine.build import Play, scenario
from tests.engine.invariants import broken

Lie = Callable[[dict[str, Any]], Any]


def told(records: Records, lie: Lie) -> Records:
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
    found = scenario(stations, demand={"car": "12/h"}, initial_queue={"car": 20})
    plan = lower(found)
    tape = draw(found, plan, 1, 0)
    records = engine(plan, tape)
    assert broken(plan, tape, records) == []
    assert check in {fault.split(":")[0] for fault in broken(plan, tape, told(records, lie))}


def test_a_call_from_a_closed_queue_and_a_batch_too_large_are_noticed(engine: Play) -> None:
    station = {"staffing": 9, "service_time": "5 min", "release": {"size": 2, "every": "7 min"}}
    found = scenario({"a": station}, demand={"car": "12/h"}, initial_queue={"car": 20})
    plan = lower(found)
    tape = draw(found, plan, 1, 0)
    records = engine(plan, tape)
    assert broken(plan, tape, records) == []
    smaller = replace(plan, release_size=plan.release_size // 2)
    assert {fault.split(":")[0] for fault in broken(smaller, tape, records)} == {"releases"}
    closed = replace(plan, opening=plan.opening * [1, 1, 1, 0])
    assert "closures" in {fault.split(":")[0] for fault in broken(closed, tape, records)}
