"""A small calibration from end to end: stages, the gate, what is kept, figures held out, and the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.errors import ScenarioError, SimError
from sim.play.request import Progress, Request, silent
from sim.scenario.text.load_calibration import read_calibration
from sim.verbs.calibrate import study
from sim.verbs.calibrate.evaluator import Evaluator
from sim.verbs.calibrate.fit import Fit
from sim.verbs.calibrate.study import calibrate, held_out
from sim.verbs.calibrate.task import ObservationTask, shortest_horizon
from tests.play.heard import Heard
from tests.verbs.calibrate.small_calibration import described, row


def fit_of(path: Path, cache: Path | None = None, progress: Progress = silent, seed: int | None = None) -> Fit:
    return calibrate(read_calibration(path), Request(workers=1, seed=seed), progress, cache)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_fit_is_whole(tmp_path: Path) -> None:
    heard = Heard()
    loaded = read_calibration(described(tmp_path))
    fit = calibrate(loaded, Request(workers=1), heard)
    assert heard.stages[:2] == [
        "prior predictions",
        "noise of one play",
    ]
    assert fit.gate.passed
    assert set(fit.point) == {"surge", "service"}
    assert fit.posterior.weights.sum() == pytest.approx(1)
    assert len(fit.starts) == 2
    assert len(fit.posterior.weights) == sum(len(start.weights) for start in fit.starts)
    assert fit.posterior.observed.shape == (len(fit.posterior.values), 5)
    assert (fit.prior.weights == 1 / 128).all()
    assert (fit.noise > 0).all()
    at = np.array([[fit.point[name] for name in fit.posterior.parameters]])
    task = ObservationTask(loaded.template, ("surge", "service"), loaded.units, fit.seed, "compiled", None)
    assert task((*at[0], 0.0))[0] == pytest.approx(300, rel=0.5)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_the_same_for_any_number_of_workers_and_nothing_is_played_twice(tmp_path: Path) -> None:
    path = described(tmp_path)
    first = fit_of(path, tmp_path / "kept")
    assert first.plays_made == first.gate.evaluations
    parts = sorted((tmp_path / "kept").rglob("*.parquet"))
    again = calibrate(read_calibration(path), Request(workers=2), cache=tmp_path / "kept")
    alone = calibrate(read_calibration(path), Request(workers=2))
    assert sorted((tmp_path / "kept").rglob("*.parquet")) == parts
    assert again.plays_made == 0
    for other in (again, alone):
        np.testing.assert_array_equal(first.posterior.values, other.posterior.values)
        np.testing.assert_array_equal(first.posterior.weights, other.posterior.weights)
        assert first.point == other.point
    assert fit_of(path, seed=99).point != first.point


def test_another_spread_asks_for_no_new_play_of_the_start_but_another_scenario_does(tmp_path: Path) -> None:
    def key(**changes: object) -> str:
        with Evaluator(read_calibration(described(tmp_path, **changes)), Request(workers=1), silent) as evaluator:
            return evaluator.task.digest()

    base = key()
    assert key(observation={"spread": {"press": 0.4}, "discrepancy": 0.2}) == base
    rows = [row("queue", "queue", 300, rounding=100)]
    assert key(reported=rows) != base
    assert key(reported=[rows[0] | {"value": 500, "qualifier": "at least", "reading": "otherwise"}]) == key(
        reported=rows
    )
    assert key(reported=[rows[0] | {"statistic": "max"}]) != key(reported=rows)


def test_the_cut_horizon_changes_nothing(tmp_path: Path) -> None:
    loaded = read_calibration(described(tmp_path))
    scenario = loaded.central.scenario
    cut = shortest_horizon(scenario)
    assert cut is not None
    assert cut.isoformat() == "2022-09-21T20:15:00"
    for point in ((40.0, 5.0, 0.0), (80.0, 6.5, 3.0)):
        observations = [
            ObservationTask(loaded.template, ("surge", "service"), loaded.units, 1, "compiled", horizon)(point)
            for horizon in (cut, None)
        ]
        np.testing.assert_array_equal(*observations)


def test_waits_by_joining_need_the_whole_run(tmp_path: Path) -> None:
    rows = [row("wait", "virtual_wait", "5 h")]
    assert shortest_horizon(read_calibration(described(tmp_path, reported=rows)).central.scenario) is None


def test_a_wait_that_would_not_be_over_at_the_horizon_is_refused(tmp_path: Path) -> None:
    """Those who join until 20:00 and wait 12 h are across at 08:00; the run ends at 12:00, not 18 h later."""
    path = described(tmp_path, reported=[row("wait", "virtual_wait", "12 h"), row("queue", "queue", 300)])
    with pytest.raises(ScenarioError, match=r"reported\[0\].until: .* set the horizon to at least 2022-09-22T14:00"):
        read_calibration(path)
    rejected = [row("wait", "virtual_wait", "12 h", status="rejected"), row("queue", "queue", 300)]
    read_calibration(described(tmp_path, reported=rejected))


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_chance_that_is_not_small_is_averaged(tmp_path: Path) -> None:
    assert fit_of(described(tmp_path, observation={"spread": {"press": 1.0}, "discrepancy": 0.5})).replications == 1
    assert fit_of(described(tmp_path)).replications == 2


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_figure_that_the_priors_hardly_allow_is_told(tmp_path: Path) -> None:
    rows = [row("queue", "queue", 300), row("enormous", "queue", 90_000, rounding=1000)]
    heard = Heard()
    fit_of(described(tmp_path, reported=rows), progress=heard)
    about = [sentence for sentence in heard.sentences if "improbable" in sentence]
    assert len(about) == 1  # a slow machine is told as well that the fit takes long
    assert about[0].startswith("figure 'enormous' is very improbable under the priors (tail 0")


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_posterior_too_sharp_to_be_drawn_is_refused_and_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "EFFORTS", ((40.0, 64),))
    path = described(tmp_path, observation={"spread": {"press": 0.01}, "discrepancy": 0.01})
    with pytest.raises(SimError, match=r"the posterior cannot be reported after \d+ plays: .*effective sample size is"):
        fit_of(path, tmp_path / "kept")
    assert list((tmp_path / "kept").rglob("part-*.parquet"))


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_every_fitted_figure_is_predicted_without_it(tmp_path: Path) -> None:
    fit = fit_of(described(tmp_path), tmp_path / "kept")
    rows = {one.target.row.id: one for one in held_out(fit, Request(workers=1), cache=tmp_path / "kept")}
    assert list(rows) == ["queue", "again", "crossed", "wait"]
    assert all(one.reports.low < one.reports.median < one.reports.high for one in rows.values())
    assert rows["again"].ess == rows["crossed"].ess  # both of a group are left out
    assert {one.how for one in rows.values()} <= {"re-weighted", "fitted again"}


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_figure_that_carries_the_fit_is_held_out_by_fitting_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "MIN_ESS_HELD_OUT", 1e9)
    fit = fit_of(described(tmp_path), tmp_path / "kept")
    predictions = held_out(fit, Request(workers=1), cache=tmp_path / "kept")
    assert {row.how for row in predictions} == {"fitted again"}
    assert all(row.ess >= 40 for row in predictions)


def test_an_impossible_value_is_one_sentence(tmp_path: Path) -> None:
    loaded = read_calibration(described(tmp_path))
    task = ObservationTask(loaded.template, ("surge", "service"), loaded.units, 1, "compiled", None)
    with pytest.raises(
        SimError, match=r"the priors allow values.*service_time.*surge 40/h, service -5min.*restrict a prior"
    ):
        task((40.0, -5.0, 0.0))
