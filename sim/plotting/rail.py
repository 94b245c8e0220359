"""The dated events of a scenario as short texts in order, for the rail below a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sim.plotting.overridden import has_effect, is_at_work, leads_anybody, sets_out
from sim.scenario.model.changes import Change
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.class_words import STANDARD_WORDS, Words, of_classes
from sim.scenario.model.demand import DemandPart, Pulse, Rush, Step
from sim.scenario.model.network import Origin
from sim.scenario.model.passages import passages_from_origin
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.teams import teams_of

MOST = 14


@dataclass(frozen=True)
class Event:
    """An event: a local instant, a text for the rail, and its rank (0 is the most important)."""

    at: datetime
    words: str
    rank: int = 0


def words(name: str) -> str:
    """Return a name of the scenario file as words."""
    return name.replace("_", " ")


def events(scenario: Scenario, crossing: str, sampled: bool = False) -> list[Event]:
    """Return the dated events of `crossing` within the run in order, only the most important ones if there are many.

    If parameters are `sampled` in each replication, shares and factors are omitted.
    """
    return most_important(all_events(scenario, crossing, sampled))


def most_important(found: Iterable[Event]) -> list[Event]:
    """Return the most important events in order."""
    telling = sorted(found, key=lambda event: (event.rank, event.at))[:MOST]
    return sorted(telling, key=lambda event: (event.at, event.rank, event.words))


def all_events(scenario: Scenario, crossing: str, sampled: bool = False) -> list[Event]:
    """Return all dated events of `crossing` within the run, each once, but for those that have no effect."""
    place = scenario.crossings[crossing]
    by_words: dict[tuple[datetime, str], Event] = {}
    classes = scenario.class_words
    set_out = [*_demand(place.demand, classes, place)]
    set_out += [event for origin, _ in origins_of(scenario, crossing) for event in _demand(origin.demand, classes)]
    for event in (*set_out, *_stations(place), *_behaviour(place), *_changes(place, classes, sampled)):
        if scenario.clock.counted_from <= event.at < scenario.clock.horizon:
            by_words.setdefault((event.at, event.words), event)
    return list(by_words.values())


def origins_of(scenario: Scenario, crossing: str) -> list[tuple[Origin, str]]:
    """Return the origins, with names, from which people can reach a crossing, directly or from another crossing."""
    origins = scenario.network.origins if scenario.network else {}
    x = list(scenario.crossings).index(crossing)
    return [
        (origin, name)
        for name, origin in origins.items()
        if any(passage.x == x for cls in origin.demand for passage in passages_from_origin(scenario, origin, cls))
    ]


def _demand(
    demand: dict[ClassName, dict[str, DemandPart]], classes: Words, place: Crossing | None = None
) -> Iterator[Event]:
    """Yield when the parts of a demand begin, but for those of a crossing that its changes reduce to nothing."""
    for cls, parts in demand.items():
        who = classes[cls]
        for name, part in parts.items():
            text = f"{who} set out" if words(name) == who else f"{words(name)} ({who})"
            found = list(_demand_part(text, words(name), part))
            if place is None or (found and sets_out(place, cls, name, found[0].at)):
                yield from found


def _demand_part(text: str, name: str, part: DemandPart) -> Iterator[Event]:
    kind = part.kind
    if isinstance(kind, Step | Pulse):
        yield Event(kind.at, text)
    elif isinstance(kind, Rush):
        yield Event(kind.announced, f"{name} announced")
        yield Event(kind.deadline, f"{name} reached")


def _stations(place: Crossing) -> Iterator[Event]:
    for name, station in place.stations.items():
        if not is_at_work(place, name):
            continue
        if station.active_from:
            yield Event(station.active_from, f"{words(name)} begins")
        if station.active_until:
            yield Event(station.active_until, f"{words(name)} ends")
    for team in teams_of(place):
        for step in team.staffing.steps:
            yield Event(step.from_, f"{words(team.name)}: {_servers(step.servers)}", rank=2)


def _behaviour(place: Crossing) -> Iterator[Event]:
    for behaviour in place.behaviour.values():
        for way, name in ((behaviour.bypass, "bypass"), (behaviour.change_mode, "leaving the vehicle")):
            if way is None or not leads_anybody(way):
                continue
            if way.from_:
                yield Event(way.from_, f"{name} begins", rank=1)
            if way.until:
                yield Event(way.until, f"{name} ends", rank=1)


def _changes(place: Crossing, classes: Words, sampled: bool) -> Iterator[Event]:
    for n, change in enumerate(place.changes):
        if not has_effect(place.changes, n):
            continue
        what = change_words(change, classes, sampled)
        if change.from_:
            yield Event(change.from_, what)
        if change.until:
            yield Event(change.until, _ended(change, what), rank=1)


def change_words(change: Change, classes: Words = STANDARD_WORDS, sampled: bool = False) -> str:
    """Return the effect of a change, such as 'non-local cars barred (90 %)'; if `sampled`, without share or factor."""
    who = of_classes(change.classes, classes)
    where = ", ".join(words(name) for name in change.stations or ())
    subject = " at ".join(part for part in (who, where) if part)
    if change.bar_non_local is not None:
        return f"non-local {who or 'vehicles'} barred{'' if sampled else _unless_all(change.bar_non_local)}"
    if change.scale_demand is not None:
        of = f" of {who}" if who else ""
        parts = f" ({', '.join(words(part) for part in change.demand)})" if change.demand else ""
        return f"demand{of}{parts} {'changes' if sampled else f'× {change.scale_demand:g}'}"
    if change.close:
        return f"{subject or 'crossing'} closed"
    if change.open:
        return f"{subject or 'crossing'} open"
    if change.intensity is not None:
        return f"{where}: {'another share' if sampled else f'{100 * change.intensity:.3g} %'} of men checked"
    if change.servers is not None:
        return f"{where}: {_servers(change.servers)}"
    if change.add_servers is not None:
        return f"{where}: {change.add_servers:+d} servers"
    known = _known_words(change, who, sampled) or _service_words(change, where, sampled)
    if known:
        return known
    return f"{where}: {'another number of servers' if sampled else f'servers × {change.scale_servers:.3g}'}"


def _service_words(change: Change, where: str, sampled: bool) -> str:
    """Return the effect of a change of service times, refusals or patience; '' if there is none."""
    if change.scale_service is not None:
        return f"{where}: {'other service times' if sampled else f'service time × {change.scale_service:.3g}'}"
    if change.refusal is not None:
        return f"{where}: {'another share' if sampled else f'{100 * change.refusal:.3g} %'} refused"
    if change.scale_patience is not None:
        return f"{where}: {'another patience' if sampled else f'patience × {change.scale_patience:.3g}'}"
    return ""


def _known_words(change: Change, who: str, sampled: bool) -> str:
    """Return the effect of a change in travellers' information; '' if there is none."""
    for share, what in (
        (change.admits, f"{who or 'travellers'} with the papers needed"),
        (change.informed, "travellers informed of the waits"),
    ):
        if share is not None:
            return f"{what}: {'another share' if sampled else f'{100 * share:.3g} %'}"
    if change.risk is not None:
        return f"expected risk: {'another' if sampled else f'{100 * change.risk:.3g} %'}"
    if change.price is not None:
        return f"price: {'another' if sampled else f'{change.price:,.0f} €'}"
    if change.attraction is not None:
        return "attraction changes" if sampled else f"attraction: {change.attraction:g}"
    return ""


def _ended(change: Change, what: str) -> str:
    if change.close:
        return what.removesuffix("closed") + "open again"
    return what.replace("barred", "let in again") if change.bar_non_local == 1 else f"end of: {what}"


def _servers(count: int) -> str:
    return "1 server" if count == 1 else f"{count} servers"


def _unless_all(share: float) -> str:
    return "" if share == 1 else f" ({100 * share:.3g} %)"
