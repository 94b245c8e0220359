"""What counts of arrivals say, in sentences and as parts of the demand of a class."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.scenario.model.quantities import WEEKDAYS
from sim.table.counts import FEW_DAYS, LEAST_CV, LEVEL, Counted, Profile
from sim.table.reader import Reader
from sim.verbs.intake.finding import Finding, date_of, figures, passport, rate_text, share_text
from sim.verbs.intake.holiday import holidays_of

MOST_ODD, MOST_BURST = 12, 6.0
"""Unusual days that are listed, and the largest variance over mean that is written as bursts."""


def tell(finding: Finding, cls: str, counted: Counted, zone: str) -> None:
    """Add the sentences and facts about one class; `zone` is that of the port."""
    dispersion, bursts = counted.dispersion, counted.bursts
    rate = sum(profile.rate for _, _, profile in counted.groups)
    error = _error_of_rate(counted)
    say = finding.sentences.append
    told_error = f", ±{error:.1%} (90 %)" if math.isfinite(error) else ""
    say(f"{cls}: {figures(rate):g} parties an hour on average ({figures(24 * rate):,g} a day){told_error}.")
    if len(counted.groups) > 1:
        say(f"{cls}: hours differ between working days and weekends, so each has its own profile.")
    for _, days, profile in counted.groups:
        finding.sentences += [f"{cls}: {line}" for line in _hours_without_rows(counted, profile)]
        unseen = [WEEKDAYS[day] for day in profile.unseen_weekdays if day in days]
        if unseen:
            say(f"{cls}: no row on {', '.join(unseen)}; these days are taken as the mean of the others.")
    say(_days_sentence(cls, counted))
    if bursts.p < LEVEL and bursts.ratio > 1.15:
        say(f"{cls}: {_bursts_sentence(counted)}")
    if counted.drift:
        say(
            f"{cls}: arrivals {'rise' if counted.drift > 0 else 'fall'} by {abs(counted.drift):.0%} in four weeks; the "
            "rate is the mean of the period (take a later part with --since)."
        )
    if len(counted.odd.day):
        names = holidays_of(zone, counted.odd.day)
        listed = [
            f"{date_of(int(day))} (×{count / expected:.2g}{', ' + names[int(day)] if int(day) in names else ''})"
            for day, count, expected in zip(
                counted.odd.day[:MOST_ODD], counted.odd.count, counted.odd.expected, strict=False
            )
        ]
        more = f" and {len(counted.odd.day) - MOST_ODD} more" if len(counted.odd.day) > MOST_ODD else ""
        what = "The others may be" if names else "They may be holidays or"
        say(f"{cls}: unusual days are left out of the rates: {', '.join(listed)}{more}. {what} faults of the counter.")
    finding.facts[cls] = {
        "rate_per_hour": rate,
        "rate_error": error,
        "day_cv": dispersion.cv,
        "day_cv_90": [dispersion.low, dispersion.high],
        "day_p": dispersion.p,
        "days": dispersion.days,
        "variance_over_mean": bursts.ratio,
        "bursts_p": bursts.p,
        "drift_four_weeks": counted.drift,
        "unusual_days": [date_of(int(day)) for day in counted.odd.day],
    }


def _hours_without_rows(counted: Counted, profile: Profile) -> list[str]:
    lines = []
    days = len(np.unique(counted.bins.day))
    seen = "one day was" if days == 1 else f"only {days} days were"
    if profile.filled_hours:
        lines.append(
            f"no day has a row for {_hours(profile.filled_hours)}, between hours with rows; as {seen} counted, they "
            "are taken as missing and filled by straight lines, not as closed."
        )
    if profile.unseen_hours:
        few = f" But {seen} counted: if it was open then, the demand is too small." if days < FEW_DAYS else ""
        lines.append(f"no day has a row for {_hours(profile.unseen_hours)}, so the post is taken as closed then.{few}")
    return lines


def _error_of_rate(counted: Counted) -> float:
    """Return half the 90 % interval of the mean rate as a share: by the differences of days, and by chance."""
    days = max(counted.dispersion.days, 1)
    total = max(float(counted.bins.count.sum()), 1.0)
    follows = min(max(counted.dispersion.alike, 0.0), 0.9)
    by_days = counted.dispersion.cv / math.sqrt(days * (1 - follows) / (1 + follows))
    if not math.isfinite(counted.dispersion.high):
        return math.nan
    return 1.645 * math.hypot(by_days, math.sqrt(counted.bursts.ratio / total))


def _days_sentence(cls: str, counted: Counted) -> str:
    dispersion = counted.dispersion
    if not math.isfinite(dispersion.high):
        return f"{cls}: {dispersion.days} full days are too few to tell how much days differ from each other."
    interval = f"90 % interval {dispersion.low:.1%} to {dispersion.high:.1%}, {dispersion.days} days"
    if not differs(counted):
        return f"{cls}: no sign that days differ by more than chance and weekday ({interval})."
    alike = ""
    if dispersion.alike > 2 / math.sqrt(dispersion.days):
        alike = (
            f" A day is like the day before (correlation {dispersion.alike:.2f}); the model draws days independently."
        )
    groups = "" if counted.by_hour else " Parties that come in groups would look the same in counts of whole days."
    return (
        f"{cls}: days differ by more than chance, by a factor with a coefficient of variation of {dispersion.cv:.1%} "
        f"({interval}; Poisson days would show this with a probability {_p(dispersion.p)}).{groups}{alike}"
    )


def differs(counted: Counted) -> bool:
    """Say whether days differ enough for a factor in the file."""
    return counted.dispersion.p < LEVEL and counted.dispersion.cv >= LEAST_CV


def comes_in_bursts(counted: Counted) -> bool:
    """Say whether the scatter within days is written as parties that come together."""
    return counted.bursts.p < LEVEL and 1.15 < counted.bursts.ratio <= MOST_BURST


def _p(p: float) -> str:
    return "below 0.001" if p < LEVEL else f"of {p:.2g}"


def _bursts_sentence(counted: Counted) -> str:
    ratio = counted.bursts.ratio
    what = f"within a day, counts scatter {figures(ratio, 2):g} times as much as independent arrivals would"
    if comes_in_bursts(counted):
        return f"{what}, as if parties came in groups; the file says so (`bursts`)."
    return (
        f"{what}, too much for groups of parties: hours differ from day to day (coefficient of variation "
        f"{counted.bursts.cv:.0%}), and the model has no such rule. A timetable has it, or the counts themselves "
        "(--replay)."
    )


def _hours(hours: tuple[int, ...]) -> str:
    shown = ", ".join(f"{hour:02d}" for hour in hours)
    return f"the hours {shown}" if len(hours) > 1 else f"the hour {shown}"


def parts_of(counted: Counted, reader: Reader, period: str, kept_hours: Any = None) -> dict[str, Any]:
    """Return the parts of the demand of a class; `kept_hours` is a profile by hour that stays."""
    method = "Poisson means by hour and weekday" if counted.by_hour else "Poisson means by weekday"
    parts = {}
    for name, _, profile in counted.groups:
        constant = _constant(profile, counted, reader, period, method)
        if kept_hours is not None:
            constant["hours"] = kept_hours
        part: dict[str, Any] = {"constant": constant}
        if differs(counted):
            cv = passport(
                share_text(counted.dispersion.cv), reader, period, "variance of the totals of days beyond chance"
            )
            part["day_factor"] = cv
        if comes_in_bursts(counted):
            law = passport(_burst_law(counted.bursts.ratio), reader, period, "variance over mean of counts within days")
            part["bursts"] = law
        parts[name] = part
    return parts


def _constant(profile: Profile, counted: Counted, reader: Reader, period: str, method: str) -> dict[str, Any]:
    error = _error_of_rate(counted)
    rate = passport(rate_text(profile.rate), reader, period, method)
    if math.isfinite(error):
        low, high = (rate_text(max(profile.rate * factor, 0.0)) for factor in (1 - error, 1 + error))
        rate["uncertainty"] = f"{low} to {high} (90 %)"
    constant: dict[str, Any] = {"rate": rate}
    if counted.by_hour:
        factors = [figures(factor) for factor in profile.hours]
        constant["hours"] = passport(factors, reader, period, "shares of the hours in these counts")
    weekdays = {day: figures(factor) for day, factor in zip(WEEKDAYS, profile.weekdays, strict=True)}
    if any(abs(factor - 1) > 1e-6 for factor in weekdays.values()):
        constant["weekdays"] = passport(weekdays, reader, period, "shares of the days in these counts")
    return constant


def _burst_law(ratio: float) -> int | dict[str, str]:
    """Return sizes of bursts whose mean square over mean is `ratio`: one whole number, or two with their shares."""
    low = math.floor(ratio)
    high = low + 1
    # share s of the larger: (low^2 (1 - s) + high^2 s) = ratio (low (1 - s) + high s)
    s = (ratio * low - low**2) / (high**2 - low**2 - ratio * (high - low))
    if s < 0.005:
        return low
    share = round(100 * s, 1)
    return {str(low): f"{100 - share:g} %", str(high): f"{share:g} %"}
