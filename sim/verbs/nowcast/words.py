"""A forecast in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sim.units import show_duration, to_figures
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
TINY = 1e-3
"""Difference of errors, in the unit of the readings, below which there is none."""
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
    last += expected_words(forecast)
    last += f"{forecast.seen.name} was {amount(readings.values[-1])} at {moment(readings.hours[-1], zone, year=True)}"
    return " ".join(part for part in (f"{last}.", simulator_words(forecast), verdict(forecast)) if part)


def expected_words(forecast: Nowcast) -> str:
    """Return what is expected, and when: 'queue will be about 9 at 17:00 (90 %: 1-24) and ...'."""
    leads = forecast.times - forecast.seen.now
    rows = sorted({int(abs(leads - lead).argmin()) for lead in SPOKEN_OF if lead < forecast.ahead} | {len(leads) - 1})
    shown = shown_as(forecast)
    parts = []
    for row in rows[-2:]:
        low, middle, high = ends(forecast.samples[row : row + 1, 0], (0.05, 0.5, 0.95))[0]
        at, now = (
            instant(hours).astimezone(ZoneInfo(forecast.seen.readings.zone))
            for hours in (forecast.times[row], forecast.seen.now)
        )
        when = f"{at:%H:%M}" if at.date() == now.date() else moment(forecast.times[row], forecast.seen.readings.zone)
        parts.append(f"about {shown(middle)} at {when} (90 %: {shown(low)}–{shown(high)})")
    return f"{forecast.seen.name} will be {' and '.join(parts)}. "


def simulator_words(forecast: Nowcast) -> str:
    """Return what the simulator adds; '' without one."""
    if forecast.agreement is None:
        return ""
    if forecast.alone:
        return "Nothing tells how good it is."
    if not explained(forecast):
        return "No play of the simulator explains the readings; this is the blend without it."
    share = f"{100 * forecast.weights[-1, -1]:.0f} %"
    apart = forecast.simulator
    if apart is None:
        return f"The simulator has {share} of the weight at the end; there are too few days to say how good it is."
    over = f"over {apart.days} days, {lead_words(apart.lead)} ahead"
    if apart.error[0] > 0 or forecast.weights[-1, -1] < LITTLE:
        return f"The simulator adds nothing here ({share} of the weight): {over}, it erred by {than(apart)}."
    return f"The simulator has {share} of the weight at the end; {over}, it erred by {than(apart)}."


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
        f"Arrivals since {moment(agreement.since, zone)} are {mean:+.0f} % against what the scenario expects "
        f"(90 %: {low:+.0f} to {high:+.0f} %); the estimate is worth {agreement.effective:.0f} of "
        f"{agreement.plays} plays."
    )


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
    words = f"{_apart(mean, size)} {'less' if mean < 0 else 'more'} than {apart.against!r}"
    if high < 0:
        return f"{words} (95 % interval {_apart(high, size)} to {_apart(low, size)} less)"
    if low > 0:
        return f"{words} (95 % interval {_apart(low, size)} to {_apart(high, size)} more; use that one)"
    interval = f"{_apart(low, size)} less to {_apart(high, size)} more"
    return f"{words}, which the data do not tell apart (95 % interval {interval})"


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
        yield "Who joins and who is stuck is told by a simulator that adds nothing here: do not rely on it."
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
