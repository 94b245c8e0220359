"""What a network shows: tables, the map, flow diagrams, and where people go in a comparison."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from rich.console import Console

import sim
from sim.measures.estimates import Band
from sim.measures.flows import LAST
from sim.measures.names import Key
from sim.measures.nights import Night
from sim.play.request import Request
from sim.plotting import network_map
from sim.plotting.colours import OUTCOME_COLOURS
from sim.plotting.names import ranged, sure
from sim.plotting.picture import render
from sim.plotting.rail import change_words, events
from sim.plotting.ribbons import LABEL, ORIGIN_COLOURS, SLOT
from sim.plotting.story import Story, whole
from sim.plotting.style import styled
from sim.scenario.model.changes import Change
from sim.scenario.model.scenario import Scenario
from sim.verbs.compare import picture_network as network_comparison
from sim.verbs.compare import tables as comparison_tables
from sim.verbs.compare.network_words import transition_text
from sim.verbs.compare.study import ComparisonData, compare, read_variants
from sim.verbs.compare.transitions import states
from sim.verbs.run import network_pictures, network_tables
from sim.verbs.run.pictures import drawers, stories
from sim.verbs.run.poster_sheet import poster
from sim.verbs.run.study import Run
from sim.verbs.run.tables import print_to
from tests.plotting.drawing import Drawn

NETWORK = Path(__file__).parent / "network.yaml"
PLACES = {
    "mountain_pass": (44.6, 42.7), "steppe_road": (51.4, 51.0), "forest_post": (27.8, 56.3), "airport": (37.4, 55.8),
    "capital": (37.6, 55.75), "south": (39.7, 47.2),
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Run:
    return sim.load(NETWORK).run(replications=3).run


@pytest.fixture(scope="module")
def comparison() -> ComparisonData:
    return compare(read_variants(str(NETWORK), ["+pass_closed"]), Request(3))


def draw(run: Run, scenario: Scenario | None = None) -> Mapping[str, Figure]:
    if scenario is not None:
        run = replace(run, loaded=replace(run.loaded, scenario=scenario))
    assert run.flows is not None
    return Drawn(network_pictures.drawers(stories(run), run.flows))


@pytest.fixture(scope="module")
def drawn(found: Run, comparison: ComparisonData) -> Mapping[str, Figure]:
    return {**draw(found), **Drawn(network_comparison.drawers(comparison))}


def said(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_text())


def placed(leave_out: str = "") -> Scenario:
    """The scenario with places for all but one."""
    sets = [
        f"{'network.origins' if name in ('capital', 'south') else 'crossings'}.{name}"
        f"{'' if name in ('capital', 'south') else '.destination'}.place={{longitude: {east}, latitude: {north}}}"
        for name, (east, north) in PLACES.items()
        if name != leave_out
    ]
    return sim.load(NETWORK, sets).scenario


# tables


def test_one_row_a_crossing_and_the_reported_figures_below(found: Run) -> None:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    print_to(console, found)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for crossing, place in found.loaded.scenario.crossings.items():
        total = found.estimates.totals[Key(crossing, "crossed_people")]
        assert re.search(rf"^{place.title} +{re.escape(whole(total.mean))} ", text, re.MULTILINE)
    assert text.count("Reported and modelled") == 2
    assert "Mean time per visit" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_what_became_of_people_adds_up(found: Run) -> None:
    assert found.flows is not None
    every = found.flows.of(*LAST).sum(axis=(1, 2)).mean()
    console = Console(file=io.StringIO(), width=80, highlight=False)
    print_to(console, found)
    row = re.search(r"^all origins +(.*)$", console.file.getvalue(), re.MULTILINE)  # type: ignore[attr-defined]
    assert row is not None
    first, *others = (float(cell.replace(",", "")) for cell in row[1].split())
    assert first == pytest.approx(every, rel=0.005)
    assert sum(others) == pytest.approx(first, rel=0.01)


def test_numbers_with_their_spread() -> None:
    people = np.array([900.0, 1000.0, 1100.0])
    assert ranged(people) == "1,000 (910–1,090)"
    assert ranged(np.array([7.0])) == "7"
    assert sure(people) == "1,000 ± 250"
    assert sure(np.array([7.0, 7.0])) == "7"


# pictures of a run


@pytest.mark.slow
def test_the_flow_diagram_keeps_everybody(found: Run, drawn: Mapping[str, Figure]) -> None:
    assert found.flows is not None
    (axes,) = drawn["flows"].axes
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    columns: dict[float, float] = {}
    for bar in bars:
        columns[bar.get_x()] = columns.get(bar.get_x(), 0) + bar.get_height()
    origins, crossings, ends = (columns[x] for x in sorted(columns))
    assert origins == pytest.approx(crossings, rel=0.02)
    stayed = found.flows.of("stayed").sum() / found.flows.of(*LAST).sum()
    assert ends == pytest.approx(origins * (1 - stayed), rel=0.02)
    text = said(drawn["flows"])
    for name in (
        "The capital",
        "The south",
        "The mountain pass",
        "Flights",
        "stayed at home",
        "crossed",
        "gave up waiting",
    ):
        assert name in text
    assert f"{ranged(found.flows.of('diverted')[:, :, 0].sum(axis=1))} arrived and went elsewhere" in text


@pytest.mark.parametrize("sets", [["network.choice.stay=1000"], ["crossings.airport.destination.admits=0 %"]])
def test_a_network_that_nobody_sets_out_in_has_its_pictures(sets: list[str]) -> None:
    run = sim.load(NETWORK, [*sets, "clock.horizon=2022-09-23"]).run(replications=1).run
    assert run.flows is not None
    text = said(draw(run)["flows"])
    assert "stayed at home" in text
    assert ("crossed" in text) == bool(run.flows.of("crossed").any())


def test_origins_and_fates_have_no_colour_in_common() -> None:
    assert len({*ORIGIN_COLOURS, *OUTCOME_COLOURS.values()}) == len(ORIGIN_COLOURS) + len(OUTCOME_COLOURS)
    assert SLOT > 2.8 * LABEL / 72  # three lines of words fit a bar


def test_the_map_has_a_row_for_every_crossing_with_its_reported_figures(
    found: Run, drawn: Mapping[str, Figure]
) -> None:
    text = said(drawn["network"])
    rows = [line for line in text.splitlines() if "people across" in line and line[0].isdigit()]
    titles = [place.title for place in found.loaded.scenario.crossings.values()]
    assert [re.match(r"\d  (.*):", row)[1] for row in rows if re.match(r"\d  ", row)] == titles  # type: ignore[index]
    for label in ("> 1,500", "≈ 20 h", "≈ 1,290", "people waiting", "quoted wait (hours), walkers"):
        assert label in text
    assert len(drawn["network"].axes) == 1 + 3 * len(titles)


@pytest.mark.slow
def test_with_places_the_crossings_stand_from_north_to_south(found: Run) -> None:
    figure = draw(found, placed())["network"]
    names = [m[1] for m in re.finditer(r"^\d  (.*):", said(figure), re.MULTILINE)]
    assert names == ["The forest post", "Flights", "The steppe road", "The mountain pass"]
    circles = [line.get_xydata()[0] for line in figure.axes[0].get_lines() if line.get_marker() == "o"]  # type: ignore[index]
    assert len(circles) == 6
    apart = [np.hypot(*(a - b)) for n, a in enumerate(circles) for b in circles[:n]]
    assert min(apart) > 0.4  # the airport of the capital and the capital are told apart
    alone = draw(found, placed(leave_out="airport"))["network"]
    assert said(alone) == said(draw(found)["network"])


def test_a_closed_crossing_is_grey_and_quotes_no_wait() -> None:
    run = sim.load(NETWORK, intervene=["pass_closed"]).run(replications=1).run
    figure = draw(run)["network"]
    assert "grey: closed" in said(figure)
    quoted = figure.axes[2]
    story = Story(run.loaded.scenario, run.plan, run.estimates, (), "mountain_pass")
    closed = story.day(run.loaded.scenario.crossings["mountain_pass"].changes[0].from_)  # type: ignore[arg-type]
    x, y = max((line.get_xydata().T for line in quoted.get_lines()), key=lambda xy: len(xy[0]))  # type: ignore[union-attr]
    assert np.isnan(y[x >= closed]).all()
    assert np.isfinite(y[x < closed]).all()


@styled
def test_words_are_large_enough_and_on_the_sheet(found: Run, drawn: Mapping[str, Figure]) -> None:
    for name, figure in (*drawn.items(), ("places", draw(found, placed())["network"])):
        figure.draw_without_rendering()
        width, height = figure.get_size_inches() * figure.dpi
        for text in figure.findobj(Text):
            if text.get_text().strip() and text.get_visible():
                assert text.get_fontsize() >= 9, (name, text.get_text())
                box = text.get_window_extent()
                assert box.x0 >= 0, (name, text.get_text())
                assert box.x1 <= width, (name, text.get_text())
                assert 0 <= box.y0 <= box.y1 <= height, (name, text.get_text())


@pytest.mark.slow
def test_the_same_bytes_every_time(found: Run, drawn: Mapping[str, Figure]) -> None:
    again = draw(found)
    assert render(drawn["network"], "svg") == render(again["network"], "svg")
    assert render(drawn["flows"], "svg") == render(again["flows"], "svg")


@pytest.mark.slow
def test_an_airport_has_no_kilometres_of_queue(found: Run) -> None:
    drawn = Drawn(drawers(found))
    assert "queue_km_mountain_pass" in drawn
    assert "queue_km_airport" not in drawn
    assert "km" not in said(drawn["poster_airport"])
    assert "vehicles per hour" not in said(drawn["ways_across_airport"])
    assert "walkers" in said(drawn["queue_by_class_airport"])
    assert "went elsewhere" in said(drawn["crossings_per_day_mountain_pass"])


# events


def test_what_happens_at_an_origin_is_on_the_rail_of_its_crossings(found: Run) -> None:
    for crossing in found.loaded.scenario.crossings:
        assert [event.words for event in events(found.loaded.scenario, crossing)] == ["announced (cars)"]


@pytest.mark.parametrize(
    ("change", "told", "drawn"),
    [
        (
            {"admits": 0.3},
            "travellers with the papers needed: 30 %",
            "travellers with the papers needed: another share",
        ),
        (
            {"informed": 0.6},
            "travellers informed of the waits: 60 %",
            "travellers informed of the waits: another share",
        ),
        ({"risk": 0.05}, "expected risk: 5 %", "expected risk: another"),
        ({"price": 1500}, "price: 1,500 €", "price: another"),
        ({"attraction": -0.5}, "attraction: -0.5", "attraction changes"),
    ],
)
def test_changes_of_what_travellers_know_in_words(change: dict[str, float], told: str, drawn: str) -> None:
    found = Change.model_validate(change)
    assert (change_words(found), change_words(found, sampled=True)) == (told, drawn)


# comparisons


def test_words_on_the_map_find_room_beside_each_other_and_leave_places_free() -> None:
    room = (0.0, 0.0, 6.0, 6.0)
    at = np.array([(2.0, 3.0), (3.4, 3.0), (5.6, 3.0)])
    places = [(x - 0.17, y - 0.17, x + 0.17, y + 0.17) for x, y in at]
    boxes = network_map._least_covering([network_map._around("a long name", point) for point in at], places, room)
    for n, box in enumerate(boxes):
        assert network_map._covers(box, [*places, *boxes[:n]]) == 0
        assert network_map._common(box, room) == pytest.approx((box[2] - box[0]) * (box[3] - box[1]))


def test_a_difference_that_is_but_rounding_is_none() -> None:
    band = Band(*np.array([[1e-17, -2.0, np.nan]] * 7))
    assert network_comparison._without_rounding(band).mean.tolist()[:2] == [0.0, -2.0]
    assert np.isnan(network_comparison._without_rounding(band).low[2])


def test_the_words_say_where_people_go_and_what_that_does_to_waits(comparison: ComparisonData) -> None:
    text = transition_text(comparison, 1)
    found = states(comparison.base.plan.crossings)
    start, end = ([s.crossing == name for s in found] for name in ("mountain_pass", "steppe_road"))
    people = comparison.transitions[:, 1][:, start][:, :, end].sum(axis=(1, 2))
    assert f"{sure(people)} The steppe road instead of The mountain pass" in text
    wait = next(d for d in comparison.differences[0] if d.key == Key("airport", "wait_mean"))
    assert f"Flights +{float(f'{wait.difference:.2g}'):g} h" in text
    itself = compare(read_variants(str(NETWORK), [str(NETWORK)]), Request(1))
    assert "everybody from the origins takes the same crossing" in transition_text(itself, 1)
    assert "everybody takes the same crossing" in said(network_comparison.drawers(itself)["diverted"]())


def test_the_tables_of_a_comparison_are_headlines_by_crossing(comparison: ComparisonData) -> None:
    page = comparison_tables.markdown(comparison, [])
    effects = page.split("## ")[1]
    for place in comparison.base.scenario.crossings.values():
        assert f"| {place.title} |" in effects
    assert effects.count("people across |") == 4
    assert page.count("Who gains and who loses") == 1
    assert transition_text(comparison, 1) in page
    assert "nan" not in page
    document = comparison_tables.document(comparison, [])
    assert document["moves"] == [{"scenario": "pass_closed", "words": transition_text(comparison, 1)}]


def test_the_picture_of_the_diverted_has_all_who_change(drawn: Mapping[str, Figure]) -> None:
    figure = drawn["diverted"]
    bars = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    sides: dict[float, float] = {}
    for bar in bars:
        sides[bar.get_x()] = sides.get(bar.get_x(), 0) + bar.get_height()
    left, right = (sides[x] for x in sorted(sides))
    assert left == pytest.approx(right, rel=0.02)
    text = said(figure)
    for words in (
        "The steppe road: across",
        "not across by the end",
        "change of the mean wait",
        "change of the quoted",
    ):
        assert words in text
    assert len(figure.axes) == 1 + 2 + 4


def test_several_contenders_have_a_picture_each() -> None:
    found = compare(read_variants(str(NETWORK), ["+pass_closed", str(NETWORK)]), Request(2))
    assert list(network_comparison.drawers(found)) == ["diverted_pass_closed", "diverted_network_2"]
    page = comparison_tables.markdown(found, [])
    assert page.count("Who gains and who loses") == 2


def test_the_poster_of_a_crossing_in_a_network_is_named_after_it_and_nobody_is_stuck_at_an_airport(found: Run) -> None:
    for crossing, place in found.loaded.scenario.crossings.items():
        story = Story(found.loaded.scenario, found.plan, found.estimates, (), crossing)
        drawn = poster(story)
        (largest,) = (text for text in drawn.texts if text.get_fontsize() == 30)
        assert largest.get_text() == place.title
        assert ("Burden on those waiting" in said(drawn)) == (crossing != "airport")


def test_the_tables_mark_waits_that_leave_out_many(found: Run) -> None:
    first, *others = stories(found)
    totals, some = dict(first.estimates.totals), first.total("crossed_parties")
    parties = {"unfinished": 30.0, "arrived": 1000.0} | dict.fromkeys(("initial", "balked", "barred", "diverted"), 0.0)
    for what, value in parties.items():
        totals[Key(first.crossing, f"{what}_parties")] = replace(some, mean=value)
    cut = replace(first, estimates=replace(first.estimates, totals=totals))
    table = network_tables.crossings_sheet([cut, *others])
    assert "a lower bound" in table.title
    assert table.rows[0][2].startswith("≥ ")
    assert table.rows[0][3].startswith("≥ ")


def test_the_worst_night_of_every_crossing_has_a_row(found: Run) -> None:
    story = stories(found)[0]
    some = story.total("crossed_people")
    night = Night(
        date(2022, 9, 28), replace(some, mean=8123.0), {}, replace(some, mean=4321.0), replace(some, mean=24e3)
    )
    (row,) = network_tables.nights_sheet([(story, night)]).rows
    assert row[1:2] + row[3:] == ("28 Sep", "4,320", "24")
    assert row[2].startswith("8,120 (")
