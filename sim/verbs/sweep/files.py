"""What a sweep leaves behind: its manifest before the first point, and tables and provenance after the last."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sim import about, store
from sim.measures.estimates import Estimate, totals_estimates
from sim.measures.names import HEADLINE_SCOPES, TOTALS, Key
from sim.play import provenance
from sim.verbs.sweep.designs import Design
from sim.verbs.sweep.study import Base, PointTotals, Sweep, Swept

INDICES = "sensitivity.csv"
KEPT, MANIFEST, TABLE, SUMMARY, FAILED = "kept", "manifest.json", "sweep.parquet", "summary.csv", "failed.csv"
PICTURES = "pictures"
RESULTS = Path("results")


def default_folder(base: Base, levers: Sequence[str]) -> Path:
    """Return the folder of all sweeps of a scenario over these levers, so that each goes on from the last."""
    words = "_".join(_word(lever) for lever in levers)
    return RESULTS / base.loaded.scenario.name / f"sweep-{words}"[:120]


def _word(lever: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in lever.removeprefix("crossings.").removeprefix("stations."))


def write_manifest(folder: Path, sweep: Sweep, design: Design, command_line: str | None) -> None:
    """Write what is about to be played, before the first point; clear up what killed sweeps left. Raises SimError."""
    for place in (folder, folder / KEPT, folder / PICTURES):
        store.tidy(place)
    base = sweep.base
    found = {
        "version": about.__version__,
        "code": provenance.code(),
        "scenario": base.loaded.scenario.name,
        "scenario_hash": base.loaded.scenario_hash,
        "source": base.source,
        "sets": list(base.levers.sets),
        "interventions": list(base.levers.intervene),
        "seed": sweep.seed,
        "replications": sweep.replications,
        "design": design.kind,
        "levers": list(design.levers),
        "points": [list(point) for point in design.points],
        "command_line": command_line,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    store.write_shared(folder / MANIFEST, json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def write(folder: Path, swept: Swept, more: Mapping[str, store.Columns]) -> None:
    """Write the tables of a sweep into its folder, over those of an earlier one. Raises SimError."""
    store.write_table_shared(folder / TABLE, table(swept))
    store.write_table_shared(folder / SUMMARY, summary(swept))
    store.write_table_shared(folder / FAILED, failed(swept))
    for name, columns in more.items():
        store.write_table_shared(folder / name, columns)


def write_provenance(folder: Path, swept: Swept, command_line: str | None, files: Sequence[str]) -> None:
    """Write where the results come from, last of all: it holds the digests of the other `files`.

    What an earlier sweep left in the folder that is none of `files` would belong to other numbers, and is removed.
    """
    base = swept.base
    _remove_stale(folder, files)
    facts = {
        "scenario": base.loaded.scenario.name,
        "scenario_hash": base.loaded.scenario_hash,
        "source": base.source,
        "seed": swept.seed,
        "replications": swept.replications,
        "points": len(swept.design.points),
        "failed": len(swept.failed),
        "replications_reused": swept.reused,
        "replications_played": swept.played,
        **provenance.timing(swept.started_at, swept.wall_s),
    }
    provenance.write(folder, facts, command_line, files)


def _remove_stale(folder: Path, files: Sequence[str]) -> None:
    try:
        before = json.loads((folder / provenance.FILE).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    for path in (folder / INDICES, *(folder / PICTURES).glob("*")):
        name = path.relative_to(folder).as_posix()
        if name in before and name not in files:
            store.remove(path)


def table(swept: Swept) -> store.Columns:
    """Return all totals as tidy columns, a row per point, replication and measure.

    Columns: point (number), one per lever (number where all its settings are, else text), replication, crossing,
    quantity, scope, unit, value.
    """
    played = [(n, found) for n, found in enumerate(swept.found) if found is not None]
    sizes = [found.values.size for _, found in played]
    numbers = np.array([n for n, _ in played], dtype=np.int32)
    columns: dict[str, Any] = {"point": np.repeat(numbers, sizes)}
    columns |= _levers(swept.design, numbers, sizes)
    columns["replication"] = _joined([_replications(found) for _, found in played], np.int32)
    keys = list(dict.fromkeys(key for _, found in played for key in found.keys))
    place = {key: code for code, key in enumerate(keys)}
    codes = _joined([_codes(found, place) for _, found in played], np.int32)
    named = {field: [key[i] for key in keys] for i, field in enumerate(Key._fields)}
    named["unit"] = [TOTALS[key.quantity].unit for key in keys]
    for field, words in named.items():
        names = tuple(dict.fromkeys(words))
        columns[field] = store.Labels(np.array([names.index(word) for word in words], dtype=np.int32)[codes], names)
    columns["value"] = store.round_off(_joined([found.values.ravel() for _, found in played], np.float64))
    return columns


def _replications(found: PointTotals) -> Any:
    return np.repeat(np.arange(len(found.values)), len(found.keys))


def _codes(found: PointTotals, place: Mapping[Key, int]) -> Any:
    return np.tile([place[key] for key in found.keys], len(found.values))


def _joined(parts: Sequence[Any], dtype: type) -> Any:
    return np.concatenate([np.zeros(0, dtype=dtype), *(np.asarray(part, dtype=dtype) for part in parts)])


def _levers(design: Design, numbers: Any, sizes: Sequence[int]) -> dict[str, Any]:
    """Return a column per lever: the settings of the points `numbers`, each so many times."""
    columns: dict[str, Any] = {}
    for i, lever in enumerate(design.levers):
        texts = tuple(point[i] for point in design.points)
        values = design.numbers(i)
        if values is not None:
            columns[lever] = np.repeat(np.array(values)[numbers], sizes)
            continue
        names = tuple(dict.fromkeys(texts))
        codes = np.array([names.index(text) for text in texts], dtype=np.int32)
        columns[lever] = store.Labels(np.repeat(codes[numbers], sizes), names)
    return columns


def estimates(swept: Swept, key: Key) -> list[Estimate | None]:
    """Return the estimate of one measure at every point; None where the point failed or does not have it."""
    return [None if found is None else _estimate(found, key) for found in swept.found]


def _estimate(found: PointTotals, key: Key) -> Estimate | None:
    if key not in found.keys:
        return None
    return totals_estimates(found.values[:, [found.keys.index(key)]])[0]


def summary(swept: Swept) -> store.Columns:
    """Return the estimates of the headline measures at every point: those of everybody, vehicles and the main queue."""
    rows: list[tuple[Any, ...]] = []
    for n, found in enumerate(swept.found):
        if found is None:
            continue
        shown = [i for i, key in enumerate(found.keys) if key.scope in HEADLINE_SCOPES]
        settings = swept.design.points[n]
        for i, estimate in zip(shown, totals_estimates(found.values[:, shown]), strict=True):
            key = found.keys[i]
            numbers = [getattr(estimate, name) for name in ("mean", "p05", "p50", "p95", "low", "high", "n")]
            rows.append((n, *settings, *key, TOTALS[key.quantity].unit, *numbers))
    names = ("point", *swept.design.levers, *Key._fields, "unit", "mean", "p05", "p50", "p95", "low", "high", "n")
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    found_columns = {name: np.array(column) for name, column in zip(names, columns, strict=True)}
    return store.rounded(found_columns)


def failed(swept: Swept) -> store.Columns:
    """Return the points that failed, with the reason."""
    numbers = list(swept.failed)
    settings = {
        lever: np.array([swept.design.points[n][i] for n in numbers], dtype=str)
        for i, lever in enumerate(swept.design.levers)
    }
    return {
        "point": np.array(numbers, dtype=np.int32),
        **settings,
        "reason": np.array(list(swept.failed.values()), dtype=str),
    }
