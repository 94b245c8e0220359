"""A pace by the queue is found in hourly counts, booths and waits, and not where services are of one length."""

from __future__ import annotations

import bisect
import heapq
from pathlib import Path

import numpy as np
import pytest

from sim.arrays import Floats
from sim.scenario.text.load_scenario import load
from sim.verbs.intake.fluid_pace import Intervals, Pace, pace_of
from tests.verbs.intake.test_command import at, done, written  # noqa: F401  (a fixture)

pytestmark = pytest.mark.slow
SERVICE, FULL, DAYS = 60.0, 60, 56


def hours(seed: int, factor: float, servers: int = 6) -> Intervals:
    """Return 8 weeks of hours of a queue, first come first served, that was played party by party.

    Services are exponential, and `factor` times as long while FULL or more go on waiting.
    """
    rng = np.random.default_rng(seed)
    rate = servers * 3600 / SERVICE * 0.9 * (1 + 0.35 * np.sin(np.arange(DAYS * 24) / 6 * np.pi))
    arrived = np.concatenate([h * 3600 + np.sort(rng.uniform(0, 3600, n)) for h, n in enumerate(rng.poisson(rate))])
    waits, busy, now = np.zeros(len(arrived)), [0.0] * servers, 0.0
    for n, moment in enumerate(arrived):
        now = max(moment, now, heapq.heappop(busy))
        waiting = bisect.bisect_right(arrived, now) - n - 1
        pace = 1 + (factor - 1) * min(waiting / FULL, 1)
        heapq.heappush(busy, now + rng.exponential(SERVICE) * pace)
        waits[n] = now - moment
    return _by_hour(arrived, waits, servers)


def _by_hour(arrived: Floats, waits: Floats, servers: int) -> Intervals:
    hour = (arrived // 3600).astype(int)
    number = np.bincount(hour, minlength=DAYS * 24).astype(float)
    mean = np.bincount(hour, waits, DAYS * 24) / np.maximum(number, 1)
    begin = 1_741_564_800.0 + np.arange(DAYS * 24) * 3600  # a Monday
    return Intervals(begin, number, np.full(len(begin), float(servers)), np.round(mean / 60) * 60, None)


def found_in(rows: Intervals) -> Pace:
    seconds = 3600 / float(np.quantile(rows.parties / rows.booths, 0.9))
    pace = pace_of(rows, 3600.0, seconds, 0.0)
    assert pace is not None
    return pace


@pytest.mark.parametrize("seed", [1, 2])
def test_a_pace_by_the_queue_is_found(seed: int) -> None:
    """At the queue that is written the truth is a straight line from 1 to 0.6 at FULL; steps of the search are 0.1."""
    pace = found_in(hours(seed, 0.6))
    assert pace.shows
    assert pace.factor == pytest.approx(1 - 0.4 * min(pace.queue / FULL, 1), abs=0.15)
    assert pace.seconds == pytest.approx(SERVICE, rel=0.1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_services_of_one_length_have_no_pace(seed: int) -> None:
    """The control: a false alarm has a probability of 1 in 1,000 for each data set."""
    pace = found_in(hours(seed, 1.0))
    assert not pace.shows
    assert pace.seconds == pytest.approx(SERVICE, rel=0.05)


def test_few_days_and_few_booths_say_nothing() -> None:
    rows = hours(4, 0.6)
    assert pace_of(Intervals(*(None if c is None else c[: 13 * 24] for c in rows)), 3600.0, 60.0, 0.0) is None
    assert pace_of(rows._replace(booths=rows.booths / 2), 3600.0, 60.0, 0.0) is None


@pytest.mark.parametrize(("factor", "shows"), [(0.6, True), (1.0, False)])
def test_the_pace_is_written(at: Path, factor: float, shows: bool) -> None:  # noqa: F811
    rows = hours(5, factor)
    text = ["hour,people,booths,wait_mean_min"]
    for begin, number, booths, wait in zip(rows.begin, rows.parties, rows.booths, rows.wait, strict=True):
        text.append(f"{np.datetime64(int(begin), 's')}Z,{number:.0f},{booths:.0f},{wait / 60:.0f}")
    file = written(at, "\n".join(text) + "\n")
    said = done("service", file, "--into", "hall.yaml", "--station", "desks", "--column", "count=people")
    pace = load("hall.yaml").scenario.crossings["hall"].stations["desks"].pace
    assert (pace is not None) == shows
    assert ("Waits grow less with the load" in " ".join(said.split())) == shows
