"""The kernel's lightened checks: below a threshold as usual, above another one shorter or for fewer."""

from __future__ import annotations

from typing import Any

from sim.engine.compiled.cache import long_rule
from sim.engine.compiled.heaps import key_of, push
from sim.engine.compiled.layout import LATER, LIGHTENING, lightened_of
from sim.engine.compiled.staffing import level_seen


@long_rule
def reconsider_checks(b: Any, s: int, now: int) -> None:
    """Lighten the checks of a station, or restore them, by what is seen; not again within the least time."""
    push(b, LATER, now + b.light_every[s], key_of(LIGHTENING, s), 0, 0)
    if not b.active[s] or now - b.light_turned_at[s] < b.light_least[s]:
        return
    level = level_seen(b, s, b.light_to[s])
    turns = level < b.light_below[s] if b.lightened[s] else level > b.light_above[s]
    if turns:
        b.lightened[s], b.light_turned_at[s] = 1 - b.lightened[s], now
        row = lightened_of(b)[b.turns]
        row[0], row[1], row[2] = now, s, b.lightened[s]
        b.turns += 1
