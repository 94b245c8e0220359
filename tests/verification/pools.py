"""The cases of verification for pools: two stations, one for buses and one for cars, with the same servers."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from sim.scenario.model.scenario import Scenario
from tests.verification import theory
from tests.verification.cases import MINUTE_LAW, Case, by_class, queue

CAR, BUS = 0, 2


def shared(servers: int, rule: str, rates: tuple[float, float], **cars: Any) -> Scenario:
    """Buses and cars at these rates a minute; the station of the buses is the first."""
    stations = {
        "buses": {"serves": ["bus"], "staffing": "staff", "service_time": MINUTE_LAW},
        "cars": {"serves": ["car"], "staffing": {"pool": "staff", **cars}, "service_time": MINUTE_LAW},
    }
    demand = {cls: f"{60 * rate}/h" for cls, rate in zip(("bus", "car"), rates, strict=True)}
    return queue(0, 20_000, stations=stations, demand=demand, pools={"staff": {"servers": servers, "next": rule}})


def limited(rates: tuple[float, float], servers: int, at_most: int, size: int = 60) -> tuple[float, float]:
    """Mean waits where the first station comes first and at most so many servers work at the second: a Markov chain.

    Its states are (waiting, in service) at both stations.
    """

    def called(state: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        first, in_first, second, in_second = state
        while in_first + in_second < servers and (first or (second and in_second < at_most)):
            if first:
                first, in_first = first - 1, in_first + 1
            else:
                second, in_second = second - 1, in_second + 1
        return first, in_first, second, in_second

    def moves(state: Hashable) -> list[tuple[Hashable, float]]:
        first, in_first, second, in_second = state  # type: ignore[misc]
        found: list[tuple[Hashable, float]] = []
        if first < size:
            found.append((called((first + 1, in_first, second, in_second)), rates[0]))
        if second < size:
            found.append((called((first, in_first, second + 1, in_second)), rates[1]))
        if in_first:
            found.append((called((first, in_first - 1, second, in_second)), float(in_first)))
        if in_second:
            found.append((called((first, in_first, second, in_second - 1)), float(in_second)))
        return found

    states, chance = theory.stationary((0, 0, 0, 0), moves)
    waiting = [sum(p * state[k] for state, p in zip(states, chance, strict=True)) for k in (0, 2)]  # type: ignore[index]
    return float(waiting[0] / rates[0]), float(waiting[1] / rates[1])


def cases_of_pools() -> list[Case]:
    """All cases of pools."""
    rates = (0.9, 1.5)
    first, second = theory.cobham_waits(rates, 1, 3)
    together = theory.mmc_wait(sum(rates), 3)
    alone, other = limited((0.8, 0.4), 2, 1), limited((0.8, 0.4), 2, 2)
    in_order, longest = shared(3, "order", rates), shared(3, "longest_wait", rates)
    at_most = shared(2, "order", (0.8, 0.4), at_most=1)
    because, chain, unlimited = "who has waited longest is next", "Markov chain", "no limit at the second"
    return [
        Case("pool_order_first", "mean wait, first station", "Cobham 1954", first, together, because, 0.09,
             in_order, by_class(BUS), 60),
        Case("pool_order_second", "mean wait, second station", "Cobham 1954", second, together, because, 0.09,
             in_order, by_class(CAR), 160),
        Case("pool_longest_wait_first", "mean wait, first station", "Erlang 1917", together, first,
             "the first station comes first", 0.09, longest, by_class(BUS), 100),
        Case("pool_longest_wait_second", "mean wait, second station", "Erlang 1917", together, second,
             "the first station comes first", 0.09, longest, by_class(CAR), 100),
        Case("pool_limit_first", "mean wait, first station", chain, alone[0], other[0], unlimited, 0.09,
             at_most, by_class(BUS), 60),
        Case("pool_limit_second", "mean wait, second station", chain, alone[1], other[1], unlimited, 0.09,
             at_most, by_class(CAR), 100),
    ]  # fmt: skip
