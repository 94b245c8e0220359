"""The picture of a forecast: what came, and what is expected with its 50 and 90 % bands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from matplotlib.figure import Figure

from sim.plotting.colours import FAINT, INK, MUTED, with_gaps
from sim.plotting.lettering import wrapped
from sim.plotting.page import heading, legend
from sim.plotting.result import Drawers
from sim.plotting.style import sheet, styled, time_axis, value_axis
from sim.verbs.nowcast.readings import instant
from sim.verbs.nowcast.scoreboard import ends
from sim.verbs.nowcast.tables import SHOWN, shown_from
from sim.verbs.nowcast.words import moment, verdict

if TYPE_CHECKING:
    from sim.verbs.nowcast.study import Nowcast

WIDTH, HEIGHT = 10.0, 5.2
COLOUR = "#0072B2"


def drawers(forecast: Nowcast) -> Drawers:
    """Return the functions that draw the pictures, by name."""
    return {"forecast": lambda: draw(forecast)}


@styled
def draw(forecast: Nowcast) -> Figure:
    """Draw the readings of the last days and the forecast."""
    readings, zone = forecast.seen.readings, ZoneInfo(forecast.seen.readings.zone)
    figure = sheet(WIDTH, HEIGHT)
    how = wrapped(verdict(forecast), WIDTH - 0.6, 10.5)
    title = f"{forecast.seen.name}: the next {forecast.ahead:g} h from {moment(forecast.seen.now, readings.zone)}"
    heading(figure, title, how)
    head = 1.15 + 0.19 * how.count("\n")
    axes = figure.add_axes((0.095, 0.66 / HEIGHT, 0.875, 1 - (0.66 + head) / HEIGHT))
    start = shown_from(forecast)
    limits = (start / 24, forecast.times[-1] / 24)
    shown = readings.hours >= start
    hours, values = readings.hours[shown], readings.values[shown]
    at, line = with_gaps(hours, values)
    axes.plot(at / 24, line, color=INK, lw=1.4, marker=".", ms=5, label="readings")
    low, lower, middle, upper, high = ends(forecast.samples[:, 0], SHOWN).T
    when = forecast.times / 24
    axes.fill_between(when, low, high, color=COLOUR, alpha=0.20, lw=0, label="90 % band")
    axes.fill_between(when, lower, upper, color=COLOUR, alpha=0.38, lw=0, label="50 % band")
    axes.plot(when, middle, color=COLOUR, lw=2.2, label="forecast (median)")
    axes.axvline(forecast.seen.now / 24, color=FAINT, lw=1.2, zorder=0)
    value_axis(axes, forecast.seen.name.replace("_", " "), [float(high.max()), *values.tolist()])
    first = instant(start).astimezone(zone).replace(tzinfo=None)
    time_axis(axes, limits, zone, first + timedelta(days=1))
    axes.set_xlabel(f"local time ({readings.zone})", color=MUTED)
    legend(axes)
    return figure
