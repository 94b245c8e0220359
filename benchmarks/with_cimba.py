"""cimba: models compiled by numba onto a C engine, with its own random numbers; one trial on one worker.

M/M/3 is written twice: with the servers as processes that take from a store (its own benchmark's way, the faster one),
and with a process per customer, which is how the SimPy model and the tandem are written.
"""

# No `from __future__ import annotations`: cimba reads the annotations of its models.

from functools import cache
from typing import Any

import cimba as cb
import numpy as np
from cimba import random

from benchmarks import work
from benchmarks.sample import GROUPS, Sample, grouped

GAP, SERVICE, SERVERS, PATIENCE = 1 / work.ARRIVAL_RATE, work.SERVICE, work.SERVERS, work.PATIENCE
MEANS = tuple(mean for _, mean in work.STATIONS)
TIMEOUT = 7


class ByServers(cb.Model):
    """M/M/3, servers take customers from a store."""

    customers: cb.Param[int] = 1
    waited: float = 0.0
    mean_wait: cb.Output[float]
    queue: cb.Store[float]

    @cb.process
    def arrivals(self):
        for _ in range(self.customers):
            cb.hold(random.exponential(GAP))
            self.queue.put(cb.now())

    @cb.process(copies=SERVERS)
    def server(self):
        while True:
            came = self.queue.get()
            self.waited += cb.now() - came
            cb.hold(random.exponential(SERVICE))

    @cb.on_end
    def report(self):
        self.mean_wait = self.waited / self.customers


class ByCustomers(cb.Model):
    """M/M/3, a process per customer."""

    customers: cb.Param[int] = 1
    waited: float = 0.0
    mean_wait: cb.Output[float]
    desk: cb.Resource = cb.Resource(capacity=SERVERS)

    @cb.process
    def arrivals(self):
        for _ in range(self.customers):
            cb.hold(random.exponential(GAP))
            cb.spawn(Customer, queue=self)

    @cb.on_end
    def report(self):
        self.mean_wait = self.waited / self.customers


class Customer(cb.Model):
    """Waits, is served, goes."""

    queue: cb.Ref[ByCustomers]

    @cb.process
    def visit(self):
        came = cb.now()
        self.queue.desk.acquire()
        self.queue.waited += cb.now() - came
        cb.hold(random.exponential(SERVICE))
        self.queue.desk.release()


class Tandem(cb.Model):
    """Four stations in a row."""

    hours: cb.Param[int] = 24
    rates: cb.Array[float] = cb.Array([work.RATE * factor for factor in work.HOURS])
    s1: cb.Resource = cb.Resource(capacity=work.STATIONS[0][0])
    s2: cb.Resource = cb.Resource(capacity=work.STATIONS[1][0])
    s3: cb.Resource = cb.Resource(capacity=work.STATIONS[2][0])
    s4: cb.Resource = cb.Resource(capacity=work.STATIONS[3][0])
    came: int = 0
    crossed: int = 0
    time_inside: float = 0.0
    parties: cb.Output[float]
    share: cb.Output[float]
    inside: cb.Output[float]

    @cb.process
    def arrivals(self):
        for hour in range(self.hours):
            at = 60.0 * hour
            while True:
                at += random.exponential(1 / self.rates[hour % 24])
                if at >= 60.0 * (hour + 1):
                    break
                cb.hold(at - cb.now())
                self.came += 1
                cb.spawn(Party, way=self)

    @cb.on_end
    def report(self):
        self.parties = self.came
        self.share = self.crossed / self.came
        self.inside = self.time_inside / self.came


class Party(cb.Model):
    """Passes the stations, or gives up at one."""

    way: cb.Ref[Tandem]

    @cb.process
    def journey(self):
        me, way, came = cb.this_process(), self.way, cb.now()
        for station, mean in ((way.s1, MEANS[0]), (way.s2, MEANS[1]), (way.s3, MEANS[2]), (way.s4, MEANS[3])):
            me.timer_set(random.exponential(PATIENCE), TIMEOUT)
            if station.acquire() != 0:
                way.time_inside += cb.now() - came
                return
            me.timers_clear()
            cb.hold(random.exponential(mean))
            station.release()
        way.crossed += 1
        way.time_inside += cb.now() - came


@cache
def _model(kind: type, size: int) -> Any:
    model = kind()
    if kind is Tandem:
        model.hours = size
    else:
        model.customers = size
    return model


def outputs(kind: type, size: int, seed: int, trials: int = 1) -> Any:
    """Return a model's outputs over trials; size: customers, or hours of the tandem."""
    model = _model(kind, size)
    window = cb.Window.until_idle()
    results = cb.Experiment(model, replications=trials, window=window, seed=seed).run(workers=1)
    if results.failed.any():
        raise RuntimeError(f"cimba: {results.failure_reasons[results.failed][0]}")
    return results[model]


def _sample(values: Any) -> Sample:
    by_trial = np.asarray(values, dtype=np.float64).ravel()
    return grouped(by_trial, np.arange(len(by_trial)))


def mm3_wait(kind: type, customers: int, seed: int) -> Sample:
    """Return the mean wait in minutes."""
    return _sample(outputs(kind, customers, seed, GROUPS).mean_wait)


def tandem_answers(days: int, seed: int) -> dict[str, Sample]:
    """Return the share that crosses and the mean time inside, minutes."""
    found = outputs(Tandem, 24 * days, seed, GROUPS)
    return {"share": _sample(found.share), "inside": _sample(found.inside)}
