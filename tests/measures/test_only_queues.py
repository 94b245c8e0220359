"""Measures of queues alone: the same numbers as all measures, for less work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.compiled import engine
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.measures.replication import FROM_QUEUES, measure, measure_figures, measure_queues
from sim.measures.reports import observed_values
from sim.scenario.model.reported import FIGURE_KINDS
from sim.scenario.text.load_scenario import load


@pytest.mark.parametrize("name", ["verkhny_lars", "made_up_port", "road_post_next_days"])
def test_queues_alone_are_those_of_all_measures(name: str) -> None:
    scenario = load(name).scenario
    plan = lower(scenario)
    tape = draw(scenario, plan, 1, 0)
    of = scenario, plan, engine.play(plan, tape), tape
    everything, queues, figures = measure(*of), measure_queues(*of), measure_figures(*of)
    for key, values in queues.series.items():
        np.testing.assert_array_equal(values, everything.series[key], err_msg=str(key))
    np.testing.assert_array_equal(observed_values(scenario, figures), observed_values(scenario, everything))
    known = {key.quantity for key in queues.series}
    enough = {kind for kind, of_kind in FIGURE_KINDS.items() if set(sum(of_kind.of or ((kind,),), ())) <= known}
    assert enough == FROM_QUEUES


def test_figures_that_need_more_get_all_measures() -> None:
    scenario: Any = load("verkhny_lars").scenario
    plan = lower(scenario)
    tape = draw(scenario, plan, 1, 0)
    records = engine.play(plan, tape)
    assert not measure_figures(scenario, plan, records, tape).totals
    by_way = scenario.reported[0].model_copy(update={"quantity": "crossed_parties", "way": "bypass"})
    asked = scenario.model_copy(update={"reported": (*scenario.reported, by_way)})
    assert measure_figures(asked, plan, records, tape).totals
