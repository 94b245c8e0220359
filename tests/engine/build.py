"""Small scenarios from a few words: one crossing `x`, a day from midnight UTC, cars of one man each unless told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from sim.engine.lower import lower
from sim.engine.plan import Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.engine.tape import Tape, draw
from sim.scenario.schema import Scenario
from sim.units import MS_PER_H

MINUTE = 60_000
Play = Callable[[Plan, Tape], Records]
SPACING = {"car": "7 m", "truck": "20 m", "bus": "14 m", "bike": "2 m", "foot": "1 m"}


def crossing(stations: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """One crossing; `demand` may give a bare rate for a class."""
    demand = {
        cls: {"all": {"constant": {"rate": part}}} if isinstance(part, str) else part
        for cls, part in rest.pop("demand", {}).items()
    }
    return {"road": {"stretches": [{"files": 1}]}, "stations": stations, "demand": demand, **rest}


def scenario(stations: dict[str, Any] | None = None, **rest: Any) -> Scenario:
    """A scenario of `stations`; other words are of the crossing, the clock (start, horizon, timezone) or the top."""
    clock = {"timezone": rest.pop("timezone", "UTC"), "start": rest.pop("start", "2022-09-21")}
    clock |= {"t0": clock["start"], "horizon": rest.pop("horizon", "2022-09-22")}
    classes = rest.pop("classes", {})
    crossings = rest.pop("crossings", None) or {"x": crossing(stations or {}, **rest)}
    return Scenario.model_validate(
        {
            "name": "test",
            "title": "a test",
            "clock": clock,
            "classes": {cls: {"spacing": SPACING[cls], "people": 1, "men_share": 1} | classes.get(cls, {})
                        for cls in SPACING},
            "crossings": crossings,
        }
    )  # fmt: skip


def set_by_hand(found: Scenario, arrivals: Iterable[float], **columns: Any) -> tuple[Plan, Tape]:
    """A plan, and a tape whose parties arrive at these minutes; scalars or arrays of `columns` replace others.

    The scenario must have as many parties in its initial queue as there are arrivals.
    """
    plan = lower(found)
    tape = draw(found, plan, 1, 0)
    at = np.array([round(minute * MINUTE) for minute in arrivals], dtype=np.int64)
    assert len(at) == len(tape), "the initial queue must have one party for each arrival"
    changed = {
        name: np.broadcast_to(np.asarray(value), getattr(tape, name).shape).astype(getattr(tape, name).dtype)
        for name, value in columns.items()
    }
    return plan, replace(tape, arrived_at=at, initial=np.zeros(len(at), bool), **changed)


def played(engine: Play, found: Scenario, seed: int = 1, replication: int = 0) -> Records:
    """Draw a tape and play it."""
    plan = lower(found)
    return engine(plan, draw(found, plan, seed, replication))


def minutes(instants: Any) -> list[float | None]:
    """Instants as minutes since t0; None for what did not happen."""
    return [None if at == NEVER else at / MINUTE for at in instants.tolist()]


def outcomes(records: Records) -> list[Outcome]:
    """The outcomes in the order of the rows."""
    return [Outcome(outcome) for outcome in records.outcome.tolist()]


def hours(records: Records, column: str) -> Any:
    """Instants of a column as hours since t0, those that happened."""
    at = getattr(records, column)
    return at[at != NEVER] / MS_PER_H
