"""The pictures of a comparison: queues and waits over time, distributions of waits, where people end up, differences.

A scenario has one colour in all of them; the base is black. Reported figures stay on the base.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.measures.names import ALL, Key
from sim.measures.quantiles import plain_quantiles
from sim.plotting import panels
from sim.plotting.marks import Mark, draw_marks
from sim.plotting.page import time_page
from sim.plotting.result import Drawers
from sim.plotting.story import Shown
from sim.plotting.style import CLASS_NAMES, MUTED, shade, styled, time_axis, value_axis
from sim.scenario.model.quantities import CLASSES
from sim.verbs.compare import picture_network as network_comparison
from sim.verbs.compare.by_group import SCOPES
from sim.verbs.compare.frame import (
    LEGEND_ROW,
    Scene,
    around_zero,
    colour,
    dashes,
    draw_key,
    grid_page,
    key_rows,
    thickness,
    tops,
)
from sim.verbs.compare.lines import shown
from sim.verbs.compare.picture_effects import differences, fates
from sim.verbs.compare.picture_groups import who_gains
from sim.verbs.compare.study import Compared

WAIT_TICKS = ((1 / 60, "1 min"), (1 / 6, "10 min"), (1, "1 h"), (6, "6 h"), (24, "1 d"), (96, "4 d"), (384, "16 d"))
COLUMNS = 3


def drawers(compared: Compared) -> Drawers:
    """Return the functions that draw a comparison, by name; with several crossings each name ends in the crossing's."""
    found: Drawers = {}
    crossings = compared.base.plan.crossings
    for crossing in crossings:
        scene = Scene(compared, crossing)
        ending = "" if len(crossings) == 1 else f"_{crossing}"
        for draw in DRAWN:
            found[f"{draw.__name__}{ending}"] = partial(draw, scene)
    return found | (network_comparison.drawers(compared) if compared.base.plan.origins else {})


@styled
def queues(scene: Scene) -> Figure:
    """Draw parties waiting over time in all scenarios, reported queues on the base; below, the difference from it."""
    story = scene.base
    axes, below = _page(scene, "Parties waiting", [3.6, 2.0], story.shown("queue"))
    reported = [panels.mark(story, s, s.comparison.reported) for s in story.shown("queue")]
    _overlay(axes, scene, "queue", story.scope, "parties waiting")
    _mark(axes, scene, reported, "queue", story.scope)
    _apart(below, scene, "queue", story.scope, "more than in the base")
    return axes.figure  # type: ignore[return-value]


@styled
def waits_by_joining(scene: Scene) -> Figure:
    """Draw the wait in the main queue by instant of joining in all scenarios, and the difference, for two classes."""
    classes = [name for name in panels.wait_classes(scene.base)[:2] if scene.base.band("wait", name)]
    heights = [2.6, 1.6] * max(len(classes), 1)
    drawn = _page(scene, "Wait in the main queue, by time of joining", heights, ())
    for axes, below, name in zip(drawn[::2], drawn[1::2], classes or ["car"], strict=True):
        _overlay(axes, scene, "wait", name, f"{CLASS_NAMES[name]}, hours")
        _apart(below, scene, "wait", name, "hours more")
    return drawn[0].figure  # type: ignore[return-value]


def _page(scene: Scene, title: str, heights: Sequence[float], sources: Sequence[Shown]) -> list[Axes]:
    """Return panels over time, with the key of the scenarios between title and panels."""
    head = 1.1 + LEGEND_ROW * (len(key_rows(scene.names)) - 1)
    drawn = time_page(scene.base, title, scene.how, heights, sources, head)
    figure: Figure = drawn[0].figure  # type: ignore[assignment]
    draw_key(figure, scene.names, 0.68)
    return drawn


def _overlay(axes: Axes, scene: Scene, quantity: str, scope: str, label: str) -> None:
    bands = [story.band(quantity, scope) for story in scene.stories]
    for n, band in enumerate(bands):
        if band is not None:
            if scene.banded:
                shade(axes, scene.base.at, band.p05, band.p95, colour(n))
            axes.plot(scene.base.at, band.mean, color=colour(n), linestyle=dashes(n), linewidth=thickness(n))
    there = [band for band in bands if band is not None]
    value_axis(axes, label, tops([band.p95 if scene.banded else band.mean for band in there]))


def _mark(axes: Axes, scene: Scene, marks: Sequence[Mark], quantity: str, scope: str) -> None:
    """Write reported figures, clear of the lines of all scenarios."""
    if not marks:
        return
    _, top = axes.get_ylim()
    axes.set_ylim(0, max(top, *(1.25 * each.value for each in marks)))
    bands = [story.band(quantity, scope) for story in scene.stories]
    draw_marks(axes, marks, [np.column_stack([scene.base.at, band.mean]) for band in bands if band is not None])


def _apart(axes: Axes, scene: Scene, quantity: str, scope: str, label: str) -> None:
    """Draw the paired differences from the base with the 95 % intervals of their means, where most runs have one."""
    key = Key(scene.crossing, quantity, scope)
    for n, estimates in enumerate(scene.compared.apart, 1):
        band = estimates.series.get(key)
        if band is not None:
            often = band.n >= max(scene.compared.replications / 2, 1)
            mean, low, high = (np.where(often, each, np.nan) for each in (band.mean, band.low, band.high))
            shade(axes, scene.base.at, low, high, colour(n))
            axes.plot(scene.base.at, mean, color=colour(n), linestyle=dashes(n), linewidth=thickness(n))
    around_zero(axes, label)
    axes.set_title("Difference from the base, with the 95 % interval of its mean", fontsize=10.5, pad=5)


@styled
def wait_distributions(scene: Scene) -> Figure:
    """Draw, by class, the share of the parties that came and got across with a wait up to so much."""
    waits = scene.compared.waits[:, :, scene.x]
    present = [name for name in (ALL, *CLASSES) if np.isfinite(waits[:, :, SCOPES.index(name)]).any()]
    if len(present) == 2:  # one class is all there is
        present = present[1:]
    columns = min(COLUMNS, len(present))
    rows = -(-len(present) // columns)
    how = f"share of the parties that came and crossed after waiting so long or less (logarithmic); {scene.how}"
    wide = {1: 8.6, 2: 4.0}.get(columns, 2.5)
    figure, grid = grid_page(scene, "Distribution of waits", how, (rows, columns), (wide, 2.4))
    for axes, name in zip(grid, present, strict=False):
        _distribution(axes, scene, waits[:, :, SCOPES.index(name)])
        axes.set_title("everybody" if name == ALL else CLASS_NAMES[name])
    for axes in grid[len(present) :]:
        axes.set_visible(False)
    return figure


def _distribution(axes: Axes, scene: Scene, shares: np.ndarray) -> None:
    """Draw shares (replications, scenarios, steps) on a logarithmic scale of waits."""
    hours = scene.compared.wait_steps[1:]
    for n in range(shares.shape[1]):
        found = 100 * shares[:, n, 1:][np.isfinite(shares[:, n]).all(axis=1)]
        if len(found):
            if scene.banded and len(found) > 1:
                low, high = plain_quantiles(found)
                shade(axes, hours, low, high, colour(n))
            axes.plot(hours, found.mean(axis=0), color=colour(n), linestyle=dashes(n), linewidth=thickness(n))
    axes.set(xscale="log", xlim=(hours[0], hours[-1]), ylim=(0, 101))
    ticks = [(at, label) for at, label in WAIT_TICKS if at <= hours[-1]]
    axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks], fontsize=8.5)
    axes.set_xticks([], minor=True)
    axes.grid(axis="both")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")


@styled
def small_multiples(scene: Scene) -> Figure:
    """Draw the queue of every scenario in a panel of its own over the base's, with its main differences in words."""
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
            axes.text(0, -0.2, _told(scene, n), transform=axes.transAxes, fontsize=8.5, color=MUTED, va="top")
    for axes in grid[count:]:
        axes.set_visible(False)
    return figure


def _told(scene: Scene, n: int) -> str:
    """Return the differences of a scenario in people across and mean wait."""
    found = {(row.line.quantity, row.line.scope): row for row in shown(scene.compared, n, scene.crossing)}
    across, wait = found.get(("crossed_people", ALL)), found.get(("wait_mean", ALL))
    told = [f"{row.percent} {what}" for row, what in ((across, "people across"), (wait, "mean wait")) if row]
    return "; ".join(told)


DRAWN = (queues, waits_by_joining, wait_distributions, fates, differences, who_gains, small_multiples)
