"""The picture of who gains and who loses: people across and time until across, by class and day of arrival."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from sim.arrays import Bools, Floats
from sim.plotting.colours import MUTED
from sim.plotting.lettering import wrapped
from sim.plotting.style import shade, styled
from sim.verbs.compare.by_group import AT_START, TIME, GroupChanges, group_changes
from sim.verbs.compare.frame import LINE, Scene, around_zero, colour, covered, dashes, grid_page
from sim.verbs.compare.words import short_date

LABELS = 6
FEW_DAYS = 4
LEAST_HOURS = 0.5
"""Hours up to which the axis of a change of time reaches at least."""
LEAST = 0.002
"""Share of all people below which the mean of a group is not drawn."""


@styled
def who_gains(scene: Scene) -> Figure:
    """Draw, by class and day of arrival, the changes of people across and of the time until across."""
    variants = [group_changes(scene.comparison, n, by_day=True) for n in range(1, len(scene.stories))]
    came: list[str] = [name for name in scene.comparison.scopes[:-1] if _came(variants, scene.x, name).any()] or [
        *scene.classes[:1]
    ]
    classes = [name for name in came if _changes(variants, scene.x, name)] or came[:1]
    same = [scene.base.scenario.class_words[name] for name in came if name not in classes]
    unchanged = f"; no change in any scenario: {', '.join(same)}" if same else ""
    how = (
        "left: change of the number of people across, by day of arrival; right: change of the mean time from arrival "
        "until across, for people across in both scenarios (hours); means with 95 % intervals, "
        f"{scene.comparison.replications} replications on the same tapes{unchanged}"
    )
    figure, grid = grid_page(scene, "Who gains and who loses", how, (len(classes), 2), (3.95, 1.45), left=0.85)
    for row, name in enumerate(classes):
        c = scene.comparison.scopes.index(name)
        left, right = grid[2 * row : 2 * row + 2]
        for n, each in enumerate(variants, 1):
            _people(left, each, (scene.x, c), n)
            _time(right, each, (scene.x, c), n, banded=scene.banded)
        across, times = ([each.of(what)[scene.x, c] for each in variants] for what in ("crossed_people", TIME))
        for axes, changes, what, least in (
            (left, across, "people across", 1.0),
            (right, times, "hours until across", LEAST_HOURS),
        ):
            axes.set_title(f"{scene.base.scenario.class_words[name]}: {what}", fontsize=10.5)
            _days(axes, variants[0].days, _came(variants, scene.x, name), least)
            _name_covered(axes, scene, changes)
        if not np.nan_to_num(times).any():
            right.clear()
            right.axis("off")
            words = f"{scene.base.scenario.class_words[name]}: the same hours until across"
            right.text(0, 0.5, words, transform=right.transAxes, fontsize=10.5, color=MUTED, va="center")
    return figure


def _name_covered(axes: Axes, scene: Scene, changes: list[Floats]) -> None:
    """Name the scenarios whose curve is drawn over that of another."""
    drawn = [None, *(values if np.isfinite(values).any() else None for values in changes)]
    if same := covered(scene.names, drawn, drawn, LINE * float(np.ptp(axes.get_ylim()))):
        text = wrapped(same, 3.8, 8.5)
        halo = [withStroke(linewidth=3, foreground="white", alpha=0.9)]
        how = {"fontsize": 8.5, "color": MUTED, "va": "top", "path_effects": halo, "zorder": 5}
        axes.text(0.015, 0.97, text, transform=axes.transAxes, **how)  # type: ignore[arg-type]


def _came(variants: list[GroupChanges], x: int, name: str) -> Bools:
    """Return for each day whether anybody of a class came in any scenario."""
    c = variants[0].scopes.index(name)
    came = [np.nan_to_num(each.of("came_people", side)[x, c]) for each in variants for side in ("base", "here")]
    return np.asarray(np.max(came, axis=0) > 0)


def _changes(variants: list[GroupChanges], x: int, name: str) -> bool:
    """Return whether a class has more or fewer people across, or another time until across, in any scenario."""
    c = variants[0].scopes.index(name)
    quantities = ("only_here_people", "only_base_people", "sooner_people", "later_people", "crossed_people")
    return any(np.nan_to_num(each.of(quantity)[x, c]).any() for each in variants for quantity in quantities)


def _places(days: int) -> Floats:
    """Return the positions of the days, and of those waiting at the start far enough to the left for their label."""
    return np.append(np.arange(1.0, days), 1 - max(1.5, 0.17 * days))


def _people(axes: Axes, changes: GroupChanges, group: tuple[int, int], n: int) -> None:
    """Draw the change of the number of people across, by day."""
    values, low, high = (changes.of("crossed_people", column)[group] for column in ("difference", "low", "high"))
    _curve(axes, values, low, high, n, banded=True)


def _time(axes: Axes, changes: GroupChanges, group: tuple[int, int], n: int, *, banded: bool) -> None:
    """Draw the change of the mean time until across, where enough people get across in both."""
    both = sum(changes.of(f"{name}_people")[group] for name in ("sooner", "as_soon", "later"))
    came = float(np.nansum(changes.of("came_people", "base")[group]))
    enough = both > LEAST * came
    values, low, high = (
        np.where(enough, changes.of(TIME, column)[group], np.nan) for column in ("difference", "low", "high")
    )
    _curve(axes, values, low, high, n, banded=banded)


def _curve(axes: Axes, values: Floats, low: Floats, high: Floats, n: int, *, banded: bool) -> None:
    """Draw a value for each day, and a separate one for those waiting at the start."""
    at = _places(len(values))
    few = len(values) <= FEW_DAYS
    if banded and not few:
        shade(axes, at[:-1], low[:-1], high[:-1], colour(n))
    style = {"color": colour(n), "linestyle": dashes(n), "linewidth": 1.6, "marker": "o", "markersize": 3.5}
    axes.plot(at[:-1], values[:-1], **style)  # type: ignore[arg-type]
    bars = slice(0 if few else -1, None)
    axes.vlines(at[bars], low[bars], high[bars], color=colour(n), linewidth=1.6)
    axes.plot(at[-1:], values[-1:], color=colour(n), marker="D", markersize=4.5)


def _days(axes: Axes, days: tuple[str, ...], came: Bools, least: float) -> None:
    """Give `axes` the days on which somebody came, and a line at 0."""
    at = _places(len(days))
    step = max(1, -(-(len(days) - 1) // LABELS))
    ticks = [(x, short_date(day)) for x, day in list(zip(at, days, strict=True))[:-1:step]]
    if came[-1]:
        ticks.append((float(at[-1]), AT_START))
    axes.set_xticks([x for x, _ in ticks], [label for _, label in ticks], fontsize=9)
    axes.set_xlim((at[-1] - 0.7 - 0.02 * len(days) if came[-1] else 0.4), len(days) - 0.4)
    axes.margins(y=0.15)
    around_zero(axes, "", least)
