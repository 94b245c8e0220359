"""The files of a sweep: its manifest before the first point, tables and provenance after the last."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sim import about, store
from sim.measures.bounds import lower_bounds
from sim.measures.estimates import Estimate, totals_estimates
from sim.measures.names import HEADLINE_SCOPES, TOTALS, Key
from sim.play import provenance
from sim.verbs.sweep.designs import Design
from sim.verbs.sweep.sensitivity import Sensitivity
from sim.verbs.sweep.study import Base, PointTotals, Sweep, SweepData

INDICES = "sensitivity.csv"
CACHE, MANIFEST, TABLE, SUMMARY, FAILED = "kept", "manifest.json", "sweep.parquet", "summary.csv", "failed.csv"
SENTENCES = "summary.md"
PICTURES = "pictures"
NUMBERS = ("mean", "p05", "p50", "p95", "low", "high", "n")
"""The numbers of an estimate in summary.csv."""
RESULTS = Path("results")


def default_folder(base: Base, levers: Sequence[str]) -> Path:
    """Return the common folder of all sweeps of a scenario over these levers, so that each reuses the last."""
    words = "_".join(_word(lever) for lever in levers)
    return RESULTS / base.loaded.scenario.name / f"sweep-{words}"[:120]


def _word(lever: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in lever.removeprefix("crossings.").removeprefix("stations."))


def write_manifest(folder: Path, sweep: Sweep, design: Design, command_line: str | None) -> None:
    """Write the plan of the sweep before the first point; remove partial files of killed sweeps. Raises SimError."""
    for place in (folder, folder / CACHE, folder / PICTURES):
        store.tidy(place)
    base = sweep.base
    manifest = {
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
    store.write_shared(
        folder / MANIFEST, json.dumps(provenance.without_home(manifest), indent=1, ensure_ascii=False) + "\n"
    )


def write(folder: Path, data: SweepData, more: Mapping[str, store.Columns]) -> None:
    """Write the tables of a sweep into its folder; those of an earlier sweep are replaced. Raises SimError."""
    store.write_table_shared(folder / TABLE, table(data))
    store.write_table_shared(folder / SUMMARY, summary(data))
    store.write_table_shared(folder / FAILED, failed(data))
    for name, columns in more.items():
        store.write_table_shared(folder / name, columns)


def write_provenance(folder: Path, data: SweepData, command_line: str | None, files: Sequence[str]) -> None:
    """Write the provenance last of all, since it holds the digests of the other `files`.

    Pictures and indices of an earlier sweep that are not among `files` belong to other numbers and are removed.
    """
    base = data.base
    _remove_stale(folder, files)
    facts = {
        "scenario": base.loaded.scenario.name,
        "scenario_hash": base.loaded.scenario_hash,
        "source": base.source,
        "seed": data.seed,
        "replications": data.replications,
        "points": len(data.design.points),
        "failed": len(data.failed),
        "replications_reused": data.reused,
        "replications_played": data.played,
        **provenance.timing(data.started_at, data.wall_s),
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


def table(data: SweepData) -> store.Columns:
    """Return all totals as tidy columns, a row per point, replication and measure.

    Columns: point (number), one per lever (number where all its settings are, else text), replication, crossing,
    quantity, scope, unit, value.
    """
    points = [(n, totals) for n, totals in enumerate(data.totals) if totals is not None]
    sizes = [totals.values.size for _, totals in points]
    numbers = np.array([n for n, _ in points], dtype=np.int32)
    columns: dict[str, Any] = {"point": np.repeat(numbers, sizes)}
    columns |= _levers(data.design, numbers, sizes)
    columns["replication"] = _joined([_replications(totals) for _, totals in points], np.int32)
    keys = list(dict.fromkeys(key for _, totals in points for key in totals.keys))
    place = {key: code for code, key in enumerate(keys)}
    codes = _joined([_codes(totals, place) for _, totals in points], np.int32)
    key_parts = {field: [key[i] for key in keys] for i, field in enumerate(Key._fields)}
    key_parts["unit"] = [TOTALS[key.quantity].unit for key in keys]
    for field, words in key_parts.items():
        names = tuple(dict.fromkeys(words))
        columns[field] = store.Labels(np.array([names.index(word) for word in words], dtype=np.int32)[codes], names)
    columns["value"] = store.round_off(_joined([totals.values.ravel() for _, totals in points], np.float64))
    return columns


def _replications(totals: PointTotals) -> Any:
    return np.repeat(np.arange(len(totals.values)), len(totals.keys))


def _codes(totals: PointTotals, place: Mapping[Key, int]) -> Any:
    return np.tile([place[key] for key in totals.keys], len(totals.values))


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


def estimates(data: SweepData, key: Key) -> list[Estimate | None]:
    """Return the estimate of one measure at every point; None where the point failed or lacks the measure."""
    return [None if totals is None else _estimate(totals, key) for totals in data.totals]


def bounds(data: SweepData) -> list[frozenset[Key]]:
    """Return at every point the totals that are only lower bounds; none where the point failed."""
    return [frozenset() if totals is None else _bounds(totals) for totals in data.totals]


def _bounds(totals: PointTotals) -> frozenset[Key]:
    means = [estimate.mean for estimate in totals_estimates(totals.values)]
    return lower_bounds(dict(zip(totals.keys, means, strict=True)))


def _estimate(totals: PointTotals, key: Key) -> Estimate | None:
    if key not in totals.keys:
        return None
    return totals_estimates(totals.values[:, [totals.keys.index(key)]])[0]


def summary(data: SweepData) -> store.Columns:
    """Return the estimates of all measures of everybody, all vehicles and the main queue, at every point."""
    rows: list[tuple[Any, ...]] = []
    for n, totals in enumerate(data.totals):
        if totals is None:
            continue
        cut = _bounds(totals)
        places = [i for i, key in enumerate(totals.keys) if key.scope in HEADLINE_SCOPES]
        settings = data.design.points[n]
        for i, estimate in zip(places, totals_estimates(totals.values[:, places]), strict=True):
            key = totals.keys[i]
            numbers = [*(getattr(estimate, name) for name in NUMBERS), key in cut, data.interval_includes]
            rows.append((n, *settings, *key, TOTALS[key.quantity].unit, *numbers))
    names = ("point", *data.design.levers, *Key._fields, "unit", *NUMBERS, "at_least", "interval_includes")
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return store.rounded({name: np.array(column) for name, column in zip(names, columns, strict=True)})


def failed(data: SweepData) -> store.Columns:
    """Return the points that failed, with the reason."""
    numbers = list(data.failed)
    settings = {
        lever: np.array([data.design.points[n][i] for n in numbers], dtype=str)
        for i, lever in enumerate(data.design.levers)
    }
    return {
        "point": np.array(numbers, dtype=np.int32),
        **settings,
        "reason": np.array(list(data.failed.values()), dtype=str),
    }


def sensitivity_table(sensitivities: Sequence[Sensitivity]) -> store.Columns:
    """Return Sobol indices as tidy columns: one row per measure, lever and kind of index."""
    rows = [
        (*one.key, lever, one.ranges[d], kind, index.value, index.low, index.high)
        for one in sensitivities
        for d, lever in enumerate(one.levers)
        for kind, index in (("first order", one.first[d]), ("total", one.total[d]))
    ]
    names = (*Key._fields, "lever", "range", "index", "value", "low", "high")
    return {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
