from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim import cli_scenario

SMALL = str(Path(__file__).parent / "small.yaml")


def run(verb: str, *args: str):
    return CliRunner().invoke(getattr(cli_scenario, verb), list(args), env={"COLUMNS": "200"})


def test_schema_prints_json():
    assert json.loads(run("schema").output)["title"] == "A border queue scenario"


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


def test_sources_as_table_csv_and_json():
    shown = run("sources", SMALL).output
    assert "a road handbook" in shown
    assert "63 without a passport:\n  clock.t0\n" in shown
    rows = list(csv.DictReader(io.StringIO(run("sources", SMALL, "--csv").output)))
    assert len(rows) == 66
    assert (rows[0]["path"], rows[0]["value"], rows[0]["line"]) == ("classes.car.spacing", "7 m", "11")
    found = json.loads(run("sources", SMALL, "--json", "--set", "seed=3").output)
    assert [row["reason"] for row in found["passports"]][-1] == "set on the command line"
    assert len(found["without_passport"]) == 63


@pytest.mark.parametrize("args", [("/nope.yaml",), (SMALL, "--set", "sed=3"), (SMALL, "--intervene", "x")])
def test_sources_of_a_bad_file(args):
    result = run("sources", *args)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)


def test_checking_imports_nothing_heavy():
    code = (
        "import sys, sim.cli_scenario as c\n"
        f"c.check.main(['--quiet', {SMALL!r}], standalone_mode=False)\n"
        "heavy = {'numpy', 'scipy', 'matplotlib', 'simpy', 'numba', 'pyarrow', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
