"""Runs whose parameters are drawn from a posterior: what they read, play, write and say when something is missing."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

import sim
from sim import store
from sim.cli import commands
from sim.engine.lower.plan_from import lower
from sim.errors import ScenarioError, SimError
from sim.play.one import Subject
from sim.play.posterior import read_posterior
from sim.play.request import silent
from sim.scenario.text.load_scenario import load
from sim.verbs.run import files as results
from sim.verbs.run.study import RunTask

TINY = Path(__file__).parents[1] / "tiny.yaml"
FITTED = {
    "calibration": "tiny.yaml",
    "date": "2022-10-01",
    "version": "1",
    "posterior": "sample.parquet",
    "values": {"surge": {"value": 20, "low": 10, "high": 30, "unit": "/h"}},
}
SURGES = np.array([5.0, 20.0, 60.0])


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    text = TINY.read_text(encoding="utf-8")
    reference = text.replace("rate: 20/h", "rate: {calibrated: surge}").replace(
        "\nclock:", "\ncalibrated: f.yaml\nclock:"
    )
    assert reference.count("calibrated") == 2
    path = tmp_path / "tiny.yaml"
    path.write_text(reference, encoding="utf-8")
    (tmp_path / "f.yaml").write_text(yaml.safe_dump(FITTED), encoding="utf-8")
    store.write_table(tmp_path / "sample.parquet", {"surge": SURGES, "unused": np.zeros(3)})
    return path


def crossed(rows: list[dict[str, object]]) -> list[object]:
    return [(row["mean"], row["p05"], row["p95"]) for row in rows if row["quantity"] == "arrived_parties"]


def test_each_replication_has_its_own_parameters(file: Path) -> None:
    drawn = read_posterior(file)
    rates = [drawn.scenario(k).crossings["post"].demand["car"]["surge"].step.rate for k in range(4)]  # type: ignore[union-attr]
    assert rates == [5.0, 20.0, 60.0, 5.0]


def test_replications_are_those_of_scenarios_with_the_parameters_set(file: Path) -> None:
    drawn, loaded = read_posterior(file), load(file)
    mine = RunTask(Subject(loaded.scenario, lower(loaded.scenario), drawn), 5, "reference")
    for k, value in enumerate(SURGES):
        single = load(file, [f"demand.car.surge.step.rate={value}/h"]).scenario
        expected = RunTask(Subject(single, lower(single)), 5, "reference")(k)
        assert mine(k).measures.totals == pytest.approx(expected.measures.totals, rel=0, abs=0, nan_ok=True)
        assert mine(k).observed.tolist() == expected.observed.tolist()
    assert (
        mine(0).observed.tolist()
        != RunTask(Subject(loaded.scenario, lower(loaded.scenario)), 5, "reference")(0).observed.tolist()
    )


@pytest.mark.slow
def test_workers_do_not_change_the_result(file: Path) -> None:
    experiment = sim.load(file, posterior=True)
    assert crossed(experiment.run(4, workers=2).summary) == crossed(experiment.run(4, workers=1).summary)


def test_the_bands_are_wider_than_those_of_chance_alone(file: Path) -> None:
    (wide,) = [b - a for (_, a, b) in crossed(sim.load(file).run(12, workers=1).summary)][:1]
    (narrow,) = [b - a for (_, a, b) in crossed(sim.load(file, posterior=False).run(12, workers=1).summary)][:1]
    assert wide > 2 * narrow


def test_the_result_says_so_and_can_be_played_again(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = sim.load(file, [], ["more_booths"], posterior=True).run(3, workers=1)
    result.save(out, pictures=False)
    assert "posterior of tiny.yaml (2022-10-01)" in result.run.note
    one = replace(result.run, estimates=replace(result.run.estimates, replications=1))
    assert one.note == "One replication: quantiles are its values and the confidence interval is undefined."
    assert {"scenario.yaml", "fitted.yaml", "posterior.parquet"} <= {path.name for path in out.iterdir()}
    file.unlink()
    again = results.rerun(out, 1, silent)
    assert again.same, again.files
    (out / "fitted.yaml").write_text("values: 3\n")
    with pytest.raises(SimError) as error:
        results.rerun(out, 1, silent)
    assert all("/fitted.yaml:1:" in line for line in str(error.value).splitlines())
    (out / "posterior.parquet").unlink()
    with pytest.raises(SimError, match=r"out: cannot be repeated: posterior.parquet is missing"):
        results.rerun(out, 1, silent)


def test_what_is_missing_is_said(file: Path) -> None:
    with pytest.raises(SimError, match="takes values from a calibration"):
        read_posterior(TINY)
    store.write_table(file.parent / "sample.parquet", {"other": SURGES})
    with pytest.raises(SimError, match="has no column surge"):
        read_posterior(file)
    store.write_table(file.parent / "sample.parquet", {"surge": SURGES * np.nan})
    with pytest.raises(SimError, match="only finite numbers"):
        read_posterior(file)
    (file.parent / "sample.parquet").unlink()
    with pytest.raises(SimError, match="there is no file"):
        read_posterior(file)


@pytest.mark.slow
def test_an_impossible_vector_is_named_also_by_a_worker(file: Path) -> None:
    store.write_table(file.parent / "sample.parquet", {"surge": np.array([5.0, -3.0])})
    for workers in (1, 2):
        with pytest.raises(ScenarioError, match=r"at least 0.*posterior's surge -3/h"):
            sim.load(file, posterior=True).run(2, workers=workers)


def test_problems_survive_the_way_from_a_worker() -> None:
    with pytest.raises(ScenarioError) as caught:
        sim.load(TINY, ["replications=-1", "seed=x"])
    back = pickle.loads(pickle.dumps(caught.value))
    assert back.problems == caught.value.problems
    assert str(back) == str(caught.value)


def test_a_posterior_is_used_wherever_a_fitted_value_is_in_force(file: Path) -> None:
    assert sim.load(file).posterior is not None
    assert sim.load(file, posterior=False).posterior is None
    assert sim.load(TINY).posterior is None
    tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    tree["calibrated"] = str(file.parent / "f.yaml")
    drawn = sim.load(tree).posterior
    assert drawn is not None
    assert drawn.names == ("surge",)


def test_a_value_that_is_set_replaces_the_fitted_one_in_every_draw(file: Path) -> None:
    drawn = read_posterior(file, ["demand.car.surge.step.rate=7/h"])
    assert {drawn.scenario(k).crossings["post"].demand["car"]["surge"].step.rate for k in range(3)} == {7.0}  # type: ignore[union-attr]


def test_bands_of_reported_figures_carry_the_error_of_the_model(file: Path) -> None:
    """A standard deviation of 0.5 of the logarithm: ends a factor of exp(3.29 * 0.5) apart at least, less rounding."""
    store.write_table(file.parent / "sample.parquet", {"surge": np.array([20.0])})
    without = sim.load(file).run(12, workers=1).run
    fitted = yaml.safe_load((file.parent / "f.yaml").read_text(encoding="utf-8")) | {"discrepancy": 0.5}
    (file.parent / "f.yaml").write_text(yaml.safe_dump(fitted), encoding="utf-8")
    carried = sim.load(file).run(12, workers=1).run
    assert "error of the model itself" in carried.note
    assert "error of the model itself" not in without.note
    for one, wide in zip(without.observations, carried.observations, strict=True):
        assert wide.mean == one.mean
        assert one.p05 * np.exp(-1.645 * 0.5) < wide.p05 < one.p05 * np.exp(-0.4)
        assert wide.p95 > one.p95 * np.exp(0.4)
    assert "error of the model itself" not in sim.load(file, posterior=False).run(12, workers=1).run.note


def test_every_scenario_of_a_comparison_draws_or_none_does(file: Path) -> None:
    tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    tree["calibrated"] = str(file.parent / "f.yaml")
    for posterior, drawn in ((None, True), (False, False)):
        found = sim.compare(tree, "+more_booths", posterior=posterior, replications=2, workers=1).data
        assert [variant.posterior is not None for variant in found.variants] == [drawn, drawn]


def test_a_scenario_whose_posterior_is_missing_plays_its_fitted_values_and_says_so(file: Path) -> None:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(commands, list(arguments))

    sample, out = file.parent / "sample.parquet", str(file.parent / "out")
    quick = ("--replications", "2", "--workers", "1", "--no-pictures")
    says = f"warning: {sample}: there is no such file, so the fitted values are played alone"
    sample.unlink()
    assert sim.load(file).posterior is None
    checked, played = invoke("check", str(file)), invoke("run", str(file), *quick)
    compared = invoke("compare", str(file), "+more_booths", *quick, "--out", f"{out}2")
    swept = invoke("sweep", str(file), "--over", "stations.exit_control.staffing=1", *quick, "--out", f"{out}3")
    assert [one.exit_code for one in (checked, played, compared, swept)] == [0, 0, 0, 0]
    assert [one.stderr.count(says) for one in (checked, played, compared, swept)] == [1, 1, 1, 1]
    assert "chance only" in played.stdout
    asked = invoke("run", str(file), "--posterior", *quick)
    assert (asked.exit_code, asked.stderr.splitlines()[-1].count("there is no file")) == (2, 1)


def test_check_refuses_what_run_refuses_a_damaged_posterior(file: Path) -> None:
    (file.parent / "sample.parquet").write_bytes(b"PAR1")
    for verb in ("check", "run"):
        result = CliRunner().invoke(commands, [verb, str(file)])
        assert (result.exit_code, result.stderr.splitlines()[-1].partition(": is damaged")[1]) == (2, ": is damaged")
