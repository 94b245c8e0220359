"""The pictures of a network after a run: flows and outcomes of people, and the map with its crossings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from sim.arrays import Floats
from sim.measures.flows import DIVERTED, LAST, STAYED, Flows
from sim.measures.names import OUTCOMES
from sim.plotting.colours import MUTED, OUTCOME_COLOURS
from sim.plotting.names import HOME, crossing_name, origin_name, ranged
from sim.plotting.network_map import network
from sim.plotting.page import heading
from sim.plotting.result import Drawers
from sim.plotting.ribbons import BAR, ORIGIN_COLOURS, Bar, Column, draw_columns, scale_of, words_width
from sim.plotting.story import Story
from sim.plotting.style import sheet, styled
from sim.scenario.model.scenario import Scenario

LEAST_WIDE, HEAD, FOOT, EDGE = 12.5, 1.35, 0.3, 0.3
PLACES = (0.0, 3.1, 8.2)
"""Positions of the columns of the flow diagram, in inches from the first one."""
NODE = "#7a828a"


def drawers(stories: Sequence[Story], flows: Flows) -> Drawers:
    """Return the functions that draw the pictures of a network, by name."""
    return {"flows": lambda: flow_diagram(stories, flows), "network": lambda: network(stories, flows)}


@styled
def flow_diagram(stories: Sequence[Story], flows: Flows) -> Figure:
    """Draw the flows of people from origins to the last crossing they reached, and to their outcome there."""
    columns, ways = _columns(stories[0].scenario, flows)
    scale = scale_of(columns)
    tall = max(column.height(scale) for column in columns)
    height = HEAD + tall + FOOT
    width = max(LEAST_WIDE, columns[-1].x + BAR + words_width(columns[-1].bars) + EDGE)
    figure = sheet(width, height)
    how = (
        f"people by origin, last crossing and outcome; {stories[0].how.replace('and 5–95 % band', '(5–95 %)')}\n"
        "people who went to another crossing are counted at the last one"
    )
    heading(figure, f"Flows of people: {stories[0].scenario.title}", how)
    axes = figure.add_axes((0, FOOT / height, 1, tall / height))
    axes.set(xlim=(0, width), ylim=(tall, 0))
    axes.axis("off")
    draw_columns(axes, columns, ways, (True, False))
    for column, name in zip(columns, ("origin", "last crossing", "outcome"), strict=False):
        side = "right" if column.words == "left" else "left"
        figure.text(column.x / width, 1 - (HEAD - 0.12) / height, name, ha=side, color=MUTED, fontsize=10.5)
    return figure


def _columns(scenario: Scenario, flows: Flows) -> tuple[list[Column], list[Floats]]:
    """Return the columns of the diagram, without outcomes that nobody has, and the numbers of people between bars."""
    there = [end for end in OUTCOMES if end in LAST and end != STAYED and flows.of(end).any()]
    came = flows.of(*(end for end in LAST if end != STAYED))
    stayed, went_on = flows.of(STAYED), flows.of(DIVERTED).sum(axis=1)
    origins = [
        _bar(origin_name(scenario, origin), (came + stayed)[:, o].sum(axis=1), ORIGIN_COLOURS[o % len(ORIGIN_COLOURS)])
        for o, origin in enumerate(flows.origins)
    ]
    crossings = [
        _bar(crossing_name(scenario, crossing), came[:, :, x].sum(axis=1), NODE, went_on[:, x])
        for x, crossing in enumerate(flows.crossings)
    ]
    ends = [_bar(OUTCOMES[end].picture, flows.of(end).sum(axis=(1, 2)), _colour(end)) for end in there]
    first = came.mean(axis=0)
    second = np.array([flows.of(end).sum(axis=1).mean(axis=0) for end in there]).reshape(len(there), len(crossings)).T
    if stayed.any():
        crossings.append(_bar(HOME, stayed.sum(axis=(1, 2)), OUTCOME_COLOURS["stayed"]))
        first = np.column_stack([first, stayed.sum(axis=2).mean(axis=0)])
        second = np.vstack([second, np.zeros(len(there))])
    sides = ("left", "right", "right")
    begin = words_width(origins) + EDGE
    placed = zip((origins, crossings, ends) if ends else (origins, crossings), PLACES, sides, strict=False)
    return [Column(bars, begin + x, side) for bars, x, side in placed], [first, second][: 2 if ends else 1]


def _bar(name: str, people: Floats, colour: str, went_on: Floats | None = None) -> Bar:
    """Return the bar of `people` (replications,); the number that `went_on` to another crossing is written below."""
    below = f"\n{ranged(went_on)} arrived and went elsewhere" if went_on is not None and went_on.mean() >= 0.5 else ""
    return Bar(name, ranged(people) + below, float(people.mean()), colour)


def _colour(end: str) -> str:
    return OUTCOME_COLOURS[end]
