"""Streams of random numbers, and what is drawn from them besides durations: people, men, arrivals and tastes.

A stream is an SFC64 generator whose first state is a hash of its name. Any two streams are independent, and making one
costs microseconds. The k-th draw is the same however many are drawn.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

from sim.arrays import Floats, Ints
from sim.engine.laws import SMALLEST
from sim.engine.lower.plan_from import binomial_cdf
from sim.scenario.model.laws import PeopleSpread


class _Hash(ISeedSequence):
    """The hash of a name as the seed of a generator."""

    def __init__(self, name: str) -> None:
        self.name = name

    def generate_state(self, n_words: int, dtype: Any = np.uint64) -> NDArray[Any]:
        """Return `n_words` words of 64 bits, the only size an SFC64 generator requests."""
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
    """Return the number of people in each of `size` parties."""
    if isinstance(law, PeopleSpread):
        numbers = np.arange(1, law.max + 1)
        cdf = binomial_cdf((law.mean - 1) / max(law.max - 1, 1), law.max)[-1]
    else:
        numbers = np.array(sorted(law))
        cdf = np.cumsum([law[n] for n in sorted(law)])
    if len(numbers) == 1:
        return np.full(size, numbers[0])
    u, index = rng.random(size), np.zeros(size, np.uint8)
    for bound in cdf[:-1]:
        index += (u >= bound).view(np.uint8)
    return np.asarray(numbers[index])


def men_of(share: float, people: Ints, rng: np.random.Generator) -> NDArray[Any]:
    """Return how many people of each party are men of call-up age, if each person is one with probability `share`."""
    if share in (0, 1):
        return people * int(share)
    most = int(people.max(initial=0))
    u, men, cdf = rng.random(len(people)), np.zeros(len(people), np.uint8), binomial_cdf(share, most + 1)
    for k in range(most):
        men += (u >= cdf[:, k].take(people)).view(np.uint8)
    return men


def gumbels(rng: np.random.Generator, size: int) -> Floats:
    """Return standard Gumbel variables; choosing the largest utility with such errors is a multinomial logit choice."""
    exponentials = np.maximum(rng.standard_exponential(size), SMALLEST)
    return np.asarray(np.negative(np.log(exponentials, out=exponentials), out=exponentials))
