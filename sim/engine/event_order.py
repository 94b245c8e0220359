"""The order of simultaneous events, the same in both engines (docs/mechanisms.md)."""

from __future__ import annotations

from enum import IntEnum

from sim.engine.records import Outcome


class Kind(IntEnum):
    """Kinds of events.

    At one millisecond, events happen in the order of their kinds, and within a kind in the order of the numbers of the
    parties, stations or crossings they concern.
    """

    HORIZON = 1
    LIGHTENING = 2  # checks are lightened or restored
    SWITCH = 3  # all of one millisecond: staffing, opening, activity, intensity, ways of leaving, what travellers know
    QUOTE = 4  # the quoted wait is announced
    REACTION = 5  # what a control decided takes effect
    CHECK = 6  # a control decides
    SERVICE_END = 7
    RELEASE = 8  # of a batch
    RENEGE = 9
    CHANGE_MODE = 10
    BYPASS = 11
    ARRIVAL = 12  # at a crossing, or departure from an origin
    ON_FOOT = 13  # arrival on foot or by bike after a change of mode
    RECONSIDER = 14  # second choice of a party on the way from an origin
    TAIL = 15  # arrival of a party from an origin at a crossing


KIND_SHIFT = 40
"""An event's place among those of its millisecond is (kind << KIND_SHIFT) | number."""

LEAVING = (Kind.RENEGE, Kind.CHANGE_MODE, Kind.BYPASS)
"""The kinds of leaving the main queue, in the order of `plan.WAYS`."""

LEFT_AS = {Kind.RENEGE: Outcome.RENEGED, Kind.CHANGE_MODE: Outcome.CHANGED_MODE, Kind.BYPASS: Outcome.BYPASSED}
