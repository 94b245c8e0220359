"""The end state that a scenario names: where it is found, what it is part of, and mistakes."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from sim import store
from sim.engine.reference.story import play
from sim.errors import ScenarioError
from sim.scenario.checks.warnings import warning_lines
from sim.scenario.text.load_scenario import Loaded, from_tree, load, load_template
from sim.scenario.text.start_from import FILE, write_scenario
from sim.scenario.text.yaml_text import recorded_reads
from tests.engine.build import scenario
from tests.engine.carried import drawn, end_of

STATIONS = {"gate": {"staffing": 1, "service_time": "50 min"}, "exit": {"staffing": 1, "service_time": "50 min"}}
NEXT_DAY = """
name: saturday
title: The day after
start_from: results/friday
clock: {timezone: UTC, t0: 2022-09-22, start: 2022-09-22, horizon: 2022-09-23}
classes: {car: {}}
crossings:
  x:
    stations:
      gate: {staffing: 2, service_time: 10 min}
      exit: {staffing: 2, service_time: 10 min}
"""


def end_at(rate: str) -> bytes:
    friday = scenario(STATIONS, demand={"car": rate})
    plan, tape = drawn(friday)
    return end_of(friday, (plan, tape, play(plan, tape))).content


@pytest.fixture(scope="module")
def content() -> bytes:
    return end_at("2/h")


@pytest.fixture
def saturday(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "results" / "friday").mkdir(parents=True)
    (tmp_path / "results" / "friday" / FILE).write_bytes(content)
    path = tmp_path / "saturday.yaml"
    path.write_text(NEXT_DAY, encoding="utf-8")
    return path


def refusal(path: Path, *changes: tuple[str, str]) -> str:
    text = NEXT_DAY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load(path)
    return str(error.value).replace(f"{path.parent}/", "")


def test_the_folder_or_the_file_may_be_named(saturday: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(saturday)
    state = loaded.scenario.start_from
    assert state is not None
    assert set(state.places) == {("x", "gate", "car"), ("x", "exit", "car")}
    assert (state.replications, warning_lines(loaded.scenario, {}, ())) == (1, [])
    file = saturday.parent / "results" / "friday" / FILE
    named = saturday.parent / "file.yaml"
    named.write_text(NEXT_DAY.replace("results/friday", f"results/friday/{FILE}"), encoding="utf-8")
    assert load(named).scenario_hash == loaded.scenario_hash, "the content is the identity"
    monkeypatch.chdir(file.parent)
    without = saturday.parent / "without.yaml"
    without.write_text(NEXT_DAY.replace("start_from: results/friday\n", ""), encoding="utf-8")
    for given in (".", FILE):
        assert load(without, [f"start_from={given}"]).scenario == loaded.scenario
        assert load_template(without, [f"start_from={given}"]).scenario({}, {}) == loaded.scenario


def test_it_is_part_of_the_scenario_wherever_that_goes(saturday: Path, tmp_path: Path) -> None:
    with recorded_reads() as read:
        loaded = load(saturday)
    assert [path.name for path in read] == ["saturday.yaml", FILE]
    write_scenario(tmp_path / "copy" / "scenario.yaml", loaded.tree)
    again = load(tmp_path / "copy" / "scenario.yaml")
    assert (again.scenario, again.scenario_hash) == (loaded.scenario, loaded.scenario_hash)
    sent: Loaded = pickle.loads(pickle.dumps(loaded))
    assert drawn(sent.scenario)[1] == drawn(loaded.scenario)[1]
    assert from_tree(loaded.tree).scenario_hash == loaded.scenario_hash
    other = tmp_path / "copy" / "results" / "friday"
    other.mkdir(parents=True)
    (other / FILE).write_bytes(end_at("3/h"))
    (tmp_path / "copy" / "saturday.yaml").write_text(NEXT_DAY, encoding="utf-8")
    assert load(tmp_path / "copy" / "saturday.yaml").scenario_hash != loaded.scenario_hash


def test_an_intervention_may_name_it(saturday: Path) -> None:
    other = "interventions: {again: {description: the same, set: {start_from: results/friday}}}\n"
    saturday.write_text(NEXT_DAY.replace("start_from: results/friday\n", other), encoding="utf-8")
    assert load(saturday).scenario.start_from is None
    assert load(saturday, intervene=["again"]).scenario.start_from is not None


def test_files_that_are_no_end_state(saturday: Path, content: bytes) -> None:
    folder = saturday.parent / "results"
    named = "saturday.yaml:4:13: start_from: "
    (folder / "empty").mkdir()
    assert refusal(saturday, ("friday", "empty")).startswith(f"{named}there is no file 'results/empty/{FILE}'")
    absent = refusal(saturday, ("results/friday", "result"))
    assert absent == f"{named}there is no file 'result'; name a folder of `sim run`, or its file {FILE}"
    assert refusal(saturday, ("results/friday", "7")) == f"{named}expected the name of a folder of `sim run`; got 7"
    bad = folder / "friday" / FILE
    bad.write_bytes(content[: len(content) // 2])
    assert refusal(saturday).startswith(f"{named}results/friday/{FILE}: is damaged: ")
    bad.write_bytes(store.parquet_bytes({"replication": np.arange(3)}))
    assert refusal(saturday).endswith("is no end state of a run; `sim run` writes one as end_state.parquet")
    table, facts = store.labelled_table(content, bad)
    people = table["people"]
    streams = store.Labels(table["class"].codes, tuple(f"{name}s" for name in table["class"].names))
    for name, values in {"people": 0 * people, "men": people + 1, "replication": people, "stream": streams}.items():
        bad.write_bytes(store.parquet_bytes({**table, name: values}, facts))
        assert f"{FILE}: is damaged: the " in refusal(saturday)
    bad.write_bytes(store.parquet_bytes(table, {**facts, "replications": "no"}))
    assert f"{FILE}: is damaged: " in refusal(saturday)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("  x:\n", "  y:\n", "there is no crossing 'x'; expected y"),
        ("      gate:", "      gates:", "there is no station of 'x' called 'gate'; did you mean 'gates'?"),
        ("{car: {}}", "{bus: {}}", "there is no class 'car'; expected bus"),
        (
            "10 min}\n      exit",
            "10 min, serves: [bus]}\n      exit",
            "station 'gate' of 'x' does not serve class 'car'",
        ),
    ],
)
def test_what_the_scenario_lacks(saturday: Path, old: str, new: str, sentence: str) -> None:
    where = "saturday.yaml:4:13: start_from: the end state has parties without a place here: "
    assert refusal(saturday, (old, new)).splitlines()[0] == where + sentence


def test_an_initial_queue_cannot_stand_beside_it(saturday: Path) -> None:
    what = "cannot stand beside 'start_from', whose end state says who is there at the start; remove it (null)"
    beside = ("  x:\n", "  x:\n    initial_queue: {car: 3}\n")
    assert refusal(saturday, beside) == f"saturday.yaml:9:5: crossings.x.initial_queue: {what}"


def test_a_time_between_the_runs_and_who_is_left_out_are_doubted(saturday: Path, content: bytes) -> None:
    later = load(saturday, ["clock.start=2022-09-22T10:00"]).scenario
    what = "the earlier run ended at 2022-09-22 00:00, and this one starts at 2022-09-22 10:00"
    assert warning_lines(later, {}, ()) == [
        f"start_from: {what}; whoever was inside stands there as if no time had passed"
    ]
    table, facts = store.labelled_table(content, saturday)
    facts |= {"left_out": {"walking": 2.5, "driving": 30}}
    (saturday.parent / "results" / "friday" / FILE).write_bytes(store.parquet_bytes(table, facts))
    what = "leaves out parties on their way to a queue, on average 2.5 walking and 30 driving a replication"
    assert warning_lines(load(saturday).scenario, {}, ()) == [f"start_from: {what}"]
