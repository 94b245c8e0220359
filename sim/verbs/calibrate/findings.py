"""What a calibration tells: how far each parameter was narrowed, and what reporters would say if the fit were true.

Everything is computed from weighted samples without random numbers: what reporters would say is a mixture of log-normal
laws, one around each sampled value, and its quantiles are found by search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.special import ndtr

from sim.arrays import Floats
from sim.measures.likelihood import FLOOR, Target
from sim.measures.quantiles import weighted_quantiles
from sim.measures.reports import unit_of

if TYPE_CHECKING:
    from sim.scenario.model.calibration import Parameter
    from sim.verbs.calibrate.fit import Fit, HeldOut, Sample

Found = Literal["identified", "somewhat identified", "not identified"]
Verdict = Literal["met", "in tension", "predicted: inside", "predicted: outside", "rejected"]

IDENTIFIED, SOMEWHAT = 0.5, 0.2
"""Contraction from which on a parameter is called identified, or somewhat identified."""
TIED = 0.6
"""Correlation from which on two parameters are called tied."""
TENSION = 0.05
"""Tail probability below which a figure is in tension with the model."""
ENDS = (0.05, 0.5, 0.95)


class Range(NamedTuple):
    """A median with the ends of the 90 % interval around it."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Learning:
    """One parameter; `prior`, `posterior` and `point` are in its unit.

    `contraction` is 1 - posterior variance / prior variance, `shift` how far the mean moved in prior standard
    deviations, `apart` how far the medians of the starts lie apart in posterior standard deviations (NaN for one
    start), all on the scale of the prior: logarithmic for loguniform and lognormal. `tied` names the parameters whose
    posterior correlation with this one is at least TIED, with the correlation, strongest first.
    """

    name: str
    label: str
    unit: str
    prior: Range
    posterior: Range
    point: float
    contraction: float
    shift: float
    apart: float
    tied: tuple[tuple[str, float], ...]

    @property
    def found(self) -> Found:
        """What the figures said about this parameter by itself."""
        if self.contraction >= IDENTIFIED:
            return "identified"
        return "somewhat identified" if self.contraction >= SOMEWHAT else "not identified"


@dataclass(frozen=True)
class Figure:
    """One reported figure beside the fit, in `unit`.

    `model` is the model's own figure over the posterior, `said` what honest reporters would say of it (with the spread
    of reports, the discrepancy of the model and its noise; outliers left out), `said_before` the same over the prior.
    `tail` is the chance, under `said`, of a report as far out as this one: see `tail`.
    """

    target: Target
    unit: str
    model: Range
    said: Range
    said_before: Range
    tail: float

    @property
    def verdict(self) -> Verdict:
        """Whether model and report can both be right."""
        if self.target.row.status == "rejected":
            return "rejected"
        if self.target.fitted:
            return "met" if self.tail >= TENSION else "in tension"
        return "predicted: inside" if self.tail >= TENSION else "predicted: outside"


@dataclass(frozen=True)
class Learnt:
    """What a fit tells; `correlations` (D, D) are the posterior's, between `parameters` in their order.

    `combinations` is the number of independent combinations of the parameters that the figures identify: eigenvalues
    of the posterior covariance, in units of the prior, of at most 1 - IDENTIFIED.
    """

    fit: Fit
    parameters: tuple[Learning, ...]
    figures: tuple[Figure, ...]
    correlations: Floats
    combinations: int
    held_out: tuple[HeldOut, ...]


def learnt(fit: Fit, held_out: Sequence[HeldOut] = ()) -> Learnt:
    """Return what `fit` tells of its parameters and of every figure, fitted or not; the same every time."""
    centre, before = _moments(fit, fit.prior)
    mean, after = _moments(fit, fit.posterior)
    unit, deviation = np.sqrt(before.diagonal()), np.sqrt(after.diagonal())
    narrowed, correlations = after / np.outer(unit, unit), after / np.outer(deviation, deviation)
    numbers = zip((1 - narrowed.diagonal()), (mean - centre) / unit, _apart(fit) / deviation, strict=True)
    parameters = tuple(_learning(fit, n, found, correlations[n]) for n, found in enumerate(numbers))
    combinations = int(np.sum(np.linalg.eigvalsh(narrowed) <= 1 - IDENTIFIED))
    return Learnt(fit, parameters, tuple(_figures(fit)), correlations, combinations, tuple(held_out))


def moving_together(fit: Fit) -> tuple[Target, Target, float] | None:
    """Return the two fitted figures whose model's figures go together most over the posterior, and their correlation.

    It is the correlation of logarithms; figures of one group are no pair. None where there is no pair.
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

    The reports are log-normal around each value, with standard deviation `spread` of the logarithm; they are not
    rounded, nor cut at a frame. `weights` (N,) sum to 1.
    """
    from scipy.optimize import brentq  # late: it takes longer to import than a fit is read

    centres, weights = _mixture(target, values, weights)
    low, high = centres.min() - 10 * spread, centres.max() + 10 * spread
    ends = (brentq(lambda at, end=end: _below(at, centres, weights, spread) - end, low, high) for end in ENDS)
    return Range(*(float(np.exp(end)) for end in ends))


def tail(target: Target, values: Floats, weights: Floats, spread: float) -> float:
    """Return the chance of a report as far out as `target`, if the model's figures `values` (N,) were true.

    It is the smaller of the chances that a report lies above the low end of what the figure leaves open and below its
    high end: for a bound the chance that it holds; else, less than 5 % means outside the 90 % interval of reports.
    """
    centres, weights = _mixture(target, values, weights)
    above = 1 - _below(np.log(target.low), centres, weights, spread) if target.low > 0 else 1.0
    return min(above, _below(np.log(target.high), centres, weights, spread))


def quantiles(values: Floats, weights: Floats) -> Range:
    """Return median and 90 % interval of weighted `values` (N,); linear between the middles of their weights."""
    return Range(*weighted_quantiles(values, weights, ENDS).tolist())


def condensed(values: Floats, weights: Floats, cells: int = 2000) -> tuple[Floats, Floats]:
    """Return at most `cells` weighted values in place of more: the means of cells of equal width, but empty ones."""
    low, high = float(values.min()), float(values.max())
    if len(values) <= cells or low == high:
        return values, weights
    place = ((values - low) / (high - low) * (cells - 1)).astype(np.int64)
    mass, moment = (np.bincount(place, part, cells).astype(np.float64) for part in (weights, weights * values))
    return moment[mass > 0] / mass[mass > 0], mass[mass > 0]


def logarithmic(parameter: Parameter) -> bool:
    """Return whether the scale of the parameter's prior is logarithmic."""
    return parameter.prior.family in ("loguniform", "lognormal")


def _learning(fit: Fit, column: int, numbers: Sequence[float], correlations: Floats) -> Learning:
    """Return what is told of one parameter; `numbers` are its contraction, shift and distance between the starts."""
    names = fit.posterior.parameters
    described = fit.loaded.calibration.parameters[names[column]]
    tied = [(name, float(value)) for name, value in zip(names, correlations, strict=True) if abs(value) >= TIED]
    prior, posterior = (quantiles(part.values[:, column], part.weights) for part in (fit.prior, fit.posterior))
    contraction, shift, apart = map(float, numbers)
    return Learning(
        name=names[column],
        label=described.label,
        unit=described.unit,
        prior=prior,
        posterior=posterior,
        point=fit.point[names[column]],
        contraction=contraction,
        shift=shift,
        apart=apart,
        tied=tuple(sorted((pair for pair in tied if pair[0] != names[column]), key=lambda pair: -abs(pair[1]))),
    )


def _figures(fit: Fit) -> Iterator[Figure]:
    observation = fit.loaded.calibration.observation
    for n, target in enumerate(fit.targets):
        spread = float(np.sqrt(target.spread**2 + observation.discrepancy**2 + fit.noise[n] ** 2))
        after, before = fit.posterior.observed[:, n], fit.prior.observed[:, n]
        yield Figure(
            target=target,
            unit=unit_of(target.row),
            model=quantiles(np.nan_to_num(after), fit.posterior.weights),
            said=predictive(target, after, fit.posterior.weights, spread),
            said_before=predictive(target, before, fit.prior.weights, spread),
            tail=tail(target, after, fit.posterior.weights, spread),
        )


def _scaled(fit: Fit, sample: Sample) -> Floats:
    """Return the values of a sample (N, D) on the scales of the priors."""
    logs = [logarithmic(fit.loaded.calibration.parameters[name]) for name in sample.parameters]
    scaled = sample.values.astype(np.float64)
    scaled[:, logs] = np.log(scaled[:, logs])
    return scaled


def _moments(fit: Fit, sample: Sample) -> tuple[Floats, Floats]:
    """Return mean (D,) and covariance (D, D) of a sample on the scales of the priors."""
    scaled = _scaled(fit, sample)
    mean: Floats = sample.weights @ scaled
    from_mean = scaled - mean
    return mean, (sample.weights[:, None] * from_mean).T @ from_mean


def _apart(fit: Fit) -> Floats:
    """Return the largest distance between the medians of the starts (D,) on the scales of the priors."""
    if len(fit.starts) < 2:
        return np.full(len(fit.posterior.parameters), np.nan)
    scaled = [(_scaled(fit, start), start.weights) for start in fit.starts]
    medians = [[quantiles(column, weights).median for column in values.T] for values, weights in scaled]
    return np.asarray(np.ptp(medians, axis=0), dtype=np.float64)


def _mixture(target: Target, values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the logarithms of what the model says, zero and nothing read as in the likelihood, and their weights."""
    return condensed(np.log(np.fmax(values, FLOOR * target.reported)), weights)


def _below(at: float, centres: Floats, weights: Floats, spread: float) -> float:
    """Return the chance of the mixture below `at`, all on the logarithmic scale."""
    return float(weights @ ndtr((at - centres) / spread))
