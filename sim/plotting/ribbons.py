"""Flow diagrams: columns of bars, connected by ribbons whose widths are numbers of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from sim.arrays import Floats
from sim.plotting.colours import INK
from sim.plotting.lettering import text_width

ORIGIN_COLOURS = ("#332288", "#DDCC77", "#882255", "#117733", "#88CCEE", "#AA4499", "#999933", "#44AA99")
"""Colour-blind-safe colours (Tol's muted scheme) that differ from those of the outcomes."""
BAR = 0.16
SLOT = 0.56
"""Minimum height in inches of a bar with its label."""
TALL = 4.4
"""Total height in inches of the bars of the tallest column."""
LABEL = 10.5


@dataclass(frozen=True)
class Bar:
    """A bar: its name, the number written below the name, the number of people, and its colour."""

    name: str
    number: str
    people: float
    colour: str


@dataclass(frozen=True)
class Column:
    """Bars one below the other: `x` in inches from the left, and the side of their labels."""

    bars: Sequence[Bar]
    x: float
    words: str

    def places(self, scale: float) -> list[tuple[float, float]]:
        """Return top and height of each bar in inches, from the top down, at `scale` inches per person."""
        places, at = [], 0.0
        for bar in self.bars:
            tall = bar.people * scale
            slot = max(tall + 0.14, SLOT)
            places.append((at + (slot - tall) / 2, tall))
            at += slot
        return places

    def height(self, scale: float) -> float:
        """Return the height of the column in inches."""
        return sum(max(bar.people * scale + 0.14, SLOT) for bar in self.bars)


def words_width(bars: Sequence[Bar]) -> float:
    """Return the width of the widest label in inches."""
    lines = [(bar.name, 1.12 * LABEL) for bar in bars]
    lines += [(line, LABEL - 1) for bar in bars for line in bar.number.split("\n")]
    return 0.1 + max((text_width(text, size) for text, size in lines), default=0.0)


def scale_of(columns: Sequence[Column]) -> float:
    """Return the inches per person for which the tallest column, without its gaps, is TALL inches high."""
    most = max((sum(bar.people for bar in column.bars) for column in columns), default=0.0)
    return TALL / most if most > 0 else 0.0


def draw_columns(axes: Axes, columns: Sequence[Column], flows: Sequence[Floats], by_left: Sequence[bool]) -> None:
    """Draw columns with the ribbons between them on axes in inches, from the top down.

    `flows[k]` are the people (bars of column k, bars of column k + 1); their ribbons have the colour of the bar on the
    left where `by_left[k]`, else of that on the right.
    """
    scale = scale_of(columns)
    tall = max(column.height(scale) for column in columns)
    shift = [(tall - column.height(scale)) / 2 for column in columns]
    places = [[(top + down, size) for top, size in c.places(scale)] for c, down in zip(columns, shift, strict=True)]
    for k, people in enumerate(flows):
        ends = (columns[k].x + BAR, columns[k + 1].x)
        used_left, used_right = ([top for top, _ in places[side]] for side in (k, k + 1))
        for i, j in np.ndindex(*people.shape):
            size = float(people[i, j]) * scale
            if size > 0:
                colour = columns[k].bars[i].colour if by_left[k] else columns[k + 1].bars[j].colour
                _ribbon(axes, ends, (used_left[i], used_right[j]), size, colour)
                used_left[i] += size
                used_right[j] += size
    for column, at in zip(columns, places, strict=True):
        for bar, (top, size) in zip(column.bars, at, strict=True):
            axes.add_patch(Rectangle((column.x, top), BAR, max(size, 0.015), facecolor=bar.colour, linewidth=0))
            _words(axes, column, bar, top + size / 2)


def _ribbon(axes: Axes, x: tuple[float, float], y: tuple[float, float], size: float, colour: str) -> None:
    (left, right), (one, other) = x, y
    middle = (left + right) / 2
    points = [
        (left, one),
        (middle, one),
        (middle, other),
        (right, other),
        (right, other + size),
        (middle, other + size),
        (middle, one + size),
        (left, one + size),
        (left, one),
    ]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=colour, alpha=0.45, linewidth=0.3, edgecolor=colour))


def _words(axes: Axes, column: Column, bar: Bar, middle: float) -> None:
    """Write the name of a bar and its number beside it."""
    x, side = (column.x - 0.1, "right") if column.words == "left" else (column.x + BAR + 0.1, "left")
    halo = [withStroke(linewidth=3.5, foreground="white", alpha=0.95)]
    lines = bar.number.count("\n") + 1
    top = middle - 0.095 * lines
    axes.text(x, top, bar.name, ha=side, va="center", fontsize=LABEL, fontweight="bold", color=INK, path_effects=halo)
    axes.text(
        x,
        top + 0.1,
        bar.number,
        ha=side,
        va="top",
        fontsize=LABEL - 1,
        color=INK,
        path_effects=halo,
        linespacing=1.15,
    )
