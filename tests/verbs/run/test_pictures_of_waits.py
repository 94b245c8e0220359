"""Pictures of waits: units that fit, lower bounds that are marked, and room for what is written."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim import units
from sim.measures.estimates import Band
from sim.measures.names import Key, at_station
from sim.plotting import style
from sim.verbs.run.pictures import wait_by_joining, where_time_goes
from tests.plotting import synthetic


def complete(figure: Figure) -> None:
    """Lay everything out as for a file, without the pixels."""
    style.styled(figure.draw_without_rendering)()


def said(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_text())


def test_where_time_goes_marks_lower_bounds_and_has_room_for_the_names_of_stations() -> None:
    tree = synthetic.tree()
    stations = tree["crossings"][synthetic.CROSSING]["stations"]
    first = next(iter(stations))
    long = "weighbridge_and_radiation_portal_north_of_the_old_bridge"
    crossing = tree["crossings"][synthetic.CROSSING]
    crossing["stations"] = {long if name == first else name: each for name, each in stations.items()}
    story = synthetic.story(2, crossings={synthetic.CROSSING: crossing})
    scope = at_station(long)
    for what, value in (("visits", 100), ("unfinished_parties", 30)):
        story.estimates.totals[Key(story.crossing, what, scope)] = synthetic.exactly(value)
    figure = where_time_goes(story)
    complete(figure)
    (axes,) = figure.axes
    assert min(label.get_window_extent().x0 for label in axes.get_yticklabels()) > 0
    wait = units.show_time(3600 * story.total("wait_per_visit", scope).mean)
    assert f"≥ {wait}" in said(figure)
    assert "≥ and ▶: a lower bound" in said(figure)


def test_a_long_subtitle_is_wrapped_and_pushes_the_panels_down() -> None:
    story = synthetic.story(2)
    for scope in ("all", *story.classes):
        for what, value in (("unfinished", 12_300), ("arrived", 90_000)):
            story.estimates.totals[Key(story.crossing, f"{what}_parties", scope)] = synthetic.exactly(value)
    figure = wait_by_joining(story)
    complete(figure)
    width = figure.get_size_inches()[0] * figure.dpi
    subtitle = next(text for text in figure.texts if "not in the waits" in text.get_text())
    box = subtitle.get_window_extent()
    assert box.x1 < width
    highest = max(axes.get_tightbbox().y1 for axes in figure.axes)
    assert box.y0 > highest


@pytest.mark.parametrize(
    ("hours", "unit"), [(2.0, "hours"), (0.2, "minutes"), (12 / 3600, "seconds"), (0.5 / 3600, "seconds")]
)
def test_the_axis_of_waits_has_a_unit_that_fits(hours: float, unit: str) -> None:
    """A wait of 12 s reaches above half of an axis of seconds, and does not lie on the floor of half an hour."""
    story = synthetic.story(2, reported=[])
    for quantity in ("wait", "quoted_wait", "virtual_wait", "wait_median"):
        for name in story.classes:
            key = Key(story.crossing, quantity, name)
            if (band := story.estimates.series.get(key)) is not None:
                flat = {field.name: np.full(len(story.at), hours) for field in fields(Band) if field.name != "n"}
                story.estimates.series[key] = replace(band, **flat)
    axes = wait_by_joining(story).axes[0]
    assert axes.get_ylabel() == f"wait ({unit})"
    assert axes.get_ylim()[1] < 1.3 * max(hours, 10 / 3600)
    scale = {"hours": 1, "minutes": 60, "seconds": 3600}[unit]
    tick = axes.get_yticks()[1]
    assert float(axes.get_yticklabels()[1].get_text()) == pytest.approx(scale * tick, rel=0.01)


def test_the_lower_bound_begins_where_the_line_of_those_who_crossed_ends() -> None:
    story = synthetic.story(2)
    censored, lived = story.censored("car"), story.band("wait", "car")
    assert lived is not None
    first = int(np.argmax(censored))
    assert first > 0
    key = Key(story.crossing, "virtual_wait", "car")
    story.estimates.series[key] = replace(lived, mean=np.linspace(1, 2, len(censored)))
    bound = story.lower_bound("car")
    assert bound[first] >= lived.mean[first - 1]
    assert bound[first - 1] == lived.mean[first - 1]
    assert np.isnan(bound[: first - 1]).all()
    story.estimates.series[key] = replace(lived, mean=np.full(len(censored), 0.5 * lived.mean[first - 1]))
    assert np.isnan(story.lower_bound("car")[:first]).all(), "the line of the bound never falls"


def test_a_lower_bound_of_a_single_point_is_seen() -> None:
    story = synthetic.story(2)
    values = np.full(len(story.at), np.nan)
    values[3] = 5.0
    for what, band in (("virtual_wait", values), ("virtual_wait_censored", np.isfinite(values).astype(float))):
        key = Key(story.crossing, what, "car")
        story.estimates.series[key] = replace(story.estimates.series[key], mean=band)
    key = Key(story.crossing, "wait", "car")
    story.estimates.series[key] = replace(story.estimates.series[key], mean=values)
    axes = wait_by_joining(story).axes[0]
    (dots,) = [line for line in axes.lines if line.get_marker() == "."]
    assert [value for value in dots.get_ydata().tolist() if value == value] == [5.0]
