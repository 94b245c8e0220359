"""A file with a network: its mistakes and their sentences (network_sentences.yaml), its schema, its summary."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from sim.engine.compiled.engine import play
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.records import Outcome
from sim.scenario.text.load_scenario import load
from sim.verbs.check import command as cli_scenario
from tests.scenario.test_json_schema import SCHEMA, valid

HERE = Path(__file__).parent
FILE = HERE / "network.yaml"
TEXT = FILE.read_text(encoding="utf-8")
CASES = yaml.safe_load((HERE / "network_sentences.yaml").read_text(encoding="utf-8"))
LOADED = load(FILE)
WHOLE_NETWORK = TEXT[TEXT.index("network:") : TEXT.index("replications:")]


@pytest.mark.parametrize(("old", "new", "message"), [tuple(case.values()) for case in CASES])
def test_one_mistake_one_sentence(old, new, message, problems_of):
    assert TEXT.count(old) >= 1
    assert problems_of(TEXT.replace(old, new, 1)) == [f"s.yaml:{message}"]


def test_as_it_is_it_has_no_mistake_and_plays():
    scenario = LOADED.scenario
    plan = lower(scenario)
    records = play(plan, draw(scenario, plan, scenario.seed, 0))
    assert Outcome.CROSSED in records.outcome
    assert plan.origins == ("city", "port")


TOLD = [("admits", "50 %"), ("informed", 0), ("risk", 1), ("price", 9), ("attraction", 1)]


@pytest.mark.parametrize(("what", "value"), TOLD)
def test_what_only_travellers_who_choose_know_needs_a_network(what, value, problems_of):
    text = TEXT.replace(WHOLE_NETWORK, "").replace("admits: 50 %", f"{what}: {value}", 1)
    message = "acts on travellers who choose between crossings; the scenario has no 'network'"
    column = 10 + len("{from: 2022-09-23, ") + len(what) + 1
    problems = problems_of(text)
    assert [line for line in problems if "choose" in line] == [
        f"s.yaml:20:{column}: crossings.pass.changes[0].{what}: {message}"
    ]


def test_a_class_no_crossing_has_stations_for_may_still_choose_the_others(problems_of):
    """`air` serves nobody who comes by truck, and `steppe` none either; cars have three ways, one of them on foot."""
    assert problems_of(TEXT) == []
    assert "serves: [car, foot]" in TEXT
    everywhere = TEXT.replace(
        "port:\n      demand:\n", "port:\n      demand:\n        car: {all: {constant: {rate: 1/h}}}\n"
    )
    assert problems_of(everywhere.replace("travel: {pass: 3 h}", "travel: {pass: 3 h, steppe: 9 h}")) == []


def edited(*way: str | int, value: Any) -> Any:
    tree = copy.deepcopy(LOADED.tree)
    here = tree
    for key in way[:-1]:
        here = here[key]
    here[way[-1]] = value
    return tree


def test_the_schema_knows_networks():
    assert valid(LOADED.tree, SCHEMA)
    origin = {
        "demand": {"car": {"all": {"constant": {"rate": "1/h"}}}},
        "travel": {"pass": {"value": "9 h", "source": "x"}},
    }
    assert valid(edited("network", "origins", "more", value=origin), SCHEMA)
    assert valid(edited("network", "choice", "stay", value={"calibrated": "stay"}), SCHEMA)
    for way, value in (
        (("network", "choice", "wait"), 1),
        (("network", "choice", "diversions"), 1.5),
        (("network", "origins", "city", "travel"), {}),
        (("network", "colour"), "red"),
        (("crossings", "air", "destination", "knows"), 1),
    ):
        assert not valid(edited(*way, value=value), SCHEMA), way


def test_check_says_how_many_origins_share_how_many_crossings(tmp_path):
    result = CliRunner().invoke(cli_scenario.check, [str(FILE)])
    assert result.output.splitlines()[0] == f"{FILE}: OK (travellers from 2 origins choose between 3 crossings)"
    (row,) = json.loads(CliRunner().invoke(cli_scenario.check, [str(FILE), "--json"]).output)
    assert (row["origins"], row["crossings"]) == (2, 3)
    port = WHOLE_NETWORK[WHOLE_NETWORK.index("    port:") : WHOLE_NETWORK.index("  choice:")]
    one = tmp_path / "one.yaml"
    one.write_text(TEXT.replace(port, ""), encoding="utf-8")
    assert "from 1 origin choose" in CliRunner().invoke(cli_scenario.check, [str(one)]).output


def test_a_place_that_was_emptied_is_not_told_of(problems_of):
    problems = ["s.yaml:43:7: network.origins.port.travel: needs at least 1; got 0"]
    assert problems_of(TEXT.replace("travel: {pass: 3 h}", "travel: {}")) == problems
    city = TEXT[TEXT.index("    city:") : TEXT.index("    port:")]
    alone = TEXT.replace(city, "").replace("truck: {everyday: {constant: {rate: 5/h}}}", "{}")
    assert [line.split(": ", 1)[1] for line in problems_of(alone)] == [
        "network.origins.port.demand: needs at least 1; got 0"
    ]


def test_who_borrows_from_a_file_with_mistakes_is_named_first(problems_of, tmp_path):
    (tmp_path / "figures.yaml").write_text("scenario: s.yaml\nparameters: {}\n", encoding="utf-8")
    problems = problems_of(TEXT.replace("  pass:\n", "  more: {borrow: figures.yaml}\n  pass:\n", 1))
    message = "crossings.more.borrow: cannot borrow from 'figures.yaml', which has problems"
    assert set(problems) == {f"s.yaml:13:18: {message}", "figures.yaml: contains a calibration; expected a scenario"}
