"""Reported series in the pictures of a run: small points on top of the model's band."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from sim.measures.reported_series import points_in_run
from sim.plotting.colours import REPORTED
from sim.plotting.story import Story

ALPHA = 0.65
REPORTED_LABEL = "reported: "


def size_of(points: int) -> float:
    """Return the size of a point, smaller where there are thousands."""
    return 5.0 if points < 300 else 3.5 if points < 1500 else 2.0


def reported_tops(axes: Axes) -> list[float]:
    """Return the highest value of each series drawn by `reported_points`, so that it has room."""
    drawn = (line for line in axes.lines if str(line.get_label()).startswith(REPORTED_LABEL))
    return [float(np.max(line.get_ydata())) for line in drawn]


def reported_points(axes: Axes, story: Story, quantities: Sequence[str], first: str | None = None) -> None:
    """Draw the points of reported series of some quantities.

    `first` is the first class of the rows to draw, None for any.
    """
    for series in story.scenario.reported_series:
        wanted = series.crossing == story.crossing and series.quantity in quantities and series.status != "rejected"
        if not wanted or (first is not None and series.classes[0] != first):
            continue
        points = points_in_run(series, story.scenario.clock)
        if not len(points):
            continue
        at = story.day(story.scenario.clock.t0) + (points.begin + points.end) / 2 / 86_400_000
        values = points.value * series.outbound
        unfitted = " (not fitted)" if series.status == "validation" else ""
        axes.plot(
            at,
            values,
            linestyle="none",
            marker=".",
            markersize=size_of(len(points)),
            color=REPORTED,
            alpha=ALPHA,
            rasterized=True,
            label=f"{REPORTED_LABEL}{series.id.replace('_', ' ')}{unfitted}",
            zorder=3,
        )
