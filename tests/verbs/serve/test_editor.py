"""The page's editor in a real browser, under the content security policy of the page."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

import sim
from sim.scenario.json_schema import scenario_schema

ROOT = Path(__file__).parents[3]
ASSETS = Path(sim.__file__).parent / "verbs" / "serve" / "assets"
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'"
)
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Editor</title><link rel="icon" href="data:,">
<style>:root { --ink: #22262b; --paper: #fff; --faint: #d9dde1; --raised: #f5f6f7; --accent: #0b62a8 }</style>
<main><div id="place" style="height: 30rem"></div><button>after</button></main>
<script type="module" src="/page.js"></script>"""
SCRIPT = """import { makeEditor } from "/editor.js";
const schema = await (await fetch("/schema.json")).json();
window.changes = [];
window.editor = makeEditor(document.getElementById("place"),
  { text: "", schema, label: "Scenario text", onChange: (text) => window.changes.push(text) });"""
HALL = (ROOT / "scenarios" / "airport_hall.yaml").read_text(encoding="utf-8")
LARS = (ROOT / "scenarios" / "verkhny_lars.yaml").read_text(encoding="utf-8")


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        made = {
            "/": (PAGE, "text/html"),
            "/page.js": (SCRIPT, "text/javascript"),
            "/schema.json": (json.dumps(scenario_schema()), "application/json"),
        }
        name = self.path.removeprefix("/")
        if self.path not in made and name in {path.name for path in ASSETS.glob("*.js")}:
            made[self.path] = ((ASSETS / name).read_text(encoding="utf-8"), "text/javascript")
        text, kind = made.get(self.path, ("", "text/plain"))
        self.send_response(200 if text else 404)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Keep the terminal quiet."""


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        page = browser.new_page(viewport={"width": 2400, "height": 800})  # no line is wrapped
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_selector(".cm-content")
        yield page
        page.close()
        assert page.complaints == []
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def begin(page: Any, text: str, part: str = "") -> None:
    """Put a text into the editor, and the cursor at the end of the line with `part`."""
    page.evaluate("text => { editor.setText(''); editor.setText(text); editor.showProblems([]); }", text)
    page.evaluate("editor.focus()")
    page.keyboard.press("Control+Home")
    for _ in range(line_of(text, part) - 1 if part else 0):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("End")


def text_of(page: Any) -> str:
    return str(page.evaluate("editor.text()"))


def options(page: Any) -> Any:
    return page.locator(".cm-tooltip-autocomplete li .cm-completionLabel")


def choose(page: Any) -> None:
    page.wait_for_timeout(100)  # a choice counts after 75 ms, so that nobody takes what was not seen
    page.keyboard.press("Enter")


@pytest.mark.slow
def test_a_prefix_is_completed_and_values_follow(page: Any) -> None:
    begin(page, HALL, "one_of: [gates")
    page.keyboard.type("\nvisitors: {one_of: [kiosks, visitor_desks], b")
    page.wait_for_selector(".cm-tooltip-autocomplete")
    assert options(page).all_inner_texts() == ["by"]
    assert "fewest parties waiting" in page.locator(".cm-completionInfo").inner_text()
    choose(page)
    options(page).filter(has_text="posted_wait").wait_for()
    page.keyboard.type("least")
    options(page).filter(has_text="posted_wait").wait_for(state="detached")
    choose(page)
    assert "\n      visitors: {one_of: [kiosks, visitor_desks], by: least_wait}\n" in text_of(page)
    assert page.evaluate("changes.at(-1)") == text_of(page)


@pytest.mark.slow
def test_a_key_that_holds_a_map_opens_the_next_line(page: Any) -> None:
    begin(page, LARS, "serves: [car]")
    page.keyboard.type("\nscreen")
    page.wait_for_selector(".cm-tooltip-autocomplete")
    choose(page)
    assert "\n        screening:\n          \n        staffing:" in text_of(page)
    options(page).filter(has_text="hit_rate").wait_for()
    page.keyboard.press("Escape")


@pytest.mark.slow
def test_problems_are_marked_listed_and_gone_to(page: Any) -> None:
    begin(page, HALL)
    first, second = line_of(HALL, "servers: {value: 4"), line_of(HALL, "only: when chip")
    problems = [
        {"line": second, "column": 9, "message": "no class has the trait chips"},
        {"line": first, "column": 9, "message": "4x is not a number"},
        {"message": "a problem of no line"},
    ]
    page.evaluate("problems => editor.showProblems(problems)", problems)
    status = page.locator("[role=status]")
    assert status.locator("p, button").all_inner_texts() == [
        "3 problems",
        f"Line {second}: no class has the trait chips",
        f"Line {first}: 4x is not a number",
        "a problem of no line",
    ]
    status.get_by_role("button", name=f"Line {second}").click()
    assert page.locator(".cm-activeLineGutter").first.inner_text() == str(second)
    page.locator(".cm-lintRange-error", has_text="only").hover()
    assert page.locator(".cm-tooltip-lint").first.inner_text() == "no class has the trait chips"
    page.keyboard.press("Control+Home")
    page.keyboard.press("Enter")
    page.keyboard.press("F8")
    assert page.locator(".cm-activeLineGutter").first.inner_text() == str(first + 1)
    assert page.locator(".cm-lint-marker-error").count() > 0
    page.evaluate("editor.showProblems([])")
    assert status.inner_text() == ""
    assert page.locator(".cm-lint-marker-error").count() == 0


@pytest.mark.slow
def test_a_new_text_leaves_the_cursor_and_is_no_change_by_the_user(page: Any) -> None:
    begin(page, HALL, "replications: 20")
    before = page.evaluate("changes.length")
    page.evaluate("text => editor.setText(text)", HALL.replace("seed: 1", "seed: 22"))
    assert page.evaluate("changes.length") == before
    page.keyboard.type("5")
    assert text_of(page) == HALL.replace("seed: 1", "seed: 22").replace("replications: 20", "replications: 205")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert text_of(page) == HALL


@pytest.mark.slow
def test_the_keyboard_is_enough(page: Any) -> None:
    begin(page, HALL, "only: when chip")
    page.keyboard.press("Home")
    page.keyboard.press("F1")
    told = page.locator(".sim-about")
    assert told.locator("p").all_inner_texts() == [
        "crossings › hall › stations › gates › only",
        "conditions under which a party may stop here, such as `when enrolled`; others pass by",
    ]
    page.keyboard.press("Escape")
    told.wait_for(state="detached")
    label = page.get_by_role("textbox").get_attribute("aria-label")
    assert label.startswith("Scenario text. Tab leaves the editor.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "after"
    assert text_of(page) == HALL


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "column"),
    [("  gate:   # two: lanes", 4), ("  hall: 30", 2), ("  - {files: 1}", 2), ("  - from: 08:00", 4), ("  - set:", 6)],
)
def test_a_new_line_begins_where_the_next_key_belongs(page: Any, line: str, column: int) -> None:
    begin(page, line, line)
    page.keyboard.type("\nx")
    assert text_of(page) == f"{line}\n{' ' * column}x"


DAYS = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
PLACES = [
    (HALL, "report_every: 10 min", "\n  ", {"warm_up"}, {"start", "timezone", "value"}),
    (HALL, "{every: {mean: 2 d", ", ", {"family", "cv", "k"}, {"mean", "every", "lasts", "value", "servers"}),
    (HALL, "      kiosks:", "\n        ", {"screening", "hall", "refusal"}, {"serves", "staffing", "value", "source"}),
    (HALL, "{one_of: [gates", ", ", {"kiosks", "second_line"}, {"visitor", "value", "one_of"}),
    (HALL, "  more_officers:", "\n    ", {"scale", "changes"}, {"description", "set", "value"}),
    (HALL, "set: {pools.officers.next: order", ", ", {"stations.kiosks.staffing"}, {"serves", "description"}),
    (HALL, "staffing: {value: 8, source: assumption", ", ", {"date"}, {"value", "source", "servers", "calibrated"}),
    (LARS, "  two_officers:", "\n    changes:\n      - {stations: [gate], ", {"intensity", "close"}, {"stations"}),
    (LARS, "{calibrated: man_time}, family: ", "", {"gamma", "lognormal"}, {"mean", "car", "value"}),
    (LARS, "    demand:", "\n      car:\n        late:\n          ", {"constant", "rush"}, {"stations", "car"}),
    (LARS, "serves: [car, bus", ", ", {"bike", "foot", "truck"}, {"exit_cars", "value"}),
    (LARS, "shifts: [{days: [mon", ", ", DAYS, {"servers", "value"}),
    (LARS, "reason: traffic police at the barrier", "", set(), {"source", "value"}),
    (LARS, "# Every quantity has", " ", set(), {"name", "title"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("text", "part", "typed", "offered", "absent"), PLACES)
def test_what_is_offered(page: Any, text: str, part: str, typed: str, offered: set[str], absent: set[str]) -> None:
    position = text.index(part) + len(part)
    found = page.evaluate(
        """async ([text, position]) => {
            const { Completer } = await import("/editor_complete.js");
            const completer = new Completer(await (await fetch("/schema.json")).json());
            return (completer.at(text, position)?.options ?? []).map((option) => option.name);
        }""",
        [text[:position] + typed + text[position:], position + len(typed)],
    )
    assert offered <= set(found)
    assert not absent & set(found)
    assert len(found) == len(set(found))


def paths(node: yaml.Node | None, above: tuple[str | int, ...], aliased: set[int]) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of each key as it is written; what an alias repeats has none."""
    if id(node) in aliased or isinstance(node, yaml.ScalarNode | None):
        return
    aliased.add(id(node))
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    for key, value in pairs:
        yield (*above, key.value)
        yield from paths(value, (*above, key.value), aliased)
    for index, item in enumerate(node.value if isinstance(node, yaml.SequenceNode) else []):
        yield from paths(item, (*above, index), aliased)


@pytest.mark.slow
def test_keys_are_read_as_yaml_reads_them(page: Any) -> None:
    for path in SCENARIOS:
        text = path.read_text(encoding="utf-8")
        read = page.evaluate(
            "async (text) => (await import('/editor_place.js')).keysOf(text).map((key) => key.path)", text
        )
        assert [tuple(keys) for keys in read] == list(paths(yaml.compose(text), (), set())), path.name


def test_the_bundle_is_that_of_its_recipe() -> None:
    recipe = json.loads((ROOT / "docs" / "page_editor" / "package.json").read_text(encoding="utf-8"))
    first = (ASSETS / "editor.bundle.js").read_text(encoding="utf-8").split("\n")[0]
    packages = {**recipe["dependencies"], **recipe["devDependencies"]}
    assert dict(re.findall(r"(@?[a-z][\w/-]+) (\d+\.\d+\.\d+)", first)) == packages
    licences = (ASSETS / "editor_LICENSE.txt").read_text(encoding="utf-8")
    assert [name for name in recipe["dependencies"] if name not in licences] == []


def test_the_pages_code_stays_short() -> None:
    sizes = {path.name: path.read_text(encoding="utf-8").count("\n") for path in ASSETS.glob("*.js")}
    assert {name for name, lines in sizes.items() if lines > 400} == set()
