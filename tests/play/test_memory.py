"""Large replications at the same time, in threads of one process."""

from __future__ import annotations

import threading
import time

import pytest

from sim.play import memory
from sim.play.workers import Crew
from sim.scenario.text.load_scenario import load


@pytest.mark.parametrize(("free", "together"), [(1.5, 1), (2.5, 2)])
def test_large_replications_wait_for_each_other_where_memory_is_short(
    monkeypatch: pytest.MonkeyPatch, free: float, together: int
) -> None:
    """With room for two there are two at a time: the control."""
    need = 4 * memory.ALWAYS_FREE
    monkeypatch.setattr(memory, "memory_of", lambda _: need)
    monkeypatch.setattr(memory, "available", lambda: free * need)
    scenario, inside, most, lock = load("airport_hall").scenario, 0, 0, threading.Lock()

    def task(_: int) -> None:
        nonlocal inside, most
        with memory.enough_memory(scenario):
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.05)
            with lock:
                inside -= 1

    with Crew(task, 3, threads=True) as crew:
        assert list(crew.results(range(6))) == [None] * 6
    assert most == together


def test_a_replication_that_needs_more_than_there_is_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory_of", lambda _: 4 * memory.ALWAYS_FREE)
    monkeypatch.setattr(memory, "available", lambda: memory.ALWAYS_FREE)
    for _ in range(2):  # the first has left its place
        with (
            pytest.raises(memory.SimError, match=r"needs about 2\.0 GB of memory"),
            memory.enough_memory(load("airport_hall").scenario),
        ):
            pass
