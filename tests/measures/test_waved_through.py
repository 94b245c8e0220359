"""Parties waved past a full hall: those counted from the records are those the engine lets pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.reference import aside, story
from sim.engine.reference.border import Border
from sim.engine.reference.state import Visit
from sim.engine.tape import Tape
from sim.measures.waved_through import waved_through_totals
from sim.scenario.model.scenario import Scenario
from tests.engine.build import Play, scenario
from tests.engine.strategies import games


def counted(plan: Plan, tape: Tape) -> tuple[list[float], list[float]]:
    """The totals by station, and the parties that the reference engine lets pass although they are of the share."""
    let_pass, asked = np.zeros(len(plan.stations)), aside.is_sent_aside

    def note(border: Border, visit: Visit) -> bool:
        sent, passes = asked(border, visit), border.plan
        border.plan = replace(passes, aside_passes=np.zeros_like(passes.aside_passes))
        let_pass[visit.station.number] += asked(border, visit) and not sent
        border.plan = passes
        return sent

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aside, "is_sent_aside", note)
        records = story.play(plan, tape)
    passing = np.flatnonzero(plan.aside_passes)
    return [value for _, value in waved_through_totals(plan, tape, records, plan.start)], let_pass[passing].tolist()


@pytest.mark.slow
@settings(max_examples=40)
@given(game=games())
def test_they_are_those_that_the_engine_lets_pass(game: tuple[Scenario, Plan, Tape]) -> None:
    found, expected = counted(*game[1:])
    assert found == expected


def test_a_bay_without_room_takes_one_at_a_time(engine: Play) -> None:
    bay = {"staffing": 1, "service_time": "20 min", "hall": 0, "only_sent_on": True}
    booths = {"staffing": 3, "service_time": "90 s", "sent_aside": {"to": "bay", "share": "50 %", "if_full": "pass"}}
    game = scenario({"booths": booths, "bay": bay}, demand={"car": "60/h"})
    plan = lower(game)
    tape = draw(game, plan, 1, 0)
    found, expected = counted(plan, tape)
    assert found == expected
    assert found[0] > 20
    records = engine(plan, tape)
    late = plan.start + (plan.horizon - plan.start) // 2
    (_, whole), (_, part) = (
        *waved_through_totals(plan, tape, records, plan.start),
        *waved_through_totals(plan, tape, records, late),
    )
    assert whole == found[0] > part > 0
