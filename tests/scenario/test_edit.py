"""Edits of YAML text: the value changes, everything else stays as it was, comments and aliases included."""

import difflib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import SimError
from sim.scenario.text.edit import Edit, edited
from sim.scenario.text.tree import plain
from sim.scenario.text.yaml_text import dump, one_line, parse

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(path for path in (ROOT / "scenarios").glob("*.yaml"))
WORDS = st.sampled_from(["a", "b", "c", "key with space", "on", "12", "x: y", "# no comment"])
VALUES = st.one_of(st.integers(-5, 5), st.text("abc: #'\"{}", max_size=8), st.booleans(), st.none())
TREES = st.recursive(VALUES, lambda inner: st.one_of(st.dictionaries(WORDS, inner, max_size=3), st.lists(inner)))
MAPPINGS = st.dictionaries(WORDS, TREES, min_size=1, max_size=4)


def changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_a_value_is_replaced_and_comments_stay() -> None:
    text = "a: 1   # one\nb:\n  # above\n  c: {value: 2, source: me}   # two\n  d: 3\n\n# end\n"
    after = edited(text, "x", [Edit(("b", "c"), {"value": 5, "source": "you"})])
    assert after == "a: 1   # one\nb:\n  # above\n  c: {value: 5, source: you}\n  d: 3\n\n# end\n"


def test_a_new_key_goes_to_the_end_of_its_mapping() -> None:
    text = "a:\n  b: 1   # one\n\n  # about nothing\nc: 2\n"
    assert edited(text, "x", [Edit(("a", "d"), [1, 2])]) == (
        "a:\n  b: 1   # one\n  d: [1, 2]\n\n  # about nothing\nc: 2\n"
    )


def test_a_mapping_in_braces_is_written_out_for_a_new_key() -> None:
    assert edited("a: {b: 1}\nc: 2\n", "x", [Edit(("a", "d", "e"), 3)]) == "a:\n  b: 1\n  d: {e: 3}\nc: 2\n"


def test_a_path_that_does_not_exist_is_made() -> None:
    after = edited("a: 1\n", "x", [Edit(("b", "c", "d"), {"mean": "30 s"})])
    assert plain(parse(after, "x")) == {"a": 1, "b": {"c": {"d": {"mean": "30 s"}}}}


def test_a_passport_on_the_way_stays() -> None:
    text = "a:\n  value:\n    b: 1\n    c: 2\n  source: me\n"
    assert edited(text, "x", [Edit(("a", "b"), 5)]) == text.replace("b: 1", "b: 5")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: &n {x: 1}\nb: *n\nc: *n\n", ("a",)),
        ("a: &n {x: 1}\nb: *n\nc: *n\n", ("a", "x")),
        ("a: &n\n  x: 1\nb: *n\nc: *n\n", ("a", "x")),
        ("a: &n\n  x: 1\nb: *n\nc: *n\n", ("b", "x")),
        ("a:\n  i: &n [1, 2]\n  k: 0\nb: {j: *n}\n", ("a", "k")),
        ("a: {i: &n [1, 2], k: 0}\nb: {j: *n}\n", ("a", "i")),
        ("a: {i: &n [1, 2], k: 0}\nb: {j: *n}\n", ("b", "new")),
    ],
)
def test_an_edit_does_not_reach_what_an_alias_shares(text: str, path: tuple[str, ...]) -> None:
    before = plain(parse(text, "x"))
    after = plain(parse(edited(text, "x", [Edit(path, "new")]), "x"))
    at: Any = after
    for key in path:
        at = at[key]
    assert at == "new"
    assert {key: part for key, part in after.items() if key != path[0]} == {
        key: part for key, part in before.items() if key != path[0]
    }


@pytest.mark.slow
@given(MAPPINGS, MAPPINGS, st.lists(WORDS, min_size=1, max_size=4), TREES)
def test_any_edit_changes_one_value_or_is_refused(
    tree: dict[str, Any], shared: dict[str, Any], path: list[str], value: Any
) -> None:
    text = dump(tree) + f"shared: &s {one_line(shared)}\nagain: {{of: *s}}\n"
    try:
        after = edited(text, "x", [Edit(tuple(path), value)])
    except SimError:
        return
    now, before = plain(parse(after, "x")), plain(parse(text, "x"))
    assert {key: now[key] for key in before if key != path[0]} == {
        key: part for key, part in before.items() if key != path[0]
    }


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_shipped_files_change_in_one_place(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    after = edited(text, path.name, [Edit(("seed",), 977)])
    assert len(changed_lines(text, after)) <= 2
    assert plain(parse(after, "x"))["seed"] == 977


def test_every_part_of_a_template_can_be_changed() -> None:
    text = (ROOT / "scenarios" / "us_land_port.yaml").read_text(encoding="utf-8")
    port = ("crossings", "port")
    edits = [
        Edit((*port, "stations", "general_lanes", "service_time", "general_car"), "50 s"),
        Edit((*port, "stations", "ready_lanes", "service_time", "general_car"), "40 s"),
        Edit((*port, "demand", "general_car", "everyday", "constant", "hours"), [1.0] * 24),
        Edit((*port, "demand", "ready_car", "everyday", "constant", "weekdays"), {"mon": 1}),
        Edit((*port, "demand", "bus"), {"daily": {"constant": {"rate": "3/h"}}}),
    ]
    stations = plain(parse(edited(text, "x", edits), "x"))["crossings"]["port"]["stations"]
    assert [stations[name]["service_time"]["general_car"] for name in ("general_lanes", "ready_lanes")] == [
        "50 s",
        "40 s",
    ]
    assert "60 s" in str(stations["enrolled_lanes"]["service_time"]["general_car"])
