"""The cases of verification: a scenario, what theory says of it, and a theory slightly wrong that must not pass.

Rates are per minute and times in minutes, unless told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import numpy as np

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.engine.tape import Tape
from sim.scenario.model.scenario import Scenario
from tests.engine.build import MINUTE, Play, scenario
from tests.verification import theory
from tests.verification.statistics import corrected

Measure = Callable[[Plan, Tape, Records], float]
MINUTE_LAW = {"mean": "1 min", "family": "exponential"}


@dataclass(frozen=True)
class Case:
    """One number that theory and the engine both give."""

    name: str
    what: str
    source: str
    expected: float
    wrong: float  # what a slightly wrong theory says
    wrong_because: str
    sees: float  # relative error that is noticed
    scenario: Scenario
    measure: Measure
    replications: int = 30

    def tapes(self, number: int) -> tuple[Plan, list[Tape]]:
        """The plan and the tapes of the first replications; the seed comes from the name, so cases are independent."""
        plan, seed = lower(self.scenario), crc32(self.name.encode())
        return plan, [draw(self.scenario, plan, seed, replication) for replication in range(number)]

    def samples(self, engine: Play) -> Any:
        """The measure in every replication, corrected for what is known of its tape: who came, and mean services."""
        plan, tapes = self.tapes(self.replications)
        measured = [self.measure(plan, tape, engine(plan, tape)) for tape in tapes]
        expected = plan.expected[:, :, -1].sum() + plan.expected_apart[:, -1].sum()
        parties = [len(tape) / expected - 1 for tape in tapes]
        services = [(_services(plan, tape) / MINUTE - 1).mean() for tape in tapes]
        return corrected(measured, [parties, services] if np.var(services) > 1e-12 else [parties])


def _services(plan: Plan, tape: Tape) -> Any:
    """The service times on a tape."""
    return tape.one_by_one if tape.one_by_one.size else tape.times[plan.service_row]


def queue(rate: float, minutes: float, station: dict[str, Any] | None = None, **rest: Any) -> Scenario:
    """Cars at a Poisson rate a minute to one server of exponential service (mean one minute) unless told."""
    stations = rest.pop("stations", None) or {"s": {"staffing": 1, "service_time": MINUTE_LAW} | (station or {})}
    horizon = datetime(2022, 9, 21) + timedelta(minutes=minutes)
    demand = rest.pop("demand", {"car": f"{60 * rate}/h"})
    return scenario(stations, demand=demand, horizon=horizon.isoformat(timespec="seconds"), **rest)


def settled(plan: Plan, records: Records) -> Any:
    """Which rows arrived after the first tenth of the run (and had time to be over: before its last fiftieth)."""
    length = plan.horizon - plan.start
    return (records.arrived_at >= plan.start + length // 10) & (records.arrived_at < plan.horizon - length // 50)


def mean_wait(plan: Plan, _: Tape, records: Records, chosen: Any = True) -> float:
    """Mean wait in minutes of those who were called."""
    rows = settled(plan, records) & (records.started_at != NEVER) & chosen
    return float((records.started_at - records.arrived_at)[rows].mean() / MINUTE)


def share(outcome: Outcome) -> Measure:
    """The share of the parties that ended so."""

    def measured(plan: Plan, _: Tape, records: Records) -> float:
        return float((records.outcome[settled(plan, records)] == outcome).mean())

    return measured


def blocked_share(plan: Plan, _: Tape, records: Records) -> float:
    """The share of time the server of the first station is blocked."""
    rows = (records.station == 0) & (records.ended_at != NEVER) & (records.left_at != NEVER)
    return float((records.left_at - records.ended_at)[rows].sum() / (plan.horizon - plan.start))


def number_first(plan: Plan, _: Tape, records: Records) -> float:
    """Mean number of parties waiting, served or blocked at the first station."""
    rows = (records.station == 0) & (records.left_at != NEVER)
    return float((records.left_at - records.arrived_at)[rows].sum() / (plan.horizon - plan.start))


def before_tick(plan: Plan, _: Tape, records: Records) -> float:
    """Mean number waiting just before the ticks."""
    ticks = np.arange(plan.start + 200 * MINUTE, plan.horizon, int(plan.release_every[0])) - 1
    came = np.searchsorted(records.arrived_at, ticks, side="right")
    called = np.where(records.started_at == NEVER, plan.horizon, records.started_at)
    return float((came - np.searchsorted(np.sort(called), ticks, side="right")).mean())


def number_waiting(plan: Plan, _: Tape, records: Records) -> float:
    """Mean number waiting after the first tenth of the run, those whose service was interrupted included."""
    begin = plan.start + (plan.horizon - plan.start) // 10
    called = np.where(records.started_at == NEVER, plan.horizon, records.started_at)
    waited = np.clip(called, begin, None) - np.clip(records.arrived_at, begin, None)
    return float(waited.sum() / (plan.horizon - begin))


def mean_servers(plan: Plan, _: Tape, records: Records) -> float:
    """Mean number of servers of the first station after the first tenth of the run, as a control made it."""
    begin = plan.start + (plan.horizon - plan.start) // 10
    edges = np.clip(np.append(records.staffing[:, 0], plan.horizon), begin, plan.horizon)
    return float((np.diff(edges) * records.staffing[:, 2]).sum() / (plan.horizon - begin))


def by_class(cls: int) -> Measure:
    """The mean wait of one class."""
    return lambda plan, tape, records: mean_wait(plan, tape, records, records.cls == cls)


def erlang_a(rate: float, servers: int, how: str) -> Scenario:
    """Unit service, patience exponential with mean five minutes, as a station's patience or a main queue's hazard."""
    station = {"staffing": servers, "service_time": MINUTE_LAW}
    if how == "patience":
        station["patience"] = {"mean": "5 min", "family": "exponential"}
        return queue(rate, 1500, station)
    return queue(rate, 1500, station, behaviour={"car": {"renege": {"by_quoted_wait": "20 %/min"}}})


def _mg1() -> list[Case]:
    laws = {
        "lognormal": ({"cv": 0.8}, 0.64), "erlang": ({"k": 3}, 1 / 3), "gamma": ({"cv": 2.0}, 4.0),
        "deterministic": ({}, 0.0),
    }  # fmt: skip
    return [
        Case(
            f"mg1_{family}", "mean wait", "Pollaczek 1930, Khinchine 1932",
            theory.mg1_wait(0.7, 1, cv2), theory.mg1_wait(0.7, 1, 1 if cv2 != 1 else 0), "service taken as exponential",
            0.25, queue(0.7, 14_000, {"service_time": {"mean": "1 min", "family": family, **more}}), mean_wait,
        )
        for family, (more, cv2) in laws.items()
    ]  # fmt: skip


def _erlang_a() -> list[Case]:
    found = []
    for rate, servers in ((10.0, 11), (11.0, 10)):
        expected = theory.erlang_a_abandon(rate, servers, 0.2)
        wrong = theory.erlang_a_abandon(rate, servers, 0.28)
        for how in ("patience", "hazard"):
            found.append(
                Case(
                    f"mmc_m_{how}_{rate:g}_{servers}", "P(renege)", "Palm 1957", expected, wrong,
                    "patience of 3.6 min in place of 5", 0.14 if servers == 11 else 0.06,
                    erlang_a(rate, servers, how), share(Outcome.RENEGED), 60,
                )
            )  # fmt: skip
    return found


def _tandem() -> list[Case]:
    law = {"staffing": 1, "service_time": MINUTE_LAW}
    found = queue(0.6, 8000, stations={"first": law, "second": law | {"hall": 2}})
    expected, wrong = theory.tandem(0.6, (1, 1), 2), theory.tandem(0.6, (1, 1), 3)
    source, because = "Markov chain, blocking after service", "a hall of three places in place of two"
    return [
        Case("tandem_number", "number at station 1", source, expected[0], theory.tandem(0.6, (1, 1), 1)[0],
             "a hall of one place in place of two", 0.2, found, number_first),
        Case("tandem_blocked", "share of time blocked", source, expected[1], wrong[1], because, 0.2,
             found, blocked_share),
    ]  # fmt: skip


def _cobham() -> list[Case]:
    station = {"staffing": 1, "service_time": MINUTE_LAW, "discipline": {"priority": [["bus"], ["car"]]}}
    found = queue(0, 20_000, station, demand={"bus": "18/h", "car": "24/h"})
    expected, plain = theory.cobham_waits((0.3, 0.4), 1), theory.mmc_wait(0.7, 1)
    because = "no priority"
    return [
        Case("priority_first", "mean wait, first row", "Cobham 1954", expected[0], plain, because, 0.1,
             found, by_class(2)),
        Case("priority_second", "mean wait, second row", "Cobham 1954", expected[1], plain, because, 0.25,
             found, by_class(0)),
    ]  # fmt: skip


def _bursts() -> list[Case]:
    sizes = {1: 0.5, 4: 0.5}
    found = []
    for servers, minutes in ((1, 14_000), (3, 8_000)):
        rate = 0.7 * servers
        demand = {"car": {"all": {"constant": {"rate": f"{60 * rate}/h"}, "bursts": sizes}}}
        found.append(
            Case(
                f"bursts_{servers}", "mean wait", "M^X/M/c: Markov chain", theory.bursts_wait(rate, sizes, servers),
                theory.bursts_wait(rate, {1: 0.5, 3: 0.5}, servers), "bursts of 1 and 3 in place of 1 and 4", 0.16,
                queue(0, minutes, {"staffing": servers}, demand=demand), mean_wait, 80,
            )
        )  # fmt: skip
    return found


def _reacting() -> list[Case]:
    """Two to six servers: one more when more than eight wait, one fewer when fewer than two do."""

    def reacting(every: str) -> Scenario:
        reacts = {"open_above": 8, "close_below": 2, "at_least": 2, "at_most": 6, "checked_every": every}
        return queue(3, 12_000, {"staffing": {"servers": 2, "reacts": reacts}, "when_staff_leave": "preempt"})

    numbers, levels, other = (2, 6), (8, 2), (8, 3)
    at_once, wrong = theory.hysteresis(3, numbers, levels), theory.hysteresis(3, numbers, other)
    checked, unchecked = theory.checked(3, numbers, levels, 2), theory.checked(3, numbers, levels, 1.5)
    late, chain = "checks every 90 s in place of 2 min", "Markov chain with hysteresis"
    return [
        Case("reacting_at_once", "number waiting", chain, at_once[0], wrong[0],
             "fewer than three in place of two", 0.02, reacting("1 s"), number_waiting, 60),
        Case("reacting_checked_waiting", "number waiting", f"{chain}, at checks", checked[0], unchecked[0], late, 0.02,
             reacting("2 min"), number_waiting, 60),
        Case("reacting_checked_servers", "mean servers", f"{chain}, at checks", checked[1], unchecked[1], late, 0.006,
             reacting("2 min"), mean_servers, 60),
    ]  # fmt: skip


def _breakdowns() -> list[Case]:
    """Two servers, one of which is out of order for ten minutes on average after thirty at work."""
    exponential = [{"mean": f"{minutes} min", "family": "exponential"} for minutes in (30, 10)]
    outages = {"every": exponential[0], "lasts": exponential[1], "takes": 1}
    found = queue(1.2, 20_000, {"staffing": 2, "outages": outages, "when_staff_leave": "preempt"})
    expected = theory.breakdowns(1.2, 2, 30, 10)
    source = "Markov chain; Neuts, Lucantoni 1979"
    return [
        Case("breakdowns_waiting", "number waiting", source, expected[0], theory.breakdowns(1.2, 2, 30, 8)[0],
             "outages of 8 min in place of 10", 0.08, found, number_waiting, 300),
        Case("breakdowns_servers", "mean servers", source, expected[1], theory.breakdowns(1.2, 2, 30, 9)[1],
             "outages of 9 min in place of 10", 0.01, found, mean_servers, 60),
    ]  # fmt: skip


def cases() -> list[Case]:
    """All cases."""
    release = {"staffing": 1000, "service_time": "0 s", "release": {"size": 5, "every": "10 min"}}
    return [
        Case("mm1", "mean wait", "Erlang 1909", theory.mmc_wait(0.7, 1), theory.mmc_wait(0.74, 1),
             "0.74 arrivals a minute in place of 0.7", 0.2, queue(0.7, 14_000), mean_wait, 50),
        Case("mm3", "mean wait", "Erlang 1917", theory.mmc_wait(2.7, 3), theory.mmc_wait(2.75, 3),
             "2.75 arrivals a minute in place of 2.7", 0.2,
             queue(2.7, 8000, {"staffing": 3}), mean_wait, 80),
        Case("mmck", "P(balk)", "Kleinrock 1975, 3.6", theory.mmck_loss(3, 2, 4), theory.mmck_loss(3, 2, 3),
             "one waiting place fewer", 0.04,
             queue(3, 2000, {"staffing": 2}, behaviour={"car": {"balk": {"queue_over": 4}}}), share(Outcome.BALKED),
             60),
        *_erlang_a(),
        *_mg1(),
        *_tandem(),
        *_cobham(),
        *_bursts(),
        *_reacting(),
        *_breakdowns(),
        Case("batch_release", "number waiting before a tick", "Bailey 1954", theory.batch_queue(4, 5),
             theory.batch_queue(4, 6), "batches of six in place of five", 0.25, queue(0.4, 20_000, release),
             before_tick),
    ]  # fmt: skip
