"""Imports timetables (ferries, flights, trains, coaches) and logs of single parties as files beside the scenario."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.errors import SimError
from sim.scenario.text.edit import Edit
from sim.table.columns import Role
from sim.table.reader import Reader
from sim.table.times import text_of
from sim.verbs.intake.finding import Finding, dated, passport, period_of, share_text
from sim.verbs.intake.laws import fit, observe
from sim.verbs.intake.request import Target, Wanted, classes_of, kind_by
from sim.verbs.intake.service import CLASS, DURATION, END, LEAST_ROWS, START, facts_of, law_text, method_of, told

SCHEDULED = Role(
    ("scheduled", "sta", "planned", "timetable", "due", "at", "time", "arrival", "date", "departure"),
    ("actual", "ata", "real", "estimated"),
    alone=True,
)
ACTUAL = Role(("actual", "ata", "real", "landed", "docked", "berthed", "arrived"), ("scheduled", "planned"))
MOST_EARLY = 0.5
"""Share of early arrivals above which the columns are doubted."""
PEOPLE = Role(("people", "passengers", "pax", "persons", "travellers", "travelers", "seats"), ("share", "load", "id"))
PARTIES = Role(("parties", "vehicles", "cars", "trucks", "count", "number", "units"), ("id", "flight", "wait"))
PARTY_PEOPLE = Role(("people", "persons", "occupants", "passengers", "size"), ("id",))
ARRIVAL = Role(
    ("arrival", "arrived", "joined", "entry", "at", "time", "from", "timestamp", "date"),
    ("service", "end", "left", "exit", "served", "hung"),
    alone=True,
)


def read_timetable(reader: Reader, target: Target, wanted: Wanted) -> Finding:
    """Return a timetable as a file beside the scenario, and the law of delays if the file has the actual times too."""
    at = reader.instants("scheduled", SCHEDULED)
    dated(reader)
    assert at is not None
    actual = reader.instants("actual", ACTUAL, needed=False)
    people = reader.numbers("people", PEOPLE, needed=False)
    parties = reader.numbers("parties", PARTIES, needed=people is None)
    names = reader.names("class", CLASS)
    number = parties if people is None else people
    assert number is not None
    good = np.isfinite(at) & np.isfinite(number) & (number >= 0) & (number == np.round(number))
    for row in np.flatnonzero(np.isfinite(number) & ((number < 0) | (number != np.round(number)))):
        reader.reject(int(row), f"expected a whole number of people or parties; got {number[row]:g}")
    if not good.any():
        raise SimError(f"{reader.table.path}: no row has a time and a number of people or parties")
    heading = "people" if people is not None else next(u.column for u in reader.understood if u.role == "parties")
    classes, left = classes_of(target, wanted, names, heading)
    for name, rows in left.items():
        reader.notes.append(f"{rows:,} rows of {name!r} are left out: {target.path} has no such class")
    period, days = period_of(reader, at[good])
    finding = Finding(f"Timetable in {reader.table.path.name}", days=days)
    delay = _delay(finding, reader, period, at, actual, good)
    labels = np.array([name or "" for name in names]) if names else np.full(len(at), "")
    word = "parties" if people is None else "people"
    for cls in dict.fromkeys(classes.values()):
        mine = good & (np.isin(labels, [name for name, of in classes.items() if of == cls]) | ("" in classes))
        order = np.flatnonzero(mine)[np.argsort(at[mine], kind="stable")]
        name = f"{target.path.stem}_{cls}_timetable.csv"
        times = np.array([text_of(float(moment), target.zone) for moment in at[order]])
        finding.files[name] = {"at": times, word: number[order].astype(np.int64)}
        total = int(number[order].sum())
        finding.sentences.append(f"{cls}: {len(order):,} arrivals of the timetable bring {total:,} {word}, {period}.")
        finding.facts[cls] = {"arrivals": len(order), word: total}
        finding.classes[cls] = kind_by(f"{cls} {heading}")
        hours = max((days[1] - days[0] + 1) * 24, 1)
        finding.busiest += 3 * total / hours
        schedule: dict[str, Any] = {"rows": passport(name, reader, period, "the rows of the file")}
        part = {"schedule": {**schedule, **({"delay": delay} if delay else {})}}
        finding.edits.append(_demand(target, wanted, cls, "timetable", part))
    return finding


def _delay(
    finding: Finding, reader: Reader, period: str, at: Floats, actual: Floats | None, good: NDArray[np.bool_]
) -> dict[str, Any] | None:
    if actual is None:
        return None
    late = actual - at
    both = good & np.isfinite(late)
    if both.sum() < LEAST_ROWS:
        return None
    early = float(np.mean(late[both] < 0))
    if early > MOST_EARLY:
        reader.notes.append(f"{early:.0%} came before their time, so no law of delays is written; look at the columns")
        return None
    found = fit(observe(np.maximum(late[both], 0)))
    finding.sentences += [f"Delay: {line}" for line in told(found)]
    if early > 0:
        finding.sentences.append(f"Delay: {share_text(early)} came early; they are taken as on time.")
    finding.facts["delay"] = facts_of(found)
    return passport(law_text(found), reader, period, method_of(found))


def read_log(reader: Reader, target: Target, wanted: Wanted) -> Finding:
    """Return single parties as a file beside the scenario, with their service times where the file has them."""
    at = reader.instants("arrival", ARRIVAL)
    dated(reader)
    assert at is not None
    people = reader.numbers("people", PARTY_PEOPLE, needed=False)
    seconds = _service_times(reader)
    names = reader.names("class", CLASS)
    classes, left = classes_of(target, wanted, names, reader.table.path.stem)
    for name, rows in left.items():
        reader.notes.append(f"{rows:,} rows of {name!r} are left out: {target.path} has no such class")
    good = np.isfinite(at)
    if not good.any():
        raise SimError(f"{reader.table.path}: no row has an instant of arrival")
    period, days = period_of(reader, at[good])
    finding = Finding(f"Log in {reader.table.path.name}", days=days)
    labels = np.array([name or "" for name in names]) if names else np.full(len(at), "")
    for cls in dict.fromkeys(classes.values()):
        mine = good & (np.isin(labels, [name for name, of in classes.items() if of == cls]) | ("" in classes))
        order = np.flatnonzero(mine)[np.argsort(at[mine], kind="stable")]
        name = f"{target.path.stem}_{cls}_log.csv"
        columns: dict[str, Any] = {"at": np.array([text_of(float(moment), target.zone) for moment in at[order]])}
        if people is not None:
            columns["people"] = _cells(people[order], "{:.0f}")
        served = ""
        if seconds is not None:
            station, known = target.station(wanted.station, cls), int(np.isfinite(seconds[order]).sum())
            columns[station] = _cells(seconds[order], "{:g} s")
            served = f", {'all' if known == len(order) else f'{known:,}'} with their service times at {station}"
        finding.files[name] = columns
        finding.sentences.append(f"{cls}: {len(order):,} parties, {period}; they are played as they came{served}.")
        finding.facts[cls] = {"parties": len(order)}
        finding.classes[cls] = kind_by(f"{cls} {reader.table.path.stem}")
        finding.busiest += 3 * len(order) / max((days[1] - days[0] + 1) * 24, 1)
        given = passport(name, reader, period, "the rows of the file")
        finding.edits.append(_demand(target, wanted, cls, "log", {"log": {"rows": given}}))
    return finding


def _service_times(reader: Reader) -> Floats | None:
    start = reader.instants("service start", START, needed=False)
    end = reader.instants("service end", END, needed=False) if start is not None else None
    if start is not None and end is not None:
        return np.where(end >= start, end - start, np.nan)
    return reader.durations("service time", DURATION._replace(alone=False), needed=False)


def _cells(numbers: Floats, form: str) -> NDArray[Any]:
    return np.array([form.format(number) if np.isfinite(number) else "" for number in numbers])


def _demand(target: Target, wanted: Wanted, cls: str, name: str, part: dict[str, Any]) -> Edit:
    """Return the edit that makes this part the demand of a class, or the part named by --part."""
    path = ("crossings", target.crossing, "demand", cls)
    return Edit((*path, wanted.part), part) if wanted.part else Edit(path, {name: part})
