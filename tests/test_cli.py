"""The command line as people and scripts meet it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import sim
from sim import about
from sim.cli import commands
from sim.play import signals as cli_signals

ROOT = Path(__file__).parents[1]
TINY = ROOT / "tests" / "tiny.yaml"
DATA = (
    "scenario.yaml",
    "summary.csv",
    "summary.md",
    "series.parquet",
    "reported.csv",
    "nights.csv",
    "end_state.parquet",
)


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with the scenario in it."""
    shutil.copy(TINY, tmp_path / "tiny.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments], prog_name="sim")


def play(*arguments: object) -> Result:
    """Run the small scenario the quickest way."""
    return invoke("run", "tiny.yaml", "--replications", 2, "--workers", 1, "--no-pictures", *arguments)


def start(*arguments: str, at: Path, **options: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": at, "env": environment}
    return subprocess.Popen([sys.executable, "-m", "sim", *arguments], **{**pipes, **options})  # type: ignore[call-overload,no-any-return]


def finish(*arguments: str, at: Path) -> tuple[int, str, str]:
    with start(*arguments, at=at) as process:
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err


def data(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in DATA}


HOSTILE = "b\x1b]0;title\x07\x1b[31m"


@pytest.mark.usefixtures("at")
def test_no_name_of_a_file_reaches_the_terminal_with_its_control_characters() -> None:
    shutil.copy("tiny.yaml", f"{HOSTILE}.yaml")
    Path("damaged").mkdir()
    Path(f"damaged/{HOSTILE}.yaml").write_text("name: 3\ncrossings: {}\n", encoding="utf-8")
    calls = [
        ["run", f"{HOSTILE}.yaml", "--replications", "1", "--workers", "1", "--no-pictures", "--out", HOSTILE],
        ["compare", f"{HOSTILE}.yaml", f"{HOSTILE}2.yaml"],
        ["sweep", f"{HOSTILE}.yaml", "--over", "seed=1"],
        *([verb, f"{HOSTILE}.yaml"] for verb in ("check", "audit", "calibrate", "validate")),
        ["copy", f"{HOSTILE}.yaml", f"{HOSTILE}-copy"],
        ["rerun", HOSTILE],
        ["catalogue", "damaged"],
        ["run", "tiny.yaml", HOSTILE],
    ]
    for call in calls:
        result = CliRunner().invoke(commands, call, prog_name="sim", color=True)
        assert "]0;title" in result.output, call
        assert not any(raw in result.output for raw in ("\x1b]", "\x07", "\x1b[31m")), call


# help, version, mistakes of the command line


def test_help_shows_verbs_and_examples() -> None:
    text = invoke("--help").stdout
    assert all(verb in text for verb in ("run", "rerun", "check", "schema", "sources", "completion", "Examples:"))
    assert invoke("-h").stdout == text
    for verb in ("run", "rerun", "catalogue", "check", "schema", "sources", "completion"):
        assert invoke(verb, "--help").exit_code == 0


def test_version() -> None:
    assert invoke("--version").stdout == f"sim, version {sim.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["chek"], "there is no verb 'chek'; did you mean 'check'?"),
        (
            ["fly"],
            "there is no verb 'fly'; the verbs are audit, backtest, calibrate, catalogue, check, compare, completion, "
            "copy, import, nowcast, report, rerun, run, schema, serve, sources, sweep, tour, validate",
        ),
        (["run"], "Missing argument 'SCENARIO'"),
        (["run", "x", "--replicatoins", "3"], "No such option '--replicatoins'"),
        (["run", "x", "--replications", "0"], "0 is not in the range"),
        (["run", "x", "--precision", "5 km"], "'km' is a unit of length; expected a share such as '40 %'"),
        (["run", "x", "--precision", "120%"], "must be above 0 and below 100 %, such as 5%; got 120%"),
        (["run", "x", "--engine", "simpy"], "'simpy' is not"),
        (["run", "x", "--quiet", "--json"], "--quiet and --json exclude each other"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(arguments: list[str], sentence: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_that_asks_sim(shell: str) -> None:
    assert f"_SIM_COMPLETE={shell}_complete" in invoke("completion", shell).stdout


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["check", "tiny.yaml"], ["completion", "bash"]])
def test_start_up_is_light(arguments: list[str], at: Path) -> None:
    code = f"""
import sys
sys.argv = ["sim", *{arguments!r}]
from sim.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
heavy = {{"numpy", "scipy", "matplotlib", "simpy", "pyarrow", "numba", "rich"}} & set(sys.modules)
assert not heavy, heavy
assert "--help" not in sys.argv or "pydantic" not in sys.modules
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=at, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# run


@pytest.mark.slow
def test_a_run_without_pictures_does_not_load_matplotlib(at: Path) -> None:
    words = ["sim", "run", "tiny.yaml", "--replications", "1", "--no-pictures", "--quiet"]
    code = f"import sys; sys.argv = {words!r}; from sim.cli import main\ntry: main()\nfinally: print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=at, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "numba" in done.stdout.split()
    assert "matplotlib" not in done.stdout.split()


@pytest.mark.slow
def test_run_prints_a_table_and_where_the_results_are(at: Path) -> None:
    code, out, err = finish("run", "tiny.yaml", "--replications", "2", at=at)
    assert code == 0, err
    lines = out.splitlines()
    assert lines[-1].startswith("Results are in results/tiny/")
    folder = at / lines[-1].removeprefix("Results are in ")
    assert max(map(len, lines[:-2])) <= 80
    assert "Reported and modelled" in out
    assert err.splitlines() == ["reading tiny.yaml ...", "playing tiny: 2 replications ..."]
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {*DATA, "provenance.json", "pictures/poster.png"} <= names
    assert not [name for name in names if name.endswith(".svg")]
    said = json.loads((folder / "provenance.json").read_text())
    assert set(said["files"]) == names - {"provenance.json"}
    assert said["command_line"] == "sim run tiny.yaml --replications 2"
    assert (said["source"], said["seed"], said["replications"], said["engine"]) == ("tiny.yaml", 5, 2, "compiled")
    assert [path.name for path in (at / "results" / "tiny").iterdir()] == [folder.name]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_on_any_number_of_workers(at: Path) -> None:
    assert play("--out", "one", "--quiet").stdout == "one\n"
    assert play("--out", "two", "--workers", 2, "--quiet").stdout == "two\n"
    assert play("--out", "other", "--seed", 6, "--quiet").exit_code == 0
    assert data(at / "one") == data(at / "two")
    assert data(at / "one")["series.parquet"] != data(at / "other")["series.parquet"]


def test_quiet_prints_the_new_folder_and_nothing_else(at: Path) -> None:
    first, second = play("--quiet"), play("--quiet")
    assert first.stderr == second.stderr == ""
    assert first.stdout != second.stdout
    for result in (first, second):
        assert (at / result.stdout.rstrip("\n") / "summary.csv").is_file()


@pytest.mark.slow
def test_json_is_one_document(at: Path) -> None:
    code, out, _ = finish("run", "tiny.yaml", "--replications", "1", "--json", "--no-pictures", "--out", "o", at=at)
    document = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert code == 0
    assert document["folder"] == "o"
    crossed = [row for row in document["headline"] if row["quantity"] == "crossed_people" and row["scope"] == "all"]
    assert crossed[0]["mean"] > 100
    assert crossed[0]["low"] is None
    assert crossed[0]["at_least"] is False
    assert document["interval_includes"] == crossed[0]["interval_includes"] == "chance only"
    assert [row["id"] for row in document["reported"]] == ["queue_at_noon"]


def test_changes_are_in_the_resolved_scenario_and_in_the_results(at: Path) -> None:
    play("--out", "base")
    result = play("--out", "more", "--intervene", "more_booths", "--set", "stations.exit_control.staffing=3")
    assert result.exit_code == 0, result.stderr
    said = json.loads((at / "more" / "provenance.json").read_text())
    assert (said["sets"], said["interventions"]) == (["stations.exit_control.staffing=3"], ["more_booths"])
    assert data(at / "base")["summary.csv"] != data(at / "more")["summary.csv"]
    assert invoke("check", "more/scenario.yaml").exit_code == 0
    assert invoke("rerun", "more", "--workers", 1).exit_code == 0


def test_older_results_stay(at: Path) -> None:
    play("--out", "out")
    before = data(at / "out")
    result = play("--out", "out", "--seed", 6)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].endswith(
        "out: already contains files; choose another folder (nothing was changed)"
    )
    assert data(at / "out") == before
    assert sorted(path.name for path in at.iterdir()) == ["out", "tiny.yaml"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "tiny.yaml", "--out", "tiny.yaml"], "is a file; choose a folder that does not exist"),
        (["run", "tiny.yaml", "--out", "tiny.yaml/below"], "cannot be written: "),
        (["run", "tiny.yaml", "--out", "x" * 300], "cannot be written: file name too long"),
        (["run", "absent.yaml"], "absent.yaml: "),
        (["run", "tiny.yaml", "--set", "seed=-3"], "seed"),
        (["run", "tiny.yaml", "--intervene", "more_boots"], "did you mean 'more_booths'?"),
        (["rerun", "absent"], "absent: there is no such folder"),
        (["rerun", "."], "is not a result folder; it has no provenance.json"),
    ],
)
def test_a_problem_is_one_sentence_and_leaves_nothing(arguments: list[str], sentence: str, at: Path) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert [path.name for path in at.iterdir()] == ["tiny.yaml"]


# rerun


@pytest.mark.slow
@pytest.mark.usefixtures("at")
def test_rerun_finds_the_same_bytes_records_and_replications_included() -> None:
    play("--out", "out", "--records", "--replicates")
    result = invoke("rerun", "out", "--workers", 2)
    assert result.exit_code == 0, result.output
    kept = ("replications.parquet", "series_replications.parquet", "reported_replications.parquet")
    files = [
        *DATA,
        *kept,
        *(f"{name}/replication={n:04d}.parquet" for name in ("records", "staffing") for n in range(2)),
    ]
    assert sorted(result.stdout.splitlines()[:-1]) == sorted(f"{name}: same" for name in files)
    assert result.stdout.splitlines()[-1] == "The bytes are the same."


def test_a_run_starts_from_the_folder_of_another_and_is_repeated_without_it(at: Path) -> None:
    play("--out", "friday")
    sets = ["start_from=friday", "initial_queue=null", "clock.start=2022-09-21T18:00", "clock.horizon=2022-09-22"]
    arguments = [part for text in sets for part in ("--set", text)]
    result = play("--out", "saturday", *arguments, "--replications", 4)
    assert result.exit_code == 0, result.stderr
    assert "The 4 replications start from 2 end states of the earlier run, in turn." in result.stdout
    at_the_end, at_the_start = (parties(at / name / "summary.csv", word) for name, word in WORDS)
    assert at_the_start == at_the_end > 10
    shutil.rmtree("friday")
    assert invoke("rerun", "saturday", "--workers", 1).exit_code == 0


WORDS = (("friday", "unfinished_parties"), ("saturday", "initial_parties"))


def parties(summary: Path, quantity: str) -> float:
    """Return the mean of a total of all parties."""
    with summary.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if (row["quantity"], row["scope"]) == (quantity, "all")]
    return float(rows[0]["mean"])


def test_rerun_says_what_was_changed_or_lost_since(at: Path) -> None:
    play("--out", "out")
    scenario = at / "out" / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("rate: 25/h", "rate: 26/h"))
    (at / "out" / "reported.csv").unlink()
    result = invoke("rerun", "out", "--workers", 1)
    assert result.exit_code == 1
    note, *lines = result.stdout.splitlines()
    assert note.startswith("Note: the means in summary.csv differ by ")
    assert lines == [
        "end_state.parquet: differs",
        "nights.csv: differs",
        "reported.csv: missing",
        "scenario.yaml: changed since the run",
        "series.parquet: differs",
        "summary.csv: differs",
        "summary.md: differs",
        "The results are not the same.",
    ]


@pytest.mark.usefixtures("at")
def test_rerun_says_first_that_the_version_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    play("--out", "out")
    monkeypatch.setattr(about, "__version__", "99")
    first = invoke("rerun", "out", "--workers", 1).stdout.splitlines()[0]
    assert first == f"Note: the results are from version {sim.__version__}; this is 99."


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"calibration": "c.yaml", "method": "m"}, "a calibration"),
        ({"calibration": "c.yaml"}, "an audit"),
        ({"calibration": "c.yaml", "forecasts": []}, "a validation"),
        ({"scenarios": [], "engine": "compiled", "replications": 6, "seed": 1}, "a comparison"),
        ({"points": 3, "replications": 6, "seed": 1}, "a sweep"),
    ],
)
def test_rerun_of_another_command_names_that_command(more: dict[str, object], kind: str, at: Path) -> None:
    (at / "out").mkdir()
    told = {"files": {}, "command_line": "sim audit c.yaml", **more}
    (at / "out" / "provenance.json").write_text(json.dumps(told))
    result = invoke("rerun", "out")
    assert result.exit_code == 2
    sentence = f"out: is the folder of {kind}, not of a run; repeat its command: sim audit c.yaml"
    assert result.stderr.splitlines()[-1] == sentence


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"files": {}}', '{"files": {}, "replications": "2"}', "\0", "[" * 9999]
)
def test_a_damaged_provenance_is_one_sentence(text: str, at: Path) -> None:
    (at / "out").mkdir()
    (at / "out" / "provenance.json").write_text(text)
    result = invoke("rerun", "out")
    assert result.exit_code == 2
    assert "provenance.json: is damaged: " in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"replications": 10**15}, "replications must be a whole number from 1 to 1,000,000; got 1000000000000000"),
        ({"engine": ["x"]}, "there is no engine"),
        ({"files": {"x" * 300: "d"}}, "no file of a result folder is called 'xxx"),
        ({"files": {"a\0b": "d"}}, r"no file of a result folder is called 'a\x00b'"),
        ({"files": {"../a": "d"}}, "no file of a result folder is called '../a'"),
        ({"sets": "seed=1"}, "sets must be a list of texts; got 'seed=1'"),
        ({"interventions": [1]}, "interventions must be a list of texts; got "),
        ({"records": "no"}, "records must be true or false; got 'no'"),
        ({"posterior": "x"}, "posterior must be true or false; got 'x'"),
        ({"posterior": None}, "posterior must be true or false; got nothing"),
    ],
)
def test_an_impossible_provenance_is_one_sentence(told: dict[str, object], says: str, at: Path) -> None:
    whole = {
        "version": "1",
        "code": "c",
        "seed": 1,
        "replications": 2,
        "engine": "compiled",
        "records": False,
        "files": {},
    }
    (at / "out").mkdir()
    (at / "out" / "provenance.json").write_text(json.dumps(whole | told))
    result = invoke("rerun", "out")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(f"out/provenance.json: is damaged: {says}")


def test_rerun_says_which_libraries_and_how_large_the_differences_are(at: Path) -> None:
    play("--out", "out", "--quiet")
    path, summary = at / "out" / "provenance.json", at / "out" / "summary.csv"
    said = json.loads(path.read_text())
    head, first, *rest = summary.read_text().splitlines()
    cells = first.split(",")
    cells[4] = repr(float(cells[4]) * 2)
    summary.write_text("\n".join([head, ",".join(cells), *rest]) + "\n")
    said["libraries"]["numpy"] = "0.1"
    said["files"]["summary.csv"] = hashlib.sha256(summary.read_bytes()).hexdigest()
    path.write_text(json.dumps(said))
    lines = invoke("rerun", "out").stdout.splitlines()
    assert lines[0].startswith("Note: the results are from other versions of libraries: numpy 0.1 (now ")
    assert lines[1] == "Note: the means in summary.csv differ by 50 % at most."
    assert lines[-1] == "The results are not the same."


# being stopped


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_ends_and_leaves_nothing(workers: str, sent: signal.Signals, code: int, at: Path) -> None:
    arguments = ["run", "tiny.yaml", "--replications", "10000", "--workers", workers, "--out", "out", "--records"]
    with start(*arguments, at=at) as process, ending(process):
        records = wait_for_records(at)
        assert not (at / "out").exists()
        process.send_signal(sent)
        process.send_signal(sent)  # people press twice
        _, err = process.communicate(timeout=300)
    assert process.returncode == code
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "stopped; nothing was written"
    assert [path.name for path in at.iterdir()] == ["tiny.yaml"], records


@contextmanager
def ending(process: subprocess.Popen[str]) -> Iterator[None]:
    """Kill a process that is still there when a test fails, which would otherwise wait for it."""
    try:
        yield
    finally:
        process.kill()


def wait_for_records(at: Path) -> list[Path]:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if found := list(at.glob(".out.partial-*/records/replication=*.parquet")):
            return found
        time.sleep(0.02)
    raise AssertionError("no replication was ever played")


def test_a_reader_that_goes_away_is_no_error(at: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with start("schema", at=at, stdout=writing) as process:
        os.close(writing)
        _, err = process.communicate(timeout=300)
    assert err == ""


def test_a_stop_that_a_library_swallowed_is_heard_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = cli_signals._Stop(KeyboardInterrupt())
    monkeypatch.setattr(cli_signals, "_stops", (stop,))
    cli_signals.raise_pending()
    with pytest.raises(KeyboardInterrupt):
        stop(signal.SIGINT, None)
    stop(signal.SIGINT, None)  # pressed twice
    with pytest.raises(KeyboardInterrupt):
        cli_signals.raise_pending()
