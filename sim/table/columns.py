"""Finds the column of a table for a role by the words of its heading and by its cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, NoReturn

import numpy as np
import pyarrow.compute as pc

from sim.errors import SimError
from sim.suggest import did_you_mean
from sim.table import times
from sim.table.numbers import WAITS, decimal_mark, read_durations, read_flags, read_numbers, words_of
from sim.table.read import Table

MOST_NAMES = 64


class Role(NamedTuple):
    """What a column may mean: words of its heading, best first, and words that speak against it."""

    words: tuple[str, ...]
    against: tuple[str, ...] = ()
    alone: bool = False
    """Whether a column of the right kind is taken whatever its heading, if it is the only one left."""


@dataclass
class Columns:
    """The columns of a table, of which `given` names some by role, and `used` have a role already."""

    table: Table
    given: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    day_first: bool | None = None
    used: set[str] = field(default_factory=set)
    dates: set[str] = field(default_factory=set)
    """Columns with dates that belong to times of day in other columns, so that they may be used again."""

    def __post_init__(self) -> None:
        for role, heading in self.given.items():
            if heading not in self.table.columns:
                self.unknown(role, heading)

    @cached_property
    def commas(self) -> bool | None:
        """Whether commas stand before decimals in this file, by the first rows of all columns; None if it is open."""
        marks = [decimal_mark(cells.drop_null().slice(0, 1000)) for cells in self.table.columns.values()]
        return None if marks.count(",") == marks.count(".") else marks.count(",") > marks.count(".")

    def unknown(self, role: str, heading: str) -> NoReturn:
        """Raise SimError about a heading that the table does not have."""
        near = did_you_mean(heading, self.table.columns) or f"; the columns are {', '.join(self.table.columns)}"
        raise SimError(f"{self.table.path}: {role}: there is no column {heading!r}{near}")

    def find(self, role: str, by: Role, kind: str) -> str | None:
        """Return the heading of the column for a role, None if there is none. `kind`: number, duration, name, flag."""
        if role in self.given:
            return self.given[role]
        left = [name for name in self.table.columns if name not in self.used and name not in self.given.values()]
        scored = [(score, -place, name) for place, name in enumerate(left) if (score := self.score(name, by, kind))]
        if scored:
            return max(scored)[2]
        alone = [name for name in left if self.is_of(name, kind) and not set(words_of(name)) & set(by.against)]
        return alone[0] if by.alone and len(alone) == 1 else None

    def score(self, name: str, by: Role, kind: str) -> int:
        """Return how well a column fits a role, 0 if it does not."""
        words = words_of(name)
        if set(words) & set(by.against):
            return 0
        best = max((len(by.words) - by.words.index(word) for word in words if word in by.words), default=0)
        return 100 * best - len(words) if best and self.is_of(name, kind) else 0

    def is_of(self, name: str, kind: str) -> bool:
        """Say whether most cells of a column are of a kind."""
        cells = self.table.columns[name]
        filled = cells.drop_null()
        if not len(filled):
            return False
        sample = filled.slice(0, 1000)
        numbers = np.isfinite(read_numbers(sample, self.commas)).mean()
        of_time = set(words_of(name)) & WAITS and numbers < 0.5 and kind in ("number", "number of time")
        if of_time:  # waits as 47 min or 1:50
            return bool(np.isfinite(read_durations(name, sample, self.unit, self.commas).seconds).mean() >= 0.5)
        if kind in ("number", "number of time"):
            return bool(numbers >= 0.5) and kind == "number"
        if kind == "duration":
            return bool(np.isfinite(read_durations(name, sample, self.unit, self.commas).seconds).mean() >= 0.5)
        if kind == "flag":
            return bool(np.isfinite(read_flags(sample)).mean() >= 0.5)
        return numbers <= 0.5 and times.form_of(name, filled) is None and len(pc.unique(sample)) <= MOST_NAMES

    def need(self, role: str, by: Role, kind: str) -> str:
        """Return the heading of the column for a role. Raises SimError if it cannot be told which it is."""
        found = self.find(role, by, kind)
        if found is None:
            columns = ", ".join(self.table.columns)
            raise SimError(
                f"{self.table.path}: no column is clearly the {role}; name it with --column {role}=HEADING. "
                f"The columns are {columns}"
            )
        return found

    def time_column(self, role: str, by: Role) -> tuple[str | None, times.Form | None]:
        """Return the heading and the form of the column with the instants of a role; None if there is none."""
        if role in self.given:
            heading = self.given[role]
            form = self.form(heading)
            if form is None:
                example = self.table.columns[heading].drop_null()[:1].to_pylist()
                raise SimError(f"{self.table.path}: column {heading!r} has no instants; it has {example or 'nothing'}")
            return heading, form
        best: tuple[float, str | None, times.Form | None] = (0, None, None)
        for place, name in enumerate(self.table.columns):
            words = words_of(name)
            if name in self.used or name in self.given.values() or set(words) & set(by.against):
                continue
            named = max((len(by.words) - by.words.index(word) for word in words if word in by.words), default=0)
            if not named and not by.alone:
                continue
            if form := self.form(name):
                dated = 0 if form.is_clock else 500
                score = named * 10 + dated + 5 * form.has_zone + 1 - place / 1000
                best = max(best, (score, name, form), key=lambda entry: entry[0])
        return best[1], best[2]

    def form(self, heading: str) -> times.Form | None:
        """Return how the instants of a column are written, None if it has none."""
        form = times.form_of(heading, self.table.columns[heading])
        if form and self.day_first is not None and form.name == "two numbers, year":
            words = "day, month, year" if self.day_first else "month, day, year"
            return times.Form(form.name, words + (" and time" if form.has_clock else ""), False, form.has_clock,
                              form.has_zone, self.day_first)  # fmt: skip
        return form

    def partner(self, heading: str, form: times.Form) -> str | None:
        """Return the column that has the date of times of day, or the time of day of dates."""
        for name in self.table.columns:
            taken = name in self.used and name not in self.dates
            if taken or name == heading or name in self.given.values():
                continue
            other = self.form(name)
            if other is None or (other.is_clock == form.is_clock) or (form.is_clock and other.has_clock):
                continue
            by_name = set(words_of(name)) & {"time", "from", "start", "begin", "at", "slot"}
            if form.is_clock or by_name or other.name in ("time of day", "hour of the day"):
                return name
        return None
