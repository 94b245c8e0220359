"""Whether all services of a station take the same time, so that a mean of them is exact although some go on."""

from __future__ import annotations

from typing import Any

import pytest

from sim.scenario.model.mean_service import takes_exactly
from tests.engine.build import scenario


@pytest.mark.parametrize(
    ("more", "exactly"),
    [
        ({}, True),
        ({"service_time": {"mean": "20 min"}}, False),
        ({"service_time": {"any": {"party": "20 min", "person": "1 min"}}}, False),
        ({"service_time": {"any": {"party": "20 min"}, "truck": {"party": "30 min"}}}, False),
        ({"refusal": {"probability": 0.1, "service_time": "5 min"}}, False),
        ({"pace": {"queue": {0: 1, 10: 0.8}}}, False),
    ],
)
def test_services_that_all_take_the_same_time(more: dict[str, Any], exactly: bool) -> None:
    found = scenario({"bay": {"staffing": 1, "service_time": "20 min", **more}}, demand={"car": "6/h"})
    assert takes_exactly(found.crossings["x"], "bay") is exactly


def test_a_change_at_a_date_may_change_the_time() -> None:
    station = {"staffing": 1, "service_time": "20 min"}
    changes = [{"from": "2022-09-21T06:00", "stations": ["bay"], "scale_service": 0.5}]
    found = scenario({"bay": station}, demand={"car": "6/h"}, changes=changes)
    assert not takes_exactly(found.crossings["x"], "bay")
