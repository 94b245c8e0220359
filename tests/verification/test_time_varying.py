"""Arrival rates that change: counts hour by hour, the classic wrong sampler, and M(t)/G/infinity.

False-failure rate 1e-6 for each test as a whole (the level is divided by the number of comparisons).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.units import MS_PER_H
from tests.engine.build import Play, scenario
from tests.verification.statistics import FALSE_FAILURE, measure
from tests.verification.theory import infinite_mean

PROFILE = [0.0] * 6 + [4.0] * 2 + [0.2] * 4 + [2.0] * 6 + [0.5] * 6
RATE = 20.0
HOURLY = RATE * np.array(PROFILE) / np.mean(PROFILE)
DEMAND = {"car": {"all": {"constant": {"rate": f"{RATE}/h", "hours": PROFILE}}}}


def counts_agree(counts: Any) -> bool:
    """Whether counts by hour, shape (replications, 24), can be Poisson counts of the hourly rates.

    With 400 replications an hour of 20 parties that is wrong by 7 % is seen.
    """
    level = FALSE_FAILURE / 24
    found = [measure(column, level) for column in np.asarray(counts).T]
    return all(one.agrees(rate) for one, rate in zip(found, HOURLY, strict=True))


def next_gap_at_the_current_rate(rng: np.random.Generator) -> list[float]:
    """The classic bug: the gap to the next arrival is drawn at the rate of now, whatever the rate becomes."""
    at, found = 0.0, []
    while True:
        rate = HOURLY[int(at)] or 0.1
        at += rng.exponential(1 / rate)
        if at >= 24:
            return found
        found.append(at)


def test_counts_by_hour_follow_the_profile() -> None:
    described = scenario({"s": {"staffing": 1, "service_time": "1 min"}}, demand=DEMAND)
    plan = lower(described)
    tapes = (draw(described, plan, 1, number) for number in range(400))
    counts = [np.bincount(tape.arrived_at // MS_PER_H, minlength=24) for tape in tapes]
    assert counts_agree(counts)
    dispersion = np.var(counts, axis=0, ddof=1)[HOURLY > 0] / HOURLY[HOURLY > 0]
    assert np.all(np.abs(dispersion - 1) < 5.5 * np.sqrt(2 / 399)), "counts are not Poisson"


def test_the_classic_bug_is_caught() -> None:
    rng = np.random.default_rng(1)
    counts = [np.bincount(np.array(next_gap_at_the_current_rate(rng), int), minlength=24) for _ in range(400)]
    assert not counts_agree(counts)


@pytest.mark.slow
def test_mtginf(engine: Play) -> None:
    """Number in M(t)/G/infinity: Poisson, its mean an integral over past arrivals; sees 8 % of the mean."""
    law = {"mean": "2 h", "family": "erlang", "k": 2}
    described = scenario({"s": {"staffing": 1000, "service_time": law}}, demand=DEMAND)
    plan = lower(described)
    instants = np.array([7, 8, 10, 13, 18, 23])
    numbers = []
    for number in range(400):
        records = engine(plan, draw(described, plan, 2, number))
        left = np.where(records.left_at < 0, plan.horizon, records.left_at)
        numbers.append([((records.arrived_at <= at) & (left > at)).sum() for at in instants * MS_PER_H])
    expected = [infinite_mean(lambda t: HOURLY[int(t)], lambda u: (1 + u) * np.exp(-u), at) for at in instants]
    level = FALSE_FAILURE / (2 * len(instants))
    for column, mean in zip(np.array(numbers).T, expected, strict=True):
        found = measure(column, level)
        assert found.agrees(mean)
        assert found.half_width < 0.15 * mean
        assert abs(column.var(ddof=1) / mean - 1) < 5.5 * np.sqrt((2 + 1 / mean) / len(column)), "not Poisson"
    pointwise = [HOURLY[min(int(at), 23)] * 2 for at in instants]  # the control: as if the rate of now had always been
    wrong = [not measure(c, level).agrees(m) for c, m in zip(np.array(numbers).T, pointwise, strict=True)]
    assert sum(wrong) >= 4
