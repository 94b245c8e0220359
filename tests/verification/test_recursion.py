"""M/M/3 in two steps: the engine equals the recursion of Kiefer and Wolfowitz (1955) exactly, and the recursion,
played on ten million parties, agrees with Erlang (1917) sharply."""

from __future__ import annotations

from dataclasses import replace
from heapq import heapify, heapreplace
from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from tests.engine.build import MINUTE, Play
from tests.verification.cases import queue
from tests.verification.statistics import assert_mean, measure
from tests.verification.theory import mmc_wait


def starts(arrived_at: Any, service: Any, servers: int) -> Any:
    """When each party's service starts, in order of joining: as soon as the first of the servers is free."""
    free = [int(arrived_at[0])] * servers
    heapify(free)
    found = []
    for at, time in zip(arrived_at.tolist(), service.tolist(), strict=True):
        begin = max(at, free[0])
        found.append(begin)
        heapreplace(free, begin + time)
    return np.array(found)


def test_engine_equals_the_recursion(engine: Play) -> None:
    scenario = queue(2.7, 2000, {"staffing": 3})
    plan = lower(scenario)
    tape = draw(scenario, plan, 3, 0)
    expected = starts(tape.arrived_at, tape.times[plan.service_row[0]], 3)
    in_time = expected < plan.horizon
    assert np.array_equal(engine(plan, tape).started_at[in_time], expected[in_time])
    slower = replace(tape, times=tape.times + 1)
    assert not np.array_equal(engine(plan, slower).started_at[in_time], expected[in_time])


@pytest.mark.slow
def test_recursion_agrees_with_erlang() -> None:
    """False-failure rate 1e-6; a relative error of 8 % is seen."""
    scenario = queue(2.7, 185_000, {"staffing": 3})
    plan = lower(scenario)
    samples = []
    for number in range(40):
        tape = draw(scenario, plan, 5, number)
        waits = starts(tape.arrived_at, tape.times[plan.service_row[0]], 3) - tape.arrived_at
        samples.append(waits[len(waits) // 50 :].mean() / MINUTE)
    assert_mean(samples, mmc_wait(2.7, 3), sees=0.08)
    assert not measure(samples).agrees(mmc_wait(2.72, 3)), "the control passes: 2.72 arrivals a minute"
