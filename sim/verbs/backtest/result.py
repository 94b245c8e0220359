"""The result of a backtest, in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import store
from sim.play import provenance
from sim.plotting.result import Drawers, Result
from sim.verbs.backtest.study import Backtest

if TYPE_CHECKING:
    from sim.plotting.interactive.blocks import Chart

RESULTS = Path("results")


def folder(calibration: Path, out: str | Path | None) -> AbstractContextManager[store.Draft]:
    """Return the draft of the folder `out`, or of `results/<calibration>/backtest-<time>`. Raises SimError."""
    return store.results_folder(out, RESULTS / calibration.stem / f"backtest-{store.stamp()}")


def evaluations(calibration: Path) -> Path:
    """Return the folder of finished plays, shared with the fits of the calibration."""
    return RESULTS / calibration.stem / "evaluations"


@dataclass(frozen=True, repr=False)
class BacktestResult(Result):
    """The result of `sim.backtest`: forecasts of a series beside naive ones, and what came."""

    backtest: Backtest

    @property
    def _tables(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        """`scores`, `differences`, and `forecasts_NAME` for each series."""
        from sim.verbs.backtest.tables import difference_columns, forecast_columns, score_columns

        tables: dict[str, Callable[[], Mapping[str, Any]]] = {
            "scores": lambda: score_columns(self.backtest),
            "differences": lambda: difference_columns(self.backtest),
        }
        for tested in self.backtest.tested:
            tables[f"forecasts_{tested.series.id}"] = lambda tested=tested: forecast_columns(tested)  # type: ignore[misc]
        return tables

    @property
    def _drawers(self) -> Drawers:
        """Functions that draw the pictures, by name."""
        from sim.verbs.backtest.pictures import drawers

        return drawers(self.backtest)

    @property
    def _main_picture(self) -> str:
        """Name of the picture with the forecasts of the first series."""
        return f"forecast_{self.backtest.tested[0].series.id}"

    def _headline(self) -> list[str]:
        """Return the sentences, the verdict first."""
        from sim.verbs.backtest.words import sentences

        return list(sentences(self.backtest))

    def _html(self) -> str:
        """Return sentences and tables as HTML."""
        from sim.plotting.sheet import as_html
        from sim.verbs.backtest.tables import print_to

        return as_html(lambda console: print_to(console, self.backtest))

    def _charts(self) -> Sequence[Chart]:
        """Return the model's forecasts of each series, the table of averages, and what came."""
        from sim.plotting.interactive.charts import Backtested, of_backtest
        from sim.verbs.backtest.tables import forecast_columns, series_facts

        return [of_backtest(Backtested(**series_facts(each)), forecast_columns(each)) for each in self.backtest.tested]

    def save(self, out: str | Path | None = None, *, pictures: bool = True, svg: bool = False) -> Path:
        """Save sentences, tables and pictures in a new folder and return it. Raises SimError."""
        with folder(self.backtest.loaded.path, out) as draft:
            self.write_into(draft.path, pictures=pictures, svg=svg)
        return Path(draft.final)

    def write_into(
        self, folder: Path, command_line: str | None = None, *, pictures: bool = True, svg: bool = False
    ) -> None:
        """Write all files into an existing empty folder. Raises SimError."""
        from sim.verbs.backtest.tables import series_facts
        from sim.verbs.backtest.words import sentences

        store.write(folder / "sentences.md", "\n\n".join(sentences(self.backtest)) + "\n")
        for name, columns in self._tables.items():
            ending = "csv" if name in ("scores", "differences") else "parquet"
            store.write_table(folder / f"{name}.{ending}", columns())
        if pictures:
            self._write_pictures(folder, svg=svg)
        facts = {
            **provenance.calibration_facts(self.backtest.loaded.path),
            "series": {tested.series.id: series_facts(tested) for tested in self.backtest.tested},
            "windows": [str(self.backtest.windows.fit), str(self.backtest.windows.score)],
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        provenance.write(folder, facts, command_line)
