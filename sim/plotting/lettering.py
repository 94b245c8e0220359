"""How wide text is, and text cut or broken into lines so that it fits."""

from __future__ import annotations

import functools

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

SANS = "DejaVu Sans"
BOLD = 1.17
"""Width of bold letters in those of plain ones, at most."""
POINTS = 72
"""Points in an inch."""


def text_width(text: str, size: float, family: str = SANS) -> float:
    """Return the width of `text` in inches at `size` points.

    It is summed over words, which recur and are measured once: spaces neither pull letters together nor apart.
    """
    *words, last = text.rstrip().split(" ")
    return (sum(_advance(word, family) for word in words) + _width(last, family)) * size / POINTS


@functools.cache
def _width(text: str, family: str) -> float:
    """Return the distance from the beginning of `text` to its rightmost ink, in shares of the size of the letters."""
    path = TextPath((0, 0), text, size=1, prop=FontProperties(family=family), usetex=False)
    return float(path.vertices[:, 0].max()) if len(path.vertices) else 0.0


@functools.cache
def _advance(word: str, family: str) -> float:
    """Return the distance from the beginning of a word to that of the next, in shares of the size of the letters."""
    return _width(f"{word} |", family) - _width("|", family)


def wrapped(text: str, width: float, size: float, family: str = SANS) -> str:
    """Return `text` broken into lines of at most `width` inches at `size` points."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size, family) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def shortened(text: str, width: float, size: float, family: str = SANS) -> str:
    """Return the beginning of `text` that fits into `width` inches at `size` points, with '…' where it is cut."""
    if text_width(text, size, family) <= width:
        return text
    fits, over = 0, len(text)
    while over - fits > 1:
        middle = (fits + over) // 2
        short = text_width(f"{text[:middle].rstrip()}…", size, family) <= width
        fits, over = (middle, over) if short else (fits, middle)
    return f"{text[:fits].rstrip()}…"
