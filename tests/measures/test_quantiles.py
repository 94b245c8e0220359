"""Quantiles against numpy's and against values worked out by hand."""

from __future__ import annotations

import numpy as np

from sim.measures.quantiles import finite_quantiles, grouped_quantiles, plain_quantiles, rows_at, weighted_quantiles

SHARES = (0.05, 0.5, 0.95)


def test_plain_quantiles_are_over_the_first_axis() -> None:
    values = np.random.default_rng(1).normal(size=(40, 3))
    np.testing.assert_array_equal(plain_quantiles(values), np.quantile(values, (0.05, 0.95), axis=0))


def test_finite_quantiles_leave_out_nan_column_by_column() -> None:
    values = np.random.default_rng(2).normal(size=(40, 5))
    values[::3, 1], values[5:, 2], values[:, 4] = np.nan, np.nan, np.nan
    found = finite_quantiles(values.copy(), SHARES)
    np.testing.assert_allclose(found[:, :4], np.nanquantile(values[:, :4], SHARES, axis=0), rtol=1e-12)
    assert np.isnan(found[:, 4]).all()


def test_grouped_quantiles_are_those_of_every_group() -> None:
    values = np.array([10, 20, 40, 7], dtype=np.int64)
    found = grouped_quantiles(values, np.array([0, 3, 3, 4]), (0.0, 0.5, 0.75, 1.0))
    np.testing.assert_array_equal(found, [[10, np.nan, 7], [20, np.nan, 7], [30, np.nan, 7], [40, np.nan, 7]])


def test_grouped_quantiles_of_nothing_are_nan() -> None:
    assert np.isnan(grouped_quantiles(np.zeros(0, np.int64), np.zeros(3, np.int64), SHARES)).all()


def test_weighted_quantiles_stand_in_the_middle_of_their_weight() -> None:
    found = weighted_quantiles(np.array([3.0, 1.0, 2.0]), np.array([0.25, 0.25, 0.5]), (0.125, 0.5, 0.875, 0.3125))
    np.testing.assert_array_equal(found, [1, 2, 3, 1.5])


def test_rows_at_levels_follow_the_weights() -> None:
    assert rows_at(np.array([0.5, 0.0, 0.25, 0.25]), np.array([0.1, 0.5, 0.6, 1.0])).tolist() == [0, 0, 2, 3]
