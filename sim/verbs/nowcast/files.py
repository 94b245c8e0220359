"""The files of a forecast, and the forecasts that are stored in a folder."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sim import store
from sim.play import provenance
from sim.verbs.nowcast.study import Nowcast
from sim.verbs.nowcast.tables import (
    difference_columns,
    document,
    effect_columns,
    forecast_columns,
    outlook_columns,
    reading_columns,
    sample_columns,
    score_columns,
)

RESULTS = Path("results")
SAMPLES = "samples.parquet"


def folder(seen: Path, out: str | Path | None) -> AbstractContextManager[store.Draft]:
    """Return the draft of `out`, or of `results/<file>/nowcast-<time>`. Raises SimError on entering."""
    return store.results_folder(out, home(seen) / f"nowcast-{store.stamp()}")


def home(seen: Path) -> Path:
    """Return the folder below which the forecasts of a file are stored: `results/<file>`."""
    return RESULTS / (seen.name.removesuffix(".gz").rpartition(".")[0] or seen.name)


def write(folder: Path, forecast: Nowcast) -> None:
    """Write the tables of a forecast. Raises SimError."""
    store.write_table(folder / "forecast.csv", forecast_columns(forecast))
    store.write_table(folder / "readings.csv", reading_columns(forecast))
    store.write(folder / SAMPLES, store.parquet_bytes(sample_columns(forecast), facts(forecast)))
    if forecast.outlook:
        store.write_table(folder / "outlook.csv", outlook_columns(forecast))
    if forecast.effects:
        store.write_table(folder / "what_if.csv", effect_columns(forecast))
    if forecast.scores:
        store.write_table(folder / "scores.csv", score_columns(forecast.scores))
    if forecast.differences:
        store.write_table(folder / "differences.csv", difference_columns(forecast.differences))


def facts(forecast: Nowcast) -> dict[str, Any]:
    """Return what `--score` needs to know: when the forecast was made, and of what."""
    shown = document(forecast)
    return {
        name: shown[name]
        for name in ("seen", "column", "time_zone", "now", "last_reading", "ahead_h", "first_sentence")
    }


def write_provenance(folder: Path, forecast: Nowcast, command_line: str | None) -> None:
    """Write the provenance, after all other files of `folder`, whose digests it holds."""
    shown = {**facts(forecast), "seen_sha256": forecast.seen.digest, "readings": len(forecast.seen.readings)}
    provenance.write(folder, shown, command_line)
