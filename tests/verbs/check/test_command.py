from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import commands
from sim.scenario.file_kinds import sources_of
from sim.verbs.check import command as cli_scenario

SMALL = str(Path(__file__).parents[2] / "scenario" / "small.yaml")


def run(verb: str, *args: str):
    return CliRunner().invoke(getattr(cli_scenario, verb), list(args), env={"COLUMNS": "200"})


def test_schema_prints_json():
    assert json.loads(run("schema").output)["title"] == "A border queue scenario"
    assert json.loads(run("schema", "--calibration").output)["title"] == "A calibration of a border queue scenario"


def test_check_looks_at_every_file(tmp_path):
    result = run("check", str(tmp_path / "none.yaml"), SMALL, str(tmp_path))
    assert result.exit_code == 2
    assert result.stdout == f"{SMALL}: OK\n"
    assert result.stderr.splitlines() == [
        f"{tmp_path}/none.yaml: there is no such file",
        f"{tmp_path}: is a directory; expected a file",
    ]


def test_check_quiet_and_json(tmp_path):
    assert (run("check", "--quiet", SMALL).exit_code, run("check", "--quiet", SMALL).output) == (0, "")
    result = run("check", "--json", SMALL, str(tmp_path / "none.yaml"))
    good, bad = json.loads(result.stdout)
    assert (result.exit_code, good["ok"], good["name"], good["problems"]) == (2, True, "small", [])
    assert bad["problems"] == [{"where": f"{tmp_path}/none.yaml", "path": "", "what": "there is no such file"}]


def test_check_knows_calibrations_and_fitted_values(tmp_path):
    folder = Path(__file__).parents[3] / "calibration"
    files = [SMALL.replace("small.", "small_calibration."), str(folder / "verkhny_lars_fitted.yaml")]
    assert run("check", *files).stdout == "".join(f"{file}: OK\n" for file in files)
    small, fitted = json.loads(run("check", "--json", *files).stdout)
    assert (small["kind"], small["parameters"], small["reported"]) == ("calibration", 3, 2)
    assert (fitted["kind"], fitted["values"]) == ("fitted", 40)
    (tmp_path / "c.yaml").write_text("parameters: {}\n", encoding="utf-8")
    result = run("check", str(tmp_path / "c.yaml"))
    assert (result.exit_code, result.stderr.splitlines()[0]) == (2, f"{tmp_path}/c.yaml:1:1: missing key 'scenario'")


def test_sources_show_where_calibrated_values_come_from():
    file = str(Path(__file__).parents[3] / "scenarios" / "verkhny_lars.yaml")
    found = json.loads(run("sources", file, "--json").output)["passports"]
    row = next(row for row in found if row["path"] == "crossings.verkhny_lars.demand.car.surge.step.rate")
    assert row["source"] == "calibrated, see calibration/verkhny_lars_fitted.yaml"
    assert set(row["uncertainty"]) == {"low", "high"}


def test_sources_of_a_calibration_and_of_what_has_none():
    lines = [
        line.split("\t") for line in run("sources", SMALL.replace("small.", "small_calibration.")).output.splitlines()
    ]
    assert lines[1][0] == "parameters.surge.prior"
    assert lines[1][4:] == ["about the everyday rate", "small_calibration.yaml:6"]
    refused = run("sources", SMALL.replace("small.", "small_calibration."), "--set", "seed=1")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "is not a scenario, so values and interventions cannot be set" in refused.stderr
    fitted = run("sources", str(Path(__file__).parents[3] / "calibration" / "verkhny_lars_fitted.yaml"))
    assert (fitted.exit_code, len(fitted.stderr.splitlines())) == (2, 1)


def test_sources_in_a_pipe_are_one_line_each():
    lines = [line.split("\t") for line in run("sources", SMALL).output.splitlines()]
    assert {len(cells) for cells in lines} == {6}
    assert lines[0] == ["classes.car.spacing", "7 m", "a road handbook", "2019", "car and gap", "small.yaml:11"]
    assert lines[3] == ["clock.t0", "", "", "", "", ""]
    assert len(lines) == 66


def test_sources_on_a_terminal_break_between_words(capsys, tmp_path):
    reason = "as far as anybody can tell from the photographs taken that week, and nobody has said anything else"
    path = tmp_path / "s.yaml"
    path.write_text(Path(SMALL).read_text(encoding="utf-8").replace("car and gap", f'"{reason}"'), encoding="utf-8")
    cli_scenario._print(sources_of(path), 60)
    shown = capsys.readouterr().out
    assert max(len(line) for line in shown.split("without a passport")[0].splitlines()) <= 60
    block = shown.split("\n\n")[1].splitlines()
    assert block[0] == "classes.car.spacing"
    assert block[1:3] == ["  7 m  (s.yaml:11)", "  source: a road handbook, 2019"]
    assert " ".join(line.strip() for line in block[3:]) == f"reason: {reason}"
    assert "63 without a passport:\n  clock.t0\n" in shown


def test_sources_as_csv_and_json():
    rows = list(csv.DictReader(io.StringIO(run("sources", SMALL, "--csv").output)))
    assert len(rows) == 66
    assert (rows[0]["path"], rows[0]["value"], rows[0]["line"]) == ("classes.car.spacing", "7 m", "11")
    found = json.loads(run("sources", SMALL, "--json", "--set", "seed=3").output)
    assert [row["reason"] for row in found["passports"]][-1] == "set on the command line"
    assert len(found["without_passport"]) == 63


def test_the_help_of_sources_names_its_formats():
    text = run("sources", "--help").output
    assert "--csv" in text
    assert "    sim sources verkhny_lars --json > sources.json\n" in text


def test_a_fifo_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    result = run("check", str(tmp_path / "pipe.yaml"))
    assert (result.exit_code, result.stderr) == (
        2,
        f"{tmp_path}/pipe.yaml: is not a regular file; expected a text file\n",
    )


@pytest.mark.parametrize("args", [("/nope.yaml",), (SMALL, "--set", "sed=3"), (SMALL, "--intervene", "x")])
def test_sources_of_a_bad_file(args):
    result = run("sources", *args)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)


def test_checking_imports_nothing_heavy():
    code = (
        "import sys, sim.verbs.check.command as c\n"
        f"c.check.main(['--quiet', {SMALL!r}], standalone_mode=False)\n"
        "heavy = {'numpy', 'scipy', 'matplotlib', 'simpy', 'numba', 'pyarrow', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


ABSURD = """
name: absurd
title: Absurd
clock: {timezone: Etc/UTC, t0: 2024-06-03, start: 2024-06-03, horizon: 2024-06-04}
classes: {car: {spacing: 7 m, people: 2, men_share: 50 %}, bus: {spacing: 15 m, people: 40, men_share: 40 %}}
crossings:
  x:
    road: {stretches: [{files: 1}]}
    stations:
      a: {serves: [car], staffing: 2, service_time: 1 min}
      b: {serves: [bus], staffing: 1, service_time: 20 min}
    demand: {car: {e: {constant: {rate: 80/h}}}, bus: {e: {constant: {rate: 1/h}}}}
    changes: [{from: 2024-06-03T01:00, stations: [a], add_servers: 1}]
interventions:
  zero: {description: nobody works, changes: [{from: 2024-06-03T06:00, stations: [a], servers: 0}]}
  slow: {description: sixty hours, set: {stations.a.service_time: 60 h}}
  late:
    description: reopens after the run
    changes:
      - {from: 2024-06-03T05:00, stations: [a], add_servers: 1}
      - {from: 2024-06-03T06:00, until: 2024-06-09, close: true}
  little: {description: per day, set: {demand.car.e.constant.rate: 80/d}}
  usual: {description: more, changes: [{stations: [a], add_servers: 1}]}
"""


def test_check_warns_of_what_each_intervention_makes_absurd(tmp_path):
    file = tmp_path / "absurd.yaml"
    file.write_text(ABSURD, encoding="utf-8")
    result = run("check", str(file))
    assert result.exit_code == 0
    said = [line.removeprefix(f"{file}: warning: ") for line in result.stderr.splitlines()]
    assert [line.partition(": ")[0] for line in said] == [
        "interventions.zero", "interventions.slow", "interventions.slow", "interventions.late.changes.1.until",
        "interventions.little",
    ]  # fmt: skip
    assert said[0] == (
        "interventions.zero: crossings.x.stations.a.staffing: nobody works here at the end of the run, so those who "
        "wait then are not served"
    )
    assert said[-1] == (
        "interventions.little: crossings.x.demand.car.e.constant.rate: becomes 24 times smaller; is it in the right "
        "unit, /h or /d?"
    )
    other = CliRunner().invoke(
        commands, ["compare", str(file), "+late", "+late+zero", "--replications", "1", "--workers", "1",
                   "--no-pictures", "--out", str(tmp_path / "out")],
    )  # fmt: skip
    warnings = [line for line in other.stderr.splitlines() if line.startswith("warning: ")]
    assert [line[:60] for line in warnings] == [
        "warning: late: interventions.late.changes.1.until: is after ",
        "warning: late+zero: crossings.x.stations.a.staffing: nobody ",
    ]


@pytest.mark.slow
def test_no_intervention_of_a_shipped_scenario_is_doubted():
    files = sorted(str(file) for file in (Path(__file__).parents[3] / "scenarios").glob("*.yaml"))
    assert run("check", "--quiet", *files).output == ""
