"""Import finds what made the data (profiles, variation of days, bursts, laws, reacting staff) and nothing else.

Each check draws its data with a fixed seed from laws that are known. Where a test decides by a probability, its level
is 1 in 1,000 (`LEVEL`), so a false alarm in one of the negative controls below has that probability for each data set.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sim.table.counts import DAY, HOUR, LEVEL, Bins, Counted, count_up
from sim.verbs.intake.demand_parts import comes_in_bursts, differs
from sim.verbs.intake.laws import fit, observe
from sim.verbs.intake.staffing import _staffed

ROOT = Path(__file__).parents[3]
HOURS = 1 + 0.8 * np.sin(np.arange(24) / 24 * 2 * np.pi)
WEEKDAYS = np.array([0.9, 0.85, 0.9, 0.95, 1.2, 1.2, 1.0])
RATE = 60.0


def counted(seed: int, cv: float = 0.0, burst: int = 1, weeks: int = 8, weekend: int = 0) -> Counted:
    """Return what hourly counts say: weeks from a Monday on, with days that differ by `cv`, in bursts."""
    rng = np.random.default_rng(seed)
    begin = np.arange(weeks * 168) * HOUR + 4 * DAY
    hour, weekday = np.arange(len(begin)) % 24, np.arange(len(begin)) // 24 % 7
    factor = rng.gamma(1 / cv**2, cv**2, weeks * 7) if cv else np.ones(weeks * 7)
    shape = np.where(weekday >= 5, np.roll(HOURS, weekend)[hour], HOURS[hour])
    mean = RATE * shape * WEEKDAYS[weekday] * np.repeat(factor, 24)
    return count_up(Bins(begin, np.full(len(begin), HOUR), rng.poisson(mean / burst) * float(burst)))


def test_the_profile_is_found() -> None:
    found = counted(1)
    ((name, _, profile),) = found.groups
    assert name == "everyday"
    # 80,640 parties in 1,344 hours: the smallest hour has about 56 x 12 parties, so 4 standard errors are 15 %
    np.testing.assert_allclose(profile.hours, HOURS / HOURS.mean(), rtol=0.15)
    np.testing.assert_allclose(profile.weekdays, WEEKDAYS / WEEKDAYS.mean(), rtol=0.04)
    assert profile.rate == pytest.approx(RATE * HOURS.mean() * WEEKDAYS.mean(), rel=0.02)


def test_weekends_of_another_shape_get_a_profile_of_their_own() -> None:
    found = counted(2, weekend=6)
    assert [name for name, _, _ in found.groups] == ["working_days", "weekend"]
    weekend = found.groups[1][2]
    np.testing.assert_allclose(weekend.hours, np.roll(HOURS, 6) / HOURS.mean(), rtol=0.25)
    assert weekend.weekdays[:5].max() == 0


@pytest.mark.parametrize("cv", [0.1, 0.2, 0.4])
def test_the_variation_of_days_is_found(cv: float) -> None:
    """30 data sets of 8 weeks: the interval holds the truth in about 90 %.

    Fewer than 22 of 30 has a probability of 1 in 100 if it is 90 %, and of 9 in 10 if it is 65 %.
    """
    found = [counted(100 + seed, cv).dispersion for seed in range(30)]
    assert sum(each.low <= cv <= each.high for each in found) >= 22
    assert np.mean([each.cv for each in found]) == pytest.approx(cv, rel=0.1)
    assert all(each.p < LEVEL for each in found)


def test_poisson_days_get_no_factor_and_no_bursts() -> None:
    """The negative control: 60 data sets, of which one may fail by chance (two or more: 1 in 600)."""
    found = [counted(200 + seed) for seed in range(60)]
    assert sum(differs(each) for each in found) <= 1
    assert sum(comes_in_bursts(each) for each in found) <= 1
    assert sum(len(each.groups) > 1 for each in found) <= 1
    assert sum(each.drift != 0 for each in found) <= 1


@pytest.mark.parametrize("burst", [2, 3])
def test_bursts_are_found_and_not_taken_for_days(burst: int) -> None:
    found = [counted(300 + seed, burst=burst) for seed in range(20)]
    assert all(comes_in_bursts(each) for each in found)
    assert np.mean([each.bursts.ratio for each in found]) == pytest.approx(burst, rel=0.05)
    assert sum(differs(each) for each in found) <= 1


def test_a_holiday_and_a_broken_counter_are_left_out() -> None:
    whole = counted(4, 0.1)
    count = whole.bins.count.copy()
    day = whole.bins.day - whole.bins.day[0]
    count[day == 10] = 1
    count[day == 20] *= 4
    found = count_up(Bins(whole.bins.begin, whole.bins.length, count))
    assert (found.odd.day - whole.bins.day[0]).tolist() == [10, 20]
    assert found.dispersion.cv == pytest.approx(whole.dispersion.cv, rel=0.15)


def test_gaps_are_not_zeros() -> None:
    whole = counted(5)
    kept = np.random.default_rng(5).random(len(whole.bins.count)) < 0.7
    found = count_up(whole.bins.taken(kept))
    assert found.groups[0][2].rate == pytest.approx(whole.groups[0][2].rate, rel=0.02)


@pytest.mark.parametrize("step", [0.0, 1.0, 60.0])
@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize(
    ("family", "mean", "cv"),
    [("exponential", 90, 1.0), ("erlang", 120, 3**-0.5), ("gamma", 100, 1.3), ("lognormal", 240, 0.8)],
)
def test_the_law_is_found(family: str, mean: float, cv: float, cut: bool, step: float) -> None:
    """3,000 durations: standard errors of means are under 2.5 %, so 10 % are four of them."""
    rng = np.random.default_rng(7)
    if family == "lognormal":
        spread = np.sqrt(np.log1p(cv**2))
        seconds = mean * np.exp(rng.normal(-(spread**2) / 2, spread, 3000))
    else:
        seconds = rng.gamma(1 / cv**2, mean * cv**2, 3000)
    limit = rng.exponential(2 * mean, 3000) if cut else np.full(3000, np.inf)
    missed, seen = seconds > limit, np.minimum(seconds, limit)
    if step:
        seen = np.where(missed, seen, np.round(seen / step) * step)
    found = fit(observe(seen, missed))
    assert found.chosen is not None
    allowed = {family, "gamma"} if family in ("erlang", "exponential") else {family}  # special cases of gamma
    assert found.family in allowed
    assert found.mean == pytest.approx(mean, rel=0.1)
    assert found.chosen.cv == pytest.approx(cv, rel=0.15)


def test_what_no_law_describes_is_drawn_from_the_data() -> None:
    rng = np.random.default_rng(8)
    seconds = np.where(rng.random(2000) < 0.5, rng.normal(30, 3, 2000), rng.normal(300, 20, 2000))
    found = fit(observe(seconds))
    assert found.chosen is None
    assert found.family == "empirical"
    assert found.mean == pytest.approx(seconds.mean(), rel=1e-6)
    assert found.values.std() == pytest.approx(seconds.std(), rel=0.03)


def sampled() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    text = (ROOT / "docs" / "sample_data" / "staffing.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    at = np.array([np.datetime64(row["at"], "s").astype(float) for row in rows])
    return at, *(np.array([float(row[name]) for row in rows]) for name in ("booths", "queue"))


def test_a_reacting_rule_is_found() -> None:
    """The sample port was played with open_above 10, close_below 3, 2 to 5 booths, delay 10 min, checks every 5 min."""
    found = _staffed(*sampled(), "queue").reaction
    assert found is not None
    assert (found.above, found.below, found.by, found.at_least, found.at_most) == (10, 3, 1, 2, 5)
    assert (found.every, found.delay) == (300, 600)


def test_staff_by_the_clock_do_not_react() -> None:
    """The negative control: booths by the clock, and a queue that has the same daily course and noise that lasts."""
    at, _, _ = sampled()
    hour = at / HOUR % 24
    false_alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        noise = np.zeros(len(at))
        for n, shock in enumerate(rng.normal(0, 1, len(at))):
            noise[n] = 0.98 * noise[n - 1] + shock
        booths = np.round(3 + 2 * np.sin(hour / 24 * 2 * np.pi) + rng.normal(0, 0.4, len(at)))
        queue = np.maximum(0, 10 + 8 * np.sin(hour / 24 * 2 * np.pi) + noise)
        reaction = _staffed(at, booths, queue, "queue").reaction
        false_alarms += reaction is not None and reaction.gain >= 0.05 and reaction.p < LEVEL
    assert false_alarms == 0


@pytest.mark.parametrize("cut", [0, 4])
@pytest.mark.parametrize("number", [20, 25, 30])
def test_few_durations_have_a_law_too(number: int, cut: int) -> None:
    """Fixed seed: of lognormal durations a law is rejected (by p < 1 % and 5 % more) about never."""
    seconds = np.round(np.random.default_rng(number).lognormal(5, 0.5, number))
    found = fit(observe(seconds, np.arange(number) < cut))
    assert found.chosen is not None
    assert found.chosen.distance < 0.2
    assert all(each.distance < 1 for each in found.fits)


def test_of_few_durations_each_is_a_value_once() -> None:
    seconds = np.r_[np.arange(10) + 5.0, np.arange(12) + 10_000.0]
    np.testing.assert_allclose(np.sort(fit(observe(seconds)).values), seconds, atol=0.51)  # half a step
