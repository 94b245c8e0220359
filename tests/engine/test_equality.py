"""Both engines return the same records, element for element: for the scenarios of the repository, and random ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from sim.engine.compiled import engine as compiled
from sim.engine.compiled.layout import CLOCK_BUCKETS, CLOCK_SHIFT
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.records import Outcome, Records
from sim.engine.reference import story as reference
from sim.engine.tape import Tape
from sim.errors import SimError
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import load
from tests.engine.build import MINUTE, scenario
from tests.engine.differences import first_difference
from tests.engine.invariants import broken
from tests.engine.strategies import games

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
Game = tuple[Scenario, Plan, Tape]


def assert_equal(plan: Plan, tape: Tape) -> Records:
    quick, story = compiled.play(plan, tape), reference.play(plan, tape)
    assert quick == story, f"compiled / reference: {first_difference(plan, quick, story)}"
    return quick


FEW_CROSS = ("mongolia", "sample_port", "sample_port_fit")


@pytest.mark.slow
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_files_in_a_short_window(path: Path) -> None:
    example = load(path).scenario
    begin = example.clock.start + timedelta(days=12)
    clock = example.clock.model_copy(update={"start": begin, "horizon": begin + timedelta(hours=18)})
    short = example.model_copy(update={"clock": clock})
    plan = lower(short)
    records = assert_equal(plan, draw(short, plan, example.seed, 0))
    assert len(records) > (200 if path.stem in FEW_CROSS else 1000)


BASE_WITH_OTHER_NUMBERS = (
    "no_screening",
    "road_post_next_days",
    "full_screening",
    "no_enlistment_office",
    "rumour_of_closure",
    "screening_binds",
    "screening_never_binds",
    "twice_the_booths",
    "sample_port_fit",
)
WHOLE = [path for path in SCENARIOS if path.stem not in BASE_WITH_OTHER_NUMBERS]


@pytest.mark.slow
@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_scenario_files_for_many_days(path: Path) -> None:
    example = load(path).scenario
    days = 27 if path.stem == "verkhny_lars" else 7 if example.network else 12  # the reference engine takes its time
    horizon = min(example.clock.horizon, example.clock.start + timedelta(days=days))
    example = example.model_copy(update={"clock": example.clock.model_copy(update={"horizon": horizon})})
    plan = lower(example)
    assert len(assert_equal(plan, draw(example, plan, example.seed, 0))) > 4_000


@settings(max_examples=60)
@given(game=games())
def test_random_scenarios(game: Game) -> None:
    _, plan, tape = game
    assert_equal(plan, tape)


@settings(max_examples=30)
@given(game=games(with_network=True))
def test_random_networks(game: Game) -> None:
    _, plan, tape = game
    assert_equal(plan, tape)


@pytest.mark.slow
@settings(max_examples=250)
@given(game=games())
def test_many_random_scenarios(game: Game) -> None:
    _, plan, tape = game
    assert broken(plan, tape, assert_equal(plan, tape)) == []


@pytest.mark.slow
@settings(max_examples=80)
@given(game=games(with_network=True))
def test_many_random_networks(game: Game) -> None:
    _, plan, tape = game
    assert broken(plan, tape, assert_equal(plan, tape)) == []


def small_game(waiting: int = 30) -> tuple[Plan, Tape]:
    stations = {
        "s": {"staffing": 1, "service_time": "3 min", "patience": "20 min"},
        "t": {"staffing": 1, "service_time": "2 min"},
    }
    example = scenario(stations, demand={"car": "40/h"}, initial_queue={"car": waiting})
    plan = lower(example)
    return plan, draw(example, plan, 1, 0)


def test_full_tables_are_enlarged(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, tape = small_game()
    expected = compiled.play(plan, tape)
    for least in (1, 7, 500):
        monkeypatch.setattr(compiled, "_spare", [])
        monkeypatch.setattr(compiled, "_initial_rows", lambda *_, least=least: least)
        assert compiled.play(plan, tape) == expected
        (scratch,) = compiled._spare
        assert all(len(scratch[name]) > least for name in ("row", "heap 1"))


def test_scratch_tables_are_used_again_and_keep_nothing_of_the_last_replication() -> None:
    plan, tape = small_game()
    expected = reference.play(plan, tape)
    for waiting in (90, 10):
        compiled.play(*small_game(waiting))
        before = {name: table.ctypes.data for name, table in compiled._spare[-1].items()}
        assert compiled.play(plan, tape) == expected
    assert {name: table.ctypes.data for name, table in compiled._spare[-1].items()} == before


def test_replications_played_at_the_same_time_in_threads_share_nothing() -> None:
    games = [small_game(cars) for cars in (10, 30, 60, 90)]
    expected = [compiled.play(*game) for game in games]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda game: compiled.play(*game), games * 25)) == expected * 25


def test_very_many_parties_are_blocked_at_once() -> None:
    many = 12_000
    stations = {
        "s": {"staffing": 1000, "service_time": "1 min"},
        "t": {"staffing": {"servers": 0, "steps": [{"from": "2022-09-21T02:00", "servers": 1000}]},
              "service_time": "1 min", "hall": 1},
    }  # fmt: skip
    example = scenario(stations, initial_queue={"car": many})
    plan = lower(example)
    plan = replace(plan, staffing=np.where(plan.staffing == 1000, many, plan.staffing))
    records = compiled.play(plan, draw(example, plan, 1, 0))
    crossed = records.left_at[records.outcome == Outcome.CROSSED]
    assert crossed.tolist() == [121 * MINUTE] * many


def test_clocks_whole_rounds_of_buckets_apart() -> None:
    renege = {"renege": {"by_quoted_wait": {"0 h": "0 %/h", "1 h": "5 %/h"}}}
    stations = {"s": {"staffing": 1, "service_time": "20 min"}}
    example = scenario(stations, initial_queue={"car": 90}, behaviour={"car": renege})
    plan = lower(example)
    tape = draw(example, plan, 1, 0)
    tape.times[plan.clock_row[0]] += np.arange(len(tape)) % 3 * (CLOCK_BUCKETS << CLOCK_SHIFT)
    reneged = []
    for factor in (1, 50, 5_000, 50_000):
        records = assert_equal(replace(plan, hazard=plan.hazard * factor), tape)
        reneged.append(np.bincount(records.party[records.outcome == Outcome.RENEGED] % 3, minlength=3).tolist())
    assert reneged[0][0] > 0
    assert reneged[0][1:] == [0, 0]
    assert min(reneged[-1]) > 0


def test_interrupted_again_and_again() -> None:
    steps = [
        {"from": f"2022-09-21T{h:02}:{m:02}", "servers": (h + m // 10) % 2 * 9} for h in range(24) for m in (0, 30)
    ]
    stations = {
        "s": {"staffing": {"servers": 9, "steps": steps}, "service_time": "50 min", "when_staff_leave": "preempt"}
    }
    example = scenario(stations, initial_queue={"car": 60})
    plan = lower(example)
    assert_equal(plan, draw(example, plan, 1, 0))


def test_an_empty_tape() -> None:
    example = scenario({"s": {"staffing": 1, "service_time": "1 min"}})
    plan = lower(example)
    assert len(assert_equal(plan, draw(example, plan, 1, 0))) == 0


def test_more_crossings_than_the_compiled_engine_has_room_for() -> None:
    plan, tape = small_game()
    wide = replace(plan, crossings=tuple(f"x{n}" for n in range(17)))
    with pytest.raises(SimError, match="at most 16 crossings, got 17; use --engine reference"):
        compiled.play(wide, tape)


def test_a_hazard_too_high_to_be_summed_is_an_error() -> None:
    plan, tape = small_game()
    with pytest.raises(SimError, match="a hazard of leaving is too high"):
        compiled.play(replace(plan, hazard=plan.hazard + 2**60), tape)


def test_one_changed_field_is_noticed_and_named() -> None:
    plan, tape = small_game()
    records = compiled.play(plan, tape)
    assert first_difference(plan, records, records) is None
    left_at, outcome = records.left_at.copy(), records.outcome.copy()
    row = int((records.outcome == Outcome.RENEGED).argmax())
    left_at[row] += 1
    outcome[row] = Outcome.SERVED
    changed = replace(records, left_at=left_at, outcome=outcome)
    assert changed != records
    party, before = int(records.party[row]), int(records.left_at[row])
    difference = f"party {party}, visit 0, s: left_at {before + 1} / {before}, outcome served / reneged"
    assert first_difference(plan, changed, records) == difference
    fewer = Records(**{name: column[:-1] for name, column in records.columns().items()})
    assert str(first_difference(plan, fewer, records)).startswith(f"party {int(records.party[-1])}, visit ")
    assert "no such visit / arrived_at" in str(first_difference(plan, fewer, records))
