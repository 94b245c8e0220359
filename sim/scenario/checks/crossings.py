"""Looks for what single fields cannot show: names that lead nowhere and routes that never begin or end.

Which classes *occur* at a crossing matters: those with demand or an initial queue, and those they change mode to.
A station may serve classes nobody comes as.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim import units
from sim.scenario.checks.dates import check_dates
from sim.scenario.checks.network import check_network
from sim.scenario.model.passages import passages_from_origin
from sim.scenario.model.quantities import BYPASS, ClassName
from sim.scenario.model.reported import Reported
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.station import Priority, Screening, Shares, Station
from sim.suggest import no_such

Loc = tuple[str | int, ...]
Faults = Iterator[tuple[Loc, str]]
MAX_CROSSINGS, MAX_STATIONS = 16, 64
MOST_REPORTED = 1e9
"""Largest reported figure: a count, or in s or m."""


def check(scenario: Scenario, whole_run: bool = True) -> Faults:
    """Yield (place, sentence) for everything inconsistent; without `whole_run`, dates after the horizon are let be."""
    for name, crossing in scenario.crossings.items():
        here: Loc = ("crossings", name)
        yield from _classes(scenario, crossing, here)
        yield from _routes(scenario, crossing, here)
        for station in crossing.stations:
            yield from _station(scenario, crossing, station, (*here, "stations", station))
        yield from _offices(scenario, crossing, here)
        yield from _shared_zones(scenario, crossing, here)
        yield from _bypasses(crossing, here)
        yield from _changes(crossing, here)
    if len(scenario.crossings) > MAX_CROSSINGS:
        yield ("crossings",), f"a scenario may have at most {MAX_CROSSINGS} crossings"
    if sum(len(crossing.stations) for crossing in scenario.crossings.values()) > MAX_STATIONS:
        yield ("crossings",), f"a scenario may have at most {MAX_STATIONS} stations"
    yield from check_network(scenario)
    yield from _reported(scenario)
    yield from check_dates(scenario, whole_run)


def occurring(scenario: Scenario, crossing: Crossing) -> list[ClassName]:
    """Return the classes that can be met at a crossing, in the order of `classes`."""
    met: set[str] = {*crossing.demand, *(cls for cls, count in crossing.initial_queue.items() if count)}
    for origin in scenario.network.origins.values() if scenario.network else ():
        for cls in origin.demand:
            seen_as = (
                passage.cls for passage in passages_from_origin(scenario, origin, cls) if passage.crossing is crossing
            )
            met |= {there for there in seen_as if _route(crossing, there)}  # others do not choose this crossing
    for cls, behaviour in crossing.behaviour.items():
        if cls in met and behaviour.change_mode:
            met |= set(behaviour.change_mode.to)
    if any(_may_split(station) for station in crossing.stations.values()):
        met.add("foot")
    return [cls for cls in scenario.classes if cls in met]


def _may_split(station: Station) -> bool:
    """Whether men can be sent on to the office while their party goes on without them: they go on on foot."""
    screening = station.screening
    return screening is not None and screening.stays_together < 1 and screening.on_hit.sent_on > 0


def _classes(scenario: Scenario, crossing: Crossing, here: Loc) -> Faults:
    known: list[str] = list(scenario.classes)
    for part in ("demand", "initial_queue", "behaviour"):
        for cls in getattr(crossing, part):
            if cls not in known:
                yield (*here, part, cls), f"class {cls!r} is not described under 'classes' ({', '.join(known)})"
    for name, station in crossing.stations.items():
        if _may_split(station) and "foot" not in known:
            what = "men sent on without their party go on on foot: describe class 'foot' or write 100 %"
            yield (*here, "stations", name, "screening", "stays_together"), what
    for cls, behaviour in crossing.behaviour.items():
        for to in behaviour.change_mode.to if behaviour.change_mode else ():
            if to not in known:
                loc = (*here, "behaviour", cls, "change_mode", "to", to)
                yield loc, f"class {to!r} is not described under 'classes' ({', '.join(known)})"


def _route(crossing: Crossing, cls: str) -> list[str]:
    return [name for name, station in crossing.stations.items() if cls in station.serves and not station.only_sent_on]


def _routes(scenario: Scenario, crossing: Crossing, here: Loc) -> Faults:
    if all(station.only_sent_on for station in crossing.stations.values()):
        yield (*here, "stations"), "every station is only for those sent on: a route that never begins"
        return
    for cls in occurring(scenario, crossing):
        if not _route(crossing, cls):
            part = "demand" if cls in crossing.demand else "initial_queue" if cls in crossing.initial_queue else ""
            loc = (*here, part, cls) if part else (*here, "stations")
            yield loc, f"no station serves class {cls!r}: its route never begins"


def _shared_zones(scenario: Scenario, crossing: Crossing, here: Loc) -> Faults:
    """A party that waits in a zone must not need more room in it to get out, or all could wait for each other."""
    for cls in occurring(scenario, crossing):
        first: dict[str, str] = {}
        for name in _route(crossing, cls):
            zone = crossing.stations[name].hall
            if isinstance(zone, str) and first.setdefault(zone, name) != name:
                what = f"class {cls!r} would pass zone {zone!r} twice, at {first[zone]!r} and here, and block itself"
                yield (*here, "stations", name, "hall"), f"{what}; give one of them a zone of its own"
                return


def _station(scenario: Scenario, crossing: Crossing, name: str, here: Loc) -> Faults:
    station = crossing.stations[name]
    if isinstance(station.hall, str) and station.hall not in crossing.zones:
        yield (*here, "hall"), no_such("zone", station.hall, list(crossing.zones))
    elif isinstance(station.hall, str):
        yield from _room(scenario, crossing, station, here)
    served: list[str] = [cls for cls in occurring(scenario, crossing) if cls in station.serves]
    unserved = [cls for cls in served if cls not in station.service_time and "any" not in station.service_time]
    if unserved:
        yield (*here, "service_time"), f"says nothing of {', '.join(unserved)}; give it by class, or 'any' for the rest"
    for cls, law in station.service_time.items():
        if law.man and not (station.screening or station.only_sent_on):
            loc = (*here, "service_time", cls, "man")
            yield loc, "counts men checked or summoned; only stations with 'screening' or 'only_sent_on' have these"
    yield from _discipline(crossing, name, served, here)
    if station.screening and station.only_sent_on:
        yield (*here, "screening"), "a station with 'only_sent_on' cannot screen"
    elif station.screening:
        yield from _screening(crossing, name, station.screening, (*here, "screening"))


def _room(scenario: Scenario, crossing: Crossing, station: Station, here: Loc) -> Faults:
    length = crossing.zones[str(station.hall)].length
    for cls in occurring(scenario, crossing):
        spacing = scenario.classes[cls].spacing
        if length is not None and cls in station.serves and spacing > length:
            what = f"zone {station.hall!r} is {length:g} m long, too short for one {cls} ({spacing:g} m)"
            yield (*here, "hall"), f"{what}: a route that never ends"


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
                yield loc, f"the station does not serve class {stream!r}, so its share would be nobody's"
    twice = sorted({stream for stream in listed if listed.count(stream) > 1})
    if twice:
        yield (*here, "discipline"), f"lists {', '.join(twice)} twice"
    absent = [stream for stream in streams if stream not in listed]
    if absent:
        yield (*here, "discipline"), f"leaves out {', '.join(absent)}, which may wait here; list every stream"


def _may_bypass(crossing: Crossing, name: str, served: list[str]) -> bool:
    """Say whether parties of the bypass come to a station: at the one where they join, and after it."""
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
            yield here, "needs 'office', for on_hit.sent_on is above 0"
        return
    loc = (*here, "office")
    if screening.office not in names:
        offices = [n for n in names if crossing.stations[n].only_sent_on]
        yield loc, no_such("station", screening.office, offices or names)
    elif not crossing.stations[screening.office].only_sent_on:
        yield loc, f"station {screening.office!r} must have 'only_sent_on: true' to be an enlistment office"
    elif names.index(screening.office) < names.index(name):
        yield loc, f"station {screening.office!r} stands before this one; men can only be sent on to a later station"


def _offices(scenario: Scenario, crossing: Crossing, here: Loc) -> Faults:
    for name, office in crossing.stations.items():
        if not office.only_sent_on:
            continue
        loc = (*here, "stations", name)
        senders = [s for s in crossing.stations.values() if s.screening and s.screening.office == name]
        if not senders:
            yield (*loc, "only_sent_on"), "no screening names this station as its office, so nobody ever comes"
        sent = {cls for sender in senders for cls in sender.serves if cls in occurring(scenario, crossing)}
        unserved = sorted(sent - set(office.serves))
        if unserved:
            yield (*loc, "serves"), f"leaves out {', '.join(unserved)}, whose men may be sent on to it"


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
        elif not any(names.index(name) >= names.index(joins) for name in _route(crossing, cls)):
            yield loc, f"no station from {joins!r} on serves class {cls!r}: a route that leads nowhere"


def _changes(crossing: Crossing, here: Loc) -> Faults:
    for i, change in enumerate(crossing.changes):
        for j, name in enumerate(change.stations or ()):
            loc = (*here, "changes", i, "stations", j)
            if name not in crossing.stations:
                yield loc, no_such("station", name, list(crossing.stations))
            elif change.intensity is not None and not crossing.stations[name].screening:
                yield loc, f"'intensity' acts on screening; station {name!r} has none"


def _reported(scenario: Scenario) -> Faults:
    ids = [row.id for row in scenario.reported]
    for i, row in enumerate(scenario.reported):
        here: Loc = ("reported", i)
        if row.crossing not in scenario.crossings:
            yield (*here, "crossing"), no_such("crossing", row.crossing, list(scenario.crossings))
        if row.id in ids[:i]:
            yield (*here, "id"), f"the id {row.id!r} is taken by row {ids.index(row.id) + 1}"
        if row.until <= row.from_:
            yield (*here, "until"), "must be later than from"
        if row.directions == "both" and row.outbound_share is None:
            yield here, "needs 'outbound_share', for the figure counts both directions"
        for key, value in (("value", row.value), ("rounding", row.rounding)):
            fault = "" if value is None else value_fault(row, value)
            if fault:
                yield (*here, key), fault


def value_fault(row: Reported, value: float | str, least: float = 0.0) -> str:
    """Return what is wrong with a reported value or rounding, '' if nothing; `least` is a count, in s or in m."""
    dimension = row.kind.dimension
    if dimension is None and not isinstance(value, float):
        return f"expected a count; got {value!r}"
    try:
        size = float(value) if dimension is None else units.parse(dimension, value)
    except ValueError as error:
        return str(error)
    got = value if isinstance(value, str) else f"{value:g}"
    if size > MOST_REPORTED:
        return f"is larger than any figure of a border can be; got {got}"
    return "" if size >= least else f"must be at least {least:g}; got {got}"
