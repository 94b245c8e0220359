"""The result that every verb returns, with tables, pictures and a method to save them."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import store
from sim.errors import SimError
from sim.suggest import did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.plotting.interactive.blocks import Chart
    from sim.plotting.picture import Picture

Drawers = dict[str, "Callable[[], Figure]"]
"""Functions that draw the pictures of a result, by the name of the picture."""
LINES = 20
"""Maximum number of lines of a result's `repr`."""


class Plots(Mapping[str, "Picture"]):
    """The pictures of a result by name. Each is drawn on first access."""

    def __init__(self, drawers: Drawers) -> None:
        self._drawers = drawers
        self._pictures: dict[str, Picture] = {}

    def __getitem__(self, name: str) -> Picture:
        """Return a picture. Raises KeyError if there is no picture of that name."""
        if name not in self._pictures:
            from sim.plotting.picture import Picture

            self._pictures[name] = Picture(name, self._drawers[name]())
        return self._pictures[name]

    def one_by_one(self) -> Iterator[Picture]:
        """Yield the pictures; those not yet drawn are not kept, since a network has dozens of them."""
        from sim.plotting.picture import Picture

        for name, draw in self._drawers.items():
            yield self._pictures.get(name) or Picture(name, draw())

    def __contains__(self, name: object) -> bool:
        return name in self._drawers

    def __iter__(self) -> Iterator[str]:
        return iter(self._drawers)

    def __len__(self) -> int:
        return len(self._drawers)

    def __repr__(self) -> str:
        return f"Plots({', '.join(self)})"


class Result(ABC):
    """The result of a verb. A notebook shows its tables, its interactive charts and its main picture."""

    @property
    @abstractmethod
    def _tables(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        """Functions that make the tables, by name; the first one is the summary."""

    @property
    @abstractmethod
    def _drawers(self) -> Drawers:
        """Functions that draw the pictures, by name."""

    @property
    @abstractmethod
    def _main_picture(self) -> str:
        """Name of the main picture; '' if there is none."""

    @abstractmethod
    def _headline(self) -> list[str]:
        """Return the result in a few lines of plain text."""

    @abstractmethod
    def _html(self) -> str:
        """Return the tables as HTML."""

    def _charts(self) -> Sequence[Chart]:
        """Return the interactive charts; none if nothing is over time."""
        return ()

    @abstractmethod
    def save(self, out: str | Path | None = None, *, pictures: bool = True, svg: bool = False) -> Path:
        """Save tables, pictures (with `svg` also as SVG) and provenance in the folder `out` and return it.

        Raises SimError.
        """

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables; the first one is the summary."""
        return tuple(self._tables)

    @property
    def summary(self) -> list[dict[str, Any]]:
        """The summary as a list of rows."""
        columns = self.table()
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def table(self, name: str | None = None) -> dict[str, list[Any]]:
        """Return a table as lists by column name, suitable for `pandas.DataFrame` or `polars.DataFrame`.

        Parameters
        ----------
        name
            One of `tables`; the summary if omitted.

        Raises
        ------
        SimError
            If there is no such table.
        """
        tables = self._tables
        name = name or next(iter(tables))
        if name not in tables:
            raise SimError(
                f"there is no table {name!r}{did_you_mean(name, tables)}; the tables are {', '.join(tables)}"
            )
        return {column: _plain(values) for column, values in tables[name]().items()}

    def to_pandas(self, name: str | None = None) -> Any:
        """Return a table (the summary if `name` is omitted) as a DataFrame. Raises SimError without pandas."""
        try:
            import pandas as pd  # type: ignore[import-untyped,unused-ignore]
        except ImportError:
            raise SimError("pandas is not installed; use table(), or install pandas") from None
        return pd.DataFrame(self.table(name))

    @cached_property
    def plots(self) -> Plots:
        """The pictures by name. Each is drawn on first access."""
        return Plots(self._drawers)

    def plot(self, name: str | None = None) -> Picture:
        """Return a picture (the main one if `name` is omitted). Raises SimError if there is no such picture."""
        name = name or self._main_picture
        if name not in self.plots:
            choices = f"the pictures are {', '.join(self.plots)}" if self.plots else "this result has none"
            raise SimError(f"there is no picture {name!r}{did_you_mean(name, self.plots)}; {choices}")
        return self.plots[name]

    def _write_pictures(self, folder: Path, *, svg: bool, **how: Callable[..., None]) -> list[str]:
        """Write all pictures into `folder`, with `svg` also as SVG, and return the names of the files. Raises SimError.

        `how` is for `picture.write`.
        """
        from sim.plotting import picture

        return picture.write(folder, self.plots.one_by_one(), svg=svg, **how)

    def __repr__(self) -> str:
        lines = self._headline()
        if len(lines) > LINES - 2:
            lines = [*lines[: LINES - 3], "..."]
        plots = [f"plots: {', '.join(self.plots)}"] if self.plots else []
        return "\n".join([*lines, f"tables: {', '.join(self.tables)}", *plots])

    def _repr_html_(self) -> str:
        from sim.plotting.interactive.notebook import frame

        shown = self._html() + frame(self._charts())
        if not self._main_picture:
            return f"<div>{shown}</div>"
        picture = base64.b64encode(self.plot().render("png")).decode()
        image = f'<img alt="{self._main_picture}" style="max-width: 100%" src="data:image/png;base64,{picture}">'
        return f"<div>{shown}{image}</div>"


def _plain(values: Any) -> list[Any]:
    if isinstance(values, store.Labels):
        return values.tolist()
    return list(values.tolist() if hasattr(values, "tolist") else values)
