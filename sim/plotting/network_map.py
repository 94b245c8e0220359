"""The overview of a network: origins, crossings, the flows between them, and panels for each crossing.

If all origins and crossings have a place, they are drawn as a map, otherwise in two columns. The panels of a crossing
show people waiting, the quoted wait, and people across over time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from sim.arrays import Floats
from sim.measures.flows import LAST, Flows
from sim.measures.names import ALL
from sim.measures.reports import short_amount
from sim.plotting import daily, panels
from sim.plotting.closures import closed, shade_closed, while_open
from sim.plotting.colours import INK, MUTED, class_name
from sim.plotting.lettering import shortened, text_width, wrapped
from sim.plotting.marks import SIGNS, Mark, draw_marks
from sim.plotting.names import origin_name, ranged, ranged_estimate
from sim.plotting.page import heading
from sim.plotting.ribbons import ORIGIN_COLOURS
from sim.plotting.story import Shown, Story, outwards_per_day, whole
from sim.plotting.style import sheet, styled, time_axis, value_axis
from sim.plotting.waiting import wait_classes
from sim.scenario.model.network import Place
from sim.scenario.model.scenario import Scenario
from sim.units import to_figures

Box = tuple[float, float, float, float]
"""Left, bottom, right and top, inches."""

WIDTH, HEAD, FOOT = 16.0, 1.2, 0.65
MAP = (0.35, 6.1)
PANELS, PANEL, GAP = 6.95, 2.45, 0.6
ROW, TITLE = 1.05, 0.62
THICKEST = 18.0
"""Width in points of the line with the most people."""
APART = 0.5
"""Minimum distance in inches between two places on the map."""
STRETCH = 5.0
"""Maximum ratio of the scales of longitude and latitude, used to fill the space of the map."""
MARK = 9.5
LONGEST_ACROSS = 4.0
"""Room in inches beside the name of a crossing for its number and the people across."""
MOST_LABELS = 3
"""Reported figures of a panel up to which each has its number beside it."""
LEAST_WAIT = 0.5
NAME = 1.7
"""Maximum width in inches of a line of an origin's label, unless a single word is wider."""
MARGIN = 0.2
"""Room in inches that the label of an origin keeps from the next one on the same line."""
FARTHER = 0.35
"""Inches by which a label may stand farther above or below its origin."""
COVERED, ROUNDS = 10.0, 3
"""Weight of overlap with places relative to overlap with labels, and number of passes over the labels."""


@styled
def network(stories: Sequence[Story], flows: Flows) -> Figure:
    """Draw the map of a network and the panels of its crossings, from north to south if they have places."""
    places = _places(stories[0].scenario)
    if places is not None:
        stories = sorted(stories, key=lambda story: -places[1][story.crossing].latitude)
    tall = max(len(stories) * (ROW + TITLE), 3.6)
    height = HEAD + tall + FOOT
    figure = sheet(WIDTH, height)
    heading(figure, stories[0].scenario.title, _how(stories))
    axes = figure.add_axes((MAP[0] / WIDTH, FOOT / height, (MAP[1] - MAP[0]) / WIDTH, tall / height))
    axes.set(xlim=(0, MAP[1] - MAP[0]), ylim=(0, tall))
    axes.axis("off")
    middles = [tall - (n + 0.5) * (ROW + TITLE) - TITLE / 2 for n in range(len(stories))]
    _draw_map(axes, stories, flows, *_positions(stories, flows, places, (middles, tall)))
    for n, story in enumerate(stories):
        bottom = FOOT + tall - (n + 1) * (ROW + TITLE)
        _crossing_row(figure, story, n, bottom / height, last=n == len(stories) - 1)
    return figure


def _how(stories: Sequence[Story]) -> str:
    """Return the description of the picture."""
    key = "line width: people from each origin who cross; "
    own = any(story.place.demand for story in stories)
    key += f"panels: {'all people, including those without an origin; ' if own else ''}{stories[0].how}"
    if any(story.shown() for story in stories):
        key += "; orange: reported (≥ at least, > more than, ≫ well over, ≈ about; sources in reported.csv)"
    if any(closed(story, story.classes) for story in stories):
        key += "; grey: closed"
    return wrapped(key, WIDTH - 1.2, 10.5)


def _places(scenario: Scenario) -> tuple[dict[str, Place], dict[str, Place]] | None:
    """Return the places of origins and crossings; None if one has none."""
    origins = scenario.network.origins if scenario.network else {}
    places = (
        {name: origin.place for name, origin in origins.items() if origin.place},
        {
            name: crossing.destination.place
            for name, crossing in scenario.crossings.items()
            if crossing.destination.place
        },
    )
    return places if (len(places[0]), len(places[1])) == (len(origins), len(scenario.crossings)) else None


def _positions(
    stories: Sequence[Story],
    flows: Flows,
    places: tuple[dict[str, Place], dict[str, Place]] | None,
    room: tuple[list[float], float],
) -> tuple[Floats, Floats]:
    """Return the positions of origins (O, 2) and crossings (X, 2) in inches from the lower left corner of the map."""
    middles, tall = room
    wide = MAP[1] - MAP[0]
    count = len(flows.origins)
    if places is None:
        heights = tall - (np.arange(count) + 0.5) * tall / count
        crossings = np.column_stack([np.full(len(stories), wide - 0.3), middles])
        return np.column_stack([np.full(count, 1.1), heights]), crossings
    every = [*(places[0][name] for name in flows.origins), *(places[1][story.crossing] for story in stories)]
    at = np.array([(place.longitude, place.latitude) for place in every])
    at[:, 0] *= np.cos(np.deg2rad(at[:, 1].mean()))
    low, span = at.min(axis=0), np.maximum(np.ptp(at, axis=0), 1e-6)
    edges = np.array([1.1, 0.55])
    free = np.array([wide, tall]) - 2 * edges
    scale = free / span
    scale = np.minimum(scale, STRETCH * scale.min())
    positions = _apart(edges + (free - span * scale) / 2 + (at - low) * scale)
    return positions[:count], positions[count:]


def _apart(at: Floats) -> Floats:
    """Return the points, moved as little as needed to separate them."""
    for _ in range(60):
        apart = at[:, None] - at[None]
        far = np.hypot(apart[..., 0], apart[..., 1])
        near = (far < APART) & ~np.eye(len(at), dtype=np.bool_)
        if not near.any():
            break
        ways = np.where(far[..., None] > 1e-9, apart / np.maximum(far, 1e-9)[..., None], [[[0.0, 1.0]]])
        at = at + (ways * (near * (APART - far) / 2)[..., None]).sum(axis=1)
    return at


def _draw_map(axes: Axes, stories: Sequence[Story], flows: Flows, origins: Floats, crossings: Floats) -> None:
    """Draw drives as thin lines, people across as wide ones, then origins and crossings on top."""
    scenario = stories[0].scenario
    number = {story.crossing: n for n, story in enumerate(stories)}
    _draw_drives(axes, scenario, flows, number, (origins, crossings))
    crossed = flows.of("crossed")
    most = float(crossed.mean(axis=0).max())
    for o, n, people in (
        (o, number[x], crossed[:, o, k]) for o in range(len(origins)) for k, x in enumerate(flows.crossings)
    ):
        if people.mean() > 0:
            width = max(THICKEST * float(people.mean()) / most, 0.6)
            _curve(axes, origins[o], crossings[n], edgecolor=_colour(o), linewidth=width, alpha=0.6)
    _draw_origins(axes, scenario, flows, origins, crossings)
    for n, at in enumerate(crossings):
        axes.plot(*at, "o", markersize=17, markerfacecolor="white", markeredgecolor=INK, markeredgewidth=1.4, zorder=6)
        axes.text(
            at[0], at[1], str(n + 1), ha="center", va="center_baseline", fontsize=10.5, fontweight="bold", zorder=7
        )
    if most > 0:
        line = {"color": MUTED, "linewidth": THICKEST, "alpha": 0.6, "solid_capstyle": "butt", "clip_on": False}
        axes.plot([0.0, 0.5], [-0.38] * 2, **line)  # type: ignore[arg-type]
        axes.text(0.62, -0.38, f"{whole(most)} people across", va="center", fontsize=10, color=MUTED)


def _draw_origins(axes: Axes, scenario: Scenario, flows: Flows, origins: Floats, crossings: Floats) -> None:
    """Draw the origins, with names and numbers of people where these overlap least."""
    leaving = flows.of(*LAST).sum(axis=2)
    labels = [
        f"{wrapped(origin_name(scenario, name), NAME, 10)}\n{ranged(leaving[:, o])} people"
        for o, name in enumerate(flows.origins)
    ]
    places = [(x - 0.17, y - 0.17, x + 0.17, y + 0.17) for x, y in (*origins, *crossings)]
    boxes = _least_covering(
        [_around(words, at) for words, at in zip(labels, origins, strict=True)],
        places,
        (0.0, 0.0, axes.get_xlim()[1], axes.get_ylim()[1]),
    )
    for o, (words, box, at) in enumerate(zip(labels, boxes, origins, strict=True)):
        axes.plot(*at, "o", markersize=13, color=_colour(o), zorder=6)
        axes.text(
            (box[0] + box[2]) / 2,
            (box[1] + box[3]) / 2,
            words,
            ha="center",
            va="center",
            fontsize=10,
            zorder=8,
            linespacing=1.15,
            path_effects=[withStroke(linewidth=3, foreground="white", alpha=0.9)],
        )


def _around(words: str, at: Floats) -> list[Box]:
    """Return the boxes of a label below, above, right and left of a place, and at its corners."""
    lines = words.split("\n")
    wide, tall = max(text_width(line, 10) for line in lines) + MARGIN, 0.18 * len(lines)
    aside, over = 0.2 + wide / 2, 0.17 + tall / 2
    steps = [(0.0, -over), (0.0, over), (aside, 0.0), (-aside, 0.0)]
    steps += [(right * (aside - 0.1), up * (over - 0.1)) for up in (1, -1) for right in (1, -1)]
    steps += [(right * aside / 2, up * over) for up in (1, -1) for right in (1, -1)]
    steps += [(0.0, up * (over + FARTHER)) for up in (1, -1)]
    middles = [(at[0] + dx, at[1] + dy) for dx, dy in steps]
    return [(x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2) for x, y in middles]


def _least_covering(choices: Sequence[Sequence[Box]], places: Sequence[Box], room: Box) -> list[Box]:
    """Choose one box for each label within the map, with little overlap with other labels and less with places.

    Labels are placed one after the other, several times over, starting with each label in turn; the best result counts.
    """
    alone = [[COVERED * (_covers(box, places) - _common(box, room)) for box in boxes] for boxes in choices]
    results = []
    for start in range(len(choices)):
        chosen: dict[int, int] = {}
        for turn in range(ROUNDS * len(choices)):
            n = (start + turn) % len(choices)
            others = [choices[m][k] for m, k in chosen.items() if m != n]
            costs = [_covers(box, others) + cost for box, cost in zip(choices[n], alone[n], strict=True)]
            chosen[n] = int(np.argmin(costs))
        boxes = [choices[n][chosen[n]] for n in range(len(choices))]
        overlap = sum(_covers(box, boxes[:n]) for n, box in enumerate(boxes))
        results.append((overlap + sum(alone[n][k] for n, k in chosen.items()), start, boxes))
    return min(results)[2] if results else []


def _common(one: Box, other: Box) -> float:
    """Return the area that two boxes (left, bottom, right, top) share."""
    wide, tall = (min(one[k + 2], other[k + 2]) - max(one[k], other[k]) for k in (0, 1))
    return max(wide, 0.0) * max(tall, 0.0)


def _covers(box: Box, others: Sequence[Box]) -> float:
    return sum(_common(box, other) for other in others)


def _colour(origin: int) -> str:
    return ORIGIN_COLOURS[origin % len(ORIGIN_COLOURS)]


def _draw_drives(
    axes: Axes, scenario: Scenario, flows: Flows, number: dict[str, int], at: tuple[Floats, Floats]
) -> None:
    """Draw the possible drives: from origins as thin lines, between crossings as dotted lines."""
    if scenario.network is None:
        return
    for o, name in enumerate(flows.origins):
        for crossing in scenario.network.origins[name].travel:
            _curve(axes, at[0][o], at[1][number[crossing]], edgecolor=MUTED, linewidth=0.6, alpha=0.7)
    for one, others in scenario.network.between.items():
        for other in others:
            ends = (at[1][number[one]], at[1][number[other]])
            _curve(axes, *ends, edgecolor=MUTED, linewidth=1.2, linestyle=(0, (1, 2)), alpha=0.9)


def _curve(axes: Axes, start: Floats, end: Floats, **how: object) -> None:
    """Draw a line between two points, bent a little to its left."""
    along = end - start
    middle = (start + end) / 2 + 0.12 * np.array([-along[1], along[0]])
    path = Path([tuple(start), tuple(middle), tuple(end)], [Path.MOVETO, Path.CURVE3, Path.CURVE3])
    axes.add_patch(PathPatch(path, facecolor="none", capstyle="butt", **how))


def _crossing_row(figure: Figure, story: Story, n: int, bottom: float, *, last: bool) -> None:
    """Draw the panels of a crossing, `bottom` as a share of the sheet's height; dates below the `last` one only."""
    height = figure.get_size_inches()[1]
    across = ranged_estimate(story.total("crossed_people"))
    name = shortened(story.title, WIDTH - PANELS - LONGEST_ACROSS, 11.5)
    title = f"{n + 1}  {name}: {across} people across"
    figure.text(PANELS / WIDTH, bottom + (ROW + 0.36) / height, title, fontsize=11.5, fontweight="bold", va="center")
    for k, draw in enumerate((_waiting, _quoted, _across)):
        left = PANELS + k * (PANEL + GAP)
        axes = figure.add_axes((left / WIDTH, bottom, PANEL / WIDTH, ROW / height))
        time_axis(axes, story.limits, story.zone, story.scenario.clock.t0, 4)
        shade_closed(axes, story, story.classes)
        label, marks, tops, curves = draw(axes, story)
        value_axis(axes, "", [*tops, *(1.3 * each.value for each in marks)], LEAST_WAIT if k == 1 else 0.0)
        if len(marks) > MOST_LABELS:
            label = f"{label}; {len(marks)} reported"
            marks = [replace(each, label="") for each in marks]
        axes.set_title(label, fontsize=10, fontweight="normal", color=MUTED, pad=3)
        axes.locator_params(axis="y", nbins=4)
        draw_marks(axes, marks, curves, MARK)
        axes.tick_params(labelbottom=last)
        if last and k == 1:
            axes.set_xlabel(f"local time ({story.scenario.clock.timezone})", fontsize=10)


Panel = tuple[str, list[Mark], list[float], list[Floats]]
"""A panel's title and unit, its reported figures, its highest values, and its curves."""


def _waiting(axes: Axes, story: Story) -> Panel:
    """Draw people waiting, or vehicles if those were reported."""
    reported, parties = story.shown_on(ALL, "queue_people"), story.shown_on(story.scope, "queue")
    if not reported and parties and story.by_road:
        return _series(axes, story, ("queue", story.scope), "vehicles waiting", parties)
    return _series(axes, story, ("queue_people", ALL), "people waiting", reported)


def _quoted(axes: Axes, story: Story) -> Panel:
    """Draw the quoted wait of the class with the most reported waits."""
    name = wait_classes(story)[0]
    reported = [shown for shown in story.shown("quoted_wait") if shown.row.classes[0] == name]
    panels.name_cap(axes, story.band("quoted_wait", name))
    return _series(
        axes, story, ("quoted_wait", name), f"quoted wait (hours), {class_name(story.scenario, name)}", reported
    )


def _series(axes: Axes, story: Story, key: tuple[str, str], label: str, reported: Sequence[Shown]) -> Panel:
    band = story.band(*key)
    if band is not None and key[0] == "quoted_wait":
        band = while_open(band, [story], key[1])
    marks = [_mark(story, shown, shown.observation.reported) for shown in reported]
    panels.line(axes, story, band, INK, "")
    if band is None:
        return label, marks, [], []
    return label, marks, [float(np.nanmax([*band.p95, *band.mean, 0.0]))], [np.column_stack([story.at, band.mean])]


def _across(axes: Axes, story: Story) -> Panel:
    """Draw bars of people across by local day or hour."""
    tops = daily.bars(axes, story, daily.PEOPLE_ACROSS)
    first, last, _ = daily.flow_bars(story, "crossed_people")
    scale = 24 if daily.bar_span(story) == "hour" else 1
    marks = [_mark(story, shown, outwards_per_day(shown) / scale) for shown in story.shown_on(ALL, "crossed_people")]
    return (
        f"people across per {daily.bar_span(story)}",
        marks,
        [max(tops)],
        panels.upright((first + last) / 2, np.array(tops)),
    )


def _mark(story: Story, shown: Shown, value: float) -> Mark:
    """Return the mark of a reported figure with a short label."""
    unit = "h" if shown.row.kind.is_wait else ""
    return panels.mark(story, shown, value, SIGNS.get(shown.row.qualifier, "") + short_amount(to_figures(value), unit))
