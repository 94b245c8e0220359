"""The plan: a scenario lowered to arrays. Both engines read only the plan and the tape."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sim.arrays import Bools, Floats, Ints

NOWHERE = -1
ANY_NUMBER = np.iinfo(np.int64).max // 4
WAYS = ("renege", "change_mode", "bypass")
HAZARD_UNIT = 10**12
DRIVE_UNIT = 2**20
PER_MILLE = 1000
PAPERS, NEWS, BARRED, TASTES = 0, 1, 2, 3
"""Columns of `Tape.tastes`; from the last on one for each crossing, and one for staying."""


@dataclass(frozen=True)
class Plan:
    """A scenario as arrays: S stations, Z zones, X crossings, O origins, 5 classes, 6 streams, 3 ways of leaving.

    Instants and durations are integer milliseconds (instants since t0). A switch is a row (at, target..., value) of a
    table sorted by instant; the first rows, at `start`, set the state the run begins with.
    """

    crossings: tuple[str, ...]
    stations: tuple[str, ...]
    start: int
    horizon: int
    # stations
    crossing: Ints  # (S,) crossing of the station
    first: Ints  # (X, 5) first station of the main way of a class, NOWHERE if none
    joins: Ints  # (X, 5) first station of the bypass of a class
    next: Ints  # (S, 5) following station for a class, NOWHERE: across the border
    zone: Ints  # (S,) zone the queue stands in, NOWHERE: no limit
    preempt: Bools  # (S,)
    discipline: Ints  # (S,) 0 in order of joining and rank, 1 shares
    rank: Ints  # (S, 6) precedence of a stream, lower first
    stride: Ints  # (S, 6) what a service start costs a stream under shares
    release_size: Ints  # (S,) 0: no release in batches
    release_every: Ints  # (S,) milliseconds
    refusal: Floats  # (S,) probability
    # rows of `Tape.times` (NOWHERE: nobody needs it); one row may serve parties of several kinds in several ways
    service_row: Ints  # (S,) service as the class a party came as
    foot_row: Ints  # (S,) service by bike or on foot, after a change of mode or when men stay behind: perhaps the same
    patience_row: Ints  # (S,)
    refusal_row: Ints  # (S,) staff time of a refusal
    man_row: Ints  # (S,) service of one man checked or summoned
    walk_row: int  # time a change of mode takes
    clock_row: Ints  # (3,) clocks of the ways of leaving
    # rows of `Tape.chances`
    refused_row: Ints  # (S,)
    screening_row: Ints  # (S,) how many are checked; the next rows: how many are found, their fate, who shares it
    balk_row: int
    bypass_row: int
    # zones
    zone_capacity: Ints  # (Z,)
    zone_space: Ints  # (Z, 5) room one party of a class takes
    # draft screening and enlistment offices
    only_sent_on: Bools  # (S,) an enlistment office
    hit_cdf: Floats  # (S, M+1, M+1) P(at most k hits of n men checked) as [station, n, k]
    fate_cdf: Floats  # (S, 4) pass, summoned, refused, sent on
    office: Ints  # (S,) office men are sent on to
    if_office_closed: Ints  # (S,) Fate
    stays_together: Floats  # (S,)
    intensities: Floats  # (I,) the screening intensities that occur
    checked_cdf: Floats  # (I, M+1, M+1) P(at most k of n men are checked) as [intensity, n, k]
    # arrivals: expected number of parties since start, straight lines between the edges
    edges: Ints  # (B+1,)
    expected: Floats  # (X + O, 5, B+1); from an origin: parties that set out
    # what changes with time: (at, station, value) and so on
    staffing: Ints  # (., 3) at, station, servers
    opening: Ints  # (., 4) at, station, class, 1 open / 0 closed
    activity: Ints  # (., 3) at, station, 1 / 0
    intensity: Ints  # (., 3) at, station, row of `intensities`
    way_open: Ints  # (., 5) at, crossing, class, way, 1 / 0
    # the main queue: what a quoted wait does
    quote_every: Ints  # (X,) milliseconds, 0: nobody listens to quotes
    quote_buckets: Ints  # (X,) window over every
    balk_over: Ints  # (X, 5)
    wait_step: int  # milliseconds between the columns of the tables below
    balk_share: Floats  # (X, 5, W) by quoted wait
    bypass_share: Floats  # (X, 5, W) of parties without local plates, on arrival
    bypass_local: Floats  # (X, 5)
    hazard: Ints  # (X, 5, 3, W) per millisecond, in units of 1 / HAZARD_UNIT
    # who chooses between crossings; what they know of them changes from epoch to epoch (E)
    origins: tuple[str, ...]
    epoch: Ints  # (., 2) at, epoch
    utility: Floats  # (E, 2, X) of a crossing but for drive and wait, to parties without and with men of call-up age
    admits: Floats  # (E, X, 5) share whose papers are accepted, 0 where the way of the class is closed
    informed: Floats  # (E, X) share that hears the quoted wait
    bars: Floats  # (E, X, 5) share kept away on the approach
    drive: Ints  # (O + X, X) mean milliseconds from an origin, or from another crossing; NOWHERE: not gone
    travels_as: Ints  # (X, 5) class of a party there
    quote_delay: Ints  # (X,) milliseconds until those who choose know of an announcement
    wait_utility: Floats  # (W,) by quoted wait
    drive_utility: float  # per millisecond
    stay: float  # utility of not leaving, -inf: no choice
    switching: float  # by how much another crossing must be better
    reconsider: int  # per mille of the drive after which those who hear the waits choose again, 0: never
    diversions: int  # how often a party goes on from one crossing to another at most
    drive_row: int  # of `Tape.times`: the factor on drives in 1 / DRIVE_UNIT

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and all(
            _same(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]


def _same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b))
