"""Checks arrivals whose numbers are given (timetables, bookings, logs), calendars, and rows outside the run.

Rows outside the run are left out with a note, because a file often has more days than a run; a fault is only that all
of them are outside.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.checks.dates import run_of
from sim.scenario.checks.demand import demand_parts
from sim.scenario.model.arrivals import Bookings, Log, Schedule
from sim.scenario.model.demand import DemandPart
from sim.scenario.model.instants import since_t0
from sim.scenario.model.scenario import Clock, Scenario
from sim.scenario.model.teams import teams_of
from sim.scenario.model.timetable import MOST_OCCURRENCES, occurrences
from sim.suggest import no_such

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]


def check_given(scenario: Scenario, whole_run: bool = True) -> Faults:
    """Yield (path, message) for every fault; without `whole_run`, rows outside the run are accepted."""
    clock = scenario.clock
    for loc, part in demand_parts(scenario):
        kind, here = part.kind, (*loc, part.word)
        inside, rows = rows_inside(clock, part)
        if isinstance(kind, Schedule | Bookings) and len(occurrences(clock, kind.rows)) > MOST_OCCURRENCES:
            yield here, f"names more than {MOST_OCCURRENCES:,} times; make 'every' longer or the run shorter"
        elif whole_run and not part.has_rate and not inside:
            yield here, f"no row falls within {_run(clock)}" if rows else "needs at least one row"
        if isinstance(kind, Bookings) and loc[0] == "network":
            what = "slots belong to a crossing, and parties from an origin choose theirs"
            yield here, f"{what}; give the bookings to the demand of a crossing"
        if isinstance(kind, Log):
            yield from _stations(scenario, kind, here)
        days = (clock.start.date(), clock.horizon.date())
        if whole_run and part.calendar and not any(days[0] <= day <= days[1] for day in part.calendar):
            yield (*loc, "calendar"), f"no date falls within {_run(clock)}"


def _run(clock: Clock) -> str:
    return f"the run ({run_of(clock)}); it would have no effect"


def rows_inside(clock: Clock, part: DemandPart) -> tuple[int, int]:
    """Return how many rows of a part fall within the run, and how many it has; (0, 0) if it has no rows."""
    kind = part.kind
    if isinstance(kind, Schedule | Bookings):
        start, horizon = since_t0(clock, clock.start), since_t0(clock, clock.horizon)
        return len({one.row for one in occurrences(clock, kind.rows) if start <= one.at < horizon}), len(kind.rows)
    if isinstance(kind, Log):
        return sum(clock.start <= row.at < clock.horizon for row in kind.rows), len(kind.rows)
    if isinstance(kind, tuple):
        return sum(row.from_ < clock.horizon and row.until > clock.start for row in kind), len(kind)
    return 0, 0


def _stations(scenario: Scenario, log: Log, here: Loc) -> Faults:
    """Yield the stations of a log that do not exist, or that do not serve its class; each once."""
    named = {name: n for n, row in reversed(list(enumerate(log.rows))) for name in row.service_times}
    for name, n in named.items():
        loc = (*here, "rows", n, "service_times", name)
        if here[0] == "network":
            yield loc, "parties from an origin choose their crossing; leave their service times out"
            continue
        stations = scenario.crossings[str(here[1])].stations
        if name not in stations:
            yield loc, no_such("station", name, list(stations))
        elif here[3] not in stations[name].serves:
            yield loc, f"station {name!r} does not serve class {here[3]!r}"


def rows_left_out(scenario: Scenario) -> Faults:
    """Yield (path, note) for every list of which some rows are outside the run."""
    clock = scenario.clock
    for loc, part in demand_parts(scenario):
        inside, rows = rows_inside(clock, part)
        if inside < rows:
            timetable = isinstance(part.kind, Schedule | Bookings)  # of these, late parties may still come
            where = "due outside the run" if timetable else "outside the run"
            yield (*loc, part.word), _note(clock, rows - inside, rows, where)
    for x, crossing in scenario.crossings.items():
        for team in teams_of(crossing):
            steps = team.staffing.steps
            late = sum(step.from_ >= clock.horizon for step in steps)
            if late:
                loc = ("crossings", x, *team.staffing_loc, "steps")
                yield loc, _note(clock, late, len(steps), "after the end of the run")


def _note(clock: Clock, outside: int, rows: int, where: str) -> str:
    return f"{outside} of {rows} rows {'is' if outside == 1 else 'are'} {where} ({run_of(clock)})"
