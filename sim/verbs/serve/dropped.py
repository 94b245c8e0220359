"""Data that was dropped on the page: a file of counts or a timetable becomes the demand of the scenario."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim import store
from sim.errors import SimError
from sim.scenario.text.load_scenario import from_text
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
    with it; else its numbers take the place of the demand of the scenario. `class`, `crossing` and `zone` say what the
    rows are where the file does not. Raises SimError.
    """
    kind, name = body.get("kind", "arrivals"), body.get("name")
    cls, crossing, zone = (_text(body, key) for key in ("class", "crossing", "zone"))
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
            wanted = Wanted(kind, file, folder / f"{NEW}.yaml", cls=cls, zone=zone)
        else:
            wanted = Wanted(
                kind, file, base.file, cls=cls, crossing=crossing, zone=zone, all_parts=True, text=base.text
            )
        try:
            imported = import_file(wanted)
        except SimError as error:
            raise SimError(str(error).replace(f"{folder}/", "").replace("with --class", "in the dialog")) from None
    if imported.files:
        named = ", ".join(path.name for path in imported.files)
        raise SimError(f"{name}: the scenario would need files beside it ({named}); use `sim import {kind}`")
    from_text(imported.after, base.file)
    return _shown(imported, name)


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


def _shown(imported: Imported, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "rows": imported.rows,
        "title": imported.finding.title,
        "sentences": imported.finding.sentences,
        "understood": [list(row) for row in imported.understood],
        "unused": list(imported.unused),
        "notes": list(imported.notes),
        "rejected": [{"line": row.line, "reason": row.reason} for row in imported.rejected[:MOST_REJECTED]],
        "rejected_rows": len(imported.rejected),
        "text": imported.after,
        "changed": imported.after != imported.before,
    }
