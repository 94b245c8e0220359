"""`sim nowcast` as people and scripts meet it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import sim
from sim.cli import commands
from sim.verbs.nowcast import plays
from sim.verbs.nowcast.readings import instant
from tests.verbs.nowcast.series import queue

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hours, values = queue(25, every=2.0)
    rows = [f"{instant(hour):%Y-%m-%dT%H:%MZ},{value:g}" for hour, value in zip(hours, values, strict=True)]
    Path("waits.csv").write_text("\n".join(["time,trucks_waiting", *rows]) + "\n")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["nowcast", "--seen", "waits.csv", *arguments], prog_name="sim")


def test_tables_picture_and_folder() -> None:
    result = run("--column", "trucks_waiting", "--ahead", "6h", "--out", "first")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("The column 'trucks_waiting' will be about ")
    assert "The column 'trucks_waiting' was" in " ".join(result.stdout.split())
    assert "6 h ahead, over the last" in " ".join(result.stdout.split())
    assert {path.relative_to("first").as_posix() for path in Path("first").rglob("*") if path.is_file()} == {
        "forecast.csv", "readings.csv", "samples.parquet", "scores.csv", "differences.csv", "provenance.json",
        "pictures/forecast.png",
    }  # fmt: skip


@pytest.mark.parametrize(("heading", "loaded"), [("queue", False), ("wait", True)])
def test_the_engine_is_loaded_only_for_plays(heading: str, loaded: bool) -> None:
    """An update whose plays are kept needs no engine, unless it must find out which waits the scenario has."""
    code = (
        "import sys; from sim.verbs.nowcast import kept_days; from sim.verbs.nowcast.plays import simulator_of; "
        f"kept_days.read('none'); simulator_of('sample_port', (), {heading!r}); print('numba' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout == f"{loaded}\n"


@pytest.mark.slow
def test_the_same_readings_give_the_same_bytes() -> None:
    for name in ("one", "two"):
        assert run("--out", name).exit_code == 0
    names = sorted(path.relative_to("one") for path in Path("one").rglob("*") if path.is_file())
    differing = [name for name in names if Path("one", name).read_bytes() != Path("two", name).read_bytes()]
    assert {str(name) for name in differing} <= {"provenance.json"}


def test_json_and_python_say_the_same() -> None:
    document = json.loads(run("--ahead", "4h", "--json", "--no-pictures").stdout)
    result = sim.nowcast("waits.csv", ahead="4h")
    assert "readings" in result.tables
    assert "Forecast of " in result._repr_html_()
    assert [row["median"] for row in document["forecast"]] == result.table("forecast")["median"]
    assert document["readings"] == 300
    assert document["notes"] == []
    assert "The column 'trucks_waiting' was" in repr(result)


@pytest.mark.slow
def test_stored_forecasts_are_scored_when_the_truth_has_come() -> None:
    for day in range(5, 15):
        for hour in (0, 8, 16):
            now = f"2025-12-{day:02d} {hour:02d}:00"
            stored = run("--now", now, "--ahead", "6h", "--no-pictures", "--quiet", "--out", f"stored/{day}-{hour}")
            assert stored.exit_code == 0, stored.output
    result = run("--score", "stored", "--out", "board")
    assert result.exit_code == 0, result.output
    assert "30 stored forecasts of trucks_waiting" in result.stdout
    page = Path("board/scoreboard.md").read_text()
    assert "| 6 h | blend | 30 |" in page
    board = json.loads(run("--score", "stored", "--json", "--out", "again").stdout)
    blend = next(row for row in board["scores"] if (row["lead"], row["forecast"]) == (6.0, "blend"))
    assert blend["error"] == pytest.approx(_error_by_hand(6.0))
    assert Path("board/scoreboard.csv").read_bytes() == Path("again/scoreboard.csv").read_bytes()


def test_stored_forecasts_are_scored_in_their_own_time_zone() -> None:
    rows = [line.replace("Z,", ",") for line in Path("waits.csv").read_text().splitlines()]
    Path("waits.csv").write_text("\n".join(rows) + "\n")
    noted = json.loads(run("--json", "--no-pictures", "--out", "noted").stdout)["notes"]
    assert noted == ["The time zone is unknown, so times are taken as UTC; give that of the readings with --zone."]
    made = run("--zone", "Europe/Kyiv", "--now", "2025-12-05 08:00", "--ahead", "6h", "--quiet", "--out", "stored/a")
    assert made.exit_code == 0, made.output
    result = run("--score", "stored", "--out", "board")
    assert "Local times are those of Europe/Kyiv, as in the forecasts." in " ".join(result.stdout.split())
    assert " ".join(result.stdout.split()).startswith("1 stored forecast of trucks_waiting, made at 5 Dec 08:00. ")
    assert "fewer than 8 at 2 h, 6 h ahead" in " ".join(result.stdout.split())
    board = json.loads(run("--score", "stored", "--json", "--out", "again").stdout)
    blend = next(row for row in board["scores"] if (row["lead"], row["forecast"]) == (6.0, "blend"))
    assert blend["number"] == 1
    truth = dict(line.split(",") for line in rows[1:])
    told = Path("stored/a/forecast.csv").read_text().splitlines()
    medians = dict(zip(told[0].split(","), told[-1].split(","), strict=True))
    assert medians["time"] == "2025-12-05T12:00:00Z"
    assert blend["error"] == pytest.approx(abs(float(medians["median"]) - float(truth["2025-12-05T14:00"])))
    wrong = run("--score", "stored", "--zone", "UTC")
    assert wrong.exit_code == 2
    assert "--zone UTC: the forecasts in stored were made in Europe/Kyiv" in wrong.output


def test_the_time_zone_is_that_of_the_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plays, "PLAYS", 20)
    Path("waits.csv").write_text("at,queue\n2025-04-25T14:00,9\n2025-04-25T15:00,10\n")
    arguments = ["nowcast", "sample_port", "--seen", "waits.csv", "--ahead", "1h", "--json", "--no-pictures"]
    document = json.loads(CliRunner().invoke(commands, arguments, prog_name="sim").stdout)
    assert (document["time_zone"], document["now"]) == ("Europe/Lisbon", "2025-04-25T14:00:00Z")
    assert "unknown" not in " ".join(document["notes"])
    assert sim.nowcast("waits.csv", "sample_port", ahead="1h").nowcast.seen.readings.zone == "Europe/Lisbon"


def _error_by_hand(lead: float) -> float:
    """Return the mean absolute error of the stored medians at a lead, from the CSV files."""
    truth = dict(line.split(",") for line in Path("waits.csv").read_text().splitlines()[1:])
    errors = []
    for path in Path("stored").rglob("forecast.csv"):
        head, *rows = (line.split(",") for line in path.read_text().splitlines())
        row = next(row for row in rows if float(row[head.index("lead_h")]) == lead)
        errors.append(abs(float(row[head.index("median")]) - float(truth[row[0][:16] + "Z"])))
    return float(np.mean(errors))


def test_watching_takes_up_new_rows_and_ends_with_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path("waits.csv").read_text().splitlines()
    Path("waits.csv").write_text("\n".join(whole[:100]) + "\n")
    half = [*whole[:101], whole[101][:9]]
    steps = iter([whole[:101], half, ["time,trucks_waiting"], whole[:101], whole[:102]])

    def meanwhile(_seconds: float) -> None:
        rows = next(steps, None)
        if rows is None:
            raise KeyboardInterrupt
        Path("waits.csv").write_text("\n".join(rows) + "\n")

    monkeypatch.setattr("sim.verbs.nowcast.command._pause", meanwhile)
    result = run("--ahead", "6h", "--watch", "60", "--no-pictures", "--quiet", "--out", "stored")
    assert result.exit_code == 130
    assert "has no rows" in result.stderr
    assert len(list(Path("stored").iterdir())) == 3
    board = run("--score", "stored", "--json")
    assert json.loads(board.stdout)["forecasts"] == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--ahead", "soon"], "expected a time"),
        (["--score", "nowhere"], "nowhere"),
        (["--score", "."], "has no stored forecast of trucks_waiting"),
        (["--column", "cars"], "there is no column 'cars'"),
        (["--now", "2001-01-01"], "0 usable readings"),
        (["--now", "2025-13-01"], "'2025-13-01' is no time; expected one such as 2025-04-25 18:00"),
    ],
)
def test_errors_are_one_sentence_and_exit_with_2(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output


def test_a_damaged_stored_forecast_is_said() -> None:
    assert run("--out", "stored", "--no-pictures").exit_code == 0
    Path("stored/samples.parquet").write_bytes(b"PAR1 nothing")
    result = run("--score", "stored")
    assert result.exit_code == 2
    assert "samples.parquet: is damaged" in result.output
