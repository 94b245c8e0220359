"""Closed forms and small Markov chains; rates per minute, times in minutes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from math import factorial
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.linalg import expm
from scipy.sparse import csr_matrix, vstack
from scipy.sparse.linalg import spsolve

Moves = Callable[[Hashable], list[tuple[Hashable, float]]]


def erlang_c(arrivals: float, servers: int, service: float = 1.0) -> float:
    """P(wait) in M/M/c (Erlang 1917)."""
    load = arrivals * service
    last = load**servers / factorial(servers) / (1 - load / servers)
    return last / (sum(load**k / factorial(k) for k in range(servers)) + last)


def mmc_wait(arrivals: float, servers: int, service: float = 1.0) -> float:
    """Mean wait in M/M/c (Erlang 1917)."""
    return erlang_c(arrivals, servers, service) / (servers / service - arrivals)


def mg1_wait(arrivals: float, service: float, cv2: float) -> float:
    """Mean wait in M/G/1 (Pollaczek 1930, Khinchine 1932); cv2 is the squared coefficient of variation."""
    load = arrivals * service
    return load * service * (1 + cv2) / (2 * (1 - load))


def birth_death(births: list[float], deaths: list[float]) -> np.ndarray:
    """Stationary distribution of a birth-and-death chain: births[n] from n to n + 1, deaths[n] back."""
    weights = np.concatenate(([1.0], np.cumprod(np.array(births) / np.array(deaths))))
    return weights / weights.sum()


def mmck_loss(arrivals: float, servers: int, places: int) -> float:
    """P(turned away) in M/M/c/K with unit service, K = servers + places (Kleinrock 1975, section 3.6)."""
    size = servers + places
    return float(birth_death([arrivals] * size, [min(n, servers) for n in range(1, size + 1)])[-1])


def erlang_a_abandon(arrivals: float, servers: int, impatience: float) -> float:
    """P(abandon) in M/M/c+M with unit service (Palm 1957; Garnett, Mandelbaum, Reiman 2002)."""
    size = 400
    rates = [min(n, servers) + impatience * max(n - servers, 0) for n in range(1, size + 1)]
    chance = birth_death([arrivals] * size, rates)
    waiting = chance @ np.maximum(np.arange(size + 1) - servers, 0)
    return float(impatience * waiting / arrivals)


def cobham_waits(arrivals: tuple[float, float], service: float, servers: int = 1) -> tuple[float, float]:
    """Mean waits of two classes in M/M/c with priority, not preempting, one mean service (Cobham 1954)."""
    loads = [rate * service / servers for rate in arrivals]
    residual = erlang_c(sum(arrivals), servers, service) * service / servers
    first = residual / (1 - loads[0])
    return first, first / (1 - sum(loads))


def preemptive_sojourns(arrivals: tuple[float, float], service: float) -> tuple[float, float]:
    """Mean times in M/M/1 of two classes, the first of which interrupts the second (White and Christie 1958)."""
    first, both = arrivals[0] * service, sum(arrivals) * service
    return service / (1 - first), service / ((1 - first) * (1 - both))


def tandem(arrivals: float, services: tuple[float, float], places: int, size: int = 120) -> tuple[float, float]:
    """Mean number before and at station 1, and share of time it is blocked: M/M/1, `places` places, M/M/1.

    Blocking after service (Perros 1994, chapter 2), the chain (number at 1, number at 2, blocked) solved numerically.
    """
    leaving = [1 / service for service in services]
    full = places + 1

    def moves(state: Hashable) -> list[tuple[Hashable, float]]:
        first, second, blocked = state  # type: ignore[misc]
        found: list[tuple[Hashable, float]] = []
        if first < size:
            found.append(((first + 1, second, blocked), arrivals))
        if first and not blocked:
            found.append(((first, second, 1) if second == full else (first - 1, second + 1, 0), leaving[0]))
        if second:
            found.append(((first - 1, second, 0) if blocked else (first, second - 1, 0), leaving[1]))
        return found

    states, chance = stationary((0, 0, 0), moves)
    return (
        float(sum(p * s[0] for s, p in zip(states, chance, strict=True))),  # type: ignore[index]
        float(sum(p * s[2] for s, p in zip(states, chance, strict=True))),  # type: ignore[index]
    )


def shortest_queue_wait(arrivals: float, size: int = 60, jockeying: int = 999) -> float:
    """Mean wait where parties join the shorter of two queues, each with a server of unit rate (Haight 1958).

    When one is longer by `jockeying`, its last party moves to the other (Koenigsberg 1966). The chain (number at the
    one, number at the other) is solved numerically; `size` is beyond what occurs.
    """

    def settled(one: int, other: int) -> Hashable:
        while one - other >= jockeying:
            one, other = one - 1, other + 1
        while other - one >= jockeying:
            one, other = one + 1, other - 1
        return one, other

    def moves(state: Hashable) -> list[tuple[Hashable, float]]:
        one, other = state  # type: ignore[misc]
        found: list[tuple[Hashable, float]] = []
        if min(one, other) < size:
            found.append(((one + 1, other) if one <= other else (one, other + 1), arrivals))
        if one:
            found.append((settled(one - 1, other), 1.0))
        if other:
            found.append((settled(one, other - 1), 1.0))
        return found

    states, chance = stationary((0, 0), moves)
    number = sum(p * (s[0] + s[1]) for s, p in zip(states, chance, strict=True))  # type: ignore[index]
    return float(number / arrivals - 1)


def bursts_wait(arrivals: float, sizes: dict[int, float], servers: int, size: int = 600) -> float:
    """Mean wait in M^X/M/c with unit service, `arrivals` parties a minute in bursts of these sizes: a Markov chain.

    For one server it is that of Gaver 1959 (Gross and Harris 1998, section 3.1).
    """
    number, chance = number_with_bursts(arrivals / mean_size(sizes), sizes, servers, size)
    return float(chance @ np.maximum(number - servers, 0) / arrivals)


def mean_size(sizes: dict[int, float]) -> float:
    """Mean size of a burst or party."""
    return sum(n * share for n, share in sizes.items())


def number_with_bursts(bursts: float, sizes: dict[int, float], servers: int, size: int) -> tuple[Any, Any]:
    """The numbers in M^X/M/c with unit service and `bursts` a minute, and their stationary chances."""

    def moves(number: Hashable) -> list[tuple[Hashable, float]]:
        here = int(number)  # type: ignore[call-overload]
        up = [(here + n, bursts * share) for n, share in sizes.items() if here + n <= size]
        return [*up, (here - 1, min(here, servers))] if here else up

    states, chance = stationary(0, moves)
    return np.array(states, dtype=float), chance


def one_by_one(parties: float, sizes: dict[int, float], servers: int, size: int = 400) -> tuple[float, float]:
    """Mean times until the last of a party is called, and until the last is through, in M^X/M/c with unit service.

    A party finds the stationary number of people. While all servers are busy one of them ends after 1/c on average, and
    it is each of them with the same chance; of j people in service the last is through after 1 + 1/2 + ... + 1/j.
    """

    @cache
    def left(waiting: int, served: int) -> float:
        """Mean time until all are through, of whom some wait at the head of the queue and others are served."""
        if not waiting:
            return sum(1 / n for n in range(1, served + 1))
        own = served / servers
        return 1 / servers + own * left(waiting - 1, served) + (1 - own) * left(waiting - 1, served + 1)

    called = through = 0.0
    for number, chance in zip(*number_with_bursts(parties, sizes, servers, size), strict=True):
        for people, share in sizes.items():
            at_once = min(people, max(servers - int(number), 0))
            ahead = max(number - servers, 0) / servers
            called += chance * share * max(number + people - servers, 0) / servers
            through += chance * share * (ahead + left(people - at_once, at_once))
    return called, through


def paced_wait(arrivals: float, factors: tuple[float, ...], size: int = 400) -> float:
    """Mean wait at one server whose mean service is the factor by how many wait on as it begins: a Markov chain.

    A state is the number there, and the factor of the service that goes on; the last factor is for all longer queues.
    """
    last = len(factors) - 1

    def moves(state: Hashable) -> list[tuple[Hashable, float]]:
        here, factor = state  # type: ignore[misc]
        if not here:
            return [((1, 0), arrivals)]
        served = (here - 1, min(max(here - 2, 0), last) if here > 1 else 0)
        more: list[tuple[Hashable, float]] = [((here + 1, factor), arrivals)] if here < size else []
        return [*more, (served, 1 / factors[factor])]

    states, chance = stationary((0, 0), moves)
    waiting = np.maximum(np.array([here for here, _ in states], dtype=float) - 1, 0)  # type: ignore[misc]
    return float(chance @ waiting / arrivals)


def stationary(begin: Hashable, moves: Moves) -> tuple[list[Hashable], np.ndarray]:
    """States that can be reached from `begin`, and their stationary chances."""
    states = {begin: 0}
    found: list[tuple[int, int, float]] = []
    queue = [begin]
    for state in queue:
        for there, rate in moves(state):
            if there not in states:
                states[there] = len(states)
                queue.append(there)
            found += [(states[there], states[state], rate), (states[state], states[state], -rate)]
    rows, columns, rates = zip(*found, strict=True)
    balance = csr_matrix((rates, (rows, columns)), shape=(len(states), len(states)))
    whole = vstack([balance[:-1], np.ones((1, len(states)))]).tocsc()
    chance = spsolve(whole, np.concatenate((np.zeros(len(states) - 1), [1.0])))
    return queue, np.asarray(chance)


def batch_queue(arrivals: float, batch: int, size: int = 400) -> float:
    """Mean number waiting just before a tick that lets `batch` through, Poisson `arrivals` a tick (Bailey 1954)."""
    steps = np.arange(size)
    with np.errstate(under="ignore"):
        logs = steps * np.log(arrivals) - arrivals - np.cumsum(np.log(np.maximum(steps, 1)))
        poisson = np.exp(logs)
    chance = np.zeros(size)
    chance[0] = 1.0
    for _ in range(4000):
        spread = np.convolve(chance, poisson)[: size + batch]
        chance = np.concatenate(([spread[: batch + 1].sum()], spread[batch + 1 :], np.zeros(batch)))[:size]
        chance /= chance.sum()
    return float(chance @ steps)


def infinite_mean(rate: Callable[[float], float], survives: Callable[[float], float], at: float) -> float:
    """Mean number in M(t)/G/infinity at an instant, empty at 0; the number is Poisson (Eick, Massey, Whitt 1993)."""
    knots = [hour for hour in range(1, int(at) + 1) if hour < at]
    return float(quad(lambda t: rate(t) * survives(at - t), 0, at, points=knots or None, limit=400)[0])


def hysteresis(
    arrivals: float, servers: tuple[int, int], levels: tuple[int, int], size: int = 400
) -> tuple[float, float]:
    """Mean number waiting and mean servers in M/M with unit service, when staff react at once, one server at a time.

    A server opens when more than levels[0] wait, and closes when fewer than levels[1] do; the birth-and-death chain of
    (parties, servers) with hysteresis (Zhang 2009) solved numerically.
    """

    def settled(parties: int, open_: int) -> Hashable:
        while open_ < servers[1] and parties - open_ > levels[0]:
            open_ += 1
        while open_ > servers[0] and max(parties - open_, 0) < levels[1]:
            open_ -= 1
        return parties, open_

    def moves(state: Hashable) -> list[tuple[Hashable, float]]:
        parties, open_ = state  # type: ignore[misc]
        found = [(settled(parties + 1, open_), arrivals)] if parties < size else []
        return [*found, (settled(parties - 1, open_), float(min(parties, open_)))] if parties else found

    states, chance = stationary((0, servers[0]), moves)
    parties, open_ = np.array(states).T
    return float(chance @ np.maximum(parties - open_, 0)), float(chance @ open_)


def breakdowns(arrivals: float, servers: int, every: float, lasts: float, size: int = 300) -> tuple[float, float]:
    """Mean number waiting in M/M/c with unit service of which one server breaks down at random, and mean servers.

    The interrupted go back to the queue. The chain (parties, one server out of order) solved numerically; the method of
    Neuts and Lucantoni (1979), truncated.
    """

    def moves(state: Hashable) -> list[tuple[Hashable, float]]:
        parties, out = state  # type: ignore[misc]
        found: list[tuple[Hashable, float]] = [((parties, 1 - out), 1 / lasts if out else 1 / every)]
        if parties < size:
            found.append(((parties + 1, out), arrivals))
        busy = min(parties, servers - out)
        return [*found, ((parties - 1, out), float(busy))] if busy else found

    states, chance = stationary((0, 0), moves)
    parties, out = np.array(states).T
    return float(chance @ np.maximum(parties - (servers - out), 0)), float(chance @ (servers - out))


def checked(
    arrivals: float, servers: tuple[int, int], levels: tuple[int, int], every: float, size: int = 150
) -> tuple[float, float]:
    """Mean number waiting and mean servers, as in `hysteresis`, when staff react only at checks `every` minutes apart.

    Between two checks the servers are constant, so the chain moves by the matrix exponential of M/M/c; the means over
    an interval come from the exponential of an enlarged matrix (Van Loan 1978).
    """
    counts = np.arange(size + 1)
    numbers = range(servers[0], servers[1] + 1)
    after, spent = {}, {}
    for c in numbers:
        deaths = np.minimum(counts[1:], c).astype(float)
        generator = np.diag(np.full(size, arrivals), 1) + np.diag(deaths, -1)
        generator -= np.diag(generator.sum(axis=1))
        large = np.zeros((2 * size + 2, 2 * size + 2))
        large[: size + 1, : size + 1], large[: size + 1, size + 1 :] = generator, np.eye(size + 1)
        grown = expm(large * every)
        after[c], spent[c] = grown[: size + 1, : size + 1], grown[: size + 1, size + 1 :] / every
    chance = {c: np.zeros(size + 1) for c in numbers}
    chance[servers[0]][0] = 1.0
    for _ in range(4000):
        following = {c: np.zeros(size + 1) for c in numbers}
        for c in numbers:
            moved, waiting = chance[c] @ after[c], np.maximum(counts - c, 0)
            opens, closes = (waiting > levels[0]) & (c < servers[1]), (waiting < levels[1]) & (c > servers[0])
            following[min(c + 1, servers[1])] += np.where(opens, moved, 0)
            following[max(c - 1, servers[0])] += np.where(closes, moved, 0)
            following[c] += np.where(opens | closes, 0, moved)
        change = sum(float(np.abs(following[c] - chance[c]).sum()) for c in numbers)
        chance = following
        if change < 1e-13:
            break
    waiting = sum(float((chance[c] @ spent[c]) @ np.maximum(counts - c, 0)) for c in numbers)
    return waiting, float(sum(c * chance[c].sum() for c in numbers))
