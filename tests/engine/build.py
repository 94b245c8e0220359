"""Small scenarios from few arguments: by default one crossing `x`, a day from midnight UTC, cars with one man each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.engine.tape import Tape
from sim.scenario.model.scenario import Scenario
from sim.units import MS_PER_H

MINUTE = 60_000
NOT_BY_PARTY = ("tastes", "outages", "one_by_one", "first_person", "carried", "controls")
"""Fields of a tape that are not columns of the parties, or not always."""
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
    """A scenario of `stations`; other arguments are of the crossing, clock or top level."""
    clock = {"timezone": rest.pop("timezone", "UTC"), "start": rest.pop("start", "2022-09-21")}
    clock |= {"t0": clock["start"], "horizon": rest.pop("horizon", "2022-09-22")}
    if "report_every" in rest:
        clock["report_every"] = rest.pop("report_every")
    classes, network = rest.pop("classes", {}), rest.pop("network", None)
    crossings = rest.pop("crossings", None) or {"x": crossing(stations or {}, **rest)}
    return Scenario.model_validate(
        {
            "name": "test",
            "title": "a test",
            "clock": clock,
            "classes": {cls: {"spacing": SPACING[cls], "people": 1, "men_share": 1} | classes.get(cls, {})
                        for cls in SPACING},
            "crossings": crossings,
            "network": network,
        }
    )  # fmt: skip


STATION_ROWS = {
    "service": ("times", "service_row", 0), "service_on_foot": ("times", "foot_row", 0),
    "patience": ("times", "patience_row", 0), "refusal_time": ("times", "refusal_row", 0),
    "man_time": ("times", "man_row", 0), "u_refused": ("chances", "refused_row", 0),
    "u_checked": ("chances", "screening_row", 0), "u_hit": ("chances", "screening_row", 1),
    "u_fate": ("chances", "screening_row", 2), "u_together": ("chances", "screening_row", 3),
}  # fmt: skip
OTHER_ROWS = {"walk": ("times", "walk_row"), "u_balk": ("chances", "balk_row"), "u_bypass": ("chances", "bypass_row")}


def station_rows(plan: Plan, name: str) -> tuple[str, Any]:
    """The table of the tape and the row numbers of a station column, for the stations that have it."""
    table, rows, offset = STATION_ROWS[name]
    numbers = getattr(plan, rows)
    return table, numbers[numbers >= 0] + offset


def by_meaning(plan: Plan, tape: Tape) -> dict[str, Any]:
    """The columns of a tape by meaning; station columns have one row for each station that has them."""
    columns = {f.name: getattr(tape, f.name) for f in fields(Tape) if f.name not in (*NOT_BY_PARTY, "times", "chances")}
    for name in STATION_ROWS:
        table, rows = station_rows(plan, name)
        columns[name] = getattr(tape, table)[rows]
    for name, (table, row) in OTHER_ROWS.items():
        number = getattr(plan, row)
        columns[name] = getattr(tape, table)[number] if number >= 0 else np.zeros(len(tape))
    return columns | {"clocks": tape.times[plan.clock_row[plan.clock_row >= 0]]}


def set_by_hand(scenario: Scenario, arrivals: Iterable[float], **columns: Any) -> tuple[Plan, Tape]:
    """A plan, and a tape whose parties arrive at these minutes; scalars or arrays of `columns` replace others.

    The scenario must have as many parties in its initial queue as there are arrivals.
    """
    plan = lower(scenario)
    tape = draw(scenario, plan, 1, 0)
    at = np.array([round(minute * MINUTE) for minute in arrivals], dtype=np.int64)
    assert len(at) == len(tape), "the initial queue must have one party for each arrival"
    times, chances = tape.times.copy(), tape.chances.copy()
    changed = {}
    for name, value in columns.items():
        if name in STATION_ROWS:
            table, rows = station_rows(plan, name)
            (times if table == "times" else chances)[rows] = value
        elif name in OTHER_ROWS:
            table, row = OTHER_ROWS[name]
            (times if table == "times" else chances)[getattr(plan, row)] = value
        elif name == "clocks":
            times[plan.clock_row[plan.clock_row >= 0]] = value
        else:
            old = getattr(tape, name)
            changed[name] = np.broadcast_to(np.asarray(value), old.shape).astype(old.dtype)
    initial = np.zeros(len(at), bool)
    return plan, replace(tape, arrived_at=at, initial=initial, times=times, chances=chances, **changed)


def played(engine: Play, scenario: Scenario, seed: int = 1, replication: int = 0) -> Records:
    """Draw a tape and play it."""
    plan = lower(scenario)
    return engine(plan, draw(scenario, plan, seed, replication))


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
