"""The streams of random numbers, and what the tape draws from them: a law's durations, people, men, and arrivals.

A stream is an SFC64 whose first state is a hash of its name, so that any two are independent and naming one costs
microseconds. What is drawn k-th is the same however many are drawn.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

from sim.arrays import Floats, Ints
from sim.engine.lower.plan_from import binomial_cdf
from sim.scenario.model.laws import Law, PeopleSpread

MOST_FACTORS = 5
"""Up to so many phases an Erlang law is the logarithm of a product of uniforms; with more, rejection is faster."""

SMALLEST = 2.0 ** (-53 * MOST_FACTORS)


class _Hash(ISeedSequence):
    """The hash of a name as the seed of a generator."""

    def __init__(self, name: str) -> None:
        self.name = name

    def generate_state(self, n_words: int, dtype: Any = np.uint64) -> NDArray[Any]:
        """Return `n_words` words of 64 bits, the only ones an SFC64 asks for."""
        words = hashlib.blake2b(self.name.encode(), digest_size=8 * n_words).digest()
        return np.frombuffer(words, "<u8").astype(dtype, copy=False)


def stream(name: str) -> np.random.Generator:
    """Return the generator of that name."""
    return np.random.Generator(np.random.SFC64(_Hash(name)))  # type: ignore[arg-type]  # its stub is too narrow


def unit_poisson(rng: np.random.Generator, until: float) -> Floats:
    """Return the points of a unit-rate Poisson process before `until`, ascending."""
    if until <= 0:
        return np.zeros(0)
    points = np.cumsum(rng.standard_exponential(int(until + 6 * until**0.5) + 20))
    while points[-1] < until:
        points = np.append(points, points[-1] + np.cumsum(rng.standard_exponential(1000)))
    return points[: np.searchsorted(points, until, side="left")]


def people_of(law: PeopleSpread | dict[int, float], rng: np.random.Generator, size: int) -> Ints:
    """Return the people of `size` parties."""
    if isinstance(law, PeopleSpread):
        numbers = np.arange(1, law.max + 1)
        cdf = binomial_cdf((law.mean - 1) / max(law.max - 1, 1), law.max)[-1]
    else:
        numbers = np.array(sorted(law))
        cdf = np.cumsum([law[n] for n in sorted(law)])
    if len(numbers) == 1:
        return np.full(size, numbers[0])
    u, kth = rng.random(size), np.zeros(size, np.uint8)
    for reached in cdf[:-1]:
        kth += (u >= reached).view(np.uint8)
    return np.asarray(numbers[kth])


def men_of(share: float, people: Ints, rng: np.random.Generator) -> NDArray[Any]:
    """Return how many of each party's people are men of call-up age, if each is one with chance `share`."""
    if share in (0, 1):
        return people * int(share)
    most = int(people.max(initial=0))
    u, men, cdf = rng.random(len(people)), np.zeros(len(people), np.uint8), binomial_cdf(share, most + 1)
    for k in range(most):
        men += (u >= cdf[:, k].take(people)).view(np.uint8)
    return men


def durations(law: Law, rng: np.random.Generator, size: int) -> Floats:
    """Return `size` draws in seconds."""
    if law.family == "deterministic":
        return np.full(size, law.mean_s)
    if law.family == "exponential":
        return rng.standard_exponential(size) * law.mean_s
    if law.family == "empirical":
        values = np.array(law.values)
        return np.asarray(values[rng.integers(0, len(values), size)])
    if law.family == "lognormal":
        sigma2 = np.log1p((law.cv or 0.0) ** 2)
        logs = rng.standard_normal(size)
        logs *= np.sqrt(sigma2)
        logs -= sigma2 / 2
        return np.asarray(np.exp(logs, out=logs) * law.mean_s)
    shape = gamma_shape(law)
    drawn = erlang(int(shape), rng, size) if shape in range(1, MOST_FACTORS + 1) else rng.standard_gamma(shape, size)
    return np.asarray(drawn * (law.mean_s / shape))


def durations_summed(law: Law, rng: np.random.Generator, counts: Ints) -> Floats:
    """Return sums of `counts[i]` independent draws in seconds, shape of `counts`; every count is at least 1."""
    if law.family == "deterministic" or len(counts) == 0:
        return np.asarray(law.mean_s * counts, dtype=np.float64)
    if law.family in ("exponential", "erlang", "gamma"):
        shape = gamma_shape(law)
        return np.asarray(rng.standard_gamma(shape * counts) * (law.mean_s / shape), dtype=np.float64)
    single = durations(law, rng, int(counts.sum()))
    return np.asarray(np.add.reduceat(single, np.cumsum(counts) - counts), dtype=np.float64)


def gamma_shape(law: Law) -> float:
    """Return the shape of a gamma law, and of its special cases."""
    return {"exponential": 1.0, "erlang": float(law.k or 1), "gamma": (law.cv or 1.0) ** -2}[law.family]


def erlang(phases: int, rng: np.random.Generator, size: int) -> Floats:
    """Return sums of `phases` standard exponentials: minus the logarithm of a product of uniforms."""
    uniforms = rng.random(phases * size)
    product = uniforms[::phases].copy()
    for phase in range(1, phases):
        product *= uniforms[phase::phases]
    np.maximum(product, SMALLEST, out=product)  # a uniform can be 0
    return np.asarray(np.negative(np.log(product, out=product), out=product))


def gumbels(rng: np.random.Generator, size: int) -> Floats:
    """Return standard Gumbel variables: the largest of utilities with such errors is a multinomial logit choice."""
    exponentials = np.maximum(rng.standard_exponential(size), SMALLEST)
    return np.asarray(np.negative(np.log(exponentials, out=exponentials), out=exponentials))
