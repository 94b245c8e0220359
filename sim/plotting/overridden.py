"""Which dated rules have an effect: a rule that later changes override for all of its time has none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sim.scenario.model.behaviour import Leaving
from sim.scenario.model.changes import CHANGE_ACTIONS, DESTINATION_ACTIONS, Change
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.scenario import Crossing

ALONE = ("intensity", "refusal", "bar_non_local", *DESTINATION_ACTIONS)
"""Actions that replace what earlier changes with the same action say."""
OVERRIDING = {
    **{action: ("close", "open") for action in ("close", "open")},
    **{action: ("servers",) for action in ("servers", "add_servers", "scale_servers")},
    **{action: (action,) for action in ALONE},
}
"""The actions that override another one. Factors on demand, service and patience multiply: nothing overrides them."""
NOTHING = {"add_servers": 0, "scale_servers": 1, "scale_service": 1, "scale_patience": 1, "scale_demand": 1}
"""Values that change nothing."""


def has_effect(changes: Sequence[Change], n: int) -> bool:
    """Return whether the change at place `n` changes anything that no later one overrides for all of its time."""
    change, action = changes[n], _action(changes[n])
    if NOTHING.get(action) == getattr(change, action):
        return False
    return not any(
        _action(later) in OVERRIDING.get(action, ()) and _covers(later, change) for later in changes[n + 1 :]
    )


def is_at_work(place: Crossing, station: str) -> bool:
    """Return whether a station ever opens; and if it screens, checks anybody; and if all are sent on, gets anybody."""
    if not _opens(place, station):
        return False
    senders = [name for name, each in place.stations.items() if each.screening and each.screening.office == station]
    if place.stations[station].only_sent_on:
        return any(is_at_work(place, sender) for sender in senders)
    return place.stations[station].screening is None or _checks(place, station)


def _opens(place: Crossing, station: str) -> bool:
    """Return whether no change closes a station for all classes as long as it is active."""
    whole = _all_the_time(place, station)
    for n, change in enumerate(place.changes):
        if change.close and _covers(change, whole):
            return any(later.open and _concerns(later, station) for later in place.changes[n + 1 :])
    return True


def _checks(place: Crossing, station: str) -> bool:
    """Return whether any man is checked at a draft screening."""
    screening, whole = place.stations[station].screening, _all_the_time(place, station)
    light = place.stations[station].lightened
    changes = [change for change in place.changes if change.intensity is not None and _concerns(change, station)]
    last = next((n for n in reversed(range(len(changes))) if _covers(changes[n], whole)), None)
    levels = [change.intensity for change in changes[last or 0 :]]
    levels += [screening.intensity if screening and last is None else 0, light.intensity if light else 0]
    return any(levels)


def _all_the_time(place: Crossing, station: str) -> Change:
    """Return a change in force as long as the station is active."""
    active = place.stations[station]
    return Change.model_validate(
        {"from": active.active_from, "until": active.active_until, "stations": (station,), "close": True}
    )


def sets_out(place: Crossing, cls: ClassName, part: str, at: datetime) -> bool:
    """Return whether anybody of a part of the demand sets out: whether no change takes all of it away from `at` on."""
    whole = Change.model_validate({"from": at, "classes": (cls,), "demand": (part,), "scale_demand": 0})
    return not any(
        change.scale_demand == 0 and _covers(change, whole) and _within((part,), change.demand)
        for change in place.changes
    )


def leads_anybody(way: Leaving) -> bool:
    """Return whether anybody may take a way out of the queue."""
    shares = [share for _, share in (*way.by_quoted_wait, *getattr(way, "at_arrival", ()))]
    return any(shares) or bool(getattr(way, "local", 0))


def _action(change: Change) -> str:
    return next(action for action in CHANGE_ACTIONS if getattr(change, action) is not None)


def _covers(change: Change, other: Change) -> bool:
    """Return whether a change is in force whenever and wherever the other one is."""
    return (
        (change.from_ or datetime.min) <= (other.from_ or datetime.min)
        and (change.until or datetime.max) >= (other.until or datetime.max)
        and _within(other.stations, change.stations)
        and _within(other.classes, change.classes)
    )


def _within(names: Sequence[str] | None, others: Sequence[str] | None) -> bool:
    """Return whether all names are among the others; None stands for all there are."""
    return others is None or (names is not None and set(names) <= set(others))


def _concerns(change: Change, station: str) -> bool:
    return change.stations is None or station in change.stations
