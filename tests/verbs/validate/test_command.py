"""The command `sim validate`: what it prints, writes and puts on a page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pyarrow import parquet

import sim
from sim import store
from sim.cli import commands
from sim.errors import SimError
from sim.play.request import Request
from sim.scenario.text.load_calibration import read_calibration
from sim.verbs.validate.page import with_section
from sim.verbs.validate.study import MODEL, validate
from sim.verbs.validate.words import notes
from tests.verbs.calibrate.small_calibration import ROOT, row

FILES = {"figures.csv", "forecasts.csv", "summary.md", "reported_replications.parquet", "provenance.json"}


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A calibration of a small post without parameters: one figure is fitted, three are for validation."""
    monkeypatch.chdir(tmp_path)
    scenario = f"extends: {ROOT / 'tests' / 'verification' / 'recovery.yaml'}\ncalibrated: post_fitted.yaml\n"
    (tmp_path / "post.yaml").write_text(scenario, encoding="utf-8")
    values = {
        "surge": {"value": 40, "low": 30, "high": 50, "unit": "/h"},
        "service": {"value": 5, "low": 4, "high": 6, "unit": "min"},
        "leaving": {"value": 1, "low": 0.5, "high": 2},
    }
    fitted = {"calibration": "c.yaml", "date": "2026-01-01", "version": "0", "posterior": "post.parquet"}
    (tmp_path / "post_fitted.yaml").write_text(json.dumps(fitted | {"values": values}), encoding="utf-8")
    sample = {"surge": [30.0, 40.0, 50.0], "service": [5.0, 4.5, 5.5], "leaving": [1.0, 1.0, 1.0]}
    store.write_table(tmp_path / "post.parquet", {name: np.array(column) for name, column in sample.items()})
    prior = {"family": "lognormal", "median": 40, "spread": 0.4}
    parameters = {
        "surge": {"unit": "/h", "label": "cars", "reason": "made up", "prior": prior},
        "service": {"unit": "min", "label": "time", "reason": "made up", "prior": prior | {"median": 5}},
        "leaving": {"label": "leaving", "reason": "made up", "prior": prior | {"median": 1}},
    }
    tree = {
        "scenario": "post.yaml",
        "observation": {"spread": {"press": 0.2}, "discrepancy": 0.1},
        "parameters": parameters,
        "reported": [
            row("fitted", "queue", 300),
            row("held_back", "queue", 320, status="validation"),
            row("bound", "quoted_wait", "1 h", qualifier="at least", status="validation", seen_before=True),
            row(
                "later", "queue", 200, **{"from": "2022-09-21T20:00", "until": "2022-09-21T22:00"}, status="validation"
            ),
            row("rejected", "queue", 9, status="rejected"),
        ],
    }
    path = tmp_path / "post_calibration.yaml"
    path.write_text(json.dumps(tree), encoding="utf-8")
    (tmp_path / "first_scores.csv").write_text(
        "id,version,mean,low,high,comparable,note\nheld_back,0.0.1,900,800,1000,yes,by hand\n", encoding="utf-8"
    )
    return path


def invoke(*arguments: str):
    return CliRunner().invoke(commands, ["validate", *arguments, "--replications", "3"])


def test_figures_held_back_are_scored_and_no_others(described: Path) -> None:
    done = invoke(str(described), "--json", "--no-pictures", "--out", "out")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert [figure["id"] for figure in document["figures"]] == ["held_back", "bound", "later"]
    assert [figure["status"] for figure in document["figures"]] == [
        "validation", "validation, seen before", "validation",
    ]  # fmt: skip
    held_back, bound, later = document["figures"]
    assert held_back["first"]["mean"] == 900
    assert "last value" not in held_back["forecasts"]  # nothing is earlier
    assert later["naive"]["last value"] in (300, 320)
    assert bound["forecasts"]["model"]["error_factor"] >= 1
    assert {path.name for path in (described.parent / "out").iterdir()} == FILES
    own = parquet.read_table(described.parent / "out" / "reported_replications.parquet")
    assert own.column_names == ["replication", "held_back", "bound", "later"]
    assert own.num_rows == 3
    assert len(set(own["held_back"].to_pylist())) == 3  # every replication has its own parameters
    provenance = json.loads((described.parent / "out" / "provenance.json").read_text())
    assert set(provenance["files"]) == FILES - {"provenance.json"}


@pytest.mark.slow
def test_the_same_call_gives_the_same_scores_for_any_number_of_processes(described: Path) -> None:
    one, two = (sim.validate(described, replications=4, workers=workers) for workers in (1, 2))
    assert np.array_equal(one.validation.observed, two.validation.observed)
    assert one.validation.rows[0].scores == two.validation.rows[0].scores
    assert "figures that no fit has used" in repr(one)


def test_fitted_figures_are_scored_only_on_request_and_apart(described: Path) -> None:
    validation = sim.validate(described, replications=2, everything=True).validation
    assert [row.status for row in validation.rows if row.target.fitted] == ["fitted"]
    assert (validation.overall(MODEL).rows, validation.overall(MODEL, fitted=True).rows) == (3, 1)


@pytest.mark.parametrize("listed", [(), ("fitted", "late"), ("fitted",)])
def test_figures_that_the_posterior_was_fitted_to_are_not_scored(described: Path, listed: tuple[str, ...]) -> None:
    """A fit up to a later date, or to a figure that is now held back; without a list it used all figures in use."""
    evening = {"from": "2022-09-21T20:00", "until": "2022-09-21T22:00"}
    tree = json.loads(described.read_text())
    tree["reported"].append(row("late", "queue", 200, **evening))
    described.write_text(json.dumps({**tree, "known_until": "2022-09-21T20:00"}))
    fitted = json.loads(described.with_name("post_fitted.yaml").read_text())
    described.with_name("post_fitted.yaml").write_text(json.dumps({**fitted, "figures": listed}))
    validation = sim.validate(described, replications=2).validation
    status = {row.target.row.id: row.status for row in validation.rows}
    if listed == ("fitted",):
        assert status.pop("late") == "after the fit"
    assert set(status) == {"held_back", "bound", "later"}
    warned = [note for note in notes(validation) if "The posterior was fitted to late" in note]
    assert len(warned) == (listed != ("fitted",))


def test_the_page_keeps_what_stands_around_the_section(described: Path) -> None:
    page = described.with_name("page.md")
    page.write_text("# Ours\n\nBefore.\n", encoding="utf-8")
    assert invoke(str(described), "--page", "page.md", "--quiet").exit_code == 0
    first = page.read_text(encoding="utf-8")
    assert first.startswith("# Ours\n\nBefore.\n\n<!-- validation of post_calibration -->\n## ")
    assert "first score (0.0.1)" in first
    assert (described.parent / "page" / "post_calibration.png").stat().st_size > 10_000
    page.write_text(first.replace("Before.", "Still here.") + "\nAfter.\n", encoding="utf-8")
    assert invoke(str(described), "--page", "page.md", "--quiet").exit_code == 0
    second = page.read_text(encoding="utf-8")
    assert second == first.replace("Before.", "Still here.") + "\nAfter.\n"


@pytest.mark.parametrize(("name", "says"), [("docs", "is a folder"), ("page", "has no ending"), ("post.yaml/p.md", "")])
def test_a_page_that_cannot_be_written_is_told_before_anything_is_played(described: Path, name: str, says: str) -> None:
    (described.parent / "docs").mkdir()
    before = sorted(described.parent.rglob("*"))
    done = invoke(str(described), "--page", name, "--quiet")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"--page {name}: {says}")
    assert sorted(described.parent.rglob("*")) == before


def test_a_page_with_broken_marks_is_refused() -> None:
    with pytest.raises(SimError, match=r"p\.md: expected '<!-- validation of a -->' once"):
        with_section("<!-- validation of a -->\n", "a", "text", Path("p.md"))


def test_nothing_to_score_is_one_sentence(described: Path) -> None:
    tree = json.loads(described.read_text())
    tree["reported"] = [row for row in tree["reported"] if row.get("status") != "validation"]
    described.write_text(json.dumps(tree))
    done = invoke(str(described))
    assert done.exit_code == 2
    assert "no figure to score" in done.stderr


def test_without_a_posterior_of_its_parameters_nothing_is_played(described: Path) -> None:
    store.write_table(described.with_name("post.parquet"), {"surge": np.array([30.0])})
    done = invoke(str(described))
    assert done.exit_code == 2
    assert "sim calibrate --update" in done.stderr


def test_the_table_is_read_in_80_columns(described: Path) -> None:
    done = invoke(str(described), "--no-pictures", "--all")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "…" not in done.stdout
    assert "(seen before)" in " ".join(done.stdout.split())
    assert "no test of it" in " ".join(done.stdout.split())


def test_the_figures_of_verkhny_lars_for_validation_are_all_there() -> None:
    rows = read_calibration(ROOT / "calibration" / "verkhny_lars.yaml", validation=True).calibration.reported
    assert sum(row.status == "validation" for row in rows) == 14


def test_a_series_is_left_out_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["validate", str(ROOT / "calibration" / "sample_port.yaml"), "--replications", "2", "--workers", "1"]
    result = CliRunner().invoke(commands, [*arguments, "--all", "--json", "--no-pictures"], prog_name="sim")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert {figure["id"] for figure in document["figures"]} == {"gave_up_first_week", "booths_busy"}
    (note,) = (note for note in document["notes"] if note.startswith("Series, which are not scored here: waits_first"))
    assert "`sim backtest" in note
    assert "--score" in note


def test_series_alone_are_refused_and_the_command_is_named() -> None:
    loaded = read_calibration(ROOT / "calibration" / "sample_port.yaml", validation=True)
    alone = replace(loaded, calibration=loaded.calibration.model_copy(update={"reported": ()}))
    with pytest.raises(SimError, match="has series alone; `sim backtest "):
        validate(alone, Request(replications=2))
