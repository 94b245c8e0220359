"""Quotes every minute let travellers tell facilities apart whose waits differ by less than half an hour."""

from __future__ import annotations

import numpy as np

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.records import NEVER, Records
from tests.engine.build import MINUTE, Play
from tests.engine.networks import network

HALL = {"desks": {"staffing": 1, "service_time": "1 min"}}
FINE, COARSE = {"every": "1 min", "window": "20 min"}, {"every": "30 min", "window": "30 min"}


def apart(engine: Play, quote: dict[str, str]) -> float:
    """By how many minutes the waits of two equal halls differ in the last three of six hours; one begins with 24 cars.

    Together 108 cars an hour come and 120 can be served; those who come hear both quotes, and a minute is worth 1.
    """
    halls = {"a": (HALL, {"quote": quote, "initial_queue": {"car": 24}}), "b": (HALL, {"quote": quote})}
    game = network(
        halls, {"a": "5 min", "b": "5 min"}, choice={"wait": -60}, demand={"car": "108/h"},
        horizon="2022-09-21T06:00",
    )  # fmt: skip
    waits = [_waits(plan, engine(plan, draw(game, plan, 1, n))) for plan in [lower(game)] for n in range(10)]
    return float(np.mean(waits))


def _waits(plan: Plan, records: Records) -> float:
    late = (records.arrived_at > plan.start + 180 * MINUTE) & (records.started_at != NEVER)
    waited = (records.started_at - records.arrived_at) / MINUTE
    return abs(float(waited[late & (records.crossing == 0)].mean() - waited[late & (records.crossing == 1)].mean()))


def test_halls_side_by_side_settle_at_the_same_wait_if_quotes_are_fine(engine: Play) -> None:
    """The control hears quotes every half hour, in steps of half an hour: 24 minutes and none are the same to it."""
    fine, coarse = apart(engine, FINE), apart(engine, COARSE)
    assert fine < 2
    assert coarse > 3 * fine
