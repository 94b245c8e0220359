"""Pauses of servers while parties wait: found in a log, and not where servers begin the next service at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.scenario.text.load_scenario import load
from tests.verbs.intake.test_command import at, done, written  # noqa: F401  (a fixture)

SERVICE, SERVERS, PARTIES = 100.0, 4, 2000
"""The mean of 2,000 exponential services has a standard error of 2.2 %."""


def log_of(pause: float, load_: float = 1.0, server: str = "booth") -> str:
    """Return a log of a queue with exponential services, first come first served, and pauses after each."""
    rng = np.random.default_rng(7)
    arrived = np.cumsum(rng.exponential((SERVICE + pause) / SERVERS / load_, PARTIES))
    free = np.zeros(SERVERS)
    rows = [f"arrived,start,end,{server}"]
    for moment in arrived:
        booth = int(np.argmin(free))
        start = max(moment, free[booth])
        end = start + rng.exponential(SERVICE)
        free[booth] = end + pause * rng.uniform(0.5, 1.5)
        instants = [np.datetime64("2026-06-01T00:00:00") + int(second) for second in (moment, start, end)]
        rows.append(",".join([*map(str, instants), str(booth + 1)]))
    return "\n".join(rows) + "\n"


def imported(at: Path, text: str) -> tuple[float, str]:  # noqa: F811
    """Return the mean service time that is written (s), and what was said."""
    said = done("service", written(at, text), "--into", "hall.yaml", "--station", "gates")
    station = load("hall.yaml").scenario.crossings["hall"].stations["gates"]
    return station.law_of("citizen").party.mean_s, " ".join(said.split())


@pytest.mark.parametrize("load_", [1.0, 0.8])
def test_pauses_while_parties_wait_are_part_of_the_service(at: Path, load_: float) -> None:  # noqa: F811
    mean, said = imported(at, log_of(20.0, load_))
    assert mean == pytest.approx(SERVICE + 20, rel=0.07)
    assert "of the time of servers at work is not service" in said


@pytest.mark.parametrize("load_", [1.0, 0.5])
def test_servers_who_go_on_at_once_have_no_pauses(at: Path, load_: float) -> None:  # noqa: F811
    """The control: whole seconds in the log leave pauses of up to a second, and at half the load idle booths."""
    mean, said = imported(at, log_of(0.0, load_))
    assert mean == pytest.approx(SERVICE, rel=0.07)
    assert "written that much longer" not in said


def test_without_servers_nothing_is_told(at: Path) -> None:  # noqa: F811
    mean, said = imported(at, log_of(20.0, server="note"))
    assert mean == pytest.approx(SERVICE, rel=0.07)
    assert "is not service" not in said
