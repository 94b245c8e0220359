"""The pictures of a result: queue, kilometres, waits, crossings a day, where the time goes, and the poster."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.engine.plan import Plan
from sim.measures.estimates import Estimates
from sim.measures.names import RATE_HOURS, VEHICLE_CLASSES, at_station
from sim.measures.observe import Comparison
from sim.scenario.schema import Scenario
from sim.show import panels
from sim.show.events import events, words
from sim.show.marks import draw_rail, lay_rail, rail_height, wrapped
from sim.show.poster import poster
from sim.show.story import Shown, Story, in_one_day, source_line
from sim.show.style import INK, MUTED, SPAN_COLOURS, render, sheet, styled, time_axis

__all__ = ["pictures", "render"]

WIDTH = 10.0
LEFT, RIGHT, HEAD, DATES, GAP = 0.95, 0.3, 1.05, 0.62, 0.75
NOTE_SIZE = 9.5
NOTE_LINE = 0.175


def pictures(
    scenario: Scenario, plan: Plan, estimates: Estimates, comparisons: Sequence[Comparison] = ()
) -> dict[str, Figure]:
    """Return the pictures of a result by name; with several crossings each name ends in the crossing's."""
    found = {}
    for crossing in scenario.crossings:
        story = Story(scenario, plan, estimates, tuple(comparisons), crossing)
        ending = "" if len(scenario.crossings) == 1 else f"_{crossing}"
        for draw in DRAWN:
            found[f"{draw.__name__}{ending}"] = draw(story)
    return found


def _page(story: Story, title: str, how: str, heights: Sequence[float], sources: Sequence[Shown]) -> list[Axes]:
    """Return panels of these heights (inches) over the time of the run, with title, rail of events and sources."""
    inner = WIDTH - LEFT - RIGHT
    notes = [wrapped(f"Reported: {source_line(shown)}", inner, NOTE_SIZE) for shown in sources]
    labels = lay_rail(events(story.scenario, story.crossing), story.limits, story.zone, inner)
    rail, lines = rail_height(labels), sum(note.count("\n") + 1 for note in notes)
    rail_at = 0.18 + NOTE_LINE * lines + (0.15 if notes else 0)
    height = rail_at + rail + DATES + sum(heights) + GAP * (len(heights) - 1) + HEAD
    figure = sheet(WIDTH, height)
    _heading(figure, f"{title}: {story.title}", how)
    axes, top = [], height - HEAD
    for tall in heights:
        axes.append(figure.add_axes((LEFT / WIDTH, (top - tall) / height, inner / WIDTH, tall / height)))
        time_axis(axes[-1], story.limits, story.zone, story.scenario.clock.t0)
        top -= tall + GAP
    axes[-1].set_xlabel(f"local time ({story.scenario.clock.timezone})")
    draw_rail(figure, (LEFT, rail_at, inner, rail), labels, axes)
    figure.text(
        LEFT / WIDTH, 0.15 / height, "\n".join(notes), fontsize=NOTE_SIZE, color=MUTED, va="bottom", linespacing=1.25
    )
    return axes


def _heading(figure: Figure, title: str, how: str) -> None:
    height = figure.get_size_inches()[1]
    figure.text(0.3 / WIDTH, 1 - 0.16 / height, title, fontsize=15, fontweight="bold", va="top")
    figure.text(0.3 / WIDTH, 1 - 0.46 / height, how, fontsize=10.5, color=MUTED, va="top")


@styled
def queue_by_class(story: Story) -> Figure:
    """Draw parties waiting, all and by class, over time; reported queues on top."""
    (axes,) = _page(story, "Parties waiting", story.how, [3.7], story.shown("queue"))
    panels.queue(axes, story)
    return axes.figure  # type: ignore[return-value]


@styled
def queue_km(story: Story) -> Figure:
    """Draw the distance from the border to the tail of the queue on the road, km; reported lengths on top."""
    (axes,) = _page(story, "Length of the queue on the road", story.how, [3.7], story.shown("queue_length"))
    panels.length(axes, story)
    return axes.figure  # type: ignore[return-value]


@styled
def wait_by_joining(story: Story) -> Figure:
    """Draw, for the classes with a main queue, the wait by instant of joining and the quoted wait, hours."""
    classes = panels.wait_classes(story)
    heights = [3.7] if len(classes) == 1 else [2.6] * len(classes)
    drawn = _page(story, "Wait in the main queue", story.how, heights, story.shown("quoted_wait"))
    for axes, name in zip(drawn, classes, strict=True):
        panels.wait(axes, story, name)
    return drawn[0].figure  # type: ignore[return-value]


@styled
def crossings_per_day(story: Story) -> Figure:
    """Draw parties across by class and what became of people, by local day; reported flows as daily means."""
    how = story.how.replace("mean and 5–95 % band", "mean")
    parties, people = _page(story, "Crossings a day", how, [2.6, 3.2], story.shown("crossed_parties", "crossed_people"))
    panels.parties_a_day(parties, story)
    panels.people_a_day(people, story)
    return parties.figure  # type: ignore[return-value]


@styled
def ways_across(story: Story) -> Figure:
    """Draw vehicles across per hour by class and way, and people by bike and on foot; reported outflows on top."""
    how = f"{RATE_HOURS}-hour means; {story.how}\n{in_one_day(story)}".rstrip()
    heights = [3.9, 1.4] if set(story.classes) - set(VEHICLE_CLASSES) else [3.9]
    implied = [shown for found in story.implied() for shown in (found.queue, found.wait)]
    sources = [*dict.fromkeys(implied), *story.shown("crossed_parties")]
    drawn = _page(story, "Ways across the border, per hour", how, heights, sources)
    for axes, draw in zip(drawn, (panels.vehicles_an_hour, panels.others_an_hour), strict=False):
        draw(axes, story)
    return drawn[0].figure  # type: ignore[return-value]


@styled
def where_time_goes(story: Story) -> Figure:
    """Draw the mean time per visit at each station: waiting, in service, blocked; hours."""
    names = [name for name in story.stations if story.total("visits", at_station(name)).mean > 0]
    height = 1.75 + 0.5 * max(len(names), 2)
    figure = sheet(WIDTH, height)
    _heading(
        figure,
        f"Where the time goes: {story.title}",
        f"mean time of a visit to each station; {story.how}".replace("mean and 5–95 % band of ", ""),
    )
    left = 2.4
    axes = figure.add_axes((left / WIDTH, 0.6 / height, (WIDTH - left - 1.3) / WIDTH, (height - 1.75) / height))
    base = np.zeros(len(names))
    for span, colour in SPAN_COLOURS.items():
        quantity = {"waiting": "wait"}.get(span, span) + "_per_visit"
        values = np.nan_to_num([story.total(quantity, at_station(name)).mean for name in names])
        axes.barh(range(len(names)), values, 0.62, base, color=colour, label=span)
        base = base + values
    for row, total in enumerate(base):
        axes.annotate(_time(total), (total, row), (5, 0), textcoords="offset points", va="center", fontsize=10)
    axes.set_yticks(range(len(names)), [words(name) for name in names], color=INK, fontsize=11)
    axes.tick_params(axis="y", length=0)
    axes.set(xlabel="hours per visit", ylim=(max(len(names), 1) - 0.5, -0.5), xlim=(0, max(base, default=0) or 1))
    axes.grid(axis="x")
    if names:
        panels.legend(axes)
    return figure


def _time(hours: float) -> str:
    return f"{hours:.3g} h" if hours >= 1 else f"{60 * hours:.2g} min"


DRAWN = (queue_by_class, queue_km, wait_by_joining, crossings_per_day, ways_across, where_time_goes, poster)
