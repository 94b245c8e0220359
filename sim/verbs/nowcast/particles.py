"""The simulator as a member: plays of the scenario through each day, weighted by how well they agree with the readings.

Each day is played many times from its quietest hour on, after a day before it that fills the queue, with demand that
differs by day and service times that drift. At every reading the plays are weighted anew by the readings since then,
the latest most, so that weights never run out over a long day; where few plays agree, the error that is allowed grows
until enough do (tempered importance sampling; Del Moral, Doucet and Jasra 2006).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from sim.arrays import Floats
from sim.engine.draw.streams import stream
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.tape import Tape
from sim.errors import SimError
from sim.measures.names import Key
from sim.measures.replication import measure
from sim.play.engines import DEFAULT, player
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import load
from sim.suggest import did_you_mean
from sim.verbs.nowcast.members import HourTable
from sim.verbs.nowcast.readings import EPOCH, Questions, Readings, hours_of_week, instant

PLAYS, DAYS = 100, 7
"""Plays of a day, and days before the present one that are played, so that the simulator has a score."""
WARM = 24.0
"""Hours played before a day begins."""
DAY_FACTOR = "20 %"
"""Variation of demand between days, where the scenario has none."""
PACE, PACE_HOURS = 0.1, 6.0
"""Standard deviation of the logarithm of service times, common to all parties of a time, and how long it lasts."""
ERROR = 0.2
"""Standard deviation of the logarithm of a reading around the play that agrees with it."""
MEMORY, TIES = 1.5, 0.5
"""Hours after which a reading counts half, and hours that two readings must be apart to count as two."""
ENOUGH = 1 / 8
"""Share of the plays that must carry the weight."""
GROWTH, HOPELESS = 1.25, 1.5
"""Factor by which the error grows until enough plays agree; logarithm of the factor by which the nearest play may be
off before it counts as no explanation."""
FADE = 6.0
"""Hours of lead over which the readings of now lose their say in which plays count."""
RETURN = 4.0
"""Hours in which the difference of a play from the last reading fades to 37 %."""


@dataclass(frozen=True)
class Simulator:
    """A scenario to be played, and the series of it that the readings tell of, `factor` of their units in one of its.

    `zone` is that of the scenario.
    """

    source: str
    sets: tuple[str, ...]
    interventions: tuple[str, ...]
    key: Key
    factor: float
    seed: int
    zone: str


class Agreement(NamedTuple):
    """How the plays agree with the readings of a moment.

    `effective` of `plays` carry the weight; `nearest` is the mean logarithm by which the nearest is off; `arrivals` is
    how many times as many parties came since `since` as the scenario expects: mean, and 5 and 95 % quantiles.
    """

    effective: float
    plays: int
    nearest: float
    since: float
    arrivals: tuple[float, float, float]


@dataclass(frozen=True)
class Simulated:
    """The answers (Q,) of the simulator, NaN where it was not played or no play agrees; how it agrees in the end."""

    answers: Floats
    agreement: Agreement


@dataclass(frozen=True)
class _Day:
    """The plays of a day: values (N, T) on the scale of the readings at times (T,), and arrivals by then (N, T)."""

    start: float
    times: Floats
    values: Floats
    arrived: Floats = field(repr=False)

    def at(self, hours: Floats) -> Floats:
        """Return the values (N, H) at times."""
        right = np.clip(np.searchsorted(self.times, hours), 1, len(self.times) - 1)
        share = np.clip((hours - self.times[right - 1]) / (self.times[right] - self.times[right - 1]), 0.0, 1.0)
        return self.values[:, right - 1] * (1 - share) + self.values[:, right] * share


def simulator_of(
    source: str, sets: tuple[str, ...], interventions: tuple[str, ...], name: str, quantity: str | None
) -> Simulator:
    """Return the simulator of a scenario for readings called `name`. Raises SimError."""
    scenario = load(source, sets, interventions).scenario
    if len(scenario.crossings) > 1:
        raise SimError(f"{source}: has several crossings; a nowcast needs a scenario of one")
    crossing = next(iter(scenario.crossings))
    words = set(name.lower().replace("-", "_").split("_"))
    wait = bool(words & {"wait", "waits", "delay"}) and not words & {"waiting"}
    wanted, _, scope = (quantity or ("quoted_wait" if wait else "queue")).partition(".")
    streams = [each for each in scenario.streams if each in words or f"{each}s" in words]
    scope = scope or (streams[0] if streams else scenario.streams[0] if wanted == "quoted_wait" else "all")
    key = Key(crossing, wanted, scope)
    plan = lower(scenario)
    known = measure(scenario, plan, player(DEFAULT)(plan, draw(scenario, plan, scenario.seed, 0))).series
    if key not in known:
        names = sorted({f"{each.quantity}.{each.scope}" for each in known})
        raise SimError(
            f"--quantity {wanted}.{scope}: {source} has no such series{did_you_mean(f'{wanted}.{scope}', names)}"
        )
    minutes = words & {"min", "minutes", "mins"}
    factor = 60.0 if wanted.endswith("wait") and minutes else 1.0
    return Simulator(source, sets, interventions, key, factor, scenario.seed + 1, scenario.clock.timezone)


def simulated(simulator: Simulator, readings: Readings, questions: Questions, ahead: float) -> Simulated:
    """Return the answers of the simulator for the present day and `DAYS` before it. Raises SimError."""
    hours, scaled = readings.hours, readings.scaled
    quiet = quietest_hour(readings)
    begins = hours - (hours_of_week(hours, readings.zone) - quiet) % 24
    answers = np.full(len(questions), np.nan)
    agreement: Agreement | None = None
    starts = np.searchsorted(questions.origin, np.arange(len(readings) + 1))
    played: dict[int, _Day] = {}
    for n in np.flatnonzero(begins > begins[-1] - 24 * DAYS - 12):
        asked = slice(starts[n], starts[n + 1])
        if asked.start == asked.stop:
            continue
        key = round((begins[n] - begins[-1]) / 24)
        if key not in played:
            played[key] = _play(simulator, readings, float(begins[n]), 24.0 + ahead + 1.0)
        day = played[key]
        seen = (hours >= day.start - MEMORY) & (np.arange(len(hours)) <= n)
        weights, nearest = _weights(day.at(hours[seen]) - scaled[seen], hours[seen], hours[n])
        if nearest <= HOPELESS:
            apart = scaled[n] - day.at(hours[n : n + 1])
            values = day.at(questions.at[asked]) + apart * np.exp(-questions.lead[asked] / RETURN)
            faded = weights[:, None] ** np.exp(-questions.lead[asked] / FADE)
            answers[asked] = [
                _quantile(one, each / each.sum(), 0.5) for one, each in zip(values.T, faded.T, strict=True)
            ]
        agreement = Agreement(
            float(1 / (weights**2).sum()), PLAYS, nearest, day.start, _arrivals(day, weights, float(hours[n]))
        )
    assert agreement is not None
    return Simulated(answers, agreement)


def quietest_hour(readings: Readings) -> int:
    """Return the local hour of the day at which the readings are usually lowest."""
    table = HourTable(0.5)
    places = hours_of_week(readings.hours, readings.zone)
    for hour, place, value in zip(readings.hours, places, readings.scaled, strict=True):
        table.add(hour, place, value)
    return int(np.argmin(table.profile().reshape(7, 24).mean(axis=0)))


def _play(simulator: Simulator, readings: Readings, start: float, length: float) -> _Day:
    """Return the plays of the day that begins at `start`. Raises SimError."""
    scenario = _scenario_of(simulator, start, length)
    plan = lower(scenario)
    values, arrived, at = [], [], np.zeros(0)
    for play in range(PLAYS):
        tape = _with_pace(draw(scenario, plan, simulator.seed, play), plan, f"{simulator.seed} {play} {round(start)}")
        measures = measure(scenario, plan, player(DEFAULT)(plan, tape))
        series = np.nan_to_num(measures.series[simulator.key]) * simulator.factor
        values.append(np.log(series + readings.offset))
        at = measures.at.astype(np.float64)
        arrived.append(np.searchsorted(np.sort(tape.arrived_at), measures.at).astype(np.float64))
    t0 = scenario.clock.t0.replace(tzinfo=ZoneInfo(scenario.clock.timezone)).astimezone(UTC)
    times = (t0 - EPOCH) / timedelta(hours=1) + at / 3_600_000
    return _Day(start, times, np.array(values), np.array(arrived))


def _scenario_of(simulator: Simulator, start: float, length: float) -> Scenario:
    """Return the scenario on a day, with demand that differs between days. Raises SimError."""
    zone = ZoneInfo(simulator.zone)
    t0, begin, end = (_local(start + hours, zone) for hours in (0.0, -WARM, length))
    clock = (f"clock.t0={t0}", f"clock.start={begin}", f"clock.horizon={end}", "clock.report_every=15 min")
    sets = (*simulator.sets, *clock)
    scenario = load(simulator.source, sets, simulator.interventions).scenario
    varied = []
    for name, crossing in scenario.crossings.items():
        for stream_name, demand in crossing.demand.items():
            for part, described in demand.items():
                if described.has_rate and not (described.exact or described.day_factor):
                    varied.append(f"crossings.{name}.demand.{stream_name}.{part}.day_factor={DAY_FACTOR}")
    return load(simulator.source, (*sets, *varied), simulator.interventions).scenario if varied else scenario


def _local(hours: float, zone: ZoneInfo) -> str:
    when: datetime = instant(np.floor(hours)).astimezone(zone)
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


def _weights(apart: Floats, hours: Floats, now: float) -> tuple[Floats, float]:
    """Return weights (N,) of plays that differ by `apart` (N, H) from readings at `hours`, and how far off the
    nearest is.
    """
    gaps = np.diff(hours, prepend=hours[0] - TIES)
    shares = 0.5 ** ((now - hours) / MEMORY) * np.minimum(gaps / TIES, 1.0)
    squares = (apart / ERROR) ** 2 @ shares
    nearest = ERROR * float(np.sqrt(squares.min() / max(float(shares.sum()), 1e-9)))
    growth = 1.0
    while True:
        logs = -0.5 * squares / growth**2
        weights = np.exp(logs - logs.max())
        weights /= weights.sum()
        if 1 / (weights**2).sum() >= ENOUGH * len(weights):
            return weights, nearest
        growth *= GROWTH


def _arrivals(day: _Day, weights: Floats, now: float) -> tuple[float, float, float]:
    """Return how many times as many parties came since the day began as in all plays: mean, 5 and 95 % quantile."""
    first, last = (int(np.argmin(np.abs(day.times - hours))) for hours in (day.start, now))
    counts = day.arrived[:, last] - day.arrived[:, first]
    ratios = counts / max(float(counts.mean()), 1.0)
    return float(weights @ ratios), _quantile(ratios, weights, 0.05), _quantile(ratios, weights, 0.95)


def _quantile(values: Floats, weights: Floats, level: float) -> float:
    order = np.argsort(values, kind="stable")
    places = np.cumsum(weights[order]) - 0.5 * weights[order]
    return float(np.interp(level, places, values[order]))
