"""Pictures of what was imported: the data as points, what goes into the scenario as lines and bands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from sim.arrays import Floats
from sim.plotting.colours import FAINT, INK, MUTED, REPORTED
from sim.plotting.page import heading
from sim.plotting.style import shade, sheet, styled, value_axis
from sim.table.counts import Bins, Counted
from sim.verbs.intake.laws import Fitted, comparable, distribution
from sim.verbs.intake.staffing import Staffed

LINE, OTHER = "#0072B2", "#E69F00"
WIDTH = 10.0


@styled
def draw_arrivals(counted: Counted, cls: str, zone: str) -> Figure:
    """Draw arrivals by hour of the day (data and profile), and day totals with the band of the model."""
    with_days = len(counted.days.day) >= 3
    rows = counted.by_hour + with_days
    height = 1.0 + 3.4 * rows
    figure = sheet(WIDTH, height)
    heading(
        figure,
        f"Arrivals of {cls}: data and profile",
        "Points: means of the data; lines: the profile written into the scenario; band: 90 % of days expected.",
    )
    if counted.by_hour:
        _hours_panel(figure.add_axes((0.09, 1 - 3.75 / height, 0.88, 2.7 / height)), counted, zone)
    if with_days:
        _days_panel(figure.add_axes((0.09, 0.6 / height, 0.88, 2.4 / height)), counted)
    return figure


def _hours_panel(axes: Axes, counted: Counted, zone: str) -> None:
    highest: list[float] = []
    for (name, days, profile), colour in zip(counted.groups, (LINE, OTHER), strict=False):
        label = {"everyday": "all days", "working_days": "Mon–Fri", "weekend": "Sat–Sun"}[name]
        shown = profile.rate * profile.hours * profile.weekdays[list(days)].mean()
        axes.step(
            np.arange(25), np.append(shown, shown[-1]), where="post", color=colour, lw=2, label=f"profile, {label}"
        )
        mean, error = _by_hour(counted.bins.taken(np.isin(counted.bins.weekday, days)))
        axes.errorbar(
            np.arange(24) + 0.5, mean, 1.645 * error, fmt="o", ms=4, color=colour, mec=INK, mew=0.6, lw=1,
            label=f"data, {label} (90 % of the mean)",
        )  # fmt: skip
        highest += [*shown, *(mean + 1.645 * np.nan_to_num(error))]
    axes.set_xlim(0, 24)
    axes.set_xticks(range(0, 25, 3))
    axes.set_xlabel(f"hour of the day ({zone})")
    value_axis(axes, "parties an hour", [1.05 * value for value in highest])
    axes.legend(fontsize=9, ncols=2, loc="upper left", frameon=False)


def _by_hour(bins: Bins) -> tuple[Floats, Floats]:
    """Return the mean count of each hour, and its standard error over days."""
    mean, error = np.full(24, np.nan), np.full(24, np.nan)
    for hour in range(24):
        per_hour = bins.count[bins.hour == hour] / bins.length[bins.hour == hour] * 3600
        if len(per_hour):
            mean[hour] = per_hour.mean()
            error[hour] = per_hour.std(ddof=1) / np.sqrt(len(per_hour)) if len(per_hour) > 1 else np.nan
    return mean, error


def _days_panel(axes: Axes, counted: Counted) -> None:
    days = counted.days
    at = np.array([_date(day) for day in days.day])
    size = 1 / max(counted.dispersion.cv, 1e-4) ** 2
    law = stats.nbinom(size, size / (size + days.expected))
    low, high = (np.asarray(law.ppf(level)) for level in (0.05, 0.95))
    breaks = np.flatnonzero(np.diff(days.day) > 1) + 1
    for n, part in enumerate(np.split(np.arange(len(days.day)), breaks)):
        label = "expected" if n == 0 else None
        shade(axes, at[part], low[part], high[part], LINE)
        axes.plot(at[part], days.expected[part], color=LINE, lw=1.2, label=label)
    axes.plot(at, days.count, "o", ms=3.5, color=INK, label="counted")
    if len(counted.odd.day):
        axes.plot(
            np.array([_date(day) for day in counted.odd.day]), counted.odd.count, "D", ms=6, color=REPORTED,
            label="unusual, left out",
        )  # fmt: skip
    _date_axis(axes)
    value_axis(axes, "parties a day", [*days.count, *high, *counted.odd.count])
    axes.legend(fontsize=9, ncols=4, loc="lower left", frameon=False)


def _date(day: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(day))


def _date_axis(axes: Axes) -> None:
    """Write dates as 5 Jan, with the year where a year begins or at the first one."""
    axes.xaxis.set_major_locator(dates.AutoDateLocator(maxticks=9))  # type: ignore[no-untyped-call]

    def name(value: float, place: float) -> str:
        day = dates.num2date(value)  # type: ignore[no-untyped-call]
        first = place == 0 or day.timetuple().tm_yday == 1
        return f"{day.day} {day:%b}" + (f"\n{day:%Y}" if first else "")

    axes.xaxis.set_major_formatter(name)


@styled
def draw_law(fitted: Fitted, title: str) -> Figure:
    """Draw the distribution of durations with the laws that were tried, and a Q-Q plot of the one that is written."""
    height = 5.2
    figure = sheet(WIDTH, height)
    heading(figure, title, "Left: share of durations up to a length. Right: quantiles of the data against the law.")
    observed = fitted.observed
    at, below = distribution(observed)
    sure = comparable(observed, at)
    at, below = (at[sure], below[sure]) if sure.sum() > 1 else (at, below)
    unit, scale = _unit(observed.whole)
    axes = figure.add_axes((0.09, 0.13, 0.5, 0.68))
    axes.step(np.append(0, at) / scale, 100 * np.append(0, below), where="post", color=INK, lw=2, label="data")
    for fit, colour in zip(fitted.fits, (LINE, OTHER, "#009E73", "#CC79A7"), strict=False):
        if fit.frozen is not None:
            x = np.linspace(0, float(at[-1]), 300)
            chosen = fit is fitted.chosen
            axes.plot(
                x / scale, 100 * fit.frozen.cdf(x), color=colour, lw=2.2 if chosen else 1.2, ls="-" if chosen else "--",
                label=f"{fit.family}{' (written)' if chosen else ''}",
            )  # fmt: skip
    axes.set_xlim(0, 1.02 * at[int(np.searchsorted(below, 0.99 * below[-1]))] / scale)
    axes.set_xlabel(f"duration ({unit})")
    value_axis(axes, "share (%)")
    axes.set_ylim(0, min(101, 125 * below[-1]))
    axes.legend(fontsize=9, loc="lower right" if below[-1] > 0.8 else "upper left", frameon=False)
    _quantiles_panel(figure.add_axes((0.68, 0.13, 0.29, 0.68)), fitted, (at, below), (unit, scale))
    return figure


def _quantiles_panel(axes: Axes, fitted: Fitted, data: tuple[Floats, Floats], unit: tuple[str, float]) -> None:
    at, below = data
    levels = np.linspace(0.01, min(0.99, below[-1] * 0.99), 99)
    seen = at[np.searchsorted(below, levels).clip(max=len(at) - 1)] / unit[1]
    law = fitted.chosen
    model = law.frozen.ppf(levels) / unit[1] if law is not None and law.frozen is not None else seen
    top = float(max(seen.max(), model.max()))
    axes.plot([0, top], [0, top], color=MUTED, lw=1)
    axes.plot(model, seen, "o", ms=3, color=LINE)
    axes.set_xlim(0, 1.03 * top)
    axes.set_ylim(0, 1.03 * top)
    axes.set_xlabel(f"{fitted.family} law ({unit[0]})")
    axes.set_title(f"data ({unit[0]})", loc="left", fontsize=10.5)


def _unit(seconds: Floats) -> tuple[str, float]:
    """Return the unit in which durations are drawn, and its length in seconds."""
    high = float(np.quantile(seconds, 0.95)) if len(seconds) else 0.0
    return ("s", 1.0) if high < 180 else ("min", 60.0) if high < 3 * 3600 else ("h", 3600.0)


@styled
def draw_staffing(staffed: Staffed, station: str, zone: str) -> Figure:
    """Draw open booths by hour of the day: the data as points of their share, and the mean of each hour."""
    height = 4.6
    figure = sheet(WIDTH, height)
    heading(
        figure, f"Open booths at {station}", "Area of a point: how often so many were open in that hour; lines: means."
    )
    axes = figure.add_axes((0.09, 0.14, 0.88, 0.68))
    hour = (np.floor(staffed.at / 3600) % 24).astype(int)
    number = np.round(staffed.number).astype(int)
    pairs, times = np.unique(np.column_stack([hour, number]), axis=0, return_counts=True)
    in_hour = np.bincount(hour, minlength=24)[pairs[:, 0]]
    axes.scatter(
        pairs[:, 0] + 0.5, pairs[:, 1], s=220 * times / in_hour, color=FAINT, edgecolor=MUTED, lw=0.5, zorder=2
    )
    for (name, table), colour in zip(staffed.clock.items(), (LINE, OTHER), strict=False):
        axes.step(np.arange(25), np.append(table, table[-1]), where="post", color=colour, lw=2, label=f"mean, {name}")
    axes.set_xlim(0, 24)
    axes.set_xticks(range(0, 25, 3))
    axes.set_xlabel(f"hour of the day ({zone})")
    value_axis(axes, "open booths", [float(number.max())])
    axes.legend(fontsize=9, loc="upper left", frameon=False)
    return figure


@styled
def draw_series(local: Floats, values: Floats, is_wait: bool, zone: str) -> Figure:
    """Draw a series over time, and by hour of the day: the median and the middle 50 and 90 %."""
    height = 6.6
    figure = sheet(WIDTH, height)
    unit, scale = _unit(values) if is_wait else ("parties", 1.0)
    what = "wait" if is_wait else "queue"
    heading(
        figure,
        f"The {what} in the data",
        "Above: all rows. Below: by hour of the day, median with 50 and 90 % of the rows.",
    )
    above = figure.add_axes((0.09, 0.57, 0.88, 0.29))
    at = (local * 1000).astype("datetime64[ms]")
    above.plot(at, values / scale, color=LINE, lw=0.7)
    _date_axis(above)
    value_axis(above, f"{what} ({unit})", [float(values.max() / scale)])
    below = figure.add_axes((0.09, 0.1, 0.88, 0.34))
    hour = (np.floor(local / 3600) % 24).astype(int)
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    bands = np.array(
        [np.quantile(values[hour == h] / scale, levels) if np.any(hour == h) else np.full(5, np.nan) for h in range(24)]
    )
    middle = np.arange(24) + 0.5
    below.fill_between(middle, bands[:, 0], bands[:, 4], color=LINE, alpha=0.18, lw=0)
    below.fill_between(middle, bands[:, 1], bands[:, 3], color=LINE, alpha=0.32, lw=0)
    below.plot(middle, bands[:, 2], color=LINE, lw=2)
    below.set_xlim(0, 24)
    below.set_xticks(range(0, 25, 3))
    below.set_xlabel(f"hour of the day ({zone})")
    value_axis(below, f"{what} ({unit})", [float(np.nanmax(bands[:, 4]))])
    return figure
