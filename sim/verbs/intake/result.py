"""The result of an import, in memory and on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sim import store
from sim.play import provenance
from sim.plotting.result import Drawers, Result
from sim.verbs.intake.study import Imported, write_scenario

RESULTS = Path("results")


def folder(imported: Imported, out: str | Path | None) -> AbstractContextManager[store.Draft]:
    """Return the draft of the folder of the results. Raises SimError on entering."""
    usual = RESULTS / imported.target.path.stem / f"import-{imported.wanted.what}-{store.stamp()}"
    return store.results_folder(out, usual)


@dataclass(frozen=True, repr=False)
class ImportResult(Result):
    """The result of `sim.import_data`: how a file was read, what it says, and the changed text of the scenario."""

    imported: Imported

    @property
    def _tables(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        """The table `rejected`, one row for each row of the file that cannot be used, and those of the kind."""
        more = {name: (lambda columns=columns: columns) for name, columns in self.imported.finding.tables.items()}
        return {"rejected": lambda: _rejected(self.imported), **more}

    @property
    def _drawers(self) -> Drawers:
        """Functions that draw the pictures, by name."""
        return dict(self.imported.finding.drawers)

    @property
    def _main_picture(self) -> str:
        """Name of the first picture."""
        return next(iter(self.imported.finding.drawers), "")

    def _headline(self) -> list[str]:
        """Return the title and the sentences."""
        return [self.imported.finding.title, *self.imported.finding.sentences]

    def _html(self) -> str:
        """Return sentences as HTML."""
        from html import escape

        return "".join(f"<p>{escape(line)}</p>" for line in self._headline())

    def write_scenario(self) -> Path:
        """Write the scenario and the tables beside it, and return its path. Raises SimError."""
        write_scenario(self.imported)
        return self.imported.target.path

    def save(self, out: str | Path | None = None, *, pictures: bool = True, svg: bool = False) -> Path:
        """Save what was understood, and the pictures, in a new folder and return it. Raises SimError."""
        with folder(self.imported, out) as draft:
            self.write_into(draft.path, pictures=pictures, svg=svg)
        return Path(draft.final)

    def write_into(
        self, folder: Path, command_line: str | None = None, *, pictures: bool = True, svg: bool = False
    ) -> None:
        """Write all files into an existing empty folder. Raises SimError."""
        from sim.verbs.intake.tables import document

        store.write(folder / "import.json", json.dumps(_plain(document(self.imported)), indent=2, ensure_ascii=False))
        if self.imported.rejected:
            store.write_table(folder / "rejected.csv", _rejected(self.imported))
        for name, columns in self.imported.finding.tables.items():
            store.write_table(folder / f"{name}.csv", columns)
        if pictures and self.imported.finding.drawers:
            self._write_pictures(folder, svg=svg)
        facts = {"scenario": self.imported.target.crossing, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
        provenance.write(folder, facts, command_line)


def _rejected(imported: Imported) -> dict[str, Any]:
    rows = imported.rejected
    return {"line": np.array([row.line for row in rows], int), "reason": np.array([row.reason for row in rows], str)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
