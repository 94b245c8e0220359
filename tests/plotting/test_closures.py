"""Periods when a way is closed, from the plan, and how panels show them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.plotting.closures import closed, while_open
from sim.plotting.story import Story
from sim.plotting.style import styled
from sim.verbs.run.pictures import wait_by_joining
from tests.plotting import synthetic

NINE = "2022-09-29T09:00"


def story(*changes: dict[str, Any]) -> Story:
    tree = synthetic.tree()
    tree["crossings"][synthetic.CROSSING]["changes"] = list(changes)
    return synthetic.story(crossings=tree["crossings"])


def periods(drawn: Story, *classes: str) -> list[tuple[float, float]]:
    start = drawn.limits[0]
    return [(round(first - start, 6), round(end - start, 6)) for first, end in closed(drawn, classes)]


@pytest.mark.parametrize(
    ("changes", "cars", "trucks", "both"),
    [
        ([], [], [], []),
        ([{"close": True}], [(0, 26)], [(0, 26)], [(0, 26)]),
        ([{"from": NINE, "close": True}], [(15.375, 26)], [(15.375, 26)], [(15.375, 26)]),
        ([{"from": "2022-09-20", "until": NINE, "close": True, "classes": ["car"]}], [(6, 15.375)], [], []),
        ([{"from": NINE, "close": True, "stations": ["exit_cars"]}], [(15.375, 26)], [], []),
        ([{"from": NINE, "close": True, "stations": ["enlistment_office"]}], [], [], []),
        ([{"from": "2022-09-20", "close": True}, {"from": NINE, "open": True}], *[[(6, 15.375)]] * 3),
        (
            [{"from": "2022-09-20", "until": "2022-09-22", "close": True, "stations": ["gate"]},
             {"from": "2022-09-21", "until": "2022-09-23", "close": True, "classes": ["car"]}],
            [(6, 9)], [(6, 8)], [(6, 8)],
        ),
    ],
)  # fmt: skip
def test_a_way_is_closed_while_a_station_that_serves_it_is(
    changes: list[dict[str, Any]],
    cars: list[tuple[float, float]],
    trucks: list[tuple[float, float]],
    both: list[tuple[float, float]],
) -> None:
    drawn = story(*changes)
    assert (periods(drawn, "car"), periods(drawn, "truck"), periods(drawn, "car", "truck")) == (cars, trucks, both)
    assert periods(drawn) == []


def test_no_wait_is_quoted_while_the_way_is_closed() -> None:
    drawn = story({"from": NINE, "close": True, "classes": ["car"]})
    band = drawn.band("quoted_wait", "car")
    assert band is not None
    shown = while_open(band, [drawn], "car")
    shut = drawn.at >= drawn.limits[0] + 15.375
    assert np.isnan(shown.mean[shut]).all()
    assert np.array_equal(shown.mean[~shut], band.mean[~shut], equal_nan=True)


def test_the_panel_of_waits_says_that_the_way_is_closed() -> None:
    figure = styled(wait_by_joining)(story({"from": NINE, "close": True, "classes": ["car"]}))
    written = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert ["closed" in texts for texts in written[:2]] == [True, False]
