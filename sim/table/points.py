"""Reads the points of a series from a table: windows or instants, values in one unit, and qualifiers such as `>120`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from sim import units
from sim.errors import Problem, ScenarioError, SimError
from sim.table.columns import Role
from sim.table.read import Rejected, Table, read_rows
from sim.table.reader import Reader

Floats = NDArray[np.float64]
MOST_POINTS, MOST_SHOWN = 20_000, 5
"""Points of a series, and faulty rows that are listed."""
_AT_WORDS = ("at", "time", "timestamp", "datetime", "from", "start", "begin", "hour", "date", "day")
_AT = Role(_AT_WORDS, ("until", "end"), alone=True)
_UNTIL = Role(("until", "to", "end"))
_COUNTS = Role(("value", "count", "number", "parties", "vehicles", "people", "queue", "waiting"), alone=True)
_WAITS = Role(("wait", "waits", "delay", "sojourn", "quoted", "value", "mean", "median"), alone=True)
_SHARES = Role(("share", "ratio", "rate", "percent", "utilisation", "abandonment", "value"), alone=True)
_SIGNS = {">": "more than", ">=": "at least", "≥": "at least", "<": "at most", "<=": "at most", "≤": "at most"}
_SIGNED = r"^\s*(?P<sign>>=|<=|[<>≥≤])\s*(?P<rest>.*)$"


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a table: `dimension` of the values (None: a count), and the size of their unit in s or m.

    `column` is the heading of the values, `unit` theirs, `zone` that of local times, `only` the cells that rows must
    have, and `qualifiers` the words that a column `qualifier` may have.
    """

    dimension: str | None
    scale: float
    column: str | None
    unit: str | None
    zone: str | None
    only: dict[str, str]
    qualifiers: Sequence[str]


def points_text(path: Path, wanted: Wanted, header: str) -> str:
    """Return the points of a file as text. Raises SimError, and ScenarioError with the rows that cannot be read."""
    table = read_rows(path)
    table, signs = _without_signs(table)
    given = {} if wanted.column is None else {"value": wanted.column}
    unit = wanted.unit if wanted.dimension == "time" else None
    if unit is not None and unit not in units.SCALES["time"]:
        raise SimError(f"unit: unknown unit of time {unit!r}; expected min, h or s")
    reader = Reader(table, given, unit=unit, zone=wanted.zone or "UTC")
    reader.only(wanted.only)
    begin = reader.instants("time", _AT)
    assert begin is not None
    end = reader.instants("end", _UNTIL, needed=False)
    qualifiers = _qualifiers(reader)
    values = _values(reader, wanted)
    qualifiers = [signs.get(int(line), said) for line, said in zip(reader.table.lines, qualifiers, strict=True)]
    _refuse(path, reader.rejected, _strange(values, qualifiers, wanted.qualifiers, reader.table))
    local = wanted.zone is None and not _has_zone(reader)
    there = np.isfinite(values) & np.isfinite(begin)
    if not there.any():
        raise SimError(f"{path}: no row has a time and a value")
    if there.sum() > MOST_POINTS:
        raise SimError(f"{path}: has {there.sum():,} points; at most {MOST_POINTS:,} are allowed")
    lines, last = [header], -np.inf
    for n in np.argsort(np.where(there, begin, np.inf), kind="stable")[: there.sum()]:
        if begin[n] == last:
            raise SimError(f"{path}: two rows are for {_instant(begin[n], local)}; take one of them with 'only'")
        last = begin[n]
        until = "" if end is None or not np.isfinite(end[n]) else _instant(end[n], local)
        said = "" if qualifiers[n] == "=" else qualifiers[n]
        lines.append(f"{_instant(begin[n], local)},{until},{values[n]:.10g},{said}")
    return "\n".join(lines)


def _has_zone(reader: Reader) -> bool:
    """Say whether the instants of the file have an offset or are in UTC."""
    heading = next(found.column for found in reader.understood if found.role == "time").split(" and ")[0]
    form = reader.form(heading)
    named = {"utc", "gmt"} & set(re.split(r"[^a-z]+", heading.lower()))
    return bool(named) or (form is not None and (form.has_zone or form.name.endswith("since 1970")))


def _without_signs(table: Table) -> tuple[Table, dict[int, str]]:
    """Return a table without the signs in cells such as `>120`, and what they say by line."""
    signs: dict[int, str] = {}
    columns = {}
    for heading, cells in table.columns.items():
        found = pc.extract_regex(cells, _SIGNED)
        bare = pc.if_else(pc.is_valid(found), pc.struct_field(found, [1]), cells)
        columns[heading] = bare
        for place in np.flatnonzero(np.asarray(pc.is_valid(found))):
            signs[int(table.lines[place])] = _SIGNS[pc.struct_field(found, [0])[int(place)].as_py()]
    return replace(table, columns=columns), signs


def _qualifiers(reader: Reader) -> list[str]:
    heading = next((name for name in reader.table.columns if name.strip().lower() == "qualifier"), None)
    if heading is None:
        return ["="] * reader.table.rows
    reader.used.add(heading)
    return [said or "=" for said in reader.table.columns[heading].to_pylist()]


def _values(reader: Reader, wanted: Wanted) -> Floats:
    """Return the values in the unit of the kind: hours, km, shares, parties or people."""
    if wanted.dimension == "time":
        seconds = reader.durations("value", _WAITS)
        assert seconds is not None
        if any("the unit is not given" in note for note in reader.notes):
            raise SimError(f"{reader.table.path}: the waits have no unit; say it with 'unit', as in 'unit: min'")
        return seconds / wanted.scale
    role = _SHARES if wanted.dimension == "share" else _COUNTS
    heading = reader.need("value", role, "number")
    numbers = reader.numbers("value", role)
    assert numbers is not None
    return np.asarray(numbers * _factor(reader, wanted, heading))


def _factor(reader: Reader, wanted: Wanted, heading: str) -> float:
    words = set(re.split(r"[^a-z%]+", heading.lower()))
    if wanted.dimension == "share":
        in_cells = pc.any(pc.ends_with(pc.fill_null(reader.table.columns[heading], ""), "%")).as_py()
        return 0.01 if wanted.unit == "%" or in_cells or words & {"%", "percent", "pct"} else 1.0
    if wanted.dimension == "length":
        unit = wanted.unit or next((unit for unit in ("km", "m") if unit in words), None)
        if unit not in units.SCALES["length"]:
            raise SimError(f"{reader.table.path}: the lengths have no unit; say it with 'unit', as in 'unit: km'")
        return units.SCALES["length"][unit] / wanted.scale
    return 1.0


def _strange(values: Floats, qualifiers: list[str], known: Sequence[str], table: Table) -> list[Rejected]:
    """Return the rows whose value is below 0 or whose qualifier is not one."""
    low = [Rejected(int(table.lines[n]), f"the value is below 0: {values[n]:g}") for n in np.flatnonzero(values < 0)]
    words = [
        Rejected(int(table.lines[n]), f"qualifier: {said!r} is none of {', '.join(known)}")
        for n, said in enumerate(qualifiers)
        if said not in known
    ]
    return [*low, *words]


def _refuse(path: Path, *faults: list[Rejected]) -> None:
    """Raise ScenarioError if some rows cannot be read, with the first of them."""
    rows = sorted((fault for each in faults for fault in each), key=lambda fault: fault.line)
    if not rows:
        return
    problems = [Problem(f"{path}:{fault.line}:1", "", fault.reason) for fault in rows[:MOST_SHOWN]]
    if len(rows) > MOST_SHOWN:
        problems.append(Problem(str(path), "", f"{len(rows) - MOST_SHOWN} more rows cannot be read"))
    raise ScenarioError(problems)


def _instant(seconds: float, local: bool) -> str:
    at = (datetime(1970, 1, 1) + timedelta(seconds=round(float(seconds)))).isoformat()
    text = at.removesuffix(":00") if at.endswith(":00") else at
    return text if local else f"{text}Z"
