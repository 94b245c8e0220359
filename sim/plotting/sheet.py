"""Text tables for the terminal and for notebooks."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

NARROW = 78
"""Width in characters below which the tables would break words."""


def as_html(printed: Callable[[Console], None]) -> str:
    """Return the output of `printed` to a rich console as HTML."""
    from rich.console import Console

    console = Console(file=io.StringIO(), record=True, width=100, highlight=False, force_jupyter=False)
    printed(console)
    frame = '<pre style="line-height: 1.25; font-family: monospace; white-space: pre; overflow-x: auto">{code}</pre>'
    return console.export_html(inline_styles=True, code_format=frame)


def print_sheets(console: Console, sheets: Sequence[Sheet]) -> None:
    """Print tables to a rich console, one column per line if the console is narrow."""
    narrow = console.width < NARROW
    for sheet in sheets:
        console.print("", sheet.listed() if narrow else sheet.rich_table(), sep="\n")


class Sheet(NamedTuple):
    """A text table with rich markup in its cells. `wrap` states for each column whether its cells may be wrapped."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    wrap: tuple[bool, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The column heads, each on one line."""
        return tuple(re.sub(r"(?<=[._])\n", "", name).replace("\n", " ") for name in self.columns)

    def rich_table(self) -> Table:
        """Return the table in columns, with numbers aligned to the right."""
        table = borderless(self.title)
        for name, wrap in zip(self.columns, self.wrap, strict=True):
            table.add_column(name, justify="left" if wrap else "right", no_wrap=not wrap)
        for row in self.rows:
            table.add_row(*row)
        return table

    def listed(self) -> str:
        """Return the table as lines, one for each cell."""
        lines = [f"[bold]{self.title}[/]"]
        for first, *others in self.rows:
            cells = (cell.replace("\n", " ") for cell in others)
            lines += [first, *(f"  {name}: {cell}" for name, cell in zip(self.names[1:], cells, strict=True))]
        return "\n".join(lines)

    def markdown(self) -> list[str]:
        """Return the lines of the table in Markdown, without its title."""
        from rich.text import Text

        rows = [[Text.from_markup(cell).plain.replace("\n", " ") for cell in row] for row in self.rows]
        rule = ["---" if wrap else "--:" for wrap in self.wrap]
        return ["| " + " | ".join(row) + " |" for row in (self.names, rule, *rows)]


def borderless(title: str) -> Table:
    """Return an empty rich table with a rule only under its head."""
    from rich import box
    from rich.table import Table

    return Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )
