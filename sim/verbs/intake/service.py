"""Imports durations of services: a law by class, cut-off ones included, and the pace by the number of open booths."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.arrays import Floats
from sim.errors import SimError
from sim.scenario.text.edit import Edit
from sim.table.columns import Role
from sim.table.reader import Reader
from sim.table.times import local_seconds
from sim.verbs.intake.duty import LEAST_PAUSES, LEAST_SHARE, LONGEST_PAUSE, Pauses, read_pauses
from sim.verbs.intake.finding import Finding, figures, passport, period_of, share_text, time_text
from sim.verbs.intake.laws import Fitted, fit, observe
from sim.verbs.intake.request import Target, Wanted, classes_of
from sim.verbs.intake.throughput import counted_rows, read_throughput

START = Role(("start", "begin", "began", "started", "from"), ("arrival", "queue", "wait"))
END = Role(("end", "ended", "finish", "until", "to", "complete", "completed"), ("arrival", "queue", "wait"))
DURATION = Role(
    ("service", "duration", "processing", "process", "handling", "inspection", "check", "time", "seconds", "length"),
    (
        "wait",
        "waiting",
        "arrival",
        "queue",
        "start",
        "end",
        "hung",
        "id",
        "no",
        "nr",
        "number",
        "booth",
        "booths",
        "open",
    ),
    alone=True,
)
CUT = Role(("cut", "censored", "truncated", "incomplete", "aborted", "interrupted", "abandoned"))
CLASS = Role(("class", "kind", "type", "category", "lane", "vehicle", "nationality"), ("id",))
BOOTHS = Role(("booths", "open", "lanes", "servers", "agents", "desks"), ("share", "id", "outcome"))
LEAST_ROWS, LEVEL, DAY = 20, 0.001, 86400.0
LONGEST_SHARE = 20.0
"""A duration this many times the 99 % quantile is told as unlikely."""


def read_service(reader: Reader, target: Target, wanted: Wanted) -> Finding:
    """Return laws of service times for the classes of a station."""
    if wanted.station is not None:
        target.station(wanted.station, None)
    if (counted := counted_rows(reader)) is not None:
        return read_throughput(reader, target, wanted, counted)
    seconds, at = _durations(reader)
    pauses = read_pauses(reader, at, at + seconds) if at is not None else None
    cut = reader.flags("cut off", CUT)
    names = reader.names("class", CLASS)
    booths = reader.numbers("booths", BOOTHS, needed=False)
    classes, left = _classes(reader, target, wanted, names)
    good = _usable(reader, seconds)
    single = next(iter(classes.values())) if len(set(classes.values())) == 1 else "*"
    station = target.station(wanted.station, None if single == "*" else single)
    period, days = period_of(reader, at[good]) if at is not None else ("", (0, 0))
    finding = Finding(f"Service times in {reader.table.path.name}", days=days)
    for name, rows in left.items():
        reader.notes.append(f"{rows:,} rows of {name!r} are left out: {target.path} has no such class")
    labels = np.array([name or "" for name in names]) if names else np.full(len(seconds), "")
    laws: dict[str, Any] = {}
    longer, pausing = _with_pauses(pauses)
    for cls in dict.fromkeys(classes.values()):
        mine = good & (np.isin(labels, [name for name, of in classes.items() if of == cls]) | ("" in classes))
        if mine.sum() < LEAST_ROWS:
            reader.notes.append(f"{cls}: only {mine.sum()} durations, too few for a law (at least {LEAST_ROWS})")
            continue
        found = fit(observe(seconds[mine], None if cut is None else cut[mine] == 1))
        laws[cls] = passport(law_text(found, longer), reader, period, method_of(found) + pausing, int(mine.sum()))
        name = station if cls == "*" else cls
        finding.sentences += [f"{name}: {line}" for line in told(found)]
        finding.facts[name] = facts_of(found)
        finding.drawers[f"service_{name}"] = partial(_draw, found, f"Service times of {name}")
    if not laws:
        raise SimError(f"{reader.table.path}: no class has {LEAST_ROWS} durations or more")
    finding.edits.append(_edit(target, station, laws))
    _tell_pauses(finding, pauses)
    relative = _relative(np.where(good, seconds, np.nan), labels)
    _by_hour(finding, target, relative, at)
    if booths is not None:
        _pace(finding, _Seen(reader, period, booths), target, station, relative)
    return finding


def _durations(reader: Reader) -> tuple[Floats, Floats | None]:
    """Return durations in seconds, and when the services began, if the file has it."""
    start = reader.instants("start", START, needed=False) if "duration" not in reader.given else None
    end = reader.instants("end", END, needed=False) if start is not None else None
    if start is not None and end is not None:
        late = end - start
        return np.where((late < 0) & (late > -DAY) & bool(reader.dates), late + DAY, late), start  # past midnight
    seconds = reader.durations("duration", DURATION)
    assert seconds is not None
    return seconds, start


def _classes(
    reader: Reader, target: Target, wanted: Wanted, names: list[str | None] | None
) -> tuple[dict[str, str], dict[str, int]]:
    """Return the class of each name; `*` where all rows are taken together."""
    if wanted.cls is None and names is None:
        return {"": "*"}, {}
    try:
        return classes_of(target, wanted, names, "")
    except SimError:
        if wanted.cls is not None or len(target.served(target.station(wanted.station, None))) > 1:
            raise
        reader.notes.append(f"the classes of the file are not those of {target.path}; all rows are taken together")
        return {"": "*"}, {}


def _usable(reader: Reader, seconds: Floats) -> NDArray[np.bool_]:
    negative = seconds < 0
    for row in np.flatnonzero(negative):
        reader.reject(int(row), f"a service of {seconds[row]:g} s: it ends before it starts")
    good = np.isfinite(seconds) & ~negative
    if good.sum() < LEAST_ROWS:
        raise SimError(f"{reader.table.path}: has {good.sum()} durations; a law needs at least {LEAST_ROWS}")
    zeros, far = int(np.sum(seconds[good] == 0)), LONGEST_SHARE * float(np.quantile(seconds[good], 0.99))
    if zeros:
        reader.notes.append(f"services of 0 s: {zeros:,}; they are taken as shorter than the step of the clock")
    if np.any(seconds[good] > far):
        reader.notes.append(
            f"{int(np.sum(seconds[good] > far))} services are longer than {time_text(far)} (20 times what 99 % need); "
            "look at them"
        )
    return np.asarray(good)


def _with_pauses(pauses: Pauses | None) -> tuple[float, str]:
    """Return by how much pauses while parties wait lengthen services, and the words about it for a passport."""
    if pauses is None or pauses.pauses < LEAST_PAUSES or pauses.share < LEAST_SHARE:
        return 1.0, ""
    factor = 1 / (1 - pauses.share)
    return factor, f", times {factor:.2f} for pauses while parties wait"


def _tell_pauses(finding: Finding, pauses: Pauses | None) -> None:
    """Say how much of the time of servers is not service while parties wait."""
    if pauses is None or pauses.pauses < LEAST_PAUSES:
        return
    finding.facts["pauses"] = {"busy_s": pauses.busy, "free_s": pauses.free, "pauses": pauses.pauses}
    words = "so services are written that much longer" if pauses.share >= LEAST_SHARE else "too little to count"
    finding.sentences.append(
        f"While parties wait, {pauses.share:.1%} of the time of servers at work is not service (a walk, notes, pauses "
        f"up to {time_text(LONGEST_PAUSE)}, servers who take only some classes): {words}."
    )


def law_text(fitted: Fitted, factor: float = 1.0) -> dict[str, Any]:
    """Return a law, times a factor, as a scenario file has it."""
    law = fitted.chosen
    if law is None:
        return {"family": "empirical", "values": [f"{figures(value * factor)} s" for value in fitted.values]}
    text: dict[str, Any] = {"mean": time_text(law.mean * factor), "family": law.family}
    if law.family == "erlang":
        text["k"] = int(law.shape)
    elif law.family in ("gamma", "lognormal"):
        text["cv"] = share_text(law.shape)
    return text


def method_of(fitted: Fitted) -> str:
    """Return how a law was found, for its passport."""
    if fitted.chosen is None:
        return "quantiles of the data, as no law is close to them"
    others = [each.family for each in fitted.fits if each is not fitted.chosen]
    return f"maximum likelihood, least AIC of {', '.join([fitted.chosen.family, *others])}"


def told(fitted: Fitted) -> list[str]:
    """Return sentences about a law."""
    observed = fitted.observed
    cut = f", {int(observed.cut.sum()):,} of them cut off" if observed.cut.any() else ""
    step = f", in steps of {time_text(observed.step)}" if observed.step > 1 else ""
    law = fitted.chosen
    if law is None:
        near = min(fitted.fits, key=lambda each: each.distance, default=None)
        what = f"the nearest, {near.family}, is off by {near.distance:.0%} of them" if near else "none could be fitted"
        return [
            f"{len(observed.seconds):,} durations{cut}{step}: no law describes them ({what}), so values are drawn from "
            f"the data; mean {time_text(fitted.mean)}."
        ]
    second = next((each for each in fitted.fits if each is not law), None)
    apart = second.aic - law.aic if second else 0.0
    better = ""
    if second is not None:
        better = f"; next is {second.family} (AIC {apart:+.0f})" if apart > 2 else f"; {second.family} fits as well"
    return [
        f"{len(observed.seconds):,} durations{cut}{step}: {law.family} with mean {time_text(law.mean)} and coefficient "
        f"of variation {law.cv:.0%}{better}. It is off by at most {law.distance:.1%} of them."
    ]


def facts_of(fitted: Fitted) -> dict[str, Any]:
    """Return a fit as plain values."""
    return {
        "durations": len(fitted.observed.seconds),
        "cut_off": int(fitted.observed.cut.sum()),
        "chosen": fitted.family,
        "mean_s": fitted.mean,
        "laws": [
            {"family": each.family, "mean_s": each.mean, "cv": each.cv, "aic": each.aic, "distance": each.distance}
            for each in fitted.fits
        ],
    }


def _draw(fitted: Fitted, title: str) -> Any:
    from sim.verbs.intake.pictures import draw_law

    return draw_law(fitted, title)


def _edit(target: Target, station: str, laws: dict[str, Any]) -> Edit:
    """Return the edit of a service time: one law if all have it, else one by class beside those that stay."""
    path = ("crossings", target.crossing, "stations", station, "service_time")
    served = target.served(station)
    if "*" in laws or (len(laws) == 1 and served == list(laws)):
        return Edit(path, next(iter(laws.values())))
    old = target.written(path)
    old = old.get("value", old) if isinstance(old, dict) else old
    by_class = isinstance(old, dict) and bool({*target.classes, "any"} & set(old))
    stay = {} if set(served) <= set(laws) else dict(old) if by_class and isinstance(old, dict) else {"any": old}
    return Edit(path, {**stay, **laws})


def _relative(seconds: Floats, labels: NDArray[Any]) -> Floats:
    """Return durations over the mean of those with the same label."""
    relative = np.full(len(seconds), np.nan)
    for name in np.unique(labels):
        mine = (labels == name) & np.isfinite(seconds)
        if mine.any() and seconds[mine].mean() > 0:
            relative[mine] = seconds[mine] / seconds[mine].mean()
    return relative


def _by_hour(finding: Finding, target: Target, relative: Floats, at: Floats | None) -> None:
    """Say whether services take longer at some hours; the language has no such rule but changes at dates."""
    if at is None:
        return
    used = np.isfinite(relative) & np.isfinite(at)
    hours = (np.floor(local_seconds(at[used], target.zone) / 3600) % 24).astype(int)
    groups = [relative[used][hours == hour] for hour in range(24) if np.sum(hours == hour) >= LEAST_ROWS]
    if len(groups) < 3:
        return
    p = float(stats.kruskal(*groups).pvalue)
    means = [group.mean() for group in groups]
    if p < LEVEL and max(means) > 1.1 * min(means):
        finding.sentences.append(
            f"Services differ by hour of the day: the mean of an hour is {min(means):.2f} to {max(means):.2f} times "
            "that of all. The file has one law for all hours."
        )


class _Seen(NamedTuple):
    reader: Reader
    period: str
    booths: Floats


def _pace(finding: Finding, seen: _Seen, target: Target, station: str, relative: Floats) -> None:
    """Write a pace by open booths if services get longer or shorter with them, at the same class."""
    used = np.isfinite(relative) & np.isfinite(seen.booths) & (seen.booths >= 1)
    booths, ratio = seen.booths[used], relative[used]
    if len(np.unique(booths)) < 2 or len(booths) < 10 * LEAST_ROWS:
        return
    line = stats.linregress(booths, ratio)
    low, high = (int(np.quantile(np.round(booths), q)) for q in (0.02, 0.98))
    if low == high:
        return
    ends = [float(line.intercept + line.slope * number) for number in (low, high)]
    if line.pvalue >= LEVEL or min(ends) <= 0.05 or max(ends) < 1.05 * min(ends):
        finding.sentences.append(
            f"Services do not depend on the open booths (slope {line.slope:+.1%} a booth, p {line.pvalue:.2g})."
        )
        return
    usual = float(np.mean(booths))
    rows = {str(number): figures(end) for number, end in zip((low, high), ends, strict=True)}
    finding.sentences.append(
        f"Services depend on the number of open booths: {ends[0]:.2f} times the mean with {low}, {ends[1]:.2f} times "
        f"with {high} ({usual:.1f} are open on average); the file says so (`pace`)."
    )
    finding.facts["pace"] = {"slope": float(line.slope), "p": float(line.pvalue), "rows": rows}
    value = passport({"servers": rows}, seen.reader, seen.period, "regression of durations on open booths")
    finding.edits.append(Edit(("crossings", target.crossing, "stations", station, "pace"), value))
