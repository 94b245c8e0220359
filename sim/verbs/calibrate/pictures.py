"""The pictures of a calibration: figures and model, parameters, correlations, held-out figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.arrays import Floats
from sim.measures.quantiles import plain_quantiles
from sim.measures.reports import unit_of
from sim.plotting.colours import INK, MUTED, REPORTED
from sim.plotting.lettering import wrapped
from sim.plotting.result import Drawers
from sim.plotting.style import sheet, styled
from sim.verbs.calibrate.findings import TENSION, FigureFinding, Findings, ParameterFinding, binned, is_logarithmic
from sim.verbs.calibrate.fit import HeldOut, Range
from sim.verbs.calibrate.series_picture import series
from sim.verbs.calibrate.words import ends, interval, modelled, percent, quantity, source_words, verdict_words

WIDTH = 10.0
WORDS, PLOT, MODEL, EDGE = 3.25, 3.55, 2.6, 0.3
"""Inches: the figure in words, the scale, what the model says; the margin."""
HEAD, FOOT, ROW, HEADING = 1.2, 0.65, 0.68, 0.42
NARROW_CELL = 0.4
"""Inches below which a cell has no room for a number such as +0.3 in full size."""
SEEN = 30.0
"""Ratio to the reported figure, or its inverse, beyond which bands are cut off, unless the model lies there."""
LEGEND: dict[str, Any] = {
    "loc": "lower left",
    "borderpad": 0,
    "handlelength": 1.3,
    "columnspacing": 1.4,
    "handletextpad": 0.5,
    "borderaxespad": 0,
}
BEFORE, AFTER, BLUE = "#c3c8cd", "#8fbfe0", "#0072B2"
TIMES = (
    (1e-3, "1/1000"),
    (0.01, "1/100"),
    (0.1, "1/10"),
    (0.2, "1/5"),
    (0.5, "½"),
    (1, "1"),
    (2, "2"),
    (5, "5"),
    (10, "10"),
    (100, "100"),
    (1000, "1,000"),
)


@dataclass(frozen=True)
class Line:
    """One figure: `words` on the left, `bands` in its unit (widest first, colour, height), `notes` on the right.

    The last note is the verdict, in bold where it is `loud`.
    """

    words: tuple[str, ...]
    reported: float
    bound: int
    bands: tuple[tuple[Range, str, float], ...]
    notes: tuple[str, ...]
    loud: bool = False
    faint: bool = False


def drawers(findings: Findings) -> Drawers:
    """Return a function that draws each picture, by name, without pictures that would be empty."""
    functions = {"figures": figures} if findings.figures else {}
    functions["parameters"] = parameters
    if findings.fit.evidence is not None and findings.fit.evidence.series:
        functions["series"] = series
    if len(findings.parameters) > 1:
        functions["correlations"] = correlations
    if findings.held_out:
        functions["held_out"] = held_out
    return {name: partial(draw, findings) for name, draw in functions.items()}


@styled
def figures(findings: Findings) -> Picture:
    """Draw every figure with what reporters would say before and after the fit, as multiples of the reported figure."""
    groups: dict[str, list[Line]] = {"fitted": [], "not fitted, only predicted": [], "rejected": []}
    for finding in findings.figures:
        rejected = finding.verdict == "rejected"
        name = "rejected" if rejected else "fitted" if finding.target.fitted else "not fitted, only predicted"
        groups[name].append(_figure_line(finding, rejected))
    how = "bars: 90 % of the reports expected from the model; arrow: bound, truth on that side; triangle: bar continues"
    marks = [
        Patch(color=BEFORE, label="expected, prior"),
        Patch(color=AFTER, label="expected, posterior"),
        Line2D([], [], color=BLUE, linewidth=5, label="the model's own figure"),
        _reported_mark(),
    ]
    return _lines("Reported figures and the fitted model", how, groups, marks)


@styled
def held_out(findings: Findings) -> Picture:
    """Draw every held-out figure with its prediction from the others, as multiples of the reported figure."""
    groups = {"": [_held_out_line(findings, prediction) for prediction in findings.held_out]}
    for block in findings.blocks:
        ess = f"ESS {block.ess:,.0f}{'' if block.reliable else ': unreliable'}"
        lines = [_held_out_line(findings, prediction) for prediction in block.predictions]
        groups[f"all {block.name} ({ess})"] = lines
    marks = [Patch(color=AFTER, label="predicted from the other figures, 90 %"), _reported_mark()]
    how = "each figure held out in turn, then all of a day or kind, with the reports expected from the others"
    return _lines("Held-out figures", how, groups, marks)


def _held_out_line(findings: Findings, prediction: HeldOut) -> Line:
    target, row, reports = prediction.target, prediction.target.row, prediction.reports
    inside = prediction.tail >= TENSION
    verdict = f"{'inside' if inside else 'outside'}, tail {percent(prediction.tail)}"
    return Line(
        words=(findings.label(target), source_words(row)),
        reported=target.reported,
        bound=target.bound,
        bands=((reports, AFTER, 0.4),),
        notes=(modelled(reports, unit_of(row)), verdict),
        loud=not inside,
    )


def _figure_line(finding: FigureFinding, faint: bool) -> Line:
    target = finding.target
    return Line(
        words=(finding.label, source_words(target.row)),
        reported=target.reported,
        bound=target.bound,
        bands=((finding.reports_before, BEFORE, 0.46), (finding.reports, AFTER, 0.28), (finding.model, BLUE, 0.1)),
        notes=(
            f"model {modelled(finding.model, finding.unit)}",
            f"expected {ends(finding.reports)[1:-1]}",
            f"{verdict_words(finding)}, tail {percent(finding.tail)}",
        ),
        loud=finding.in_tension,
        faint=faint,
    )


def _lines(title: str, how: str, groups: dict[str, list[Line]], marks: Sequence[Artist]) -> Picture:
    """Return a picture with a row for every line, in groups with a heading; empty groups are omitted."""
    groups = {name: lines for name, lines in groups.items() if lines}
    inner = ROW * sum(map(len, groups.values())) + HEADING * sum(1 for name in groups if name)
    height = HEAD + max(inner, ROW) + FOOT
    figure = sheet(WIDTH, height)
    _heading(figure, title, how)
    axes = figure.add_axes(((EDGE + WORDS) / WIDTH, FOOT / height, PLOT / WIDTH, max(inner, ROW) / height))
    axes.set_ylim(max(inner, ROW), 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    _times_scale(axes, [line for lines in groups.values() for line in lines])
    axes.legend(
        handles=marks,
        bbox_to_anchor=(EDGE / WIDTH, 1 - 1.12 / height),
        ncols=4,
        bbox_transform=figure.transFigure,
        **LEGEND,
    )
    at = 0.0
    for name, lines in groups.items():
        if name:
            axes.annotate(
                name,
                (0, at + 0.62 * HEADING),
                (-72 * WORDS, 0),
                xycoords=("axes fraction", "data"),
                va="center",
                textcoords="offset points",
                fontweight="bold",
                fontsize=11,
            )
            at += HEADING
        for line in lines:
            _draw(axes, line, at + ROW / 2)
            at += ROW
    return figure


def _draw(axes: Axes, line: Line, at: float) -> None:
    """Draw one line: bands, medians, the reported figure, and the words on both sides."""
    for span, colour, tall in line.bands:
        low, _, high = (value / line.reported for value in span)
        axes.fill_betweenx([at - tall / 2, at + tall / 2], low, high, color=colour, linewidth=0, zorder=2)
        _mark_cut(axes, (low, high), at, colour)
    span, _, tall = line.bands[-1]
    axes.plot([span.median / line.reported] * 2, [at - 0.14, at + 0.14], color=INK, linewidth=1.6, zorder=3)
    colour = MUTED if line.faint else REPORTED
    axes.plot(
        1,
        at,
        marker="D",
        markersize=6.5,
        color=colour,
        markeredgewidth=1.6,
        zorder=5,
        markerfacecolor="white",
    )
    if line.bound:
        axes.annotate(
            "",
            (1, at),
            (26 * line.bound, 0),
            textcoords="offset points",
            zorder=4,
            arrowprops={"arrowstyle": "<-", "color": colour, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0},
        )
    _write(axes, at, (0, -72 * WORDS, WORDS - 0.08), line.words, MUTED if line.faint else INK)
    _write(axes, at, (1, 10, MODEL), line.notes, MUTED if line.faint else INK, loud=line.loud)


def _mark_cut(axes: Axes, ends: tuple[float, float], at: float, colour: str) -> None:
    """Mark a band that continues beyond an edge of the scale with a triangle."""
    left, right = axes.get_xlim()
    for edge, marker, beyond in ((left, "<", ends[0] < left), (right, ">", ends[1] > right)):
        if beyond:
            axes.plot(edge, at, marker=marker, color=colour, markersize=8, clip_on=False, zorder=2)


def _write(
    axes: Axes, at: float, where: tuple[float, float, float], words: Sequence[str], colour: str, loud: bool = False
) -> None:
    """Write `words` below each other beside a row; `where` is a side of the axes, a shift (points) and a width (in)."""
    side, shift, width = where
    lines = [wrapped(text, width, 9 if n else 10) for n, text in enumerate(words)]
    up = 6.5 * sum(text.count("\n") + 1 for text in lines)
    for n, text in enumerate(lines):
        bold = loud and n == len(lines) - 1
        axes.annotate(
            text,
            (side, at),
            (shift, up),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="top",
            annotation_clip=False,
            fontsize=9 if n else 10,
            color=MUTED if n and not bold else colour,
            linespacing=1.15,
            fontweight="bold" if bold else "normal",
        )
        up -= 13 * (text.count("\n") + 1)


def _times_scale(axes: Axes, lines: Sequence[Line]) -> None:
    """Scale `axes` logarithmically, in multiples of the reported figure, to show the model and most of every band."""
    ratios = [value / line.reported for line in lines for value in line.bands[-1][0]]
    limits = [value / line.reported for line in lines for span, _, _ in line.bands for value in span]
    ratios += np.clip(limits, 1 / SEEN, SEEN).tolist()
    low, high = max(min([0.5, *ratios]), 1e-3) / 1.15, min(max([2.0, *ratios]), 1e3) * 1.15
    axes.set(xscale="log", xlim=(low, high), xlabel="multiple of the reported figure")
    ticks = [(at, label) for at, label in TIMES if low <= at <= high]
    axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks])
    axes.set_xticks([], minor=True)
    axes.grid(axis="x")
    axes.axvline(1, color=REPORTED, linewidth=1, zorder=1)


def _reported_mark() -> Line2D:
    return Line2D(
        [],
        [],
        color=REPORTED,
        marker="D",
        markersize=6.5,
        markeredgewidth=1.6,
        markerfacecolor="white",
        linestyle="none",
        label="reported",
    )


def _heading(figure: Picture, title: str, how: str) -> None:
    height = figure.get_size_inches()[1]
    figure.text(EDGE / WIDTH, 1 - 0.16 / height, title, fontsize=15, fontweight="bold", va="top")
    figure.text(EDGE / WIDTH, 1 - 0.48 / height, how, fontsize=10.5, color=MUTED, va="top")


@styled
def parameters(findings: Findings) -> Picture:
    """Draw the prior and posterior density of every parameter, and the point estimate, in small multiples."""
    across, tall, wide, gap = 3, 1.15, 2.85, 1.25
    down = -(-len(findings.parameters) // across)
    height = HEAD + 0.45 + down * (tall + gap) - 0.5
    figure = sheet(WIDTH, height)
    _heading(figure, "Prior and posterior of the parameters", "probability densities before and after the fit")
    for n, finding in enumerate(findings.parameters):
        left, top = EDGE + (n % across) * (wide + 0.42), height - HEAD - 0.45 - (n // across) * (tall + gap)
        axes = figure.add_axes((left / WIDTH, (top - tall) / height, wide / WIDTH, tall / height))
        _densities(axes, findings, n)
        lines = wrapped(finding.label, 0.86 * wide, 10.5).splitlines()
        axes.set_title("\n".join(lines[:2]) + (" …" if len(lines) > 2 else ""), fontsize=10.5, pad=4, linespacing=1.1)
        axes.set_xlabel(_parameter_note(finding), fontsize=9.5, loc="left")
    marks = [
        Patch(color=BEFORE, label="prior"),
        Patch(facecolor=AFTER, edgecolor=BLUE, label="posterior"),
        Line2D([], [], color=REPORTED, label="most probable set of values"),
    ]
    figure.legend(
        handles=marks,
        bbox_to_anchor=(EDGE / WIDTH, 1 - 1.02 / height),
        ncols=3,
        **LEGEND,
    )
    return figure


def _parameter_note(finding: ParameterFinding) -> str:
    return f"{finding.name}: {interval(finding.posterior, finding.unit)}\n{finding.identification}"


def _densities(axes: Axes, findings: Findings, column: int) -> None:
    """Draw the densities of one parameter in its own unit, over the range of the two samples."""
    fit, finding = findings.fit, findings.parameters[column]
    prior = fit.loaded.calibration.parameters[finding.name]
    logs, limits = is_logarithmic(prior), (prior.prior.low, prior.prior.high)
    spans = [plain_quantiles(sample.values[:, column], (0.002, 0.998)) for sample in (fit.prior, fit.posterior)]
    at = np.linspace(min(span[0] for span in spans), max(span[1] for span in spans), 240)
    for sample, face, line, front in ((fit.prior, BEFORE, "none", 1), (fit.posterior, AFTER, BLUE, 2)):
        values = sample.values[:, column]
        if logs:
            ends = [None if end is None else float(np.log(end)) for end in limits]
            curve = density(np.log(at), np.log(values), sample.weights, ends) / at
        else:
            curve = density(at, values, sample.weights, limits)
        axes.fill_between(at, curve, facecolor=face, edgecolor=line, linewidth=1.2, alpha=0.85, zorder=front)
    axes.axvline(finding.point, color=REPORTED, linewidth=1.8, zorder=3)
    axes.set(ylim=(0, None), xlim=(at[0], at[-1]), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda value, _: quantity(value, finding.unit))


def density(at: Floats, values: Floats, weights: Floats, ends: Sequence[float | None]) -> Floats:
    """Return the density of a weighted sample (N,) at the points `at` (T,), mirrored at the `ends` of its range.

    Gaussian kernel, with the width of Silverman (1986) for the effective sample size.
    """
    size, mean = 1 / np.square(weights).sum(), weights @ values
    width = 0.9 * np.sqrt(weights @ np.square(values - mean)) * size**-0.2
    centres, mass = binned(values, weights)
    total = np.zeros(len(at))
    for mirrored in (centres, *(2 * end - centres for end in ends if end is not None)):
        steps = (at[:, None] - mirrored[None, :]) / width
        total += np.exp(-0.5 * np.square(steps)) @ mass / (width * np.sqrt(2 * np.pi))
    return total


@styled
def correlations(findings: Findings) -> Picture:
    """Draw the posterior correlations between the parameters, with numbers from 0.1 on (in narrow cells 0.3)."""
    names = [finding.name.replace("_", " ") for finding in findings.parameters]
    count = len(names) - 1
    cell, left, below = min(0.64, 7 / count), 2.0, 1.4
    inner = cell * count
    height = max(inner, 2.0) + below + 1.05
    figure = sheet(WIDTH, height)
    how = "after the fit; strong colours: the figures determine the two jointly better than separately"
    _heading(figure, "Correlations between the parameters", how)
    axes = figure.add_axes((left / WIDTH, below / height, inner / WIDTH, inner / height))
    shown = np.where(np.tri(count, dtype=bool), findings.correlations[1:, :-1], np.nan)
    image = axes.imshow(shown, cmap="PuOr", vmin=-1, vmax=1)
    narrow = cell < NARROW_CELL
    for row, column in zip(*np.nonzero(np.abs(np.nan_to_num(shown)) >= (0.3 if narrow else 0.1)), strict=True):
        value = float(shown[row, column])
        colour = "white" if abs(value) > 0.7 else INK
        written = f"{value:+.1f}".replace("-", "−")
        if narrow:
            written = written.replace("0.", ".")
        axes.text(column, row, written, ha="center", va="center", color=colour, fontsize=6 if narrow else 10)
    axes.set_xticks(range(count), names[:-1], rotation=45, ha="right", rotation_mode="anchor", color=INK)
    axes.set_yticks(range(count), names[1:], color=INK)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    at = min(left + inner + 0.3, 8.0)
    scale = figure.add_axes((at / WIDTH, (height - 1.05 - 1.7) / height, 0.16 / WIDTH, 1.7 / height))
    ends = ["−1: one up, one down", "0: independent", "+1: both up"]
    figure.colorbar(image, cax=scale, ticks=[-1, 0, 1]).ax.set_yticklabels(ends)
    return figure
