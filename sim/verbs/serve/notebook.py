"""The page inside a notebook."""

from __future__ import annotations

from html import escape
from pathlib import Path


class Exploration:
    """A page that this process serves; it shows itself in a notebook. `url` opens it in a browser."""

    def __init__(self, scenario: str, port: int, height: int) -> None:
        from sim.verbs.serve.server import Server

        self._server = Server(scenario, port=port, framed=True)
        self._height = height
        self.url = self._server.url
        self._server.start()

    def stop(self) -> None:
        """End the page; it also ends with the process."""
        self._server.stop()

    def __repr__(self) -> str:
        """Return where the page is."""
        return f"The page is at {self.url}"

    def _repr_html_(self) -> str:
        style = f"width:100%;height:{self._height}px;border:1px solid #999"
        frame = f'<iframe src="{escape(self.url)}" title="Border queues" style="{style}"></iframe>'
        return f'{frame}<p>In a browser: <a href="{escape(self.url)}" target="_blank">{escape(self.url)}</a></p>'


def explore(scenario: str | Path = "verkhny_lars", *, port: int = 0, height: int = 900) -> Exploration:
    """Open the page of `sim serve` inside a notebook.

    Parameters
    ----------
    scenario
        A path or a catalogue name.
    port
        Port on this machine; 0 takes any that is free.
    height
        Height of the frame in the notebook, pixels.

    Returns
    -------
    Exploration
        Shows itself in the notebook; has `url` and `stop`. The page is served by the machine on which the notebook's
        kernel runs, and only to that machine.

    Raises
    ------
    SimError
        If the scenario cannot be read, the port is taken, or the extra `web` is not installed.
    """
    return Exploration(str(scenario), port, height)
