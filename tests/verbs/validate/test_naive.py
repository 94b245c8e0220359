"""Naive forecasts: which figure goes on, at which rate, and when there is none."""

from __future__ import annotations

import math
from datetime import datetime

import pytest

from sim.scenario.model.reported import Reported
from sim.scenario.model.scenario import Clock
from sim.verbs.validate.naive import HALF_WAY, LAST, before_the_rush, last_value, reason
from tests.verbs.calibrate.small_calibration import row

FLOW = {"quantity": "crossed_people", "value": 600, "statistic": "sum"}


def figure(name: str, day: int, until: int | None = None, **changes: object) -> Reported:
    window = {"from": f"2022-09-{day}", "until": f"2022-09-{until or day + 1}"}
    return Reported.model_validate(row(name, "queue", 100) | window | changes)


def test_the_last_figure_of_the_same_kind_goes_on() -> None:
    rows = (
        figure("early", 20, value=10),
        figure("late", 22, value=20),
        figure("rejected", 23, value=30, status="rejected"),
        figure("trucks", 23, value=40, classes=["truck"]),
        figure("same_day", 24, value=50),
    )
    assert last_value(figure("asked", 24), rows) == 20
    assert math.isnan(last_value(figure("asked", 20), rows))


def test_a_flow_goes_on_with_its_mean_rate_outwards() -> None:
    rows = (figure("three_days", 20, 23, **FLOW | {"directions": "both", "outbound_share": "50 %"}),)
    assert last_value(figure("day", 24, **FLOW), rows) == pytest.approx(100)
    assert last_value(figure("hourly", 24, **FLOW | {"statistic": "mean", "value": "4/h"}), rows) == pytest.approx(
        100 / 24
    )


def test_everyday_traffic_is_the_first_week_or_what_lies_before_the_rush() -> None:
    def clock(start: str) -> Clock:
        given = {"timezone": "Asia/Almaty", "t0": "2022-09-21", "start": start, "horizon": "2022-10-01"}
        return Clock.model_validate(given)

    assert before_the_rush(clock("2022-09-10")) == (datetime(2022, 9, 10), datetime(2022, 9, 17))
    assert before_the_rush(clock("2022-09-19")) == (datetime(2022, 9, 19), datetime(2022, 9, 21))
    assert before_the_rush(clock("2022-09-21")) is None


def test_what_does_not_exist_has_a_reason() -> None:
    assert reason(LAST, 3.0) == ""
    assert reason(LAST, math.nan).startswith("no earlier figure")
    assert reason(HALF_WAY, math.nan)
