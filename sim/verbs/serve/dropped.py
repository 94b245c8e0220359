"""Data that was dropped on the page: a file of counts or a timetable becomes the demand of the scenario."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim import store
from sim.errors import Problem, ScenarioError, SimError
from sim.scenario.text.edit import Edit, edited
from sim.scenario.text.includes import inline
from sim.scenario.text.load_scenario import from_text
from sim.scenario.text.tree import find, leaves, plain
from sim.scenario.text.yaml_text import parse
from sim.verbs.intake.study import Imported, Wanted, import_file
from sim.verbs.serve.base import Base

KINDS = ("arrivals", "timetable")
SUFFIXES = (".csv", ".txt", ".tsv", ".gz", ".parquet", ".xlsx", ".xls", ".ods")
MOST_REJECTED = 20
NEW = "my_border"
"""Name of a border that begins with the data."""


def understood(base: Base, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was understood of a file, and the text of the scenario with it.

    `body` has the `name` of the file, its `content` in base 64, its `kind` (of KINDS), and `new` if a scenario begins
    with it; else its numbers take the place of the demand of the scenario. `class`, `crossing`, `zone` and `column`
    (the heading of the numbers) say what the rows are where the file does not. Raises SimError.
    """
    kind, name = body.get("kind", "arrivals"), body.get("name")
    cls, crossing, zone, column = (_text(body, key) for key in ("class", "crossing", "zone", "column"))
    columns = {"count" if kind == "arrivals" else "people": column} if column else {}
    if kind not in KINDS:
        raise SimError(f"kind: expected {' or '.join(KINDS)}")
    if not isinstance(name, str) or Path(name).suffix.lower() not in SUFFIXES:
        raise SimError(f"name: expected a file of {', '.join(SUFFIXES)}")
    try:
        content = base64.b64decode(body.get("content", ""), validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise SimError("content: expected the file in base 64") from None
    with store.scratch() as folder:
        file = folder / _harmless(name)
        store.write(file, content)
        if body.get("new") is True:
            wanted = Wanted(kind, file, folder / f"{NEW}.yaml", cls=cls, zone=zone, columns=columns)
        else:
            wanted = Wanted(kind, file, base.file, cls=cls, crossing=crossing, zone=zone, columns=columns)
            wanted = replace(wanted, all_parts=True, text=base.text)
        try:
            imported = import_file(wanted)
        except SimError as error:
            raise SimError(_for_the_page(str(error).replace(f"{folder}/", ""))) from None
        text = _with_rows(imported, folder)
    from_text(text, base.file)
    return _shown(imported, name, text)


def _for_the_page(sentence: str) -> str:
    """Return a sentence about options as one about the fields of the dialog."""
    sentence = re.sub(r"with --column (\w+)=HEADING", "in the dialog (column with the numbers)", sentence)
    return re.sub(r"with --class|\(--class\)", "in the dialog (they count)", sentence)


def _with_rows(imported: Imported, folder: Path) -> str:
    """Return the text of the scenario with the rows of the tables that it would name; the page keeps no files."""
    for path, content in imported.files.items():
        store.write(folder / path.name, content)
    text, names = imported.after, {path.name for path in imported.files}
    tree = parse(text, str(imported.target.path))
    problems: list[Problem] = []
    tables = {key: tree.value[key] for key in ("crossings", "network") if key in tree.value}
    whole = inline(replace(tree, value=tables), folder, problems)
    if problems:
        raise ScenarioError(problems)
    edits = []
    for place in [place for node, place in leaves(tree) if node.value in names]:
        keys = tuple(str(key) for key in place)
        before, rows = plain(find(tree, place[:-1])[0])[keys[-1]], plain(find(whole, place)[0])
        edits.append(Edit(keys, {**before, "value": rows} if isinstance(before, dict) else rows))
    return edited(text, str(imported.target.path), edits)


def _text(body: Mapping[str, Any], key: str) -> str | None:
    value = body.get(key)
    if value is None or isinstance(value, str):
        return value or None
    raise SimError(f"{key}: expected a text")


def _harmless(name: str) -> str:
    """Return the last part of a name, without what a path could mean."""
    return "".join(
        letter if letter.isalnum() or letter in "._- " else "_" for letter in name.replace("\\", "/").rpartition("/")[2]
    )


def _shown(imported: Imported, name: str, text: str) -> dict[str, Any]:
    rejected = {row.line: row.reason for row in reversed(imported.rejected)}
    notes = [*filter(None, [imported.warning]), *imported.notes]
    if imported.target.scenario is None:
        notes.append(
            "a new border plays the days after the data, and has as many booths as the busiest hour needs; change both "
            "in the text, and the booths with their lever"
        )
    return {
        "name": name,
        "rows": imported.rows,
        "title": imported.finding.title,
        "sentences": imported.finding.sentences,
        "understood": [list(row) for row in imported.understood],
        "unused": list(imported.unused),
        "notes": notes,
        "rejected": [{"line": line, "reason": rejected[line]} for line in sorted(rejected)[:MOST_REJECTED]],
        "rejected_rows": len(rejected),
        "text": text,
    }
