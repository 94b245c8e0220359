"""Worlds that differ as little as can be: what cannot matter changes no record, what comes later nothing before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.records import NEVER, Records
from sim.engine.tape import Tape
from sim.scenario.model.instants import since_t0
from sim.scenario.model.quantities import CLASSES
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import from_tree, load

Play = Callable[[Plan, Tape], Records]
ROOT = Path(__file__).parents[3]
TINY = ROOT / "tests" / "tiny.yaml"
TWO_DAYS = ["clock.start=2022-09-26T00:00", "clock.horizon=2022-09-28T00:00"]
INSTANTS = ("arrived_at", "started_at", "ended_at", "left_at")


def played(engine: Play, scenario: Scenario, seed: int) -> Records:
    plan = lower(scenario)
    return engine(plan, draw(scenario, plan, seed, 0))


@pytest.mark.parametrize("where", ["last", "between"])
def test_a_station_that_nobody_uses_leaves_every_record_as_it_was(engine: Play, where: str) -> None:
    tree = load(TINY).tree
    stations = tree["crossings"]["post"]["stations"]
    unused = {
        "bike_lane": {"serves": ["bike"], "staffing": 1, "service_time": {"mean": "9 min", "family": "gamma", "cv": 1}}
    }
    names = list(stations)
    order = [*names, "bike_lane"] if where == "last" else [names[0], "bike_lane", *names[1:]]
    tree["crossings"]["post"]["stations"] = {name: (stations | unused)[name] for name in order}
    tree["classes"]["bike"] = {"spacing": "2 m", "people": 1, "men_share": "50 %"}
    more = from_tree(tree).scenario
    for seed in range(3):
        plain, with_station = played(engine, load(TINY).scenario, seed), played(engine, more, seed)
        numbers = np.array([order.index(name) for name in names])
        columns = plain.columns() | {"station": numbers[plain.station].astype(np.int16)}
        assert Records(**columns) == with_station


def before(records: Records, instant: int) -> list[tuple[object, ...]]:
    """Return what can be seen of the records at an instant: the visits begun, and of each what has happened."""
    columns = records.columns()
    seen = columns["arrived_at"] < instant
    over = seen & (columns["left_at"] != NEVER) & (columns["left_at"] < instant)
    for name in INSTANTS:
        columns[name] = np.where(columns[name] < instant, columns[name], NEVER)
    columns["outcome"] = np.where(over, columns["outcome"], -1)
    changing = over | ~np.isin(np.arange(len(records)), np.flatnonzero(seen))
    for name in ("people", "men", "checked"):  # who is left behind is known when a visit is over
        columns[name] = np.where(changing, columns[name], 0)
    return sorted(zip(*(column[seen].tolist() for column in columns.values()), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "sets", "changes", "date"),
    [
        (TINY, [], {"from": "2022-09-21T13:00", "stations": ["exit_control"], "close": True}, (21, 13)),
        (ROOT / "scenarios" / "verkhny_lars.yaml", TWO_DAYS,
         {"from": "2022-09-27T06:00", "stations": ["exit_cars"], "close": True}, (27, 6)),
    ],
    ids=["tiny", "lars"],
)  # fmt: skip
def test_a_change_from_a_date_leaves_everything_before_it_as_it_was(
    engine: Play, file: Path, sets: list[str], changes: dict[str, object], date: tuple[int, int]
) -> None:
    loaded = load(file, sets)
    tree = loaded.tree
    crossing = next(iter(tree["crossings"].values()))
    bare = crossing.get("changes", [])
    rows = bare["value"] if isinstance(bare, dict) else bare
    crossing["changes"] = [*rows, {"value": changes, "reason": "a test"}]
    clock = loaded.scenario.clock
    day, hour = date
    instant = since_t0(clock, clock.t0.replace(day=day, hour=hour))
    seeds = (1, 2) if file == TINY else (1,)
    for seed in seeds:
        plain, changed = (played(engine, each, seed) for each in (loaded.scenario, from_tree(tree).scenario))
        assert before(plain, instant) == before(changed, instant)
        assert before(plain, instant + 3_600_000 * 5) != before(changed, instant + 3_600_000 * 5)


def test_more_demand_of_one_class_leaves_the_tape_of_the_others() -> None:
    tapes = []
    for sets in ([], ["crossings.post.demand.car.everyday.constant.rate=50/h"]):
        scenario = load(TINY, sets).scenario
        tapes.append(draw(scenario, lower(scenario), 4, 0))
    few, many = (tape.cls == CLASSES.index("foot") for tape in tapes)
    assert np.array_equal(tapes[0].arrived_at[few], tapes[1].arrived_at[many])
    assert np.array_equal(tapes[0].times[:, few], tapes[1].times[:, many])
    assert len(tapes[1]) > len(tapes[0])
