"""Scores the model, and naive forecasts, on reported figures that no fit has used.

The scenario is played with parameters from its posterior, one vector for each replication. Reports are expected around
the values of the model with the errors that the calibration assumes: of the reporter, and of the model itself. A naive
forecast is one value with the same errors.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from sim.arrays import Floats
from sim.engine.lower.plan_from import lower
from sim.errors import SimError
from sim.measures.likelihood import Target, floored, log_likelihood, predicted, targets
from sim.measures.quantiles import plain_quantiles
from sim.measures.reports import label, observe, unit_of
from sim.paths import is_file
from sim.play import engines
from sim.play.one import Subject
from sim.play.posterior import Posterior, posterior_of
from sim.play.request import Progress, Request, silent
from sim.play.workers import Crew
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.verbs.validate.naive import EVERYDAY, HALF_WAY, LAST, everyday, last_value
from sim.verbs.validate.pairs import Pair, pairs_of
from sim.verbs.validate.scores import Overall, Score, overall, score

MODEL = "model"
REPLICATIONS = 200
"""Default number of replications, each with its own parameters from the posterior."""
REPORTS = 20_000
"""Expected reports that are drawn for each figure, at least."""
FIRST_SCORES = "first_scores.csv"
"""File beside a calibration with the scores of an earlier version of the model."""


class First(NamedTuple):
    """The first score of a figure: the model's own value, mean and 5-95 %, in the version that was scored first.

    It is `comparable` unless the figure was read otherwise then.
    """

    version: str
    mean: float
    low: float
    high: float
    comparable: bool
    note: str


@dataclass(frozen=True)
class ScoredRow:
    """A reported figure with the values of the model and the scores of every forecast that exists for it.

    `mean`, `low` and `high` are the model's own value over the replications (mean, 5 and 95 %): without the errors of
    reports. `naive` are the values of the naive forecasts, NaN where there is none.
    """

    target: Target
    label: str
    mean: float
    low: float
    high: float
    scores: Mapping[str, Score]
    naive: Mapping[str, float]
    first: First | None

    @property
    def unit(self) -> str:
        """The unit of the figure."""
        return unit_of(self.target.row)

    @property
    def status(self) -> str:
        """Whether the figure is fitted ('fitted'), held back ('validation'), seen before, or later than a fit."""
        if self.target.fitted:
            return "fitted"
        if self.target.row.status == "validation":
            return "validation, seen before" if self.target.row.seen_before else "validation"
        return "after the fit"


@dataclass(frozen=True)
class Validation:
    """The scores of a calibration. `observed` (N, J) are the model's own values, one row for each replication.

    `pairs` are the joint checks of all figures that are not rejected, the fitted ones included. `used_before` are the
    ids of figures that this calibration does not fit and that the posterior was fitted to; they count as fitted.
    """

    loaded: LoadedCalibration
    posterior: Posterior | None = field(repr=False)
    request: Request
    rows: tuple[ScoredRow, ...]
    observed: Floats = field(repr=False)
    pairs: tuple[Pair, ...] = field(repr=False)
    everything: bool
    used_before: tuple[str, ...]
    started_at: datetime
    wall_s: float

    def overall(self, forecast: str, fitted: bool = False) -> Overall:
        """Return the scores of a forecast over the rows that it exists for: those held back, or those `fitted`."""
        return overall([row.scores[forecast] for row in self._rows(fitted) if forecast in row.scores])

    def model_beside(self, forecast: str, fitted: bool = False) -> Overall:
        """Return the scores of the model over the rows for which a naive forecast exists."""
        return overall([row.scores[MODEL] for row in self._rows(fitted) if forecast in row.scores])

    def _rows(self, fitted: bool) -> list[ScoredRow]:
        return [row for row in self.rows if row.target.fitted == fitted]


@dataclass(frozen=True)
class ScoreTask:
    """The task of one replication: what the model says for the figures, and what it says of everyday traffic."""

    subject: Subject
    seed: int
    engine: str
    columns: tuple[int, ...]

    def __call__(self, replication: int) -> Floats:
        """Return the values of the figures and of everyday traffic, (2, J). Raises SimError."""
        played = self.subject.play(self.seed, replication, self.engine)
        rows = [played.scenario.reported[column] for column in self.columns]
        return np.array(
            [
                [observe(row, played.scenario, played.measures) for row in rows],
                [everyday(row, played.scenario, played.measures) for row in rows],
            ]
        )


def validate(
    loaded: LoadedCalibration, request: Request, progress: Progress = silent, everything: bool = False
) -> Validation:
    """Play the scenario of a calibration with its posterior and score every figure that is not fitted.

    Parameters
    ----------
    loaded
        The calibration, read with its figures for validation.
    request
        Number of replications (REPLICATIONS if None), seed, engine, and number of processes.
    progress
        Follows the replications.
    everything
        Score the fitted figures too; they have been used, so this is no test.

    Raises
    ------
    SimError
        If there is nothing to score, or the scenario cannot be played.
    """
    started_at, began = datetime.now(UTC), time.perf_counter()
    if not any(row.status != "rejected" for row in loaded.calibration.reported) and loaded.calibration.reported_series:
        raise SimError(f"{loaded.path}: has series alone; {series_scored_by(loaded)}")
    scenario, posterior = loaded.central.scenario, _posterior(loaded)
    every = targets(loaded.calibration)
    before = used_before(every, posterior)
    kept = [
        (c, replace(target, fitted=target.fitted or target.row.id in before))
        for c, target in enumerate(every)
        if target.row.status != "rejected"
    ]
    wanted = [j for j, (_, target) in enumerate(kept) if everything or not target.fitted]
    if not wanted:
        held_back = f"the posterior was fitted to {', '.join(before)}" if before else "give some `status: validation`"
        raise SimError(f"{loaded.path}: no figure to score; {held_back}, or use --all")
    firsts = read_first_scores(loaded.path.with_name(FIRST_SCORES))
    number = request.replications or REPLICATIONS
    request = replace(
        request,
        replications=number,
        seed=scenario.seed if request.seed is None else request.seed,
        engine=engines.ready(request.engine),
    ).staffed(number, number)
    subject = Subject(scenario, lower(scenario), posterior)
    task = ScoreTask(subject, request.seed or 0, request.engine, tuple(column for column, _ in kept))
    played = []
    progress(0, number)
    with Crew(task, request.workers or 1, threads=request.threads) as crew:
        for values in crew.results(range(number)):
            played.append(values)
            progress(len(played), number)
    observed, usual = np.moveaxis(np.array(played), 1, 0)
    chosen, seed = tuple(target for _, target in kept), request.seed or 0
    pairs = pairs_of(chosen, loaded.calibration.observation, observed, seed)
    observed, usual = observed[:, wanted], usual[:, wanted]
    rows = _scored(loaded, tuple(chosen[j] for j in wanted), (observed, usual), firsts, seed)
    wall_s = time.perf_counter() - began
    return Validation(loaded, posterior, request, rows, observed, pairs, everything, before, started_at, wall_s)


def series_scored_by(loaded: LoadedCalibration) -> str:
    """Return which command scores the series of a calibration."""
    return f"`sim backtest {loaded.path} --fit FROM..UNTIL --score FROM..UNTIL` scores them on days not fitted"


def _posterior(loaded: LoadedCalibration) -> Posterior | None:
    """Return the posterior of the scenario with the figures of this calibration. Raises SimError."""
    file = loaded.path.parent / loaded.calibration.scenario
    posterior = posterior_of(file)
    missing = [name for name in loaded.template.names if posterior is None or name not in posterior.names]
    if missing:
        raise SimError(f"{file}: has no posterior of {', '.join(missing)}; run `sim calibrate {loaded.path} --update`")
    return None if posterior is None else replace(posterior, template=loaded.template)


def used_before(every: tuple[Target, ...], posterior: Posterior | None) -> tuple[str, ...]:
    """Return the ids of the figures that are held back or too late for a fit now, but that the posterior was fitted to.

    A fitted file without a list of its figures was fitted to all figures in use, whatever `known_until` says now.
    """
    if posterior is None:
        return ()
    known = posterior.fitted.figures or [target.row.id for target in every if target.row.status == "used"]
    open_now = (target.row for target in every if not target.fitted and target.row.status != "rejected")
    return tuple(row.id for row in open_now if row.id in known)


def _scored(
    loaded: LoadedCalibration,
    wanted: tuple[Target, ...],
    values: tuple[Floats, Floats],
    firsts: Mapping[str, First],
    seed: int,
) -> tuple[ScoredRow, ...]:
    """Return the figures with their scores; `values` are those of the model and of everyday traffic, (N, J) each."""
    observed, usual = values
    means = [float(column[np.isfinite(column)].mean()) if np.isfinite(column).any() else nan for column in usual.T]
    last = [last_value(target.row, loaded.calibration.reported) for target in wanted]
    half = [(one + other) / 2 for one, other in zip(last, means, strict=True)]
    naive = {LAST: np.array(last), EVERYDAY: np.array(means), HALF_WAY: np.array(half)}
    forecasts = {MODEL: observed, **{name: row[None] for name, row in naive.items()}}
    scores = {name: _scores(loaded, wanted, forecast, seed) for name, forecast in forecasts.items()}
    rows = []
    for j, target in enumerate(wanted):
        own = observed[np.isfinite(observed[:, j]), j]
        low, high = (float(q) for q in plain_quantiles(own)) if len(own) else (nan, nan)
        exist = [name for name, forecast in forecasts.items() if name == MODEL or np.isfinite(forecast[0, j])]
        rows.append(
            ScoredRow(
                target=target,
                label=label(target.row, target.reported),
                mean=float(own.mean()) if len(own) else nan,
                low=low,
                high=high,
                scores={name: scores[name][j] for name in exist},
                naive={name: float(row[j]) for name, row in naive.items()},
                first=firsts.get(target.row.id),
            )
        )
    return tuple(rows)


def _scores(loaded: LoadedCalibration, wanted: tuple[Target, ...], forecast: Floats, seed: int) -> list[Score]:
    """Return the score of every figure under a forecast: equally probable values (N, J)."""
    errors, noise = loaded.calibration.observation, np.zeros(len(wanted))
    sample = np.tile(forecast, (-(-REPORTS // len(forecast)), 1))
    normals = np.random.default_rng(seed).standard_normal(sample.shape)
    reports = predicted(wanted, errors, sample, noise, (normals, np.ones(sample.shape)))  # no outliers, as in a fit
    reports = floored(wanted, reports)  # a report may be rounded to 0
    by_row = log_likelihood(wanted, errors, forecast, noise)
    logs = logsumexp(by_row, axis=0) - np.log(len(forecast))
    return [score(target, reports[:, j], float(logs[j])) for j, target in enumerate(wanted)]


def read_first_scores(path: Path) -> dict[str, First]:
    """Return the first scores in a CSV file by the id of their figure; none if there is no file. Raises SimError."""
    if not is_file(path):
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return {
                row["id"]: First(
                    version=row["version"],
                    mean=_number(row["mean"]),
                    low=_number(row["low"]),
                    high=_number(row["high"]),
                    comparable=row["comparable"] == "yes",
                    note=row["note"],
                )
                for row in csv.DictReader(lines)
            }
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise SimError(
            f"{path}: expected the columns id, version, mean, low, high, comparable, note; {error}"
        ) from None


def _number(text: str) -> float:
    return float(text) if text else nan
