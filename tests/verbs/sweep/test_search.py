"""--find gives the right setting, says how sure it is, and does not claim what was not shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.errors import SimError
from sim.measures.names import Key
from sim.play.request import Request
from sim.verbs.sweep.constraints import Constraint, measure_key, read_constraint
from sim.verbs.sweep.designs import Design
from sim.verbs.sweep.search import find_setting, read_question
from sim.verbs.sweep.study import Sweep, read_base

TINY = Path(__file__).parents[2] / "tiny.yaml"
STAFFING = "stations.exit_control.staffing"
KEYS = [Key("post", "wait_p90", scope) for scope in ("all", "all/main", "car/main")] + [Key("post", "max_queue", "all")]


@pytest.fixture
def sweep(tmp_path: Path):
    start = read_base(TINY, ["clock.horizon=2022-09-21T14:00"])
    with Sweep(start, Request(replications=4, workers=1), tmp_path) as sweep:
        yield sweep


@pytest.mark.parametrize(
    ("text", "key", "below", "bound"),
    [
        ("wait.p90 < 6h", KEYS[1], True, 6.0),
        ("wait_p90@car/main<=90 min", KEYS[2], True, 1.5),
        ("post:wait_p90@all > 2 d", KEYS[0], False, 48.0),
        ("max_queue >= 100", KEYS[3], False, 100.0),
    ],
)
def test_constraints_are_read(text: str, key: Key, below: bool, bound: float) -> None:
    constraint = read_constraint(text, KEYS)
    assert (constraint.key, constraint.below, constraint.bound) == (key, below, bound)


@pytest.mark.parametrize(
    ("text", "says"),
    [("wait.p90", "expected a measure"), ("wait.p9 < 1", "did you mean 'wait_p95'"), ("max_queue < 3 h", "not in 'h'"),
     ("wait.p90@bus < 3 h", "scopes of wait_p90 are all, all/main"), ("far:max_queue < 3", "no such measure"),
     ("max_queue < -5", "max_queue is never below 0"), ("max_queue < 1e999", "must be a finite number"),
     ("utilisation > 150 %", "utilisation is a share and never above 100 %"),
     ("max_queue < 1.2.3", "must be a finite number")],
)  # fmt: skip
def test_mistakes_in_constraints_are_told(text: str, says: str) -> None:
    with pytest.raises(SimError, match=says):
        read_constraint(text, KEYS)


def test_the_main_queue_comes_first_where_no_scope_is_named() -> None:
    assert measure_key("wait.p90", KEYS).scope == "all/main"


def test_a_test_is_wrong_no_more_often_than_it_says() -> None:
    """With the mean at the bound, 'meets it' and 'does not' are each wrong in at most 5 %: 2,000 tries, 4 sigma."""
    rng = np.random.default_rng(1)
    bound = Constraint(KEYS[3], True, 10.0, "")
    answers = [bound.is_met(rng.normal(10, 2, 6), 0.95) for _ in range(2000)]
    share = 0.05 + 4 * np.sqrt(0.05 * 0.95 / 2000)
    assert answers.count(True) / 2000 < share
    assert answers.count(False) / 2000 < share
    assert answers.count(None) / 2000 > 0.5
    sloppy = [bound.is_met(rng.normal(10, 2, 6), 0.6) for _ in range(2000)]
    assert sloppy.count(True) / 2000 > share  # the test would see a wrong one


def test_one_replication_shows_nothing() -> None:
    assert Constraint(KEYS[3], True, 10.0, "").is_met(np.array([1.0])) is None


@pytest.mark.slow
@pytest.mark.parametrize(("which", "sign"), [("smallest", 1), ("largest", -1)])
def test_the_answer_is_the_edge(sweep: Sweep, which: str, sign: int) -> None:
    """Every setting played with many replications gives the same edge as the search."""
    bound = "max_queue < 40" if sign > 0 else "max_queue > 40"
    question = read_question(f"{which} {STAFFING}=1:8 such that {bound}", sweep.base)
    answer = find_setting(sweep, question)
    means = {}
    for setting in question.axis.values:
        design = Design("find", (STAFFING,), ((setting,),))
        totals = sweep.play(design, replications=40).totals[0]
        assert totals is not None
        means[setting] = totals.values[:, totals.keys.index(answer.constraint.key)].mean()
    meeting = [setting for setting, mean in means.items() if (mean < 40) == (sign > 0)]
    assert 0 < len(meeting) < 8
    assert answer.setting == (meeting[0] if sign > 0 else meeting[-1])
    assert f"is {answer.setting} (95 % confidence)" in answer.sentence
    assert answer.monotone
    assert len(answer.tests) <= 5


def test_where_nothing_or_everything_meets_it_is_said(sweep: Sweep) -> None:
    nothing = find_setting(sweep, read_question(f"{STAFFING}=1:3 such that max_queue < 1", sweep.base))
    assert nothing.setting is None
    assert "between 1 and 3 is shown" in nothing.sentence
    everything = find_setting(sweep, read_question(f"{STAFFING}=1:3 such that max_queue < 100000", sweep.base))
    assert everything.setting == "1"
    assert "end of the range" in everything.sentence


def test_without_a_range_it_is_around_what_the_scenario_has(sweep: Sweep) -> None:
    assert read_question(f"{STAFFING} such that max_queue < 1", sweep.base).axis.values == tuple(map(str, range(1, 17)))
    rates = read_question("demand.car.everyday.constant.rate such that max_queue < 1", sweep.base).axis
    assert (rates.values[0], rates.values[-1]) == ("3.125/h", "200/h")


@pytest.mark.parametrize(
    ("text", "says"),
    [("wait < 6", "expected 'stations"), (f"{STAFFING}=x,y such that max_queue < 1", "rising numbers"),
     ("stations.exit_controll.staffing=1:4 such that max_queue < 1", "did you mean 'exit_control'"),
     ("intervene such that max_queue < 1", "expected a lever that is a number"),
     ("title such that max_queue < 1", "no single number at title"),
         ("demand.car* such that max_queue < 1", r"give a range, such as demand.car\*=4:40"),
         (f"{STAFFING}=8:4 such that max_queue < 1", "--find .*the first number must be the smaller one"),
         (f"{STAFFING}=1:1e308 such that max_queue < 1", "--find .*: these are about 1e.308 values; at most 1,000,000"),
         (f"{STAFFING}=1:4 such that max_queue < -5", "max_queue is never below 0"),
         (f"{STAFFING}=1:4 such that wait.p97 < 1 h", "there is no measure 'wait_p97'")],
)  # fmt: skip
def test_questions_that_cannot_be_answered(sweep: Sweep, text: str, says: str) -> None:
    with pytest.raises(SimError, match=says):
        read_question(text, sweep.base)


def test_a_setting_that_is_impossible_is_told(sweep: Sweep) -> None:
    with pytest.raises(SimError, match=r"staffing = -3: .*at least 0"):
        find_setting(sweep, read_question(f"{STAFFING}=-3:4 such that max_queue < 1", sweep.base))


def test_nothing_is_played_but_what_the_answer_needs(sweep: Sweep) -> None:
    """Settings have as many replications as their tests took; the same question again plays nothing."""
    question = read_question(f"{STAFFING}=1:8 such that max_queue < 40", sweep.base)
    answer = find_setting(sweep, question)
    needed = [one.replications for one in answer.tests]
    assert [len(totals.values) for totals in answer.data.totals if totals] == needed
    assert (answer.data.played, answer.data.reused) == (sum(needed), 0)
    again = find_setting(sweep, question)
    assert (again.data.played, again.data.reused) == (0, sum(needed))
    assert again.setting == answer.setting


def test_a_lower_bound_shows_only_that_a_measure_is_above() -> None:
    below, above = (Constraint(KEYS[3], side, 10.0, "") for side in (True, False))
    low, high = np.array([1.0, 1.1, 1.2]), np.array([100.0, 101.0, 102.0])
    assert [below.is_met(values, 0.95, at_least=True) for values in (low, high)] == [None, False]
    assert [above.is_met(values, 0.95, at_least=True) for values in (low, high)] == [None, True]
    assert [below.is_met(values, 0.95) for values in (low, high)] == [True, False]
