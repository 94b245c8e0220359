"""The picture of a comparison of networks: who takes another crossing, and what changes at the crossings."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.arrays import Floats
from sim.measures.estimates import Band
from sim.measures.names import ALL, Key
from sim.plotting.closures import shade_closed, while_open
from sim.plotting.colours import INK, MUTED, OUTCOME_COLOURS
from sim.plotting.lettering import wrapped
from sim.plotting.names import HOME, crossing_name, sure
from sim.plotting.page import heading
from sim.plotting.rail import words
from sim.plotting.result import Drawers
from sim.plotting.ribbons import BAR, ORIGIN_COLOURS, Bar, Column, draw_columns, scale_of, words_width
from sim.plotting.style import shade, sheet, styled, time_axis
from sim.plotting.waiting import wait_classes
from sim.verbs.compare.effects import bound_sign, change_text, signed
from sim.verbs.compare.frame import Scene, around_zero
from sim.verbs.compare.network_words import MINUTE, diverted_people
from sim.verbs.compare.picture_groups import LEAST_HOURS
from sim.verbs.compare.statistics import Difference
from sim.verbs.compare.study import ComparisonData
from sim.verbs.compare.transitions import ACROSS, states

LEAST_WIDE, HEAD, FOOT = 12.5, 1.45, 0.65
LEAST_LEFT, APART = 3.4, 5.2
"""Least position of the first column, and distance of the second from it, in inches."""
ROW, BELOW = 0.36, 0.95
"""Height of a crossing's row in the panels of differences, and of the space above them, in inches."""
PANELS = (3.3, 2.6)
"""Widths of the two panels, which begin at the columns, in inches."""
NOT_ACROSS = "not across by the end"
MEASURES = (
    ("wait_mean", "change of the mean wait of those who cross, h"),
    ("max_queue_people", "change of the most people waiting"),
)
EDGE, COLUMNS, WIDE, ASIDE = 0.75, 3, 3.3, 0.7
ROUNDING = 1e-9
"""Hours below which a difference of waits is a rounding error."""
STRIP, BETWEEN = 1.3, 1.0
"""Height of a panel over time, and of the space between two of them, in inches."""


def drawers(comparison: ComparisonData) -> Drawers:
    """Return a function that draws the picture of each variant, named after it where there are several."""
    labels = comparison.labels[1:]
    names = ["diverted"] if len(labels) == 1 else [f"diverted_{label}" for label in labels]
    return {name: partial(diverted, comparison, n) for n, name in enumerate(names, 1)}


@styled
def diverted(comparison: ComparisonData, variant: int) -> Figure:
    """Draw from which crossing of the base people go to which one here, and the changes at every crossing."""
    columns, way = _columns(comparison, variant)
    scale = scale_of(columns)
    tall = max(max(column.height(scale) for column in columns), 0.6)
    rows = len(comparison.crossings)
    strips = -(-rows // COLUMNS)
    height = HEAD + tall + BELOW + ROW * rows + BELOW + strips * (STRIP + BETWEEN) + FOOT - BETWEEN
    width = max(LEAST_WIDE, columns[1].x + BAR + words_width(columns[1].bars) + 0.3)
    figure = sheet(width, height)
    label, base = words(comparison.labels[variant]), words(comparison.base.label)
    interval = "; ± 95 % interval of the mean" if comparison.replications > 1 else ""
    how = (
        f"people from the origins whose last crossing with {label} differs from that in {base}; the same people "
        f"on the same {comparison.replications} tapes{interval}"
    )
    heading(figure, f"Where people go: {label} instead of {base}", wrapped(how, width - 0.6, 10.5))
    axes = figure.add_axes((0, 1 - (HEAD + tall) / height, 1, tall / height))
    axes.set(xlim=(0, width), ylim=(tall, 0))
    axes.axis("off")
    if way.any():
        draw_columns(axes, columns, [way], [True])
        for column, side, name in zip(columns, ("right", "left"), (f"in {base}", f"with {label}"), strict=True):
            figure.text(column.x / width, 1 - (HEAD - 0.12) / height, name, ha=side, color=MUTED, fontsize=10.5)
    else:
        axes.text(width / 2, tall / 2, "everybody takes the same crossing", ha="center", color=MUTED)
    bottom = height - HEAD - tall - BELOW - ROW * rows
    for k, (column, wide, (quantity, title)) in enumerate(zip(columns, PANELS, MEASURES, strict=True)):
        panel = figure.add_axes((column.x / width, bottom / height, wide / width, ROW * rows / height))
        _draw_changes(panel, comparison, variant, quantity, named=k == 0)
        panel.set_title(title, fontsize=11, pad=6)
    _draw_waits(figure, comparison, variant, bottom)
    return figure


def _draw_waits(figure: Figure, comparison: ComparisonData, variant: int, bottom: float) -> None:
    """Draw the change of the quoted wait at every crossing, in panels below `bottom` (inches)."""
    width, height = figure.get_size_inches()
    for n, crossing in enumerate(comparison.crossings):
        left, low = EDGE + n % COLUMNS * (WIDE + ASIDE), bottom - BELOW - STRIP - n // COLUMNS * (STRIP + BETWEEN)
        panel = figure.add_axes((left / width, low / height, WIDE / width, STRIP / height))
        _wait_over_time(panel, Scene(comparison, crossing), variant)


def _wait_over_time(axes: Axes, scene: Scene, variant: int) -> None:
    """Draw the change of the quoted wait at a crossing, with the 95 % interval of the mean."""
    story = scene.base
    name = wait_classes(story)[0]
    band = scene.comparison.series_differences[variant - 1].series.get(Key(scene.crossing, "quoted_wait", name))
    time_axis(axes, story.limits, story.zone, story.scenario.clock.t0, 5)
    shade_closed(axes, scene.stories[variant], [name], named=True)
    if band is not None:
        band = _without_rounding(while_open(band, [story, scene.stories[variant]], name))
        shade(axes, story.at, band.low, band.high, INK)
        axes.plot(story.at, band.mean, color=INK)
    around_zero(axes, "", LEAST_HOURS)
    if band is None or not np.nan_to_num(band.mean).any():
        axes.text(0.03, 0.6, "no change", transform=axes.transAxes, color=MUTED, fontsize=10)
    axes.locator_params(axis="y", nbins=5)
    axes.set_title(
        f"{story.title}:\nchange of the quoted wait, h ({story.scenario.class_words[name]})", fontsize=10.5, pad=5
    )


def _without_rounding(band: Band) -> Band:
    """Return a band of differences in which rounding errors of sums are 0."""
    values = {each.name: getattr(band, each.name) for each in fields(Band)}
    return replace(band, **{name: np.where(np.abs(v) < ROUNDING, 0.0, v) for name, v in values.items()})


def _columns(comparison: ComparisonData, variant: int) -> tuple[list[Column], Floats]:
    """Return the crossings in the base and here as columns of bars, and the people from bar to bar."""
    crossings = comparison.crossings
    ends = states(crossings)
    left = np.array([[state.crossing == place for place in (*crossings, "")] for state in ends], np.float64)
    right = np.array(
        [
            [
                *(state == (crossing, ACROSS) for crossing in crossings),
                state.crossing != "" and state.end != ACROSS,
                state.crossing == "",
            ]
            for state in ends
        ],
        np.float64,
    )
    people = left.T @ diverted_people(comparison, variant) @ right
    names = [crossing_name(comparison.base.scenario, crossing) for crossing in crossings]
    colours = [ORIGIN_COLOURS[n % len(ORIGIN_COLOURS)] for n in range(len(names))]
    bars_base = _bars([*names, HOME], [*colours, OUTCOME_COLOURS["stayed"]], people.sum(axis=2))
    bars_here = _bars(
        [*(f"{name}: across" for name in names), NOT_ACROSS, HOME],
        [*colours, OUTCOME_COLOURS["balked"], OUTCOME_COLOURS["stayed"]],
        people.sum(axis=1),
    )
    places = [[k for k, bar in enumerate(bars) if bar.people >= 1] for bars in (bars_base, bars_here)]
    way = people.mean(axis=0)[np.ix_(*places)]
    bars = [[each[k] for k in chosen] for each, chosen in zip((bars_base, bars_here), places, strict=True)]
    first = max(LEAST_LEFT, words_width(bars[0]) + 0.3)
    return [Column(bars[0], first, "left"), Column(bars[1], first + APART, "right")], way


def _bars(names: list[str], colours: list[str], people: Floats) -> list[Bar]:
    """Return a bar for each column of `people` (replications, bars)."""
    parts = zip(names, colours, people.T, strict=True)
    return [Bar(name, sure(each), float(each.mean()), colour) for name, colour, each in parts]


def _draw_changes(axes: Axes, comparison: ComparisonData, variant: int, quantity: str, *, named: bool) -> None:
    """Draw the change of a total at every crossing with its interval, and its number on the right."""
    crossings = comparison.crossings
    differences = {each.key: each for each in comparison.differences[variant - 1]}
    for row, crossing in enumerate(crossings):
        change = differences.get(Key(crossing, quantity, ALL))
        if change is not None and math.isfinite(change.difference):
            _draw_change(axes, change, row)
    names = [crossing_name(comparison.base.scenario, crossing) for crossing in crossings] if named else []
    axes.set_yticks(range(len(crossings)), names or [""] * len(crossings), color=INK, fontsize=10.5)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(crossings) - 0.5, -0.5)
    axes.axvline(0, color=INK, linewidth=1.0, zorder=1)
    axes.grid(axis="x")
    axes.margins(x=0.08)
    if not axes.dataLim.intervalx[0] < axes.dataLim.intervalx[1]:
        axes.set(xlim=(-1, 1), xticks=[0])
    axes.xaxis.set_major_formatter(lambda value, _: signed(value))


def _draw_change(axes: Axes, change: Difference, row: int) -> None:
    clear = change.verdict in ("less", "more")
    if math.isfinite(change.family_low):
        axes.plot((change.family_low, change.family_high), (row, row), color=INK, linewidth=2.0, solid_capstyle="butt")
    axes.plot(
        change.difference, row, "o", markersize=6.5, color=INK, markerfacecolor=INK if clear else "white", zorder=3
    )
    ends = (change.difference, change.family_low, change.family_high)
    small = change.key.quantity == "wait_mean" and change.verdict != "same" and max(map(abs, ends)) < MINUTE
    axes.annotate(
        "under a minute" if small else bound_sign(change) + change_text(change),
        (1, row),
        (8, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=10,
        color=INK if clear else MUTED,
    )
