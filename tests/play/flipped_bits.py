"""Flips bits of stored results, one at a time, and counts what reading says: python -m tests.play.flipped_bits 3000."""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from sim.measures.names import Key
from sim.play.cache import PlayCache, Totals

KEYS = (Key("post", "wait_mean", "all"), Key("post", "crossed_people", "car"))
VALUES = np.arange(60).reshape(30, 2) / 7


def opened(folder: Path | None) -> PlayCache[Key]:
    return PlayCache(folder, Key._fields, Key._make)


def flip_bits(folder: Path, trials: int) -> dict[str, int]:
    """Return how many flips were told, changed the values silently, had no effect, or raised an exception."""
    cache = opened(folder)
    cache.add("pa", 0, Totals(KEYS, VALUES))
    cache.write()
    (path,) = folder.glob("part-*.parquet")
    whole = path.read_bytes()
    chance = random.Random(1)
    return dict(Counter(_outcome(path, _flipped(whole, chance)) for _ in range(trials)))


def _flipped(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(8 * len(content))
    changed = bytearray(content)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def _outcome(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    try:
        cache = opened(path.parent)
    except Exception as error:
        return f"raised {type(error).__name__}"
    if cache.damaged:
        return "told"
    same = np.array_equal(cache.totals("pa", range(len(VALUES))).values, VALUES)
    return "no effect" if same else "silent"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        print(flip_bits(Path(name), int(sys.argv[1])))  # noqa: T201
