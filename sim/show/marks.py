"""What is written on top of a picture: reported figures with their labels, and the rail of dated events below."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from sim.show.events import Event
from sim.show.style import FAINT, INK, MUTED, REPORTED, day_name, days

Points = NDArray[np.float64]

ABOVE = {"at least", "more than", "well over"}
RAIL_SIZE = 9.5
RAIL_ROW = 0.2
SIDES = (  # offset in points, horizontal and vertical alignment, penalty
    (9, 0, "left", "center", 0.0), (-9, 0, "right", "center", 0.1), (0, 9, "center", "bottom", 0.1),
    (0, -9, "center", "top", 0.2), (9, 16, "left", "center", 0.2), (-9, 16, "right", "center", 0.3),
    (9, -16, "left", "center", 0.4), (-9, -16, "right", "center", 0.5), (0, 27, "center", "bottom", 0.6),
    (0, 45, "center", "bottom", 0.9), (0, 64, "center", "bottom", 1.6), (0, 86, "center", "bottom", 2.2),
    (9, 34, "left", "center", 1.0), (-9, 34, "right", "center", 1.1), (9, -34, "left", "center", 1.2),
    (-9, -34, "right", "center", 1.3), (9, 52, "left", "center", 1.7), (-9, 52, "right", "center", 1.8),
    (9, -52, "left", "center", 1.9), (-9, -52, "right", "center", 2.0),
)  # fmt: skip
FAR = 30
NEAR = 16


@dataclass(frozen=True)
class Mark:
    """A reported figure over its window (matplotlib dates), in the unit of the axis, and how it was qualified."""

    first: float
    last: float
    value: float
    qualifier: str
    label: str

    @property
    def middle(self) -> float:
        """Middle of the window."""
        return (self.first + self.last) / 2


def draw_marks(axes: Axes, marks: Sequence[Mark], curves: Points, size: float = 10) -> None:
    """Draw `marks` as segments over their windows, an arrow up for lower bounds, each with its label.

    `curves` (N, 2) are points of the drawn lines in data coordinates; labels keep clear of them where they can. The
    limits and the position of `axes` must be final.
    """
    for mark in marks:
        axes.plot(
            [mark.first, mark.last], [mark.value] * 2, color=REPORTED, linewidth=2.2, solid_capstyle="butt", zorder=6
        )
        hollow = mark.qualifier == "about"
        axes.plot(
            mark.middle, mark.value, marker="D", markersize=6.5, color=REPORTED, zorder=7,
            markerfacecolor="white" if hollow else REPORTED, markeredgewidth=1.6,
        )  # fmt: skip
        if mark.qualifier in ABOVE:
            axes.annotate(
                "", (mark.middle, mark.value), (0, 24), textcoords="offset points", zorder=6,
                arrowprops={"arrowstyle": "<-", "color": REPORTED, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0},
            )  # fmt: skip
    taken = [_mark_box(axes, mark) for mark in marks]
    inside = curves[np.isfinite(curves).all(axis=1)] if len(curves) else np.empty((0, 2))
    pixels = axes.transData.transform(inside) if len(inside) else inside
    for mark in sorted(marks, key=lambda m: (m.middle, m.value)):
        others = [_mark_box(axes, other, NEAR) for other in marks if other is not mark]
        taken.append(_place(axes, mark, [*taken, *others], pixels, size))


def _mark_box(axes: Axes, mark: Mark, margin: float = 5) -> Bbox:
    """Return the pixels a mark takes, with `margin` points around it."""
    (left, y), (right, _) = axes.transData.transform([(mark.first, mark.value), (mark.last, mark.value)])
    point = axes.get_figure().dpi / 72  # type: ignore[union-attr]
    top = 26 if mark.qualifier in ABOVE else 5
    aside = margin * point - 5 * point
    return Bbox.from_extents(left - aside, y - margin * point, right + aside, y + (top + margin - 5) * point)


def _place(axes: Axes, mark: Mark, taken: Sequence[Bbox], pixels: Points, size: float) -> Bbox:
    """Write the label where it covers least; return the box it takes."""
    best, best_cost, best_box = None, np.inf, Bbox.null()
    frame = axes.get_window_extent()
    for dx, dy, ha, va, penalty in SIDES:
        anchor = {"left": mark.last, "right": mark.first}.get(ha, mark.middle)
        text = axes.annotate(
            mark.label, (anchor, mark.value), (dx, dy), textcoords="offset points", ha=ha, va=va, fontsize=size,
            color=REPORTED, zorder=8, linespacing=1.15,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.78, "pad": 1.2},
            arrowprops={"arrowstyle": "-", "color": REPORTED, "linewidth": 0.6} if abs(dy) > FAR else None,
        )  # fmt: skip
        box = text.get_window_extent()
        cost = penalty + _cost(box, frame, taken, pixels)
        if cost < best_cost:
            if best is not None:
                best.remove()
            best, best_cost, best_box = text, cost, box
        else:
            text.remove()
    return best_box


def _cost(box: Bbox, frame: Bbox, taken: Sequence[Bbox], pixels: Points) -> float:
    area = box.width * box.height
    outside = max(0.0, frame.x0 - box.x0) + max(0.0, box.x1 - frame.x1) + 2 * max(0.0, box.y1 - frame.y1 - 12)
    outside += 2 * max(0.0, frame.y0 - box.y0)
    covered = sum(common.width * common.height for other in taken if (common := Bbox.intersection(box, other)))
    hits = 0
    if len(pixels):
        x, y = pixels[:, 0], pixels[:, 1]
        hits = int(((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)).sum())
    return float(outside + 40 * covered / area + min(hits, 48) / 12)


@functools.cache
def text_width(text: str, size: float) -> float:
    """Return the width of `text` in inches at `size` points."""
    return (
        float(TextPath((0, 0), text or " ", size=size, prop=FontProperties(family="DejaVu Sans")).get_extents().x1) / 72
    )


@dataclass(frozen=True)
class RailLabel:
    """Where the words of an event stand on the rail: row from the top, and whether left of the tick."""

    at: float
    words: str
    row: int
    leftwards: bool


def lay_rail(events: Sequence[Event], limits: tuple[float, float], zone: ZoneInfo, width: float) -> list[RailLabel]:
    """Return labels for `events` on a rail `width` inches wide from `limits[0]` to `limits[1]`.

    The first ones stand left of their ticks, each lower than the one before, the others right of them, each lower
    than the one after: so no tick crosses words. Where they part is chosen for the fewest rows.
    """
    scale = width / (limits[1] - limits[0])
    said = [f"{day_name(event.at)}  {event.words}" for event in events]
    at = [(days(event.at, zone) - limits[0]) * scale for event in events]
    wide = [text_width(text, RAIL_SIZE) + 0.16 for text in said]

    def rows(parting: int) -> list[int]:
        backwards = [-x for x in reversed(at[parting:])], list(reversed(wide[parting:]))
        return _stairs(at[:parting], wide[:parting]) + list(reversed(_stairs(*backwards)))

    def cost(parting: int) -> float:
        left = max((w - x for x, w in zip(at[:parting], wide[:parting], strict=True)), default=0.0)
        right = max((x + w - width for x, w in zip(at[parting:], wide[parting:], strict=True)), default=0.0)
        return max(rows(parting), default=0) + 50 * (max(0.0, left - 0.5) + max(0.0, right - 0.15))

    parting = min(range(len(events) + 1), key=cost)
    return [
        RailLabel(days(event.at, zone), text, row, n < parting)
        for n, (event, text, row) in enumerate(zip(events, said, rows(parting), strict=True))
    ]


def _stairs(at: Sequence[float], wide: Sequence[float]) -> list[int]:
    """Return rows for labels that end at `at` (rising) and begin `wide` before: below all whose tick they pass."""
    rows: list[int] = []
    for n, (end, width) in enumerate(zip(at, wide, strict=True)):
        rows.append(1 + max((rows[k] for k in range(n) if at[k] > end - width), default=-1))
    return rows


def rail_height(labels: Sequence[RailLabel]) -> float:
    """Return the height in inches the rail needs."""
    return RAIL_ROW * (1 + max((label.row for label in labels), default=-1))


def draw_rail(
    figure: Figure, box: tuple[float, float, float, float], labels: Sequence[RailLabel], above: Sequence[Axes]
) -> None:
    """Draw the rail in `box` (left, bottom, width, height in inches) and a thin line up through the axes `above`."""
    if not labels:
        return
    width, height = figure.get_size_inches()
    rail = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
    rail.set(xlim=above[0].get_xlim(), ylim=(box[3] / RAIL_ROW, 0))
    rail.axis("off")
    for label in labels:
        middle = label.row + 0.5
        rail.plot([label.at, label.at], [-0.2, middle + 0.35], color=MUTED, linewidth=0.8, clip_on=False)
        rail.annotate(
            label.words, (label.at, middle), (-4 if label.leftwards else 4, 0), textcoords="offset points",
            ha="right" if label.leftwards else "left", va="center", fontsize=RAIL_SIZE, color=INK,
        )  # fmt: skip
        for axes in above:
            axes.axvline(label.at, color=FAINT, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0.5)


def wrapped(text: str, width: float, size: float) -> str:
    """Return `text` broken into lines of at most `width` inches at `size` points."""
    per_character = text_width(text, size) / max(len(text), 1)
    return "\n".join(textwrap.wrap(text, max(10, int(width / max(per_character, 1e-6)))))
