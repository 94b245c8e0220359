"""The cases of verification for ways through a crossing: queues side by side, returns to a station, and
services that are interrupted."""

from __future__ import annotations

from sim.engine.plan import Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.engine.tape import Tape
from tests.engine.build import MINUTE
from tests.verification import theory
from tests.verification.cases import MINUTE_LAW, Case, Measure, mean_wait, queue, settled

SETTLED = 1000 * MINUTE
BOOTH = {"staffing": 1, "service_time": MINUTE_LAW}


def _join_the_shortest() -> list[Case]:
    found = queue(1.4, 16_000, stations={"a": BOOTH, "b": BOOTH}, parallel={"booths": {"one_of": ["a", "b"]}})
    return [
        Case("join_shortest", "mean wait", "Markov chain (Haight 1958)", theory.shortest_queue_wait(1.4),
             theory.mmc_wait(1.4, 2), "one queue for both booths", 0.09, found, mean_wait, 80),
    ]  # fmt: skip


def mean_wait_of_parties(plan: Plan, tape: Tape, records: Records) -> float:
    """Mean wait in minutes from arrival to the start of service, in whatever queues."""
    came = tape.arrived_at[records.party]
    rows = (records.started_at != NEVER) & (came >= plan.start + SETTLED)
    return float((records.started_at - came)[rows].mean() / MINUTE)


def _jockeying() -> list[Case]:
    """The last of a queue moves to the other one when that is shorter by two (never a free server: M/M/2), or three."""
    found = []
    for least, other, source in ((2, 3, "Haight 1958: M/M/2"), (3, 2, "Markov chain (Koenigsberg 1966)")):
        expected, wrong = (theory.shortest_queue_wait(1.4, jockeying=n) for n in (least, other))
        choice = {"one_of": ["a", "b"], "jockeying": least}
        found.append(
            Case(f"jockeying_{least}", "mean wait", source, expected, wrong, f"{other} parties in place of {least}",
                 0.09, queue(1.4, 16_000, stations={"a": BOOTH, "b": BOOTH}, parallel={"booths": choice}),
                 mean_wait_of_parties, 80)
        )  # fmt: skip
    return found


def _fixed_shares() -> list[Case]:
    """One quarter of the parties goes to one booth, three quarters to two booths with one queue."""
    stations = {"a": BOOTH, "b": BOOTH | {"staffing": 2}}
    found = queue(1.6, 16_000, stations=stations, parallel={"booths": {"shares": {"a": 0.25, "b": "rest"}}})
    expected = 0.25 * theory.mmc_wait(0.4, 1) + 0.75 * theory.mmc_wait(1.2, 2)
    wrong = 0.35 * theory.mmc_wait(0.56, 1) + 0.65 * theory.mmc_wait(1.04, 2)
    return [
        Case("fixed_shares", "mean wait", "Erlang 1917, thinned Poisson process", expected, wrong,
             "35 % in place of 25 %", 0.09, found, mean_wait, 50),
    ]  # fmt: skip


def _feedback() -> list[Case]:
    """Two stations in line, and 30 % of those served at the second go back to the first, again and again."""
    again = {"to": "a", "share": 0.3, "at_most": 10}
    found = queue(0.5, 20_000, stations={"a": BOOTH, "b": BOOTH | {"staffing": 2, "sent_aside": again}})
    expected = (theory.mmc_wait(0.5 / 0.7, 1) + theory.mmc_wait(0.5 / 0.7, 2)) / 2
    wrong = (theory.mmc_wait(0.5 / 0.74, 1) + theory.mmc_wait(0.5 / 0.74, 2)) / 2
    return [
        Case("feedback", "mean wait of a visit", "Jackson 1957", expected, wrong, "26 % in place of 30 %", 0.1,
             found, mean_wait, 100),
    ]  # fmt: skip


def mean_sojourn(cls: int) -> Measure:
    """Mean time in minutes from joining to crossing of a class, interruptions included."""

    def measured(plan: Plan, tape: Tape, records: Records) -> float:
        came = tape.arrived_at[records.party]
        rows = (records.cls == cls) & (records.outcome == Outcome.CROSSED) & (came >= plan.start + SETTLED)
        return float((records.left_at - came)[rows].mean() / MINUTE)

    return measured


def _interrupting_priority() -> list[Case]:
    """Buses interrupt the service of cars, which goes on later."""
    discipline = {"priority": [["bus"], ["car"]], "interrupts": True}
    found = queue(0, 20_000, BOOTH | {"discipline": discipline}, demand={"bus": "18/h", "car": "24/h"})
    expected, source = theory.preemptive_sojourns((0.3, 0.4), 1), "White and Christie 1958"
    cobham = [1 + wait for wait in theory.cobham_waits((0.3, 0.4), 1)]
    because = "no interruption"
    return [
        Case("interrupting_first", "mean time from joining to crossing, first row", source, expected[0], cobham[0],
             because, 0.09, found, mean_sojourn(2), 60),
        Case("interrupting_second", "mean time from joining to crossing, second row", source, expected[1], cobham[1],
             because, 0.09, found, mean_sojourn(0), 100),
    ]  # fmt: skip


def wait_of_a_person(plan: Plan, _: Tape, records: Records) -> float:
    """Mean time in minutes until a person is called, at one station to which nobody returns."""
    party, _visit, _station, called, _ended = records.one_by_one.T
    rows = settled(plan, records)[party]
    return float((called - records.arrived_at[party])[rows].mean() / MINUTE)


def last_through(plan: Plan, _: Tape, records: Records) -> float:
    """Mean time in minutes until the last of a party is through."""
    rows = settled(plan, records) & (records.ended_at != NEVER)
    return float((records.ended_at - records.arrived_at)[rows].mean() / MINUTE)


def _one_by_one() -> list[Case]:
    """Coaches with two or nine people, whom three officers serve one by one."""
    sizes, rate, servers = {2: 0.4, 9: 0.6}, 0.3, 3
    station = {"staffing": servers, "service_time": {"any": {"one_by_one": MINUTE_LAW}}}
    found = queue(rate, 20_000, station, classes={"car": {"people": sizes}})
    people = rate * theory.mean_size(sizes)
    wait, wrong = theory.bursts_wait(people, sizes, servers), theory.bursts_wait(people, {2: 0.6, 9: 0.4}, servers)
    called, through = theory.one_by_one(rate, sizes, servers)
    source = "M^X/M/c: Markov chain"
    return [
        Case("one_by_one_person", "mean wait of a person", source, wait, wrong,
             "parties of two and nine the other way round", 0.06, found, wait_of_a_person, 120),
        Case("one_by_one_called", "mean time until the last is called", source, called, called - 1 / servers,
             "one person fewer ahead", 0.06, found, mean_wait, 120),
        Case("one_by_one_through", "mean time until the last is through", source, through, called + 1,
             "the last called is the last through", 0.05, found, last_through, 120),
    ]  # fmt: skip


def _pace() -> list[Case]:
    """One officer who takes longer while nobody waits, and half as long while four or more do."""
    factors, others = (1.4, 1.2, 1.0, 0.8, 0.6), (1.4, 1.225, 1.05, 0.875, 0.7)
    found = queue(0.8, 16_000, BOOTH | {"pace": {"queue": {0: factors[0], 4: factors[-1]}}})
    return [
        Case("pace", "mean wait", "Markov chain, factor set as the service begins", theory.paced_wait(0.8, factors),
             theory.paced_wait(0.8, others), "0.7 in place of 0.6", 0.1, found, mean_wait, 80),
    ]  # fmt: skip


def cases_of_ways() -> list[Case]:
    """All cases of ways, of pace, and of people served one by one."""
    ways = [*_join_the_shortest(), *_jockeying(), *_fixed_shares(), *_feedback(), *_interrupting_priority()]
    return [*ways, *_pace(), *_one_by_one()]
