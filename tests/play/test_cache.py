"""Results are stored as they come, found again bit for bit, and survive what happens to the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.errors import SimError
from sim.measures.names import Key
from sim.play.cache import Failed, PlayCache, Totals
from tests.play.flipped_bits import KEYS, flip_bits, opened

OTHER = (Key("other", "wait_mean", "all"),)


def filled(folder: Path | None) -> PlayCache[Key]:
    cache = opened(folder)
    cache.add("pa", 0, Totals(KEYS, np.array([[1 / 3, np.nan], [2.0, 3.0]])))
    cache.write()
    cache.add("pb", 2, Totals(KEYS, np.array([[5.0, 6.0]])))
    cache.add("pc", 0, Totals(OTHER, np.array([[7.0]])))
    cache.write()
    return cache


def test_what_was_stored_is_found_again_bit_for_bit(tmp_path: Path) -> None:
    filled(tmp_path)
    cache = opened(tmp_path)
    assert [cache.replications(key) for key in ("pa", "pb", "pc", "pd")] == [{0, 1}, {2}, {0}, set()]
    assert cache.totals("pa", [0, 1]).keys == KEYS
    assert isinstance(cache.totals("pc", [0]).keys[0], Key)
    np.testing.assert_array_equal(cache.totals("pa", [1, 0]).values, [[2.0, 3.0], [1 / 3, np.nan]])
    np.testing.assert_array_equal(cache.totals("pb", [2]).values, [[5.0, 6.0]])
    np.testing.assert_array_equal(cache.totals("pc", [0]).values, [[7.0]])


def test_without_a_folder_results_stay_in_memory() -> None:
    cache = filled(None)
    cache.add("pe", 0, Failed("no"))
    assert (cache.replications("pa"), cache.reason("pe")) == ({0, 1}, "no")


def test_results_of_one_write_and_the_same_names_are_one_part(tmp_path: Path) -> None:
    filled(tmp_path)
    assert len(list(tmp_path.glob("part-*.parquet"))) == 3


def test_two_processes_fill_one_folder(tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    first.add("pa", 0, Totals(KEYS, np.array([[1.0, 2.0]])))
    first.write()
    assert second.replications("pa") == set()
    second.refresh()
    assert second.replications("pa") == {0}


def test_a_failure_is_remembered_until_it_is_forgotten(tmp_path: Path) -> None:
    opened(tmp_path).add("pa", 0, Failed("the road is closed"))
    cache = opened(tmp_path)
    assert cache.reason("pa") == "the road is closed"
    cache.forget_failures()
    assert cache.reason("pa") is None
    assert opened(tmp_path).reason("pa") is None


@pytest.mark.parametrize("left", [0, 10, 0.5, 0.98])
def test_a_damaged_part_is_reported_and_removed(tmp_path: Path, left: float) -> None:
    filled(tmp_path)
    parts = sorted(tmp_path.glob("part-*.parquet"))
    content = parts[0].read_bytes()
    parts[0].write_bytes(content[: left if isinstance(left, int) else int(left * len(content))])
    cache = opened(tmp_path)
    assert cache.damaged == [parts[0].name]
    assert sorted(tmp_path.glob("part-*.parquet")) == parts[1:]
    assert opened(tmp_path).damaged == []


@pytest.mark.parametrize("content", ["", "{}", "[1]", "not json"])
def test_a_damaged_failure_is_removed(tmp_path: Path, content: str) -> None:
    opened(tmp_path).add("pa", 0, Failed("the road is closed"))
    (path,) = tmp_path.glob("pa-*.json")
    path.write_text(content)
    cache = opened(tmp_path)
    assert (cache.damaged, cache.reason("pa")) == ([path.name], None)


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    flips = flip_bits(tmp_path, 200)
    assert flips == {"told": 200}


def test_parts_of_earlier_versions_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "part-1-abcd1234.parquet").write_bytes(b"an earlier version wrote this")
    assert opened(tmp_path).damaged == []


def test_a_table_of_another_shape_is_damage(tmp_path: Path) -> None:
    filled(tmp_path)
    cache = PlayCache(tmp_path, ("figure",), tuple)
    assert len(cache.damaged) == 3


def test_an_error_says_that_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = opened(tmp_path / "file")
    with pytest.raises(SimError, match="finished results are kept"):
        cache.add("pa", 0, Failed("no"))
