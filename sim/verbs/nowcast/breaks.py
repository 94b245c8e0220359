"""Breaks in a feed: a report that sticks, a jump that stays, other digits, more noise, another rhythm, a shifted clock.

A break is known only some readings after it began; from then on the weights and bands of the forecast start again.
A jump may be a true one: the sentence says what is seen, not why.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.arrays import Bools, Floats
from sim.verbs.nowcast.readings import Readings, hours_of_week

RECENT, BEFORE = 20, 100
"""Readings that are compared with those before them."""
STUCK_READINGS, STUCK_HOURS, STUCK_TIMES = 6, 6.0, 3.0
"""A report sticks that stays the same for so many readings and hours, and so many times as long as any before it."""
JUMP, JUMP_FACTOR, STAYS = 8.0, 2.0, 2
"""A jump: so many times the usual change, by at least this factor, with so many readings after it that stay there."""
NOISIER, COARSER, SLOWER = 3.0, 5.0, 3.0
"""Factors by which scatter, rounding and time between readings must change."""
DAY, OTHER_DAYS, BESIDE, SAME_HOURS = 24.0, 7, 1.0, 2000
"""Days before whose same hours, and an hour beside them, are compared for scatter, among so many latest readings."""
SHIFT_DAYS, SHIFT_FITS, SHIFT_GAIN = 5, 0.7, 0.4
"""Days compared for a shift of the clock, the correlation that the shifted day must have, and by how much more."""
FAR_BEYOND = 3.0
DENSE = 0.75
"""Hours between readings below which repeated readings are taken for a report that is renewed less often."""
USUAL_JUMPS, JUMPS_WITHIN = 2, 24 * 60.0
"""A jump is no break where so many came before it within so many hours: it is a habit of this queue."""
UNITS = (100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.1)


class Break(NamedTuple):
    """A break: its kind, the reading with which it begins, the one at which it is known, and what was seen."""

    kind: str
    start: int
    known: int
    size: float
    before: float = 0.0


def stuck(readings: Readings) -> Bools:
    """Return which readings (N,) only repeat a report that sticks; the first of each such stretch is none of them."""
    values, hours = readings.values, readings.hours
    marks = np.zeros(len(readings), bool)
    longest = 0.0
    for first, last in _runs(values):
        span = float(hours[last - 1] - hours[first])
        enough = last - first >= STUCK_READINGS and span > STUCK_HOURS and first > 0
        if enough and span > STUCK_TIMES * max(longest, STUCK_HOURS / STUCK_TIMES) and values[first] > 0:
            marks[first + 1 : last] = True
        elif values[first] > 0:  # an empty queue stays empty for long
            longest = max(longest, span)
    return marks


def beyond_all(values: Floats) -> int:
    """Return how many of the latest RECENT readings are all FAR_BEYOND times the largest one before them, or more."""
    lowest = np.minimum.accumulate(values[::-1])[::-1]  # of each reading and all after it
    highest = np.maximum.accumulate(values)  # of each reading and all before it
    far = np.flatnonzero((lowest[1:] >= FAR_BEYOND * highest[:-1]) & (highest[:-1] > 0))
    far = far[(far + 1 >= BEFORE // 2) & (far >= len(values) - 1 - RECENT)]
    return len(values) - 1 - int(far[0]) if len(far) else 0


def repeats(readings: Readings) -> Bools:
    """Return which readings only repeat a report that is renewed less often than it is read."""
    values, hours = readings.values, readings.hours
    marks = np.zeros(len(readings), bool)
    same = np.diff(values) == 0
    dense = len(values) >= RECENT and float(np.median(np.diff(hours))) < DENSE
    if not dense or same.mean() <= 0.5 or same.all():
        return marks
    lasted = np.diff(hours[np.flatnonzero(np.r_[True, ~same])])
    renewed = float(np.median(lasted))
    if not _regular(lasted / renewed):
        return marks  # a small queue that stays the same now and then
    kept = hours[0]
    for n in range(1, len(values) - 1):
        if same[n - 1] and hours[n] - kept < renewed:
            marks[n] = True
        else:
            kept = hours[n]
    return marks


def _regular(lasted: Floats) -> bool:
    """Say whether values last a whole number of times as long as usual, as they do where a report is renewed."""
    return bool((np.abs(lasted - np.round(lasted)) < 0.15).mean() > 0.7 and (lasted > 0.85).mean() > 0.9)


def breaks_of(readings: Readings) -> list[Break]:
    """Return the breaks of a feed in the order in which they became known."""
    found = [*_jumps(readings)]
    for n in range(RECENT + BEFORE // 2, len(readings) + 1, RECENT // 4):
        for kind, size, before in _changed(readings, n):
            if not any(other.kind == kind and n - other.known < BEFORE for other in found):
                found.append(Break(kind, n - RECENT, n - 1, size, before))
    found += _shifts(readings)
    return sorted(found, key=lambda each: each.known)


def _runs(values: Floats) -> list[tuple[int, int]]:
    """Return the stretches (first, end) of equal values."""
    edges = np.flatnonzero(np.diff(values) != 0) + 1
    starts, ends = np.r_[0, edges], np.r_[edges, len(values)]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _jumps(readings: Readings) -> list[Break]:
    scaled, hours, values = readings.scaled, readings.hours, readings.values
    steps = np.diff(scaled)
    sizes = np.abs(steps) / np.sqrt(np.clip(np.diff(hours), 0.25, 12.0))
    found: list[Break] = []
    seen: list[float] = []
    for n in range(RECENT, len(steps) - STAYS):
        usual = 1.5 * float(np.median(sizes[max(0, n - 2 * BEFORE) : n]))
        if sizes[n] <= JUMP * usual or abs(steps[n]) <= np.log(JUMP_FACTOR) or usual <= 0:
            continue
        old, new, after = np.median(scaled[n - 3 : n + 1]), scaled[n + 1], scaled[n + 2 : n + 2 + STAYS]
        stays = (np.abs(after - new) < np.abs(after - old)).all()
        if stays and abs(new - old) > np.log(JUMP_FACTOR):
            if sum(hours[n] - at < JUMPS_WITHIN for at in seen) < USUAL_JUMPS:
                found.append(Break("jump", n + 1, n + 1 + STAYS, float(values[n + 1]), float(values[n])))
            seen.append(hours[n])
    return found


def _changed(readings: Readings, count: int) -> list[tuple[str, float, float]]:
    """Return what differs between the last RECENT of the first `count` readings and those before."""
    values = readings.values[max(0, count - RECENT - BEFORE) : count]
    hours, scaled = readings.hours[max(0, count - RECENT - BEFORE) : count], np.log(values + readings.offset)
    gaps, found = np.diff(hours), []
    changes = np.abs(np.diff(scaled)) / np.sqrt(np.clip(gaps, 0.25, 12.0))
    now, then = (float(np.mean(np.minimum(part, 10 * np.median(changes) + 1e-9))) for part in _parts(changes))
    if now > NOISIER * then > 0 and (more := _more_than_on_other_days(readings, count)) > NOISIER:
        found.append(("noise", min(now / then, more), 0.0))
    parts = _parts(values)
    unit, earlier = (_unit(part) for part in parts)
    coarse = max(unit, earlier)
    if min(unit, earlier) and not 1 / COARSER < unit / earlier < COARSER:
        finer = parts[0] if unit < earlier else parts[1]
        if _multiples(finer, coarse) < 0.6:
            found.append(("digits", unit, earlier))
    gap, before = (float(np.median(part)) for part in _parts(gaps))
    if not 1 / SLOWER < gap / max(before, 1e-6) < SLOWER:
        found.append(("rhythm", gap, before))
    return found


def _more_than_on_other_days(readings: Readings, count: int) -> float:
    """Return how many times as much the last RECENT readings scatter as the same hours of the worst of other days.

    Infinite where no other day has those hours.
    """
    hours = readings.hours[max(0, count - SAME_HOURS) : count]
    changes = np.abs(np.diff(readings.scaled[max(0, count - SAME_HOURS) : count]))
    changes, at = changes / np.sqrt(np.clip(np.diff(hours), 0.25, 12.0)), hours[1:]
    span = float(at[-1] - at[-RECENT])
    if span > DAY - 2 * BESIDE:
        return np.inf  # all hours of the day are among them
    scatter = []
    for back in range(1, OTHER_DAYS + 1):
        same = np.abs(at - (at[-1] - span / 2 - DAY * back)) <= span / 2 + BESIDE
        if same.sum() >= RECENT / 2:
            scatter.append(float(changes[same].mean()))
    return float(changes[-RECENT:].mean()) / max(*scatter, 1e-9) if len(scatter) > 1 else np.inf


def _parts(values: Floats) -> tuple[Floats, Floats]:
    return values[-RECENT:], values[:-RECENT]


def _unit(values: Floats) -> float:
    """Return the largest unit of which nearly all values are multiples; 0 if they are mostly zero."""
    filled = values[values > 0]
    if len(filled) < RECENT / 2 or len(np.unique(filled)) < RECENT / 4:
        return 0.0
    return next((unit for unit in UNITS if _multiples(filled, unit) >= 0.95), 0.05)


def _multiples(values: Floats, unit: float) -> float:
    """Return the share of values that are multiples of a unit."""
    return float((np.abs(values / unit - np.round(values / unit)) < 1e-6).mean())


def _shifts(readings: Readings) -> list[Break]:
    """Return the shift of the clock at the end of the feed, if the course of the day has moved."""
    hours, scaled = readings.hours, readings.scaled
    recent = hours > hours[-1] - 24 * SHIFT_DAYS
    if recent.sum() < 12 * SHIFT_DAYS or (~recent).sum() < 24 * 2 * SHIFT_DAYS:
        return []
    places = hours_of_week(hours, readings.zone).astype(int) % 24
    days = [_course(places[part], scaled[part]) for part in (recent, ~recent)]
    if any(day is None for day in days):
        return []
    now, then = (day for day in days if day is not None)
    fits = np.array([np.corrcoef(np.roll(then, shift), now)[0, 1] for shift in range(24)])
    best = int(np.argmax(fits))
    if fits[best] < SHIFT_FITS or fits[best] - fits[0] < SHIFT_GAIN:
        return []
    return [Break("clock", int(np.argmax(recent)), len(readings) - 1, float(best if best <= 12 else best - 24))]


def _course(places: Floats, scaled: Floats) -> Floats | None:
    """Return the mean of every hour of the day; None if an hour has no reading or the day is flat."""
    counts = np.bincount(places, minlength=24)
    if (counts == 0).any():
        return None
    means = np.bincount(places, scaled, minlength=24) / counts
    return means if np.ptp(means) > 0.2 else None
