"""What the measures are called: keys, scopes and, for every quantity, its unit and definition (these go to the CSVs).

A scope is `all`, `vehicles` (car, truck and bus), a class (`car`), a class and its way across (`car/main`),
`station:NAME`, `from:NAME` (an origin), a local day (`2022-09-25`) or an ISO week (`2022-W39`).
"""

from __future__ import annotations

from typing import NamedTuple

ALL = "all"
VEHICLES = "vehicles"
VEHICLE_CLASSES = ("car", "truck", "bus")
WAYS_ACROSS = ("main", "bypass", "changed_mode")
"""How a party got through: by the main queue alone; by the bypass, at once or later; on foot or by bike after all."""
RATE_HOURS = 6
"""Hours over which the flows per hour are means."""


LONGEST_QUOTE = 480
"""Hours (20 days) from which on a quoted wait says no more than that: where the engines' tables of waits end."""


class Key(NamedTuple):
    """Names one series or total: the crossing, the quantity (a key of SERIES or TOTALS) and the scope."""

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
    """Return the scope of the parties of class `cls` (as they came; or `all`) that took `way` across."""
    return f"{cls}/{way}"


HEADLINES = (("crossed_people", ALL), ("max_queue", ALL), ("wait_mean", by_way(ALL, "main")))
"""The totals (quantity, scope) whose intervals `--precision` looks at, at every crossing."""
HEADLINE_SCOPES = (ALL, VEHICLES, by_way(ALL, "main"))
"""Scopes about everybody: no single class, station or day."""

# What happens at an instant, with the word for it. `arrived` leaves out those already waiting at the start.
EVENTS = {
    "arrived": "that came to the border (those waiting at the start left out)",
    "crossed": "served at the last station",
    "balked": "that did not join the queue",
    "barred": "kept away on the approach",
    "reneged": "that left the queue and went home",
    "changed_mode": "that left the vehicle and went on by bike or on foot, by the class they left",
    "bypassed": "that took the bypass, on arrival or out of the main queue",
    "refused": "turned back by an authority",
    "summoned": "given draft papers and turned back",
    "diverted": "that went on to another crossing, from the tail or out of the main queue",
    "stayed": "that did not set out, and would have chosen this crossing were all open to them and empty",
    "on_the_way": "that still drive to this crossing at the horizon",
}


class OutcomeWords(NamedTuple):
    """What became of people, in the words of a picture, of a comparison's rows, of a run's table and of a sentence."""

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
    "reneged": _words("gave up", "gave up waiting", clause="who give up waiting"),
    "balked": _words("did not join", table="did not join the queue", clause="who do not join"),
    "barred": _words("kept away", table="kept away on the approach"),
    "unfinished": _words("still inside", table="still inside at the end", clause="still inside at the end"),
    "diverted": _words("went elsewhere", "went on elsewhere", "went on to another crossing"),
    "on_the_way": _words(
        "on the way", "still on the way", "still on the way at the end", clause="still on the way at the end"
    ),
    "stayed": _words("stayed", "did not set out", "did not set out, would have come", clause="who stay at home"),
}
"""What became of people, by the event (`_people` makes the quantity), in the order of tables and pictures."""
TRAVELLERS = ("diverted", "stayed", "on_the_way")
"""Events of those alone who choose between crossings: there only where the scenario has a network."""

STATES = {
    "queue": Quantity("parties", "waiting in queues at the instant (scopes: all, vehicles, class, station)"),
    "queue_people": Quantity("people", "in the parties waiting at the instant (all, class)"),
    "in_system": Quantity("parties", "waiting, in service, blocked or walking between stations (all, class)"),
    "in_system_people": Quantity("people", "in the parties in the system (all, class)"),
    "queue_length": Quantity("km", "length on the road: from the border, where it begins, to its tail (all)"),
    "in_lots": Quantity("parties", "vehicles waiting in holding lots, off the road (all)"),
    "quoted_wait": Quantity(
        "h",
        "main queue over the rate at which it was called in the window before (class); "
        f"{LONGEST_QUOTE} stands for 20 days or more",
    ),
    "crossed_parties_per_hour": Quantity(
        "parties/h", f"crossed_parties of the same scope, mean of the {RATE_HOURS} h around the instant"
    ),
    "crossed_people_per_hour": Quantity(
        "people/h", f"crossed_people of the same scope, mean of the {RATE_HOURS} h around the instant"
    ),
    "servers": Quantity("servers", "staffed at the instant; 0 while the station is not there (station)"),
    "blocked": Quantity("servers", "held at the instant by a party that is done but cannot go on (station)"),
}
"""Series read at the instant `at`; what happens exactly at the instant has happened."""

SPANS = {
    **{f"{event}_parties": Quantity("parties", what) for event, what in EVENTS.items()},
    **{f"{event}_people": Quantity("people", f"in the parties {what}") for event, what in EVENTS.items()},
    "crossed_parties": Quantity("parties", f"{EVENTS['crossed']} (vehicles also by class as they came and way across)"),
    "wait": Quantity("h", "mean time in queues, all stations, of parties that joined the main queue and crossed by it"),
    "wait_p10": Quantity("h", "10 % quantile of the same"),
    "wait_p90": Quantity("h", "90 % quantile of the same"),
    "virtual_wait": Quantity("h", "the same with the unfinished, who count as long as they have waited: a lower bound"),
    "virtual_wait_censored": Quantity("0/1", "1: some who joined then are unfinished, virtual_wait is a lower bound"),
    "utilisation": Quantity(
        "share",
        "server-time in service over server-time staffed while the station is there, closed or not; what servers "
        "finish after their time counts as staffed (station); NaN: no staff",
    ),
}
"""Series over the interval that begins at `at`; waits go by the instant of joining. NaN where there is nobody."""

SERIES = {**STATES, **SPANS}

TOTALS = {
    **{name: quantity for name, quantity in SPANS.items() if name.endswith(("_parties", "_people"))},
    "initial_parties": Quantity("parties", "already waiting at the start (all, class)"),
    "initial_people": Quantity("people", "in the parties already waiting at the start (all, class)"),
    "unfinished_parties": Quantity("parties", "still inside at the horizon (all, class as they came)"),
    "unfinished_people": Quantity("people", "in the parties still inside at the horizon (all, class as they came)"),
    "wait_mean": Quantity("h", "mean time in queues of parties that crossed, by class as they came and way across"),
    "wait_p50": Quantity("h", "median of the same"),
    "wait_p90": Quantity("h", "90 % quantile of the same"),
    "wait_max": Quantity("h", "longest of the same"),
    "sojourn_mean": Quantity("h", "mean time from joining to being across, of the same parties"),
    "past_queue_share": Quantity(
        "share", "of the people who crossed, those not by the main queue (all, vehicles by class as they came)"
    ),
    "people_per_party": Quantity("people", "mean over the parties that crossed (vehicles, class as they crossed)"),
    "max_queue": Quantity("parties", "largest queue at any point of the series (all, vehicles, class)"),
    "max_queue_people": Quantity("people", "most people in queues at any point of the series (all)"),
    "max_queue_length": Quantity("km", "farthest tail at any point of the series (all)"),
    "max_quoted_wait": Quantity("h", "longest quoted wait at any point of the series (class)"),
    "crossed_parties_longest_day": Quantity(
        "parties/h", "crossed_parties of the same scope, mean of the local day on which most vehicles waited"
    ),
    "past_queue_share_longest_day": Quantity(
        "share", "on that day, of the parties that crossed those not by the main queue (vehicles by class as they came)"
    ),
    "past_queue_starts_longest_day": Quantity(
        "share", "on that day, of the services begun those of bypassers and of parties on foot or by bike (station)"
    ),
    "crossed_people_day": Quantity("people", "who crossed on the local day (first and last may be cut short)"),
    "crossed_vehicles_day": Quantity("parties", "vehicles that crossed on the local day"),
    "crossed_people_week": Quantity("people", "who crossed in the ISO week (first and last may be cut short)"),
    "crossed_vehicles_week": Quantity("parties", "vehicles that crossed in the ISO week"),
    "visits": Quantity("parties", "that joined the queue of the station; an interrupted service is one visit"),
    "wait_per_visit": Quantity("h", "mean time in the station's queue of visits in or after their service"),
    "service_per_visit": Quantity("h", "mean time in service of visits whose service ended"),
    "blocked_per_visit": Quantity("h", "mean time blocked after service of visits that left"),
    "utilisation": Quantity("share", "the utilisation of the whole run: of its server-time staffed (station)"),
    "blocked_hours": Quantity("h", "server-time held by parties that could not go on (station)"),
    "men_stopped": Quantity("men", "found on the list at draft screening"),
    "men_summoned": Quantity("men", "given draft papers"),
    "person_hours_waited": Quantity("h", "people in queues, integrated over the run"),
    "people_overnight_max": Quantity("people", "most people in the system at the night hour of any night"),
    "person_nights": Quantity("people", "in the system at the night hour, added over the nights"),
    "drinking_water": Quantity("L", "people in queues times the daily need, integrated over the run"),
}
"""Numbers of the whole run. Waits leave out who was waiting at the start and the unfinished."""
