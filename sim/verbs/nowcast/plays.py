"""The plays of a day: the scenario played many times from the quietest hour of the day on.

Each day is played after a day before it that fills the queue, or from the end state of an earlier run, with demand that
differs by day and service times that drift, and with parameters of its own where the scenario has a posterior. A day is
played once: the plays depend on no reading.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from sim.arrays import Floats
from sim.engine.draw.streams import stream
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.tape import Tape
from sim.errors import SimError
from sim.measures.names import ALL, Key
from sim.measures.replication import Measures, measure_queues
from sim.play.engines import DEFAULT, player, ready
from sim.play.posterior import Posterior, posterior_of
from sim.play.workers import cores
from sim.scenario.model.changes import EVERYWHERE
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import Loaded, load
from sim.suggest import did_you_mean, no_such
from sim.table.numbers import SECONDS, unit_in
from sim.verbs.nowcast import kept_days
from sim.verbs.nowcast.readings import EPOCH, hours_since_1970, instant

PLAYS, DRAWS = 100, 20
"""Plays of a day, and sets of parameters from the posterior among them."""
WARM = 24.0
"""Hours played before a day begins."""
DAY_FACTOR = "20 %"
"""Variation of demand between days, where the scenario has none."""
PACE, PACE_HOURS = 0.1, 6.0
"""Standard deviation of the logarithm of service times, common to all parties of a time, and how long it lasts."""
KEPT_DAYS = 32
"""Days whose plays are kept in memory, for `--watch`."""


@dataclass(frozen=True)
class Simulator:
    """A scenario to be played, and the series of it that the readings tell of, `factor` of their units in one of its.

    `what_if` are interventions whose changes begin at `begins` (hours since 1970) or later, and `evidence` says why
    they may be tried. `zone` is that of the scenario; `night` the hour of the day at which those stuck are counted.
    `note` says what was guessed. At `state_at` the run ended whose end state the scenario starts from.
    """

    source: str
    sets: tuple[str, ...]
    key: Key
    factor: float
    seed: int
    zone: str
    night: float | None = None
    what_if: tuple[str, ...] = ()
    begins: float = 0.0
    evidence: str = ""
    note: str = ""
    state_at: float | None = None

    @property
    def joiners(self) -> str:
        """The class whose wait is told: that of the readings, else all."""
        return ALL if ":" in self.key.scope or self.key.scope == "vehicles" else self.key.scope


@dataclass(frozen=True)
class Day:
    """The plays of a day at times (T,): all (N, T).

    `values` are in the unit of the readings, `queue` are parties, `waits` (h) those of who joins then, `inside` people
    in the system, `arrived` parties by then; `unfinished` is 1 where some who joined had not crossed by the end.
    """

    start: float
    times: Floats
    values: Floats = field(repr=False)
    queue: Floats = field(repr=False)
    waits: Floats = field(repr=False)
    inside: Floats = field(repr=False)
    arrived: Floats = field(repr=False)
    unfinished: Floats = field(repr=False)

    def at(self, values: Floats, hours: Floats) -> Floats:
        """Return some of these values at times (N, H)."""
        right = np.clip(np.searchsorted(self.times, hours), 1, len(self.times) - 1)
        share = np.clip((hours - self.times[right - 1]) / (self.times[right] - self.times[right - 1]), 0.0, 1.0)
        return np.asarray(values[:, right - 1] * (1 - share) + values[:, right] * share)


def plain(simulator: Simulator) -> Simulator:
    """Return the simulator without its what-ifs."""
    return dataclasses.replace(simulator, what_if=(), begins=0.0, evidence="")


def simulator_of(
    source: str, sets: tuple[str, ...], name: str, quantity: str | None = None, crossing: str | None = None
) -> Simulator:
    """Return the simulator of a scenario for readings called `name`. Raises SimError."""
    scenario = load(source, sets).scenario
    here = _crossing(source, scenario, crossing)
    words = set(name.lower().replace("-", "_").split("_"))
    wait = bool(words & {"wait", "waits", "delay"}) and not words & {"waiting"}
    wanted, _, scope = (quantity or ("quoted_wait" if wait else "queue")).partition(".")
    streams = [each for each in scenario.streams if each in words or f"{each}s" in words]
    scope = scope or (streams[0] if streams else scenario.streams[0] if wanted == "quoted_wait" else ALL)
    key = Key(here, wanted, scope)
    known = [key] if key == Key(here, "queue", ALL) else _series_of(scenario)
    if quantity is None and key not in known:
        own = sorted({each.scope for each in known if each.quantity == wanted and each.crossing == here})
        key = Key(here, wanted, own[0]) if own else key
    if key not in known:
        names = sorted({f"{each.quantity}.{each.scope}" for each in known})
        raise SimError(
            f"--quantity {wanted}.{scope}: {source} has no such series{did_you_mean(f'{wanted}.{scope}', names)}"
        )
    unit, timed = unit_in(name), wanted.endswith("wait") or wanted.startswith("wait_p")
    factor = 3600 / SECONDS[unit or "min"] if timed else 1.0
    night = None if scenario.relief is None else scenario.relief.night_hour / timedelta(hours=1)
    state = scenario.start_from
    return Simulator(
        source,
        sets,
        key,
        factor,
        scenario.seed + 1,
        scenario.clock.timezone,
        night,
        note=f"{name}: the unit is not given, so numbers are minutes; a heading such as {name}_h says another"
        if timed and unit is None
        else "",
        state_at=None if state is None else hours_since_1970(state.ended_at),
    )


def zone_of(source: str, sets: tuple[str, ...] = ()) -> str:
    """Return the time zone of a scenario. Raises SimError."""
    return load(source, sets).scenario.clock.timezone


def _series_of(scenario: Scenario) -> Collection[Key]:
    """Return the series that a play of a scenario has, by playing one interval of its report. Raises SimError."""
    clock = scenario.clock
    short = scenario.model_copy(
        update={
            "clock": clock.model_copy(
                update={"warm_up": 0.0, "horizon": clock.start + timedelta(seconds=clock.report_every)}
            )
        }
    )
    plan = lower(short)
    return measure_queues(short, plan, player(ready(DEFAULT))(plan, draw(short, plan, short.seed, 0))).series.keys()


def _crossing(source: str, scenario: Scenario, wanted: str | None) -> str:
    """Return the crossing that the readings are of. Raises SimError."""
    names = list(scenario.crossings)
    if wanted is not None and wanted not in names:
        raise SimError(f"--crossing {wanted}: {source} has no such crossing{did_you_mean(wanted, names)}")
    if wanted is None and len(names) > 1:
        raise SimError(f"{source}: has several crossings; say which the readings are of: --crossing {', '.join(names)}")
    return wanted or names[0]


@lru_cache(KEPT_DAYS)
def plays_of(simulator: Simulator, start: float, length: float, plays: int) -> Day:
    """Return the plays of the `length` hours from `start` on; those without a what-if are kept. Raises SimError."""
    sets = _sets_of(simulator, start, length)
    posterior, loaded = posterior_of(simulator.source, sets), load(simulator.source, sets)
    if simulator.what_if:
        return _played(simulator, loaded, posterior, start, plays)
    drawn = "" if posterior is None else hashlib.sha256(posterior.values.tobytes()).hexdigest()
    facts = [simulator.key, simulator.factor, simulator.seed, start, plays, PACE, PACE_HOURS, DRAWS]
    found = kept_days.read(kept_days.name_of(loaded.scenario_hash, drawn, facts))
    if found is not None:
        return Day(start, *found)
    day = _played(simulator, loaded, posterior, start, plays)
    kept_days.write(
        kept_days.name_of(loaded.scenario_hash, drawn, facts),
        (day.times, day.values, day.queue, day.waits, day.inside, day.arrived, day.unfinished),
    )
    return day


def _played(simulator: Simulator, loaded: Loaded, posterior: Posterior | None, start: float, plays: int) -> Day:
    """Return the plays of a day, as many at a time as there are cores. Raises SimError."""
    scenario, each = _changed(simulator, loaded, loaded.scenario), plays // DRAWS or 1
    subjects = [(scenario, lower(scenario))]
    if posterior is not None:
        rows = (play * len(posterior.values) // plays for play in range(0, plays, each))
        drawn = (_changed(simulator, loaded, posterior.scenario(row)) for row in rows)
        subjects = [(scenario, lower(scenario)) for scenario in drawn]

    def play_of(play: int) -> tuple[Floats, ...]:
        scenario, plan = subjects[play // each % len(subjects)]
        tape = _with_pace(draw(scenario, plan, simulator.seed, play), plan, f"{simulator.seed} {play} {round(start)}")
        measures = measure_queues(scenario, plan, player(ready(DEFAULT))(plan, tape))
        return measures.at.astype(np.float64), *_series(simulator, measures)

    first = play_of(0)  # alone, as whatever is cached or compiled is then made once
    with ThreadPoolExecutor(cores()) as pool:
        found = [first, *pool.map(play_of, range(1, plays))]
    at, *series = (np.array(each) for each in zip(*found, strict=True))
    t0 = scenario.clock.t0.replace(tzinfo=ZoneInfo(scenario.clock.timezone)).astimezone(UTC)
    times = (t0 - EPOCH) / timedelta(hours=1) + at[0] / 3_600_000
    return Day(start, times, *series)


def _series(simulator: Simulator, measures: Measures) -> tuple[Floats, ...]:
    """Return the series (T,) of a play in the order of the fields of Day."""
    crossing, series = simulator.key.crossing, measures.series
    return (
        np.nan_to_num(series[simulator.key]) * simulator.factor,
        series[Key(crossing, "queue", simulator.joiners)],
        _filled(series[Key(crossing, "virtual_wait", simulator.joiners)]),
        series[Key(crossing, "in_system_people", ALL)],
        np.cumsum(np.nan_to_num(series[Key(crossing, "arrived_parties", ALL)])),
        np.nan_to_num(series[Key(crossing, "virtual_wait_censored", simulator.joiners)]),
    )


def _changed(simulator: Simulator, loaded: Loaded, scenario: Scenario) -> Scenario:
    """Return a scenario with the changes of the what-ifs, none of which begins before they do. Raises SimError."""
    begins = instant(simulator.begins).astimezone(ZoneInfo(simulator.zone)).replace(tzinfo=None)
    for name in simulator.what_if:
        if name not in loaded.interventions:
            raise SimError(no_such("intervention", name, list(loaded.interventions)))
        described = loaded.interventions[name]
        for change in described.changes:
            if change.until is not None and change.until <= begins:
                raise SimError(f"--intervene {name}: ends at {change.until}, before it could begin")
            later = change.model_copy(update={"from_": max(change.from_ or begins, begins)})
            crossings = {
                where: (
                    crossing.model_copy(update={"changes": (*crossing.changes, later)})
                    if change.crossing in (None, EVERYWHERE, where)
                    else crossing
                )
                for where, crossing in scenario.crossings.items()
            }
            scenario = scenario.model_copy(update={"crossings": crossings})
    return scenario


def _filled(waits: Floats) -> Floats:
    """Return waits (T,) where nobody joined in some intervals as read off between those of the others."""
    known = np.flatnonzero(np.isfinite(waits))
    if not len(known):
        return np.zeros(len(waits))
    return np.interp(np.arange(len(waits)), known, waits[known])


def _sets_of(simulator: Simulator, start: float, length: float) -> tuple[str, ...]:
    """Return what must be set to play a day, with demand that differs between days. Raises SimError."""
    zone = ZoneInfo(simulator.zone)
    carried = start == simulator.state_at
    t0, begin, end = (_local(start + hours, zone) for hours in (0.0, 0.0 if carried else -WARM, length))
    clock = (f"clock.t0={t0}", f"clock.start={begin}", f"clock.horizon={end}", "clock.report_every=15 min")
    alone = () if carried or simulator.state_at is None else ("start_from=null",)
    return (*simulator.sets, *clock, *_variation(simulator.source, simulator.sets), *alone)


@lru_cache(1)
def _variation(source: str, sets: tuple[str, ...]) -> tuple[str, ...]:
    """Return what must be set so that demand differs between days. Raises SimError."""
    varied, scenario = [], load(source, sets).scenario
    for name, crossing in scenario.crossings.items():
        for stream_name, demand in crossing.demand.items():
            for part, described in demand.items():
                if described.has_rate and not (described.exact or described.day_factor):
                    varied.append(f"crossings.{name}.demand.{stream_name}.{part}.day_factor={DAY_FACTOR}")
    return tuple(varied)


def _local(hours: float, zone: ZoneInfo) -> str:
    when: datetime = instant(hours).astimezone(zone)
    return when.replace(tzinfo=None).isoformat(timespec="minutes")


def _with_pace(tape: Tape, plan: Plan, name: str) -> Tape:
    """Return a tape whose service times are longer or shorter for some hours, an Ornstein-Uhlenbeck process."""
    rng = stream(f"nowcast pace {name}")
    hours = np.arange(plan.start / 3_600_000 - 1, plan.horizon / 3_600_000 + 2)
    kept, level = np.exp(-1 / PACE_HOURS), np.zeros(len(hours))
    noise = rng.standard_normal(len(hours))
    level[0] = noise[0]
    for n in range(1, len(hours)):
        level[n] = kept * level[n - 1] + np.sqrt(1 - kept**2) * noise[n]
    factor = np.exp(PACE * np.interp(tape.arrived_at / 3_600_000, hours, level))
    times = tape.times.copy()
    for row in {int(row) for row in (*plan.service_row, *plan.foot_row) if row >= 0}:
        times[row] = np.round(times[row] * factor)
    return dataclasses.replace(tape, times=times)
