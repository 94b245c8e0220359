"""What a calibration found: samples of parameters with what the model says for each, and how far they can be trusted.

Everything told about a calibration is read from a `Fit`; nothing is played again for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.arrays import Floats
from sim.measures.likelihood import Target
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.verbs.calibrate.sampling import effective


@dataclass(frozen=True)
class Sample:
    """N weighted vectors of D parameters, in the units of the calibration file, and their J observations.

    `observed` is what the model says for every row, in the unit of the row: the geometric mean over replications.
    `log_likelihood` is per row, before the weights of groups, also of rows that were not fitted. `log_density` is the
    logarithm of the density the vectors were drawn from, relative to the prior's.
    """

    parameters: tuple[str, ...]
    values: Floats
    weights: Floats
    observed: Floats
    log_likelihood: Floats
    log_prior: Floats
    log_density: Floats

    @property
    def ess(self) -> float:
        """How many equally weighted vectors the sample is worth (Kish 1965)."""
        return effective(self.weights)


def joined(samples: tuple[Sample, ...], shares: Floats) -> Sample:
    """Return samples as one, in which each has its share of the weight."""

    def column(name: str) -> Floats:
        return np.concatenate([getattr(sample, name) for sample in samples])

    weights = np.concatenate([share * sample.weights for share, sample in zip(shares, samples, strict=True)])
    return Sample(
        samples[0].parameters, column("values"), weights / weights.sum(), column("observed"),
        column("log_likelihood"), column("log_prior"), column("log_density"),
    )  # fmt: skip


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

    `posterior` is of all `starts` together, `point` the most probable vector, `noise` (J,) the standard deviation, by
    chance alone, of the logarithm of one play over the mean of `replications` with the same parameters. `played` of
    the evaluations were made in `wall_s`; the others were known from before.
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
    played: int


@dataclass(frozen=True)
class HeldOut:
    """A figure predicted by a fit that did not know it.

    `median`, `low` and `high` (5 and 95 %) are of what reporters would have said, in the unit of the row; `tail` is
    how probable a report at least as far out is (for a bound: one that satisfies it). `how`: `re-weighted` from the
    posterior, or `fitted again`; `ess` is the effective sample size behind the row.
    """

    id: str
    reported: float
    median: float
    low: float
    high: float
    tail: float
    ess: float
    how: str
