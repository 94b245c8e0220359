"""The result of a calibration, in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sim.plotting.result import Drawers, Plots, Result
from sim.verbs.calibrate import files
from sim.verbs.calibrate.findings import Findings


@dataclass(frozen=True, repr=False)
class CalibrationResult(Result):
    """The result of `sim.calibrate`: the posterior, and every reported figure beside what the model says for it."""

    findings: Findings

    @property
    def _tables(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        """The tables: `parameters`, `figures`, `correlations`, `held_out` if asked for, and `posterior`."""
        from sim.verbs.calibrate.tables import csv_tables

        makers: dict[str, Callable[[], Mapping[str, Any]]] = {
            name.removesuffix(".csv"): partial(dict, columns) for name, columns in csv_tables(self.findings).items()
        }
        fit = self.findings.fit
        return makers | {"posterior": partial(files.equally_weighted, fit.posterior, fit.seed)}

    @property
    def _drawers(self) -> Drawers:
        """Functions that draw the pictures, by name."""
        from sim.verbs.calibrate.pictures import drawers

        return drawers(self.findings)

    @property
    def _main_picture(self) -> str:
        """Name of the picture of the reported figures."""
        return "figures" if self.findings.figures else "series"

    def _headline(self) -> list[str]:
        """Return the calibrated parameters with their 90 % intervals, and the verdict of the gate."""
        from sim.verbs.calibrate.words import gate_words

        fit = self.findings.fit
        lines = [f"{fit.loaded.central.scenario.title}: {gate_words(self.findings)}"]
        table = self.table()
        lines += ["  " + ", ".join(f"{name} {value}" for name, value in row.items()) for row in _rows(table)[:8]]
        return lines

    def _html(self) -> str:
        """Return the tables as HTML."""
        from sim.plotting.sheet import as_html, print_sheets
        from sim.verbs.calibrate.tables import sheets

        return as_html(lambda console: print_sheets(console, sheets(self.findings)))

    def save(self, out: str | Path | None = None, *, pictures: bool = True, svg: bool = False) -> Path:
        """Save fitted values, samples, page and pictures in the new folder `out` and return it.

        The default is `results/calibration/CALIBRATION/TIME`. Raises SimError.
        """
        with files.folder(self.findings.fit.loaded.path, out) as draft:
            self.write_into(draft.path, pictures=pictures, svg=svg)
        return Path(draft.final)

    def write_into(
        self, folder: Path, command_line: str | None = None, *, pictures: bool = True, svg: bool = False
    ) -> None:
        """Write all files into an existing empty folder. Raises SimError."""
        from sim.verbs.calibrate import page

        files.write(folder, self.findings.fit)
        page.write(folder, self.findings, self.plots if pictures else Plots({}), svg=svg)
        files.write_provenance(folder, self.findings.fit, command_line)


def _rows(columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
