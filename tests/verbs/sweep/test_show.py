"""The pictures and words of sweeps show what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from sim.measures.headline import phrase
from sim.measures.names import Key
from sim.play.cache import Totals
from sim.plotting.picture import render
from sim.verbs.sweep.constraints import Constraint
from sim.verbs.sweep.designs import Design, make_design, read_axis
from sim.verbs.sweep.files import summary
from sim.verbs.sweep.pictures import drawers
from sim.verbs.sweep.request import SweepAnalysis
from sim.verbs.sweep.sensitivity import Index, Sensitivity, sobol_sensitivity
from sim.verbs.sweep.study import SweepData, read_base
from sim.verbs.sweep.tables import (
    _points_sheet,
    document,
    index_words,
    left_out_sentence,
    lever_words,
    show,
    totals_sentence,
)

TINY = Path(__file__).parents[2] / "tiny.yaml"
KEY = Key("post", "wait_p90", "all/main")
BOUND = Constraint(KEY, True, 6.0, "wait.p90 < 6 h")


def analysis(
    data: SweepData, keys: list[Key], bounds: Sequence[Constraint] = (), sensitivities: Sequence[Sensitivity] = ()
) -> SweepAnalysis:
    return SweepAnalysis(data, tuple(keys), tuple(bounds), tuple(sensitivities))


def pictures(
    data: SweepData, keys: list[Key], bounds: Sequence[Constraint], sensitivities: Sequence[Sensitivity]
) -> dict[str, Figure]:
    """Return the drawn pictures by name."""
    return {name: draw() for name, draw in drawers(analysis(data, keys, bounds, sensitivities)).items()}


def swept(chosen: Design, function, failed: tuple[int, ...] = ()) -> SweepData:
    """Return a sweep whose measure is a function of the settings; two replications, one apart."""
    totals = []
    for n, point in enumerate(chosen.points):
        value = function(*(float(text or 3) for text in point))
        totals.append(None if n in failed else Totals((KEY,), np.array([[value - 0.5], [value + 0.5]])))
    reasons = dict.fromkeys(failed, "it could not be")
    return SweepData(read_base(TINY), chosen, tuple(totals), reasons, 5, 2, 1, 3, datetime.now(UTC), 0.0)


def grid(*texts: str) -> Design:
    return make_design("grid", [read_axis(text) for text in texts], 0, 0)


def test_a_line_goes_through_the_means() -> None:
    data = swept(grid("a=1:5:1"), lambda x: 10 - x)
    figure = pictures(data, [KEY], [BOUND], [])["line_wait_p90_all_main"]
    curve = figure.axes[0].lines[0]
    np.testing.assert_allclose(curve.get_xydata(), [(x, 10 - x) for x in range(1, 6)])
    texts = [text.get_text() for text in (*figure.texts, *figure.axes[0].texts)]
    assert "wait.p90 < 6 h" in texts
    assert "90 % quantile of the wait, all queues" in texts


def test_a_map_puts_every_mean_in_its_place_and_draws_the_contour() -> None:
    data = swept(grid("a=1:5:1", "b=1:4:1"), lambda x, y: x + y, failed=(0,))
    axes = pictures(data, [KEY], [BOUND], [])["map_wait_p90_all_main"].axes[0]
    table = np.ma.filled(axes.images[0].get_array(), np.nan)
    expected = np.add.outer(np.arange(1.0, 5), np.arange(1.0, 6))
    expected[0, 0] = np.nan
    np.testing.assert_array_equal(table, expected)
    (contour,) = [c for c in axes.collections if hasattr(c, "levels")]
    (line,) = [path.vertices for path in contour.get_paths()]
    np.testing.assert_allclose(line.sum(axis=1) + 2, 6)  # pixels begin at 0, settings at 1


def test_a_tornado_has_the_widest_lever_on_top() -> None:
    chosen = make_design("one-at-a-time", [read_axis("a=2,4"), read_axis("b=1,5"), read_axis("c=3,3.1")], 0, 0)
    data = swept(chosen, lambda x, y, z: x + 2 * y + z)
    axes = pictures(data, [KEY], [], [])["tornado_wait_p90_all_main"].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["c", "a", "b"]
    assert {text.get_text() for text in axes.texts} >= {"1", "5", "2", "4"}
    ends = sorted(patch.get_x() + patch.get_width() for patch in axes.patches)
    assert ends[0] == pytest.approx(3 + 2 * 1 + 3)
    assert ends[-1] == pytest.approx(3 + 2 * 5 + 3)


def test_sobol_indices_stand_in_the_order_of_their_size() -> None:
    chosen = make_design("sensitivity", [read_axis("a=0:1"), read_axis("b=0:1")], 64, 1)
    data = swept(chosen, lambda x, y: x + 3 * y)
    indices = sobol_sensitivity(data, KEY)
    axes = pictures(data, [KEY], [], [indices])["sensitivity_wait_p90_all_main"].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a\n0–1", "b\n0–1"]
    assert [patch.get_width() for patch in axes.patches][-1] == pytest.approx(indices.total[1].value)


def test_other_designs_are_scattered_and_words_have_their_places() -> None:
    chosen = make_design("lhs", [read_axis("a=0:1"), read_axis("b=0:1"), read_axis("c=0:1"), read_axis("d=0:1")], 12, 1)
    figure = pictures(swept(chosen, lambda *x: sum(x)), [KEY], [BOUND], [])["scatter_wait_p90_all_main"]
    assert [len(axes.collections[0].get_offsets()) for axes in figure.axes] == [12] * 4
    named = Design("grid", ("intervene",), (("none",), ("more",)))
    axes = pictures(_named(named), [KEY], [], [])["line_wait_p90_all_main"].axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["none", "more"]


def _named(chosen: Design) -> SweepData:
    totals = tuple(Totals((KEY,), np.array([[1.0], [2.0]])) for _ in chosen.points)
    return SweepData(read_base(TINY), chosen, totals, {}, 5, 2, 0, 4, datetime.now(UTC), 0.0)


def test_pictures_are_the_same_bytes_every_time() -> None:
    data = swept(grid("a=1:3:1", "b=1:3:1"), lambda x, y: x * y)
    one, two = (render(pictures(data, [KEY], [BOUND], [])["map_wait_p90_all_main"], "svg") for _ in range(2))
    assert one == two


def test_everything_failed_is_no_crash() -> None:
    data = swept(grid("a=1,2"), lambda x: x, failed=(0, 1))
    assert pictures(data, [], [], []) == {}
    assert "2 points failed (see failed.csv)" in totals_sentence(data)


def test_a_bound_without_a_contour_is_told() -> None:
    data = swept(grid("a=1:5:1", "b=1:4:1"), lambda x, y: x + y)
    for bound, says in ((0.5, "wait.p90 < 6 h: met nowhere"), (50.0, "wait.p90 < 6 h: met everywhere")):
        figure = pictures(data, [KEY], [Constraint(KEY, True, bound, "wait.p90 < 6 h")], [])["map_wait_p90_all_main"]
        assert any(says in text.get_text() for text in figure.texts)


def test_settings_below_a_line_are_those_that_were_played() -> None:
    axes = pictures(swept(grid("a=12:36:4"), lambda x: x), [KEY], [], [])["line_wait_p90_all_main"].axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["12", "16", "20", "24", "28", "32", "36"]


def test_long_names_below_an_axis_do_not_touch() -> None:
    names = tuple((name,) for name in ("none", "twice_the_booths", "border_closed_28_september", "rumour_of_closure"))
    figure = pictures(_named(Design("grid", ("intervene",), names)), [KEY], [], [])["line_wait_p90_all_main"]
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_xticklabels()]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_a_table_that_is_narrow_keeps_its_settings(capsys: pytest.CaptureFixture[str]) -> None:
    """What is asked for stands in the first columns, whole; many levers give way to the number of the point."""
    long = "stations.exit_control.service_time.party.mean"
    show(analysis(swept(grid(f"{long}=0.123456789,14.25"), lambda x: x), [KEY]))
    text = capsys.readouterr().out
    assert "0.1235 " in text
    assert "14.25 " in text
    chosen = make_design("lhs", [read_axis(f"lever_number_{n}=0:1") for n in range(6)], 3, 1)
    show(analysis(swept(chosen, lambda *x: sum(x)), [KEY]))
    text = capsys.readouterr().out
    assert "lever" not in text
    assert "summary.csv" in text


def test_indices_below_0_read_0() -> None:
    assert index_words(Index(-0.004, -0.02, 0.011)) == "0 % [0–1]"


LEVERS = {
    "crossings.post.demand.car*": "demand, car, times",
    "stations.exit_cars.staffing": "exit cars: servers",
    "crossings.post.stations.exit_cars.staffing.servers": "exit cars: servers",
    "stations.exit_cars.service_time.party.mean*": "exit cars: service time, party, mean, times",
    "calibrated.surge_rate": "surge rate",
    "a": "a",
}


def test_numbers_stand_in_the_cells_of_a_map_and_whole_settings_have_whole_ticks() -> None:
    data = swept(grid("a=1:5:1", "b=1:4:1"), lambda x, y: x + y, failed=(0,))
    axes = pictures(data, [KEY], [], [])["map_wait_p90_all_main"].axes[0]
    assert sorted(float(text.get_text()) for text in axes.texts) == sorted(
        float(x + y) for x in range(1, 6) for y in range(1, 5) if (x, y) != (1, 1)
    )
    large = swept(grid("a=1:30:1", "b=1:30:1"), lambda x, y: x + y)
    assert not pictures(large, [KEY], [], [])["map_wait_p90_all_main"].axes[0].texts
    line = pictures(swept(grid("a=1,2,3,40"), lambda x: x), [KEY], [], [])["line_wait_p90_all_main"]
    line.canvas.draw()
    assert all(float(at).is_integer() for at in line.axes[0].get_xticks())


def test_words() -> None:
    assert (
        totals_sentence(_named(Design("grid", ("a",), (("1",),))))
        == "1 point with 2 replications each; 4 replications played."
    )
    assert phrase(Key("x", "person_nights", "all")) == "person-nights at the border"
    assert phrase(Key("x", "max_queue", "car")) == "most cars waiting"
    assert [lever_words(lever) for lever in LEVERS] == list(LEVERS.values())
    assert totals_sentence(swept(grid("a=1,2"), lambda x: x)) == (
        "2 points with 2 replications each; 3 replications played, 1 reused."
    )


def test_the_document_has_only_what_json_knows() -> None:
    values = document(analysis(swept(grid("a=1,2"), lambda x: x, failed=(1,)), [KEY]))
    assert values["points"][0]["post.wait_p90.all/main"]["mean"] == 1.0
    assert values["points"][1] == {"settings": ["2"], "failed": "it could not be", "post.wait_p90.all/main": None}


def test_points_where_many_are_still_inside_are_told() -> None:
    names = ("unfinished_parties", "arrived_parties", "initial_parties")
    keys = (KEY, *(Key("post", name) for name in names))
    rows = ((3.0, 19, 900, 100), (2.0, 21, 900, 100), (1.0, 500, 900, 100))
    data = swept(grid("a=1:4:1"), lambda x: x, failed=(3,))
    data = replace(data, totals=(*(Totals(keys, np.array([row, row])) for row in rows), None))
    shown = _points_sheet(data, [KEY], []).rows
    assert [row[1] for row in shown] == ["3 ± 0", "≥ 2 ± 0", "≥ 1 ± 0", "-"]
    values = document(analysis(data, [KEY]))
    assert values["interval_includes"] == "chance only"
    assert [point[".".join(KEY)]["at_least"] for point in values["points"][:3]] == [False, True, True]
    table = summary(data)
    assert np.array(table["at_least"])[np.array(table["quantity"]) == "wait_p90"].tolist() == [False, True, True]
    assert set(table["interval_includes"]) == {"chance only"}
    assert left_out_sentence(data, [KEY]).startswith("Waits are of those who crossed: at 2 of 4 points more than 2 %")
    assert left_out_sentence(data, [Key("post", "crossed_people")]) == ""


def test_pictures_say_what_intervals_include_and_where_values_are_lower_bounds_in_units_that_fit() -> None:
    """A wait of 0.04 h is 2.4 min; at the one point in four where many are inside it is at least that."""
    names = ("unfinished_parties", "arrived_parties", "initial_parties")
    keys = (KEY, *(Key("post", name) for name in names))
    rows = [np.array([[0.04 * n, 500.0 if n == 4 else 0.0, 900, 100]] * 2) for n in range(1, 5)]
    for axes, form in ((("a=1:4:1",), "line"), (("a=1,2", "b=1,2"), "map")):
        data = replace(swept(grid(*axes), lambda *_: 1), totals=tuple(Totals(keys, row) for row in rows))
        figure = pictures(data, [KEY], [], [])[f"{form}_wait_p90_all_main"]
        texts = " ".join(text.get_text() for text in (*figure.texts, *figure.axes[0].texts)).replace("\n", " ")
        assert "chance only" in texts
        assert "lower bounds (≥) at 1 of 4 points" in texts
        if form == "map":
            assert {"2.4", "≥ 9.6"} <= {text.get_text() for text in figure.axes[0].texts}
        else:
            assert figure.axes[0].get_ylabel() == "90 % quantile of the wait, all queues, min"
    sheet = _points_sheet(data, [KEY], [])
    assert sheet.columns[-1].endswith(", min")
    assert [row[-1] for row in sheet.rows] == ["2.4 ± 0", "4.8 ± 0", "7.2 ± 0", "≥ 9.6 ± 0"]


def test_a_lever_of_demand_is_in_words() -> None:
    assert lever_words("crossings.x.demand.car.e.constant.rate") == "demand of cars (e): rate"
