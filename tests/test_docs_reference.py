"""docs/reference.md has every key with a sentence and an example, and the examples are loaded and played."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.play.engines import ENGINES, player
from sim.scenario.file_kinds import describe
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import load
from sim.scenario.text.start_from import FILE
from tests.engine.carried import end_of

ROOT = Path(__file__).parents[1]
HOW = "add {what} in docs/reference.yaml, then run: python docs/reference.py"


def _reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


REFERENCE = _reference()
ENTRIES = REFERENCE.entries()
CASES = [
    pytest.param(entry, key, id=f"{entry.model.__name__}.{key}") for entry in ENTRIES for key in entry.about["examples"]
]
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
BLOCK = re.compile(r"<!-- (insert|as (?P<file>\S+)) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)
BLOCKS = list(BLOCK.finditer(REFERENCE.SPEC["forms"]))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, dict[str, Any]], Path]:
    """Write a file among those that the examples name, and return its path."""
    for name, text in REFERENCE.SPEC["files"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def write(name: str, tree: dict[str, Any]) -> Path:
        text = yaml.dump(tree, Dumper=REFERENCE._Dumper, sort_keys=False)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    frame = write("reference.yaml", REFERENCE.SPEC["frame"])
    (tmp_path / "results" / "friday").mkdir(parents=True)
    (tmp_path / "results" / "friday" / FILE).write_bytes(end_of_frame(load(frame).scenario))
    return write


ENDS: list[bytes] = []


def end_of_frame(frame: Scenario) -> bytes:
    """Return the end state of the frame, which is played once."""
    if not ENDS:
        plan = lower(frame)
        tape = draw(frame, plan, frame.seed, 0)
        ENDS.append(end_of(frame, (plan, tape, player("reference")(plan, tape))).content)
    return ENDS[0]


def plays_alike(scenario: Scenario) -> bool:
    """Return whether both engines give the same records, and some."""
    plan = lower(scenario)
    tape = draw(scenario, plan, scenario.seed, 0)
    one, other = (player(name)(plan, tape) for name in ENGINES)
    return len(one) > 0 and one == other


def test_the_page_is_current() -> None:
    assert REFERENCE.PAGE.read_text(encoding="utf-8") == REFERENCE.page(), "run: python docs/reference.py"


def test_every_link_within_the_page_leads_to_one_heading() -> None:
    text = REFERENCE.PAGE.read_text(encoding="utf-8")
    headings = [re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(text)]
    assert len(set(headings)) == len(headings)
    assert set(re.findall(r"\(#([^)]*)\)", text)) <= set(headings)


def test_every_model_is_on_the_page() -> None:
    known = {name for root in REFERENCE.ROOTS.values() for name in REFERENCE.models(root)}
    assert known == set(REFERENCE.titles()), HOW.format(what="the model under its section (or remove it)")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.model.__name__)
def test_every_key_has_a_sentence_and_an_example(entry: Any) -> None:
    name = entry.model.__name__
    mute = [key for key, (_, info) in entry.keys.items() if not info.description]
    assert not mute, f"{name}: give {', '.join(mute)} a sentence, Field(description=...), in {entry.model.__module__}"
    missing = [key for key in entry.keys if key not in entry.about["examples"]]
    assert not missing, f"{name}: " + HOW.format(what=f"an example of {', '.join(missing)}")
    idle = [
        key
        for key, (hint, info) in entry.keys.items()
        if REFERENCE.line({key: entry.about["examples"][key]})
        == f"{key}: {REFERENCE._default(hint, info)[1].strip('`')}"
    ]
    assert not idle, f"{name}: the example of {', '.join(idle)} is the default; give another in docs/reference.yaml"
    gone = set(entry.about["examples"]) - set(entry.keys)
    assert not gone, f"{name} has no {', '.join(gone)}; remove the example from docs/reference.yaml"


@pytest.mark.parametrize(("entry", "key"), CASES)
def test_an_example_is_valid_and_plays(entry: Any, key: str, write: Callable[[str, dict[str, Any]], Path]) -> None:
    tree, text = REFERENCE.example_of(entry, key)
    assert yaml.load(f"{{{text}}}", REFERENCE._Loader) == {key: entry.about["examples"][key]}
    file = write("example.yaml", tree)
    if entry.file == "scenario":
        assert plays_alike(load(file).scenario)
    else:
        assert describe(str(file))["kind"] == entry.file


IN_WHAT_IFS = {"set", "scale", "add_servers", "scale_demand"}
ELSEWHERE = {"stay", "way", "individual", "service_times", "base"}
"""Shown only in the reference, docs/network.md and docs/forecast.md; service times of a log are columns by station."""


def test_every_key_of_a_scenario_stands_in_a_shipped_file_outside_its_what_ifs() -> None:
    def keys(tree: Any) -> Iterator[str]:
        for key, below in tree.items() if isinstance(tree, dict) else []:
            yield from (str(key), *([] if key == "interventions" else keys(below)))
        for below in tree if isinstance(tree, list) else []:
            yield from keys(below)

    files = [*ROOT.glob("scenarios/*.yaml"), *ROOT.glob("calibration/*.yaml")]
    found = {key for file in files for key in keys(yaml.safe_load(file.read_text(encoding="utf-8")))}
    columns = (file.read_text(encoding="utf-8").split("\n")[0].split(",") for file in ROOT.glob("scenarios/*.csv"))
    found |= {column for row in columns for column in row}
    sections = ("Calibration files", "Sweep files")
    models = {
        name for section in REFERENCE.SPEC["sections"] if section["title"] not in sections for name in section["models"]
    }
    wanted = {key for entry in ENTRIES if entry.model.__name__ in models for key in entry.about["examples"]}
    assert wanted - found == IN_WHAT_IFS | ELSEWHERE


def test_a_key_that_is_unknown_is_refused(write: Callable[[str, dict[str, Any]], Path]) -> None:
    """The control: examples are refused if they are wrong."""
    (station,) = (entry for entry in ENTRIES if entry.model.__name__ == "Station")
    tree, _ = REFERENCE.example_of(station, "hall")
    tree["crossings"]["port"]["stations"]["booths"]["hal"] = 40
    with pytest.raises(Exception, match="unknown key"):
        load(write("example.yaml", tree))


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block["file"] or "insert")
def test_the_forms_are_valid(block: re.Match[str], write: Callable[[str, dict[str, Any]], Path]) -> None:
    given, name = block["text"], block["file"]
    if name and name.endswith(".csv"):
        assert given == REFERENCE.SPEC["files"][name]
        return
    tree = yaml.load(given, REFERENCE._Loader)
    frame = {} if name else REFERENCE.SPEC["frame"]
    assert plays_alike(load(write(name or "example.yaml", REFERENCE._merged(frame, tree))).scenario)
