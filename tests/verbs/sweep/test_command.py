"""The command `sim sweep`: what it prints and writes, and that neither kill -9 nor a full disk costs what was done."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pyarrow import parquet

from sim import store
from sim.cli import commands
from sim.play import provenance
from sim.verbs.sweep.study import BATCH

ROOT = Path(__file__).parents[3]
TINY = Path(__file__).parents[2] / "tiny.yaml"
STAFFING = "stations.exit_control.staffing"
SHORT = ("--set", "clock.horizon=2022-09-21T13:00", "--replications", "2", "--workers", "1")
ONE_FAILS = ("--over", "classes.car.people.mean=2.5,4", "--over", "classes.car.people.max=5,3")
"""Four points; the mean cannot be above the maximum."""
FILES = {"manifest.json", "sweep.parquet", "summary.csv", "summary.md", "failed.csv", "provenance.json"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sweep(*arguments: str):
    return CliRunner().invoke(commands, ["sweep", *arguments])


def started(*arguments: str, **keywords) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sim", "sweep", *arguments]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **keywords
    )


def parts(folder: Path) -> set[str]:
    return {path.name for path in (folder / "kept").glob("*.parquet")}


def test_the_folder_is_whole_and_the_same_command_reuses_everything(here: Path) -> None:
    command = (str(TINY), "--over", f"{STAFFING}=1,2", "--over", "demand.car*=0.5,1", *SHORT, "--out", "out")
    done = sweep(*command, "--threshold", "wait.p90 < 1 h")
    assert done.exit_code == 0, done.stderr
    assert "4 points with 2 replications each; 8 replications played." in done.stdout
    assert {path.name for path in (here / "out").iterdir()} == {*FILES, "kept", "pictures"}
    assert {path.name for path in (here / "out" / "pictures").iterdir()} == {"map_wait_p90_all_main.png"}
    document = json.loads((here / "out" / provenance.FILE).read_text())
    assert set(document["files"]) >= FILES - {"provenance.json"}
    manifest = json.loads((here / "out" / "manifest.json").read_text())
    assert manifest["points"] == [["1", "0.5"], ["1", "1"], ["2", "0.5"], ["2", "1"]]
    before = (here / "out" / "sweep.parquet").read_bytes()
    again = sweep(*command, "--no-pictures")
    assert "0 replications played, 8 reused" in again.stdout
    assert (here / "out" / "sweep.parquet").read_bytes() == before


def test_the_table_can_be_read_as_the_page_says(here: Path) -> None:
    """The lines of docs/sweep.md, run on a sweep with these names."""
    assert sweep(str(TINY), "--over", f"{STAFFING}=1,2", *SHORT, "--out", "out", "--no-pictures").exit_code == 0
    (here / "out").rename(here / "sweep")
    page = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")
    lines = [line for block in page.split("```python")[1:] for line in block.split("```")[0].strip().splitlines()]
    assert any("pandas" in line for line in lines)
    names: dict[str, object] = {}
    for line in lines:
        if find_spec(line.split()[1].rstrip(";")):  # whichever of these is installed
            exec(line, names)
    table = parquet.read_table(here / "sweep" / "sweep.parquet").to_pylist()
    assert {row[STAFFING] for row in table} == {1.0, 2.0}


def test_a_damaged_part_is_told_also_with_quiet(here: Path) -> None:
    command = (str(TINY), "--over", f"{STAFFING}=1", *SHORT, "--quiet", "--no-pictures", "--out", "out")
    assert sweep(*command).stderr == ""
    part = min(parts(here / "out"))
    (here / "out" / "kept" / part).write_bytes(b"PAR1")
    done = sweep(*command)
    assert done.exit_code == 0
    assert done.stderr == f"{part} was damaged and removed; its replications were played again\n"
    assert done.stdout == "out\n"


def test_json_quiet_and_the_default_folder(here: Path) -> None:
    document = json.loads(
        sweep(str(TINY), *ONE_FAILS, *SHORT, "--json", "--no-pictures", "--measure", "max_queue").stdout
    )
    assert document["folder"] == "results/tiny/sweep-classes-car-people-mean_classes-car-people-max"
    assert document["points"][0]["post.max_queue.all"]["mean"] > 0
    assert "mean" in document["points"][3]["failed"]
    done = sweep(str(TINY), "--over", f"{STAFFING}=1", *SHORT, "--quiet", "--no-pictures")
    assert (done.exit_code, done.stderr) == (0, "")
    assert (here / done.stdout.strip() / "sweep.parquet").is_file()
    assert sweep(str(TINY), "--over", f"{STAFFING}=1", "--json", "--quiet").exit_code == 2


def test_failed_points_end_with_exit_code_1_and_stand_in_a_table(here: Path) -> None:
    command = (str(TINY), *ONE_FAILS, *SHORT, "--out", "out", "--no-pictures")
    done = sweep(*command)
    assert done.exit_code == 1
    assert "1 point failed (see failed.csv)" in " ".join(done.stdout.split())
    rows = (here / "out" / "failed.csv").read_text().splitlines()
    assert len(rows) == 2
    assert rows[1].startswith("3,4,3,")
    stopped = sweep(*command, "--fail-fast", "--retry-failed")
    assert stopped.exit_code == 2
    assert len(stopped.stderr.splitlines()[-1]) < 250


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--over", f"{STAFFING}=1,b,c"), f"--over {STAFFING}=b: there is no pool 'b'; expected a number of servers"),
        (("--over", f"{STAFFING}=1:5000:1"), f"--over {STAFFING}=1042: must be at most 1000"),
        (("--over", "demand.car*=-1:1", "--design", "lhs", "--points", "20"), "must be at least 0; got"),
        (("--over", "intervene=none,fewer_booths"), "--over intervene=fewer_booths: unknown intervention"),
        (("--over", "name*=1,2"), "--over name*=1: "),
        (("--find", f"{STAFFING}=1:5000 such that max_queue < 3"), f"--find {STAFFING}=5000: must be at most 1000"),
    ],
)
def test_an_impossible_setting_is_told_before_anything_is_played(
    here: Path, options: tuple[str, ...], says: str
) -> None:
    done = sweep(str(TINY), *options, *SHORT, "--out", "out")
    assert done.exit_code == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) < 6
    assert not (here / "out").exists()


def test_a_measure_that_is_not_there_is_told_after_the_first_play(here: Path) -> None:
    points = ("--over", f"{STAFFING}=1:40:1", "--out", "out", "--workers", "1")
    for option, text, says in (
        ("--measure", "wait.p91", "there is no measure 'wait_p91'"),
        ("--threshold", "wait.p90@bus < 3 h", "the scopes of wait_p90 are"),
        ("--threshold", "wait.p90 < 3 parsecs", "wait_p90 is in h"),
    ):
        done = sweep(str(TINY), *points, *SHORT, option, text)
        assert done.exit_code == 2
        assert says in done.stderr.splitlines()[-1]
    assert len(list((here / "out" / "kept").iterdir())) == 1


def test_another_sweep_into_the_folder_leaves_nothing_of_the_one_before(here: Path) -> None:
    levers = ("--over", f"{STAFFING}=whole:1:3", "--over", "demand.car*=0.5:1")
    first = (*levers, "--design", "sensitivity", "--points", "2")
    assert sweep(str(TINY), *first, *SHORT, "--out", "out", "--measure", "max_queue").exit_code == 0
    (here / "out" / "pictures" / "mine.png").write_bytes(b"")
    assert (here / "out" / "sensitivity.csv").exists()
    assert (
        sweep(str(TINY), "--over", f"{STAFFING}=1,2", *SHORT, "--out", "out", "--measure", "max_queue").exit_code == 0
    )
    assert not (here / "out" / "sensitivity.csv").exists()
    names = {path.name for path in (here / "out" / "pictures").glob("*.png")}
    assert names == {"mine.png", "line_max_queue_all.png"}


def test_a_sweep_file_says_the_same_as_the_options(here: Path) -> None:
    (here / "question.yaml").write_text(
        f"scenario: {TINY}\nover:\n  {STAFFING}: [1, 2]\n  demand.car*: 0.5:1:0.5\nreplications: 2\n"
        "set: ['clock.horizon=2022-09-21T13:00']\nmeasure: [max_queue]\n"
    )
    by_file = sweep("question.yaml", "--workers", "1", "--out", "a", "--no-pictures")
    assert by_file.exit_code == 0, by_file.stderr
    options = ("--over", f"{STAFFING}=1,2", "--over", "demand.car*=0.5,1", *SHORT, "--out", "b", "--no-pictures")
    assert sweep(str(TINY), *options).exit_code == 0
    assert (here / "a" / "sweep.parquet").read_bytes() == (here / "b" / "sweep.parquet").read_bytes()
    (here / "question.yaml").write_text(f"scenario: {TINY}\novr: {{}}\npoints: 0\n")
    wrong = sweep("question.yaml")
    assert wrong.exit_code == 2
    assert "question.yaml:2:1" in wrong.stderr
    assert "question.yaml:3:9" in wrong.stderr


@pytest.mark.slow
def test_one_at_a_time_sensitivity_and_a_question(here: Path) -> None:
    overs = ("--over", f"{STAFFING}=1,3", "--over", "demand.car*=0.5,1.5")
    assert sweep(str(TINY), *overs, *SHORT, "--design", "one-at-a-time", "--out", "o").exit_code == 0
    assert "tornado_max_queue_people_all.png" in {path.name for path in (here / "o" / "pictures").iterdir()}
    done = sweep(str(TINY), *overs, *SHORT, "--design", "sensitivity", "--points", "4", "--out", "s",
                 "--measure", "max_queue")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "Sobol indices: most parties waiting" in done.stdout
    assert (here / "s" / "sensitivity.csv").read_text().count("\n") == 5
    assert (here / "s" / "pictures" / "sensitivity_max_queue_all.png").is_file()
    done = sweep(str(TINY), *SHORT, "--find", f"{STAFFING}=1:6 such that max_queue < 60", "--out", "f")
    assert done.exit_code == 0, done.stderr
    assert "The smallest stations.exit_control.staffing that meets max_queue < 60 is" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "a sweep needs --over"),
        (("--over", "stations.exit_contrl.staffing=1"), "did you mean 'exit_control'"),
        (("--over", f"{STAFFING}=1:4"), "needs a step"),
        (("--over", f"{STAFFING}=1", "--measure", "max_qeue"), "did you mean 'max_queue'"),
        (("--posterior", "3"), "needs a scenario that takes values from a calibration"),
        (("--posterior", "3", "--point"), "--posterior and --point exclude each other"),
        (("--find", "x", "--over", f"{STAFFING}=1"), "it excludes --over"),
        (("--over", f"{STAFFING}=1", "--on", "spark://x"), "expected dask://HOST:PORT"),
    ],
)
@pytest.mark.usefixtures("here")
def test_mistakes_are_one_sentence(arguments: tuple[str, ...], says: str) -> None:
    done = sweep(str(TINY), *arguments, *SHORT, "--out", "out")
    assert done.exit_code == 2
    assert says in done.stderr.splitlines()[-1]


MANY = (str(TINY), "--over", f"{STAFFING}=1:8:1", "--over", "demand.car*=0.6:1.4:0.2", "--replications", "2",
        "--workers", "2", "--no-pictures")  # fmt: skip
POINTS = 40


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_kill_9_at_random_moments_loses_only_what_was_in_flight(here: Path) -> None:
    """The parts only ever grow, every one can be read, and the end is that of a sweep nobody killed."""
    chance, seen = random.Random(7), set[str]()
    for _ in range(3):
        process = started(*MANY, "--out", "killed")
        wanted = len(seen) + chance.randrange(1, 8)
        while len(parts(here / "killed")) < wanted and process.poll() is None:
            time.sleep(chance.uniform(0.001, 0.01))
        process.kill()
        process.communicate()
        now = parts(here / "killed")
        assert seen <= now
        seen = now
    assert 3 <= len(seen) < POINTS
    assert json.loads((here / "killed" / "manifest.json").read_text())["points"]
    done = started(*MANY, "--out", "killed")
    out, err = done.communicate()
    assert done.returncode == 0, err
    assert "damaged" not in err
    reused = 2 * len(seen)
    assert f"{2 * POINTS - reused} replications played, {reused} reused" in " ".join(out.split())
    whole = sweep(*MANY, "--workers", "1", "--out", "whole")
    assert whole.exit_code == 0
    assert (here / "whole" / "sweep.parquet").read_bytes() == (here / "killed" / "sweep.parquet").read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_stops_the_sweep_and_says_what_is_kept(here: Path) -> None:
    process = started(*MANY, "--replications", "100", "--out", "out")
    while len(parts(here / "out")) < 3 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "replications are kept in out; the same command continues from there" in err
    kept = int(err.split("stopped; ")[1].split()[0])
    stored = len(parts(here / "out"))
    assert kept in (BATCH * stored, BATCH * (stored - 1))  # one may be just stored
    assert kept < 100 * POINTS


@pytest.mark.slow
def test_two_sweeps_at_once_do_not_harm_each_other(here: Path) -> None:
    both = [started(*MANY, "--out", "out") for _ in range(2)]
    for process in both:
        _, err = process.communicate()
        assert process.returncode == 0, err
    again = sweep(*MANY, "--workers", "1", "--out", "out")
    assert f"0 replications played, {2 * POINTS} reused" in " ".join(again.stdout.split())
    assert not [path for path in (here / "out").rglob(".*partial*")]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits of a process")
def test_a_disk_that_takes_no_more_stops_it_with_a_sentence(here: Path) -> None:
    """No file may grow beyond so many bytes: the next part cannot be written, the earlier ones stay."""
    few = (str(TINY), "--over", f"{STAFFING}=1,2", *SHORT, "--no-pictures", "--out", "out")
    assert sweep(*few).exit_code == 0
    before = {path: path.read_bytes() for path in (here / "out").rglob("*") if path.is_file()}
    import resource

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    process = started(*few, "--over", "demand.car*=0.5,1", preexec_fn=little)
    _, err = process.communicate()
    assert process.returncode == 2
    sentence = err.splitlines()[-1]
    assert "cannot be written: file too large; finished results are kept" in sentence
    assert "Traceback" not in err
    changed = {path.name for path, content in before.items() if path.read_bytes() != content}
    assert changed <= {"manifest.json"}
    assert "4 reused" in " ".join(sweep(*few).stdout.split())


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk(here: Path) -> None:
    disk = here / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        process = started(*MANY, "--out", str(disk / "out"))
        _, err = process.communicate()
        assert process.returncode == 2
        assert "the disk is full" in err.splitlines()[-1]
        assert "finished results are kept" in err.splitlines()[-1]
        kept = parts(disk / "out")
        assert len(kept) > 3
        assert all(parquet.read_table(disk / "out" / "kept" / name).num_rows for name in kept)
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        done = sweep(*MANY, "--workers", "1", "--out", str(disk / "out"))
        assert f"{2 * len(kept)} reused" in " ".join(done.stdout.split())
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_the_posterior_crossed_with_a_lever(here: Path) -> None:
    """Three vectors of a sample at two settings; a vector set by hand gives the same."""
    (here / "fitted.yaml").write_text(
        "calibration: none\ndate: '2026-01-01'\nversion: '1'\nposterior: sample.parquet\n"
        "values: {rate: {value: 25, low: 20, high: 30, unit: /h}}\n"
    )
    store.write_table(here / "sample.parquet", {"rate": np.array([20.0, 25.0, 30.0, 35.0])})
    text = TINY.read_text().replace("rate: 25/h", "rate: {calibrated: rate}")
    (here / "post.yaml").write_text("calibrated: fitted.yaml\n" + text)
    command = ("post.yaml", *SHORT, "--no-pictures", "--measure", "max_queue", "--out", "out")
    done = sweep(*command, "--posterior", "3", "--over", "intervene=none,more_booths", "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert [point["settings"] for point in document["points"]] == [
        [f"{rate}/h", name] for rate in (20, 25, 30) for name in ("none", "more_booths")
    ]
    by_hand = sweep(*command, "--over", "calibrated.rate=25/h", "--over", "intervene=more_booths", "--json")
    single = json.loads(by_hand.stdout)
    assert single["reused"] == 2
    assert single["points"][0]["post.max_queue.all"] == document["points"][3]["post.max_queue.all"]
    assert sweep(*command, "--posterior", "5").stderr.splitlines()[-1].startswith("the posterior sample has 4 vectors")


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted((ROOT / "sweeps").glob("*.yaml")), ids=lambda file: file.stem)
@pytest.mark.usefixtures("here")
def test_the_sweeps_of_the_catalogue_play(file: Path) -> None:
    day = ("--set", "clock.start=2022-09-27T00:00", "--set", "clock.horizon=2022-09-27T12:00")
    done = sweep(str(file), *day, "--points", "1", "--replications", "1", "--workers", "1", "--out", "out")
    assert done.exit_code == 0, done.stderr + done.stdout


OPPOSITE = """
name: opposite
title: Zones in opposite order
clock: {timezone: Etc/UTC, t0: 2024-06-03, start: 2024-06-03, horizon: 2024-06-04}
classes:
  car: {spacing: 7 m, people: 1, men_share: 0 %}
  truck: {spacing: 20 m, people: 1, men_share: 0 %}
crossings:
  x:
    road: {stretches: [{files: 1}]}
    zones: {north: {capacity: 3}, south: {capacity: 3}}
    stations:
      gate: {serves: [car, truck], staffing: 2, service_time: 1 min}
      car_customs: {serves: [car], hall: north, staffing: 1, service_time: 5 min}
      truck_scales: {serves: [truck], hall: south, staffing: 1, service_time: 5 min}
      car_passports: {serves: [car], hall: south, staffing: 1, service_time: 5 min}
      truck_passports: {serves: [truck], hall: north, staffing: 1, service_time: 5 min}
    initial_queue: {car: 30, truck: 30}
"""


def test_a_deadlock_is_told_before_and_after(here: Path) -> None:
    (here / "o.yaml").write_text(OPPOSITE, encoding="utf-8")
    done = sweep("o.yaml", "--over", "stations.gate.staffing=0,1,2", *SHORT[2:], "--no-pictures", "--out", "out")
    assert done.exit_code == 0
    lines = done.stderr.splitlines()
    assert sum(line.startswith("warning: crossings.x.stations: parties may block each other") for line in lines) == 1
    (point,) = [line for line in lines if line.startswith("warning: stations.gate.staffing = 0: ")]
    assert point.endswith("crossings.x.stations.gate.staffing: nobody works here at any time, so nobody passes")
    assert "At 2 of 3 points parties block each other for ever." in done.stdout


@pytest.mark.usefixtures("here")
def test_the_reasons_of_failures_are_on_the_screen_once_each() -> None:
    done = sweep(str(TINY), *ONE_FAILS, "--over", "demand.car*=0.5,1", *SHORT, "--out", "out", "--no-pictures")
    lines = " ".join(done.stdout.split())
    assert lines.count("failed: classes.car.people.mean = 4, classes.car.people.max = 3, demand.car* = 0.5: ") == 1
    assert "(4) must not be above max (3)" in lines
    assert lines.count("(and 1 more point)") == 1
    assert "2 points failed (see failed.csv)" in lines
