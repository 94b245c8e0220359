"""A forecast in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from sim.units import show_duration, to_figures
from sim.verbs.nowcast.outlook import QUEUE, WAIT
from sim.verbs.nowcast.particles import HISTORY, LITTLE
from sim.verbs.nowcast.readings import instant
from sim.verbs.nowcast.scoreboard import ends

if TYPE_CHECKING:
    from sim.verbs.nowcast.breaks import Break
    from sim.verbs.nowcast.scoreboard import Difference
    from sim.verbs.nowcast.study import Nowcast

BREAK_SHOWN = 72.0
"""Hours for which a break is spoken of."""
SPOKEN_OF = (3.0, 6.0)
"""Hours ahead of which the first sentence speaks, with the end of the forecast."""
CLEARLY = 1.25
"""Times the values of which the first sentence speaks above which it names the worst moment too."""
TINY = 1e-3
"""Difference of errors, in the unit of the readings, below which there is none."""
SAME = "the same"
SOME = 0.25
"""Weight of a simulator that errs more than a naive forecast, below which it is said to add little."""
OLD = 1.5
"""Age of the last reading, in times between readings, from which it is spoken of."""


def moment(hours: float, zone: str, *, year: bool = False) -> str:
    """Return a local time as '25 Jul 14:30', or '25 Jul 2026 14:30', for hours since 1970."""
    when = instant(hours).astimezone(ZoneInfo(zone))
    return f"{when.day} {when:%b}{f' {when.year}' if year else ''} {when:%H:%M}"


def lead_words(hours: float) -> str:
    """Return a lead as '15 min', '3 h' or '3 d'."""
    return show_duration(hours * 3600)


def span_words(hours: float) -> str:
    """Return a wait to the minute, from 10 h on to the hour, such as '1 h 25 min'."""
    minutes = round(hours) * 60 if hours >= 10 else round(hours * 60)
    return f"{minutes} min" if minutes < 60 else show_duration(minutes * 60)


def amount(value: float) -> str:
    """Return a value of the readings to two or three figures."""
    return f"{to_figures(value):,.10g}" if value == value else "-"


def shown_as(forecast: Nowcast) -> Callable[[float], str]:
    """Return how values are shown: whole if all readings are."""
    whole = bool((forecast.seen.readings.values % 1 == 0).all())
    return (lambda value: amount(round(value))) if whole else amount


def opening(forecast: Nowcast) -> str:
    """Return the first sentences: what is there now, what the simulator adds, and how good the forecast has been."""
    readings, zone = forecast.seen.readings, forecast.seen.readings.zone
    if forecast.alone:
        span = lead_words(round(readings.hours[-1] - readings.hours[0], 2)) if len(readings) > 1 else "one reading"
        last = (
            f"There is no history to learn from ({span}; it takes {lead_words(HISTORY)}): this is the simulator alone. "
        )
    else:
        last = ""
    last += what_if_words(forecast) + expected_words(forecast)
    when = moment(readings.hours[-1], zone, year=True)
    last += f"{subject(forecast.seen.name)} was {amount(readings.values[-1])} at {when}"
    return " ".join(part for part in (f"{last}.", simulator_words(forecast), verdict(forecast)) if part)


def expected_words(forecast: Nowcast) -> str:
    """Return what is expected, and when: 'The queue will be about 9 at 17:00 (90 %: 1-24) and ...'."""
    shown, bands = shown_as(forecast), ends(forecast.samples[:, 0], (0.05, 0.5, 0.95))

    def about(row: int) -> str:
        low, middle, high = map(shown, bands[row])
        return f"about {middle} at {clock(forecast, forecast.times[row])} (90 %: {low}–{high})"

    words = f"{subject(forecast.seen.name)} will be {' and '.join(map(about, spoken_of(forecast)))}"
    worst = worst_row(forecast)
    return f"{words}. " if worst is None else f"{words}; at its worst, {about(worst)}. "


def spoken_of(forecast: Nowcast) -> list[int]:
    """Return the rows of the forecast of which the first sentence speaks."""
    leads = forecast.times - forecast.seen.now
    rows = {int(abs(leads - lead).argmin()) for lead in SPOKEN_OF if lead < forecast.ahead} | {len(leads) - 1}
    return sorted(rows)[-2:]


def worst_row(forecast: Nowcast) -> int | None:
    """Return the row with the largest median, or else upper end, if that lies clearly above those spoken of."""
    shown, spoken = shown_as(forecast), spoken_of(forecast)
    for column in ends(forecast.samples[:, 0], (0.5, 0.95)).T:
        row, usual = int(column.argmax()), float(column[spoken].max())
        if column[row] > CLEARLY * usual and shown(column[row]) != shown(usual):
            return row
    return None


def clock(forecast: Nowcast, hours: float) -> str:
    """Return a time as '14:30' if it is of the day of the forecast, else as '25 Jul 14:30'."""
    zone = ZoneInfo(forecast.seen.readings.zone)
    at, now = (instant(each).astimezone(zone) for each in (hours, forecast.seen.now))
    return f"{at:%H:%M}" if at.date() == now.date() else moment(hours, zone.key)


def subject(name: str) -> str:
    """Return a heading as the subject of a sentence."""
    return f"The {name}" if name in ("queue", "wait", "delay") else f"The column {name!r}"


def what_if_words(forecast: Nowcast) -> str:
    """Return what a what-if would do where it does most: 'With two more booths, 7 fewer wait at 22:00 (...)'."""
    names = " and ".join(name.replace("_", " ") for name in forecast.what_if)
    words = ""
    for quantity, shown in ((WAIT, span_words), (QUEUE, lambda value: amount(round(value)))):
        rows = [each for each in forecast.effects if each.quantity == quantity]
        if not rows:
            continue
        apart = ends(np.array([each.difference for each in rows]), (0.05, 0.5, 0.95))
        most = int(np.abs(apart[:, 1]).argmax())
        low, middle, high = (_changed(value, shown, quantity) for value in apart[most])
        if middle != SAME or not words:
            change = f"{middle} wait" if quantity == QUEUE else f"the wait is {middle}"
            words = f"With {names}, {change} at {clock(forecast, rows[most].at)} (90 %: {low} to {high}). "
    return words


def _changed(value: float, shown: Callable[[float], str], quantity: str) -> str:
    """Return a change of a queue or wait in words."""
    less, more = ("fewer", "more") if quantity == QUEUE else ("shorter", "longer")
    size = shown(abs(value))
    return SAME if size in ("0", "0 min") else f"{size} {less if value < 0 else more}"


def simulator_words(forecast: Nowcast) -> str:
    """Return what the simulator adds; '' without one."""
    if forecast.agreement is None:
        return ""
    if forecast.alone:
        return "Nothing tells how good it is."
    if not explained(forecast):
        return "No play of the simulator explains the readings; this is the blend without it."
    apart = forecast.simulator
    if apart is None:
        return f"The simulator {counting(forecast)}; there are too few days to say how good it is."
    over = f"over {apart.days} days, {lead_words(apart.lead)} ahead, it erred by {than(apart)}"
    weights = forecast.weights[:, -1]
    if weights.max() < LITTLE or (apart.error[0] > 0 and weights.max() < SOME):
        size = "nothing" if weights.max() < LITTLE else "little"
        return f"The simulator adds {size} here (at most {100 * weights.max():.0f} % of the weight): {over}."
    return f"The simulator {counting(forecast)}; {over}."


def counting(forecast: Nowcast) -> str:
    """Return how much the simulator counts by lead: 'counts for 45-58 % up to 3 h ahead, for nothing beyond'."""
    weights, leads = forecast.weights[:, -1], forecast.times - forecast.seen.now
    counts = weights >= LITTLE
    if not counts.any():
        return "counts for nothing"
    low, high = (f"{100 * end:.0f}" for end in (weights[counts].min(), weights[counts].max()))
    share = f"{low} %" if low == high else f"{low}–{high} %"
    last = int(counts.sum())
    if counts.all():
        return f"counts for {share} of the forecast"
    if counts[:last].all():
        return f"counts for {share} up to {lead_words(float(leads[last - 1]))} ahead, for nothing beyond"
    return f"counts for {share} at {last} of {len(counts)} times of the forecast, for nothing at the others"


def explained(forecast: Nowcast) -> bool:
    """Say whether a play of the simulator agrees with the readings of today."""
    return forecast.agreement is not None and forecast.agreement.explained


def today(forecast: Nowcast) -> Iterator[str]:
    """Yield what the plays of the simulator say about today."""
    if forecast.agreement is None or not explained(forecast):
        return
    agreement, zone = forecast.agreement, forecast.seen.readings.zone
    mean, low, high = (100 * (ratio - 1) for ratio in agreement.arrivals)
    yield (
        f"Arrivals since {moment(agreement.since, zone)} are {_more(mean)} than the scenario expects "
        f"(90 %: {_more(low)} to {_more(high)}), as if {agreement.effective:.0f} of {agreement.plays} plays counted."
    )


def _more(percent: float) -> str:
    return f"{abs(percent):.0f} % {'fewer' if percent < 0 else 'more'}"


def verdict(forecast: Nowcast) -> str:
    """Return how the blend compares with the best naive forecast at the longest lead that could be scored."""
    if forecast.alone:
        return ""
    if not forecast.differences:
        return "There are too few readings to say how good this forecast is."
    lead = forecast.differences[-1].lead
    best = next(each for each in forecast.differences if each.lead == lead)
    score = next(each for each in forecast.scores if each.lead == lead and each.forecast == best.forecast)
    return (
        f"{lead_words(lead)} ahead, over the last {best.days} days with readings, the forecast erred by "
        f"{amount(score.error)} on average, {than(best)}."
    )


def than(apart: Difference) -> str:
    """Return how a forecast compares with another by mean absolute error: '2.1 less than ... (95 %: 0.5-3.7 less)'."""
    mean, low, high = apart.error
    size = max(abs(low), abs(high))
    if size < TINY:
        return f"as much as {apart.against!r}"
    size_words = f"{_apart(mean, size)} {'less' if mean < 0 else 'more'}"
    words = f"{size_words} than {apart.against!r}"
    if high < 0:
        return f"{words} (95 % interval {_apart(high, size)} to {_apart(low, size)} less)"
    if low > 0:
        return f"{words} (95 % interval {_apart(low, size)} to {_apart(high, size)} more; use that one)"
    interval = f"{_apart(low, size)} less to {_apart(high, size)} more"
    return f"about as much as {apart.against!r} ({size_words}; 95 % interval {interval})"


def _apart(value: float, size: float) -> str:
    """Return the size of a difference to the figures that an interval of some size gives a meaning."""
    digits = max(0, 1 - math.floor(math.log10(size)))
    return f"{abs(value):,.{digits}f}"


def notes(forecast: Nowcast) -> Iterator[str]:
    """Yield what is wrong or unusual about the readings, a sentence each."""
    seen, readings = forecast.seen, forecast.seen.readings
    yield from (f"{note[0].upper()}{note[1:]}." for note in seen.notes)
    if seen.rejected:
        more = f" and {len(seen.rejected) - 3} more" if len(seen.rejected) > 3 else ""
        yield f"Rows that cannot be used: {'; '.join(seen.rejected[:3])}{more}."
    age = seen.now - readings.hours[-1]
    usual = sorted((readings.hours[1:] - readings.hours[:-1]).tolist())
    if age > OLD * (usual[len(usual) // 2] if usual else 1.0):
        yield f"The last reading is {lead_words(age)} old, so the bands are wider."
    gaps = readings.hours[1:] - readings.hours[:-1]
    days = int((gaps > 24).sum())
    if days:
        longest = int(gaps.argmax())
        where = (
            f"{moment(readings.hours[longest], readings.zone)} to {moment(readings.hours[longest + 1], readings.zone)}"
        )
        yield f"Gaps of more than a day: {days}, the longest from {where}; they are left open."
    yield from today(forecast)
    if forecast.outlook and not forecast.alone and forecast.weights[-1, -1] < LITTLE:
        yield (
            f"Who joins and who is stuck is told by the simulator, which {counting(forecast)}: "
            "do not rely on it where it counts for nothing."
        )
    if forecast.evidence:
        yield forecast.evidence
    for each in forecast.breaks:
        if readings.hours[-1] - readings.hours[each.known] <= BREAK_SHOWN:
            yield break_words(each, forecast)


def break_words(each: Break, forecast: Nowcast) -> str:
    """Return a break as a sentence."""
    readings = forecast.seen.readings
    since = f"since {moment(readings.hours[max(each.start, 0)], readings.zone)}"
    again = "weights and bands started again"
    if each.kind == "jump":
        return f"The readings jumped from {amount(each.before)} to {amount(each.size)} and stayed there {since}."
    if each.kind == "noise":
        return f"The readings scatter {amount(each.size)} times as much {since}; {again}."
    if each.kind == "digits":
        return f"The readings are multiples of {each.size:g}, before of {each.before:g}, {since}; {again}."
    if each.kind == "clock":
        return f"The course of the day lies {each.size:+.0f} h {since}: perhaps the clock of the feed; {again}."
    return f"A reading comes every {lead_words(each.size)}, before every {lead_words(each.before)}, {since}; {again}."
