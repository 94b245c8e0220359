"""States against plain loops over random spans."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.measures.grid import Grid

START, GROUPS = -50, 3


@st.composite
def grids(draw):
    every, horizon = draw(st.integers(1, 40)), draw(st.integers(-40, 60))
    return Grid(np.arange(START, horizon + 1, every, dtype=np.int64), every, START, horizon, START)


@pytest.mark.parametrize(("days", "minutes", "half"), [(7, 15, 2), (8, 15, 12), (1, 60, 1), (30, 60, 3), (1, 120, 1)])
def test_flows_are_means_over_an_hour_in_a_short_run_and_over_six_in_a_long_one(days, minutes, half):
    every, horizon = minutes * 60_000, days * 86_400_000
    assert Grid(np.arange(0, horizon + 1, every), every, 0, horizon, 0).rate_half == half


SPANS = st.lists(
    st.tuples(st.integers(0, GROUPS - 1), st.integers(START, 80), st.integers(0, 90), st.integers(1, 5)), max_size=30
)


def columns(rows):
    group, begin, span, weight = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return group, begin, begin + span, weight


@given(grids(), SPANS)
def test_states_count_spans_begun_and_not_over(grid, rows):
    group, begin, end, weight = columns(rows)
    changes = np.zeros((GROUPS, len(grid.at) + 1), dtype=np.int64)
    for sign, instants in ((1, begin), (-1, end)):
        np.add.at(changes, (group, points(grid, instants)), sign * weight)
    expected = [
        [
            sum(w for h, b, e, w in zip(group, begin, end, weight, strict=True) if h == g and b <= at < e)
            for at in grid.at
        ]
        for g in range(GROUPS)
    ]
    np.testing.assert_array_equal(grid.states(changes), expected)


def points(grid, instants):
    return np.searchsorted(grid.at, instants)


@pytest.mark.parametrize("horizon", [9, 10])
def test_a_grid_of_one_point_has_one_interval_unless_the_run_is_longer(horizon):
    grid = Grid(np.arange(0, horizon + 1, 10), 10, 0, horizon, 0)
    assert grid.intervals == 1
