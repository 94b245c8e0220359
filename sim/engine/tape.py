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
    """Columns over P parties sorted by arrival; durations and instants in integer milliseconds.

    Rows of `service` are stations; rows of `patience`, `refusal_time`, `man_time` and of the uniforms of draft
    screening are those that `Plan.patience_row` and its likes name.
    """

    arrived_at: Ints  # (P,) since t0
    crossing: NDArray[np.int8]
    cls: NDArray[np.int8]
    number: NDArray[np.int32]  # within crossing and class: the same party in every scenario
    initial: NDArray[np.bool_]  # already waiting at the start
    people: NDArray[np.int16]
    men: NDArray[np.int16]  # of call-up age
    local: NDArray[np.bool_]  # has local plates
    barred: NDArray[np.bool_]  # kept away on the approach
    service: Ints  # (S, P) as the class it came as
    service_on_foot: Ints  # (S, P) by bike or on foot; (S, 0) if nobody can change mode or split
    man_time: Ints  # (., P) for one man
    patience: Ints  # (., P)
    refusal_time: Ints  # (., P)
    mode_to: NDArray[np.int8]  # class after a change of mode, or of the men a party leaves behind
    walk: Ints  # (P,) time a change of mode takes
    clocks: Ints  # (3, P) standard exponential clocks of the ways of leaving the main queue, in 1 / HAZARD_UNIT
    u_balk: Floats  # (P,) uniforms of the decisions
    u_bypass: Floats
    u_refused: Floats  # (., P)
    u_checked: Floats  # (., P) screening: how many men are checked
    u_hit: Floats  # (., P) how many of them are on the list
    u_fate: Floats  # (., P)
    u_together: Floats  # (., P)

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
        columns
        for x, (name, crossing) in enumerate(scenario.crossings.items())
        for c, cls in enumerate(CLASSES)
        if cls in scenario.classes
        for initial in (True, False)
        if (columns := _Group(scenario, plan, (x, name, crossing), (c, cls), initial).columns(seed, replication))
    ]
    if not groups:
        groups = [_Group.empty(plan)]
    whole = {key: np.concatenate([group[key] for group in groups], axis=-1) for key in groups[0]}
    order = np.argsort(whole["arrived_at"], kind="stable")
    return Tape(**{key: np.ascontiguousarray(column[..., order]) for key, column in whole.items()})


class _Group:
    """The parties of one class at one crossing, either those waiting at the start or those that arrive."""

    def __init__(
        self, scenario: Scenario, plan: Plan, crossing: tuple[int, str, Crossing], cls: tuple[int, ClassName],
        initial: bool,
    ) -> None:  # fmt: skip
        self.scenario, self.plan, self.initial = scenario, plan, initial
        self.x, self.name, self.crossing = crossing
        self.c, self.cls = cls
        self.party_class = scenario.classes[self.cls]
        self.here = [
            (s, station)
            for s, station in zip(
                np.flatnonzero(plan.crossing == self.x).tolist(), self.crossing.stations.values(), strict=True
            )
        ]
        self.behaviour = self.crossing.behaviour.get(self.cls)

    def columns(self, seed: int, replication: int) -> dict[str, NDArray[Any]]:
        """Draw everything; an empty dict if there is nobody."""
        self.seed, self.replication = seed, replication
        at = self._arrivals()
        self.size = len(at)
        if self.size == 0:
            return {}
        people = self._people()
        local = self.rng("local").random(self.size) < self.party_class.local_share
        return {
            "arrived_at": at,
            "crossing": np.full(self.size, self.x, np.int8),
            "cls": np.full(self.size, self.c, np.int8),
            "number": np.arange(self.size, dtype=np.int32),
            "initial": np.full(self.size, self.initial),
            "people": people.astype(np.int16),
            "men": self._men(people).astype(np.int16),
            "local": local,
            "barred": self._barred(at, local),
            **self._services(people),
            "clocks": self._clocks(),
            "u_balk": self.rng("balk").random(self.size),
            "u_bypass": self.rng("bypass").random(self.size),
        }

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the generator of one column of this group."""
        group = "initial" if self.initial else "arriving"
        return _generator(self.seed, self.replication, f"{self.name}/{self.cls}/{group}/{purpose}")

    @staticmethod
    def empty(plan: Plan) -> dict[str, NDArray[Any]]:
        """Columns of nobody, for a scenario without demand."""
        shapes = _row_counts(plan)
        kinds: dict[str, Any] = {"crossing": np.int8, "cls": np.int8, "number": np.int32, "initial": np.bool_}
        kinds |= {"people": np.int16, "men": np.int16, "local": np.bool_, "barred": np.bool_, "mode_to": np.int8}
        columns = {}
        for field in fields(Tape):
            kind = kinds.get(field.name, np.float64 if field.name.startswith("u_") else np.int64)
            columns[field.name] = np.zeros((*shapes.get(field.name, ()), 0), kind)
        return columns

    def _arrivals(self) -> Ints:
        if self.initial:
            return np.full(self.crossing.initial_queue.get(self.cls, 0), self.plan.start, dtype=np.int64)
        expected = self.plan.expected[self.x, self.c]
        unit = unit_poisson(self.rng("arrival"), float(expected[-1]))
        cell = np.searchsorted(expected, unit, side="right") - 1
        part = (unit - expected[cell]) / (expected[cell + 1] - expected[cell])
        edges = self.plan.edges
        at = np.rint(edges[cell] + part * (edges[cell + 1] - edges[cell])).astype(np.int64)
        return np.asarray(at[at < self.plan.horizon], dtype=np.int64)

    def _people(self) -> Ints:
        law = self.party_class.people
        u = self.rng("people").random(self.size)
        if isinstance(law, PeopleSpread):
            if law.max == 1:
                return np.ones(self.size, dtype=np.int64)
            cdf = binomial_cdf((law.mean - 1) / (law.max - 1), law.max)[-1]
            return np.asarray(1 + np.searchsorted(cdf, u, side="right"), dtype=np.int64)
        numbers = np.array(sorted(law))
        cdf = np.cumsum([law[n] for n in numbers])
        return np.asarray(numbers[np.minimum(np.searchsorted(cdf, u, side="right"), len(numbers) - 1)])

    def _men(self, people: Ints) -> Ints:
        cdf = binomial_cdf(self.party_class.men_share, int(people.max()) + 1)
        u = self.rng("men").random(self.size)
        men = np.zeros(self.size, dtype=np.int64)
        for n in np.unique(people):
            of_n = people == n
            men[of_n] = np.searchsorted(cdf[n, : n + 1], u[of_n], side="right").clip(0, n)
        return men

    def _barred(self, at: Ints, local: NDArray[np.bool_]) -> NDArray[np.bool_]:
        share = np.zeros(self.size)
        for change in self.crossing.changes:
            if change.bar_non_local is not None and (change.classes is None or self.cls in change.classes):
                share[within(self.scenario.clock, change)(at)] = change.bar_non_local
        if self.initial or not share.any():
            return np.zeros(self.size, dtype=np.bool_)
        return np.asarray((self.rng("barred").random(self.size) < share) & ~local)

    def _services(self, people: Ints) -> dict[str, NDArray[Any]]:
        """Everything that happens at stations, drawn only where a party of this group can come."""
        rows = _row_counts(self.plan)
        columns: dict[str, NDArray[Any]] = {
            key: np.zeros((*shape, self.size), np.float64 if key.startswith("u_") else np.int64)
            for key, shape in rows.items()
        }
        on_foot, columns["mode_to"] = self._modes()
        columns["walk"] = self._walk()
        for s, station in self.here:
            if self.cls in station.serves:
                columns["service"][s] = self._service(station, s, "service", np.full(self.size, self.c), people)
            if on_foot:
                modes = columns["mode_to"].astype(np.int64)
                columns["service_on_foot"][s] = self._service(station, s, "on_foot", modes, people)
            self._at_station(s, station, columns)
        return columns

    def _at_station(self, s: int, station: Station, columns: dict[str, NDArray[Any]]) -> None:
        name = self.plan.stations[s]
        if station.patience is not None:
            row = self.plan.patience_row[s]
            columns["patience"][row] = _whole(durations(station.patience, self.rng(f"patience/{name}"), self.size))
        if station.refusal is not None:
            row = self.plan.refusal_row[s]
            rng = self.rng(f"refusal/{name}")
            columns["refusal_time"][row] = _whole(durations(station.refusal.service_time, rng, self.size))
            columns["u_refused"][row] = self.rng(f"refused/{name}").random(self.size)
        if (row := self.plan.man_row[s]) != NOWHERE:
            law = _service_law(station, self.cls).man
            if law is not None:
                columns["man_time"][row] = _whole(durations(law, self.rng(f"man/{name}"), self.size))
        if (row := self.plan.screening_row[s]) != NOWHERE:
            for key in ("u_checked", "u_hit", "u_fate", "u_together"):
                columns[key][row] = self.rng(f"{key}/{name}").random(self.size)

    def _modes(self) -> tuple[bool, NDArray[np.int8]]:
        """Whether anybody can go on by bike or on foot, and as what each party would."""
        change = self.behaviour.change_mode if self.behaviour else None
        foot = CLASSES.index("foot")
        if change is None:
            return can_split(self.crossing), np.full(self.size, foot, np.int8)
        bike = self.rng("mode").random(self.size) < change.to.get("bike", 0.0)
        return True, np.where(bike, CLASSES.index("bike"), foot).astype(np.int8)

    def _walk(self) -> Ints:
        change = self.behaviour.change_mode if self.behaviour else None
        if change is None:
            return np.zeros(self.size, dtype=np.int64)
        return _whole(durations(change.takes, self.rng("walk"), self.size))

    def _service(self, station: Station, s: int, purpose: str, classes: Ints, people: Ints) -> Ints:
        """Service of each party at a station as the class it is of, the part of the men left out."""
        total = np.zeros(self.size)
        for c in np.unique(classes):
            cls = CLASSES[c]
            if cls not in station.serves and not station.only_sent_on:
                continue
            law = _service_law(station, cls)
            of_c = classes == c
            rng = self.rng(f"{purpose}/{cls}/{self.plan.stations[s]}")
            drawn = durations(law.party, rng, self.size)
            if law.person is not None:
                rng = self.rng(f"{purpose}/{cls}/{self.plan.stations[s]}/person")
                drawn = drawn + durations_summed(law.person, rng, people)
            total[of_c] = drawn[of_c]
        return _whole(total)

    def _clocks(self) -> Ints:
        clocks = np.zeros((len(WAYS), self.size), dtype=np.int64)
        for w, way in enumerate(WAYS):
            if self.plan.hazard[self.x, self.c, w].any():
                clocks[w] = np.rint(self.rng(way).standard_exponential(self.size) * HAZARD_UNIT)
        return clocks


def can_split(crossing: Crossing) -> bool:
    """Whether a party can go on without the men stopped at draft screening."""
    return any(station.screening and station.screening.stays_together < 1 for station in crossing.stations.values())


def _row_counts(plan: Plan) -> dict[str, tuple[int, ...]]:
    stations = (len(plan.stations),)
    screened = (int(plan.screening_row.max(initial=-1)) + 1,)
    refused = (int(plan.refusal_row.max(initial=-1)) + 1,)
    return {
        "service": stations,
        "service_on_foot": stations,
        "man_time": (int(plan.man_row.max(initial=-1)) + 1,),
        "patience": (int(plan.patience_row.max(initial=-1)) + 1,),
        "refusal_time": refused,
        "u_refused": refused,
        "u_checked": screened,
        "u_hit": screened,
        "u_fate": screened,
        "u_together": screened,
    }


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


def durations(law: Law, rng: np.random.Generator, size: int) -> Floats:
    """Return `size` draws in seconds."""
    return durations_summed(law, rng, np.ones(size, dtype=np.int64))


def durations_summed(law: Law, rng: np.random.Generator, counts: Ints) -> Floats:
    """Return sums of `counts[i]` independent draws in seconds, shape of `counts`; every count is at least 1."""
    if law.family == "deterministic":
        return np.asarray(law.mean_s * counts, dtype=np.float64)
    if law.family in _GAMMA_SHAPE:
        shape = _GAMMA_SHAPE[law.family](law)
        return np.asarray(rng.standard_gamma(shape * counts) * (law.mean_s / shape), dtype=np.float64)
    if len(counts) == 0:
        return np.zeros(0)
    total = int(counts.sum())
    if law.family == "empirical":
        values = np.array(law.values)
        single = values[rng.integers(0, len(values), total)]
    else:
        sigma2 = np.log1p((law.cv or 0.0) ** 2)
        single = law.mean_s * np.exp(np.sqrt(sigma2) * rng.standard_normal(total) - sigma2 / 2)
    return np.asarray(np.add.reduceat(single, np.cumsum(counts) - counts), dtype=np.float64)


_GAMMA_SHAPE: dict[str, Callable[[Law], float]] = {
    "exponential": lambda _: 1.0,
    "erlang": lambda law: float(law.k or 1),
    "gamma": lambda law: (law.cv or 1.0) ** -2,
}


def _whole(seconds: Floats) -> Ints:
    """Round seconds to integer milliseconds, once."""
    return np.rint(seconds * MS_PER_S).astype(np.int64)
