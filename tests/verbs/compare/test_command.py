"""The verb `compare` as a user meets it."""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from sim import store
from sim.cli import commands

ROOT = Path(__file__).parents[3]
TINY = str(ROOT / "tests" / "tiny.yaml")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["compare", *arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("compare") / "out"
    return out, invoke(TINY, "+more_booths", TINY, "--replications", "4", "--out", str(out))


@pytest.mark.slow
def test_a_table_sentences_and_a_folder(folder: tuple[Path, Result]) -> None:
    out, result = folder
    assert result.exit_code == 0, result.output
    for words in ("Differences from tiny", "more booths", "↑ more", "Who gains and who loses with more booths",
                  "Best with 95 % confidence, by the highest people across", f"Results are in {out}"):  # fmt: skip
        assert words in " ".join(result.output.split()), words
    assert max(map(len, result.output.splitlines())) <= 80 + len(str(out))
    assert "…" not in result.output
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    pictures = {name for name in names if name.startswith("pictures/")}
    assert names - pictures == {
        "comparison.csv", "comparison.parquet", "groups.csv", "groups.parquet", "replications.parquet",
        "series.parquet", "waits.parquet", "reported.csv", "ranking.csv", "summary.md", "provenance.json",
        "scenarios/tiny.yaml", "scenarios/more_booths.yaml", "scenarios/tiny_2.yaml",
    }  # fmt: skip
    assert len(pictures) == 7


def test_tables_agree_with_each_other(folder: tuple[Path, Result]) -> None:
    out, _ = folder
    with (out / "comparison.csv").open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["scenario"] == "more_booths"]
    row = next(row for row in rows if (row["quantity"], row["scope"]) == ("crossed_people", "all"))
    table = parquet.read_table(out / "replications.parquet").to_pydict()
    names = zip(table["scenario"], table["quantity"], table["scope"], strict=True)
    values: dict[str, list[float]] = {}
    for (scenario, quantity, scope), value in zip(names, table["value"], strict=True):
        if (quantity, scope) == ("crossed_people", "all"):
            values.setdefault(scenario, []).append(value)
    differences = np.subtract(values["more_booths"], values["tiny"])
    assert float(row["difference"]) == pytest.approx(differences.mean())
    assert row["verdict"] == "more"
    waits = store.read_table(out / "waits.parquet")
    assert (np.diff(waits["share"].reshape(-1, 240)) >= 0).all()


def test_the_provenance_names_every_file_and_scenario(folder: tuple[Path, Result]) -> None:
    out, _ = folder
    document = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
    assert [each["label"] for each in document["scenarios"]] == ["tiny", "more_booths", "tiny_2"]
    assert document["files"] == store.digests(out, leave_out="provenance.json")
    assert (document["seed"], document["replications"]) == (5, 4)


@pytest.mark.slow
def test_the_same_command_gives_the_same_bytes(folder: tuple[Path, Result], tmp_path: Path) -> None:
    out, _ = folder
    again = tmp_path / "again"
    arguments = (TINY, "+more_booths", TINY, "--replications", "4", "--workers", "2", "--quiet", "--no-pictures")
    result = invoke(*arguments, "--out", str(again))
    assert result.output.splitlines()[-1] == str(again)
    one, two = (store.digests(each, leave_out="provenance.json") for each in (out, again))
    assert two == {name: digest for name, digest in one.items() if not name.startswith("pictures/")}


def test_json_is_one_document(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    result = invoke(TINY, "+more_booths", "--replications", "2", "--json", "--no-pictures", "--out", out,
                    "--best", "wait_mean", "--scope", "car")  # fmt: skip
    document = json.loads(result.stdout)
    assert document["ranking"][0]["order"][0] == "more_booths"
    assert {"scenario", "quantity", "difference", "low", "high", "percent", "saved"} <= set(document["differences"][0])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((TINY, "nowhere.yaml"), "nowhere.yaml"),
        ((TINY, "+nothing"), "unknown intervention 'nothing'"),
        ((TINY, "+more_booths", "--best", "wait", "--replications", "1"), "there is no measure 'wait'"),
        ((TINY, "+more_booths", "--quiet", "--json"), "exclude each other"),
        ((TINY,), "Missing argument 'OTHER"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(arguments: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    result = invoke(*arguments, "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_the_commands_of_the_page_are_understood() -> None:
    page = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    (sim compare .*)$", page, re.MULTILINE)
    assert len(lines) > 2
    for line in lines:
        context = commands.commands["compare"].make_context("compare", shlex.split(line)[2:])
        assert (ROOT / "scenarios" / f"{context.params['base'].split('+')[0]}.yaml").is_file()


@pytest.mark.slow
def test_a_total_to_rank_by_that_is_not_there_is_told_after_the_first_replication(tmp_path: Path) -> None:
    wrong = (("--best", "crossed_peple"), ("--best", "wait_mean", "--scope", "bus"))
    for options in wrong:
        result = invoke(TINY, "+more_booths", "--replications", "100000", "--out", str(tmp_path / "out"), *options)
        assert result.exit_code == 2
        assert "there is no measure 'crossed_peple'" in result.output or "has no scope 'bus'" in result.output


def test_the_base_must_be_a_file(tmp_path: Path) -> None:
    result = invoke("+more_booths", TINY, "--out", str(tmp_path / "out"))
    assert (result.exit_code, "the first scenario is the base and must be a file" in result.output) == (2, True)


def test_help_stays_light() -> None:
    code = (
        "import sys; sys.argv = ['sim', 'compare', '--help']; "
        "from sim.cli import commands; commands(standalone_mode=False)"
    )
    heavy = "heavy = {'scipy', 'matplotlib', 'numba', 'simpy', 'pyarrow'} & set(sys.modules); assert not heavy, heavy"
    subprocess.run([sys.executable, "-c", f"{code}; {heavy}"], check=True, capture_output=True, cwd=ROOT)
