"""The catalogue of scenarios as a result."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim import store
from sim.errors import SimError
from sim.plotting.result import Drawers, Result
from sim.scenario.catalogue import Entry

COLUMNS = ("name", "title", "extends", "status", "figures", "crossings", "interventions", "file")
WIDTH = 100


@dataclass(frozen=True, repr=False)
class CatalogueResult(Result):
    """The result of `sim.catalogue`: the scenarios of a folder, each what-if after the one it extends."""

    entries: tuple[Entry, ...]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def _tables(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        return {"catalogue": self._columns}

    def _columns(self) -> dict[str, list[str | int]]:
        rows = [_row(entry) for entry in self.entries]
        return {name: [row[name] for row in rows] for name in COLUMNS}

    @property
    def _drawers(self) -> Drawers:
        return {}

    @property
    def _main_picture(self) -> str:
        return ""

    def _headline(self) -> list[str]:
        return [textwrap.shorten(f"{entry.name}: {entry.title}", WIDTH) for entry in self.entries]

    def _html(self) -> str:
        from html import escape

        columns = self.table()
        head = "".join(f"<th>{name}</th>" for name in columns)
        rows = (
            "".join(f"<td>{escape(str(value))}</td>" for value in row) for row in zip(*columns.values(), strict=True)
        )
        return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"

    def save(
        self,
        out: str | Path | None = None,
        *,
        pictures: bool = True,  # noqa: ARG002  (there are none)
        svg: bool = False,  # noqa: ARG002
    ) -> Path:
        """Save the table as `catalogue.csv` in the new folder `out` and return it. Raises SimError."""
        if out is None:
            raise SimError("name the folder in which the catalogue is to be saved")
        with store.new_folder(Path(out)) as draft:
            store.write_table(draft.path / "catalogue.csv", {n: np.array(c) for n, c in self._columns().items()})
        return Path(draft.final)


def _row(entry: Entry) -> dict[str, str | int]:
    return {
        "name": entry.name,
        "title": entry.title,
        "extends": entry.base.stem if entry.base else "",
        "status": "cannot be read" if entry.problems else entry.status,
        "figures": entry.figures,
        "crossings": ", ".join(entry.crossings),
        "interventions": ", ".join(entry.interventions),
        "file": str(entry.file),
    }
