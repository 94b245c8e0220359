"""`sim report`: one page that needs nothing else, from the folders of any verb."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

import sim
from sim.cli import commands
from sim.errors import SimError
from sim.verbs.report.result import BROWSERS

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
HOSTILE = "</script><img src=x onerror=alert(1)>"
BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `run`, `compare` and `nowcast` of small results."""
    at = tmp_path_factory.mktemp("results")
    text = (ROOT / "tests" / "tiny.yaml").read_text(encoding="utf-8")
    title = re.sub(r"^title: .*$", f"title: '{HOSTILE}'", text, flags=re.MULTILINE)
    text, number = re.subn(
        r"staffing: (\d+)", r"staffing: {value: \1, source: assumption, reason: none}", title, count=1
    )
    assert number
    (at / "tiny.yaml").write_text(text, encoding="utf-8")
    one, other = sim.load(at / "tiny.yaml"), sim.load(at / "tiny.yaml", sets="seed=9")
    sim.run(one, replications=2, workers=1).save(at / "run")
    sim.compare(one, other, replications=2, workers=1).save(at / "compare", pictures=False)
    sim.nowcast(ROOT / "docs/sample_data/waits.csv", columns={"value": "queue"}, zone="Europe/Lisbon").save(
        at / "nowcast"
    )
    return at


def report(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["report", *map(str, arguments)], prog_name="sim")


def charts(page: str) -> list[dict]:  # type: ignore[type-arg]
    found = re.findall(r'<script type="application/json">(.*?)</script>', page, flags=re.DOTALL)
    return [json.loads(each) for each in found]


def test_a_page_of_a_run_is_complete_and_says_what_the_run_said(results: Path) -> None:
    done = report(results / "run")
    path = results / "run" / "report.html"
    assert (done.exit_code, done.stdout) == (0, f"The report is in {path}\n")
    page = path.read_text(encoding="utf-8")
    assert len(page.encode()) < 5_000_000
    for heading in ("The answer", "Over time", "In detail", "Assumptions and sources", "What this cannot say"):
        assert f"<h2>{heading}</h2>" in page
    sentence = next(
        line for line in (results / "run" / "summary.md").read_text().splitlines() if line.startswith("In the")
    )
    assert sentence in page
    assert 'src="data:image/png;base64,' in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "default-src 'none'" in page


def test_the_charts_have_the_series_of_the_result(results: Path) -> None:
    page = sim.report(results / "run", results / "page.html").read_text(encoding="utf-8")
    people = next(chart for chart in charts(page) if chart["title"] == "People waiting")
    together = next(line for line in people["lines"] if line["name"] == "together")
    summary = (results / "run" / "series.parquet").read_bytes()
    series = sim.store.table_of(summary, results)  # type: ignore[attr-defined]
    mean = series["mean"][(series["quantity"] == "queue_people") & (series["scope"] == "all")]
    assert together["values"] == pytest.approx(mean.tolist(), rel=1e-3)
    assert len(people["times"]) == len(together["values"]) == len(together["low"])


def test_names_from_a_file_are_text_and_nothing_more(results: Path) -> None:
    page = sim.report([results / "run", results / "compare"], results / "page.html").read_text(encoding="utf-8")
    assert "onerror=alert" not in re.sub(r"&lt;img src=x onerror=alert\(1\)&gt;", "", page)
    assert "&lt;/script&gt;" in page


def test_a_comparison_and_a_forecast(results: Path) -> None:
    page = sim.report([results / "compare", results / "nowcast"], results / "page.html").read_text(encoding="utf-8")
    titles = [chart["title"] for chart in charts(page)]
    assert [titles[0], titles[-1]] == ["People waiting", "Forecast of queue"]
    assert [line["name"] for line in charts(page)[0]["lines"]] == ["tiny", "tiny 2"]
    assert page.count("<h1>") == page.count("<article id=") == 2


def test_a_forecast_follows_its_readings(results: Path) -> None:
    (drawn,) = charts(sim.report(results / "nowcast", results / "page.html").read_text(encoding="utf-8"))
    readings, forecast, _ = (line["values"] for line in drawn["lines"])
    (known, expected) = ([n for n, value in enumerate(values) if value is not None] for values in (readings, forecast))
    facts = json.loads((results / "nowcast" / "provenance.json").read_text())
    assert readings[known[-1]] == facts["last_reading"]["value"]
    assert len(known) == 2 * 24 * 4 + 1  # two days and a quarter of an hour each
    assert known[-1] + 1 == expected[0]
    assert drawn["times"] == sorted(set(drawn["times"]))


def test_a_forecast_without_readings_is_drawn(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results / "nowcast", tmp_path / "nowcast")
    (tmp_path / "nowcast" / "readings.csv").unlink()
    (drawn,) = charts(sim.report(tmp_path / "nowcast", tmp_path / "page.html").read_text(encoding="utf-8"))
    assert [line["name"] for line in drawn["lines"]] == ["median, band of 90 %", "band of 50 %"]


def test_pictures_for_which_there_is_no_room_are_named(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.plotting.interactive.page.MOST_BYTES", 300_000)
    page = sim.report(results / "run", results / "page.html").read_text(encoding="utf-8")
    assert "left out, because the page would be too large" in page


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda folder: shutil.rmtree(folder), "there is no such folder"),
        (lambda folder: (folder / "provenance.json").unlink(), "is not a result folder; it has no provenance.json"),
        (lambda folder: (folder / "provenance.json").write_text("[1"), "provenance.json: is damaged"),
        (
            lambda folder: (folder / "provenance.json").write_text("[]"),
            "provenance.json: is damaged: expected a mapping",
        ),
        (lambda folder: (folder / "provenance.json").write_text("{}"), "it does not say what kind of result this is"),
        (lambda folder: (folder / "pictures" / "poster.png").write_bytes(b"no"), "is not readable as a picture"),
        (lambda folder: (folder / "series.parquet").write_bytes(b"no"), "series.parquet: is damaged"),
        (lambda folder: (folder / "scenario.yaml").write_text("a: [1"), "scenario.yaml"),
        (lambda folder: (folder / "reported.csv").write_bytes(b"\xff\xfe\x00"), "reported.csv: cannot be read"),
        (lambda folder: (folder / "summary.md").write_bytes(b"\xff\xfe\x00"), "is damaged: 'utf-8' codec"),
        (lambda folder: (folder / "provenance.json").write_text('{"scenarios": 3}'), "run: is damaged: "),
    ],
)
def test_a_damaged_folder_is_a_sentence(results: Path, tmp_path: Path, damage, sentence: str) -> None:  # type: ignore[no-untyped-def]
    shutil.copytree(results / "run", tmp_path / "run")
    damage(tmp_path / "run")
    with pytest.raises(SimError, match=sentence):
        sim.report(tmp_path / "run", tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_the_page_ends_in_html_and_a_pdf_needs_a_browser(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "a report's name ends in .html" in str(report(results / "run", "--out", results / "page.txt").output)
    monkeypatch.setenv("PATH", "/nowhere")
    done = report(results / "run", "--out", results / "page.html", "--pdf")
    assert "page.html is written; for a PDF install Chromium or Chrome" in str(done.output)


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium or Chrome to draw the page")
def test_a_browser_draws_every_chart_and_prints_the_page(results: Path) -> None:
    path = sim.report(results / "run", results / "page.html", pdf=True)
    assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    drawn = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, check=True, timeout=120).stdout
    assert drawn.count("<canvas") == len(charts(path.read_text(encoding="utf-8")))


def test_pictures_are_those_of_the_result(results: Path) -> None:
    with Image.open(results / "run" / "pictures" / "poster.png") as image:
        assert image.width > 1600
