"""The panels shared by pictures and poster: each draws one quantity on axes with fixed position and time limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from sim.arrays import Floats
from sim.measures.estimates import Band
from sim.measures.names import ALL, LONGEST_QUOTE, OUTCOMES, VEHICLES, by_way
from sim.measures.reports import count, counted
from sim.plotting.closures import alone, shade_closed, where, while_open
from sim.plotting.colours import BYPASS_COLOUR, INK, MUTED, class_label, colour_of
from sim.plotting.marks import ABOVE, SIGNS, Mark, draw_marks
from sim.plotting.page import legend, width_of
from sim.plotting.reported_series import reported_points, reported_tops
from sim.plotting.story import Shown, Story, is_about, others, outwards_per_day, window
from sim.plotting.style import HALF_DASHES, darker, name_spike, shade, unit_axis, value_axis, without_spike
from sim.plotting.waiting import Layer, layers_of, parties_are_people, queue_scope
from sim.scenario.model.reported import WAIT_KINDS, Reported

WAIT, LENGTH = "wait (hours)", "queue length (km)"
LEAST_TOP = {WAIT: 10 / 3600, LENGTH: 0.1}
"""Values up to which the axis of a panel reaches at least, so that a second or a metre does not look like a queue."""
MOST_LABELS, NARROW = 3, 6.0
"""Figures up to which each has its full label in a panel that is narrower than this (inches)."""
SEEN = 0.1
"""Hours above which the lower bound of a wait is drawn, in place of the mean of those who crossed already."""


def mark(story: Story, shown: Shown, value: float, label: str = "", scopes: Sequence[str] | None = None) -> Mark:
    """Return the mark of a reported figure at `value` of the axis.

    `scopes` are those of the lines of the panel; None if there is only one, about which the figure is. A figure about
    none of them gets the value of the model beside it, unless it is one for validation, which gets no label either.
    """
    row, observation = shown.row, shown.observation
    if row.status == "validation":
        return Mark(story.day(row.from_), story.day(row.until), value, row.qualifier, "", validation=True)
    label = label or f"{observation.label}\n{window(row)}"
    model = None
    if scopes is not None and not any(is_about(story, row, scope) for scope in scopes):
        scale = value / observation.reported if observation.reported else 1.0
        model = (scale * observation.mean, scale * observation.p05, scale * observation.p95)
    short = SIGNS.get(row.qualifier, "") + count(row, observation.reported)
    return Mark(story.day(row.from_), story.day(row.until), value, row.qualifier, label, model, short)


def outcomes_at(story: Story) -> tuple[str, ...]:
    """Return the outcomes of people at a crossing; some stay at home where stops deter, in a network nobody's."""
    deters = any(each.balk is not None and each.balk.deters for each in story.place.behaviour.values())
    stays = deters and story.scenario.network is None
    return tuple(event for event in OUTCOMES if stays or event != "stayed")


def _marks(story: Story, shown: Sequence[Shown], scopes: Sequence[str] | None = None) -> list[Mark]:
    return [mark(story, s, s.observation.reported, scopes=scopes) for s in shown]


def line(axes: Axes, story: Story, band: Band | None, colour: str, label: str, style: str = "-") -> None:
    """Draw the mean of a series over its 5-95 % band."""
    if band is not None:
        shade(axes, story.at, band.p05, band.p95, colour)
        axes.plot(story.at, band.mean, color=colour, label=label, linestyle=style)


def largest(axes: Axes, story: Story, quantity: str, scope: str = ALL) -> None:
    """Mark the largest value at any instant, mean over replications, where it is above the line.

    The line is drawn through the means at the points of the series, the largest value may stand between them and at
    another time in each replication.
    """
    most, band = story.total(quantity, scope), story.band(LINES[quantity], scope)
    if band is None or not most.mean > ABOVE_LINE * np.nanmax(band.mean):
        return
    at = story.at[int(np.nanargmax(band.mean))]
    axes.plot([at], [most.mean], marker="v", markersize=6, color=INK, linestyle="none", zorder=5, label=LARGEST)


LINES = {"max_queue": "queue", "max_queue_people": "queue_people", "max_queue_length": "queue_length"}
"""The series whose largest value at any instant is a total."""
ABOVE_LINE = 1.01
LARGEST = "largest at any instant"


def finish(
    axes: Axes,
    label: str,
    story: Story,
    bands: Sequence[Band | None],
    marks: Sequence[Mark],
    filled: Floats | None = None,
) -> None:
    """Set the value axis; write the reported figures, clear of areas `filled` up to these tops, and the legend."""
    present = [band for band in bands if band is not None]
    tops = [without_spike(band.p95, band.mean) for band in present]
    tops += [] if filled is None else [float(np.max(filled, initial=0.0))]
    tops += [float(np.max(drawn.get_ydata())) for drawn in axes.lines if drawn.get_label() == LARGEST]
    tops += reported_tops(axes)
    value_axis(axes, label, [*tops, *(1.08 * mark.top for mark in marks)], LEAST_TOP.get(label, 0.0))
    unit, scale = unit_axis(axes, label) if label in LEAST_TOP else ("", 1.0)
    name_spike(axes, [band.p95 for band in present], unit, scale)
    curves = [np.column_stack([story.at, band.mean]) for band in present]
    if len(marks) > MOST_LABELS and width_of(axes) < NARROW:
        marks = [replace(each, label=each.short) for each in marks]
    draw_marks(axes, marks, curves if filled is None else [*curves, *upright(story.at, filled)])
    if present:
        legend(axes)
    else:
        axes.text(0.5, 0.5, "no data in this run", transform=axes.transAxes, ha="center", color=MUTED)


def upright(at: Floats, tops: Floats) -> list[Floats]:
    """Return lines from 0 to the tops of the filled areas, at most a hundred."""
    return [np.array([(x, 0.0), (x, top)]) for x, top in list(zip(at, tops, strict=False))[:: 1 + len(at) // 100]]


def queue(axes: Axes, story: Story) -> None:
    """Draw parties waiting, all vehicles and by class."""
    layers = layers_of(story, story.classes)
    scopes = story.classes if len(story.classes) == 1 else (queue_scope(story), *story.classes)
    bands = [story.band("queue", scope) for scope in (scopes[0], *(layer.classes[0] for layer in layers))]
    if scopes[0] not in story.classes:
        line(axes, story, bands[0], colour_of(story.scenario, scopes[0]), class_label(story.scenario, scopes[0]))
    for band, layer in zip(bands[1:], layers, strict=True):
        if len(layer.classes) == 1:
            line(axes, story, band, layer.colour, layer.label)
        else:
            axes.plot(
                story.at, mean_of(story, "queue", layer.classes), color=layer.colour, label=f"{layer.label}, mean"
            )
    largest(axes, story, "max_queue", scopes[0])
    reported_points(axes, story, ("queue",))
    finish(axes, waiting_label(story), story, bands, _marks(story, story.shown("queue", validation=True), scopes))


def mean_of(story: Story, quantity: str, scopes: Sequence[str]) -> Floats:
    """Return the mean of a series (T,), summed over scopes; 0 where there is none."""
    bands = [band for band in (story.band(quantity, scope) for scope in scopes) if band is not None]
    total: Floats = np.sum([np.zeros(len(story.at)), *(np.nan_to_num(band.mean) for band in bands)], axis=0)
    return total


def waiting_label(story: Story) -> str:
    """Return what a queue is counted in: parties, or people if each party is one person."""
    return "people waiting" if parties_are_people(story) else "parties waiting"


def people_waiting(axes: Axes, story: Story) -> None:
    """Draw people waiting, with reported numbers."""
    band = story.band("queue_people")
    line(axes, story, band, INK, "people in all queues")
    reported_points(axes, story, ("queue_people",))
    largest(axes, story, "max_queue_people")
    finish(axes, "people waiting", story, [band], _marks(story, story.shown("queue_people", validation=True), [ALL]))


def queue_stacked(axes: Axes, story: Story) -> None:
    """Draw parties waiting as layers by class, and a line at the sum of vehicles with its band."""
    base = np.zeros(len(story.at))
    for layer in layers_of(story, story.classes):
        mean = mean_of(story, "queue", layer.classes)
        if mean.max() > 0:
            top = base + mean
            axes.fill_between(story.at, base, top, color=layer.colour, alpha=0.75, linewidth=0, label=layer.label)
            axes.plot(story.at, top, color="white", linewidth=0.6)
            base = top
    scope = queue_scope(story)
    together = story.band("queue", scope)
    line(axes, story, together, INK, class_label(story.scenario, scope))
    marks = _marks(story, story.shown("queue", validation=True), [scope])
    largest(axes, story, "max_queue", scope)
    finish(axes, waiting_label(story), story, [together], marks, base)


def length(axes: Axes, story: Story) -> None:
    """Draw the distance from the border to the tail of the queue on the road, km."""
    band = story.band("queue_length")
    line(axes, story, band, INK, "tail of the queue")
    largest(axes, story, "max_queue_length")
    reported_points(axes, story, ("queue_length",))
    finish(axes, LENGTH, story, [band], _marks(story, story.shown("queue_length", validation=True)))


def wait(axes: Axes, story: Story, name: str) -> None:
    """Draw the wait of class `name` by instant of joining (a lower bound where some still wait) and the quoted wait."""
    colour = colour_of(story.scenario, name)
    lived, quoted, virtual = (story.band(quantity, name) for quantity in ("wait", "quoted_wait", "virtual_wait"))
    quoted = quoted and while_open(quoted, [story], name)
    at_least = story.lower_bound(name)
    goes_on = bool((at_least > SEEN).any())
    lived = where(lived, ~story.censored(name)) if lived else lived
    line(axes, story, lived, colour, f"{class_label(story.scenario, name)}, by time of joining")
    if goes_on:
        axes.plot(story.at, at_least, color=colour, linestyle=":", label="lower bound (some still wait)")
        axes.plot(story.at, alone(at_least), color=colour, marker=".", linestyle="none")
    _half_crossed(axes, story, name)
    shade_closed(axes, story, [name], named=True)
    line(axes, story, quoted, INK, "quoted", "--")
    name_cap(axes, quoted)
    of_class = [s for s in story.shown(*WAIT_KINDS, validation=True) if s.row.classes[0] == name]
    marks = _marks(story, [s for s in of_class if s.row.quantity == "quoted_wait"])
    marks += _marks(story, [s for s in of_class if s.row.quantity != "quoted_wait"], scopes=[])
    reported_points(axes, story, WAIT_KINDS, name)
    finish(axes, WAIT, story, [lived, quoted, virtual], marks)


def _half_crossed(axes: Axes, story: Story, name: str) -> None:
    """Draw the wait within which half crossed where some still wait, but half crossed in every replication."""
    median, bound = (story.band(quantity, name) for quantity in ("wait_median", "wait_median_censored"))
    if median is None or bound is None:
        return
    half = np.where(story.censored(name) & (bound.mean == 0), median.mean, np.nan)
    if bool((half > SEEN).any()):
        axes.plot(
            story.at,
            half,
            color=darker(colour_of(story.scenario, name)),
            linestyle=HALF_DASHES,
            label="half crossed within",
        )


def name_cap(axes: Axes, quoted: Band | None) -> None:
    """Write what the longest wait that is quoted stands for, where a series reaches it."""
    if quoted is not None and bool((quoted.p95 >= LONGEST_QUOTE).any()):
        text = f"{LONGEST_QUOTE} h stand for {LONGEST_QUOTE // 24} days or more"
        axes.text(0.01, 0.97, text, transform=axes.transAxes, fontsize=10, color=MUTED, va="top")


def vehicles_an_hour(axes: Axes, story: Story) -> None:
    """Draw vehicles across per hour as layers by class and way, their sum with its band, and reported outflows."""
    tops = [np.zeros(len(story.at))]
    for scopes, colour, label in _ways(story):
        mean = mean_of(story, "crossed_parties_per_hour", scopes)
        if mean.max() > 0:
            tops.append(tops[-1] + mean)
            axes.fill_between(story.at, tops[-2], tops[-1], color=colour, alpha=0.8, linewidth=0, label=label)
            axes.plot(story.at, tops[-1], color="white", linewidth=0.6)
    everybody = story.band("crossed_parties_per_hour", VEHICLES)
    line(axes, story, everybody, INK, "all vehicles")
    finish(axes, "vehicles per hour", story, [everybody], _outflows(story), tops[-1])


def _ways(story: Story) -> list[Layer]:
    """Return the layers with their scopes: vehicles by class, those with a bypass by way across."""
    layers = []
    for layer in layers_of(story, story.vehicles):
        name = layer.classes[0]
        if len(layer.classes) == 1 and story.total("crossed_parties", by_way(name, "bypass")).mean > 0:
            layers.append(Layer((by_way(name, "main"),), layer.colour, f"{layer.label}, main queue"))
            layers.append(Layer((by_way(name, "bypass"),), BYPASS_COLOUR, f"{layer.label}, bypass"))
        else:
            layers.append(layer)
    return layers


def _outflows(story: Story) -> list[Mark]:
    """Return the outflows from the main queue that reported figures imply, and reported flows of vehicles."""
    marks = []
    for implied in story.implied():
        queue = implied.queue
        reason = f"implied by {queue.observation.label}\nand {implied.wait.observation.label}, {window(queue.row)}"
        label = f"{implied.rate:.0f} {counted(queue.row)} per hour leaving the queue,\n{reason}"
        qualifier = queue.row.qualifier if queue.row.qualifier in ABOVE else "about"
        outflow = _outflow(story, queue.row)
        marks.append(
            replace(mark(story, queue, implied.rate, label), qualifier=qualifier, model=(outflow, outflow, outflow))
        )
    for shown in flows_of_vehicles(story):
        an_hour = outwards_per_day(shown) / 24
        label = f"{shown.observation.label}, {window(shown.row)}:\n{an_hour:.0f} per hour outbound"
        marks.append(mark(story, shown, an_hour, label, [VEHICLES]))
    return marks


def _outflow(story: Story, row: Reported) -> float:
    """Return the modelled parties per hour out of the main queues of a figure's classes, in its window."""
    inside = (story.at >= story.day(row.from_)) & (story.at < story.day(row.until))
    rates = []
    for name in row.classes:
        past = story.total("crossed_parties", by_way(name, "bypass")).mean > 0
        band = story.band("crossed_parties_per_hour", by_way(name, "main") if past else name)
        if band is not None and inside.any():
            rates.append(float(np.nan_to_num(band.mean[inside]).mean()))
    return sum(rates) if rates else float("nan")


def flows_of_vehicles(story: Story) -> list[Shown]:
    """Return the reported flows of parties that count vehicles."""
    return [s for s in story.shown("crossed_parties") if set(s.row.classes) & set(story.scenario.vehicles)]


def others_an_hour(axes: Axes, story: Story) -> None:
    """Draw people across by bike and on foot per hour."""
    bands = []
    for layer in layers_of(story, others(story)):
        if len(layer.classes) == 1:
            bands.append(story.band("crossed_people_per_hour", layer.classes[0]))
            line(axes, story, bands[-1], layer.colour, layer.label)
        else:
            mean = mean_of(story, "crossed_people_per_hour", layer.classes)
            axes.plot(story.at, mean, color=layer.colour, label=layer.label)
    finish(axes, "people per hour", story, bands, [])
