"""The hand-made border as fixtures."""

from __future__ import annotations

import pytest

from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.records import Records
from sim.scenario.model.scenario import Scenario
from tests.measures.hand_made import MORNING, border, table


@pytest.fixture
def scenario() -> Scenario:
    return border()


@pytest.fixture
def plan(scenario: Scenario) -> Plan:
    return lower(scenario)


@pytest.fixture
def morning() -> Records:
    return table(MORNING)
