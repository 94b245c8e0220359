"""Tables of switches, for all that changes with time: staffing, opening, active stations, screening intensity.

Every table is sorted by instant and begins with one row per target at `start`. Where they overlap, shifts override
steps, changes override both, and the last listed change overrides earlier ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TypeVar

import numpy as np

from sim.arrays import Floats, Ints
from sim.engine.lower.arrivals import day_times, within
from sim.engine.plan import PATIENCE_FACTOR, PER_MILLE, REFUSAL, REFUSAL_UNIT, SERVICE_FACTOR
from sim.scenario.model.changes import Change
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.instants import since_t0
from sim.scenario.model.quantities import WEEKDAYS
from sim.scenario.model.scenario import Clock, Crossing, Scenario
from sim.scenario.model.staffing import Staffing
from sim.scenario.model.station import Station
from sim.scenario.model.steps import closing_steps
from sim.scenario.model.teams import teams_of

Row = tuple[int, ...]
ROUNDING = 1e-9
"""Added before staffing is rounded, so that 45 servers times 0.7 are 31.5, and so 32, whatever the floats say."""
T = TypeVar("T")


def staffing(scenario: Scenario) -> Ints:
    """Return rows (at, station, servers); the staffing of a pool is that of its first station."""
    return _table(scenario, 3, _staffing_rows)


def opening(scenario: Scenario) -> Ints:
    """Return rows (at, station, class, 1 open / 0 closed)."""
    return _table(scenario, 4, partial(_opening_rows, scenario.class_numbers))


def activity(scenario: Scenario) -> Ints:
    """Return rows (at, station, 1 active / 0 inactive)."""
    return _table(scenario, 3, _activity_rows)


def conditions(scenario: Scenario) -> Ints:
    """Return rows (at, station, what, value) for service times, refusals and patience that change."""
    return _table(scenario, 4, _condition_rows)


def intensity(scenario: Scenario) -> tuple[Floats, Ints]:
    """Return the screening intensities that occur, ascending, and rows (at, station, index of the intensity)."""
    levels: list[float] = []

    def rows(clock: Clock, crossing: Crossing, names: list[str], offset: int) -> Iterator[Row]:
        for number, name in enumerate(names):
            screening = crossing.stations[name].screening
            if screening is None:
                continue
            changes = [c for c in crossing.changes if c.intensity is not None and _concerns(c, name)]
            value = _overridden(clock, screening.intensity, changes, lambda c, _: c.intensity)
            for at, level in _steps(clock, _instants(clock, changes), value):
                levels.append(level)
                yield at, offset + number, len(levels) - 1
            lightened = crossing.stations[name].lightened
            if lightened is not None and lightened.intensity is not None:
                levels.append(lightened.intensity)  # no switch, but a control

    table = _table(scenario, 3, rows)
    distinct, index = np.unique(np.array(levels), return_inverse=True)
    if len(table):
        table[:, 2] = index[table[:, 2]]
    return distinct, table


def _table(scenario: Scenario, width: int, rows: Callable[[Clock, Crossing, list[str], int], Iterator[Row]]) -> Ints:
    table: list[Row] = []
    offset = 0
    for crossing in scenario.crossings.values():
        names = list(crossing.stations)
        table += rows(scenario.clock, crossing, names, offset)
        offset += len(names)
    return np.array(sorted(table), dtype=np.int64).reshape(-1, width)


def _staffing_rows(clock: Clock, crossing: Crossing, names: list[str], offset: int) -> Iterator[Row]:
    for team in teams_of(crossing):
        changes = [c for c in crossing.changes if _staff_change(c) is not None and _concerns(c, team.name)]
        plan, number = team.staffing, names.index(team.stations[0])
        steps = sorted((since_t0(clock, step.from_), step.servers) for step in plan.steps)
        value = _overridden(clock, _planned(clock, plan, steps), changes, _staffed)
        instants = _instants(clock, changes) | {at for at, _ in steps}
        for at, servers in _steps(clock, instants | _shift_edges(clock, plan), value):
            yield at, offset + number, servers


_CONDITIONS: dict[int, tuple[int, Callable[[Change], float | None]]] = {
    SERVICE_FACTOR: (PER_MILLE, lambda change: change.scale_service),
    REFUSAL: (REFUSAL_UNIT, lambda change: change.refusal),
    PATIENCE_FACTOR: (PER_MILLE, lambda change: change.scale_patience),
}
"""The unit of each, and what a change says of it."""


def _condition_rows(clock: Clock, crossing: Crossing, names: list[str], offset: int) -> Iterator[Row]:
    for number, name in enumerate(names):
        for what, (unit, given) in _CONDITIONS.items():
            changes = [change for change in crossing.changes if given(change) is not None and _concerns(change, name)]
            if not changes:
                continue
            refusal = crossing.stations[name].refusal
            base = (refusal.probability if refusal else 0.0) if what == REFUSAL else 1.0

            def changed(change: Change, current: float, what: int = what) -> float:
                value = _CONDITIONS[what][1](change) or 0.0
                return value if what == REFUSAL else current * value

            value = _overridden(clock, base, changes, changed)
            for at, level in _steps(clock, _instants(clock, changes), value):
                yield at, offset + number, what, round(unit * level)


def _staff_change(change: Change) -> int | float | None:
    return next((v for v in (change.servers, change.add_servers, change.scale_servers) if v is not None), None)


def _staffed(change: Change, base: int) -> int:
    if change.servers is not None:
        return change.servers
    if change.add_servers is not None:
        return max(0, base + change.add_servers)
    return int(base * (change.scale_servers or 0.0) + 0.5 + ROUNDING)


def _planned(clock: Clock, plan: Staffing, steps: list[tuple[int, int]]) -> Callable[[int], int]:
    """Return the staffing by steps (at, servers) and shifts as a function of the instant."""
    begins_of_steps = [begin for begin, _ in steps]
    midnights = day_times(clock)
    shifts = [(shift, day_times(clock, shift.from_), day_times(clock, shift.until)) for shift in plan.shifts]
    weekday = clock.start.weekday()

    def servers(at: int) -> int:
        passed = bisect_right(begins_of_steps, at)
        count = steps[passed - 1][1] if passed else plan.servers
        day = bisect_right(midnights, at) - 1
        for shift, begins, ends in shifts:
            if WEEKDAYS[(weekday + day) % 7] in shift.days and begins[day] <= at < ends[day]:
                count = shift.servers
        return count

    return servers


def _shift_edges(clock: Clock, plan: Staffing) -> set[int]:
    return {at for shift in plan.shifts for edge in (shift.from_, shift.until) for at in day_times(clock, edge)}


def _opening_rows(
    class_numbers: Mapping[str, int], clock: Clock, crossing: Crossing, names: list[str], offset: int
) -> Iterator[Row]:
    for number, name in enumerate(names):
        for cls, c in class_numbers.items():
            changes = _closures(crossing, name, cls)
            value = _is_open(clock, changes)
            for at, is_open in _steps(clock, _instants(clock, changes), value):
                yield at, offset + number, c, is_open


def _closures(crossing: Crossing, station: str, cls: ClassName) -> list[Change]:
    """Return the changes that close or open a station for a class."""
    changes = [change for change in crossing.changes if (change.close or change.open) and _concerns(change, station)]
    return [change for change in changes if change.classes is None or cls in change.classes]


def _is_open(clock: Clock, changes: list[Change]) -> Callable[[int], int]:
    return _overridden(clock, 1, changes, lambda change, _: int(change.open is not None))


def closes(scenario: Scenario) -> Ints:
    """Return the instant from which the way of a class is closed for good (X, C); one past the horizon if never."""
    never = since_t0(scenario.clock, scenario.clock.horizon) + 1
    closed = [
        [closes_for_good(scenario.clock, x, cls) for cls in scenario.streams] for x in scenario.crossings.values()
    ]
    return np.array([[never if at is None else at for at in row] for row in closed], dtype=np.int64)


def closes_for_good(clock: Clock, crossing: Crossing, cls: ClassName) -> int | None:
    """Return the instant from which the way of a class is closed without a date of reopening; None if there is none."""
    closed_at = [
        [_closed_at(clock, _closures(crossing, name, cls)) for name in step]
        for step in closing_steps(crossing, cls)
        if all(crossing.stations[name].active_until is None for name in step)
    ]
    return min((max(at for at in step if at is not None) for step in closed_at if None not in step), default=None)


def _closed_at(clock: Clock, changes: list[Change]) -> int | None:
    start, horizon = since_t0(clock, clock.start), since_t0(clock, clock.horizon)
    in_force = [change for change in changes if within(clock, change)(np.int64(horizon - 1))]  # type: ignore[arg-type]
    if not in_force or in_force[-1].open or in_force[-1].until is not None:
        return None
    is_open = _is_open(clock, changes)
    instants = sorted({start} | {at for at in _instants(clock, changes) if start < at < horizon})
    return next(at for at in instants if not any(is_open(later) for later in instants if later >= at))


def _activity_rows(clock: Clock, crossing: Crossing, names: list[str], offset: int) -> Iterator[Row]:
    for number, name in enumerate(names):
        station = crossing.stations[name]
        begin, end = active_window(clock, station)
        for at, active in _steps(clock, {begin, end}, lambda at, b=begin, e=end: int(b <= at < e)):  # type: ignore[misc]
            yield at, offset + number, active


def active_window(clock: Clock, station: Station) -> tuple[int, int]:
    """Return when the station becomes active and when it ceases to be, milliseconds since t0."""
    return window(clock, station.active_from, station.active_until)


def window(clock: Clock, begin: datetime | None, end: datetime | None) -> tuple[int, int]:
    """Return two local instants as milliseconds since t0; by default the start, and one past the horizon."""
    return (
        since_t0(clock, clock.start if begin is None else begin),
        since_t0(clock, clock.horizon) + 1 if end is None else since_t0(clock, end),
    )


def _concerns(change: Change, station: str) -> bool:
    return change.stations is None or station in change.stations


def _instants(clock: Clock, changes: list[Change]) -> set[int]:
    return {since_t0(clock, at) for change in changes for at in (change.from_, change.until) if at is not None}


def _overridden(
    clock: Clock, base: T | Callable[[int], T], changes: list[Change], apply: Callable[[Change, T], T | None]
) -> Callable[[int], T]:
    """Return the value as a function of the instant: the base value with the changes in force applied in order."""
    tests = [(change, within(clock, change)) for change in changes]

    def value(at: int) -> T:
        current = base(at) if callable(base) else base
        for change, inside in tests:
            if inside(np.int64(at)):  # type: ignore[arg-type]
                changed = apply(change, current)
                current = current if changed is None else changed
        return current

    return value


def _steps(clock: Clock, instants: set[int], value: Callable[[int], T]) -> Iterator[tuple[int, T]]:
    """Yield (instant, value) at the start and at each change of the value before the horizon."""
    start, horizon = since_t0(clock, clock.start), since_t0(clock, clock.horizon)
    last: T | None = None
    for at in sorted({start} | {at for at in instants if start < at < horizon}):
        now = value(at)
        if last is None or now != last:
            yield at, now
        last = now
