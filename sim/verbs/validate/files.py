"""The files of a validation: its folder, its tables, and its provenance."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from sim import store
from sim.play import provenance
from sim.verbs.validate.study import MODEL, Validation
from sim.verbs.validate.tables import csv_tables, observed_columns

RESULTS = Path("results")


def folder(calibration: Path, out: str | Path | None) -> AbstractContextManager[store.Draft]:
    """Return the draft of `out`, or of `results/<calibration>/validation-<time>`. Raises SimError on entering."""
    return store.results_folder(out, RESULTS / calibration.stem / f"validation-{store.stamp()}")


def write(folder: Path, validation: Validation) -> None:
    """Write the tables, and the model's own value of every figure in every replication. Raises SimError."""
    for name, columns in csv_tables(validation).items():
        store.write_table(folder / name, columns)
    store.write_table(folder / "reported_replications.parquet", store.rounded(observed_columns(validation)))


def write_provenance(folder: Path, validation: Validation, command_line: str | None) -> None:
    """Write the provenance, after all other files of `folder`, whose digests it holds."""
    request = validation.request
    facts = {
        "forecasts": sorted({name for row in validation.rows for name in row.scores} - {MODEL}),
        **provenance.calibration_facts(validation.loaded.path),
        "scenario": validation.loaded.central.scenario.name,
        "scenario_hash_at_prior_centres": validation.loaded.central.scenario_hash,
        "posterior": validation.posterior is not None,
        "seed": request.seed,
        "replications": request.replications,
        "engine": request.engine,
        **provenance.timing(validation.started_at, validation.wall_s),
    }
    provenance.write(folder, facts, command_line)
