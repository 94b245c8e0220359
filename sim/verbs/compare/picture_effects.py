"""Two pictures of a comparison: what became of people, and the differences with their intervals."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.measures.headline import Headline, in_order
from sim.measures.names import ALL, OUTCOMES
from sim.plotting import panels
from sim.plotting.colours import FAINT, INK, MUTED, OUTCOME_COLOURS
from sim.plotting.lettering import text_width, wrapped
from sim.plotting.page import heading
from sim.plotting.story import Story, whole
from sim.plotting.style import sheet, styled
from sim.verbs.compare.effects import Effect, effects_at, signed
from sim.verbs.compare.frame import HEAD, HOW_LINE, LEGEND_ROW, WIDTH, Scene, colour, draw_key, key_rows

FARTHEST = 150.0
"""Percent up to which differences are drawn to scale; larger ones are drawn as an arrow with the number."""
NOTHING_LEFT = -99.9
"""Percent below which nothing is left of the base: where an interval that would go on is cut."""
MAIN = {
    ("max_queue_people", ALL),
    ("wait_mean", ALL),
    ("crossed_people", ALL),
    ("refused_people", ALL),
    ("reneged_people", ALL),
    ("balked_people", ALL),
    ("stayed_people", ALL),
    ("unfinished_people", ALL),
    ("person_hours_waited", ALL),
}
"""The measures that are drawn if there are many scenarios."""
UNSURE = ("unclear", "same", "unknown")
"""The verdicts that are drawn hollow."""
CUT_MARK = "upright stroke: interval cut at what is possible"
ROW, STEP = 0.3, 0.17
GROUP = 0.34
NAMES, NUMBERS = 2.35, 1.0
SIZE, BEFORE = 9.5, 0.3
"""Size of the numbers on the right (points), and the room before and after them (inches), also for an arrow."""


@styled
def fates(scene: Scene) -> Figure:
    """Draw what became of people as one bar per scenario, with all numbers below it."""
    names = 1.08 * max(text_width(name, 11) for name in scene.names) + 0.6
    inner = WIDTH - names - 0.4
    texts = [wrapped(_numbers(story), inner, 9) for story in scene.stories]
    heights = [0.62 + 0.16 * text.count("\n") + 0.2 for text in texts]
    height = 1.35 + sum(heights) + 0.1
    figure = sheet(WIDTH, height)
    count = scene.comparison.replications
    how = "one replication" if count == 1 else f"people, means of {count} replications on the same tapes"
    heading(figure, f"What became of people: {scene.base.title}", how)
    axes = figure.add_axes((names / WIDTH, 0.1 / height, inner / WIDTH, sum(heights) / height))
    most = max(sum(value for _, value in _outcomes(story)) for story in scene.stories)
    axes.set(xlim=(0, most or 1), ylim=(sum(heights), 0))
    axes.axis("off")
    top = 0.0
    for n, (story, text, tall) in enumerate(zip(scene.stories, texts, heights, strict=True)):
        left = 0.0
        for name, value in _outcomes(story):
            axes.barh(top + 0.17, value, 0.3, left=left, color=OUTCOME_COLOURS[name], edgecolor="white", linewidth=0.6)
            left += value
        label = {"va": "center", "ha": "right", "fontsize": 11, "fontweight": "bold", "color": colour(n)}
        axes.annotate(scene.names[n], (0, top + 0.17), (-8, 0), textcoords="offset points", **label)  # type: ignore[arg-type]
        axes.text(0, top + 0.38, text, va="top", fontsize=9, color=MUTED, linespacing=1.25)
        top += tall
    _draw_legend(figure, [name for name in OUTCOME_COLOURS if any(dict(_outcomes(s)).get(name) for s in scene.stories)])
    return figure


def _outcomes(story: Story) -> list[tuple[str, float]]:
    """Return the outcomes that occur, with the mean number of people of each."""
    means = [(event, story.total(f"{event}_people").mean) for event in panels.outcomes_at(story)]
    return [(name, value) for name, value in means if value > 0]


def _numbers(story: Story) -> str:
    return " · ".join(f"{OUTCOMES[name].picture} {whole(value)}" for name, value in _outcomes(story))


def _draw_legend(figure: Figure, names: list[str]) -> None:
    """Write the outcomes with their colours in one row, smaller if they would leave the sheet."""
    width, height = figure.get_size_inches()
    widths = [text_width(OUTCOMES[name].picture, 10) + 0.42 for name in names]
    scale = min(1.0, (width - 0.5) / max(sum(widths), 1.0))
    at, y = 0.3, 1 - 0.98 / height
    for name, wide in zip(names, widths, strict=True):
        figure.text(at / width, y, "■", color=OUTCOME_COLOURS[name], fontsize=11 * scale, va="center")
        place = (at + 0.17 * scale) / width
        figure.text(place, y, OUTCOMES[name].picture, color=INK, fontsize=10 * scale, va="center")
        at += wide * scale


@styled
def differences(scene: Scene) -> Figure:
    """Draw the differences of the main measures from the base in percent, with the intervals of the family."""
    others = len(scene.stories) - 1
    rows = [effects_at(scene.comparison, n, scene.crossing) for n in range(1, others + 1)]
    if not scene.banded:
        rows = [[row for row in each if (row.measure.quantity, row.measure.scope) in MAIN] for each in rows]
    groups = _changed_measures(rows)
    tall = ROW + STEP * (others - 1)
    places, inner_height = _places(groups, tall)
    family = f" (all {others} of a measure hold together)" if others > 1 else ""
    sure = f"; bars: 95 % intervals{family}" if scene.comparison.replications > 1 else ""
    unchanged = _unchanged(rows)
    cut = f"; {CUT_MARK}" if any(row.difference.cut for each in rows for row in each) else ""
    from_zero = any(row.measure in places and math.isnan(row.difference.percent) for each in rows for row in each)
    cut += "; without %: 0 in the base" if from_zero else ""
    how = wrapped(
        f"paired differences on {scene.comparison.replications} tapes, in percent of the base{sure}; "
        f"hollow: not clear or no change{cut}{unchanged}",
        WIDTH - 0.8,
        10.5,
    )
    top = HEAD + HOW_LINE * how.count("\n")
    height = top + LEGEND_ROW * len(key_rows(scene.names)) + 0.15 + inner_height + 0.55
    figure = sheet(WIDTH, height)
    heading(figure, f"Differences from the base: {scene.base.title}", how)
    draw_key(figure, scene.names, top - 0.08)
    names = max([NAMES, *(text_width(measure.name, 10) + 0.25 for measure in places)])
    sizes = [text_width(f"{row.size} {row.arrow}", SIZE) for each in rows for row in each if row.measure in places]
    numbers = max([NUMBERS, *(size + BEFORE for size in sizes)])
    inner = WIDTH - names - numbers - 0.3
    axes = figure.add_axes((names / WIDTH, 0.45 / height, inner / WIDTH, inner_height / height))
    limits = _limits([row for each in rows for row in each])
    for n, each in enumerate(rows, 1):
        for row in each:
            if row.measure in places:
                at = places[row.measure] + ROW / 2 + (n - 1) * STEP
                if math.isfinite(row.difference.percent):
                    _point(axes, row, n, at, limits)
                _write_size(axes, row, n, at, numbers)
    axes.set(xlim=limits, ylim=(inner_height, 0))
    _name_measures(axes, groups, places, tall)
    axes.grid(axis="x")
    axes.axvline(0, color=INK, linewidth=1.2)
    axes.xaxis.set_major_formatter(lambda value, _: "0" if value == 0 else f"{signed(value)} %")
    return figure


def _changed_measures(rows: list[list[Effect]]) -> dict[str, list[Headline]]:
    """Return the measures that are not the same in all scenarios, by group."""
    changed = [row.measure for each in rows for row in each if row.difference.verdict != "same"]
    groups: dict[str, list[Headline]] = {}
    for measure in in_order(changed):
        groups.setdefault(measure.group, []).append(measure)
    return groups


def _unchanged(rows: list[list[Effect]]) -> str:
    """Return words for the measures that are not drawn because they are the same in all scenarios."""
    measures = dict.fromkeys(row.measure for each in rows for row in each)
    changed = [measure for group in _changed_measures(rows).values() for measure in group]
    names = [measure.name for measure in measures if measure not in changed]
    return f"; the same in all scenarios: {' · '.join(names)}" if names else ""


def _places(groups: dict[str, list[Headline]], tall: float) -> tuple[dict[Headline, float], float]:
    """Return where each measure begins, in inches from the top, and the height of all."""
    places, at = {}, 0.0
    for group in groups.values():
        at += GROUP
        for measure in group:
            places[measure] = at
            at += tall
    return places, max(at, ROW)


def _name_measures(axes: Axes, groups: dict[str, list[Headline]], places: dict[Headline, float], tall: float) -> None:
    """Write the names of groups and measures on the left."""
    axes.set_yticks(
        [at + tall / 2 for at in places.values()], [measure.name for measure in places], color=INK, fontsize=10
    )
    axes.tick_params(axis="y", length=0)
    for name, group in groups.items():
        at = places[group[0]] - 0.3 * GROUP
        axes.annotate(
            name,
            (0, at),
            (-6, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=10,
            fontweight="bold",
        )
        axes.axhline(places[group[0]] - 0.02, color=FAINT, linewidth=0.6)


def _limits(rows: list[Effect]) -> tuple[float, float]:
    """Return the limits of the axis in percent."""
    ends = [0.0]
    for change in (row.difference for row in rows):
        scale = 100 / abs(change.base) if change.base else np.nan
        ends += [scale * value for value in (change.difference, change.family_low, change.family_high)]
    finite = np.clip([end for end in ends if math.isfinite(end)], -FARTHEST, FARTHEST)
    margin = 0.06 * max(float(np.ptp(finite)), 1.0)
    return float(finite.min()) - margin, float(finite.max()) + margin


def _point(axes: Axes, row: Effect, n: int, at: float, limits: tuple[float, float]) -> None:
    """Draw one difference with its interval."""
    change = row.difference
    scale = 100 / abs(change.base) if change.base else 0.0
    low, high = (scale * value for value in (change.family_low, change.family_high))
    inside = limits[0] < change.percent < limits[1]
    position = min(max(change.percent, limits[0]), limits[1])
    if low < limits[1] and high > limits[0]:
        ends = (max(low, limits[0]), min(high, limits[1]))
        axes.plot(ends, (at, at), color=colour(n), linewidth=2.0, solid_capstyle="butt", clip_on=False)
        if change.cut:
            axes.plot(
                ends[0] if low < NOTHING_LEFT else ends[1],
                at,
                marker="|",
                markersize=9,
                markeredgewidth=2.0,
                color=colour(n),
                clip_on=False,
            )
    hollow = change.verdict in UNSURE
    shape = "o" if inside else (">" if change.percent > 0 else "<")
    axes.plot(
        position,
        at,
        marker=shape,
        markersize=6,
        color=colour(n),
        markerfacecolor="white" if hollow else colour(n),
        clip_on=False,
        zorder=3,
    )


def _write_size(axes: Axes, row: Effect, n: int, at: float, room: float) -> None:
    """Write a difference at the end of the `room` (inches) on the right.

    It is in the colour of its scenario where nothing is drawn because the base is 0.
    """
    hollow = row.difference.verdict in UNSURE
    ink = INK if math.isfinite(row.difference.percent) else colour(n)
    axes.annotate(
        f"{row.size} {row.arrow}",
        (1, at),
        (72 * room - 6, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=SIZE,
        color=MUTED if hollow else ink,
    )
