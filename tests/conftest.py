"""The fixture `engine`: every behavioural test runs on every engine listed here."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from sim.engine.plan import Plan
from sim.engine.records import Records
from sim.engine.tape import Tape
from sim.play import engines

ENGINES = ("reference", "compiled")

settings.register_profile(
    "fixed",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
settings.load_profile("fixed")


@pytest.fixture(scope="session", autouse=True)
def compiled_before() -> None:
    """Compile the engine before the first test, so that no command under test has to say that it does."""
    engines.ready(engines.COMPILED)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Callable[[Plan, Tape], Records]:
    play: Callable[[Plan, Tape], Records] = engines.player(request.param)
    return play
