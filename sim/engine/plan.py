"""The plan: a scenario lowered to arrays. Both engines read only the plan and the tape."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sim.arrays import Bools, Floats, Ints

NOWHERE = -1
ANY_NUMBER = np.iinfo(np.int64).max // 4
WAYS = ("renege", "change_mode", "bypass")
CLOCKS = (*WAYS, "renege_with_men")
"""Clocks of the main queue. Where stops deter, parties with men of call-up age renege by a clock of their own."""
RENEGE, RENEGE_WITH_MEN = WAYS.index("renege"), CLOCKS.index("renege_with_men")
WAY_OF_CLOCK = (*range(len(WAYS)), RENEGE)
CHOICES = ("shortest_queue", "least_wait", "first", "shares", "posted_wait")
SHORTEST_QUEUE, LEAST_WAIT, FIRST_WITH_ROOM, BY_SHARES, POSTED_WAIT = range(len(CHOICES))
"""Rules by which a party chooses between parallel stations."""
JOINS = ("", "main queue", "from the station before", "from outside", "main queue on foot")
FIRST, INSIDE, OTHERWISE, AFOOT = range(1, len(JOINS))
"""How a party joins a queue; `AFOOT` after it has left its vehicle."""
CARRIED = ("party", "station", "joins", "stream", "men_stopped", "back_to", "returns", "waited_here", "stayed")
"""Columns of `Tape.carried`: `joins` is of JOINS, `back_to` a station or NOWHERE. The engines do
not read the last two (ms; 0: not known): the wait at this station, and the time since joining the first queue.
"""
HAZARD_UNIT = 10**12
STOPPED_UNIT = 10_000
"""Steps in which the share of men stopped is read: 0.01 %."""
DRIVE_UNIT = 2**20
SWITCHES = ("staffing", "outages", "opening", "activity", "intensity", "conditions", "way_open", "epoch")
"""The tables of switches, in the order in which those of one millisecond are turned; `outages` are on the tape."""
PER_MILLE = 1000
SENT_BELOW = 0.5
"""Chance below which a party is sent aside. Other parties may use the same row otherwise, so all are in [0, 1)."""
SERVICE_FACTOR, REFUSAL, PATIENCE_FACTOR = range(3)
"""What a row of `Plan.conditions` sets."""
REFUSAL_UNIT = 10**9
REACTIONS = ("queue", "people", "quoted_wait")
TO_QUEUE, TO_PEOPLE, TO_QUOTED_WAIT = 1, 2, 3
"""What a control of the staffing reacts to: 1 + the index in REACTIONS."""
PAPERS, NEWS, BARRED, TASTES = 0, 1, 2, 3
"""Columns of `Tape.tastes`; from TASTES on there is one for each crossing, and one for staying."""


@dataclass(frozen=True)
class Plan:
    """A scenario as arrays: S stations, Z zones, X crossings, O origins, C streams (a class has the number of its
    stream; that of the bypass is unused), 3 ways of leaving.

    Instants and durations are integer milliseconds (instants since t0). A switch is a row (at, target..., value) of a
    table sorted by instant; the rows at `start` set the initial state.
    """

    crossings: tuple[str, ...]
    stations: tuple[str, ...]
    start: int
    horizon: int
    # stations
    crossing: Ints  # (S,)
    first: Ints  # (X, C) first station of a class, NOWHERE: none
    joins: Ints  # (X, C) station at which the bypass of a class joins, NOWHERE: none
    next: Ints  # (S, C) next station of a class, NOWHERE: across the border
    step: Ints  # (S,) first station in the list of the choice it belongs to, NOWHERE: whoever comes stops here
    beside: Ints  # (S,) next station in that list, NOWHERE: none
    choice_rule: Ints  # (S,) by which the choice is made, index of CHOICES; NOWHERE: no choice
    choice_share: Floats  # (S, W) of the station in the choice, by shares, in the first row that is for a party
    choice_when: Ints  # (S, W) bits of `Tape.traits` that a party needs for a row of shares; the last row needs none
    choice_row: Ints  # (S,) row of `Tape.chances`, by shares
    jockeying: (
        Ints  # (S,) parties by which another queue of the choice must be shorter for the last to move there; 0: never
    )
    serves: Bools  # (S, C)
    only: Ints  # (S,) bits of `Tape.traits` that a party needs to stop here
    mean_service: Ints  # (S, C) milliseconds by stream, as travellers expect it when they choose between stations
    aside_to: Ints  # (S,) station to which some are sent after their service, NOWHERE: nobody is
    aside_row: Ints  # (S,) of `Tape.chances`, and `rounds` more: those below SENT_BELOW are sent
    aside_back: Bools  # (S,) from there they come back
    aside_passes: Bools  # (S,) where that station is full, the party goes on
    aside_at_most: Ints  # (S,) only parties that have returned fewer times are sent
    again_row: Ints  # (S,) of `Tape.times`: service after the first return, and after later ones
    rounds: int  # most returns of a party to stations where it has been
    zone: Ints  # (S,) zone of the queue, NOWHERE: no limit
    preempt: Bools  # (S,) staff who leave interrupt the service
    interrupts: Bools  # (S,) a party of a lower rank in number interrupts the service of one of a higher
    discipline: Ints  # (S,) 0: by rank, then in order of joining; 1: by shares
    rank: Ints  # (S, C) lower ranks are called first
    stride: Ints  # (S, C) added to the pass of a stream at each service start, under shares
    release_size: Ints  # (S,) 0: no release in batches
    release_every: Ints  # (S,) milliseconds
    refusal: Floats  # (S,) probability
    # pools of servers: staffing, control and outages of a pool stand at its first station
    pools: tuple[str, ...]
    pool_first: Ints  # (P,) first station of a pool
    pool: Ints  # (S,) first station of its pool, NOWHERE: servers of its own
    pool_limit: Ints  # (S,) most servers of the pool who work here at a time
    pool_rank: Ints  # (S,) lower ranks are served first
    pool_stride: Ints  # (S,) added to the pass of a station at each service start, under shares
    staff_varies: Bools  # (S,) controls or outages change the staffing, so that of a replication is written
    # controls of the staffing
    reacts_to: Ints  # (S,) 0: no control; TO_QUEUE, TO_PEOPLE or TO_QUOTED_WAIT
    open_above: Ints  # (S,) parties, people or milliseconds
    close_below: Ints  # (S,)
    opens_by: Ints  # (S,) servers
    at_least: Ints  # (S,)
    at_most: Ints  # (S,)
    reaction_delay: Ints  # (S,) milliseconds
    checked_every: Ints  # (S,) milliseconds, 0: no control
    # checks that are lightened
    light_to: Ints  # (S,) what is seen, as `reacts_to`
    light_above: Ints  # (S,) parties, people or milliseconds
    light_below: Ints  # (S,)
    light_least: Ints  # (S,) milliseconds from one turn to the next
    light_every: Ints  # (S,) milliseconds, 0: never lightened
    light_factor: Ints  # (S,) on service times, per mille
    light_intensity: Ints  # (S,) row of `intensities`, NOWHERE: as otherwise
    paced: Bools  # (S,) service times have factors: `pace`, one in `conditions`, or `light_factor`
    pace: Ints  # (S, 2, K) per mille, by servers at work and by parties waiting; beyond the last column as there
    # rows of `Tape.times` (NOWHERE: no party needs it); one row may have several purposes for different parties
    service_row: Ints  # (S,) service of a party in the class it came as
    foot_row: Ints  # (S,) service by bike or on foot (changed mode, or stayed behind); may equal `service_row`
    one_by_one: Bools  # (S, C) the people of a party queue and are served one by one
    person_row: Ints  # (S,) of `Tape.one_by_one`: their services, in the class the party came as
    person_foot_row: Ints  # (S,) by bike or on foot
    person_again_row: Ints  # (S,) after the first return, and after later ones
    patience_row: Ints  # (S,)
    refusal_row: Ints  # (S,) staff time of a refusal
    man_row: Ints  # (S,) service of one man checked, or sent to the office
    walk_row: int  # duration of a change of mode
    clock_row: Ints  # (3,) clocks of the ways of leaving
    # rows of `Tape.chances`
    refused_row: Ints  # (S,)
    screening_row: (
        Ints  # (S,) number checked; the next three rows: number on the list, their fate, whether all share it
    )
    balk_row: int
    bypass_row: int
    # zones
    zone_capacity: Ints  # (Z,)
    zone_space: Ints  # (Z, C) room taken by one party of a class, or by each of its people
    zone_counts_people: Bools  # (Z,)
    # draft screening and enlistment offices
    only_sent_on: Bools  # (S,) is an enlistment office
    hit_cdf: Floats  # (S, M+1, M+1) P(at most k of n men checked are on the list) as [station, n, k]
    fate_cdf: Floats  # (S, 4) cumulative, of pass, summoned, refused, sent on
    office: Ints  # (S,) office to which men are sent on, NOWHERE: none
    if_office_closed: Ints  # (S,) index of the fate
    stays_together: Floats  # (S,)
    intensities: Floats  # (I,) the screening intensities that occur
    checked_cdf: Floats  # (I, M+1, M+1) P(at most k of n men are checked) as [intensity, n, k]
    # arrivals: expected number of parties since the start, linear between the edges
    edges: Ints  # (B+1,)
    expected: Floats  # (X + O, C, B+1); of an origin: departures
    expected_apart: Floats  # (A, B+1) parts with a rate that are no ordinary Poisson process, in order of the file
    # switches
    staffing: Ints  # (., 3) at, station, servers
    closes: Ints  # (X, C) instant from which the way of a class is closed for good; beyond the horizon: never
    opening: Ints  # (., 4) at, station, class, 1 open / 0 closed
    activity: Ints  # (., 3) at, station, 1 / 0
    intensity: Ints  # (., 3) at, station, row of `intensities`
    conditions: Ints  # (., 4) at, station, what, value: factor per mille, or probability in 1 / REFUSAL_UNIT
    way_open: Ints  # (., 5) at, crossing, class, way, 1 / 0
    # the main queue: effects of the quoted wait
    quote_every: Ints  # (X,) milliseconds, 0: quotes are not needed
    quote_buckets: Ints  # (X,) announcements in the window of recent departures
    quotes_way: Bools  # (X,) quotes cover the waits expected after the main queue
    balk_over: Ints  # (X, C) parties
    balk_streams: Ints  # (X, C) the streams that count for that, one bit each
    wait_step: int  # milliseconds between the columns of the tables below
    balk_share: Floats  # (X, C, W) by quoted wait
    bypass_share: Floats  # (X, C, W) of parties without local plates, on arrival, by quoted wait
    bypass_local: Floats  # (X, C) of parties with local plates
    hazard: Ints  # (X, C, 3, W) of leaving, by quoted wait, per millisecond, in units of 1 / HAZARD_UNIT
    # deterrence: effects of the share of men stopped, for parties with men of call-up age (R is 1 where there is none)
    stops_window: Ints  # (X,) announcements over which men are counted; 0: nobody is deterred
    stops_delay: Ints  # (X,) milliseconds until travellers hear of a share
    stops_drive: Ints  # (X,) milliseconds from setting out until arrival
    deterred_share: Floats  # (X, C, R) that does not set out, by the share of men stopped in 1 / STOPPED_UNIT
    deterred_hazard: Ints  # (X, C, R) of reneging, in addition to `hazard` and in its unit
    # choice between crossings; what travellers know of them is constant within an epoch (E)
    origins: tuple[str, ...]
    epoch: Ints  # (., 2) at, epoch
    utility: Floats  # (E, 2, X) without drive, wait and taste, for parties without and with men of call-up age
    admits: Floats  # (E, X, 5) share whose papers are accepted, 0 where the way of the class is closed
    accepts: Floats  # (E, X, 5) the same, whether the way is open or not
    informed: Floats  # (E, X) share that hears the quoted waits
    bars: Floats  # (E, X, 5) share kept away on the approach
    drive: Ints  # (O + X, X) mean milliseconds from an origin, or from another crossing; NOWHERE: no road
    travels_as: Ints  # (X, C) class of a party there
    quote_delay: Ints  # (X,) milliseconds from an announcement until travellers know it
    wait_utility: Floats  # (W,) by quoted wait
    drive_utility: float  # per millisecond
    stay: float  # utility of staying at home, -inf: not an option
    switching: float  # margin by which another crossing must be better
    reconsider: int  # share of the drive after which informed parties choose again, per mille; 0: never
    diversions: int  # most diversions of a party
    drive_row: int  # of `Tape.times`: slowness, the factor on drives in 1 / DRIVE_UNIT

    def team(self, station: int) -> int:
        """Return the station at which the staffing of a station stands."""
        return station if self.pool[station] == NOWHERE else int(self.pool[station])

    def beside_of(self, station: int, cls: int) -> list[int]:
        """Return the stations of the step of `station` that serve a class, in the order of their list."""
        return [s for s in self.list_of(station) if self.serves[s, cls]] or [station]

    def list_of(self, station: int) -> list[int]:
        """Return the stations of the step of `station` in the order of their list; none if whoever comes stops here."""
        numbers, s = [], int(self.step[station])
        while s != NOWHERE:
            numbers.append(s)
            s = int(self.beside[s])
        return numbers

    def has_clock(self, crossing: int, cls: int, way: int) -> bool:
        """Return whether parties of a class may leave the main queue of a crossing on a way."""
        by_risk = way == RENEGE and self.deterred_hazard[crossing, cls].any()
        return bool(by_risk or self.hazard[crossing, cls, way].any())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and all(
            _same(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]


def _same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b))
