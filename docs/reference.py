"""Writes docs/reference.md: every key of a file with what it takes, its default, a sentence and an example.

The sentences are those of the models in sim/scenario/model; titles, order and examples are in docs/reference.yaml.
`python docs/reference.py` makes the page; tests/test_docs_reference.py plays the examples.
"""

from __future__ import annotations

import copy
import re
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.scenario.model import arrivals, class_names, controls, demand, laws, quantities, reported_series, sweep, traits
from sim.scenario.model.calibration import Calibration
from sim.scenario.model.end_state import EndState
from sim.scenario.model.quantities import CLASSES
from sim.scenario.model.scenario import Scenario
from sim.scenario.model.sweep import SweepFile

ROOT = Path(__file__).parents[1]
PAGE, SOURCE = ROOT / "docs" / "reference.md", ROOT / "docs" / "reference.yaml"
ROOTS = {"scenario": Scenario, "calibration": Calibration, "sweep": SweepFile}
TIME, LENGTH, SHARE = "[time](#numbers-with-units)", "[length](#numbers-with-units)", "[share](#numbers-with-units)"
RATE, PER_TIME, VOLUME = (f"[{word}](#numbers-with-units)" for word in ("rate", "share per time", "volume"))
BY_WAIT, BY_STOPS = "or a table {} by quoted wait", "or a table {} by share of men stopped"
WORDS: list[tuple[Any, str]] = [
    (EndState, "folder of a run, or its `end_state.parquet`"),
    (reported_series.Points, "CSV, Parquet or Excel file"),
    (quantities.Duration, f"{TIME} above 0"),
    (quantities.Span, TIME),
    (quantities.Length, LENGTH),
    (quantities.Rate, RATE),
    (quantities.Hazard, PER_TIME),
    (quantities.Share, SHARE),
    (quantities.Volume, VOLUME),
    (quantities.Variation, f"{SHARE} above 0; may exceed 100 %"),
    (quantities.DayVariation, f"{SHARE} above 0, up to 200 %"),
    (quantities.DriveVariation, f"{SHARE}, up to 200 %"),
    (quantities.ShareByWait, f"{SHARE}, {BY_WAIT.format('of shares')}"),
    (quantities.HazardByWait, f"{PER_TIME}, {BY_WAIT.format('of these')}"),
    (quantities.ShareByStops, f"{SHARE}, {BY_STOPS.format('of shares')}"),
    (quantities.HazardByStops, f"{PER_TIME}, {BY_STOPS.format('of these')}"),
    (quantities.Instant, "[instant](#dates-and-times)"),
    (quantities.ClockTime, "[time of day](#dates-and-times)"),
    (arrivals.When, "[instant or time of day](#dates-and-times)"),
    (arrivals.CalendarDay, "[date](#dates-and-times)"),
    (arrivals.Spread, "[law](#law-of-durations); a time alone: evenly over it"),
    (laws.People, "whole number, shares by number, or [people per party](#people-per-party)"),
    (class_names.ClassName, "class"),
    (class_names.NewClassName, "class"),
    (class_names.ClassOrAny, "class or `any`"),
    (class_names.StreamName, "class or `bypass`"),
    (quantities.Name, "name"),
    (quantities.Title, "text in one line"),
    (traits.Condition, "`when TRAIT` or `unless TRAIT`"),
    (traits.Who, "class, `any`, `when TRAIT` or `unless TRAIT`"),
    (controls.Level, f"whole number, or a {TIME}"),
    (controls.OutOfOrder, "whole number of at least 1, or `all`"),
    (demand.Hours, "24 numbers of at least 0, or a CSV file"),
    (sweep.Setting | tuple[sweep.Setting, ...], "value, `FROM:TO:STEP`, or list of values"),
    (quantities.Weekday, "day of the week"),
    (Any, "any value"),
    (str, "text"),
    (bool, "`true` or `false`"),
]
"""What a type of the models takes, in words; other types are described by what they are made of."""
PLURALS = {
    "name": "names",
    "class": "classes",
    "text": "texts",
    "day of the week": "days of the week",
    "class or `bypass`": "classes or `bypass`",
    "list of classes or `bypass`": "lists of classes or `bypass`",
    TIME: f"{TIME}s",
}
FILES = {"steps", "table", "schedule", "bookings", "log", "calendar", "weekdays", "rows"}
"""Keys that may be the name of a CSV file."""
NAMES = {"crossings", "zones", "stations", "parallel", "lots", "interventions", "origins", "parameters"}
"""Keys of mappings with names of the user's own."""


class _Loader(yaml.SafeLoader):
    """Reads dates as text, as scenario files do."""


class _Dumper(yaml.SafeDumper):
    """Writes dates without quotes."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


for _kind in (_Loader, _Dumper):
    _kind.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in rows if tag != "tag:yaml.org,2002:timestamp"]
        for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

SPEC: dict[str, Any] = yaml.load(SOURCE.read_text(encoding="utf-8"), _Loader)


MOVED = "reported_series"
"""A key that readers write: rows of `reported` that are series stand there."""


@dataclass(frozen=True)
class Entry:
    """A model as the page shows it."""

    model: type[BaseModel]
    about: dict[str, Any]
    file: str
    network: bool

    @property
    def keys(self) -> dict[str, tuple[Any, FieldInfo]]:
        """The keys as written in a file, but those of a base that has its own place on the page."""
        hints = get_type_hints(self.model, include_extras=True)
        inherited = set(self.base.model_fields) if self.base else set()
        fields = self.model.model_fields.items()
        return {info.alias or name: (hints[name], info) for name, info in fields if name not in inherited | {MOVED}}

    @property
    def base(self) -> type[BaseModel] | None:
        """The model of which this one has all keys, if that is on the page."""
        (base, *_) = self.model.__bases__
        return base if base.__name__ in titles() else None


def models(root: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Return a model of a file and all models below it, by name."""
    found: dict[str, type[BaseModel]] = {}

    def visit(kind: Any) -> None:
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind.__name__ not in found:
            found[kind.__name__] = kind
            hints = get_type_hints(kind, include_extras=True)
            for name in kind.model_fields:
                visit(hints[name])
        for part in get_args(kind):
            visit(part)

    visit(root)
    return found


def titles() -> dict[str, str]:
    """Return the titles on the page by the names of the models."""
    return {name: about["title"] for section in SPEC["sections"] for name, about in section["models"].items()}


def entries() -> list[Entry]:
    """Return what the page shows, in its order."""
    known = {name: kind for root in ROOTS.values() for name, kind in models(root).items()}
    gone = set(titles()) - set(known)
    if gone:
        raise ValueError(f"docs/reference.yaml: there is no model {', '.join(gone)} any more; remove it")
    return [
        Entry(known[name], about, section.get("file", "scenario"), section.get("network", False))
        for section in SPEC["sections"]
        for name, about in section["models"].items()
    ]


def example_of(entry: Entry, key: str) -> tuple[dict[str, Any], str]:
    """Return a whole file with the example of a key, and its text on the page."""
    about = entry.about
    if key not in about["examples"]:
        raise ValueError(f"docs/reference.yaml: {entry.model.__name__} needs an example of {key}")
    example = about["examples"][key]
    tree = copy.deepcopy(SPEC["frame" if entry.file == "scenario" else f"{entry.file}_frame"])
    if entry.network:
        tree = _merged(tree, SPEC["network_frame"])
    elsewhere = {**about.get("elsewhere", {}).get("*", {}), **about.get("elsewhere", {}).get(key, {})}
    for path, value in elsewhere.items():
        _put(tree, path.split("."), value)
    way = [part for part in about["at"].split(".") if part]
    beside = about.get("needs", {}).get(key, about.get("with", {}))
    if about.get("keep"):
        here = _at(tree, way)
        beside = {**(here if isinstance(here, dict) else {}), **beside}
    _put(tree, way, {**{name: value for name, value in beside.items() if value is not None}, key: example})
    return tree, line({key: example})


def line(value: dict[str, Any]) -> str:
    """Return YAML in one line, without the outer brackets."""
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True)
    text = re.sub(r"'(\d{4}-\d\d-\d\dT[\d:]+)'", r"\1", text)
    return re.sub(r"'(\d\d:\d\d)'", r'"\1"', text).strip()[1:-1]


def _merged(tree: Any, patch: Any) -> Any:
    if not isinstance(tree, dict) or not isinstance(patch, dict):
        return copy.deepcopy(patch)
    kept = {key: value for key, value in tree.items() if key not in patch}
    return {**kept, **{key: _merged(tree.get(key), value) for key, value in patch.items() if value is not None}}


def _at(tree: Any, way: list[str]) -> Any:
    for part in way:
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _put(tree: dict[str, Any], way: list[str], value: Any) -> None:
    """Set a value below `tree`; None removes it, and a number in the way is a place in a list."""
    if not way:
        tree.clear()
        tree.update(value)
        return
    here: Any = tree
    for part, after in zip(way, [*way[1:], ""], strict=True):
        last = part is way[-1] and after == ""
        if part.isdigit():
            here += [None] * (int(part) + 1 - len(here))
            part = int(part)  # type: ignore[assignment]
        if last:
            if value is None:
                here.pop(part, None)
            else:
                here[part] = value
            break
        below = here[part] if isinstance(here, list) else here.get(part)
        if not isinstance(below, list if after.isdigit() else dict):
            below = here[part] = [] if after.isdigit() else {}
        here = below


def page() -> str:
    """Return the page."""
    return "\n".join([*_preface(), *(text for section in SPEC["sections"] for text in _section(section))]) + "\n"


def _preface() -> Iterator[str]:
    yield "# Reference: the keys of a file"
    yield ""
    yield "Made by `python docs/reference.py` from the models of the program; do not edit by hand."
    yield ""
    yield SPEC["preface"].strip()
    yield ""
    for section in SPEC["sections"]:
        links = ", ".join(_link(about["title"]) for about in section["models"].values())
        yield f"- **{section['title']}**: {links}"
    yield ""
    yield SPEC["forms"].strip()


def _section(section: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"## {section['title']}"
    if "about" in section:
        yield ""
        yield section["about"].strip()
    shown = {entry.model.__name__: entry for entry in entries()}
    for name in section["models"]:
        yield from _model(shown[name])


def _model(entry: Entry) -> Iterator[str]:
    about = entry.about
    yield ""
    yield f"### {about['title']}"
    yield ""
    sentences = [" ".join((entry.model.__doc__ or "").split())]
    if about["at"]:
        sentences.append(f"Stands{', for example,' * about.get('many', False)} at {_place(about['at'])}.")
    if "short" in about:
        sentences.append(about["short"])
    if entry.base:
        sentences.append(f"Has the keys of a {_link(_title(entry.base.__name__), lower=True)} too.")
    yield " ".join(sentences)
    yield ""
    yield "| key | takes | default | meaning | example |"
    yield "|---|---|---|---|---|"
    for key, (hint, info) in entry.keys.items():
        meaning, default = _default(hint, info)
        text = example_of(entry, key)[1]
        cells = (f"`{key}`", _takes(key, hint, info), default, meaning, f"`{text}`")
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _link(title: str, *, lower: bool = False) -> str:
    anchor = re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
    return f"[{title.lower() if lower else title}](#{anchor})"


def _title(model: str) -> str:
    known = titles()
    if model not in known:
        raise ValueError(f"docs/reference.yaml: add the model {model} under its section, with a title and examples")
    return known[model]


def _either(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _place(path: str) -> str:
    """Return a path with words for the names and classes in it."""
    parts: list[str] = []
    before = ""
    for part in path.split("."):
        if part.isdigit():
            parts[-1] += "[]"
            continue
        named = before in NAMES or (before == "" and parts[-2:-1] == ["demand"])
        is_class = before in ("demand", "behaviour", "classes", "initial_queue")
        parts.append("CLASS" if is_class else "NAME" if named else part)
        before = "" if is_class or named else part
    return f"`{'.'.join(parts)}`"


def _takes(key: str, hint: Any, info: FieldInfo) -> str:
    text = takes(hint, tuple(info.metadata))
    if key in FILES and "CSV" not in text:
        text += ", or a CSV file"
    return text


def takes(hint: Any, notes: tuple[Any, ...] = ()) -> str:
    """Return what a type takes, in words."""
    known = next((words for kind, words in WORDS if hint is kind or hint == kind), None)
    if known:
        return known
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        longest = next((words for kind, words in WORDS if _begins(hint, kind)), None)
        return longest or takes(hint.__origin__, hint.__metadata__)
    if origin in (Union, types.UnionType):
        kinds = [part for part in parts if part is not type(None)]
        return _either(dict.fromkeys(takes(part, notes) for part in kinds))
    if origin is Literal:
        return _either(f"`{str(part).lower() if isinstance(part, bool) else part}`" for part in parts)
    if origin is dict:
        return f"{takes(parts[0])}: {takes(parts[1])}"
    if origin is tuple:
        one = takes(parts[0])
        return f"list of {PLURALS[one]}" if one in PLURALS else f"list, each: {one}"
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _link(_title(hint.__name__), lower=True)
    if hint in (int, float):
        return _number(hint, notes)
    raise ValueError(f"docs/reference.py does not know how to describe {hint}; add it to WORDS")


def _begins(hint: Any, kind: Any) -> bool:
    """Return whether an annotated type is a known one with more notes."""
    if get_origin(kind) is not Annotated or hint.__origin__ != kind.__origin__:
        return False
    notes = list(kind.__metadata__)
    return list(hint.__metadata__[: len(notes)]) == notes


def _number(kind: type, notes: tuple[Any, ...]) -> str:
    bounds: dict[str, Any] = {}
    for note in notes:
        for part in (note, *getattr(note, "metadata", ())):
            bounds |= {
                key: getattr(part, key) for key in ("ge", "gt", "le", "lt") if getattr(part, key, None) is not None
            }
    word = "whole number" if kind is int else "number"
    bounds = {key: f"{bound:,.0f}" if bound == round(bound) else f"{bound:g}" for key, bound in bounds.items()}
    if "gt" in bounds:
        return f"{word} above {bounds['gt']}" + (f", up to {bounds['le']}" if "le" in bounds else "")
    if "ge" not in bounds:
        return word
    return f"{word} from {bounds['ge']} to {bounds['le']}" if "le" in bounds else f"{word} of at least {bounds['ge']}"


def _default(hint: Any, info: FieldInfo) -> tuple[str, str]:
    """Return the sentence of a key without its default, and the default."""
    meaning = info.description or ""
    told = re.search(r"; default: ([^;]*)$", meaning)
    if told:
        return meaning[: told.start()], told[1]
    if info.is_required():
        return meaning, "required"
    return meaning, _shown(info.default, takes(hint, tuple(info.metadata)))


def _shown(value: Any, words: str) -> str:
    """Return a default as a file would have it; `words` say what the key takes."""
    if value is None or value in ("", {}, ()):
        return "none"
    if isinstance(value, bool | str):
        return f"`{str(value).lower() if isinstance(value, bool) else value}`"
    if isinstance(value, laws.Law):
        return _time(value.mean_s)
    if isinstance(value, BaseModel):
        return "its defaults"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_shown(each, SHARE)}" for name, each in value.items())
    if isinstance(value, timedelta):
        return f"`{value.seconds // 3600:02d}:{value.seconds % 3600 // 60:02d}`"
    if isinstance(value, tuple):
        return {CLASSES: "`all`", ((0.0, 0.0),): "0"}[value]
    return _measure(value, words)


def _measure(value: float, words: str) -> str:
    """Return a number with the unit that a key takes."""
    if TIME in words:
        return _time(value)
    if SHARE in words:
        return f"{100 * value:g} %"
    return f"{value:g} L" if VOLUME in words else f"{value:g}"


def _time(seconds: float) -> str:
    units_of_time = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    whole = ((size, unit) for size, unit in units_of_time if seconds % size == 0)
    size, unit = next(whole) if seconds else (1, "")
    return f"{seconds / size:g} {unit}".strip()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
