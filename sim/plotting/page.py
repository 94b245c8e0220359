"""The frame of a picture: its heading, and panels over the time of the run with events and sources below."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.plotting.colours import MUTED
from sim.plotting.lettering import BOLD, shortened, text_width, wrapped
from sim.plotting.marks import draw_rail, lay_rail, rail_height
from sim.plotting.story import Shown, Story, source_line
from sim.plotting.style import sheet, time_axis

WIDTH = 10.0
LEFT, RIGHT, HEAD, DATES, GAP = 0.95, 0.3, 1.05, 0.62, 0.75
HOW_LINE = 0.19
NOTE_SIZE = 9.5
NOTE_LINE = 0.175
LEGEND_SIZE, LEAST_LEGEND, LEAST_IN_ROWS = 10.0, 9.0, 8.0
"""Largest letters of a legend, and smallest ones in one row and in two, points."""
ABOVE_TWO_ROWS = 36
"""Distance of a title from its panel above a legend in two rows, points."""
LEAST_NAME = 0.5
"""Width to which a name of a legend may be shortened, inches."""
LEGEND_GAP = (1.3 + 0.5 + 1.4) / 72
"""Length of the line of an entry with the gaps around it, inches for each point of the size of its letters."""


def time_page(
    story: Story, title: str, how: str, heights: Sequence[float], sources: Sequence[Shown], head: float = HEAD
) -> list[Axes]:
    """Return panels of these heights (inches) over the time of the run, with title, rail of events and sources.

    `head` is the room above the panels, in inches; by default it grows with the lines of `how`, which is wrapped.
    """
    how = "\n".join(wrapped(line, WIDTH - 0.6, 10.5) for line in how.splitlines())
    if head == HEAD:
        head += HOW_LINE * max(0, how.count("\n") - 1)
    inner = WIDTH - LEFT - RIGHT
    notes = [wrapped(f"Reported: {source_line(shown)}", inner, NOTE_SIZE) for shown in sources]
    labels = lay_rail(story.events, story.limits, story.zone, inner)
    rail, lines = rail_height(labels), sum(note.count("\n") + 1 for note in notes)
    rail_at = 0.18 + NOTE_LINE * lines + (0.15 if notes else 0)
    height = rail_at + rail + DATES + sum(heights) + GAP * (len(heights) - 1) + head
    figure = sheet(WIDTH, height)
    heading(figure, f"{title}: {story.title}", how)
    axes, top = [], height - head
    for tall in heights:
        axes.append(figure.add_axes((LEFT / WIDTH, (top - tall) / height, inner / WIDTH, tall / height)))
        time_axis(axes[-1], story.limits, story.zone, story.scenario.clock.t0)
        top -= tall + GAP
    axes[-1].set_xlabel(f"local time ({story.scenario.clock.timezone})")
    draw_rail(figure, rail_at, labels, axes)
    figure.text(
        LEFT / WIDTH, 0.15 / height, "\n".join(notes), fontsize=NOTE_SIZE, color=MUTED, va="bottom", linespacing=1.25
    )
    return axes


def heading(figure: Figure, title: str, how: str) -> None:
    """Write the title of a picture and, below it, the basis of its numbers."""
    width, height = figure.get_size_inches()
    title = shortened(title, (width - 0.6) / BOLD, 15)
    figure.text(0.3 / width, 1 - 0.16 / height, title, fontsize=15, fontweight="bold", va="top")
    figure.text(0.3 / width, 1 - 0.46 / height, how, fontsize=10.5, color=MUTED, va="top")


def width_of(axes: Axes) -> float:
    """Return the width of a panel in inches."""
    return float(axes.get_position().width * axes.get_figure().get_size_inches()[0])  # type: ignore[union-attr]


def _row_width(names: Sequence[str], size: float) -> float:
    """Return the width of a legend in one row, in inches."""
    return sum(text_width(name, size) + LEGEND_GAP * size for name in names)


def _width_in_rows(names: Sequence[str], rows: int, size: float, most: float = inf) -> float:
    """Return the width of a legend filled column by column, in inches, with names at most `most` inches wide."""
    widths = [min(text_width(name, size), most) for name in names]
    return sum(max(widths[n : n + rows]) + LEGEND_GAP * size for n in range(0, len(names), rows))


def _fitting(names: Sequence[str], rows: int, size: float, room: float) -> list[str]:
    """Return the names of a legend, filled column by column, shortened so that it is at most `room` inches wide."""
    most = max(text_width(name, size) for name in names)
    while most > LEAST_NAME and _width_in_rows(names, rows, size, most) > room:
        most *= 0.95
    return [shortened(name, most, size) for name in names]


def legend(axes: Axes) -> None:
    """Write the legend above the panel: smaller, and then in two rows, where one row is wider than the panel.

    Where these are wider as well, the longest names end in an ellipsis.
    """
    handles, names = axes.get_legend_handles_labels()
    if names:
        room, size = width_of(axes), LEGEND_SIZE
        while size > LEAST_LEGEND and _row_width(names, size) > room:
            size -= 0.5
        rows = 1 if _row_width(names, size) <= room else 2
        while rows == 2 and size > LEAST_IN_ROWS and _width_in_rows(names, rows, size) > room:
            size -= 0.5
        axes.legend(
            handles,
            _fitting(names, rows, size, room),
            fontsize=size,
            loc="lower left",
            bbox_to_anchor=(0, 1.0),
            ncols=-(-len(names) // rows),
            borderaxespad=0.2,
            handlelength=1.3,
            columnspacing=1.4,
            handletextpad=0.5,
            borderpad=0,
        )
        if rows == 2 and (title := axes.get_title(loc="left")):
            axes.set_title(title, loc="left", pad=ABOVE_TWO_ROWS)
