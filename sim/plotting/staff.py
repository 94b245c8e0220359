"""The panel of the servers at work at a station whose staff react to the queue, or that breaks down."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from sim.measures.names import at_station
from sim.measures.servers import servers_at
from sim.plotting.panels import finish, line
from sim.plotting.rail import words
from sim.plotting.story import Story
from sim.plotting.style import INK, SPAN_COLOURS


def varying(story: Story) -> list[str]:
    """Return the stations whose servers differ between replications."""
    return [name for name in story.stations if story.plan.staff_varies[story.number(name)]]


def servers(axes: Axes, story: Story, name: str) -> None:
    """Draw the servers at work at a station, and those of the plan."""
    band = story.band("servers", at_station(name))
    line(axes, story, band, SPAN_COLOURS["waiting"], f"{words(name)}: servers at work")
    planned = servers_at(story.plan, story.plan.staffing, np.asarray(story.estimates.at))[story.number(name)]
    axes.plot(story.at, planned, color=INK, linestyle="--", drawstyle="steps-post", label="by the plan")
    finish(axes, "servers", story, [band], [])
