"""Several values of one lever: which are played, what comes back, and the sweep that does the same."""

from __future__ import annotations

import http.client
import json
import shlex
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.errors import SimError
from sim.verbs.serve.base import Base, read_base
from sim.verbs.serve.kept import Bound, keep_range, read_bound
from sim.verbs.serve.lever import SERVERS, Lever, Parts
from sim.verbs.serve.study import Kept, Study
from sim.verbs.serve.values import MOST_VALUES, read_range, read_values, spread
from sim.verbs.serve.view import headlines
from tests.verbs.serve.test_server import BOOTHS, TINY, Client, client

__all__ = ["client"]
CARS = "post:wait_mean@car/main"


@pytest.fixture(scope="module")
def base() -> Base:
    return read_base(str(TINY))


def lever(low: float, high: float, step: float, value: float = 0.0) -> Lever:
    return Lever("x/servers", SERVERS, "Booths", "number", value, lambda _: Parts(), low=low, high=high, step=step)


def test_the_values_of_a_range_are_even_and_hold_the_present_one() -> None:
    booths = lever(0, 24, 1)
    assert spread(booths, 12, (1, 24), 7) == (1, 5, 9, 12, 16, 20, 24)
    assert spread(booths, 12, (10, 13), 7) == (10, 11, 12, 13)
    assert spread(booths, 12, (14, 14), 7) == (14,)
    assert spread(booths, 12, (1, 24), 2) == (1, 12, 24)
    assert spread(lever(0.25, 2, 0.05), 1, (0.25, 2), 7) == (0.25, 0.55, 0.85, 1, 1.4, 1.7, 2)


@given(st.data())
def test_the_values_of_a_range_are_those_of_the_slider(data: Any) -> None:
    step = data.draw(st.sampled_from((0.001, 0.05, 1.0, 50.0)))
    low = step * data.draw(st.integers(0, 100))
    high = low + step * data.draw(st.integers(1, 5000))
    slider = lever(low, high, step)
    present = min(low + step * data.draw(st.integers(0, 5000)), high)
    values = spread(slider, present, (low, high), MOST_VALUES)
    assert (values[0], values[-1]) == (low, high)
    assert list(values) == sorted(set(values))
    assert len(values) <= MOST_VALUES
    assert present in values
    assert all(abs(round((value - low) / step) * step + low - value) < 1e-6 * high for value in values)
    assert all(slider.read(value) == value for value in values)


def test_each_value_is_what_it_is_when_it_is_played_alone(client: Client, base: Base) -> None:
    settings = {"post/demand/car": 1.2}
    status, steps = client.ask("/api/range", {"lever": BOOTHS, "settings": settings})
    assert status == 200
    begin, *between, end = steps
    assert begin == {"stage": "range", "values": [1, 2, 3, 4, 5, 6], "present": 2, "of": 8}
    assert end == {"stage": "done"}
    rows = [step for step in between if step["stage"] == "value"]
    assert [row["value"] for row in rows] == [2, 1, 6, 3, 4, 5]  # the present one and the ends first
    assert {step["stage"] for step in between} == {"value", "playing"}
    for row in rows:
        alone = Study(base, {**settings, BOOTHS: row["value"]} if row["value"] != 2 else settings, Kept())
        for replication in range(8):
            alone.add(alone.play(replication))
        assert row["headlines"] == headlines(alone, alone.result()[0], zeros=True)
    waits = {row["value"]: next(each for each in row["headlines"] if each["measure"] == CARS) for row in rows}
    assert waits[1]["mean"] > waits[2]["mean"] > waits[3]["mean"]
    played = client.ask("/api/play", {"settings": {**settings, BOOTHS: 3}, "replications": 8})[1][-1]["headlines"]
    assert [row for row in played if row["measure"] == CARS] == [waits[3]]


def test_a_range_has_ends_of_its_own(client: Client) -> None:
    begin = client.ask("/api/range", {"lever": BOOTHS, "from": 3, "to": 4, "settings": {BOOTHS: 5}})[1][0]
    assert (begin["values"], begin["present"]) == ([3, 4], 5)


def test_a_network_plays_fewer() -> None:
    network = read_base(str(TINY.parent / "scenario" / "network.yaml"))
    number = next(each for each in network.levers if each.id.startswith("origins/"))
    tried = read_range(network, {}, {"lever": number.id})
    assert (len(tried.values), tried.replications) == (5, 3)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"lever": "post/exit_control/server"}, "did you mean 'post/exit_control/servers'"),
        ({"lever": "post/closed_from"}, "there is no lever that is a number"),
        ({"lever": ["x"]}, "there is no lever that is a number"),
        ({}, "there is no lever that is a number"),
        ({"lever": "post/exit_control/reacts"}, "is off; switch it on first"),
        ({"lever": BOOTHS, "from": 5, "to": 3}, "expected a range from low to high; got 5 to 3"),
        ({"lever": BOOTHS, "from": -1}, "expected a number from 0 to 6; got -1"),
        ({"lever": BOOTHS, "to": "many"}, "expected a number from 0 to 6; got 'many'"),
        ({"lever": BOOTHS, "from": 1.5}, "expected a whole number"),
    ],
)
def test_a_range_that_cannot_be_played_is_told(client: Client, body: dict[str, Any], words: str) -> None:
    status, told = client.ask("/api/range", body)
    assert status == 422
    assert words in told["problems"][0]["message"]


def test_a_value_that_cannot_be_played_leaves_the_others(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Study.play

    def play(study: Study, replication: int) -> Any:
        if study.scenario.crossings["post"].stations["exit_control"].staffing.servers == 4:  # type: ignore[union-attr]
            raise SimError("the memory ran out")
        return played(study, replication)

    monkeypatch.setattr(Study, "play", play)
    steps = client.ask("/api/range", {"lever": BOOTHS, "from": 3, "to": 5})[1]
    rows = {step["value"]: step for step in steps if step["stage"] == "value"}
    assert rows[4] == {"stage": "value", "value": 4, "problems": [{"message": "the memory ran out"}]}
    assert rows[3]["headlines"]
    assert rows[5]["headlines"]


@pytest.mark.parametrize("lever_id", [BOOTHS, "post/demand/car", "post/entry_control/servers", "post/rumour/car"])
@pytest.mark.parametrize("edited", [False, True])
def test_the_sweep_plays_the_same(lever_id: str, edited: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a lever that sets, scales or changes, also where the text was edited."""
    monkeypatch.chdir(tmp_path)
    base = read_base(str(TINY), TINY.read_text(encoding="utf-8").replace("rate: 4/h", "rate: 5/h") if edited else None)
    number = next(each for each in base.levers if each.id == lever_id)
    settings = {"post/exit_control/service_time": 0.9, lever_id: number.high}
    values = [number.value, number.low + number.step, number.high]
    tried = read_values(base, settings, {"lever": lever_id, "values": values})
    found = keep_range(tried, Bound(CARS, below=True, limit=6), sampled=True)
    (command,) = found["commands"]
    words = shlex.split(command)
    assert words[:3] == ["sim", "sweep", found["path"]]
    assert words[words.index("--threshold") + 1] == f"{CARS} <= 6 h"
    assert keep_range(tried, Bound(CARS), sampled=True)["path"] == found["path"]
    swept = sim.sweep(found["path"], {"intervene": words[words.index("--over") + 1].partition("=")[2].split(",")})
    means = [row["mean"] for row in swept.summary if (row["quantity"], row["scope"]) == ("wait_mean", "all")]
    assert len(means) == len(tried.values)
    for value, mean in zip(tried.values, means, strict=True):
        study = Study(base, tried.at(value), Kept())
        for replication in range(base.loaded.scenario.replications):
            study.add(study.play(replication))
        (own,) = [row["mean"] for row in headlines(study, study.result()[0]) if row["measure"] == "post:wait_mean@all"]
        assert own == pytest.approx(mean, rel=1e-3)


def test_a_bound_is_read_or_told(base: Base) -> None:
    assert read_bound({"measure": CARS, "limit": 6.5, "below": False}) == Bound(CARS, below=False, limit=6.5)
    tried = read_values(base, {}, {"lever": BOOTHS, "values": [2, 3]})
    with pytest.raises(SimError, match="the page shows no measure 'post:made_up@all'"):
        keep_range(tried, Bound("post:made_up@all"), sampled=True)
    for body in ({}, {"measure": 3}, {"measure": CARS, "limit": -1}, {"measure": CARS, "limit": True}):
        with pytest.raises(SimError, match="expected a measure"):
            read_bound(body)
    for values in (None, [], [7], ["3"], list(range(100))):
        with pytest.raises(SimError):
            read_values(base, {}, {"lever": BOOTHS, "values": values})


def test_a_page_that_went_away_stops_its_range(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Study.play
    begun: list[int] = []

    def play(study: Study, replication: int) -> Any:
        begun.append(replication)
        time.sleep(0.2)
        return played(study, replication)

    monkeypatch.setattr(Study, "play", play)
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=60)
    body = json.dumps({"lever": BOOTHS})
    connection.request("POST", "/api/range", body, {"content-type": "application/json"})
    response = connection.getresponse()
    response.readline()
    response.close()
    connection.close()
    before = -1
    while len(begun) != before:  # until no more are begun
        before = len(begun)
        time.sleep(1)
    assert len(begun) < 40
