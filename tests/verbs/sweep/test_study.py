"""A sweep plays every point on the same tapes, keeps what is finished, and plays only what is new."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim import store
from sim.errors import ScenarioError, SimError
from sim.measures.names import Key
from sim.play import provenance
from sim.play.cache import Totals
from sim.play.request import Request
from sim.scenario.text.load_scenario import load
from sim.verbs.run.study import run
from sim.verbs.sweep import study
from sim.verbs.sweep.designs import Design, make_design, read_axis
from sim.verbs.sweep.files import estimates, summary, table
from sim.verbs.sweep.study import DEFAULT_EXECUTION, Base, ExecutionOptions, Sweep, SweepData, read_base

TINY = Path(__file__).parents[2] / "tiny.yaml"
STAFFING = "stations.exit_control.staffing"
WAIT = Key("post", "wait_mean", "all/main")


@pytest.fixture(scope="module")
def tiny_base() -> Base:
    return read_base(TINY, ["clock.horizon=2022-09-21T13:00"])


def grid(*texts: str) -> Design:
    return make_design("grid", [read_axis(text) for text in texts], 0, 0)


def played(
    start: Base,
    folder: Path,
    chosen: Design,
    replications: int = 2,
    execution: ExecutionOptions = DEFAULT_EXECUTION,
    **request: int,
) -> SweepData:
    with Sweep(start, Request(replications=replications, **{"workers": 1, **request}), folder, execution) as sweep:
        return sweep.play(chosen)


def values(swept: SweepData) -> list[np.ndarray]:
    return [totals.values for totals in swept.totals if totals is not None]


def same(one: SweepData, other: SweepData) -> None:
    for a, b in zip(values(one), values(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_point_is_what_a_run_of_the_same_scenario_gives(tmp_path: Path, tiny_base: Base) -> None:
    swept = played(tiny_base, tmp_path, grid(f"{STAFFING}=1,3", "demand.car*=1,1.5"), 3)
    loaded = load(TINY, ["clock.horizon=2022-09-21T13:00", f"{STAFFING}=3"])
    alone = run(loaded, Request(replications=3, workers=1))
    at = swept.design.points.index(("3", "1"))
    assert swept.totals[at] is not None
    assert estimates(swept, WAIT)[at] == alone.estimates.totals[WAIT]
    means = [estimate.mean for estimate in estimates(swept, WAIT) if estimate]
    assert means[0] > means[2]  # more booths
    assert means[1] > means[0]  # more cars


def test_a_change_that_cannot_matter_leaves_every_total_the_same(tmp_path: Path, tiny_base: Base) -> None:
    """Kinds of levers that say what the scenario says: all points are one world."""
    texts = (f"{STAFFING}=2", "demand.car*=1", "intervene=none", "seed_of_nothing=1")
    for text in texts[:3]:
        one, same_world = played(tiny_base, tmp_path, grid(text)), played(tiny_base, tmp_path, grid(f"{STAFFING}=2"))
        same(one, same_world)
    with pytest.raises(ScenarioError, match="seed_of_nothing"):
        tiny_base.levers.check("seed_of_nothing")


def test_an_intervention_as_a_lever_is_the_intervention(tmp_path: Path, tiny_base: Base) -> None:
    swept = played(tiny_base, tmp_path, grid("intervene=none,more_booths"))
    other = played(tiny_base, tmp_path, grid(f"{STAFFING}=2,4"))
    same(swept, other)


def test_scaling_comes_after_what_is_set(tmp_path: Path) -> None:
    sets = ["clock.horizon=2022-09-21T13:00", "demand.car.everyday.constant.rate=50/h"]
    scaled = played(read_base(TINY, sets), tmp_path, grid("demand.car.everyday*=0.5"))
    plain = played(read_base(TINY, sets[:1]), tmp_path, grid("demand.car.everyday.constant.rate=25/h"))
    same(scaled, plain)


def test_nothing_is_played_twice(tmp_path: Path, tiny_base: Base) -> None:
    first = played(tiny_base, tmp_path, grid(f"{STAFFING}=1,2"))
    again = played(tiny_base, tmp_path, grid(f"{STAFFING}=1,2"))
    more_values = played(tiny_base, tmp_path, grid(f"{STAFFING}=1,2,3"))
    more_plays = played(tiny_base, tmp_path, grid(f"{STAFFING}=1,2,3"), 5)
    assert [(s.reused, s.played) for s in (first, again, more_values, more_plays)] == [(0, 4), (4, 0), (4, 2), (6, 9)]
    same(first, again)
    for before, after in zip(values(more_values), values(more_plays), strict=True):
        np.testing.assert_array_equal(before, after[:2])
    fresh = played(tiny_base, tmp_path / "fresh", grid(f"{STAFFING}=1,2,3"), 5)
    same(fresh, more_plays)


def test_another_seed_scenario_or_program_is_another_point(
    tmp_path: Path, tiny_base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = grid(f"{STAFFING}=1,2")
    played(tiny_base, tmp_path, chosen)
    assert played(tiny_base, tmp_path, chosen, seed=9).reused == 0
    assert played(read_base(TINY, ["clock.horizon=2022-09-21T13:30"]), tmp_path, chosen).reused == 0
    assert played(tiny_base, tmp_path, chosen).reused == 4
    monkeypatch.setattr(provenance, "program", lambda: "another")
    assert played(tiny_base, tmp_path, chosen).reused == 0


def test_the_order_of_levers_and_how_numbers_are_written_do_not_matter(tmp_path: Path, tiny_base: Base) -> None:
    played(tiny_base, tmp_path, grid(f"{STAFFING}=2", "demand.car*=0.50"))
    assert played(tiny_base, tmp_path, grid("demand.car*=.5", f"{STAFFING}=2.0")).reused == 2


@pytest.mark.parametrize("left", [0, 10, 0.5, 0.98])
def test_a_truncated_part_is_told_and_played_again(tmp_path: Path, tiny_base: Base, left: float) -> None:
    chosen = grid(f"{STAFFING}=1,2")
    whole = played(tiny_base, tmp_path, chosen)
    part = sorted(tmp_path.glob("*.parquet"))[0]
    content = part.read_bytes()
    part.write_bytes(content[: left if isinstance(left, int) else int(left * len(content))])
    with Sweep(tiny_base, Request(replications=2, workers=1), tmp_path) as sweep:
        repaired = sweep.play(chosen)
        assert sweep.cache.damaged == [part.name]
    assert 0 < repaired.played < 4 or repaired.reused == 2
    same(whole, repaired)
    assert played(tiny_base, tmp_path, chosen).reused == 4


def test_a_point_that_fails_does_not_lose_the_others(tmp_path: Path, tiny_base: Base) -> None:
    swept = played(tiny_base, tmp_path, grid(f"{STAFFING}=1,x,2"))
    assert list(swept.failed) == [1]
    assert "expected a number of servers" in swept.failed[1]
    assert swept.totals[1] is None
    assert swept.played == 4
    again = played(tiny_base, tmp_path, grid(f"{STAFFING}=1,x,2"))
    assert (again.reused, again.played, list(again.failed)) == (4, 0, [1])


def test_fail_fast_stops_at_the_first_and_keeps_what_was_before(tmp_path: Path, tiny_base: Base) -> None:
    with pytest.raises(SimError, match=r"staffing = x: .*number of servers"):
        played(tiny_base, tmp_path, grid(f"{STAFFING}=1,x,2"), execution=ExecutionOptions(fail_fast=True))
    assert played(tiny_base, tmp_path, grid(f"{STAFFING}=1")).reused == 2


def test_only_failed_points_are_tried_again(tmp_path: Path, tiny_base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed for a passing reason is played once that is gone."""
    chosen = grid(f"{STAFFING}=1,2")
    monkeypatch.setattr(study, "play_once", lambda *_: 1 / 0)
    assert played(tiny_base, tmp_path, chosen).failed == {n: "ZeroDivisionError: division by zero" for n in (0, 1)}
    monkeypatch.undo()
    assert played(tiny_base, tmp_path, grid(f"{STAFFING}=1,2,3")).played == 2
    repaired = played(tiny_base, tmp_path, grid(f"{STAFFING}=1,2,3"), execution=ExecutionOptions(retry_failed=True))
    assert (repaired.reused, repaired.played, repaired.failed) == (2, 4, {})
    assert played(tiny_base, tmp_path, chosen).reused == 4


@pytest.mark.slow
def test_workers_do_not_change_the_table(tmp_path: Path, tiny_base: Base) -> None:
    chosen = grid(f"{STAFFING}=1,2")
    one = played(tiny_base, tmp_path / "one", chosen, 3)
    two = played(tiny_base, tmp_path / "two", chosen, 3, workers=2)
    for name, column in table(one).items():
        np.testing.assert_array_equal(table(two)[name].tolist(), column.tolist())


def test_the_table_is_tidy(tmp_path: Path, tiny_base: Base) -> None:
    swept = played(tiny_base, tmp_path, grid(f"{STAFFING}=1,x,2", "intervene=none"))
    columns = table(swept)
    first = swept.totals[0]
    assert isinstance(first, Totals)
    assert len(columns["value"].tolist()) == 2 * 2 * len(first.keys)
    assert set(columns["point"].tolist()) == {0, 2}
    rows = list(zip(*(columns[n].tolist() for n in ("point", "replication", *Key._fields, "value")), strict=True))
    at = first.keys.index(WAIT)
    values = [row[-1] for row in rows if row[2:-1] == WAIT and row[0] == 0]
    assert values == pytest.approx(first.values[:, at].tolist(), rel=1e-9)
    assert set(columns[STAFFING].tolist()) == {"1", "2"}  # text, for 'x' is no number
    short = summary(swept)
    assert {"max_queue", "wait_mean"} <= set(short["quantity"].tolist())
    assert not any(":" in scope for scope in short["scope"].tolist())


def test_the_columns_of_numbers_are_numbers(tmp_path: Path, tiny_base: Base) -> None:
    columns = table(played(tiny_base, tmp_path, grid(f"{STAFFING}=1,2")))
    assert sorted(set(columns[STAFFING].tolist())) == [1.0, 2.0]


def test_calibrated_parameters_are_levers(tmp_path: Path) -> None:
    (tmp_path / "fitted.yaml").write_text(
        "calibration: none\ndate: '2026-01-01'\nversion: '1'\nposterior: none\n"
        "values: {rate: {value: 25, low: 20, high: 30, unit: /h}}\n"
    )
    text = TINY.read_text().replace("rate: 25/h", "rate: {calibrated: rate}")
    (tmp_path / "post.yaml").write_text("calibrated: fitted.yaml\n" + text)
    start = read_base(tmp_path / "post.yaml", ["clock.horizon=2022-09-21T13:00"], posterior=False)
    by_name = played(start, tmp_path / "a", grid("calibrated.rate=25/h,40/h"))
    by_path = played(start, tmp_path / "a", grid("demand.car.everyday.constant.rate=25/h,40/h"))
    same(by_name, by_path)
    with pytest.raises(ScenarioError, match="did you mean 'rate'"):
        start.levers.check("calibrated.rat")


def test_each_replication_of_a_point_has_its_own_vector_of_the_posterior(tmp_path: Path) -> None:
    (tmp_path / "fitted.yaml").write_text(
        "calibration: none\ndate: '2026-01-01'\nversion: '1'\nposterior: sample.parquet\n"
        "values: {rate: {value: 25, low: 20, high: 30, unit: /h}}\n"
    )
    store.write_table(tmp_path / "sample.parquet", {"rate": np.array([10.0, 40.0])})
    file = tmp_path / "post.yaml"
    file.write_text("calibrated: fitted.yaml\n" + TINY.read_text().replace("rate: 25/h", "rate: {calibrated: rate}"))
    short = ["clock.horizon=2022-09-21T13:00"]
    drawn = played(read_base(file, short), tmp_path / "a", Design("grid", ("calibrated.rate",), (("",), ("40/h",))))
    fixed = [read_base(file, [*short, f"demand.car.everyday.constant.rate={rate}/h"]) for rate in (10, 40)]
    alone = [values(played(each, tmp_path / "b", grid("intervene=none")))[0] for each in fixed]
    assert drawn.interval_includes == "chance and parameters"
    unchanged, set_to_40 = values(drawn)
    np.testing.assert_array_equal(unchanged, [alone[0][0], alone[1][1]])
    np.testing.assert_array_equal(set_to_40, alone[1])
    point = played(read_base(file, short, posterior=False), tmp_path / "a", grid("intervene=none"))
    assert point.interval_includes == "chance only"
    assert point.played == 2
