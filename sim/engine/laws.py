"""The laws of durations: for each family of the schema how to draw it, how to draw sums of it, and its distribution.

FAMILIES is the only place that knows the families. A family that the schema has and the table lacks fails a test.
Durations are in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.arrays import Floats, Ints
from sim.scenario.model.laws import Law
from sim.units import MS_PER_S

Generator = np.random.Generator

MAX_FACTORS = 5
"""An Erlang law with at most this many phases is minus the log of a product of uniforms; above, rejection is faster."""
SMALLEST = 2.0 ** (-53 * MAX_FACTORS)


@dataclass(frozen=True)
class FamilyFunctions:
    """What the model needs of one family of laws."""

    draw: Callable[[Law, Generator, int], Floats]
    """Draws of the law."""
    draw_sums: Callable[[Law, Generator, Ints], Floats]
    """Sums of `counts[i]` independent draws; every count is at least 1."""
    cdf: Callable[[Law, Floats], Floats]
    """P(duration <= seconds), for seconds >= 0; not called if the mean is 0."""
    scales_with_mean: bool
    """Whether a draw is the mean times a draw of the same law with mean 1."""
    atoms: Callable[[Law], tuple[float, ...]] = lambda _: ()
    """The durations in seconds, equally probable, of a law that has no others; none for a continuous law."""


def draw_durations(law: Law, rng: Generator, size: int) -> Floats:
    """Return `size` draws in seconds."""
    return FAMILIES[law.family].draw(law, rng, size)


def draw_sums(law: Law, rng: Generator, counts: Ints) -> Floats:
    """Return sums of `counts[i]` independent draws in seconds, shape of `counts`; every count is at least 1."""
    return FAMILIES[law.family].draw_sums(law, rng, counts) if len(counts) else np.zeros(0)


def distribution(law: Law, at: Ints) -> Floats:
    """Return P(duration <= at) for `at` in milliseconds, same shape; 0 for negative times."""
    if law.mean_s == 0:
        return np.where(at < 0, 0.0, 1.0)
    return np.where(at < 0, 0.0, FAMILIES[law.family].cdf(law, np.maximum(at, 0) / MS_PER_S))


def scales_with_mean(law: Law) -> bool:
    """Return whether a draw is the mean times a draw of the same law with mean 1."""
    return FAMILIES[law.family].scales_with_mean


def atoms(law: Law) -> tuple[float, ...]:
    """Return the durations in seconds, equally probable, of a law that has no others; () for a continuous law."""
    return FAMILIES[law.family].atoms(law) if law.mean_s else (0.0,)


def _draw_constant(law: Law, _rng: Generator, size: int) -> Floats:
    return np.full(size, law.mean_s)


def _constant_sums(law: Law, _rng: Generator, counts: Ints) -> Floats:
    return np.asarray(law.mean_s * counts, dtype=np.float64)


def _constant_cdf(law: Law, seconds: Floats) -> Floats:
    return np.where(seconds >= law.mean_s, 1.0, 0.0)


def _draw_exponential(law: Law, rng: Generator, size: int) -> Floats:
    return rng.standard_exponential(size) * law.mean_s


def _draw_gamma(law: Law, rng: Generator, size: int) -> Floats:
    shape = _gamma_shape(law)
    if shape in range(1, MAX_FACTORS + 1):
        return _draw_erlang(int(shape), rng, size) * (law.mean_s / shape)
    return rng.standard_gamma(shape, size) * (law.mean_s / shape)


def _gamma_sums(law: Law, rng: Generator, counts: Ints) -> Floats:
    shape = _gamma_shape(law)
    return np.asarray(rng.standard_gamma(shape * counts) * (law.mean_s / shape), dtype=np.float64)


def _gamma_cdf(law: Law, seconds: Floats) -> Floats:
    from scipy import special  # imported late: it takes half a second at start-up

    shape = _gamma_shape(law)
    return np.asarray(special.gammainc(shape, seconds * shape / law.mean_s))


def _gamma_shape(law: Law) -> float:
    """Return the shape of a gamma law; an Erlang law has `k` phases, and an exponential law neither `k` nor `cv`."""
    return float(law.k) if law.k else (law.cv or 1.0) ** -2


def _draw_erlang(phases: int, rng: Generator, size: int) -> Floats:
    """Return sums of `phases` standard exponentials: minus the logarithm of a product of uniforms."""
    uniforms = rng.random(phases * size)
    product = uniforms[::phases].copy()
    for phase in range(1, phases):
        product *= uniforms[phase::phases]
    np.maximum(product, SMALLEST, out=product)  # a uniform can be 0
    return np.asarray(np.negative(np.log(product, out=product), out=product))


def _draw_lognormal(law: Law, rng: Generator, size: int) -> Floats:
    sigma2 = _log_variance(law)
    logs = rng.standard_normal(size)
    logs *= np.sqrt(sigma2)
    logs -= sigma2 / 2
    return np.asarray(np.exp(logs, out=logs) * law.mean_s)


def _lognormal_sums(law: Law, rng: Generator, counts: Ints) -> Floats:
    return _sums_of(_draw_lognormal(law, rng, int(counts.sum())), counts)


def _lognormal_cdf(law: Law, seconds: Floats) -> Floats:
    from scipy import special  # imported late: it takes half a second at start-up

    sigma2 = _log_variance(law)
    logs = np.log(np.maximum(seconds, 1e-9) / law.mean_s)
    return np.asarray(special.ndtr((logs + sigma2 / 2) / np.sqrt(sigma2)) * (seconds > 0))


def _log_variance(law: Law) -> float:
    """Return the variance of the logarithm of a lognormal law."""
    return float(np.log1p((law.cv or 0.0) ** 2))


def _draw_uniform(law: Law, rng: Generator, size: int) -> Floats:
    return rng.random(size) * (2 * law.mean_s)


def _uniform_sums(law: Law, rng: Generator, counts: Ints) -> Floats:
    return _sums_of(_draw_uniform(law, rng, int(counts.sum())), counts)


def _uniform_cdf(law: Law, seconds: Floats) -> Floats:
    return np.minimum(seconds / (2 * law.mean_s), 1.0)


def _draw_values(law: Law, rng: Generator, size: int) -> Floats:
    values = np.array(law.values)
    return np.asarray(values[rng.integers(0, len(values), size)])


def _values_sums(law: Law, rng: Generator, counts: Ints) -> Floats:
    return _sums_of(_draw_values(law, rng, int(counts.sum())), counts)


def _values_cdf(law: Law, seconds: Floats) -> Floats:
    values = np.sort(np.array(law.values))
    return np.searchsorted(values, seconds, side="right") / len(values)


def _sums_of(draws: Floats, counts: Ints) -> Floats:
    """Return the sums of the first `counts[0]` draws, of the next `counts[1]`, and so on."""
    return np.asarray(np.add.reduceat(draws, np.cumsum(counts) - counts), dtype=np.float64)


FAMILIES = {
    "deterministic": FamilyFunctions(
        _draw_constant, _constant_sums, _constant_cdf, scales_with_mean=True, atoms=lambda law: (law.mean_s,)
    ),
    "exponential": FamilyFunctions(_draw_exponential, _gamma_sums, _gamma_cdf, scales_with_mean=True),
    "erlang": FamilyFunctions(_draw_gamma, _gamma_sums, _gamma_cdf, scales_with_mean=True),
    "gamma": FamilyFunctions(_draw_gamma, _gamma_sums, _gamma_cdf, scales_with_mean=True),
    "lognormal": FamilyFunctions(_draw_lognormal, _lognormal_sums, _lognormal_cdf, scales_with_mean=True),
    "uniform": FamilyFunctions(_draw_uniform, _uniform_sums, _uniform_cdf, scales_with_mean=True),
    "empirical": FamilyFunctions(
        _draw_values, _values_sums, _values_cdf, scales_with_mean=False, atoms=lambda law: law.values or ()
    ),
}
