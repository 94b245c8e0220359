"""Breaks in a feed are noticed, each kind by its own mark, and seldom where there is none."""

from __future__ import annotations

import numpy as np

from sim.arrays import Floats
from sim.verbs.nowcast.breaks import breaks_of, repeats, stuck
from tests.verbs.nowcast.series import queue, readings

CLEAN = range(10)


def kinds(hours: Floats, values: Floats) -> set[str]:
    return {each.kind for each in breaks_of(readings(hours, values))}


def test_few_false_alarms_on_feeds_without_a_break() -> None:
    """Of 10 clean feeds of 40 days at most 1 may have an alarm; the seeds are fixed."""
    alarms = [bool(kinds(*queue(40, seed=seed))) for seed in CLEAN]
    assert sum(alarms) <= 1


def test_a_jump_that_stays_is_seen_and_a_spike_is_not() -> None:
    hours, values = queue(20, seed=3)
    jumped, spiked = values.copy(), values.copy()
    jumped[300:] = jumped[300:] * 6
    spiked[300] = spiked[300] * 6
    assert "jump" in kinds(hours, jumped)
    assert "jump" not in kinds(hours, spiked)


def test_a_jump_that_comes_again_and_again_is_a_habit() -> None:
    hours, values = queue(60, seed=3, noise=0.02)
    weekly = values * np.where((hours // 168) % 2 == 0, 1.0, 8.0)
    assert sum(each.kind == "jump" for each in breaks_of(readings(hours, weekly))) <= 2


def test_noise_digits_and_rhythm() -> None:
    hours, values = queue(20, seed=4, noise=0.01)
    rng = np.random.default_rng(2)
    noisy, coarse = values.copy(), values.copy()
    noisy[-60:] = np.round(noisy[-60:] * np.exp(rng.normal(0, 0.9, 60)))
    coarse[-60:] = np.round(coarse[-60:] / 50) * 50
    assert "noise" in kinds(hours, noisy)
    assert "digits" in kinds(hours, coarse)
    slower = np.r_[0:300, 300:480:4]
    assert "rhythm" in kinds(hours[slower], values[slower])


def test_a_clock_that_was_shifted() -> None:
    hours, values = queue(30, seed=6, noise=0.02)
    shifted = hours.copy()
    shifted[-24 * 7 :] = shifted[-24 * 7 :] + 6.0
    (clock,) = (each for each in breaks_of(readings(shifted, values)) if each.kind == "clock")
    assert abs(clock.size - 6) <= 1


def test_a_report_that_sticks_and_one_that_is_renewed_seldom() -> None:
    hours, values = queue(20, seed=7)
    values = values + 1
    sticking = values.copy()
    sticking[400:440] = sticking[400]
    marks = stuck(readings(hours, sticking))
    assert marks[401:440].all()
    assert marks.sum() == 39
    assert not stuck(readings(hours, values)).any()
    dense = hours[0] + np.arange(4 * len(hours)) / 4
    assert repeats(readings(dense, np.repeat(values, 4))).sum() > 2.5 * len(hours)
    assert not repeats(readings(hours, values)).any()
