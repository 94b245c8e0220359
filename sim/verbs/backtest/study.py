"""Fits a scenario to one window of a reported series, predicts a later one, and scores it beside naive forecasts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.arrays import Bools, Floats, Ints
from sim.errors import SimError
from sim.measures.reported_series import observe_series, points_in_run
from sim.play import engines
from sim.play.one import play_once
from sim.play.request import Progress, Request, silent
from sim.play.workers import Crew
from sim.scenario.model.instants import local
from sim.scenario.model.reported_series import ReportedSeries
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.scenario.text.load_scenario import Template, template_of
from sim.scenario.text.tree import Node, child
from sim.verbs.backtest.boosting import BOOSTING, boosted, is_constant
from sim.verbs.backtest.correction import Corrected, Ensemble, corrected, with_errors
from sim.verbs.backtest.inputs import known_inputs
from sim.verbs.backtest.naive import NAIVE, History, forecast, lead_of
from sim.verbs.backtest.scores import Difference, Score, Scored, all_scores, differences
from sim.verbs.backtest.windows import Window, Windows
from sim.verbs.calibrate.study import calibrate

MODEL, CAME, KNOWN = "model", "model, inputs as they came", "model, inputs as known then"
CORRECTED = ", corrected"
"""What stands after the name of a forecast that is corrected by its errors in the fitted window."""
REPLICATIONS = 60
"""Plays of each forecast, each with its own parameters from the fit."""
EPOCH = datetime(1970, 1, 1)


class Part(NamedTuple):
    """The forecasts of one series made at one origin: local times (s), truth (n,), and samples by forecast (n, m)."""

    origin: float
    at: Floats
    truth: Floats
    samples: dict[str, Floats]
    corrections: dict[str, Corrected]


@dataclass(frozen=True)
class Tested:
    """The forecasts of one series over all origins, with their scores."""

    series: ReportedSeries
    parts: tuple[Part, ...] = field(repr=False)
    scored: Scored = field(repr=False)
    scores: tuple[Score, ...]
    differences: tuple[Difference, ...]

    def score_of(self, name: str) -> Score:
        """Return the score of a forecast over all leads."""
        return next(score for score in self.scores if score.forecast == name)


@dataclass(frozen=True)
class Backtest:
    """The result: what was fitted and predicted, and how well."""

    loaded: LoadedCalibration
    windows: Windows
    request: Request
    tested: tuple[Tested, ...]
    fitted: tuple[dict[str, tuple[float, float, float]], ...]
    """For each origin, 5 %, median and 95 % of every parameter; empty without parameters."""
    replaced: tuple[str, ...]
    """What was replaced where the inputs were only those known then."""
    started_at: datetime
    wall_s: float


def run_backtest(
    loaded: LoadedCalibration,
    windows: Windows,
    request: Request,
    progress: Progress = silent,
    cache: Path | None = None,
) -> Backtest:
    """Fit on one window and predict another, for every origin.

    Parameters
    ----------
    loaded
        A calibration with at least one series among its reported figures.
    windows
        What is fitted and what is predicted.
    request
        Replications of each forecast (REPLICATIONS if None), seed, engine, number of processes.
    progress
        Follows the work.
    cache
        Folder of finished plays of the fits, so that a repeated command continues.

    Raises
    ------
    SimError
        If there is no series, or it has no points in a window.
    """
    began, started = time.perf_counter(), datetime.now(UTC)
    every = loaded.calibration.reported_series
    if not every:
        raise SimError(f"{loaded.path}: has no series to score; `sim import waits` makes one from a file of waits")
    number = request.replications or REPLICATIONS
    seed = loaded.central.scenario.seed if request.seed is None else request.seed
    request = replace(request, replications=number, seed=seed, engine=engines.ready(request.engine))
    request = request.staffed(number, number)
    histories = [_history(series, loaded) for series in every]
    for series, history in zip(every, histories, strict=True):
        if not any(_inside(history, windows.score)):
            raise SimError(f"{loaded.path}: the series {series.id!r} has no point in --score, {windows.score}")
    parts: list[list[Part]] = [[] for _ in every]
    fitted, replaced = [], set()
    origins = windows.origins()
    for n, (to_fit, to_score) in enumerate(origins):
        progress.say(f"origin {n + 1} of {len(origins)}: fitting {to_fit}, predicting {to_score}")
        vectors, learnt = _fit(loaded, to_fit, windows.lead_in, request, progress, cache)
        fitted.append(learnt)
        ensembles, told = _ensembles(loaded, (to_fit, to_score), windows.lead_in, vectors, (request, progress))
        replaced.update(told)
        for k in range(len(every)):
            part = _part(histories[k], to_fit, to_score, {name: each[k] for name, each in ensembles.items()})
            if part is not None:
                parts[k].append(part)
    tested = tuple(_tested(series, own) for series, own in zip(every, parts, strict=True))
    return Backtest(
        loaded, windows, request, tested, tuple(fitted), tuple(sorted(replaced)), started, time.perf_counter() - began
    )


def _history(series: ReportedSeries, loaded: LoadedCalibration) -> History:
    """Return all points of a series that are exact values, by local time."""
    clock = loaded.central.scenario.clock
    instants = [point.from_.replace(tzinfo=None) for point in series.series]
    wide = clock.model_copy(
        update={
            "start": min(instants) - timedelta(days=1),
            "horizon": max(instants) + timedelta(days=8),
            "warm_up": 0.0,
        }
    )
    points = points_in_run(series, wide)
    at = np.array([_local_s(local(wide, int(begin))) for begin in points.begin])
    exact = points.bound == 0
    order = np.argsort(at[exact], kind="stable")
    return History(at[exact][order], points.value[exact][order])


def _local_s(moment: datetime) -> float:
    return (moment.replace(tzinfo=None) - EPOCH).total_seconds()


def windowed(loaded: LoadedCalibration, root: Node, window: Window, lead_in: timedelta) -> LoadedCalibration:
    """Return a calibration whose run is a window, after a lead-in that is played and not counted; series alone stay."""
    rows = child(root, "reported")
    assert rows is not None
    root = replace(root, value={**root.value, "reported": replace(rows, value=[])})
    start = window.begin - lead_in
    sets = [f"clock.start={start:%Y-%m-%dT%H:%M}", f"clock.horizon={window.end:%Y-%m-%dT%H:%M}"]
    sets += [f"clock.warm_up={lead_in.total_seconds():g} s"] if lead_in else ["clock.warm_up=0 s"]
    template = template_of(root, sets)
    centres = {name: parameter.prior.centre for name, parameter in loaded.calibration.parameters.items()}
    calibration = loaded.calibration.model_copy(update={"reported": (), "known_until": None})
    return replace(loaded, template=template, calibration=calibration, central=template.loaded(centres, loaded.units))


class _Vectors(NamedTuple):
    names: tuple[str, ...]
    values: Floats


def _fit(
    loaded: LoadedCalibration,
    window: Window,
    lead_in: timedelta,
    request: Request,
    progress: Progress,
    cache: Path | None,
) -> tuple[_Vectors, dict[str, tuple[float, float, float]]]:
    """Return vectors of the posterior of a window, one for each replication, and each parameter's interval."""
    number = request.replications or REPLICATIONS
    if not loaded.calibration.parameters:
        return _Vectors((), np.zeros((number, 0))), {}
    inside = windowed(loaded, loaded.template.root, window, lead_in)
    for series in inside.central.scenario.reported_series:
        if len(points_in_run(series, inside.central.scenario.clock)) < 2:
            raise SimError(f"{loaded.path}: the series {series.id!r} has fewer than two points in --fit, {window}")
    fit = calibrate(inside, replace(request, replications=None), progress, cache)
    sample = fit.posterior
    steps = (np.arange(number) + 0.5) / number
    rows = np.searchsorted(np.cumsum(sample.weights), steps).clip(max=len(sample.weights) - 1)
    rows = np.random.default_rng(request.seed or 0).permutation(rows)
    values = sample.values[rows]
    ends = np.quantile(values, (0.05, 0.5, 0.95), axis=0)
    return _Vectors(sample.parameters, values), {
        name: (float(ends[0, d]), float(ends[1, d]), float(ends[2, d])) for d, name in enumerate(sample.parameters)
    }


@dataclass(frozen=True)
class PredictTask:
    """What the model says for all points of each series in one replication of a window."""

    template: Template
    units: dict[str, str]
    vectors: _Vectors
    seed: int
    engine: str

    def __call__(self, replication: int) -> list[Floats]:
        """Return the values of each series. Raises SimError."""
        values = dict(zip(self.vectors.names, self.vectors.values[replication].tolist(), strict=True))
        scenario = self.template.scenario(values, self.units)
        played = play_once(scenario, self.seed, replication, self.engine)
        return [observe_series(series, scenario, played.measures) for series in scenario.reported_series]


def _ensembles(
    loaded: LoadedCalibration,
    both: tuple[Window, Window],
    lead_in: timedelta,
    vectors: _Vectors,
    playing: tuple[Request, Progress],
) -> tuple[dict[str, list[Ensemble]], list[str]]:
    """Return, for both kinds of inputs, what the model says in the fitted window and in the predicted one."""
    root = loaded.template.root
    known, told = known_inputs(root, loaded.central.scenario, both[0].end)
    found = {}
    for name, tree in ((CAME, root), (KNOWN, known)) if told else ((MODEL, root),):
        inside = [windowed(loaded, each, window, lead_in) for window, each in zip(both, (root, tree), strict=True)]
        values = [_play(each, vectors, *playing, name) for each in inside]
        found[name] = [
            Ensemble(_times(series, each), values[0][k], values[1][k])
            for k, series in enumerate(loaded.calibration.reported_series)
            for each in [inside]
        ]
    return found, told


def _times(series: ReportedSeries, inside: Sequence[LoadedCalibration]) -> tuple[Floats, Floats]:
    both = []
    for each in inside:
        clock = each.central.scenario.clock
        points = points_in_run(series, clock)
        both.append(np.array([_local_s(local(clock, int(begin))) for begin in points.begin]))
    return both[0], both[1]


def _play(
    inside: LoadedCalibration, vectors: _Vectors, request: Request, progress: Progress, name: str
) -> list[Floats]:
    task = PredictTask(inside.template, inside.units, vectors, request.seed or 0, request.engine)
    number, played = request.replications or REPLICATIONS, []
    progress(0, number, name)
    with Crew(task, request.workers or 1, threads=request.threads) as crew:
        for values in crew.results(range(number)):
            played.append(values)
            progress(len(played), number, name)
    return [np.array([values[k] for values in played]) for k in range(len(played[0]))]


def _part(history: History, fit: Window, score: Window, ensembles: dict[str, Ensemble]) -> Part | None:
    """Return all forecasts of a series at one origin; None if nothing came in the window."""
    origin = _local_s(fit.end)
    inside = _inside(history, score)
    at, truth = history.at[inside], history.value[inside]
    if not len(at):
        return None
    samples = {}
    exponents = {}
    for name, ensemble in ensembles.items():
        samples[name] = with_errors(ensemble, history, at)
        if (found := corrected(ensemble, history, origin, at)) is not None:
            samples[name + CORRECTED] = found.samples
            exponents[name + CORRECTED] = found
    for name in NAIVE:
        samples[name] = forecast(name, history, origin, at)
    extra = boosted(history, origin, at)
    if extra is not None:
        samples[BOOSTING] = extra
    return Part(origin, at, truth, samples, exponents)


def _inside(history: History, window: Window) -> Bools:
    return np.asarray((history.at >= _local_s(window.begin)) & (history.at < _local_s(window.end)))


def _tested(series: ReportedSeries, parts: list[Part]) -> Tested:
    names = [name for name in parts[0].samples if all(name in part.samples for part in parts)]
    names = [name for name in names if name != BOOSTING or not is_constant([part.samples[name] for part in parts])]
    scored = Scored(
        np.concatenate([part.truth for part in parts]),
        np.concatenate([lead_of(part.at, part.origin) for part in parts]),
        _days(parts),
        {name: np.concatenate([part.samples[name] for part in parts]) for name in names},
    )
    best = KNOWN if KNOWN in names else MODEL
    apart = [each for name in (best, best + CORRECTED) if name in names for each in differences(scored, name)]
    return Tested(series, tuple(parts), scored, tuple(all_scores(scored)), tuple(apart))


def _days(parts: list[Part]) -> Ints:
    return np.concatenate([np.floor(part.at / 86400.0).astype(np.int64) for part in parts])
