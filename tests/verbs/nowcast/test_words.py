"""The sentences of a forecast: the worst moment, the simulator by lead, and the answer to a what-if."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.arrays import Floats
from sim.verbs.nowcast.bands import LEVELS
from sim.verbs.nowcast.outlook import QUEUE, Effect
from sim.verbs.nowcast.readings import Readings
from sim.verbs.nowcast.seen import Seen
from sim.verbs.nowcast.study import Nowcast, nowcast
from sim.verbs.nowcast.tables import _ahead
from sim.verbs.nowcast.words import counting, expected_words, subject, what_if_words
from tests.verbs.nowcast.series import START, queue


def seen_of(hours: Floats, values: Floats) -> Seen:
    given = Readings.of(hours, values, "UTC")
    return Seen(Path("seen.csv"), "", "queue", given, float(hours[-1]), (), (), ())


@pytest.fixture(scope="module")
def found() -> Nowcast:
    return nowcast(seen_of(*queue(14)), 12.0)


def test_the_worst_moment_is_named_where_it_lies_clearly_above_those_spoken_of(found: Nowcast) -> None:
    flat = np.broadcast_to(10 + 4 * (LEVELS - 0.5), found.samples.shape).copy()
    even = replace(found, samples=flat)
    assert "at its worst" not in expected_words(even)
    assert not any("at worst" in row[1] for row in _ahead(even).rows)
    flat = flat.copy()
    row = int(np.abs(found.times - found.seen.now - 8.75).argmin())
    flat[row, 0, 20:] += 25
    peaked = replace(found, samples=flat)
    assert "; at its worst, about" in expected_words(peaked)
    assert expected_words(peaked).startswith("The queue will be about 10 at ")
    assert [row[1] for row in _ahead(peaked).rows if "at worst" in row[1]] == ["8.75 h, at worst"]


def test_the_simulator_is_judged_by_lead(found: Nowcast) -> None:
    weights = found.weights.copy()
    leads = found.times - found.seen.now
    weights[:, -1] = np.where(leads <= 3, np.linspace(0.58, 0.30, len(leads)), 0.0)
    assert counting(replace(found, weights=weights)).endswith("% up to 3 h ahead, for nothing beyond")
    weights[:, -1] = 0.5
    assert counting(replace(found, weights=weights)) == "counts for 50 % of the forecast"
    weights[:, -1] = 0.0
    assert counting(replace(found, weights=weights)) == "counts for nothing"


def test_a_what_if_is_answered_first(found: Nowcast) -> None:
    values = np.full(40, 5.0)
    small = Effect(QUEUE, found.seen.now + 1, values, np.full(40, -1.0))
    large = Effect(QUEUE, found.seen.now + 2, values, -7 + 8 * (LEVELS - 0.5))
    asked = replace(found, effects=(small, large), what_if=("two_more_booths",))
    assert what_if_words(asked).startswith("With two more booths, 7 fewer wait at ")
    assert what_if_words(asked).endswith("(90 %: 11 fewer to 3 fewer). ")
    assert what_if_words(found) == ""


def test_a_heading_is_the_subject_of_its_sentence() -> None:
    assert (subject("queue"), subject("wait_min")) == ("The queue", "The column 'wait_min'")


def test_a_queue_that_was_always_empty_gives_a_forecast_without_warnings() -> None:
    hours = START + np.arange(0, 24 * 5, 0.25)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = nowcast(seen_of(hours, np.zeros(len(hours))), 6.0)
    assert found.middle.max() < 0.5
