"""Keeps a setting of the page as a scenario file, and names the commands that play it properly."""

from __future__ import annotations

import hashlib
import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim import store
from sim.errors import SimError
from sim.measures.headline import headlines_of
from sim.measures.names import TOTALS, Key
from sim.verbs.serve.base import Base, intervention
from sim.verbs.serve.lever import Value
from sim.verbs.serve.values import Tried, names_of
from sim.verbs.serve.view import measure_name

FOLDER = Path("results/page")
DIGITS = 8


def keep(base: Base, settings: Mapping[str, Value]) -> dict[str, Any]:
    """Write the scenario with its settings into the results folder; return its path and the commands that play it.

    The name holds a digest of the content, so that the same setting is the same file. Raises SimError.
    """
    text = base.what_if(settings, FOLDER)
    path = _write(base, text)
    results = path.with_suffix("")
    commands = [f"sim run {path} --out {results}", f"sim report {results}"]
    if not base.edited:
        commands.append(f"sim compare {base.source} {path}")
    return {"path": str(path), "commands": commands, "text": text}


def _write(base: Base, text: str) -> Path:
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
    path = FOLDER / f"{base.loaded.scenario.name}-{digest}.yaml"
    store.write(path, text)
    return path


@dataclass(frozen=True)
class Bound:
    """A measure, as `sim sweep` names it, with a limit in the unit of the page that it should not cross, or none."""

    measure: str
    below: bool = True
    limit: float | None = None


def read_bound(body: Mapping[str, Any]) -> Bound:
    """Read the `measure` of a request, its `limit`, and whether it should stay `below`. Raises SimError."""
    measure, limit, below = body.get("measure"), body.get("limit"), body.get("below", True)
    is_number = isinstance(limit, int | float) and not isinstance(limit, bool) and math.isfinite(limit) and limit >= 0
    if not isinstance(measure, str) or not isinstance(below, bool) or not (limit is None or is_number):
        raise SimError("expected a measure, below or not, and a limit of at least 0, or none")
    return Bound(measure, below, limit)


def keep_range(tried: Tried, bound: Bound, sampled: bool) -> dict[str, Any]:
    """Write the scenario with an intervention for each value; return its path and the command that plays them all.

    Raises SimError if the scenario has no such measure.
    """
    base, lever = tried.base, tried.lever
    others = {name: value for name, value in tried.settings.items() if name != lever.id}
    names = dict(names_of(tried))
    each = {
        name: intervention(f"{lever.label}: {value:g}{lever.suffix}", lever.parts(value))
        for value, name in names.items()
    }
    path = _write(base, base.what_if(others, FOLDER, each))
    parts = ["sim", "sweep", str(path), "--over", f"intervene={','.join(each)}", "--measure", bound.measure]
    parts += _threshold(base, bound)
    parts += [] if sampled or base.posterior is None else ["--point"]
    return {"path": str(path), "commands": [shlex.join([*parts, "--out", str(path.with_suffix(""))])]}


def _threshold(base: Base, bound: Bound) -> list[str]:
    """Return the option for the limit, in the measure's own unit."""
    scenario = base.loaded.scenario
    scales = {
        measure_name(Key(crossing, row.quantity, row.scope)): (row.scale, TOTALS[row.quantity].unit, row.unit)
        for crossing in scenario.crossings
        for row in headlines_of(scenario)
    }
    if bound.measure not in scales:
        raise SimError(f"the page shows no measure {bound.measure[:80]!r}")
    if bound.limit is None:
        return []
    scale, own, unit = scales[bound.measure]
    number = f"{bound.limit / scale:.12g}{f' {own}' if own == unit else ''}"
    return ["--threshold", f"{bound.measure} {'<=' if bound.below else '>='} {number}"]
