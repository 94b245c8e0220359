"""All that a calibration is compared with: single figures and series, and their likelihood together.

The columns are those of single figures, then the points of each series in the run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.arrays import Floats
from sim.measures.likelihood import Target, floored, total_log_likelihood
from sim.measures.series_likelihood import SeriesTarget, series_log_likelihood
from sim.scenario.model.calibration import ErrorModel


@dataclass(frozen=True)
class Evidence:
    """Single figures (J) and series, with the assumed errors."""

    targets: tuple[Target, ...]
    series: tuple[SeriesTarget, ...]
    error_model: ErrorModel

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.targets) + sum(map(len, self.series))

    def blocks(self) -> list[tuple[SeriesTarget, slice]]:
        """Return each series with its columns."""
        begin, found = len(self.targets), []
        for series in self.series:
            found.append((series, slice(begin, begin + len(series))))
            begin += len(series)
        return found

    def logs(self, observed: Floats) -> Floats:
        """Return the values of the model, (..., columns), on the scale of the comparison: logarithms."""
        single = np.log(floored(self.targets, observed[..., : len(self.targets)]))
        return np.concatenate((single, *(s.scaled(observed[..., at]) for s, at in self.blocks())), axis=-1)

    def values(self, logs: Floats) -> Floats:
        """Return the values at logarithms, (..., columns)."""
        single = np.exp(logs[..., : len(self.targets)])
        return np.concatenate((single, *(s.values(logs[..., at]) for s, at in self.blocks())), axis=-1)

    def log_likelihood(self, logs: Floats, noise: Floats, error: Floats | None = None) -> Floats:
        """Return the log likelihood of all fitted figures and points, (N,), given logarithms (N, columns).

        `noise` (columns,) is the standard deviation of one play around these; series have their own structure for it.
        `error` (columns,) is a further one, as of an emulator.
        """
        error = np.zeros(self.width) if error is None else error
        single, both = slice(len(self.targets)), np.hypot(noise, error)
        total = total_log_likelihood(self.targets, self.error_model, np.exp(logs[:, single]), both[single])
        for series, at in self.blocks():
            total = total + series_log_likelihood(series, logs[:, at], error[at])
        return np.asarray(total)
