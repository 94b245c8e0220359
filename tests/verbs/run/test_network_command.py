"""The verbs `run` and `compare` with a network, as a user meets them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sim.cli import commands

NETWORK = str(Path(__file__).parents[2] / "plotting" / "network.yaml")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(commands, [*arguments, "--replications", "2"])


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.slow
def test_a_run_has_flows_pictures_and_can_be_played_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = invoke("run", NETWORK, "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "What became of people, by origin" in result.stdout
    assert {"network.png", "flows.png"} <= {path.name for path in out.glob("pictures/*")}
    assert set(rows(out / "flows.csv")[0]) == {"origin", "crossing", "end", "mean", "p05", "p95", "low", "high"}
    again = CliRunner().invoke(commands, ["rerun", str(out)])
    assert again.exit_code == 0, again.output
    assert "flows.csv: same" in again.output


@pytest.mark.slow
def test_the_page_names_every_column_and_end(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "network.md").read_text(encoding="utf-8")
    assert invoke("run", NETWORK, "--out", str(tmp_path / "r"), "--no-pictures").exit_code == 0
    assert invoke("compare", NETWORK, "+pass_closed", "--out", str(tmp_path / "c"), "--no-pictures").exit_code == 0
    ran, compared = rows(tmp_path / "r" / "flows.csv"), rows(tmp_path / "c" / "flows.csv")
    for name in {*ran[0], *compared[0], *(row["end"] for row in (*ran, *compared))}:
        assert f"`{name}`" in page, name


@pytest.mark.slow
def test_quiet_and_json_stay_for_programs(tmp_path: Path) -> None:
    quiet = invoke("run", NETWORK, "--out", str(tmp_path / "a"), "--quiet", "--no-pictures")
    assert quiet.stdout == f"{tmp_path / 'a'}\n"
    document = json.loads(invoke("run", NETWORK, "--out", str(tmp_path / "b"), "--json", "--no-pictures").stdout)
    crossed = [row for row in document["flows"] if row["end"] == "crossed"]
    assert len(crossed) == 2 * 4
    assert sum(row["mean"] for row in crossed) > 10_000


@pytest.mark.slow
def test_a_comparison_says_where_the_diverted_went(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = invoke("compare", NETWORK, "+pass_closed", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) <= 80 + len(str(out))
    assert "diverted.png" in {path.name for path in out.glob("pictures/*")}
    found = {(row["base_crossing"], row["base_end"], row["crossing"], row["end"]): row for row in
             rows(out / "flows.csv")}  # fmt: skip
    moved = found["mountain_pass", "across", "steppe_road", "across"]
    assert float(moved["low"]) > 0
    totals = {(row["crossing"], row["quantity"], row["scope"]): row for row in rows(out / "comparison.csv")}
    across = sum(float(row["mean"]) for key, row in found.items() if key[:2] == ("airport", "across"))
    base = [float(totals["airport", "crossed_people", f"from:{origin}"]["base"]) for origin in ("capital", "south")]
    assert across == pytest.approx(sum(base))
