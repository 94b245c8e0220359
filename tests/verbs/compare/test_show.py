"""What a comparison shows: words that follow from the numbers, and pictures in which a scenario keeps its colour."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from rich.console import Console

from sim.measures.headline import COUNT, RELIEF, SPAN, Headline, headlines
from sim.measures.names import TRAVELLERS, Key
from sim.play.request import Request
from sim.plotting.colours import CLASS_COLOURS, OUTCOME_COLOURS, REPORTED
from sim.plotting.picture import render
from sim.plotting.style import sheet, styled
from sim.verbs.compare import picture_effects
from sim.verbs.compare import tables as comparison_tables
from sim.verbs.compare.effects import Effect, effects_at, signed
from sim.verbs.compare.files import differences_table
from sim.verbs.compare.frame import COLOURS, Scene, colour, covered, dashes
from sim.verbs.compare.pictures import drawers
from sim.verbs.compare.statistics import Difference, Ranking
from sim.verbs.compare.study import ComparisonData, compare, read_variants
from sim.verbs.compare.words import group_text, ranking_text, share, wait_text

TINY = Path(__file__).parents[2] / "tiny.yaml"


@pytest.fixture(scope="module")
def comparison() -> ComparisonData:
    return compare(read_variants(str(TINY), ["+more_booths", str(TINY)]), Request(5))


def pictures(comparison: ComparisonData) -> dict[str, Figure]:
    """Return the drawn pictures by name."""
    return {name: draw() for name, draw in drawers(comparison).items()}


@pytest.fixture(scope="module")
def drawn(comparison: ComparisonData) -> dict[str, Figure]:
    return pictures(comparison)


def line(unit: str = "", words: tuple[str, str] = COUNT) -> Headline:
    return Headline("g", "n", "wait_mean", "all", unit, change=words)


def a_difference(base: float, here: float, half: float) -> Difference:
    change = here - base
    return Difference(
        Key("post", "x"), base, here, change, change - half, change + half, change - half, change + half, 0.5, 9
    )


@pytest.mark.parametrize(
    ("row", "texts"),
    [
        (Effect(line(), a_difference(3420, 2110, 90)), ("3,420", "−1,310 ± 90", "−38 %", "↓ fewer")),
        (Effect(line("h", SPAN), a_difference(0.5, 0.75, 0.05)), ("30 min", "+15 ± 3", "+50 %", "↑ longer")),
        (Effect(line(), a_difference(100, 101, 5)), ("100", "+1 ± 5", "+1 %", "~ not clear")),
        (Effect(line(), a_difference(7, 7, 0)), ("7", "0", "0 %", "= the same")),
        (Effect(line(), a_difference(0, 5, 1)), ("0", "+5 ± 1", "-", "↑ more")),
        (Effect(line(), a_difference(10_000, 10_001, math.nan)), ("10,000", "+1", "< 0.1 %", "-")),
        (Effect(line("h", SPAN), a_difference(10, 10.002, 0.001)), ("10 h", "+0.002 ± 0.001", "< 0.1 %", "↑ longer")),
        (
            Effect(line(), replace(a_difference(18.7, 0, 29.7), family_low=-18.7, family_high=11.0, cut=True)),
            ("18.7", "−18.7 (−18.7 to +11)", "−100 %", "~ not clear"),
        ),
    ],
)
def test_a_difference_in_words(row: Effect, texts: tuple[str, str, str, str]) -> None:
    assert (row.amount(row.difference.base), row.change, row.percent, f"{row.arrow} {row.word}".strip()) == texts


def test_one_unit_of_time_for_all_scenarios_of_a_measure() -> None:
    """A base of 3.3 s, 0.8 s in one scenario and 3.41 h in another: all in minutes, and not 0.000905 h."""
    base, more, few = 0.000905, 0.000225, 3.41
    values = (more, few)
    rows = [Effect(line("h", SPAN), a_difference(base, here, 0.0), values) for here in values]
    assert [row.base_amount for row in rows] == ["0.054 min"] * 2
    assert [row.change.split(" ")[0] for row in rows] == ["−0.041", "+205"]
    assert Effect(line("h", SPAN), a_difference(base, few, 0.0)).base_amount == "0.054 min"
    assert Effect(line("h", SPAN), a_difference(base, more, 0.0)).base_amount == "3.3 s"
    assert Effect(line("h", SPAN), a_difference(0.0, few, 0.0)).base_amount == "0 h"
    assert rows[1].percent == "> 9,999 %"


def test_numbers_in_words() -> None:
    assert [signed(x) for x in (0.0, -1234.0, 0.5, math.nan)] == ["0", "−1,230", "+0.5", "-"]
    assert [share(x) for x in (0.0, 0.0004, 0.004, 0.0996, 0.38, -0.2)] == [
        "0 %",
        "< 0.1 %",
        "0.4 %",
        "10 %",
        "38 %",
        "−20 %",
    ]


def test_every_line_is_a_total_that_a_run_has(comparison: ComparisonData) -> None:
    quantities = {key.quantity for key in comparison.keys[0]}
    choosing = {f"{event}_people" for event in TRAVELLERS}
    assert {each.quantity for each in headlines(comparison.base.scenario.class_words)} - choosing <= quantities
    assert {row.measure.name for row in effects_at(comparison, 1, "post")} > {
        "most vehicles waiting",
        "people across",
        "gave up waiting",
    }


@pytest.mark.parametrize(("least", "is_shown"), [(0.0, True), (math.inf, False)])
def test_relief_is_compared_only_where_somebody_needs_it(
    comparison: ComparisonData, monkeypatch: pytest.MonkeyPatch, least: float, is_shown: bool
) -> None:
    monkeypatch.setattr("sim.plotting.story.LEAST_RELIEF", least)
    assert (RELIEF in {row.measure.group for row in effects_at(comparison, 1, "post")}) == is_shown


def test_the_page_says_effects_who_gains_and_the_best(comparison: ComparisonData) -> None:
    page = comparison_tables.markdown(comparison, comparison.ranking("crossed_people", "all"))
    assert page.startswith("# Tiny compared with more booths and tiny 2\n")
    assert "all 2 intervals of a measure hold together (Bonferroni)" in page
    people = comparison.differences[0][comparison.keys[0].index(Key("post", "crossed_people"))]
    assert re.search(rf"\|   people across \| {people.base:.0f} \|", page)
    assert "↑ more" in page
    assert "With tiny 2 the same people get across as in tiny, after the same time." in page
    assert "Best with 95 % confidence, by the highest people across (people): more booths." in page
    assert "nan" not in page


def test_the_paragraph_counts_the_same_people(comparison: ComparisonData) -> None:
    text = group_text(comparison, 1, "post")
    only_here = float(comparison.pairs[:, 1, ..., 3].sum(axis=(1, 2, 3)).mean())
    assert text.startswith(f"People across with more booths but not in tiny: {only_here:.0f}; in tiny only: ")
    assert "Most time saved: cars that came on 21 Sep" in text


def test_a_ranking_in_words() -> None:
    def text(contend: tuple[bool, ...], means: list[float], quantity: str = "wait_mean") -> str:
        ranking = Ranking(Key("post", quantity), False, np.array(means), (1, 0), contend, 9)
        return ranking_text(ranking, ("base", "other"))

    assert text((False, True), [3, 2]).startswith("Best with 95 % confidence, by the lowest mean wait (h): other.")
    assert "Only those who crossed count" in text((False, True), [3, 2])
    assert "Only those" not in text((False, True), [3, 2], "person_hours_waited")
    assert "other and base may be the best" in text((True, True), [3, 2])
    assert "is unknown" in text((True, True), [3, math.nan])
    ranking = Ranking(Key("post", "wait_mean"), False, np.array([3, 2]), (1, 0), (False, True), 9)
    assert ranking_text(ranking, ("base", "other"), "The post").startswith("The post: Best with 95 % confidence")


def test_colours_keep_their_scenario_and_are_not_those_of_reported_figures(drawn: dict[str, Figure]) -> None:
    assert len(set(COLOURS)) == len(COLOURS)
    assert REPORTED not in COLOURS
    assert colour(0) == CLASS_COLOURS["all"]
    first, again = len(COLOURS), 2 * len(COLOURS)
    assert colour(first) == colour(again)
    assert dashes(first) != dashes(again)
    for name in ("queues", "waits_by_joining", "wait_distributions", "who_gains", "small_multiples"):
        lines = [to_hex(each.get_color()).lower() for axes in drawn[name].axes for each in axes.get_lines()]
        assert {colour(1).lower(), colour(2).lower()} <= set(lines), name


@pytest.mark.slow
def test_pictures_can_be_rendered_and_are_the_same_every_time(
    comparison: ComparisonData, drawn: dict[str, Figure]
) -> None:
    one, two = drawn, pictures(comparison)
    assert list(one) == ["queues", "waits_by_joining", "wait_distributions", "fates", "differences", "who_gains",
                         "small_multiples"]  # fmt: skip
    assert all(render(figure, "png").startswith(b"\x89PNG") for figure in one.values())
    assert render(one["queues"], "svg") == render(two["queues"], "svg")


def test_reported_figures_stay_on_the_base(comparison: ComparisonData, drawn: dict[str, Figure]) -> None:
    scene = Scene(comparison, "post")
    assert [len(story.shown()) for story in scene.stories] == [1, 0, 0]
    texts = [text.get_text() for text in drawn["queues"].axes[0].texts]
    assert any(text.startswith("about 60 cars") for text in texts)


@styled
def test_nothing_leaves_the_sheet(drawn: dict[str, Figure]) -> None:
    for name, figure in drawn.items():
        figure.draw_without_rendering()
        width, height = figure.get_size_inches() * figure.dpi
        for text in figure.texts:
            box = text.get_window_extent()
            assert box.x0 >= 0, (name, text.get_text())
            assert box.x1 <= width, (name, text.get_text())
            assert 0 <= box.y0 <= box.y1 <= height, (name, text.get_text())


@pytest.mark.slow
def test_one_replication_and_one_other_scenario_are_shown_without_intervals() -> None:
    alone = compare(read_variants(str(TINY), ["+more_booths"]), Request(1))
    page = comparison_tables.markdown(alone, [])
    assert "their uncertainty is unknown" in page
    assert "±" not in page
    assert all(render(figure, "png") for figure in pictures(alone).values())


@pytest.mark.slow
def test_many_scenarios_are_drawn_without_their_bands() -> None:
    many = compare(read_variants(str(TINY), ["+more_booths", *[str(TINY)] * 5]), Request(2))
    assert not Scene(many, "post").banded
    assert render(pictures(many)["small_multiples"], "png")


OVERRUN = """
name: overrun
title: A post that is overrun
clock: {timezone: Etc/UTC, t0: 2024-06-03, start: 2024-06-03, horizon: 2024-06-03T16:00, report_every: 1 h}
replications: 2
seed: 1
classes: {car: {spacing: 7 m, people: 1, men_share: 0 %}}
crossings:
  post:
    road: {stretches: [{files: 1}]}
    stations: {booth: {serves: [car], staffing: 2, service_time: 10 min}}
    demand: {car: {e: {constant: {rate: 18/h}}}}
interventions:
  closed:
    description: closed until ten minutes before the end
    changes: [{from: 2024-06-03T08:00, until: 2024-06-03T15:50, stations: [booth], close: true}]
  quicker: {description: quicker service, set: {stations.booth.service_time: 6 min}}
"""


def test_a_wait_that_is_shorter_because_nobody_gets_through_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "overrun.yaml"
    file.write_text(OVERRUN, encoding="utf-8")
    found = compare(read_variants(str(file), ["+closed", "+quicker"]), Request(3, workers=1))
    wait = {n: next(e for e in effects_at(found, n, "post") if e.measure.quantity == "wait_mean") for n in (1, 2)}
    assert wait[1].difference.difference < 0
    assert wait[2].difference.difference < 0
    text = wait_text(found, 1, "post")
    assert re.match(r"The mean wait is shorter with closed \(\S+ \S+ instead of \S+ h\), but it is of those who", text)
    inside = re.search(r"still inside at the end (\d+) instead of (\d+); person-hours in queues", text)
    assert inside is not None
    assert int(inside[1]) > 1.5 * int(inside[2])
    assert wait_text(found, 2, "post") == "", "a shorter wait of more people needs no excuse"
    assert text in [part for part in comparison_tables.parts(found, []) if isinstance(part, str)]


TWO_CLASSES = """
name: two_classes
title: Trucks are shut out
clock: {timezone: Etc/UTC, t0: 2024-06-03, start: 2024-06-03, horizon: 2024-06-04, report_every: 1 h}
replications: 2
seed: 1
classes: {car: {spacing: 7 m, people: 1, men_share: 0 %}, truck: {spacing: 20 m, people: 1, men_share: 0 %}}
crossings:
  post:
    road: {stretches: [{files: 1}]}
    stations:
      booth: {serves: [car, truck], staffing: 2, service_time: {mean: 5 min, family: exponential}}
    demand: {car: {e: {constant: {rate: 22/h}}}, truck: {e: {constant: {rate: 6/h}}}}
interventions:
  no_trucks: {description: no trucks, changes: [{from: 2024-06-03T12:00, classes: [truck], close: true}]}
"""


def test_a_class_that_is_shut_out_has_the_sentence_on_its_shorter_wait(tmp_path: Path) -> None:
    file = tmp_path / "two_classes.yaml"
    file.write_text(TWO_CLASSES, encoding="utf-8")
    text = wait_text(compare(read_variants(str(file), ["+no_trucks"]), Request(3, workers=1)), 1, "post")
    assert re.match(r"The mean wait of trucks is shorter with no trucks \(.* instead of .*\), but it is of those", text)
    assert re.search(r"people across \d+ instead of \d+; barred on the approach \d+ instead of 0", text)
    assert "of cars" not in text


def test_a_table_of_several_scenarios_fits_80_columns(tmp_path: Path) -> None:
    """No name is cut, none takes more than two lines, and every measure stands below the head of its group."""
    few = "  few: {description: one desk, set: {stations.booth.staffing: 1}}\n"
    file = tmp_path / "overrun.yaml"
    file.write_text(OVERRUN + few, encoding="utf-8")
    found = compare(read_variants(str(file), ["+few", "+quicker"]), Request(3, workers=1))
    console = Console(width=80, file=io.StringIO(), highlight=False)
    comparison_tables.print_to(console, found, [])
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if "…" in line]
    assert len([line for line in lines if line.startswith("Waits of those")]) == 1
    assert [line for line in lines if re.match(r"  cars, all queues, mean +\S", line)]
    assert "\n(" not in comparison_tables.markdown(found, [])


SHUT = """interventions:
  shut: {description: Closed from noon., changes: [{from: 2022-09-21T12:00, close: true}]}
"""


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory) -> ComparisonData:
    file = tmp_path_factory.mktemp("shut") / "tiny.yaml"
    file.write_text(TINY.read_text(encoding="utf-8").replace("interventions:\n", SHUT), encoding="utf-8")
    return compare(read_variants(str(file), ["+shut", str(file)]), Request(2))


def test_the_rail_names_the_scenarios_that_have_an_event(shut: ComparisonData) -> None:
    words = [event.words for event in Scene(shut, "post").base.events]
    assert [text for text in words if "only" in text] == ["crossing closed (only shut)"]
    assert "surge (cars)" in words


def test_a_scenario_that_the_base_covers_is_named_and_a_wait_that_goes_on_is_dotted(shut: ComparisonData) -> None:
    scene = Scene(shut, "post")
    assert scene.covered("queue", "vehicles", 0.0) == "the same in every replication as the base: tiny 2"
    texts = [text.get_text() for text in drawers(shut)["queues"]().axes[0].texts]
    assert "the same in every replication as the base: tiny 2" in texts
    panels = drawers(shut)["wait_distributions"]().axes
    assert all("as the base: tiny 2" in [text.get_text() for text in axes.texts] for axes in panels[:2])
    axes = drawers(shut)["waits_by_joining"]().axes[0]
    dotted = [line for line in axes.lines if line.get_linestyle() == ":" and np.isfinite(line.get_ydata()).any()]
    assert {to_hex(line.get_color()) for line in dotted} >= {to_hex(colour(1))}
    ours = [line for line in axes.lines if to_hex(line.get_color()) == to_hex(colour(1))]
    (whole,) = [line for line in ours if line.get_linestyle() == "-"]
    waiting = scene.stories[1].censored("car")
    assert waiting.any()
    assert np.isnan(whole.get_ydata()[waiting]).all()


def test_lines_that_hide_one_another_are_named_and_the_base_shows_below_the_others() -> None:
    values = [None, *(np.array([1.0, each]) for each in (2.0, 2.0, 2.01, 3.0))]
    assert covered(list("vabcd"), values, values, 0.02) == "as a: b; almost as a: c"
    values[0] = np.array([1.0, 2.005])
    assert covered(list("vabcd"), values, values, 0.001, "the same as") == "the same as a: b"


def test_a_scenario_that_another_covers_is_named_in_every_picture(tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    again = SHUT.replace("interventions:\n", "").replace("shut:", "again:")
    file.write_text(TINY.read_text(encoding="utf-8").replace("interventions:\n", SHUT + again), encoding="utf-8")
    found = compare(read_variants(str(file), ["+shut", "+again"]), Request(2, workers=1))
    for name, words in (
        ("queues", "the same in every replication as shut: again"),
        ("waits_by_joining", "the same in every replication as shut: again"),
        ("wait_distributions", "as shut: again"),
        ("who_gains", "as shut: again"),
    ):
        axes = drawers(found)[name]().axes
        assert words in [text.get_text() for each in axes for text in each.texts], name


def test_classes_without_any_change_have_no_panel_of_who_gains(comparison: ComparisonData) -> None:
    figure = drawers(comparison)["who_gains"]()
    classes = {axes.get_title(loc="left").split(":")[0] for axes in figure.axes}
    written = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert classes | set(re.findall(r"no change in any scenario: (.*?)$", written)) >= {"cars"}
    assert ("walkers" in classes) != ("no change in any scenario: walkers" in written)


def test_a_measure_that_is_0_in_the_base_has_its_number_in_the_picture(comparison: ComparisonData) -> None:
    """Its difference has no percentage: without the number, the row would be empty."""
    key = Key("post", "crossed_people")
    rows = tuple(
        replace(row, base=0.0, difference=1800.0, low=1700.0, high=1900.0, family_low=1700.0, family_high=1900.0)
        if row.key == key
        else row
        for row in comparison.differences[0]
    )
    changed = replace(comparison)
    changed.__dict__["differences"] = (rows, *comparison.differences[1:])  # the property keeps its value here
    figure = drawers(changed)["differences"]()
    assert any(text.get_text().startswith("+1,800 ↑") for text in figure.axes[0].texts)
    assert "without %: 0 in the base" in " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert Effect(line("h", SPAN), a_difference(0, 3, 1)).size == "+3 h"
    assert Effect(line(), a_difference(50, 55, 1)).size == "+10 %"


@styled
def test_the_legend_of_the_fates_fits_on_the_sheet() -> None:
    figure = sheet(10, 3)
    picture_effects._draw_legend(figure, list(OUTCOME_COLOURS))
    ends = [text.get_window_extent(figure.canvas.get_renderer()).x1 for text in figure.texts]
    assert max(ends) < 10 * figure.dpi


@pytest.mark.slow
def test_scenarios_without_any_difference_are_drawn() -> None:
    alike = compare(read_variants(str(TINY), [str(TINY)]), Request(2))
    assert all(render(figure, "png") for figure in pictures(alike).values())


@pytest.mark.parametrize(
    ("bounds", "base", "change", "percent"),
    [
        ((False, False), "4 h", "+2 ± 0.5", "+50 %"),
        ((False, True), "4 h", "≥ +2 ± 0.5", "≥ +50 %"),
        ((True, False), "≥ 4 h", "≤ +2 ± 0.5", "≤ +50 %"),
        ((True, True), "≥ 4 h", "+2 ± 0.5", "+50 %"),
    ],
)
def test_a_lower_bound_is_marked(bounds: tuple[bool, bool], base: str, change: str, percent: str) -> None:
    cut = replace(a_difference(4.0, 6.0, 0.5), base_at_least=bounds[0], here_at_least=bounds[1])
    row = Effect(line("h", SPAN), cut)
    assert (row.base_amount, row.change, row.percent) == (base, change, percent)


def test_the_document_says_which_values_are_lower_bounds_and_what_intervals_include(
    comparison: ComparisonData,
) -> None:
    values = comparison_tables.document(comparison, [])
    assert values["interval_includes"] == "chance only"
    assert {(row["base_at_least"], row["here_at_least"]) for row in values["differences"]} <= {
        (base, here) for base in (True, False) for here in (True, False)
    }
    columns = differences_table(comparison)
    assert {"base_at_least", "here_at_least"} <= columns.keys()
    assert set(columns["interval_includes"].tolist()) == {"chance only"}


def test_a_long_percentage_keeps_clear_of_its_arrow(
    comparison: ComparisonData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Effect, "percent", property(lambda _: "> 9,999 %"))
    figure = drawers(comparison)["differences"]()
    figure.canvas.draw()
    axes = next(axes for axes in figure.axes if any("9,999" in text.get_text() for text in axes.texts))
    texts = [Text.get_window_extent(text) for text in axes.texts if "9,999" in text.get_text()]
    marker = 3 * figure.dpi / 72
    assert min(box.x0 for box in texts) > axes.get_window_extent().x1 + marker
