"""Annotations of pictures: reported figures with their labels, and the rail of dated events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.transforms import blended_transform_factory

from sim.arrays import Floats
from sim.measures.reports import UNFITTED
from sim.plotting.colours import FAINT, INK, MUTED, REPORTED, VALIDATION, day_name
from sim.plotting.lettering import text_width
from sim.plotting.placement import SIDES, SPOTS, Obstacles, least_covering
from sim.plotting.rail import Event
from sim.plotting.style import boxes, broken, days
from sim.scenario.model.reported import LOWER_BOUNDS, UPPER_BOUNDS

ABOVE, BELOW = set(LOWER_BOUNDS), set(UPPER_BOUNDS)
ARROW, SHORT_ARROW = 24, 13
"""Length of the arrow of a bound in points; shorter where it would leave the panel below."""
HALF_MARK = 6
"""Half the width of the marker of a figure, in points: its window may be narrower."""
SIGNS = {"at least": "≥ ", "more than": "> ", "well over": "≫ ", "about": "≈ ", "at most": "≤ "}
"""Qualifiers where there is little room."""
RAIL_SIZE = 9.5
RAIL_ROW = 0.2
GAP = 0.08
SHORT = 3
"""Length of a run in days up to which the rail shows hours."""
COUNTED = (0, (1, 0.7))
COUNTED_LABEL = "model, as counted"
"""Dashes and legend of the model's value for a figure that is not about a line of the picture."""
CLEAR, NEAR = 5, 16
"""Points between a figure and labels: at least, and preferably between it and labels of others."""


@dataclass(frozen=True)
class Mark:
    """A reported figure over its window (matplotlib dates), in the unit of the axis, and how it was qualified.

    `model` is the value of the model with its 5 % and 95 % quantiles, for a figure that is not about a line drawn. A
    figure for `validation` has another colour and no label, but one entry in the legend.
    `short` is the label where there is little room.
    """

    first: float
    last: float
    value: float
    qualifier: str
    label: str
    model: tuple[float, float, float] | None = None
    short: str = ""
    validation: bool = False

    @property
    def middle(self) -> float:
        """Middle of the window."""
        return (self.first + self.last) / 2

    @property
    def top(self) -> float:
        """The highest value that is drawn."""
        return max([self.value, *(end for end in self.model or () if np.isfinite(end))])


def draw_marks(axes: Axes, marks: Sequence[Mark], curves: Sequence[Floats], size: float = 10) -> None:
    """Draw `marks` as segments over their windows, an arrow up for lower bounds, down for upper ones.

    Each has its label.

    `curves` are arrays (N, 2) of points of the drawn lines in data coordinates; labels avoid them where possible.
    The limits and the position of `axes` must be final.
    """
    _draw_model(axes, marks)
    legend = UNFITTED
    for mark in marks:
        _draw_mark(axes, mark, legend if mark.validation else "")
        legend = f"_{UNFITTED}" if mark.validation else legend  # once in the legend
    own, near = (np.array([_mark_box(axes, mark, margin) for mark in marks]).reshape(-1, 4) for margin in (CLEAR, NEAR))
    points = np.concatenate([_dense(axes.transData.transform(curve)) for curve in curves] or [np.empty((0, 2))])
    written = np.empty((0, 4))
    for n in sorted((n for n, mark in enumerate(marks) if mark.label), key=lambda n: (marks[n].middle, marks[n].value)):
        others = np.arange(len(marks)) != n
        taken, crossed = np.vstack([own, written, near[others]]), np.vstack([own[others], written])
        around = Obstacles(np.array(axes.get_window_extent().extents), taken, crossed, points)
        written = np.vstack([written, _write_label(axes, marks[n], around, size)])


def _draw_mark(axes: Axes, mark: Mark, legend: str) -> None:
    """Draw a reported figure over its window, with an arrow up for a lower bound, down for an upper one."""
    colour, marker, size = (VALIDATION, "o", 5.0) if mark.validation else (REPORTED, "D", 6.5)
    axes.plot([mark.first, mark.last], [mark.value] * 2, color=colour, linewidth=2.2, solid_capstyle="butt", zorder=6)
    axes.plot(
        mark.middle,
        mark.value,
        marker=marker,
        markersize=size,
        color=colour,
        zorder=7,
        markerfacecolor="white" if mark.qualifier == "about" else colour,
        markeredgewidth=1.6,
        linestyle="none",
        label=legend or None,
    )
    if mark.qualifier in (*ABOVE, *BELOW):
        axes.annotate(
            "",
            (mark.middle, mark.value),
            (0, ARROW if mark.qualifier in ABOVE else -min(ARROW, max(SHORT_ARROW, _above_axis(axes, mark)))),
            textcoords="offset points",
            zorder=6,
            arrowprops={"arrowstyle": "<-", "color": colour, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0},
        )


def _above_axis(axes: Axes, mark: Mark) -> float:
    """Return how far a mark is above the lower end of its axis, in points."""
    y = axes.transData.transform((mark.middle, mark.value))[1]
    return float((y - axes.get_window_extent().y0) * 72 / axes.get_figure().dpi)  # type: ignore[union-attr]


def _draw_model(axes: Axes, marks: Sequence[Mark]) -> None:
    """Draw the values of the model for figures that are not about a line of the picture, over their windows."""
    name = COUNTED_LABEL
    for mark in marks:
        if mark.model is not None and np.isfinite(mark.model[0]):
            mean, low, high = mark.model
            window = [mark.first, mark.last]
            axes.fill_between(window, low, high, color=INK, alpha=0.15, linewidth=0)
            axes.plot(window, [mean, mean], color=INK, linestyle=COUNTED, linewidth=2.2, label=name, zorder=5)
            name = f"_{COUNTED_LABEL}"  # once in the legend


def _dense(line: Floats) -> Floats:
    """Return points of a line in pixels, none farther than a few pixels from the next."""
    length = np.concatenate(([0.0], np.cumsum(np.nan_to_num(np.hypot(*np.diff(line, axis=0).T)))))
    along = np.linspace(0, length[-1], 1 + int(length[-1] // 4))
    points = np.column_stack([np.interp(along, length, line[:, k]) for k in (0, 1)])
    return points[np.isfinite(points).all(axis=1)]


def _mark_box(axes: Axes, mark: Mark, margin: float) -> tuple[float, float, float, float]:
    """Return the box of a mark in pixels (left, bottom, right, top), with a margin of `margin` points."""
    (left, y), (right, _) = axes.transData.transform([(mark.first, mark.value), (mark.last, mark.value)])
    point = _point(axes)
    top, bottom = (26 if mark.qualifier in kind else 5 for kind in (ABOVE, BELOW))
    more, half = margin - 5, HALF_MARK * point
    left, right = min(left, (left + right) / 2 - half), max(right, (left + right) / 2 + half)
    beyond = more * point
    return left - beyond, y - (bottom + more) * point, right + beyond, y + (top + more) * point


def _write_label(axes: Axes, mark: Mark, around: Obstacles, size: float) -> Floats:
    """Write the label where it covers least, with a line to its mark if it is far away; return their boxes (N, 4)."""
    tried = axes.text(mark.middle, mark.value, mark.label, fontsize=size, linespacing=1.15)
    extent = tried.get_window_extent()
    tried.remove()
    marked = axes.transData.transform([(_anchor(mark, spot.ha), mark.value) for spot in SPOTS])
    spot, boxes = least_covering(marked, (extent.width, extent.height), around, _point(axes))
    end = (SIDES[spot.ha], SIDES[spot.va])
    line = {"arrowstyle": "-", "color": REPORTED, "linewidth": 0.8, "shrinkA": 1, "shrinkB": 3, "relpos": end}
    axes.annotate(
        mark.label,
        (_anchor(mark, spot.ha), mark.value),
        (spot.dx, spot.dy),
        textcoords="offset points",
        ha=spot.ha,
        va=spot.va,
        fontsize=size,
        color=REPORTED,
        zorder=8,
        linespacing=1.15,
        arrowprops=line if len(boxes) > 1 else None,
        path_effects=[withStroke(linewidth=2.6, foreground="white", alpha=0.9)],
    )
    return boxes


def _point(axes: Axes) -> float:
    """Return the number of pixels in a point."""
    return float(axes.get_figure().dpi / 72)  # type: ignore[union-attr]


def _anchor(mark: Mark, ha: str) -> float:
    """Return the point of a mark to which its label belongs: the nearer end, or the middle."""
    return {"left": mark.last, "right": mark.first}.get(ha, mark.middle)


@dataclass(frozen=True)
class RailLabel:
    """The position of an event's label on the rail: tick and start of the text (days), and row from the top."""

    at: float
    words: str
    row: int
    begin: float


def lay_rail(events: Sequence[Event], limits: tuple[float, float], zone: ZoneInfo, width: float) -> list[RailLabel]:
    """Return labels for `events` on a rail `width` inches wide from `limits[0]` to `limits[1]`.

    Text is placed left or right of its tick so that no tick crosses text, in as few rows as the search finds.
    """
    scale = width / (limits[1] - limits[0])
    hours = " {0:%H:%M}" if limits[1] - limits[0] <= SHORT else ""
    texts = [f"{day_name(event.at)}{hours.format(event.at)}  {event.words}" for event in events]
    at = [(days(event.at, zone) - limits[0]) * scale for event in events]
    wide = [text_width(text, RAIL_SIZE) + 2 * GAP for text in texts]

    def lay(left: Sequence[bool]) -> tuple[float, list[int]]:
        spans = [(x - w, x) if to_left else (x, x + w) for x, w, to_left in zip(at, wide, left, strict=True)]
        rows = _rows(at, spans, left)
        beyond = max((max(-0.5 - begin, end - width - 0.15, 0.0) for begin, end in spans), default=0.0)
        return 50 * beyond + (max(rows, default=0) if rows is not None else 1000), rows or [0] * len(at)

    count = len(events)
    sides = [[n < parting for n in range(count)] for parting in range(count + 1)]
    if min(lay(left)[0] for left in sides) > count:  # some text leaves the sheet: flip the first or the last labels
        ends = [(a, b, c) for c in range(count + 1) for b in range(c + 1) for a in range(b + 1)]
        sides = [[a <= n < b or n >= c for n in range(count)] for a, b, c in ends]
    left = min(sides, key=lambda sides: lay(sides)[0])
    cost, rows = lay(left)
    begins = [x - w + GAP if to_left else x + GAP for x, w, to_left in zip(at, wide, left, strict=True)]
    if cost > count:
        rows, begins = _stacked(at, wide, width)
    placed = zip(events, texts, rows, begins, strict=True)
    return [RailLabel(days(event.at, zone), text, row, limits[0] + x / scale) for event, text, row, x in placed]


def _stacked(at: Sequence[float], wide: Sequence[float], width: float) -> tuple[list[int], list[float]]:
    """Return rows and begins of labels that have not enough room, so that few ticks cross text.

    Each label has a row of its own, the last on top. Those that would leave the sheet end at its edge, or stand left of
    their ticks, and then above all others and the last lowest.
    """
    late = [n for n, (x, w) in enumerate(zip(at, wide, strict=True)) if x + w > width + 0.15]
    on_time = [n for n in range(len(at)) if n not in late]
    order = [*late, *reversed(on_time)]
    at_edge = [min(x + GAP, width - w + 0.15) for x, w in zip(at, wide, strict=True)]
    at_tick = [max(at[n] - wide[n] + GAP, -0.5) if n in late else at[n] + GAP for n in range(len(at))]
    found = [
        (list(reversed(range(len(at)))), at_edge),
        ([order.index(n) for n in range(len(at))], at_tick),
    ]

    def crossings(rows: Sequence[int], begins: Sequence[float]) -> int:
        spans = list(zip(rows, begins, wide, strict=True))
        return sum(
            row < passes and begin < x < begin + w - 2 * GAP
            for passes, x in zip(rows, at, strict=True)
            for row, begin, w in spans
        )

    return min(found, key=lambda each: crossings(*each))


def _rows(at: Sequence[float], spans: Sequence[tuple[float, float]], left: Sequence[bool]) -> list[int] | None:
    """Return a row for each label that avoids all ticks and other labels; None if this is impossible."""
    count = len(at)
    above: list[list[int]] = [[] for _ in range(count)]
    for n, (begin, end) in enumerate(spans):
        for k, (other_begin, other_end) in enumerate(spans):
            same = at[k] == at[n] and left[k] == left[n] and (k < n if left[n] else k > n)
            meets = begin < at[k] < end or same
            touches = k < n and left[k] != left[n] and other_begin < end and begin < other_end and at[k] != at[n]
            if k != n and (meets or (touches and not other_begin < at[n] < other_end)):
                above[n].append(k)
    rows = [0] * count
    for _ in range(count):
        lower = [1 + max((rows[k] for k in above[n]), default=-1) for n in range(count)]
        if lower == rows:
            return rows
        rows = lower
    return None if count else rows


def rail_height(labels: Sequence[RailLabel]) -> float:
    """Return the height of the rail in inches."""
    return RAIL_ROW * (1 + max((label.row for label in labels), default=-1))


def draw_rail(figure: Figure, bottom: float, labels: Sequence[RailLabel], above: Sequence[Axes]) -> None:
    """Draw the rail, `bottom` inches above the edge of the sheet, and a thin line up through the axes `above`.

    All lines of a kind are one, since every artist costs as much as a line of text.
    """
    if not labels:
        return
    panel, rail = above[0], blended_transform_factory(above[0].transData, figure.dpi_scale_trans)
    top, at = bottom + rail_height(labels), np.array([label.at for label in labels])
    middles = top - RAIL_ROW * (np.array([label.row for label in labels]) + 0.5)
    ticks = np.full(len(at), top + 0.2 * RAIL_ROW), middles - 0.35 * RAIL_ROW
    figure.add_artist(Line2D(*broken(at, *ticks), color=MUTED, linewidth=0.8, transform=rail))
    begins = np.array([label.begin for label in labels])
    day = panel.get_window_extent().width / figure.dpi / np.ptp(panel.get_xlim())  # inches
    ends = begins + np.array([text_width(label.words, RAIL_SIZE) for label in labels]) / day
    half = 0.4 * RAIL_ROW
    figure.add_artist(boxes(begins, middles - half, ends, middles + half, color="white", transform=rail, zorder=2.5))
    for label, middle in zip(labels, middles, strict=True):
        figure.text(label.begin, middle, label.words, va="center", fontsize=RAIL_SIZE, color=INK, transform=rail)
    x, y = broken(at, np.zeros(len(at)), np.ones(len(at)))
    for axes in above:
        line = Line2D(x, y, color=FAINT, linewidth=0.9, linestyle=(0, (3, 2)), transform=axes.get_xaxis_transform())
        axes.add_artist(line).set_zorder(0.5)
