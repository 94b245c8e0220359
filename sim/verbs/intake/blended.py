"""Notices that a series has figures of two kinds, as where a website shows readings for a time and then its own blend.

Readings of people are round: multiples of 5 or 15 minutes, or of these times a factor. A blend with other numbers is
not. So days on which far more values are multiples of one step than on the others have figures of another kind.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.arrays import Floats, Ints
from sim.verbs.intake.finding import date_of, figures, time_text

DAY = 86400.0
STEPS = (5, 6, 8, 10, 12, 15, 16, 20, 24, 30, 32, 36, 40, 45, 48, 50, 60, 90, 100)
"""Steps (min, or a number in a queue) of which round figures are multiples."""
LEAST_ROWS, LEAST_DAYS, APART = 20, 3, 0.4
"""Fewest values of a day, fewest days of a kind, and the least difference between shares of round figures."""


def kinds_of_figures(local: Floats, values: Floats, is_wait: bool) -> Iterator[str]:
    """Yield a sentence where some days have round figures and others have not; `values` are s, or numbers."""
    numbers = np.round(values / 60, 6) if is_wait else values
    used = numbers > 0
    days, place = np.unique(np.floor(local[used] / DAY).astype(np.int64), return_inverse=True)
    rows = np.bincount(place, minlength=len(days))
    found = [(part, step) for step in STEPS if (part := _parts(days, rows, place, numbers[used] % step == 0))]
    if not found:
        return
    (round_days, share, other, _), step = max(found, key=lambda each: each[0][3])
    spans = np.split(round_days, np.flatnonzero(np.diff(round_days) > LEAST_DAYS) + 1)
    told = ", ".join(f"{date_of(int(span[0]))} to {date_of(int(span[-1]))}" for span in spans[:4])
    more = f" and {len(spans) - 4} more times" if len(spans) > 4 else ""
    unit = time_text(60.0 * step) if is_wait else f"{figures(step):g}"
    yield (
        f"The figures are of two kinds: from {told}{more} {share:.0%} of them are multiples of {unit}, on the other "
        f"days {other:.0%}. One kind may be a blend or an estimate; import them apart (--since, --until)."
    )


def _parts(days: Ints, rows: Ints, place: Ints, is_round: Floats) -> tuple[Ints, float, float, float] | None:
    """Return the days with round figures, the share of these on them and on the others, and the gap between.

    None if days are alike. Days are parted at the widest gap between their shares, which must be wide, and not only of
    a few days.
    """
    share = np.bincount(place, is_round, len(days)) / np.maximum(rows, 1)
    enough = rows >= LEAST_ROWS
    if enough.sum() < 2 * LEAST_DAYS:
        return None
    ordered = np.sort(share[enough])
    inner = slice(LEAST_DAYS - 1, len(ordered) - LEAST_DAYS)
    gaps = np.diff(ordered)[inner]
    if not len(gaps) or gaps.max() <= APART / 8:
        return None
    cut = ordered[inner][np.argmax(gaps)] + gaps.max() / 2
    high = enough & (share > cut)
    low = enough & (share <= cut)
    means = [float((share * rows)[part].sum() / rows[part].sum()) for part in (high, low)]
    return (days[high], *means, float(gaps.max())) if means[0] - means[1] >= APART else None
