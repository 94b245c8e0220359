"""Draws the pictures of a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from sim.plotting.result import Drawers


class Drawn(Mapping[str, Figure]):
    """Pictures by name; each is drawn when it is first asked for."""

    def __init__(self, drawers: Drawers) -> None:
        self.drawers, self.figures = drawers, dict[str, Figure]()

    def __getitem__(self, name: str) -> Figure:
        if name not in self.figures:
            self.figures[name] = self.drawers[name]()
        return self.figures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.drawers)

    def __len__(self) -> int:
        return len(self.drawers)


def bars_in(axes: Axes) -> list[Bbox]:
    """Return the bars that `boxes` drew, several in a patch, in data coordinates."""
    corners = [patch.get_path().vertices.reshape(-1, 5, 2) for patch in axes.patches]
    return [Bbox([bar.min(axis=0), bar.max(axis=0)]) for bars in corners for bar in bars]
