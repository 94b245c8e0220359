"""The tape: every random number a party could need, drawn before anything runs.

A stream of random numbers belongs to (seed, replication, crossing, class, purpose), so a new station or another rate
leaves the other columns as they were, and the k-th car of a class stays the same car in every scenario that shares
the seed: common random numbers, party by party (Law 2015, section 11.2). Arrivals come from the inverse of the
expected number of arrivals applied to a unit-rate Poisson process (Cinlar 1975), so more demand moves arrivals
instead of reshuffling them. Parties already waiting at the start come from streams of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.arrivals import within
from sim.engine.lower import binomial_cdf
from sim.engine.plan import HAZARD_UNIT, NOWHERE, WAYS, Plan
from sim.scenario.laws import Law, PeopleSpread, ServiceTime
from sim.scenario.quantities import CLASSES, ClassName
from sim.scenario.schema import Crossing, Scenario, Station
from sim.units import MS_PER_S

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tape:
    """Columns over P parties; durations and instants in integer milliseconds.

    Parties stand class by class, crossing by crossing, each group in order of arrival; a party's column is its number.
    The rows of `times` and `chances` are those that the plan's `..._row` fields name: only what somebody can need. What
    a party cannot need (a service at a station that does not serve its class) is 0.
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
    screening = int(plan.screening_row.max()) + len(_SCREENING) if (plan.screening_row != NOWHERE).any() else 0
    chances = max(screening, 1 + int(plan.refused_row.max()), 1 + plan.balk_row, 1 + plan.bypass_row)
    kinds = {"number": np.int32, "crossing": np.int8, "cls": np.int8, "mode_to": np.int8, "initial": np.bool_,
             "local": np.bool_, "barred": np.bool_, "people": np.int16, "men": np.int16}  # fmt: skip
    blank: dict[str, Any] = {name: np.zeros(size, kind) for name, kind in kinds.items()}
    return Tape(arrived_at=at, times=np.zeros((times, size), np.int64), chances=np.zeros((chances, size)), **blank)


_TIME_ROWS = ("service_row", "foot_row", "patience_row", "refusal_row", "man_row", "walk_row", "clock_row")
_SCREENING = ("checked", "found", "fate", "together")


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
        changes_mode = self.behaviour is not None and self.behaviour.change_mode is not None
        self.may_walk = changes_mode or any(map(self._may_part, self.crossing.stations.values()))
        self.at = self._arrivals()
        self.size = len(self.at)

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the generator of one column of this group."""
        group = "initial" if self.initial else "arriving"
        return _generator(self.seed, self.replication, f"{self.name}/{self.cls}/{group}/{purpose}")

    def fill(self, tape: Tape, place: slice) -> None:
        """Draw everything and write it at the group's places on the tape."""
        self.tape, self.place = tape, place
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
        on_foot = self._modes()
        tape.mode_to[place] = on_foot
        for s in np.flatnonzero(self.plan.crossing == self.x).tolist():
            self._at_station(s, on_foot)
        self._leaving()

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

    def _write(self, row: int, seconds: Floats) -> None:
        """Write durations (which are spent) on the tape, rounded to integer milliseconds, once."""
        seconds *= MS_PER_S
        self.tape.times[row, self.place] = np.rint(seconds, out=seconds)

    def _at_station(self, s: int, on_foot: NDArray[np.int8]) -> None:
        """What can happen to the group at one station."""
        plan, name = self.plan, self.plan.stations[s]
        station = self.crossing.stations[name]
        if self.cls in station.serves:
            self._write(plan.service_row[s], self._service(station, f"service/{name}", self.cls))
        if plan.foot_row[s] != NOWHERE and self.may_walk and {"foot", "bike"} & set(station.serves):
            self._write(plan.foot_row[s], self._service_on_foot(station, name, on_foot))
        if station.patience is not None:
            self._write(plan.patience_row[s], durations(station.patience, self.rng(f"patience/{name}"), self.size))
        if station.refusal is not None:
            law, rng = station.refusal.service_time, self.rng(f"refusal/{name}")
            self._write(plan.refusal_row[s], durations(law, rng, self.size))
            self._chance(plan.refused_row[s], f"refused/{name}")
        man = _service_law(station, self.cls).man
        if man is not None:
            self._write(plan.man_row[s], durations(man, self.rng(f"man/{name}"), self.size))
        if station.screening is not None:
            for k, decision in enumerate(_SCREENING):
                self._chance(plan.screening_row[s] + k, f"{decision}/{name}")

    def _chance(self, row: int, purpose: str) -> None:
        self.tape.chances[row, self.place] = self.rng(purpose).random(self.size)

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
                clocks = self.rng(way).standard_exponential(self.size)
                clocks *= HAZARD_UNIT
                self.tape.times[plan.clock_row[w], self.place] = np.rint(clocks, out=clocks)
        if behaviour.change_mode and plan.walk_row != NOWHERE:
            self._write(plan.walk_row, durations(behaviour.change_mode.takes, self.rng("walk"), self.size))

    def _may_part(self, station: Station) -> bool:
        """Whether men of this class's parties can be stopped at a station while the others go on."""
        screening = station.screening
        return screening is not None and screening.stays_together < 1 and self.cls in station.serves

    def _modes(self) -> NDArray[np.int8]:
        """As what each party would go on by bike or on foot, shape (P of the group,)."""
        share = self.behaviour.change_mode.to.get("bike", 0.0) if self.behaviour and self.behaviour.change_mode else 0.0
        foot, bike = CLASSES.index("foot"), CLASSES.index("bike")
        if share == 0:
            return np.full(self.size, foot, np.int8)
        return np.where(self.rng("mode").random(self.size) < share, bike, foot).astype(np.int8)

    def _service_on_foot(self, station: Station, name: str, on_foot: NDArray[np.int8]) -> Floats:
        walking = self._service(station, f"on_foot/{name}", "foot")
        by_bike = on_foot == CLASSES.index("bike")
        return (
            np.where(by_bike, self._service(station, f"by_bike/{name}", "bike"), walking) if by_bike.any() else walking
        )

    def _service(self, station: Station, purpose: str, cls: ClassName) -> Floats:
        """Service in seconds of each party at a station as a party of class `cls`, the part of the men left out."""
        if cls not in station.serves and not station.only_sent_on:
            return np.zeros(self.size)
        law = _service_law(station, cls)
        drawn = durations(law.party, self.rng(purpose), self.size)
        if law.person is None:
            return drawn
        return drawn + durations_summed(law.person, self.rng(f"{purpose}/person"), self.people)


def _service_law(station: Station, cls: str) -> ServiceTime:
    law = station.service_time.get(cls) or station.service_time.get("any")  # type: ignore[call-overload]
    return law or ServiceTime()


def _generator(seed: int, replication: int, purpose: str) -> np.random.Generator:
    """Return the generator of one column: Philox keyed by seed, replication and purpose."""
    word = int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest(), "big")
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(replication, word))))


def unit_poisson(rng: np.random.Generator, until: float) -> Floats:
    """Return the points of a unit-rate Poisson process before `until`, ascending."""
    if until <= 0:
        return np.zeros(0)
    points = np.cumsum(rng.standard_exponential(int(until + 6 * until**0.5) + 20))
    while points[-1] < until:
        points = np.append(points, points[-1] + np.cumsum(rng.standard_exponential(1000)))
    return points[: np.searchsorted(points, until, side="left")]


def people_of(law: PeopleSpread | dict[int, float], rng: np.random.Generator, size: int) -> Ints:
    """Return the people of `size` parties."""
    if isinstance(law, PeopleSpread):
        numbers = np.arange(1, law.max + 1)
        cdf = binomial_cdf((law.mean - 1) / max(law.max - 1, 1), law.max)[-1]
    else:
        numbers = np.array(sorted(law))
        cdf = np.cumsum([law[n] for n in sorted(law)])
    if len(numbers) == 1:
        return np.full(size, numbers[0])
    k = np.searchsorted(cdf, rng.random(size), side="right")
    return np.asarray(numbers[np.minimum(k, len(numbers) - 1)])


def men_of(share: float, people: Ints, rng: np.random.Generator) -> Ints:
    """Return how many of each party's people are men of call-up age, if each is one with chance `share`."""
    if share in (0, 1):
        return people * int(share)
    cdf = binomial_cdf(share, int(people.max()) + 1)
    u = rng.random(len(people))
    men = np.zeros(len(people), dtype=np.int64)
    for n in np.flatnonzero(np.bincount(people)):
        of_n = np.flatnonzero(people == n)
        men[of_n] = np.searchsorted(cdf[n, :n], u[of_n], side="right")
    return men


def durations(law: Law, rng: np.random.Generator, size: int) -> Floats:
    """Return `size` draws in seconds."""
    if law.family == "deterministic":
        return np.full(size, law.mean_s)
    if law.family == "exponential":
        drawn = rng.standard_exponential(size)
        drawn *= law.mean_s
        return drawn
    if law.family in _GAMMA_SHAPE:
        shape = _GAMMA_SHAPE[law.family](law)
        return rng.standard_gamma(shape, size) * (law.mean_s / shape)
    if law.family == "empirical":
        values = np.array(law.values)
        return np.asarray(values[rng.integers(0, len(values), size)])
    sigma2 = np.log1p((law.cv or 0.0) ** 2)
    return np.asarray(law.mean_s * np.exp(np.sqrt(sigma2) * rng.standard_normal(size) - sigma2 / 2))


def durations_summed(law: Law, rng: np.random.Generator, counts: Ints) -> Floats:
    """Return sums of `counts[i]` independent draws in seconds, shape of `counts`; every count is at least 1."""
    if law.family == "deterministic" or len(counts) == 0:
        return np.asarray(law.mean_s * counts, dtype=np.float64)
    if law.family in _GAMMA_SHAPE:
        shape = _GAMMA_SHAPE[law.family](law)
        return np.asarray(rng.standard_gamma(shape * counts) * (law.mean_s / shape), dtype=np.float64)
    single = durations(law, rng, int(counts.sum()))
    return np.asarray(np.add.reduceat(single, np.cumsum(counts) - counts), dtype=np.float64)


_GAMMA_SHAPE: dict[str, Callable[[Law], float]] = {
    "exponential": lambda _: 1.0,
    "erlang": lambda law: float(law.k or 1),
    "gamma": lambda law: (law.cv or 1.0) ** -2,
}
