"""The nights of a run at a crossing: who is stuck at the border at the night hour, over replications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.measures.estimates import Estimate, Estimates
from sim.measures.names import Key, on_night
from sim.scenario.model.reported import Relief


class Night(NamedTuple):
    """Those stuck at the night hour of a local day: people, of them by class, vehicles, and their need of water (L)."""

    day: date
    people: Estimate
    by_class: dict[str, Estimate]
    vehicles: Estimate
    water: Estimate

    @property
    def name(self) -> str:
        """The day, such as '28 Sep'."""
        return f"{self.day.day} {self.day:%b}"


def nights_of(estimates: Estimates, crossing: str) -> list[Night]:
    """Return the nights at a crossing in order; none where the scenario has no night hour."""
    totals = estimates.totals
    days = [key.scope for key in totals if key[:2] == (crossing, "stuck_people") and "/" not in key.scope]
    return [
        Night(
            date.fromisoformat(day),
            totals[Key(crossing, "stuck_people", day)],
            {
                key.scope.partition("/")[0]: value
                for key, value in totals.items()
                if key[:2] == (crossing, "stuck_people") and key.scope == on_night(key.scope.partition("/")[0], day)
            },
            totals[Key(crossing, "stuck_vehicles", day)],
            totals[Key(crossing, "stuck_water", day)],
        )
        for day in days
    ]


def worst_night(nights: Sequence[Night]) -> Night | None:
    """Return the night with most people stuck, by the mean over replications; None if nobody ever was."""
    worst = max(nights, key=lambda night: night.people.mean, default=None)
    return worst if worst is not None and worst.people.mean > 0 else None


def night_hour(relief: Relief) -> str:
    """Return the local hour at which the nights are counted, such as '03:00'."""
    minutes = round(relief.night_hour.total_seconds() / 60)
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def nights_table(estimates: Estimates, crossings: Sequence[str]) -> dict[str, NDArray[np.generic]]:
    """Return a row for each night and crossing: people with their spread, people by class, vehicles, water (L)."""
    rows = [(crossing, night) for crossing in crossings for night in nights_of(estimates, crossing)]
    columns: dict[str, list[str | float]] = {
        "crossing": [crossing for crossing, _ in rows],
        "night": [night.day.isoformat() for _, night in rows],
    }
    for name in ("mean", "p05", "p95", "low", "high"):
        columns["people" if name == "mean" else f"people_{name}"] = [getattr(night.people, name) for _, night in rows]
    for cls in rows[0][1].by_class if rows else ():
        columns[f"{cls}_people"] = [night.by_class[cls].mean for _, night in rows]
    columns["vehicles"] = [night.vehicles.mean for _, night in rows]
    columns["water"] = [night.water.mean for _, night in rows]
    return {name: np.array(values) for name, values in columns.items()}
