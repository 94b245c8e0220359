"""The ways of a poster that skip a stage: lines above the stations, with an arrow down to where they lead."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from sim.plotting.colours import MUTED
from sim.plotting.story import Story
from sim.verbs.run.stages import next_stations

LEVEL = 0.13
"""Height of a line above the one below it, inches."""
AWAY, IN = 0.6, 0.4
"""Where a way leaves a station and where it comes to one, as shares of the width of a stage."""
Box = tuple[float, float, float]
"""Left, top and width of a stage, inches."""


def skips_of(story: Story, stages: Sequence[Sequence[str]]) -> dict[int, list[int]]:
    """Return the stages to which parties go past others, each with the stages they come from."""
    ways = {name: set(next_stations(story, name)) for stage in stages for name in stage}
    found = {
        to: [n for n in range(to - 1) if any(ways[name] & set(stages[to]) for name in stages[n])]
        for to in range(2, len(stages))
    }
    return {to: sources for to, sources in found.items() if sources}


def draw_skips(axes: Axes, skips: dict[int, list[int]], boxes: Sequence[Box], tall: float) -> None:
    """Draw the ways to each stage as one line above stages that are `tall` inches tall, the shortest lowest.

    A dot marks where a way joins its line; where two lines only cross there is none.
    """
    line = {"color": MUTED, "linewidth": 1.0, "clip_on": False}
    for level, (to, sources) in enumerate(sorted(skips.items(), key=lambda each: each[0] - min(each[1]))):
        height = tall + LEVEL * (level + 0.7)
        for left, top, width in (boxes[n] for n in sources):
            axes.plot([left + AWAY * width] * 2, [top, height], **line)  # type: ignore[arg-type]
            axes.plot(left + AWAY * width, height, color=MUTED, marker=".", markersize=5, clip_on=False)
        begin = boxes[min(sources)][0] + AWAY * boxes[min(sources)][2]
        left, top, width = boxes[to]
        axes.plot([begin, left + IN * width], [height] * 2, **line)  # type: ignore[arg-type]
        arrow = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
        at = left + IN * width
        axes.annotate("", (at, top), (at, height), arrowprops=arrow, annotation_clip=False)
