"""Ways of a poster that skip a stage."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sim.engine.lower.plan_from import lower
from sim.plotting.style import sheet
from sim.scenario.text.load_scenario import load
from sim.verbs.run.skipped_stages import draw_skips, skips_of
from sim.verbs.run.stages import stages_of

SCENARIOS = Path(__file__).parents[3] / "scenarios"


def story_of(name: str) -> Any:
    """As much of a story as the stages need."""
    scenario = load(SCENARIOS / f"{name}.yaml").scenario
    plan, (crossing,) = lower(scenario), scenario.crossings
    return SimpleNamespace(
        scenario=scenario, plan=plan, place=scenario.crossings[crossing], crossing=crossing, number=plan.stations.index
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "airport_hall",
            {2: [0], 3: [1], 4: [1, 2]},
        ),  # kiosks to desks, gates to the manual desk, all to the second line
        ("made_up_port", {4: [0, 1]}),  # cars and lorries to customs
        ("ferry_port", {}),
        ("us_land_port", {}),
    ],
)
def test_the_stages_that_ways_skip(name: str, expected: dict[int, list[int]]) -> None:
    story = story_of(name)
    assert skips_of(story, stages_of(story)) == expected


def test_each_way_has_an_arrow_and_a_line_of_its_own() -> None:
    axes = sheet(8, 2).add_axes((0, 0, 1, 1))
    draw_skips(axes, {2: [0], 3: [0, 1]}, [(2.0 * n, 0.5, 1.5) for n in range(4)], 1.0)
    ends = [tuple(text.xy) for text in axes.texts]  # type: ignore[attr-defined]
    assert ends == [(4.0 + 0.4 * 1.5, 0.5), (6.0 + 0.4 * 1.5, 0.5)]
    across = {
        line.get_ydata()[0] for line in axes.lines if len(line.get_xdata()) == 2 and len({*line.get_ydata()}) == 1
    }
    assert len(across) == 2
