"""Findings of a calibration: how far each parameter was narrowed, and what reporters would say if the fit were true.

Everything is computed from weighted samples, without random numbers. What reporters would say is a mixture of
log-normal laws, one around each sampled value; its quantiles are computed by root finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtr

from sim.arrays import Floats
from sim.measures.likelihood import FLOOR, Target
from sim.measures.quantiles import weighted_quantiles
from sim.measures.reports import Observation, Verdict, observation_of
from sim.verbs.calibrate.fit import Block, ErrorModelScore, Fit, HeldOut, Range, Sample

if TYPE_CHECKING:
    from sim.scenario.model.calibration import ErrorModel, Parameter

Identification = Literal["identified", "somewhat identified", "not identified"]

IDENTIFIED, SOMEWHAT = 0.5, 0.2
"""Least contraction of a parameter that is called identified, and somewhat identified."""
CORRELATED = 0.6
"""Least absolute correlation of two parameters that are reported as correlated."""
TENSION = 0.05
"""Tail probability below which a figure is in tension with the model."""
LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class ParameterFinding:
    """One parameter; `prior`, `posterior` and `point` are in its unit.

    `contraction` is 1 - posterior variance / prior variance. `shift` is the change of the mean in prior standard
    deviations. `start_distance` is the largest distance between the medians of the starts in posterior standard
    deviations (NaN for one start). All three are on the scale of the prior: logarithmic for loguniform and lognormal.
    `correlated` names the parameters whose posterior correlation with this one is at least CORRELATED, with the
    correlation, strongest first.
    """

    name: str
    label: str
    unit: str
    prior: Range
    posterior: Range
    point: float
    contraction: float
    shift: float
    start_distance: float
    correlated: tuple[tuple[str, float], ...]

    @property
    def identification(self) -> Identification:
        """Whether the figures identify this parameter by itself."""
        if self.contraction >= IDENTIFIED:
            return "identified"
        return "somewhat identified" if self.contraction >= SOMEWHAT else "not identified"


@dataclass(frozen=True)
class FigureFinding:
    """One reported figure compared with the fit, in the unit of its `observation`.

    `observation` holds its label and verdict, as in a run, for the median and the 90 % interval of the posterior, which
    are also in `model`. `reports` is what honest reporters would say of it (with the spread of reports, the
    discrepancy of the model and its noise, but without outliers), and `reports_before` the same
    over the prior. `tail` is the probability, under `reports`, of a report as far out as this one: see `tail`.
    """

    target: Target
    observation: Observation
    model: Range
    reports: Range
    reports_before: Range
    tail: float

    @property
    def label(self) -> str:
        """The figure in words."""
        return self.observation.label

    @property
    def unit(self) -> str:
        """The unit of the figure."""
        return self.observation.unit

    @property
    def verdict(self) -> Verdict:
        """The verdict of a run with the fitted values."""
        return self.observation.verdict

    @property
    def in_tension(self) -> bool:
        """Whether a figure in use is farther out than 95 % of the reports expected from the model."""
        return self.target.row.status == "used" and self.tail < TENSION


@dataclass(frozen=True)
class Findings:
    """The findings of a fit; `correlations` (D, D) are the posterior's, between `parameters` in their order.

    `combinations` is the number of independent combinations of the parameters that the figures identify: eigenvalues
    of the posterior covariance, in units of the prior, of at most 1 - IDENTIFIED. `blocks` are figures left out
    together, and `error_models` scores of other assumptions about the error of the model.
    """

    fit: Fit
    parameters: tuple[ParameterFinding, ...]
    figures: tuple[FigureFinding, ...]
    correlations: Floats
    combinations: int
    held_out: tuple[HeldOut, ...]
    blocks: tuple[Block, ...] = ()
    error_models: tuple[ErrorModelScore, ...] = ()

    def label(self, target: Target) -> str:
        """Return a figure in words."""
        return next(finding.label for finding in self.figures if finding.target.row.id == target.row.id)


def findings_of(fit: Fit, held_out: Sequence[HeldOut] = ()) -> Findings:
    """Return the findings of `fit` on its parameters and on every figure, fitted or not."""
    centre, before = _moments(fit, fit.prior)
    mean, after = _moments(fit, fit.posterior)
    unit, deviation = np.sqrt(before.diagonal()), np.sqrt(after.diagonal())
    narrowed, correlations = after / np.outer(unit, unit), after / np.outer(deviation, deviation)
    numbers = zip(1 - narrowed.diagonal(), (mean - centre) / unit, _start_distances(fit) / deviation, strict=True)
    parameters = tuple(_parameter_finding(fit, d, row, correlations[d]) for d, row in enumerate(numbers))
    combinations = int(np.sum(np.linalg.eigvalsh(narrowed) <= 1 - IDENTIFIED))
    return Findings(fit, parameters, tuple(_figures(fit)), correlations, combinations, tuple(held_out))


def most_correlated_figures(fit: Fit) -> tuple[Target, Target, float] | None:
    """Return the two fitted figures with the highest correlation over the posterior, and the correlation.

    The correlation is that of the logarithms of the model's figures. Pairs within one group do not count. None if there
    is no pair.
    """
    columns = [j for j, target in enumerate(fit.targets) if target.fitted]
    logs = {j: np.log(np.fmax(fit.posterior.observed[:, j], FLOOR * fit.targets[j].reported)) for j in columns}
    centred = {j: log - fit.posterior.weights @ log for j, log in logs.items()}
    size = {j: float(np.sqrt(fit.posterior.weights @ np.square(part))) for j, part in centred.items()}
    pairs = [
        (float(fit.posterior.weights @ (centred[a] * centred[b])) / (size[a] * size[b]), a, b)
        for a in columns
        for b in columns
        if a < b and size[a] > 0 and size[b] > 0 and not _one_group(fit.targets[a], fit.targets[b])
    ]
    if not pairs:
        return None
    value, a, b = max(pairs)
    return fit.targets[a], fit.targets[b], value


def _one_group(a: Target, b: Target) -> bool:
    return a.row.group is not None and a.row.group == b.row.group


def predictive(target: Target, values: Floats, weights: Floats, spread: float) -> Range:
    """Return median and 90 % interval of what reporters would say if the model's figures `values` (N,) were true.

    Reports are log-normal around each value, with standard deviation `spread` of the logarithm. They are neither
    rounded nor cut at a frame. `weights` (N,) sum to 1.
    """
    from scipy.optimize import brentq  # imported late, since the import is slow

    centres, weights = _mixture(target, values, weights)
    low, high = centres.min() - 10 * spread, centres.max() + 10 * spread
    logs = (brentq(lambda at, level=level: _below(at, centres, weights, spread) - level, low, high) for level in LEVELS)
    return Range(*(float(np.exp(at)) for at in logs))


def tail(target: Target, values: Floats, weights: Floats, spread: float) -> float:
    """Return the probability of a report as far out as `target`, if the model's figures `values` (N,) were true.

    It is the smaller of two probabilities: that a report lies above the low end of the figure's interval, and that it
    lies below the high end. For a bound it is the probability that the bound holds. For other figures, less than 5 %
    means outside the 90 % interval of reports.
    """
    centres, weights = _mixture(target, values, weights)
    above = 1 - _below(np.log(target.low), centres, weights, spread) if target.low > 0 else 1.0
    return min(above, _below(np.log(target.high), centres, weights, spread))


def quantiles(values: Floats, weights: Floats) -> Range:
    """Return median and 90 % interval of weighted `values` (N,)."""
    return Range(*weighted_quantiles(values, weights, LEVELS).tolist())


def binned(values: Floats, weights: Floats, cells: int = 2000) -> tuple[Floats, Floats]:
    """Return weighted values as at most `cells` ones: the means of the non-empty cells of equal width."""
    low, high = float(values.min()), float(values.max())
    if len(values) <= cells or low == high:
        return values, weights
    place = ((values - low) / (high - low) * (cells - 1)).astype(np.int64)
    mass, moment = (np.bincount(place, part, cells).astype(np.float64) for part in (weights, weights * values))
    return moment[mass > 0] / mass[mass > 0], mass[mass > 0]


def is_logarithmic(parameter: Parameter) -> bool:
    """Return whether the scale of the parameter's prior is logarithmic."""
    return parameter.prior.family in ("loguniform", "lognormal")


def report_spread(target: Target, error_model: ErrorModel, noise: float) -> float:
    """Return the standard deviation of the logarithm of a report around the model's figure."""
    return float(np.sqrt(target.spread**2 + error_model.discrepancy**2 + noise**2))


def _parameter_finding(fit: Fit, column: int, numbers: Sequence[float], correlations: Floats) -> ParameterFinding:
    """Return the findings on one parameter; `numbers` are its contraction, shift and distance between the starts."""
    names = fit.posterior.parameters
    parameter = fit.loaded.calibration.parameters[names[column]]
    pairs = zip(names, correlations.tolist(), strict=True)
    strong = [(name, value) for name, value in pairs if name != names[column] and abs(value) >= CORRELATED]
    prior, posterior = (quantiles(part.values[:, column], part.weights) for part in (fit.prior, fit.posterior))
    contraction, shift, start_distance = map(float, numbers)
    return ParameterFinding(
        name=names[column],
        label=parameter.label,
        unit=parameter.unit,
        prior=prior,
        posterior=posterior,
        point=fit.point[names[column]],
        contraction=contraction,
        shift=shift,
        start_distance=start_distance,
        correlated=tuple(sorted(strong, key=lambda pair: -abs(pair[1]))),
    )


def _figures(fit: Fit) -> Iterator[FigureFinding]:
    observation = fit.loaded.calibration.observation
    rows = {row.id: row for row in fit.loaded.rows_at(fit.point)}
    for n, target in enumerate(fit.targets):
        spread = report_spread(target, observation, fit.noise[n])
        after, before = fit.posterior.observed[:, n], fit.prior.observed[:, n]
        model = quantiles(np.nan_to_num(after), fit.posterior.weights)
        middle_and_ends = model.median, model.low, model.high
        yield FigureFinding(
            target=target,
            observation=observation_of(rows[target.row.id], target.reported, middle_and_ends),
            model=model,
            reports=predictive(target, after, fit.posterior.weights, spread),
            reports_before=predictive(target, before, fit.prior.weights, spread),
            tail=tail(target, after, fit.posterior.weights, spread),
        )


def _scaled(fit: Fit, sample: Sample) -> Floats:
    """Return the values of a sample (N, D) on the scales of the priors."""
    logs = [is_logarithmic(fit.loaded.calibration.parameters[name]) for name in sample.parameters]
    scaled = sample.values.astype(np.float64)
    scaled[:, logs] = np.log(scaled[:, logs])
    return scaled


def _moments(fit: Fit, sample: Sample) -> tuple[Floats, Floats]:
    """Return mean (D,) and covariance (D, D) of a sample on the scales of the priors."""
    scaled = _scaled(fit, sample)
    mean: Floats = sample.weights @ scaled
    from_mean = scaled - mean
    return mean, (sample.weights[:, None] * from_mean).T @ from_mean


def _start_distances(fit: Fit) -> Floats:
    """Return the largest distance between the medians of the starts (D,) on the scales of the priors."""
    if len(fit.starts) < 2:
        return np.full(len(fit.posterior.parameters), np.nan)
    scaled = [(_scaled(fit, start), start.weights) for start in fit.starts]
    medians = [[quantiles(column, weights).median for column in values.T] for values, weights in scaled]
    return np.asarray(np.ptp(medians, axis=0), dtype=np.float64)


def _mixture(target: Target, values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the logarithms of the model's figures, floored as in the likelihood, and their weights."""
    return binned(np.log(np.fmax(values, FLOOR * target.reported)), weights)


def _below(at: float, centres: Floats, weights: Floats, spread: float) -> float:
    """Return the probability of the mixture below `at`, all on the logarithmic scale."""
    return float(weights @ ndtr((at - centres) / spread))
