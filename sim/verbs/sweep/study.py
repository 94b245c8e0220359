"""A sweep: one scenario at many points of its levers, every point on the same tapes.

Replication k of every point plays the tape of the same seed and number, so that points differ by their levers and not
by chance. The results depend on scenario, points, seed and number of replications only: not on workers, machines, or
how often the sweep was stopped.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.errors import SimError
from sim.measures.estimates import included
from sim.measures.names import Key
from sim.play import engines, provenance
from sim.play.cache import Failed, PlayCache, Totals, nothing_lost
from sim.play.one import play_once
from sim.play.posterior import Posterior, posterior_of, untold
from sim.play.request import Progress, Request, silent
from sim.play.workers import AHEAD, Crew, cores
from sim.scenario.checks.warnings import warning_lines
from sim.scenario.model.scenario import Intervention, Scenario
from sim.scenario.text import levers
from sim.scenario.text.levers import Levers, Setting
from sim.scenario.text.load_scenario import Loaded, load
from sim.verbs.sweep.designs import Design, Point

BATCH = 10
"""Most replications of one point that are sent to a worker at once."""

PointTotals = Totals[Key]
"""The totals of some replications of a point."""

MeasureCheck = Callable[[Sequence[Key]], None]
"""Called with the measures of the first play as soon as it is known; raises SimError if one is missing."""


def accept_all(keys: Sequence[Key]) -> None:
    """Accept any measures."""


class Executor(Protocol):
    """Carries out a task: processes of this machine, or of a cluster."""

    def results(self, items: Sequence[Any]) -> Iterator[Any]:
        """Yield `task(item)` for each of `items`, in order."""


@dataclass(frozen=True)
class Batch:
    """Replications `first` to `first + count - 1` of a point."""

    settings: tuple[Setting, ...]
    first: int
    count: int


@dataclass(frozen=True)
class BatchResult:
    """The totals of a batch or the reason of a failure; `warnings` of the point, if it holds replication 0."""

    outcome: PointTotals | Failed
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlayBatch:
    """The task of the workers of a sweep. Call it with a batch."""

    levers: Levers
    seed: int
    engine: str
    interventions: Mapping[str, Intervention]
    applied: tuple[str, ...]

    def __call__(self, batch: Batch) -> BatchResult:
        """Return the totals of the replications of a batch, or the reason of a failure."""
        warnings: list[str] = []
        try:
            rows = []
            for number, scenario, plan in self._subjects(batch):
                if number == 0:
                    warnings = self._warnings(batch, scenario)
                rows.append(self._totals(number, scenario, plan))
        except SimError as error:
            return BatchResult(Failed("; ".join(str(error).splitlines())))
        except Exception as error:  # one bad point must not lose the others
            return BatchResult(Failed(f"{type(error).__name__}: {error}".splitlines()[0]))
        return BatchResult(Totals(tuple(rows[0]), np.array([list(row.values()) for row in rows])), tuple(warnings))

    def _warnings(self, batch: Batch, scenario: Scenario) -> list[str]:
        chosen = dict(batch.settings).get(levers.INTERVENE, levers.NONE)
        more = () if chosen == levers.NONE else chosen.split("+")
        return warning_lines(scenario, self.interventions, (*self.applied, *more))

    def _subjects(self, batch: Batch) -> Iterator[tuple[int, Scenario, Plan]]:
        """Yield the numbers of the replications of a batch with what each plays."""
        numbers = range(batch.first, batch.first + batch.count)
        if self.levers.drawn(batch.settings):
            for number in numbers:
                scenario = self.levers.scenario(batch.settings, number)
                yield number, scenario, lower(scenario)
        else:
            scenario = self.levers.scenario(batch.settings)
            plan = lower(scenario)
            yield from ((number, scenario, plan) for number in numbers)

    def _totals(self, number: int, scenario: Scenario, plan: Plan) -> dict[Key, float]:
        return play_once(scenario, self.seed, number, self.engine, plan).measures.totals


@dataclass(frozen=True)
class ExecutionOptions:
    """Where the points of a sweep are played, and what happens to points that fail.

    `on` is the address of a cluster ('dask://HOST:PORT'), None for this machine. `fail_fast` stops at the first point
    that fails; `retry_failed` plays points again that failed before.
    """

    on: str | None = None
    fail_fast: bool = False
    retry_failed: bool = False


DEFAULT_EXECUTION = ExecutionOptions()


@dataclass(frozen=True)
class Base:
    """The scenario from which all points start, with changes and interventions common to all points."""

    source: str
    loaded: Loaded = field(repr=False)
    levers: Levers = field(repr=False)
    posterior: Posterior | None = field(default=None, repr=False)


def read_base(
    path: str | Path,
    sets: Sequence[str] = (),
    intervene: Sequence[str] = (),
    posterior: bool | None = None,
    tell: Callable[[str], None] = untold,
) -> Base:
    """Read and check the scenario of a sweep. Raises ScenarioError or SimError.

    `posterior` is as in `sim.load`; `tell` is called with a sentence if the file of a posterior is missing.
    """
    loaded, read = load(path, sets, intervene), levers.read(path, sets, intervene)
    sample = posterior_of(path, sets, intervene, posterior, tell)
    if sample is not None:
        read = replace(read, sample=dict(zip(sample.names, sample.values.T, strict=True)))
    return Base(str(path), loaded, read, sample)


@dataclass(frozen=True)
class SweepData:
    """The totals of every point of `design`; None for points in `failed`, which has the reasons by number.

    `played` and `reused` are numbers of replications played now and taken from the cache; `wall_s` is in seconds.
    """

    base: Base = field(repr=False)
    design: Design
    totals: tuple[PointTotals | None, ...] = field(repr=False)
    failed: dict[int, str]
    seed: int
    replications: int
    reused: int
    played: int
    started_at: datetime
    wall_s: float

    @property
    def interval_includes(self) -> str:
        """What intervals include: 'chance only', or 'chance and parameters'."""
        points = (settings_of(self.design.levers, point) for point in self.design.points)
        return included(any(map(self.base.levers.drawn, points)))


class Sweep:
    """Plays points of one scenario into one folder; a context manager that starts the workers once.

    `warnings` has, for each path that the warnings of the points played name, the first point and its warning.
    """

    def __init__(
        self,
        base: Base,
        request: Request,
        folder: Path,
        execution: ExecutionOptions = DEFAULT_EXECUTION,
        check_measures: MeasureCheck = accept_all,
    ) -> None:
        scenario = base.loaded.scenario
        self.base, self.execution, self.check_measures = base, execution, check_measures
        self.seed = scenario.seed if request.seed is None else request.seed
        self.replications = request.replications or scenario.replications
        self.cache = PlayCache(folder, Key._fields, Key._make)
        if execution.retry_failed:
            self.cache.forget_failures()
        loaded, engine = base.loaded, engines.ready(request.engine)
        self.task = PlayBatch(base.levers, self.seed, engine, loaded.interventions, loaded.applied)
        self.warnings: dict[str, str] = {}
        self._open: AbstractContextManager[Executor] = _executor(self.task, request, execution)
        self._program = provenance.program()
        sample = {name: draws.tolist() for name, draws in base.levers.sample.items()}
        self._sample = hashlib.sha256(json.dumps(sample).encode()).hexdigest()

    def __enter__(self) -> Sweep:
        self._executor = self._open.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def key(self, settings: Sequence[Setting]) -> str:
        """Return the key under which the results of a point are stored: a digest of scenario, point, seed, program."""
        parts = [self.base.loaded.scenario_hash, settings, self.seed, self._program]
        if self.base.levers.drawn(settings):
            parts.append(self._sample)
        return "p" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]

    def play(self, design: Design, progress: Progress = silent, replications: int | None = None) -> SweepData:
        """Return the totals of all points, playing only those that are not stored.

        Raises SimError if the workers keep dying, nothing can be written, `check_measures` raises it or, with
        `fail_fast`, a point fails.
        """
        started_at, began = datetime.now(UTC), time.perf_counter()
        count = replications or self.replications
        points = [settings_of(design.levers, point) for point in design.points]
        keys = [self.key(settings) for settings in points]
        cache = self.cache
        cache.refresh()
        batches = dict(_batches(_missing(cache, dict(zip(keys, points, strict=True)), count)))
        playable = {key for key in keys if cache.reason(key) is None}
        planned, missing = count * len(playable), sum(batch.count for batch in batches)
        reused = planned - missing
        played = self._play_batches(batches, keys, lambda played: progress(reused + played, planned))
        failed = {n: reason for n, key in enumerate(keys) if (reason := cache.reason(key)) is not None}
        return SweepData(
            base=self.base,
            design=design,
            totals=tuple(None if n in failed else cache.totals(key, range(count)) for n, key in enumerate(keys)),
            failed=failed,
            seed=self.seed,
            replications=count,
            reused=reused,
            played=played,
            started_at=started_at,
            wall_s=time.perf_counter() - began,
        )

    def _play_batches(self, batches: dict[Batch, str], keys: Sequence[str], report: Callable[[int], None]) -> int:
        """Play batches and store their results; return the number of replications played.

        `batches` has the key of the point of each batch, `keys` are those of all points; `report` is called with the
        number of replications played so far.
        """
        played, measures = 0, self._known_measures(keys)
        if measures:
            self.check_measures(measures)
        report(played)
        for (batch, key), result in zip(batches.items(), self._executor.results(list(batches)), strict=True):
            outcome = result.outcome
            for line in result.warnings:
                self.warnings.setdefault(line.partition(": ")[0], f"{point_text(batch.settings)}: {line}")
            self.cache.add(key, batch.first, outcome)
            self.cache.write()
            if isinstance(outcome, Failed) and self.execution.fail_fast:
                with nothing_lost():
                    raise SimError(f"{point_text(batch.settings)}: {outcome.reason}")
            if isinstance(outcome, Totals):
                played += batch.count
                if not measures:
                    measures = self._known_measures(keys)
                    self.check_measures(measures)
            report(played)
        return played

    def _known_measures(self, keys: Sequence[str]) -> tuple[Key, ...]:
        """Return the measures of the first point with a result; none if there is no result yet."""
        for key in keys:
            for number in self.cache.replications(key):
                return self.cache.totals(key, [number]).keys
        return ()


def _missing(
    cache: PlayCache[Key], points: dict[str, tuple[Setting, ...]], count: int
) -> list[tuple[str, tuple[Setting, ...], list[int]]]:
    """Return key, settings and missing replications of each point that lacks some and has not failed."""
    playable = [(key, settings) for key, settings in points.items() if cache.reason(key) is None]
    missing = [(key, settings, sorted(set(range(count)) - cache.replications(key))) for key, settings in playable]
    return [point for point in missing if point[2]]


def _batches(missing: Sequence[tuple[str, tuple[Setting, ...], list[int]]]) -> Iterator[tuple[Batch, str]]:
    """Yield batches with the keys of their points; they are small if there are few, so that all workers get some."""
    total = sum(len(numbers) for *_, numbers in missing)
    most = min(BATCH, max(1, total // (AHEAD * cores())))
    for key, settings, numbers in missing:
        rest = numbers
        while rest:
            longest = min(most, len(rest))
            count = next((n for n in range(1, longest) if rest[n] != rest[0] + n), longest)
            yield Batch(settings, rest[0], count), key
            rest = rest[count:]


def settings_of(levers: Sequence[str], point: Point) -> tuple[Setting, ...]:
    """Return the settings of a point, sorted by lever, without the levers that it leaves unchanged."""
    return tuple(sorted((lever, text) for lever, text in zip(levers, point, strict=True) if text))


def point_text(settings: Sequence[Setting]) -> str:
    """Return the settings of a point as text."""
    return ", ".join(f"{lever} = {text}" for lever, text in settings) or "the unchanged scenario"


def _executor(task: PlayBatch, request: Request, execution: ExecutionOptions) -> AbstractContextManager[Executor]:
    if execution.on is not None:
        from sim.play.cluster import Cluster

        return Cluster(task, execution.on)
    return Crew(task, request.workers or cores())
