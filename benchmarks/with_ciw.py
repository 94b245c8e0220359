"""Ciw: networks of queues described by parameters."""

from __future__ import annotations

import ciw
import numpy as np

from benchmarks import work
from benchmarks.sample import Sample, batched, grouped


def mm3(customers: int, seed: int) -> ciw.Simulation:
    """Return the finished simulation of as many customers."""
    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(work.ARRIVAL_RATE)],
        service_distributions=[ciw.dists.Exponential(1 / work.SERVICE)],
        number_of_servers=[work.SERVERS],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(customers, method="Finish")
    return simulation


def mm3_wait(customers: int, seed: int) -> Sample:
    """Return the mean wait in minutes."""
    records = sorted(mm3(customers, seed).get_all_records(), key=lambda record: record.arrival_date)
    return batched(np.array([record.waiting_time for record in records]))


def tandem(days: int, seed: int) -> ciw.Simulation:
    """Return the finished simulation of as many days and one more to empty it."""
    ciw.seed(seed)
    hours, stations = 24 * days, len(work.STATIONS)
    rates = [work.RATE * work.HOURS[hour % 24] for hour in range(hours)]
    arrivals = ciw.dists.PoissonIntervals(rates, [60 * (hour + 1) for hour in range(hours)], 60 * hours)
    network = ciw.create_network(
        arrival_distributions=[arrivals, *[None] * (stations - 1)],
        service_distributions=[ciw.dists.Exponential(1 / mean) for _, mean in work.STATIONS],
        number_of_servers=[servers for servers, _ in work.STATIONS],
        reneging_time_distributions=[ciw.dists.Exponential(1 / work.PATIENCE)] * stations,
        routing=[[float(after == station + 1) for after in range(stations)] for station in range(stations)],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time((days + 1) * work.DAY)
    return simulation


def parties(simulation: ciw.Simulation) -> int:
    """Return how many came."""
    return int(simulation.nodes[0].number_of_individuals)


def tandem_answers(days: int, seed: int) -> dict[str, Sample]:
    """Return the share that crosses and the mean time inside, minutes."""
    records = [
        (record.id_number, record.arrival_date, record.exit_date, record.node, record.record_type == "service")
        for record in tandem(days, seed).get_all_records()
    ]
    number, came_here, left_here, node, served = np.array(sorted(records)).T
    first = np.append([True], number[1:] != number[:-1])
    last = np.append(first[1:], [True])
    came, crossed = came_here[first], (node[last] == len(work.STATIONS)) & (served[last] == 1)
    day = (came // work.DAY).astype(np.int64)
    return {"share": grouped(crossed * 1.0, day), "inside": grouped(left_here[last] - came, day)}
