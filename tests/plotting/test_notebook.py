"""The frame of charts in a notebook: complete, of bounded size, and like the page around it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from sim.plotting.interactive.blocks import Chart, Line
from sim.plotting.interactive.notebook import INSTEAD, MOST_BYTES, frame
from sim.verbs.report.result import BROWSERS

BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), None)


def chart(title: str = "People waiting", points: int = 100, lines: int = 2) -> Chart:
    times = [3600.0 * n for n in range(points)]
    values = [1000.0 + n for n in range(points)]
    drawn = [Line(f"class {n}", "#332288", values, values, values) for n in range(lines)]
    return Chart(title, "people", "Europe/Moscow", times, drawn)


def page_in(element: str) -> str:
    found = re.fullmatch(rf"<iframe [^>]*srcdoc='([^']*)'>{re.escape(INSTEAD)}</iframe>", element)
    assert found
    return html.unescape(found[1])


def charts_in(element: str) -> list[dict]:  # type: ignore[type-arg]
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', page_in(element))
    return list(json.loads(data))


def test_a_frame_has_the_charts_and_loads_nothing() -> None:
    element = frame([chart(), chart('It\'s </script> & "quoted"')])
    assert [each["title"] for each in charts_in(element)] == ["People waiting", 'It\'s </script> & "quoted"']
    assert charts_in(element)[0]["lines"][0]["values"] == chart().lines[0].values
    assert "default-src 'none'" in page_in(element)
    assert not re.search(r"(src|href)=", page_in(element))
    assert len(frame([chart()]).encode()) < 90_000


def test_without_charts_there_is_no_frame() -> None:
    assert frame([]) == ""


def test_a_frame_that_would_be_too_large_has_fewer_points() -> None:
    bars = replace(chart("Across"), bars=True)
    element = frame([chart(points=700, lines=8), chart(points=700, lines=16), bars])
    assert len(element.encode()) < MOST_BYTES
    long, longer, short = charts_in(element)
    assert long["times"] == chart(points=700).times[::2]
    assert len(longer["lines"][0]["low"]) == len(longer["times"]) == 350
    assert short["times"] == bars.times


def test_charts_for_which_there_is_no_room_are_counted() -> None:
    element = frame([chart(str(n), points=700, lines=16) for n in range(20)])
    number = len(charts_in(element))
    assert 1 < number < 20
    assert f"{20 - number} more charts" in page_in(element)
    assert 0.9 * MOST_BYTES < len(element.encode()) < MOST_BYTES


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium or Chrome to draw the chart")
@pytest.mark.parametrize(("colours", "is_dark"), [("#111 #eee", True), ("#fafafa #222", False)])
def test_a_browser_draws_the_chosen_chart_in_the_colours_around(tmp_path: Path, colours: str, is_dark: bool) -> None:
    paper, ink = colours.split()
    look = """
    addEventListener("load", () => setTimeout(() => {
      const frame = document.querySelector("iframe"), inside = frame.contentDocument;
      const of = (name) => frame.contentWindow.getComputedStyle(inside.documentElement).getPropertyValue(name).trim();
      const select = inside.querySelector("select");
      select.value = "1";
      select.dispatchEvent(new Event("change"));
      const lines = [...inside.querySelectorAll(".u-series .u-label")].map((label) => label.textContent);
      const plots = inside.querySelectorAll("canvas").length;
      const seen = { plots, ink: of("--ink"), lines, height: frame.style.height };
      document.body.append(Object.assign(document.createElement("pre"), { textContent: JSON.stringify(seen) }));
    }, 500));
    """
    file = tmp_path / "page.html"
    file.write_text(
        f'<!doctype html><body style="background: {paper}; color: {ink}"><div>{frame([chart(), chart(lines=1)])}</div>'
        f"<script>{look}</script>",
        encoding="utf-8",
    )
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    drawn = subprocess.run([*command, file.as_uri()], capture_output=True, text=True, check=True, timeout=120).stdout
    found = re.search(r"<pre>(.*)</pre>", drawn)
    assert found, drawn[-2000:]
    seen = json.loads(found[1])
    assert (seen["plots"], seen["ink"]) == (1, "#e8eaed" if is_dark else "#22262b")
    assert [line for line in seen["lines"] if line.startswith("class")] == ["class 0"]
    assert 300 < float(seen["height"].removesuffix("px")) < 700
