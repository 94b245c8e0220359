"""Small networks from few arguments: one origin, and parties that set out at given minutes, with tastes of 0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import numpy as np

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import BARRED, DRIVE_UNIT, NEWS, PAPERS, TASTES, Plan
from sim.engine.records import Outcome, Records
from sim.engine.tape import Tape
from sim.scenario.model.scenario import Scenario
from tests.engine.build import MINUTE, NOT_BY_PARTY, crossing, minutes, scenario

FREE = {"gate": {"staffing": 9, "service_time": "1 min"}}
"""A crossing where nobody waits."""
STUCK = {"gate": {"staffing": 0, "service_time": "1 min"}}
"""A crossing that is open, but where nobody is ever served."""
ONE = {"gate": {"staffing": 1, "service_time": "20 h"}}
"""A crossing that is busy for the day once one party has come."""
SOLD_OUT = {"behaviour": {"car": {"balk": {"queue_over": 0}}}}


def network(
    crossings: dict[str, Any],
    travel: dict[str, str],
    between: dict[str, dict[str, str]] | None = None,
    choice: dict[str, Any] | None = None,
    **rest: Any,
) -> Scenario:
    """One origin of cars; an hour of driving or waiting costs 1, all hear the waits, nobody chooses again on the way.

    A crossing is its stations, or (stations, other arguments); the other arguments of `rest` are those of `scenario`.
    """
    made = {name: crossing(words[0], **words[1]) if isinstance(words, tuple) else crossing(words)
            for name, words in crossings.items()}  # fmt: skip
    demand = {cls: {"all": {"constant": {"rate": rate}}} for cls, rate in rest.pop("demand", {"car": "60/h"}).items()}
    weights = {"travel": -1, "wait": -1, "reconsider": 0, "drive_cv": 0, "switching": 0, **(choice or {})}
    origins = {"home": {"demand": demand, "travel": travel}}
    return scenario(crossings=made, network={"origins": origins, "between": between or {}, "choice": weights}, **rest)


def setting_out(scenario: Scenario, at: Iterable[float], tastes: dict[str, Any] | None = None, **by_hand: Any) -> Any:
    """A plan, and a tape of those waiting at the start and of parties that set out at these minutes.

    `tastes` are utilities by crossing, or of "stay"; `papers`, `news`, `bar`, `drive` (a factor), `clocks` and the
    columns of the tape are given in `by_hand`; all others are 0, and drives take the mean.
    """
    plan = lower(scenario)
    full = draw(scenario, plan, 1, 0)
    departures = np.array([round(minute * MINUTE) for minute in at], dtype=np.int64)
    waiting, roaming = np.flatnonzero(full.initial), np.flatnonzero(full.source == len(plan.crossings))
    rows_used = np.concatenate([waiting, roaming[: len(departures)]])
    assert len(rows_used) == len(waiting) + len(departures), "the origin sends too few parties"
    by_party = [f.name for f in fields(Tape) if f.name not in NOT_BY_PARTY]
    columns = {name: getattr(full, name)[..., rows_used].copy() for name in by_party}
    columns |= {"tastes": full.tastes[rows_used].copy(), "outages": full.outages, "one_by_one": full.one_by_one}
    columns["first_person"] = full.first_person[rows_used] if len(full.first_person) else full.first_person
    setting_out_rows = slice(len(waiting), None)
    columns["arrived_at"][setting_out_rows] = departures
    rows = {"papers": PAPERS, "news": NEWS, "bar": BARRED}
    rows |= {name: k for k, name in enumerate([*plan.crossings, "stay"], TASTES)}
    columns["tastes"][setting_out_rows] = 0.0
    columns["times"][plan.drive_row, setting_out_rows] = np.rint(np.asarray(by_hand.pop("drive", 1.0)) * DRIVE_UNIT)
    for name, value in {**(tastes or {}), **by_hand}.items():
        if name in rows:
            columns["tastes"][setting_out_rows, rows[name]] = value
        elif name == "clocks":
            columns["times"][plan.clock_row[plan.clock_row >= 0][:, None], np.arange(len(waiting), len(rows_used))] = (
                value
            )
        else:
            columns[name][setting_out_rows] = value
    return plan, Tape(**columns)


def way(plan: Plan, records: Records, party: int = 0) -> list[tuple[str, Outcome, float | None, float | None]]:
    """The visits of a party: where, how they ended, when they began and ended in minutes."""
    those = np.flatnonzero(records.party == party)
    places = [plan.crossings[x] for x in records.crossing[those]]
    ends = [Outcome(outcome) for outcome in records.outcome[those].tolist()]
    return list(zip(places, ends, minutes(records.arrived_at[those]), minutes(records.left_at[those]), strict=True))


def chosen(plan: Plan, records: Records) -> list[str]:
    """Where each party came first, or stayed away from, in the order of the tape."""
    return [plan.crossings[x] for x in records.crossing[records.visit == 0]]
