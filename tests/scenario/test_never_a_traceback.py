"""Whatever is in a file or on the command line: success or a ScenarioError."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import Problem, ScenarioError
from sim.scenario.read import Loaded, dump, from_tree, load

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
    {"value": None, "date": 1},
])  # fmt: skip


@QUIET
@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=3), st.booleans())
def test_mutated_scenarios(tmp_path, edits, renamed):
    tree = yaml.safe_load(dump(BASE.tree | {"interventions": TREE["interventions"]}))
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
    only_scenario_errors(tmp_path / "s.yaml", dump(tree).encode())


@QUIET
@given(
    st.sampled_from(PLACES), st.sampled_from(["3", "[", "null", "{a: 1}", "40 %", "-2", "x: y: z", "2022-09-21", ""])
)
def test_any_set(path, value):
    text = ".".join(map(str, path)) + "=" + value
    assert attempt(lambda: load(SMALL, [text]))
