"""The pictures of a run: queue, its length on the road, waits, crossings, nights, staff, stations, and the poster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.measures.grid import grid_of
from sim.measures.names import at_station
from sim.measures.nights import worst_night
from sim.plotting import daily, panels, staff, traits
from sim.plotting.colours import INK, MUTED, SPAN_COLOURS
from sim.plotting.lettering import text_width, wrapped
from sim.plotting.names import ranged_estimate
from sim.plotting.page import heading, legend, time_page
from sim.plotting.rail import words
from sim.plotting.result import Drawers
from sim.plotting.sentences import gave_up_note, left_out_note
from sim.plotting.story import Story, at_least, in_one_day, others
from sim.plotting.style import sheet, styled
from sim.plotting.waiting import wait_classes
from sim.scenario.model.reported import WAIT_KINDS
from sim.units import MS_PER_S, show_duration, show_wait
from sim.verbs.run import network_pictures
from sim.verbs.run.poster_sheet import poster
from sim.verbs.run.study import Run

TIMES = (
    (0.1, "0.1 s"),
    (1, "1 s"),
    (10, "10 s"),
    (60, "1 min"),
    (600, "10 min"),
    (3600, "1 h"),
    (36_000, "10 h"),
    (345_600, "4 d"),
    (3_456_000, "40 d"),
)
LEAST_SHOWN = 0.1
"""Minimum time (s) drawn as a point; shorter times are only written beside the scale."""


def drawers(run: Run) -> Drawers:
    """Return the functions that draw the pictures of a run, by name.

    With several crossings each name ends with that of the crossing; the pictures of a network come last.
    """
    drawers_by_name: dict[str, Callable[[], Figure]] = {}
    all_stories = stories(run)
    for story in all_stories:
        ending = "" if len(all_stories) == 1 else f"_{story.crossing}"
        for draw in _pictures_of(story):
            drawers_by_name[f"{draw.__name__}{ending}"] = partial(draw, story)
    return drawers_by_name | (network_pictures.drawers(all_stories, run.flows) if run.flows else {})


def _pictures_of(story: Story) -> Iterator[Callable[[Story], Figure]]:
    """Yield the pictures of a crossing; those who wait for a flight have no road, and wait at home at night."""
    for draw in PICTURES:
        if draw is stuck_at_night:
            wanted = story.by_road and bool(story.nights)
        elif draw is staff_at_work:
            wanted = bool(staff.shown(story))
        elif draw is waits_by_trait:
            wanted = bool(traits.known(story))
        else:
            wanted = story.has_length or draw is not queue_km
        if wanted:
            yield draw


def stories(run: Run) -> list[Story]:
    """Return the story of each crossing of a run."""
    scenario = run.loaded.scenario
    known = scenario, run.plan, run.estimates, run.observations
    return [Story(*known, crossing, run.posterior_note) for crossing in scenario.crossings]


@styled
def queue_by_class(story: Story) -> Figure:
    """Draw parties waiting, all vehicles and by class, over time, with reported queues, and people if reported."""
    people = story.shown("queue_people")
    heights = [3.7, 2.6] if people else [3.7]
    page = time_page(story, "Parties waiting", story.how, heights, [*story.shown("queue"), *people])
    panels.queue(page[0], story)
    if people:
        panels.people_waiting(page[1], story)
    return page[0].figure  # type: ignore[return-value]


@styled
def queue_km(story: Story) -> Figure:
    """Draw the distance from the border to the tail of the queue on the road, km, with reported lengths."""
    (axes,) = time_page(story, "Length of the queue on the road", story.how, [3.7], story.shown("queue_length"))
    panels.length(axes, story)
    return axes.figure  # type: ignore[return-value]


@styled
def wait_by_joining(story: Story) -> Figure:
    """Draw, for some classes, the wait by instant of joining and the quoted wait, hours."""
    classes = wait_classes(story)
    heights = [3.7] if len(classes) == 1 else [2.6] * len(classes)
    how = "\n".join((story.how, *left_out_note(story), *gave_up_note(story)))
    page = time_page(story, "Wait in all queues", how, heights, story.shown(*WAIT_KINDS))
    for axes, name in zip(page, classes, strict=True):
        panels.wait(axes, story, name)
    return page[0].figure  # type: ignore[return-value]


@styled
def crossings_per_day(story: Story) -> Figure:
    """Draw parties across by class and outcomes of people, by local day (hour in a short run), with reported flows."""
    how = story.how.replace("mean and 5–95 % band", "mean")
    beside = others(story)
    shown = story.shown("crossed_parties", "crossed_people")
    heights = {daily.vehicles_a_day: 2.4} if story.vehicles or not beside else {}
    heights |= ({daily.others_a_day: 1.2} if beside else {}) | {daily.people_a_day: 3.0}
    page = time_page(story, f"Crossings per {daily.bar_span(story)}", how, list(heights.values()), shown)
    for axes, draw in zip(page, heights, strict=True):
        draw(axes, story)
    return page[0].figure  # type: ignore[return-value]


@styled
def ways_across(story: Story) -> Figure:
    """Draw vehicles across per hour by class and way, and people by bike and on foot, with reported outflows."""
    points = grid_of(story.scenario.clock, story.plan.start, story.plan.horizon)
    window = show_duration(2 * points.rate_half * points.every / MS_PER_S)
    how = f"means over {window}; {story.how}\n{in_one_day(story)}".rstrip()
    parts = {panels.vehicles_an_hour: 3.9} if story.by_road else {}
    parts |= {panels.others_an_hour: 1.4 if parts else 3.9} if others(story) else {}
    implied = [shown for outflow in story.implied() for shown in (outflow.queue, outflow.wait)]
    sources = [*dict.fromkeys(implied), *(panels.flows_of_vehicles(story) if story.by_road else [])]
    page = time_page(story, "Crossings per hour, by class and way", how, list(parts.values()), sources)
    for axes, draw in zip(page, parts, strict=True):
        draw(axes, story)
    return page[0].figure  # type: ignore[return-value]


@styled
def stuck_at_night(story: Story) -> Figure:
    """Draw the people stuck at the border at the night hour, by class, night by night."""
    how = story.how.replace("mean and 5–95 % band", "means and 5–95 % range")
    worst = worst_night(story.nights)
    if worst is not None:
        how += f"\nworst night: {worst.name}, {ranged_estimate(worst.people)} people"
    (axes,) = time_page(story, f"People stuck at {story.night_hour}", how, [3.7], [])
    daily.stuck(axes, story)
    return axes.figure  # type: ignore[return-value]


@styled
def staff_at_work(story: Story) -> Figure:
    """Draw servers over time where they react to the queue, break down or are shared, and when checks are lightened."""
    names = staff.shown(story)
    heights = [2.6 if len(names) > 1 else 3.7] * len(names)
    how = "\n".join((story.how, *staff.outage_notes(story, names)))
    page = time_page(story, "Servers at work", how, heights, [])
    for axes, name in zip(page, names, strict=True):
        staff.servers(axes, story, name)
    return page[0].figure  # type: ignore[return-value]


@styled
def waits_by_trait(story: Story) -> Figure:
    """Draw the mean waits of those with and without each trait, by class."""
    return traits.waits(story)


@styled
def where_time_goes(story: Story) -> Figure:
    """Draw the mean wait, service time and blocked time per visit to each station, on a logarithmic scale."""
    names = [name for name in story.stations if story.total("visits", at_station(name)).mean > 0]
    inner, left = 0.42 * max(len(names), 2), max([2.2, *(text_width(words(name), 11) + 0.35 for name in names)])
    height, wide = inner + 2.05, left + 4.6 + 3.2
    figure = sheet(wide, height)
    spent = {
        span: [_mean_time(story, f"{what}_per_visit", name) for name in names]
        for span, what in (("waiting", "wait"), ("service", "service"), ("blocked", "blocked"))
    }
    how = f"mean times of a visit; {story.how}".replace("mean and 5–95 % band of ", "")
    if any(bound for times in spent.values() for _, bound in times):
        how += "; ≥ and ▶: a lower bound, since many visits still go on at the end"
    heading(figure, f"Time per visit at each station: {story.title}", wrapped(how, wide - 0.6, 10.5))
    axes = figure.add_axes((left / wide, 0.65 / height, 4.6 / wide, inner / height))
    axes.grid(axis="both")
    for column, (span, times) in enumerate(spent.items()):
        _draw_times(axes, column, span, times)
    axes.set_yticks(range(len(names)), [words(name) for name in names], color=INK, fontsize=11)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    _time_scale(axes, [value for times in spent.values() for value, _ in times if value >= LEAST_SHOWN])
    if names:
        legend(axes)
    return figure


def _draw_times(axes: Axes, column: int, span: str, times: Sequence[tuple[float, bool]]) -> None:
    """Draw a point for the mean time at each station, an arrow where it is a lower bound, and the numbers beside."""
    for shape, cut in (("o", False), (">", True)):
        points = [(value, row) for row, (value, bound) in enumerate(times) if value >= LEAST_SHOWN and bound == cut]
        if points or not cut:
            x, y = [value for value, _ in points], [row for _, row in points]
            label = "" if cut else span
            axes.scatter(x, y, s=72, marker=shape, color=SPAN_COLOURS[span], label=label, zorder=3)
    texts = [at_least(show_wait(value)) if bound else show_wait(value) for value, bound in times]
    for row, written in ((-0.85, span), *enumerate(texts)):
        axes.annotate(
            written,
            (1, row),
            (72 + 68 * column, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=10.5,
            color=MUTED if row < 0 else INK,
        )


def _mean_time(story: Story, quantity: str, station: str) -> tuple[float, bool]:
    """Return the mean time of a visit to a station, seconds, and whether it is only a lower bound."""
    scope = at_station(station)
    return 3600 * story.total(quantity, scope).mean, story.is_bound(quantity, scope)


def _time_scale(axes: Axes, seconds: Sequence[float]) -> None:
    """Give `axes` a logarithmic scale with room for all of `seconds`, labelled in the units of `TIMES`."""
    low, high = min(seconds, default=1.0) / 1.7, max(seconds, default=3600.0) * 1.7
    axes.set(xscale="log", xlabel="time per visit (logarithmic scale)", xlim=(low, high))
    ticks = [(at, label) for at, label in TIMES if low <= at <= high]
    axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks])
    axes.set_xticks([], minor=True)


PICTURES = (
    queue_by_class,
    queue_km,
    wait_by_joining,
    crossings_per_day,
    ways_across,
    stuck_at_night,
    staff_at_work,
    waits_by_trait,
    where_time_goes,
    poster,
)
