"""The compiled passes against the same as plain Python, and their parts against numpy on random numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.records import NEVER, Outcome
from sim.engine.reference.story import play
from sim.measures.count import instants, passes, tally
from sim.measures.count.counters import GROUP_BITS, MAIN, N_WAYS, Steps
from sim.measures.grid import grid_of
from sim.measures.replication import measure
from tests.measures.hand_made import border, table

ROOT = Path(__file__).parents[3]
DISABLED = "import sys; sys.modules.update(numba=None); sys.path.insert(0, 'tests/measures')\n"
INTERRUPTING = {"servers": 2, "steps": [{"from": "2022-09-21T01:00", "servers": 0},
                                        {"from": "2022-09-21T02:30", "servers": 3}]}  # fmt: skip


def busy_border():
    """The small border, where services at the booth are interrupted."""
    whole = border(report_every="25 min")
    gate = {"staffing": INTERRUPTING, "when_staff_leave": "preempt", "service_time": "10 min"}
    road = {"stretches": [{"files": 1}]}
    demand = {"car": {"all_day": {"constant": {"rate": "1/h"}}}}
    changed = border(crossings={"pass": {"road": road, "demand": demand, "stations": {"gate": gate}}})
    told = {
        name: getattr(changed.crossings["pass"].stations["gate"], name) for name in ("staffing", "when_staff_leave")
    }
    one = whole.crossings["pass"]
    stations = one.stations | {"booth": one.stations["booth"].model_copy(update=told)}
    return whole.model_copy(update={"crossings": {"pass": one.model_copy(update={"stations": stations})}})


def played(scenario, seed=1):
    plan = lower(scenario)
    return plan, play(plan, draw(scenario, plan, seed, 0))


@pytest.fixture
def plain(monkeypatch):
    """The passes as they are written."""
    for module in (instants, passes):
        for name, function in list(vars(module).items()):
            if hasattr(function, "py_func"):
                monkeypatch.setattr(module, name, function.py_func)


def test_the_passes_are_compiled():
    assert tally.prepare() is passes
    of_rows = passes.queues, passes.main_queues, passes.events, passes.stations, passes.parties
    assert all(function.signatures for function in (*of_rows, instants.moments, instants.peaks, instants.work))


def found(scenario, plan, records):
    return tally.count_records(scenario, plan, records, grid_of(scenario.clock, plan.start, plan.horizon))


def test_compiled_or_plain_the_tables_are_the_same(request):
    scenario = busy_border()
    plan, records = played(scenario)
    outcomes = set(records.outcome.tolist())
    assert {Outcome.CROSSED, Outcome.INTERRUPTED, Outcome.UNFINISHED, Outcome.BYPASSED, Outcome.SUMMONED} <= outcomes
    fast = found(scenario, plan, records)
    request.getfixturevalue("plain")
    slow = found(scenario, plan, records)
    for part in tally.Tables._fields:
        for name, values in getattr(fast, part)._asdict().items():
            assert values.any(), name
            np.testing.assert_array_equal(values, getattr(getattr(slow, part), name), err_msg=name)
    np.testing.assert_array_equal(fast.keys, slow.keys)
    np.testing.assert_array_equal(fast.joiners, slow.joiners)
    assert len(fast.joiners) > 10


@pytest.mark.usefixtures("plain")  # so that the compiled ones come back
def test_where_numba_fails_at_compiling_the_plain_passes_count(monkeypatch, scenario, morning):
    class Broken:
        def __init__(self, function):
            self.py_func = function

        def __call__(self, *_):
            raise NotImplementedError("no such instruction")

    forgotten = []
    monkeypatch.setattr(passes, "clear_cache", lambda: forgotten.append(True))  # not what this machine has kept
    monkeypatch.setattr(passes, "events", Broken(passes.events))
    tally.prepare.cache_clear()
    try:
        assert measure(scenario, lower(scenario), morning).at.size == 5
        assert not isinstance(passes.events, Broken)
        assert forgotten == [True]
    finally:
        tally.prepare.cache_clear()


def test_where_the_disk_is_full_the_compiled_passes_count(monkeypatch, scenario, morning):
    compiled, calls = passes.events, []

    def full(*arguments):
        calls.append(1)
        if len(calls) == 1:
            raise OSError("no space left on device")
        compiled(*arguments)

    monkeypatch.setattr(passes, "events", full)
    tally.prepare.cache_clear()
    try:
        measure(scenario, lower(scenario), morning)
    finally:
        tally.prepare.cache_clear()
    assert len(calls) == 3


def test_without_numba_the_measures_are_the_same(scenario, plan, morning):
    code = (
        "from hand_made import MORNING, border, table\n"
        "from sim.engine.lower.plan_from import lower\nfrom sim.measures.replication import measure\n"
        "found = measure(border(), lower(border()), table(MORNING))\n"
        "print(list(found.totals.values()), [values.tolist() for values in found.series.values()])"
    )
    done = subprocess.run([sys.executable, "-c", DISABLED + code], cwd=ROOT, capture_output=True, text=True, check=True)
    here = measure(scenario, plan, morning)
    assert done.stdout.strip() == str(list(here.totals.values())) + " " + str(
        [values.tolist() for values in here.series.values()]
    )


@given(st.integers(1, 10**9), st.integers(-(10**12), 10**12), st.data())
def test_every_instant_has_its_interval_and_its_next_point(every, start, data):
    points = data.draw(st.integers(1, 1000))
    horizon = start + every * (points - 1) + data.draw(st.integers(0, every - 1))
    at = data.draw(st.integers(start, horizon + every))
    intervals = points - int(start + every * (points - 1) == horizon)
    steps = Steps(start, horizon, every, points, max(intervals, 1), horizon + every, start)
    assert passes.interval(steps, at) == min((at - start) // every, max(intervals, 1) - 1)
    assert passes.point(steps, at) == min(-((start - at) // every), points)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2**36 - 1)), max_size=40))
def test_quantiles_by_group_are_numpys(rows):
    """Groups 0 and 1 together, 2 and 3 each, 4 and 5 left out."""
    group, waits = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    group_of = np.array([0, 0, 1, 2, 3, 3])
    number = np.bincount(group_of[group], minlength=4)[:3]
    nobody = found_nothing()
    counted = tally.Tally(
        *nobody, np.sort(waits << GROUP_BITS | group), np.zeros(0), {}, [], np.zeros(0, np.int64), [], np.zeros((0, 4))
    )
    quantiles = counted.quantiles(group_of, number, (0.1, 0.5, 1.0))
    for g in range(3):
        mine = waits[group_of[group] == g]
        expected = np.quantile(mine, (0.1, 0.5, 1.0)) if len(mine) else [np.nan] * 3
        np.testing.assert_allclose(quantiles[:, g], expected, rtol=1e-12)


def found_nothing():
    return tally.empty((1, 1, 1, 0), 1, 1, 1)


def test_nothing_is_counted_of_nobody(scenario, plan):
    nothing = found(scenario, plan, table([]))
    assert not len(nothing.keys)
    for part in ("queues", "main_queues", "events", "stations", "parties"):
        assert not any(values.any() for values in getattr(nothing, part))
    assert nothing.peaks.top_at.tolist() == [NEVER]
    assert not nothing.work.by_day[..., 0].any()


def test_keys_tell_way_class_and_wait(scenario, plan, morning):
    """Those who crossed and did not wait at the start: 55 and 10 min by the main queue, 10 bypass, 70 on foot."""
    counted = found(scenario, plan, morning)
    waits = [int(key >> GROUP_BITS) // 60_000 for key in counted.keys]
    assert waits == [10, 10, 55, 70]
    assert counted.parties.waits[0, 0, MAIN].tolist()[:2] == [2, 65 * 60_000]
    assert counted.parties.waits[..., 0].sum() == 4
    assert counted.parties.waits.shape[2] == N_WAYS
