"""The style of pictures: type, colours, time axes, and bands."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import TICKDOWN
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from sim.arrays import Floats
from sim.plotting.colours import FAINT, INK, MUTED, day_name, number

P = ParamSpec("P")
R = TypeVar("R")

HALF_DASHES = (0, (3.2, 1.1, 1, 1.1, 1, 1.1))
"""Dash and two dots: told from the line of the class, its lower bound and the quoted wait also without colour."""
SERIF = "STIXGeneral"

STYLE: dict[str, object] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "text.parse_math": False,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.titley": 1.0,
    "axes.labelsize": 11,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "axes.titlecolor": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "lines.linewidth": 1.8,
    "hatch.linewidth": 0.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "border-queues",
    "svg.fonttype": "path",
}


def darker(colour: str) -> tuple[float, float, float]:
    """Return a colour at half its brightness."""
    red, green, blue = mpl.colors.to_rgb(colour)
    return red / 2, green / 2, blue / 2


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Make `draw` use the style of the project, independent of the user's matplotlibrc."""

    @functools.wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # drawn as a box
            mpl.rcdefaults()
            mpl.rcParams.update(STYLE)  # type: ignore[arg-type]
            return draw(*args, **kwargs)

    return wrapped


def sheet(width: float, height: float) -> Figure:
    """Return an empty figure of `width` by `height` inches with a canvas that can measure text."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def days(instant: datetime, zone: ZoneInfo) -> float:
    """Return a local `instant` as matplotlib counts dates: days since 1970 in UTC."""
    return instant.replace(tzinfo=zone).timestamp() / 86400


def local(day: float, zone: ZoneInfo) -> datetime:
    """Return the local time of a matplotlib date."""
    return datetime.fromtimestamp(day * 86400, zone)


STEPS = (1, 5, 10, 15, 30, 60, 120, 180, 360, 720)
"""Minutes between the labels of a time axis of less than a day or two."""


def time_axis(axes: Axes, limits: tuple[float, float], zone: ZoneInfo, t0: datetime, room: int = 9) -> None:
    """Give `axes` an axis of local dates between `limits` with about `room` labels, one of them the day of `t0`.

    Runs of up to three days have times of day; if there is no midnight among them, the first has the date below it.
    """
    first, last = limits
    start, end = local(first, zone), local(last, zone)
    midnight = datetime(start.year, start.month, start.day)
    count = (end.replace(tzinfo=None) - midnight).days + 1
    midnights = [midnight + timedelta(days=n) for n in range(count + 1)]
    if count <= 3:
        every = next((step for step in STEPS if (last - first) * 1440 / step < room), 1440)
        ticks = [m + timedelta(minutes=n) for m in midnights for n in range(0, 1440, every)]
    else:
        step = max(1, -(-count // room))
        ticks = midnights[(t0 - midnight).days % step :: step]
    shown = {at: tick for tick in ticks if first <= (at := days(tick, zone)) <= last}
    labels = [f"{tick:%H:%M}" if tick.time() > time.min else day_name(tick) for tick in shown.values()]
    if shown and all(tick.time() > time.min for tick in shown.values()):
        labels[0] += f"\n{day_name(start)}"
    axes.set_xticks(list(shown), labels)
    _mark_days(axes, [day for m in midnights if first <= (day := days(m, zone)) <= last])
    axes.set_xlim(first, last)


def _mark_days(axes: Axes, midnights: Sequence[float]) -> None:
    """Draw small ticks at `midnights`: as one line, since each tick of an axis costs as much as a line of text."""
    ticks = Line2D(
        midnights,
        np.zeros(len(midnights)),
        linestyle="none",
        marker=TICKDOWN,  # type: ignore[arg-type]
        markersize=mpl.rcParams["xtick.minor.size"],
        markeredgewidth=mpl.rcParams["xtick.minor.width"],
        color=MUTED,
        clip_on=False,
        transform=axes.get_xaxis_transform(),
    )
    axes.add_artist(ticks).set_zorder(0.5)


def shade(axes: Axes, at: Floats, low: Floats, high: Floats, colour: str) -> None:
    """Draw the 5-95 % band of a series."""
    if np.isfinite(low).any() and bool((high > low).any()):
        axes.fill_between(at, low, high, color=colour, alpha=0.22, linewidth=0)


def broken(at: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return one broken line (3 N,) that goes up from `low` to `high` (N,) at every `at` (N,)."""
    gap = np.full(len(at), np.nan)
    return np.repeat(at, 3), np.column_stack([low, high, gap]).ravel()


def boxes(left: Floats, bottom: Floats, right: Floats, top: Floats, **how: Any) -> PathPatch:
    """Return rectangles with these sides (N,) as one patch without an edge, which costs as much as one of them."""
    corners = np.array([(left, bottom), (right, bottom), (right, top), (left, top)]).transpose(2, 0, 1)
    return PathPatch(Path.make_compound_path_from_polys(corners), linewidth=0, **how)


def value_axis(axes: Axes, label: str, highest: Sequence[float] = (), least: float = 0.0) -> None:
    """Label the value axis, start it at zero and leave room above for the `highest` values and for `least`."""
    axes.set_ylabel(label)
    axes.grid(axis="y")
    finite = [value for value in highest if np.isfinite(value) and value > 0]
    axes.set_ylim(0, 1.18 * max(*finite, least) if finite else 1.0)
    axes.yaxis.set_major_formatter(lambda value, _: number(value))


def without_spike(high: Floats, middle: Floats) -> float:
    """Return the value up to which a band is drawn: its highest, unless a short spike would flatten all the rest.

    `high` and `middle` (P,) are the upper end of the band and its mean at the points of a series.
    """
    known = high[np.isfinite(high)]
    middle_most = float(np.nanmax([*middle, 0.0]))
    highest = max(middle_most, float(known.max(initial=0.0)))
    usual = max(middle_most, float(np.quantile(known, USUAL)) if len(known) else 0.0)
    return highest if highest <= SPIKE * usual else usual


USUAL, SPIKE = 0.95, 2.0
"""The share of the points that a spike leaves alone, and how many times as high as they are it must be."""


def name_spike(axes: Axes, highs: Sequence[Floats], unit: str = "", scale: float = 1.0) -> None:
    """Write how high the upper ends of bands (P,) go, if the axis ends below, in the `unit` of its labels.

    `scale` is the number of these units in one of the values.
    """
    most = float(np.nanmax([0.0, *np.concatenate([*highs, []])]))
    if most > axes.get_ylim()[1]:
        text = f"shading goes up to {number(scale * most)} {unit}".rstrip()
        axes.text(0.01, 0.86, text, transform=axes.transAxes, fontsize=10, color=MUTED, va="top")


def unit_axis(axes: Axes, label: str) -> tuple[str, float]:
    """Label a value axis of hours or kilometres; where all of it is short, write it in a smaller unit.

    `label` has the name of the unit, 'hours' or 'km'. Return the short name of the unit that is written, and the number
    of these units in one of the values.
    """
    low, high = axes.get_ylim()
    most = max(-low, high)
    large, short = next(((name, short) for name, short in LARGE_UNITS.items() if name in label), ("", ""))
    smaller = ((name, unit, scale) for of, name, unit, scale, below in SMALL_UNITS if of == large and most < below)
    name, unit, scale = next(smaller, (large, short, 1.0))
    axes.set_ylabel(label.replace(large, name))
    if name != large:
        ticks = MaxNLocator(nbins=6).tick_values(low * scale, high * scale)
        shown = [tick for tick in ticks if low * scale <= tick <= high * scale]
        axes.set_yticks([tick / scale for tick in shown], [number(tick).replace("-", "−") for tick in shown])
    return unit, scale


LARGE_UNITS = {"hours": "h", "km": "km"}
"""Units of the values of an axis, with their short names."""
SMALL_UNITS = (
    ("hours", "seconds", "s", 3600.0, 2 / 60),
    ("hours", "minutes", "min", 60.0, 2.0),
    ("km", "m", "m", 1000.0, 1.0),
)
"""Smaller units: of which unit, name, short name, number in one, and the values below which an axis has this unit."""
