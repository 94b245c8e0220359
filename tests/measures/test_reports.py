"""Reported figures read off the hand-made morning, and set beside it."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from sim.errors import SimError
from sim.measures.estimates import estimate
from sim.measures.names import SERIES
from sim.measures.replication import measure
from sim.measures.reports import (
    Observer,
    label,
    observation_of,
    observation_table,
    observe,
    observed_values,
    reported_value,
)
from sim.scenario.model.reported import FIGURE_KINDS, Reported, ReportedQuantity
from tests.measures.hand_made import border


def figure(**changes):
    row = {
        "id": "a_figure", "crossing": "pass", "quantity": "queue", "classes": ["car", "truck"],
        "from": "2022-09-21", "until": "2022-09-22", "statistic": "max", "value": 3, "qualifier": "about",
        "who": "a guard", "source": "a paper", "date": "2022-09-22", "reading": "as it stands",
    }  # fmt: skip
    return Reported.model_validate(row | changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 3),  # car 1, truck 2 at 03:00
        ({"classes": ["truck"], "statistic": "mean"}, (0 + 0 + 1 + 2 + 1) / 5),
        ({"until": "2022-09-21T03:00"}, 2),  # until is not in the window
        ({"from": "2022-09-21T02:10", "until": "2022-09-21T02:20"}, 2),  # between two points: the one before
        ({"classes": ["bus"]}, np.nan),  # no such class here
        ({"quantity": "queue_length", "classes": ["car"]}, 0.015),
        ({"quantity": "queue_length", "classes": ["car"], "frame": "10 m"}, 0.015),  # cut in the likelihood
        ({"classes": ["car"], "within": "1 km"}, 1),  # it stands nearer
        ({"classes": ["truck"], "within": "1 km"}, 1),  # one of two is in the lot
        ({"quantity": "queue_people", "classes": ["car"]}, 4),  # of the third party, at 02:00
        ({"quantity": "quoted_wait", "classes": ["truck", "car"]}, 3),
        ({"quantity": "sojourn", "classes": ["car"], "statistic": "max"}, 250 / 3 / 60),
        ({"quantity": "sojourn", "classes": ["car"], "way": "changed_mode"}, 1.5),
        ({"quantity": "crossed_parties", "classes": ["car"], "statistic": "sum"}, 4),
        ({"quantity": "crossed_parties", "classes": ["car"], "statistic": "sum", "covers": 1.25}, 5),
        ({"quantity": "crossed_people", "classes": ["car", "foot"], "statistic": "max"}, 7),
        ({"quantity": "crossed_people", "classes": ["car", "foot"], "statistic": "mean"}, 3),
        (
            {"quantity": "crossed_people", "classes": ["car", "foot"], "statistic": "sum", "directions": "both",
             "outbound_share": 0.75},
            16,
        ),
        (
            {"quantity": "crossed_people", "classes": ["car", "foot"], "statistic": "sum", "directions": "both",
             "outbound_share": 0.75, "covers": 0.5},
            8,
        ),
    ],
)  # fmt: skip
def test_observe(scenario, plan, morning, changes, expected):
    seen = observe(figure(**changes), scenario, measure(scenario, plan, morning))
    assert seen == pytest.approx(expected, nan_ok=True)


def test_flows_are_per_hour_whatever_the_grid(plan, morning):
    half_hours = border(report_every="30 min")
    row = figure(quantity="crossed_people", classes=["car", "foot"], statistic="max", **{"from": "2022-09-21T02:30"})
    assert observe(row, half_hours, measure(half_hours, plan, morning)) == 12  # 6 people in half an hour


def test_both_directions_need_a_share(scenario, plan, morning):
    with pytest.raises(SimError, match="'a_figure' counts both directions; it needs an outbound_share"):
        observe(figure(directions="both"), scenario, measure(scenario, plan, morning))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"value": 3000}, 3000),
        ({"value": "3000"}, 3000),
        ({"quantity": "quoted_wait", "value": "48 h"}, 48),
        ({"quantity": "quoted_wait", "value": "2 d"}, 48),
        ({"quantity": "virtual_wait", "value": "2 d"}, 48),
        ({"quantity": "queue_people", "value": 2000}, 2000),
        ({"quantity": "queue_length", "value": "16 km"}, 16),
        ({"quantity": "crossed_parties", "statistic": "mean", "value": "130/h"}, 130),
        ({"quantity": "crossed_parties", "statistic": "mean", "value": "2400/d"}, 100),
    ],
)
def test_reported_value(changes, expected):
    assert reported_value(figure(**changes)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"quantity": "quoted_wait", "value": "16 km"}, "a_figure.*'km' is a unit of length; expected a time"),
        ({"quantity": "quoted_wait", "value": 48}, "a_figure.*a number needs its unit here; expected a time"),
        ({"value": "48 h"}, "a_figure.*expected a count; got '48 h'"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_one_sentence(changes, sentence):
    with pytest.raises(SimError, match=sentence):
        reported_value(figure(**changes))
    with pytest.raises(SimError, match=sentence):
        Observer(border(reported=[figure(**changes)]))  # before anything is played


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"way": "main"}, "way is only for the quantity 'sojourn'"),
        ({"quantity": "sojourn", "classes": ["foot"], "way": "main"}, "of cars, trucks or buses"),
        ({"individual": True}, "individual is only for waits"),
        ({"quantity": "quoted_wait", "value": "2 h", "individual": True}, "individual is only for waits that"),
        ({"quantity": "sojourn", "classes": ["car"], "statistic": "sum"}, "a sum of waits has no meaning"),
        ({"quantity": "queue_length", "covers": 2}, "covers is only for counts"),
        ({"covers": 0}, "greater than 0"),
    ],
)
def test_a_reading_that_means_nothing_for_its_quantity_is_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        figure(**changes)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("19 min", "about 19 min of quoted wait"),
        ("20 s", "about 20 s of quoted wait"),
        ("1 h", "about 1 h of quoted wait"),
    ],
)
def test_a_short_wait_is_in_minutes_or_seconds(value, text):
    row = figure(quantity="quoted_wait", classes=["car"], value=value)
    assert label(row, reported_value(row)) == text


def test_a_label_says_whose_wait_it_is():
    row = figure(quantity="sojourn", classes=["car"], value="20 h", way="changed_mode", individual=True)
    assert label(row, 20) == "about 20 h from joining to crossing of one traveller without the vehicle"


VERDICTS = [
    # the model's queue is 3 in every replication
    ("about", 3, "met"),
    ("about", 3.2, "met"),
    ("=", 4, "within 1.5x"),
    ("about", 2, "within 1.5x"),
    ("about", 5, "off"),
    ("about", 1.9, "off"),
    ("at least", 3, "met"),
    ("more than", 2.5, "met"),
    ("well over", 1.9, "met"),  # a lower bound that is exceeded, however far
    ("at least", 0.1, "met"),
    ("at most", 0, "off"),
    ("at least", 3.5, "within 1.5x"),
    ("at least", 5, "off"),
    ("at most", 3, "met"),
    ("at most", 30, "met"),
    ("at most", 2.5, "within 1.5x"),
    ("at most", 1.5, "off"),
]


@pytest.mark.parametrize(("qualifier", "value", "verdict"), VERDICTS)
def test_verdict(plan, morning, qualifier, value, verdict):
    scenario = border(reported=[figure(qualifier=qualifier, value=value)])
    observer = Observer(scenario)
    for _ in range(2):
        observer.add(observed_values(scenario, measure(scenario, plan, morning)))
    (found,) = observer.result()
    assert found.verdict == verdict
    assert (found.mean, found.p05, found.p95) == (3, 3, 3)
    assert found.ratio == pytest.approx(3 / value if value else np.nan, nan_ok=True)


@pytest.mark.parametrize(
    ("model", "qualifier", "value", "verdict"),
    [
        ((0.0, 0.0, 0.0), "at most", 0, "met"),
        ((0.0, 0.0, 0.0), "about", 0, "met"),
        ((0.0, 0.0, 0.0), "at least", 0, "met"),
        ((2.0, 1.0, 9.0), "about", 8, "met"),  # inside the band
        ((2.0, 1.0, 9.0), "at least", 8, "off"),
    ],
)
def test_a_verdict_needs_no_ratio(model, qualifier, value, verdict):
    row = figure(qualifier=qualifier, value=value)
    assert observation_of(row, float(value), model).verdict == verdict


@pytest.mark.parametrize(
    ("qualifier", "value", "verdict"),
    [
        ("at most", 15, "open"),
        ("at most", 5, "off"),
        ("about", 48, "open"),
        ("about", 12, "open"),
        ("about", 6, "off"),
        ("at least", 10, "met"),
        ("at least", 20, "open"),
    ],
)
def test_a_lower_bound_of_the_model_says_only_what_it_can(qualifier, value, verdict):
    row = figure(quantity="virtual_wait", qualifier=qualifier, value=f"{value} h")
    assert observation_of(row, float(value), (11.0, 11.0, 11.0), is_cut=True).verdict == verdict


def test_a_figure_without_a_value_of_the_model_is_open():
    row = figure(quantity="quoted_wait", value="5 h")
    assert observation_of(row, 5.0, (float("nan"),) * 3).verdict == "open"


@pytest.mark.parametrize(
    ("value", "model", "verdict"), [("16 km", 25.0, "met"), ("10 km", 25.0, "off"), ("16 km", 12.0, "within 1.5x")]
)
def test_a_length_that_reaches_the_edge_of_the_picture_is_a_lower_bound(value, model, verdict):
    row = figure(quantity="queue_length", qualifier="about", value=value, frame="16 km")
    assert observation_of(row, reported_value(row), (model, model, model)).verdict == verdict


ALL_CLASSES = ["car", "truck", "bus", "bike", "foot"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": ["car"]}, "about 3 cars waiting"),
        ({"classes": ["car"], "value": 1, "qualifier": "="}, "1 car waiting"),
        ({"value": 1200}, "about 1,200 cars and trucks waiting"),
        ({"classes": ["car"], "within": "1 km", "value": 140}, "about 140 cars within 1 km of the border"),
        ({"classes": ["car"], "within": "12.3312 km", "value": 140}, "about 140 cars within about 12 km of the border"),
        ({"classes": ["car"], "within": "500 m", "value": 140}, "about 140 cars within 500 m of the border"),
        ({"quantity": "queue_people", "value": 2000, "qualifier": "at least"},
         "at least 2,000 people in cars and trucks waiting"),
        ({"quantity": "queue_people", "classes": ["car", "foot"], "value": 2000}, "about 2,000 people waiting"),
        ({"quantity": "queue_people", "classes": ["car"], "value": 1}, "about 1 person in cars waiting"),
        ({"quantity": "crossed_parties", "classes": ["car"], "value": "62/h", "statistic": "max"},
         "about 62 cars an hour across at the busiest"),
        ({"quantity": "queue_length", "value": "16 km", "qualifier": "well over"}, "well over 16 km of queue"),
        ({"quantity": "quoted_wait", "value": "2 d"}, "about 48 h of quoted wait"),
        ({"quantity": "virtual_wait", "value": "90 min"}, "about 1.5 h of wait ahead"),
        (
            {"quantity": "crossed_parties", "classes": ["car", "truck", "bus"], "statistic": "sum", "value": 37000,
             "directions": "both", "outbound_share": "50 %"},
            "about 37,000 vehicles across in both directions",
        ),
        ({"quantity": "crossed_parties", "classes": ["car"], "value": "62/h", "statistic": "mean"},
         "about 62 cars an hour across"),
        ({"quantity": "crossed_people", "classes": ALL_CLASSES, "statistic": "sum", "value": 1e9},
         "about 1e+09 people across"),
    ],
)  # fmt: skip
def test_the_label_says_what_was_counted_and_where(changes, words):
    row = figure(**changes)
    assert label(row, reported_value(row)) == words


def test_no_value_in_the_model_is_open_and_a_rejected_figure_is_called_that(plan, morning):
    rows = [figure(id="nothing", classes=["bus"]), figure(id="rejected", value=9, status="rejected")]
    scenario = border(reported=rows)
    observer = Observer(scenario)
    observer.add(observed_values(scenario, measure(scenario, plan, morning)))
    table = observation_table(observer.result())
    assert table["id"] == ["nothing", "rejected"]
    assert table["verdict"] == ["open", "rejected"]
    assert np.isnan(table["ratio"][0])


def test_a_wait_of_those_who_still_wait_at_the_horizon_is_a_lower_bound(plan, morning):
    """A truck that joins after 01:00 is still inside at 04:00; the cars that join before 01:00 are not."""
    hours = ({"from": f"2022-09-21T0{hour}:00", "until": f"2022-09-21T0{hour + 1}:00"} for hour in (0, 1))
    classes = (("early", "car"), ("late", "truck"))
    rows = [
        figure(id=name, quantity="virtual_wait", value="1 h", classes=[cls], **hour)
        for (name, cls), hour in zip(classes, hours, strict=True)
    ]
    scenario = border(reported=rows)
    observer, measures = Observer(scenario), measure(scenario, plan, morning)
    observer.add(observed_values(scenario, measures))
    found = observer.result(estimate(scenario.clock, [measures]))
    assert [row.at_least for row in found] == [False, True]


def test_without_reported_figures_there_is_nothing_to_compare(scenario, plan, morning):
    observer = Observer(scenario)
    observer.add(observed_values(scenario, measure(scenario, plan, morning)))
    assert observer.result() == ()


def test_before_the_first_replication_the_model_says_nothing():
    (found,) = Observer(border(reported=[figure()])).result()
    assert np.isnan(found.mean)
    assert found.verdict == "open"


def test_every_kind_of_figure_is_in_the_table_and_is_read_from_a_series_of_the_same_unit() -> None:
    assert tuple(FIGURE_KINDS) == get_args(ReportedQuantity)
    assert {name: kind.unit for name, kind in FIGURE_KINDS.items()} == {
        name: SERIES[name].unit for name in FIGURE_KINDS
    }
    assert {FIGURE_KINDS[kind.in_parties].unit for kind in FIGURE_KINDS.values() if kind.in_parties} == {"parties"}
