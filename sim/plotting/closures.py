"""Periods when a crossing is closed: no wait is quoted then, and pictures say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np

from sim.arrays import Bools, Floats
from sim.measures.estimates import Band
from sim.measures.series import closed_ways
from sim.plotting.colours import FAINT, MUTED
from sim.plotting.story import Story

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Periods = list[tuple[float, float]]
NAMED = 0.06
"""Least share of the width of a panel at which a closed period is named."""


def closed(story: Story, classes: Iterable[str]) -> Periods:
    """Return the periods (days) when the ways of all these classes are closed (see `closed_ways`)."""
    at = np.unique(story.plan.opening[:, 0])
    ways = closed_ways(story.plan, story.plan.crossings.index(story.crossing), at)
    rows = [story.scenario.class_numbers[name] for name in classes]
    shut = np.full(len(at), bool(rows)) & np.all(ways[rows], axis=0)
    edges = np.append(story.day(story.scenario.clock.t0) + at / 86_400_000, story.limits[1])
    periods: Periods = []
    for first, end, is_shut in zip(edges[:-1].tolist(), edges[1:].tolist(), shut.tolist(), strict=True):
        if is_shut and periods and periods[-1][1] == first:
            periods[-1] = (periods[-1][0], end)
        elif is_shut:
            periods.append((first, end))
    return periods


def while_open(band: Band, stories: Sequence[Story], name: str) -> Band:
    """Return a band of the quoted waits of a class without its values where its way is closed in any of the stories.

    No wait is quoted there. The horizon is omitted too: events due at that instant are not simulated.
    """
    at = stories[0].at
    there = at < at[-1]
    for first, end in (period for story in stories for period in closed(story, [name])):
        there &= (at < first) | (at >= end)
    return where(band, there)


def where(band: Band, there: Bools) -> Band:
    """Return a band without its values at the points that are not `there`."""
    return replace(band, **{field.name: np.where(there, getattr(band, field.name), np.nan) for field in fields(Band)})


def alone(values: Floats) -> Floats:
    """Return the points of a line that have no neighbours, of which nothing would be seen; NaN for the others."""
    known = np.pad(np.isfinite(values), 1)
    return np.where(known[1:-1] & ~known[:-2] & ~known[2:], values, np.nan)


def shade_closed(axes: Axes, story: Story, classes: Iterable[str], *, named: bool = False) -> None:
    """Shade the periods when the ways of all these classes are closed; `named`, with the word where there is room."""
    begin, horizon = story.limits
    for first, end in closed(story, classes):
        axes.axvspan(first, end, color=FAINT, alpha=0.7, linewidth=0, zorder=0)
        if named and end - first > NAMED * (horizon - begin):
            axes.text(
                (first + end) / 2,
                0.97,
                "closed",
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="top",
                fontsize=10,
                color=MUTED,
            )
