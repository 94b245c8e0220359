"""The median wait by interval of joining, with those who did not cross, against hand and plain Kaplan-Meier."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.lower.plan_from import lower
from sim.measures.count import passes
from sim.measures.count.counters import GROUP_BITS, NOT_CROSSED
from sim.measures.names import Key
from sim.measures.replication import measure
from tests.measures.hand_made import border, row, table


def medians(rows: list[dict[str, Any]], scope: str = "car") -> tuple[list[float], list[float]]:
    """Return the median waits in minutes by hour of joining, and whether each is a lower bound."""
    scenario = border()
    series = measure(scenario, lower(scenario), table(rows)).series
    names = ("wait_median", "wait_median_censored")
    values, bound = (series[Key("pass", name, scope)].tolist() for name in names)
    return [60 * value for value in values], bound


def crossed(number: int, joined: int, wait: int, cls: str = "car") -> dict[str, Any]:
    begin = joined + wait
    return row((number, 0), 0, (cls, 1), (joined, begin, begin + 1, begin + 1), "CROSSED")


def test_those_who_left_and_the_unfinished_count_until_then() -> None:
    """Four in the first hour: across after 10 and 20 min, gone after 15, and 180 min waited at the end.

    Not across are 3/4 after 10, and 3/4 times 2/3 after 20: who reneged never crosses.
    """
    rows = [
        crossed(0, 60, 10),
        crossed(1, 61, 20),
        row((2, 0), 0, ("car", 1), (62, None, None, 77), "RENEGED"),
        row((3, 0), 0, ("car", 1), (60, None, None, None), "UNFINISHED"),
    ]
    values, bound = medians(rows)
    assert values[1] == pytest.approx(20)
    assert bound[1] == 0
    assert np.isnan([values[0], *values[2:]]).all()
    assert np.isnan([bound[0], *bound[2:]]).all()
    assert medians(rows, "all")[0][1] == pytest.approx(20)


def test_where_less_than_half_crossed_the_longest_wait_so_far_is_a_bound() -> None:
    rows = [crossed(0, 60, 10), *(row((n, 0), 0, ("car", 1), (60 + n, None, None, None), "UNFINISHED") for n in (1, 2))]
    values, bound = medians(rows)
    assert values[1] == pytest.approx(179)
    assert bound[1] == 1


def test_where_all_crossed_it_is_the_wait_of_half_of_them() -> None:
    rows = [crossed(n, 60 + n, wait) for n, wait in enumerate((5, 40, 10, 20))]
    values, bound = medians(rows)
    assert values[1] == pytest.approx(10), "the smallest wait within which half have crossed"
    assert bound[1] == 0


def test_classes_and_hours_stand_apart() -> None:
    rows = [crossed(0, 60, 10), crossed(1, 120, 30), crossed(2, 65, 50, "truck"), crossed(3, 66, 50, "truck")]
    assert medians(rows)[0][1:3] == [pytest.approx(10), pytest.approx(30)]
    assert medians(rows, "truck")[0][1] == pytest.approx(50)
    assert medians(rows, "all")[0][1] == pytest.approx(50)


def test_who_goes_on_on_foot_never_crosses_by_the_queue() -> None:
    """One leaves after 30 min and waits an hour on foot; the other two are across after 40 and 80 min."""
    rows = [
        row((0, 0), 0, ("car", 1), (60, None, None, 90), "CHANGED_MODE"),
        row((0, 1), 1, ("foot", 1), (90, 150, 151, 151), "CROSSED", first=False),
        crossed(1, 61, 40),
        crossed(2, 62, 80),
    ]
    values, _ = medians(rows)
    assert values[1] == pytest.approx(80), "two of three"


def test_where_most_leave_half_never_cross() -> None:
    left = [row((n, 0), 0, ("car", 1), (60 + n, None, None, 65 + n), "RENEGED") for n in (1, 2, 3)]
    values, bound = medians([crossed(0, 60, 10), *left])
    assert bound[1] == 1
    assert values[1] == pytest.approx(179), "the longest time that was seen"


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=30))
def test_medians_are_those_of_a_plain_product(rows: list[tuple[int, bool]]) -> None:
    survival, expected = 1.0, np.nan
    for wait in sorted({wait for wait, left in rows if not left}):
        risk = sum(other > wait or (other == wait) for other, _ in rows)
        survival *= 1 - sum(other == wait and not left for other, left in rows) / risk
        if survival <= 0.5 + 1e-9:
            expected = wait
            break
    keys = np.sort([wait << GROUP_BITS | (NOT_CROSSED if left else 0) for wait, left in rows])
    median, longest = np.full((2, 1), np.nan)
    passes.medians(keys, np.zeros(1, np.int64), np.array([len(rows)]), median, longest)
    np.testing.assert_equal(median[0], float(expected))
    assert longest[0] == max(wait for wait, _ in rows)
