"""Whether open booths move the queue or wait, as the readings show it.

The change of a reading over the next half hour is regressed on the booths open before, beside the level now and before,
the hour of the day and the weekday, with intervals that let the errors of a day depend on each other (cluster-robust;
Cameron and Miller 2015). Booths that open because the queue grows hide their own effect: this finds too little of it
sooner than too much.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from sim.arrays import Floats, Ints
from sim.errors import SimError
from sim.scenario.model.changes import EVERYWHERE, STAFF_ACTIONS
from sim.scenario.text.load_scenario import Loaded, load
from sim.suggest import no_such
from sim.table.columns import Role
from sim.table.doubtful import error_codes
from sim.table.read import read_rows
from sim.table.reader import Reader
from sim.verbs.nowcast.plays import Simulator
from sim.verbs.nowcast.readings import Readings, hours_of_week
from sim.verbs.nowcast.seen import TIME, VALUE, Columns
from sim.verbs.nowcast.words import lead_words

BOOTHS = Role(("booths", "lanes", "open", "servers", "desks", "staff"), alone=False)
LATER, NEAR = 0.5, 0.3
"""Hours over which a change is counted (the time between readings where that is longer), and the share of them by which
the reading after it may be early or late."""
BACK = (0.5, 1.0, 2.0)
"""Hours before at which earlier readings are taken into account."""
FEWEST_DAYS = 7
LEAST = 0.05
"""Share by which one booth more must shorten the queue at least, with 95 % confidence; less is no lever."""
MOVING = (*STAFF_ACTIONS, "scale_service")
"""Actions of a change that only act if booths move the queue."""


class Elasticity(NamedTuple):
    """By what factor one booth more goes with another reading `hours` later, less one: mean, 95 % interval."""

    column: str
    hours: float
    mean: float
    low: float
    high: float
    days: int

    @property
    def words(self) -> str:
        """The finding as a sentence part."""
        mean, low, high = (f"{100 * value:+.0f} %" for value in (self.mean, self.low, self.high))
        return (
            f"one more in {self.column!r} goes with {mean} in the readings {lead_words(round(self.hours, 2))} later "
            f"(95 % interval {low} to {high}; {self.days} days, at the same level, hour and weekday)"
        )


def with_what_if(simulator: Simulator, names: tuple[str, ...], path: Path, columns: Columns) -> Simulator:
    """Return the simulator with what-ifs. Raises SimError if they need a proof that there is not."""
    loaded = load(simulator.source, simulator.sets)
    wrong = next((name for name in names if name not in loaded.interventions), None)
    if wrong is not None:
        raise SimError(no_such("intervention", wrong, list(loaded.interventions)))
    for name in names:
        _refuse_whole_run(loaded, name, simulator.key.crossing)
        _refuse_undone(loaded, name)
    changes = (change for name in names for change in loaded.interventions[name].changes)
    if not any(getattr(change, action) is not None for change in changes for action in MOVING):
        return replace(simulator, what_if=names)
    return replace(simulator, what_if=names, evidence=_evidence(path, columns, names))


def _evidence(path: Path, columns: Columns, names: tuple[str, ...]) -> str:
    """Return a sentence on what shows that booths move the queue. Raises SimError if nothing does."""
    found = elasticity(path, columns)
    if found is not None and found.high <= -LEAST:
        return f"That booths move the queue is shown by the readings: {found.words}."
    shown = f"in the readings {found.words}" if found else "the readings have no column of open booths over 7 days"
    raise SimError(
        f"--intervene {', '.join(names)}: changes staff or the pace of services, but nothing shows that booths "
        f"move the queue here: {shown}; it takes an interval that ends at -{100 * LEAST:.0f} % or below"
    )


def _refuse_whole_run(loaded: Loaded, name: str, crossing: str) -> None:
    """Raise SimError if an intervention sets values of the whole run, with the line to write in its place."""
    described = loaded.interventions[name]
    if described.changes and not (described.set or described.scale):
        return
    place, station = next(iter(loaded.scenario.crossings[crossing].stations.items()))
    action = "add_servers: 2" if getattr(station.staffing, "reacts", None) is None else "scale_service: 0.8"
    raise SimError(
        f"--intervene {name}: sets values of the whole run, so it cannot begin today; give it only changes, such as "
        f"`changes: [{{stations: [{place}], {action}}}]` (from now on; `from: 2025-04-25T18:00` for a later time)"
    )


def _refuse_undone(loaded: Loaded, name: str) -> None:
    """Raise SimError if a rule that reacts takes the servers of an intervention away again."""
    for change in loaded.interventions[name].changes:
        if not any(getattr(change, action) is not None for action in STAFF_ACTIONS):
            continue
        for where, crossing in loaded.scenario.crossings.items():
            if change.crossing not in (None, EVERYWHERE, where):
                continue
            for place, station in crossing.stations.items():
                if place in (change.stations or ()) and getattr(station.staffing, "reacts", None) is not None:
                    raise SimError(
                        f"--intervene {name}: changes the servers of {place}, but its rule `reacts` takes them away or "
                        f"adds them again; a change of `scale_service` can be tried"
                    )


def elasticity(path: Path, columns: Columns) -> Elasticity | None:
    """Return what the readings say of open booths; None without a column of them, or with few days. Raises SimError."""
    roles = {"value": columns.value, "time": columns.time, "booths": columns.booths}
    reader = Reader(
        read_rows(path, columns.sheet),
        {role: name for role, name in roles.items() if name is not None},
        zone=columns.zone,
    )
    reader.only(dict(columns.where))
    at, value = reader.instants("time", TIME), reader.numbers("value", VALUE)
    booths = reader.numbers("booths", BOOTHS, needed=False)
    if at is None or value is None or booths is None:
        return None
    column = reader.understood[-1].column
    good = np.isfinite(at) & np.isfinite(value) & np.isfinite(booths) & (value >= 0) & ~error_codes(value)
    order = np.argsort(at[good], kind="stable")
    hours, booths = at[good][order] / 3600, booths[good][order]
    readings = Readings.of(hours, value[good][order], columns.zone)
    if len(hours) < 2:
        return None
    after = max(LATER, float(np.median(np.diff(hours))))
    later = np.searchsorted(hours, hours + (1 - NEAR) * after)
    rows = np.flatnonzero(later < len(hours))
    rows = rows[hours[later[rows]] - hours[rows] <= (1 + NEAR) * after]
    days = np.floor(hours[rows] / 24).astype(np.int64)
    if len(np.unique(days)) < FEWEST_DAYS or np.ptp(booths[rows]) == 0:
        return None
    change = readings.scaled[later[rows]] - readings.scaled[rows]
    place = hours_of_week(hours[rows], columns.zone).astype(int)
    level = readings.scaled[rows]
    before = [np.interp(hours[rows] - back, hours, readings.scaled) for back in BACK]
    beside = np.column_stack([level, level**2, *before, np.eye(24)[place % 24], np.eye(7)[place // 24]])
    mean, error = _slope(change, booths[rows], beside, days)
    count = len(np.unique(days))
    reach = float(stdtrit(count - 1, 0.975)) * error
    low, high = mean - reach, mean + reach
    return Elasticity(column, after, float(np.expm1(mean)), float(np.expm1(low)), float(np.expm1(high)), count)


def _slope(change: Floats, booths: Floats, beside: Floats, days: Ints) -> tuple[float, float]:
    """Return the coefficient of the booths beside other columns (Frisch and Waugh 1933), and its error over days."""
    own = booths - beside @ np.linalg.lstsq(beside, booths, rcond=None)[0]
    rest = change - beside @ np.linalg.lstsq(beside, change, rcond=None)[0]
    square = max(float(own @ own), 1e-12)
    slope = float(own @ rest) / square
    sums = np.bincount(np.unique(days, return_inverse=True)[1], own * (rest - slope * own))
    return slope, float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) / square)
