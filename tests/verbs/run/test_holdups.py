"""The stations that hold up others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sim.engine.lower.plan_from import lower
from sim.measures.estimates import Estimates
from sim.measures.names import Key, at_station
from sim.plotting.story import Story
from sim.verbs.run.holdups import held_up
from tests.engine.build import scenario
from tests.plotting import synthetic

SHARES = {"gate": (0.4, 0.5), "desk": (0.6, 0.3), "exit": (0.0, 0.99)}
"""Shares of their time in which the servers of each station are blocked, and serve."""


def sentences(shares: dict[str, tuple[float, float]], halls: Sequence[str] = ("desk", "exit")) -> list[str]:
    desk = {"staffing": 1, "service_time": "1 min"}
    example = scenario({name: desk | ({"hall": 3} if name in halls else {}) for name in shares})
    totals = {
        Key("x", what, at_station(name)): synthetic.exactly(share)
        for name, both in shares.items()
        for what, share in zip(("blocked_share", "utilisation"), both, strict=True)
    }
    estimates = Estimates(example.clock, np.zeros(1, np.int64), 2, {}, totals)
    return [sentence.partition(";")[0] for sentence in held_up(Story(example, lower(example), estimates, (), "x"))]


@pytest.mark.parametrize(
    ("desk", "told"),
    [
        ((0.6, 0.3), ["gate: held up by exit", "desk: held up by exit"]),  # blocked for longer than it serves
        ((0.2, 0.7), ["gate: held up by desk", "desk: held up by exit"]),
        ((0.0, 0.7), ["gate: held up by desk"]),
    ],
)
def test_a_station_is_held_up_by_the_first_that_is_not_held_up_itself(
    desk: tuple[float, float], told: list[str]
) -> None:
    assert sentences(SHARES | {"desk": desk}) == told


def test_without_halls_nobody_is_named() -> None:
    assert sentences(SHARES | {"desk": (0.0, 0.7)}, halls=()) == [
        "gate: its servers are blocked for 40 % of their time."
    ]
