"""Tries vectors of parameters: knows what was tried before, and tells how far a stage has come."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np

from sim.arrays import Floats
from sim.measures.likelihood import Target, floored, log_likelihood, targets, total
from sim.play import engines
from sim.play.cache import PlayCache, Totals
from sim.play.request import Progress, Request
from sim.play.workers import Crew, cores
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.verbs.calibrate.fit import Sample
from sim.verbs.calibrate.priors import priors
from sim.verbs.calibrate.sampling import Drawn
from sim.verbs.calibrate.task import Observing, shortest

Point = tuple[float, ...]
"""The values of the parameters, and the number of the replication."""

PART_TIME = 3.0
"""Seconds of results that are stored together."""


class Trials:
    """All vectors tried for one calibration; a context manager.

    `replications` of each are averaged; `played` is the number of plays made now, not known from before.
    """

    def __init__(
        self, loaded: LoadedCalibration, request: Request, progress: Progress, cache: Path | None = None
    ) -> None:
        calibration, scenario = loaded.calibration, loaded.central.scenario
        self.observation, self.targets = calibration.observation, targets(calibration)
        self.priors = priors(calibration)
        self.seed = scenario.seed if request.seed is None else request.seed
        self.replications, self.played = 1, 0
        self.noise = np.zeros(len(self.targets))
        self._used: set[Point] = set()
        engine = engines.ready(request.engine)
        self.task = Observing(
            loaded.template, self.priors.names, loaded.units, self.seed, engine, shortest(scenario)
        )  # fmt: skip
        self._names = tuple((target.row.id,) for target in self.targets)
        folder = None if cache is None else cache / self.task.digest()
        self.cache = PlayCache[tuple[str, ...]](folder, ("figure",), tuple)
        self.say = progress.say
        for name in self.cache.damaged:
            self.say(f"{name} is damaged and was removed; what it held is computed again")
        self._crew = Crew(self.task, request.workers or cores())
        self._progress = progress
        self._stage, self._begun, self._planned = "", 0, 0
        self._open = ExitStack()

    def __enter__(self) -> Trials:
        self._open.enter_context(self._crew)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.__exit__(kind, error, at)

    @property
    def tried(self) -> int:
        """Number of different plays used so far, whether made now or known from before."""
        return len(self._used)

    def stage(self, words: str, planned: int) -> None:
        """Begin a stage, of about so many trials."""
        self._stage, self._begun, self._planned = words, self.tried, planned
        self._progress(0, planned, words)

    def observed(self, scores: Floats) -> Floats:
        """Return what the model says at `scores` (N, D), (N, J): the geometric mean over the replications."""
        each = np.array([self.replication(scores, number) for number in range(self.replications)])
        found: Floats = each[0]
        if self.replications > 1:
            found = np.exp(np.log(floored(self.targets, each)).mean(axis=0))
        return found

    def replication(self, scores: Floats, number: int) -> Floats:
        """Return what the model says at `scores` (N, D) in one replication, (N, J)."""
        points = [(*values, float(number)) for values in self.priors.values(scores).tolist()]
        fresh = [point for point in points if point not in self._used]
        before = self.tried - self._begun

        def done(ready: int) -> None:
            self._progress(before + ready, max(before + len(fresh), self._planned), self._stage)

        if fresh:
            self._play([point for point in dict.fromkeys(fresh) if not self._is_known(point)], len(fresh), done)
            self._used.update(fresh)
            done(len(fresh))
        rows = [self.cache.totals(key_of(point), [int(point[-1])]).values[0] for point in points]
        return np.array(rows).reshape(len(points), len(self._names))

    def _is_known(self, point: Point) -> bool:
        return int(point[-1]) in self.cache.replications(key_of(point))

    def _play(self, points: list[Point], wanted: int, done: Callable[[int], None]) -> None:
        """Play these points and store the results, every PART_TIME seconds and at the end, also if interrupted."""
        ready, stored_at = wanted - len(points), time.monotonic()
        try:
            for point, result in zip(points, self._crew.results(points), strict=True):
                self.cache.add(key_of(point), int(point[-1]), Totals(self._names, result[None]))
                self.played += 1
                if time.monotonic() - stored_at > PART_TIME:
                    self.cache.write()
                    stored_at = time.monotonic()
                ready += 1
                done(ready)
        finally:
            self.cache.write()

    def by_row(self, scores: Floats) -> Floats:
        """Return the logarithm of the likelihood of every row at `scores` (N, D), (N, J)."""
        return log_likelihood(self.targets, self.observation, self.observed(scores), self.noise)

    def log_likelihood(self, scores: Floats) -> Floats:
        """Return that of all fitted rows together, (N,)."""
        return total(self.targets, self.by_row(scores))

    def without(self, targets: tuple[Target, ...]) -> Callable[[Floats], Floats]:
        """Return the same likelihood with other `targets` in the place of all."""
        return lambda scores: total(targets, self.by_row(scores))

    def sample(self, drawn: Drawn) -> Sample:
        """Return drawn scores as a sample of parameters with all their observations."""
        observed, values = self.observed(drawn.scores), self.priors.values(drawn.scores)
        by_row = log_likelihood(self.targets, self.observation, observed, self.noise)
        return Sample(
            self.priors.names, values, drawn.weights, observed, by_row, self.priors.log_density(values),
            drawn.log_density,
        )  # fmt: skip


def key_of(point: Point) -> str:
    """Return the key under which the results for a vector of parameters are stored."""
    return "v" + hashlib.sha256(np.array(point[:-1]).tobytes()).hexdigest()[:24]
