"""A run: what it depends on and what it does not, how long it goes on, and what it stores."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.errors import SimError
from sim.measures.estimates import Estimator, summary_table
from sim.play.one import Subject
from sim.play.request import Request
from sim.play.workers import Crew
from sim.scenario.text.load_scenario import Loaded, from_tree
from sim.verbs.run.files import replicate_tables
from sim.verbs.run.study import BATCH, Run, RunTask, run
from tests.play import study_tasks as tasks
from tests.play.heard import Heard


def summary(played: Run) -> dict[str, list[object]]:
    return {name: np.nan_to_num(column).tolist() if column.dtype.kind == "f" else column.tolist()
            for name, column in summary_table(played.estimates).items()}  # fmt: skip


@pytest.mark.slow
def test_workers_do_not_change_the_result_and_seeds_do(tiny: Loaded) -> None:
    alone = run(tiny, Request(4, workers=1))
    assert summary(run(tiny, Request(4, workers=2))) == summary(alone)
    assert run(tiny, Request(4, workers=1)).observations == alone.observations
    assert summary(run(tiny, Request(4, workers=1, seed=6))) != summary(alone)
    assert summary(run(tiny, Request(3, workers=1))) != summary(alone)


def test_what_is_not_asked_for_is_as_the_scenario_says(tiny: Loaded) -> None:
    request = run(tiny, Request(workers=1)).request
    assert (request.replications, request.seed, request.engine) == (3, 5, "compiled")


def test_progress_is_told_from_the_start(tiny: Loaded) -> None:
    heard = Heard()
    run(tiny, Request(2, workers=1), heard)
    assert heard.numbers == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.slow
def test_few_replications_run_on_threads_with_the_same_result(tiny: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.play.workers.cores", lambda: 3)
    threaded, alone = run(tiny, Request(7)), run(tiny, Request(7, workers=1))
    assert (threaded.request.workers, threaded.request.threads, alone.request.threads) == (3, True, False)
    assert (summary(threaded), threaded.observations) == (summary(alone), alone.observations)
    assert not Request(7, engine="reference").staffed(7, 7).threads
    assert not Request(500).staffed(500, 500).threads


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_for_precision_ends_after_the_batch_that_is_narrow_enough(tiny: Loaded, workers: int) -> None:
    asked = 0.12
    played = run(tiny, Request(precision=asked, workers=workers))
    done = played.request.replications
    assert done is not None
    assert done % BATCH == 0
    assert played.estimates.precision() <= asked < run(tiny, Request(done - BATCH, workers=1)).estimates.precision()
    assert "not reached" not in played.note


def test_every_replication_is_kept_on_request_and_the_estimates_follow_from_it(tiny: Loaded) -> None:
    played = run(tiny, Request(3, workers=1), replicates=True)
    assert run(tiny, Request(1, workers=1)).replicates is None
    tables = replicate_tables(played)
    totals, series, reported = tables.values()
    assert len(totals["value"]) == 3 * len(played.estimates.totals)
    for key, total in played.estimates.totals.items():
        ours = np.logical_and.reduce([np.asarray(totals[name]) == part for name, part in key._asdict().items()])
        values = np.asarray(totals["value"])[ours]
        assert len(values) == 3
        if total.n == 3:
            assert values.mean() == pytest.approx(total.mean)
    for key, band in played.estimates.series.items():
        values = np.asarray(series[".".join(key)]).reshape(3, -1)
        there = band.n == 3
        assert values.mean(axis=0)[there] == pytest.approx(band.mean[there], rel=1e-5, abs=1e-5)
    for row in played.observations:
        assert np.asarray(reported[row.id]).mean() == pytest.approx(row.mean, nan_ok=True)


def test_a_run_for_precision_stops_at_the_limit_and_says_so(tiny: Loaded) -> None:
    played = run(tiny, Request(13, precision=0.0001, workers=1))
    assert played.request.replications == 13
    assert "precision of 0.01 % was not reached" in played.note


def test_one_replication_says_that_it_has_no_interval(tiny: Loaded) -> None:
    assert "undefined" in run(tiny, Request(1, workers=1)).note


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"replications": 0}, "replications must be a whole number from 1 to 1,000,000; got 0"),
        ({"workers": True}, "workers must be a whole number from 1 to 1,024; got True"),
        ({"seed": -1}, "seed must be a whole number from 0 to 9,223,372,036,854,775,807; got -1"),
        ({"precision": 5}, "precision must be a share above 0 and below 100 %, such as 5 %; got 5"),
        ({"engine": "refrence"}, "there is no engine 'refrence'; did you mean 'reference'?"),
    ],
)
def test_a_wrong_request_is_one_sentence(tiny: Loaded, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(SimError) as error:
        run(tiny, Request(**{"workers": 1, **options}))  # type: ignore[arg-type]
    assert str(error.value).startswith(sentence)


def test_a_reported_figure_without_sense_stops_the_run_before_it_begins(tiny: Loaded) -> None:
    rows = [{**row, "value": "60 km"} for row in tiny.tree["reported"]]
    heard = Heard()
    with pytest.raises(SimError, match="expected a count; got '60 km'"):
        run(from_tree({**tiny.tree, "reported": rows}), Request(1, workers=1), heard)
    assert heard.numbers == []


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_changes_nothing(tiny: Loaded, tmp_path: Path) -> None:
    plan = lower(tiny.scenario)
    play = RunTask(Subject(tiny.scenario, plan), 5, "reference")
    estimator = Estimator(tiny.scenario.clock)
    with Crew(tasks.DieOnce(tmp_path, play), 2) as crew:
        for played in crew.results(range(4)):
            estimator.add(played.measures)
    assert {path.name for path in tmp_path.iterdir()} == {"1", "3"}
    undisturbed = run(tiny, Request(4, workers=1))
    assert summary(dataclasses.replace(undisturbed, estimates=estimator.result())) == summary(undisturbed)


@pytest.mark.slow
def test_records_are_stored_as_people_read_them(tiny: Loaded, tmp_path: Path) -> None:
    run(tiny, Request(2, workers=2), records_to=tmp_path)
    names = [f"replication={n:04d}.parquet" for n in range(2)]
    assert {path.name: sorted(file.name for file in path.iterdir()) for path in tmp_path.iterdir()} == {
        "records": names,
        "staffing": names,
    }
    rows = parquet.read_table(tmp_path / "records" / "replication=0001.parquet", partitioning=None).to_pylist()
    assert {row["replication"] for row in rows} == {1}
    assert {row["station"] for row in rows} == {"exit_control", "entry_control"}
    assert {"crossed", "served"} <= {row["outcome"] for row in rows}
    assert {row["class"] for row in rows} == {"car", "foot"}
    tape = draw(tiny.scenario, lower(tiny.scenario), 5, 1)
    assert len({row["party"] for row in rows}) == len(tape.arrived_at)
    start = "2022-09-21T03:00:00+00:00"  # 06:00 in Moscow
    assert min(row["arrived_at"] for row in rows).isoformat() == start
    never_started = [row for row in rows if row["outcome"] == "reneged"]
    assert never_started
    assert {row["started_at"] for row in never_started} == {None}
