"""A report as one HTML file that needs no network: texts, tables, pictures and charts inside."""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from sim.about import __version__
from sim.errors import SimError
from sim.plotting.interactive.blocks import Block, Cell, Chart, Picture, Report, Table, Text

MOST_BYTES = 5_000_000
"""Size that a page stays below; pictures for which there is no room are left out, the last ones first."""
RESERVED = 200_000
"""Bytes kept for what is not pictures or charts."""
COLOURS, WIDTH = 128, 1600
"""Colours of a picture, and its width in pixels if it is wider; the files of the result keep theirs."""
STYLES, SCRIPTS = ("uPlot.min.css", "charts.css"), ("uPlot.iife.min.js", "charts.js")
"""What a page with charts needs, in this order; the scripts define `BorderCharts`."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
"""What the page may load: nothing from anywhere else."""


def page_of(reports: Sequence[Report]) -> str:
    """Return the page with all reports, one below the other. Raises SimError if a picture cannot be read."""
    writer = Writer()
    bodies = [writer.report(report) for report in reports]
    title = reports[0].title if len(reports) == 1 else f"{reports[0].title}, and {len(reports) - 1} more"
    contents = "".join(f'<li><a href="#{name}">{escape(words)}</a></li>' for name, words in writer.contents)
    body = f'<nav aria-label="Contents"><ul>{contents}</ul></nav><main>{"".join(bodies)}</main>'
    styles = "".join(map(asset, (*STYLES, "page.css")))
    scripts = "\n".join(map(asset, (*SCRIPTS, "page.js")))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{styles}</style></head>'
        f"<body>{body}<footer>Made by border-queues {escape(__version__)}. This file loads nothing else.</footer>"
        f'<p class="status" role="status"></p><script>{scripts}</script></body></html>\n'
    )


def asset(name: str) -> str:
    """Return a file of the kit: a style or a script."""
    return (resources.files("sim.plotting.interactive") / "assets" / name).read_text(encoding="utf-8")


class Writer:
    """Writes blocks as HTML; counts what has a name of its own, and the room that is left for pictures."""

    def __init__(self) -> None:
        self.contents: list[tuple[str, str]] = []
        self._named = self._tables = 0
        self._room = MOST_BYTES - RESERVED

    def _name(self) -> str:
        self._named += 1
        return f"part-{self._named}"

    def report(self, report: Report) -> str:
        """Return a report; charts and tables are written before pictures, which take the room that is left."""
        name = self._name()
        self.contents.append((name, report.title))
        blocks = [block for section in report.sections for block in section.blocks]
        written: dict[int, str] = {}
        for block in sorted(blocks, key=lambda block: isinstance(block, Picture)):
            written[id(block)] = self.block(block)
            self._room -= 0 if isinstance(block, Picture) else len(written[id(block)].encode())
        sections = ""
        for section in report.sections:
            inside = "".join(written[id(block)] for block in section.blocks)
            sections += f"<section><h2>{escape(section.title)}</h2>{inside}</section>"
        question = f'<p class="question">{escape(report.question)}</p>' if report.question else ""
        head = f'<p class="kind">{escape(report.kind)}</p><h1>{escape(report.title)}</h1>{question}'
        return f'<article id="{name}">{head}{sections}</article>'

    def block(self, block: Block) -> str:
        """Return a block."""
        if isinstance(block, Text):
            return self._text(block)
        if isinstance(block, Table):
            return self._table(block)
        return self._chart(block) if isinstance(block, Chart) else self._picture(block.path, block.words)

    def _text(self, text: Text) -> str:
        from markdown_it import MarkdownIt

        reader = MarkdownIt("commonmark", {"html": False}).enable("table")
        tokens = reader.parse(text.markdown)
        for token in tokens:
            if token.type in ("heading_open", "heading_close"):
                token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
            for child in token.children or ():
                if child.type == "image":
                    self._inline_picture(child, text.folder)
                elif child.type in ("link_open", "link_close"):
                    child.hidden = True  # links lead to files that are not in the page
                    child.type = "text"
                    child.content = ""
        html = str(reader.renderer.render(tokens, reader.options, {}))
        html = re.sub(r"<th([^>]*)></th>", r"<td\1></td>", html)  # a heading says something
        return re.sub("<table>", lambda _: self._frame(), html).replace("</table>", "</table></div>")

    def _frame(self, caption: str = "") -> str:
        """Return the begin of a table that can be scrolled and copied, under a name of its own."""
        self._tables += 1
        name = escape(caption) or f"table {self._tables}"
        return f'{COPY}<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table>'

    def _inline_picture(self, token: Any, folder: Path | None) -> None:
        path = (folder or Path()) / str(token.attrs.get("src", ""))
        is_inside = folder is not None and path.resolve().is_relative_to(folder.resolve()) and path.suffix == ".png"
        content = self._encoded(path) if is_inside and path.is_file() else ""
        if content:
            token.attrs["src"] = content
        else:
            token.type, token.content = "text", f"({token.content})"

    def _table(self, table: Table) -> str:
        heads = "".join(f'<th scope="col">{escape(head)}</th>' if head else "<td></td>" for head in table.headings)
        rows = "".join(
            f"<tr>{''.join(_cell(cell, first=n == 0) for n, cell in enumerate(row))}</tr>" for row in table.rows
        )
        caption = f"<caption>{escape(table.caption)}</caption>"
        body = (
            f"{self._frame(table.caption)}{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
        if table.folded:
            return f"<details><summary>{escape(table.caption)}</summary>{body}</details>"
        return body

    def _chart(self, chart: Chart) -> str:
        name = self._name()
        told = "".join(f"<li>{escape(sentence)}</li>" for sentence in _told(chart))
        return (
            f'<figure class="chart"><figcaption id="{name}">{escape(chart.title)}'
            f"{f' ({escape(chart.unit)})' if chart.unit else ''}</figcaption>"
            f'<div class="plot" role="group" aria-labelledby="{name}"></div>'
            f'<script type="application/json">{chart.json()}</script>'
            f'<details class="told"><summary>The chart in words</summary><ul>{told}</ul></details></figure>'
        )

    def _picture(self, path: Path, words: str) -> str:
        content = self._encoded(path)
        if not content:
            return (
                f"<p>{escape(words)}: left out, because the page would be too large; see the folder of the result.</p>"
            )
        caption = f"<figcaption>{escape(words)}</figcaption>"
        return f'<figure><img src="{content}" alt="{escape(words)}" loading="lazy">{caption}</figure>'

    def _encoded(self, path: Path) -> str:
        """Return a picture as the text of an address; nothing if there is no room left for it."""
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(path) as image:
                image.thumbnail((WIDTH, 4 * WIDTH))
                buffer = io.BytesIO()
                image.convert("RGB").quantize(COLOURS).save(buffer, "PNG", optimize=True)
        except (OSError, UnidentifiedImageError, ValueError) as error:
            raise SimError(f"{path}: is not readable as a picture: {error}") from None
        content = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
        if len(content) > self._room:
            return ""
        self._room -= len(content)
        return content


COPY = '<button class="copy" type="button">Copy table</button>'


def _cell(cell: Cell, *, first: bool) -> str:
    if isinstance(cell, float):
        return f'<td class="number">{_number(cell)}</td>'
    text = escape(cell or "")
    return f'<th scope="row">{text}</th>' if first else f"<td>{text}</td>"


def _number(value: float) -> str:
    """Return a number with three significant digits, groups of thousands and no exponent where it is not large."""
    if not math.isfinite(value):
        return "-"
    digits = 0 if value == 0 else 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _told(chart: Chart) -> Iterator[str]:
    """Yield a sentence for each line of a chart, and each reported figure, for those who do not see it."""
    for line in chart.lines:
        known = [(value, n) for n, value in enumerate(line.values) if value is not None]
        if known and not line.dashed:
            most, n = max(known)
            low, high = (None if band is None else band[n] for band in (line.low, line.high))
            band = f" ({_number(low)} to {_number(high)})" if low is not None and high is not None else ""
            yield f"{line.name}: largest {_number(most)} {chart.unit}{band}, {_day(chart, n)}"
    for reading in chart.readings:
        yield f"reported{'' if reading.fitted else ', not fitted'}: {reading.words}"


def _day(chart: Chart, n: int) -> str:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    at = datetime.fromtimestamp(chart.times[n], ZoneInfo(chart.zone))
    return f"{at.day} {at:%B}" if chart.bars else f"{at.day} {at:%B %H:%M}"
