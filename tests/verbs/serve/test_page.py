"""The page of `sim serve` in a real browser, served by the command itself."""

from __future__ import annotations

import csv
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import sim

pytestmark = pytest.mark.slow
TESTS = Path(__file__).parents[2]
BOOTHS = "post/exit_control/servers"
LOST = "The server does not answer; is `sim serve` still running?"
COUNTS = "time,cars\n" + "\n".join(f"2022-09-{day:02} {hour:02}:00,90" for day in range(8, 22) for hour in range(24))
DRAWN = "canvas => canvas.toDataURL()"


@dataclass(frozen=True)
class Served:
    """A page, where its command runs, and the command."""

    url: str
    folder: Path
    process: subprocess.Popen[str]


@contextmanager
def served(folder: Path, original: Path) -> Iterator[Served]:
    """Serve a copy of a scenario from a folder of its own."""
    scenario = Path(shutil.copy(original, folder)).name
    command = [sys.executable, "-m", "sim", "serve", scenario, "--no-browser", "--port", "0", "--quiet"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Served(process.stdout.readline().strip(), folder, process)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served"), TESTS / "tiny.yaml") as server:
        yield server


class Reader:
    """Somebody who reads pages: notes errors of the page, and requests that would leave the machine, which fail."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], **options)
        self.context.set_default_timeout(30_000)
        self.errors: list[str] = []
        self.strays: list[str] = []
        self.context.route(lambda url: not url.startswith("http://127.0.0.1:"), self._strayed)
        self.context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.context.on("console", lambda message: self.errors.append(message.text) if _is_error(message) else None)

    def _strayed(self, route: Any) -> None:
        self.strays.append(route.request.url)
        route.abort()

    def open(self, url: str) -> Any:
        """Return a page whose replications have all been played."""
        page = self.context.new_page()
        page.goto(url)
        done(page)
        return page

    def close(self) -> None:
        self.context.close()
        assert self.errors == []
        assert self.strays == []


def _is_error(message: Any) -> bool:
    # that the server refused something is no error of the page
    return message.type in ("error", "warning") and not message.text.startswith("Failed to load resource")


@pytest.fixture
def reader(browser: Any) -> Iterator[Reader]:
    reader = Reader(browser, viewport={"width": 1300, "height": 900})
    yield reader
    reader.close()


@pytest.fixture
def page(reader: Reader, server: Served) -> Any:
    return reader.open(server.url)


def until(page: Any, holds: Callable[[], bool]) -> None:
    """Wait until something holds; fails after a while."""
    for _ in range(600):
        if holds():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not come to hold within 30 s")


def shown(page: Any) -> int:
    """Return how many answers the page has drawn."""
    return int(page.locator("body").get_attribute("data-shown") or 0)


def done(page: Any, after: int = 0) -> None:
    """Wait until the answer to what came after so many answers has been played to its end."""
    progress = page.locator("#progress")

    def is_done() -> bool:
        return shown(page) > after and "% band of" in progress.inner_text() and not progress.locator("progress").count()

    until(page, is_done)


def lever(page: Any, name: str = BOOTHS) -> Any:
    return page.locator(f'[data-lever="{name}"]')


def drag(page: Any, share: float) -> str:
    """Drag the booths to a share of their slider, step by step, wait for the answer, and return the value."""
    before, box = shown(page), lever(page).locator("input").bounding_box()
    level = box["y"] + box["height"] / 2
    now = float(lever(page).locator("input").input_value()) / float(
        lever(page).locator("input").get_attribute("max") or 1
    )
    page.mouse.move(box["x"] + 8 + now * (box["width"] - 16), level)
    page.mouse.down()
    page.mouse.move(box["x"] + share * box["width"], level, steps=12)
    page.mouse.up()
    done(page, before)
    return str(lever(page).locator("input").input_value())


def numbers(page: Any) -> str:
    return str(page.locator("#numbers").inner_text())


def row(page: Any, name: str) -> list[str]:
    """Return the cells of a row of the headline numbers."""
    return [str(cell) for cell in page.locator("#numbers tr", has_text=name).first.locator("td").all_inner_texts()]


def test_the_charts_follow_a_slider_and_end_at_its_last_value(page: Any, reader: Reader, server: Served) -> None:
    assert page.title() == "A small post for tests: border queues"
    before, drawn = numbers(page), page.locator("#charts canvas").first.evaluate(DRAWN)
    asked: list[Any] = []
    page.on("request", lambda request: asked.append(request.post_data_json) if request.url.endswith("play") else None)
    value = drag(page, 1.0)
    assert float(value) == float(lever(page).locator("input").get_attribute("max"))
    assert lever(page).locator("output").inner_text() == f"{value} was 2"
    assert asked[-1]["settings"] == {BOOTHS: float(value)}
    assert numbers(page) != before
    assert page.locator("#charts canvas").first.evaluate(DRAWN) != drawn
    afresh = reader.open(f"{server.url}#scenario=tiny.yaml&{BOOTHS}={value}")
    assert numbers(afresh) == numbers(page)
    so_far = shown(page)
    page.get_by_role("button", name="Reset").click()
    done(page, so_far)
    assert numbers(page) == before
    assert page.locator("#charts canvas").first.evaluate(DRAWN) == drawn


def test_time_is_played_paused_and_scrubbed(page: Any) -> None:
    date, night = page.locator(".scene-date"), page.locator("#nights tbody tr").first
    mark = page.locator("#charts .playhead").first
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").wait_for()
    first = date.inner_text()
    until(page, lambda: date.inner_text() != first)
    page.get_by_role("button", name="Pause").click()
    rested, place = date.inner_text(), mark.get_attribute("style")
    page.wait_for_timeout(300)
    assert date.inner_text() == rested
    page.get_by_role("slider", name="Time").focus()
    page.keyboard.press("Home")
    until(page, lambda: date.inner_text() == "Wednesday 21 September 2022, 06:00")
    assert night.inner_text().startswith("The night shown above, 17:00 on 21 September")
    page.keyboard.press("End")
    until(page, lambda: date.inner_text() == "Wednesday 21 September 2022, 18:00")
    assert mark.get_attribute("style") != place
    assert night.inner_text().startswith("The worst night on average, 17:00 on 21 September")


def test_a_setting_is_pinned_and_compared_with(page: Any) -> None:
    plain = page.locator("#charts canvas").first.evaluate(DRAWN)
    page.get_by_role("button", name="Pin").click()
    assert page.locator("#pinned").inner_text().startswith("Pinned: the scenario as it is.")
    drag(page, 1.0)
    legend = page.locator("#charts .u-legend").first
    assert "together, pinned" in legend.inner_text()
    pinned = page.locator("#charts canvas").first.evaluate(DRAWN)
    assert "against the pinned one" in page.locator("#numbers thead").inner_text()
    # with a capacity of 90 cars an hour instead of 30, against 25 to 45 that come
    longest = row(page, "most vehicles waiting")[1]
    assert longest.startswith("-")
    assert "direction not known" not in longest
    page.get_by_role("button", name="Unpin").click()
    assert "pinned" not in legend.inner_text()
    assert page.locator("#pinned").is_hidden()
    assert page.locator("#charts canvas").first.evaluate(DRAWN) not in (plain, pinned)


def test_a_link_shows_the_same_setting_and_the_pinned_one(page: Any, reader: Reader) -> None:
    drag(page, 0.0)
    page.get_by_role("button", name="Pin").click()
    drag(page, 0.8)
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("The link is copied.").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    other = reader.open(link)
    for place in ("#pinned", "#numbers", "#sentence", "#figures", f'[data-lever="{BOOTHS}"]'):
        assert other.locator(place).inner_text() == page.locator(place).inner_text()
    assert "against the pinned one" in numbers(other)
    # pasted where the page is open already
    plain = reader.open(link.partition("#")[0])
    plain.evaluate("link => { location.href = link; }", link)
    until(plain, lambda: lever(plain).locator("output").inner_text() == lever(page).locator("output").inner_text())


def test_a_link_keeps_the_crossing_of_a_network(reader: Reader, tmp_path: Path) -> None:
    with served(tmp_path, TESTS / "scenario" / "network.yaml") as server:
        page = reader.open(server.url)
        assert page.locator(".scene-title").inner_text() == "pass"
        page.locator(".scene-map").get_by_role("button", name="steppe").press("Enter")
        page.get_by_role("button", name="Copy link").click()
        page.get_by_text("The link is copied.").wait_for()
        other = reader.open(page.evaluate("navigator.clipboard.readText()"))
        assert other.locator(".scene-title").inner_text() == "steppe"
        assert numbers(other) == numbers(page)
        other.close()
        page.close()


def downloaded(page: Any, name: str, folder: Path) -> Path:
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as expected:
        page.get_by_role("button", name=name).click()
    page.get_by_text("Download", exact=True).click()
    path = folder / expected.value.suggested_filename
    expected.value.save_as(path)
    return path


def test_the_downloads_can_be_used(page: Any, server: Served) -> None:
    servers = int(drag(page, 1.0))
    scenario = sim.load(downloaded(page, "Scenario (YAML)", server.folder)).scenario
    assert scenario.crossings["post"].stations["exit_control"].staffing.servers == servers
    with downloaded(page, "Data (CSV)", server.folder).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {each["crossing"] for each in rows} == {"post"}
    assert {(each["setting"], each["replications"]) for each in rows} == {(f"Servers at exit control: {servers}", "30")}
    assert len({each["chart"] for each in rows}) == page.locator("#charts figure").count()
    times = [datetime.fromisoformat(each["time"]) for each in rows if each["chart"] == "People waiting"]
    assert (min(times), max(times)) == (datetime(2022, 9, 21, 6), datetime(2022, 9, 21, 18))
    assert all(float(each["value"]) >= 0 for each in rows)
    assert all(float(each["p05"]) <= float(each["p95"]) for each in rows if each["p05"])
    assert sum(bool(each["p05"]) for each in rows) > 100
    with Image.open(downloaded(page, "Charts (PNG)", server.folder)) as picture:
        assert picture.format == "PNG"
        assert picture.height > 260 * page.locator("#charts figure").count()
        assert len(picture.convert("RGB").getcolors(maxcolors=1 << 20) or ()) > 20


def test_run_it_properly_writes_a_scenario_and_its_commands_work(page: Any, server: Served) -> None:
    servers = drag(page, 1.0)
    page.get_by_role("button", name="Run it properly").click()
    commands = page.locator("#dialog pre").inner_text().splitlines()
    assert [command.split()[:2] for command in commands] == [["sim", "run"], ["sim", "report"], ["sim", "compare"]]
    written = server.folder / commands[0].split()[2]
    assert written.parent == server.folder / "results" / "page"
    assert sim.load(written).scenario.crossings["post"].stations["exit_control"].staffing.servers == int(servers)
    for command in commands:
        pictures = [] if "report" in command else ["--no-pictures"]
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(command), *pictures],
            cwd=server.folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    page.get_by_role("button", name="Close").click()
    assert page.locator("#dialog").is_hidden()


def dropped(page: Any, name: str, text: str) -> None:
    """Drop a file on the page and choose to have it read."""
    transfer = page.evaluate_handle(
        """([name, text]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], name, { type: "text/csv" }));
            return transfer;
        }""",
        [name, text],
    )
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    page.get_by_role("button", name="Read it").click()


def test_counts_that_are_dropped_become_the_demand(page: Any) -> None:
    before, so_far = row(page, "people: arrived")[0], shown(page)
    dropped(page, "gate.csv", COUNTS)
    page.get_by_role("button", name="Play with these numbers").wait_for()
    told = page.locator("#dialog").inner_text()
    assert "gate.csv: 336 rows" in told
    assert "What was understood" in told
    assert "cars" in told
    assert shown(page) == so_far
    page.get_by_role("button", name="Play with these numbers").click()
    done(page, so_far)
    # 90 cars an hour for 12 hours instead of 25 and the surge, each with 2.5 people on average
    people = float(row(page, "people: arrived")[0].split()[0].replace(",", ""))
    assert people == pytest.approx(90 * 12 * 2.5 + 4 * 12, rel=0.05)
    assert row(page, "people: arrived")[0] != before


def test_a_file_that_is_not_understood_is_told(page: Any) -> None:
    dropped(page, "letter.csv", "dear,sir\nhow,do\nyou,do\n")
    page.locator("#problems").wait_for()
    assert "letter.csv" in page.locator("#problems").inner_text()
    drag(page, 1.0)
    assert page.locator("#problems").is_hidden()


def test_an_error_in_the_text_is_said_at_its_line_until_it_is_mended(page: Any) -> None:
    before, so_far = numbers(page), shown(page)
    page.get_by_role("button", name="Edit as text").click()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nhorizont: 3\n")
    page.locator(".cm-lint-marker-error").wait_for()
    line = (TESTS / "tiny.yaml").read_text(encoding="utf-8").count("\n") + 2
    assert f"{line}" in page.locator("#editing").inner_text()
    assert "horizont: unknown key" in page.locator("#editing").inner_text()
    assert page.locator("#problems").is_hidden()  # once is enough
    drag(page, 1.0)
    drag(page, 1 / 3)
    assert page.locator(".cm-lint-marker-error").count() == 1
    so_far = shown(page)
    page.keyboard.press("Escape")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    for _ in range(13):
        page.keyboard.press("Backspace")
    done(page, so_far)
    assert page.locator("#problems").is_hidden()
    assert page.locator(".cm-lint-marker-error").count() == 0
    assert numbers(page) == before


def test_a_file_with_an_error_is_said_and_another_scenario_can_be_chosen(reader: Reader, tmp_path: Path) -> None:
    with served(tmp_path, TESTS / "tiny.yaml") as server:
        path = tmp_path / "tiny.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("servers: 3", "servers: -3"), encoding="utf-8")
        page = reader.context.new_page()
        page.goto(server.url)
        page.locator("#problems").wait_for()
        assert "servers" in page.locator("#problems").inner_text()
        assert page.locator("h1").inner_text() == "The scenario cannot be shown"
        page.locator("#scenario").select_option("airport_hall")
        done(page)
        assert page.locator("#problems").is_hidden()
        assert page.locator("h1").inner_text() != "The scenario cannot be shown"
        page.close()


def test_a_server_that_is_gone_is_said_in_words(reader: Reader, tmp_path: Path) -> None:
    with served(tmp_path, TESTS / "tiny.yaml") as server:
        page = reader.open(server.url)
        before = numbers(page)
        server.process.kill()
        server.process.wait()
        lever(page).locator("input").press("ArrowRight")
        page.locator("#problems").wait_for()
        assert page.locator("#problems").inner_text() == LOST
        page.get_by_role("button", name="Edit as text").click()
        page.get_by_role("button", name="Run it properly").click()
        page.wait_for_timeout(300)
        assert page.locator("#problems").inner_text() == LOST
        assert numbers(page) == before


def test_no_request_leaves_the_machine(browser: Any, server: Served) -> None:
    reader = Reader(browser)
    page = reader.open(server.url)
    page.get_by_role("button", name="Edit as text").click()
    page.locator(".cm-content").wait_for()
    assert page.evaluate("fetch('http://elsewhere.invalid/').then(() => 'reached', () => 'refused')") == "refused"
    assert page.evaluate("performance.getEntriesByType('resource').length") > 10
    assert reader.strays == []
    # what would leave is noticed
    other = reader.context.new_page()
    with pytest.raises(Exception, match="ERR_FAILED"):
        other.goto("http://elsewhere.invalid/")
    assert reader.strays == ["http://elsewhere.invalid/"]
    reader.context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1300), ("dark", 1300), ("light", 360)])
def test_everybody_can_use_it(browser: Any, server: Served, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    reader = Reader(browser, color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce")
    page = reader.open(server.url)
    page.get_by_role("button", name="Pin").click()
    so_far = shown(page)
    lever(page).locator("input").press("End")
    done(page, so_far)
    page.get_by_role("button", name="Edit as text").click()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nhorizont: 3\n")
    page.locator(".cm-lint-marker-error").wait_for()
    page.get_by_text("Download", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert findings(axe, page) == []
    page.get_by_role("button", name="Run it properly").click()
    page.locator("#dialog pre").wait_for()
    assert findings(axe, page) == []
    # what is wrong is found
    page.locator("#dialog-body").evaluate("place => place.append(document.createElement('button'))")
    assert [found.partition(":")[0] for found in findings(axe, page)] == ["button-name"]
    reader.close()


def findings(axe: Any, page: Any) -> list[str]:
    found = axe.run(page).response["violations"]
    return [f"{each['id']}: {each['help']} ({node['html'][:200]})" for each in found for node in each["nodes"]]
