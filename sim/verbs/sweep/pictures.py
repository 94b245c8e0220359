"""The pictures of a sweep: a line with its band, a heat map with a contour, a tornado, Sobol indices, or a scatter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from sim.arrays import Bools, Floats
from sim.measures.estimates import totals_estimates
from sim.measures.headline import phrase
from sim.measures.names import TOTALS, Key
from sim.plotting.colours import FAINT, INK, MUTED, number
from sim.plotting.lettering import shortened, wrapped
from sim.plotting.result import Drawers
from sim.plotting.story import at_least, rounded
from sim.plotting.style import sheet, styled
from sim.verbs.sweep.constraints import Constraint
from sim.verbs.sweep.designs import GRID, ONE_AT_A_TIME, SENSITIVITY, Design, unit_of
from sim.verbs.sweep.files import bounds as bounds_of
from sim.verbs.sweep.files import estimates
from sim.verbs.sweep.request import SweepAnalysis
from sim.verbs.sweep.sensitivity import Sensitivity
from sim.verbs.sweep.study import SweepData
from sim.verbs.sweep.tables import broken, class_words, lever_words, replication_counts, unit_scale

BLUE, LIGHT, LOW, HIGH = "#0072B2", "#8fbfe0", "#56B4E9", "#0072B2"
WIDTH, HEAD, ROW = 8.0, 1.0, 0.46
LEFT = 0.95
INTERVAL = "95 % interval of the mean"
LONG, NAME, LETTER = 32, 9, 0.065
"""Letters on a line of a name beside an axis, the least below an axis, and the width of one there (inches)."""
MOST_TICKS = 12
"""Settings of a line are all written below it if their distances are at least its width divided by this number."""
MOST_CELLS = (16, 12)
"""Rows and columns up to which the numbers of a map are written in its cells."""
MOST = 1.3
"""Share of the variance at which intervals of Sobol indices are cut off."""


def drawers(analysis: SweepAnalysis) -> Drawers:
    """Return functions that draw the pictures of a sweep, one per measure, by the names of the pictures."""
    data = analysis.sweep
    if data.design.kind == SENSITIVITY:
        return {f"sensitivity_{_name(one.key)}": partial(sobol, one, data) for one in analysis.sensitivities}
    form, draw = _form(data.design)
    bounds = {key: [bound for bound in analysis.bounds if bound.key == key] for key in analysis.keys}
    return {f"{form}_{_name(key)}": partial(draw, data, key, bounds[key]) for key in analysis.keys}


def _form(design: Design) -> tuple[str, Callable[[SweepData, Key, Sequence[Constraint]], Figure]]:
    """Return the form of picture that fits a design: its name and the function that draws it."""
    if design.kind == ONE_AT_A_TIME:
        return "tornado", tornado
    if len(design.levers) == 1:
        return "line", line
    if len(design.levers) == 2 and design.kind == GRID:
        return "map", heat_map
    return "scatter", scatter


def _name(key: Key) -> str:
    return f"{key.quantity}_{key.scope}".replace("/", "_").replace(":", "_")


def _means(data: SweepData, key: Key) -> Floats:
    return np.array([np.nan if estimate is None else estimate.mean for estimate in estimates(data, key)])


def _ends(data: SweepData, key: Key) -> tuple[Floats, Floats]:
    """Return the ends of the interval of the mean at every point, not below 0: no total is."""
    ends = [(np.nan, np.nan) if one is None else (one.low, one.high) for one in estimates(data, key)]
    low, high = np.array(ends).T
    return np.maximum(low, 0.0), high


def _from_base(data: SweepData, key: Key) -> tuple[Floats, Floats, Floats]:
    """Return the mean at every point, and the ends of the interval of its paired difference from the first point."""
    first = data.totals[0]
    rows = np.full((3, len(data.totals)), np.nan)
    if first is None or key not in first.keys:
        return rows[0], rows[1], rows[2]
    base = first.values[:, first.keys.index(key)]
    for n, totals in enumerate(data.totals):
        if totals is not None and key in totals.keys:
            change = totals_estimates((totals.values[:, totals.keys.index(key)] - base)[:, None])[0]
            rows[:, n] = base.mean() + np.array([change.mean, max(change.low, -base.mean()), change.high])
    return rows[0], rows[1], rows[2]


def _measure_label(data: SweepData, key: Key, bounds: Sequence[Constraint]) -> str:
    return f"{phrase(key, class_words(data))}, {unit_scale(data, key, bounds)[0]}"


def _measure_ticks(axis: Axis, data: SweepData, key: Key, bounds: Sequence[Constraint]) -> None:
    """Write the values of an axis of a measure in the unit of its label."""
    scale = unit_scale(data, key, bounds)[1]
    if scale == 1:
        axis.set_major_formatter(lambda value, _: number(value))
        return
    low, high = sorted(scale * end for end in axis.get_view_interval())
    shown = [tick for tick in MaxNLocator(nbins=6).tick_values(low, high) if low <= tick <= high]
    axis.set_ticks([tick / scale for tick in shown], [number(tick) for tick in shown])


def _lever_label(data: SweepData, lever: int) -> str:
    unit = unit_of([point[lever] for point in data.design.points])
    words = lever_words(data.design.levers[lever], class_words(data))
    return f"{words} ({unit})" if unit else words


def _heading(figure: Figure, data: SweepData, key: Key, how: str) -> None:
    width, height = figure.get_size_inches()
    title = phrase(key, class_words(data))
    scenario = data.base.loaded.scenario
    figure.text(
        0.3 / width, 1 - 0.16 / height, f"{title[0].upper()}{title[1:]}", fontsize=15, fontweight="bold", va="top"
    )
    parts = [shortened(scenario.title, WIDTH / 2, 9.5), f"{replication_counts(data)} per point on the same tapes", how]
    cut = sum(key in keys for keys in bounds_of(data))
    if cut:
        many = f"{cut} of {len(data.design.points):,} points" if len(data.design.points) > 1 else "the point"
        parts.append(f"lower bounds (≥) at {many}: many are still inside at the end")
    subtitle = wrapped("; ".join(part for part in parts if part), width - 0.6, 9.5)
    figure.text(0.3 / width, 1 - 0.48 / height, subtitle, fontsize=9.5, color=MUTED, va="top")


def _panel(height: float, left: float = LEFT, right: float = 0.4) -> tuple[Figure, Axes]:
    """Return a figure with one panel of that height in inches."""
    whole = height + HEAD + 0.75
    figure = sheet(WIDTH, whole)
    return figure, figure.add_axes((left / WIDTH, 0.75 / whole, 1 - (left + right) / WIDTH, height / whole))


def _positions(data: SweepData, lever: int) -> tuple[Floats, list[str] | None]:
    """Return the positions of the points along a lever, and their names if its settings are not numbers."""
    values = data.design.numbers(lever)
    if values is not None:
        return np.array(values), None
    texts = [point[lever] for point in data.design.points]
    names = list(dict.fromkeys(texts))
    return np.array([float(names.index(text)) for text in texts]), names


def _name_ticks(axes: Axes, names: Sequence[str], width: float) -> None:
    """Write names below an axis of `width` inches, on several lines and, if still too wide, at an angle."""
    letters = int(width / len(names) / LETTER) - 1
    labels = [broken(name or "unchanged", max(letters, NAME)) for name in names]
    turned = any(len(line) > letters for words in labels for line in words.split("\n"))
    axes.set_xticks(
        range(len(labels)), labels, fontsize=8, rotation=30 if turned else 0, ha="right" if turned else "center"
    )


def _whole_ticks(axes: Axes, at: Floats) -> None:
    """Give an axis of whole settings, such as servers, whole ticks."""
    if (at == np.round(at)).all():
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _interval_note(data: SweepData, what: str) -> str:
    """Return what shows the interval of a mean: `what` is "band" or "bars"."""
    alone = all(totals is None or len(totals.values) < 2 for totals in data.totals)
    return "one replication has no interval" if alone else f"{what}: {INTERVAL}, {data.interval_includes}"


def _draw_bounds(axes: Axes, bounds: Sequence[Constraint]) -> None:
    """Draw a dashed line with a label at each bound."""
    for bound in bounds:
        axes.axhline(bound.bound, color=INK, linewidth=1, linestyle=(0, (5, 3)), zorder=1)
        axes.annotate(
            bound.text,
            (1, bound.bound),
            (-4, 4),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            fontsize=9.5,
            color=INK,
        )


@styled
def line(data: SweepData, key: Key, bounds: Sequence[Constraint]) -> Figure:
    """Draw a measure along one lever with its interval; separate points if the settings are not numbers."""
    figure, axes = _panel(3.7)
    at, names = _positions(data, 0)
    bars = names is not None or len(at) == 1
    _heading(figure, data, key, _interval_note(data, "bars" if bars else "band"))
    order = np.argsort(at, kind="stable")
    at, means = at[order], _means(data, key)[order]
    low, high = (end[order] for end in _ends(data, key))
    if bars:
        axes.errorbar(at, means, (means - low, high - means), color=BLUE, fmt="o", capsize=4)
    else:
        axes.fill_between(at, low, high, color=BLUE, alpha=0.22, linewidth=0)
        axes.plot(at, means, color=BLUE, marker="o", markersize=4)
    if names is not None:
        _name_ticks(axes, names, WIDTH - LEFT - 0.4)
        axes.set_xlim(-0.5, len(names) - 0.5)
    elif len(at) == 1 or np.diff(at).min() * MOST_TICKS >= np.ptp(at):
        axes.set_xticks(at, [number(value) for value in at])
    else:
        _whole_ticks(axes, at)
    _draw_bounds(axes, bounds)
    top = np.nanmax([*means, *high, *(bound.bound for bound in bounds), 1e-12])
    if np.nanmin(means, initial=0.0) >= 0:
        axes.set_ylim(0, 1.12 * top)
    axes.set(xlabel=_lever_label(data, 0), ylabel=_measure_label(data, key, bounds))
    _measure_ticks(axes.yaxis, data, key, bounds)
    axes.grid(axis="y")
    return figure


@styled
def heat_map(data: SweepData, key: Key, bounds: Sequence[Constraint]) -> Figure:
    """Draw a measure over two levers, with the contour of each bound if the settings of both are numbers."""
    figure, axes = _panel(4.6, right=1.3)
    places, labels, numeric = [], [], []
    for lever in (0, 1):
        at, names = _positions(data, lever)
        values, index = np.unique(at, return_inverse=True)
        places.append((values, index))
        labels.append([names[int(n)] or "unchanged" for n in values] if names else [number(value) for value in values])
        numeric.append(names is None)
    (across, column), (up, row) = places
    table = np.full((len(up), len(across)), np.nan)
    table[row, column] = _means(data, key)
    image = axes.imshow(table, origin="lower", aspect="auto", cmap="cividis_r", interpolation="nearest")
    cut = np.zeros(table.shape, np.bool_)
    cut[row, column] = [key in keys for keys in bounds_of(data)]
    _cell_numbers(axes, image, table, cut, unit_scale(data, key, bounds)[1])
    notes = list(_bounds_without_contour(table, bounds))
    for bound in bounds:
        if all(numeric) and min(table.shape) > 1 and np.nanmin(table) < bound.bound < np.nanmax(table):
            lines = axes.contour(table, levels=[bound.bound], colors=INK, linewidths=1.8)
            lines.set(path_effects=[withStroke(linewidth=4, foreground="white")])
            notes.append(f"line: {bound.text}")
            if len(bounds) > 1:
                axes.clabel(lines, fmt={bound.bound: f"{bound.bound:g}"}, fontsize=9.5)
    blank = [] if np.isfinite(table).all() else ["white: failed or no value"]
    _heading(figure, data, key, "; ".join([data.interval_includes, *notes, *blank]))
    for axis, words in ((axes.xaxis, labels[0]), (axes.yaxis, labels[1])):
        step = -(-len(words) // 10)
        axis.set_ticks(range(0, len(words), step), words[::step])
    axes.set(xlabel=_lever_label(data, 0), ylabel=_lever_label(data, 1))
    scale = unit_scale(data, key, bounds)[1]
    cax = axes.inset_axes((1.03, 0, 0.035, 1))
    bar = figure.colorbar(image, cax=cax, format=lambda value, _: number(scale * value))
    bar.set_label(_measure_label(data, key, bounds))
    bar.outline.set_visible(False)
    return figure


def _cell_numbers(axes: Axes, image: AxesImage, table: Floats, cut: Bools, scale: float) -> None:
    """Write the number in each cell of a map that is not too fine for it; with '≥' where `cut` makes it a bound."""
    if table.shape[0] > MOST_CELLS[0] or table.shape[1] > MOST_CELLS[1]:
        return
    size = 10 if table.shape[1] <= MOST_CELLS[1] // 2 else 8
    colours = image.to_rgba(table)
    for (row, column), value in np.ndenumerate(table):
        if np.isfinite(value):
            red, green, blue, _ = colours[row, column]
            colour = INK if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"
            text = rounded(scale * value)
            text = at_least(text) if cut[row, column] else text
            axes.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)


def _bounds_without_contour(table: Floats, bounds: Sequence[Constraint]) -> Iterator[str]:
    """Yield notes on the bounds that all means meet, or none: they have no contour."""
    means = table[np.isfinite(table)]
    for bound in bounds:
        met = means <= bound.bound if bound.below else means >= bound.bound
        if len(means) and (met.all() or not met.any()):
            yield f"{bound.text}: met {'everywhere' if met.all() else 'nowhere'}"


@styled
def tornado(data: SweepData, key: Key, bounds: Sequence[Constraint]) -> Figure:
    """Draw how far each lever alone moves a measure from its value in the scenario, the widest range on top."""
    base, (means, low, high) = _means(data, key)[0], _from_base(data, key)
    rows = []
    for d, lever in enumerate(data.design.levers):
        points = [n for n, point in enumerate(data.design.points) if point[d] and np.isfinite(means[n])]
        if points:
            rows.append(
                (broken(lever_words(lever, class_words(data)), LONG), [(data.design.points[n][d], n) for n in points])
            )
    rows.sort(key=lambda row: np.ptp([base, *(means[n] for _, n in row[1])]))
    figure, axes = _panel(max(1.0, ROW * len(rows)), left=2.9, right=0.7)
    _heading(figure, data, key, f"one lever at a time; whiskers: 95 % intervals, {data.interval_includes}")
    for y, (_, settings) in enumerate(rows):
        ends = [min(settings, key=lambda one: means[one[1]]), max(settings, key=lambda one: means[one[1]])]
        for (text, n), ha, colour in zip(ends, ("right", "left"), (LOW, HIGH), strict=True):
            axes.barh(y, means[n] - base, left=base, color=colour, height=0.62)
            axes.plot([low[n], high[n]], [y, y], color=INK, linewidth=1)
            side = -1 if ha == "right" else 1
            edge = np.nanmin([low[n], means[n], base]) if side < 0 else np.nanmax([high[n], means[n], base])
            axes.annotate(text, (edge, y), (5 * side, 0), textcoords="offset points", ha=ha, va="center", fontsize=9)
    axes.axvline(base, color=INK, linewidth=1)
    for bound in bounds:
        axes.axvline(bound.bound, color=INK, linewidth=1, linestyle=(0, (5, 3)))
    axes.set_yticks(range(len(rows)), [words for words, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.16)
    unchanged = number(unit_scale(data, key, bounds)[1] * base)
    axes.set_xlabel(f"{_measure_label(data, key, bounds)}; line: unchanged scenario ({unchanged})")
    _measure_ticks(axes.xaxis, data, key, bounds)
    axes.grid(axis="x")
    return figure


@styled
def sobol(sensitivity: Sensitivity, data: SweepData) -> Figure:
    """Draw first-order and total Sobol indices of each lever with their intervals, the largest total on top."""
    order = sorted(range(len(sensitivity.levers)), key=lambda d: sensitivity.total[d].value)
    figure, axes = _panel(max(1.2, 0.7 * len(order)), left=2.9)
    _heading(
        figure,
        data,
        sensitivity.key,
        f"standard deviation over the ranges: {number(sensitivity.spread)} {TOTALS[sensitivity.key.quantity].unit}",
    )
    for y, d in enumerate(order):
        for shift, index, colour in ((0.18, sensitivity.first[d], LIGHT), (-0.18, sensitivity.total[d], BLUE)):
            axes.barh(y + shift, max(0.0, index.value), height=0.32, color=colour)
            axes.plot([index.low, index.high], [y + shift] * 2, color=INK, linewidth=1)
    labels = [
        f"{broken(lever_words(sensitivity.levers[d], class_words(data)), LONG)}\n{sensitivity.ranges[d]}" for d in order
    ]
    axes.set_yticks(range(len(order)), labels, fontsize=9.5)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=MUTED, linewidth=0.7)
    ends = [end for index in (*sensitivity.first, *sensitivity.total) for end in (index.low, index.high)]
    axes.set_xlim(max(min(-0.02, *ends), -MOST + 1), min(max(1.0, *ends), MOST))
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_xlabel("share of the variance")
    axes.grid(axis="x")
    axes.legend(
        handles=[
            Patch(color=LIGHT, label="alone (first order)"),
            Patch(color=BLUE, label="with others (total)"),
            Line2D([], [], color=INK, linewidth=1, label="95 % interval"),
        ],
        loc="lower right",
        facecolor="white",
    )
    return figure


@styled
def scatter(data: SweepData, key: Key, bounds: Sequence[Constraint]) -> Figure:
    """Draw a measure against each lever in a panel of its own, one dot per point."""
    levers = data.design.levers
    columns = min(3, len(levers))
    rows = -(-len(levers) // columns)
    width, tall = WIDTH / columns, 2.5
    height = HEAD + rows * tall
    figure = sheet(WIDTH, height)
    _heading(figure, data, key, f"one dot per point ({len(data.design.points):,}), {data.interval_includes}")
    means = _means(data, key)
    for d in range(len(levers)):
        left, low = (d % columns) * width + 0.7, height - HEAD - (d // columns + 1) * tall + 0.65
        box = (left / WIDTH, low / height, (width - 0.85) / WIDTH, (tall - 0.9) / height)
        axes = figure.add_axes(box)
        at, names = _positions(data, d)
        axes.scatter(at, means, s=9, color=BLUE, alpha=0.6, linewidth=0)
        if names:
            _name_ticks(axes, names, width - 0.85)
            axes.set_xlim(-0.6, len(names) - 0.4)
        else:
            _whole_ticks(axes, at)
        _draw_bounds(axes, bounds)
        axes.set_xlabel(_lever_label(data, d), fontsize=8.5)
        _measure_ticks(axes.yaxis, data, key, bounds)
        axes.grid(axis="y", color=FAINT)
    figure.text(
        0.1 / WIDTH,
        (height - HEAD) / 2 / height,
        _measure_label(data, key, bounds),
        rotation=90,
        va="center",
        color=MUTED,
    )
    return figure
