"""The forecast: it knows nothing of what comes later, learns who is right, and its bands hold what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.arrays import Floats
from sim.errors import SimError
from sim.verbs.nowcast.bands import Timing
from sim.verbs.nowcast.members import NAIVE
from sim.verbs.nowcast.readings import Readings, joined, ladder_up_to, past_questions, questions_now
from sim.verbs.nowcast.scoreboard import Answers, difference, scores
from sim.verbs.nowcast.seen import Seen
from sim.verbs.nowcast.study import BLEND, Nowcast, forecasts, nowcast
from tests.verbs.nowcast.series import queue, readings

ALWAYS = Timing((), 0.0)


def seen(hours: Floats, values: Floats) -> Seen:
    given = readings(hours, values)
    return Seen(Path("waits.csv"), "", "waits", given, float(hours[-1]), (), (), ())


def forecast(hours: Floats, values: Floats, ahead: float = 12.0) -> Nowcast:
    return nowcast(seen(hours, values), ahead)


def test_a_past_forecast_knows_only_what_came_before() -> None:
    hours, values = queue(20, every=3.0)
    other = values.copy()
    half = len(values) // 2
    other[half:] = other[half:][::-1] * 3
    first, second = Readings(hours, values, "UTC", 60.0), Readings(hours, other, "UTC", 60.0)
    ladder = ladder_up_to(12.0)
    found = []
    for each in (first, second):
        past = past_questions(each, ladder)
        before = past.origin < half
        answers = forecasts(each, past, ladder, ALWAYS)
        found.append((answers.quantiles[before], answers.quantiles[~before]))
    assert np.array_equal(found[0][0], found[1][0], equal_nan=True)
    assert not np.array_equal(found[0][1], found[1][1], equal_nan=True)


def test_questions_now_have_the_same_answers_whether_or_not_past_ones_are_asked_with_them() -> None:
    hours, values = queue(12, every=3.0)
    given = readings(hours, values)
    ladder = ladder_up_to(6.0)
    asked = questions_now(given, hours[-1] + np.array([3.0, 6.0]))
    past = past_questions(given, ladder)
    both = forecasts(given, joined(past, asked), ladder, ALWAYS).quantiles[len(past) :]
    twice = forecasts(given, joined(past, joined(asked, asked)), ladder, ALWAYS).quantiles[len(past) :]
    assert np.array_equal(both, twice[:2], equal_nan=True)
    assert np.array_equal(both, twice[2:], equal_nan=True)


@pytest.mark.slow
@pytest.mark.parametrize("every", [3.0])
def test_the_blend_beats_every_single_naive_forecast_and_its_bands_hold_what_they_say(every: float) -> None:
    """Bands of 90 % cover 85 to 95 %; twice too narrow ones are seen.

    With about 100 independent half days of 3 series, the standard error of the coverage is near 1.5 %; a false failure
    at the seeds given is impossible, as they are fixed.
    """
    inside, narrow, shares = [], [], []
    for seed in (1, 2, 3):
        hours, values = queue(45, every=every, seed=seed)
        found = forecast(hours, values)
        for score in found.scores:
            if score.forecast == BLEND and score.lead >= 3:
                inside.append(score.inside_90)
        at = {(score.lead, score.forecast): score.crps for score in found.scores}
        best = min(value for (lead, name), value in at.items() if lead == 6 and name in NAIVE)
        shares.append(at[6.0, BLEND] / best)
        narrow.append(_coverage_of_half_bands(hours, values))
    assert 0.85 <= np.mean(inside) <= 0.95
    assert np.mean(narrow) < 0.8
    assert np.mean(shares) < 1.03


def _coverage_of_half_bands(hours: Floats, values: Floats) -> float:
    """Return the coverage of 90 % bands drawn at half their width."""
    given = readings(hours, values)
    ladder = ladder_up_to(6.0)
    past = past_questions(given, ladder)
    quantiles = forecasts(given, past, ladder, ALWAYS).quantiles[:, 0]
    low, high = (quantiles[:, 1] + quantiles[:, 2]) / 2, (quantiles[:, 37] + quantiles[:, 38]) / 2
    middle, truth = (quantiles[:, 19] + quantiles[:, 20]) / 2, given.scaled[past.answer]
    late = past.rung == len(ladder) - 1
    return float((np.abs(truth - middle) <= np.maximum(high - middle, middle - low) / 2)[late].mean())


@pytest.mark.slow
def test_members_that_are_right_get_the_weight() -> None:
    hours = 490_000.0 + np.arange(24 * 30)
    course = np.round(100 + 80 * np.sin(2 * np.pi * hours / 24))
    found = forecast(hours, course)
    names = found.names[2:]
    weights = dict(zip(names, found.weights[-7], strict=True))
    assert weights["same hour yesterday"] + weights["same hour last week"] > 0.8
    assert weights["last value"] < 0.01


def test_the_difference_of_two_forecasts_is_paired_by_day_and_sees_a_worse_one() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(100, 10, 200)
    good = truth[:, None] + rng.normal(0, 5, (200, 1)) + np.linspace(-8, 8, 40)
    samples = np.stack([good, good + 6, good], axis=1)
    answers = Answers(np.full(200, 3.0), np.arange(200) // 10, truth, samples, ("a", "worse", "same"))
    apart, same = difference(answers, 3.0, "a", "worse"), difference(answers, 3.0, "a", "same")
    assert apart is not None
    assert same is not None
    assert apart.error[2] < 0
    assert apart.crps[2] < 0
    assert same.error == (0.0, 0.0, 0.0)
    assert [score.forecast for score in scores(answers)] == ["a", "worse", "same"]


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_readings_that_never_change(value: float) -> None:
    hours, values = 490_000.0 + np.arange(60), np.full(60, value)
    found = forecast(hours, values)
    assert np.isfinite(found.samples[:, 0]).all()
    assert found.middle == pytest.approx(value, abs=0.5)


@pytest.mark.slow
def test_the_bands_widen_with_the_age_of_the_last_reading() -> None:
    hours, values = queue(20, every=1.0)
    widths = []
    for age in (0.0, 24.0):
        given = readings(hours, values)
        late = Seen(Path("w.csv"), "", "w", given, float(hours[-1]) + age, (), (), ())
        sample = nowcast(late, 3.0).samples[-1, 0]
        widths.append(sample[37] - sample[2])
    assert widths[1] > 1.5 * widths[0]


def test_the_bands_of_a_queue_that_is_often_empty_stay_near_what_it_has_been() -> None:
    """On the scale of logarithms the 90 % band of these readings reached 1.25 times the largest."""
    rng = np.random.default_rng(3)
    hours = 490_000.0 + np.arange(24 * 21)
    values = rng.poisson(6 * np.maximum(np.sin(2 * np.pi * hours / 24), 0) * rng.gamma(2, 0.5, len(hours)))
    found = forecast(hours, values.astype(float), 6.0)
    blend = next(score for score in found.scores if score.forecast == BLEND and score.lead == 6)
    assert 0.85 <= blend.inside_90 <= 0.95
    assert found.answers.samples[:, 0, 37].max() < 1.1 * values.max()


@pytest.mark.parametrize("ahead", [0.1, 400.0])
def test_a_time_ahead_that_is_too_short_or_long(ahead: float) -> None:
    with pytest.raises(SimError, match="expected from 15 min to 168 h"):
        forecast(*queue(5), ahead=ahead)
