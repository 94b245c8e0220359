"""Takes the columns of a table by what they mean: instants, numbers, durations, names, yes and no.

A column is found by the words of its heading and by its cells, unless the user names it. What was understood, what was
assumed, and the rows that cannot be used are kept, so that a command can show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sim.errors import SimError
from sim.suggest import did_you_mean
from sim.table import times
from sim.table.columns import MOST_NAMES, Columns, Role
from sim.table.numbers import SECONDS, read_durations, read_flags, read_numbers, unit_in, words_of
from sim.table.read import Rejected
from sim.units import counted


class Understood(NamedTuple):
    """One thing that was understood about a file."""

    role: str
    column: str
    read_as: str


@dataclass
class Reader(Columns):
    """Reads a table by roles.

    `given` names columns by role; `zone` is that of local times; `day` the date of times of day; `unit` that of bare
    durations; `day_first` overrules the order of day and month.
    """

    zone: str = "UTC"
    day: date | None = None
    understood: list[Understood] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    naive: bool = False
    """Whether some instants were local times, of the zone that was assumed or given."""
    undated: bool = False
    """Whether some instants were bare times of day, of a date that nobody gave."""

    ordered: bool = False
    """Whether some local times that exist twice were told apart by the order of rows."""
    guessed_unit: str | None = None
    """The unit in which durations without one were read."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rejected.extend(self.table.rejected)

    def only(self, conditions: Mapping[str, str]) -> None:
        """Keep the rows in which each column has the wanted value. Raises SimError if there are none."""
        for heading, wanted in conditions.items():
            if heading not in self.table.columns:
                self.unknown("where", heading)
            cells = self.table.columns[heading]
            mask = np.asarray(pc.fill_null(pc.equal(cells, wanted), False))
            if not mask.any():
                values = [str(value) for value in pc.unique(cells.drop_null()).to_pylist()[:MOST_NAMES]]
                near = did_you_mean(wanted, values) or f"; it has {', '.join(values[:12])}"
                raise SimError(f"{self.table.path}: no row has {heading} = {wanted!r}{near}")
            self.understood.append(Understood("only", heading, f"rows with {wanted}: {mask.sum():,} of {len(mask):,}"))
            self.table = self.table.taken(mask)

    def instants(self, role: str, by: Role, *, needed: bool = True) -> NDArray[np.float64] | None:
        """Return the instants of a role in seconds since 1970 (UTC), nan where a cell has none.

        A column with the date alone and one with the time of day are taken together. Raises SimError.
        """
        heading, form = self.time_column(role, by)
        if heading is None or form is None:
            if needed:
                columns = ", ".join(self.table.columns)
                raise SimError(
                    f"{self.table.path}: no column has the {role}, as instants such as 2026-07-04 14:30; name it with "
                    f"--column {role}=HEADING. The columns are {columns}"
                )
            return None
        zone = "UTC" if "utc" in words_of(heading) or "gmt" in words_of(heading) else self.zone
        cells = self.table.columns[heading]
        partner = None if form.has_clock and not form.is_clock else self.partner(heading, form)
        name = heading
        if partner:
            day_column, clock_column = (partner, heading) if form.is_clock else (heading, partner)
            found = self._joined(day_column, clock_column, zone)
            name = f"{day_column} and {clock_column}"
            self.dates.add(day_column)
            form = self._of_both(form, partner)
        else:
            found = times.read_times(cells, form, zone, self.day)
        self.used.update({heading, *([partner] if partner else [])})
        self._heard(role, name, form, found, cells)
        return found.at

    def _of_both(self, form: times.Form, partner: str) -> times.Form:
        """Return the form of a column in the words of both, where one has the hour of the day as a number."""
        other = self.form(partner)
        parts = sorted((each for each in (form, other) if each), key=lambda each: each.is_clock)
        by_hour = any(each.name == times.NUMBERS[3] for each in parts)
        return replace(form, words="; ".join(each.words for each in parts)) if by_hour else form

    def _joined(self, day_column: str, clock_column: str, zone: str) -> times.Times:
        day_form, clock_form = self.form(day_column), self.form(clock_column)
        assert day_form is not None
        assert clock_form is not None
        midnight = times.read_times(self.table.columns[day_column], day_form, "UTC").at
        return times.read_times(self.table.columns[clock_column], clock_form, zone, midnight)

    def _heard(self, role: str, heading: str, form: times.Form, found: times.Times, cells: pa.Array) -> None:
        zone = "" if found.zone == "as written" else f", {found.zone}"
        self.naive |= found.zone == self.zone and "utc" not in words_of(heading)
        self.understood.append(Understood(role, heading, f"{form.words}{zone}"))
        if form.doubt:
            self.notes.append(f"{heading}: {form.doubt}")
        if form.is_clock and " and " not in heading:
            self.undated = self.day is None
            unknown = "the date is unknown; give one with --date"
            day = unknown if self.day is None else f"all rows are taken to be of {self.day}"
            self.notes.append(f"{heading}: only a time of day; {day}")
        self._tell_clocks(heading, found)
        self._reject(np.isnan(found.at) & np.asarray(cells.is_valid()), heading, cells, "is not a date and time")

    def _tell_clocks(self, heading: str, found: times.Times) -> None:
        """Note the local times that do not exist, or exist twice, as clocks change."""
        change = f"as clocks change in {found.zone}"
        if found.skipped:
            rows = f"{counted(found.skipped, 'local time')} {'does' if found.skipped == 1 else 'do'} not exist"
            self.notes.append(f"{heading}: {rows}, {change}; the end of the skipped hour was taken")
        rows = f"{counted(found.unclear, 'local time')} {'exists' if found.unclear == 1 else 'exist'} twice"
        if found.unclear:
            self.notes.append(f"{heading}: {rows}, {change}; the earlier of the two was taken")
        self.ordered |= bool(found.ordered)
        rows = f"{counted(found.ordered, 'local time')} {'exists' if found.ordered == 1 else 'exist'} twice"
        if found.ordered:
            self.notes.append(
                f"{heading}: {rows}, {change}; by the order of the rows, the first are of summer time and the second "
                "of winter time"
            )

    def numbers(
        self, role: str, by: Role, *, needed: bool = True, heading: str | None = None
    ) -> NDArray[np.float64] | None:
        """Return the numbers of a role (or of a column), nan where a cell is empty or no number.

        Waits written as `47 min` or `1:50` are numbers in the unit that is given or in the heading, else in minutes.
        """
        if heading is None:
            heading = self.need(role, by, "number") if needed else self.find(role, by, "number")
        if heading is None:
            return None
        cells = self.table.columns[heading]
        if self.is_of(heading, "number of time"):
            unit = self.unit or unit_in(heading) or "min"
            values = read_durations(heading, cells, self.unit, self.commas).seconds / SECONDS[unit]
            self._take(role, heading, f"durations, as numbers in {unit}")
        else:
            values = read_numbers(cells, self.commas)
            self._take(role, heading, "numbers")
        self._reject(np.isnan(values) & np.asarray(cells.is_valid()), heading, cells, "is not a number")
        return values

    def durations(self, role: str, by: Role, *, needed: bool = True) -> NDArray[np.float64] | None:
        """Return the durations of a role in seconds, nan where a cell is empty or none."""
        heading = self.need(role, by, "duration") if needed else self.find(role, by, "duration")
        if heading is None:
            return None
        cells = self.table.columns[heading]
        found = read_durations(heading, cells, self.unit, self.commas)
        self._take(role, heading, f"durations in {found.unit}" if found.unit != "as written" else "durations")
        if found.guessed:
            self.guessed_unit = found.unit
            what = {"s": "numbers are seconds", "min": "numbers are minutes", "h": "1:50 is 1 h 50 min"}[found.unit]
            self.notes.append(f"{heading}: the unit is not given, so {what}; say another with --unit")
        self._reject(np.isnan(found.seconds) & np.asarray(cells.is_valid()), heading, cells, "is not a duration")
        return found.seconds

    def names(self, role: str, by: Role, *, numbers: bool = False) -> list[str | None] | None:
        """Return the words of a role, None where a cell is empty; None if no column has them.

        With `numbers`, names may be numbers.
        """
        heading = self.find(role, by, "name") or (self.find(role, by, "number") if numbers else None)
        if heading is None:
            return None
        cells = self.table.columns[heading]
        values = pc.unique(cells.drop_null()).to_pylist()
        self._take(role, heading, ", ".join(map(str, values[:8])) + (", …" if len(values) > 8 else ""))
        return list(cells.to_pylist())

    def flags(self, role: str, by: Role) -> NDArray[np.float64] | None:
        """Return 1 for yes and 0 for no, nan where a cell has neither; None if no column has them."""
        heading = self.find(role, by, "flag")
        if heading is None:
            return None
        self._take(role, heading, "yes or no")
        return read_flags(self.table.columns[heading])

    def _take(self, role: str, heading: str, read_as: str) -> None:
        self.understood.append(Understood(role, heading, read_as))
        self.used.add(heading)

    def _reject(self, mask: NDArray[np.bool_], heading: str, cells: pa.Array, what: str) -> None:
        for place in np.flatnonzero(mask):
            self.reject(int(place), f"{heading}: {cells[int(place)].as_py()[:40]!r} {what}")

    def reject(self, row: int, reason: str) -> None:
        """Note that a row (by its place in the table) cannot be used."""
        self.rejected.append(Rejected(int(self.table.lines[row]), reason))

    @property
    def unused(self) -> list[str]:
        """The columns that nothing was taken from."""
        return [name for name in self.table.columns if name not in self.used]
