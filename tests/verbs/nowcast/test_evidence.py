"""What-ifs: only where booths are shown to move the queue, from now on, and on the same tapes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.arrays import Floats
from sim.errors import SimError
from sim.verbs.nowcast import plays
from sim.verbs.nowcast.evidence import elasticity, with_what_if
from sim.verbs.nowcast.plays import plays_of, simulator_of
from sim.verbs.nowcast.seen import Columns
from sim.verbs.nowcast.study import nowcast
from tests.verification.nowcasting import SCENARIO, ZONE, readings

STAFFING = Path(SCENARIO).parents[1] / "docs" / "sample_data" / "staffing.csv"
SEEN = Columns("queue", "at", (), ZONE)


def records(effect: float, folder: Path, seed: int = 1) -> Path:
    """Write three weeks of a queue and of booths that open by chance, each of which changes the queue by a factor."""
    rng = np.random.default_rng(seed)
    booths: Floats = np.repeat(rng.integers(2, 6, 21 * 8), 6).astype(float)
    level = np.zeros(len(booths))
    for n in range(1, len(level)):
        level[n] = 0.9 * level[n - 1] + effect * (booths[n - 1] - 3.5) + 0.2 * rng.standard_normal()
    times = np.datetime64("2026-05-04T00:00") + np.arange(len(level)) * np.timedelta64(30, "m")
    rows = [
        f"{at},{value:.0f},{open_:.0f}" for at, value, open_ in zip(times, 200 * np.exp(level), booths, strict=True)
    ]
    path = folder / "queue.csv"
    path.write_text("\n".join(["at,queue,booths", *rows]) + "\n")
    return path


def test_booths_that_move_the_queue_are_told_from_booths_that_do_not(tmp_path: Path) -> None:
    """The interval has 95 %; at these seeds it holds the truth, and only one of the two is below zero."""
    moving = elasticity(records(-0.1, tmp_path), Columns(given_zone="UTC"))
    idle = elasticity(records(0.0, tmp_path, seed=2), Columns(given_zone="UTC"))
    assert moving is not None
    assert idle is not None
    assert moving.low < np.expm1(-0.1 * 200 / 260) < moving.high < 0
    assert idle.low < 0 < idle.high


def test_a_what_if_needs_a_proof_and_a_rule_that_undoes_it_is_said(tmp_path: Path) -> None:
    """Neither no effect nor one of 1 % a booth, however certain, opens the gate."""
    simulator = simulator_of(SCENARIO, (), "queue")
    for effect, seed in ((0.0, 2), (-0.03, 1)):
        seen = records(effect, tmp_path, seed=seed)
        with pytest.raises(SimError, match=r"faster_checks: changes .*but nothing shows .*interval -\d+ %.* -5 %"):
            with_what_if(simulator, ("faster_checks",), seen, Columns(given_zone="UTC"))
    with pytest.raises(SimError, match="did you mean 'faster_checks'"):
        with_what_if(simulator, ("faster_check",), seen, Columns(given_zone="UTC"))
    with pytest.raises(
        SimError, match=r"one_more_booth: sets values .* `changes: \[{stations: \[booths\], scale_service"
    ):
        with_what_if(simulator, ("one_more_booth",), STAFFING, SEEN)
    more = "{description: more, changes: [{stations: [booths], add_servers: 1}]}"
    own = tmp_path / "own.yaml"
    own.write_text(f"extends: sample_port\nname: own\ninterventions: {{more: {more}}}\n")
    with pytest.raises(SimError, match="more: changes the servers of booths, but its rule `reacts`"):
        with_what_if(simulator_of(str(own), (), "queue"), ("more",), STAFFING, SEEN)


def test_a_what_if_begins_now_on_the_same_tapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plays, "PLAYS", 20)
    full = readings(14)
    last = next(n for n in range(300, 0, -1) if full.readings.hours[n] % 24 == 15)
    given = replace(
        full.readings, hours=full.readings.hours[last - 2 : last], values=full.readings.values[last - 2 : last]
    )
    seen = replace(full, readings=given, now=float(given.hours[-1]))
    simulator = with_what_if(simulator_of(SCENARIO, (), "queue"), ("faster_checks",), STAFFING, SEEN)
    assert simulator.evidence.startswith(
        "That booths move the queue is shown by the readings: one more in 'booths' goes"
    )
    found = nowcast(seen, 6.0, simulator, ("now", "18:00"))
    wait = found.effects[0]
    assert wait.difference.mean() < -0.02
    day = plays_of(plays.plain(simulator), seen.now - 10, 30.0, 20)
    changed = plays_of(replace(simulator, begins=seen.now), seen.now - 10, 30.0, 20)
    before = day.times < seen.now
    assert np.array_equal(day.values[:, before], changed.values[:, before])
    soon = ~before & (day.times < seen.now + 2)
    assert changed.values[:, soon].mean() < day.values[:, soon].mean() - 0.5
