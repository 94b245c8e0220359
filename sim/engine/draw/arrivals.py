"""Draw when the parties of a group arrive: its ordinary Poisson process, and the parts of demand drawn apart.

Each part apart has streams of its own, keyed by its name, and each row of a timetable by its local time. A new ferry
therefore leaves the parties of the other ferries as they were. Delays and the factors of days are keyed by the part's
name without the class: the cars and the coaches of one ferry are late together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.arrays import Bools, Floats, Ints
from sim.engine.draw.streams import people_of, stream, unit_poisson
from sim.engine.laws import draw_durations
from sim.engine.lower.apart import PartApart
from sim.engine.lower.arrivals import local_dates, middles, rows_in_run
from sim.engine.plan import Plan
from sim.scenario.model.arrivals import Bookings, Log, Schedule
from sim.scenario.model.demand import DemandPart
from sim.scenario.model.instants import since_t0
from sim.scenario.model.laws import Law, PeopleSpread, mean_people
from sim.scenario.model.scenario import Clock
from sim.scenario.model.timetable import Occurrence, log_instants, occurrences
from sim.units import MS_PER_S

EXACT = 6
"""Decimals to which an exact count is known."""

Stream = Callable[[str], np.random.Generator]


class Parties(NamedTuple):
    """Parties that arrive, and what is known of each."""

    at: Ints  # milliseconds since t0
    people: Ints  # 0: by the class
    turned_away: Bools  # came outside their slot
    logged: Ints  # row of the log of its part, -1: none
    part: Ints  # number of its part

    def sorted_within(self, plan: Plan) -> Parties:
        """Return those that arrive during the run, in order of arrival; ties keep their order."""
        order = np.argsort(self.at, kind="stable")
        inside = (self.at[order] >= plan.start) & (self.at[order] < plan.horizon)
        chosen = order[inside]
        at = not_at_the_start(self.at[chosen], plan)
        return Parties(at, self.people[chosen], self.turned_away[chosen], self.logged[chosen], self.part[chosen])


def parties(at: Ints, people: Ints | int = 0, turned_away: Bools | bool = False, logged: Ints | int = -1) -> Parties:
    """Return parties of part 0; a scalar holds for all of them."""
    size = len(at)
    return Parties(
        at,
        np.broadcast_to(people, size),
        np.broadcast_to(turned_away, size),
        np.broadcast_to(logged, size),
        np.zeros(size, np.int64),
    )


def together(groups: list[Parties]) -> Parties:
    """Return the parties of several parts, each with the number of its part."""
    numbered = [group._replace(part=np.full(len(group.at), n)) for n, group in enumerate(groups)]
    return Parties(*(np.concatenate(columns) for columns in zip(*numbered, strict=True)))


def at_units(units: Floats, expected: Floats, plan: Plan) -> Ints:
    """Return the instants at which the expected number of parties reaches `units` (ascending), before the horizon."""
    exact = np.interp(units, expected, plan.edges)
    at = np.rint(exact).astype(np.int64)
    at = at[: np.searchsorted(at, plan.horizon)]
    for edge in plan.edges[_holds(at, plan.edges)].tolist():  # nobody is rounded into the next cell
        first = np.searchsorted(at, edge)
        at[first : np.searchsorted(exact, edge)] = edge - 1
    return not_at_the_start(at, plan)


def not_at_the_start(at: Ints, plan: Plan) -> Ints:
    """Return instants after the start: those who are there at the start are the initial queue."""
    return np.maximum(at, plan.start + 1)


def _holds(at: Ints, values: Ints) -> Bools:
    """Return which of `values` occur in `at`; both are sorted."""
    return np.asarray(np.searchsorted(at, values, side="left") < np.searchsorted(at, values, side="right"))


class ApartDraw:
    """Draws one part of demand that is drawn apart.

    `rng` gives the streams of the group by purpose, `shared` names streams that all classes of the source share.
    """

    def __init__(self, part: PartApart, plan: Plan, clock: Clock, rng: Stream, shared: str) -> None:
        self.part, self.plan, self.clock = part, plan, clock
        self.described: DemandPart = part.described
        self._rng, self._shared = rng, f"{shared}/part {part.name}"

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the generator of one purpose of this part."""
        return self._rng(f"part {self.part.name}/{purpose}")

    def draw(self, people: PeopleSpread | dict[int, float]) -> Parties:
        """Return the parties of the part, in any order; `people` is the law of its class."""
        kind = self.described.kind
        if isinstance(kind, Schedule):
            return self._schedule(kind, people)
        if isinstance(kind, Bookings):
            return self._bookings(kind)
        if isinstance(kind, Log):
            return self._log(kind)
        expected = self.plan.expected_apart[self.part.curve]
        return parties(self._counts(expected) if self.described.exact else self._random(expected))

    def _random(self, expected: Floats) -> Ints:
        """Return the arrivals of a Poisson process with a factor on each day, or of bursts."""
        bursts = self.described.bursts
        if self.described.day_factor:
            by_day = np.diff(expected) * self._day_factors(self.described.day_factor)
            expected = np.concatenate(([0.0], np.cumsum(by_day)))
        if bursts is not None:
            expected = expected / mean_people(bursts)
        at = at_units(unit_poisson(self.rng("arrival"), float(expected[-1])), expected, self.plan)
        return at if bursts is None else np.repeat(at, people_of(bursts, self.rng("burst"), len(at)))

    def _day_factors(self, variation: float) -> Floats:
        """Return the factor of the day of each cell: gamma of mean 1, by the quantile of the day's uniform."""
        from scipy import special  # imported late: it takes half a second at start-up

        dates, which = np.unique(local_dates(self.clock, middles(self.plan.edges)), return_inverse=True)
        uniforms = [stream(f"{self._shared}/day factor/{date}").random() for date in dates.tolist()]
        shape = variation**-2
        return np.asarray(special.gammaincinv(shape, uniforms) / shape)[which]

    def _counts(self, expected: Floats) -> Ints:
        """Return arrivals in exact numbers, each evenly at random in its row of the table."""
        found = [np.zeros(0)]
        edges = self.plan.edges
        for row in rows_in_run(self.clock, self.described.table or ()):
            ends = [since_t0(self.clock, instant) for instant in (row.from_, row.until)]
            low, high = np.interp(ends, edges, expected)
            name = f"{row.from_:%Y-%m-%dT%H:%M:%S}"
            number = self._whole(high - low, name)
            found.append(low + (high - low) * self.rng(f"{name}/place").random(number))
        units = np.sort(np.concatenate(found))
        at = at_units(units, expected, self.plan)
        rounded_out = np.full(len(units) - len(at), self.plan.horizon - 1)
        return np.concatenate([at, rounded_out])

    def _whole(self, number: float, name: str) -> int:
        """Return a number rounded at random, so that its mean is right."""
        number = round(number, EXACT)
        whole = int(number)
        return whole + int(number > whole and self.rng(f"{name}/whole").random() < number - whole)

    def _schedule(self, kind: Schedule, people: PeopleSpread | dict[int, float]) -> Parties:
        found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
        rows = tuple(one for one in occurrences(self.clock, kind.rows) if one.at < self.plan.horizon)
        for one, factor in zip(rows, self._factors(rows), strict=True):
            row = kind.rows[one.row]
            number = self._whole(row.number * factor, one.name)
            each = self._sizes(people, number, one.name) if row.parties is None else np.zeros(number, np.int64)
            delay, spread = row.delay or kind.delay, row.spread or kind.spread
            share = kind.share if row.share is None else row.share
            late = draw_durations(delay, stream(f"{self._shared}/{one.name}/delay"), 1) if delay.mean_s else np.zeros(1)
            after = self._spans(spread, f"{one.name}/spread", len(each))
            at = one.at + np.rint((late + after) * MS_PER_S).astype(np.int64)
            if share < 1:
                comes = self.rng(f"{one.name}/share").random(len(each)) < share
                at, each = at[comes], each[comes]
            found.append((at, each))
        return parties(*map(np.concatenate, zip(*found, strict=True)))

    def _sizes(self, law: PeopleSpread | dict[int, float], people: int, name: str) -> Ints:
        """Return sizes of parties of the class that have so many people together; the last may be smaller."""
        rng, sizes = self.rng(f"{name}/people"), np.zeros(0, np.int64)
        if not people:
            return sizes
        while sizes.sum() < people:
            more = people_of(law, rng, int(1.2 * (people - sizes.sum()) / mean_people(law)) + 9)
            sizes = np.concatenate([sizes, more])
        sizes = sizes[: np.searchsorted(np.cumsum(sizes), people) + 1]
        sizes[-1] -= sizes.sum() - people
        return sizes

    def _spans(self, law: Law, purpose: str, size: int) -> Floats:
        return draw_durations(law, self.rng(purpose), size) if law.mean_s else np.zeros(size)

    def _factors(self, rows: tuple[Occurrence, ...]) -> list[float]:
        """Return by how much changes and the calendar multiply the numbers of these rows."""
        factors = self.part.factors(self.clock, np.array([one.at for one in rows], np.int64))
        return factors.tolist()  # type: ignore[no-any-return]

    def _bookings(self, kind: Bookings) -> Parties:
        found = [(np.zeros(0, np.int64), np.zeros(0, np.bool_))]
        rows = occurrences(self.clock, kind.rows)
        for one, factor in zip(rows, self._factors(rows), strict=True):
            row = kind.rows[one.row]
            booked = self._whole(row.parties * factor, one.name)
            number = int((self.rng(f"{one.name}/show").random(booked) >= kind.no_show).sum())
            slot = (kind.slot if kind.slot is not None else row.every) or 0.0
            found.append(self._of_slot(kind, one, slot, number))
        at, turned_away = map(np.concatenate, zip(*found, strict=True))
        return parties(at, turned_away=turned_away)

    def _of_slot(self, kind: Bookings, one: Occurrence, slot: float, number: int) -> tuple[Ints, Bools]:
        """Return when the parties of one slot that lasts `slot` (s) come, and whether they are turned away."""
        u = self.rng(f"{one.name}/punctual").random(number)
        after = self.rng(f"{one.name}/place").random(number) * slot if slot else np.zeros(number)
        turned_away = np.zeros(number, np.bool_)
        for unpunctual, side, which in (
            (kind.early, "early", u < (kind.early.share if kind.early else 0.0)),
            (kind.late, "late", u >= 1 - (kind.late.share if kind.late else 0.0)),
        ):
            if unpunctual is not None:
                by = self._spans(unpunctual.by, f"{one.name}/{side}", number)
                outside = which & (by > unpunctual.grace)
                after = np.where(which, slot + by if side == "late" else -by, after)
                after = np.where(outside & (unpunctual.then == "wait"), 0.0, after)
                turned_away |= outside & (unpunctual.then == "turn_away")
        return one.at + np.rint(after * MS_PER_S).astype(np.int64), turned_away

    def _log(self, kind: Log) -> Parties:
        """Return the parties of a log; where changes multiply it, parties are left out or come twice."""
        at = np.array(log_instants(self.clock, kind), np.int64)
        people = np.array([row.people or 0 for row in kind.rows], np.int64)
        factors = self.part.factors(self.clock, at)
        whole = np.floor(factors)
        copies = (whole + (self.rng("copies").random(len(at)) < factors - whole)).astype(np.int64)
        rows = np.repeat(np.arange(len(at)), copies)
        return parties(at[rows], people[rows], logged=rows)
