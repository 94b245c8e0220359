"""The picture of a comparison of networks: where those go who no longer take their crossing, and what that changes."""

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
from sim.plotting import panels
from sim.plotting.marks import wrapped
from sim.plotting.names import HOME, crossing_name, sure
from sim.plotting.network_map import shade_closed, while_open
from sim.plotting.page import heading
from sim.plotting.rail import words
from sim.plotting.result import Drawers
from sim.plotting.ribbons import BAR, ORIGIN_COLOURS, Bar, Column, draw_columns, scale_of, words_width
from sim.plotting.style import CLASS_NAMES, INK, MUTED, OUTCOME_COLOURS, shade, sheet, styled, time_axis
from sim.verbs.compare.frame import Scene, around_zero
from sim.verbs.compare.lines import signed
from sim.verbs.compare.network_words import changed
from sim.verbs.compare.statistics import Difference
from sim.verbs.compare.study import Compared
from sim.verbs.compare.transitions import ACROSS, states

LEAST_WIDE, HEAD, FOOT = 12.5, 1.45, 0.65
LEAST_LEFT, APART = 3.4, 5.2
"""Inches at which the first column stands at least, and from it the second one."""
ROW, BELOW = 0.36, 0.95
"""Inches of a crossing's row in the panels of differences, and above these panels."""
PANELS = (3.3, 2.6)
"""Widths of the two panels, which begin where the columns stand, inches."""
NOT_ACROSS = "did not get across"
MEASURES = (("wait_mean", "change of the mean wait of those who cross, h"),
            ("max_queue_people", "change of the most people waiting"))  # fmt: skip
EDGE, COLUMNS, WIDE, ASIDE = 0.75, 3, 3.3, 0.7
ROUNDING = 1e-9
"""Hours below which a difference of waits is none."""
STRIP, BETWEEN = 1.3, 1.0
"""Inches of a panel over time, and between two of them."""


def drawers(compared: Compared) -> Drawers:
    """Return a function that draws the picture of every contender, named after it where there are several."""
    labels = compared.labels[1:]
    names = ["diverted"] if len(labels) == 1 else [f"diverted_{label}" for label in labels]
    return {name: partial(diverted, compared, n) for n, name in enumerate(names, 1)}


@styled
def diverted(compared: Compared, contender: int) -> Figure:
    """Draw from which crossing of the base people go to which one here, and the changes at every crossing."""
    columns, way = _columns(compared, contender)
    scale = scale_of(columns)
    tall = max(max(column.height(scale) for column in columns), 0.6)
    rows = len(compared.base.plan.crossings)
    strips = -(-rows // COLUMNS)
    height = HEAD + tall + BELOW + ROW * rows + BELOW + strips * (STRIP + BETWEEN) + FOOT - BETWEEN
    width = max(LEAST_WIDE, columns[1].x + BAR + words_width(columns[1].bars) + 0.3)
    figure = sheet(width, height)
    label, base = words(compared.labels[contender]), words(compared.base.label)
    interval = "; ± 95 % interval of the mean" if compared.replications > 1 else ""
    how = (
        f"people from the origins whose last crossing is another with {label} than in {base}, person by person "
        f"on the same {compared.replications} tapes{interval}"
    )
    heading(figure, f"Where people go: {label} in place of {base}", wrapped(how, width - 0.6, 10.5))
    axes = figure.add_axes((0, 1 - (HEAD + tall) / height, 1, tall / height))
    axes.set(xlim=(0, width), ylim=(tall, 0))
    axes.axis("off")
    if way.any():
        draw_columns(axes, columns, [way], [True])
        for column, side, said in zip(columns, ("right", "left"), (f"in {base}", f"with {label}"), strict=True):
            figure.text(column.x / width, 1 - (HEAD - 0.12) / height, said, ha=side, color=MUTED, fontsize=10.5)
    else:
        axes.text(width / 2, tall / 2, "everybody takes the same crossing", ha="center", color=MUTED)
    bottom = height - HEAD - tall - BELOW - ROW * rows
    for k, (column, wide, (quantity, title)) in enumerate(zip(columns, PANELS, MEASURES, strict=True)):
        panel = figure.add_axes((column.x / width, bottom / height, wide / width, ROW * rows / height))
        _changes(panel, compared, contender, quantity, named=k == 0)
        panel.set_title(title, fontsize=11, pad=6)
    for n, crossing in enumerate(compared.base.plan.crossings):
        left, low = EDGE + n % COLUMNS * (WIDE + ASIDE), bottom - BELOW - STRIP - n // COLUMNS * (STRIP + BETWEEN)
        panel = figure.add_axes((left / width, low / height, WIDE / width, STRIP / height))
        _wait_over_time(panel, Scene(compared, crossing), contender)
    return figure


def _wait_over_time(axes: Axes, scene: Scene, contender: int) -> None:
    """Draw how the quoted wait at a crossing changes, with the 95 % interval of the mean."""
    story = scene.base
    name = panels.wait_classes(story)[0]
    band = scene.compared.apart[contender - 1].series.get(Key(scene.crossing, "quoted_wait", name))
    time_axis(axes, story.limits, story.zone, story.scenario.clock.t0, 5)
    shade_closed(axes, scene.stories[contender])
    if band is not None:
        band = _exact(while_open(band, [story, scene.stories[contender]]))
        shade(axes, story.at, band.low, band.high, INK)
        axes.plot(story.at, band.mean, color=INK)
    around_zero(axes, "")
    axes.locator_params(axis="y", nbins=5)
    axes.set_title(f"{story.title}:\nchange of the quoted wait, h ({CLASS_NAMES[name]})", fontsize=10.5, pad=5)


def _exact(band: Band) -> Band:
    """Return a band of differences without what is but rounding of sums."""
    return replace(
        band,
        **{
            each.name: np.where(np.abs(getattr(band, each.name)) < ROUNDING, 0.0, getattr(band, each.name))
            for each in fields(Band)
        },
    )


def _columns(compared: Compared, contender: int) -> tuple[list[Column], Floats]:
    """Return the crossings of the base and where their people go, and the people from bar to bar."""
    crossings = compared.base.plan.crossings
    found, moved = states(crossings), changed(compared, contender)
    left = np.array([[state.crossing == place for place in (*crossings, "")] for state in found], np.float64)
    right = np.array([
        [*(state == (crossing, ACROSS) for crossing in crossings),
         state.crossing != "" and state.end != ACROSS, state.crossing == ""]
        for state in found
    ], np.float64)  # fmt: skip
    people = left.T @ moved @ right
    names = [crossing_name(compared.base.scenario, crossing) for crossing in crossings]
    colours = [ORIGIN_COLOURS[n % len(ORIGIN_COLOURS)] for n in range(len(names))]
    starts = _bars([*names, HOME], [*colours, OUTCOME_COLOURS["stayed"]], people.sum(axis=2))
    ends = _bars([*(f"{name}: across" for name in names), NOT_ACROSS, HOME],
                 [*colours, OUTCOME_COLOURS["balked"], OUTCOME_COLOURS["stayed"]], people.sum(axis=1))  # fmt: skip
    chosen = [[k for k, bar in enumerate(bars) if bar.people >= 1] for bars in (starts, ends)]
    way = people.mean(axis=0)[np.ix_(*chosen)]
    bars = [[each[k] for k in kept] for each, kept in zip((starts, ends), chosen, strict=True)]
    first = max(LEAST_LEFT, words_width(bars[0]) + 0.3)
    return [Column(bars[0], first, "left"), Column(bars[1], first + APART, "right")], way


def _bars(names: list[str], colours: list[str], people: Floats) -> list[Bar]:
    """Return a bar for each column of `people` (replications, bars)."""
    found = zip(names, colours, people.T, strict=True)
    return [Bar(name, sure(each), float(each.mean()), colour) for name, colour, each in found]


def _changes(axes: Axes, compared: Compared, contender: int, quantity: str, *, named: bool) -> None:
    """Draw the change of a total at every crossing with its interval, and its number on the right."""
    crossings = compared.base.plan.crossings
    found = {each.key: each for each in compared.differences[contender - 1]}
    for row, crossing in enumerate(crossings):
        each = found.get(Key(crossing, quantity, ALL))
        if each is not None and math.isfinite(each.difference):
            _change(axes, each, row)
    names = [crossing_name(compared.base.scenario, crossing) for crossing in crossings] if named else []
    axes.set_yticks(range(len(crossings)), names or [""] * len(crossings), color=INK, fontsize=10.5)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(crossings) - 0.5, -0.5)
    axes.axvline(0, color=INK, linewidth=1.0, zorder=1)
    axes.grid(axis="x")
    axes.margins(x=0.08)
    if not axes.dataLim.intervalx[0] < axes.dataLim.intervalx[1]:
        axes.set(xlim=(-1, 1), xticks=[0])
    axes.xaxis.set_major_formatter(lambda value, _: signed(value))


def _change(axes: Axes, found: Difference, row: int) -> None:
    clear = found.verdict in ("less", "more")
    if math.isfinite(found.family_low):
        axes.plot((found.family_low, found.family_high), (row, row), color=INK, linewidth=2.0, solid_capstyle="butt")
    axes.plot(
        found.difference, row, "o", markersize=6.5, color=INK, markerfacecolor=INK if clear else "white", zorder=3
    )
    half = (found.family_high - found.family_low) / 2
    known = f" ± {float(f'{half:.2g}'):,g}" if math.isfinite(half) and found.verdict != "same" else ""
    axes.annotate(
        f"{signed(found.difference)}{known}", (1, row), (8, 0), xycoords=("axes fraction", "data"),
        textcoords="offset points", va="center", fontsize=10, color=INK if clear else MUTED,
    )  # fmt: skip
