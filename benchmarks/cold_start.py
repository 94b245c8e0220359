"""What the first run costs: CPU time of compiling, and the peak of memory.

    python -m benchmarks.cold_start [CHECKOUT ...] [--rounds 3]

A run of one replication of the base case is started with an empty folder for compiled code, and again with what the
first one left there. The difference is what compiling takes, apart from what every run does. With several checkouts,
they take turns, because other work on the machine slows all of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).parents[1]
COMMAND = ("-m", "sim", "run", "verkhny_lars", "--replications", "1", "--no-pictures", "--quiet")
KILOBYTES = 1024 if sys.platform == "darwin" else 1
"""Units of `ru_maxrss` in a kilobyte."""


def run(checkout: Path, folder: Path) -> tuple[float, float]:
    """Return CPU seconds and the peak of memory (MB) of a run that keeps all that it writes in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "XDG_CACHE_HOME": str(folder / "cache")}
    process = subprocess.Popen([sys.executable, *COMMAND], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the run in {checkout} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / KILOBYTES / 1024


def first_and_next(checkout: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return CPU seconds and the peak of memory of a first run and of the next one, with results of their own."""
    with tempfile.TemporaryDirectory() as place:
        folders = Path(place) / "first", Path(place) / "next"
        for folder in folders:
            folder.mkdir()
        first = run(checkout, folders[0])
        compiled = [path for path in (folders[0] / "cache").glob("*/kernel-*")]
        for path in compiled:
            target = folders[1] / "cache" / path.parent.name
            target.mkdir(parents=True, mode=0o700)
            path.rename(target / path.name)
        return first, run(checkout, folders[1])


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_start", description=__doc__)
    parser.add_argument("checkouts", type=Path, nargs="*", default=[HERE])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    checkouts = [path.absolute() for path in asked.checkouts]
    runs: dict[Path, list[tuple[tuple[float, float], tuple[float, float]]]] = {path: [] for path in checkouts}
    for _ in range(asked.rounds):
        for path in checkouts:
            runs[path].append(first_and_next(path))
    print("| checkout | first run | next run | compiling | peak of memory, first | next |\n|---|--:|--:|--:|--:|--:|")
    for path, pairs in runs.items():
        (first, peak), (second, usual) = (
            [median(pair[which][number] for pair in pairs) for number in (0, 1)] for which in (0, 1)
        )
        spent = median(one[0] - other[0] for one, other in pairs)
        print(f"| {path.name} | {first:.1f} s | {second:.1f} s | {spent:.1f} s | {peak:.0f} MB | {usual:.0f} MB |")


if __name__ == "__main__":
    main()
