"""Writes the records of the sample port: eight weeks of scenarios/sample_port.yaml, played by the reference engine.

`make sample-data` runs it. Times are local; the clocks are put forward on 30 March, so that day has no hour from 01:00.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from sim import store
from sim.arrays import Ints
from sim.engine.records import NEVER, Outcome
from sim.measures.names import Key
from sim.measures.servers import staffing_played, staffing_rows
from sim.play.one import Played, play_once
from sim.scenario.model.instants import local
from sim.scenario.text.load_scenario import load

HERE = Path(__file__).parent
SCENARIO, FOLDER = HERE.parent / "scenarios" / "sample_port.yaml", HERE / "sample_data"
FITTED = HERE.parent / "calibration" / "sample_port_waits.csv"
HORIZON, SEED, WEEK = "2025-04-28", 2025, "2025-03-10"
MINUTE = 60_000


def played() -> Played:
    """Return the eight weeks."""
    loaded = load(SCENARIO, sets=(f"clock.horizon={HORIZON}",))
    return play_once(loaded.scenario, SEED, 0, "reference")


def times(play: Played, every: int) -> list[tuple[int, str]]:
    """Return every so many ms of the run, in ms since t0 and in local time to the minute."""
    end = int(play.measures.at[-1]) + play.measures.at[1] - play.measures.at[0]
    return [(at, written(play, at)) for at in range(0, int(end), every)]


def written(play: Played, at: int, timespec: str = "minutes") -> str:
    """Return an instant in local time without its zone."""
    return local(play.scenario.clock, at).replace(tzinfo=None).isoformat(timespec=timespec)


def arrivals(play: Played) -> Iterator[str]:
    """Yield the cars and trucks that arrived in each hour."""
    yield "hour,cars,trucks"
    hours = times(play, 60 * MINUTE)
    edges = [at for at, _ in hours] + [hours[-1][0] + 60 * MINUTE]
    first = play.records.visit == play.records.visit.min()
    counts = [
        np.histogram(play.records.arrived_at[first & (play.records.stream == number)], edges)[0].tolist()
        for number in range(2)
    ]
    yield from (f"{time},{cars},{trucks}" for (_, time), cars, trucks in zip(hours, *counts, strict=True))


def services(play: Played) -> Iterator[str]:
    """Yield each service: when it started and ended, and the class."""
    yield "start,end,class"
    records = play.records
    for row in np.argsort(records.started_at, kind="stable"):
        if records.started_at[row] != NEVER and records.ended_at[row] != NEVER:
            start, end = (written(play, int(at[row]), "seconds") for at in (records.started_at, records.ended_at))
            yield f"{start},{end},{play.scenario.streams[records.stream[row]]}"


def waits(play: Played, until: str | None = None) -> Iterator[str]:
    """Yield the wait on the board, in whole minutes, and the queue, every quarter of an hour."""
    yield "at,wait_min,queue"
    quoted = play.measures.series[Key("port", "quoted_wait", "car")]
    queue = play.measures.series[Key("port", "queue")]
    for (_, time), wait, waiting in zip(times(play, 15 * MINUTE), quoted.tolist(), queue.tolist(), strict=False):
        if until is None or time < until:
            yield f"{time},{60 * wait:.0f},{waiting:.0f}"


def staffing(play: Played) -> Iterator[str]:
    """Yield the booths that are open, and the queue, every five minutes."""
    yield "at,booths,queue"
    records = play.records
    rows: Ints = staffing_rows(play.plan, staffing_played(play.plan, records))
    gave_up = records.outcome == Outcome.RENEGED
    joined, gone = np.sort(records.arrived_at), np.sort(np.where(gave_up, records.left_at, records.started_at))
    for at, time in times(play, 5 * MINUTE):
        queue = np.searchsorted(joined, at, side="right") - np.searchsorted(gone, at, side="right")
        yield f"{time},{rows[np.searchsorted(rows[:, 1], at, side='right') - 1, 2]},{queue}"


def patience(play: Played) -> Iterator[str]:
    """Yield each party that joined the queue: its class, how long it waited, and whether it was served or gave up."""
    yield "joined,class,wait_min,outcome"
    records = play.records
    for row in np.argsort(records.arrived_at, kind="stable"):
        gave_up = records.outcome[row] == Outcome.RENEGED
        end = records.left_at[row] if gave_up else records.started_at[row]
        if end != NEVER:
            wait = (end - records.arrived_at[row]) / MINUTE
            joined = written(play, int(records.arrived_at[row]))
            outcome = "gave_up" if gave_up else "served"
            yield f"{joined},{play.scenario.streams[records.stream[row]]},{wait:.1f},{outcome}"


def write(path: Path, lines: Iterable[str]) -> None:
    """Write a file of lines."""
    store.write(path, "\n".join(lines) + "\n")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    play = played()
    for table in (arrivals, services, waits, staffing, patience):
        write(FOLDER / f"{table.__name__}.csv", table(play))
    write(FITTED, waits(play, WEEK))
