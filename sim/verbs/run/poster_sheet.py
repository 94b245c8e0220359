"""The poster: one A3 sheet that summarises a crossing, with the reported figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from sim.measures.estimates import Estimate
from sim.measures.names import OUTCOMES, at_station
from sim.measures.nights import worst_night
from sim.measures.reports import counted, short_amount
from sim.plotting import daily, panels
from sim.plotting.colours import CLASS_COLOURS, FAINT, INK, MUTED, OUTCOME_COLOURS, REPORTED, SPAN_COLOURS, day_name
from sim.plotting.lettering import BOLD, shortened, text_width, wrapped
from sim.plotting.marks import draw_rail, lay_rail, rail_height
from sim.plotting.rail import words
from sim.plotting.sentences import summary
from sim.plotting.staff import servers_words
from sim.plotting.story import (
    LEAST_BLOCKED,
    NOTHING,
    Shown,
    Story,
    between,
    modelled,
    rounded,
    source_line,
    week,
    whole,
    window,
)
from sim.plotting.style import SERIF, sheet, styled, time_axis
from sim.plotting.waiting import layers_of, wait_classes
from sim.scenario.model.reported import WAIT_KINDS
from sim.verbs.run.skipped_stages import LEVEL, draw_skips, skips_of
from sim.verbs.run.stages import next_stations, stages_of

WIDTH, HEIGHT = 16.54, 11.69
EDGE = 0.62
INNER = WIDTH - 2 * EDGE
SPLIT = 9.75
SMALL = 9.5
TITLE, LEAST_TITLE, UNDER_TITLE = 30.0, 18.0, 10.5
STRIP_ROW = 0.4
PAPER = "#f5f6f7"
ROW = 1.35
FLOWS_MOST, FLOWS_WIDE = 3, 2
MOST_BARS = 6
WEEK_NAMES = 1.55
LITRES = 1000.0
"""Litres of water in a cubic metre; less than that is written in litres."""


@styled
def poster(story: Story) -> Figure:
    """Draw the poster of one crossing."""
    figure = sheet(WIDTH, HEIGHT)
    top = _head(figure, story)
    foot = _sources(figure, story)
    row = _stations(figure, story, foot + 0.15) + 0.22
    _flows(_box(figure, (EDGE, row, 4.1, ROW)), story)
    _fates(_box(figure, (EDGE + 6.9, row, 2.6, ROW)), story)
    if story.by_road:  # people who wait for a flight wait at home
        _relief(figure, story, (EDGE + 11.85, row))
    _time_panels(figure, story, row + ROW + 0.62, top)
    return figure


def _box(figure: Figure, place: tuple[float, float, float, float]) -> Axes:
    left, bottom, width, height = place
    return figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT))


def _write(figure: Figure, left: float, top: float, text: str, **how: object) -> None:
    figure.text(left / WIDTH, top / HEIGHT, text, **{"va": "top", "ha": "left", **how})  # type: ignore[arg-type]


def _head(figure: Figure, story: Story) -> float:
    """Write title and summary; return the height (inches from the bottom) below them."""
    above, below = story.scenario.title, story.title
    if story.scenario.network is not None:
        above, below = below, above
    room = INNER / BOLD
    size = float(np.clip(TITLE * room / text_width(above, TITLE, SERIF), LEAST_TITLE, TITLE)) if above else TITLE
    above, below = shortened(above, room, size, SERIF), shortened(below, INNER / 3, UNDER_TITLE)
    _write(figure, EDGE, HEIGHT - 0.4, above, fontfamily=SERIF, fontsize=size, fontweight="bold")
    sentence = wrapped(summary(story), INNER - 0.2, 17, SERIF)
    _write(figure, EDGE, HEIGHT - 0.98, sentence, fontfamily=SERIF, fontsize=17, linespacing=1.2)
    lines = sentence.count("\n") + 1
    under = f"{below} · {story.spread} · local time ({story.scenario.clock.timezone})"
    top = HEIGHT - 1.04 - 0.29 * lines
    _write(figure, EDGE, top, under, fontsize=UNDER_TITLE, color=MUTED)
    if story.shown():
        key = "◆ reported figure   ↑ lower bound   ◇ approximate"
        _write(figure, WIDTH - EDGE, top, key, fontsize=10.5, color=REPORTED, ha="right")
    return top - 0.36


def _time_panels(figure: Figure, story: Story, bottom: float, top: float) -> None:
    """Draw the queue with the rail of events on the left, waits and kilometres on the right."""
    left, width = EDGE + 0.55, SPLIT - EDGE - 0.55
    labels = lay_rail(story.events, story.limits, story.zone, width)
    rail = rail_height(labels)
    low = bottom + rail + 0.42
    queue = _box(figure, (left, low, width, top - 0.5 - low))
    right = SPLIT + 0.95
    tall = (top - bottom - 2 * 0.5 - 0.55) / 2
    wait = _box(figure, (right, bottom + tall + 1.05, WIDTH - EDGE - right, tall))
    below = _box(figure, (right, bottom, WIDTH - EDGE - right, tall))
    for axes, room in ((queue, 10), (wait, 6), (below, 6)):
        time_axis(axes, story.limits, story.zone, story.scenario.clock.t0, room)
    name = wait_classes(story)[0]
    third = "Length of the queue on the road" if story.has_length else f"People across per {daily.bar_span(story)}"
    for axes, title in ((queue, panels.waiting_label(story).capitalize()), (wait, "Waiting time"), (below, third)):
        axes.set_title(title, pad=22)
    draw_rail(figure, bottom, labels, [queue])
    panels.queue_stacked(queue, story)
    panels.wait(wait, story, name)
    (panels.length if story.has_length else daily.people_across)(below, story)


def _flows(axes: Axes, story: Story) -> None:
    """Draw reported flows beside modelled ones, each pair on its own scale; if there are none, modelled ones."""
    axes.axis("off")
    shown = _flows_shown(story)
    axes.set_title("Crossings, reported and modelled" if shown else f"People across by {_split(story)}", pad=8)
    if not shown:
        left, bottom, width, height = axes.get_position().bounds
        axes.set_position((left + WEEK_NAMES / WIDTH, bottom, width - 1.25 * WEEK_NAMES / WIDTH, height))
        axes.set_title(axes.get_title(loc="left"), pad=8, x=-WEEK_NAMES / (width * WIDTH - 1.25 * WEEK_NAMES))
        _across(axes, story)
        return
    axes.set(xlim=(0, 1), ylim=(max(len(shown), 2) - 0.4, -0.55))
    for row, s in enumerate(shown):
        _pair(axes, row, s, len(shown) > FLOWS_WIDE)


def _pair(axes: Axes, row: float, shown: Shown, tight: bool) -> None:
    """Draw a reported and a modelled flow; if space is short, the reported figure is put beside the heading."""
    observation = shown.observation
    scale = 0.62 / (np.nanmax([observation.reported, observation.p95, observation.mean]) or 1.0)
    both = "both directions" if shown.row.directions == "both" else "outbound"
    heading, reported = f"{counted(shown.row)}, {window(shown.row)}", f"{_qualified_number(shown)} reported"
    axes.text(0, row - 0.1, heading, va="bottom", fontsize=SMALL if tight else 10, fontweight="bold")
    for offset, value, colour in (
        (0.03, observation.reported, REPORTED),
        (0.27, observation.mean, CLASS_COLOURS["car"]),
    ):
        axes.barh(row + offset, value * scale, 0.19, color=colour, align="center", clip_on=False)
    if tight:
        axes.text(1.17, row - 0.1, f"{reported}, {both}", va="bottom", ha="right", fontsize=SMALL, color=REPORTED)
    else:
        axes.text(1.17, row - 0.1, both, va="bottom", ha="right", fontsize=SMALL, color=MUTED)
        axes.text(
            observation.reported * scale + 0.015, row + 0.03, reported, va="center", fontsize=SMALL, color=REPORTED
        )
    if np.isfinite(observation.mean):
        place = (observation.mean * scale + 0.015, row + 0.27)
        axes.text(*place, _modelled(shown), va="center", fontsize=SMALL)


def _qualified_number(shown: Shown) -> str:
    """Return a reported figure with its qualifier only: 'about 37,000'."""
    qualifier = "" if shown.row.qualifier == "=" else f"{shown.row.qualifier} "
    return qualifier + short_amount(shown.observation.reported, shown.observation.unit)


def _split(story: Story) -> str:
    """Return by what people across are split: by class in a run drawn by the hour, by day if all fit, or by week."""
    if daily.bar_span(story) == "hour":
        return "class"
    return "day" if 1 < len(daily.flow_bars(story, "crossed_people")[0]) <= MOST_BARS else "week"


def _across(axes: Axes, story: Story) -> None:
    """Draw people across by class, day or week."""
    split, clock = _split(story), story.scenario.clock
    if split == "class":
        layers = [(layer, _summed(story, layer.classes)) for layer in layers_of(story, story.classes)]
        _number_bars(axes, [(layer.label, total, layer.colour) for layer, total in layers if total.mean > 0])
        return
    by_time = sorted(
        (key.scope, total)
        for key, total in story.estimates.totals.items()
        if key.crossing == story.crossing and key.quantity == f"crossed_people_{split}"
    )[:MOST_BARS]
    names = (day_name(datetime.fromisoformat(at)) if split == "day" else week(at, clock) for at, _ in by_time)
    colour = CLASS_COLOURS["car"]
    _number_bars(axes, [(name, total, colour) for name, (_, total) in zip(names, by_time, strict=True)])


def _summed(story: Story, classes: Sequence[str]) -> Estimate:
    """Return the people across of one class, or the mean of several together, whose band is not known."""
    totals = [story.total("crossed_people", name) for name in classes]
    return totals[0] if len(totals) == 1 else replace(NOTHING, mean=float(np.nansum([each.mean for each in totals])))


def _fates(axes: Axes, story: Story) -> None:
    """Draw the outcomes of people."""
    rows = [
        (OUTCOMES[event].picture, story.total(f"{event}_people"), OUTCOME_COLOURS[event])
        for event in panels.outcomes_at(story)
    ]
    axes.set_title("What became of people", pad=8, x=-0.36)
    _number_bars(axes, [row for row in rows if row[1].mean > 0])


def _drawn(story: Story) -> list[Shown]:
    """Return the reported figures that a panel of the poster draws."""
    first = wait_classes(story)[0]
    waits = [s for s in story.shown(*WAIT_KINDS) if s.row.classes[0] == first]
    third = story.shown("queue_length" if story.has_length else "crossed_people")
    return [*story.shown("queue"), *waits, *third, *_flows_shown(story)]


def _flows_shown(story: Story) -> list[Shown]:
    """Return the reported flows that stand beside modelled ones."""
    return story.shown("crossed_parties", "crossed_people")[:FLOWS_MOST]


def _modelled(shown: Shown) -> str:
    """Return the value of the model for a figure, with its band: '12,200 [9,100–17,600] in the model'."""
    if not np.isfinite(shown.observation.mean):
        return "no value in the model"
    return f"{modelled(shown.observation)} in the model"


def _number_bars(axes: Axes, rows: Sequence[tuple[str, Estimate, str]]) -> None:
    """Draw horizontal bars with their names and numbers."""
    axes.axis("off")
    if not rows:
        axes.text(0, 0.85, "no arrivals", transform=axes.transAxes, color=MUTED)
    axes.set(
        ylim=(max(len(rows), 4) - 0.5, -0.5), xlim=(0, max((estimate.mean for _, estimate, _ in rows), default=0) or 1)
    )
    for row, (name, estimate, colour) in enumerate(rows):
        axes.barh(row, estimate.mean, 0.62, color=colour)
        spread = between(estimate)
        figure = whole(estimate.mean) + (f" ({spread})" if spread else "")
        axes.annotate(figure, (estimate.mean, row), (5, 0), textcoords="offset points", va="center", fontsize=SMALL)
        name = shortened(name, WEEK_NAMES - 0.1, 10)
        axes.annotate(name, (0, row), (-6, 0), textcoords="offset points", va="center", ha="right", fontsize=10)


def _relief(figure: Figure, story: Story, corner: tuple[float, float]) -> None:
    """Write the measures for relief planning."""
    left, bottom = corner
    worst = worst_night(story.nights)
    rows = [
        *([(worst.people.mean, whole, f"people stuck on\nthe worst night, {worst.name}")] if worst else []),
        (story.total("person_hours_waited").mean, whole, "person-hours\nspent waiting"),
    ]
    if story.needs_relief:
        water = story.total("drinking_water").mean
        amount, unit = (water, "L") if water < LITRES else (water / LITRES, "m³")
        rows.append((amount, rounded, f"{unit} of drinking\nwater needed"))
    rows = [row for row in rows if np.isfinite(row[0])]
    if rows:
        _write(
            figure,
            left,
            bottom + ROW + 0.11,
            "Burden on those waiting",
            fontsize=12,
            fontweight="bold",
            va="bottom",
        )
    for n, (amount, written, what) in enumerate(rows):
        top = bottom + 1.12 - 0.47 * n
        _write(
            figure,
            left,
            top,
            written(amount),
            fontfamily=SERIF,
            fontsize=22,
            fontweight="bold",
            va="center",
        )
        _write(figure, left + 1.55, top, what, fontsize=10, color=INK, va="center")


def _stations(figure: Figure, story: Story, bottom: float) -> float:
    """Draw the stations in order with their staffing and utilisation; return the height above them.

    An arrow leads to the next ones only where parties may go there.
    """
    stages = stages_of(story)
    tall = STRIP_ROW * max([2, *(len(stage) for stage in stages)])
    axes = _box(figure, (EDGE, bottom, INNER, tall))
    axes.set(xlim=(0, INNER), ylim=(0, tall))
    axes.axis("off")
    title = "Stations in order, with servers, and utilisation while staffed: of the run / of its worst day"
    stopped = any(story.total("blocked_share", at_station(name)).mean >= LEAST_BLOCKED for name in story.stations)
    skips = skips_of(story, stages)
    above, boxes = LEVEL * len(skips), []
    axes.set_title(f"{title} (orange: blocked)" if stopped else title, pad=6 + 72 * above)
    gap = 0.3
    width = (INNER - gap * (len(stages) - 1)) / len(stages)
    for n, stage in enumerate(stages):
        left = n * (width + gap)
        if n and any(set(stage) & set(next_stations(story, name)) for name in stages[n - 1]):
            axes.annotate(
                "",
                (left - 0.05, tall / 2),
                (left - gap + 0.05, tall / 2),
                arrowprops={"arrowstyle": "-|>", "color": MUTED, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0},
            )
        each = max(STRIP_ROW, min(2 * STRIP_ROW, tall) / len(stage))
        top = tall / 2 + each * len(stage) / 2
        boxes.append((left, top - 0.03, width))
        for row, name in enumerate(stage):
            _station(axes, story, name, (left, top - (row + 1) * each + 0.03, width, each - 0.06))
    draw_skips(axes, skips, boxes, tall)
    return bottom + tall + above + 0.3


def _station(axes: Axes, story: Story, name: str, place: tuple[float, float, float, float]) -> None:
    """Draw one station in `place` (left, bottom, width, height in inches)."""
    left, bottom, width, height = place
    aside = story.place.stations[name].only_sent_on
    line = {"edgecolor": MUTED, "linestyle": (0, (4, 2))} if aside else {"edgecolor": FAINT}
    frame = FancyBboxPatch((left, bottom), width, height, "round,pad=0,rounding_size=0.05", facecolor=PAPER, **line)
    axes.add_patch(frame).set(linewidth=0.8, clip_on=False)
    title = words(name)
    busy, worst, blocked = (
        story.total(quantity, at_station(name)).mean
        for quantity in ("utilisation", "utilisation_worst_day", "blocked_share")
    )
    load = f"{100 * busy:.0f} % / {100 * worst:.0f} %" if np.isfinite(busy) else "no staff"
    details = f"{servers_words(story, name)} · {load}"
    inside = width - 0.2
    two_rows = height > 1.5 * STRIP_ROW
    room = inside if two_rows else inside - text_width(details, 9) - 0.12
    size = min(10.5, 10.5 * room / (1.08 * text_width(title, 10.5)))
    middle = bottom + height / 2
    first = middle + (0.17 if two_rows else 0.05)
    axes.text(left + 0.1, first, title, fontsize=size, fontweight="bold", va="center")
    second = (left + 0.1, middle - 0.04, "left") if two_rows else (left + 0.1 + inside, first, "right")
    axes.text(*second[:2], details, ha=second[2], fontsize=9, va="center", color=MUTED)
    low = middle - (0.22 if two_rows else 0.1)
    served = np.nan_to_num(min(busy, 1.0))
    stopped = min(np.nan_to_num(blocked), 1.0 - served)
    parts = ((0.0, 1.0, FAINT), (0.0, served, CLASS_COLOURS["car"]), (served, stopped, SPAN_COLOURS["blocked"]))
    for begin, share, colour in parts:
        axes.barh(low, inside * share, 0.06, left=left + 0.1 + inside * begin, color=colour)


def _sources(figure: Figure, story: Story) -> float:
    """Write the reported figures and their sources in two columns; return the height above them."""
    drawn = _drawn(story)
    texts = (source_line(s) + ("" if s in drawn else f"; {_modelled(s)}") for s in story.shown())
    lines = [wrapped(text, INNER / 2 - 0.4, 9).split("\n") for text in texts]
    flat = [line if n == 0 else f"   {line}" for entry in lines for n, line in enumerate(entry)]
    half = -(-len(flat) // 2)
    while 0 < half < len(flat) and flat[half].startswith("   "):
        half += 1
    bottom = 0.35
    for column, part in enumerate((flat[:half], flat[half:])):
        text = "\n".join(part + [""] * (half - len(part)))
        _write(figure, EDGE + column * INNER / 2, bottom, text, fontsize=9, color=MUTED, va="bottom", linespacing=1.3)
    top = bottom + 0.163 * half
    if flat:
        _write(
            figure, EDGE, top + 0.06, "Sources of the reported figures", fontsize=10.5, fontweight="bold", va="bottom"
        )
    return top + (0.3 if flat else 0.0)
