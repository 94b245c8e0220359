"""What is allowed and hardly meant is doubted, and what is meant is not."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.engine.laws import distribution
from sim.errors import ScenarioError
from sim.play import memory
from sim.play.one import play_once
from sim.scenario.checks.arrivals import _later
from sim.scenario.checks.doubts import doubts_of
from sim.scenario.checks.limits import memory_of, parties_by_class
from sim.scenario.model.laws import Law
from sim.scenario.text.load_scenario import from_tree, load

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DAY = {"timezone": "Etc/UTC", "t0": "2024-06-03", "start": "2024-06-03", "horizon": "2024-06-04"}
NOON, NOBODY = "2024-06-03T12:05", "nobody works here at the end of the run, so those who wait then are not served"
SHIFT = {"days": ["mon"], "from": "08:00", "until": "20:00", "servers": 2}
GAMMA = {"mean": "10 h", "family": "gamma", "cv": "80 %"}
SCREENING = {"intensity": "100 %", "hit_rate": "1 %", "on_hit": {"refused": "100 %"}}
PER_HOUR = {"constant": {"rate": "80/h"}}


def border(demand=PER_HOUR, service="60 s", staffing=2, screening=None, **more):
    station = {"serves": ["car"], "staffing": staffing, "service_time": service}
    station |= {"screening": screening} if screening else {}
    crossing = {"road": {"stretches": [{"files": 1}]}, "stations": {"exit": station}, "demand": {"car": {"e": demand}}}
    tree = {
        "name": "border",
        "title": "Border",
        "clock": DAY,
        "classes": {"car": {"spacing": "7 m", "people": {1: 0.5, 3: 0.5}, "men_share": "40 %"}},
        "crossings": {"x": crossing | more},
    }
    return from_tree(tree).scenario


@pytest.mark.parametrize(
    ("parts", "path", "words"),
    [
        ({"service": "60 h"}, "stations.exit.service_time", "a mean service of 60 h is unusually long"),
        ({"service": {"person": "10 h"}}, "stations.exit.service_time", "a mean service of 20 h is unusually long"),
        ({"staffing": 0}, "stations.exit.staffing", "nobody works here at any time, so nobody passes"),
        (
            {"staffing": {"servers": 0, "shifts": [{**SHIFT, "days": ["tue", "sun"]}]}},
            "stations.exit.staffing",
            "nobody works here at any time, so nobody passes; its shifts are on days or at hours that the run does not",
        ),
        (
            {"demand": {"pulse": {"at": "2024-05-01", "parties": 5000, "lag": GAMMA}}},
            "demand.car.e.pulse.at",
            "was 33 d before the start, so none of it falls into the run",
        ),
        (
            {"demand": {"step": {"at": "2024-05-01", "rate": "100/h", "decay": "12 h", "lag": GAMMA}}},
            "demand.car.e.step.at",
            "was 33 d before the start, so none of it falls into the run",
        ),
        (
            {"staffing": {"servers": 2, "steps": [{"from": "2024-06-03T12:05", "servers": 0}]}},
            "stations.exit.staffing",
            "nobody works here at the end of the run, so those who wait then are not served",
        ),
        (
            {"changes": [{"from": "2024-06-03T12:05", "stations": ["exit"], "scale_servers": 0}]},
            "stations.exit.staffing",
            "nobody works here at the end of the run, so those who wait then are not served",
        ),
        (
            {"changes": [{"from": NOON, "until": "2025-06-03", "close": True}]},
            "changes.0.until",
            "is after the end of the run, so parties queue for a reopening that does not come; leave it out if they "
            "know that nobody will pass",
        ),
        (
            {"demand": {"constant": {"rate": "20/d"}}},
            "demand",
            "keeps no station busy for more than 0.69 % of the time",
        ),
        (
            {"demand": {"constant": {"rate": "150/d"}}},
            "demand",
            "keeps no station busy for more than 5.2 % of the time; are its rates in the right unit",
        ),
        (
            {"service": {"any": {"party": "1 min", "man": "30 h"}}, "screening": SCREENING},
            "stations.exit.service_time",
            "a mean service of 24 h",
        ),
        ({"demand": {"constant": {"rate": "9000/h"}}}, "demand", "needs 75 times the servers of 'exit'"),
    ],
)
def test_what_is_hardly_meant_is_doubted(parts, path, words):
    found = [(".".join(map(str, loc)), what) for loc, what in doubts_of(border(**parts))]
    assert any(loc == f"crossings.x.{path}" and what.startswith(words) for loc, what in found)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"staffing": {"servers": 0, "steps": [{"from": "2024-06-03T06:00", "servers": 2}]}},
        {"staffing": {"servers": 0, "shifts": [SHIFT]}},
        {"demand": {"pulse": {"at": "2024-06-02T12:00", "parties": 500, "lag": GAMMA}}},
        {"demand": {"step": {"at": "2024-05-01", "rate": "80/h"}}},
        {"staffing": 0, "changes": [{"stations": ["exit"], "add_servers": 2}]},
        {"demand": {"pulse": {"at": NOON, "parties": 20, "lag": "0 s"}}},
        {"demand": {"table": [{"from": NOON, "until": "2024-06-03T13:00", "count": 20}]}},
    ],
)
def test_what_may_be_meant_is_not_doubted(parts):
    assert list(doubts_of(border(**parts))) == []


@pytest.mark.parametrize("file", sorted(SCENARIOS.glob("*.yaml")), ids=lambda file: file.stem)
def test_no_shipped_scenario_is_doubted(file):
    assert list(doubts_of(load(file).scenario)) == []


def network(origin="40/h", own="10/h"):
    """Two crossings of 120 cars an hour, each with demand of its own, and an origin."""
    place = {
        "road": {"stretches": [{"files": 1}]},
        "stations": {"exit": {"serves": ["car"], "staffing": 2, "service_time": "1 min"}},
    }
    demand = {"car": {"e": {"constant": {"rate": origin}}}}
    tree = {
        "name": "two",
        "title": "Two",
        "clock": DAY,
        "classes": {"car": {"spacing": "7 m", "people": 2, "men_share": "40 %"}},
        "crossings": {"north": place | {"demand": {"car": {"e": {"constant": {"rate": own}}}}}, "south": place},
        "network": {
            "origins": {"town": {"demand": demand, "travel": {"north": "1 h", "south": "1 h"}}},
            "choice": {"travel": -1, "wait": -1},
        },
    }
    return from_tree(tree).scenario


@pytest.mark.parametrize(
    ("rates", "path", "words"),
    [
        (
            {"origin": "40/d"},
            "network.origins",
            "keeps no station busy for more than 0.69 % of the time; are its rates",
        ),
        ({"origin": "9600/h"}, "network.origins", "needs 40 times the servers of all crossings together"),
        ({"own": "4800/h"}, "crossings.north.demand", "needs 40 times the servers of 'exit'"),
        ({"own": "10/d", "origin": "4/h"}, "crossings.north.demand", "keeps no station busy for more than 0.35 %"),
    ],
)
def test_the_unit_of_demand_is_doubted_in_networks_too(rates, path, words):
    assert list(doubts_of(network())) == []
    found = [(".".join(map(str, loc)), what) for loc, what in doubts_of(network(**rates))]
    assert any(loc == path and what.startswith(words) for loc, what in found)


@pytest.mark.parametrize(
    "law",
    [
        {"family": "exponential"},
        {"family": "gamma", "cv": "60 %"},
        {"family": "gamma", "cv": "180 %"},
        {"family": "erlang", "k": 4},
        {"family": "lognormal", "cv": "80 %"},
    ],
)
def test_the_share_that_drives_longer_is_never_more_than_the_bound(law):
    lag = Law.model_validate({"mean": "2 h", **law})
    for hours in (1, 3, 8, 20, 60):
        longer = 1 - float(distribution(lag, np.array([hours * 3_600_000]))[0])
        assert longer - 1e-12 <= _later(lag, 3600 * hours) <= 1


def test_parties_are_counted_as_the_parts_say():
    rows = [{"from": "2024-06-02T12:00", "until": "2024-06-03T12:00", "count": 50}]
    assert sum(parties_by_class(border({"table": rows})).values()) == 25
    assert sum(parties_by_class(border(initial_queue={"car": 7})).values()) == 24 * 80 + 7
    step = {"step": {"at": "2024-06-03T12:00", "rate": "10/h", "decay": "2 h"}}
    assert sum(parties_by_class(border(step)).values()) == pytest.approx(20 * (1 - math.exp(-6)))
    long_ago = {"step": {"at": "2024-05-04T00:00", "rate": "10/h"}}
    assert sum(parties_by_class(border(long_ago)).values()) == 24 * 10, "who set out before the start is not in the run"


def test_too_many_parties_are_told_before_they_are_drawn():
    with pytest.raises(ScenarioError, match=r"demand.car: about 24,000,000 parties are expected; at most 20,000,000"):
        border({"constant": {"rate": "1e6/h"}})


def test_memory_is_estimated_before_it_is_taken(monkeypatch):
    large = border({"constant": {"rate": "2e5/h"}})
    assert memory_of(large) == pytest.approx(1.8e9, rel=0.1)
    monkeypatch.setattr(memory, "available", lambda: 1e9)
    with pytest.raises(
        memory.SimError, match=r"border: a replication needs about 1.8 GB of memory, and 1.0 GB are free"
    ):
        play_once(large, 1, 0, "reference")


def test_memory_that_runs_out_is_one_sentence():
    with pytest.raises(memory.SimError, match="the memory ran out"), memory.enough_memory(border()):
        raise MemoryError


def test_the_memory_of_the_series_is_estimated_after_the_first_replication(monkeypatch):
    monkeypatch.setattr(memory, "ALWAYS_FREE", 0)
    monkeypatch.setattr(memory, "available", lambda: 1e6)
    memory.check_series("border", 1e5)
    with pytest.raises(memory.SimError, match=r"border: the series need about 2.0 GB of memory"):
        memory.check_series("border", 2e9)


@pytest.mark.parametrize(("scale", "doubted"), [(0.5, False), (0.4, True)])
def test_half_a_server_is_one(scale: float, doubted: bool) -> None:
    changes = [{"from": NOON, "stations": ["exit"], "scale_servers": scale}]
    example = border({"constant": {"rate": "30/h"}}, staffing=1, changes=changes)
    assert (NOBODY in [what for _, what in doubts_of(example)]) is doubted


def test_counts_that_overlap_are_refused_with_the_numbers_of_their_rows():
    def rows(*hours):
        return {
            "table": [
                {"from": f"2024-06-03T{first:02}:00", "until": f"2024-06-03T{end:02}:00", "count": 5}
                for first, end in hours
            ]
        }

    assert border(rows((6, 12), (0, 6), (12, 18)))
    with pytest.raises(ScenarioError, match=r"table\[2\]: is row 3 and overlaps row 1; count every hour once"):
        border(rows((6, 12), (0, 6), (8, 9)))
