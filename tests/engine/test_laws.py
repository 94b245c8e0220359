"""The table of laws: every family of the schema has an entry, and the three functions of an entry describe one law.

The statistical tests would fail for about one seed in a million if the code is right; each has a negative control.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.engine.laws import (
    FAMILIES,
    FamilyFunctions,
    distribution,
    draw_durations,
    draw_sums,
    scales_with_mean,
)
from sim.scenario.model import laws
from sim.scenario.model.laws import Law

RARELY = 1e-6
EXAMPLES: dict[str, dict[str, Any]] = {
    "deterministic": {"mean": "5 min"},
    "exponential": {"mean": "5 min"},
    "erlang": {"mean": "5 min", "k": 3},
    "gamma": {"mean": "5 min", "cv": 0.7},
    "lognormal": {"mean": "5 min", "cv": 0.7},
    "uniform": {"mean": "5 min"},
    "empirical": {"values": ["1 min", "4 min", "10 min"]},
}
CONTINUOUS = ("exponential", "erlang", "gamma", "lognormal", "uniform")


def law(family: str, **more: Any) -> Law:
    return Law.model_validate({"family": family, **EXAMPLES[family], **more})


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def mismatches(table: dict[str, FamilyFunctions], families: tuple[str, ...]) -> list[str]:
    """Return the families that only one side has, and the entries with a function missing."""
    incomplete = [
        f"{family}.{field.name}"
        for family, entry in table.items()
        for field in fields(FamilyFunctions)
        if field.name != "scales_with_mean" and not callable(getattr(entry, field.name))
    ]
    return sorted({*table} ^ {*families}) + incomplete


def test_the_table_has_the_families_of_the_schema_and_every_entry_is_complete() -> None:
    assert mismatches(FAMILIES, laws.FAMILIES) == []


def test_a_family_that_is_half_added_would_be_seen() -> None:
    nothing: Any = None
    half = FamilyFunctions(FAMILIES["gamma"].draw, nothing, FAMILIES["gamma"].cdf, scales_with_mean=True)
    assert mismatches(FAMILIES, (*laws.FAMILIES, "weibull")) == ["weibull"]
    assert mismatches({**FAMILIES, "weibull": half}, laws.FAMILIES) == ["weibull", "weibull.draw_sums"]


@pytest.mark.parametrize("family", laws.FAMILIES)
def test_draws_and_sums_have_the_mean_of_the_law(family: str) -> None:
    """A mean of 40,000 draws of at most 4 min standard deviation; 5 standard errors are 6 s."""
    durations = draw_durations(law(family), rng(), 40_000)
    sums = draw_sums(law(family), rng(), np.full(20_000, 4))
    assert durations.mean() == pytest.approx(300, abs=6)
    assert sums.mean() == pytest.approx(1200, abs=18)
    assert sums.std() == pytest.approx(2 * durations.std(), rel=0.1)


@pytest.mark.parametrize("family", laws.FAMILIES)
def test_the_distribution_is_that_of_the_draws(family: str) -> None:
    durations = draw_durations(law(family), rng(), 20_000)
    at = np.array([-1, 0, 59_999, 60_000, 200_000, 240_000, 300_000, 600_000, 1_200_000, 10**8])
    shares = np.array([(durations <= instant / 1000).mean() for instant in at])
    assert distribution(law(family), at) == pytest.approx(shares, abs=5 * 0.5 / 20_000**0.5)
    assert distribution(law(family), at)[[0, -1]].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("family", CONTINUOUS)
def test_the_distribution_passes_the_test_of_kolmogorov(family: str) -> None:
    def doubt(durations: Any, of: Law) -> float:
        return float(stats.kstest(durations, lambda s: distribution(of, s * 1000)).pvalue)

    durations = draw_durations(law(family), rng(), 20_000)
    assert doubt(durations, law(family)) > RARELY
    assert doubt(durations, law(family, mean="5.5 min")) < RARELY


@pytest.mark.parametrize("family", laws.FAMILIES)
def test_a_law_that_scales_has_the_same_draws_times_the_mean(family: str) -> None:
    if not scales_with_mean(law(family)):
        assert law(family).mean_s == 300
        return
    twice = draw_durations(law(family, mean="10 min"), rng(), 100)
    assert twice == pytest.approx(2 * draw_durations(law(family), rng(), 100), rel=1e-12)


@pytest.mark.parametrize("family", ["deterministic", *CONTINUOUS])
def test_a_mean_of_zero_is_no_time(family: str) -> None:
    nothing = law(family, mean="0 s")
    assert draw_durations(nothing, rng(), 3).tolist() == [0.0] * 3
    assert distribution(nothing, np.array([-1, 0, 1])).tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("family", laws.FAMILIES)
def test_no_sums_of_no_counts(family: str) -> None:
    assert draw_sums(law(family), rng(), np.zeros(0, np.int64)).shape == (0,)
