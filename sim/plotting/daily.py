"""Panels with a bar for each local day (hour in a short run) or night: who got across, and people stuck."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from matplotlib.axes import Axes

from sim.arrays import Floats
from sim.measures.names import ALL, OTHERS, OUTCOMES, VEHICLES
from sim.plotting.colours import INK, MUTED, OUTCOME_COLOURS
from sim.plotting.marks import draw_marks
from sim.plotting.page import legend
from sim.plotting.panels import flows_of_vehicles, mark, outcomes_at, upright
from sim.plotting.story import Shown, Story, others, outwards_per_day, rounded, window
from sim.plotting.style import boxes, value_axis
from sim.plotting.waiting import layers_of

AT_THE_END = ("unfinished", "on_the_way")
"""Outcomes at the horizon, which belong to no day."""

Part = tuple[str, tuple[str, ...], str, str]
"""Bars of a quantity: its name, the scopes that are summed, colour and label."""

PEOPLE_ACROSS = (("crossed_people", (ALL,), OUTCOME_COLOURS["crossed"], "crossed"),)
"""The part of `bars` that draws people across."""

SHORT_RUN, HOUR = timedelta(days=2), 3600.0
"""The longest run whose flows are drawn by the hour, and the longest interval of its series (s)."""
ROUNDING = 1e-7
"""Days by which an instant may be wrong after rounding."""

NIGHT_BAR = 0.7
"""Width of the bar of a night, days."""


def bar_span(story: Story) -> str:
    """Return the span of a bar of a flow: 'hour' in a run of up to `SHORT_RUN` if the series allow it, else 'day'."""
    clock = story.scenario.clock
    return "hour" if clock.horizon - clock.counted_from <= SHORT_RUN and clock.report_every <= HOUR else "day"


def flow_bars(story: Story, quantity: str, scope: str = ALL) -> tuple[Floats, Floats, Floats]:
    """Return first and last instants (days) of the bars of a flow, and its mean in each."""
    start, end = story.scenario.clock.counted_from, story.scenario.clock.horizon
    if bar_span(story) == "hour":
        first = story.day(start.replace(minute=0, second=0, microsecond=0))
        edges = first + np.arange(np.ceil(24 * (story.day(end) - first) - ROUNDING) + 1) / 24
    else:
        midnight = datetime(start.year, start.month, start.day)
        count = -(-(end - midnight) // timedelta(days=1))
        edges = np.array([story.day(midnight + timedelta(days=n)) for n in range(count + 1)])
    band = story.band(quantity, scope)
    values = np.zeros(len(story.at)) if band is None else np.nan_to_num(band.mean)
    bins = np.append(edges[:-1] - ROUNDING, edges[-1])
    return edges[:-1], edges[1:], np.histogram(story.at, bins, weights=values)[0]


def vehicles_a_day(axes: Axes, story: Story) -> None:
    """Draw bars of vehicles across by class and local day, with reported flows of parties as daily means."""
    tops = bars(axes, story, _parties(story, story.vehicles))
    _flows(axes, story, (_reported_parties(story, vehicles=True), [VEHICLES]), tops, f"vehicles per {bar_span(story)}")


def others_a_day(axes: Axes, story: Story) -> None:
    """Draw bars of parties across by bike and on foot by local day or hour."""
    tops = bars(axes, story, _parties(story, others(story)))
    _flows(axes, story, (_reported_parties(story, vehicles=False), [OTHERS]), tops, f"parties per {bar_span(story)}")


def _reported_parties(story: Story, vehicles: bool) -> list[Shown]:
    """Return the reported flows of vehicles, or those of other parties."""
    with_vehicles = flows_of_vehicles(story)
    return with_vehicles if vehicles else [s for s in story.shown("crossed_parties") if s not in with_vehicles]


def _parties(story: Story, names: Sequence[str]) -> list[Part]:
    return [("crossed_parties", *layer) for layer in layers_of(story, names)]


def people_across(axes: Axes, story: Story) -> None:
    """Draw bars of people across by local day or hour, with reported flows."""
    tops = bars(axes, story, PEOPLE_ACROSS)
    _flows(axes, story, (story.shown("crossed_people", validation=True), [ALL]), tops, f"people per {bar_span(story)}")


def people_a_day(axes: Axes, story: Story) -> None:
    """Draw bars of people across by local day or hour, below zero those who did not get across, with reported flows."""
    fates = [
        (f"{event}_people", (ALL,), OUTCOME_COLOURS[event], OUTCOMES[event].picture)
        for event in outcomes_at(story)
        if event not in AT_THE_END
    ]
    tops = bars(axes, story, fates[:1])
    depths = bars(axes, story, fates[1:], downwards=True)
    shown = story.shown("crossed_people", validation=True)
    _flows(axes, story, (shown, [ALL]), tops, f"people per {bar_span(story)}", -1.3 * max(depths, default=0.0))
    axes.axhline(0, color=MUTED, linewidth=0.7)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")


def bars(axes: Axes, story: Story, parts: Sequence[Part], downwards: bool = False) -> list[float]:
    """Stack bars of (quantity, scopes, colour, label), means over replications; return their heights."""
    base: Floats = np.zeros(1)
    for quantity, scopes, colour, label in parts:
        first, last, _ = flow_bars(story, quantity)
        values = np.sum([flow_bars(story, quantity, scope)[2] for scope in scopes], axis=0)
        if values.sum() > 0:
            bottom = -base - values if downwards else base + np.zeros(len(values))
            inset = 0.07 * (last - first)
            axes.add_patch(boxes(first + inset, bottom, last - inset, bottom + values, color=colour, label=label))
        base = base + values
    return list(base)


def _flows(
    axes: Axes,
    story: Story,
    reported: tuple[Sequence[Shown], Sequence[str]],
    tops: Sequence[float],
    label: str,
    lowest: float = 0.0,
) -> None:
    """Draw reported flows outwards as daily means over their windows, with the axis and the legend.

    `reported` are the figures and the scopes of the bars that are drawn.
    """
    marks = []
    shown, scopes = reported
    for s in shown:
        rate = outwards_per_day(s) / (24 if bar_span(story) == "hour" else 1)
        as_printed = np.isclose(rate, s.observation.reported) and s.row.statistic != "max"
        words = (
            ""
            if as_printed
            else f"{s.observation.label}, {window(s.row)}:\n{rounded(rate)} per {bar_span(story)} outbound"
        )
        marks.append(mark(story, s, rate, words, scopes))
    value_axis(axes, label, [max(tops, default=0) * (1.3 if marks else 1), *(1.35 * each.top for each in marks)])
    axes.set_ylim(bottom=lowest)
    first, last, _ = flow_bars(story, "crossed_parties")
    draw_marks(
        axes,
        marks,
        [each for part in (0.1, 0.5, 0.9) for each in upright(first + part * (last - first), np.array(tops))],
    )
    legend(axes)


def stuck(axes: Axes, story: Story) -> None:
    """Draw the people stuck at the night hour, by class, as a bar for each night with the 5-95 % range of all."""
    at = np.array([story.day_of(night.day) for night in story.nights]) + 0.5
    base = np.zeros(len(at))
    for layer in layers_of(story, tuple(story.nights[0].by_class)):
        people = np.array([sum(night.by_class[cls].mean for cls in layer.classes) for night in story.nights])
        if people.any():
            left, right = at - NIGHT_BAR / 2, at + NIGHT_BAR / 2
            axes.add_patch(boxes(left, base, right, base + people, color=layer.colour, label=layer.label))
        base = base + people
    low, high = (np.array([getattr(night.people, end) for night in story.nights]) for end in ("p05", "p95"))
    if (high > low).any():
        axes.vlines(at, low, high, color=INK, linewidth=1.2, label="5–95 % of all people")
    value_axis(axes, "people stuck", [*high, *base])
    legend(axes)
