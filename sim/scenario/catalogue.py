"""Lists the scenarios of a folder: what each is about, whether it was fitted, and what it rests on.

Files are read with everything that they extend and name, which takes milliseconds. Values are not validated: that takes
longer, and `sim check` does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sim.errors import Problem, ScenarioError, SimError
from sim.paths import is_folder
from sim.scenario.resolve import SCENARIOS, SUFFIXES, catalogue_folders, names
from sim.scenario.text.fitted_values import fill_from_file
from sim.scenario.text.load_scenario import read_tree
from sim.scenario.text.messages import sorted_error
from sim.scenario.text.named_files import SCENARIO_FILE, named_file
from sim.scenario.text.passports import take_off
from sim.scenario.text.tree import CALIBRATED, REPORTED, Node, bare, child
from sim.scenario.text.yaml_text import SCENARIO, kinds, read_file
from sim.suggest import did_you_mean, no_folder

ASSUMPTION = "assumption"
Status = Literal["calibrated", "indicative"]


@dataclass(frozen=True)
class Entry:
    """A scenario of the catalogue.

    `status` is `calibrated` if values of a fit stand in it, else `indicative`; `figures` counts the reported figures
    that are used, `sources` how many numbers each source in the passports accounts for, without assumptions; `base`
    is the file that a what-if extends. For a file that cannot be read, only `problems` is set.
    """

    file: Path
    name: str
    title: str = ""
    base: Path | None = None
    crossings: tuple[str, ...] = ()
    status: Status = "indicative"
    figures: int = 0
    interventions: tuple[str, ...] = ()
    sources: Mapping[str, int] = field(default_factory=dict)
    assumptions: int = 0
    problems: tuple[Problem, ...] = ()


def list_scenarios(folder: str | Path | None = None) -> list[Entry]:
    """Return the scenarios of a folder by name, each what-if after its base; other files are ignored.

    Without a folder: the scenarios that came with the program, and those in the folder `scenarios` of the working
    directory, which take precedence. Raises SimError if there is no folder or no scenario in it.
    """
    folders = [_folder(folder)] if folder is not None else catalogue_folders(SCENARIOS)[::-1]
    files = {path.stem: path for each in folders for path in each.iterdir() if path.suffix in SUFFIXES}
    entries = [entry for _, path in sorted(files.items()) if (entry := _entry(path))]
    if not entries:
        raise SimError(f"{folders[-1] if folders else SCENARIOS}: contains no scenarios")
    return list(_in_families(sorted(entries, key=lambda entry: entry.name)))


def named(entries: list[Entry], name: str) -> Entry:
    """Return the scenario with a name. Raises SimError with a suggestion if there is none."""
    for entry in entries:
        if name in (entry.name, entry.file.stem, str(entry.file)):
            return entry
    names = [entry.name for entry in entries]
    listed = f"; expected {', '.join(names)}"
    raise SimError(f"there is no scenario {name!r}{did_you_mean(name, names) or listed}")


def _folder(given: str | Path) -> Path:
    if not isinstance(given, str | Path):
        raise SimError(f"expected the path of a folder; got {given!r}")
    if is_folder(Path(given)):
        return Path(given)
    if str(given) in names(SCENARIOS):
        raise SimError(f"{given}: expected a folder; `sim catalogue --sources {given}` shows this scenario")
    raise SimError(no_folder(Path(given)))


def _entry(path: Path) -> Entry | None:
    """Return the entry of a file; None if it is not a scenario."""
    problems: list[Problem] = []
    try:
        root = read_file(path, problems)
        if SCENARIO not in kinds(root):
            return None
        problems.clear()
        tree = read_tree(path, problems)
        fitted = CALIBRATED in tree.value
        tree = fill_from_file(tree, problems)
    except ScenarioError as error:
        return Entry(path, path.stem, problems=sorted_error([*problems, *error.problems]).problems)
    if problems:
        return Entry(path, path.stem, problems=sorted_error(problems).problems)
    extended = child(root, "extends")
    base = named_file(extended, path.parent, ("extends",), SCENARIO_FILE).resolve() if extended else None
    return _described(path, base, tree, "calibrated" if fitted else "indicative")


def _described(path: Path, base: Path | None, tree: Node, status: Status) -> Entry:
    values, passports, _ = take_off(tree)
    rows = values.get(REPORTED)
    used = [row for row in rows if isinstance(row, dict) and row.get("status", "used") == "used"] if rows else []
    counts = Counter(row.source for row in passports if row.source)
    assumptions = counts.pop(ASSUMPTION, 0)
    return Entry(
        path,
        _text(values, "name") or path.stem,
        _text(values, "title"),
        base,
        _keys(tree, "crossings"),
        status,
        len(used),
        _keys(tree, "interventions"),
        dict(counts.most_common()),
        assumptions,
    )


def _text(values: Mapping[str, object], key: str) -> str:
    text = values.get(key)
    return text if isinstance(text, str) else ""


def _keys(tree: Node, key: str) -> tuple[str, ...]:
    node = child(tree, key)
    inner = bare(node).value if node else None
    return tuple(inner) if isinstance(inner, dict) else ()


def _in_families(entries: list[Entry]) -> Iterator[Entry]:
    """Yield every scenario, followed by those that extend it."""
    at = {entry.file.resolve(): entry for entry in entries}

    def with_what_ifs(entry: Entry) -> Iterator[Entry]:
        yield entry
        for other in entries:
            if other.base == entry.file.resolve():
                yield from with_what_ifs(other)

    for entry in entries:
        if entry.base not in at:
            yield from with_what_ifs(entry)
