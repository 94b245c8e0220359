"""The command `sim calibrate`: what it prints and writes, and that being stopped costs nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyarrow import parquet

from sim.cli import commands
from sim.scenario.text.fitted_values import load_fitted
from sim.scenario.text.load_scenario import load
from tests.verbs.calibrate.small_calibration import described

ROOT = Path(__file__).parents[3]
FILES = {
    "fitted.yaml", "posterior.parquet", "weighted.parquet", "parameters.csv", "figures.csv", "correlations.csv",
    "held_out.csv", "blocks.csv", "error_models.csv", "page.md", "provenance.json",
}  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def calibrate(*arguments: str):
    return CliRunner().invoke(commands, ["calibrate", *arguments, "--workers", "1", "--no-pictures"])


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_the_folder_is_whole_and_the_scenario_takes_its_values(here: Path) -> None:
    path = described(here)
    done = calibrate(str(path), "--out", "out", "--held-out", "--update")
    assert done.exit_code == 0, done.stderr
    assert {file.name for file in (here / "out").iterdir()} == FILES
    fitted = load_fitted(here / "out" / "fitted.yaml")
    assert set(fitted.values) == {"surge", "service"}
    assert fitted.figures == ("queue", "again", "crossed", "wait")
    assert all(one.low < one.value < one.high for one in fitted.values.values())
    posterior = parquet.read_table(here / "out" / "posterior.parquet")
    assert posterior.column_names == ["surge", "service"]
    assert posterior.num_rows == 1000
    weighted = parquet.read_table(here / "out" / "weighted.parquet")
    assert weighted.column_names[:3] == ["weight", "parameter.surge", "parameter.service"]
    provenance = json.loads((here / "out" / "provenance.json").read_text())
    assert set(provenance["files"]) == FILES - {"provenance.json"}
    assert "post_fitted.yaml was written" in done.stdout
    assert (here / "post_posterior.parquet").exists()
    surge = load(here / "post.yaml").scenario.crossings["post"].demand["car"]["surge"].step.rate
    assert surge == pytest.approx(fitted.values["surge"].value)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_json_and_quiet(here: Path) -> None:
    path = described(here)
    document = json.loads(calibrate(str(path), "--json", "--out", "one").stdout)
    assert document["folder"] == "one"
    assert {row["parameter"] for row in document["parameters"]} == {"surge", "service"}
    done = calibrate(str(path), "--quiet")
    assert done.stderr == ""
    assert (here / done.stdout.strip() / "page.md").is_file()


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_lines_tell_the_stages_and_a_damaged_part(here: Path) -> None:
    path = described(here)
    assert "prior predictions: 128 replications ..." in calibrate(str(path), "--out", "one").stderr
    part = next((here / "results").rglob("part-*.parquet"))
    part.write_bytes(part.read_bytes()[:100])
    done = calibrate(str(path), "--out", "two")
    assert done.exit_code == 0
    assert f"{part.name} was damaged and has been removed; its results are computed again" in done.stderr
    assert (here / "one" / "posterior.parquet").read_bytes() == (here / "two" / "posterior.parquet").read_bytes()


def test_mistakes_are_one_sentence(here: Path) -> None:
    done = calibrate("nowhere.yaml")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, "nowhere.yaml: there is no such file")
    path = described(here)
    (here / "post_fitted.yaml").write_text("values: 3\n")
    done = calibrate(str(path), "--update")
    assert done.exit_code == 2
    assert "post_fitted.yaml" in done.stderr
    assert calibrate(str(path), "--json", "--quiet").exit_code == 2


QUICKLY = """
from sim.cli import main
from sim.verbs.calibrate import study as calibrate
from sim.verbs.calibrate import evaluator
calibrate.EFFORTS, evaluator.MAX_REPLICATIONS = ((200.0, 1024),), 1
calibrate.MOST_PARAMETERS = 0
calibrate.MIN_ESS, calibrate.MIN_ESS_OF_START, calibrate.MAX_DISAGREEMENT = 60.0, 30.0, 1.0
evaluator.WRITE_EVERY = 0.1
main()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_stopped_and_started_again(here: Path, number: signal.Signals, code: int) -> None:
    path = described(here)
    command = [sys.executable, "-c", QUICKLY, "calibrate", str(path), "--no-pictures", "--workers", "2", "--out", "out"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **streams) as process:
        deadline = time.monotonic() + 300
        while not list(here.rglob("part-*.parquet")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        _, told = process.communicate(timeout=300)
    assert process.returncode == code, told
    assert "Traceback" not in told
    assert not (here / "out").exists()
    kept = set(here.rglob("part-*.parquet"))
    assert kept
    if number == signal.SIGINT:
        assert told.splitlines()[-1] == "stopped; finished simulations are kept; the same command continues from there"
    after = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert after.returncode == 0, after.stderr
    assert kept <= set(here.rglob("part-*.parquet"))
    assert (here / "out" / "page.md").is_file()
