"""The pictures of a comparison: queues and waits over time, distributions of waits, outcomes, and differences.

A scenario has the same colour in all pictures; the base is black. Only the base has reported figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from sim.arrays import Floats
from sim.measures.names import ALL, Key
from sim.measures.quantiles import plain_quantiles
from sim.plotting import panels
from sim.plotting.closures import where
from sim.plotting.colours import MUTED
from sim.plotting.lettering import wrapped
from sim.plotting.marks import Mark, draw_marks
from sim.plotting.page import time_page
from sim.plotting.result import Drawers
from sim.plotting.story import Shown, Story
from sim.plotting.style import shade, styled, time_axis, unit_axis, value_axis
from sim.plotting.waiting import wait_classes
from sim.verbs.compare import picture_network
from sim.verbs.compare.effects import effects_at
from sim.verbs.compare.frame import (
    HOW_LINE,
    LEGEND_ROW,
    LINE,
    WIDTH,
    Scene,
    around_zero,
    colour,
    covered,
    dashes,
    draw_key,
    grid_page,
    key_rows,
    thickness,
    tops,
)
from sim.verbs.compare.picture_effects import differences, fates
from sim.verbs.compare.picture_groups import who_gains
from sim.verbs.compare.study import ComparisonData

WAIT_TICKS = ((1 / 60, "1 min"), (1 / 6, "10 min"), (1, "1 h"), (6, "6 h"), (24, "1 d"), (96, "4 d"), (384, "16 d"))
COLUMNS = 3
LEAST = {"wait": panels.LEAST_TOP[panels.WAIT], "queue": 1.0}
"""Values up to which the axis of a series reaches at least."""


def drawers(comparison: ComparisonData) -> Drawers:
    """Return functions that draw the pictures of a comparison, by the names of the pictures.

    With several crossings the name of a crossing's picture ends in that of the crossing.
    """
    pictures: Drawers = {}
    crossings = comparison.crossings
    for crossing in crossings:
        scene = Scene(comparison, crossing)
        ending = "" if len(crossings) == 1 else f"_{crossing}"
        pictures |= {f"{draw.__name__}{ending}": partial(draw, scene) for draw in BY_CROSSING}
    return pictures | (picture_network.drawers(comparison) if comparison.has_network else {})


@styled
def queues(scene: Scene) -> Figure:
    """Draw parties waiting over time in all scenarios, with reported queues, and below the difference from the base."""
    story = scene.base
    shown = story.shown_on(story.scope, "queue")
    axes, below = _page(scene, "Parties waiting", [3.6, 2.0], shown)
    reported = [panels.mark(story, s, s.observation.reported) for s in shown]
    _overlay(axes, scene, "queue", story.scope, "parties waiting")
    _draw_reported(axes, scene, reported, "queue", story.scope)
    _draw_difference(below, scene, "queue", story.scope, "more than in the base")
    return axes.figure  # type: ignore[return-value]


@styled
def waits_by_joining(scene: Scene) -> Figure:
    """Draw the wait in all queues by time of joining in all scenarios, and the difference, for two classes."""
    classes = [name for name in wait_classes(scene.base)[:2] if scene.base.band("wait", name)] or ["car"]
    changed = {name: _changes(scene, "wait", name) for name in classes}
    heights = [height for name in classes for height in ([2.6, 1.6] if changed[name] else [2.6])]
    dotted = any(story.censored(name).any() for story in scene.stories for name in classes)
    note = "; dotted: at least, since some still wait" if dotted else ""
    page = iter(_page(scene, "Wait in all queues, by time of joining", heights, (), note))
    for name in classes:
        axes = next(page)
        _overlay(axes, scene, "wait", name, f"{scene.base.scenario.class_words[name]}, hours")
        unit_axis(axes, f"{scene.base.scenario.class_words[name]}, hours")
        if changed[name]:
            below = next(page)
            _draw_difference(below, scene, "wait", name, "hours more")
            unit_axis(below, "hours more")
    return axes.figure  # type: ignore[return-value]


def _changes(scene: Scene, quantity: str, scope: str) -> bool:
    """Return whether a series differs from the base's in any scenario."""
    bands = [each.series.get(Key(scene.crossing, quantity, scope)) for each in scene.comparison.series_differences]
    return any(np.nan_to_num(each).any() for band in bands if band for each in (band.mean, band.p05, band.p95))


def _page(scene: Scene, title: str, heights: Sequence[float], sources: Sequence[Shown], note: str = "") -> list[Axes]:
    """Return panels over time, with the legend of the scenarios between title and panels."""
    how = wrapped(scene.how + note, WIDTH - 0.6, 10.5)
    key_at = 0.68 + HOW_LINE * how.count("\n")
    head = key_at + 0.42 + LEGEND_ROW * (len(key_rows(scene.names)) - 1)
    page = time_page(scene.base, title, how, heights, sources, head)
    figure: Figure = page[0].figure  # type: ignore[assignment]
    draw_key(figure, scene.names, key_at)
    return page


def _overlay(axes: Axes, scene: Scene, quantity: str, scope: str, label: str) -> None:
    """Draw a series of all scenarios over one another, and name those that are drawn over another."""
    highest = []
    for n, story in enumerate(scene.stories):
        band = story.band(quantity, scope)
        if band is not None and quantity == "wait":
            band = where(band, ~story.censored(scope))
            highest.append(_lower_bound(axes, story, scope, n))
        if band is not None:
            if scene.banded:
                shade(axes, scene.base.at, band.p05, band.p95, colour(n))
            axes.plot(scene.base.at, band.mean, color=colour(n), linestyle=dashes(n), linewidth=thickness(n))
            highest.append(band.p95 if scene.banded else band.mean)
    value_axis(axes, label, tops(highest), LEAST.get(quantity, 0.0))
    if same := scene.covered(quantity, scope, LINE * axes.get_ylim()[1]):
        text = wrapped(same, 8.4, 9.5)
        axes.text(0.005, 0.98, text, transform=axes.transAxes, fontsize=9.5, color=MUTED, va="top")


def _lower_bound(axes: Axes, story: Story, name: str, n: int) -> Floats:
    """Draw and return the lower bound of the wait, (T,), where some of those who joined still wait."""
    at_least = story.lower_bound(name)
    axes.plot(story.at, at_least, color=colour(n), linestyle=":", linewidth=thickness(n))
    return at_least


def _draw_reported(axes: Axes, scene: Scene, marks: Sequence[Mark], quantity: str, scope: str) -> None:
    """Draw reported figures, with labels clear of the lines of all scenarios."""
    if not marks:
        return
    _, top = axes.get_ylim()
    axes.set_ylim(0, max([top, *(1.25 * each.value for each in marks)]))
    bands = [story.band(quantity, scope) for story in scene.stories]
    draw_marks(axes, marks, [np.column_stack([scene.base.at, band.mean]) for band in bands if band is not None])


def _draw_difference(axes: Axes, scene: Scene, quantity: str, scope: str, label: str) -> None:
    """Draw paired differences from the base with 95 % intervals, where at least half the replications have a value."""
    key = Key(scene.crossing, quantity, scope)
    for n, estimates in enumerate(scene.comparison.series_differences, 1):
        band = estimates.series.get(key)
        if band is not None:
            frequent = band.n >= max(scene.comparison.replications / 2, 1)
            mean, low, high = (np.where(frequent, each, np.nan) for each in (band.mean, band.low, band.high))
            shade(axes, scene.base.at, low, high, colour(n))
            axes.plot(scene.base.at, mean, color=colour(n), linestyle=dashes(n), linewidth=thickness(n))
    around_zero(axes, label, LEAST.get(quantity, 0.0))
    axes.set_title("Difference from the base, with the 95 % interval of its mean", fontsize=10.5, pad=5)


@styled
def wait_distributions(scene: Scene) -> Figure:
    """Draw, by class, the share of the arriving parties that crossed with at most each wait."""
    waits, scopes = scene.comparison.waits[:, :, scene.x], scene.comparison.scopes
    present = [name for name in (ALL, *scopes[:-1]) if np.isfinite(waits[:, :, scopes.index(name)]).any()]
    if len(present) == 2:  # one class is all there is
        present = present[1:]
    columns = min(COLUMNS, len(present))
    rows = -(-len(present) // columns)
    how = f"share of the arriving parties that crossed with at most this wait (logarithmic); {scene.how}"
    wide = {1: 8.6, 2: 4.0}.get(columns, 2.5)
    figure, grid = grid_page(scene, "Distribution of waits", how, (rows, columns), (wide, 2.4))
    for axes, name in zip(grid, present, strict=False):
        _distribution(axes, scene, waits[:, :, scopes.index(name)])
        axes.set_title("everybody" if name == ALL else scene.base.scenario.class_words[name])
    for axes in grid[len(present) :]:
        axes.set_visible(False)
    return figure


def _distribution(axes: Axes, scene: Scene, shares: np.ndarray) -> None:
    """Draw shares (replications, scenarios, steps) on a logarithmic scale of waits."""
    hours = scene.comparison.wait_steps[1:]
    for n in range(shares.shape[1]):
        percent = 100 * shares[:, n, 1:][np.isfinite(shares[:, n]).all(axis=1)]
        if len(percent):
            if scene.banded and len(percent) > 1:
                low, high = plain_quantiles(percent)
                shade(axes, hours, low, high, colour(n))
            axes.plot(hours, percent.mean(axis=0), color=colour(n), linestyle=dashes(n), linewidth=thickness(n))
    drawn = [100 * each if np.isfinite(each).any() else None for each in np.moveaxis(shares, 1, 0)]
    means = [None if each is None else np.nanmean(each, axis=0) for each in drawn]
    if same := covered(scene.names, drawn, means, 100 * LINE):
        wide = axes.get_position().width * axes.get_figure().get_figwidth() - 0.2  # type: ignore[union-attr]
        text = wrapped(same, wide, 8.5)
        halo = [withStroke(linewidth=3, foreground="white", alpha=0.9)]
        how = {"fontsize": 8.5, "color": MUTED, "va": "top", "path_effects": halo, "zorder": 5}
        axes.text(0.03, 0.97, text, transform=axes.transAxes, **how)  # type: ignore[arg-type]
    axes.set(xscale="log", xlim=(hours[0], hours[-1]), ylim=(0, 101))
    ticks = [(at, label) for at, label in WAIT_TICKS if at <= hours[-1]]
    axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks], fontsize=8.5)
    axes.set_xticks([], minor=True)
    axes.grid(axis="both")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")


@styled
def small_multiples(scene: Scene) -> Figure:
    """Draw the queue of each scenario in a panel of its own over that of the base, with its main differences."""
    story, count = scene.base, len(scene.stories)
    columns = min(COLUMNS, count)
    wide = {1: 8.6, 2: 4.0}.get(columns, 2.5)
    title, how = (
        "Parties waiting, scenario by scenario",
        f"the base in black; {scene.how.replace('means', 'mean and 5–95 % band')}",
    )
    figure, grid = grid_page(scene, title, how, (-(-count // columns), columns), (wide, 1.9))
    bands = [each.band("queue", story.scope) for each in scene.stories]
    highest = tops([band.p95 for band in bands if band is not None])
    for n, axes in enumerate(grid[:count]):
        time_axis(axes, story.limits, story.zone, story.scenario.clock.t0, 4 if columns > 1 else 9)
        for k in dict.fromkeys((0, n)):
            band = bands[k]
            if band is not None:
                if k == n:
                    shade(axes, story.at, band.p05, band.p95, colour(k))
                axes.plot(story.at, band.mean, color=colour(k), linewidth=1.8 if k == n else 1.2)
        value_axis(axes, "", [max(highest, default=1)])
        axes.set_title(scene.names[n] if n else f"{scene.names[n]} (base)", fontsize=10.5)
        if n:
            axes.text(
                0, -0.2, _main_differences(scene, n), transform=axes.transAxes, fontsize=8.5, color=MUTED, va="top"
            )
    for axes in grid[count:]:
        axes.set_visible(False)
    return figure


def _main_differences(scene: Scene, n: int) -> str:
    """Return the differences of a scenario in people across and mean wait."""
    effects = {
        (row.measure.quantity, row.measure.scope): row for row in effects_at(scene.comparison, n, scene.crossing)
    }
    across, wait = effects.get(("crossed_people", ALL)), effects.get(("wait_mean", ALL))
    named = ((across, "people across"), (wait, "mean wait"))
    return "; ".join(f"{row.percent} {name}{NOT_CLEAR.get(row.arrow, '')}" for row, name in named if row)


NOT_CLEAR = {"~": " (not clear)"}


BY_CROSSING = (queues, waits_by_joining, wait_distributions, fates, differences, who_gains, small_multiples)
