"""What a report consists of: sections of text, tables, charts and pictures, whatever the page looks like."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

Cell = str | float | None


@dataclass(frozen=True)
class Text:
    """Markdown; pictures that it names stand in `folder`."""

    markdown: str
    folder: Path | None = None


@dataclass(frozen=True)
class Table:
    """A table with a caption; `folded` is shown after a click."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    folded: bool = False


@dataclass(frozen=True)
class Picture:
    """A PNG file with the text that stands for it."""

    path: Path
    words: str


@dataclass(frozen=True)
class Line:
    """A series of a chart, None where it has no value; `low` and `high` are its band, `dashed` is a lower bound.

    `ghost`: drawn thin and faded, without its band, to compare with.
    """

    name: str
    colour: str
    values: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    dashed: bool = False
    shown: bool = True
    ghost: bool = False


@dataclass(frozen=True)
class Reading:
    """A reported figure on a chart: seconds since 1970 from and until, value, words, and whether it was fitted."""

    begin: float
    end: float
    value: float
    words: str
    fitted: bool = True


@dataclass(frozen=True)
class Chart:
    """Lines over time (seconds since 1970, shown in `zone`), or bars, which reach from each time to the next."""

    title: str
    unit: str
    zone: str
    times: Sequence[float]
    lines: Sequence[Line]
    readings: Sequence[Reading] = ()
    bars: bool = False

    def json(self) -> str:
        """Return what `BorderCharts.draw` takes, safe inside a script."""
        text = json.dumps(self, default=vars, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.replace("<", "\\u003c")


Block = Text | Table | Picture | Chart


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Report:
    """One result: its kind in words, its title, the question, and its sections."""

    kind: str
    title: str
    question: str
    sections: Sequence[Section] = field(default_factory=tuple)
