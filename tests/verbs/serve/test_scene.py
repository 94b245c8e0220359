"""The scene of `sim serve` in a real browser, under the content security policy of the page: made-up small results."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import sim

pytestmark = pytest.mark.slow
ASSETS = Path(sim.__file__).parent / "verbs" / "serve" / "assets"
START, HOUR = 1663534800, 3600  # 19 September 2022, 00:00 in Moscow
POINTS = 25
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Scene</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/colours.css"><link rel="stylesheet" href="/scene.css">
<main></main><script type="module" src="/page.js"></script>"""
COLOURS = """:root { --ink: #22262b; --paper: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --paper: #16191d; } }"""
SCRIPT = """import { makeScene } from "/scene.js";
window.begin = (scenario, document_) => {
  window.told = [];
  window.scene?.destroy();
  const tell = (what) => told.push(what);
  window.scene = makeScene(document.querySelector("main"), scenario, { onTime: tell, onCrossing: tell });
  scene.show(document_);
};
document.body.dataset.ready = "yes";"""
PIXELS = """canvas => {
  const pen = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const at = (x, y, width, height) => [...pen.getImageData(x, y, width, height).data];
  const middle = at(canvas.width / 2, canvas.height / 2, 1, 1).slice(0, 3);
  return [middle, at(0, 0, canvas.width, canvas.height).some(Boolean)];
}"""
CLASSES = {
    "car": {"words": "cars", "colour": "#0072B2", "kind": "car"},
    "foot": {"words": "walkers", "colour": "#22262b", "kind": "foot"},
}


def station(name: str, **other: object) -> dict[str, Any]:
    return {"id": name, "title": name, "serves": ["car", "foot"], "aside": False, "zone": None, "pool": None} | other


def crossing(title: str, place: list[float] | None = None) -> dict[str, Any]:
    stations = [station("exit"), station("office", aside=True), station("entry", zone="between")]
    return {
        "title": title,
        "place": place,
        "stations": stations,
        "stretches": [{"until": 2.0, "files": 1.0}, {"until": None, "files": 2.4}],
        "zones": {"between": "neutral zone"},
        "events": [{"at": START + 5 * HOUR, "words": "<b>office</b> begins"}],
    }


def scenario(*names: str, origins: dict[str, Any] | None = None) -> dict[str, Any]:
    figure = {"id": "long", "crossing": names[0], "label": "about 8 km of queue", "when": "19 Sep", "unit": "km"}
    figure |= {"begin": START + 20 * HOUR, "end": START + 21 * HOUR, "source": "a walker", "fitted": False}
    crossings = {name: crossing(name.title()) for name in names}
    return {
        "zone": "Europe/Moscow",
        "classes": CLASSES,
        "crossings": crossings,
        "origins": origins or {},
        "reported": [figure],
    }


def course(scale: float, km: float) -> dict[str, Any]:
    """A queue that grows by the hour; the last point has no servers."""
    hours = [scale * n for n in range(POINTS)]
    busy = {"queue": hours, "servers": [*[30.0] * (POINTS - 1), None], "busy": [*[29.0] * (POINTS - 1), None]}
    idle = {"queue": [0.0] * POINTS, "servers": [2.0] * POINTS, "busy": [0.2] * POINTS}
    return {
        "km": [km * n for n in range(POINTS)],
        "in_lots": [0.0] * POINTS,
        "people": [2 * each for each in hours],
        "waiting": {"car": hours, "foot": hours},
        "stations": {"exit": busy, "office": idle, "entry": idle},
    }


def document(scale: float = 100.0, km: float = 0.5, *names: str) -> dict[str, Any]:
    flows = [[f"from:{origin}", name, "crossed_people", 900.0] for origin in ("here", "there") for name in names]
    return {
        "times": [START + n * HOUR for n in range(POINTS)],
        "charts": [],
        "crossings": {name: course(scale, km) for name in names or ("border",)},
        "reported": [{"id": "long", "modelled": "9 km [7–11]", "verdict": "met"}],
        "flows": [*flows, ["from:here", names[-1], "diverted_people", 90.0]] if names else [],
    }


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        made = {
            "/": (PAGE, "text/html"),
            "/page.js": (SCRIPT, "text/javascript"),
            "/colours.css": (COLOURS, "text/css"),
        }
        name = self.path.removeprefix("/")
        if self.path not in made and name in {path.name for path in ASSETS.iterdir()}:
            kind = "text/css" if name.endswith(".css") else "text/javascript"
            made[self.path] = ((ASSETS / name).read_text(encoding="utf-8"), kind)
        text, kind = made.get(self.path, ("", "text/plain"))
        self.send_response(200 if text else 404)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Keep the terminal quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A page with `begin(scenario, document)`, which makes `scene` and notes what it tells in `told`."""
    page = browser.new_page(viewport={"width": 900, "height": 1200})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.wait_for_selector("body[data-ready]", state="attached")
    yield page
    page.close()
    assert complaints == []


def begin(page: Any, described: dict[str, Any], results: dict[str, Any]) -> None:
    page.evaluate("([scenario, results]) => begin(scenario, results)", [described, results])


def comes(page: Any, where: str, text: str) -> None:
    """Wait until an element has a text; fails after a while."""
    for _ in range(100):
        if page.locator(where).text_content() == text:
            return
        page.wait_for_timeout(50)
    assert page.locator(where).text_content() == text


def test_a_road_is_drawn_scrubbed_and_told(page: Any) -> None:
    begin(page, scenario("border"), document())
    busy = "29 of 30 servers at exit are busy."
    comes(page, ".scene-live", f"20 September 00:00: 4,800 people wait; the queue is 12 km; {busy}")
    assert [canvas.evaluate(PIXELS)[1] for canvas in page.locator("canvas").all()] == [True] * 5
    slider = page.get_by_role("slider", name="Time")
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    comes(page, ".scene-live", f"19 September 20:00: 4,000 people wait; the queue is 10 km; {busy}")
    assert slider.get_attribute("aria-valuetext") == "Monday 19 September 2022, 20:00"
    assert page.evaluate("told") == [START + hour * HOUR for hour in (23, 22, 21, 20)]
    figure = "reported 19 Sep: about 8 km of queue; model: 9 km [7–11] (met)"
    assert page.locator(".scene-validation").text_content() == f"{figure} a walker; not used for the fit"


def test_new_results_and_a_pin_keep_the_time_which_lies_between_points(page: Any) -> None:
    begin(page, scenario("border"), document())
    falling = document()
    falling["crossings"]["border"]["people"].reverse()
    page.evaluate("results => scene.show(results)", falling)
    comes(page, ".scene-number", "0")
    page.evaluate("results => scene.show(results)", document())
    page.evaluate("seconds => scene.setTime(seconds)", START + 5 * HOUR + HOUR // 2)
    comes(page, ".scene-number", "1,100")
    assert page.locator(".scene-event").text_content() == "19 September 05:00: <b>office</b> begins"
    page.evaluate("other => { scene.pin(other); scene.show(other); }", document(50))
    comes(page, ".scene-number", "550")
    comes(page, ".scene-ghost", "pinned: 550")
    page.evaluate("scene.pin(null)")
    comes(page, ".scene-ghost", "")
    assert page.evaluate("told") == []
    page.evaluate("scene.destroy()")
    assert page.locator("main > *").count() == 0


def test_it_plays_on_request_only_from_the_start_to_the_end(page: Any) -> None:
    results = document()
    results["crossings"]["border"]["people"] = [12.0 - abs(n - 12) for n in range(POINTS)]
    begin(page, scenario("border"), results)
    page.evaluate("seconds => scene.setTime(seconds)", START + 12 * HOUR)  # the time of the first picture
    comes(page, ".scene-number", "12")
    page.wait_for_timeout(300)
    assert page.evaluate("told") == []
    page.get_by_role("combobox", name="Speed").select_option(label="3 hours a second")
    page.get_by_role("slider", name="Time").focus()
    page.keyboard.press(" ")
    page.get_by_role("button", name="Pause").click()
    told = page.evaluate("told")
    page.wait_for_timeout(300)
    assert page.evaluate("told") == told
    assert START <= told[0] < START + HOUR
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Play").wait_for()
    told = page.evaluate("told")
    assert told == sorted(told)
    assert told[-1] == START + (POINTS - 1) * HOUR


def test_a_hall_has_no_road(page: Any) -> None:
    begin(page, scenario("border"), document(km=0.0))
    comes(page, ".scene-live", "20 September 00:00: 4,800 people wait; 29 of 30 servers at exit are busy.")
    assert not page.get_by_role("img", name="The queue on the road").is_visible()
    assert page.get_by_role("img", name="Stations").is_visible()


@pytest.mark.parametrize("are_placed", [True, False])
def test_a_crossing_of_a_network_is_chosen_on_the_map(page: Any, are_placed: bool) -> None:
    places = [[30.0, 60.0], [40.0, 50.0], [44.0, 42.0], [27.0, 58.0]] if are_placed else [None] * 4
    origins = {name: {"title": name, "place": place} for name, place in zip(("here", "there"), places, strict=False)}
    network = scenario("south", "north", origins=origins)
    network["crossings"]["south"]["place"], network["crossings"]["north"]["place"] = places[2:]
    begin(page, network, document(100.0, 0.5, "south", "north"))
    comes(page, ".scene-title", "South")
    north = page.get_by_role("button", name="North: 4,800 people waiting")
    north.focus()
    page.keyboard.press("Enter")
    comes(page, ".scene-title", "North")
    page.locator(".scene-live").filter(has_text="North, 20 September 00:00: 4,800 people wait;").wait_for()
    assert north.get_attribute("aria-pressed") == "true"
    assert page.evaluate("told") == ["north"]
    assert page.locator(".scene-map canvas").evaluate(PIXELS)[1]
    page.evaluate("scene.chooseCrossing('south'); scene.chooseCrossing('nowhere')")
    comes(page, ".scene-title", "South")
    assert page.evaluate("told") == ["north"]


def test_the_ink_of_a_class_is_that_of_the_page_in_light_and_dark(page: Any) -> None:
    page.emulate_media(color_scheme="light")
    begin(page, scenario("border"), document())
    comes(page, ".scene-number", "4,800")
    walkers = page.locator(".scene-legend canvas").nth(1)
    assert walkers.evaluate(PIXELS)[0] == [0x22, 0x26, 0x2B]
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(300)
    assert walkers.evaluate(PIXELS)[0] == [0xE8, 0xEA, 0xED]


def test_it_fits_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 780})
    begin(page, scenario("south", "north"), document(100.0, 0.5, "south", "north"))
    comes(page, ".scene-number", "4,800")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.get_by_role("img", name="Stations").bounding_box()["width"] <= 360
