"""Evaluates vectors of parameters: plays those that are not in the cache, and reports the progress of each stage."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np

from sim.arrays import Floats
from sim.measures.evidence import Evidence
from sim.measures.likelihood import Target, targets
from sim.measures.series_likelihood import series_targets, structure_of, with_nodes
from sim.play import engines
from sim.play.cache import PlayCache, Totals
from sim.play.request import Progress, Request
from sim.play.workers import Crew
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.verbs.calibrate.fit import Sample
from sim.verbs.calibrate.priors import priors_of
from sim.verbs.calibrate.sampling import Draws
from sim.verbs.calibrate.task import ObservationTask, shortest_horizon

Point = tuple[float, ...]
"""The values of the parameters, and the number of the replication."""

MAX_REPLICATIONS, SERIES_REPLICATIONS = 8, 4
"""Largest number of replications that are averaged in a fit, and the least with series."""
SMALL_NOISE = 0.25
"""Noise is small when it is less than this share of the other spread of every fitted figure."""
LEAST_NODE = 0.02
"""Posterior weight of a size and time of a series' errors below which it is left out."""
WRITE_EVERY = 3.0
"""Seconds of results that are written together."""


class Evaluator:
    """Evaluates vectors for one calibration; a context manager.

    The observations of a vector are averaged over `replications`. `plays_made` counts the plays that were not in the
    cache.
    """

    def __init__(
        self, loaded: LoadedCalibration, request: Request, progress: Progress, cache: Path | None = None
    ) -> None:
        calibration, scenario = loaded.calibration, loaded.central.scenario
        self.error_model, self.targets = calibration.observation, targets(calibration)
        self.evidence = Evidence(self.targets, series_targets(calibration, scenario.clock), self.error_model)
        self._first_evidence = self.evidence
        self.priors = priors_of(calibration)
        self.seed = scenario.seed if request.seed is None else request.seed
        self.replications, self.plays_made = 1, 0
        self.noise = np.zeros(self.evidence.width)
        self._used: set[Point] = set()
        self.task = ObservationTask(
            template=loaded.template,
            names=self.priors.names,
            units=loaded.units,
            seed=self.seed,
            engine=engines.ready(request.engine),
            horizon=shortest_horizon(scenario),
        )
        points = (f"{s.series.id} {n}" for s in self.evidence.series for n in range(len(s)))
        self._names = tuple((name,) for name in (*(target.row.id for target in self.targets), *points))
        folder = None if cache is None else cache / self.task.digest()
        self.cache = PlayCache[tuple[str, ...]](folder, ("figure",), tuple)
        self.say, self.warn = progress.say, progress.warn
        for name in self.cache.damaged:
            progress.warn(f"{name} was damaged and has been removed; its results are computed again")
        self.loaded = loaded
        self._crew = Crew(self.task, 1)
        self._progress = progress
        self._stage, self._begun, self._planned = "", 0, 0
        self._open = ExitStack()

    def __enter__(self) -> Evaluator:
        self._open.enter_context(self._crew)
        return self

    def start_anew(self, workers: int) -> None:
        """Forget replications and noise, but not the plays, and let so many workers play from now on."""
        self.replications, self.noise = 1, np.zeros(self.evidence.width)
        if workers > 1 and self._crew.workers != workers:
            self._crew = self._open.enter_context(Crew(self.task, workers))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.__exit__(kind, error, at)

    @property
    def evaluations(self) -> int:
        """Number of different plays used so far, whether made now or taken from the cache."""
        return len(self._used)

    def stage(self, name: str, planned: int) -> None:
        """Begin a stage of about `planned` plays."""
        self._stage, self._begun, self._planned = name, self.evaluations, planned
        self._progress(0, planned, name)

    def observed(self, scores: Floats) -> Floats:
        """Return what the model says at `scores` (N, D), (N, J): the geometric mean over the replications."""
        each = np.array([self.replication(scores, number) for number in range(self.replications)])
        if self.replications == 1:
            return np.asarray(each[0])
        return self.evidence.values(self.evidence.logs(each).mean(axis=0))

    def replication(self, scores: Floats, number: int) -> Floats:
        """Return what the model says at `scores` (N, D) in one replication, (N, J)."""
        points = [(*values, float(number)) for values in self.priors.values(scores).tolist()]
        new = [point for point in points if point not in self._used]
        before = self.evaluations - self._begun

        def done(ready: int) -> None:
            self._progress(before + ready, max(before + len(new), self._planned), self._stage)

        if new:
            self._play([point for point in dict.fromkeys(new) if not self._is_cached(point)], len(new), done)
            self._used.update(new)
            done(len(new))
        rows = [self.cache.totals(key_of(point), [int(point[-1])]).values[0] for point in points]
        return np.array(rows).reshape(len(points), len(self._names))

    def take_noise(self, plays: Floats, *, fixed: bool = False) -> None:
        """Take the noise of one play from `plays` (R, P, columns), R replications of P vectors where the fit is good.

        Unless the number of replications is `fixed`, it is doubled until the noise of their mean is small for every
        fitted single figure; series need SERIES_REPLICATIONS.
        """
        logs, singles = self.evidence.logs(plays), len(self.targets)
        one = np.sqrt(logs.var(axis=0, ddof=1).mean(axis=0))
        rest = np.array([np.hypot(target.spread, self.error_model.discrepancy) for target in self.targets])
        fitted = np.array([target.fitted for target in self.targets], dtype=bool)
        if not fixed:
            if self.evidence.series:
                self.replications = max(self.replications, SERIES_REPLICATIONS)
            while (
                self.replications < MAX_REPLICATIONS
                and (one[:singles] / np.sqrt(self.replications) > SMALL_NOISE * rest)[fitted].any()
            ):
                self.replications *= 2
        self.noise = one * np.sqrt(1 + 1 / self.replications)  # what really happened is one play, too
        series = tuple(
            replace(s, structure=structure_of(s, plays[..., at].swapaxes(0, 1), self.replications))
            for s, at in self.evidence.blocks()
        )
        self.evidence = replace(self.evidence, series=series)

    def drop_unlikely(self, best: Floats) -> None:
        """Leave out the sizes and times of series' errors that are unlikely at `best` (1, D): they cost time."""
        logs = self.evidence.logs(self.observed(best))
        series = tuple(with_nodes(s, logs[:, at], LEAST_NODE) for s, at in self.evidence.blocks())
        self.evidence = replace(self.evidence, series=series)

    def _is_cached(self, point: Point) -> bool:
        return int(point[-1]) in self.cache.replications(key_of(point))

    def _play(self, points: list[Point], wanted: int, done: Callable[[int], None]) -> None:
        """Play these points and store the results, every WRITE_EVERY seconds and at the end, also when interrupted."""
        ready, stored_at = wanted - len(points), time.monotonic()
        try:
            for point, result in zip(points, self._crew.results(points), strict=True):
                self.cache.add(key_of(point), int(point[-1]), Totals(self._names, result[None]))
                self.plays_made += 1
                if time.monotonic() - stored_at > WRITE_EVERY:
                    self.cache.write()
                    stored_at = time.monotonic()
                ready += 1
                done(ready)
        finally:
            self.cache.write()

    def log_likelihood(self, scores: Floats) -> Floats:
        """Return the log likelihood of all fitted rows together at `scores` (N, D), (N,)."""
        return self.likelihood_of(self.targets)(scores)

    def first_likelihood(self, scores: Floats) -> Floats:
        """Return the log likelihood (N,) with the errors of series that are assumed before any was measured."""
        logs = self.evidence.logs(self.observed(scores))
        return self._first_evidence.log_likelihood(logs, self.noise)

    def likelihood_of(self, targets: tuple[Target, ...]) -> Callable[[Floats], Floats]:
        """Return the log likelihood of these `targets` together, as a function of scores (N, D)."""
        evidence = replace(self.evidence, targets=targets)
        return lambda scores: evidence.log_likelihood(evidence.logs(self.observed(scores)), self.noise)

    def likelihood_of_logs(self, targets: tuple[Target, ...]) -> Callable[[Floats, Floats], Floats]:
        """Return the log likelihood of `targets` as a function of the logarithms of the figures and their errors."""
        evidence = replace(self.evidence, targets=targets)
        return lambda logs, error: evidence.log_likelihood(logs, self.noise, error)

    def sample(self, draws: Draws) -> Sample:
        """Return draws as a sample of parameters with their observations."""
        return self.sample_of(draws, self.observed(draws.scores))

    def sample_of(self, draws: Draws, observed: Floats) -> Sample:
        """Return draws as a sample of parameters; `observed` (N, columns) is what the model says there."""
        values = self.priors.values(draws.scores)
        return Sample(
            parameters=self.priors.names,
            values=values,
            weights=draws.weights,
            observed=observed,
            log_prior=self.priors.log_density(values),
            log_density=draws.log_density,
        )


def key_of(point: Point) -> str:
    """Return the key under which the results for a vector of parameters are stored."""
    return "v" + hashlib.sha256(np.array(point[:-1]).tobytes()).hexdigest()[:24]
