"""The result of a run, in memory and on disk."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim import store, units
from sim.measures.estimates import Estimate, series_table, summary_table
from sim.measures.headline import phrase
from sim.measures.names import HEADLINE_SCOPES, HEADLINES, TOTALS
from sim.measures.nights import nights_table
from sim.measures.reports import observation_table
from sim.play.posterior import Posterior
from sim.play.provenance import Source
from sim.play.request import Progress, Request, silent
from sim.plotting.result import Drawers, Result
from sim.plotting.story import at_least, rounded
from sim.scenario.text.load_scenario import Loaded
from sim.verbs.run import files
from sim.verbs.run.replicates import REPORTED_FILE, SERIES_FILE, TOTALS_FILE
from sim.verbs.run.study import Run, run

if TYPE_CHECKING:
    from sim.plotting.interactive.blocks import Chart

RESULTS = Path("results")


class Output(NamedTuple):
    """The output of a run: the folder, and optional parts. `out` None means `results/SCENARIO/TIME-HASH`."""

    out: str | Path | None
    records: bool = False
    pictures: bool = True
    replicates: bool = False
    svg: bool = False


@dataclass(frozen=True, repr=False)
class RunResult(Result):
    """The result of `sim.run`: estimates over replications, comparison with reported figures, pictures."""

    run: Run
    source: Source

    @property
    def _tables(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        """The tables: `summary` (totals), `series` (over time), `reported`, `nights` and `flows` if there are any.

        With every replication kept, also `replications`, `series_replications` and `reported_replications`.
        """
        run = self.run
        tables: dict[str, Callable[[], Mapping[str, Any]]] = {
            "summary": lambda: summary_table(run.estimates, run.interval_includes),
            "series": lambda: series_table(run.estimates),
            "reported": lambda: observation_table(run.observations),
        }
        if (nights := nights_table(run.estimates, run.plan.crossings))["night"].size:
            tables["nights"] = lambda: nights
        if run.replicates is not None:
            names = {Path(name).stem: name for name in (TOTALS_FILE, SERIES_FILE, REPORTED_FILE)}
            tables |= {stem: partial(_replicates, run, name) for stem, name in names.items()}
        return tables | ({"flows": run.flows.table} if run.flows else {})

    @property
    def main_rows(self) -> list[dict[str, Any]]:
        """The rows of `summary` about all parties, all vehicles and the main queue."""
        return [row for row in self.summary if row["scope"] in HEADLINE_SCOPES]

    @property
    def _drawers(self) -> Drawers:
        """Functions that draw the pictures, by name."""
        from sim.verbs.run.pictures import drawers

        return drawers(self.run)

    @property
    def _main_picture(self) -> str:
        """Name of the poster, or of the map if there is a network."""
        names = list(self.plots)
        return "network" if "network" in names else names[-1]

    def _headline(self) -> list[str]:
        """Return scenario, seed, replications and the headline measures with their intervals."""
        run = self.run
        scenario, request = run.loaded.scenario, run.request
        sure = f"; 95 % intervals of the mean: {run.interval_includes}" if run.estimates.replications > 1 else ""
        lines = [f"{scenario.title}: {request.replications} replications, seed {request.seed}{sure}"]
        for key, total in run.estimates.totals.items():
            if key[1:] in HEADLINES:
                value = _in_words(total, TOTALS[key.quantity].unit, is_bound=key in run.estimates.lower_bounds)
                lines.append(f"  {key.crossing}: {phrase(key, scenario.class_words)}: {value}")
        return lines

    def _html(self) -> str:
        """Return the tables as HTML."""
        from sim.verbs.run.tables import html

        return html(self.run)

    def _charts(self) -> Sequence[Chart]:
        """Return the series of each crossing, with the reported figures."""
        from sim.plotting.interactive.charts import EstimatesSeries, of_run

        scenario, series = self.run.loaded.scenario, EstimatesSeries(self.run.estimates)
        labels = {figure.id: figure.label for figure in self.run.observations}
        return [chart for crossing in scenario.crossings for chart in of_run(scenario, crossing, series, labels)]

    def save(self, out: str | Path | None = None, *, pictures: bool = True, svg: bool = False) -> Path:
        """Save tables, scenario, provenance and pictures in the new folder `out` and return it.

        The default is `results/SCENARIO/TIME-HASH`. Raises SimError if `out` is not empty or cannot be written.
        """
        with folder(out, self.run.loaded) as draft:
            self.write_into(draft.path, pictures=pictures, svg=svg)
        return Path(draft.final)

    def write_into(self, folder: Path, *, pictures: bool = True, svg: bool = False) -> None:
        """Write all files except the records into an existing empty folder. Raises SimError."""
        files.write(folder, self.run)
        if pictures:
            self._write_pictures(folder / files.PICTURES, svg=svg)
        files.write_provenance(folder, self.run, self.source)


def _in_words(total: Estimate, unit: str, *, is_bound: bool) -> str:
    """Return a mean and its interval, if there is one; hours in the unit of time that fits: '≥ 5.1 h (4.8 to 5.4)'."""
    scale = 1.0
    if unit == "h" and math.isfinite(total.mean):
        unit = units.waits_unit([units.SCALES["time"]["h"] * total.mean])
        scale = units.SCALES["time"]["h"] / units.SCALES["time"][unit]
    mean, low, high = (rounded(scale * number) for number in (total.mean, total.low, total.high))
    shown = "-" if mean == "-" else f"{mean} {unit}" if unit in units.SCALES["time"] else mean
    interval = f" ({low} to {high})" if math.isfinite(total.low) else ""
    return (at_least(shown) if is_bound else shown) + interval


def _replicates(run: Run, name: str) -> Mapping[str, Any]:
    return files.replicate_tables(run)[name]


def folder(out: str | Path | None, loaded: Loaded) -> AbstractContextManager[store.Draft]:
    """Return the draft of the folder `out`, or of `results/SCENARIO/TIME-HASH`. Raises SimError on entering."""
    if out is not None:
        return store.new_folder(Path(out))
    stamped = f"{store.stamp()}-{loaded.scenario_hash[:9]}"
    return store.new_folder(RESULTS / loaded.scenario.name / stamped, numbered=True)


def run_into(
    output: Output,
    loaded: Loaded,
    source: Source,
    request: Request,
    progress: Progress = silent,
    posterior: Posterior | None = None,
) -> tuple[RunResult, Path]:
    """Play a scenario and save the result; return both the result and the folder.

    Checks that the folder can be written before the simulation starts. Raises SimError.
    """
    with folder(output.out, loaded) as draft:
        records_to = draft.path if output.records else None
        result = RunResult(run(loaded, request, progress, posterior, records_to, output.replicates), source)
        result.write_into(draft.path, pictures=output.pictures, svg=output.svg)
    return result, draft.final
