"""The simulator as a member: the plays of a day as they would be had their readings been those that came.

Every quantity of the plays is moved by a regression on what the plays showed at the last reading and, on average, since
the day began: the adjustment of approximate Bayesian computation (Beaumont, Zhang and Balding 2002), which is the
update of an ensemble Kalman filter (Evensen 2003). All plays keep their weight, so that weights cannot degenerate; the
farther the readings are from what the plays show, the fewer plays the estimate is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.arrays import Floats
from sim.play.request import Progress, silent
from sim.verbs.nowcast import plays
from sim.verbs.nowcast.bands import LEVELS
from sim.verbs.nowcast.members import HourTable
from sim.verbs.nowcast.plays import Day, Simulator, plays_of
from sim.verbs.nowcast.readings import Questions, Readings, hours_of_week

DAYS = 7
"""Days before the present one that are played, so that the simulator has a score."""
PLAYING = "playing the days"
QUIET = 3
"""Local hour at which a day of plays begins where there is no history to tell the quietest one."""
BEFORE = 1.5
"""Hours before a day begins from which readings count for it."""
ERROR = 0.05
"""Error of a reading: its variance, as a share of that between the plays."""
FLOOR = 1e-3
"""Least variance between plays, on the scale of square roots."""
HISTORY = 48.0
"""Hours of readings below which the simulator stands alone."""
LITTLE = 0.05
"""Weight of the simulator below which it is said to add nothing."""
HOPELESS = 6.0
"""Standard deviations of the plays beyond which readings count as unexplained."""
WORKED = 0.25
"""Hours of the steps in which a queue is worked off."""
AFTER = 4.0
"""Hours played after the last time asked about, so that those who join then may cross."""


class Agreement(NamedTuple):
    """How the plays agree with the readings of a moment.

    The readings are `distance` standard deviations from what the plays show on average, so that the estimate is worth
    `effective` of `plays`; `arrivals` is how many times as many parties came since `since` as the scenario expects:
    mean, and 5 and 95 % quantiles.
    """

    effective: float
    plays: int
    distance: float
    since: float
    arrivals: tuple[float, float, float]

    @property
    def explained(self) -> bool:
        """Whether the plays explain the readings."""
        return self.distance <= HOPELESS


class Moment(NamedTuple):
    """A reading in a day of plays: by how much the plays' features (N, F) fall short of those of the readings.

    `gain` (F, N) times values (N, T) of the plays is their regression on the features.
    """

    day: Day
    short: Floats
    gain: Floats
    distance: float

    def adjusted(self, values: Floats) -> Floats:
        """Return values (N, T) of the plays as they would be with the readings that came."""
        return np.asarray(values + self.short @ (self.gain @ (values - values.mean(axis=0))))


@dataclass(frozen=True)
class Simulated:
    """The answers (Q,) of the simulator, NaN where it was not played or explains nothing; how it agrees in the end.

    `now` is the last reading among the plays of the present day, which are `length` hours long.
    """

    answers: Floats
    agreement: Agreement
    now: Moment
    length: float


def simulated(
    simulator: Simulator,
    readings: Readings,
    questions: Questions,
    ahead: float,
    quiet: int | None = None,
    progress: Progress = silent,
) -> Simulated:
    """Return the answers of the simulator for the present day and `DAYS` before it. Raises SimError.

    Days begin at the local hour `quiet`, by default that at which earlier readings were usually lowest.
    """
    hours, begins = readings.hours, np.round(days_begin(readings, quiet, simulator.state_at), 6)
    answers = np.full(len(questions), np.nan)
    starts = np.searchsorted(questions.origin, np.arange(len(readings) + 1))
    length = 24.0 + float(np.ceil(ahead)) + AFTER
    found: Moment | None = None
    places = np.flatnonzero((begins > begins[-1] - 24 * DAYS - 12) & (np.diff(starts) > 0))
    days = np.unique(begins[places]).tolist()
    progress(0, len(days), PLAYING)
    for n in places:
        asked = slice(starts[n], starts[n + 1])
        day = plays_of(simulator, float(begins[n]), length, plays.PLAYS)
        progress(days.index(day.start) + 1, len(days), PLAYING)
        found = moment_in(day, readings, int(n))
        if found.distance <= HOPELESS:
            values = found.adjusted(_roots(readings, day.at(day.values, questions.at[asked])))
            answers[asked] = readings.squared(np.median(values, axis=0))
    assert found is not None
    return Simulated(answers, _agreement(found, float(hours[-1])), found, length)


def moment_in(day: Day, readings: Readings, last: int) -> Moment:
    """Return how the plays of a day compare with the readings up to number `last`."""
    hours = readings.hours[: last + 1]
    seen = hours >= max(day.start - BEFORE, day.times[0] - 1e-6)
    shown, came = _roots(readings, day.at(day.values, hours[seen])), readings.roots(readings.scaled[: last + 1][seen])
    features = np.stack([shown[:, -1], shown.mean(axis=1)], axis=1)
    apart = features - features.mean(axis=0)
    cover = apart.T @ apart / len(apart)
    cover += np.diag(ERROR * np.diag(cover) + FLOOR)
    off = np.array([came[-1], came.mean()]) - features.mean(axis=0)
    gain = np.linalg.solve(cover, apart.T) / len(apart)
    return Moment(day, off - apart, gain, float(np.sqrt(off @ np.linalg.solve(cover, off))))


def quantiles_at(found: Moment, readings: Readings, hours: Floats) -> Floats:
    """Return the quantiles (H, 40), on the scale of the readings, of what the plays show at times, as adjusted."""
    values = found.adjusted(_roots(readings, found.day.at(found.day.values, hours)))
    return readings.squared(np.quantile(values, LEVELS, axis=0).T)


def worked_off(day: Day, length: float, now: float, hours: Floats) -> Floats:
    """Return the quantiles (H, 40) of a queue of `length` at `now` that no play reaches.

    Each play's parties go on arriving; how many are handled in an hour is what plays handle in hours with a queue,
    from the median in the first play to the most in the last.
    """
    steps = np.arange(now, max(hours) + WORKED, WORKED)
    arrived = np.diff(day.at(day.arrived, steps), axis=1)
    clock = np.arange(day.times[0], day.times[-1], 1.0)
    queue = day.at(day.queue, clock)
    handled = np.diff(day.at(day.arrived, clock), axis=1) - np.diff(queue, axis=1)
    busy = handled[(queue[:, :-1] >= 1) & (queue[:, 1:] >= 1)]
    levels = np.linspace(0.5, 1.0, len(arrived))
    pace = np.quantile(busy if len(busy) else handled, levels) * WORKED
    courses = [np.full(len(arrived), length)]
    for more in arrived.T:
        courses.append(np.maximum(courses[-1] + more - pace, 0.0))
    known = np.array(courses).T
    values = np.array([np.interp(hours, steps, course) for course in known])
    return np.asarray(np.quantile(values, LEVELS, axis=0).T)


def days_begin(readings: Readings, quiet: int | None = None, state_at: float | None = None) -> Floats:
    """Return when the day of each reading begins (N,): at the hour `quiet`, or at the quietest so far.

    A day within which an earlier run ended, at `state_at`, begins anew then: its plays take up that end state.
    The latter is found anew each midnight, from the readings before it: later ones move no day that was played.
    """
    clock = hours_of_week(readings.hours, readings.zone)
    midnights = np.round(readings.hours - clock % 24, 6)
    table, begins, starts = HourTable(0.5), np.zeros(len(readings)), (-np.inf, -np.inf)
    for n, value in enumerate(readings.scaled):
        if n == 0 or midnights[n] > midnights[n - 1]:
            found = quiet if quiet is not None else quietest_hour(table) if n else QUIET
            starts = (starts[1] if n else midnights[n] - 24 + found, midnights[n] + found)
        start = starts[int(readings.hours[n] >= starts[1] - 1e-6)]
        begins[n] = start + 24 * np.floor((readings.hours[n] - start + 1e-6) / 24)  # no day is longer than 24 h
        if state_at is not None and begins[n] <= state_at <= readings.hours[n] + 1e-6:
            begins[n] = state_at
        table.add(readings.hours[n], clock[n], value)
    return begins


def quietest_hour(table: HourTable) -> int:
    """Return the hour of the day at which a table is lowest."""
    return int(np.argmin(table.profile().reshape(7, 24).mean(axis=0)))


def _roots(readings: Readings, values: Floats) -> Floats:
    return readings.roots(np.log(values + readings.offset))


def _agreement(found: Moment, now: float) -> Agreement:
    """Return how the plays agree with the last reading."""
    day = found.day
    counts = np.diff(day.at(day.arrived, np.array([day.start, now])), axis=1)
    ratios = found.adjusted(counts / max(float(counts.mean()), 1.0))[:, 0]
    low, high = np.quantile(ratios, (0.05, 0.95))
    number = len(found.short)
    return Agreement(
        number / (1 + found.distance**2),
        number,
        found.distance,
        day.start,
        (float(ratios.mean()), float(max(low, 0.0)), float(high)),
    )
