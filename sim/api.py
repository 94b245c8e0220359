"""The Python face: `sim.load(file).run(replications=20)` gives a result that shows, draws and saves itself."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import store
from sim.errors import SimError
from sim.measures.estimates import series_table, summary_table
from sim.measures.names import ALL, VEHICLES, by_way
from sim.measures.observe import comparison_table
from sim.scenario import read
from sim.scenario.node import meant
from sim.scenario.schema import Scenario
from sim.study import engines, results
from sim.study import posterior as drawn
from sim.study.provenance import Asked
from sim.study.run import Progress, Request, Run, run, silent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESULTS = Path("results")


def load(
    path: str | Path, sets: Sequence[str] = (), intervene: Sequence[str] = (), *, posterior: bool = False
) -> Experiment:
    """Read and check a scenario file; `sets` are 'path=value', `intervene` names of its interventions.

    With `posterior`, every replication takes its calibrated parameters from the fitted posterior, so that bands carry
    their uncertainty too. Raises ScenarioError with every problem found, or SimError where there is no posterior.
    """
    asked = Asked(str(path), tuple(sets), tuple(intervene))
    loaded = read.load(path, sets, intervene)
    return Experiment(loaded, asked, drawn.read(Path(path), sets, intervene) if posterior else None)


@dataclass(frozen=True)
class Experiment:
    """A scenario that is ready to run."""

    loaded: read.Loaded = field(repr=False)
    asked: Asked
    drawn: drawn.Drawn | None = field(default=None, repr=False)

    @property
    def scenario(self) -> Scenario:
        """The scenario as frozen models."""
        return self.loaded.scenario

    def run(
        self,
        replications: int | None = None,
        *,
        precision: float | None = None,
        seed: int | None = None,
        engine: str = engines.DEFAULT,
        workers: int | None = None,
    ) -> Result:
        """Play the scenario and return the result; nothing is written.

        `precision` 0.05: go on until the headline intervals are within 5 % of their means. `workers`: processes, all
        cores if left out; they do not change the result. Raises SimError.
        """
        return self.carry_out(Request(replications, precision, seed, engine, workers))

    def carry_out(self, request: Request, progress: Progress = silent) -> Result:
        """Play the scenario as `request` says; nothing but the records it asks for is written. Raises SimError."""
        return Result(run(self.loaded, request, progress, self.drawn), self.asked)

    def run_into(
        self, out: str | Path | None, request: Request, *, records: bool = False, pictures: bool = True,
        progress: Progress = silent,
    ) -> tuple[Result, Path]:  # fmt: skip
        """Play the scenario and save the result in the new folder `out` (see `Result.save`), with records if wanted.

        That the folder can be written is found out first. Return the result and the folder. Raises SimError.
        """
        with _folder(out, self.loaded) as draft:
            to = draft.path / results.RECORDS if records else None
            result = self.carry_out(replace(request, records_to=to), progress)
            result.write_into(draft.path, pictures=pictures)
        return result, draft.final


def _folder(out: str | Path | None, loaded: read.Loaded) -> Any:
    if out is not None:
        return store.new_folder(Path(out))
    stamped = f"{store.stamp()}-{loaded.scenario_hash[:9]}"
    return store.new_folder(RESULTS / loaded.scenario.name / stamped, numbered=True)


@dataclass(frozen=True)
class Result:
    """What a run found. In a notebook it shows its table and its poster."""

    found: Run
    asked: Asked

    @property
    def summary(self) -> list[dict[str, Any]]:
        """Totals of the run, one row each: crossing, quantity, scope, unit, mean, p05, p50, p95, low, high, n."""
        return _rows(summary_table(self.found.estimates))

    @property
    def headline(self) -> list[dict[str, Any]]:
        """The rows of `summary` about everybody, all vehicles and the main queue: no single class, station or day."""
        return [row for row in self.summary if row["scope"] in (ALL, VEHICLES, by_way(ALL, "main"))]

    @property
    def reported(self) -> list[dict[str, Any]]:
        """Reported figures beside the model's, one row each."""
        return _rows(comparison_table(self.found.comparisons))

    @property
    def flows(self) -> list[dict[str, Any]]:
        """People by origin, crossing and end, one row each; none where the scenario has no network."""
        return _rows(self.found.flows.table()) if self.found.flows else []

    @property
    def series(self) -> dict[str, Any]:
        """All time series as tidy columns, ready for `pandas.DataFrame` or `polars.DataFrame`."""
        return series_table(self.found.estimates)

    @property
    def plots(self) -> tuple[str, ...]:
        """Names of the pictures `plot` can draw."""
        return tuple(self._figures)

    def plot(self, name: str = "poster") -> Picture:
        """Return a picture by name (see `plots`). Raises SimError with the names if there is none."""
        if name not in self._figures:
            choices = ", ".join(self.plots)
            raise SimError(f"there is no picture {name!r}{meant(name, self.plots)}; the pictures are {choices}")
        return Picture(name, self._figures[name])

    def save(self, out: str | Path | None = None, *, pictures: bool = True) -> Path:
        """Save tables, scenario, provenance and pictures in the new folder `out` and return it.

        Left out: `results/<scenario>/<time>-<hash>`. Raises SimError if `out` holds something or cannot be written.
        """
        with _folder(out, self.found.loaded) as draft:
            self.write_into(draft.path, pictures=pictures)
        return Path(draft.final)

    def write_into(self, folder: Path, *, pictures: bool = True) -> None:
        """Write all files into an existing empty folder (but for its records). Raises SimError."""
        results.write(folder, self.found)
        for picture in map(self.plot, self.plots if pictures else ()):
            for format in ("png", "svg"):
                store.write(folder / "pictures" / f"{picture.name}.{format}", picture.render(format))
        results.write_provenance(folder, self.found, self.asked)

    @cached_property
    def _figures(self) -> dict[str, Figure]:
        from sim.show import network_pictures, plots

        found = self.found
        besides = "each with parameters from the posterior" if found.drawn else ""
        told = (found.loaded.scenario, found.plan, found.estimates, found.comparisons)
        drawn = plots.pictures(*told, besides)
        return drawn | (network_pictures.pictures(*told, found.flows, besides) if found.flows else {})

    def _repr_html_(self) -> str:
        from sim.show.tables import html

        poster = base64.b64encode(self.plot(self.plots[-1]).render("png")).decode()
        found = self.found
        table = html(found.loaded.scenario, found.plan, found.estimates, found.comparisons, found.flows)
        return f'<div>{table}<img alt="poster" style="max-width: 100%" src="data:image/png;base64,{poster}"></div>'


@dataclass(frozen=True)
class Picture:
    """A picture that shows itself in a notebook; `figure` is matplotlib's."""

    name: str
    figure: Figure = field(repr=False)

    def render(self, format: str) -> bytes:
        """Return the picture as the bytes of a "png" or "svg" file."""
        from sim.show.plots import render

        return render(self.figure, format)

    def save(self, path: str | Path) -> Path:
        """Write the picture as PNG or SVG, by the ending of `path`. Raises SimError."""
        path = Path(path)
        if path.suffix not in (".png", ".svg"):
            raise SimError(f"{path}: a picture's name ends in .png or .svg")
        store.write(path, self.render(path.suffix[1:]))
        return path

    def _repr_png_(self) -> bytes:
        return self.render("png")


def _rows(columns: dict[str, Any]) -> list[dict[str, Any]]:
    plain: Iterable[list[Any]] = (getattr(column, "tolist", lambda c=column: list(c))() for column in columns.values())
    return [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]
