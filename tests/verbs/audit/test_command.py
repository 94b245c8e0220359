"""`sim audit` as people and scripts meet it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sim.cli import commands

ROOT = Path(__file__).parents[3]
FILE = ROOT / "calibration" / "verkhny_lars.yaml"


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def audit(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["audit", str(FILE), *map(str, arguments)], prog_name="sim")


@pytest.mark.slow
def test_sentences_table_and_folder(at: Path) -> None:
    result = audit("--svg")
    assert result.exit_code == 0
    assert "imply 62/h through the main queue" in " ".join(result.stdout.split())
    (folder,) = (at / "results" / "verkhny_lars").iterdir()
    assert result.stdout.endswith(f"Results are in {folder.relative_to(at)}\n")
    assert {path.name for path in folder.iterdir()} == {
        "sentences.md", "audit.csv", "audit.png", "audit.svg", "provenance.json",
    }  # fmt: skip
    provenance = json.loads((folder / "provenance.json").read_text())
    assert provenance["calibration"] == str(FILE)
    assert set(provenance["files"]) == {"sentences.md", "audit.csv", "audit.png", "audit.svg"}


@pytest.mark.slow
def test_quiet_csv_and_json(at: Path) -> None:
    assert audit("--quiet", "--no-pictures", "--out", "one").stdout == "one\n"
    assert audit("--csv", "--no-pictures", "--out", "two").stdout == (at / "one" / "audit.csv").read_text()
    document = json.loads(audit("--json", "--no-pictures", "--out", "three").stdout)
    assert document["folder"] == "three"
    assert {finding["verdict"] for finding in document["findings"]} <= {"together", "only if", "not together"}
    assert (at / "one" / "sentences.md").read_bytes() == (at / "three" / "sentences.md").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["audit", "none.yaml"], "none.yaml: there is no such file"),
        (["audit", str(FILE), "--json", "--csv"], "--quiet, --json and --csv exclude each other"),
        (["audit"], "Missing argument 'CALIBRATION'"),
    ],
)
def test_a_mistake_is_one_sentence(at: Path, arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(commands, arguments, prog_name="sim")
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.output
    assert list(at.iterdir()) == []


def test_a_folder_that_holds_files_is_left_alone(at: Path) -> None:
    (at / "full").mkdir()
    (at / "full" / "mine").write_text("mine")
    result = audit("--out", "full")
    assert (result.exit_code, "already contains files" in result.stderr) == (2, True)
    assert [path.name for path in (at / "full").iterdir()] == ["mine"]


@pytest.mark.slow
@pytest.mark.usefixtures("at")
def test_the_model_is_not_run() -> None:
    code = (
        "import sys; from sim.cli import commands\n"
        f"commands(['audit', {str(FILE)!r}, '--quiet', '--no-pictures'], standalone_mode=False)\n"
        "print({'numba', 'simpy', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.usefixtures("at")
def test_a_series_takes_part_as_its_mean() -> None:
    series = ROOT / "calibration" / "sample_port.yaml"
    result = CliRunner().invoke(commands, ["audit", str(series), "--no-pictures"], prog_name="sim")
    assert result.exit_code == 0
    assert "waits_first_week (docs/sample_data): 672 points take part as their mean" in result.stdout
