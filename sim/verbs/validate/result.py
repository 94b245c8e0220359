"""The result of a validation, in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim import store
from sim.plotting.result import Drawers, Result
from sim.verbs.validate import files
from sim.verbs.validate.study import MODEL, Validation


@dataclass(frozen=True, repr=False)
class ValidationResult(Result):
    """The result of `sim.validate`: scores of the model and of naive forecasts on figures that no fit has used."""

    validation: Validation

    @property
    def _tables(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        """The tables: `figures`, `forecasts`, `pairs`, and `reported_replications`, the model's own values."""
        from sim.verbs.validate.tables import csv_tables, observed_columns

        return {
            "figures": lambda: csv_tables(self.validation)["figures.csv"],
            "forecasts": lambda: csv_tables(self.validation)["forecasts.csv"],
            "pairs": lambda: csv_tables(self.validation)["pairs.csv"],
            "reported_replications": lambda: observed_columns(self.validation),
        }

    @property
    def _drawers(self) -> Drawers:
        """Functions that draw the pictures, by name."""
        from sim.verbs.validate.pictures import drawers

        return drawers(self.validation)

    @property
    def _main_picture(self) -> str:
        """Name of the picture."""
        return "validation"

    def _headline(self) -> list[str]:
        """Return coverage, error and log score of the model over the figures that are not fitted."""
        from sim.verbs.validate.words import number, share_words

        scores = self.validation.overall(MODEL)
        return [
            f"{self.validation.loaded.central.scenario.title}: {scores.rows} figures that no fit has used",
            f"  in the 50 % band {share_words(scores.inside_50)}, in the 90 % band {share_words(scores.inside_90)}",
            f"  median error factor {number(scores.error_factor)}, mean log score {number(scores.log_score)}",
        ]

    def _html(self) -> str:
        """Return the tables as HTML."""
        from sim.plotting.sheet import as_html
        from sim.verbs.validate.tables import print_to

        return as_html(lambda console: print_to(console, self.validation))

    def save(self, out: str | Path | None = None, *, pictures: bool = True, svg: bool = False) -> Path:
        """Save tables and picture in the new folder `out` (`results/CALIBRATION/validation-TIME`) and return it.

        Raises SimError.
        """
        with files.folder(self.validation.loaded.path, out) as draft:
            self.write_into(draft.path, pictures=pictures, svg=svg)
        return Path(draft.final)

    def write_into(
        self, folder: Path, command_line: str | None = None, *, pictures: bool = True, svg: bool = False
    ) -> None:
        """Write all files into an existing empty folder. Raises SimError."""
        from sim.verbs.validate.page import section

        files.write(folder, self.validation)
        title, text = section(self.validation).split("\n\n", 1)
        scores = "; ".join(line.strip() for line in self._headline())
        store.write(folder / "summary.md", f"{title[1:]}\n\n{scores}.\n\n## Figures\n\n{text}")
        if pictures:
            self._write_pictures(folder / "pictures", svg=svg)
        files.write_provenance(folder, self.validation, command_line)
