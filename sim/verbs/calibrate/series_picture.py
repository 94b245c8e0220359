"""The picture of reported series: their points over the band of what the fitted model expects."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from matplotlib.figure import Figure

from sim.plotting.colours import REPORTED
from sim.plotting.page import heading
from sim.plotting.reported_series import ALPHA, size_of
from sim.plotting.style import days, sheet, styled, time_axis, unit_axis, value_axis
from sim.verbs.calibrate.findings import Findings
from sim.verbs.calibrate.series_findings import findings_of_series

BLUE, BAND = "#0072B2", "#8fbfe0"
HEIGHT, WIDTH = 2.9, 10.0


@styled
def series(findings: Findings) -> Figure:
    """Draw every reported series: points, and the median and 90 % band of the reports that the fitted model expects."""
    found = findings_of_series(findings.fit)
    clock = findings.fit.loaded.central.scenario.clock
    zone, tall = ZoneInfo(clock.timezone), 0.9 + HEIGHT * len(found)
    figure = sheet(WIDTH, tall)
    start = days(clock.t0.replace(tzinfo=zone), zone)
    for number, (finding, band) in enumerate(found):
        bottom = (0.55 + HEIGHT * (len(found) - 1 - number)) / tall
        axes = figure.add_axes((0.08, bottom, 0.89, (HEIGHT - 0.9) / tall))
        at = start + band.hours / 24
        axes.fill_between(at, band.low, band.high, color=BAND, alpha=0.5, linewidth=0, label="90 % of expected reports")
        axes.plot(at, band.median, color=BLUE, linewidth=1.1, label="fitted model")
        dots: dict[str, Any] = {"color": REPORTED, "markersize": size_of(len(at)), "alpha": ALPHA, "linestyle": "none"}
        exact = ~band.bound
        axes.plot(at[exact], band.value[exact], marker=".", label="reported", rasterized=True, **dots)
        if band.bound.any():
            bounds = at[band.bound], band.value[band.bound]
            axes.plot(*bounds, marker="^", label="reported bound", rasterized=True, **dots)
        label = {"h": "hours", "share": "share"}.get(finding.unit, finding.unit)
        value_axis(axes, label, [float(band.value.max()), float(band.high.max())])
        if finding.unit == "h":
            unit_axis(axes, label)
        time_axis(axes, (float(at.min()), float(at.max())), zone, clock.t0)
        inside = f"{100 * finding.coverage:.0f} % of {finding.points:,} points in the band"
        axes.set_title(f"{finding.label}: {inside}", loc="left", fontsize=11)
        axes.legend(loc="upper right", ncols=4, fontsize=9, frameon=False)
    heading(
        figure, "Reported series and the fitted model", "band: 90 % of the reports expected at each point by itself"
    )
    return figure
