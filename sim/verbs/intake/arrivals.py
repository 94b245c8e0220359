"""Imports counts of arrivals, or arrivals one by one: rates by hour and weekday, and how much days differ."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import units
from sim.arrays import Floats
from sim.errors import SimError
from sim.scenario.text.edit import Edit
from sim.table.columns import Role
from sim.table.counts import DAY, HOUR, Bins, Counted, count_up
from sim.table.numbers import words_of
from sim.table.reader import Reader
from sim.table.times import local_seconds
from sim.verbs.intake.demand_parts import parts_of, tell
from sim.verbs.intake.finding import Finding, dated, passport, period_of
from sim.verbs.intake.replay import groups_in, replayed_counts, size_of_groups
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
     "anzahl", "nombre", "liczba", "количество", "кількість", "travellers", "travelers", "pedestrians", "calls",
     "fahrzeuge", "pkw", "lkw", "voitures", "véhicules", "автомобили", "автомобілі", "number", "total", "volume", "n",
     "num"),
    ("wait", "delay", "min", "minutes", "booths", "lanes", "servers", "agents", "share", "bins", "flights", "id",
     "hour", "per", "open", "queue", "waiting", "suspended", "closed"),
)  # fmt: skip
SENTINELS = (999, 9999, 99999, 999999)
"""Numbers that stand for no count in some files."""
CLASS = Role(("class", "kind", "type", "category", "mode", "vehicle", "lane"), ("id",))


class _OfClass(NamedTuple):
    """The rows of one class, and the number of parties in each; None where each row is one arrival."""

    cls: str
    kind: str
    rows: NDArray[np.bool_]
    number: Floats | None


def read_arrivals(reader: Reader, target: Target, wanted: Wanted) -> Finding:
    """Return what a file of counts (or of single arrivals) says about the demand of each class."""
    begin = reader.instants("time", BEGIN)
    dated(reader)
    assert begin is not None
    parts = _by_class(reader, target, wanted, begin)
    counted_at_all = parts[0].number is not None
    end = reader.instants("until", END, needed=False) if counted_at_all else None
    if not counted_at_all:
        reader.notes.append("no column has counts, so each row is one arrival")
    period, days = period_of(reader, begin)
    finding = Finding(f"Arrivals in {reader.table.path.name}", days=days)
    for part in parts:
        cls = part.cls
        noted = len(reader.notes)
        bins = _bins(reader, _Rows(begin, end, part.number), part.rows, wanted)
        reader.notes[noted:] = [f"{cls}: {note}" for note in reader.notes[noted:]]
        groups = groups_in(reader, begin, bins) if len(parts) == 1 else None
        bins = replace(bins, begin=local_seconds(bins.begin, target.zone))
        counted = count_up(_spread(bins))
        if counted.bins.spread:
            finding.sentences.append(f"{cls}: each count is spread evenly over its time; what days differ is not told.")
        tell(finding, cls, counted, target.zone)
        finding.classes[cls] = part.kind
        if len(counted.days.day):
            finding.days = (days[0], max(int(counted.days.day[-1]), finding.days[1] if cls != parts[0].cls else 0))
        finding.busiest += max(p.rate * p.hours.max() * p.weekdays.max() for _, _, p in counted.groups)
        if wanted.replay:
            value = replayed_counts(finding, reader, target, (cls, bins, groups))
        else:
            kept = None if counted.by_hour else _hours_kept(target, wanted, cls)
            value = parts_of(counted, reader, period, kept)
            if groups is not None:
                _add_groups(finding, reader, value, (cls, size_of_groups(bins, groups)))
            if not counted.by_hour and not counted.bins.spread:
                what = "the hours of the file stay" if kept else "arrivals are even over the day"
                finding.sentences.append(f"{cls}: the counts are of whole days, so {what}.")
        finding.edits.append(_edit(target, wanted, cls, value))
        finding.drawers[f"arrivals_{cls}"] = partial(_draw, counted, cls, target.zone)
    return finding


def _add_groups(finding: Finding, reader: Reader, parts: dict[str, Any], group: tuple[str, int]) -> None:
    """Let parties come together, as many as a group (such as a flight) brings."""
    cls, size = group
    for part in parts.values():
        part["bursts"] = passport(size, reader, "", "parties over groups in these counts")
    finding.sentences.append(f"{cls}: the file tells groups too; each brings {size} parties at once (`bursts`).")


def _by_class(reader: Reader, target: Target, wanted: Wanted, begin: Floats) -> list[_OfClass]:
    """Return the rows and numbers of each class: by columns of their own, or by names in a column."""
    everything = np.ones(len(begin), bool)
    names = reader.names("class", CLASS) if wanted.cls is None else None
    columns = {} if names or "count" in wanted.columns else _a_column_each(reader, target)
    if wanted.cls is not None:
        columns = {heading: cls for heading, cls in columns.items() if cls == wanted.cls}
    if columns:
        found = []
        for heading, cls in columns.items():
            count = _checked(reader, reader.numbers(f"count of {cls}", COUNT, heading=heading))
            found.append(_OfClass(cls, kind_by(f"{cls} {heading}"), everything, count))
        return found
    count = _counts(reader, begin)
    heading = next((each.column for each in reader.understood if each.role == "count"), "")
    classes, left = classes_of(target, wanted, names, f"{heading} {reader.table.path.stem}")
    for name, lost in left.items():
        reader.notes.append(f"{lost:,} rows of {name!r} are left out: {target.path} has no such class")
    labels = np.array([name or "" for name in names]) if names else np.full(len(begin), "")
    return [
        _OfClass(
            cls,
            kind_by(f"{cls} {heading}"),
            np.isin(labels, [name for name, of in classes.items() if of == cls]) | ("" in classes),
            count,
        )
        for cls in dict.fromkeys(classes.values())
    ]


def _counts(reader: Reader, begin: Floats) -> Floats | None:
    """Return the counts, None if each row is one arrival. Raises SimError if it cannot be told.

    Without a heading that says it, a lone column of numbers has counts only if the times are evenly spaced.
    """
    heading = reader.find("count", COUNT, "number")
    if heading is None:
        others = [name for name in reader.unused if reader.is_of(name, "number")]
        lone = [name for name in others if not set(words_of(name)) & set(COUNT.against)]
        if _evenly_spaced(begin) and len(lone) == 1 and len(others) == 1:
            heading = lone[0]
        elif _evenly_spaced(begin) or _has_readings(reader):
            raise SimError(
                f"{reader.table.path}: no column is clearly the count of arrivals; name it with "
                f"--column count=HEADING. The columns are {', '.join(reader.table.columns)}"
            )
    return None if heading is None else _checked(reader, reader.numbers("count", COUNT, heading=heading))


def _evenly_spaced(begin: Floats) -> bool:
    """Say whether nearly all distances between times are the same, as of counts and not of arrivals."""
    at = np.unique(begin[np.isfinite(begin)])
    if len(at) < 3:
        return len(at) == 2
    steps = np.round(np.diff(at))
    return bool(np.mean(steps == np.median(steps)) > 0.7)


def _has_readings(reader: Reader) -> bool:
    """Say whether the rows are readings of something, such as waits or open lanes, and not of arrivals."""
    time = next(each.column for each in reader.understood if each.role == "time")
    if {"arrival", "arrived", "joined", "entry"} & set(words_of(time)):
        return False
    words = {word for name in reader.unused for word in words_of(name)}
    return bool(words & {"wait", "delay", "open", "lanes", "queue", "waiting", "status", "min", "minutes"})


def _checked(reader: Reader, count: Floats | None) -> Floats | None:
    """Take out numbers that stand for nothing, such as 9999. Raises SimError if the counts are a running total."""
    if count is None:
        return None
    usual = float(np.nanmedian(count)) if np.isfinite(count).any() else 0.0
    fake = np.isin(count, SENTINELS) & (count > 20 * max(usual, 1.0))
    for row in np.flatnonzero(fake):
        reader.reject(int(row), f"{count[row]:g} stands for no count")
    count = np.where(fake, np.nan, count)
    broken = count[np.isfinite(count) & (count != np.round(count))]
    if len(broken):
        reader.notes.append(
            f"counts that are not whole: {len(broken):,}, such as {broken[0]:g}; they are taken as they are"
        )
    steps = np.diff(count[np.isfinite(count)])
    if len(steps) > 30 and np.mean(steps >= 0) > 0.99 and np.mean(steps > 0) > 0.5:
        raise SimError(
            f"{reader.table.path}: the counts never fall, as of a counter that runs on; give their differences"
        )
    return count


def _a_column_each(reader: Reader, target: Target) -> dict[str, str]:
    """Return the class of each column of counts, if several columns are named after classes; else nothing.

    A column of a kind that the scenario has no class for is told.
    """
    classes: dict[str, str] = {}
    strange: dict[str, str] = {}
    for heading in reader.unused:
        words = set(words_of(heading))
        if words & set(COUNT.against) or not reader.is_of(heading, "number"):
            continue
        bare = " ".join(word for word in words_of(heading) if word in KINDS or word not in COUNT.words)
        cls = target.class_called(bare) if target.scenario else _new_class(bare)
        if cls is not None and cls not in classes.values():
            classes[heading] = cls
        elif cls is None and words & set(KINDS):
            strange[heading] = clean_name(kind_by(heading))
    if target.scenario and classes:
        reader.notes += [
            f"{heading} is left out: {target.path} has no class for it; add `{cls}: {{kind: {kind_by(heading)}}}` "
            "under `classes`, and import again"
            for heading, cls in strange.items()
        ]
    return classes if len(classes) > 1 else {}


def _new_class(words: str) -> str | None:
    """Return the name of a new class for a heading, None if no word of it names a kind."""
    if not set(words_of(words)) & set(KINDS):
        return None
    one = len(words_of(words)) == 1 and kind_by(words) != "foot"
    return kind_by(words) if one else clean_name(words)


def _draw(counted: Counted, cls: str, zone: str) -> Any:
    from sim.verbs.intake.pictures import draw_arrivals

    return draw_arrivals(counted, cls, zone)


class _Rows(NamedTuple):
    """The rows of a file: begin and end of each count (s since 1970), and the number; None where there is no column."""

    begin: Floats
    end: Floats | None
    number: Floats | None


def _bins(reader: Reader, rows: _Rows, mine: NDArray[np.bool_], wanted: Wanted) -> Bins:
    """Return the counted intervals of one class, in order, with gaps told or filled; begins are UTC."""
    begin, end, count = rows
    good = mine & np.isfinite(begin)
    if count is not None:
        negative = good & (count < 0)
        for row in np.flatnonzero(negative):
            reader.reject(int(row), f"a count below 0: {count[row]:g}")
        good &= np.isfinite(count) & ~negative
    if good.sum() < 2:
        raise SimError(f"{reader.table.path}: has fewer than two rows with a time and a count")
    if count is None:
        return _from_events(begin[good])
    lengths = end[good] - begin[good] if end is not None else None
    return _from_counts(reader, begin[good], lengths, count[good], wanted)


def _from_events(at: Floats) -> Bins:
    """Return hourly counts of single arrivals, zeros within the first and last one included."""
    first, last = np.floor(at.min() / HOUR), np.floor(at.max() / HOUR)
    hours = np.arange(first, last + 1)
    count = np.bincount((np.floor(at / HOUR) - first).astype(int), minlength=len(hours)).astype(float)
    return Bins(hours * HOUR, np.full(len(hours), HOUR), count)


def _from_counts(reader: Reader, begin: Floats, lengths: Floats | None, count: Floats, wanted: Wanted) -> Bins:
    count = np.asarray(count, float)
    at, place = np.unique(begin, return_inverse=True)
    again = len(begin) - len(at)
    if again:
        reader.notes.append(
            f"{units.counted(again, 'row')} {'repeats' if again == 1 else 'repeat'} the time of another; "
            f"{'the counts of both' if again == 1 else 'their counts'} are added"
        )
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
    reader.notes.append(f"{len(at):,} counts of {step}, {totals.sum():,.0f} parties in all")
    return _without_gaps(reader, Bins(at, length, totals), usual, wanted)


def _without_gaps(reader: Reader, bins: Bins, usual: float, wanted: Wanted) -> Bins:
    """Tell how many counts have no row, and fill them with zeros if the user says that nobody came."""
    at = bins.begin
    missing = round((at[-1] - at[0]) / usual) + 1 - len(at)
    if missing <= 0 or usual > DAY:
        return bins
    share = missing / (len(at) + missing)
    if not wanted.gaps_are_zero:
        reader.notes.append(
            f"counts without a row: {missing:,} ({share:.1%}); they are gaps, not zeros (if nobody came then, say "
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


def _by_day(bins: Bins) -> Bins:
    """Return counts of weeks or months as counts of their days, all of one size."""
    ends = np.append(bins.begin[1:], bins.begin[-1] + bins.length[-1])
    length = np.minimum(ends - bins.begin, 1.2 * bins.length)
    days = np.maximum(np.round(length / DAY).astype(int), 1)
    begin = np.concatenate([at + np.arange(n) * DAY for at, n in zip(bins.begin, days, strict=True)])
    return Bins(begin, np.full(len(begin), DAY), np.repeat(bins.count / days, days), True)


def _usual_length(at: Floats) -> float:
    """Return the usual time between two counts, s."""
    steps, times = np.unique(np.round(np.diff(at)), return_counts=True)
    return float(steps[np.argmax(times)]) if len(steps) else 0.0


def _spread(bins: Bins) -> Bins:
    """Return counts of several hours as counts of one hour each, of equal size; those of days stay whole."""
    several = round(float(np.median(bins.length)) / HOUR)
    if several <= 1 or several == 24:
        return bins
    if several > 24:
        return _by_day(bins)
    hours = (bins.begin[:, None] + np.arange(several) * HOUR).ravel()
    return Bins(hours, np.full(len(hours), HOUR), np.repeat(bins.count / several, several), True)


def _hours_kept(target: Target, wanted: Wanted, cls: str) -> Any:
    """Return the profile by hour that the replaced part has in the file, None if it has none."""
    path = ("crossings", target.crossing, "demand", cls)
    parts = target.written(path)
    name = wanted.part or (next(iter(parts)) if isinstance(parts, dict) and len(parts) == 1 else None)
    return target.written((*path, name, "constant", "hours")) if name else None


def _edit(target: Target, wanted: Wanted, cls: str, parts: dict[str, Any]) -> Edit:
    """Return the edit that puts the parts in place of those that the class has, or of the one named by --part."""
    path = ("crossings", target.crossing, "demand", cls)
    there = target.scenario.crossings[target.crossing].demand.get(cls, {}) if target.scenario else {}
    if wanted.part is None and len(there) > 1 and not wanted.all_parts:
        raise SimError(
            f"{target.path}: the demand of {cls} has the parts {', '.join(there)}; which one is replaced (--part)? "
            "--all-parts replaces them all"
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
