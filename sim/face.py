"""The Python face: `sim.load(file).run(replications=20)`, `sim.compare(base, other)`, `sim.sweep(file, over={...})`.

Each gives a result that shows, draws and saves itself.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import store
from sim.errors import SimError
from sim.measures.estimates import series_table, summary_table
from sim.measures.names import ALL, HEADLINE_SCOPES
from sim.measures.reports import comparison_table
from sim.play import engines
from sim.play.cache import nothing_lost
from sim.play.posterior import Posterior, read_posterior
from sim.play.provenance import Asked
from sim.play.request import Progress, Request, silent
from sim.scenario.model.scenario import Scenario
from sim.scenario.model.sweep import settings_text
from sim.scenario.text import load_scenario as read
from sim.suggest import did_you_mean
from sim.verbs.compare import files as comparison_results
from sim.verbs.compare import study as comparing
from sim.verbs.compare.statistics import Ranking
from sim.verbs.run import files as results
from sim.verbs.run.study import Run, run
from sim.verbs.sweep import files as sweep_results
from sim.verbs.sweep.request import Found, asked, carry_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.plotting.picture import Picture

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
    return Experiment(loaded, asked, read_posterior(Path(path), sets, intervene) if posterior else None)


@dataclass(frozen=True)
class Experiment:
    """A scenario that is ready to run."""

    loaded: read.Loaded = field(repr=False)
    asked: Asked
    posterior: Posterior | None = field(default=None, repr=False)

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

    def carry_out(self, request: Request, progress: Progress = silent, records_to: Path | None = None) -> Result:
        """Play the scenario as `request` says; only records are written, if `records_to` is given. Raises SimError."""
        return Result(run(self.loaded, request, progress, self.posterior, records_to), self.asked)

    def run_into(
        self, out: str | Path | None, request: Request, *, records: bool = False, pictures: bool = True,
        progress: Progress = silent,
    ) -> tuple[Result, Path]:  # fmt: skip
        """Play the scenario and save the result in the new folder `out` (see `Result.save`), with records if wanted.

        That the folder can be written is found out first. Return the result and the folder. Raises SimError.
        """
        with _folder(out, self.loaded) as draft:
            to = draft.path / results.RECORDS if records else None
            result = self.carry_out(request, progress, to)
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
        return [row for row in self.summary if row["scope"] in HEADLINE_SCOPES]

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
            raise SimError(f"there is no picture {name!r}{did_you_mean(name, self.plots)}; the pictures are {choices}")
        from sim.plotting.picture import Picture

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
        if pictures:
            from sim.plotting import picture

            picture.write(folder / "pictures", self._figures)
        results.write_provenance(folder, self.found, self.asked)

    @cached_property
    def _figures(self) -> dict[str, Figure]:
        from sim.verbs.run import network_pictures
        from sim.verbs.run import pictures as plots

        found = self.found
        besides = "each with parameters from the posterior" if found.posterior else ""
        told = (found.loaded.scenario, found.plan, found.estimates, found.comparisons)
        drawn = plots.pictures(*told, besides)
        return drawn | (network_pictures.pictures(*told, found.flows, besides) if found.flows else {})

    def _repr_html_(self) -> str:
        from sim.verbs.run.tables import html

        poster = base64.b64encode(self.plot(self.plots[-1]).render("png")).decode()
        found = self.found
        table = html(found.loaded.scenario, found.plan, found.estimates, found.comparisons, found.flows)
        return f'<div>{table}<img alt="poster" style="max-width: 100%" src="data:image/png;base64,{poster}"></div>'


def compare(
    base: str | Path, *others: str | Path, replications: int | None = None, seed: int | None = None,
    posterior: bool = False, engine: str = engines.DEFAULT, workers: int | None = None,
) -> Comparison:  # fmt: skip
    """Play scenarios on the same tapes: files, each perhaps with interventions ('FILE+NAME'; '+NAME' is the base's).

    What is left out is as the base says. Nothing is written. Raises SimError.
    """
    contenders = comparing.gather(str(base), [str(other) for other in others], from_posterior=posterior)
    request = Request(replications, None, seed, engine, workers)
    return Comparison(comparing.compare(contenders, request))


@dataclass(frozen=True)
class Comparison:
    """What a comparison found. In a notebook it shows its tables. `rankings` are written and shown with it."""

    found: comparing.Compared
    rankings: tuple[Ranking, ...] = ()

    @property
    def differences(self) -> list[dict[str, Any]]:
        """Paired differences, a row a scenario and total (the columns of comparison.csv)."""
        return _rows(comparison_results.differences_table(self.found))

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Who gains and who loses, by class and day of coming (the columns of groups.csv)."""
        return _rows(comparison_results.groups_table(self.found))

    def ranked(self, quantity: str = "crossed_people", scope: str = ALL, highest: bool | None = None) -> Comparison:
        """Return the comparison with a ranking by this total; left out, `highest` is as in `sim compare`."""
        return replace(self, rankings=(*self.rankings, *self.found.ranking(quantity, scope, highest)))

    @cached_property
    def plots(self) -> dict[str, Picture]:
        """The pictures by name."""
        from sim.plotting.picture import Picture
        from sim.verbs.compare.pictures import pictures

        return {name: Picture(name, figure) for name, figure in pictures(self.found).items()}

    def save(self, out: str | Path | None = None, *, pictures: bool = True) -> Path:
        """Save everything in the new folder `out` (`results/comparisons/BASE/TIME`) and return it. Raises SimError."""
        with comparison_results.folder(self.found.base.label, out) as draft:
            self.write_into(draft.path, pictures=pictures)
        return Path(draft.final)

    def write_into(
        self, folder: Path, command_line: str | None = None, *, pictures: bool = True,
        pause: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Write all files into an existing empty folder; `pause` is called between pictures. Raises SimError."""
        from sim.verbs.compare.tables import markdown

        comparison_results.write(folder, self.found, self.rankings)
        store.write(folder / "summary.md", markdown(self.found, self.rankings))
        if pictures:
            from sim.plotting import picture

            figures = {name: plot.figure for name, plot in self.plots.items()}
            picture.write(folder / "pictures", figures, pause=pause)
        comparison_results.write_provenance(folder, self.found, command_line)

    def _repr_html_(self) -> str:
        from sim.verbs.compare.tables import html

        return f"<div>{html(self.found, self.rankings)}</div>"


def sweep(
    scenario: str | Path, over: Mapping[str, Any] | Sequence[str] = (), *, out: str | Path | None = None,
    pictures: bool = False, **options: Any,
) -> SweepResult:  # fmt: skip
    """Play a scenario, or a sweep file, at many points; everything is kept in `out`, as `sim sweep` does.

    `over` is {path: values}, values a list or a text such as '12:36:4'. `options` are those of `sim sweep` by their
    names: design, points, posterior, find, measure, threshold, replications, seed, engine, workers, on, sets,
    intervene, fail_fast, retry_failed. Raises SimError.
    """
    unknown = set(options) - set(SWEEP_OPTIONS)
    if unknown:
        name = sorted(unknown)[0]
        raise SimError(
            f"there is no option {name!r}{did_you_mean(name, SWEEP_OPTIONS)}; there are {', '.join(SWEEP_OPTIONS)}"
        )
    Request(options.get("replications"), None, options.get("seed"), workers=options.get("workers"))  # checks them
    overs = (
        [f"{path}={settings_text(given)}" for path, given in over.items()] if isinstance(over, Mapping) else list(over)
    )
    told = asked(Path(scenario), {**SWEEP_OPTIONS, **options, "over": overs, "out": None if out is None else Path(out)})
    result = SweepResult(carry_out(told, None), told.folder)
    result.finish(pictures=pictures)
    return result


SWEEP_OPTIONS: dict[str, Any] = {
    "design": None, "points": None, "posterior": None, "find": None, "measure": (), "threshold": (),
    "replications": None, "seed": None, "engine": engines.DEFAULT, "workers": None, "on": None, "sets": (),
    "intervene": (), "fail_fast": False, "retry_failed": False,
}  # fmt: skip
"""What `sweep` may be told, and what is so if it is not."""


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found, and the `folder` that keeps it. In a notebook it shows its table."""

    found: Found
    folder: Path

    @property
    def summary(self) -> list[dict[str, Any]]:
        """The headline measures at every point, one row each (the columns of summary.csv)."""
        return _rows(sweep_results.summary(self.found.swept))

    @property
    def table(self) -> dict[str, Any]:
        """All totals of all replications as tidy columns, ready for `pandas.DataFrame` (those of sweep.parquet)."""
        columns = sweep_results.table(self.found.swept)
        return {name: c.tolist() if isinstance(c, store.Labels) else c for name, c in columns.items()}

    @property
    def answer(self) -> str | None:
        """The answer to `find` in words."""
        return self.found.answer.sentence if self.found.answer else None

    @property
    def failed(self) -> dict[int, str]:
        """Why points failed, by their number."""
        return self.found.swept.failed

    @cached_property
    def plots(self) -> dict[str, Picture]:
        """The pictures by name."""
        from sim.plotting.picture import Picture
        from sim.verbs.sweep.pictures import pictures

        found = self.found
        drawn = pictures(found.swept, found.keys, found.bounds, found.indices)
        return {name: Picture(name, figure) for name, figure in drawn.items()}

    def finish(self, command_line: str | None = None, *, pictures: bool = True) -> None:
        """Write the pictures and, last of all, the provenance into the folder. Raises SimError."""
        files = list(self.found.files)
        with nothing_lost():
            if pictures:
                from sim.plotting import picture

                figures = {name: plot.figure for name, plot in self.plots.items()}
                written = picture.write(self.folder / sweep_results.PICTURES, figures, write_file=store.write_shared)
                files += [f"{sweep_results.PICTURES}/{name}" for name in written]
            sweep_results.write_provenance(self.folder, self.found.swept, command_line, files)

    def _repr_html_(self) -> str:
        from sim.verbs.sweep.tables import html

        found = self.found
        return f"<div>{html(found.swept, found.keys, found.indices, found.answer)}</div>"


def _rows(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    plain: Iterable[list[Any]] = (getattr(column, "tolist", lambda c=column: list(c))() for column in columns.values())
    return [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]
