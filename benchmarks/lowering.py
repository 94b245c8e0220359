"""What it costs to make a scenario ready, against one play of it: `python -m benchmarks.lowering`.

Each scenario is one post with sixty cars an hour: one has 20,000 staffing steps, one a table of 10,000 counts, one
lasts a year with a profile by the hour. CPU seconds, the least of some rounds, each with nothing kept of the one
before; a play is draw, play and measures.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.measures.replication import measure
from sim.play import engines
from sim.scenario.model.instants import since_t0
from sim.scenario.text.load_scenario import from_tree

BEGIN = datetime(2022, 1, 1)
ROUNDS = 5
HOURS = [0.5 + hour / 24 for hour in range(24)]


def post(days: int, demand: dict[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a scenario of so many days."""
    return {
        "name": "post",
        "title": "A post",
        "clock": {"timezone": "UTC", "t0": BEGIN.isoformat(), "start": BEGIN.isoformat(), "horizon": _at(24 * days)},
        "classes": {"car": {"spacing": "7 m", "people": 1}},
        "crossings": {
            "post": {
                "road": {"stretches": [{"files": 1}]},
                "stations": {
                    "control": {"staffing": {"servers": 12, "steps": steps}, "service_time": {"party": "10 min"}}
                },
                "demand": {"car": {"everyday": demand}},
            }
        },
        "relief": None,
    }


def _at(hours: float) -> str:
    return (BEGIN + timedelta(hours=hours)).isoformat()


def scenarios() -> dict[str, dict[str, Any]]:
    """Return the scenarios by what is large about them."""
    steady: dict[str, Any] = {"constant": {"rate": "60/h"}}
    counts = [{"from": _at(n / 4), "until": _at((n + 1) / 4), "count": 12 + n % 7} for n in range(10_000)]
    steps = [{"from": _at(n / 10), "servers": 11 + n % 3} for n in range(1, 20_001)]
    return {
        "20,000 staffing steps": post(84, steady, steps),
        "a table of 10,000 counts": post(105, {"table": counts}, []),
        "a year by the hour": post(365, {"constant": {"rate": "60/h", "hours": HOURS}}, []),
    }


def least(work: Callable[[], object]) -> float:
    """Return the CPU seconds of `work`, the least of ROUNDS."""
    took = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return min(took)


def main() -> None:
    engines.ready("compiled")
    play = engines.player("compiled")
    for name, tree in scenarios().items():
        scenario = from_tree(tree).scenario
        plan = lower(scenario)

        def played() -> None:
            tape = draw(scenario, plan, 1, 0)  # noqa: B023
            measure(scenario, plan, play(plan, tape), tape)  # noqa: B023

        def lowered() -> None:
            since_t0.cache_clear()
            lower(scenario)  # noqa: B023

        ready, whole = least(lowered), least(played)
        told = f"{1000 * ready:.0f} ms to lower, {1000 * whole:.0f} ms to play: {ready / whole:.2f}"
        sys.stdout.write(f"{name}: {told}\n")


if __name__ == "__main__":
    main()
