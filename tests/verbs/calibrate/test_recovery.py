"""Simulation-based calibration: simulated reports, resuming, the wrong model, and what is printed and written.

Whether ranks are uniform is checked in tests/verification/test_calibration.py on a small post, and on the real fit by
`sim calibrate verkhny_lars --recovery 200` (docs/verification.md).
"""

from __future__ import annotations

import csv
from dataclasses import replace
from math import inf
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from sim.cli import commands
from sim.measures.likelihood import targets
from sim.play.request import Request, silent
from sim.scenario.text.load_calibration import read_calibration
from sim.verbs.calibrate import recovery, recovery_tables
from sim.verbs.calibrate.recovery import Design, reports
from tests.play.heard import Heard
from tests.verbs.calibrate import synthetic_fit
from tests.verbs.calibrate.small_calibration import described

SPREAD = {"official_count": 0.1, "official_round": 0.2, "press": 0.35, "eyewitness": 0.5}
NO_OUTLIER = {"chance": 1e-9, "spread": 1}
FILES = {"recovery.csv", "ranks.csv", "recovery.md", "provenance.json"}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BANK": 128, "NOISE_POINTS": 16, "POINTS": 512, "ESS": 100.0, "RESAMPLED": 100}.items():
        monkeypatch.setattr(recovery, name, value)
    monkeypatch.setattr(recovery, "EFFORT", (60.0, 512))


def calibrate(*arguments: str):
    return CliRunner().invoke(commands, ["calibrate", *arguments, "--workers", "1", "--no-pictures"])


def test_simulated_reports_follow_the_observation_model() -> None:
    """Variance and covariance of 4,000 reports; each differs by more than 12 % once in a million choices of seeds."""
    calibration = synthetic_fit.calibration(
        observation={"spread": SPREAD, "discrepancy": 0.6, "shared": 0.7, "fades": "3 d", "outlier": NO_OUTLIER}
    )
    rows, model = targets(calibration), calibration.observation
    happened = np.array([[target.reported for target in rows]])
    rng = np.random.default_rng(3)
    said = np.log([reports(rows, model, happened, rng)[0] for _ in range(4000)])
    expected = np.array([target.spread**2 + 0.36 for target in rows])
    np.testing.assert_allclose(said.var(axis=0), expected, rtol=0.12)
    middle = [(row.row.from_ + (row.row.until - row.row.from_) / 2).timestamp() / 86400 for row in rows]
    a, b = next(
        (i, j)
        for i, one in enumerate(rows)
        for j, other in enumerate(rows)
        if i < j and one.row.kind.flow == other.row.kind.flow and not one.row.group and not other.row.group
    )
    common = 0.7 * 0.36 * np.exp(-abs(middle[a] - middle[b]) / 3)
    assert np.cov(said.T)[a, b] == pytest.approx(common, abs=5 * np.sqrt(expected[a] * expected[b] / 4000))


def test_a_simulated_report_is_rounded_cut_at_its_threshold_and_repeated_by_its_group() -> None:
    calibration = synthetic_fit.calibration(observation={"spread": SPREAD, "discrepancy": 0.15, "outlier": NO_OUTLIER})
    rows, model = targets(calibration), calibration.observation
    happened = np.array([[target.reported for target in rows]])
    for seed in range(50):
        said, new = reports(rows, model, happened, np.random.default_rng(seed))
        for value, old, row in zip(said, rows, new, strict=True):
            assert row.reported == old.reported, "the floor of the model's value stays"
            if old.bound:
                threshold = old.low if old.bound > 0 else old.high
                assert (row.low, row.high) == ((threshold, inf) if value >= threshold else (0, threshold))
            elif old.rounding:
                assert row.low <= value <= row.high
                assert row.high % old.rounding == pytest.approx(old.rounding / 2)
        groups: dict[str, set[float]] = {}
        for value, row in zip(said, rows, strict=True):
            if row.row.group:
                off = np.log(value / row.reported) / np.hypot(row.spread, 0.15)
                groups.setdefault(row.row.group, set()).add(round(float(off), 9))
        assert groups
        assert all(len(values) == 1 for values in groups.values())


def test_a_framed_report_that_reaches_its_frame_is_a_bound() -> None:
    row = replace(targets(synthetic_fit.calibration())[0], bound=0, frame=10.0, rounding=1.0)
    at_frame, below = recovery._reported(row, 14.0, 10.0), recovery._reported(row, 7.2, 7.0)
    assert (at_frame.low, at_frame.high, at_frame.bound) == (10.0, inf, 1)
    assert (below.low, below.high, below.bound) == (6.5, 7.5, 0)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_stopped_check_goes_on_and_a_damaged_world_is_told(tmp_path: Path) -> None:
    loaded, cache = read_calibration(described(tmp_path)), tmp_path / "kept" / "evaluations"
    whole = recovery.recover(loaded, Request(workers=1), Design(3), silent, cache)
    (folder,) = (tmp_path / "kept" / "worlds").iterdir()
    assert len(list(folder.iterdir())) == 3
    (folder / "world_0000.json").unlink()
    (folder / "world_0001.json").write_text('{"parameter": [0.')
    flipped = bytearray((folder / "world_0002.json").read_bytes())
    at = next(k for k in range(len(flipped) - 1, 0, -1) if chr(flipped[k]).isdigit())
    flipped[at] ^= 1  # another digit
    (folder / "world_0002.json").write_bytes(flipped)
    heard = Heard()
    again = recovery.recover(loaded, Request(workers=1), Design(4), heard, cache)
    assert again.parts[:3] == whole.parts
    assert heard.sentences == [f"world_000{n}.json was damaged; its results are computed again" for n in (1, 2)]


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_full_fit_agrees_with_the_emulator_and_is_stored(tmp_path: Path) -> None:
    loaded, cache = read_calibration(described(tmp_path)), tmp_path / "kept" / "evaluations"
    found = recovery.recover(loaded, Request(workers=1), Design(2, refits=1), silent, cache)
    assert list(found.refits) == [0]
    np.testing.assert_allclose(found.refits[0]["parameter"], found.parts[0]["parameter"], atol=0.2)
    np.testing.assert_allclose(found.refits[0]["sd"], found.parts[0]["sd"], rtol=0.3)
    heard = Heard()
    again = recovery.recover(loaded, Request(workers=1), Design(2, refits=1), heard, cache)
    assert again.refits == found.refits
    assert list(recovery_tables.words_of(found))[-1].startswith("Worlds fitted in full: 1 (")
    assert not any(stage.startswith("world 1 in full") for stage in heard.stages)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_an_intervention_changes_the_worlds_and_not_the_fit(tmp_path: Path) -> None:
    path = described(tmp_path)
    with (tmp_path / "post.yaml").open("a") as scenario:
        scenario.write("interventions: {slow: {description: made up, scale: {stations.booths.staffing: 0.5}}}\n")
    loaded, cache = read_calibration(path), tmp_path / "kept" / "evaluations"
    plain = recovery.recover(loaded, Request(workers=1), Design(3), silent, cache)
    heard = Heard()
    wrong = recovery.recover(loaded, Request(workers=1), Design(3, 0, ("slow",)), heard, cache)
    assert len(list((tmp_path / "kept" / "worlds").iterdir())) == 2
    assert wrong.places("figure").mean() > plain.places("figure").mean(), "longer queues than the fit knows of"
    unknown = calibrate(str(path), "--recovery", "2", "--intervene", "none_such", "--out", str(tmp_path / "out"))
    assert unknown.exit_code == 2
    assert "none_such" in unknown.stderr
    assert "Traceback" not in unknown.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_the_command_writes_coverage_and_ranks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = calibrate(str(described(tmp_path)), "--recovery", "4", "--out", "out")
    assert done.exit_code == 0, done.stderr
    assert {file.name for file in (tmp_path / "out").iterdir()} == FILES
    assert "4 simulated worlds" in done.stdout
    with (tmp_path / "out" / "recovery.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [
        *("all", "surge", "service"), *("all", "queue", "again", "wait"), *("all", "queue", "again", "wait"),
    ]  # fmt: skip
    with (tmp_path / "out" / "ranks.csv").open() as file:
        ranks = list(csv.DictReader(file))
    assert len(ranks) == 4 * (2 + 3 + 3)
    assert all(0 <= float(row["rank"]) <= 1 for row in ranks)
    assert {row["rank_fitted_in_full"] for row in ranks} == {""}
    quiet = calibrate(str(tmp_path / "post_calibration.yaml"), "--recovery", "4", "--out", "again", "--quiet")
    assert quiet.output == "again\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--refits", "2"), "--refits and --intervene need --recovery"),
        (("--recovery", "5", "--refits", "9"), "--refits must be at most --recovery, 5; got 9"),
        (("--recovery", "9", "--held-out"), "--recovery and --held-out exclude each other"),
        (("--recovery", "9", "--update"), "--recovery and --update exclude each other"),
    ],
)
def test_options_that_do_not_go_together(arguments: tuple[str, ...], sentence: str) -> None:
    done = calibrate("verkhny_lars", *arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr


def test_coverage_counts_ranks_inside_and_tests_their_uniformity() -> None:
    ranks = np.column_stack(((np.arange(100) + 0.5) / 100, np.full(100, 0.5)))
    parts = tuple({kind: row for kind in recovery_tables.KINDS} for row in ranks.tolist())
    found = SimpleNamespace(parts=parts, parameters=("even", "middle"), figures=("even", "middle"))
    found.places = lambda kind: np.array([part[kind] for part in parts])
    rows = {row.name: row for row in recovery_tables.rows_of(found)[:3]}
    assert [coverage.share for coverage in rows["even"].coverage] == [0.5, 0.9]
    assert [coverage.share for coverage in rows["middle"].coverage] == [1, 1]
    assert [coverage.share for coverage in rows["all"].coverage] == [0.75, 0.95]
    low, high = rows["even"].coverage[1][1:]
    assert (low, high) == pytest.approx((0.8238, 0.9510), abs=1e-4)  # Clopper and Pearson for 90 of 100
    assert rows["even"].p_uniform > 0.99
    assert rows["middle"].p_uniform < 1e-12
