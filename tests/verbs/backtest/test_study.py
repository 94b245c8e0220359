"""A backtest from the command line, and the inputs that would have been known."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

import sim
from sim.cli import commands
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import load, read_tree
from sim.scenario.text.passports import take_off
from sim.verbs.backtest.inputs import known_inputs
from sim.verbs.backtest.windows import window
from sim.verbs.backtest.words import learnt_later

ROOT = Path(__file__).parents[3]
PORT = """\
name: port
title: Port
clock: {timezone: Europe/Lisbon, t0: 2025-03-03, start: 2025-03-03, horizon: 2025-03-31}
classes: {car: {}}
crossings:
  port:
    stations:
      booths:
        staffing: {servers: 2, steps: steps.csv}
        service_time: 60 s
    demand:
      car: {counted: {table: counts.csv}}
"""


@pytest.fixture
def port(tmp_path: Path) -> Path:
    """Return a scenario with 10 cars an hour for a fortnight and 100 after it, and 2 or 4 booths, later 9."""
    hours = [(day, hour) for day in range(3, 31) for hour in range(24)]
    counts = [f"2025-03-{d:02d}T{h:02d}:00,2025-03-{d:02d}T{h:02d}:59,{10 if d < 17 else 100}" for d, h in hours]
    (tmp_path / "counts.csv").write_text("\n".join(["from,until,count", *counts]) + "\n", encoding="utf-8")
    steps = [f"2025-03-{d:02d}T{h:02d}:00,{n}" for d in range(3, 17) for h, n in ((6, 4), (22, 2))]
    (tmp_path / "steps.csv").write_text(
        "\n".join(["from,servers", *steps, "2025-03-17T00:00,9"]) + "\n", encoding="utf-8"
    )
    (tmp_path / "port.yaml").write_text(PORT, encoding="utf-8")
    return tmp_path / "port.yaml"


def test_counts_and_booths_of_later_are_not_known(port: Path) -> None:
    root = read_tree(port, [])
    known, told = known_inputs(root, load(port).scenario, datetime(2025, 3, 17))
    assert told == ["arrivals of car (counted)", "staffing of booths"]
    scenario = Scenario.model_validate(take_off(known)[0])
    part = scenario.crossings["port"].demand["car"]["counted"]
    assert part.constant is not None
    assert part.constant.rate == pytest.approx(10 * 60 / 59, rel=0.01)
    staffing = scenario.crossings["port"].stations["booths"].staffing
    by_hour = {(shift.from_.total_seconds() / 3600, shift.days[0]): shift.servers for shift in staffing.shifts}  # type: ignore[union-attr]
    assert by_hour[12, "mon"] == 4
    assert by_hour[3, "sat"] == 2
    assert not staffing.steps  # type: ignore[union-attr]


def test_what_ends_before_stays(port: Path) -> None:
    root = read_tree(port, [])
    known, told = known_inputs(root, load(port).scenario, datetime(2025, 4, 1))
    assert (known, told) == (root, [])


@pytest.mark.parametrize(("last", "later"), [("2025-03-16", False), ("2025-03-17", True), ("2025-04-28", True)])
def test_inputs_learnt_from_the_scored_days_are_named(port: Path, last: str, later: bool) -> None:
    passport = f"{{value: 60 s, source: x.csv, date: 2025-03-03 to {last}, reason: fit}}"
    port.write_text(PORT.replace("60 s", passport), encoding="utf-8")
    rows = learnt_later(load(port).passports, window("--score", "2025-03-17..2025-03-20"))
    assert [row.path for row in rows] == ["crossings.port.stations.booths.service_time"] * later


def test_a_window_without_points_is_refused_before_the_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.verbs.backtest.study.calibrate", None)
    words = ["--fit", "2025-03-03..2025-03-06", "--score", "2026-03-07..2026-03-09", "--out", "out"]
    calibration = str(ROOT / "calibration" / "sample_port.yaml")
    result = CliRunner().invoke(commands, ["backtest", calibration, *words], prog_name="sim")
    assert result.exit_code == 2
    assert "has no point in --score, 2026-03-07 to 2026-03-09" in result.output


@pytest.mark.slow
def test_a_backtest_of_the_sample_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = "--fit 2025-03-03..2025-03-06 --score 2025-03-07..2025-03-09 --replications 12 --out out --json"
    calibration = str(ROOT / "calibration" / "sample_port.yaml")
    result = CliRunner().invoke(commands, ["backtest", calibration, *words.split()], prog_name="sim")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert "table of averages" in document["sentences"][0]
    (series,) = document["series"]
    names = {score["forecast"] for score in series["scores"]}
    assert {"model", "last value", "same hour yesterday", "same hour last week", "mean by hour of the week"} <= names
    model = next(score for score in series["scores"] if score["forecast"] == "model" and score["lead"] == "all leads")
    assert model["number"] == 288
    assert 0.5 < model["inside_90"] <= 1
    low, _, high = document["fitted"][0]["car_service"]
    assert low < 4 < high  # the true mean; 90 % of such intervals hold it
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"scores.csv", "differences.csv", "sentences.md", "provenance.json"} <= files
    assert {"forecast_waits_first_week.png", "reliability_waits_first_week.png"} <= files
    page = sim.report("out").read_text(encoding="utf-8")
    (chart,) = map(json.loads, re.findall(r'<script type="application/json">(.*?)</script>', page))
    assert [line["name"] for line in chart["lines"]][-1] == "what came"
    assert len(chart["lines"][-1]["values"]) == 288


def test_a_calibration_without_a_series_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["backtest", "us_land_port", "--fit", "2025-11-03..2025-11-03", "--score", "2025-11-04..2025-11-04"]
    result = CliRunner().invoke(commands, words, prog_name="sim")
    assert result.exit_code == 2
    assert "has no series to score" in result.stderr.splitlines()[-1]
