"""Pictures draw texts as they are written."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.plotting.picture import render
from sim.plotting.style import sheet, styled


@styled
def titled(text: str) -> Figure:
    figure = sheet(4, 3)
    figure.text(0, 0, text)
    axes = figure.add_subplot()
    axes.set(title=text, xlabel=text)
    axes.plot([0, 1], [0, 1], label=text)
    axes.set_xticks([0.5], [text])
    axes.legend()
    return figure


@pytest.mark.parametrize(
    "text", ["Fee $5, 50% off over $3", "$\\frac{1}{$", "a_b^c \\ {x}", "$x$", "\U0001f697 \u6f22\u5b57"]
)
def test_texts_are_drawn_as_written(text: str) -> None:
    figure = titled(text)
    assert render(figure, "png")
    texts = [one for one in figure.findobj(Text) if isinstance(one, Text) and one.get_text() == text]
    assert len(texts) >= 5
    assert not any(one.get_parse_math() for one in texts)
