"""Which totals of a run are only lower bounds, because the horizon cuts what they measure."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

from sim.measures.names import ALL, LONGEST_QUOTE, OF_THOSE_ACROSS, Key

FEW_LEFT = 0.02
"""Share of parties still inside at the end above which a mean without them is a lower bound."""


def left_out(means: Mapping[Key, float], crossing: str, scope: str = ALL) -> float:
    """Return the share still inside at the end of the parties of a class (or all) that joined; NaN if nobody did.

    A mean wait of those who crossed is without these parties.
    """
    return share_of_joined(means, crossing, "unfinished", scope)


def share_of_joined(means: Mapping[Key, float], crossing: str, event: str, scope: str = ALL) -> float:
    """Return the share with an end, such as 'reneged', of the parties of a class (or all) that joined; NaN if none did.

    Those who were barred, balked or went elsewhere are not among those who joined.
    """

    def parties(event: str) -> float:
        return means.get(Key(crossing, f"{event}_parties", scope), 0.0)

    joined = parties("arrived") + parties("initial") - sum(map(parties, _DID_NOT_JOIN))
    return parties(event) / joined if joined > 0 else nan


_DID_NOT_JOIN = ("balked", "barred", "diverted")


def lower_bounds(means: Mapping[Key, float]) -> frozenset[Key]:
    """Return the totals that are lower bounds, given the means of all totals over replications.

    These are the waits of those who crossed where more than FEW_LEFT of the parties of the class are still inside, on
    whatever way, since those inside are not told apart by the way they will take; times per visit where more than
    FEW_LEFT of the visits go on; and quoted waits of LONGEST_QUOTE, which stands for any longer wait.
    """
    return frozenset(key for key in means if _is_bound(means, key))


def _is_bound(means: Mapping[Key, float], key: Key) -> bool:
    crossing, quantity, scope = key
    if quantity in OF_THOSE_ACROSS:
        return left_out(means, crossing, scope.partition("/")[0]) > FEW_LEFT
    if quantity == "max_quoted_wait":
        return means[key] >= LONGEST_QUOTE
    if quantity not in _GOES_ON:
        return False
    visits, inside, in_service, blocked = (means.get(Key(crossing, name, scope), 0.0) for name in _VISITS)
    waiting = inside - in_service - blocked
    cut, began = {
        "wait_per_visit": (waiting, visits),
        "service_per_visit": (in_service, visits - inside + in_service),
        "blocked_per_visit": (blocked, visits - inside + blocked),
    }[quantity]
    return cut > FEW_LEFT * began


_VISITS = ("visits", "unfinished_parties", "in_service_parties", "blocked_parties")
_GOES_ON = ("wait_per_visit", "service_per_visit", "blocked_per_visit")
"""Mean times per visit, which the horizon cuts where a visit still waits, is in service, or is blocked."""
