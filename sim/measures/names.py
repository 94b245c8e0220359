"""The names of the measures: keys and scopes and, for every quantity, its unit and definition.

A scope is `all`, `vehicles` (car, truck and bus), a class (`car`), a class and its way across (`car/main`) or a trait
(`car/when registered`, `car/unless registered`),
`station:NAME`, `from:NAME` (an origin), a local day (`2022-09-25`), a class and the day of a night (`car/2022-09-25`)
or an ISO week (`2022-W39`).
"""

from __future__ import annotations

from typing import NamedTuple

from sim.errors import SimError
from sim.scenario.model.quantities import VEHICLE_CLASSES as VEHICLE_CLASSES
from sim.suggest import did_you_mean

ALL = "all"
VEHICLES = "vehicles"
OTHERS = "others"
"""Bikes and walkers together. Not a scope of a measure, but of a panel."""


SINGLE = {
    "people": "person",
    "vehicles": "vehicle",
    "cars": "car",
    "trucks": "truck",
    "buses": "bus",
    "bikes": "bike",
    "walkers": "walker",
}
"""Singular words; the singular of several classes together is "party"."""
WAYS_ACROSS = ("main", "bypass", "changed_mode")
"""The way of a party across: the main queue alone; the bypass, on arrival or later; a change of mode."""
RATE_HOURS, SHORT_RATE_HOURS, SHORT_RUN_DAYS = 6, 1, 7
"""Window (hours) of the means of flows per hour; that of a run up to this many days."""


LONGEST_QUOTE = 480
"""Longest quoted wait (hours; 20 days), where the engines' tables of waits end. It stands for all longer waits."""


class Key(NamedTuple):
    """The name of a series or total: crossing, quantity (a key of SERIES or TOTALS) and scope."""

    crossing: str
    quantity: str
    scope: str = ALL


class Quantity(NamedTuple):
    """Unit and definition of a quantity."""

    unit: str
    meaning: str


def at_station(station: str) -> str:
    """Return the scope of a station."""
    return f"station:{station}"


def from_origin(origin: str) -> str:
    """Return the scope of the parties that set out from an origin."""
    return f"from:{origin}"


def by_way(cls: str, way: str) -> str:
    """Return the scope of the parties that arrived as class `cls` (or `all`) and took `way` across."""
    return f"{cls}/{way}"


def by_trait(cls: str, condition: str) -> str:
    """Return the scope of the parties that arrived as class `cls` and for which a condition holds."""
    return f"{cls}/{condition}"


def on_night(cls: str, date: str) -> str:
    """Return the scope of the parties of class `cls` at the night hour of a local day."""
    return f"{cls}/{date}"


HEADLINES = (("crossed_people", ALL), ("max_queue_people", ALL), ("wait_mean", by_way(ALL, "main")))
"""The totals (quantity, scope) whose intervals `--precision` controls, at every crossing."""
HEADLINE_SCOPES = (ALL, VEHICLES, by_way(ALL, "main"))
"""The scopes that are not one class, station or day."""

# Events and their definitions. `arrived` excludes parties already waiting at the start.
EVENTS = {
    "arrived": "that arrived at the border (excluding those waiting at the start)",
    "crossed": "served at the last station",
    "balked": "that did not join the queue",
    "barred": "turned away on the approach",
    "reneged": "that left the queue and went home",
    "changed_mode": "that left the vehicle and continued by bike or on foot, by the class they left",
    "bypassed": "that took the bypass, on arrival or out of the main queue",
    "refused": "turned back by an authority",
    "summoned": "given draft papers and turned back",
    "diverted": "that went to another crossing, on arrival or from the main queue",
    "stayed": "that stayed at home; those from an origin count at the crossing that they would have chosen if all had "
    "been open to them and empty",
    "on_the_way": "still driving to this crossing at the horizon",
}


class OutcomeWords(NamedTuple):
    """The words for an outcome: in a picture, in a row of a comparison, in the table of a run, and in a sentence."""

    picture: str
    row: str
    table: str
    clause: str


def _words(picture: str, row: str = "", table: str = "", clause: str = "") -> OutcomeWords:
    row = row or picture
    return OutcomeWords(picture, row, table or row, clause or row)


OUTCOMES = {
    "crossed": _words("crossed"),
    "refused": _words("refused"),
    "summoned": _words("summoned", table="summoned (given draft papers)", clause="given draft papers"),
    "reneged": _words("gave up waiting", clause="who give up waiting"),
    "balked": _words("did not join", table="did not join the queue", clause="who do not join"),
    "barred": _words("barred", table="barred on the approach"),
    "unfinished": _words("still inside", table="still inside at the end", clause="still inside at the end"),
    "diverted": _words("went elsewhere", table="went to another crossing"),
    "on_the_way": _words("still on the way", table="still on the way at the end", clause="still on the way at the end"),
    "stayed": _words("stayed at home", clause="who stay at home"),
}
"""The outcomes by event, in the order of tables and pictures; the event with `_people` is the quantity."""
TRAVELLERS = ("diverted", "stayed", "on_the_way")
"""Events of parties that choose between crossings, so only with a network; some also stay where stops deter them."""

_AROUND = f"the {RATE_HOURS} h around the instant, in runs of up to {SHORT_RUN_DAYS} days {SHORT_RATE_HOURS} h"
STATES = {
    "queue": Quantity("parties", "waiting in queues at the instant (scopes: all, vehicles, class, station)"),
    "queue_people": Quantity("people", "in the parties waiting at the instant (all, class)"),
    "in_system": Quantity("parties", "waiting, in service, blocked or walking between stations (all, class)"),
    "in_system_people": Quantity("people", "in the parties in the system (all, class)"),
    "queue_length": Quantity("km", "length of the queue on the road, from the border to its tail (all)"),
    "in_lots": Quantity("parties", "vehicles waiting in holding lots, off the road (all)"),
    "quoted_wait": Quantity(
        "h",
        "main queue divided by the rate at which it was called in the preceding window (class); "
        f"{LONGEST_QUOTE} stands for 20 days or more; NaN while the way of the class is closed; with `covers: way` the "
        "wait announced last",
    ),
    "crossed_parties_per_hour": Quantity("parties/h", f"crossed_parties of the same scope, mean over {_AROUND}"),
    "crossed_people_per_hour": Quantity("people/h", f"crossed_people of the same scope, mean over {_AROUND}"),
    "blocked": Quantity(
        "servers", "occupied at the instant by a party that has been served but cannot move on (station)"
    ),
}
"""Series read at the instant `at`, after everything that happens exactly then."""

SPANS = {
    **{f"{event}_parties": Quantity("parties", what) for event, what in EVENTS.items()},
    **{f"{event}_people": Quantity("people", f"in the parties {what}") for event, what in EVENTS.items()},
    "crossed_parties": Quantity("parties", f"{EVENTS['crossed']} (vehicles also by class on arrival and way across)"),
    "wait": Quantity("h", "mean time in queues, all stations, of parties that joined the main queue and crossed by it"),
    "wait_p10": Quantity("h", "10 % quantile of `wait`"),
    "wait_p90": Quantity("h", "90 % quantile of `wait`"),
    "wait_p95": Quantity("h", "95 % quantile of `wait`"),
    "wait_median": Quantity(
        "h",
        "time in queues within which half of the parties that joined the main queue crossed by it (those who left "
        "it never do; the unfinished are censored); where fewer than half did until the horizon, the longest time "
        "that was seen, a lower bound",
    ),
    "wait_median_censored": Quantity("0/1", "1: `wait_median` is a lower bound, because less than half crossed"),
    "virtual_wait": Quantity("h", "as `wait`, with the unfinished counted by their wait so far: a lower bound"),
    "virtual_wait_censored": Quantity(
        "0/1", "1: some parties that joined then are unfinished, so `virtual_wait` is a lower bound"
    ),
    "sojourn": Quantity(
        "h",
        "mean time from joining to crossing of the parties that crossed in the interval (class on arrival; vehicles "
        "also by way across): whoever left a car and went on by bike waited in it first",
    ),
    "utilisation": Quantity(
        "share",
        "server-time in service divided by server-time staffed while the station exists, closed or not; services "
        "beyond the shift count as staffed (station, pool); at a station with servers of a pool, all who may work "
        "there are staffed; NaN: no staff",
    ),
    "servers": Quantity(
        "servers", "mean number staffed in the interval; 0 while the station does not exist (station, pool)"
    ),
    "gave_up_share": Quantity(
        "share",
        "of the parties that arrived in the interval: those that reneged or balked in it (all, vehicles, class)",
    ),
    "turned_away_share": Quantity(
        "share",
        "of the parties that arrived in the interval: those refused, summoned or barred in it (all, vehicles, class)",
    ),
    "class_share": Quantity("share", "of the parties that crossed, those of the class (vehicles, class)"),
    "sent_aside_share": Quantity("share", "of the services that ended, those sent aside (station that sends some)"),
    "lightened": Quantity("share", "of the interval, with checks lightened (station with `lightened`)"),
    "servers_in_service": Quantity(
        "servers", "mean number in service in the interval (station with servers of a pool)"
    ),
}
"""Series over the interval that begins at `at`; NaN where there is no party.

Waits are by the instant of joining, sojourns by that of crossing.
"""

OF_STATIONS = {
    "served_parties": Quantity("parties", "whose service ended (station that sends some aside)"),
    "sent_aside_parties": Quantity("parties", "sent aside after their service (station that sends some aside)"),
}
"""Series over the interval whose totals have their own definition."""

SERIES = {**STATES, **SPANS, **OF_STATIONS}

TOTALS = {
    **{name: quantity for name, quantity in SPANS.items() if name.endswith(("_parties", "_people"))},
    "initial_parties": Quantity("parties", "already waiting at the start, or inside after the warm-up (all, class)"),
    "initial_people": Quantity(
        "people", "in the parties already waiting at the start, or inside after the warm-up (all, class)"
    ),
    "unfinished_parties": Quantity(
        "parties", "still inside at the horizon (all, class on arrival), or at a station (station)"
    ),
    "in_service_parties": Quantity("parties", "whose service still goes on at the horizon (station)"),
    "blocked_parties": Quantity("parties", "served but unable to move on at the horizon (station)"),
    "unfinished_people": Quantity("people", "in the parties still inside at the horizon (all, class on arrival)"),
    "deadlocked_parties": Quantity("parties", "inside at the horizon at stations that block each other for ever (all)"),
    "wait_mean": Quantity("h", "mean time in queues of parties that crossed, by class on arrival, way across or trait"),
    "wait_p50": Quantity("h", "median of these times"),
    "wait_p90": Quantity("h", "90 % quantile of these times"),
    "wait_p95": Quantity("h", "95 % quantile of these times"),
    "wait_max": Quantity("h", "longest of these times"),
    "sojourn_mean": Quantity("h", "mean time from joining to crossing, of the same parties"),
    "gave_up_share": Quantity(
        "share", "of the parties that arrived, those that reneged or balked (all, vehicles, class)"
    ),
    "turned_away_share": Quantity(
        "share", "of the parties that arrived, those refused, summoned or barred (all, vehicles, class)"
    ),
    "past_queue_share": Quantity(
        "share", "of the people who crossed, those outside the main queue (all, vehicles by class on arrival)"
    ),
    "people_per_party": Quantity("people", "mean over the parties that crossed (vehicles, class when crossing)"),
    "max_queue": Quantity("parties", "largest queue at any instant (all, vehicles, class)"),
    "max_queue_people": Quantity("people", "largest number of people in queues at any instant (all)"),
    "max_queue_length": Quantity("km", "longest queue on the road at any instant (all)"),
    "max_quoted_wait": Quantity("h", "longest `quoted_wait` at the announcements, every `quote.every` (class)"),
    "crossed_parties_longest_day": Quantity(
        "parties/h", "crossed_parties of the same scope, mean of the local day on which most vehicles waited"
    ),
    "past_queue_share_longest_day": Quantity(
        "share", "on that day, of the parties that crossed, those outside the main queue (vehicles by class on arrival)"
    ),
    "past_queue_starts_longest_day": Quantity(
        "share", "on that day, of the services begun, those of bypassers and of parties on foot or by bike (station)"
    ),
    "crossed_people_day": Quantity("people", "who crossed on the local day (first and last may be partial)"),
    "crossed_vehicles_day": Quantity("parties", "vehicles that crossed on the local day"),
    "crossed_people_week": Quantity("people", "who crossed in the ISO week (first and last may be partial)"),
    "crossed_vehicles_week": Quantity("parties", "vehicles that crossed in the ISO week"),
    "visits": Quantity(
        "parties",
        "that joined the queue of the station; an interrupted service is one visit, and a party that passes all "
        "stations by makes none",
    ),
    "wait_per_visit": Quantity(
        "h", "mean time in the station's queue, up to the horizon, of visits that began their service or still wait"
    ),
    "service_per_visit": Quantity("h", "mean time in service of visits whose service ended"),
    "blocked_per_visit": Quantity(
        "h", "mean time blocked after service, up to the horizon, of visits whose service ended"
    ),
    "lightened_parties": Quantity("parties", "whose service began while checks were lightened (stations that lighten)"),
    "lightened_people": Quantity("people", "in these parties (the same stations)"),
    "lightened_share": Quantity("share", "of the run, with checks lightened (the same stations)"),
    "served_people": Quantity("people", "whose service ended (stations that serve people one by one)"),
    "wait_per_person": Quantity(
        "h", "mean time until a person is called, of those who are served one by one (the same stations)"
    ),
    "out_of_order_share": Quantity("share", "of the run, with servers out of order (stations with outages)"),
    "sent_aside_parties": Quantity("parties", "sent to another station after their service (stations that send some)"),
    "sent_aside_people": Quantity("people", "in the parties sent aside (the same stations)"),
    "waved_through_parties": Quantity(
        "parties", "that would have been sent aside, but the hall there was full (stations with `if_full: pass`)"
    ),
    "jockeyed_parties": Quantity(
        "parties", "that moved from this queue to a shorter one beside it, as often as they did (with `jockeying`)"
    ),
    "utilisation": Quantity("share", "utilisation over the whole run (station, pool)"),
    "utilisation_worst_day": Quantity("share", "utilisation of the local day on which it was highest (station, pool)"),
    "blocked_share": Quantity(
        "share",
        "of the server-time staffed, that occupied by parties that could not move on; servers occupied after the shift "
        "count as staffed (station)",
    ),
    "blocked_hours": Quantity("h", "server-time occupied by parties that could not move on (station, pool)"),
    "men_checked": Quantity("men", "checked at draft screening; a man checked at two stations counts twice"),
    "men_stopped": Quantity("men", "stopped at draft screening because they are on the list"),
    "men_summoned": Quantity("men", "given draft papers"),
    "person_hours_waited": Quantity("h", "people in queues, integrated over the run"),
    "people_overnight_max": Quantity("people", "largest number of people in the system at the night hour of any night"),
    "person_nights": Quantity("people", "in the system at the night hour, summed over the nights"),
    "stuck_people": Quantity("people", "in the system at the night hour of the local day (day, class and day)"),
    "stuck_vehicles": Quantity("parties", "vehicles in the system at the night hour of the local day (day)"),
    "stuck_water": Quantity("L", "daily need of the people in the system at the night hour (day)"),
    "drinking_water": Quantity("L", "people in queues times the daily need, integrated over the run"),
}
"""Numbers of the run after its warm-up, whatever `report_every`.

Waits exclude the unfinished and the parties that were there before: waiting at the start, unless the file says how long
they have waited, or inside after the warm-up.
"""


OF_THOSE_ACROSS = ("wait_mean", "wait_p50", "wait_p90", "wait_p95", "wait_max", "sojourn_mean")
"""The totals that concern only parties that crossed."""

LISTED = "the summary of a run lists them"
"""Where a user finds the names of the totals."""


def check_total(quantity: str) -> None:
    """Raise SimError with a suggestion if no total is called `quantity`."""
    if quantity not in TOTALS:
        raise SimError(f"there is no measure {quantity!r}{did_you_mean(quantity, TOTALS) or '; ' + LISTED}")
