"""Imports counts of arrivals, or arrivals one by one: rates by hour and weekday, and how much days differ."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.errors import SimError
from sim.scenario.model.quantities import WEEKDAYS
from sim.scenario.text.edit import Edit
from sim.table.columns import Role
from sim.table.numbers import words_of
from sim.table.reader import Reader
from sim.table.times import local_seconds, text_of
from sim.verbs.intake.counts import DAY, HOUR, LEAST_CV, LEVEL, Bins, Counted, Profile, count_up
from sim.verbs.intake.finding import Finding, date_of, dated, figures, passport, period_of, rate_text, share_text
from sim.verbs.intake.request import KINDS, Target, Wanted, classes_of, clean_name, kind_by

BEGIN = Role(
    ("arrival", "arrived", "joined", "from", "begin", "start", "time", "hour", "date", "datetime", "timestamp", "at",
     "day", "interval", "period", "local", "utc"),
    ("until", "end", "to", "exit", "departure", "service", "served", "hung", "left"),
    alone=True,
)  # fmt: skip
END = Role(("until", "end", "to"))
COUNT = Role(
    ("count", "counts", "arrivals", "arriving", "parties", "vehicles", "cars", "trucks", "people", "passengers", "pax",
     "travellers", "travelers", "pedestrians", "calls", "number", "total", "volume", "n", "num"),
    ("wait", "delay", "min", "minutes", "booths", "lanes", "servers", "agents", "share", "bins", "flights", "id",
     "hour", "per", "open", "queue", "waiting"),
    alone=True,
)  # fmt: skip
CLASS = Role(("class", "kind", "type", "category", "mode", "vehicle", "lane"), ("id",))
MOST_ODD, MOST_BURST = 12, 6.0


class _OfClass(NamedTuple):
    """The rows of one class, and the number of parties in each; None where each row is one arrival."""

    cls: str
    kind: str
    rows: NDArray[np.bool_]
    number: Floats | None


def arrivals(reader: Reader, target: Target, wanted: Wanted) -> Finding:
    """Return what a file of counts (or of single arrivals) says about the demand of each class."""
    begin = reader.instants("time", BEGIN)
    dated(reader)
    assert begin is not None
    parts = _by_class(reader, target, wanted, len(begin))
    counted_at_all = parts[0].number is not None
    end = reader.instants("until", END, needed=False) if counted_at_all else None
    if not counted_at_all:
        reader.notes.append("no column has counts, so each row is one arrival")
    period, days = period_of(reader, begin)
    finding = Finding(f"Arrivals in {reader.table.path.name}", days=days)
    for part in parts:
        cls = part.cls
        counted = count_up(_bins(reader, _Rows(begin, end, part.number), part.rows, wanted))
        _tell(finding, cls, counted)
        finding.classes[cls] = part.kind
        if len(counted.days.day):
            finding.days = (days[0], max(int(counted.days.day[-1]), finding.days[1] if cls != parts[0].cls else 0))
        finding.busiest += max(p.rate * p.hours.max() * p.weekdays.max() for _, _, p in counted.groups)
        value = _replayed(finding, target, cls, counted) if wanted.replay else _parts(counted, reader, period)
        finding.edits.append(_edit(target, wanted, cls, value))
        finding.drawers[f"arrivals_{cls}"] = partial(_draw, counted, cls, target.zone)
    return finding


def _by_class(reader: Reader, target: Target, wanted: Wanted, rows: int) -> list[_OfClass]:
    """Return the rows and numbers of each class: by columns of their own, or by names in a column."""
    everything = np.ones(rows, bool)
    names = reader.names("class", CLASS) if wanted.cls is None else None
    columns = {} if names or wanted.cls or "count" in wanted.columns else _a_column_each(reader, target)
    if columns:
        found = []
        for heading, cls in columns.items():
            count = reader.numbers(f"count of {cls}", Role((), ()), heading=heading)
            found.append(_OfClass(cls, kind_by(f"{cls} {heading}"), everything, count))
        return found
    count = reader.numbers("count", COUNT, needed=False)
    heading = next((each.column for each in reader.understood if each.role == "count"), "")
    classes, left = classes_of(target, wanted, names, f"{heading} {reader.table.path.stem}")
    for name, lost in left.items():
        reader.notes.append(f"{lost:,} rows of {name!r} are left out: {target.path} has no such class")
    labels = np.array([name or "" for name in names]) if names else np.full(rows, "")
    return [
        _OfClass(
            cls,
            kind_by(f"{cls} {heading}"),
            np.isin(labels, [name for name, of in classes.items() if of == cls]) | ("" in classes),
            count,
        )
        for cls in dict.fromkeys(classes.values())
    ]


def _a_column_each(reader: Reader, target: Target) -> dict[str, str]:
    """Return the class of each column of counts, if several columns are named after classes; else nothing."""
    classes: dict[str, str] = {}
    for heading in reader.unused:
        words = set(words_of(heading))
        if words & set(COUNT.against) or not reader.is_of(heading, "number"):
            continue
        if target.scenario:
            cls = target.class_called(heading)
        else:
            cls = clean_name(heading) if words & set(KINDS) else None
            cls = kind_by(heading) if cls and len(words) == 1 and kind_by(heading) != "foot" else cls
        if cls is not None and cls not in classes.values():
            classes[heading] = cls
    return classes if len(classes) > 1 else {}


def _draw(counted: Counted, cls: str, zone: str) -> Any:
    from sim.verbs.intake.pictures import draw_arrivals

    return draw_arrivals(counted, cls, zone)


class _Rows(NamedTuple):
    """The rows of a file: begin and end of each count (s since 1970), and the number; None where there is no column."""

    begin: Floats
    end: Floats | None
    number: Floats | None


def _bins(reader: Reader, rows: _Rows, mine: NDArray[np.bool_], wanted: Wanted) -> Bins:
    """Return the counted intervals of one class, in order, with gaps told or filled."""
    begin, end, count = rows
    good = mine & np.isfinite(begin)
    if count is not None:
        negative = good & (count < 0)
        for row in np.flatnonzero(negative):
            reader.reject(int(row), f"a count below 0: {count[row]:g}")
        good &= np.isfinite(count) & ~negative
    local = local_seconds(begin, reader.zone)
    for limit, outside in ((wanted.since, np.less), (wanted.until, np.greater_equal)):
        if limit is not None:
            good &= ~outside(local, np.datetime64(limit, "s").astype(float))
    if good.sum() < 2:
        raise SimError(f"{reader.table.path}: has fewer than two rows with a time and a count to learn from")
    if count is None:
        bins = _from_events(begin[good])
    else:
        lengths = end[good] - begin[good] if end is not None else None
        bins = _from_counts(reader, begin[good], lengths, count[good], wanted)
    return Bins(local_seconds(bins.begin, reader.zone), bins.length, bins.count)


def _from_events(at: Floats) -> Bins:
    """Return hourly counts of single arrivals, zeros within the first and last one included."""
    first, last = np.floor(at.min() / HOUR), np.floor(at.max() / HOUR)
    hours = np.arange(first, last + 1)
    count = np.bincount((np.floor(at / HOUR) - first).astype(int), minlength=len(hours)).astype(float)
    return Bins(hours * HOUR, np.full(len(hours), HOUR), count)


def _from_counts(reader: Reader, begin: Floats, lengths: Floats | None, count: Floats, wanted: Wanted) -> Bins:
    at, place = np.unique(begin, return_inverse=True)
    count = np.asarray(count, float)
    if len(at) < len(begin):
        reader.notes.append(f"{len(begin) - len(at):,} rows repeat the time of another; their counts are added")
    totals = np.asarray(np.bincount(place, count, len(at)), float)
    usual = _usual_length(at) if lengths is None else float(np.median(lengths))
    if usual <= 0:
        raise SimError(f"{reader.table.path}: the rows do not tell how long each count lasts; add a column `until`")
    length = np.full(len(at), usual)
    if lengths is not None:
        length[place] = lengths
    if np.any(length <= 0):
        raise SimError(f"{reader.table.path}: {int(np.sum(length <= 0))} counts end before they begin")
    step = f"{usual / 60:g} min" if usual < HOUR else f"{usual / HOUR:g} h" if usual < DAY else f"{usual / DAY:g} d"
    reader.notes.append(f"counts of {step} each: {len(at):,}, {totals.sum():,.0f} parties in all")
    return _spread(_without_gaps(reader, Bins(at, length, totals), usual, wanted))


def _without_gaps(reader: Reader, bins: Bins, usual: float, wanted: Wanted) -> Bins:
    """Tell how many counts have no row, and fill them with zeros if the user says that nobody came."""
    at = bins.begin
    missing = round((at[-1] - at[0]) / usual) + 1 - len(at)
    if missing <= 0 or usual > DAY:
        return bins
    share = missing / (len(at) + missing)
    if not wanted.gaps_are_zero:
        reader.notes.append(
            f"{missing:,} counts ({share:.0%}) have no row; they are gaps, not zeros (if nobody came then, say "
            "--gaps-are-zero)"
        )
        return bins
    grid = np.arange(len(at) + missing) * usual + at[0]
    new = grid[~np.isin(np.round(grid), np.round(at))]
    reader.notes.append(f"{len(new):,} counts ({share:.0%}) have no row; they are taken as 0, as you say")
    begin = np.concatenate([at, new])
    order = np.argsort(begin, kind="stable")
    length = np.concatenate([bins.length, np.full(len(new), usual)])
    count = np.concatenate([bins.count, np.zeros(len(new))])
    return Bins(begin[order], length[order], count[order])


def _usual_length(at: Floats) -> float:
    """Return the usual time between two counts, s."""
    steps, times = np.unique(np.round(np.diff(at)), return_counts=True)
    return float(steps[np.argmax(times)]) if len(steps) else 0.0


def _spread(bins: Bins) -> Bins:
    """Return counts of several hours as counts of one hour each, of equal size; those of days stay whole."""
    several = round(float(np.median(bins.length)) / HOUR)
    if not 1 < several < 24:
        return bins
    hours = (bins.begin[:, None] + np.arange(several) * HOUR).ravel()
    return Bins(hours, np.full(len(hours), HOUR), np.repeat(bins.count / several, several))


def _tell(finding: Finding, cls: str, counted: Counted) -> None:
    """Add the sentences, facts and table about one class."""
    dispersion, bursts = counted.dispersion, counted.bursts
    rate = sum(profile.rate for _, _, profile in counted.groups)
    error = _error_of_rate(counted)
    say = finding.sentences.append
    say(f"{cls}: {figures(rate):g} parties an hour on average ({figures(24 * rate):,g} a day), ±{error:.1%} (90 %).")
    if len(counted.groups) > 1:
        say(f"{cls}: hours differ between working days and weekends, so each has its own profile.")
    for _, days, profile in counted.groups:
        if profile.unseen_hours:
            say(f"{cls}: no day has a row for {_hours(profile.unseen_hours)}, so nobody comes then.")
        unseen = [WEEKDAYS[day] for day in profile.unseen_weekdays if day in days]
        if unseen:
            say(f"{cls}: no row on {', '.join(unseen)}; these days are taken as the mean of the others.")
    if not counted.by_hour:
        say(f"{cls}: the counts are of whole days, so there is no profile by hour; the file keeps none.")
    say(_days_sentence(cls, counted))
    if bursts.p < LEVEL and bursts.ratio > 1.15:
        say(f"{cls}: {_bursts_sentence(counted)}")
    if counted.drift:
        say(
            f"{cls}: arrivals {'rise' if counted.drift > 0 else 'fall'} by {abs(counted.drift):.0%} in four weeks; the "
            "rate is the mean of the period (take a later part with --since)."
        )
    if len(counted.odd.day):
        listed = [
            f"{date_of(int(day))} (×{count / expected:.2g})"
            for day, count, expected in zip(
                counted.odd.day[:MOST_ODD], counted.odd.count, counted.odd.expected, strict=False
            )
        ]
        more = f" and {len(counted.odd.day) - MOST_ODD} more" if len(counted.odd.day) > MOST_ODD else ""
        say(
            f"{cls}: unusual days are left out of the rates: {', '.join(listed)}{more}. They may be holidays or faults "
            "of the counter."
        )
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


def _error_of_rate(counted: Counted) -> float:
    """Return half the 90 % interval of the mean rate as a share: by the differences of days, and by chance."""
    days = max(counted.dispersion.days, 1)
    total = max(float(counted.bins.count.sum()), 1.0)
    follows = min(max(counted.dispersion.alike, 0.0), 0.9)
    by_days = counted.dispersion.cv / math.sqrt(days * (1 - follows) / (1 + follows))
    return 1.645 * math.hypot(by_days, math.sqrt(counted.bursts.ratio / total))


def _days_sentence(cls: str, counted: Counted) -> str:
    dispersion = counted.dispersion
    if dispersion.days < 5:
        return f"{cls}: only {dispersion.days} full days, too few to say how much days differ."
    interval = f"90 % interval {dispersion.low:.1%} to {dispersion.high:.1%}, {dispersion.days} days"
    if not differs(counted):
        return f"{cls}: days do not differ by more than chance ({interval})."
    alike = ""
    if dispersion.alike > 2 / math.sqrt(dispersion.days):
        alike = (
            f" A day is like the day before (correlation {dispersion.alike:.2f}); the model draws days independently."
        )
    return (
        f"{cls}: days differ by more than chance, by a factor with a coefficient of variation of {dispersion.cv:.1%} "
        f"({interval}; Poisson days would show this with a probability {_p(dispersion.p)}).{alike}"
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


def _parts(counted: Counted, reader: Reader, period: str) -> dict[str, Any]:
    """Return the parts of the demand of a class."""
    method = "Poisson means by hour and weekday" if counted.by_hour else "Poisson means by weekday"
    parts = {}
    for name, _, profile in counted.groups:
        constant = _constant(profile, counted, reader, period, method)
        part: dict[str, Any] = {"constant": constant}
        if differs(counted):
            cv = passport(share_text(counted.dispersion.cv), reader, period, "negative binomial totals of days")
            part["day_factor"] = cv
        if comes_in_bursts(counted):
            law = passport(_burst_law(counted.bursts.ratio), reader, period, "variance over mean of counts within days")
            part["bursts"] = law
        parts[name] = part
    return parts


def _constant(profile: Profile, counted: Counted, reader: Reader, period: str, method: str) -> dict[str, Any]:
    error = _error_of_rate(counted)
    low, high = (rate_text(profile.rate * factor) for factor in (1 - error, 1 + error))
    rate = passport(rate_text(profile.rate), reader, period, method)
    constant: dict[str, Any] = {"rate": {**rate, "uncertainty": f"{low} to {high} (90 %)"}}
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


def _replayed(finding: Finding, target: Target, cls: str, counted: Counted) -> dict[str, Any]:
    """Return a part that plays the counts as they were, from a file beside the scenario."""
    bins = counted.bins
    name = f"{target.path.stem}_{cls}_counts.csv"
    # local times are written as they were read
    begin, end = (_local_text(at) for at in (bins.begin, bins.begin + bins.length))
    finding.files[name] = {"from": begin, "until": end, "count": np.round(bins.count).astype(np.int64)}
    return {"counted": {"table": name, "exact": True}}


def _local_text(local: Floats) -> NDArray[Any]:
    return np.array([text_of(float(at), "UTC") for at in local])


def _edit(target: Target, wanted: Wanted, cls: str, parts: dict[str, Any]) -> Edit:
    """Return the edit that puts the parts in place of those that the class has, or of the one named by --part."""
    path = ("crossings", target.crossing, "demand", cls)
    there = target.scenario.crossings[target.crossing].demand.get(cls, {}) if target.scenario else {}
    if wanted.part is None and len(there) > 1:
        raise SimError(
            f"{target.path}: the demand of {cls} has the parts {', '.join(there)}; which one is replaced (--part)?"
        )
    if wanted.part is None or (len(there) <= 1 and (not there or wanted.part in there)):
        name = wanted.part
        return Edit(path, {name: next(iter(parts.values()))} if name and len(parts) == 1 else parts)
    if len(parts) > 1:
        raise SimError(
            f"{target.path}: working days and weekends differ, so {wanted.part} would become two parts; take the other "
            f"parts out of the demand of {cls} first"
        )
    return Edit((*path, wanted.part), next(iter(parts.values())))
