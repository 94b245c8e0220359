"""SimPy, idiomatic: a process per party, resources for stations, the standard library's random numbers."""

from __future__ import annotations

from collections.abc import Generator
from random import Random
from typing import Any

import numpy as np
import simpy

from benchmarks import work
from benchmarks.sample import Sample, batched, grouped

Process = Generator[simpy.Event, Any, None]


def mm3(customers: int, seed: int) -> list[float]:
    """Return the wait of every customer in minutes, in the order of service."""
    env, rng, waits = simpy.Environment(), Random(seed), []
    desk = simpy.Resource(env, work.SERVERS)

    def customer() -> Process:
        came = env.now
        with desk.request() as request:
            yield request
            waits.append(env.now - came)
            yield env.timeout(rng.expovariate(1 / work.SERVICE))

    def arrivals() -> Process:
        for _ in range(customers):
            yield env.timeout(rng.expovariate(work.ARRIVAL_RATE))
            env.process(customer())

    env.process(arrivals())
    env.run()
    return waits


def mm3_wait(customers: int, seed: int) -> Sample:
    """Return the mean wait in minutes."""
    return batched(np.array(mm3(customers, seed)))


def tandem(days: int, seed: int) -> list[tuple[float, float, bool]]:
    """Return for every party when it came and left, minutes, and whether it crossed."""
    env, rng = simpy.Environment(), Random(seed)
    stations = [(simpy.Resource(env, servers), mean) for servers, mean in work.STATIONS]
    log = []

    def party() -> Process:
        came = env.now
        for station, mean in stations:
            with station.request() as request:
                yield request | env.timeout(rng.expovariate(1 / work.PATIENCE))
                if not request.triggered:
                    log.append((came, env.now, False))
                    return
                yield env.timeout(rng.expovariate(1 / mean))
        log.append((came, env.now, True))

    def arrivals() -> Process:
        for hour in range(24 * days):
            at = 60.0 * hour
            while (at := at + rng.expovariate(work.RATE * work.HOURS[hour % 24])) < 60 * (hour + 1):
                yield env.timeout(at - env.now)
                env.process(party())

    env.process(arrivals())
    env.run()
    return log


def tandem_answers(days: int, seed: int) -> dict[str, Sample]:
    """Return the share that crosses and the mean time inside, minutes."""
    came, left, crossed = np.array(tandem(days, seed)).T
    day = (came // work.DAY).astype(np.int64)
    return {"share": grouped(crossed, day), "inside": grouped(left - came, day)}
