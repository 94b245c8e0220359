"""What pictures cost a whole command: `sim run` with all of them against `--no-pictures`.

`python -m benchmarks.pictures [--rounds 5]` runs both in turns, each as a process of its own with a warm cache, and
prints medians: CPU or wall time, their ratio against its goal, and the peak of memory. Linux and macOS only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple


class Row(NamedTuple):
    """A command and its goal: the most that pictures may make of the CPU or wall time without them."""

    arguments: tuple[str, ...]
    measured: str
    goal: float


class Cost(NamedTuple):
    """What a process took: seconds of CPU and wall time, and megabytes at its peak."""

    cpu: float
    wall: float
    peak: float


ROWS = (
    Row(("verkhny_lars", "--replications", "1"), "cpu", 2.0),
    Row(("russia_2022", "--replications", "1"), "cpu", 4.0),
    Row(("verkhny_lars",), "wall", 1.6),
)


def cost(arguments: tuple[str, ...]) -> Cost:
    """Return what one `sim run` takes, child processes included. Raises CalledProcessError if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sim", "run", *arguments, "--quiet", "--out", str(Path(folder) / "out")]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / unit)


def measured(row: Row, rounds: int) -> tuple[Cost, Cost]:
    """Return the medians of the command with and without pictures, run in turns after one run of each."""
    ways = row.arguments, (*row.arguments, "--no-pictures")
    runs = [[cost(way) for way in ways] for _ in range(rounds + 1)][1:]
    found = [Cost(*(median(values) for values in zip(*each, strict=True))) for each in zip(*runs, strict=True)]
    return found[0], found[1]


def main() -> None:
    """Measure every row and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each command (default: 5)")
    rounds = parser.parse_args().rounds
    print("| `sim run` | with pictures | without | ratio | goal | met | peak |")
    print("|---|--:|--:|--:|--:|---|--:|")
    for row in ROWS:
        drawn, bare = measured(row, rounds)
        one, other = (getattr(each, row.measured) for each in (drawn, bare))
        met = "yes" if one / other <= row.goal else "**no**"
        print(
            f"| `{' '.join(row.arguments)}`, {row.measured} | {one:.1f} s | {other:.1f} s | {one / other:.2f} "
            f"| ≤ {row.goal:g} | {met} | {drawn.peak:.0f} MB (without: {bare.peak:.0f}) |",
            flush=True,
        )


if __name__ == "__main__":
    main()
