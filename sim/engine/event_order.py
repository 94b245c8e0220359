"""The kinds of moments, in the order in which they come at one millisecond; both engines go by it."""

from __future__ import annotations

from enum import IntEnum

from sim.engine.records import Outcome


class Kind(IntEnum):
    """What a moment is; at one millisecond lower numbers come first, and within a kind lower numbers of its subject."""

    HORIZON = 1
    SWITCH = 2  # staffing, opening, activity, screening intensity, ways of leaving, what travellers know
    QUOTE = 3  # the wait is announced
    SERVICE_END = 4
    RELEASE = 5  # a batch is let through
    RENEGE = 6
    CHANGE_MODE = 7
    BYPASS = 8
    ARRIVAL = 9  # or a party sets out from its origin
    ON_FOOT = 10  # a party that left its vehicle arrives on foot or by bike
    RECONSIDER = 11  # a party on the way chooses again
    TAIL = 12  # a party from an origin comes to a crossing


KIND_SHIFT = 40
"""A moment's place among those of its millisecond is (kind << KIND_SHIFT) | number."""

LEAVING = (Kind.RENEGE, Kind.CHANGE_MODE, Kind.BYPASS)
"""The moments at which a party leaves the main queue, in the order of `plan.WAYS`."""

LEFT_AS = {Kind.RENEGE: Outcome.RENEGED, Kind.CHANGE_MODE: Outcome.CHANGED_MODE, Kind.BYPASS: Outcome.BYPASSED}
