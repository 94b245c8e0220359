"""The likelihood of a series: against the density of the same normal law, and what it says of dependent points."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from sim.measures.series_likelihood import (
    SeriesTarget,
    by_node,
    grid,
    learnt,
    middle_node,
    projected_errors,
    series_log_likelihood,
    series_targets,
    structure_of,
)
from sim.scenario.text.load_calibration import read_calibration

ROOT = Path(__file__).parents[2]
POINTS = 60


@pytest.fixture(scope="module")
def target() -> SeriesTarget:
    loaded = read_calibration(ROOT / "calibration" / "sample_port.yaml")
    (whole,) = series_targets(loaded.calibration, loaded.central.scenario.clock)
    rows = slice(30, 30 + POINTS)
    structure = replace(
        whole.structure,
        chance=np.linspace(0.2, 0.6, POINTS),
        level=whole.structure.level[rows],
        there=np.full(POINTS, True),
    )
    return replace(
        whole,
        hours=whole.hours[rows],
        value=whole.value[rows] + 0.1,
        bound=whole.bound[rows],
        fitted=whole.fitted[rows],
        structure=structure,
    )


def covariance(target: SeriesTarget) -> np.ndarray:
    """The covariance that the module's text describes, written out."""
    (size,), (hours,), _ = grid(target)
    structure = target.structure
    apart = np.abs(target.hours[:, None] - target.hours)
    fast = np.sqrt(structure.fast) * structure.chance
    slow = np.sqrt(
        (1 - structure.fresh - structure.fast) * structure.chance**2
        + (size * target.discrepancy * structure.level) ** 2
    )
    fresh = (
        structure.fresh * structure.chance**2
        + (target.spread * structure.level) ** 2
        + (target.rounding / np.sqrt(12) / (target.value + target.offset)) ** 2
    )
    return (
        np.outer(fast, fast) * np.exp(-apart / structure.fast_hours)
        + np.outer(slow, slow) * np.exp(-apart / hours)
        + np.diag(fresh)
    )


def test_it_is_the_density_of_the_normal_law(target):
    logs = np.log(target.value + target.offset) + 0.1 * np.sin(np.arange(POINTS))[None]
    expected = multivariate_normal(logs[0], covariance(target)).logpdf(np.log(target.value + target.offset))
    assert by_node(target, logs)[0, 0] == pytest.approx(expected, rel=1e-9)


def test_a_bound_far_below_the_model_costs_nothing_and_one_far_above_much(target):
    logs = np.log(target.value + target.offset)[None]
    free = replace(target, fitted=np.arange(POINTS) != 7)
    bounded = replace(target, bound=np.where(np.arange(POINTS) == 7, 1, 0))
    low = replace(bounded, value=np.where(bounded.bound == 1, 0.0, target.value))
    high = replace(bounded, value=np.where(bounded.bound == 1, 100.0, target.value))
    without = series_log_likelihood(free, logs)[0]
    assert series_log_likelihood(low, logs)[0] == pytest.approx(without, abs=0.7)
    assert series_log_likelihood(low, logs)[0] <= without + 1e-9
    assert series_log_likelihood(high, logs)[0] < without - 50


def test_a_bound_alone_has_the_chance_of_its_tail(target):
    one = replace(target, fitted=np.arange(POINTS) == 7, bound=np.full(POINTS, 1))
    logs = np.log(target.value + target.offset)[None]
    assert by_node(one, logs)[0, 0] == pytest.approx(np.log(0.5), abs=1e-9)


def test_dependent_points_count_as_few_and_independent_ones_as_many(target):
    """The negative control of the witnesses: the same points without memory are witnesses all of them."""
    logs = np.log(target.value + target.offset)[None]
    level = np.ones(POINTS)
    alike = replace(target.structure, chance=np.full(POINTS, 0.5), level=level)
    slow = replace(target, structure=replace(alike, fresh=0.0, fast=0.0, hours=24.0))
    fresh = replace(target, discrepancy=1e-6, structure=replace(alike, fresh=1.0, fast=0.0))
    assert learnt(slow, logs).witnesses < 4
    assert learnt(fresh, logs).witnesses == pytest.approx(POINTS, rel=0.05)


def test_plays_show_their_own_structure(target):
    """Plays made with a fast and a slow part: their times and shares are found."""
    rng, n = np.random.default_rng(1), 600
    hours = np.arange(n) * 0.25
    apart = np.abs(hours[:, None] - hours)
    correlation = 0.6 * np.exp(-apart / 0.8) + 0.4 * np.exp(-apart / 20.0)
    off = 0.3 * rng.standard_normal((400, n)) @ np.linalg.cholesky(correlation + 1e-9 * np.eye(n)).T
    long = replace(
        target,
        hours=hours,
        value=np.ones(n),
        bound=np.zeros(n, np.int64),
        fitted=np.full(n, True),
        structure=replace(target.structure, there=np.full(n, True), nodes=middle_node()),
    )
    found = structure_of(long, long.values(np.log(1 + long.offset) + off).reshape(50, 8, n), 8)
    assert found.fast == pytest.approx(0.6, rel=0.4)
    assert found.fast_hours == pytest.approx(0.8, rel=0.6)
    assert 10 < found.hours < 40
    assert found.chance.mean() == pytest.approx(0.3 * np.sqrt(1 + 1 / 8), rel=0.1)


def test_the_errors_of_weighted_sums_are_those_of_the_normal_law(target):
    """The covariance of sums with a discrepancy of the file's size is that of the points without chance."""
    weights = np.stack((np.linspace(-1, 2, POINTS), np.linspace(1, 0, POINTS)))
    alone = replace(target, structure=replace(target.structure, chance=np.zeros(POINTS), fresh=0.0, fast=0.0))
    errors, chances = projected_errors([(alone, weights)])
    assert errors[len(errors) // 2] == pytest.approx(weights @ covariance(alone) @ weights.T, rel=1e-9)
    assert chances.sum() == pytest.approx(1.0)
