"""The pictures of a backtest: forecasts against what came, and whether the bands are right."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.plotting.colours import INK, MUTED, REPORTED
from sim.plotting.page import heading, legend
from sim.plotting.result import Drawers
from sim.plotting.style import sheet, styled, value_axis
from sim.verbs.backtest.naive import TABLE
from sim.verbs.backtest.scores import pit
from sim.verbs.backtest.study import Backtest, Tested
from sim.verbs.backtest.words import model_of, unit_of, verdict

WIDTH = 10.0
MODEL, OTHER = "#0072B2", "#E69F00"
FINE = 60
"""Points of a panel above which what came is a line."""
BINS = 10


def drawers(result: Backtest) -> Drawers:
    """Return functions that draw the pictures, by name."""
    found: Drawers = {}
    for tested in result.tested:
        found[f"forecast_{tested.series.id}"] = partial(draw_forecast, result, tested)
        found[f"reliability_{tested.series.id}"] = partial(draw_reliability, tested)
    return found


@styled
def draw_forecast(result: Backtest, tested: Tested) -> Figure:
    """Draw the model's bands and the table of averages over time, with what came."""
    height = 5.4
    figure = sheet(WIDTH, height)
    scenario = result.loaded.central.scenario
    heading(figure, f"Forecast and what came: {scenario.title}", _wrapped(verdict(tested)))
    axes = figure.add_axes((0.09, 0.14, 0.88, 0.66))
    unit, scale = unit_of(tested)
    for n, part in enumerate(tested.parts):
        at = (part.at * 1000).astype("datetime64[ms]")
        sample = part.samples[model_of(tested)] * scale
        first = n == 0
        for (low, high), alpha, label in (((0.05, 0.95), 0.18, "90 %"), ((0.25, 0.75), 0.32, "50 %")):
            ends = np.quantile(sample, (low, high), axis=1)
            axes.fill_between(
                at, ends[0], ends[1], color=MODEL, alpha=alpha, lw=0, label=f"{label} of forecasts" if first else None
            )
        axes.plot(at, np.median(sample, axis=1), color=MODEL, lw=1.6, label="model, median" if first else None)
        usual = np.median(part.samples[TABLE], axis=1) * scale
        axes.plot(at, usual, color=OTHER, lw=1.2, ls="--", label=TABLE if first else None)
        style = {"ls": "-", "lw": 1.0} if len(tested.scored.truth) > FINE else {"ls": "", "marker": "o", "ms": 3}
        axes.plot(at, part.truth * scale, color=REPORTED, label="what came" if first else None, **style)  # type: ignore[arg-type]
    _date_axis(axes, scenario.clock.timezone)
    highs = np.quantile(tested.scored.samples[model_of(tested)] * scale, 0.95, axis=1)
    most = [float(np.nanmax(tested.scored.truth * scale)), float(np.nanquantile(highs, 0.98))]
    value_axis(axes, f"{tested.series.quantity.replace('_', ' ')} ({unit})", most)
    legend(axes)
    return figure


def _wrapped(text: str) -> str:
    from sim.plotting.lettering import wrapped

    return str(wrapped(text, WIDTH - 0.6, 10.5))


def _date_axis(axes: Axes, zone: str) -> None:
    locator = dates.AutoDateLocator(maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_xlabel(f"local time ({zone})")


@styled
def draw_reliability(tested: Tested) -> Figure:
    """Draw how often bands of each width hold what came, and where it falls among the forecasts (PIT)."""
    height = 4.8
    figure = sheet(WIDTH, height)
    heading(
        figure,
        f"Are the bands right? {tested.series.id}",
        "Left: a band of 80 % should hold 80 % of what came. Right: all bars should be about as high as the line.",
    )
    sample, truth = tested.scored.samples[model_of(tested)], tested.scored.truth
    places = pit(sample, truth)
    left, right = figure.add_axes((0.09, 0.15, 0.36, 0.66)), figure.add_axes((0.58, 0.15, 0.39, 0.66))
    levels = np.linspace(0.05, 0.95, 19)
    held = [100 * np.mean(np.abs(places - 0.5) <= level / 2) for level in levels]
    left.plot([0, 100], [0, 100], color=MUTED, lw=1)
    left.plot(100 * levels, held, "o-", color=MODEL, ms=4)
    left.set_xlim(0, 100)
    left.set_xlabel("band (%)")
    value_axis(left, "what came inside (%)")
    left.set_ylim(0, 100)
    counts = np.histogram(places, BINS, (0, 1))[0] / max(len(places), 1) * 100
    right.bar((np.arange(BINS) + 0.5) / BINS, counts, width=0.9 / BINS, color=MODEL)
    right.axhline(100 / BINS, color=INK, lw=1, ls="--")
    right.set_xlim(0, 1)
    right.set_xlabel("share of the forecast below what came")
    value_axis(right, "of what came (%)", [float(counts.max())])
    return figure
