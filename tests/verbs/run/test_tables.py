"""The tables of the terminal: complete, 80 columns wide, plain when piped."""

from __future__ import annotations

import io
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sim.measures.names import VEHICLES, Key
from sim.scenario.model.scenario import Scenario
from sim.verbs.run.tables import html, print_to, show
from tests.plotting import synthetic

ROOT = Path(__file__).parents[3]


def printed(described: Scenario, replications: int = 5, width: int = 80, empty: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    estimates = synthetic.estimates(described, replications, empty)
    print_to(console, synthetic.run(described, estimates, synthetic.observations(described)))
    return console.file.getvalue()


def test_groups_and_reported_figures_are_there() -> None:
    text = printed(synthetic.scenario())
    for group in ("Queue", "Waits of those who crossed", "Across the border", "What became of people", "Relief"):
        assert re.search(rf"^{group} *$", text, re.MULTILINE), group
    flat = re.sub(r"\s+", " ", text)
    assert "Reported and modelled" in flat
    assert "more than 3,000" in flat
    assert "2,700 [2,560–2,840]" in flat
    assert "within 1.5x" in flat
    for station in synthetic.tree()["crossings"][synthetic.CROSSING]["stations"]:
        assert station.replace("_", " ") in flat


def test_numbers_come_from_the_estimates() -> None:
    described = synthetic.scenario()
    estimates = synthetic.estimates(described)
    key = Key(synthetic.CROSSING, "max_queue", VEHICLES)
    estimates.totals[key] = synthetic.exactly(3456, half=120)
    console = Console(file=io.StringIO(), width=80)
    print_to(console, synthetic.run(described, estimates))
    assert re.search(r"most vehicles waiting +3,460 +120 +3,340–3,580", console.file.getvalue())


def test_the_day_of_the_longest_queue_says_how_vehicles_got_across() -> None:
    described = synthetic.scenario()
    estimates = synthetic.estimates(described)
    for scope, value in ((VEHICLES, 144), ("car/main", 60), ("car/bypass", 55)):
        estimates.totals[Key(synthetic.CROSSING, "crossed_parties_longest_day", scope)] = synthetic.exactly(value, 2)
    console = Console(file=io.StringIO(), width=80)
    print_to(console, synthetic.run(described, estimates))
    numbers = {"vehicles across per hour": 144, "cars from the main queue": 60, "cars by the bypass": 55}
    for name, value in numbers.items():
        assert re.search(rf"{name} +{value} +2 +{value - 2}–{value + 2}", console.file.getvalue())


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    assert max(map(len, printed(synthetic.scenario(), width=width).splitlines())) <= width


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_nothing_is_cut_off_nor_broken_inside_a_word(width: int) -> None:
    text = printed(synthetic.scenario(), width=width)
    assert "…" not in text
    wide = set(re.findall(r"[^\s:─]+", printed(synthetic.scenario(), width=200)))
    assert set(re.findall(r"[^\s:─]+", text)) <= wide


@pytest.mark.parametrize("width", [30, 40, 60])
def test_a_narrow_terminal_keeps_names_and_means(width: int) -> None:
    lines = printed(synthetic.scenario(), width=width).splitlines()
    (line,) = (line for line in lines if line.startswith("  most vehicles"))
    assert re.fullmatch(r"  most vehicles( waiting)? +[45],\d{3}", line)
    at = lines.index("exit cars")
    assert re.fullmatch(r"  waiting: 1\.\d\d? h", lines[at + 2])
    assert "  verdict: within 1.5x" in lines


def lines_of(totals: dict[tuple[str, str], float], **changes: Any) -> list[str]:
    """The lines of the table at 80 columns with some totals set."""
    described = synthetic.scenario(**changes)
    estimates = synthetic.estimates(described, 3)
    for (quantity, scope), value in totals.items():
        estimates.totals[Key(synthetic.CROSSING, quantity, scope)] = synthetic.exactly(value, value / 10)
    console = Console(file=io.StringIO(), width=80)
    print_to(console, synthetic.run(described, estimates))
    return [line.strip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (0.00406, "14.6 s"),
        (0.09, "5.4 min"),
        (0.14, "8.4 min"),
        (0.01392, "50.1 s"),
        (0.0347, "2.1 min"),
        (1e-7, "<0.001 s"),
        (11.3, "11.3 h"),
        (96, "96 h"),
        (480, "≥ 20 d"),
    ],
)
def test_waits_are_in_the_unit_that_fits(hours: float, said: str) -> None:
    lines = lines_of({("max_quoted_wait", "car"): hours})
    assert any(re.match(rf"cars, longest quoted +{said} ", line) for line in lines)


def test_a_spread_is_in_the_unit_of_its_mean() -> None:
    lines = lines_of({("wait_mean", "bus/main"): 0.05})
    assert any(re.match(r"buses, all queues, mean +3 min +0.3 +2.7–3.3$", line) for line in lines)


def test_waits_are_never_in_days() -> None:
    waits = {("wait_mean", "truck/main"): 76.3, ("max_quoted_wait", "truck"): 91.1, ("wait_mean", "foot/main"): 1.2}
    lines = lines_of(waits | {("wait_per_visit", "station:exit_cars"): 77.0, ("visits", "station:exit_cars"): 1000})
    assert _line(lines, r"trucks, all queues, mean +76.3 h ")
    assert _line(lines, r"trucks, longest quoted +91.1 h ")
    assert _line(lines, r"walkers, all queues, mean +1.2 h ")
    assert _line(lines, r"exit cars +1,000 +77 h ")


def test_an_interval_that_would_fall_below_0_is_written_with_its_ends() -> None:
    described = synthetic.scenario()
    estimates = synthetic.estimates(described, 3)
    wide = replace(synthetic.exactly(5370, 100), low=0.0, high=23370.0)
    estimates.totals[Key(synthetic.CROSSING, "max_queue", VEHICLES)] = wide
    console = Console(file=io.StringIO(), width=80)
    print_to(console, synthetic.run(described, estimates))
    assert re.search(r"most vehicles waiting +5,370 +0–23,400 +5,270–5,470", console.file.getvalue())


def test_the_share_past_the_main_queue_is_said_of_that_day_and_of_the_whole_run() -> None:
    totals = {
        ("past_queue_share_longest_day", "car"): 0.5, ("past_queue_share", "all"): 0.18,
        ("past_queue_starts_longest_day", "station:exit_cars"): 0.55, ("utilisation", "station:exit_cars"): 0.999,
    }  # fmt: skip
    lines = lines_of(totals)
    assert lines.index("On the day of the longest queue") < _line(lines, r"cars outside the main queue +50 %")
    assert _line(lines, r"services outside it, exit cars +55 %") < lines.index("Waits of those who crossed")
    assert _line(lines, r"people outside the main queue +18 %")


def test_rows_of_a_way_that_nobody_takes_are_left_out() -> None:
    totals = {("crossed_parties_longest_day", "car/bypass"): 0.0, ("past_queue_share", "all"): 0.0}
    text = "\n".join(lines_of(totals))
    assert "bypass" not in text
    assert "outside the main queue" not in text


def test_outages_and_lightened_checks_are_told_by_station() -> None:
    totals = {("out_of_order_share", "station:exit_cars"): 0.08, ("lightened_people", "station:exit_cars"): 832.0}
    lines = lines_of(totals)
    assert _line(lines, r"exit cars, time out of order +8 %")
    assert _line(lines, r"exit cars, people checked lightly +832 ")
    assert not any("time checks are lightened" in line for line in lines)


def _line(lines: list[str], pattern: str) -> int:
    (found,) = (n for n, line in enumerate(lines) if re.match(pattern, line))
    return found


def test_half_a_day_has_no_numbers_per_day() -> None:
    clock = {"timezone": "Europe/Moscow", "t0": "2022-09-21", "start": "2022-09-21", "horizon": "2022-09-21T12:00"}
    assert _line(lines_of({}), "people per day")
    half = lines_of({}, clock=clock)
    assert _line(half, "people across")
    assert not [line for line in half if " per day" in line]


def test_rejected_figures_are_shown_as_rejected() -> None:
    row = synthetic.REPORTED[0] | {"crossing": synthetic.CROSSING, "reading": "-", "status": "rejected"}
    assert "rejected" in printed(synthetic.scenario(reported=[row]))


def test_a_figure_for_validation_says_so() -> None:
    row = synthetic.REPORTED[0] | {"crossing": synthetic.CROSSING, "reading": "-"}
    assert "validation, not" not in printed(synthetic.scenario(reported=[row]))
    assert "validation, not" in printed(synthetic.scenario(reported=[row | {"status": "validation"}]))


def test_one_replication_has_neither_band_nor_interval() -> None:
    line = next(line for line in printed(synthetic.scenario(), 1).splitlines() if "most vehicles" in line)
    assert line.split()[-2:] == ["-", "-"]


def test_nobody_came_and_nothing_reported() -> None:
    text = printed(synthetic.scenario(reported=[]), empty=True)
    assert "nan" not in text
    assert "Reported" not in text


def test_html_for_notebooks() -> None:
    described = synthetic.scenario()
    text = html(synthetic.run(described, synthetic.estimates(described, 2), synthetic.observations(described)))
    assert text.startswith("<pre")
    assert "most vehicles waiting" in text


SCRIPT = """
import sys
sys.path[:0] = sys.argv[1:]
from sim.verbs.run.tables import show
from tests.plotting import synthetic
d = synthetic.scenario()
show(synthetic.run(d, synthetic.estimates(d, 2), synthetic.observations(d)))
"""


@pytest.mark.parametrize("extra", [{}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_piped_or_no_color_gives_no_colour(extra: dict[str, str]) -> None:
    quiet = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "COLUMNS", "NO_COLOR")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ROOT)],
        capture_output=True,
        env=quiet | extra,
        check=True,
    )
    text = done.stdout.decode()
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", text)
    assert extra or "\x1b" not in text
    assert "Reported and modelled" in text


def test_show_prints_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    described = synthetic.scenario()
    show(synthetic.run(described, synthetic.estimates(described, 2)))
    assert "Mean time per visit" in capsys.readouterr().out


JOINED = {(f"{event}_parties", c): 0 for event in ("balked", "barred", "diverted") for c in ("all", "car", "truck")}
STILL_INSIDE = {("unfinished_parties", "all"): 30, ("arrived_parties", "all"): 900, ("initial_parties", "all"): 100}


def test_a_wait_without_many_still_inside_is_a_lower_bound() -> None:
    waits = {("wait_mean", "all"): 3.0, ("wait_mean", "car/main"): 4.0, ("wait_mean", "all/bypass"): 1.0}
    cars = {("unfinished_parties", "car"): 10, ("arrived_parties", "car"): 500, ("initial_parties", "car"): 0}
    lines = lines_of(waits | JOINED | STILL_INSIDE | cars)
    assert _line(lines, r"everybody, mean +≥ 3 h ")
    assert _line(lines, r"cars, all queues, mean +4 h "), "two per cent are few"
    assert _line(lines, r"by the bypass, mean +≥ 1 h ")
    assert "≥: 3 % of all parties that joined are still inside at the end" in " ".join(lines)
    trucks = {("unfinished_parties", "truck"): 10, ("arrived_parties", "truck"): 250, ("initial_parties", "truck"): 0}
    lines = lines_of(waits | JOINED | trucks)
    assert "≥: 4 % of the trucks are still inside at the end" in " ".join(lines)
    few = lines_of(waits | JOINED | STILL_INSIDE | {("unfinished_parties", "all"): 20})
    assert not [line for line in few if "≥" in line]


def test_times_per_visit_that_the_horizon_cuts_are_lower_bounds() -> None:
    """Of 1,000 visits 600 ended, 20 are in service and 12 are blocked: 3 % and under 2 % of those that began."""
    at_exit = {"wait_per_visit": 2.0, "service_per_visit": 0.5, "blocked_per_visit": 0.25, "visits": 1000}
    going_on = {"unfinished_parties": 400, "in_service_parties": 20, "blocked_parties": 12}
    lines = lines_of({(name, "station:exit_cars"): number for name, number in (at_exit | going_on).items()})
    assert _line(lines, r"exit cars +1,000 +≥ 2 h +≥ 30 min +15 min ")


def test_a_station_is_told_with_its_worst_day_and_what_holds_it_up() -> None:
    """The exits are followed by the neutral zone before the entry."""
    share = {"gate": 0.0, "exit_cars": 0.915, "exit_trucks": 0.004, "georgian_entry": 0.0}
    totals = {("blocked_share", f"station:{name}"): value for name, value in share.items()}
    totals |= {("utilisation", "station:exit_cars"): 0.09, ("utilisation_worst_day", "station:exit_cars"): 1.0}
    totals |= {("wait_per_visit", "station:exit_cars"): 2.0, ("unfinished_parties", "station:exit_cars"): 500}
    lines = lines_of(totals)
    assert _line(lines, r"exit cars +1,000 +≥ 2 h .* 9 % +100 %$")
    assert "exit cars: held up by georgian entry; its servers are blocked for 92 % of" in " ".join(lines)
    assert not [line for line in lines if line.startswith("exit trucks: held up")]


def test_every_night_has_a_row_with_its_date_and_the_worst_is_named() -> None:
    described = synthetic.scenario()
    estimates = synthetic.estimates(described, 2)
    for name, value in {"2022-09-27": 30_123.0, "truck/2022-09-27": 1234.0}.items():
        estimates.totals[Key(synthetic.CROSSING, "stuck_people", name)] = synthetic.exactly(value)
    estimates.totals[Key(synthetic.CROSSING, "stuck_vehicles", "2022-09-27")] = synthetic.exactly(5678)
    estimates.totals[Key(synthetic.CROSSING, "stuck_water", "2022-09-27")] = synthetic.exactly(90_369)
    console = Console(file=io.StringIO(), width=80)
    print_to(console, synthetic.run(described, estimates))
    lines = [line.strip() for line in console.file.getvalue().splitlines()]
    assert re.match(r"27 Sep +30,100 .* 1,230 .* 5,680 +90.4$", lines[_line(lines, "27 Sep +")])
    assert len([line for line in lines if re.match(r"\d+ (Sep|Oct) +[\d,]+ ", line)]) == 26
    assert _line(lines, r"people stuck, worst night, 27 Sep +30,100")


def _closing(hours: float, *changes: dict[str, object]) -> list[str]:
    """The lines of the table with changes of the crossing, and the longest quoted wait of cars."""
    crossings = synthetic.tree()["crossings"]
    crossings[synthetic.CROSSING]["changes"] = list(changes)
    return lines_of({("max_quoted_wait", "car"): hours}, crossings=crossings)


def test_the_quoted_wait_of_a_closed_way_is_closed_and_not_a_number() -> None:
    whole = _closing(math.nan, {"close": True, "classes": ["car"]})
    assert _line(whole, r"cars, longest quoted +closed +- +-$")
    part = _closing(37, {"from": "2022-09-21", "close": True, "classes": ["car"]})
    assert _line(part, r"cars, longest quoted while open +37 h ")
    assert _line(_closing(37), r"cars, longest quoted +37 h ")
    assert not [line for line in part if line.startswith("trucks, longest quoted while")]


def test_a_quoted_wait_is_shown_where_nobody_crosses() -> None:
    described = synthetic.scenario()
    estimates = synthetic.estimates(described, empty=True)
    estimates.totals[Key(synthetic.CROSSING, "max_quoted_wait", "car")] = synthetic.exactly(9)
    console = Console(file=io.StringIO(), width=80)
    print_to(console, synthetic.run(described, estimates))
    assert re.search(r"cars, longest quoted +9 h ", console.file.getvalue())


def test_the_tables_say_that_their_bands_are_chance_only() -> None:
    assert "mean and 5–95 % band of 5 replications, chance only" in printed(synthetic.scenario())
    assert "chance only" not in printed(synthetic.scenario(), replications=1)
