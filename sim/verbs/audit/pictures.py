"""The picture of an audit: for each quantity, the reported figures and what other figures imply, as intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from sim.plotting.colours import FAINT, INK, MUTED, REPORTED, number
from sim.plotting.lettering import text_width
from sim.plotting.result import Drawers
from sim.plotting.story import window
from sim.plotting.style import sheet, styled
from sim.verbs.audit.arithmetic import Range
from sim.verbs.audit.figures import Figure, Finding, hourly
from sim.verbs.audit.study import Audit
from sim.verbs.audit.tables import TITLE
from sim.verbs.audit.words import dated, middle, short, span

IMPLIED = "#0072B2"
BAND = "#d5dce2"
INNER, EDGE = 4.9, 0.3
ROW, HEAD, GAP, FOOT, NOTE_LINE, LABEL = 0.36, 0.95, 1.05, 0.75, 0.17, 10.5
NOTE_LETTERS = 13.6
"""Letters of the note per inch."""
NOTE = (
    "Orange: reported; blue: implied by two figures, or by one and the scenario; grey: rejected. Point: printed "
    "number; thick bar: its rounding, with an arrow for a bound; dotted: two bounds, any value is possible; thin "
    "line: error of nine of ten such reports. Shaded: assumption of the scenario, over the priors of its parameters."
)


@dataclass(frozen=True)
class Bar:
    """One interval: its label, the number as printed, the range in which the truth is believed to lie, and a note."""

    label: str
    printed: Range
    believed: Range
    note: str
    implied: bool = False
    rejected: bool = False


@dataclass(frozen=True)
class Panel:
    """One quantity with its bars; `bands` are the assumptions of the scenario, with a label for each."""

    title: str
    label: str
    bars: tuple[Bar, ...]
    bands: tuple[tuple[Range, str], ...] = ()


def drawers(audit: Audit) -> Drawers:
    """Return a function that draws the picture of each crossing, by name, without pictures that would be empty."""
    crossings = list(dict.fromkeys(figure.row.crossing for figure in audit.figures))
    functions: Drawers = {}
    for crossing in crossings:
        panels = [_used_first(panel) for panel in _panels(audit, crossing) if panel.bars]
        if panels:
            name = "audit" if len(crossings) == 1 else f"audit_{crossing}"
            functions[name] = partial(draw, audit, crossing, panels)
    return functions


def _panels(audit: Audit, crossing: str) -> Iterator[Panel]:
    figures = [figure for figure in audit.figures if figure.row.crossing == crossing and not figure.repeats]
    findings = [finding for finding in audit.findings if finding.figures[0].row.crossing == crossing]
    rates = [finding for finding in findings if finding.kind == "rate"]
    through = tuple(dict.fromkeys(finding.figures[1].row.classes[0] for finding in rates))
    bands = [
        (
            audit.assumed.capacity(crossing, name),
            f"capacity of the stations, {audit.assumed.middle.class_words[name]} only",
        )
        for name in through
    ]
    flows = [figure for figure in figures if figure.row.quantity == "crossed_parties"]
    who = {name for figure in figures for name in figure.row.classes if figure.row.kind.unit != "people"}
    units = "vehicles" if who <= set(audit.assumed.middle.vehicles) else "parties"
    yield Panel("Through the queue", f"{units} per hour", tuple(_rates(audit, rates, flows)), tuple(bands[:1]))
    stocks = [figure for figure in figures if figure.row.quantity == "queue"]
    yield Panel("Waiting", units, tuple(_stocks(stocks, findings)))
    road = [finding for finding in findings if finding.kind == "road"]
    classes = tuple(dict.fromkeys(chain.from_iterable(finding.figures[0].row.classes for finding in road)))
    yield Panel(
        "Room on the road",
        "metres of a single file per vehicle",
        tuple(_bar(finding, f"{middle(finding.needs[0].amount)} abreast") for finding in road),
        tuple(
            (audit.assumed.spacing((name,)), audit.assumed.middle.class_words[name])
            for name in classes
            if name in audit.assumed.middle.vehicles
        ),
    )
    each = [finding for finding in findings if finding.kind == "people" and finding.unit != "people"]
    spread = tuple((finding.beside, "in the scenario") for finding in each[:1] if finding.beside)
    yield Panel("People", f"people per {'vehicle' if units == 'vehicles' else 'party'}", tuple(map(_bar, each)), spread)


def _used_first(panel: Panel) -> Panel:
    return replace(panel, bars=tuple(sorted(panel.bars, key=lambda bar: bar.rejected)))


def _bar(finding: Finding, note: str = "") -> Bar:
    one, other = finding.figures[:2]
    joined = " in " if finding.kind == "rate" else " over " if finding.kind == "road" else ", "
    when = window(one.row) if window(one.row) == window(other.row) else f"{window(one.row)}, {window(other.row)}"
    label = f"{short(one)}{joined}{short(other)} ({when})"
    value = middle(finding.implied, finding.unit if finding.unit != "people/party" else "")
    note = f"{value}: {note}" if note else value
    return Bar(label, finding.implied, finding.believed, note, implied=True, rejected=finding.rejected)


def _rates(audit: Audit, rates: Iterable[Finding], flows: Iterable[Figure]) -> Iterator[Bar]:
    yield from {finding.figures[:2]: _bar(finding, "main queue") for finding in rates}.values()
    for figure in flows:
        printed, believed = hourly(figure, audit.assumed), hourly(figure, audit.assumed, believed=True)
        note = f"{span(printed, 'parties/h')}: all, outbound"
        yield Bar(dated(figure), printed, believed, note, rejected=figure.row.status == "rejected")


def _stocks(stocks: Iterable[Figure], findings: Sequence[Finding]) -> Iterator[Bar]:
    for figure in stocks:
        qualifier = "" if figure.row.qualifier == "=" else figure.row.qualifier
        note = f"{qualifier} {number(figure.printed.mid)}".lstrip()
        yield Bar(dated(figure), figure.printed, figure.believed, note, rejected=figure.row.status == "rejected")
    shown = set()
    for finding in findings:
        needs = {need.what: need.amount for need in finding.needs}
        *_, last = finding.figures
        if finding.rejected or last in shown:
            continue
        if finding.kind == "road":
            shown.add(last)
            label = f"{short(last)} of road ({window(last.row)}), if {_who(finding)} only"
            yield Bar(label, needs["stands"], needs["stands"], span(needs["stands"]), implied=True)
        elif "queue" in needs:
            shown.add(last)
            label = f"{short(finding.figures[1])} at {span(finding.beside or last.printed, 'parties/h')}"
            yield Bar(label, needs["queue"], needs["queue"], span(needs["queue"]), implied=True)


def _who(finding: Finding) -> str:
    return " and ".join(finding.figures[0].row.words_for((name,)) for name in finding.figures[0].row.classes)


@styled
def draw(audit: Audit, crossing: str, panels: Sequence[Panel]) -> Sheet:
    """Draw the panels of one crossing below each other, on logarithmic axes."""
    bars = [bar for panel in panels for bar in panel.bars]
    left, right = (_room(texts) for texts in zip(*((bar.label, bar.note) for bar in bars), strict=True))
    width = left + INNER + right
    heights = [ROW * len(panel.bars) for panel in panels]
    note = textwrap.fill(NOTE, int(NOTE_LETTERS * (width - 2 * EDGE)))
    height = HEAD + sum(heights) + GAP * (len(panels) - 1) + FOOT + NOTE_LINE * (note.count("\n") + 1)
    figure = sheet(width, height)
    place = audit.assumed.middle.crossings[crossing]
    figure.text(
        EDGE / width, 1 - 0.16 / height, f"{TITLE}: {place.title or crossing}", fontsize=15, fontweight="bold", va="top"
    )
    top = height - HEAD
    for panel, tall in zip(panels, heights, strict=True):
        axes = figure.add_axes((left / width, (top - tall) / height, INNER / width, tall / height))
        _panel(axes, panel)
        axes.set_title(panel.title, x=(EDGE - left) / INNER, pad=10)
        top -= tall + GAP
    figure.text(EDGE / width, 0.12 / height, note, fontsize=9.5, color=MUTED, va="bottom", linespacing=1.25)
    return figure


def _room(texts: Iterable[str]) -> float:
    """Return the width (in) of the widest of `texts`; only the longest are measured, since measuring is slow."""
    return max(text_width(text, LABEL) for text in sorted(texts, key=len)[-4:]) + 0.5


def _panel(axes: Axes, panel: Panel) -> None:
    ends = [end for bar in panel.bars for end in (bar.believed.low, bar.printed.mid, bar.believed.high)]
    ends += [end for band, _ in panel.bands for end in (band.low, band.high)]
    within = [end for end in ends if np.isfinite(end) and end > 0]
    low, high = min(within) / 1.35, max(within) * 1.35
    axes.set(xscale="log", xlim=(low, high), ylim=(len(panel.bars) - 0.5, -0.5), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(panel.label, labelpad=2)
    ticks = [tick * 10.0**power for power in range(-2, 8) for tick in (1, 2, 5)]
    shown = [tick for tick in ticks if low <= tick <= high]
    axes.set_xticks(shown, [number(tick) for tick in shown])
    axes.set_xticks([], minor=True)
    axes.grid(axis="x", color=FAINT)
    for band, words in panel.bands:
        if np.isfinite(band.high):
            axes.axvspan(band.low, max(band.high, band.low * 1.012), color=BAND, zorder=0.5)
            axes.text(band.mid, -0.56, words, fontsize=9.5, color=MUTED, ha="center", va="bottom")
    for row, bar in enumerate(panel.bars):
        _interval(axes, row, bar, (low, high))


def _interval(axes: Axes, row: int, bar: Bar, limits: tuple[float, float]) -> None:
    colour = MUTED if bar.rejected else IMPLIED if bar.implied else REPORTED
    low, high = limits
    unbounded = bar.printed.low < low and bar.printed.high > high
    for interval, width, alpha in ((bar.believed, 1.6, 0.55), (bar.printed, 6.0, 0.5)):
        ends = max(interval.low, low), min(interval.high, high)
        (line,) = axes.plot(ends, [row, row], color=colour, solid_capstyle="butt", zorder=3)
        if unbounded:
            line.set(linewidth=1.2, linestyle=":", alpha=0.35)
        else:
            line.set(linewidth=width, alpha=alpha)
    for open_end, at, marker in ((bar.printed.high > high, high, ">"), (bar.printed.low < low, low, "<")):
        if open_end:
            axes.plot(at, row, marker=marker, markersize=8, color=colour, clip_on=False, zorder=4)
    face = "white" if bar.rejected else colour
    axes.plot(
        bar.printed.mid, row, "o", markersize=7, color=colour, markerfacecolor=face, markeredgewidth=1.6, zorder=5
    )
    side = axes.get_yaxis_transform()
    axes.text(
        -0.02,
        row,
        bar.label,
        transform=side,
        ha="right",
        va="center",
        fontsize=LABEL,
        color=INK if not bar.rejected else MUTED,
    )
    axes.text(1.03, row, bar.note, transform=side, ha="left", va="center", fontsize=LABEL, color=colour)
