"""The inputs that would have been known before a forecast: what counts and plans say of later is replaced.

A table of counts or a log that goes on after the end of the fit was not known then. It is replaced by the profile, by
hour and weekday, of what it says before; steps of staffing likewise. Timetables, bookings and shifts are plans.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from sim.arrays import Floats
from sim.scenario.model.demand import DemandPart
from sim.scenario.model.quantities import WEEKDAYS
from sim.scenario.model.scenario import Scenario
from sim.scenario.model.staffing import Staffing
from sim.scenario.text.tree import Node, Path, Place, from_plain, put
from sim.table.counts import LEAST_CV, LEVEL, Bins, Counted, count_up, profile_of

EPOCH = datetime(1970, 1, 1)
PLACE = Place("what was known")
HOUR = 3600.0


def known_inputs(root: Node, scenario: Scenario, end: datetime) -> tuple[Node, list[str]]:
    """Return the tree with inputs as they were known at `end`, and what was replaced, in words."""
    told: list[str] = []
    for crossing, each in scenario.crossings.items():
        for cls, parts in each.demand.items():
            for name, part in parts.items():
                if (known := _usual_demand(part, end)) is not None:
                    root = _put(root, ("crossings", crossing, "demand", cls, name), known)
                    told.append(f"arrivals of {cls} ({name})")
        for station, row in each.stations.items():
            if isinstance(row.staffing, Staffing) and (shifts := _usual_shifts(row.staffing, scenario, end)):
                root = _put(root, ("crossings", crossing, "stations", station, "staffing"), shifts)
                told.append(f"staffing of {station}")
    return root, told


def _put(root: Node, path: Path, value: Any) -> Node:
    return put(root, path, lambda _: from_plain(value, PLACE), PLACE)


def _seconds(instant: datetime) -> float:
    return (instant.replace(tzinfo=None) - EPOCH).total_seconds()


def _usual_demand(part: DemandPart, end: datetime) -> dict[str, Any] | None:
    """Return a part with the profile of what came before `end`; None if the part says nothing of the time after."""
    if part.table is not None and any(row.until > end for row in part.table):
        rows = [row for row in part.table if row.until <= end]
        begin = np.array([_seconds(row.from_) for row in rows])
        length = np.array([_seconds(row.until) for row in rows]) - begin
        count = np.array([row.count for row in rows])
    elif part.log is not None and any(row.at > end for row in part.log.rows):
        at = np.array([_seconds(row.at) for row in part.log.rows if row.at <= end])
        hours = np.arange(np.floor(at.min() / HOUR), np.floor(_seconds(end) / HOUR)) if len(at) else np.zeros(0)
        begin, length = hours * HOUR, np.full(len(hours), HOUR)
        count = np.histogram(at, np.append(begin, begin[-1:] + HOUR))[0].astype(float) if len(hours) else hours
    else:
        return None
    if not len(begin) or count.sum() <= 0:
        return {"constant": {"rate": 0}}
    return _constant(count_up(Bins(begin, length, count)))


def _constant(counted: Counted) -> dict[str, Any]:
    """Return one part with the mean profile; that of weekends is not told apart, as a part has one."""
    kept = counted.bins.taken(~np.isin(counted.bins.day, counted.odd.day))
    profile = profile_of(kept, counted.by_hour)
    constant: dict[str, Any] = {"rate": f"{profile.rate:.6g}/h"}
    if counted.by_hour:
        constant["hours"] = [float(f"{factor:.6g}") for factor in profile.hours]
    constant["weekdays"] = {day: float(f"{f:.6g}") for day, f in zip(WEEKDAYS, profile.weekdays, strict=True)}
    if counted.dispersion.p < LEVEL and counted.dispersion.cv >= LEAST_CV:
        return {"constant": constant, "day_factor": f"{100 * min(counted.dispersion.cv, 1.9):.4g} %"}
    return {"constant": constant}


def _usual_shifts(staffing: Staffing, scenario: Scenario, end: datetime) -> dict[str, Any] | None:
    """Return a staffing plan with the rounded mean by hour and weekday; None if no step is later than `end`."""
    if not any(step.from_ >= end for step in staffing.steps):
        return None
    begins = [_seconds(scenario.clock.start), *(_seconds(step.from_) for step in staffing.steps)]
    numbers = np.array([staffing.servers, *(step.servers for step in staffing.steps)])
    first = min(begins)
    at = np.arange(np.floor(first / HOUR), np.floor(_seconds(end) / HOUR)) * HOUR
    open_then = numbers[np.searchsorted(np.array(begins), at, side="right").clip(min=1) - 1]
    plan = {"servers": round(float(open_then.mean())) if len(open_then) else staffing.servers}
    shifts = _shifts(at.astype(np.float64), open_then)
    tree = staffing.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {
        **{key: tree[key] for key in ("reacts",) if tree.get(key)},
        **plan,
        **({"shifts": shifts} if shifts else {}),
    }


def _shifts(at: Floats, number: Any) -> list[dict[str, Any]]:
    hour = (np.floor(at / HOUR) % 24).astype(int)
    weekend = np.isin((np.floor(at / 86400.0) + 3) % 7, (5, 6))
    shifts = []
    for days, mine in ((WEEKDAYS[:5], ~weekend), (WEEKDAYS[5:], weekend)):
        if not mine.any():
            continue
        for h in range(24):
            values = number[mine & (hour == h)]
            if len(values):
                until = "24:00" if h == 23 else f"{h + 1:02d}:00"
                shifts.append(
                    {"days": list(days), "from": f"{h:02d}:00", "until": until, "servers": round(values.mean())}
                )
    return shifts
