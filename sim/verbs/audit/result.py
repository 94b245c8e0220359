"""The result of an audit, in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim import store
from sim.plotting.result import Drawers, Result
from sim.verbs.audit import files
from sim.verbs.audit.study import Audit


@dataclass(frozen=True, repr=False)
class AuditResult(Result):
    """The result of `sim.audit`: which reported figures can hold together, from arithmetic alone."""

    audit: Audit
    path: Path

    @property
    def _tables(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        """The table `audit`, one row per finding."""
        from sim.verbs.audit.tables import columns

        return {"audit": lambda: columns(self.audit)}

    @property
    def _drawers(self) -> Drawers:
        """Functions that draw the pictures, by name."""
        from sim.verbs.audit.pictures import drawers

        return drawers(self.audit)

    @property
    def _main_picture(self) -> str:
        """Name of the picture."""
        return "audit"

    def _headline(self) -> list[str]:
        """Return the scenario and the summary of the findings."""
        from sim.verbs.audit.words import summary

        return [self.audit.assumed.middle.title, summary(self.audit)]

    def _html(self) -> str:
        """Return sentences and tables as HTML."""
        from sim.plotting.sheet import as_html
        from sim.verbs.audit.tables import print_to

        return as_html(lambda console: print_to(console, self.audit))

    def save(self, out: str | Path | None = None, *, pictures: bool = True, svg: bool = False) -> Path:
        """Save sentences, table and picture in the new folder `out` (`results/CALIBRATION/audit-TIME`) and return it.

        Raises SimError.
        """
        with files.folder(self.path, out) as draft:
            self.write_into(draft.path, pictures=pictures, svg=svg)
        return Path(draft.final)

    def write_into(
        self, folder: Path, command_line: str | None = None, *, pictures: bool = True, svg: bool = False
    ) -> None:
        """Write all files into an existing empty folder. Raises SimError."""
        from sim.verbs.audit.tables import columns, markdown

        store.write(folder / "sentences.md", markdown(self.audit))
        store.write_table(folder / "audit.csv", columns(self.audit))
        if pictures:
            self._write_pictures(folder, svg=svg)
        files.write_provenance(folder, self.audit, self.path, command_line)
