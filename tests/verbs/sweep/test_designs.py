"""Values after --over, and the points that designs make of them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from sim.errors import SimError
from sim.scenario.model.sweep import settings_text
from sim.verbs.sweep.designs import Design, from_posterior, make_design, numbers, product_design, read_axis


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=4,8,12", ("4", "8", "12")),
        ("a=0:1:0.25", ("0", "0.25", "0.5", "0.75", "1")),
        ("a=0:0.3:0.1", ("0", "0.1", "0.2", "0.3")),  # no 0.30000000000000004
        ("a=0:1:0.4", ("0", "0.4", "0.8")),
        ("a=log:1:100:3", ("1", "10", "100")),
        ("a=whole:4:6", ("4", "5", "6")),
        ("a=20:60:20/h", ("20/h", "40/h", "60/h")),
        ("a = 1:2:1 min", ("1 min", "2 min")),
        ("a=10%:50%:20%", ("10 %", "30 %", "50 %")),
        ("a=1 h:3 h:1", ("1 h", "2 h", "3 h")),
        ("a=log:1 h:4 h:3", ("1 h", "2 h", "4 h")),
        ("a=1 h:30 min", ("1 h:30 min",)),
        ("a=0.10,1e1", ("0.1", "10")),
        ("a=none,twice", ("none", "twice")),
        ("a={servers: 2, steps: []},3", ("{servers: 2, steps: []}", "3")),
        ("clock.t0=2022-09-21T10:00", ("2022-09-21T10:00",)),
    ],
)
def test_values_are_read(text: str, values: tuple[str, ...]) -> None:
    assert read_axis(text).values == values


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a", "expected path=VALUES"),
        ("a=1,1.0", "once"),
        ("a=2:1:1", "smaller one"),
        ("a=log:0:1:3", "above 0"),
        ("a=log:1:2:1", "the number of values, 2 to 1,000,000"),
        ("a=log:1e-300:1e300:4", "too far apart"),
        ("a=0:1e308:1", "about 1e\\+308 values; at most 1,000,000"),
        ("a=0:1e999999999:1", "not too large"),
        ("a=0:1:0", "step"),
        ("a=0:1e9:1e-3", "at most"),
        ("a=whole:0.5:2", "whole"),
    ],
)
def test_mistakes_say_what_would_be_right(text: str, says: str) -> None:
    with pytest.raises(SimError, match=says):
        read_axis(text)


def test_a_grid_has_every_combination_and_one_at_a_time_the_scenario_first() -> None:
    axes = [read_axis("a=1,2"), read_axis("b=x,y,z")]
    assert len(set(make_design("grid", axes, 0, 0).points)) == 6
    assert make_design("one-at-a-time", axes, 0, 0).points == (
        ("", ""), ("1", ""), ("2", ""), ("", "x"), ("", "y"), ("", "z"),
    )  # fmt: skip


def test_a_latin_hypercube_has_one_point_in_every_part_of_every_range() -> None:
    points = np.array(make_design("lhs", [read_axis("a=0:1"), read_axis("b=log:1:1024")], 10, 3).points, dtype=float)
    assert sorted((points[:, 0] * 10).astype(int)) == list(range(10))
    assert sorted(np.log2(points[:, 1]).astype(int)) == list(range(10))


def test_sobol_points_fill_lists_and_whole_numbers_evenly() -> None:
    points = make_design("sobol", [read_axis("a=whole:1:4"), read_axis("b=none,x")], 16, 3).points
    assert {text: sum(a == text for a, _ in points) for text in "1234"} == dict.fromkeys("1234", 4)
    assert sum(b == "x" for _, b in points) == 8
    assert make_design("sobol", [read_axis("a=0:1")], 16, 3) == make_design("sobol", [read_axis("a=0:1")], 16, 3)
    assert make_design("sobol", [read_axis("a=0:1")], 16, 3) != make_design("sobol", [read_axis("a=0:1")], 16, 4)


def test_a_sensitivity_sample_mixes_one_column_at_a_time() -> None:
    design = make_design("sensitivity", [read_axis("a=0:1"), read_axis("b=0:1"), read_axis("c=0:1")], 8, 1)
    a, b, *mixed = np.array(design.points, dtype=float).reshape(5, 8, 3)
    for d, block in enumerate(mixed):
        others = [e for e in range(3) if e != d]
        np.testing.assert_array_equal(block[:, d], b[:, d])
        np.testing.assert_array_equal(block[:, others], a[:, others])
    assert not (a == b).any()


@pytest.mark.parametrize(
    ("kind", "texts", "size", "says"),
    [
        ("grid", ["a=0:1"], 0, "needs a step"),
        ("grid", [], 0, "needs --over"),
        ("grid", ["a=1", "a=2"], 0, "each path once"),
        ("grid", ["seed=1,2"], 0, "--seed"),
        ("grid", [f"{x}=0:1:0.001" for x in "abc"], 0, "at most"),
        ("sobol", ["a=0:1"], 10, "power of two"),
        ("sensitivity", ["a=0:1"], 8, "two levers"),
        ("star", ["a=0:1"], 8, "no design"),
    ],
)
def test_designs_that_cannot_be(kind: str, texts: list[str], size: int, says: str) -> None:
    with pytest.raises(SimError, match=says):
        make_design(kind, [read_axis(text) for text in texts], size, 0)


def test_the_posterior_gives_vectors_and_crosses_with_a_grid() -> None:
    values = np.array([[1.5, 20], [2.5, 30], [3.5, 40]])
    vectors = from_posterior(["x", "y"], values, {"x": "", "y": "/h"}, 2)
    assert vectors.points == (("1.5", "20/h"), ("2.5", "30/h"))
    assert vectors.levers == ("calibrated.x", "calibrated.y")
    both = product_design(vectors, make_design("grid", [read_axis("a=1,2")], 0, 0))
    assert both.points[1] == ("1.5", "20/h", "2")
    assert len(both.points) == 4
    with pytest.raises(SimError, match="has 3 vectors"):
        from_posterior(["x", "y"], values, {"x": "", "y": "/h"}, 4)


def test_settings_are_numbers_only_in_one_unit() -> None:
    assert numbers(["1 h", "2 h"]) == (1.0, 2.0)
    assert numbers(["1 h", "2 min"]) is None
    assert numbers(["1", "x"]) is None
    settings = Design("one-at-a-time", ("a",), (("",), ("3",))).numbers(0)
    assert settings is not None
    assert np.isnan(settings[0])
    assert settings[1] == 3


@pytest.mark.parametrize(
    ("given", "advised"),
    [("2:4", "2:4:0.5"), ("60:180 s", "60:180:50 s"), ("0:0.1", "0:0.1:0.02"), ("log:1:100/h", "log:1:100:5/h")],
)
def test_a_range_without_a_step_is_advised_one_with_its_own_ends(given: str, advised: str) -> None:
    with pytest.raises(SimError, match=rf"for this design \(stations\.a\.staffing={re.escape(advised)}\)"):
        make_design("grid", [read_axis(f"stations.a.staffing={given}")], 0, 1)
    assert read_axis(f"stations.a.staffing={advised}").values


@pytest.mark.parametrize(
    "settings",
    [range(1, 4), (n for n in (1, 2, 3)), np.arange(1, 4), np.array([1, 2, 3]), [1, 2, np.int64(3)], "1,2,3"],
)
def test_values_of_a_lever_may_be_any_iterable(settings: Any) -> None:
    assert settings_text(settings) == "1,2,3"


def test_one_value_of_a_lever_needs_no_list() -> None:
    assert [settings_text(one) for one in (2, np.float64(0.5), np.array(4), None, True, "none")] == [
        *("2", "0.5", "4", "null", "true", "none")
    ]
    assert settings_text(np.array([True, False])) == "true,false"
