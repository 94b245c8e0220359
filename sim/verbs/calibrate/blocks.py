"""Leaves out whole blocks of figures: all that were reported of a day, and all of a kind.

A single figure is easily predicted from its neighbours of the same day, whose error it shares. A block shows what the
fit knows without them, and scores what is assumed about the error of the model: its size, and the share that figures
have in common. Everything is computed by re-weighting the posterior; nothing is played.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy.special import logsumexp

from sim.arrays import Floats
from sim.measures.likelihood import Target, total_log_likelihood
from sim.play.request import Progress, silent
from sim.plotting.rail import words
from sim.plotting.story import window
from sim.scenario.model.calibration import ErrorModel
from sim.scenario.model.reported import Reported
from sim.verbs.calibrate.findings import Findings, predictive, report_spread, tail
from sim.verbs.calibrate.fit import Block, ErrorModelScore, Fit, HeldOut
from sim.verbs.calibrate.sampling import effective_sample_size, normalised
from sim.verbs.calibrate.study import group_of, without

SHARES = (0.0, 0.4, 0.7, 0.9)
"""Shares of the variance of the model's error that are common to figures, for `error_model_scores`."""
SIZES = (0.5, 1.0, 2.0)
"""Sizes of the model's error, as multiples of the one assumed."""


def with_blocks(findings: Findings, progress: Progress = silent) -> Findings:
    """Return the findings with the blocks, and with the scores of other assumptions about the error of the model."""
    fit = findings.fit
    blocks = tuple(_block(fit, name, rows) for name, rows in blocks_of(fit.targets))
    return replace(findings, blocks=blocks, error_models=error_model_scores(fit, progress))


def blocks_of(targets: Sequence[Target]) -> list[tuple[str, tuple[int, ...]]]:
    """Return the blocks with their names: of each day, by the middle of the window, and of each kind.

    A block has at least two figures that do not repeat each other, and leaves at least one to learn from. It is named
    after the window if that is the same for all.
    """
    days = []
    for name, rows in _by(targets, _day):
        windows = {window(targets[j].row) for j in rows}
        days.append((f"figures of {windows.pop()}" if len(windows) == 1 else name, rows))
    return [*days, *_by(targets, _kind)]


def error_model_scores(fit: Fit, progress: Progress = silent) -> tuple[ErrorModelScore, ...]:
    """Score other assumptions about the error of the model: SHARES for `shared`, and SIZES times the `discrepancy`."""
    assumed = fit.loaded.calibration.observation
    settings = [(size * assumed.discrepancy, shared) for size in SIZES for shared in SHARES]
    found = []
    for n, (discrepancy, shared) in enumerate(settings):
        progress(n, len(settings), "other errors of the model")
        found.append(_scored(fit, assumed.model_copy(update={"shared": shared, "discrepancy": discrepancy})))
    return tuple(found)


def _scored(fit: Fit, other: ErrorModel) -> ErrorModelScore:
    whole = _likelihood(fit, fit.targets, other)
    change = whole - _likelihood(fit, fit.targets, fit.loaded.calibration.observation)
    with np.errstate(divide="ignore"):
        before = np.log(fit.posterior.weights) + change
    sizes, scores = [effective_sample_size(normalised(before))], {_day: 0.0, _kind: 0.0}
    for key in scores:
        for _, rows in _by(fit.targets, key):
            rest = _likelihood(fit, without(fit.targets, rows), other)
            scores[key] += _log_score(normalised(before), whole, rest)
            sizes.append(effective_sample_size(normalised(before + rest - whole)))
    together = float(logsumexp(before))
    return ErrorModelScore(other.shared, other.discrepancy, scores[_day], scores[_kind], together, min(sizes))


def _block(fit: Fit, name: str, rows: tuple[int, ...]) -> Block:
    error_model, observed = fit.loaded.calibration.observation, fit.posterior.observed
    whole, rest = (_likelihood(fit, targets, error_model) for targets in (fit.targets, without(fit.targets, rows)))
    with np.errstate(divide="ignore"):
        weights = normalised(np.log(fit.posterior.weights) + rest - whole)
    ess, predictions = effective_sample_size(weights), []
    for j in rows:
        target, spread = fit.targets[j], report_spread(fit.targets[j], error_model, fit.noise[j])
        reports = predictive(target, observed[:, j], weights, spread)
        predictions.append(HeldOut(target, reports, tail(target, observed[:, j], weights, spread), ess, "re-weighted"))
    return Block(name, tuple(predictions), _log_score(fit.posterior.weights, whole, rest), ess)


def _log_score(weights: Floats, whole: Floats, rest: Floats) -> float:
    """Return the log probability of a block given the rest: `weights` are those of the fit to all figures.

    `whole` and `rest` (N,) are the log likelihoods of all figures and of those outside the block.
    """
    return -float(logsumexp(rest - whole, b=weights))


def _likelihood(fit: Fit, targets: tuple[Target, ...], error_model: ErrorModel) -> Floats:
    return total_log_likelihood(targets, error_model, fit.posterior.observed, fit.noise)


def _day(row: Reported) -> str:
    middle = row.from_ + (row.until - row.from_) / 2
    return f"figures of {middle.day} {middle:%b}"


def _kind(row: Reported) -> str:
    return f"{words(row.quantity)} figures"


def _by(targets: Sequence[Target], key: Callable[[Reported], str]) -> list[tuple[str, tuple[int, ...]]]:
    """Return the fitted rows by `key`, without blocks that repeat one figure or leave nothing."""
    fitted = [j for j, target in enumerate(targets) if target.fitted]
    keys = dict.fromkeys(key(targets[j].row) for j in sorted(fitted, key=lambda j: targets[j].row.from_))
    named = [(name, tuple(j for j in fitted if key(targets[j].row) == name)) for name in keys]
    all_of_them = {group_of(targets[j]) for j in fitted}
    return [(name, rows) for name, rows in named if 1 < len({group_of(targets[j]) for j in rows}) < len(all_of_them)]
