"""Sobol indices agree with a function whose indices are known, and refuse what they cannot say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from sim.errors import SimError
from sim.measures.names import Key
from sim.play.cache import Totals
from sim.verbs.sweep.designs import make_design, read_axis
from sim.verbs.sweep.sensitivity import sobol_sensitivity
from sim.verbs.sweep.study import SweepData, read_base

TINY = Path(__file__).parents[2] / "tiny.yaml"
KEY = Key("post", "max_queue", "all")
FIRST, TOTAL = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437)
"""Of the function of Ishigami and Homma (1990) with a = 7, b = 0.1."""


def swept(size: int, function, seed: int = 5) -> SweepData:
    chosen = make_design("sensitivity", [read_axis(f"{x}=-3.14159265:3.14159265") for x in "abc"], size, seed)
    values = function(*np.array(chosen.points, dtype=float).T)
    totals = tuple(Totals((KEY,), np.array([[value - 1], [value + 1]])) for value in values)
    return SweepData(read_base(TINY), chosen, totals, {}, 5, 2, 0, 0, datetime.now(UTC), 0.0)


def ishigami(x, y, z):
    return np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)


def test_the_indices_of_ishigami() -> None:
    sensitivity = sobol_sensitivity(swept(2048, ishigami), KEY)
    assert [index.value for index in sensitivity.first] == pytest.approx(FIRST, abs=0.04)
    assert [index.value for index in sensitivity.total] == pytest.approx(TOTAL, abs=0.04)
    assert sensitivity.mean == pytest.approx(3.5, abs=0.1)


@pytest.mark.slow
def test_the_intervals_cover() -> None:
    """Of 20 samples with 6 indices each, 95 % intervals miss about 6; more than 24 in less than one of 10,000."""
    missed = 0
    for seed in range(20):
        sensitivity = sobol_sensitivity(swept(256, ishigami, seed), KEY)
        both = zip((*sensitivity.first, *sensitivity.total), (*FIRST, *TOTAL), strict=True)
        missed += sum(not index.low <= truth <= index.high for index, truth in both)
    assert missed <= 24


def test_the_same_points_give_the_same_intervals() -> None:
    points = swept(64, ishigami)
    assert sobol_sensitivity(points, KEY) == sobol_sensitivity(points, KEY)


def test_what_moves_nothing_has_indices_of_zero() -> None:
    sensitivity = sobol_sensitivity(swept(16, lambda x, y, z: 0 * x + 3), KEY)  # noqa: ARG005
    assert {index.value for index in (*sensitivity.first, *sensitivity.total)} == {0.0}


def test_it_refuses_what_it_cannot_say() -> None:
    points = swept(16, ishigami)
    with pytest.raises(SimError, match="every point, and 1 failed"):
        sobol_sensitivity(replace(points, failed={3: "x"}), KEY)
    with pytest.raises(SimError, match="a value at every point"):
        sobol_sensitivity(points, Key("post", "max_queue", "car"))
    with pytest.raises(SimError, match="--design sensitivity"):
        sobol_sensitivity(replace(points, design=make_design("lhs", [read_axis("a=0:1")], 4, 0)), KEY)
