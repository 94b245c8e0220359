"""Pictures are built from made-up estimates; what is asked here is what a reader would miss."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.measures.names import VEHICLES, Key
from sim.plotting import colours, panels, style
from sim.plotting.daily import flow_bars
from sim.plotting.lettering import text_width
from sim.plotting.marks import COUNTED_LABEL, RAIL_SIZE, lay_rail, rail_height
from sim.plotting.page import legend
from sim.plotting.picture import render
from sim.plotting.rail import events
from sim.plotting.sentences import summary
from sim.plotting.story import Story, in_one_day, outwards_per_day, rounded, whole, window
from sim.scenario.model.scenario import Scenario
from sim.verbs.run.pictures import drawers, queue_km, stories, wait_by_joining, ways_across
from sim.verbs.run.poster_sheet import poster
from tests.plotting import synthetic
from tests.plotting.drawing import Drawn, bars_in

NAMES = [
    "queue_by_class",
    "queue_km",
    "wait_by_joining",
    "crossings_per_day",
    "ways_across",
    "stuck_at_night",
    "where_time_goes",
    "poster",
]
SHORT = {"timezone": "Europe/Moscow", "t0": "2022-09-21T10:00", "start": "2022-09-21", "horizon": "2022-09-23"}


def draw(described: Scenario, replications: int = 20, empty: bool = False) -> Drawn:
    estimates = synthetic.estimates(described, replications, empty)
    return Drawn(drawers(synthetic.run(described, estimates, synthetic.observations(described))))


def complete(figure: Figure) -> None:
    """Lay everything out as for a file, without the pixels."""
    style.styled(figure.draw_without_rendering)()


def said(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_text())


@pytest.fixture(scope="module")
def base() -> Drawn:
    return draw(synthetic.scenario())


def test_every_picture_is_drawn(base: Drawn) -> None:
    assert list(base) == NAMES
    assert render(base["queue_km"], "png").startswith(b"\x89PNG")
    assert b"<svg" in render(base["queue_km"], "svg")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("queue_by_class", ["parties waiting"]),
        ("queue_km", ["queue length (km)"]),
        ("wait_by_joining", ["wait (hours)", "wait (hours)"]),
        ("crossings_per_day", ["vehicles per day", "parties per day", "people per day"]),
        ("ways_across", ["vehicles per hour", "people per hour"]),
    ],
)
def test_axes_say_their_units(base: Drawn, name: str, labels: list[str]) -> None:
    drawn = [axes for axes in base[name].axes if axes.get_ylabel()]
    assert [axes.get_ylabel() for axes in drawn] == labels
    assert drawn[-1].get_xlabel() == "local time (Europe/Moscow)"


def test_where_time_goes_names_the_stations_and_shows_seconds_beside_hours(base: Drawn) -> None:
    (axes,) = base["where_time_goes"].axes
    assert axes.get_xlabel() == "time per visit (logarithmic scale)"
    stations = synthetic.tree()["crossings"][synthetic.CROSSING]["stations"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [name.replace("_", " ") for name in stations]
    story = synthetic.story()
    waiting, service, blocked = (
        sorted(dots.get_offsets().tolist(), key=lambda dot: dot[1]) for dots in axes.collections
    )
    for dots, span in ((waiting, "wait"), (service, "service"), (blocked, "blocked")):
        hours = [story.total(f"{span}_per_visit", f"station:{name}").mean for name in stations]
        assert [dot[0] for dot in dots] == pytest.approx([3600 * value for value in hours])
    low, high = axes.get_xlim()
    assert low < min(dot[0] for dot in service)
    assert high > max(dot[0] for dot in waiting)
    assert {"10 min", "1 h", "10 h"} <= {label.get_text() for label in axes.get_xticklabels()}
    assert "20 h" in said(base["where_time_goes"])


@pytest.mark.slow
def test_every_reported_figure_in_use_is_drawn_and_sourced(base: Drawn) -> None:
    where = {"queue": 0, "queue_length": 1, "quoted_wait": 2, "crossed_parties": 3, "crossed_people": 3}
    for shown in synthetic.story().shown():
        for name in (NAMES[where[shown.row.quantity]], "poster"):
            text = said(base[name])
            assert shown.observation.label in text
            assert window(shown.row) in text
            assert f"({shown.row.source}, {shown.row.date})" in text
            assert shown.row.who in text


@pytest.mark.slow
def test_a_rejected_figure_is_not_drawn() -> None:
    rows = [row | {"crossing": synthetic.CROSSING, "reading": "-"} for row in synthetic.REPORTED]
    drawn = draw(synthetic.scenario(reported=[rows[0] | {"status": "rejected"}, *rows[1:]]))
    assert "more than 3,000" not in said(drawn["queue_by_class"]) + said(drawn["poster"])
    assert "at least 5,000" in said(drawn["queue_by_class"])


@pytest.mark.slow
def test_a_figure_for_validation_is_a_mark_of_its_own_without_a_label() -> None:
    rows = [row | {"crossing": synthetic.CROSSING, "reading": "-"} for row in synthetic.REPORTED]
    drawn = draw(synthetic.scenario(reported=[rows[0] | {"status": "validation"}, *rows[1:]]))
    for name in ("queue_by_class", "poster"):
        assert "more than 3,000" not in said(drawn[name])
        assert "validation, not fitted" in said(drawn[name])
        lines = [line for axes in drawn[name].axes for line in axes.get_lines()]
        ours = [line for line in lines if line.get_color() == colours.VALIDATION]
        assert {line.get_ydata()[0] for line in ours} == {3000}


def marks_of(axes: Axes, value: float) -> list[tuple[float, float]]:
    """Ends of the segments drawn at `value`."""
    return [
        (line.get_xdata()[0], line.get_xdata()[-1])
        for line in axes.get_lines()
        if line.get_color() == colours.REPORTED and len(line.get_xdata()) == 2 and line.get_ydata()[0] == value
    ]


def test_a_reported_figure_stands_over_its_window_in_local_time(base: Drawn) -> None:
    axes = next(axes for axes in base["queue_by_class"].axes if axes.get_ylabel())
    ((first, last),) = marks_of(axes, 3000)
    zone = ZoneInfo("Europe/Moscow")
    assert mdates.num2date(first, zone) == datetime(2022, 9, 25, tzinfo=zone)
    assert mdates.num2date(last, zone) == datetime(2022, 9, 26, tzinfo=zone)


def test_only_lower_bounds_have_an_arrow(base: Drawn) -> None:
    axes = next(axes for axes in base["queue_by_class"].axes if axes.get_ylabel())
    arrows = {text.xy[1] for text in axes.texts if text.get_text() == "" and text.arrow_patch is not None}
    assert arrows == {3000, 5000}


def test_a_flow_of_both_directions_is_drawn_as_its_outward_mean_a_day() -> None:
    (shown,) = synthetic.story().shown("crossed_parties")
    assert outwards_per_day(shown) == pytest.approx(37000 * 0.56 / 7)


def same_queue_and_wait(**wait: str) -> list[dict[str, str]]:
    """The reported rows with a queue and a wait of cars on one day; `wait` changes the latter."""
    rows = [row | {"crossing": synthetic.CROSSING, "reading": "-"} for row in synthetic.REPORTED]
    named = {row["id"]: row for row in rows}
    named["queue_25"]["classes"] = ["car"]
    named["wait_25"] |= wait
    return rows


def test_a_reported_queue_and_its_wait_imply_an_outflow() -> None:
    drawn = draw(synthetic.scenario(reported=same_queue_and_wait()))["ways_across"]
    axes = next(axes for axes in drawn.axes if axes.get_ylabel() == "vehicles per hour")
    ((first, last),) = marks_of(axes, 3000 / 48)
    assert last - first == 1
    arrows = {text.xy[1] for text in axes.texts if text.get_text() == "" and text.arrow_patch is not None}
    assert arrows == {3000 / 48}, "more than 3,000 makes it a lower bound"
    words = "implied by more than 3,000 cars waiting\nand about 48 h of quoted wait, 25 Sep"
    assert f"62 cars per hour leaving the queue,\n{words}" in said(drawn)
    assert "Reported: about 48 h of quoted wait, 25 Sep" in said(drawn)


@pytest.mark.slow
@pytest.mark.parametrize(
    "wait",
    [{"classes": ["truck"]}, {"until": "2022-09-27"}, {"from": "2022-09-24"}, {"status": "rejected"}],
    ids=["other class", "other end", "other beginning", "rejected"],
)
def test_figures_that_do_not_belong_together_imply_nothing(wait: dict[str, str]) -> None:
    drawn = draw(synthetic.scenario(reported=same_queue_and_wait(**wait)))["ways_across"]
    assert "implied" not in said(drawn)
    assert "implied" not in said(draw(synthetic.scenario())["ways_across"])


def test_the_reported_week_is_an_outward_mean_an_hour(base: Drawn) -> None:
    axes = next(axes for axes in base["ways_across"].axes if axes.get_ylabel() == "vehicles per hour")
    ((first, last),) = marks_of(axes, pytest.approx(37000 * 0.56 / 168))
    assert last - first == 7
    assert f"{37000 * 0.56 / 168:.0f} per hour outbound" in said(base["ways_across"])


def test_the_layers_of_ways_end_at_all_vehicles(base: Drawn) -> None:
    story = synthetic.story()
    axes = next(axes for axes in base["ways_across"].axes if axes.get_ylabel() == "vehicles per hour")
    _, labels = axes.get_legend_handles_labels()
    assert labels == ["cars, main queue", "cars, bypass", "trucks", "buses", "all vehicles"]
    tops = [np.nanmax(c.get_paths()[0].vertices[:, 1]) for c in axes.collections[:4]]
    scopes = ["car/main", "car/bypass", "truck", "bus"]
    means = np.cumsum([story.band("crossed_parties_per_hour", scope).mean for scope in scopes], axis=0)
    assert tops == pytest.approx(means.max(axis=1), rel=1e-6)
    assert np.allclose(means[-1], story.band("crossed_parties_per_hour", VEHICLES).mean)


def test_without_a_bypass_cars_are_one_layer() -> None:
    story = synthetic.story()
    story.estimates.totals[Key(story.crossing, "crossed_parties", "car/bypass")] = synthetic.exactly(0)
    story.estimates.totals[Key(story.crossing, "crossed_parties_longest_day", "car/bypass")] = synthetic.exactly(0)
    text = said(ways_across(story))
    assert "bypass\n" not in text
    assert "cars, main queue" not in text


def test_the_day_of_the_longest_queue_in_a_sentence() -> None:
    story = synthetic.story()
    for scope, value in ((VEHICLES, 144.2), ("car/main", 60.4), ("car/bypass", 55.1)):
        story.estimates.totals[Key(story.crossing, "crossed_parties_longest_day", scope)] = synthetic.exactly(value)
    assert in_one_day(story) in said(ways_across(story))
    assert in_one_day(story).endswith(
        "144 vehicles per hour cross, including 60 cars from the main queue and 55 by the bypass."
    )


@pytest.mark.slow
def test_same_bytes_every_time_and_others_for_other_results(base: Drawn) -> None:
    described, first = synthetic.scenario(), [(name, format) for name in NAMES for format in ("png", "svg")]
    once = {key: render(base[key[0]], key[1]) for key in first}
    again, other = draw(described), draw(described, replications=19)
    assert {(name, format): render(again[name], format) for name, format in first} == once
    assert all(render(other[name], "svg") != once[name, "svg"] for name in NAMES)


def test_a_users_own_style_changes_nothing(base: Drawn) -> None:
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "none", "savefig.dpi": 20}):
        other = render(queue_km(synthetic.story()), "png")
    assert other == render(base["queue_km"], "png")


@pytest.mark.slow
@pytest.mark.parametrize("replications", [1, 2])
def test_few_replications(replications: int) -> None:
    drawn = draw(synthetic.scenario(), replications)
    for figure in drawn.values():
        complete(figure)
    assert ("one replication" in said(drawn["poster"])) == (replications == 1)


@pytest.mark.slow
def test_one_replication_has_no_band() -> None:
    for count, bands in ((1, 0), (3, 1)):
        axes = next(axes for axes in queue_km(synthetic.story(count)).axes if axes.get_ylabel())
        assert len(axes.collections) == bands


@pytest.mark.slow
def test_nobody_came() -> None:
    drawn = draw(synthetic.scenario(), empty=True)
    for figure in drawn.values():
        complete(figure)
        assert "nan" not in said(figure)
    assert "no data in this run" in said(drawn["wait_by_joining"])


def test_nothing_at_all_is_known() -> None:
    described = synthetic.scenario()
    estimates = synthetic.estimates(described, 2)
    estimates.series.clear()
    estimates.totals.clear()
    for figure in Drawn(drawers(synthetic.run(described, estimates))).values():
        complete(figure)
        assert "nan" not in said(figure)


@pytest.mark.slow
def test_without_reported_figures() -> None:
    drawn = draw(synthetic.scenario(reported=[]))
    for figure in drawn.values():
        complete(figure)
        assert "Reported" not in said(figure)
    assert "People across by week" in said(drawn["poster"])


def without_trucks() -> Scenario:
    tree = synthetic.tree(reported=[])
    crossing = tree["crossings"][synthetic.CROSSING]
    del crossing["demand"]["truck"], crossing["initial_queue"], tree["classes"]["truck"]
    return Scenario.model_validate(tree)


@pytest.mark.slow
def test_without_trucks() -> None:
    for figure in draw(without_trucks()).values():
        complete(figure)
        assert "trucks" not in said(figure).replace("exit trucks", "")


@pytest.mark.slow
def test_two_days_have_hours_on_their_axis() -> None:
    tree = synthetic.tree(clock=SHORT, reported=[])
    drawn = draw(Scenario.model_validate(tree))
    axes = next(axes for axes in drawn["queue_by_class"].axes if axes.get_ylabel())
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels[:5] == ["21 Sep", "06:00", "12:00", "18:00", "22 Sep"]
    complete(drawn["poster"])


def test_days_have_the_day_of_t0_on_their_axis(base: Drawn) -> None:
    axes = next(axes for axes in base["queue_km"].axes if axes.get_ylabel())
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert "21 Sep" in labels
    assert len(labels) <= 10


@pytest.mark.slow
def test_two_crossings_have_their_own_pictures() -> None:
    tree = synthetic.tree()
    tree["crossings"]["other"] = tree["crossings"][synthetic.CROSSING] | {"title": "The other one"}
    described = Scenario.model_validate(tree)
    drawn = draw(described, 1)
    assert list(drawn) == [f"{name}_{crossing}" for crossing in (synthetic.CROSSING, "other") for name in NAMES]
    assert "The other one" in said(drawn["poster_other"])


def test_text_is_large_enough_to_be_read_at_half_size(base: Drawn) -> None:
    for name, figure in base.items():
        sizes = {text.get_fontsize() for text in figure.findobj(Text) if text.get_text().strip()}
        assert min(sizes) >= 9, name


@pytest.mark.slow
def test_no_text_leaves_its_sheet(base: Drawn) -> None:
    unreported = draw(synthetic.scenario(reported=[]), 2)["poster"]
    for name, figure in (*base.items(), ("poster without reported figures", unreported)):
        complete(figure)
        width, height = figure.get_size_inches() * figure.dpi
        for text in figure.findobj(Text):
            if text.get_text().strip() and text.get_visible():
                box = text.get_window_extent()
                assert box.x0 >= 0, (name, text.get_text())
                assert box.x1 <= width, (name, text.get_text())
                assert box.y0 >= 0, (name, text.get_text())
                assert box.y1 <= height, (name, text.get_text())


@pytest.mark.parametrize(
    ("start", "horizon", "most"),
    [("2022-09-14", "2022-10-10", 7), ("2022-09-26", "2022-09-28", 3), ("2022-09-20", "2022-10-08", 11)],
)
def test_the_rail_has_no_words_on_words_nor_ticks_through_words(start: str, horizon: str, most: int) -> None:
    width, clock = 8.75, SHORT | {"start": start, "horizon": horizon}
    story = synthetic.story(1, clock=clock, reported=[])
    laid = lay_rail(events(story.scenario, story.crossing), story.limits, story.zone, width)
    assert len(laid) >= 3
    assert rail_height(laid) <= 0.2 * most
    scale = width / (story.limits[1] - story.limits[0])
    spans = []
    for label in laid:
        begin = (label.begin - story.limits[0]) * scale
        spans.append((begin, begin + text_width(label.words, RAIL_SIZE)))
        assert begin >= -0.7
        assert spans[-1][1] <= width + 0.2
    for one, (left, right) in zip(laid, spans, strict=True):
        for other, span in zip(laid, spans, strict=True):
            tick = (other.at - story.limits[0]) * scale
            assert not (left < tick < right and other.row >= one.row and other is not one)
            assert other is one or other.row != one.row or right <= span[0] or span[1] <= left


def test_a_rail_without_room_keeps_its_words_on_the_sheet() -> None:
    story = synthetic.story(1, clock=SHORT | {"start": "2022-09-21", "horizon": "2022-10-02"}, reported=[])
    laid = lay_rail(events(story.scenario, story.crossing), story.limits, story.zone, 8.75)
    scale = 8.75 / (story.limits[1] - story.limits[0])
    ends = [(label.begin - story.limits[0]) * scale + text_width(label.words, RAIL_SIZE) for label in laid]
    assert min(label.begin for label in laid) >= story.limits[0]
    assert max(ends) <= 8.75 + 0.15
    assert len({label.row for label in laid}) == len(laid)


def test_the_summary_speaks_from_the_estimates() -> None:
    story = synthetic.story()
    story.estimates.totals[Key(story.crossing, "max_queue", VEHICLES)] = synthetic.exactly(3456)
    story.estimates.totals[Key(story.crossing, "crossed_people")] = synthetic.exactly(151_234)
    story.estimates.totals[Key(story.crossing, "unfinished_people")] = synthetic.exactly(17)
    text = summary(story)
    assert "3,460 vehicles on 26 September" in text
    assert "151,000 people cross" in text
    assert "Between 14 September and 9 October" in text
    assert text.endswith("17 are still inside at the end.")


def test_the_lower_bound_of_the_wait_is_drawn_only_where_some_still_wait(base: Drawn) -> None:
    axes = next(axes for axes in base["wait_by_joining"].axes if "trucks" in str(axes.get_legend_handles_labels()[1]))
    (line,) = (line for line in axes.lines if str(line.get_label()).startswith("lower bound"))
    (others,) = (line for line in axes.lines if str(line.get_label()).startswith("trucks"))
    assert line.get_color() == others.get_color() == colours.CLASS_COLOURS["truck"]
    known = np.isfinite(line.get_ydata())
    assert 0 < known.sum() <= 25
    assert not known[:-25].any()
    assert np.isnan(others.get_ydata()[known]).all(), "the mean of those who crossed already would be too short"


@pytest.mark.slow
def test_a_model_without_a_value_leaves_the_reported_flow_alone() -> None:
    described = synthetic.scenario()
    unknown = tuple(replace(found, mean=np.nan, p05=np.nan, p95=np.nan) for found in synthetic.observations(described))
    drawn = Drawn(drawers(synthetic.run(described, synthetic.estimates(described, 1), unknown)))
    complete(drawn["poster"])
    assert "about 37,000 reported" in said(drawn["poster"])
    assert "nan" not in said(drawn["poster"])


@pytest.mark.slow
def test_more_than_two_reported_flows_do_not_overlap() -> None:
    described = synthetic.scenario()
    flow = next(row for row in described.reported if row.quantity == "crossed_parties")
    rows = tuple(flow.model_copy(update={"id": f"flow_{k}"}) for k in range(4))
    described = described.model_copy(update={"reported": rows})
    figure = draw(described)["poster"]
    complete(figure)
    written = [text for axes in figure.axes for text in axes.texts]
    found = [text for text in written if re.search("reported, both directions|in the model", text.get_text())]
    assert len(found) == 6
    boxes = [text.get_window_extent() for text in found]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_draft_papers_are_told_only_where_some_were_given() -> None:
    story = synthetic.story()
    assert "are turned back or given draft papers" in summary(story)
    key = next(key for key in story.estimates.totals if key.quantity == "summoned_people")
    totals = {**story.estimates.totals, key: synthetic.exactly(0)}
    without = replace(story, estimates=replace(story.estimates, totals=totals))
    assert "are turned back" in summary(without)
    assert "draft papers" not in summary(without)


def test_daily_bars_add_up_to_the_total() -> None:
    story = synthetic.story()
    _, _, values = flow_bars(story, "crossed_people")
    assert values.sum() == pytest.approx(story.total("crossed_people").mean, rel=1e-9)


@pytest.mark.slow
def test_stacked_layers_end_at_all_parties() -> None:
    story = synthetic.story()
    by_class = sum(story.band("queue", name).mean for name in story.classes if story.band("queue", name))
    assert np.allclose(by_class, story.band("queue").mean)
    figure = style.sheet(8, 4)
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    style.time_axis(axes, story.limits, story.zone, story.scenario.clock.t0)
    panels.queue_stacked(axes, story)
    layers = [
        collection for collection in axes.collections if collection.get_label() in story.scenario.class_words.values()
    ]
    top = max(collection.get_paths()[0].vertices[:, 1].max() for collection in layers)
    assert top == pytest.approx(by_class.max(), rel=1e-6)


def test_the_reported_flow_of_vehicles_stands_against_vehicles_alone(base: Drawn) -> None:
    vehicles, others, _ = (axes for axes in base["crossings_per_day"].axes if axes.get_ylabel())
    assert len(marks_of(vehicles, pytest.approx(37000 * 0.56 / 7))) == 1
    assert vehicles.get_legend_handles_labels()[1] == ["cars", "trucks", "buses"]
    assert others.get_legend_handles_labels()[1] == ["walkers"]
    assert not [line for line in others.get_lines() if line.get_color() == colours.REPORTED]


def test_the_line_and_the_sentence_speak_of_the_same_queue(base: Drawn) -> None:
    story = synthetic.story()
    band = story.band("queue", VEHICLES)
    for name in ("queue_by_class", "poster"):
        drawn = [line for axes in base[name].axes for line in axes.get_lines() if line.get_label() == "all vehicles"]
        (line,) = (line for line in drawn if len(line.get_xdata()) == len(story.at))
        assert np.allclose(line.get_ydata(), band.mean)
    top = datetime.fromtimestamp(story.at[int(band.mean.argmax())] * 86400, story.zone)
    assert f" on {top.day} {top:%B}" in summary(story)


def test_where_no_vehicles_come_the_queue_is_everybodys() -> None:
    tree = synthetic.tree(reported=[])
    crossing = tree["crossings"][synthetic.CROSSING]
    crossing["demand"] = {"foot": synthetic.CONSTANT}
    del crossing["initial_queue"], crossing["behaviour"]
    described = Scenario.model_validate(tree)
    drawn = draw(described)
    labels = [axes.get_ylabel() for axes in drawn["crossings_per_day"].axes if axes.get_ylabel()]
    assert labels == ["parties per day", "people per day"]
    assert "vehicles" not in said(drawn["poster"])


def test_labels_stand_off_the_curves_and_bars_and_have_no_box(base: Drawn) -> None:
    for name, figure in base.items():
        complete(figure)
        for axes in figure.axes:
            labels = [text for text in axes.texts if text.get_color() == colours.REPORTED and "Sep" in text.get_text()]
            assert all(text.get_bbox_patch() is None for text in labels), name
            boxes = [Text.get_window_extent(text) for text in labels if text.get_path_effects()]
            for line in axes.get_lines():
                if len(line.get_xdata()) > 100:
                    points = axes.transData.transform(line.get_xydata())
                    for box in boxes:
                        assert not any(box.contains(x, y) for x, y in points), (name, line.get_label())
            if name == "crossings_per_day":
                bars = [bar.transformed(axes.transData) for bar in bars_in(axes) if bar.height > 0]
                assert not any(box.overlaps(bar) for box in boxes for bar in bars)


def test_a_run_of_one_day_is_on_that_day() -> None:
    one = SHORT | {"start": "2022-09-21T08:00", "horizon": "2022-09-21T20:00"}
    text = summary(synthetic.story(2, clock=one, reported=[]))
    assert re.search(r"\. On 21 September from 08:00 to 20:00, [\d,]+ people cross", text)
    assert "Between" not in text


@pytest.mark.slow
def test_the_summary_tells_the_wait_lived_through() -> None:
    story = synthetic.story()
    story.estimates.totals[Key(story.crossing, "wait_mean", "car/main")] = synthetic.exactly(57)
    assert "; cars that cross wait 57 h on average." in summary(story)
    inside(story, "car", 2100)
    assert "; cars that cross wait at least 57 h on average." in summary(story)


def inside(story: Story, scope: str, unfinished: float) -> None:
    """Let this many of 100,000 parties of a class (or all) be inside at the end."""
    numbers = {"unfinished": unfinished, "arrived": 90_000, "initial": 10_000, "balked": 0, "barred": 0, "diverted": 0}
    for what, value in numbers.items():
        story.estimates.totals[Key(story.crossing, f"{what}_parties", scope)] = synthetic.exactly(value)


def test_the_picture_of_waits_says_how_many_are_not_in_them() -> None:
    story = synthetic.story(2)
    inside(story, "all", 2000)
    assert "still inside" not in said(wait_by_joining(story))
    inside(story, "all", 12_300)
    sentence = "12 % of all parties that joined are still inside at the end and not in the waits"
    assert sentence in said(wait_by_joining(story))


@pytest.mark.parametrize(("value", "told"), [(7134.9, "7,130"), (7135.1, "7,140"), (99.4, "99"), (0.6, "1"), (0, "0")])
def test_a_count_is_rounded_once(value: float, told: str) -> None:
    assert whole(value) == told
    if value >= 100:
        assert rounded(value) == told


@pytest.mark.parametrize(
    ("value", "told"), [(0.936, "0.94"), (8.97, "9"), (9.96, "10"), (36.54, "36.5"), (0.0004, "<0.001")]
)
def test_a_measured_number_below_ten_has_two_figures(value: float, told: str) -> None:
    assert rounded(value) == told


def test_bands_without_a_posterior_are_called_chance_only() -> None:
    assert synthetic.story(3).how == "mean and 5–95 % band of 3 replications, chance only"
    assert synthetic.story(1).how == "one replication"
    fitted = replace(synthetic.story(3), posterior_note="each with parameters from the posterior")
    assert fitted.how.endswith("of 3 replications, each with parameters from the posterior")


def test_servers_of_a_station_are_those_it_has_while_it_is_there() -> None:
    tree = synthetic.tree()
    office = tree["crossings"][synthetic.CROSSING]["stations"]["enlistment_office"]
    office["staffing"] = {"servers": 9, "steps": [{"from": "2022-09-20", "servers": 3}]}
    described = Scenario.model_validate(tree)
    estimates = synthetic.estimates(described, 2)
    poster = Drawn(drawers(synthetic.run(described, estimates)))["poster"]
    assert re.search(r"^3 servers · ", said(poster), re.MULTILINE)
    assert "9 servers" not in said(poster)


def test_svg_has_no_date_and_no_version(base: Drawn) -> None:
    text = render(base["queue_km"], "svg").decode()
    assert not re.search(r"dc:date|Matplotlib v", text)


def counted_apart(axes: Axes) -> list[float]:
    """Return the values of the model that are drawn beside a reported figure, not as a line over the whole run."""
    return [float(line.get_ydata()[0]) for line in axes.lines if COUNTED_LABEL in str(line.get_label())]


def drawn_with(picture: str, *rows: dict[str, object]) -> Figure:
    plain = {
        "crossing": synthetic.CROSSING,
        "reading": "-",
        "who": "a guard",
        "source": "a paper",
        "date": "2022-09-27",
    }
    day = {"from": "2022-09-25", "until": "2022-09-26", "qualifier": "about"}
    named = [plain | day | {"id": f"row_{n}"} | row for n, row in enumerate(rows)]
    return draw(synthetic.scenario(reported=named))[picture]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("picture", "row", "apart"),
    [
        ("queue_by_class", {"classes": ["car"]}, []),  # the line of cars is drawn
        ("queue_by_class", {"classes": ["car", "truck", "bus"]}, []),
        ("queue_by_class", {"classes": ["car", "truck"]}, [1800.0]),
        ("queue_by_class", {"classes": ["car"], "within": "1 km"}, [1800.0]),
        ("poster", {"classes": ["car"]}, [1800.0]),  # only all vehicles have a line there
        ("poster", {"classes": ["car", "truck", "bus"]}, []),
        ("queue_by_class", {"quantity": "queue_people", "classes": ["car", "bus"]}, [1800.0]),
        ("queue_by_class", {"quantity": "queue_people", "classes": ["car", "truck", "bus", "bike", "foot"]}, []),
        ("wait_by_joining", {"quantity": "virtual_wait", "classes": ["car"], "value": "2000 h"}, [1800.0]),
        ("ways_across", {"quantity": "crossed_parties", "classes": ["car"], "statistic": "sum"}, [1800.0 / 24]),
        ("crossings_per_day", {"quantity": "crossed_people", "classes": ["car"], "statistic": "sum"}, [1800.0]),
        ("crossings_per_day", {"quantity": "crossed_parties", "classes": ["foot", "bike"], "statistic": "sum"}, []),
    ],
)
def test_a_figure_hangs_only_on_the_line_it_is_about(picture: str, row: dict[str, object], apart: list[float]) -> None:
    figure = drawn_with(picture, {"quantity": "queue", "statistic": "mean", "value": 2000} | row)
    found = [value for axes in figure.axes for value in counted_apart(axes)]
    assert found == pytest.approx(apart)


@pytest.mark.slow
def test_a_wait_and_a_part_of_the_queue_imply_no_outflow() -> None:
    near = {"quantity": "queue", "statistic": "mean", "value": 2000, "classes": ["car"], "within": "1 km"}
    wait = {"quantity": "quoted_wait", "statistic": "mean", "value": "48 h", "classes": ["car"]}
    assert "implied" not in said(drawn_with("ways_across", near, wait))
    assert "42 cars per hour leaving the queue" in said(drawn_with("ways_across", near | {"within": None}, wait))


@pytest.mark.slow
def test_a_figure_that_the_poster_does_not_draw_has_the_value_of_the_model_beside_its_source() -> None:
    row = {"quantity": "queue_people", "statistic": "mean", "value": 2000, "classes": ["car"]}
    assert "1,800 [1,710–1,890] in the model" in said(drawn_with("poster", row)).replace("\n   ", " ")


def test_the_nights_are_drawn_by_class_and_the_worst_is_named(base: Drawn) -> None:
    story = synthetic.story()
    worst = max(story.nights, key=lambda night: night.people.mean)
    text = said(base["stuck_at_night"])
    assert "People stuck at 03:00" in text
    assert f"worst night: {worst.name}, {whole(worst.people.mean)} (" in text
    (axes,) = (axes for axes in base["stuck_at_night"].axes if axes.get_ylabel() == "people stuck")
    assert max(bar.y1 for bar in bars_in(axes)) == pytest.approx(worst.people.mean)
    assert len(bars_in(axes)) % len(story.nights) == 0
    assert f"worst night, {worst.name}" in said(base["poster"]).replace("\n", " ")


def test_without_a_night_hour_there_is_no_picture_of_nights() -> None:
    described = synthetic.scenario(relief=None)
    assert "stuck_at_night" not in drawers(synthetic.run(described, synthetic.estimates(described, 1)))


@pytest.mark.parametrize(("hours", "named"), [(479.0, False), (480.0, True)])
def test_the_longest_wait_that_is_quoted_is_explained(hours: float, named: bool) -> None:
    story = synthetic.story()
    band = story.band("quoted_wait", "car")
    assert band is not None
    figure = style.sheet(5, 3)
    panels.name_cap(figure.add_subplot(), replace(band, p95=np.minimum(band.p95 + 1e9, hours)))
    assert ("480 h stand for 20 days or more" in said(figure)) == named


def test_the_wait_of_half_is_drawn_where_some_still_wait_but_half_crossed() -> None:
    story = synthetic.story(2)
    (virtual, censored) = (story.band(name, "truck") for name in ("virtual_wait", "virtual_wait_censored"))
    assert virtual is not None
    assert censored is not None
    some = np.flatnonzero(censored.mean > 0)
    bound = censored.mean * (np.arange(len(censored.mean)) > some[5])
    more = {
        Key(story.crossing, "wait_median", "truck"): virtual,
        Key(story.crossing, "wait_median_censored", "truck"): replace(censored, mean=bound),
    }
    with_half = replace(story, estimates=replace(story.estimates, series=story.estimates.series | more))
    for drawn, expected in ((story, []), (with_half, some[:6].tolist())):
        lines = [line for axes in wait_by_joining(drawn).axes for line in axes.get_lines()]
        half = [line for line in lines if line.get_label() == "half crossed within"]
        assert [np.flatnonzero(np.isfinite(line.get_ydata())).tolist() for line in half] == [expected] * bool(expected)


def test_the_poster_tells_the_worst_day_of_a_station_and_when_it_is_blocked() -> None:
    described = synthetic.scenario(reported=[])
    estimates = synthetic.estimates(described, 2)
    for name, value in {"utilisation": 0.613, "utilisation_worst_day": 0.997, "blocked_share": 0.25}.items():
        estimates.totals[Key(synthetic.CROSSING, name, "station:exit_cars")] = synthetic.exactly(value)
    drawn = poster(stories(synthetic.run(described, estimates))[0])
    assert "12 servers · 61 % / 100 %" in said(drawn)
    assert "(orange: blocked)" in said(drawn)
    orange = to_rgba(colours.SPAN_COLOURS["blocked"])
    thin = [patch for axes in drawn.axes for patch in axes.patches if patch.get_height() == pytest.approx(0.06)]
    assert len([bar for bar in thin if bar.get_facecolor() == orange and bar.get_width() > 0]) == 1
    assert "blocked" not in said(poster(synthetic.story(2, reported=[])))


def test_the_largest_value_at_any_instant_is_marked_where_it_is_above_the_line() -> None:
    described = synthetic.scenario()
    estimates = synthetic.estimates(described, 3)
    key = Key(synthetic.CROSSING, "max_queue", VEHICLES)
    most = replace(estimates.totals[key], mean=1.5 * estimates.totals[key].mean)
    for totals, heights in (({key: most}, [most.mean]), ({key: replace(most, mean=0.5 * most.mean)}, [])):
        run = synthetic.run(described, replace(estimates, totals=estimates.totals | totals), ())
        (axes, *_) = Drawn({"queue": drawers(run)["queue_by_class"]})["queue"].axes
        marked = [line for line in axes.lines if line.get_label() == panels.LARGEST]
        assert [float(line.get_ydata()[0]) for line in marked] == heights
        assert axes.get_ylim()[1] > max(heights, default=0)


def test_a_deadlock_is_said_on_the_poster() -> None:
    described = synthetic.scenario()
    estimates = synthetic.estimates(described, 3)
    assert "block each other" not in summary(stories(synthetic.run(described, estimates, ()))[0])
    stuck = {Key(synthetic.CROSSING, "deadlocked_parties"): replace(next(iter(estimates.totals.values())), mean=12.0)}
    run = synthetic.run(described, replace(estimates, totals=estimates.totals | stuck), ())
    assert summary(stories(run)[0]).endswith(" 12 parties block each other for ever.")


def _beyond(figure: Figure, texts: list[Text]) -> list[str]:
    complete(figure)
    edge = figure.bbox.x1
    return [text.get_text() for text in texts if text.get_window_extent().x1 > edge]


@pytest.mark.slow
def test_a_title_of_200_letters_stays_on_the_page() -> None:
    for word in ("word ", "word"):
        drawn = draw(synthetic.scenario(title=(50 * word)[:199]), 2)
        for name in ("poster", "queue_by_class"):
            assert _beyond(drawn[name], drawn[name].texts) == []
        assert any(text.get_text().endswith("word…") or "…" in text.get_text() for text in drawn["poster"].texts)


@pytest.mark.slow
def test_a_legend_that_is_wider_than_its_panel_has_smaller_letters() -> None:
    figure = style.sheet(6.2, 2)
    axes = figure.add_axes((0.1, 0.1, 0.84, 0.6))
    for name in ("cars, by time of joining", "lower bound (some still wait)", "half crossed within", "quoted"):
        axes.plot([0, 1], label=name)
    legend(axes)
    assert _beyond(figure, axes.get_legend().get_texts()) == []
    assert len({text.get_window_extent().y0 for text in axes.get_legend().get_texts()}) <= 2, "one row"


@pytest.mark.slow
def test_many_figures_in_a_narrow_panel_have_short_labels() -> None:
    row = {
        "quantity": "quoted_wait", "classes": ["car"], "statistic": "max", "who": "somebody", "source": "a paper",
        "date": "2022-09-26", "crossing": synthetic.CROSSING, "reading": "as it stands", "qualifier": "at least",
    }  # fmt: skip
    rows = [
        row | {"id": f"w{n}", "value": f"{20 + n} h", "from": f"2022-09-2{n}", "until": f"2022-09-2{n + 1}"}
        for n in range(1, 8)
    ]
    figure = draw(synthetic.scenario(reported=rows), 2)["poster"]
    labels = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert {f"≥ {20 + n} h" for n in range(1, 8)} <= labels


@pytest.mark.parametrize(("points", "cut"), [(1, True), (40, False)])
def test_a_spike_of_the_band_does_not_flatten_the_rest(points: int, cut: bool) -> None:
    story = synthetic.story()
    band = story.band("quoted_wait", "car")
    assert band is not None
    high = np.where(np.arange(len(band.p95)) < points, 400.0, 10.0)
    spiked = replace(band, mean=np.full_like(high, 5.0), p95=high)
    axes = style.sheet(5, 3).add_subplot()
    panels.finish(axes, "wait (hours)", story, [spiked], [])
    assert (axes.get_ylim()[1] < 20) == cut
    assert ("shading goes up to 400 h" in said(axes.figure)) == cut


def test_a_band_without_values_has_no_spike() -> None:
    nothing = np.full(5, np.nan)
    axes = style.sheet(5, 3).add_subplot()
    style.name_spike(axes, [nothing])
    assert style.without_spike(nothing, nothing) == 0
    assert not axes.texts
