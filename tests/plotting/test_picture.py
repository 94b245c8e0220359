"""Files of pictures: each drawn once, PNG, and SVG where it is asked for."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from sim.plotting.picture import RASTER_DPI, render, write
from sim.plotting.result import Plots
from sim.plotting.style import boxes, sheet, styled, time_axis


@pytest.mark.parametrize(
    ("svg", "files"), [(False, ["one.png", "two.png"]), (True, ["one.png", "one.svg", "two.png", "two.svg"])]
)
def test_every_file_is_rendered_once_and_svg_only_where_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, svg: bool, files: list[str]
) -> None:
    drawn, rendered = [], []
    save = Figure.savefig

    def counted(figure: Figure, *args: Any, **how: Any) -> None:
        rendered.append(how["format"])
        save(figure, *args, **how)

    def draw(name: str) -> Figure:
        drawn.append(name)
        return sheet(2, 1)

    monkeypatch.setattr(Figure, "savefig", counted)
    plots = Plots({"one": lambda: draw("one"), "two": lambda: draw("two")})
    plots["two"]
    assert write(tmp_path, plots.one_by_one(), svg=svg) == files
    assert drawn == ["two", "one"]
    assert len(rendered) == 2 * (1 + svg)
    assert set(plots._pictures) == {"two"}, "pictures that nobody asked for are not kept"


def test_a_png_file_has_the_size_of_its_sheet_and_no_alpha_channel() -> None:
    image = Image.open(io.BytesIO(render(sheet(3.337, 2.129), "png")))
    assert (image.mode, image.size) == ("RGB", (int(3.337 * RASTER_DPI), int(2.129 * RASTER_DPI)))
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert image.info["dpi"] == pytest.approx((RASTER_DPI, RASTER_DPI), abs=0.1)


@styled
def test_the_days_of_a_time_axis_and_the_bars_of_a_class_are_one_artist_each() -> None:
    axes = sheet(10, 3).add_subplot()
    time_axis(axes, (19_000.0, 19_120.0), ZoneInfo("UTC"), datetime(2022, 1, 8, tzinfo=UTC).replace(tzinfo=None))
    assert len(axes.get_xticks(minor=True)) == 0
    (days,) = axes.lines
    assert len(days.get_xdata()) == 121
    at = np.arange(3.0)
    axes.add_patch(boxes(at, 0 * at, at + 0.5, at, color="red"))
    assert len(axes.patches) == 1
    assert axes.patches[0].get_path().get_extents().bounds == (0.0, 0.0, 2.5, 2.0)
