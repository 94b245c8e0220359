"""The measures of every replication of a run, for scores and statistics of the user's own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.measures.names import TOTALS, Key
from sim.measures.replication import Measures
from sim.store import Columns

TOTALS_FILE, SERIES_FILE, REPORTED_FILE = (
    "replications.parquet",
    "series_replications.parquet",
    "reported_replications.parquet",
)


@dataclass
class Replicates:
    """The totals, series and reported figures of replications, in order. Series are kept in single precision."""

    _keys: tuple[Key, ...] = ()
    _series_keys: tuple[Key, ...] = ()
    _totals: list[Floats] = field(default_factory=list)
    _series: list[NDArray[np.float32]] = field(default_factory=list)
    _observed: list[Floats] = field(default_factory=list)

    def add(self, measures: Measures, observed: Floats) -> None:
        """Add a replication: its measures, and the model's values of the reported figures (J,)."""
        self._keys, self._series_keys = tuple(measures.totals), tuple(measures.series)
        self._totals.append(np.array(list(measures.totals.values()), dtype=np.float64))
        self._series.append(np.array(list(measures.series.values()), dtype=np.float32))
        self._observed.append(observed)

    def totals(self) -> Columns:
        """Return the totals, one row per replication and total."""
        count, number = len(self._totals), len(self._keys)
        names = {name: [getattr(key, name) for key in self._keys] for name in Key._fields}
        names["unit"] = [TOTALS[key.quantity].unit for key in self._keys]
        return {
            "replication": np.repeat(np.arange(count), number),
            **{name: np.tile(np.array(values, dtype=str), count) for name, values in names.items()},
            "value": np.array(self._totals, dtype=np.float64).reshape(-1),
        }

    def series(self, local_times: list[str]) -> Columns:
        """Return the series, one row per replication and point, one column per series."""
        count, points = len(self._series), len(local_times)
        values = np.array(self._series).reshape(count, len(self._series_keys), points)
        return {
            "replication": np.repeat(np.arange(count), points),
            "at": np.tile(np.array(local_times, dtype=str), count),
            **{".".join(key): values[:, column].reshape(-1) for column, key in enumerate(self._series_keys)},
        }

    def reported(self, ids: list[str]) -> Columns:
        """Return the model's values of the reported figures, one row per replication and one column per figure."""
        values = np.array(self._observed, dtype=np.float64).reshape(len(self._observed), len(ids))
        columns = {name: values[:, column] for column, name in enumerate(ids)}
        return {"replication": np.arange(len(values)), **columns}
