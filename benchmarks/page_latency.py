"""How fast the page of `sim serve` follows a slider: from the event to the frame after the charts were drawn.

`python -m benchmarks.page_latency [--moves 100] [--tabs 10] [--minutes 1]` serves `verkhny_lars` and moves its lever of
checked men in a headless Chromium: when nothing is played, again 100 ms after each answer, as in a drag, when the
replications of the value before are being played, and the same with more tabs open. Then it moves all sliders at random
for some minutes and tells what the server and the page keep in memory. At the end it tells what the server does in that
time. The load of the machine tells what ran beside it. Needs the extra `test` and Chromium; Linux only.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Page, sync_playwright

from sim.play import engines
from sim.verbs.report.result import BROWSERS
from sim.verbs.serve import app, base, study

SCENARIO, LEVER = "verkhny_lars", "verkhny_lars/draft_screening/intensity"
MOVE = """([lever, value]) => new Promise((done) => {
    const input = document.querySelector(`[data-lever="${lever}"] input[type=range]`), begun = performance.now();
    const drawn = new MutationObserver(() => {
        drawn.disconnect();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
    });
    drawn.observe(document.body, { attributes: true, attributeFilter: ["data-drawn"] });
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
})"""
DRAG = """() => {
    const inputs = [...document.querySelectorAll("[data-lever] input[type=range]")];
    const input = inputs[Math.floor(Math.random() * inputs.length)];
    input.value = Number(input.min) + Math.random() * (input.max - input.min);
    input.dispatchEvent(new Event("input", { bubbles: true }));
}"""
PAUSE, MOVES_UNTIL_RESET = 0.1, 20


def say(text: str) -> None:
    sys.stdout.write(f"{text} (load {os.getloadavg()[0]:.1f})\n")
    sys.stdout.flush()


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """Serve the scenario; yield the address and the process."""
    command = [sys.executable, "-m", "sim", "serve", SCENARIO, "--no-browser", "--port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.terminate()


def opened(browser: Any, url: str) -> Page:
    """Open the page and wait until it has played all replications."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(url)
    rest(page)
    return page


def rest(page: Page) -> None:
    done = page.locator("#progress").filter(has_text="% band of").filter(has_not=page.locator("progress"))
    done.wait_for(timeout=300_000)


def moves(page: Page, number: int, *, rested: bool) -> list[float]:
    """Return how many milliseconds each move took until it was drawn."""
    took, before = [], -1
    for _ in range(number):
        value = random.choice([value for value in range(101) if value != before])
        took.append(page.evaluate(MOVE, [LEVER, value]))
        before = value
        if rested:
            rest(page)
        else:
            page.wait_for_timeout(1000 * PAUSE)
    return took


def told(name: str, took: list[float]) -> None:
    say(f"{name}: median {median(took):.0f} ms, 95 % within {quantiles(took, n=20)[-1]:.0f} ms of {len(took)} moves")


def resident(process: int) -> float:
    """Return the resident memory of a process, MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


def heap(page: Page) -> float:
    """Return what the page keeps after its garbage was collected, MB."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used) / 1e6


def dragged(page: Page, process: int, minutes: float) -> None:
    """Move sliders at random for some minutes."""
    page.get_by_role("button", name="Reset").click()
    rest(page)
    before, end, count = (resident(process), heap(page)), time.monotonic() + 60 * minutes, 0
    while time.monotonic() < end:
        page.evaluate(DRAG)
        page.wait_for_timeout(1000 * PAUSE)
        count += 1
        if count % MOVES_UNTIL_RESET == 0:
            page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(1000)
    rest(page)
    drawn = page.locator("body").get_attribute("data-shown")
    say(
        f"{minutes:g} minutes of dragging: {count} moves, {drawn} answers drawn since the page was opened; server "
        f"{before[0]:.0f} -> {resident(process):.0f} MB, page {before[1]:.1f} -> {heap(page):.1f} MB"
    )


def server_alone(number: int = 10) -> None:
    """Tell what the server does until the first answer, one after the other in this process."""
    engines.ready("compiled")
    shown, kept = base.read_base(SCENARIO), study.Kept()
    rows = []
    for value in range(number):
        at = [time.perf_counter()]
        made = study.Study(shown, {LEVER: float(value)}, kept)
        at.append(time.perf_counter())
        played = made.first()
        at.append(time.perf_counter())
        app._charts(made, played)
        at.append(time.perf_counter())
        rows.append([1000 * (after - before) for before, after in itertools.pairwise(at)])
    read, play, answer = (median(row[n] for row in rows) for n in range(3))
    say(
        f"in the server: {read:.0f} ms the scenario with its setting, {play:.0f} ms playing, {answer:.0f} ms the charts"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_latency", description=__doc__)
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--tabs", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=1)
    asked = parser.parse_args()
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        sys.exit("no Chromium or Chrome is installed")
    say(f"{os.cpu_count()} cores")
    with served() as (url, process), sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = opened(browser, url)
        page.locator("#replications").select_option("5")
        moves(page, 3, rested=True)
        told("after a rest", moves(page, asked.moves, rested=True))
        page.locator("#replications").select_option("30")
        told("in a drag", moves(page, asked.moves, rested=False))
        others = [opened(browser, url) for _ in range(asked.tabs - 1)]
        page.bring_to_front()
        told(f"in a drag, {asked.tabs} tabs open", moves(page, asked.moves, rested=False))
        for other in others:
            other.close()
        dragged(page, process, asked.minutes)
        browser.close()
    server_alone()


if __name__ == "__main__":
    main()
