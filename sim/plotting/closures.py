"""Periods when a crossing is closed: no wait is quoted then, and pictures say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

import numpy as np
from matplotlib.axes import Axes

from sim.arrays import Bools, Ints
from sim.measures.estimates import Band
from sim.plotting.story import Story
from sim.plotting.style import FAINT, MUTED
from sim.scenario.model.quantities import CLASSES

Periods = list[tuple[float, float]]
NAMED = 0.06
"""Least share of the width of a panel at which a closed period is named."""


def closed(story: Story, classes: Iterable[str]) -> Periods:
    """Return the periods (days) when the ways of all these classes are closed.

    The way of a class is closed while any of the stations that serve it is.
    """
    table = story.plan.opening
    at = np.unique(table[:, 0])
    named = tuple(classes)
    shut = np.full(len(at), bool(named))
    for name in named:
        shut &= _shut(story, table[table[:, 2] == CLASSES.index(name)], at)
    edges = np.append(story.day(story.scenario.clock.t0) + at / 86_400_000, story.limits[1])
    periods: Periods = []
    for first, end, is_shut in zip(edges[:-1].tolist(), edges[1:].tolist(), shut.tolist(), strict=True):
        if is_shut and periods and periods[-1][1] == first:
            periods[-1] = (periods[-1][0], end)
        elif is_shut:
            periods.append((first, end))
    return periods


def _shut(story: Story, table: Ints, at: Ints) -> Bools:
    """Return whether any station that serves a class is closed, by the class's rows of `Plan.opening`."""
    shut = np.zeros(len(at), dtype=np.bool_)
    for station in np.unique(table[:, 1]):
        name, own = story.plan.stations[station], table[table[:, 1] == station]
        if story.plan.crossings[story.plan.crossing[station]] != story.crossing or not len(own):
            continue
        described = story.place.stations[name]
        if CLASSES[own[0, 2]] in described.serves and not described.only_sent_on:
            shut |= own[np.searchsorted(own[:, 0], at, side="right") - 1, 3] == 0
    return shut


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
