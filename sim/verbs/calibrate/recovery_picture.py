"""The picture of a simulation-based calibration: coverage of every parameter and figure, and the ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.stats import kstwo

from sim.plotting.colours import INK, MUTED, REPORTED
from sim.plotting.lettering import wrapped
from sim.plotting.rail import words
from sim.plotting.style import sheet, styled
from sim.verbs.calibrate.recovery import Recovery
from sim.verbs.calibrate.recovery_tables import KINDS, LEVELS, Row, names_of, rows_of

WIDTH, EDGE, HEAD, FOOT = 10.0, 0.3, 1.35, 0.6
ROW, NAMES, COVERAGE, RANKS = 0.21, 2.2, 3.4, 2.9
"""Inches: a row; widths of the names, of the coverage and of the ranks."""
COLOURS = ("#56B4E9", "#0072B2")
ALLOWED = "#e3e6e9"
OUTSIDE = 0.05
"""Probability with which correct ranks leave their band somewhere."""


@styled
def picture_of(found: Recovery) -> Picture:
    """Draw the coverage of the intervals with binomial intervals, and the ranks against a uniform distribution."""
    rows = rows_of(found)
    inner = ROW * (len(rows) + len(KINDS) + 0.5)
    height = HEAD + inner + FOOT
    figure = sheet(WIDTH, height)
    under = f" under {', '.join(map(words, found.interventions))}" * bool(found.interventions)
    title = f"Simulation-based calibration{under}"
    figure.text(EDGE / WIDTH, 1 - 0.16 / height, title, fontsize=15, fontweight="bold", va="top")
    fitted = ", fitted without it" * bool(found.interventions)
    how = f"{len(found.parts)} worlds{fitted}; left: how often the intervals hold the truth; right: ranks minus uniform"
    figure.text(EDGE / WIDTH, 1 - 0.48 / height, how, fontsize=10.5, color=MUTED, va="top")
    axes = figure.add_axes(((EDGE + NAMES) / WIDTH, FOOT / height, COVERAGE / WIDTH, inner / height))
    _coverage(axes, rows, inner)
    tall = (inner - 0.75 * (len(KINDS) - 1)) / len(KINDS)
    for n, kind in enumerate(KINDS):
        top = HEAD + n * (tall + 0.75)
        box = (
            (WIDTH - EDGE - RANKS) / WIDTH,
            (height - top - min(tall, 3.2)) / height,
            RANKS / WIDTH,
            min(tall, 3.2) / height,
        )
        _ranks(figure.add_axes(box), found, kind)
    marks = [
        *(
            Line2D([], [], color=colour, marker="o", markersize=5, label=f"{level} % interval")
            for level, colour in zip(LEVELS, COLOURS, strict=True)
        ),
        Patch(color=ALLOWED, label=f"correct ranks: all inside in {100 * (1 - OUTSIDE):.0f} %"),
    ]
    figure.legend(
        handles=marks, loc="lower left", bbox_to_anchor=(EDGE / WIDTH, 1 - 1.02 / height), ncols=3, borderaxespad=0
    )
    return figure


def _coverage(axes: Axes, rows: Sequence[Row], inner: float) -> None:
    axes.set(xlim=(0, 1.02), ylim=(inner, 0), yticks=[], xlabel="share of the worlds (lines: 95 % confidence)")
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    for level in LEVELS:
        axes.axvline(level / 100, color=REPORTED, linewidth=1, zorder=1)
    at = -ROW / 2
    for row in rows:
        head = row.name == "all"
        at += ROW * (2 if head else 1)
        label = KINDS[row.kind] if head else words(row.name)
        axes.annotate(
            label,
            (0, at),
            (-72 * NAMES, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=10 if head else 9,
            fontweight="bold" if head else "normal",
            color=INK,
            annotation_clip=False,
        )
        for coverage, colour in zip(row.coverage, COLOURS, strict=True):
            axes.plot([coverage.low, coverage.high], [at, at], color=colour, linewidth=3 if head else 1.6, zorder=2)
            axes.plot(coverage.share, at, marker="o", markersize=6 if head else 4, color=colour, zorder=3)


def _ranks(axes: Axes, found: Recovery, kind: str) -> None:
    """Draw the empirical distribution of the ranks minus the uniform one, with the band of Kolmogorov.

    The band holds for all names of the kind together (Bonferroni).
    """
    ranks = np.sort(found.places(kind), axis=0)
    count, names = len(ranks), names_of(found, kind)
    half = float(kstwo.ppf(1 - OUTSIDE / len(names), count))
    axes.axhspan(-half, half, color=ALLOWED, zorder=0)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    levels = (np.arange(count) + 0.5) / count
    for name, column in zip(names, ranks.T, strict=True):
        off = levels - column
        far = np.abs(off).max() > half
        axes.plot(column, off, color=REPORTED if far else COLOURS[1], linewidth=1.4 if far else 0.7, alpha=0.8)
        if far:
            at = int(np.abs(off).argmax())
            side = "right" if column[at] > 0.5 else "left"
            axes.annotate(words(name), (column[at], off[at]), fontsize=8, color=REPORTED, ha=side)
    most = max(1.25 * half, 1.1 * float(np.abs(levels[:, None] - ranks).max()))
    axes.set(xlim=(0, 1), ylim=(-most, most), xlabel="rank of the truth in its posterior")
    axes.set_title(wrapped(KINDS[kind], RANKS, 10), fontsize=10, loc="left")
