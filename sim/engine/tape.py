"""The tape: every random number a party could need, drawn before anything runs.

A stream of random numbers belongs to (seed, replication, crossing, class, purpose), so a new station or another rate
leaves the other columns as they were, and the k-th car of a class stays the same car in every scenario that shares
the seed: common random numbers, party by party (Law 2015, section 11.2). Arrivals come from the inverse of the
expected number of arrivals applied to a unit-rate Poisson process (Cinlar 1975), so more demand moves arrivals
instead of reshuffling them. Parties already waiting at the start come from streams of their own. Who goes on by bike or
on foot is served from the stream of those who do not: where the law is the same, for just as long.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.arrivals import within
from sim.engine.draws import durations, durations_summed, men_of, people_of, stream, unit_poisson
from sim.engine.plan import HAZARD_UNIT, NOWHERE, WAYS, Plan
from sim.engine.rows import SCREENING, service_law, stops, walks_there
from sim.scenario.laws import Law
from sim.scenario.quantities import CLASSES, ClassName
from sim.scenario.schema import Crossing, Refusal, Scenario, Station
from sim.units import MS_PER_S

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

RARE = (0.0, 0.01, 0.1, 1.0)
"""Bounds of the ranges of `u`, the uniform that settles a refusal; for each, the staff time has a stream of its own.

So it is drawn for few parties where few are refused, and another probability leaves it as it was.
"""


@dataclass(frozen=True)
class Tape:
    """Columns over P parties; durations and instants in integer milliseconds.

    Parties stand class by class, crossing by crossing, each group in order of arrival; a party's column is its number.
    The rows of `times` and `chances` are those that the plan's `..._row` fields name: only what somebody can need, and
    one row for several things that no party needs all. What a party needs no row for is 0.
    """

    arrived_at: Ints  # (P,) since t0
    crossing: NDArray[np.int8]
    cls: NDArray[np.int8]
    number: NDArray[np.int32]  # within crossing, class and `initial`: the same party in every scenario
    initial: NDArray[np.bool_]  # already waiting at the start
    people: NDArray[np.int16]
    men: NDArray[np.int16]  # of call-up age
    local: NDArray[np.bool_]  # has local plates
    barred: NDArray[np.bool_]  # kept away on the approach
    mode_to: NDArray[np.int8]  # class after a change of mode, or of the men a party leaves behind
    times: Ints  # (rows, P) durations, and clocks in 1 / HAZARD_UNIT
    chances: Floats  # (rows, P) uniforms on [0, 1)

    def __len__(self) -> int:
        return len(self.arrived_at)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tape) and all(
            np.array_equal(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]


def draw(scenario: Scenario, plan: Plan, seed: int, replication: int) -> Tape:
    """Return the tape of one replication (numbered from 0)."""
    groups = [
        group
        for x, (name, crossing) in enumerate(scenario.crossings.items())
        for c, cls in enumerate(CLASSES)
        if cls in scenario.classes
        for initial in (True, False)
        if len((group := _Group(scenario, plan, (x, name, crossing), (c, cls), (seed, replication, initial))).at)
    ]
    tape = _blank(plan, np.concatenate([group.at for group in groups]) if groups else np.zeros(0, np.int64))
    begin = 0
    for group in groups:
        group.fill(tape, slice(begin, begin + group.size))
        begin += group.size
    return tape


def _blank(plan: Plan, at: Ints) -> Tape:
    """Return a tape on which only the arrivals are written."""
    size = len(at)
    times = 1 + max(int(np.max(getattr(plan, name))) for name in _TIME_ROWS)
    screening = int(plan.screening_row.max()) + len(SCREENING) if (plan.screening_row != NOWHERE).any() else 0
    chances = max(screening, 1 + int(plan.refused_row.max()), 1 + plan.balk_row, 1 + plan.bypass_row)
    kinds = {"number": np.int32, "crossing": np.int8, "cls": np.int8, "mode_to": np.int8, "initial": np.bool_,
             "local": np.bool_, "barred": np.bool_, "people": np.int16, "men": np.int16}  # fmt: skip
    blank: dict[str, Any] = {name: np.zeros(size, kind) for name, kind in kinds.items()}
    return Tape(arrived_at=at, times=np.empty((times, size), np.int64), chances=np.empty((chances, size)), **blank)


_TIME_ROWS = ("service_row", "foot_row", "patience_row", "refusal_row", "man_row", "walk_row", "clock_row")


class _Group:
    """The parties of one class at one crossing, either those waiting at the start or those that arrive."""

    def __init__(
        self, scenario: Scenario, plan: Plan, crossing: tuple[int, str, Crossing], cls: tuple[int, ClassName],
        draw: tuple[int, int, bool],
    ) -> None:  # fmt: skip
        self.scenario, self.plan = scenario, plan
        self.x, self.name, self.crossing = crossing
        self.c, self.cls = cls
        self.seed, self.replication, self.initial = draw
        self.party_class = scenario.classes[self.cls]
        self.behaviour = self.crossing.behaviour.get(self.cls)
        self.at = self._arrivals()
        self.size = len(self.at)

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the generator of one column of this group."""
        group = "initial" if self.initial else "arriving"
        return stream(f"{self.seed}/{self.replication}/{self.name}/{self.cls}/{group}/{purpose}")

    def fill(self, tape: Tape, place: slice) -> None:
        """Draw everything and write it at the group's places on the tape."""
        self.tape, self.place = tape, place
        self.unwritten = {(table, row) for table in ("times", "chances") for row in range(len(getattr(tape, table)))}
        tape.crossing[place], tape.cls[place] = self.x, self.c
        tape.number[place], tape.initial[place] = np.arange(self.size), self.initial
        self.people = people_of(self.party_class.people, self.rng("people"), self.size)
        local = self._local()
        tape.people[place], tape.men[place], tape.local[place] = (
            self.people,
            men_of(self.party_class.men_share, self.people, self.rng("men")),
            local,
        )
        tape.barred[place] = self._barred(local)
        self.by_bike = self._by_bike()
        modes = np.array([CLASSES.index("foot"), CLASSES.index("bike")], np.int8)
        tape.mode_to[place] = modes.take(self.by_bike.view(np.int8))
        for s in np.flatnonzero(self.plan.crossing == self.x).tolist():
            self._at_station(s, self.crossing.stations[self.plan.stations[s]])
        self._leaving()
        for table, row in self.unwritten:
            getattr(tape, table)[row, place] = 0

    def _arrivals(self) -> Ints:
        if self.initial:
            return np.full(self.crossing.initial_queue.get(self.cls, 0), self.plan.start, dtype=np.int64)
        expected = self.plan.expected[self.x, self.c]
        unit = unit_poisson(self.rng("arrival"), float(expected[-1]))
        at = np.rint(np.interp(unit, expected, self.plan.edges)).astype(np.int64)
        return at[: np.searchsorted(at, self.plan.horizon)]

    def _local(self) -> NDArray[np.bool_]:
        share = self.party_class.local_share
        return self.rng("local").random(self.size) < share if share else np.zeros(self.size, np.bool_)

    def _barred(self, local: NDArray[np.bool_]) -> NDArray[np.bool_]:
        share = np.zeros(self.size)
        for change in self.crossing.changes:
            if change.bar_non_local is not None and (change.classes is None or self.cls in change.classes):
                share[within(self.scenario.clock, change)(self.at)] = change.bar_non_local
        if self.initial or not share.any():
            return np.zeros(self.size, dtype=np.bool_)
        return np.asarray((self.rng("barred").random(self.size) < share) & ~local)

    def _by_bike(self) -> NDArray[np.bool_]:
        """Who would go on by bike, not on foot."""
        change_mode = self.behaviour.change_mode if self.behaviour else None
        share = change_mode.to.get("bike", 0.0) if change_mode else 0.0
        return self.rng("mode").random(self.size) < share if share else np.zeros(self.size, np.bool_)

    def _at_station(self, s: int, station: Station) -> None:
        """What can happen to the group at one station."""
        plan, name = self.plan, self.plan.stations[s]
        comes, walks = (may(self.crossing, station, self.cls) for may in (stops, walks_there))
        if not (comes or walks):
            return
        self._services(s, station, comes, walks)
        if station.patience is not None:
            self._write(plan.patience_row[s], durations(station.patience, self.rng(f"patience/{name}"), self.size))
        if station.refusal is not None:
            u = self._chance(plan.refused_row[s], f"refused/{name}")
            if station.refusal.service_time.mean_s:
                self._refusals(plan.refusal_row[s], name, station.refusal, u)
        man = service_law(station, self.cls if comes else "foot").man
        if man is not None:
            self._write(plan.man_row[s], durations(man, self.rng(f"man/{name}"), self.size))
        if station.screening is not None:
            for k, decision in enumerate(SCREENING):
                self._chance(plan.screening_row[s] + k, f"{decision}/{name}")

    def _services(self, s: int, station: Station, comes: bool, walks: bool) -> None:
        """How long the service takes as the class they came as, and by bike or on foot; men checked left out."""
        service_row, foot_row = self.plan.service_row[s], self.plan.foot_row[s]
        self.drawn: dict[tuple[str, Law], Floats] = {}
        if comes:
            self._write(service_row, self._service(s, station, self.cls))
        if walks and not (comes and foot_row == service_row):
            on_foot = self._service(s, station, "foot")
            if self.by_bike.any():
                on_foot = np.where(self.by_bike, self._service(s, station, "bike"), on_foot)
            self._write(foot_row, on_foot)

    def _service(self, s: int, station: Station, cls: ClassName) -> Floats:
        """Seconds of each party's service as a party of class `cls`; under the same law it takes as long as another."""
        law, purpose = service_law(station, cls), f"service/{self.plan.stations[s]}"
        party = self._drawn_once(purpose, law.party, None)
        return party if law.person is None else party + self._drawn_once(f"{purpose}/person", law.person, self.people)

    def _drawn_once(self, purpose: str, law: Law, counts: Ints | None) -> Floats:
        if (purpose, law) not in self.drawn:
            rng = self.rng(purpose)
            drawn = durations(law, rng, self.size) if counts is None else durations_summed(law, rng, counts)
            self.drawn[purpose, law] = drawn
        return self.drawn[purpose, law]

    def _refusals(self, row: int, name: str, refusal: Refusal, u: Floats) -> None:
        """The staff time of refusals, for all whose `u` is in a range in which somebody is refused."""
        seconds = np.zeros(self.size)
        for low, high in pairwise(RARE):
            if low < refusal.probability:
                those = np.flatnonzero((u >= low) & (u < high))
                seconds[those] = durations(refusal.service_time, self.rng(f"refusal/{name}/{high}"), len(those))
        self._write(row, seconds)

    def _leaving(self) -> None:
        """What can happen to the group in its main queue."""
        plan, behaviour = self.plan, self.behaviour
        if behaviour is None:
            return
        if behaviour.balk:
            self._chance(plan.balk_row, "balk")
        if behaviour.bypass:
            self._chance(plan.bypass_row, "bypass")
        for w, way in enumerate(WAYS):
            if plan.hazard[self.x, self.c, w].any():
                self._write(plan.clock_row[w], self.rng(way).standard_exponential(self.size), HAZARD_UNIT)
                if way == "change_mode" and behaviour.change_mode:
                    self._write(plan.walk_row, durations(behaviour.change_mode.takes, self.rng("walk"), self.size))

    def _chance(self, row: int, purpose: str) -> Floats:
        """Draw a row of uniforms on the tape, and return them."""
        self.unwritten.discard(("chances", row))
        return self.rng(purpose).random(out=self.tape.chances[row, self.place])

    def _write(self, row: int, spans: Floats, unit: int = MS_PER_S) -> None:
        """Write durations in seconds on the tape, rounded to integer milliseconds, once; or clocks by their unit."""
        self.unwritten.discard(("times", row))
        scaled = spans * unit
        self.tape.times[row, self.place] = np.rint(scaled, out=scaled)
