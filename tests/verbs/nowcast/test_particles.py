"""The simulator as a member: it gets weight where the scenario is right, and none where no play agrees.

The full experiment is `python -m tests.verification.nowcasting`; this is a small one on the same records.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from sim import run, store
from sim.cli import commands
from sim.errors import SimError
from sim.verbs.nowcast import particles, plays
from sim.verbs.nowcast.outlook import QUEUE, STUCK, WAIT, Course, expectations, joining_times, scaled
from sim.verbs.nowcast.particles import days_begin, quantiles_at, simulated, worked_off
from sim.verbs.nowcast.plays import Day, simulator_of
from sim.verbs.nowcast.readings import hours_since_1970, questions_now
from sim.verbs.nowcast.study import SIMULATOR, Nowcast, nowcast
from sim.verbs.nowcast.words import opening
from tests.verbs.nowcast.series import queue
from tests.verbs.nowcast.series import readings as readings_of
from tests.verification.nowcasting import SCENARIO, WAITS, WRONG, forecast, readings

RATE = "crossings.port.demand.{}.everyday.constant.rate=0.1/h"
EMPTY = (RATE.format("car"), RATE.format("truck"))


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plays, "PLAYS", 30)
    monkeypatch.setattr(particles, "DAYS", 5)


@pytest.fixture(scope="module")
def right() -> Nowcast:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plays, "PLAYS", 30)
        patch.setattr(particles, "DAYS", 5)
        return forecast(14)


def test_the_right_simulator_has_weight_and_a_wrong_one_has_little(right: Nowcast) -> None:
    wrong = forecast(14, WRONG)
    assert right.share_of(SIMULATOR, 12.0) > 0.5
    at_the_end = wrong.past_weights[wrong.answers.lead == 12.0][-24:, wrong.names.index(SIMULATOR) - 2]
    assert at_the_end.mean() < 0.1
    assert "The simulator adds nothing here (" in opening(wrong)
    assert right.simulator is not None
    assert wrong.simulator is not None
    assert right.simulator.error[0] < wrong.simulator.error[0]


def test_it_says_what_it_learnt_and_how_many_plays_carry_the_weight(right: Nowcast) -> None:
    assert right.agreement is not None
    assert 3 <= right.agreement.effective <= 30
    assert right.agreement.explained
    mean, low, high = right.agreement.arrivals
    assert 0.5 < low <= mean <= high < 2


def test_without_an_explanation_the_simulator_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(particles, "HOPELESS", 0.0)
    found = forecast(7, EMPTY)
    assert "No play of the simulator explains the readings" in opening(found)
    assert found.weights[:, -1].max() == 0
    assert np.isfinite(found.samples[:, 0]).all()


def test_the_quietest_hour() -> None:
    """Days begin near midnight, where the made-up queue is lowest; later readings move none, nor do gaps."""
    hours, values = queue(20)
    given = readings_of(hours, values)
    begins = days_begin(given)
    assert set(begins[-200:] % 24) <= {22, 23, 0, 1, 2}
    assert ((hours >= begins) & (hours < begins + 24)).all()
    assert np.array_equal(days_begin(given.until(300)), begins[:300])
    kept = (hours < hours[100]) | (hours > hours[100] + 70)
    after_a_gap = days_begin(readings_of(hours[kept], values[kept]))
    assert ((hours[kept] >= after_a_gap) & (hours[kept] < after_a_gap + 24)).all()
    assert (days_begin(given, 3) % 24 == 3).all()


@pytest.mark.parametrize(
    ("name", "quantity", "key"),
    [
        ("queue", None, ("queue", "all")),
        ("trucks_waiting", None, ("queue", "truck")),
        ("wait_min", None, ("quoted_wait", "car")),
        ("wait", None, ("quoted_wait", "car")),
        ("wait_h", None, ("quoted_wait", "car")),
        ("x", "queue.truck", ("queue", "truck")),
    ],
)
def test_the_series_that_a_column_tells_of(name: str, quantity: str | None, key: tuple[str, str]) -> None:
    simulator = simulator_of(SCENARIO, (), name, quantity)
    assert simulator.key[1:] == key
    assert simulator.factor == (60.0 if name in ("wait_min", "wait") else 1.0)
    assert ("numbers are minutes" in simulator.note) == (name == "wait")


@pytest.mark.slow
def test_what_cannot_be_a_simulator() -> None:
    with pytest.raises(SimError, match="has no such series"):
        simulator_of(SCENARIO, (), "queue", "queues.car")
    with pytest.raises(SimError, match="has several crossings"):
        simulator_of("russia_2022", (), "queue")
    with pytest.raises(SimError, match="did you mean 'verkhny_lars'"):
        simulator_of("russia_2022", (), "queue", crossing="verkhny_lar")


def test_the_command_with_a_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    head, *rows = WAITS.read_text().splitlines()
    Path("waits.csv").write_text("\n".join([head, *rows[-400::4]]) + "\n")
    asked = [
        "nowcast",
        SCENARIO,
        "--seen",
        "waits.csv",
        "--column",
        "queue",
        "--zone",
        "Europe/Lisbon",
        "--ahead",
        "3h",
    ]
    result = CliRunner().invoke(commands, [*asked, "--joins", "now", "--json", "--no-pictures"], prog_name="sim")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["agreement"]["plays"] == 30
    assert {row["quantity"] for row in document["outlook"]} == {"wait_h"}
    assert Path(document["folder"], "outlook.csv").read_text().count("\n") == 2
    assert "weight_simulator" in document["forecast"][0]
    alone = CliRunner().invoke(commands, ["nowcast", "--seen", "waits.csv", "--set", "seed=3"], prog_name="sim")
    assert alone.exit_code == 2
    assert "--set needs a SCENARIO" in alone.output


def test_without_history_the_simulator_stands_alone_and_the_first_line_says_so() -> None:
    """Its 90 % band holds the later readings; that of a simulator with another demand does not."""
    full = readings(14)
    inside = {}
    for name, sets in (("right", ()), ("wrong", ("crossings.port.demand.car.everyday.constant.rate=60/h",))):
        simulator, held = simulator_of(SCENARIO, sets, "queue"), []
        for last in range(200, 300, 12):
            few = full.readings.until(last).hours[-3:], full.readings.until(last).values[-3:]
            given = readings_of(*few)
            found = nowcast(replace(full, readings=given, now=float(few[0][-1])), 12.0, simulator)
            assert opening(found).startswith("There is no history to learn from (2 h; it takes 48 h): this is the si")
            assert found.weights[:, -1].min() == 1
            truth = full.readings.values[last + 11]
            held.append(found.samples[-1, 0, 2] <= truth <= found.samples[-1, 0, 37])
        inside[name] = np.mean(held)
    assert inside["right"] > 0.75
    assert inside["wrong"] < inside["right"] - 0.1


def test_the_wait_of_who_joins_follows_the_forecast(right: Nowcast) -> None:
    """Where the forecast is twice the plays', the wait is about twice theirs; without its change it is theirs."""
    simulator = replace(simulator_of(SCENARIO, (), "queue"), night=9.0)
    given = right.seen.readings
    found = simulated(simulator, given, questions_now(given, right.times), 12.0).now
    at = right.seen.now + 10
    plain = given.unscaled(quantiles_at(found, given, right.times))
    waits = {
        factor: scaled(found, given, Course(right.seen.now, right.times, factor * plain), found.day.waits, at)
        for factor in (1, 2)
    }
    assert waits[1].mean() == pytest.approx(found.day.at(found.day.waits, np.array([at])).mean(), rel=0.35)
    assert 1.6 < waits[2].mean() / waits[1].mean() < 2.4
    rows = expectations(found, simulator, given, Course(right.seen.now, right.times, plain), [at])
    assert [row.quantity for row in rows] == [QUEUE, WAIT, STUCK]
    assert (np.diff(rows[2].values) >= 0).all()


def test_plays_take_up_the_end_state_of_an_earlier_run(tmp_path: Path) -> None:
    """Where 200 cars stood at its end, plays begin with them; other days, and readings before it, are as without it."""
    ends = datetime(2025, 4, 25, 5, 30, tzinfo=UTC)
    clock = ("clock.t0=2025-04-25", "clock.start=2025-04-25T06:00", "clock.horizon=2025-04-25T06:30")  # 05:30 in UTC
    run(SCENARIO, sets=(*clock, "crossings.port.initial_queue.car=200"), replications=2).save(tmp_path / "night")
    simulator = simulator_of(SCENARIO, (f"start_from={tmp_path / 'night'}",), "queue")
    at = hours_since_1970(ends)
    assert simulator.state_at == at
    hours = at + np.arange(-60.0, 4.0)
    given = readings_of(hours, np.full(len(hours), 100.0))
    begins = days_begin(given, 3, simulator.state_at)
    assert np.array_equal(begins == at, hours >= at)
    assert np.array_equal(begins[hours < at], days_begin(given, 3)[hours < at])
    with_it, without = (plays.plays_of(simulator, float(start), 6.0, 4) for start in (at, at - 24))
    assert with_it.times[0] == at
    assert (with_it.queue[:, 0] > 50).all()
    assert without.times[0] == at - 24 - plays.WARM
    assert (without.queue[:, 0] == 0).all()


@pytest.mark.parametrize(
    ("texts", "hours"), [((), [0, 4, 10]), (("15:30", "now"), [0, 1.5]), (("2025-04-26 01:00",), [11])]
)
def test_times_of_joining(texts: tuple[str, ...], hours: list[float]) -> None:
    now = hours_since_1970(datetime(2025, 4, 25, 13, tzinfo=UTC))  # 14:00 in Lisbon
    assert np.subtract(joining_times(texts, now, 12.0, "Europe/Lisbon"), now) == pytest.approx(hours)


@pytest.mark.parametrize("text", ["25:00", "tonight", "13:00", "2025-04-20 01:00"])
def test_times_of_joining_that_cannot_be(text: str) -> None:
    now = hours_since_1970(datetime(2025, 4, 25, 13, tzinfo=UTC))
    with pytest.raises(SimError, match=f"--joins {text}: "):
        joining_times((text,), now, 12.0, "Europe/Lisbon")


def test_days_that_were_played_are_kept_and_damaged_ones_played_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "user_cache", lambda: tmp_path)
    simulator = simulator_of(SCENARIO, (), "queue")
    played = plays.plays_of.__wrapped__
    start = hours_since_1970(datetime(2025, 4, 25, 3, tzinfo=UTC))
    first = played(simulator, start, 6.0, 3)
    (file,) = (tmp_path / "nowcast").glob("*.parquet")
    with monkeypatch.context() as patch:
        patch.setattr(plays, "player", None)
        second = played(simulator, start, 6.0, 3)
    file.write_bytes(b"PAR1")
    third = played(simulator, start, 6.0, 3)
    for name in ("times", "values", "queue", "waits", "inside", "arrived", "unfinished"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
        assert np.array_equal(getattr(first, name), getattr(third, name))


def test_a_queue_that_no_play_reaches_is_worked_off() -> None:
    """Parties come at 10 an hour; plays with a queue handle 12 to 18 an hour: 400 shrink by 2 to 8 an hour."""
    times = np.arange(0.0, 48.0)
    arrived = np.tile(10 * times, (7, 1))
    handled = np.linspace(12, 18, 7)[:, None] * np.ones(48)
    queue = 2000 + arrived - np.cumsum(handled, axis=1)
    nothing = np.zeros((7, 48))
    day = Day(0.0, times, queue, queue, nothing, nothing, arrived, nothing)
    found = worked_off(day, 400.0, 20.0, np.array([21.0, 25.0, 30.0]))
    assert found.shape == (3, 40)
    assert ((found >= [[391], [359], [319]]) & (found <= [[399], [391], [381]])).all()
    assert (np.ptp(found, axis=1) > [2, 10, 20]).all()
