"""Windows, naive forecasts and scores of a backtest, against numbers that follow from their definitions."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.errors import SimError
from sim.plotting.interactive.charts import Backtested, of_backtest
from sim.verbs.backtest import naive, study
from sim.verbs.backtest.boosting import boosted, is_constant
from sim.verbs.backtest.naive import NAIVE, TABLE, History, forecast
from sim.verbs.backtest.scores import ALL, Scored, all_scores, differences, pit
from sim.verbs.backtest.study import MODEL, Part
from sim.verbs.backtest.tables import forecast_columns, series_facts
from sim.verbs.backtest.windows import windows_of
from sim.verbs.backtest.words import verdict

HOUR, DAY = 3600.0, 86400.0
MONDAY = 4 * DAY


def test_bare_dates_are_whole_days() -> None:
    found = windows_of("2019-05-20..2019-05-26", "2019-05-27..2019-06-09")
    assert (found.fit.begin, found.fit.end) == (datetime(2019, 5, 20), datetime(2019, 5, 27))
    assert found.score.length == timedelta(days=14)
    assert found.origins() == [(found.fit, found.score)]
    assert str(found.score) == "2019-05-27 to 2019-06-09"


def test_rolling_origins_move_both_windows() -> None:
    pairs = windows_of("2019-05-20..2019-05-26", "2019-05-27..2019-05-29", "2 d").origins()
    assert [score.length for _, score in pairs] == [timedelta(days=2), timedelta(days=1)]
    assert [fit.end for fit, _ in pairs] == [score.begin for _, score in pairs]
    assert {fit.length for fit, _ in pairs} == {timedelta(days=7)}


@pytest.mark.parametrize(
    ("fit", "score", "rolling", "words"),
    [
        ("2019-05-20", "2019-05-27..2019-06-09", None, "--fit: expected two dates"),
        ("2019-05-26..2019-05-20", "2019-05-27..2019-06-09", None, "--fit: the window must end after it begins"),
        ("2019-05-20..2019-05-26", "2019-05-26..2019-06-09", None, "--score begins on 2019-05-26, before --fit ends"),
        ("2019-05-20..2019-05-26", "2019-05-27..soon", None, "--score: expected a date"),
        ("2019-05-20..2019-05-26", "2019-05-27..2019-06-09Z", None, "--score: expected a date"),
        ("2019-05-20..2019-05-26", "2019-05-27..2019-06-09", "daily", "--rolling: expected a time"),
        ("2019-05-20..2019-05-26", "2019-05-27..2019-06-09", "1 min", "--rolling: must be at least 15 min"),
    ],
)
def test_windows_that_make_no_sense_are_one_sentence(fit: str, score: str, rolling: str | None, words: str) -> None:
    with pytest.raises(SimError) as caught:
        windows_of(fit, score, rolling)
    assert str(caught.value).startswith(words)


def weeks(number: int) -> History:
    """Return hourly values that are the hour of the week, without noise."""
    at = MONDAY + np.arange(number * 168) * HOUR
    return History(at, np.arange(number * 168) % 168.0)


def test_naive_forecasts_know_only_what_came_before() -> None:
    history = weeks(4)
    origin = MONDAY + 2 * 7 * DAY
    at = origin + np.array([0.0, 5.0, 30.0]) * HOUR
    known = history.before(origin)
    assert known.value[-1] == 167
    assert NAIVE[naive.LAST](known, at).tolist() == [167, 167, 167]
    assert NAIVE[naive.YESTERDAY](known, at).tolist() == [144, 149, 150]
    assert NAIVE[naive.WEEK](known, at).tolist() == [0, 5, 30]
    table = NAIVE[TABLE](known, at)
    by_day = (np.array([0, 5, 30]) % 24) + 24 * 3
    # two values of the hour of the week, and SUPPORT 2 of the mean of the hour of the day
    np.testing.assert_allclose(table, (np.array([0, 5, 30]) * 2 + by_day * 2) / 4)


def test_a_gap_is_not_filled_by_yesterday() -> None:
    history = weeks(2)
    known = History(history.at[history.at < MONDAY + 9 * DAY], history.value[history.at < MONDAY + 9 * DAY])
    holes = ~((known.at >= MONDAY + 8 * DAY + 3 * HOUR) & (known.at < MONDAY + 8 * DAY + 9 * HOUR))
    known = History(known.at[holes], known.value[holes])
    assert np.isnan(NAIVE[naive.YESTERDAY](known, np.array([MONDAY + 9 * DAY + 6 * HOUR]))).all()


def test_bands_of_naive_forecasts_are_those_of_their_errors() -> None:
    """Noise of standard deviation 5 around a table: the 90 % band is 16.4 wide."""
    rng = np.random.default_rng(3)
    at = MONDAY + np.arange(12 * 168) * HOUR
    history = History(at, 50 + rng.normal(0, 5, len(at)))
    bands = forecast(TABLE, history, MONDAY + 11 * 7 * DAY, MONDAY + 11 * 7 * DAY + np.arange(24) * HOUR)
    width = np.quantile(bands, 0.95, axis=1) - np.quantile(bands, 0.05, axis=1)
    assert width.mean() == pytest.approx(16.4, rel=0.2)


def test_a_boosting_learns_from_a_few_days_also() -> None:
    """Five days have no last week; the hour of the day is learnt all the same."""
    pytest.importorskip("sklearn")
    at = MONDAY + np.arange(5 * 96) * HOUR / 4
    history = History(at, 10 + 5 * np.sin(at / DAY * 2 * np.pi))
    later = MONDAY + 5 * DAY + np.arange(24) * HOUR
    found = boosted(history, MONDAY + 5 * DAY, later)
    assert found is not None
    np.testing.assert_allclose(np.median(found, axis=1), 10 + 5 * np.sin(later / DAY * 2 * np.pi), atol=2)


def test_a_boosting_that_says_the_same_everywhere_learnt_nothing() -> None:
    spread = np.linspace(-1, 1, 39)
    assert is_constant([np.zeros((5, 1)) + spread, np.zeros((7, 1)) + 2 * spread])
    assert not is_constant([np.zeros((5, 1)) + spread, np.ones((7, 1)) + spread])


def test_the_verdict_says_what_to_use_and_how_sure_that_is() -> None:
    rng = np.random.default_rng(3)
    truth = rng.uniform(0, 1, 96)
    samples = {name: truth[:, None] + rng.normal(0, 0.2, (96, 5)) for name in (MODEL, TABLE)}
    both = scored(truth, **samples)
    series: Any = SimpleNamespace(id="waits", kind=SimpleNamespace(dimension="time", unit="h", is_wait=True))
    tested = study.Tested(series, (), both, tuple(all_scores(both)), tuple(differences(both, MODEL)))
    said = verdict(tested)
    assert "as far as 4 days can tell: use the table, it is simpler" in said
    (difference,) = differences(both, MODEL)
    assert f"95 % interval of the difference −{-60 * difference.low:.3g} min to +{60 * difference.high:.3g} min" in said


def scored(truth: np.ndarray, **samples: np.ndarray) -> Scored:
    n = len(truth)
    return Scored(truth, np.zeros(n, np.int64), np.arange(n) // 24, samples)


def test_the_chart_of_a_backtest_has_the_bands_and_what_came() -> None:
    truth, sample = np.arange(48.0), np.arange(48.0)[:, None] + np.linspace(-2, 2, 101)
    samples = {MODEL: sample, TABLE: np.full((48, 5), 7.0)}
    parts = (Part(0.0, HOUR * truth[:24], truth[:24], {}, {}), Part(DAY, HOUR * truth[24:], truth[24:], {}, {}))
    kind = SimpleNamespace(dimension="time", unit="h")
    series: Any = SimpleNamespace(quantity="mean_wait", kind=kind)
    tested = study.Tested(series, parts, Scored(truth, truth, truth, samples), (), ())
    drawn = of_backtest(Backtested(**series_facts(tested)), forecast_columns(tested))
    assert (drawn.title, drawn.unit) == ("Forecast and what came: mean wait", "h")
    assert [*drawn.times] == [HOUR * n for n in range(48)]
    lines = {line.name: line for line in drawn.lines}
    assert lines["what came"].values == [*truth]
    assert lines[TABLE].values == [7.0] * 48
    wide = lines["model, band of 90 %"]
    assert wide.values == [*truth]
    assert [(wide.low or [])[10], (wide.high or [])[10]] == pytest.approx([8.2, 11.8])


def test_scores_of_a_forecast_that_is_right() -> None:
    """1,000 truths from the law that is forecast: coverage within 4 standard errors (1 and 1.6 %)."""
    rng = np.random.default_rng(4)
    sample = rng.normal(0, 1, (1000, 400))
    (score,) = all_scores(scored(rng.normal(0, 1, 1000), model=sample))
    assert score.lead == ALL
    assert score.inside_90 == pytest.approx(0.9, abs=0.04)
    assert score.inside_50 == pytest.approx(0.5, abs=0.064)
    assert score.crps == pytest.approx(1 / np.sqrt(np.pi), rel=0.1)
    assert score.error == pytest.approx(np.sqrt(2 / np.pi), rel=0.1)


def test_a_band_that_is_too_narrow_is_seen() -> None:
    rng = np.random.default_rng(5)
    (score,) = all_scores(scored(rng.normal(0, 1, 1000), model=0.5 * rng.normal(0, 1, (1000, 400))))
    assert score.inside_90 < 0.7


def test_places_are_even_where_many_samples_are_equal_to_what_came() -> None:
    sample = np.zeros((300, 100))
    assert np.histogram(pit(sample, np.zeros(300)), 10, (0, 1))[0].tolist() == pytest.approx([30] * 10, abs=2)


def test_the_difference_of_two_forecasts_has_an_interval_over_days() -> None:
    """Errors of a day are one number: 40 days with standard error 0.22, so a difference of 1 shows and 0 does not."""
    rng = np.random.default_rng(6)
    daily = np.repeat(rng.normal(0, 1, 40), 24)
    truth = np.zeros(960)
    model, other = np.full((960, 3), 5.0), (6 + daily)[:, None] * np.ones(3)
    (found,) = differences(scored(truth, model=model, other=other), "model")
    assert found.days == 40
    assert found.low < -1 < found.high < 0
    assert found.high - found.low > 0.5  # with 960 independent errors it would be 0.13
    (same,) = differences(scored(truth, model=model, other=model + daily[:, None] * np.sign(1)), "model")
    assert same.low < 0 < same.high
