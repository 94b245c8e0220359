"""The rows of the table, each a ratio between interleaved runs, and the answers on the same work, right or wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from benchmarks import floor, memory, ours, sweeping, with_simpy, work
from benchmarks.sample import MOST_ERRORS, Sample
from benchmarks.timing import Contender, Timing, interleaved, timed
from benchmarks.work import Size
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.measures.replication import measure
from sim.play.request import Request
from sim.scenario.text.load_scenario import load
from sim.verbs.run.study import run


@dataclass(frozen=True)
class Row:
    """A line of the table: `cpu` and `wall` are ratios (`cpu` may be a plain quantity); `goal` None: for comparison."""

    work: str
    against: str
    goal: float | None
    at_least: bool
    cpu: float | None
    wall: float | None
    note: str
    by_wall: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None if there is none or nothing was measured."""
        found = self.wall if self.by_wall else self.cpu
        if self.goal is None or found is None:
            return None
        return found >= self.goal if self.at_least else found <= self.goal


@dataclass(frozen=True)
class Answer:
    """What an engine found, against what it should have found within its sampling errors."""

    work: str
    engine: str
    found: Sample
    expected: Sample
    by: str  # whose expectation

    @property
    def right(self) -> bool:
        """Whether the difference is within MOST_ERRORS standard errors."""
        return self.found.off(self.expected) <= MOST_ERRORS


Found = Iterator[Row | Answer]
FEW = 30
"""Replications of a short run."""


def _peer(name: str) -> ModuleType | None:
    try:
        return import_module(f"benchmarks.{name}")
    except ImportError:
        return None


CIMBA, CIW = _peer("with_cimba"), _peer("with_ciw")
"""Peers, None where not installed. cimba must be imported before numba has compiled anything, else its models fail."""


def _missing(what: str, against: str, goal: float | None) -> Row:
    return Row(what, against, goal, True, None, None, "not installed here, so not measured")


def _times(name: str, us: Timing, other: Timing, unit: str = "a party") -> str:
    return f"{_short(us.cpu)} against {_short(other.cpu)} {unit} ({name}), CPU"


def _short(seconds: float) -> str:
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def _faster(what: str, name: str, goal: float | None, times: tuple[Timing, Timing], more: str = "") -> Row:
    us, other = times
    note = _times(name, us, other) + more
    return Row(what, name, goal, True, other.cpu / us.cpu, other.wall / us.wall, note)


def base(size: Size) -> Found:
    """The base case, a whole replication on each engine from the same tape; the records must be equal."""
    scenario, plan = ours.base_case().scenario, ours.base_plan()
    tape = draw(scenario, plan, 1, 0)
    if ours.ENGINES["compiled"](plan, tape) != ours.ENGINES["reference"](plan, tape):
        raise AssertionError("the engines' records of the base case differ")

    def whole(engine: str) -> Contender:
        def replication(seed: int) -> float:
            measure(scenario, plan, ours.ENGINES[engine](plan, draw(scenario, plan, seed, 0)))
            return 1

        return replication

    def only_play(engine: str) -> Contender:
        return lambda _: min(1, len(ours.ENGINES[engine](plan, tape)))

    contenders = {engine: whole(engine) for engine in ours.ENGINES} | {
        f"{engine}, play": only_play(engine) for engine in ours.ENGINES
    }
    times = interleaved(contenders, size.slow_rounds)
    fast, slow = times["compiled"], times["reference"]
    play = times["compiled, play"]
    note = f"{_times('SimPy', fast, slow, 'a replication')}; of ours {_share(play, fast)} is play; records equal"
    name, other = f"base case, {len(tape):,} parties: draw + play + measures", "our SimPy engine, same tape"
    yield Row(name, other, 200, True, slow.cpu / fast.cpu, slow.wall / fast.wall, note)
    slow_play = times["reference, play"]
    note = _times("SimPy", play, slow_play, "a replication")
    yield Row("base case: play alone", other, None, True, slow_play.cpu / play.cpu, slow_play.wall / play.wall, note)


def _share(part: Timing, whole: Timing) -> str:
    return f"{100 * part.cpu / whole.cpu:.0f} %"


def mm3(size: Size) -> Found:
    """M/M/3 with own draws, against SimPy, cimba, Ciw and the floor."""
    n, cimba, ciw = size.customers, CIMBA, CIW
    planned = ours.mm3(n)
    contenders: dict[str, Contender] = {
        "ours": lambda seed: ours.played(planned, seed),
        "draw": lambda seed: len(draw(*planned, seed, 0)),
        "floor": lambda seed: len(floor.mm3(n, seed)),
        "SimPy": lambda seed: len(with_simpy.mm3(n, seed)),
    }
    waits = {"ours": ours.mm3_wait, "floor": floor.mm3_wait, "SimPy": with_simpy.mm3_wait}
    if cimba:
        for name, kind in (("by server", cimba.ByServers), ("by customer", cimba.ByCustomers)):
            contenders[f"cimba {name}"] = lambda seed, kind=kind: n * cimba.outputs(kind, n, seed).mean_wait.shape[1]
            waits[f"cimba {name}"] = lambda n, seed, kind=kind: cimba.mm3_wait(kind, n, seed)
    if ciw:
        contenders["Ciw"] = lambda seed: n * bool(ciw.mm3(n, seed))
        waits["Ciw"] = ciw.mm3_wait
    for name, wait in waits.items():  # before the times: here everything is compiled
        theory = work.erlang_wait(work.ARRIVAL_RATE, work.SERVERS, work.SERVICE)
        yield Answer("M/M/3, mean wait (min)", name, wait(n, 1), Sample(theory, 0.0), "theory")
    times = interleaved(contenders, size.rounds)
    us = times["ours"]
    where = f"; of ours {_share(times['draw'], us)} is draw"
    what = f"M/M/3, {n:,} customers, own draws, warm"
    yield _faster(what, "SimPy", 80, (us, times["SimPy"]), where)
    if cimba:
        yield _faster(what, "cimba, a process per customer", 5, (us, times["cimba by customer"]))
        yield _faster(what, "cimba, a process per server", 2, (us, times["cimba by server"]))
    else:
        yield _missing(what, "cimba", 5)
    yield _faster(what, "Ciw", None, (us, times["Ciw"])) if ciw else _missing(what, "Ciw", None)
    bare = times["floor"]
    note = _times("floor", us, bare) + where
    yield Row(what, "hand-written numba loop (floor)", 2.0, False, us.cpu / bare.cpu, us.wall / bare.wall, note)


def tandem(size: Size) -> Found:
    """Four stations in a row with hourly rates and reneging at each, against SimPy, Ciw and cimba."""
    days, cimba, ciw = size.days, CIMBA, CIW
    planned = ours.tandem(days)
    contenders: dict[str, Contender] = {
        "ours": lambda seed: ours.played(planned, seed),
        "draw": lambda seed: len(draw(*planned, seed, 0)),
        "SimPy": lambda seed: len(with_simpy.tandem(days, seed)),
    }
    answers: dict[str, Callable[[int, int], dict[str, Sample]]] = {"SimPy": with_simpy.tandem_answers}
    if ciw:
        contenders["Ciw"] = lambda seed: ciw.parties(ciw.tandem(days, seed))
        answers["Ciw"] = ciw.tandem_answers
    if cimba:
        contenders["cimba"] = lambda seed: float(cimba.outputs(cimba.Tandem, 24 * days, seed).parties[0, 0])
        answers["cimba"] = cimba.tandem_answers
    expected = ours.tandem_answers(days, 1)
    for name, answer in answers.items():
        found = answer(days, 1)
        yield Answer("tandem, share that crosses", name, found["share"], expected["share"], "ours")
        yield Answer("tandem, mean time inside (min)", name, found["inside"], expected["inside"], "ours")
    times = interleaved(contenders, size.slow_rounds)
    us = times["ours"]
    what = f"4-station tandem, {round(work.RATE * work.DAY * days):,} parties, hourly rates, reneging"
    where = f"; of ours {_share(times['draw'], us)} is draw"
    for name, goal in (("SimPy", 80.0), ("Ciw", 130.0), ("cimba", 4.0)):
        yield _faster(what, name, goal, (us, times[name]), where) if name in times else _missing(what, name, goal)


def growth(size: Size) -> Found:
    """Time per party of M/M/3 from the smallest to the largest number of parties."""
    for measured, what, rounds in ((False, "draw + play", size.slow_rounds), (True, "draw + play + measures", 1)):
        contenders: dict[str, Contender] = {}
        for parties in size.parties:
            planned = ours.mm3(parties)
            repeats = max(1, size.parties[-2] // parties)
            contenders[f"{parties:,}"] = lambda seed, planned=planned, repeats=repeats, measured=measured: sum(
                ours.played(planned, repeats * seed + k, measured=measured) for k in range(repeats)
            )
        ours.played(ours.mm3(1000), 1, measured=measured)
        times = interleaved(contenders, rounds)
        each = list(times.values())
        cpu, wall = (max(t) / min(t) for t in ([t.cpu for t in each], [t.wall for t in each]))
        note = "; ".join(f"{parties}: {_short(time.cpu)}" for parties, time in times.items()) + " a party, CPU"
        name = f"growth, M/M/3 of {size.parties[0]:,} to {size.parties[-1]:,} parties: {what}"
        yield Row(name, "largest over smallest time per party", 1.5, False, cpu, wall, note)


def memory_use(size: Size) -> Found:
    """Peak memory of one replication that keeps no records, above start-up."""
    against = "bytes per party above start-up"
    for measured, stages in ((False, "draw + play"), (True, "draw + play + measures")):
        what = f"memory, M/M/3 of {size.memory_parties:,} parties: {stages}"
        if not memory.CAN_TELL:
            yield Row(what, against, 250, False, None, None, "only measured on Linux")
            continue
        found = memory.bytes_per_party(size.memory_parties, measured=measured)
        yield Row(what, against, 250, False, found, None, "the peak; a number of bytes, not a ratio")


def parallel(size: Size) -> Found:
    """Replications of the base case on two workers, and few of them by default, against one worker."""
    against = "one worker"

    def on(workers: int | None, replications: int = size.replications) -> Contender:
        def play(seed: int) -> float:
            run(ours.base_case(), Request(replications, seed=seed, engine="compiled", workers=workers))
            return replications

        return play

    for workers in (1, 2):
        timed(on(workers, 2 * workers), 0)
    for what, workers, number, goal, rounds in (
        (f"{size.replications:,} replications of the base case on two workers", 2, size.replications, 1.85, 1),
        (f"{FEW} replications of the base case by default", None, FEW, 1.0, size.slow_rounds),
    ):
        times = interleaved({"one": on(1, number), "more": on(workers, number)}, rounds)
        one, more = times["one"], times["more"]
        note = f"{_short(more.wall)} against {_short(one.wall)} a replication, wall, with the start of the workers"
        yield Row(what, against, goal, True, one.cpu / more.cpu, one.wall / more.wall, note, by_wall=True)


def network(size: Size) -> Found:
    """Six crossings whose travellers choose between them, against the single crossing of the base case, by party."""
    loaded = {"network": load(ours.NETWORK), "single": ours.base_case()}
    games = {name: (each.scenario, lower(each.scenario)) for name, each in loaded.items()}
    tapes = {name: draw(scenario, plan, 1, 0) for name, (scenario, plan) in games.items()}

    def whole(name: str) -> Contender:
        scenario, plan = games[name]

        def replication(seed: int) -> float:
            tape = draw(scenario, plan, seed, 0)
            measure(scenario, plan, ours.ENGINES["compiled"](plan, tape), tape)
            return len(tape)

        return replication

    def only_play(name: str) -> Contender:
        plan, tape = games[name][1], tapes[name]
        return lambda _: len(tape) * min(1, len(ours.ENGINES["compiled"](plan, tape)))

    for what, kind in (("play alone", only_play), ("draw + play + measures", whole)):
        contenders = {name: kind(name) for name in games}
        for contender in contenders.values():
            contender(0)
        times = interleaved(contenders, size.rounds)
        six, one = times["network"], times["single"]
        note = _times("single", six, one)
        name = f"network of {len(games['network'][1].crossings)} crossings, {len(tapes['network']):,} parties: {what}"
        yield Row(name, "a party of the base case", 1.5, False, six.cpu / one.cpu, six.wall / one.wall, note)


def sweep(size: Size) -> Found:
    """A sweep of the base case on all cores: the share of their time inside replications."""
    points, replications = size.sweep
    found = sweeping.spent(points, replications)
    what = f"sweep of the base case, {points:,} points of {replications} replications on {found.workers} workers"
    parts = ", ".join(f"{part} {100 * found.share(part):.0f} %" for part in (*sweeping.PARTS, "read"))
    note = f"{found.wall:.0f} s in all; {parts}, batches {100 * found.share('batches'):.0f} % of the cores' time"
    yield Row(what, "wall time of all cores", 0.85, True, None, found.inside, note, by_wall=True)


WORK: dict[str, Callable[[Size], Found]] = {
    "base": base,
    "mm3": mm3,
    "tandem": tandem,
    "growth": growth,
    "memory": memory_use,
    "parallel": parallel,
    "network": network,
    "sweep": sweep,
}
"""What `--only` takes."""


def as_json(found: list[Row | Answer]) -> list[dict[str, Any]]:
    """Return rows and answers as plain values."""
    plain = []
    for each in found:
        if isinstance(each, Row):
            plain.append({"kind": "row", **vars(each), "met": each.met})
        else:
            numbers = {"found": each.found.mean, "error": each.found.error, "expected": each.expected.mean}
            plain.append({"kind": "answer", "work": each.work, "engine": each.engine, **numbers, "right": each.right})
    return plain
