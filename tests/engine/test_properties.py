"""Random valid scenarios: what must hold in every replication, on both engines; test_equality.py has more of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from sim.engine.draw.tape_from import draw
from sim.engine.plan import Plan
from sim.engine.tape import Tape
from sim.scenario.model.scenario import Scenario
from tests.engine.build import Play
from tests.engine.invariants import broken
from tests.engine.strategies import games

Game = tuple[Scenario, Plan, Tape]


@pytest.mark.slow
@settings(max_examples=60)
@given(game=games())
def test_every_play_keeps_the_invariants(engine: Play, game: Game) -> None:
    _, plan, tape = game
    assert broken(plan, tape, engine(plan, tape)) == []


@pytest.mark.slow
@settings(max_examples=40)
@given(game=games(with_network=True))
def test_every_play_of_a_network_keeps_the_invariants(engine: Play, game: Game) -> None:
    _, plan, tape = game
    assert broken(plan, tape, engine(plan, tape)) == []


@pytest.mark.slow
@settings(max_examples=25)
@given(game=games())
def test_same_seed_same_tape_same_records(engine: Play, game: Game) -> None:
    scenario, plan, tape = game
    assert draw(scenario, plan, 3, 1) == draw(scenario, plan, 3, 1)
    assert engine(plan, tape) == engine(plan, tape)
