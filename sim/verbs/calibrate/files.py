"""The files of a calibration: its folder, the fitted file that a scenario names, the samples, and the provenance."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from sim import about, store
from sim.arrays import Floats, Ints
from sim.errors import SimError
from sim.measures.quantiles import rows_at
from sim.play import provenance
from sim.scenario.model.calibration import Fitted, FittedValue
from sim.scenario.resolve import is_shipped
from sim.scenario.text.fitted_values import load_fitted
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.scenario.text.load_scenario import dump, read_tree
from sim.scenario.text.tree import CALIBRATED, child
from sim.verbs.calibrate.findings import quantiles
from sim.verbs.calibrate.fit import Fit, Sample

RESULTS = Path("results") / "calibration"
EVALUATIONS = "evaluations"
FITTED, POSTERIOR, WEIGHTED = "fitted.yaml", "posterior.parquet", "weighted.parquet"
ROWS = 1000
"""Rows of the posterior that are stored with equal weights."""
DIGITS = 6


def folder(calibration: Path, out: str | Path | None) -> AbstractContextManager[store.Draft]:
    """Return the draft of the folder `out`, or of `results/calibration/<name>/<time>`. Raises SimError on entering."""
    return store.results_folder(out, RESULTS / calibration.stem / store.stamp())


def evaluation_folder(calibration: Path) -> Path:
    """Return the folder of the evaluations of a calibration, shared by all its fits."""
    return RESULTS / calibration.stem / EVALUATIONS


def write(folder: Path, fit: Fit) -> None:
    """Write the fitted file and the samples into `folder`. Raises SimError."""
    store.write(folder / FITTED, fitted_yaml(fit, POSTERIOR))
    store.write_table(folder / POSTERIOR, equally_weighted(fit.posterior, fit.seed))
    store.write_table(folder / WEIGHTED, weighted_columns(fit))


def update(fit: Fit, file: Path) -> tuple[Path, Path]:
    """Write the fitted file `file`, and the posterior beside it; return both. Raises SimError."""
    posterior = file.with_name(f"{file.stem.removesuffix('_fitted')}_posterior.parquet")
    store.write_table(posterior, equally_weighted(fit.posterior, fit.seed))
    store.write(file, fitted_yaml(fit, posterior.name))
    return file, posterior


def fitted_file(loaded: LoadedCalibration) -> Path:
    """Return the file that --update writes: the fitted file that the scenario of a calibration names.

    For a scenario that came with the program it is a file of that name in the working directory. Raises SimError if the
    scenario names none.
    """
    scenario = loaded.path.parent / loaded.calibration.scenario
    node = child(read_tree(scenario, []), CALIBRATED)
    if node is None or not isinstance(node.value, str):
        raise SimError(f"{scenario}: no fitted file to update; add 'calibrated: FILE' at the top")
    file = Path(node.place.file).parent / node.value
    if is_shipped(file):
        file = Path(file.name)
    if file.exists():
        load_fitted(file)  # refuse to replace anything but a fitted file
    return file


def fitted_yaml(fit: Fit, posterior: str) -> str:
    """Return the fitted file as YAML text; `posterior` is the name of the sample beside it."""
    values = {}
    for d, (name, parameter) in enumerate(fit.loaded.calibration.parameters.items()):
        low, _, high = quantiles(fit.posterior.values[:, d], fit.posterior.weights)
        values[name] = FittedValue(
            value=round_off(fit.point[name]),
            low=round_off(low),
            high=round_off(high),
            unit=parameter.unit,
            label=parameter.label,
        )
    document = Fitted(
        calibration=fit.loaded.path.name,
        date=date.today().isoformat(),
        version=about.__version__,
        posterior=posterior,
        discrepancy=fit.loaded.calibration.observation.discrepancy,
        figures=tuple(target.row.id for target in fit.targets if target.fitted),
        values=values,
    )
    return dump(document.model_dump(exclude_defaults=True))


def equally_weighted(sample: Sample, seed: int) -> dict[str, Floats]:
    """Return ROWS vectors with equal weights, in random order, as one column per parameter (systematic resampling)."""
    total = np.cumsum(sample.weights)[-1]
    rows: Ints = rows_at(sample.weights, (np.arange(ROWS) + 0.5) / ROWS * total)
    rows = np.random.default_rng(seed).permutation(rows)
    return {name: sample.values[rows, d] for d, name in enumerate(sample.parameters)}


def weighted_columns(fit: Fit) -> dict[str, Floats]:
    """Return all vectors of the posterior with their weights and what the model says for every figure."""
    sample = fit.posterior
    columns = {"weight": sample.weights}
    columns |= {f"parameter.{name}": sample.values[:, d] for d, name in enumerate(sample.parameters)}
    return columns | {f"figure.{target.row.id}": sample.observed[:, j] for j, target in enumerate(fit.targets)}


def write_provenance(folder: Path, fit: Fit, command_line: str | None) -> None:
    """Write the provenance of a calibration, after all other files of `folder`, whose digests it holds."""
    loaded = fit.loaded
    facts = {
        **provenance.calibration_facts(loaded.path),
        "scenario": loaded.central.scenario.name,
        "scenario_hash_at_prior_centres": loaded.central.scenario_hash,
        "known_until": None if loaded.calibration.known_until is None else loaded.calibration.known_until.isoformat(),
        "method": fit.method,
        "seed": fit.seed,
        "replications": fit.replications,
        "plays": fit.gate.evaluations,
        "plays_made_now": fit.plays_made,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_seconds": round(fit.wall_s, 3),
    }
    provenance.write(folder, facts, command_line)


def round_off(number: float) -> float:
    """Return a number with DIGITS significant digits."""
    return float(f"{number:.{DIGITS}g}")
