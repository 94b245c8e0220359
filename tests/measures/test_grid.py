"""States, counts, integrals and quantiles against plain loops over random spans."""

from __future__ import annotations

import numpy as np
import pytest
from hand_made import border
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import SimError
from sim.measures.grid import Grid, grid, grouped_quantiles

START, GROUPS = -50, 3


@st.composite
def grids(draw):
    every, horizon = draw(st.integers(1, 40)), draw(st.integers(-40, 60))
    return Grid(np.arange(START, horizon + 1, every, dtype=np.int64), every, START, horizon)


SPANS = st.lists(
    st.tuples(st.integers(0, GROUPS - 1), st.integers(START, 80), st.integers(0, 90), st.integers(1, 5)), max_size=30
)


def columns(rows):
    group, begin, span, weight = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return group, begin, begin + span, weight


@given(grids(), SPANS)
def test_states_count_spans_begun_and_not_over(grid, rows):
    group, begin, end, weight = columns(rows)
    span = grid.point(begin), grid.point(end)
    expected = [
        [
            sum(w for h, b, e, w in zip(group, begin, end, weight, strict=True) if h == g and b <= at < e)
            for at in grid.at
        ]
        for g in range(GROUPS)
    ]
    np.testing.assert_array_equal(grid.states(group, GROUPS, span, weight.astype(float)), expected)


@given(grids(), SPANS)
def test_time_held_is_the_overlap_with_each_interval(grid, rows):
    group, begin, end, _ = columns(rows)
    edges = grid.edges
    held = grid.time_held(group, GROUPS, begin, end)
    assert held.shape == (GROUPS, grid.intervals)
    for g in range(GROUPS):
        for k in range(grid.intervals):
            overlap = [
                max(0, min(e, edges[k + 1]) - max(b, edges[k]))
                for h, b, e in zip(group, begin, end, strict=True)
                if h == g
            ]
            assert held[g, k] == sum(overlap)


@given(grids(), SPANS)
def test_every_instant_of_the_run_falls_in_one_interval(grid, rows):
    group, begin, _, _ = columns(rows)
    inside = begin <= grid.horizon
    counts = grid.counts(group[inside], GROUPS, begin[inside])
    assert np.nansum(counts) == inside.sum()
    assert np.isnan(counts[:, grid.intervals :]).all()
    assert not np.isnan(counts[:, : grid.intervals]).any()


@given(st.lists(st.tuples(st.integers(0, GROUPS - 1), st.integers(0, 2**36 - 1)), max_size=40))
def test_quantiles_by_group_are_numpys(rows):
    group, values = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    found = grouped_quantiles(values, group, GROUPS, (0.1, 0.5, 1.0))
    for g in range(GROUPS):
        mine = values[group == g]
        expected = np.quantile(mine, (0.1, 0.5, 1.0)) if len(mine) else [np.nan] * 3
        np.testing.assert_allclose(found[:, g], expected, rtol=1e-12)


def test_what_happens_at_the_horizon_belongs_to_the_last_interval():
    grid = Grid(np.array([0, 10, 20]), 10, 0, 20)
    counts = grid.counts(np.zeros(3, dtype=int), 1, np.array([0, 10, 20]))
    np.testing.assert_array_equal(counts, [[1, 2, np.nan]])
    assert grid.intervals == 2


@pytest.mark.parametrize("horizon", [9, 10])
def test_a_grid_of_one_point_has_one_interval_unless_the_run_is_longer(horizon):
    grid = Grid(np.arange(0, horizon + 1, 10), 10, 0, horizon)
    assert grid.intervals == 1


def test_a_grid_too_fine_to_keep_is_refused_in_one_sentence():
    with pytest.raises(SimError, match=r"clock.report_every makes 144,001 points of every series; 20,000 is the most"):
        grid(border(report_every="100 ms").clock, 0, 4 * 3_600_000)
