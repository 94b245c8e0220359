"""What a comparison leaves behind: its folder, tables and provenance."""

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
from sim.measures.reports import comparison_table
from sim.play import provenance
from sim.scenario.text.load_scenario import dump
from sim.verbs.compare.by_group import OF_NETWORKS, QUANTITIES, SCOPES, gains
from sim.verbs.compare.statistics import Difference, Ranking
from sim.verbs.compare.study import Compared
from sim.verbs.compare.transitions import states

RESULTS = Path("results") / "comparisons"
OWN, APART = "scenario", "difference"


def folder(base: str, out: str | Path | None) -> AbstractContextManager[store.Draft]:
    """Return the draft of the folder `out`, or of `results/comparisons/<base>/<time>`. Raises SimError on entering."""
    if out is not None:
        return store.new_folder(Path(out))
    return store.new_folder(RESULTS / base / store.stamp(), numbered=True)


def write(folder: Path, compared: Compared, rankings: Sequence[Ranking]) -> None:
    """Write the scenarios and all tables into an existing empty folder. Raises SimError."""
    for contender in compared.contenders:
        store.write(folder / "scenarios" / f"{contender.label}.yaml", dump(contender.loaded.tree))
    for name, columns in tables(compared, rankings).items():
        store.write_table(folder / name, store.rounded(columns))


def tables(compared: Compared, rankings: Sequence[Ranking]) -> dict[str, store.Columns]:
    """Return the tables of a comparison by the name of their file."""
    differences, groups = differences_table(compared), groups_table(compared)
    found: dict[str, store.Columns] = {
        "comparison.csv": differences,
        "comparison.parquet": differences,
        "groups.csv": groups,
        "groups.parquet": groups,
        "replications.parquet": replications_table(compared),
        "series.parquet": _series(compared),
        "waits.parquet": waits_table(compared),
        "reported.csv": {name: np.asarray(each) for name, each in comparison_table(compared.reported).items()},
    }
    found |= {"ranking.csv": ranking_table(compared, rankings)} if rankings else {}
    return found | ({"flows.csv": flows_table(compared)} if compared.base.plan.origins else {})


def differences_table(compared: Compared) -> dict[str, NDArray[Any]]:
    """Return all paired differences as tidy columns, one row a scenario and total (see `Difference`)."""
    rows = [
        {"scenario": label, **found.key._asdict(), "unit": TOTALS[found.key.quantity].unit, **_numbers(found)}
        for label, differences in zip(compared.labels[1:], compared.differences, strict=True)
        for found in differences
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _numbers(found: Difference) -> dict[str, Any]:
    numbers = {name: value for name, value in asdict(found).items() if name != "key"}
    return {**numbers, "percent": found.percent, "verdict": found.verdict}


def groups_table(compared: Compared) -> dict[str, NDArray[Any]]:
    """Return what changed for whom as tidy columns: a row for each scenario, crossing, class, day and quantity.

    The day `all` is the whole run, `start` those waiting at its start. Groups of which nobody comes are left out.
    """
    names = ("scenario", "crossing", "class", "day", "quantity", "unit")
    numbers = ("base", "here", "difference", "low", "high")
    kept = [k for k, name in enumerate(QUANTITIES) if compared.base.plan.origins or name not in OF_NETWORKS]
    quantities, units = (np.array(each)[kept] for each in (list(QUANTITIES), [unit for unit, _ in QUANTITIES.values()]))
    parts: list[list[NDArray[Any]]] = []
    for n in range(1, len(compared.contenders)):
        for by_day in (False, True):
            found = gains(compared, n, by_day=by_day)
            came = np.nan_to_num(found.of("came_people", "base") + found.of("came_people", "here")) > 0
            x, scope, day = (np.repeat(i, len(kept)) for i in np.nonzero(came))
            parts.append([
                np.full(len(x), compared.labels[n]), np.array(compared.base.plan.crossings)[x], np.array(SCOPES)[scope],
                np.array(found.days)[day], np.tile(quantities, int(came.sum())), np.tile(units, int(came.sum())),
                *(getattr(found, name)[came][:, kept].ravel() for name in numbers),
            ])  # fmt: skip
    return {name: np.concatenate(each) for name, each in zip((*names, *numbers), zip(*parts, strict=True), strict=True)}


def flows_table(compared: Compared) -> dict[str, NDArray[Any]]:
    """Return where people from the origins end up in the base and here as tidy columns, one row a pair of states.

    `mean`, `p05` and `p95` over replications, `low` and `high` the 95 % interval of the mean; pairs of nobody left out.
    """
    found = states(compared.base.plan.crossings)
    rows = []
    for n, label in enumerate(compared.labels[1:], 1):
        people = compared.moves[:, n]
        for one, two in np.argwhere(people.any(axis=0)):
            moved = total_estimate(people[:, one, two])
            rows.append((label, *found[one], *found[two], *(getattr(moved, name) for name in FLOW_COLUMNS)))
    names = ("scenario", "base_crossing", "base_end", "crossing", "end", *FLOW_COLUMNS)
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return {name: np.array(column) for name, column in zip(names, columns, strict=True)}


def replications_table(compared: Compared) -> dict[str, NDArray[Any] | store.Labels]:
    """Return every total of every replication as tidy columns: scenario, replication, crossing, quantity, scope, value.

    Rows of two scenarios with the same replication shared their random numbers.
    """
    count = compared.replications
    scenario = np.repeat(np.arange(len(compared.keys)), [count * len(keys) for keys in compared.keys])
    number = [np.repeat(np.arange(count, dtype=np.int32), len(keys)) for keys in compared.keys]
    return {
        "scenario": store.Labels(scenario, compared.labels),
        "replication": np.concatenate(number),
        **{name: _labels(compared, name) for name in Key._fields},
        "value": np.concatenate([totals.ravel() for totals in compared.totals]),
    }


def _labels(compared: Compared, name: str) -> store.Labels:
    """Return one part of the keys, for every scenario, replication and total."""
    words = [[getattr(key, name) for key in keys] for keys in compared.keys]
    codes = {word: n for n, word in enumerate(dict.fromkeys(chain.from_iterable(words)))}
    columns = [np.tile([codes[word] for word in each], compared.replications) for each in words]
    return store.Labels(np.concatenate(columns), tuple(codes))


def _series(compared: Compared) -> dict[str, NDArray[Any]]:
    """Return the series kept of every scenario (`of`: scenario) and their paired differences (`of`: difference)."""
    named = [(OWN, *pair) for pair in zip(compared.labels, compared.estimates, strict=True)]
    named += [(APART, *pair) for pair in zip(compared.labels[1:], compared.apart, strict=True)]
    parts = []
    for of, label, estimates in named:
        table = series_table(estimates)
        rows = len(table["mean"])
        parts.append({"scenario": np.full(rows, label), "of": np.full(rows, of), **table})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def waits_table(compared: Compared) -> dict[str, NDArray[Any]]:
    """Return the distribution of waits: the share of the parties that came and crossed with a wait up to `wait` (h).

    Mean and 5-95 % band over replications; rows of classes that nobody came as are left out.
    """
    found = compared.waits
    there = np.isfinite(found).all(axis=(0, 4))
    s, x, scope = np.nonzero(there)
    steps = len(compared.wait_steps)
    chosen = found[:, there]
    p05, p95 = plain_quantiles(chosen)
    return {
        "scenario": np.repeat(np.array(compared.labels)[s], steps),
        "crossing": np.repeat(np.array(compared.base.plan.crossings)[x], steps),
        "scope": np.repeat(np.array(SCOPES)[scope], steps),
        "wait": np.tile(compared.wait_steps, len(s)),
        "share": chosen.mean(axis=0).ravel(),
        "p05": p05.ravel(),
        "p95": p95.ravel(),
    }


def ranking_table(compared: Compared, rankings: Sequence[Ranking]) -> dict[str, NDArray[Any]]:
    """Return the rankings as columns, one row a scenario from the best mean on."""
    rows = [
        {
            **found.key._asdict(), "best_is": "highest" if found.highest else "lowest", "place": place,
            "scenario": compared.labels[s], "mean": found.means[s], "may_be_best": found.contend[s],
        }
        for found in rankings
        for place, s in enumerate(found.order, 1)
    ]  # fmt: skip
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def write_provenance(folder: Path, compared: Compared, command_line: str | None) -> None:
    """Write where a comparison came from, last of all: it holds the digests of everything else in `folder`."""
    request = compared.request
    facts = {
        "base": compared.base.label,
        "scenarios": [
            {"label": each.label, "source": each.source, "scenario_hash": each.loaded.scenario_hash}
            for each in compared.contenders
        ],
        "seed": request.seed,
        "replications": request.replications,
        "posterior": compared.base.posterior is not None,
        "engine": request.engine,
        "workers": request.workers,
        **provenance.timing(compared.started_at, compared.wall_s),
    }
    provenance.write(folder, facts, command_line)
