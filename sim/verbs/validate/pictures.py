"""The pictures of a validation: figures with the bands of the reports expected, and the joint checks of pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.arrays import Floats
from sim.plotting.colours import INK, MUTED, REPORTED, VALIDATION, number
from sim.plotting.lettering import wrapped
from sim.plotting.result import Drawers
from sim.plotting.story import window
from sim.plotting.style import sheet, styled
from sim.verbs.validate.pairs import Pair
from sim.verbs.validate.study import MODEL, ScoredRow, Validation
from sim.verbs.validate.words import FAR, band, percent, verdict

WIDTH, WORDS, PLOT, NOTES, EDGE = 11.0, 3.9, 4.0, 2.5, 0.3
"""Inches: the sheet, the figure in words, the scale, what is expected; the margin."""
DATES = 1.25
"""Inches of the column of dates, within WORDS."""
HEAD, FOOT, ROW, HEADING = 0.95, 0.75, 0.62, 0.42
SEEN = 12.0
"""Factor beyond which bands are cut off."""
WIDE, NARROW = "#c6dcec", "#6aa6d1"
TICKS = ((0.1, "1/10"), (0.2, "1/5"), (0.5, "½"), (1, "1"), (2, "2"), (5, "5"), (10, "10"))


def drawers(validation: Validation) -> Drawers:
    """Return a function that draws each picture, by its name; without pairs there is no picture of them."""
    drawn: dict[str, Callable[[], Figure]] = {"validation": partial(bands, validation)}
    if validation.pairs:
        drawn["pairs"] = partial(together, validation)
    return drawn


@styled
def bands(validation: Validation) -> Figure:
    """Draw every figure with the 50 and 90 % bands of the reports expected, as multiples of the reported figure."""
    groups: dict[str, list[ScoredRow]] = {}
    for row in sorted(validation.rows, key=lambda row: (row.target.row.from_, row.target.row.until)):
        groups.setdefault("fitted (in sample)" if row.target.fitted else row.status, []).append(row)
    inner = sum(HEADING + ROW * len(rows) for rows in groups.values())
    height = HEAD + inner + FOOT
    figure = sheet(WIDTH, height)
    _heading(figure, validation, height)
    axes = figure.add_axes(((EDGE + WORDS) / WIDTH, FOOT / height, PLOT / WIDTH, inner / height))
    _scale(axes, validation.rows, inner)
    at = 0.0
    for status, rows in groups.items():
        _write(axes, at + 0.62 * HEADING, (0, -72 * WORDS), status, fontsize=12, fontweight="bold")
        at += HEADING
        for row in rows:
            _draw(axes, row, at + ROW / 2)
            at += ROW
    return figure


def _heading(figure: Figure, validation: Validation, height: float) -> None:
    title = f"Reported and expected: {validation.loaded.central.scenario.title}"
    figure.text(EDGE / WIDTH, 1 - 0.14 / height, title, fontsize=16, fontweight="bold", va="top")
    marks = [
        Patch(color=NARROW, label="50 % of the reports expected"),
        Patch(color=WIDE, label="90 %"),
        Line2D([], [], color=INK, linewidth=2.2, linestyle="none", marker="|", markersize=12, label="median"),
        Line2D(
            [],
            [],
            color=REPORTED,
            marker="D",
            markersize=7,
            linestyle="none",
            markerfacecolor="white",
            label="reported",
        ),
    ]
    if any(row.first for row in validation.rows):
        version = next(row.first.version for row in validation.rows if row.first)
        name = f"mean at the first score ({version})"
        marks.append(Line2D([], [], color=VALIDATION, marker="x", markersize=7, linestyle="none", label=name))
    figure.legend(
        handles=marks,
        loc="upper left",
        bbox_to_anchor=(EDGE / WIDTH, 1 - 0.55 / height),
        ncols=5,
        borderpad=0,
        borderaxespad=0,
        handlelength=1.3,
        columnspacing=1.2,
    )


def _scale(axes: Axes, rows: tuple[ScoredRow, ...], inner: float) -> None:
    ends = [end / row.target.reported for row in rows for end in (row.scores[MODEL].low, row.scores[MODEL].high)]
    ends += [row.first.mean / row.target.reported for row in rows if row.first]
    ends = np.clip(ends, 1 / SEEN, SEEN).tolist()
    low, high = min([0.5, *ends]) / 1.1, max([2.0, *ends]) * 1.1
    axes.set(xscale="log", xlim=(low, high), ylim=(inner, 0), xlabel="multiple of the reported figure")
    ticks = [(at, label) for at, label in TICKS if low <= at <= high]
    axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks], fontsize=11)
    axes.set_xticks([], minor=True)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.axvline(1, color=REPORTED, linewidth=1.2, zorder=1)


def _draw(axes: Axes, row: ScoredRow, at: float) -> None:
    """Draw one figure: bands, median, report, first score, and the words on both sides."""
    score, reported = row.scores[MODEL], row.target.reported
    for ends, colour, tall in (((score.low, score.high), WIDE, 0.34), ((score.lower, score.upper), NARROW, 0.34)):
        low, high = (end / reported for end in ends)
        axes.fill_betweenx([at - tall / 2, at + tall / 2], low, high, color=colour, linewidth=0, zorder=2)
    axes.plot([score.median / reported] * 2, [at - 0.17, at + 0.17], color=INK, linewidth=2, zorder=3)
    axes.plot(1, at, marker="D", markersize=7, color=REPORTED, markerfacecolor="white", markeredgewidth=1.7, zorder=5)
    if row.target.bound:
        arrow = {"arrowstyle": "<-", "color": REPORTED, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (1, at), (26 * row.target.bound, 0), textcoords="offset points", zorder=4, arrowprops=arrow)
    if row.first:
        where = float(np.clip(row.first.mean / reported, *axes.get_xlim()))
        axes.plot(where, at, marker="x", markersize=7, markeredgewidth=1.8, color=VALIDATION, zorder=4)
    words = wrapped(row.label, WORDS - DATES - 0.1, 10.5)
    _write(axes, at, (0, -72 * WORDS), window(row.target.row), fontweight="bold")
    _write(axes, at, (0, -72 * (WORDS - DATES)), words)
    loud = "normal" if score.inside_90 else "bold"
    text = f"expected {band(score)}\n{verdict(row, score)}"
    _write(axes, at, (1, 10), text, fontsize=10, color=MUTED if score.inside_90 else INK, fontweight=loud)


def _write(
    axes: Axes,
    at: float,
    where: tuple[float, float],
    text: str,
    **style: Any,
) -> None:
    """Write beside a row; `where` is a side of the axes and a shift in points."""
    axes.annotate(
        text,
        (where[0], at),
        (where[1], 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
        linespacing=1.15,
        **{"fontsize": 10.5, "color": INK, **style},
    )


@styled
def together(validation: Validation) -> Figure:
    """Draw the pairs of figures that are farthest out, one for each two quantities: reports expected, and reported."""
    chosen = farthest(validation.pairs)
    rows = -(-len(chosen) // COLUMNS)
    height = PANEL * rows + 1.15
    figure = sheet(WIDTH, height)
    title = f"Two figures at once: {validation.loaded.central.scenario.title}"
    figure.text(EDGE / WIDTH, 1 - 0.14 / height, title, fontsize=16, fontweight="bold", va="top")
    marks = [
        Line2D([], [], color=NARROW, marker=".", linestyle="none", label="pairs of reports expected"),
        Line2D([], [], color=INK, linewidth=1.4, label="90 % of them"),
        Line2D([], [], color=REPORTED, marker="D", markersize=7, linestyle="none", label="reported"),
    ]
    where = (EDGE / WIDTH, 1 - 0.52 / height)
    figure.legend(handles=marks, loc="upper left", bbox_to_anchor=where, ncols=3, borderpad=0, borderaxespad=0)
    for axes, pair in zip(panels(figure, len(chosen)), chosen, strict=True):
        _draw_pair(axes, pair)
    return figure


def panels(figure: Figure, number: int) -> list[Axes]:
    """Return so many panels below the heading, row by row."""
    rows, height = -(-number // COLUMNS), figure.get_figheight()
    grid = figure.add_gridspec(
        rows, COLUMNS, left=0.12, right=0.985, top=1 - 1.2 / height, bottom=0.62 / height, wspace=0.55, hspace=0.62
    )
    return [figure.add_subplot(grid[k // COLUMNS, k % COLUMNS]) for k in range(number)]


COLUMNS, PANEL, PANELS, POINTS, MOST_OFTEN, MOST_TICKS = 3, 3.1, 9, 400, 2, 4
"""Panels in a row, height of one (in), most panels, points in one, panels with one figure, and numbers on an axis."""


def farthest(pairs: tuple[Pair, ...]) -> list[Pair]:
    """Return the pair that is farthest out of each two quantities, no figure too often; at most PANELS."""
    chosen: dict[frozenset[str], Pair] = {}
    shown: Counter[str] = Counter()
    for pair in pairs:
        ids = [side.target.row.id for side in (pair.first, pair.second)]
        both = frozenset(side.target.row.quantity for side in (pair.first, pair.second))
        if both not in chosen and max(shown[name] for name in ids) < MOST_OFTEN:
            chosen[both] = pair
            shown.update(ids)
    return list(chosen.values())[:PANELS]


def _draw_pair(axes: Axes, pair: Pair) -> None:
    points = pair.reports[:: max(1, len(pair.reports) // POINTS)]
    axes.plot(*points.T, color=NARROW, marker=".", markersize=3, linestyle="none", alpha=0.6)
    logs = np.log(pair.reports)
    turns = np.linspace(0, 2 * np.pi, 181)
    reach = np.sqrt(np.quantile(np.square(_distances(logs)), 0.9))
    circle = reach * np.linalg.cholesky(np.cov(logs.T)) @ (np.cos(turns), np.sin(turns))
    ellipse = np.exp(logs.mean(axis=0)[:, None] + circle)
    axes.plot(*ellipse, color=INK, linewidth=1.4)
    reported = [side.target.reported for side in (pair.first, pair.second)]
    axes.plot(*reported, marker="D", markersize=8, color=REPORTED, markeredgecolor="white", zorder=5)
    axes.set(xscale="log", yscale="log")
    figure, place = axes.get_figure(root=True), axes.get_position()
    assert figure is not None
    room = np.multiply(place.size, figure.get_size_inches())
    for axis, side, name in ((axes.xaxis, pair.first, "x"), (axes.yaxis, pair.second, "y")):
        ends = np.quantile(pair.reports[:, "xy".index(name)], [0.005, 0.995])
        drawn = [*ends, *ellipse["xy".index(name)], side.target.reported]
        ends = np.array([min(drawn) / 1.15, max(drawn) * 1.15])
        getattr(axes, f"set_{name}lim")(ends)
        shown = _ticks(ends)
        axis.set_ticks(shown, [number(tick) for tick in shown], fontsize=9)
        axis.set_ticks([], minor=True)
        text = f"{window(side.target.row)}: {side.label}"
        axis.set_label_text(wrapped(text, room["xy".index(name)], 9), fontsize=9)
    axes.set_title(f"tail {percent(pair.tail)}", fontsize=10, loc="right", color=INK if pair.tail < FAR else MUTED)


def _ticks(ends: Floats) -> list[float]:
    """Return round numbers between the ends of a logarithmic axis, as many as fit beside each other."""
    choices = [[tick for tick in MaxNLocator(3).tick_values(*ends) if ends[0] <= tick <= ends[1]]]
    for digits in ((1, 1.5, 2, 3, 4, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [digit * 10.0**power for power in range(-3, 9) for digit in digits]
        choices.append([tick for tick in ticks if ends[0] <= tick <= ends[1]])
    for step in (2, 3, 4):
        choices.append([10.0**power for power in range(-12, 12, step) if ends[0] <= 10.0**power <= ends[1]])
    return next((shown for shown in choices[1:] if 1 < len(shown) <= MOST_TICKS), choices[0])


def _distances(logs: Floats) -> Floats:
    """Return Mahalanobis distances of points (N, 2) from their mean, (N,)."""
    apart = logs - logs.mean(axis=0)
    return np.asarray(np.sqrt(np.einsum("ni,ij,nj->n", apart, np.linalg.inv(np.cov(logs.T)), apart)))
