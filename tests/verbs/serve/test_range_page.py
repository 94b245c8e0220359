"""Several values of one lever on the page, in a real browser."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import Any

import pytest

from tests.verbs.serve.test_page import (
    BOOTHS,
    Reader,
    Served,
    done,
    findings,
    lever,
    page,
    reader,
    server,
    shown,
    until,
)

__all__ = ["page", "reader", "server"]
pytestmark = pytest.mark.slow
MODULE = "async ([rows, given]) => (await import('/assets/range_answer.js'))"


def row(value: float, mean: float | None, at_least: bool = False) -> dict[str, Any]:
    spread = {} if mean is None else {"mean": mean, "p05": mean - 0.5, "p95": mean + 0.5}
    return {"value": value, "at_least": at_least, **spread}


def rows(**means: float | None) -> list[dict[str, Any]]:
    return [row(float(value[1:]), mean) for value, mean in means.items()]


def answered(page: Any, given: list[dict[str, Any]], limit: float, *, below: bool = True, **more: Any) -> str:
    options = {"limit": limit, "isBelow": below, "unit": "h", "less": "fewer", "isDone": True, **more}
    return str(page.evaluate(f"{MODULE}.answer(rows, {{ ...given, name: String }})", [given, options]))


@pytest.mark.parametrize(
    ("means", "words"),
    [
        (
            {"_8": 7.2, "_10": 5.4, "_12": 4.0},
            "Of the values tried, 10 and more keep the mean at or below 6 h (5.4 h at 10; 90 % of replications between "
            "4.9 and 5.9); at 8 it is 7.2 h.",
        ),
        (
            {"_8": 4.0, "_10": 5.4, "_12": 7.2},
            "Of the values tried, 10 and fewer keep the mean at or below 6 h (5.4 h at 10; 90 % of replications "
            "between 4.9 and 5.9); at 12 it is 7.2 h.",
        ),
        (
            {"_8": 9.0, "_10": 7.2, "_12": 5.0},
            "Of the values tried, only 12 keeps the mean at or below 6 h (5 h at 12; 90 % of replications between 4.5 "
            "and 5.5); at 10 it is 7.2 h.",
        ),
        (
            {"_8": 5.0, "_10": 4.0},
            "Of the values tried, all, from 8 to 10, keep the mean at or below 6 h (5 h at 8; 90 % of replications "
            "between 4.5 and 5.5).",
        ),
        (
            {"_8": 9.0, "_10": 7.0},
            "Of the values tried, none is known to keep the mean at or below 6 h; the nearest is 7 h at 10; 90 % of "
            "replications between 6.5 and 7.5.",
        ),
        (
            {"_8": 5.0, "_10": 7.0, "_12": 5.5},
            "Of the values tried, 8 and 12 keep the mean at or below 6 h (5 h at 8; 5.5 h at 12); the mean does not "
            "only rise or only fall along the lever.",
        ),
        (
            {"_8": 7.0, "_10": 6.0, "_12": 6.001},
            "Of the values tried, 10 keeps the mean at or below 6 h (6 h at 10); the mean does not only rise or only "
            "fall along the lever.",
        ),
        (
            {"_8": None, "_10": 5.0, "_12": 4.0},
            "Of the values tried, 10 and more keep the mean at or below 6 h (5 h at 10; 90 % of replications between "
            "4.5 and 5.5). At 8 there is no such number.",
        ),
        ({"_8": None}, "No value that was tried has this measure."),
    ],
)
def test_the_answer_says_which_values_keep_the_limit(page: Any, means: dict[str, Any], words: str) -> None:
    assert answered(page, rows(**means), 6) == words


def test_the_answer_claims_nothing_of_a_lower_bound(page: Any) -> None:
    given = [row(8, 5.0, at_least=True), row(10, 5.0), row(12, 4.0)]
    assert answered(page, given, 6) == (
        "Of the values tried, 10 and more keep the mean at or below 6 h (5 h at 10; 90 % of replications between 4.5 "
        "and 5.5). At 8 this is not known: many are still inside at the end, so the mean is only known to be at least "
        "5 h."
    )
    # a lower bound above the limit is above it
    assert "at 8 it is at least 7 h." in answered(page, [row(8, 7.0, at_least=True), *given[1:]], 6)
    assert "only 8 keeps the mean at or above 7 h" in answered(
        page, [row(8, 7.5, at_least=True), *given[1:]], 7, below=False
    )


def test_the_values_between_which_others_could_be_tried(page: Any) -> None:
    def gap(step: float, **means: float) -> Any:
        return page.evaluate(f"{MODULE}.gap(rows, 6, true, given)", [rows(**means), step])

    assert gap(1, _8=7, _10=5, _12=4) == [8, 10]
    assert gap(2, _8=7, _10=5, _12=4) is None
    assert gap(1, _8=7, _10=9) is None


def told(page: Any) -> str:
    return str(page.locator(".range-progress").inner_text())


def finished(page: Any) -> None:
    until(page, lambda: told(page).endswith("8 replications each, all on the same random numbers."))


def cells(page: Any) -> list[list[str]]:
    return [each.locator("th, td").all_inner_texts() for each in page.locator("#range tbody tr").all()]


def tried(page: Any, name: str = BOOTHS) -> None:
    lever(page, name).locator("input[type=range]").press("Enter")
    finished(page)


def test_a_range_is_played_and_a_value_of_it_set(page: Any) -> None:
    button = lever(page).get_by_role("button", name="Try a range")
    assert not button.is_visible()
    lever(page).hover()
    button.click()
    finished(page)
    assert page.locator("#range h2").inner_text() == "Servers at exit control: several values"
    before = cells(page)
    assert [each[0] for each in before] == ["1", "2 (now)", "3", "4", "5", "6"]
    means = [float(each[1].removeprefix("≥\u00a0")) for each in before]
    assert means[0] > means[1] > means[2]
    assert page.locator("#range caption").inner_text() == "Waits of those who crossed: cars, all queues, mean"
    page.get_by_label("Measure").select_option(label="most vehicles waiting")
    most = {each[0]: float(each[1]) for each in cells(page)}
    assert page.locator(".range-sentence").inner_text() == "Type a limit to read which values keep it."
    page.get_by_label("Limit", exact=True).fill(f"{most['3'] + 0.1:g}")
    sentence = page.locator(".range-sentence").inner_text()
    assert sentence.startswith(f"Of the values tried, 3 and more keep the mean at or below {most['3'] + 0.1:.3g} (")
    assert f"; at 2 it is {most['2 (now)']:g}." in sentence
    assert page.locator("#range svg .limit").count() == 1
    assert page.locator("#range svg circle").count() == 6
    assert page.locator("#range svg .present-word").text_content() == "now 2"
    page.get_by_role("button", name="Copy table").click()
    page.get_by_text("The table is copied.").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied[0].split("\t") == ["Servers at exit control", "mean", "5 %", "95 %"]
    assert [line.split("\t")[0] for line in copied[1:]] == [each[0] for each in before]
    so_far = shown(page)
    page.get_by_role("button", name="Set Servers at exit control to 3").click()
    done(page, so_far)
    assert lever(page).locator("output").inner_text() == "3 was 2"
    assert cells(page)[2][0] == "3 (now)"
    assert page.locator("#range svg .present-word").text_content() == "now 3"
    assert "Other levers" not in told(page)


def test_a_range_of_its_own_and_the_values_between(page: Any) -> None:
    tried(page, "post/demand/car")
    values = [float(each[0].split()[0]) for each in cells(page)]
    assert (values[0], values[-1], len(values)) == (0, 3, 7)
    page.get_by_label("Measure").select_option(label="most vehicles waiting")
    means = [float(each[1].replace(",", "")) for each in cells(page)]
    page.get_by_label("Limit", exact=True).fill(f"{(means[3] + means[4]) / 2:.0f}")
    assert " and less keep the mean at or below " in page.locator(".range-sentence").inner_text()
    page.get_by_role("button", name=f"Try values between {values[3]:g} × and {values[4]:g} ×").click()
    until(page, lambda: told(page).startswith("14 values, 8 replications each"))
    page.locator("#range").get_by_label("From").fill("1")
    page.locator("#range").get_by_label("to", exact=True).fill("1.1")
    page.get_by_role("button", name="Try these").click()
    finished(page)
    assert [each[0] for each in cells(page)] == ["1 × (now)", "1.05 ×", "1.1 ×"]


def test_a_moved_lever_gives_up_the_range(page: Any) -> None:
    page.route("**/api/range", lambda _: None)  # never answered
    gone: list[str] = []
    page.on("requestfailed", lambda request: gone.append(request.url.rpartition("/")[2]))
    lever(page).locator("input").press("Enter")
    page.get_by_role("button", name="Stop").wait_for()
    so_far = shown(page)
    lever(page, "post/demand/car").locator("input").press("ArrowRight")
    until(page, lambda: told(page).startswith("Stopped"))
    assert gone == ["range"]
    assert "Other levers were moved since then" in told(page)
    done(page, so_far)
    page.unroute("**/api/range")
    tried(page)
    assert len(cells(page)) == 6
    page.get_by_role("button", name="Close").click()
    assert not page.locator("#range").is_visible()
    assert page.evaluate("document.activeElement.closest('.lever').dataset.lever") == BOOTHS


def test_a_lever_that_is_off_has_no_range(page: Any) -> None:
    page.locator("summary", has_text="Rules that react").click()
    rule = lever(page, "post/exit_control/reacts")
    rule.hover()
    assert not rule.get_by_role("button", name="Try a range").is_visible()
    rule.locator("input[type=range]").press("Enter")
    assert not page.locator("#range").is_visible()
    so_far = shown(page)
    rule.locator("input[type=checkbox]").check()
    done(page, so_far)
    rule.locator("input[type=range]").press("Enter")
    assert page.locator("#range").is_visible()


def test_the_sweep_of_a_range_runs(page: Any, server: Served) -> None:
    tried(page)
    page.get_by_label("Limit", exact=True).fill("1")
    page.locator("#range").get_by_role("button", name="Run it properly").click()
    command = shlex.split(page.locator("#dialog pre").inner_text())
    assert command[:2] == ["sim", "sweep"]
    assert command[command.index("--threshold") + 1] == "post:wait_mean@car/main <= 1 h"
    run = [sys.executable, "-m", *command, "--no-pictures", "--replications", "2"]
    swept = subprocess.run(run, cwd=server.folder, capture_output=True, text=True)
    assert swept.returncode == 0, swept.stderr
    assert "exit_control_servers_6" in swept.stdout


@pytest.mark.parametrize(("scheme", "width"), [("light", 1300), ("dark", 1300), ("light", 360)])
def test_everybody_can_use_a_range(browser: Any, server: Served, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    reader = Reader(browser, color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce")
    page = reader.open(server.url)
    stops = page.locator("#levers input, #levers button:not([tabindex='-1'])").count()
    assert stops == page.locator("#levers input").count()  # no more stops of the Tab key than levers have without it
    tried(page)
    assert page.evaluate("document.activeElement.id") == "range-title"
    page.keyboard.press("Tab")  # to Close
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("1")
    assert page.locator(".range-sentence").inner_text().startswith("Of the values tried, ")
    assert findings(axe, page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    reader.close()
