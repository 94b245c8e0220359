"""Hours of an airport, with people, flights, open booths and mean waits in one file: what four imports make of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.measures.reported_series import observe_series
from sim.play.one import play_once
from sim.scenario.text.load_calibration import read_calibration
from sim.scenario.text.load_scenario import load
from tests.verbs.intake.test_command import at, done, refused, written  # noqa: F401  (a fixture)

NEW = ("--into", "t.yaml", "--zone", "America/Chicago", "--column", "count=people")


@pytest.fixture
def hours(at: Path) -> str:  # noqa: F811
    """Return a week of hours: 120 people an hour with 2 flights and 2 booths, at noon 1,000 with 5 and 10."""
    lines = ["hour_local,people,booths,flights,wait_mean_min"]
    for day in range(3, 10):
        lines += [
            f"2025-03-{day:02d}T{h:02d}:00,{1000 if 11 <= h < 14 else 120},{10 if 11 <= h < 14 else 2},"
            f"{5 if 11 <= h < 14 else 2},{20 if 11 <= h < 14 else 8}"
            for h in range(24)
        ]
    return written(at, "\n".join(lines) + "\n")


def test_counts_in_groups_are_played_as_they_came(at: Path, hours: str) -> None:  # noqa: F811
    said = done("arrivals", hours, *NEW, "--replay")
    assert "those of a group within 10 min (assumed)" in said
    rows = (at / "t_traveller_counts.csv").read_text(encoding="utf-8").splitlines()
    assert rows[1:5] == [
        "2025-03-03T00:00,2025-03-03T00:10,60",
        "2025-03-03T00:10,2025-03-03T00:30,0",
        "2025-03-03T00:30,2025-03-03T00:40,60",
        "2025-03-03T00:40,2025-03-03T01:00,0",
    ]
    assert sum(int(row.split(",")[2]) for row in rows[1:]) == 7 * (21 * 120 + 3 * 1000)


def test_parties_of_a_group_come_at_once(hours: str) -> None:
    done("arrivals", hours, *NEW)
    part = load("t.yaml").scenario.crossings["t"].demand["traveller"]["everyday"]
    assert part.bursts is not None
    assert part.bursts.mean == round((21 * 120 + 3 * 1000) / (21 * 2 + 3 * 5))  # type: ignore[union-attr]


def test_a_file_of_counts_and_booths_has_a_service_time(hours: str) -> None:
    done("arrivals", hours, *NEW)
    said = done("service", hours, "--into", "t.yaml", "--column", "count=people")
    assert "An open booth served 100 parties an hour" in said
    assert load("t.yaml").scenario.crossings["t"].stations["booths"].law_of("traveller").party.mean_s == 36


def test_open_booths_are_played_as_they_were(hours: str) -> None:
    done("arrivals", hours, *NEW, "--replay")
    assert "played as they were (15 steps)" in done("staffing", hours, "--into", "t.yaml", "--replay")
    steps = load("t.yaml").scenario.crossings["t"].stations["booths"].staffing.steps  # type: ignore[union-attr]
    assert [step.servers for step in steps[:3]] == [2, 10, 2]


def test_mean_waits_are_those_of_who_joins_above_their_base(hours: str) -> None:
    done("arrivals", hours, *NEW, "--replay")
    said = done("waits", hours, "--into", "t.yaml")
    assert "taken as 'wait'" in said
    assert "Nine of ten waits are 8 min or more" in said
    calibration = read_calibration(Path("t_figures.yaml"))
    scenario = calibration.central.scenario
    (series,) = scenario.reported_series
    assert (series.quantity, series.base) == ("wait", 480)
    played = play_once(scenario, 1, 0, "compiled").measures
    without = observe_series(series.model_copy(update={"base": 0.0}), scenario, played)
    assert observe_series(series, scenario, played) - without == pytest.approx(8 / 60)


def test_a_base_goes_with_waits(hours: str, at: Path) -> None:  # noqa: F811
    done("arrivals", hours, *NEW, "--replay")
    done("waits", hours, "--into", "t.yaml")
    text = (at / "t_figures.yaml").read_text(encoding="utf-8").replace("quantity: wait", "quantity: queue")
    (at / "t_figures.yaml").write_text(text.replace("    rounding", "    # rounding"), encoding="utf-8")
    from sim.errors import ScenarioError

    with pytest.raises(ScenarioError, match="base goes with waits"):
        read_calibration(Path("t_figures.yaml"))
