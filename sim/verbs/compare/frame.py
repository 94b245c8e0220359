"""Common parts of the pictures of a comparison: the scenarios at one crossing, their colours, frames and legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.arrays import Floats
from sim.measures.estimates import CHANCE_ONLY
from sim.measures.names import Key
from sim.plotting.colours import INK, number
from sim.plotting.lettering import text_width, wrapped
from sim.plotting.page import heading
from sim.plotting.rail import Event, all_events, most_important, words
from sim.plotting.story import Story
from sim.plotting.style import sheet
from sim.verbs.compare.effects import MINUS
from sim.verbs.compare.study import ComparisonData

COLOURS = ("#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#6F4E9B", "#8A6D3B", "#7F8C1F")
"""Colours of the scenarios but the base, which is black; the colour of reported figures is not among them."""
Dashes = Literal["-"] | tuple[float, tuple[float, ...]]
LINES: tuple[Dashes, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))
MOST_BANDS = 4
"""Largest number of scenarios besides the base whose bands are drawn over one another."""
WIDTH = 10.0
RIGHT = 0.3
LINE = 0.012
"""Share of the height of a panel below which one line hides another."""
HEAD, HOW_LINE, LEGEND_ROW = 0.85, 0.19, 0.24


@dataclass(frozen=True)
class Scene:
    """One crossing of a comparison."""

    comparison: ComparisonData
    crossing: str

    @cached_property
    def stories(self) -> tuple[Story, ...]:
        """The story of each scenario, the base first; only the base has reported figures."""
        reported = [self.comparison.reported, *[()] * (len(self.comparison.variants) - 1)]
        parts = zip(self.comparison.variants, self.comparison.estimates, reported, strict=True)
        every = tuple(self._events())
        return tuple(
            Story(variant.scenario, variant.plan, estimates, tuple(figures), self.crossing, other_events=every)
            for variant, estimates, figures in parts
        )

    def _events(self) -> list[Event]:
        """Return the most important events of all scenarios; those that not all have name the scenarios that do."""
        having: dict[Event, list[int]] = {}
        for n, variant in enumerate(self.comparison.variants):
            for event in all_events(variant.scenario, self.crossing, bool(variant.posterior)):
                having.setdefault(event, []).append(n)
        return most_important(
            event if len(who) == len(self.names) else replace(event, words=f"{event.words} ({self._only(who)})")
            for event, who in having.items()
        )

    def _only(self, scenarios: Sequence[int]) -> str:
        """Return the scenarios that have an event, or those that lack it, whichever are fewer."""
        others = [n for n in range(len(self.names)) if n not in scenarios]
        word, fewer = ("only", scenarios) if len(scenarios) <= len(others) else ("not", others)
        listed = [self.names[n] if n else "base" for n in fewer]
        return f"{word} {', '.join(listed[:2])}{f' and {len(listed) - 2} more' if len(listed) > 2 else ''}"

    def covered(self, quantity: str, scope: str, tolerance: float) -> str:
        """Return words on the scenarios whose series is drawn over another, with `tolerance` in its unit."""
        key = Key(self.crossing, quantity, scope)
        bands = [estimates.series.get(key) for estimates in self.comparison.series_differences]
        changes = [None if band is None else np.stack((band.mean, band.p05, band.p95)) for band in bands]
        nothing = next((np.zeros_like(each) for each in changes if each is not None), None)
        values = [None if each is None else np.nan_to_num(each) for each in (nothing, *changes)]
        means = [None if each is None else each[0] for each in values]
        return covered(self.names, values, means, tolerance, "the same in every replication as")

    @property
    def base(self) -> Story:
        """The story of the base."""
        return self.stories[0]

    @property
    def x(self) -> int:
        """The index of the crossing."""
        return self.comparison.crossings.index(self.crossing)

    @property
    def names(self) -> list[str]:
        """The names of the scenarios for people, the base first."""
        return [words(label) for label in self.comparison.labels]

    @property
    def banded(self) -> bool:
        """Whether there are few enough scenarios to draw their bands over one another."""
        return len(self.stories) - 1 <= MOST_BANDS

    @property
    def how(self) -> str:
        """The number of replications, and what the bands are."""
        count = self.comparison.replications
        if count == 1:
            return "one replication"
        bands = "mean and 5–95 % band" if self.banded else "means"
        basis = "" if self.comparison.sampled else f", {CHANCE_ONLY}"
        return f"{bands} of {count} replications on the same tapes{basis}"

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that come in any of the scenarios."""
        return tuple(dict.fromkeys(name for story in self.stories for name in story.classes))


def covered(
    names: Sequence[str],
    values: Sequence[Floats | None],
    means: Sequence[Floats | None],
    tolerance: float,
    same: str = "as",
) -> str:
    """Return words on the scenarios drawn over another: 'as the base: a, b; almost as c: d'.

    Those with equal `values` are the same; those whose `means` differ by at most `tolerance` almost are. The line of
    the base is wide enough to show below one that is not the same. None stands for a scenario that is not drawn.
    """
    groups = _groups([n for n, value in enumerate(values) if value is not None], values, 0.0)
    almost = _groups([first for first, *_ in groups if first], means, tolerance)
    kinds = ((same, groups), (f"almost {same.replace(' in every replication', '')}", almost))
    return "; ".join(
        f"{how} {names[first] if first else 'the base'}: {', '.join(names[n] for n in others)}"
        for how, found in kinds
        for first, *others in found
        if others
    )


def _groups(numbers: Sequence[int], values: Sequence[Floats | None], tolerance: float) -> list[list[int]]:
    """Return the scenarios in groups of equal values."""
    groups: list[list[int]] = []
    for n in numbers:
        like = [
            group
            for group in groups
            if np.allclose(values[group[0]], values[n], rtol=0, atol=tolerance, equal_nan=True)  # type: ignore[arg-type]
        ]
        if like:
            like[0].append(n)
        else:
            groups.append([n])
    return groups


def colour(scenario: int) -> str:
    """Return the colour of a scenario (0 is the base)."""
    return INK if scenario == 0 else COLOURS[(scenario - 1) % len(COLOURS)]


def dashes(scenario: int) -> Dashes:
    """Return the line style of a scenario; it changes where the colours repeat."""
    return "-" if scenario == 0 else LINES[(scenario - 1) // len(COLOURS) % len(LINES)]


def thickness(scenario: int) -> float:
    """Return the line width of a scenario. The base is drawn first, wide enough to show below the others."""
    return 3.4 if scenario == 0 else 1.6


def around_zero(axes: Axes, label: str, least: float = 0.0) -> None:
    """Give `axes` a value axis for differences: a line at 0, and limits that reach to `least` or to its negative."""
    axes.axhline(0, color=INK, linewidth=1.0)
    axes.grid(axis="y")
    axes.set_ylabel(label)
    low, high = axes.dataLim.intervaly
    if not low < high:
        axes.set_ylim(-1, 1)
        axes.set_yticks([0])
    elif max(-low, high) < least:
        axes.set_ylim(-least, least)
    axes.yaxis.set_major_formatter(lambda value, _: number(value).replace("-", MINUS))


def key_rows(names: Sequence[str]) -> list[list[int]]:
    """Return the numbers of the scenarios in each row of the legend; no row is wider than the sheet."""
    rows: list[list[int]] = [[]]
    used = 0.0
    for n, name in enumerate(names):
        need = text_width(name, 10.5) + 0.65
        if rows[-1] and used + need > WIDTH - 0.6:
            rows.append([])
            used = 0.0
        rows[-1].append(n)
        used += need
    return rows


def draw_key(figure: Figure, names: Sequence[str], top: float) -> None:
    """Draw the legend of the scenarios, `top` inches below the upper edge."""
    width, height = figure.get_size_inches()
    for r, row in enumerate(key_rows(names)):
        at, y = 0.3, 1 - (top + LEGEND_ROW * (r + 0.5)) / height
        for n in row:
            line = Line2D([at / width, (at + 0.3) / width], [y, y], color=colour(n), linestyle=dashes(n), linewidth=2.6)
            figure.add_artist(line)
            name = f"{names[n]} (base)" if n == 0 else names[n]
            figure.text((at + 0.38) / width, y, name, va="center", fontsize=10.5, color=INK)
            at += text_width(name, 10.5) + 0.65


def grid_page(
    scene: Scene, title: str, how: str, size: tuple[int, int], panel: tuple[float, float], *, left: float = 0.75
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a grid of panels: `size` is rows and columns, `panel` width and height in inches.

    The legend is above the panels; `left` is the room for the labels of each panel's axis, in inches.
    """
    (rows, columns), (wide, tall) = size, panel
    how = wrapped(how, WIDTH - 0.6, 10.5)
    head = HEAD + HOW_LINE * how.count("\n")
    top = head + LEGEND_ROW * len(key_rows(scene.names)) + 0.45
    row, column = tall + 0.85, wide + left
    figure = sheet(max(WIDTH, columns * column + RIGHT + 0.1), top + rows * row)
    heading(figure, f"{title}: {scene.base.title}", how)
    draw_key(figure, scene.names, head - 0.08)
    width, height = figure.get_size_inches()
    panels = []
    for n in range(rows * columns):
        x, y = left + (n % columns) * column, height - top - (n // columns) * row - tall
        panels.append(figure.add_axes((x / width, y / height, wide / width, tall / height)))
    return figure, panels


def tops(values: Sequence[np.ndarray]) -> list[float]:
    """Return the highest finite value of each array."""
    return [float(np.nanmax(each)) for each in values if np.isfinite(each).any()]
