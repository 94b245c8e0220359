"""What the tour says: the installation, the small case, where things are, and three commands to try next."""

from __future__ import annotations

import importlib.util
import platform
from collections.abc import Iterator
from pathlib import Path

from sim.about import __version__
from sim.play.engines import COMPILED
from sim.play.workers import cores


def installation(engine: str) -> Iterator[str]:
    """Yield what was found of the installation."""
    yield f"border-queues {__version__} on Python {platform.python_version()}, {cores()} cores"
    if engine == COMPILED:
        yield "the compiled engine works"
    else:
        yield "the compiled engine is not available here; the reference engine gives the same results, more slowly"


def answer(summary: str) -> str:
    """Return the first paragraph of a run's summary, which is Markdown with a title."""
    return summary.split("\n\n")[1]


def places(folder: Path, page: Path, scenario: Path) -> Iterator[tuple[str, Path]]:
    """Yield what was written, and where the scenario is, by name."""
    yield "page for a browser", page
    yield "one sheet for a wall", folder / "pictures" / "poster.png"
    yield "tables and time series", folder
    yield "the border as a file", scenario


def next_steps(name: str) -> Iterator[tuple[str, str]]:
    """Yield three commands, each with what it is for; `name` is that of the small case."""
    if importlib.util.find_spec("starlette") and importlib.util.find_spec("uvicorn"):
        yield f"sim serve {name}", "a page in the browser: move a lever and see the queue change"
    else:
        yield (
            "pip install 'border-queues[web]'",
            "then `sim serve`: a page in the browser, with a lever for every number",
        )
    yield f"sim sweep {name} --over stations.exit_cars.staffing.servers=6:10:1", "how many booths this border needs"
    yield f"sim copy {name} my_border", "a border of your own: change the numbers in the copy, and run it"
