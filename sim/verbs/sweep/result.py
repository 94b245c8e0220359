"""The result of a sweep, in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim import store
from sim.play.cache import nothing_lost
from sim.plotting.result import Drawers, Result
from sim.verbs.sweep import files
from sim.verbs.sweep.request import SweepAnalysis


@dataclass(frozen=True, repr=False)
class SweepResult(Result):
    """The result of `sim.sweep`, and the `folder` that holds its plays and tables."""

    data: SweepAnalysis
    folder: Path

    @property
    def _tables(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        """The tables: `summary` (headline measures at every point), `sweep` (all totals), `failed`."""
        points = self.data.sweep
        return {
            "summary": lambda: files.summary(points),
            "sweep": lambda: files.table(points),
            "failed": lambda: files.failed(points),
        }

    @property
    def answer(self) -> str | None:
        """The answer to `find` in words; None if nothing was asked."""
        return self.data.answer.sentence if self.data.answer else None

    @property
    def failed(self) -> dict[int, str]:
        """Why points failed, by their number."""
        return self.data.sweep.failed

    @property
    def _drawers(self) -> Drawers:
        """Functions that draw the pictures, by name."""
        from sim.verbs.sweep.pictures import drawers

        return drawers(self.data)

    @property
    def _main_picture(self) -> str:
        """Name of the first picture; '' if there is none."""
        return next(iter(self.plots), "")

    def _headline(self) -> list[str]:
        """Return scenario, number of points and replications, and the answer if there is one."""
        points = self.data.sweep
        title = points.base.loaded.scenario.title
        counts = f"{len(points.design.points)} points, {points.replications} replications of each"
        failed = [f"{len(points.failed)} points failed"] if points.failed else []
        return [f"{title}: {counts}, in {self.folder}", *failed, *([self.answer] if self.answer else [])]

    def _html(self) -> str:
        """Return the tables as HTML."""
        from sim.verbs.sweep.tables import html

        return html(self.data)

    def save(self, out: str | Path | None = None, *, pictures: bool = True, svg: bool = False) -> Path:
        """Save the pictures and the provenance in the folder of the sweep, which has the rest, and return it.

        With `out`, save a copy of the folder there and return that. Raises SimError if something cannot be written.
        """
        self.finish(pictures=pictures, svg=svg)
        if out is None or Path(out).resolve() == self.folder.resolve():
            return self.folder
        with store.new_folder(Path(out)) as draft:
            for file in sorted(path for path in self.folder.rglob("*") if path.is_file()):
                store.write(draft.path / file.relative_to(self.folder), file.read_bytes())
        return Path(draft.final)

    def finish(self, command_line: str | None = None, *, pictures: bool = True, svg: bool = False) -> None:
        """Write the pictures and, last of all, the provenance into the folder. Raises SimError."""
        from sim.verbs.sweep.tables import markdown

        names = [*self.data.files, files.SENTENCES]
        with nothing_lost():
            store.write_shared(self.folder / files.SENTENCES, markdown(self.data))
            if pictures:
                drawn = self._write_pictures(self.folder / files.PICTURES, svg=svg, write_file=store.write_shared)
                names += [f"{files.PICTURES}/{name}" for name in drawn]
            files.write_provenance(self.folder, self.data.sweep, command_line, names)
