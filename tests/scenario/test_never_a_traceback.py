"""Whatever is in a file or on the command line: success or a ScenarioError."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import Problem, ScenarioError
from sim.scenario.text.fitted_values import load_fitted
from sim.scenario.text.load_calibration import read_calibration
from sim.scenario.text.load_scenario import Loaded, dump, from_tree, load
from tests.scenario.mutate import mutate

SMALL = Path(__file__).parent / "small.yaml"
TREE = yaml.load(SMALL.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
BASE = load(SMALL)


def attempt(read: Callable[[], Loaded]) -> Loaded | tuple[Problem, ...]:
    """Return what was loaded or the problems; any other exception is let through, and fails the test."""
    try:
        return read()
    except ScenarioError as error:
        return error.problems


def only_scenario_errors(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    outcome = attempt(lambda: load(path))
    if isinstance(outcome, Loaded):
        assert from_tree(outcome.tree).scenario == outcome.scenario
    else:
        assert outcome
        assert all(problem.what and "\n" not in str(problem) for problem in outcome)


FITTED = """
calibration: c.yaml
date: 2022-12-24
version: 0.0.0
posterior: none.parquet
values:
  surge: {value: 120, low: 100, high: 140, unit: /h}
  slow: {value: 1.5, low: 1, high: 2}
"""
CALIBRATIONS = {
    read_calibration: yaml.load(SMALL.with_name("small_calibration.yaml").read_text("utf-8"), Loader=yaml.BaseLoader),
    load_fitted: yaml.load(FITTED, Loader=yaml.BaseLoader),
}
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIET
@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_random_bytes(tmp_path, content):
    only_scenario_errors(tmp_path / "s.yaml", content)


def places(value, path=()):
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


PLACES = [path for path in places(TREE) if path]
ODD = st.sampled_from([
    None, True, 0, -1, 1.5, 10**17, "", "x", "90 s", "-3/h", "40 %", "2022-09-25", "any", "all", "neutral", "\0",
    [], {}, [[]], [1, "car"], {"value": 3}, {"value": {}, "source": "x"}, {"car": 1}, {"mean": 3},
    {"value": None, "date": 1}, {"calibrated": "surge"}, {"calibrated": "slow", "times": {"12 h": 1, "value": 2}},
    {"calibrated": None}, {"calibrated": "slow", "times": None}, "rest", {"calibrated": {"calibrated": "slow"}},
])  # fmt: skip


@QUIET
@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=3), st.booleans())
def test_mutated_scenarios(tmp_path, edits, renamed):
    tree = yaml.safe_load(dump(BASE.tree | {"interventions": TREE["interventions"]}))
    edit(tree, edits, renamed)
    (tmp_path / "fit.yaml").write_text(FITTED, encoding="utf-8")
    only_scenario_errors(tmp_path / "s.yaml", dump({"calibrated": "fit.yaml", **tree}).encode())


def edit(tree, edits, renamed):
    for path, odd in edits:
        here = tree
        for key in path[:-1]:
            inside = key in here if isinstance(here, dict) else isinstance(here, list) and key < len(here)
            here = here[key] if inside else {}
        if isinstance(here, dict):
            if renamed:
                here.pop(path[-1], None)
            here[f"{path[-1]}x" if renamed else path[-1]] = odd
        elif isinstance(here, list) and here:
            here[0] = odd


@QUIET
@given(
    st.sampled_from(PLACES), st.sampled_from(["3", "[", "null", "{a: 1}", "40 %", "-2", "x: y: z", "2022-09-21", ""])
)
def test_any_set(path, value):
    text = ".".join(map(str, path)) + "=" + value
    assert attempt(lambda: load(SMALL, [text]))


@QUIET
@given(st.sampled_from(list(CALIBRATIONS)), st.data(), st.booleans())
def test_mutated_calibrations(tmp_path, read, data, renamed):
    tree = yaml.safe_load(dump(CALIBRATIONS[read]))
    found = [path for path in places(tree) if path]
    edit(tree, data.draw(st.lists(st.tuples(st.sampled_from(found), ODD), max_size=3)), renamed)
    for name in ("small.yaml", "small_fitted.yaml"):
        (tmp_path / name).write_text(SMALL.with_name(name).read_text("utf-8"), encoding="utf-8")
    (tmp_path / "c.yaml").write_text(dump(tree), encoding="utf-8")
    outcome = attempt(lambda: read(tmp_path / "c.yaml"))
    assert not isinstance(outcome, tuple) or all(problem.what and "\n" not in str(problem) for problem in outcome)


def test_mutated_files_of_every_kind(tmp_path):
    """`python -m tests.scenario.mutate 30000` does the same for longer."""
    counts, faults = mutate(tmp_path, 70)
    assert (faults, counts["accepted"] + counts["refused"]) == ([], 70)


def test_the_mutations_notice_a_fault(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.scenario.mutate.load", lambda _: 1 / 0)
    assert len(mutate(tmp_path, 14)[1]) >= 4
