from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.scenario.text import yaml_text
from sim.scenario.text.tree import plain
from sim.scenario.text.yaml_text import MAX_DEPTH, dump, parse, parse_value, read_file

BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)

UNREADABLE = {
    "empty": (b"", "s.yaml: is empty; expected a scenario"),
    "comment": (b"# nothing\n", "s.yaml: is empty; expected a scenario"),
    "null": (b"null\n", "s.yaml: is empty; expected a scenario"),
    "binary": (bytes(range(256)), "s.yaml: is not UTF-8 text (byte 129 cannot be read)"),
    "latin": ("name: é".encode("latin-1"), "s.yaml: is not UTF-8 text (byte 7 cannot be read)"),
    "nul": (b"a: \0b", "s.yaml:1:4: character U+0000 is not allowed in YAML text"),
    "list": (b"- 1\n- 2\n", "s.yaml:1:1: contains a list; expected keys such as 'name:', 'clock:' and 'crossings:'"),
    "word": (b"hello", "s.yaml:1:1: contains a single value; expected keys such as 'name:', 'clock:' and 'crossings:'"),
    "bomb": (BOMB.encode(), "s.yaml:6:10: contains more than 100,000 values once its aliases are expanded"),
    "deep": (b"[" * 100_000, f"s.yaml:1:{MAX_DEPTH + 1}: is nested more than {MAX_DEPTH} deep"),
    "self": (b"a: &a [*a]", "s.yaml:1:8: the alias '*a' is inside its own anchor"),
    "alias": (b"a: *b", "s.yaml:1:4: the alias '*b' has no anchor '&b' before it"),
    "digits": (b"a: " + b"9" * 5000, "s.yaml:1:4: a whole number may have at most 18 digits; got 5000"),
    "tag": (b"a: !foo [1]", "s.yaml:1:4: tags such as '!foo' are not allowed"),
    "python": (b"a: !!str x", "s.yaml:1:4: tags such as 'tag:yaml.org,2002:str' are not allowed"),
    "nan": (b"a: .nan", "s.yaml:1:4: every number must be finite; got .nan"),
    "inf": (b"a: -.inf", "s.yaml:1:4: every number must be finite; got -.inf"),
    "huge": (b"a: 1e999", "s.yaml:1:4: every number must be finite; got 1e999"),
    "twice": (b"a: 1\nb: 2\na: 3\n", "s.yaml:3:1: duplicate key 'a'; each key may appear only once"),
    "tab": (b"a:\n\tb: 1", "s.yaml:2:1: is not valid YAML: a tab stands here; use spaces"),
    "syntax": (b"a: [1, 2", "s.yaml:2:1: is not valid YAML: while parsing a flow sequence, did not find expected"),
    "documents": (b"a: 1\n---\nb: 2\n", "s.yaml:2:1: a second document ('---') begins here; expected one"),
    "key": (b"? [1]\n: 2\n", "s.yaml:1:3: a key must be a word; got a mapping or a list"),
    "alias key": (b"a: &a x\n*a : 3\n", "s.yaml:2:1: a key must be a word; got an alias"),
    "merge": (b"<<: 3\n", "s.yaml:1:1: merge keys ('<<') are not allowed; write the keys out or use 'extends'"),
    "size": (b"x" * 2_000_001, "s.yaml: is larger than 2 MB; a scenario is a small text file"),
}


def without_keys(problems: list[str]) -> list[str]:
    """Leave out that these texts have none of the keys of a scenario."""
    return [said for said in problems if "missing key" not in said and "unknown key" not in said]


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_scenario_gets_one_sentence(name, problems_of):
    content, expected = UNREADABLE[name]
    (said,) = without_keys(problems_of(content))
    assert said.startswith(expected)


DEEP = {
    "open lists": ("a: " + "[" * 3000, f"s.yaml:1:{MAX_DEPTH + 3}"),
    "closed lists": ("a: " + "[" * 3000 + "]" * 3000, f"s.yaml:1:{MAX_DEPTH + 3}"),
    "lists on lines": ("a: " + "[\n" * 3000, f"s.yaml:{MAX_DEPTH}:1"),
    "flow mappings": ("{a: " * 3000, f"s.yaml:1:{4 * MAX_DEPTH - 2}"),
    "block mappings": (
        "".join(f"{' ' * depth}a:\n" for depth in range(1200)),
        f"s.yaml:{MAX_DEPTH}:{MAX_DEPTH}",
    ),
    "block lists": ("- " * 3000 + "1", f"s.yaml:1:{2 * MAX_DEPTH + 1}"),
    "explicit keys": ("- " * 49 + "? x\n", f"s.yaml:1:{2 * MAX_DEPTH + 1}"),
    "after other lines": ("é: 1\r\nb: \u2028\n" + "c: " + "[" * 3000, None),
}


class LimitedLoader(yaml.SafeLoader):
    """A parser that refuses deep nesting while it scans ahead, as libyaml 0.2.6 does."""

    limit = 0

    def _refuse(self) -> None:
        if self.flow_level + len(self.indents) > self.limit:
            raise yaml.scanner.ScannerError(
                "while increasing level", self.get_mark(), "exceeded maximum nesting depth", self.get_mark()
            )

    def fetch_flow_collection_start(self, TokenClass):
        self._refuse()
        super().fetch_flow_collection_start(TokenClass)

    def add_indent(self, column):
        self._refuse()
        return super().add_indent(column)


def limited(levels: int) -> type[LimitedLoader]:
    return type(f"Limited{levels}", (LimitedLoader,), {"limit": levels})


LOADERS = {
    "installed": yaml_text._LOADER,
    "python": yaml.SafeLoader,
    "limit just above ours": limited(MAX_DEPTH + 2),
    "limit of 1000": limited(1000),
}


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("name", DEEP)
def test_our_own_limit_of_depth_answers_whatever_the_parser_allows(name, loader, monkeypatch):
    monkeypatch.setattr(yaml_text, "_LOADER", LOADERS[loader])
    text, place = DEEP[name]
    with pytest.raises(ScenarioError) as error:
        parse_value(text, "s.yaml")
    (problem,) = error.value.problems
    assert problem.what == f"is nested more than {MAX_DEPTH} deep"
    assert place is None or problem.where == place


@pytest.mark.parametrize("loader", LOADERS)
def test_what_is_as_deep_as_allowed_is_read(loader, monkeypatch):
    monkeypatch.setattr(yaml_text, "_LOADER", LOADERS[loader])
    deepest = MAX_DEPTH - 1
    assert parse_value("[" * deepest + "1" + "]" * deepest, "s.yaml") is not None
    assert parse_value("- " * deepest + "1", "s.yaml") is not None


def test_a_parser_with_a_limit_below_ours_gets_a_sentence_too(monkeypatch):
    monkeypatch.setattr(yaml_text, "_LOADER", limited(20))
    with pytest.raises(ScenarioError, match=r"^s\.yaml:1:22: is nested deeper than the YAML parser allows; use fewer"):
        parse_value("[" * 40 + "]" * 40, "s.yaml")


def test_no_file_no_folder(tmp_path: Path):
    for path, expected in ((tmp_path / "none.yaml", "there is no such file"), (tmp_path, "is a directory; expected")):
        with pytest.raises(ScenarioError, match=expected):
            read_file(path)
    with pytest.raises(ScenarioError, match="cannot be read: embedded null byte"):
        read_file(Path("a\0b"))


def test_several_faults_of_the_text_at_once(problems_of):
    assert len(without_keys(problems_of("a: .nan\nb: !x 1\na: 2\n"))) == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"), ("yes", "yes"), ("22:00", "22:00"), ("08:30", "08:30"), ("1e3", 1000.0), ("0o17", 15),
        ("2022-09-21", "2022-09-21"), ("true", True), ("~", None), ("", None), ("'12'", "12"), ("012", 12),
        ("1_000", "1_000"), ("-3", -3), (".5", 0.5), ("90 s", "90 s"), ("&a 3", 3),
    ],
)  # fmt: skip
def test_yaml_1_2_rules(text, value):
    read = plain(parse(f"key: {text}\n", "f"))["key"]
    assert read == value
    assert type(read) is type(value)


def test_places_of_keys_and_values():
    root = parse("a:\n  - b: 1\n    c: [2, 3]\n", "f")
    inner = root.value["a"].value[0].value["c"]
    assert (str(inner.key), str(inner.place), str(inner.value[1].place)) == ("f:3:5", "f:3:8", "f:3:12")


def test_an_alias_is_the_anchored_value_at_its_own_key():
    root = parse("a: &x {k: 1}\nb: *x\n", "f")
    assert plain(root) == {"a": {"k": 1}, "b": {"k": 1}}
    assert str(root.value["b"].key) == "f:2:1"


SCALARS = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=12)
WORDS = st.sampled_from(["NO", "1e3", "22:00", "0x1F", "012", "null", ".inf", "~", "", "08:30", " x", "a: b", "x\ny"])
TREES = st.recursive(
    SCALARS | TEXTS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries((TEXTS | WORDS).filter(lambda k: k != "<<"), inner),
    max_leaves=12,
)


@given(st.dictionaries((TEXTS | WORDS).filter(lambda k: k != "<<"), TREES, min_size=1, max_size=4))
def test_dump_reads_back_equal(tree):
    assert plain(parse(dump(tree), "f")) == tree
    assert dump(plain(parse(dump(tree), "f"))) == dump(tree)


def test_a_table_that_is_too_large_is_told_as_one(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(b"x" * 2_000_001)
    with pytest.raises(ScenarioError, match="larger than 2 MB; a table of a scenario takes a shorter period"):
        yaml_text.read_text(file)
