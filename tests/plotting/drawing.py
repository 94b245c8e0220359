"""Draws all pictures of a result."""

from __future__ import annotations

from matplotlib.figure import Figure

from sim.plotting.result import Drawers


def draw_all(drawers: Drawers) -> dict[str, Figure]:
    """Return every picture by name."""
    return {name: draw() for name, draw in drawers.items()}
