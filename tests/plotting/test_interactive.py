"""Interactive charts: what they hold, from memory and from a table, and what a browser makes of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from sim.measures.estimates import series_table
from sim.plotting.interactive import page
from sim.plotting.interactive.blocks import Chart, Line, Reading
from sim.plotting.interactive.charts import EstimatesSeries, TableSeries, numbers, of_run
from sim.verbs.report.result import BROWSERS
from tests.plotting import synthetic

BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), None)
HOUR = 3600.0


def test_a_result_in_memory_and_its_table_give_the_same_charts() -> None:
    described = synthetic.scenario()
    estimates = synthetic.estimates(described)
    labels = {row.id: f"figure {row.id}" for row in described.reported}
    (crossing,) = described.crossings
    memory, table = EstimatesSeries(estimates), TableSeries(series_table(estimates))
    drawn = list(of_run(described, crossing, memory, labels))
    assert drawn == list(of_run(described, crossing, table, labels))
    assert {chart.title for chart in drawn} >= {"Parties waiting", "Wait of those who join at this time"}
    assert any(chart.readings for chart in drawn)
    assert memory.of(crossing, "queue", "no such class") is None


def test_numbers_are_those_of_four_digits() -> None:
    values = np.random.default_rng(1).lognormal(0, 8, 5000)
    values = np.append(values[values > 1e-4], [0.0, -2.34567, 99995.0])
    assert numbers(values) == [float(f"{value:.4g}") for value in values.tolist()]
    assert numbers(np.array([np.nan, np.inf, 1.0])) == [None, None, 1.0]


def chart(scale: float = 1.0, names: tuple[str, ...] = ("cars", "trucks"), points: int = 25) -> Chart:
    values = [scale * n for n in range(points)]
    band = {"low": [0.9 * value for value in values], "high": [1.1 * value for value in values]}
    lines = [Line(name, "#0072B2", values, **band) for name in names]
    lines.append(Line("pinned", "#D55E00", values, ghost=True))
    readings = [Reading(5 * HOUR, 6 * HOUR, 7.0, "</script> 7 cars")]
    return Chart("Cars", "cars", "Europe/Moscow", [n * HOUR for n in range(points)], lines, readings)


def test_the_text_of_a_chart_ends_no_script() -> None:
    assert "<" not in chart().json()
    assert json.loads(chart().json())["readings"][0]["words"] == "</script> 7 cars"


def in_browser(tmp_path: Path, script: str) -> dict[str, object]:
    """Return what a script that is run after the chart is drawn has put into `seen`."""
    charts = {"one": chart(), "other": chart(2.0), "renamed": chart(2.0, ("cars", "buses"))}
    scripts = [*map(page.asset, page.SCRIPTS), (Path(__file__).parent / "in_browser.js").read_text(encoding="utf-8")]
    scripts += [f"const {name} = {each.json()};" for name, each in charts.items()]
    styles = "".join(map(page.asset, page.STYLES)) + "body { width: 800px }"
    file = tmp_path / "page.html"
    file.write_text(
        f'<!doctype html><meta charset="utf-8"><style>{styles}</style><figure></figure>'
        + "".join(f"<script>{each}</script>" for each in [*scripts, f"report(async () => {{ {script} }});"]),
        encoding="utf-8",
    )
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=9000", "--dump-dom"]
    drawn = subprocess.run([*command, file.as_uri()], capture_output=True, text=True, check=True, timeout=120).stdout
    found = re.search(r"<pre>(.*)</pre>", drawn)
    assert found, drawn[-2000:]
    seen: dict[str, object] = json.loads(found[1])
    assert "error" not in seen, seen["error"]
    return seen


needs_browser = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium or Chrome to draw the chart")


@pytest.mark.slow
@needs_browser
def test_new_data_keeps_zoom_chosen_lines_and_cursor(tmp_path: Path) -> None:
    seen = in_browser(
        tmp_path,
        """
        const handle = BorderCharts.draw(figure, one), canvas = figure.querySelector("canvas");
        rows()[2].querySelector("th").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
        seen.whole = await ends();
        zoom(); await turn();
        seen.zoomed = await ends();
        mouse("mousemove", 0.5); await turn();
        seen.before = legend();
        handle.update(other); await turn();
        seen.after = legend();
        seen.same = canvas === figure.querySelector("canvas");
        seen.still = await ends();
        seen.off = off();
        handle.update(renamed); await turn();
        seen.rebuilt = await ends();
        seen.names = names(rows());
        handle.update(one); await turn();
        seen.offAgain = off();
        """,
    )
    assert seen["zoomed"] == seen["still"] == seen["rebuilt"] != seen["whole"]
    assert [seen["before"], seen["after"]] == [
        ["timeThu 1 Jan 18:00", "cars15", "trucks15", "pinned15"],
        ["timeThu 1 Jan 18:00", "cars30", "trucks30", "pinned30"],
    ]
    assert (seen["same"], seen["off"], seen["offAgain"]) == (True, ["trucks"], ["trucks"])
    assert seen["names"] == ["time", "cars", "buses", "pinned"]


@pytest.mark.slow
@needs_browser
def test_a_click_tells_the_time_and_a_mark_stands_at_a_time(tmp_path: Path) -> None:
    seen = in_browser(
        tmp_path,
        """
        const onTime = (seconds) => told.push(seconds / 3600);
        const handle = BorderCharts.draw(figure, one, { onTime, hint: false, height: 300 });
        await turn();
        seen.hidden = playhead().hidden;
        click(0.5);
        seen.told = [...told];
        handle.mark(12 * 3600);
        const over = figure.querySelector(".u-over").getBoundingClientRect();
        seen.share = (playhead().getBoundingClientRect().left - over.left) / over.width;
        zoom(); handle.mark(11 * 3600); await turn();
        seen.outside = playhead().hidden;
        handle.mark(15 * 3600);
        seen.inside = (playhead().getBoundingClientRect().left - over.left) / over.width;
        handle.mark(null);
        seen.gone = playhead().hidden;
        seen.height = figure.querySelector(".uplot .u-wrap").clientHeight;
        seen.hints = figure.querySelectorAll(".hint").length;
        handle.destroy();
        seen.left = figure.querySelectorAll("canvas").length;
        """,
    )
    assert (seen["hidden"], seen["outside"], seen["gone"]) == (True, True, True)
    assert seen["told"] == pytest.approx([12], abs=0.1)
    assert [seen["share"], seen["inside"]] == pytest.approx([0.5, 0.5], abs=0.01)
    assert (seen["height"], seen["hints"], seen["left"]) == (300, 0, 0)
