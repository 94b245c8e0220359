"""The files of a run's folder, and the check that a second run gives the same bytes."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sim import about, store
from sim.errors import SimError
from sim.measures.estimates import series_table, summary_table
from sim.measures.nights import nights_table
from sim.measures.reports import observation_table
from sim.paths import is_file
from sim.play import provenance
from sim.play.posterior import FITTED, SAMPLE, SCENARIO, Posterior, read_posterior
from sim.play.request import Progress, Request
from sim.scenario.text.load_scenario import load
from sim.scenario.text.start_from import FILE as END_STATE
from sim.scenario.text.start_from import write_scenario
from sim.verbs.run.records import RECORDS
from sim.verbs.run.replicates import REPORTED_FILE, SERIES_FILE, TOTALS_FILE
from sim.verbs.run.study import Run, run

PICTURES, SUMMARY, SENTENCES = "pictures", "summary.csv", "summary.md"

Sameness = Literal["same", "differs", "missing", "changed since the run"]


def tables(played: Run) -> dict[str, store.Columns]:
    """Return the tables of a run by file name."""
    columns: dict[str, store.Columns] = {
        SUMMARY: store.rounded(summary_table(played.estimates, played.interval_includes)),
        "series.parquet": store.rounded(series_table(played.estimates)),
        "reported.csv": store.rounded(observation_table(played.observations)),
    }
    if (nights := nights_table(played.estimates, played.plan.crossings))["night"].size:
        columns["nights.csv"] = store.rounded(nights)
    columns |= {name: store.rounded(table) for name, table in replicate_tables(played).items()}
    return columns | ({"flows.csv": store.rounded(played.flows.table())} if played.flows else {})


def replicate_tables(played: Run) -> dict[str, store.Columns]:
    """Return the measures of every replication by file name; nothing if they were not kept."""
    each = played.replicates
    if each is None:
        return {}
    return {
        TOTALS_FILE: each.totals(),
        SERIES_FILE: each.series(played.estimates.local_times()),
        REPORTED_FILE: each.reported([row.id for row in played.loaded.scenario.figures]),
    }


def write(folder: Path, played: Run) -> None:
    """Write the resolved scenario, the tables, sentences and the end state of a run into `folder`. Raises SimError."""
    from sim.verbs.run.tables import markdown  # late: it draws on what tells of pictures

    store.write(folder / SENTENCES, markdown(played))
    if played.posterior is None:
        write_scenario(folder / SCENARIO, played.loaded.tree)
    else:
        played.posterior.write(folder)
    for name, columns in tables(played).items():
        store.write_table(folder / name, columns)
    if played.end_states is not None:
        store.write(folder / END_STATE, played.end_states.content(played.loaded.scenario, played.plan))


def write_provenance(folder: Path, run: Run, source: provenance.Source) -> None:
    """Write the provenance of a run. Call this last: it stores the digests of all other files in `folder`."""
    request = run.request
    facts = {
        "scenario": run.loaded.scenario.name,
        "scenario_hash": run.loaded.scenario_hash,
        "source": source.source,
        "sets": list(source.sets),
        "interventions": list(source.interventions),
        "seed": request.seed,
        "replications": request.replications,
        "precision": request.precision,
        "posterior": run.posterior is not None,
        "engine": request.engine,
        "records": any((folder / RECORDS).glob("*")),
        "replicates": run.replicates is not None,
        "workers": request.workers,
        **provenance.timing(run.started_at, run.wall_s),
    }
    provenance.write(folder, facts, source.command_line)


@dataclass(frozen=True)
class Rerun:
    """The comparison of a result folder with a second run: notes, and the status of each file."""

    notes: tuple[str, ...]
    files: dict[str, Sameness]

    @property
    def same(self) -> bool:
        """Whether every byte is the same."""
        return set(self.files.values()) == {"same"}


def rerun(folder: Path, workers: int | None, progress: Progress) -> Rerun:
    """Repeat the run in `folder` and compare the bytes of scenario, tables and records (not of the pictures).

    Raises SimError if the folder cannot be read or its scenario no longer runs.
    """
    record = provenance.read(folder)
    posterior = _posterior(folder, record) if record.posterior else None
    loaded = load(folder / SCENARIO, record.sets, record.interventions)
    with store.scratch() as second:
        request = Request(
            record.request.replications,
            seed=record.request.seed,
            engine=record.request.engine,
            workers=workers,
        )
        records_to = second if record.records else None
        write(second, run(loaded, request, progress, posterior, records_to, record.replicates))
        actual = store.digests(second, leave_out=provenance.FILE)
        expected = {name: digest for name, digest in record.files.items() if name in actual or _is_data(name)}
        names = sorted({*expected, *actual})
        files = {name: _sameness(folder / name, expected.get(name), actual.get(name)) for name in names}
        notes = [*_notes(record), *_differences(folder, second, files)]
    return Rerun(tuple(notes), files)


def _differences(folder: Path, second: Path, files: Mapping[str, Sameness]) -> Iterable[str]:
    """Yield how large the differences of the means are, if the summary differs."""
    if files.get(SUMMARY) == "differs":
        before, after = _means(folder / SUMMARY), _means(second / SUMMARY)
        largest = max((_relative(before[key], after[key]) for key in before.keys() & after.keys()), default=0.0)
        yield f"the means in {SUMMARY} differ by {100 * largest:.2g} % at most"


def _means(path: Path) -> dict[tuple[str, ...], float]:
    """Return the means of a summary by measure; none if the file is no summary."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        return {(row["crossing"], row["quantity"], row["scope"]): float(row["mean"]) for row in rows if row["mean"]}
    except (KeyError, TypeError, ValueError, csv.Error):
        return {}


def _relative(a: float, b: float) -> float:
    return abs(a - b) / max(abs(a), abs(b)) if a != b else 0.0


def _posterior(folder: Path, record: provenance.Provenance) -> Posterior:
    """Read the posterior in a result folder. Raises SimError if a file is missing or invalid."""
    for name in (FITTED, SAMPLE):
        if not (folder / name).is_file():
            raise SimError(f"{folder}: cannot be repeated: {name} is missing")
    return read_posterior(folder / SCENARIO, record.sets, record.interventions)


def _is_data(name: str) -> bool:
    return not name.startswith(f"{PICTURES}/")


def _sameness(path: Path, expected: str | None, actual: str | None) -> Sameness:
    if not is_file(path) or expected is None:
        return "missing"
    if store.digest(path) != expected:
        return "changed since the run"
    return "same" if actual == expected else "differs"


def _notes(record: provenance.Provenance) -> Iterable[str]:
    if record.version != about.__version__:
        yield f"the results are from version {record.version}; this is {about.__version__}"
    elif record.code != provenance.code():
        yield f"the results are from different source files of version {record.version}"
    libraries = provenance.changed_libraries(record)
    if libraries:
        listed = ", ".join(f"{name} {then} (now {now})" for name, (then, now) in libraries.items())
        yield f"the results are from other versions of libraries: {listed}"
