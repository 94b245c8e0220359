"""Pictures draw texts as they are written."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.plotting.picture import render
from sim.plotting.style import sheet, styled, time_axis


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


@pytest.mark.parametrize(
    ("days", "room", "labels"),
    [
        (2, 4, ["21 Sep", "22 Sep", "23 Sep"]),
        (2, 6, ["21 Sep", "12:00", "22 Sep", "12:00", "23 Sep"]),
        (1, 9, ["21 Sep", *(f"{hour:02}:00" for hour in range(3, 24, 3)), "22 Sep"]),
    ],
)
def test_hours_are_named_as_far_as_there_is_room(days: int, room: int, labels: list[str]) -> None:
    axes = sheet(4, 3).add_subplot()
    start = datetime(2022, 9, 21, tzinfo=UTC)
    first = start.timestamp() / 86400
    time_axis(axes, (first, first + days), ZoneInfo("UTC"), start.replace(tzinfo=None), room)
    assert [label.get_text() for label in axes.get_xticklabels()] == labels


@pytest.mark.parametrize(
    ("hours", "labels"),
    [
        (6, ["08:00\n2 Jun", "09:00", "10:00", "11:00", "12:00", "13:00", "14:00"]),
        (2, ["08:00\n2 Jun", "08:15", "08:30", "08:45", "09:00", "09:15", "09:30", "09:45", "10:00"]),
    ],
)
def test_a_run_of_hours_has_times_of_day_and_its_date_once(hours: int, labels: list[str]) -> None:
    axes = sheet(4, 3).add_subplot()
    start = datetime(2025, 6, 2, 8, tzinfo=UTC)
    first = start.timestamp() / 86400
    time_axis(axes, (first, first + (hours + 1e-6) / 24), ZoneInfo("UTC"), start.replace(tzinfo=None))
    assert [label.get_text() for label in axes.get_xticklabels()] == labels
