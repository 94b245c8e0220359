"""Rules are compiled as parts of what Python calls, and only as such."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba.core.errors import NumbaError

from sim.engine.compiled.cache import entry, long_rule, rule
from sim.engine.compiled.memory import border_reader

SMALL = np.dtype([("steps", "i8"), ("table", "i8", (2, 3)), ("shares", "f8", (4,))])
small_at = border_reader(SMALL, "Small")


@rule
def doubled(n: int) -> int:
    return 2 * n


@long_rule
def beside(n: int) -> int:
    return doubled(n) + 1


@entry
def both(n: int) -> int:
    return doubled(n) + beside(n)


@entry
def written(address: int, row: int, column: int) -> float:
    b = small_at(address)
    b.steps += 1
    b.table[row, column] += doubled(b.steps)
    b.shares[column] = 0.5
    return b.table[row, column] + b.shares[column]


@entry
def half_indexed(address: int) -> Any:
    return small_at(address).table[0]


def test_an_entry_takes_in_the_rules_it_calls_directly_or_not() -> None:
    assert both(20) == 81


def test_a_rule_that_python_calls_is_plain_python() -> None:
    assert both(1) == 5
    assert (doubled(20), beside(20)) == (40, 41)
    assert doubled("ab") == "abab"


def test_a_record_is_read_and_written_in_place() -> None:
    table = np.zeros(1, SMALL)
    assert written(table.ctypes.data, 1, 2) == 2.5
    assert written(table.ctypes.data, 1, 2) == 6.5
    assert written(table.ctypes.data, -1, -1) == 12.5  # an index from the end
    assert table["steps"][0] == 3
    assert table["table"][0].tolist() == [[0, 0, 0], [0, 0, 12]]
    assert table["shares"][0].tolist() == [0, 0, 0.5, 0.5]


def test_an_array_of_the_record_is_indexed_along_all_axes() -> None:
    with pytest.raises(NumbaError, match="getitem"):
        half_indexed(np.zeros(1, SMALL).ctypes.data)
