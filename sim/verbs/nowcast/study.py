"""The forecast: members, their blend, its bands, and how all of them did on the latest third of the readings.

Past forecasts are made as they would have been made then: with the readings up to then and nothing later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.arrays import Floats
from sim.errors import SimError
from sim.measures.names import ALL
from sim.play.request import Progress, silent
from sim.verbs.nowcast.bands import LEVELS, Timing, quantiles_of
from sim.verbs.nowcast.blend import blended, with_simulator
from sim.verbs.nowcast.breaks import Break, breaks_of
from sim.verbs.nowcast.drift import follow
from sim.verbs.nowcast.members import LAST, NAIVE, TABLE, WEEK, naive_forecasts, usual_changes
from sim.verbs.nowcast.outlook import Course, Effect, Expected, beyond, effects, expectations, joining_times
from sim.verbs.nowcast.particles import (
    HISTORY,
    LITTLE,
    QUIET,
    Agreement,
    Simulated,
    quantiles_at,
    simulated,
    worked_off,
)
from sim.verbs.nowcast.plays import Simulator, plain, plays_of
from sim.verbs.nowcast.readings import (
    Questions,
    Readings,
    joined,
    ladder_up_to,
    past_questions,
    questions_now,
)
from sim.verbs.nowcast.regression import regressed
from sim.verbs.nowcast.scoreboard import Answers, Difference, Score, best_of, difference, scores
from sim.verbs.nowcast.seen import Seen
from sim.verbs.nowcast.words import moment

BLEND, NAIVE_BLEND, SIMULATOR = "blend", "blend of the naive", "simulator"
FILTER, REGRESSION = "filter", "regression"
SCORING = "making and scoring past forecasts"
LONGEST = 168.0
"""Hours a forecast may reach ahead."""
STEPS = (0.25, 0.5, 1.0, 2.0, 3.0, 6.0)
MOST_STEPS = 48
RESTARTING = ("noise", "digits", "rhythm", "clock")
"""Kinds of breaks after which weights and bands start again; a jump may be the queue's own."""
SCORED = 1 / 3
"""Share of the time of the readings, at its end, on which forecasts are scored."""


@dataclass(frozen=True)
class Nowcast:
    """A forecast from the readings `seen`.

    `samples` (P, M + 2, 40) are the quantiles at `times` (P,), in the unit of the readings, of the blend, the naive
    blend and the M members, called `names`; `weights` (P, M) those of the members in the blend. `answers` are the past
    forecasts that are scored, and `past_weights` (Q, M) their weights.
    """

    seen: Seen
    ahead: float
    times: Floats
    names: tuple[str, ...]
    samples: Floats
    weights: Floats
    breaks: tuple[Break, ...]
    scores: tuple[Score, ...]
    differences: tuple[Difference, ...]
    scored_from: float
    answers: Answers
    past_weights: Floats
    agreement: Agreement | None = None
    simulator: Difference | None = None
    outlook: tuple[Expected, ...] = ()
    what_if: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    evidence: str = ""
    alone: bool = False

    def share_of(self, member: str, lead: float) -> float:
        """Return the mean weight of a member in the scored forecasts at a lead of the ladder."""
        rows = self.answers.lead == lead
        return float(self.past_weights[rows, self.names.index(member) - 2].mean())

    @property
    def middle(self) -> Floats:
        """The median of the blend (P,)."""
        return np.asarray((self.samples[:, 0, 19] + self.samples[:, 0, 20]) / 2)


@dataclass(frozen=True)
class Forecasts:
    """All answers to all questions: quantiles (Q, M + 2, 40) on the scale of the readings, and weights (Q, M)."""

    names: tuple[str, ...]
    quantiles: Floats
    weights: Floats


def nowcast(
    seen: Seen, ahead: float, simulator: Simulator | None = None, joins: Sequence[str] = (), progress: Progress = silent
) -> Nowcast:
    """Return the forecast of the next `ahead` hours; the simulator is one more member. Raises SimError.

    `joins` are the times for which the wait of somebody who joins then is told.
    """
    if not 0.25 <= ahead <= LONGEST:
        raise SimError(f"--ahead {ahead:g} h: expected from 15 min to {LONGEST:g} h")
    when = joining_times(joins, seen.now, ahead, seen.readings.zone)
    readings, times = seen.readings, times_ahead(seen.now, ahead)
    if simulator is not None and readings.hours[-1] - readings.hours[0] < HISTORY:
        return _with_gaps(_alone(seen, times, simulator, when, progress), simulator, bool(joins))
    ladder = ladder_up_to(ahead)
    past = past_questions(readings, ladder)
    questions = joined(past, questions_now(readings, times))
    breaks = breaks_of(readings)
    start = float(readings.hours[-1] - SCORED * (readings.hours[-1] - readings.hours[0]))
    restarts = [each.known for each in breaks if each.kind in RESTARTING]
    played = answered = None
    if simulator is not None:
        played = simulated(plain(simulator), readings, questions, _reach(seen, ahead), progress=progress)
        answered = played.answers
    days = int((readings.hours[-1] - readings.hours[0]) / 24) + 1
    progress(0, days, SCORING)
    found = forecasts(readings, questions, ladder, Timing(restarts, start), answered)
    answers = _answers(readings, past, ladder, found, start)
    table = scores(answers)
    progress(days, days, SCORING)
    now = slice(len(past), None)
    forecast = Nowcast(
        seen,
        ahead,
        times,
        found.names,
        readings.unscaled(found.quantiles[now]),
        found.weights[now],
        tuple(breaks),
        tuple(table),
        tuple(_differences(answers, table)),
        start,
        answers,
        found.weights[: len(past)][readings.hours[past.origin] >= start],
    )
    if simulator is None or played is None:
        return forecast
    return _with_gaps(_told(forecast, simulator, played, when), simulator, bool(joins))


def _with_gaps(forecast: Nowcast, simulator: Simulator, asked: bool) -> Nowcast:
    """Return a forecast with notes on what was guessed for its simulator, and what its outlook leaves out."""
    seen = forecast.seen
    notes = [simulator.note] if simulator.note else []
    at, since = simulator.state_at, None if forecast.agreement is None else forecast.agreement.since
    if at is not None and since is not None and abs(at - since) > 1e-3:
        notes.append(
            f"`start_from` is of {moment(at, seen.readings.zone, year=True)}, not in the day of the last reading; "
            "that day is played after a day that fills the queue"
        )
    more = beyond(asked, simulator.night, seen.now, forecast.ahead, seen.readings.zone)
    return replace(forecast, seen=replace(seen, notes=(*seen.notes, *notes, *more)))


def _reach(seen: Seen, ahead: float) -> float:
    """Return how far the forecast reaches beyond the last reading."""
    return float(ahead + seen.now - seen.readings.hours[-1])


def _told(forecast: Nowcast, simulator: Simulator, played: Simulated, joins: Sequence[float]) -> Nowcast:
    """Return a forecast with what its simulator says."""
    course = Course(forecast.seen.now, forecast.times, forecast.samples[:, 0])
    readings, explained = forecast.seen.readings, played.agreement.explained
    rows = expectations(played.now, simulator, readings, course, joins) if explained else ()
    changed: tuple[Effect, ...] = ()
    worth = _simulators_worth(forecast.answers, list(forecast.scores))
    if simulator.what_if:
        _refuse_without_worth(forecast, simulator, worth, explained)
    if simulator.what_if and rows:
        begun = replace(simulator, begins=forecast.seen.now)
        day = plays_of(begun, played.now.day.start, played.length, len(played.now.short))
        changed = effects(played.now, day, readings, course, rows)
    return replace(
        forecast,
        agreement=played.agreement,
        simulator=worth,
        outlook=rows,
        what_if=simulator.what_if,
        effects=changed,
        evidence=simulator.evidence,
    )


def _refuse_without_worth(forecast: Nowcast, simulator: Simulator, worth: Difference | None, explained: bool) -> None:
    """Raise SimError about a what-if from a simulator that the readings reject."""
    weight = float(forecast.weights[-1, -1])
    if not explained:
        why = "no play of it explains the readings"
    elif not forecast.alone and weight < LITTLE:
        why = f"it has {100 * weight:.0f} % of the weight in the forecast"
    elif worth is not None and worth.error[0] > 0:
        why = f"it erred more than {worth.against!r}"
    else:
        return
    raise SimError(
        f"--intervene {', '.join(simulator.what_if)}: {simulator.source} adds nothing here ({why}), so what it says "
        "of a change means nothing; without --intervene there is a forecast"
    )


def _alone(seen: Seen, times: Floats, simulator: Simulator, joins: Sequence[float], progress: Progress) -> Nowcast:
    """Return the forecast of the simulator alone, beside the last reading. Raises SimError."""
    readings, ahead = seen.readings, float(times[-1] - seen.now)
    ladder, questions = ladder_up_to(ahead), questions_now(readings, times)
    played = simulated(plain(simulator), readings, questions, _reach(seen, ahead), QUIET, progress)
    if played.agreement.explained:
        own = readings.unscaled(quantiles_at(played.now, readings, times))
    elif (simulator.key.quantity, simulator.key.scope) == ("queue", ALL):
        own = worked_off(played.now.day, float(readings.values[-1]), float(readings.hours[-1]), times)
        note = (
            f"no play reaches {readings.values[-1]:g}: the forecast works this queue off, with the arrivals of the "
            "plays and what they handle in an hour with a queue"
        )
        seen = replace(seen, notes=(*seen.notes, note))
    else:
        raise SimError(
            f"{seen.path}: has too little history for a forecast, and no play of {simulator.source} explains its "
            f"readings: the last one is {readings.values[-1]:g}; give the queue of all as column, or other numbers"
        )
    last = np.full_like(own, readings.values[-1])
    past = past_questions(readings, ladder)
    names, weights = (BLEND, NAIVE_BLEND, LAST, SIMULATOR), np.tile([0.0, 1.0], (len(times), 1))
    nothing = Forecasts(names, np.full((len(past), 4, len(LEVELS)), np.nan), np.zeros((len(past), 2)))
    start = float(readings.hours[-1])
    forecast = Nowcast(
        seen,
        ahead,
        times,
        names,
        np.stack([own, last, last, own], axis=1),
        weights,
        (),
        (),
        (),
        start,
        _answers(readings, past, ladder, nothing, start),
        np.zeros((0, 2)),
        alone=True,
    )
    return _told(forecast, simulator, played, joins)


def times_ahead(now: float, ahead: float) -> Floats:
    """Return the times (hours since 1970) of a forecast: in steps from now on, its end among them."""
    step = next((step for step in STEPS if ahead / step <= MOST_STEPS), STEPS[-1])
    count = int(np.floor(ahead / step + 1e-9))
    times: Floats = now + step * np.arange(1, count + 1, dtype=np.float64)
    return times if times[-1] > now + ahead - 1e-6 else np.r_[times, now + ahead]


def forecasts(
    readings: Readings, questions: Questions, ladder: Floats, timing: Timing, simulator: Floats | None = None
) -> Forecasts:
    """Return the answers of the blend, the naive blend and the members; `simulator` (Q,) are those of one more."""
    naive = naive_forecasts(readings, questions)
    followed = follow(readings, questions, ladder, usual_changes(readings))
    members: Mapping[str, Floats] = {**naive, FILTER: followed.center}
    members = {**members, REGRESSION: regressed(readings, questions, ladder, members, (TABLE, WEEK, FILTER))}
    mixed = blended(readings, questions, ladder, members, timing.breaks)
    plain = blended(readings, questions, ladder, naive, timing.breaks)
    if simulator is not None:
        members = {**members, SIMULATOR: simulator}
        mixed = with_simulator(readings, questions, ladder, mixed, simulator, timing.breaks)
    centers = np.stack([mixed.center, plain.center, *members.values()], axis=1)
    quantiles = quantiles_of(readings, questions, ladder, centers, followed.spread, timing)
    return Forecasts((BLEND, NAIVE_BLEND, *members), quantiles, mixed.weights)


def _answers(readings: Readings, past: Questions, ladder: Floats, found: Forecasts, start: float) -> Answers:
    """Return the past forecasts that were made from `start` on, with what came."""
    rows = np.flatnonzero(readings.hours[past.origin] >= start)
    return Answers(
        ladder[past.rung[rows]],
        np.floor(past.at[rows] / 24).astype(np.int64),
        readings.values[past.answer[rows]],
        readings.unscaled(found.quantiles[rows]),
        found.names,
    )


def _simulators_worth(answers: Answers, table: list[Score]) -> Difference | None:
    """Return how the simulator compares with the best naive forecast at the longest lead; None if it is not known."""
    for lead in sorted({score.lead for score in table}, reverse=True):
        best = best_of(table, tuple(NAIVE), lead)
        if best and (apart := difference(answers, lead, SIMULATOR, best.forecast)):
            return apart
    return None


def _differences(answers: Answers, table: list[Score]) -> list[Difference]:
    """Return how the blend compares, at every lead, with the best naive forecast and with the naive blend."""
    found = []
    for lead in sorted({score.lead for score in table}):
        best = best_of(table, tuple(NAIVE), lead)
        for against in ([best.forecast] if best else []) + [NAIVE_BLEND]:
            if apart := difference(answers, lead, BLEND, against):
                found.append(apart)
    return found
