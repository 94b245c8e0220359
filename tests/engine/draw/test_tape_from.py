"""The tape: whole milliseconds, the laws of the scenario, and common random numbers party by party."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.engine.draw.streams import unit_poisson
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import HAZARD_UNIT, Plan
from sim.engine.tape import Tape
from tests.engine.build import MINUTE, STATION_ROWS, by_meaning, crossing, scenario
from tests.verification.statistics import assert_mean, measure

LAW = {"any": {"party": {"mean": "4 min", "family": "gamma", "cv": 0.5},
               "person": {"mean": "1 min", "family": "lognormal", "cv": 1}}}  # fmt: skip
GATE = {"staffing": 3, "service_time": LAW, "patience": {"mean": "1 h"}, "refusal": {"probability": 0.1}}
CLASSES = {"car": {"people": {"mean": 2.9, "max": 7}, "men_share": 0.4, "local_share": 0.2}}
BEHAVIOUR = {
    "car": {"renege": {"by_quoted_wait": "1 %/h"}, "change_mode": {"by_quoted_wait": "2 %/h", "takes": "9 min"}}
}


def plan_and_tape(
    stations: Any = None, rate: str = "60/h", seed: int = 1, replication: int = 0, **rest: Any
) -> tuple[Plan, Tape]:
    words: dict[str, Any] = {"demand": {"car": rate, "bus": "5/h"}, "classes": CLASSES, "behaviour": BEHAVIOUR, **rest}
    example = scenario(stations or {"gate": GATE}, **words)
    plan = lower(example)
    return plan, draw(example, plan, seed, replication)


def tape_of(*args: Any, **words: Any) -> SimpleNamespace:
    return SimpleNamespace(**by_meaning(*plan_and_tape(*args, **words)))


def cars(tape: SimpleNamespace, row: int = 0) -> dict[str, Any]:
    """The columns of arriving cars, at one station."""
    of = (tape.cls == 0) & ~tape.initial
    columns = {name: c for name, c in vars(tape).items() if name != "controls"}  # of stations, not of parties
    return {name: (c[row : row + 1, of] if name in STATION_ROWS else c[..., of]) for name, c in columns.items()}


def same_parties(one: SimpleNamespace, other: SimpleNamespace, *but: str) -> None:
    """Assert that the cars that occur on both tapes are the same cars, but for some columns."""
    first, second = cars(one), cars(other)
    size = min(len(first["arrived_at"]), len(second["arrived_at"]))
    assert size > 100
    for name, column in first.items():
        if name not in but:
            assert np.array_equal(column[..., :size], second[name][..., :size]), name


def test_same_seed_same_bytes_and_replications_differ() -> None:
    assert plan_and_tape()[1] == plan_and_tape()[1]
    for other in (tape_of(seed=2), tape_of(replication=1)):
        assert not np.array_equal(other.service[0][:50], tape_of().service[0][:50])
        assert not np.array_equal(other.arrived_at[:50], tape_of().arrived_at[:50])


def test_more_demand_moves_cars_and_changes_nothing_else_of_them() -> None:
    few, many = tape_of(), tape_of(rate="90/h")
    same_parties(few, many, "arrived_at")
    sizes = len(cars(few)["arrived_at"])
    assert len(cars(many)["arrived_at"]) > 1.3 * sizes
    assert np.all(cars(many)["arrived_at"][:sizes] <= cars(few)["arrived_at"])


def test_another_station_before_this_one_changes_no_party() -> None:
    plain = tape_of()
    more = tape_of({"early": {"staffing": 1, "service_time": {"mean": "1 min"}}, "gate": GATE})
    for name, column in cars(plain, row=0).items():
        if name not in ("service", "service_on_foot"):
            assert np.array_equal(column, cars(more)[name]), name
    arriving = (more.cls == 0) & ~more.initial
    assert np.array_equal(cars(plain)["service"][0], more.service[1, arriving])


def test_another_class_or_another_law_changes_no_other_column() -> None:
    buses = {"bus": {"people": 30, "men_share": 0.1}}
    same_parties(tape_of(), tape_of(classes=CLASSES | buses))
    same_parties(tape_of(), tape_of({"gate": GATE | {"patience": {"mean": "2 h"}}}), "patience")
    same_parties(tape_of(), tape_of({"gate": GATE | {"service_time": "9 min"}}), "service", "service_on_foot")
    same_parties(tape_of(), tape_of(initial_queue={"car": 50}))


def test_the_part_per_person_does_not_depend_on_the_law_of_the_part_per_party() -> None:
    other = {"any": LAW["any"] | {"party": "4 min"}}
    none = {"any": LAW["any"] | {"party": "0 min"}}
    a, b = (cars(tape_of({"gate": GATE | {"service_time": law}}))["service"] for law in (other, none))
    assert np.all(a - b == 4 * MINUTE)


def test_another_probability_of_refusal_does_not_change_the_staff_time_of_a_refusal() -> None:
    """The staff time is drawn only for some, and for these it is the same; false-failure rate 1e-6 of the mean."""
    often, seldom = (
        cars(tape_of({"gate": GATE | {"refusal": {"probability": p, "service_time": {"mean": "9 min"}}}}, "2000/h"))
        for p in (0.3, 0.005)
    )
    u = often["u_refused"][0]
    assert (u < 0.005).sum() > 100
    assert np.array_equal(often["refusal_time"][0, u < 0.01], seldom["refusal_time"][0, u < 0.01])
    assert np.all(seldom["refusal_time"][0, u >= 0.01] == 0)
    assert_mean(often["refusal_time"][0, u < 0.3] / MINUTE, 9, sees=0.6)


def test_service_is_as_long_after_leaving_the_car_if_the_law_is_the_same() -> None:
    party, person = LAW["any"]["party"], {"person": LAW["any"]["person"]}
    apart, parties = (
        cars(tape_of({"gate": GATE | {"service_time": law}})) for law in ({"car": LAW["any"], "any": person}, party)
    )
    assert np.abs(apart["service"] - apart["service_on_foot"] - parties["service"]).max() <= 2  # rounding
    assert np.ptp(parties["service"]) > MINUTE


def test_columns_are_uncorrelated() -> None:
    """False-failure rate 1e-4 over all pairs; sees a correlation of 10 %."""
    screening = {"intensity": 1, "hit_rate": "10 %", "on_hit": {"refused": 1}}
    tape = cars(tape_of({"gate": GATE | {"screening": screening}}, "500/h"))
    names = ("service", "patience", "u_refused", "u_checked", "u_hit", "u_fate", "u_together")
    columns = [tape[name][0] for name in names] + [
        *tape["clocks"],
        np.diff(tape["arrived_at"], prepend=0),
    ]
    correlations = np.corrcoef(np.array(columns, dtype=float)) - np.eye(len(columns))
    assert np.abs(correlations).max() < 5.5 * tape["people"].size ** -0.5 < 0.06
    assert np.corrcoef(tape["service"][0], tape["people"])[0, 1] > 0.1


def test_crossings_have_streams_of_their_own() -> None:
    words = {"demand": {"car": "60/h"}, "behaviour": BEHAVIOUR}
    example = scenario(crossings={"a": crossing({"gate": GATE}, **words), "b": crossing({"gate": GATE}, **words)})
    alone = scenario(crossings={"b": crossing({"gate": GATE}, **words)})
    both, one = draw(example, lower(example), 1, 0), draw(alone, lower(alone), 1, 0)
    of_b = both.source == 1
    assert np.array_equal(both.arrived_at[of_b], one.arrived_at)
    assert np.array_equal(both.times[lower(example).service_row[1], of_b], one.times[lower(alone).service_row[0]])
    assert not np.array_equal(both.arrived_at[~of_b][:50], one.arrived_at[:50])


def test_those_already_waiting_are_there_at_the_start() -> None:
    tape = tape_of(initial_queue={"car": 30, "truck": 20})
    assert set(tape.arrived_at[tape.initial]) == {0}
    assert tape.cls[tape.initial].tolist() == [0] * 30 + [1] * 20
    assert tape.arrived_at[~tape.initial].min() > 0


def test_the_parties_of_a_class_stand_in_order_of_arrival() -> None:
    tape = tape_of(initial_queue={"car": 30, "truck": 20})
    for cls in set(tape.cls):
        assert np.all(np.diff(tape.arrived_at[tape.cls == cls]) >= 0)
    assert np.all(np.diff(tape.cls) >= 0)


@pytest.mark.parametrize(
    ("law", "mean", "variance"),
    [
        ({"mean": "5 min", "family": "exponential"}, 5, 25),
        ({"mean": "5 min", "family": "erlang", "k": 4}, 5, 25 / 4),
        ({"mean": "5 min", "family": "erlang", "k": 9}, 5, 25 / 9),
        ({"mean": "5 min", "family": "gamma", "cv": 0.8}, 5, 16),
        ({"mean": "5 min", "family": "lognormal", "cv": 0.5}, 5, 25 / 4),
        ({"family": "empirical", "values": ["1 min", "4 min"]}, 2.5, 2.25),
    ],
    ids=["exponential", "erlang", "erlang of many", "gamma", "lognormal", "empirical"],
)
def test_laws_have_their_mean_and_variance(law: Any, mean: float, variance: float) -> None:
    """False-failure rate 1e-6 each; sees 4 % of the mean and 15 % of the variance, for sums over people too."""
    station = {"staffing": 1, "service_time": {"car": {"party": "0 s", "person": law}, "bus": {"party": law}}}
    example = scenario({"s": station}, initial_queue={"bus": 40_000, "car": 40_000}, classes={"car": {"people": 3}})
    plan = lower(example)
    tape = draw(example, plan, 1, 0)
    for cls, count in ((2, 1), (0, 3)):
        minutes = tape.times[plan.service_row][0, tape.cls == cls] / MINUTE
        assert_mean(minutes, count * mean, sees=0.06)
        assert_mean((minutes - count * mean) ** 2, count * variance, sees=0.25)
        assert not measure(minutes).agrees(count * mean * 1.06)


def test_people_men_and_clocks_have_their_means() -> None:
    """False-failure rate 1e-6 each."""
    tape = tape_of(demand={"car": "800/h"}, horizon="2022-09-24")
    assert_mean(tape.people, 2.9, sees=0.03)
    assert_mean(tape.men / 1.0, 2.9 * 0.4, sees=0.05)
    assert_mean(tape.local * 1.0, 0.2, sees=0.1)
    assert_mean(tape.clocks[0] / HAZARD_UNIT, 1.0, sees=0.05)
    assert tape.people.min() == 1
    assert tape.people.max() == 7
    assert np.all(tape.men <= tape.people)
    assert not measure(tape.people).agrees(3.0)


def test_unit_poisson_does_not_depend_on_how_far_it_is_drawn() -> None:
    near, far = (unit_poisson(np.random.default_rng(1), until) for until in (500.0, 5000.0))
    assert np.allclose(near, far[: len(near)], rtol=1e-12)
    assert near[-1] < 500 <= far[len(near)]
    assert len(unit_poisson(np.random.default_rng(1), 0.0)) == 0
