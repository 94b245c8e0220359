"""How long `sim nowcast` takes for a port of 20,000 parties a day, from the command line to the end of the process.

`python -m benchmarks.nowcasting [MINUTES]` makes the port and two weeks of its queue, a reading every MINUTES (default
15), and forecasts 12 h: first with nothing kept, then after three more readings, one by one, and after the first
readings of a new day, whose plays are not kept yet. The load of the machine tells what ran beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.timing import cpu_seconds
from sim.measures.names import ALL, Key
from sim.play import engines
from sim.play.one import play_once
from sim.scenario.text.load_scenario import load

SCENARIO = """\
extends: sample_port
name: large_port
title: A made-up port with 20,000 parties a day
seed: SEED
clock: {start: 2025-03-03, horizon: 2025-03-18}
crossings:
  port:
    stations:
      booths:
        staffing:
          servers: 66
          shifts: [{days: [mon, tue, wed, thu, fri, sat, sun], from: "06:00", until: "22:00", servers: 99}]
          reacts: {to: queue, open_above: 330, close_below: 99, at_least: 66, at_most: 165, delay: 10 min}
    demand:
      car: {everyday: {constant: {rate: 733 /h}}}
      truck: {everyday: {constant: {rate: 100 /h}}}
"""
DAYS, NEW_DAY = 14, 6
"""Days of readings; hour by which a day of plays has begun."""


def queue_of(file: Path, minutes: int) -> list[str]:
    """Return the rows (time, queue) of a play of a scenario, and print how many parties a day it had."""
    scenario = load(file).scenario
    played = play_once(scenario, 1000, 0, engines.ready("compiled"))
    of_all = played.measures.series
    parties = np.nansum(of_all[Key("port", "arrived_parties", ALL)]) / 15
    sys.stdout.write(f"{parties:,.0f} parties a day\n")
    step = minutes // 15
    times = np.datetime64(scenario.clock.start) + played.measures.at.astype("timedelta64[ms]")
    queue = of_all[Key("port", "queue", ALL)]
    return [f"{at},{value:.0f}" for at, value in zip(times[::step].astype("M8[m]"), queue[::step], strict=True)]


def measured(folder: Path, name: str, rows: list[str]) -> None:
    """Forecast from `rows` with the command, in a process of its own, and print how long it took."""
    (folder / "seen.csv").write_text("\n".join(["at,queue", *rows]) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "sim", "nowcast", "port.yaml", "--seen", "seen.csv", "--zone", "Europe/Lisbon"]
    cpu, wall = cpu_seconds(), time.perf_counter()
    subprocess.run([*command, "--quiet", "--out", name], cwd=folder, check=True, stdout=sys.stderr)
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    sys.stdout.write(f"{name}: {len(rows)} readings, {wall:.1f} s, {cpu:.1f} s of CPU, load {os.getloadavg()[0]:.1f}\n")
    sys.stdout.flush()


def main(minutes: int) -> None:
    """Make the port and its readings, and measure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seed = str(time.time_ns() // 1_000_000)  # so that no day of plays is kept from an earlier measurement
        (folder / "port.yaml").write_text(SCENARIO.replace("SEED", seed), encoding="utf-8")
        rows = queue_of(folder / "port.yaml", minutes)
        noon, morning = ((24 * day + hour) * 60 // minutes for day, hour in ((DAYS - 1, 12), (DAYS, NEW_DAY)))
        for more, name in enumerate(("first", "update", "another", "third")):
            measured(folder, name, rows[: noon + more])
        for more, name in enumerate(("new_day", "update_of_new_day")):
            measured(folder, name, rows[: morning + more])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
