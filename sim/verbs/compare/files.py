"""The files of a comparison: its folder, tables and provenance."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import store
from sim.measures.estimates import series_table, total_estimate
from sim.measures.flows import FLOW_COLUMNS
from sim.measures.names import TOTALS, Key
from sim.measures.quantiles import plain_quantiles
from sim.measures.reports import observation_table
from sim.play import provenance
from sim.scenario.text.start_from import write_scenario
from sim.verbs.compare.by_group import OF_NETWORKS, QUANTITIES, group_changes
from sim.verbs.compare.drivers import directions
from sim.verbs.compare.pairing import GROUP_COLUMNS
from sim.verbs.compare.statistics import Difference, Ranking
from sim.verbs.compare.study import ComparisonData
from sim.verbs.compare.transitions import states

RESULTS = Path("results") / "comparisons"
SCENARIO, DIFFERENCE = "scenario", "difference"
"""Values of the column `of` in series.parquet."""


def folder(base: str, out: str | Path | None) -> AbstractContextManager[store.Draft]:
    """Return the draft of the folder `out`, or of `results/comparisons/<base>/<time>`. Raises SimError on entering."""
    if out is not None:
        return store.new_folder(Path(out))
    return store.new_folder(RESULTS / base / store.stamp(), numbered=True)


def write(folder: Path, comparison: ComparisonData, rankings: Sequence[Ranking]) -> None:
    """Write the scenarios and all tables into an existing empty folder. Raises SimError."""
    for variant in comparison.variants:
        write_scenario(folder / "scenarios" / f"{variant.label}.yaml", variant.loaded.tree)
    for name, columns in tables(comparison, rankings).items():
        store.write_table(folder / name, store.rounded(columns))


def tables(comparison: ComparisonData, rankings: Sequence[Ranking]) -> dict[str, store.Columns]:
    """Return the tables of a comparison by the names of their files."""
    differences, groups = differences_table(comparison), groups_table(comparison)
    files: dict[str, store.Columns] = {
        "comparison.csv": differences,
        "comparison.parquet": differences,
        "groups.csv": groups,
        "groups.parquet": groups,
        "replications.parquet": replications_table(comparison),
        "series.parquet": _series(comparison),
        "waits.parquet": waits_table(comparison),
        "reported.csv": {name: np.asarray(each) for name, each in observation_table(comparison.reported).items()},
    }
    files |= {"ranking.csv": ranking_table(comparison, rankings)} if rankings else {}
    sure = directions_table(comparison)
    files |= {"directions.csv": sure} if sure else {}
    return files | ({"flows.csv": flows_table(comparison)} if comparison.has_network else {})


def differences_table(comparison: ComparisonData) -> dict[str, NDArray[Any]]:
    """Return all paired differences as tidy columns, one row per scenario and total (see `Difference`)."""
    rows = [
        {"scenario": label, **change.key._asdict(), "unit": TOTALS[change.key.quantity].unit, **_numbers(change)}
        | {"interval_includes": comparison.interval_includes}
        for label, differences in zip(comparison.labels[1:], comparison.differences, strict=True)
        for change in differences
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def directions_table(comparison: ComparisonData) -> dict[str, NDArray[Any]]:
    """Return how sure each effect's direction is, one row per scenario and headline measure; {} without a posterior."""
    rows = [
        {"scenario": label, **row.key._asdict(), "less": row.less, "same": row.same, "more": row.more}
        | {"decided_by": row.decided_by}
        for n, label in enumerate(comparison.labels[1:], 1)
        for crossing in comparison.crossings
        for row in directions(comparison, n, crossing)
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]} if rows else {}


def _numbers(change: Difference) -> dict[str, Any]:
    numbers = {name: value for name, value in asdict(change).items() if name != "key"}
    return {**numbers, "percent": change.percent, "verdict": change.verdict}


def groups_table(comparison: ComparisonData) -> dict[str, NDArray[Any]]:
    """Return what changed for whom as tidy columns: one row per scenario, crossing, class, day and quantity.

    The day `all` is the whole run, `start` stands for those waiting at its start. Empty groups are omitted.
    """
    names = ("scenario", "crossing", "class", "day", "quantity", "unit")
    numbers = ("base", "here", "difference", "low", "high")
    stays = comparison.has_network or bool(comparison.groups[..., GROUP_COLUMNS.index("stayed")].any())
    omitted = () if comparison.has_network else OF_NETWORKS[1:] if stays else OF_NETWORKS
    places = [k for k, name in enumerate(QUANTITIES) if name not in omitted]
    quantities, units = (
        np.array(each)[places] for each in (list(QUANTITIES), [unit for unit, _ in QUANTITIES.values()])
    )
    parts: list[list[NDArray[Any]]] = []
    for n in range(1, len(comparison.variants)):
        for by_day in (False, True):
            changes = group_changes(comparison, n, by_day=by_day)
            came = np.nan_to_num(changes.of("came_people", "base") + changes.of("came_people", "here")) > 0
            x, scope, day = (np.repeat(i, len(places)) for i in np.nonzero(came))
            parts.append(
                [
                    np.full(len(x), comparison.labels[n]),
                    np.array(comparison.crossings)[x],
                    np.array(comparison.scopes)[scope],
                    np.array(changes.days)[day],
                    np.tile(quantities, int(came.sum())),
                    np.tile(units, int(came.sum())),
                    *(getattr(changes, name)[came][:, places].ravel() for name in numbers),
                ]
            )
    return {name: np.concatenate(each) for name, each in zip((*names, *numbers), zip(*parts, strict=True), strict=True)}


def flows_table(comparison: ComparisonData) -> dict[str, NDArray[Any]]:
    """Return where people from the origins end up in the base and here as tidy columns, one row per pair of states.

    `mean`, `p05` and `p95` are over replications, `low` and `high` the 95 % interval of the mean. Pairs without people
    are omitted.
    """
    ends = states(comparison.crossings)
    rows = []
    for n, label in enumerate(comparison.labels[1:], 1):
        people = comparison.transitions[:, n]
        for before, after in np.argwhere(people.any(axis=0)):
            estimate = total_estimate(people[:, before, after])
            numbers = (getattr(estimate, name) for name in FLOW_COLUMNS)
            rows.append((label, *ends[before], *ends[after], *numbers))
    names = ("scenario", "base_crossing", "base_end", "crossing", "end", *FLOW_COLUMNS)
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return {name: np.array(column) for name, column in zip(names, columns, strict=True)}


def replications_table(comparison: ComparisonData) -> dict[str, NDArray[Any] | store.Labels]:
    """Return every total of every replication as tidy columns: scenario, replication, crossing, quantity, scope, value.

    Rows with the same replication have the same random numbers in all scenarios.
    """
    count = comparison.replications
    scenario = np.repeat(np.arange(len(comparison.keys)), [count * len(keys) for keys in comparison.keys])
    number = [np.repeat(np.arange(count, dtype=np.int32), len(keys)) for keys in comparison.keys]
    return {
        "scenario": store.Labels(scenario, comparison.labels),
        "replication": np.concatenate(number),
        **{name: _labels(comparison, name) for name in Key._fields},
        "value": np.concatenate([totals.ravel() for totals in comparison.totals]),
    }


def _labels(comparison: ComparisonData, name: str) -> store.Labels:
    """Return one part of the keys, for every scenario, replication and total."""
    words = [[getattr(key, name) for key in keys] for keys in comparison.keys]
    codes = {word: n for n, word in enumerate(dict.fromkeys(chain.from_iterable(words)))}
    columns = [np.tile([codes[word] for word in each], comparison.replications) for each in words]
    return store.Labels(np.concatenate(columns), tuple(codes))


def _series(comparison: ComparisonData) -> dict[str, NDArray[Any]]:
    """Return the stored series of each scenario (`of`: scenario) and their paired differences (`of`: difference)."""
    sources = [(SCENARIO, *pair) for pair in zip(comparison.labels, comparison.estimates, strict=True)]
    sources += [(DIFFERENCE, *pair) for pair in zip(comparison.labels[1:], comparison.series_differences, strict=True)]
    parts = []
    for of, label, estimates in sources:
        table = series_table(estimates)
        rows = len(table["mean"])
        parts.append({"scenario": np.full(rows, label), "of": np.full(rows, of), **table})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def waits_table(comparison: ComparisonData) -> dict[str, NDArray[Any]]:
    """Return the distribution of waits: the share of the arriving parties that crossed with a wait up to `wait` (h).

    Mean and 5-95 % band over replications; classes without people are omitted.
    """
    shares = comparison.waits
    present = np.isfinite(shares).all(axis=(0, 4))
    s, x, scope = np.nonzero(present)
    steps = len(comparison.wait_steps)
    chosen = shares[:, present]
    p05, p95 = plain_quantiles(chosen)
    return {
        "scenario": np.repeat(np.array(comparison.labels)[s], steps),
        "crossing": np.repeat(np.array(comparison.crossings)[x], steps),
        "scope": np.repeat(np.array(comparison.scopes)[scope], steps),
        "wait": np.tile(comparison.wait_steps, len(s)),
        "share": chosen.mean(axis=0).ravel(),
        "p05": p05.ravel(),
        "p95": p95.ravel(),
    }


def ranking_table(comparison: ComparisonData, rankings: Sequence[Ranking]) -> dict[str, NDArray[Any]]:
    """Return the rankings as columns, one row per scenario from the best mean on."""
    rows = [
        {
            **ranking.key._asdict(),
            "best_is": "highest" if ranking.highest else "lowest",
            "place": place,
            "scenario": comparison.labels[s],
            "mean": ranking.means[s],
            "may_be_best": ranking.may_be_best[s],
        }
        for ranking in rankings
        for place, s in enumerate(ranking.order, 1)
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def write_provenance(folder: Path, comparison: ComparisonData, command_line: str | None) -> None:
    """Write the provenance last of all, since it holds the digests of all other files in `folder`."""
    request = comparison.request
    facts = {
        "base": comparison.base.label,
        "scenarios": [
            {"label": each.label, "source": each.source, "scenario_hash": each.loaded.scenario_hash}
            for each in comparison.variants
        ],
        "seed": request.seed,
        "replications": request.replications,
        "posterior": bool(comparison.sampled),
        "engine": request.engine,
        "workers": request.workers,
        **provenance.timing(comparison.started_at, comparison.wall_s),
    }
    provenance.write(folder, facts, command_line)
