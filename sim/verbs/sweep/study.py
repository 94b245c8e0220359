"""A sweep: one scenario at many points of its levers, every point on the same tapes.

Replication k of every point plays the tape of the same seed and number, so points differ by what was turned and not by
chance. What comes out depends on scenario, points, seed and number of replications alone: not on workers, machines, or
how often the sweep was stopped.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sim.engine.lower.plan_from import lower
from sim.errors import SimError
from sim.measures.names import Key
from sim.play import engines, provenance
from sim.play.cache import Failed, PlayCache, Totals
from sim.play.one import play_once
from sim.play.request import Progress, Request, silent
from sim.play.workers import AHEAD, Crew, cores
from sim.scenario.text import levers
from sim.scenario.text.levers import Levers, Setting
from sim.scenario.text.load_scenario import Loaded, load
from sim.verbs.sweep.designs import Design, Point

BATCH = 10
"""Replications of one point that travel together."""

PointTotals = Totals[Key]
"""The totals of some replications of a point."""

Look = Callable[[Sequence[Key]], None]
"""Called with the measures there are as soon as one play is known; raises SimError where one is missing."""


def content(keys: Sequence[Key]) -> None:
    """Need no measure in particular."""


class Hands(Protocol):
    """Who carries out a task: processes of this machine, or of a cluster."""

    def results(self, items: Sequence[Any]) -> Iterator[Any]:
        """Yield `task(item)` for each of `items`, in order."""


@dataclass(frozen=True)
class Batch:
    """Replications `first` to `first + count - 1` of a point."""

    settings: tuple[Setting, ...]
    first: int
    count: int


@dataclass(frozen=True)
class Sweeping:
    """The task that a sweep repeats: call it with a batch."""

    levers: Levers
    seed: int
    engine: str

    def __call__(self, batch: Batch) -> PointTotals | Failed:
        """Return the totals of the replications of a batch, or why they cannot be had."""
        try:
            scenario = self.levers.scenario(batch.settings)
            plan = lower(scenario)
            numbers = range(batch.first, batch.first + batch.count)
            rows = [play_once(scenario, self.seed, number, self.engine, plan).measures.totals for number in numbers]
        except SimError as error:
            return Failed("; ".join(str(error).splitlines()))
        except Exception as error:  # one bad point must not lose the others
            return Failed(f"{type(error).__name__}: {error}".splitlines()[0])
        return Totals(tuple(rows[0]), np.array([list(row.values()) for row in rows]))


@dataclass(frozen=True)
class Manner:
    """How a sweep deals with its points.

    `on` is the address of a cluster ('dask://HOST:PORT'), None for this machine. `fail_fast` stops at the first point
    that fails, `retry_failed` plays points again that failed before.
    """

    on: str | None = None
    fail_fast: bool = False
    retry_failed: bool = False


USUAL = Manner()


@dataclass(frozen=True)
class Base:
    """What all points start from: a scenario file, with what is set and in force at every point."""

    source: str
    loaded: Loaded = field(repr=False)
    levers: Levers = field(repr=False)


def base(path: str | Path, sets: Sequence[str] = (), intervene: Sequence[str] = ()) -> Base:
    """Read and check the scenario of a sweep. Raises ScenarioError."""
    return Base(str(path), load(path, sets, intervene), levers.read(path, sets, intervene))


@dataclass(frozen=True)
class Swept:
    """What a sweep found: totals of every point of `design`, None where it `failed` (its reason by number)."""

    base: Base = field(repr=False)
    design: Design
    found: tuple[PointTotals | None, ...] = field(repr=False)
    failed: dict[int, str]
    seed: int
    replications: int
    reused: int
    played: int
    started_at: datetime
    wall_s: float


class Sweep:
    """Points of one scenario in one folder; a context manager, whose workers are started once and kept."""

    def __init__(
        self, base: Base, request: Request, folder: Path, manner: Manner = USUAL, look: Look = content
    ) -> None:
        scenario = base.loaded.scenario
        self.base, self.manner, self.look = base, manner, look
        self.seed = scenario.seed if request.seed is None else request.seed
        self.replications = request.replications or scenario.replications
        self.cache = PlayCache(folder, Key._fields, Key._make)
        if manner.retry_failed:
            self.cache.forget_failures()
        self.task = Sweeping(base.levers, self.seed, engines.ready(request.engine))
        self._open: AbstractContextManager[Hands] = _hands(self.task, request, manner)
        self._program = provenance.program()

    def __enter__(self) -> Sweep:
        self._hands = self._open.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def key(self, settings: Sequence[Setting]) -> str:
        """Return the name under which a point is kept: a digest of scenario, point, seed and program."""
        asked = [self.base.loaded.scenario_hash, settings, self.seed, self._program]
        return "p" + hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24]

    def play(self, design: Design, progress: Progress = silent, replications: int | None = None) -> Swept:
        """Return the totals of all points, playing those that are not kept yet.

        Raises SimError if the workers keep dying, nothing can be written, `look` does so or, with `fail_fast`, a point
        fails.
        """
        started_at, began = datetime.now(UTC), time.perf_counter()
        wanted = replications or self.replications
        points = [settings_of(design.levers, point) for point in design.points]
        keys = [self.key(settings) for settings in points]
        cache = self.cache
        cache.refresh()
        batches = dict(_batches(_missing(cache, dict(zip(keys, points, strict=True)), wanted)))
        missing = sum(batch.count for batch in batches)
        planned = wanted * len(set(keys)) - wanted * sum(cache.reason(key) is not None for key in set(keys))
        played, measures = 0, self._known_measures(keys)
        if measures:
            self.look(measures)
        progress(planned - missing, planned)
        for (batch, key), result in zip(batches.items(), self._hands.results(list(batches)), strict=True):
            cache.add(key, batch.first, result)
            cache.write()
            if isinstance(result, Failed) and self.manner.fail_fast:
                raise SimError(f"{said(batch.settings)}: {result.reason}; what was finished before is kept")
            if isinstance(result, Totals):
                played += batch.count
                if not measures:
                    measures = self._known_measures(keys)
                    self.look(measures)
            progress(planned - missing + played, planned)
        failed = {n: reason for n, key in enumerate(keys) if (reason := cache.reason(key)) is not None}
        totals = tuple(None if n in failed else cache.totals(key, range(wanted)) for n, key in enumerate(keys))
        return Swept(
            base=self.base,
            design=design,
            found=totals,
            failed=failed,
            seed=self.seed,
            replications=wanted,
            reused=planned - missing,
            played=played,
            started_at=started_at,
            wall_s=time.perf_counter() - began,
        )

    def _known_measures(self, keys: Sequence[str]) -> tuple[Key, ...]:
        """Return the measures of the first point with a result; none if there is no result yet."""
        for key in keys:
            for number in self.cache.replications(key):
                return self.cache.totals(key, [number]).keys
        return ()


def _missing(
    cache: PlayCache[Key], points: dict[str, tuple[Setting, ...]], wanted: int
) -> list[tuple[str, tuple[Setting, ...], list[int]]]:
    """Return the replications to be played of every point: its key, its settings, their numbers."""
    whole = [(key, settings) for key, settings in points.items() if cache.reason(key) is None]
    rests = [(key, settings, sorted(set(range(wanted)) - cache.replications(key))) for key, settings in whole]
    return [found for found in rests if found[2]]


def _batches(missing: Sequence[tuple[str, tuple[Setting, ...], list[int]]]) -> Iterator[tuple[Batch, str]]:
    """Yield what is to be played, with the key of its point; small batches where there is little, so that all share."""
    total = sum(len(rest) for *_, rest in missing)
    most = min(BATCH, max(1, total // (AHEAD * cores())))
    for key, settings, rest in missing:
        while rest:
            count = next((n for n in range(1, min(most, len(rest))) if rest[n] != rest[0] + n), min(most, len(rest)))
            yield Batch(settings, rest[0], count), key
            rest = rest[count:]


def settings_of(levers: Sequence[str], point: Point) -> tuple[Setting, ...]:
    """Return the settings of a point, by the names of the levers; those left alone are left out."""
    return tuple(sorted((lever, text) for lever, text in zip(levers, point, strict=True) if text))


def said(settings: Sequence[Setting]) -> str:
    """Return a point in words."""
    return ", ".join(f"{lever} = {text}" for lever, text in settings) or "the scenario as it is"


def _hands(task: Sweeping, request: Request, manner: Manner) -> AbstractContextManager[Hands]:
    if manner.on is not None:
        from sim.play.cluster import Cluster

        return Cluster(task, manner.on)
    return Crew(task, request.workers or cores())
