"""An initial queue whose parties have waited for a known time counts in waits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.measures.names import Key
from sim.measures.replication import Measures, measure
from sim.scenario.model.scenario import Scenario
from tests.engine.build import MINUTE, Play, scenario

STATION = {"staffing": 1, "service_time": "10 min"}


def queue(waiting: Any, **rest: Any) -> Scenario:
    return scenario({"s": STATION}, initial_queue={"truck": waiting}, **{"report_every": "1 h", **rest})


def measured(engine: Play, example: Scenario) -> tuple[Measures, Any]:
    plan = lower(example)
    tape = draw(example, plan, 1, 0)
    records = engine(plan, tape)
    return measure(example, plan, records, tape), records


def test_waits_begin_before_the_start(engine: Play) -> None:
    """Three trucks that have waited for two hours are called after 0, 10 and 20 minutes."""
    measures, _ = measured(engine, queue({"parties": 3, "waited": "2 h"}))
    totals = {name: measures.totals[Key("x", name, "truck")] for name in ("wait_mean", "wait_max", "sojourn_mean")}
    assert totals == pytest.approx({"wait_mean": 2 + 1 / 6, "wait_max": 2 + 1 / 3, "sojourn_mean": 2 + 1 / 3})
    assert measures.totals[Key("x", "wait_per_visit", "station:s")] == pytest.approx(2 + 1 / 6)
    assert measures.totals[Key("x", "initial_parties", "truck")] == 3
    assert np.isnan(measures.series[Key("x", "wait", "truck")]).all(), "nobody joined during the run"
    assert measures.series[Key("x", "sojourn", "truck")][0] == pytest.approx(2 + 1 / 3)


def test_a_bare_number_has_waited_for_an_unknown_time(engine: Play) -> None:
    bare, records = measured(engine, queue(3))
    known, same = measured(engine, queue({"parties": 3, "waited": "2 h"}))
    assert records == same, "only measures count the time before the start"
    assert np.isnan(bare.totals[Key("x", "wait_mean", "truck")])
    assert bare.totals[Key("x", "person_hours_waited")] == known.totals[Key("x", "person_hours_waited")]


def test_those_who_came_later_count_beside_them(engine: Play) -> None:
    example = queue({"parties": 2, "waited": "1 h"}, demand={"truck": "3/h"})
    measures, records = measured(engine, example)
    crossed = records.outcome == 1
    waited = (records.started_at - records.arrived_at)[crossed] / MINUTE / 60
    waited[records.party[crossed] < 2] += 1
    assert measures.totals[Key("x", "wait_mean", "truck")] == pytest.approx(waited.mean())
    assert measures.totals[Key("x", "wait_p90", "truck")] == pytest.approx(np.quantile(waited, 0.9))


def test_the_first_in_the_queue_have_waited_longest() -> None:
    """A uniform law; the mean of 10,000 parties is within 5 standard errors (false failure: 6e-7)."""
    example = queue({"parties": 10_000, "waited": {"mean": "3 d", "family": "uniform"}})
    tape = draw(example, lower(example), 1, 0)
    days = tape.waited / 86_400_000
    assert (np.diff(days) <= 0).all()
    assert abs(days.mean() - 3) < 5 * 6 / np.sqrt(12 * 10_000)
    assert 0 < days.min() < days.max() <= 6
