"""Checks across the fields of a scenario: names that refer to nothing, and routes without a beginning or an end."""

from __future__ import annotations

from collections.abc import Iterator

from sim import units
from sim.scenario.checks.classes import check_classes
from sim.scenario.checks.controls import check_controls
from sim.scenario.checks.dates import check_dates
from sim.scenario.checks.demand import check_demand
from sim.scenario.checks.given import check_given
from sim.scenario.checks.limits import check_limits
from sim.scenario.checks.network import check_network
from sim.scenario.checks.one_by_one import check_one_by_one
from sim.scenario.checks.pools import check_pools
from sim.scenario.checks.presence import comers, may_split, occurring, route
from sim.scenario.checks.series import check_series
from sim.scenario.checks.start_from import check_start_from
from sim.scenario.checks.ways import check_ways
from sim.scenario.model.changes import STAFF_ACTIONS, Change
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.laws import most_people
from sim.scenario.model.quantities import BYPASS, later_than
from sim.scenario.model.reported import Reported
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.staffing import Pooled
from sim.scenario.model.station import Priority, Screening, Shares, Station
from sim.scenario.model.steps import beside, zone_of
from sim.suggest import no_such

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]
MAX_CROSSINGS, MAX_STATIONS = 16, 64
MOST_REPORTED = 1e9
"""Largest value of a reported figure: a count, or in s or m."""
LEAST_ROUNDING = 1e-3
"""Smallest rounding of a reported figure, unless it is 0."""


def check(scenario: Scenario, whole_run: bool = True) -> Faults:
    """Yield (path, message) for every inconsistency; without `whole_run`, dates outside the run are accepted."""
    yield from check_classes(scenario)
    for name, crossing in scenario.crossings.items():
        here: Loc = ("crossings", name)
        yield from _classes(scenario, crossing, here)
        yield from _routes(scenario, crossing, here)
        coming = comers(scenario, crossing)
        for station in crossing.stations:
            yield from _station(scenario, crossing, station, coming[station], (*here, "stations", station))
        yield from _offices(scenario, crossing, here)
        yield from _shared_zones(scenario, crossing, here)
        yield from _bypasses(crossing, here)
        yield from _deterrence(crossing, here)
        yield from _changes(crossing, here)
        yield from check_controls(crossing, occurring(scenario, crossing), here)
        yield from check_one_by_one(crossing, here)
        yield from check_pools(crossing, here)
    if len(scenario.crossings) > MAX_CROSSINGS:
        yield ("crossings",), f"a scenario may have at most {MAX_CROSSINGS} crossings; got {len(scenario.crossings)}"
    stations = sum(len(crossing.stations) for crossing in scenario.crossings.values())
    if stations > MAX_STATIONS:
        yield ("crossings",), f"a scenario may have at most {MAX_STATIONS} stations; got {stations}"
    yield from check_start_from(scenario)
    yield from check_ways(scenario)
    yield from check_network(scenario)
    yield from _reported(scenario)
    yield from check_dates(scenario, whole_run)
    yield from check_demand(scenario)
    yield from check_given(scenario, whole_run)
    yield from check_series(scenario, whole_run)
    yield from check_limits(scenario)


def _classes(scenario: Scenario, crossing: Crossing, here: Loc) -> Faults:
    known: list[str] = list(scenario.classes)
    for part in ("demand", "initial_queue", "behaviour"):
        for cls in getattr(crossing, part):
            if cls not in known:
                yield (*here, part, cls), f"class {cls!r} is not described under 'classes' ({', '.join(known)})"
    for name, station in crossing.stations.items():
        if may_split(station) and "foot" not in known:
            what = "men sent on without their party continue on foot; describe class 'foot' or set this to 100 %"
            yield (*here, "stations", name, "screening", "stays_together"), what
    for loc, cls in _classes_in_behaviour(crossing, (*here, "behaviour")):
        if cls not in known:
            yield loc, f"class {cls!r} is not described under 'classes' ({', '.join(known)})"


def _classes_in_behaviour(crossing: Crossing, here: Loc) -> Iterator[tuple[Loc, str]]:
    for cls, behaviour in crossing.behaviour.items():
        for n, seen in enumerate(behaviour.balk.queue_of or () if behaviour.balk else ()):
            yield (*here, cls, "balk", "queue_of", n), seen
        for to in behaviour.change_mode.to if behaviour.change_mode else ():
            yield (*here, cls, "change_mode", "to", to), to


def _routes(scenario: Scenario, crossing: Crossing, here: Loc) -> Faults:
    if all(station.only_sent_on for station in crossing.stations.values()):
        yield (*here, "stations"), "every station has 'only_sent_on', so no route begins here"
        return
    for cls in occurring(scenario, crossing):
        if not route(crossing, cls):
            part = "demand" if cls in crossing.demand else "initial_queue" if cls in crossing.initial_queue else ""
            loc = (*here, part, cls) if part else (*here, "stations")
            yield loc, f"no station serves class {cls!r}, so it has no route"


def _shared_zones(scenario: Scenario, crossing: Crossing, here: Loc) -> Faults:
    """Yield zones that a party would wait in twice: parties there could wait for each other for ever."""
    for cls in occurring(scenario, crossing):
        first: dict[str, str] = {}
        for name in route(crossing, cls):
            zone = crossing.stations[name].hall
            if isinstance(zone, str) and first.setdefault(zone, name) not in beside(crossing, name):
                what = (
                    f"class {cls!r} waits in zone {zone!r} twice, at {first[zone]!r} and here, and would block itself"
                )
                yield (*here, "stations", name, "hall"), f"{what}; give one of the stations its own zone"
                return


def _station(scenario: Scenario, crossing: Crossing, name: str, coming: list[ClassName], here: Loc) -> Faults:
    """Yield the faults of a station to which these classes may come."""
    station = crossing.stations[name]
    if isinstance(station.hall, str) and station.hall not in crossing.zones:
        yield (*here, "hall"), no_such("zone", station.hall, list(crossing.zones))
    else:
        yield from _room(scenario, crossing, station, coming, here)
    served: list[str] = [cls for cls in coming if cls in station.serves]
    unserved = [cls for cls in served if cls not in station.service_time and "any" not in station.service_time]
    if unserved:
        yield (
            (*here, "service_time"),
            f"has no law for {', '.join(unserved)}; add one for each class, or 'any' for the rest",
        )
    for cls, law in station.service_time.items():
        if law.man and not (station.screening or station.only_sent_on):
            loc = (*here, "service_time", cls, "man")
            yield loc, "applies to men checked or summoned; the station needs 'screening' or 'only_sent_on'"
    yield from _discipline(crossing, name, served, here)
    if station.screening and station.only_sent_on:
        yield (*here, "screening"), "a station with 'only_sent_on' cannot screen"
    elif station.screening:
        yield from _screening(crossing, name, station.screening, (*here, "screening"))


def _room(scenario: Scenario, crossing: Crossing, station: Station, coming: list[ClassName], here: Loc) -> Faults:
    zone = zone_of(crossing, station)
    where = f"zone {station.hall!r}" if isinstance(station.hall, str) else "the hall"
    for cls in coming if zone is not None else ():
        spacing, people = scenario.classes[cls].spacing, most_people(scenario.classes[cls].people)
        if cls not in station.serves:
            continue
        if zone and zone.length is not None and spacing > zone.length:
            what = f"{where} is {zone.length:g} m long, too short for one {cls} ({spacing:g} m)"
            yield (*here, "hall"), f"{what}; it could never enter"
        if zone and zone.people is not None and people > zone.people:
            what = f"{where} has room for {zone.people} people, and a {cls} may have {people}"
            yield (*here, "hall"), f"{what}; it could never enter"


def _discipline(crossing: Crossing, name: str, served: list[str], here: Loc) -> Faults:
    station = crossing.stations[name]
    if station.discipline == "fifo":
        return
    streams = [*served, *([BYPASS] if _may_bypass(crossing, name, served) else [])]
    listed: list[str] = []
    if isinstance(station.discipline, Priority):
        listed = [stream for row in station.discipline.priority for stream in row]
    elif isinstance(station.discipline, Shares):
        listed = list(station.discipline.shares)
        for stream in listed:
            if stream != BYPASS and stream not in station.serves:
                loc = (*here, "discipline", "shares", stream)
                yield loc, f"the station does not serve class {stream!r}; remove its share"
    twice = sorted({stream for stream in listed if listed.count(stream) > 1})
    if twice:
        yield (*here, "discipline"), f"lists {', '.join(twice)} twice"
    absent = [stream for stream in streams if stream not in listed]
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        yield (*here, "discipline"), f"{', '.join(absent)} may wait here but {verb} not listed; list every stream"


def _may_bypass(crossing: Crossing, name: str, served: list[str]) -> bool:
    """Return whether parties of the bypass reach a station: the one where they join, or a later one."""
    names = list(crossing.stations)
    for cls, behaviour in crossing.behaviour.items():
        joins = behaviour.bypass.joins if behaviour.bypass else None
        if cls in served and joins in names and names.index(str(joins)) <= names.index(name):
            return True
    return False


def _screening(crossing: Crossing, name: str, screening: Screening, here: Loc) -> Faults:
    names = list(crossing.stations)
    if screening.office is None:
        if screening.on_hit.sent_on > 0:
            yield here, "needs 'office', because on_hit.sent_on is above 0"
        return
    loc = (*here, "office")
    if screening.office not in names:
        offices = [n for n in names if crossing.stations[n].only_sent_on]
        yield loc, no_such("station", screening.office, offices or names)
    elif not crossing.stations[screening.office].only_sent_on:
        yield loc, f"station {screening.office!r} must have 'only_sent_on: true' to be an enlistment office"
    elif names.index(screening.office) < names.index(name):
        yield loc, f"station {screening.office!r} comes before this one; men can be sent on only to a later station"


def _offices(scenario: Scenario, crossing: Crossing, here: Loc) -> Faults:
    for name, office in crossing.stations.items():
        if not office.only_sent_on:
            continue
        loc = (*here, "stations", name)
        senders = [s for s in crossing.stations.values() if s.screening and s.screening.office == name]
        if not senders and not any(s.sent_aside and s.sent_aside.to == name for s in crossing.stations.values()):
            what = "no screening names this station as its office, and nobody is sent aside to it"
            yield (*loc, "only_sent_on"), f"{what}, so nobody would reach it"
        coming = comers(scenario, crossing)
        sent = {cls for s, x in crossing.stations.items() if x in senders for cls in coming[s] if cls in x.serves}
        unserved = sorted(sent - set(office.serves))
        if unserved:
            yield (
                (*loc, "serves"),
                f"must include {', '.join(unserved)}, because men of these classes may be sent on to it",
            )


def _bypasses(crossing: Crossing, here: Loc) -> Faults:
    names = list(crossing.stations)
    for cls, behaviour in crossing.behaviour.items():
        if behaviour.bypass is None:
            continue
        loc, joins = (*here, "behaviour", cls, "bypass", "joins"), behaviour.bypass.joins
        if joins not in names:
            yield loc, no_such("station", joins, names)
        elif crossing.stations[joins].only_sent_on:
            yield loc, f"station {joins!r} is only for those sent on; a bypass cannot join there"
        elif not any(names.index(name) >= names.index(joins) for name in route(crossing, cls)):
            yield loc, f"no station from {joins!r} on serves class {cls!r}, so the bypass has no route"


def _deterrence(crossing: Crossing, here: Loc) -> Faults:
    given = [
        (*here, "behaviour", cls, way, "by_risk")
        for cls, behaviour in crossing.behaviour.items()
        for way, how in (("balk", behaviour.balk), ("renege", behaviour.renege))
        if how and "by_risk" in how.model_fields_set
    ]
    if not any(station.screening for station in crossing.stations.values()):
        for loc in given:
            yield loc, "no station here has 'screening', so no men are stopped; add it to a station, or remove by_risk"
    window, every = crossing.word_of_stops.window, crossing.quote.every
    if given and (window < every or abs(window / every - round(window / every)) > 1e-9):
        what = f"must be a whole multiple of quote.every ({units.show_duration(every)})"
        yield (*here, "word_of_stops", "window"), f"{what}; got {units.show_duration(window)}"


def _changes(crossing: Crossing, here: Loc) -> Faults:
    for i, change in enumerate(crossing.changes):
        named = change.classes or tuple(crossing.demand)
        parts = list(dict.fromkeys(part for cls in named for part in crossing.demand.get(cls, ())))
        for j, part in enumerate(change.demand or ()):
            if part not in parts:
                of = f" of {', '.join(change.classes)}" if change.classes else ""
                yield (*here, "changes", i, "demand", j), no_such(f"part of the demand{of}", part, parts)
        for j, name in enumerate(change.stations or ()):
            yield from _changed_station(crossing, change, name, (*here, "changes", i, "stations", j))


def _changed_station(crossing: Crossing, change: Change, name: str, loc: Loc) -> Faults:
    of_staff = any(getattr(change, key) is not None for key in STAFF_ACTIONS)
    if name in crossing.pools and of_staff:
        return
    station = crossing.stations.get(name)
    if station is None:
        yield loc, no_such("station", name, [*crossing.stations, *(crossing.pools if of_staff else ())])
    elif of_staff and isinstance(station.staffing, Pooled):
        yield loc, f"the servers of station {name!r} come from a pool; name the pool"
    elif change.intensity is not None and not station.screening:
        yield loc, f"'intensity' acts on screening; station {name!r} has none"
    elif change.refusal is not None and not station.refusal:
        yield loc, f"station {name!r} has no 'refusal'; give it one, of 0 % if nobody is refused otherwise"
    elif change.scale_patience is not None and not station.patience:
        yield loc, f"'scale_patience' acts on the patience of a station; {name!r} has none"


def _reported(scenario: Scenario) -> Faults:
    ids = [row.id for row in scenario.reported]
    for i, row in enumerate(scenario.reported):
        here: Loc = ("reported", i)
        if row.crossing not in scenario.crossings:
            yield (*here, "crossing"), no_such("crossing", row.crossing, list(scenario.crossings))
        if row.id in ids[:i]:
            yield (*here, "id"), f"the id {row.id!r} is already used by row {ids.index(row.id) + 1}"
        if row.until <= row.from_:
            yield (*here, "until"), later_than("from", row.until, row.from_)
        if row.way is not None and row.crossing in scenario.crossings:
            fault = _no_way(scenario.crossings[row.crossing], row.classes[0], row.way)
            if fault:
                yield (*here, "way"), fault
        if row.directions == "both" and row.outbound_share is None:
            yield here, "needs 'outbound_share', because the figure counts both directions"
        for key, value, least in (("value", row.value, 0.0), ("rounding", row.rounding, LEAST_ROUNDING)):
            fault = "" if value in (None, 0) else value_fault(row, value, least)
            if fault:
                yield (*here, key), fault


def _no_way(crossing: Crossing, cls: str, way: str) -> str:
    """Return why no party of a class takes a way across, '' if some may."""
    behaviour = crossing.behaviour.get(cls)
    key = {"changed_mode": "change_mode", "bypass": "bypass"}.get(way, "")
    if not key or (behaviour is not None and getattr(behaviour, key) is not None):
        return ""
    return f"nobody takes this way: the behaviour of {cls} has no {key!r} here"


def value_fault(row: Reported, value: float | str, least: float = 0.0) -> str:
    """Return the problem of a reported value or rounding, '' if none; `least` is a count, or in s or m."""
    dimension = row.kind.dimension
    if dimension is None and not isinstance(value, float):
        return f"expected a count; got {value!r}"
    try:
        size = float(value) if dimension is None else units.parse(dimension, value)
    except ValueError as error:
        return str(error)
    got = value if isinstance(value, str) else f"{value:g}"
    if size > MOST_REPORTED:
        return f"too large for a reported figure (limit {MOST_REPORTED:g}); got {got}"
    return "" if size >= least else f"must be at least {least:g}; got {got}"
