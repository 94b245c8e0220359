"""Keeps a setting of the page as a scenario file, and names the commands that play it properly."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim import store
from sim.verbs.serve.base import Base
from sim.verbs.serve.lever import Value

FOLDER = Path("results/page")
DIGITS = 8


def keep(base: Base, settings: Mapping[str, Value]) -> dict[str, Any]:
    """Write the scenario with its settings into the results folder; return its path and the commands that play it.

    The name holds a digest of the content, so that the same setting is the same file. Raises SimError.
    """
    name = base.loaded.scenario.name
    text = base.what_if(settings, FOLDER)
    path = FOLDER / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:DIGITS]}.yaml"
    store.write(path, text)
    results = path.with_suffix("")
    commands = [f"sim run {path} --out {results}", f"sim report {results}"]
    if not base.edited:
        commands.append(f"sim compare {base.source} {path}")
    return {"path": str(path), "commands": commands, "text": text}
