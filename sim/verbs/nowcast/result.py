"""The result of a forecast, in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.plotting.result import Drawers, Result
from sim.verbs.nowcast import files
from sim.verbs.nowcast.study import Nowcast

if TYPE_CHECKING:
    from sim.plotting.interactive.blocks import Chart


@dataclass(frozen=True, repr=False)
class NowcastResult(Result):
    """The result of `sim.nowcast`: a forecast with bands, and how well such forecasts did so far."""

    nowcast: Nowcast

    @property
    def _tables(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        """The tables: `forecast`, `readings`, `scores` of past forecasts, `differences` from naive ones, `samples`.

        With a scenario also `outlook`: waits of those who join, and people stuck overnight.
        """
        from sim.verbs.nowcast.tables import (
            difference_columns,
            forecast_columns,
            outlook_columns,
            reading_columns,
            sample_columns,
            score_columns,
        )

        more = {"outlook": lambda: outlook_columns(self.nowcast)} if self.nowcast.outlook else {}
        return {
            **more,
            "forecast": lambda: forecast_columns(self.nowcast),
            "readings": lambda: reading_columns(self.nowcast),
            "scores": lambda: score_columns(self.nowcast.scores),
            "differences": lambda: difference_columns(self.nowcast.differences),
            "samples": lambda: sample_columns(self.nowcast),
        }

    @property
    def _drawers(self) -> Drawers:
        """Functions that draw the pictures, by name."""
        from sim.verbs.nowcast.pictures import drawers

        return drawers(self.nowcast)

    @property
    def _main_picture(self) -> str:
        """Name of the picture."""
        return "forecast"

    def _headline(self) -> list[str]:
        """Return the first sentence, and the notes about the readings."""
        from sim.verbs.nowcast.words import notes, opening

        return [opening(self.nowcast), *notes(self.nowcast)]

    def _html(self) -> str:
        """Return the tables as HTML."""
        from sim.plotting.sheet import as_html
        from sim.verbs.nowcast.tables import print_to

        return as_html(lambda console: print_to(console, self.nowcast))

    def _charts(self) -> Sequence[Chart]:
        """Return the readings and the forecast."""
        from sim.plotting.interactive.charts import of_forecast

        seen = self.nowcast.seen
        return [of_forecast(seen.name, seen.readings.zone, self.table("forecast"), self.table("readings"))]

    def save(self, out: str | Path | None = None, *, pictures: bool = True, svg: bool = False) -> Path:
        """Save tables and picture in the new folder `out` (`results/FILE/nowcast-TIME`) and return it.

        Raises SimError.
        """
        with files.folder(self.nowcast.seen.path, out) as draft:
            self.write_into(draft.path, pictures=pictures, svg=svg)
        return Path(draft.final)

    def write_into(
        self, folder: Path, command_line: str | None = None, *, pictures: bool = True, svg: bool = False
    ) -> None:
        """Write all files into an existing empty folder. Raises SimError."""
        files.write(folder, self.nowcast)
        if pictures:
            self._write_pictures(folder / "pictures", svg=svg)
        files.write_provenance(folder, self.nowcast, command_line)
