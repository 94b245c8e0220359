"""Imports open booths over time: shifts by hour and weekday, and a rule that reacts where booths follow the queue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.arrays import Floats
from sim.errors import SimError
from sim.scenario.model.quantities import WEEKDAYS
from sim.scenario.text.edit import Edit
from sim.table.columns import Role
from sim.table.counts import WEEKEND, WORKING
from sim.table.read import read_rows
from sim.table.reader import Reader
from sim.table.times import local_seconds
from sim.verbs.intake.arrivals import BEGIN
from sim.verbs.intake.finding import Finding, figures, one_row_a_time, passport, period_of, time_text
from sim.verbs.intake.replay import replayed_booths
from sim.verbs.intake.request import Target, Wanted

OPEN = Role(
    ("open", "booths", "lanes", "servers", "agents", "desks", "staff", "officers", "gates", "counters"),
    ("wait", "queue", "share", "closed", "id"),
)
QUEUE = Role(("queue", "waiting"), ("open", "id", "per", "hour", "min", "minutes"))
WAIT = Role(("wait", "delay", "min", "minutes"), ("open", "id", "max"))
DAY, HOUR = 86400.0, 3600.0
LEVEL, WORTH, COARSE = 0.001, 0.05, 600.0
"""Largest p and smallest share of the variance beyond the clock at which booths are said to follow the queue, and the
distance of rows (s) from which a rule is called coarse."""
LEAST_RIGHT, LEAST_RIGHT_ALONE = 0.8, 0.95
"""Least share of steps, and of moments without one, that a rule tells right: where booths and queue go together beyond
the clock, and where steps alone speak for it."""
LEAST_STEPS, MOST_DELAY = 20, 6
"""Fewest steps up and down, and most rows between a queue and the step that it causes."""
WORKING_DAYS, WEEKEND_DAYS, ALL = "Mon-Fri", "Sat-Sun", "all days"


@dataclass(frozen=True)
class Reaction:
    """A rule that was found: thresholds of the queue (or of the wait in s), and how booths follow.

    `gain` is the share of the variance beyond the clock that the queue before explains, and `p` its probability if it
    explained none; `right` is the share of decisions that the thresholds describe.
    """

    to: str
    gain: float
    p: float
    above: float = np.nan
    below: float = np.nan
    by: int = 1
    at_least: int = 0
    at_most: int = 0
    every: float = 0.0
    delay: float = 0.0
    right: float = 0.0


@dataclass(frozen=True)
class Staffed:
    """Open booths at instants (local s since 1970), their usual number by clock, and what they react to."""

    at: Floats
    number: Floats
    usual: Floats
    by_clock: float
    """Share of the variance that hour and weekday explain."""
    clock: dict[str, Floats]
    """Mean number by hour, for each group of days."""
    least: dict[str, Floats]
    """The number that is open in nine of ten moments of an hour, for each group of days."""
    reaction: Reaction | None


def read_staffing(reader: Reader, target: Target, wanted: Wanted) -> Finding:
    """Return shifts of a station, and a rule that reacts where the data show one."""
    at = reader.instants("time", BEGIN)
    number = reader.numbers("open", OPEN)
    assert at is not None
    assert number is not None
    seen, what = _seen(reader, at, wanted)
    station = target.station(wanted.station, wanted.cls)
    good = np.isfinite(at) & np.isfinite(number) & (number >= 0)
    for row in np.flatnonzero(number < 0):
        reader.reject(int(row), f"a number of booths below 0: {number[row]:g}")
    if good.sum() < 24:
        raise SimError(
            f"{reader.table.path}: has {int(good.sum())} rows with a time and open booths; needs at least 24"
        )
    order = np.flatnonzero(good)[np.argsort(at[good], kind="stable")]
    one_row_a_time(reader, at, order)
    period, days = period_of(reader, at[order])
    local = local_seconds(at, target.zone)[order]
    staffed = _staffed(local, number[order], None if seen is None else seen[order], what)
    finding = Finding(f"Open booths in {reader.table.path.name}", days=days)
    _tell(finding, staffed, station, seen is not None)
    value = _value(staffed, reader, period)
    if wanted.replay:
        value = replayed_booths(finding, reader, target, (station, staffed.at, staffed.number, period))
    finding.edits.append(Edit(("crossings", target.crossing, "stations", station, "staffing"), value))
    finding.drawers[f"staffing_{station}"] = partial(_draw, staffed, station, target.zone)
    return finding


def _seen(reader: Reader, at: Floats, wanted: Wanted) -> tuple[Floats | None, str]:
    """Return the queue (or the wait, s) at each instant, from the file itself or from the one given by --queue."""
    if wanted.queue is None:
        return _queue_in(reader)
    other = Reader(
        read_rows(wanted.queue), unit=reader.unit, day_first=reader.day_first, zone=reader.zone, day=reader.day
    )
    then = other.instants("time", BEGIN)
    values, what = _queue_in(other)
    if then is None or values is None:
        raise SimError(f"{wanted.queue}: has no queue and no wait")
    reader.understood += [each._replace(read_as=f"{each.read_as} ({wanted.queue.name})") for each in other.understood]
    good = np.isfinite(then) & np.isfinite(values)
    order = np.argsort(then[good], kind="stable")
    then, values = then[good][order], values[good][order]
    place = np.searchsorted(then, at, side="right") - 1
    fresh = (place >= 0) & (at - then[place.clip(min=0)] < 2 * max(float(np.median(np.diff(then))), 1.0))
    return np.where(fresh, values[place.clip(min=0)], np.nan), what


def _queue_in(reader: Reader) -> tuple[Floats | None, str]:
    queue = reader.numbers("queue", QUEUE, needed=False) if "wait" not in reader.given else None
    if queue is not None:
        return queue, "queue"
    return reader.durations("wait", WAIT, needed=False), "wait"


def _staffed(at: Floats, number: Floats, seen: Floats | None, what: str) -> Staffed:
    hour = (np.floor(at / HOUR) % 24).astype(int)
    weekday = ((np.floor(at / DAY) + 3) % 7).astype(int)
    weekend = np.isin(weekday, WEEKEND)
    apart = _differ(number, hour, weekend)
    clock: dict[str, Floats] = {}
    least: dict[str, Floats] = {}
    usual = np.zeros(len(at))
    for name, mine in (
        ((WORKING_DAYS, ~weekend), (WEEKEND_DAYS, weekend)) if apart else ((ALL, np.ones(len(at), bool)),)
    ):
        hours = [number[mine & (hour == h)] for h in range(24)]
        clock[name] = np.array([each.mean() if len(each) else np.nan for each in hours])
        least[name] = np.array([np.quantile(each, 0.1) if len(each) else np.nan for each in hours])
        usual[mine] = clock[name][hour[mine]]
    variance = float(number.var())
    by_clock = 1 - float(np.mean((number - usual) ** 2)) / variance if variance > 0 else 0.0
    reaction = _reaction(at, number, usual, seen, what) if seen is not None and variance > 0 else None
    return Staffed(at, number, usual, by_clock, clock, least, reaction)


def _differ(number: Floats, hour: NDArray[Any], weekend: NDArray[np.bool_]) -> bool:
    """Say whether weekends have another plan: their hours differ by more than a quarter of a booth and by a tenth."""
    if not weekend.any() or weekend.all():
        return False
    gaps = [
        abs(number[~weekend & (hour == h)].mean() - number[weekend & (hour == h)].mean())
        for h in range(24)
        if np.any(~weekend & (hour == h)) and np.any(weekend & (hour == h))
    ]
    return bool(gaps) and float(np.mean(gaps)) > max(0.25, 0.1 * float(number.mean()))


def _reaction(at: Floats, number: Floats, usual: Floats, seen: Floats, what: str) -> Reaction:
    """Regress open booths beyond the clock on the queue before, and find the thresholds that describe the steps."""
    before, after = seen[:-1], number[1:]
    step = np.diff(at)
    every = float(np.median(step))
    used = np.isfinite(before) & (step < 2.5 * every)
    beyond = (after - usual[1:])[used]
    queue = before[used] - _usual_by_clock(at[:-1][used], before[used])
    if len(beyond) < 50 or queue.std() == 0 or beyond.std() == 0:
        return Reaction(what, 0.0, 1.0)
    r = float(np.corrcoef(queue, beyond)[0, 1])
    a = _memory(queue) * _memory(beyond)
    witnesses = max(3.0, len(beyond) * (1 - a) / (1 + a))
    t = r * np.sqrt((witnesses - 2) / max(1 - r * r, 1e-12))
    p = float(stats.t.sf(t, witnesses - 2))
    gain = r * r if r > 0 else 0.0
    found = _thresholds(Reaction(what, gain, p), number, seen, np.append(step < 2.5 * every, False), every)
    least = LEAST_RIGHT if p < LEVEL and gain >= WORTH else LEAST_RIGHT_ALONE
    return found if found.right >= least and found.above > found.below else Reaction(what, gain, p)


def _memory(series: Floats) -> float:
    """Return the correlation of a series with itself one step later, at least 0."""
    return float(np.clip(np.corrcoef(series[:-1], series[1:])[0, 1], 0, 0.999)) if len(series) > 3 else 0.0


def _usual_by_clock(at: Floats, values: Floats) -> Floats:
    hour = (np.floor(at / HOUR) % 24).astype(int)
    means = np.array([values[hour == h].mean() if np.any(hour == h) else 0.0 for h in range(24)])
    return np.asarray(means[hour])


def _thresholds(found: Reaction, number: Floats, seen: Floats, followed: NDArray[np.bool_], every: float) -> Reaction:
    """Return the rule whose thresholds separate best the moments before a step up (or down) from the others.

    The delay is the number of rows between the queue that tells the steps best and the step.
    """
    change = np.append(np.diff(number), 0.0)
    most, least = int(np.quantile(number, 0.999)), int(np.quantile(number, 0.001))
    moves = np.flatnonzero(change != 0)
    best = found
    for rows in range(MOST_DELAY + 1):  # 0: the queue in the row that has the new number already
        then = (
            np.append(seen[1:], np.nan) if rows == 0 else np.append(np.full(rows - 1, np.nan), seen[: 1 - rows or None])
        )
        used = followed & np.isfinite(then)
        up, down = used & (change > 0), used & (change < 0)
        if min(up.sum(), down.sum()) < LEAST_STEPS:
            continue
        above, right_up = _cut(then[used & (number < most)], up[used & (number < most)])
        below, right_down = _cut(-then[used & (number > least)], down[used & (number > least)])
        right = (right_up + right_down) / 2
        if right > best.right + 0.002:
            best = replace(
                found,
                above=above,
                below=min(-below, above),
                at_least=least,
                at_most=most,
                delay=rows * every,
                right=right,
            )
    gaps = np.diff(moves)
    sizes, times = np.unique(np.abs(change[moves]), return_counts=True)
    checked = float(np.quantile(gaps, 0.02)) * every if len(gaps) else every
    by = int(sizes[np.argmax(times)]) if len(sizes) else 1
    return replace(best, by=by, every=max(checked, every))


def _cut(level: Floats, moved: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the level above which most moves happen, and the mean share of moves and stays that it tells right."""
    order = np.argsort(level, kind="stable")
    sorted_level, sorted_moved = level[order], moved[order].astype(float)
    hit = 1 - np.cumsum(sorted_moved) / max(sorted_moved.sum(), 1)
    rest = np.cumsum(1 - sorted_moved) / max((1 - sorted_moved).sum(), 1)
    last = np.append(sorted_level[1:] != sorted_level[:-1], True)
    balance = np.where(last, (hit + rest) / 2, -1)
    best = int(np.argmax(balance))
    return float(sorted_level[best]), float(balance[best])


def _tell(finding: Finding, staffed: Staffed, station: str, has_queue: bool) -> None:
    low, high = (float(np.quantile(staffed.number, q)) for q in (0.01, 0.99))
    say = finding.sentences.append
    say(f"{station}: {figures(staffed.number.mean())} open on average, {low:g} to {high:g} in 98 % of the rows.")
    say(f"Hour and weekday explain {staffed.by_clock:.0%} of the variation of open booths.")
    found = staffed.reaction
    finding.facts[station] = {"mean": float(staffed.number.mean()), "by_clock": staffed.by_clock}
    if not has_queue:
        say("The file has no queue and no wait, so whether booths follow it cannot be told.")
        return
    follows = found is not None and found.p < LEVEL and found.gain >= WORTH
    if found is None or (np.isnan(found.above) and not follows):
        say("No sign that booths follow the queue beyond the hour and weekday.")
        return
    finding.facts[station]["reacts"] = {
        "to": found.to, "gain": found.gain, "p": found.p, "open_above": found.above, "close_below": found.below,
        "by": found.by, "at_least": found.at_least, "at_most": found.at_most, "checked_every_s": found.every,
        "delay_s": found.delay, "right": found.right,
    }  # fmt: skip
    unit = "parties" if found.to == "queue" else "of wait"
    beyond = f"beyond the clock it explains {found.gain:.0%} of their variation" if follows else "by their steps"
    if np.isnan(found.above):
        say(f"Booths follow the {found.to} ({beyond}), but no rule tells their steps well; shifts are written.")
        return
    above, below = (_level(found, level) for level in (found.above, found.below))
    say(
        f"Booths follow the {found.to} ({beyond}). A rule that tells {found.right:.0%} of the steps, and of the "
        f"moments without one, right: {found.by} more above {above} {unit}, fewer below {below}, from "
        f"{found.at_least} to {found.at_most}, looked at every {time_text(found.every)}{_late(found)} (`reacts`)."
    )
    spacing = float(np.median(np.diff(staffed.at)))
    if spacing >= COARSE:
        say(f"The rows are {time_text(spacing)} apart; a rule that acts sooner than that looks coarser than it is.")


def _late(found: Reaction) -> str:
    return f", {time_text(found.delay)} later" if found.delay else ""


def _level(found: Reaction, level: float) -> str:
    return f"{level:.0f}" if found.to == "queue" else time_text(level)


def _value(staffed: Staffed, reader: Reader, period: str) -> dict[str, Any]:
    found = staffed.reaction
    if found is not None and not np.isnan(found.above):
        whole = found.to == "queue"
        rule: dict[str, Any] = {
            "to": "queue" if whole else "quoted_wait",
            "open_above": round(found.above) if whole else time_text(found.above),
            "close_below": round(found.below) if whole else time_text(found.below),
            "by": found.by,
            "at_least": max(found.at_least, 1),
            "at_most": found.at_most,
            **({"delay": time_text(found.delay)} if found.delay else {}),
            "checked_every": time_text(found.every),
        }
        plan: dict[str, Any] = {"servers": max(found.at_least, 1)}
        low = _shifts(staffed.least)
        plan |= {**({"shifts": low} if low else {}), "reacts": rule}
        return passport(plan, reader, period, "thresholds that tell the steps of open booths apart best")
    usual = _shifts(staffed.clock)
    plan = {"servers": round(float(staffed.number.mean())), **({"shifts": usual} if usual else {})}
    return passport(plan, reader, period, "mean of open booths by hour and day of the week, rounded")


def _shifts(clock: dict[str, Floats]) -> list[dict[str, Any]]:
    """Return shifts with the rounded number of each hour; hours without a row have the mean of the others."""
    shifts = []
    for name, table in clock.items():
        days = {WORKING_DAYS: WORKING, WEEKEND_DAYS: WEEKEND}.get(name, tuple(range(7)))
        filled = np.where(np.isnan(table), np.nanmean(table), table)
        numbers = np.round(filled).astype(int)
        begins = [0, *(h for h in range(1, 24) if numbers[h] != numbers[h - 1])]
        for begin, end in zip(begins, [*begins[1:], 24], strict=True):
            shifts.append(
                {"days": [WEEKDAYS[d] for d in days], "from": f"{begin:02d}:00", "until": f"{end:02d}:00",
                 "servers": int(numbers[begin])}
            )  # fmt: skip
    return shifts if len(shifts) > 1 else []


def _draw(staffed: Staffed, station: str, zone: str) -> Any:
    from sim.verbs.intake.pictures import draw_staffing

    return draw_staffing(staffed, station, zone)
