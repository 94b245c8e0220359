"""The result of a fit: samples of parameters with what the model says for each, and how far they can be trusted.

Everything reported about a calibration is computed from a `Fit`, without playing the scenario again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sim.arrays import Floats
from sim.measures.evidence import Evidence
from sim.measures.likelihood import Target
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.verbs.calibrate.sampling import effective_sample_size

MIN_ESS_HELD_OUT = 100.0
"""Least effective sample size for predicting figures by re-weighting."""


class Range(NamedTuple):
    """A median with the ends of the 90 % interval around it."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Sample:
    """N weighted vectors of D parameters, in the units of the calibration file, and their J observations.

    `observed` is what the model says for every row, in the unit of the row: the geometric mean over replications.
    `log_density` is the logarithm of the density that the vectors were sampled from, relative to the prior's.
    """

    parameters: tuple[str, ...]
    values: Floats
    weights: Floats
    observed: Floats
    log_prior: Floats
    log_density: Floats

    @property
    def ess(self) -> float:
        """Effective sample size: the number of equally weighted vectors that are as informative (Kish 1965)."""
        return effective_sample_size(self.weights)


def combined(samples: tuple[Sample, ...], shares: Floats) -> Sample:
    """Return samples as one, in which each has its share of the weight."""

    def column(name: str) -> Floats:
        return np.concatenate([getattr(sample, name) for sample in samples])

    weights = np.concatenate([share * sample.weights for share, sample in zip(shares, samples, strict=True)])
    return Sample(
        parameters=samples[0].parameters,
        values=column("values"),
        weights=weights / weights.sum(),
        observed=column("observed"),
        log_prior=column("log_prior"),
        log_density=column("log_density"),
    )


@dataclass(frozen=True)
class Gate:
    """Whether a posterior may be reported, and if not, the reasons in words.

    `disagreement` is the largest distance between the marginal medians of two starts, in posterior standard deviations.
    """

    ess: float
    largest_weight: float
    disagreement: float
    evaluations: int
    rounds: int
    passed: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Fit:
    """A calibration that passed its gate.

    `posterior` combines all `starts`. `point` is the most probable vector. `noise` (J,) is the standard deviation, from
    randomness alone, of the logarithm of one play over the mean of `replications` with the same parameters.
    `plays_made` of the evaluations were made in `wall_s` seconds; the others were in the cache.
    """

    loaded: LoadedCalibration
    targets: tuple[Target, ...]
    prior: Sample = field(repr=False)
    posterior: Sample = field(repr=False)
    starts: tuple[Sample, ...] = field(repr=False)
    point: dict[str, float]
    noise: Floats
    replications: int
    gate: Gate
    seed: int
    method: str
    wall_s: float
    plays_made: int
    evidence: Evidence | None = field(default=None, repr=False)


@dataclass(frozen=True)
class HeldOut:
    """A figure predicted by a fit that did not use it.

    `reports` is the range of what reporters would say, in the unit of the row. `tail` is the probability of a report at
    least as far out as `target` (for a bound: that it holds). `how` is `re-weighted` (from the posterior) or `fitted
    again`. `ess` is the effective sample size of the prediction.
    """

    target: Target
    reports: Range
    tail: float
    ess: float
    how: str


@dataclass(frozen=True)
class Block:
    """Figures that were left out together, and predicted from the others by re-weighting the posterior.

    `log_score` is the logarithm of their probability given the others (for a figure without rounding, of its density);
    `ess` is the effective sample size.
    """

    name: str
    predictions: tuple[HeldOut, ...]
    log_score: float
    ess: float

    @property
    def reliable(self) -> bool:
        """Whether the effective sample size suffices."""
        return self.ess >= MIN_ESS_HELD_OUT


@dataclass(frozen=True)
class ErrorModelScore:
    """How probable the figures are under another assumption about the error of the model.

    `days` and `kinds` are sums of the log scores of the blocks that are days and kinds.
    `together` is the log probability of all figures relative to that under the assumption of the file. `ess` is the
    least effective sample size on the way.
    """

    shared: float
    discrepancy: float
    days: float
    kinds: float
    together: float
    ess: float
