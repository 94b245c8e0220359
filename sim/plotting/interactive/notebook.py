"""Interactive charts in a notebook: a frame that needs nothing else, and that is left out where scripts may not run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

import numpy as np

from sim.plotting.interactive.blocks import Chart, Line
from sim.plotting.interactive.page import POLICY, SCRIPTS, STYLES, asset

MOST_BYTES = 400_000
"""Size that a frame stays below: long series have every second, fourth ... point, then the last charts are left out."""
STEPS = (1, 2, 4, 8)
INSTEAD = "The interactive charts are shown once the notebook is trusted."


def frame(charts: Sequence[Chart]) -> str:
    """Return an element with charts, one of them shown at a time; nothing if there are none."""
    room = MOST_BYTES - len(_element(_page(charts, [], len(charts))))
    for step in STEPS:
        data = [_thinned(chart, step).json() for chart in charts]
        sizes = np.cumsum([_size(text) + 1 for text in data])
        number = int(np.searchsorted(sizes, room))
        if number == len(charts):
            break
    return _element(_page(charts[:number], data[:number], len(charts) - number)) if number else ""


def _element(page: str) -> str:
    style = "width: 100%; height: 30rem; border: 0"
    return f"<iframe title='Interactive charts' style='{style}' srcdoc='{_quoted(page)}'>{INSTEAD}</iframe>"


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace("'", "&#39;")


def _size(text: str) -> int:
    """Return the number of bytes of a text inside the frame."""
    return len(_quoted(text).encode())


def _page(charts: Sequence[Chart], data: Sequence[str], left_out: int) -> str:
    styles = "".join(map(asset, (*STYLES, "notebook.css")))
    scripts = "\n".join(map(asset, (*SCRIPTS, "notebook.js")))
    note = f'<p class="hint">{left_out} more charts: save the result and use sim.report.</p>' if left_out else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Charts</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{styles}</style>'
        f'<body><div class="choice">{"".join(_choice(charts))}</div>'
        f'<figure role="group" aria-label="Chart"></figure>{note}'
        f'<script type="application/json">[{",".join(data)}]</script><script>{scripts}</script>'
    )


def _choice(charts: Sequence[Chart]) -> Iterator[str]:
    """Yield the title of a chart, or a list of titles to choose from."""
    titles = [escape(f"{chart.title} ({chart.unit})" if chart.unit else chart.title) for chart in charts]
    if len(titles) == 1:
        yield titles[0]
        return
    options = "".join(f'<option value="{n}">{title}</option>' for n, title in enumerate(titles))
    yield f'<select aria-label="Chart">{options}</select>'


def _thinned(chart: Chart, step: int) -> Chart:
    """Return a chart with every `step`-th point; bars keep theirs."""
    if step == 1 or chart.bars:
        return chart
    return replace(chart, times=chart.times[::step], lines=[_thinned_line(line, step) for line in chart.lines])


def _thinned_line(line: Line, step: int) -> Line:
    low, high = (None if band is None else band[::step] for band in (line.low, line.high))
    return replace(line, values=line.values[::step], low=low, high=high)
