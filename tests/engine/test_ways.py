"""Ways through a crossing: traits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.scenario.model.mean_service import mean_service_s
from tests.engine.build import MINUTE, Play, minutes, scenario, set_by_hand

HAS, LACKS = 1, 2
"""`Tape.traits` of a party with the only trait, and without it; 0 where its class has none."""
TRAITS: dict[str, Any] = {"car": {"traits": {"registered": 0.7}}}


def desk(scale: dict[str, float], **rest: Any) -> Any:
    stations = {"desk": {"staffing": 9, "service_time": "3 min", "scale_service": scale}}
    return scenario(stations, classes=TRAITS, **rest)


def test_first_visits_take_twice_as_long(engine: Play) -> None:
    game = desk({"unless registered": 2, "when registered": 0.5}, initial_queue={"car": 9})
    plan, tape = set_by_hand(game, [0] * 9)
    assert set(tape.traits.tolist()) == {HAS, LACKS}
    records = engine(plan, tape)
    expected = {HAS: 1.5, LACKS: 6.0}
    assert minutes(records.left_at) == [expected[traits] for traits in tape.traits.tolist()]


@pytest.mark.parametrize("condition", ["when registered", "unless registered"])
def test_a_class_without_the_trait_is_not_concerned(engine: Play, condition: str) -> None:
    plan, tape = set_by_hand(desk({condition: 2}, initial_queue={"truck": 1}), [0])
    assert tape.traits.tolist() == [0]
    assert minutes(engine(plan, tape).left_at) == [3]


def test_traits_have_their_share_and_disturb_no_other_column() -> None:
    """P(false failure) < 1e-6: five standard deviations."""
    stations = {"desk": {"staffing": 9, "service_time": "3 min"}}
    with_traits, without = desk({}, demand={"car": "60/h"}), scenario(stations, demand={"car": "60/h"})
    plan = lower(with_traits)
    tapes = [draw(with_traits, plan, seed, 0) for seed in range(5)]
    traits = np.concatenate([tape.traits for tape in tapes])
    assert abs((traits == HAS).mean() - 0.7) < 5 * (0.7 * 0.3 / len(traits)) ** 0.5
    other = draw(without, lower(without), 0, 0)
    for column in ("arrived_at", "people", "men", "times", "chances"):
        assert np.array_equal(getattr(tapes[0], column), getattr(other, column))


def test_the_mean_service_is_that_of_the_tape() -> None:
    """P(false failure) < 1e-6: five standard deviations of a mean of two values."""
    game = desk({"unless registered": 3}, demand={"car": "600/h"})
    plan = lower(game)
    services = draw(game, plan, 1, 0).times[plan.service_row[0]] / MINUTE
    station = game.crossings["x"].stations["desk"]
    mean = mean_service_s(station, station.law_of("car"), game.classes["car"]) / 60
    assert mean == pytest.approx(0.7 * 3 + 0.3 * 9)
    assert abs(services.mean() - mean) < 5 * services.std() / len(services) ** 0.5
