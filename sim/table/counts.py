"""Statistics of counted arrivals: a profile by hour and day of the week, and how much days and hours differ beyond it.

The profile is the maximum-likelihood fit of rate x hour x weekday to the bins that were counted; a bin without a row is
a gap, not a zero. Days that lie far from the others are left out of the fit and listed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from sim.arrays import Floats

Ints = NDArray[np.int64]

HOUR, DAY = 3600.0, 86400.0
FAR = 5.0
"""Robust standard deviations of the logarithm from which a day is called unusual."""
FULL = 0.9
"""Share of the expected arrivals of a day whose hours must be counted, so that the day says something about days."""
LEVEL = 0.001
"""Largest probability, if days were Poisson (or hours independent), at which a variation is written into the file."""
LEAST_CV = 0.01
FEW_DAYS, LONGEST_GAP = 7, 3
"""Counted days below which hours without a row need not be hours when the post was closed, and the hours of a gap
between others that is then taken as missing rows."""
LEAST_FREEDOM = 7
"""Days, beyond the numbers taken from them, that are needed to tell how much days differ."""


@dataclass(frozen=True)
class Bins:
    """Counted intervals: local begin (seconds since 1970 on the local clock), length (s) and number of parties."""

    begin: Floats
    length: Floats
    count: Floats
    spread: bool = False
    """Whether these are parts, of equal size, of counts that lasted longer."""

    def taken(self, mask: NDArray[np.bool_]) -> Bins:
        """Return the bins at which `mask` is true."""
        return Bins(self.begin[mask], self.length[mask], self.count[mask], self.spread)

    @property
    def day(self) -> Ints:
        """The local day of each bin, in days since 1970."""
        return np.floor(self.begin / DAY).astype(np.int64)

    @property
    def hour(self) -> Ints:
        """The local hour in which each bin begins."""
        return (np.floor(self.begin / HOUR) % 24).astype(np.int64)

    @property
    def weekday(self) -> Ints:
        """The day of the week of each bin, 0 for Monday (day 0 was a Thursday)."""
        return (self.day + 3) % 7


@dataclass(frozen=True)
class Profile:
    """Mean arrivals an hour as rate x hour (24) x weekday (7), each with a mean of one; `unseen` ones have no row.

    `filled_hours` have no row either, but lie between hours that do; they are not among the unseen.
    """

    rate: float
    hours: Floats
    weekdays: Floats
    unseen_hours: tuple[int, ...]
    unseen_weekdays: tuple[int, ...]
    filled_hours: tuple[int, ...] = ()

    def expected(self, bins: Bins) -> Floats:
        """Return the expected number of parties in each bin."""
        return self.rate * self.hours[bins.hour] * self.weekdays[bins.weekday] * bins.length / HOUR


def profile_of(bins: Bins, by_hour: bool, fill: bool = False) -> Profile:
    """Fit rate x hour x weekday by iterative proportional fitting, which maximises the likelihood of Poisson counts.

    With `fill`, short gaps between hours with rows are filled; other hours without a row bring nobody.
    """
    hours, weekdays = np.ones(24), np.ones(7)
    exposure = bins.length / HOUR
    for _ in range(200):
        before = np.concatenate([hours, weekdays])
        if by_hour:
            hours = _factors(bins.hour, bins.count, exposure * weekdays[bins.weekday], 24)
        weekdays = _factors(bins.weekday, bins.count, exposure * hours[bins.hour], 7)
        if np.allclose(before, np.concatenate([hours, weekdays]), rtol=1e-10):
            break
    seen_hours = np.bincount(bins.hour, minlength=24) > 0 if by_hour else np.ones(24, bool)
    seen_days = np.bincount(bins.weekday, minlength=7) > 0
    mean_day = weekdays[seen_days].mean()
    weekdays = np.where(seen_days, weekdays, mean_day)
    filled = _short_gaps(seen_hours) if fill else np.zeros(24, bool)
    hours = np.where(filled, _between(hours, seen_hours), np.where(seen_hours, hours, 0.0))
    rate = float(hours.mean() * weekdays.mean())
    return Profile(
        rate,
        hours / hours.mean() if hours.mean() else np.ones(24),
        weekdays / weekdays.mean() if weekdays.mean() else np.ones(7),
        tuple(int(h) for h in np.flatnonzero(~seen_hours & ~filled)),
        tuple(int(d) for d in np.flatnonzero(~seen_days)),
        tuple(int(h) for h in np.flatnonzero(filled)),
    )


def _short_gaps(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the hours without a row that lie in a gap of at most LONGEST_GAP between hours with rows of the day."""
    filled = np.zeros(len(seen), bool)
    rows = np.flatnonzero(seen)
    for before, after in itertools.pairwise(rows):
        if after - before - 1 <= LONGEST_GAP:
            filled[before + 1 : after] = True
    return filled


def _between(hours: Floats, seen: NDArray[np.bool_]) -> Floats:
    """Return the factors of hours, with straight lines where there is no row."""
    rows = np.flatnonzero(seen)
    return np.asarray(np.interp(np.arange(len(hours)), rows, hours[rows]))


def _factors(group: Ints, count: Floats, exposure: Floats, size: int) -> Floats:
    top = np.bincount(group, count, size)
    bottom = np.bincount(group, exposure, size)
    return np.divide(top, bottom, out=np.zeros(size), where=bottom > 0)


@dataclass(frozen=True)
class Days:
    """Totals of the days that were counted nearly in full: day (since 1970), counted and expected number."""

    day: Ints
    count: Floats
    expected: Floats


def days_of(bins: Bins, profile: Profile) -> Days:
    """Return the days of which FULL of the expected arrivals fall into counted bins."""
    days, place = np.unique(bins.day, return_inverse=True)
    expected = np.bincount(place, profile.expected(bins), len(days))
    count = np.bincount(place, bins.count, len(days))
    whole = 24 * profile.rate * profile.hours.mean() * profile.weekdays[(days + 3) % 7]
    full = (expected >= FULL * whole) & (expected > 0)
    return Days(days[full], count[full], expected[full])


def unusual(days: Days) -> NDArray[np.bool_]:
    """Say which days lie FAR from the others, by the logarithm of counted over expected."""
    ratio = np.log((days.count + 0.5) / (days.expected + 0.5))
    if len(ratio) < 7:
        return np.zeros(len(ratio), bool)
    middle = np.median(ratio)
    scale = 1.4826 * np.median(np.abs(ratio - middle))
    by_chance = 1 / np.sqrt(np.maximum(days.expected, 1))
    skewed = 1 + 6 * by_chance  # logarithms of small numbers have a long lower tail
    return np.asarray(np.abs(ratio - middle) > FAR * np.maximum(scale, by_chance) * skewed)


@dataclass(frozen=True)
class Dispersion:
    """How much day totals differ beyond Poisson numbers.

    `cv` is the coefficient of variation of a gamma factor on each day, with its 90 % interval; `p` is the probability
    of such a statistic (Pearson) if there were none; `alike` is the correlation of the
    factor of a day with that of the day before.
    """

    cv: float
    low: float
    high: float
    p: float
    days: int
    alike: float


def dispersion_of(days: Days, parameters: int, ratio: float = 1.0) -> Dispersion:
    """Estimate the variation of days; `parameters` is the number that the profile took from the same days.

    `ratio` is the variance over the mean that bursts give to any total; counts are divided by it, so that what bursts
    do is not taken for a variation of days.
    """
    n = len(days.count)
    freedom = n - parameters
    if freedom < LEAST_FREEDOM:
        return Dispersion(0.0, 0.0, np.inf, 1.0, n, 0.0)
    expected, count = days.expected / ratio, days.count / ratio
    statistic = float(np.sum((count - expected) ** 2 / np.maximum(expected, 1e-9)))
    p = float(stats.chi2.sf(statistic, freedom))
    cv, low, high = (
        _pearson(count, expected, float(level))
        for level in (freedom, stats.chi2.ppf(0.95, freedom), stats.chi2.ppf(0.05, freedom))
    )
    factor = count / np.maximum(expected, 1e-9)
    follows = np.diff(days.day) == 1
    alike = _correlation(factor[:-1][follows], factor[1:][follows])
    return Dispersion(cv, low, high, p, n, alike)


def _where(function: Callable[[float], float], low: float, high: float) -> float:
    try:
        return float(optimize.brentq(function, low, high))
    except ValueError:
        return high


def _pearson(count: Floats, expected: Floats, level: float) -> float:
    """Return the coefficient of variation at which Pearson's statistic has a value."""

    def excess(cv: float) -> float:
        return float(np.sum((count - expected) ** 2 / (expected + (cv * expected) ** 2))) - level

    if excess(0.0) <= 0:
        return 0.0
    return _where(excess, 0.0, 10.0)


def _correlation(x: Floats, y: Floats) -> float:
    if len(x) < 5 or x.std() == 0 or y.std() == 0:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


@dataclass(frozen=True)
class Bursts:
    """How much bins of one day differ beyond chance, given the total of the day.

    `ratio` is variance over mean of the counts of bins (1 for Poisson); `p` its probability if there were no more;
    `cv` is the same excess as a coefficient of variation of the bins.
    """

    ratio: float
    p: float
    bins: int
    cv: float


def bursts_of(bins: Bins, profile: Profile, parameters: int) -> Bursts:
    """Measure how bins scatter around the shape of the profile within their day."""
    expected = profile.expected(bins)
    used = expected > 0
    days, place = np.unique(bins.day[used], return_inverse=True)
    total = np.bincount(place, bins.count[used], len(days))
    mean = np.bincount(place, expected[used], len(days))
    share = expected[used] * (total / mean)[place]
    enough = share > 0.5
    freedom = int(enough.sum()) - len(days) - parameters
    if freedom < 20:
        return Bursts(1.0, 1.0, int(enough.sum()), 0.0)
    squares = float(np.sum((bins.count[used][enough] - share[enough]) ** 2 / share[enough]))
    ratio = squares / freedom
    cv = np.sqrt(max(0.0, (ratio - 1) * enough.sum() / np.sum(share[enough])))
    return Bursts(ratio, float(stats.chi2.sf(squares, freedom)), int(enough.sum()), float(cv))


@dataclass(frozen=True)
class Counted:
    """What the counts of one class say: a profile for all days, or one for each group of days of the week."""

    bins: Bins
    by_hour: bool
    groups: tuple[tuple[str, tuple[int, ...], Profile], ...]
    days: Days
    odd: Days
    dispersion: Dispersion
    bursts: Bursts
    drift: float = 0.0
    """Change of the day totals over four weeks, as a share; 0 where it is not significant."""

    def expected(self, bins: Bins) -> Floats:
        """Return the expected number of parties in each bin."""
        return expected_of(self.groups, bins)


Groups = tuple[tuple[str, tuple[int, ...], Profile], ...]
EVERY_DAY = tuple(range(7))
WORKING, WEEKEND = tuple(range(5)), (5, 6)


def expected_of(groups: Groups, bins: Bins) -> Floats:
    """Return the expected number in each bin by the profile of the group of its day."""
    out = np.zeros(len(bins.count))
    for _, days, profile in groups:
        mine = np.isin(bins.weekday, days)
        out[mine] = profile.expected(bins.taken(mine))
    return out


def count_up(bins: Bins) -> Counted:
    """Return what counts say: profile, unusual days, dispersion of days, bursts, and drift over the weeks.

    Counts that were spread over hours or days say nothing of bursts and days.
    """
    by_hour = bool(np.median(bins.length) <= HOUR)
    few = len(np.unique(bins.day)) < FEW_DAYS
    odd_days: Ints = np.zeros(0, np.int64)
    used = bins
    for _ in range(3):
        profile = profile_of(used, by_hour, few)
        days = days_of(bins, profile)
        far = unusual(days)
        if set(days.day[far]) == set(odd_days):
            break
        odd_days = days.day[far]
        used = bins.taken(~np.isin(bins.day, odd_days))
    odd = Days(days.day[far], days.count[far], days.expected[far])
    groups: Groups = (("everyday", EVERY_DAY, profile),)
    if by_hour:
        groups = _apart(used, profile, few) or groups
    days = _days_of_groups(used, groups)
    parameters = len(groups) - 1 + len(np.unique((days.day + 3) % 7))
    inner = _bursts_of_groups(used, groups) if by_hour and not bins.spread else Bursts(1.0, 1.0, 0, 0.0)
    dispersion = dispersion_of(days, parameters, inner.ratio if inner.p < LEVEL else 1.0)
    if bins.spread and bins.length[0] >= DAY:
        dispersion = Dispersion(0.0, 0.0, np.inf, 1.0, len(days.day), 0.0)
    return Counted(bins, by_hour, groups, days, odd, dispersion, inner, _drift(days))


def _days_of_groups(bins: Bins, groups: Groups) -> Days:
    parts = [days_of(bins.taken(np.isin(bins.weekday, days)), profile) for _, days, profile in groups]
    order = np.argsort(np.concatenate([part.day for part in parts]), kind="stable")
    return Days(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in Days.__annotations__))


def _bursts_of_groups(bins: Bins, groups: Groups) -> Bursts:
    parts = [
        bursts_of(bins.taken(np.isin(bins.weekday, days)), profile, int(np.sum(profile.hours > 0)))
        for _, days, profile in groups
    ]
    return max(parts, key=lambda part: part.bins)


def _apart(bins: Bins, profile: Profile, fill: bool) -> Groups | None:
    """Return profiles of working days and of weekends, if their hours differ by more than chance.

    The test is that of quasi-Poisson deviances (F test).
    """
    names = (("working_days", WORKING), ("weekend", WEEKEND))
    parts = [bins.taken(np.isin(bins.weekday, days)) for _, days in names]
    if min(len(np.unique(part.day)) for part in parts) < 2:
        return None
    groups: Groups = tuple(
        (name, days, _of_group(part, days, fill)) for (name, days), part in zip(names, parts, strict=True)
    )
    one, two = (_deviance(bins.count, expected) for expected in (profile.expected(bins), expected_of(groups, bins)))
    more = int(np.sum(profile.hours > 0)) - 1
    freedom = len(bins.count) - 2 * more - 8
    if freedom <= 0 or two <= 0 or more <= 0:
        return None
    p = float(stats.f.sf((one - two) / more / (two / freedom), more, freedom))
    null = _deviance(bins.count, np.full(len(bins.count), bins.count.sum() / bins.length.sum()) * bins.length)
    worth = (one - two) > 0.03 * max(null - two, 1.0)
    level = LEVEL if two / freedom < 1.5 else LEVEL / 100
    return groups if p < level and worth else None


def _of_group(bins: Bins, days: tuple[int, ...], fill: bool) -> Profile:
    """Return the profile of a group of days, whose rate is the mean over the whole week."""
    profile = profile_of(bins, True, fill)
    weekdays = np.where(np.isin(np.arange(7), days), profile.weekdays, 0.0)
    mean = weekdays.mean()
    return Profile(
        profile.rate * mean, profile.hours, weekdays / mean, profile.unseen_hours,
        tuple(day for day in profile.unseen_weekdays if day in days), profile.filled_hours,
    )  # fmt: skip


def _deviance(count: Floats, expected: Floats) -> float:
    safe = np.maximum(expected, 1e-12)
    terms = np.where(count > 0, count * np.log(np.maximum(count, 1e-12) / safe), 0.0) - (count - safe)
    return float(2 * np.sum(terms))


def _drift(days: Days) -> float:
    """Return the change over four weeks as a share, 0 unless a slope shows at LEVEL (weeks as witnesses)."""
    weeks, place = np.unique((days.day + 3) // 7, return_inverse=True)
    if len(weeks) < 6:
        return 0.0
    ratio = np.bincount(place, days.count) / np.maximum(np.bincount(place, days.expected), 1e-9)
    line = stats.linregress(weeks.astype(float), ratio)
    return float(4 * line.slope / max(ratio.mean(), 1e-9)) if line.pvalue < LEVEL else 0.0
