"""The result of a comparison, in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import store
from sim.measures.names import ALL
from sim.plotting.rail import words
from sim.plotting.result import Drawers, Result
from sim.verbs.compare import files
from sim.verbs.compare.statistics import Ranking
from sim.verbs.compare.study import ComparisonData

if TYPE_CHECKING:
    from sim.plotting.interactive.blocks import Chart


@dataclass(frozen=True, repr=False)
class Comparison(Result):
    """The result of `sim.compare`: paired differences from the base; `rankings` are shown and saved with it."""

    data: ComparisonData
    rankings: tuple[Ranking, ...] = ()

    @property
    def _tables(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        """The tables: `comparison` (paired differences), `groups` (who gains and loses), and the other files."""
        return {name: lambda made=columns: made for name, columns in self._columns.items()}  # type: ignore[misc]

    @property
    def _columns(self) -> dict[str, Mapping[str, Any]]:
        return {name.partition(".")[0]: columns for name, columns in files.tables(self.data, self.rankings).items()}

    @property
    def differences(self) -> list[dict[str, Any]]:
        """The paired differences as rows, one for each scenario and total."""
        return self.summary

    def ranked(self, quantity: str = "crossed_people", scope: str = ALL, highest: bool | None = None) -> Comparison:
        """Return the comparison with a ranking by a total; `highest` says whether the highest is best.

        Raises SimError if the scenarios do not all have the total.
        """
        return replace(self, rankings=(*self.rankings, *self.data.ranking(quantity, scope, highest)))

    @property
    def _drawers(self) -> Drawers:
        """Functions that draw the pictures, by name."""
        from sim.verbs.compare.pictures import drawers

        return drawers(self.data)

    @property
    def _main_picture(self) -> str:
        """Name of the first picture."""
        return next(iter(self.plots))

    def _headline(self) -> list[str]:
        """Return the base, the others, the differences in the headline measures, and how often they were played."""
        from sim.verbs.compare.tables import headline_differences, note, title

        return [title(self.data), *headline_differences(self.data), note(self.data)]

    def _html(self) -> str:
        """Return the tables as HTML."""
        from sim.verbs.compare.tables import html

        return html(self.data, self.rankings)

    def _charts(self) -> Sequence[Chart]:
        """Return the series of the scenarios side by side, for each crossing."""
        from sim.plotting.interactive.charts import EstimatesSeries, of_scenarios

        named = zip(map(words, self.data.labels), self.data.estimates, strict=True)
        each = {label: EstimatesSeries(estimates) for label, estimates in named}
        base = self.data.base.scenario
        return [chart for crossing in base.crossings for chart in of_scenarios(base, crossing, each)]

    def save(self, out: str | Path | None = None, *, pictures: bool = True, svg: bool = False) -> Path:
        """Save everything in the new folder `out` (`results/comparisons/BASE/TIME`) and return it. Raises SimError."""
        with files.folder(self.data.base.label, out) as draft:
            self.write_into(draft.path, pictures=pictures, svg=svg)
        return Path(draft.final)

    def write_into(
        self,
        folder: Path,
        command_line: str | None = None,
        *,
        pictures: bool = True,
        svg: bool = False,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        """Write all files into an existing empty folder; `pause` is called before each picture. Raises SimError."""
        from sim.verbs.compare.tables import markdown

        files.write(folder, self.data, self.rankings)
        store.write(folder / "summary.md", markdown(self.data, self.rankings))
        if pictures:
            self._write_pictures(folder / "pictures", svg=svg, pause=pause)
        files.write_provenance(folder, self.data, command_line)
