"""Arrivals that are drawn apart: exact numbers, timetables, bookings, logs, bursts, and what changes do to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.apart import all_expected
from sim.engine.lower.arrivals import grid
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.tape import Tape
from sim.scenario.model.scenario import Scenario
from tests.engine.build import MINUTE, scenario

STATION = {"s": {"staffing": 1, "service_time": {"mean": "1 min"}}}
FAMILIES = {"car": {"people": {"mean": 3, "max": 6}}}
EVERYDAY = {"constant": {"rate": "10/h"}}
HOURLY = [{"at": "06:00", "every": "1 h", "until": "20:00", "parties": 10}]
FERRY = [{"at": "2022-09-21T06:30", "people": 300}]


def described(part: dict[str, Any], **rest: Any) -> Scenario:
    demand = {"demand": {"car": {"it": part}}} | rest
    return scenario(STATION, **demand)


def tape_of(part: dict[str, Any], replication: int = 0, **rest: Any) -> tuple[Plan, Tape]:
    found = described(part, **rest)
    plan = lower(found)
    return plan, draw(found, plan, 1, replication)


def minutes(part: dict[str, Any], replication: int = 0, **rest: Any) -> Any:
    plan, tape = tape_of(part, replication, **rest)
    return (tape.arrived_at - plan.start) / MINUTE


def test_a_ferry_brings_its_people_and_not_one_more() -> None:
    for replication in range(5):
        plan, tape = tape_of({"schedule": FERRY}, replication, classes=FAMILIES)
        assert tape.people.sum() == 300
        assert set(tape.arrived_at - plan.start) == {390 * MINUTE}
        assert tape.people.min() >= 1
        assert tape.people.max() <= 6


def test_spread_delay_and_share() -> None:
    schedule = {"rows": [{"at": "06:30", "parties": 2000}], "spread": "20 min"}
    at = minutes({"schedule": schedule})
    assert len(at) == 2000
    assert 390 <= at.min() < 390.1
    assert 409.9 < at.max() <= 410
    assert abs((at - 390).mean() - 10) < 5 * 20 / (12 * 2000) ** 0.5
    late = minutes({"schedule": {**schedule, "delay": "7 min"}})
    assert late == pytest.approx(at + 7)
    some = minutes({"schedule": {**schedule, "share": "25 %"}})
    assert abs(len(some) - 500) < 5 * (2000 * 0.25 * 0.75) ** 0.5
    assert set(some) <= set(at)


def test_a_row_overrides_what_holds_for_all() -> None:
    rows = [
        {"at": "06:00", "parties": 5, "spread": "0 s", "delay": "1 min", "share": "100 %"},
        {"at": "08:00", "parties": 5},
    ]
    at = minutes({"schedule": {"rows": rows, "share": "0 %", "spread": "10 min", "delay": "2 min"}})
    assert at.tolist() == [361] * 5


def test_all_classes_of_one_ferry_are_late_together() -> None:
    part = {"ferry": {"schedule": {"rows": FERRY, "delay": {"mean": "30 min"}}}}
    plan, tape = tape_of({}, demand={"car": part, "foot": part, "bus": {"other": part["ferry"]}})
    first = [int(tape.arrived_at[tape.cls == cls][0] - plan.start) for cls in (0, 4, 2)]
    assert first[0] == first[1] != first[2]
    assert first[0] > 390 * MINUTE


def test_times_of_day_repeat_on_the_days_named() -> None:
    rows = [{"at": "06:00", "days": ["wed", "sat"], "parties": 1}, {"at": "2022-09-22T03:00", "parties": 2}]
    at = minutes({"schedule": rows}, horizon="2022-10-01")  # the 21st is a Wednesday
    assert (at / 60).tolist() == [6, 27, 27, 78, 174]
    assert len(minutes({"schedule": HOURLY})) == 140


def test_a_new_ferry_leaves_the_others_as_they_were() -> None:
    def part(*more: dict[str, Any]) -> dict[str, Any]:
        return {"schedule": {"rows": [*more, *FERRY], "spread": "20 min", "delay": {"mean": "5 min"}}}

    new = {"at": "2022-09-21T05:00", "people": 100}
    for replication in range(3):
        alone, both = minutes(part(), replication), minutes(part(new), replication)
        assert set(alone) < set(both)


def test_bookings_come_in_their_slot() -> None:
    at = minutes({"bookings": HOURLY})
    assert len(at) == 140
    assert np.bincount((at // 60).astype(int), minlength=20)[6:].tolist() == [10] * 14
    assert minutes({"bookings": {"rows": HOURLY, "slot": "0 s"}}).tolist() == sorted(
        [60 * h for h in range(6, 20)] * 10
    )


def test_no_shows_early_and_late() -> None:
    rows = [{"at": "12:00", "parties": 20_000}]
    bookings = {
        "rows": rows, "slot": "30 min", "no_show": "20 %",
        "early": {"share": "30 %", "by": "45 min"}, "late": {"share": "10 %", "by": "15 min"},
    }  # fmt: skip
    at = minutes({"bookings": bookings})
    assert abs(len(at) - 16_000) < 5 * (20_000 * 0.16) ** 0.5
    early, late = (at == 675).mean(), (at == 765).mean()
    assert abs(early - 0.3) < 5 * (0.21 / len(at)) ** 0.5
    assert abs(late - 0.1) < 5 * (0.09 / len(at)) ** 0.5
    inside = at[(at != 675) & (at != 765)]
    assert inside.min() >= 720
    assert inside.max() <= 750
    assert abs(inside.mean() - 735) < 5 * 30 / (12 * len(inside)) ** 0.5


def test_what_happens_outside_the_slot() -> None:
    def played(**more: Any) -> tuple[Any, Any]:
        early, late = {"share": "50 %", "by": "45 min"}, {"share": "50 %", "by": "15 min"}
        bookings = {"rows": [{"at": "12:00", "parties": 100}], "early": early | more, "late": late}
        plan, tape = tape_of({"bookings": bookings})
        return (tape.arrived_at - plan.start) / MINUTE, tape.barred

    at, barred = played()
    assert set(at) == {675, 735}
    assert not barred.any()
    at, barred = played(then="wait")
    assert set(at) == {720, 735}
    assert not barred.any()
    at, barred = played(then="turn_away")
    assert np.array_equal(barred, at == 675)
    at, barred = played(then="turn_away", grace="45 min")
    assert not barred.any()


def test_a_log_is_played_as_it_was() -> None:
    log = [
        {"at": "2022-09-21T03:00:07", "people": 4, "service_times": {"s": "90 s"}},
        {"at": "2022-09-21T01:00", "people": 2},
        {"at": "2022-09-21T04:00"},
    ]
    plan, tape = tape_of({"log": log}, classes=FAMILIES)
    assert tape.arrived_at.tolist() == [60 * MINUTE, 180 * MINUTE + 7000, 240 * MINUTE]
    assert tape.people[:2].tolist() == [2, 4]
    plain = tape_of({"log": [{"at": row["at"]} for row in log]}, classes=FAMILIES)[1]
    service = tape.times[plan.service_row[0]]
    assert service[1] == 90_000
    assert np.array_equal(np.delete(service, 1), np.delete(plain.times[plan.service_row[0]], 1))
    assert plain.people[2] == tape.people[2]


def test_large_parties_of_a_log_widen_the_tables() -> None:
    plan, tape = tape_of({"log": [{"at": "2022-09-21T01:00", "people": 60}]})
    assert tape.people.tolist() == tape.men.tolist() == [60]
    assert plan.checked_cdf.shape[1:] == (61, 61)


COUNTS = [{"from": f"2022-09-21T{h:02}:00", "until": f"2022-09-21T{h + 1:02}:00", "count": 4 * h} for h in range(20)]


def test_exact_counts_are_exact_and_poisson_counts_are_not() -> None:
    def counts(replication: int, exact: bool) -> list[int]:
        at = minutes({"table": COUNTS, "exact": exact}, replication)
        return np.bincount((at // 60).astype(int), minlength=20)[:20].tolist()  # type: ignore[no-any-return]

    wanted = [row["count"] for row in COUNTS]
    assert all(counts(replication, exact=True) == wanted for replication in range(5))
    assert all(counts(replication, exact=False) != wanted for replication in range(5))


def test_nobody_of_an_exact_count_is_rounded_out_of_the_run() -> None:
    row = {"from": "2022-09-21T23:59:59", "until": "2022-09-22", "count": 5000}
    plan, tape = tape_of({"table": [row], "exact": True})
    assert len(tape) == 5000
    assert tape.arrived_at.max() == plan.horizon - 1


def test_bursts_come_together_and_the_rate_counts_parties() -> None:
    at = minutes({"constant": {"rate": "60/h"}, "bursts": 5}, horizon="2022-10-21")
    assert set(np.unique(at, return_counts=True)[1]) == {5}
    assert abs(len(at) - 43_200) < 5 * (5 * 43_200) ** 0.5
    sizes = np.unique(minutes({**EVERYDAY, "bursts": {1: 0.5, 3: 0.5}}, horizon="2022-10-21"), return_counts=True)[1]
    assert abs((sizes == 3).mean() - 0.5) < 5 * (0.25 / len(sizes)) ** 0.5


def test_parts_of_one_name_share_their_days_and_others_do_not() -> None:
    part = {"constant": {"rate": "2000/h"}, "day_factor": 0.5}
    demand = {"car": {"everyday": part}, "bus": {"everyday": part}, "truck": {"other": part}}
    plan, tape = tape_of({}, demand=demand, horizon="2022-10-11")
    day = (tape.arrived_at - plan.start) // (24 * 60 * MINUTE)
    cars, trucks, buses = (np.bincount(day[tape.cls == cls], minlength=20) for cls in (0, 1, 2))
    assert np.abs(cars / buses - 1).max() < 0.1
    assert np.abs(cars / trucks - 1).max() > 0.5


def test_a_calendar_multiplies_days() -> None:
    calendar = {"2022-09-22": 0, "2022-09-23": 3}
    hours = 24 * np.arange(4)
    found = described({**EVERYDAY, "calendar": calendar}, horizon="2022-09-24")
    plan = lower(found)
    daily = np.diff(np.interp(hours * 60 * MINUTE, plan.edges - plan.start, plan.expected[0, 0]))
    assert daily == pytest.approx([240, 0, 720])
    at = minutes({"schedule": HOURLY, "calendar": calendar}, horizon="2022-09-24")
    assert np.bincount((at // 1440).astype(int), minlength=3).tolist() == [140, 0, 420]


@pytest.mark.parametrize(
    ("part", "half", "twice"),
    [
        ({"schedule": HOURLY}, 70, 280),
        ({"schedule": [{"at": "06:00", "people": 40}]}, 20, 80),
        ({"bookings": HOURLY}, 70, 280),
        ({"table": COUNTS, "exact": True}, 380, 1520),
        ({"log": [{"at": "2022-09-21T03:00"}]}, None, 2),
    ],
    ids=["parties", "people", "bookings", "counts", "log"],
)
def test_scale_demand_multiplies_given_numbers(part: dict[str, Any], half: int | None, twice: int) -> None:
    for change in ({"scale_demand": 0.5}, {"scale_demand": 0.5, "demand": ["it"]}):
        number = len(minutes(part, changes=[change]))
        assert number == half if half is not None else number in (0, 1)
    assert len(minutes(part, changes=[{"scale_demand": 2}])) == twice
    assert len(minutes(part, changes=[{"scale_demand": 0}])) == 0
    before = {"scale_demand": 0, "until": "2022-09-21T02:00"}
    assert len(minutes(part, changes=[before])) in (twice // 2, 756)  # of the counts, 4 came before


def test_half_a_party_comes_half_the_time() -> None:
    part, changes = {"schedule": [{"at": "06:00", "parties": 1}]}, [{"scale_demand": 0.5}]
    numbers = [len(minutes(part, replication, changes=changes)) for replication in range(400)]
    assert set(numbers) == {0, 1}
    assert abs(np.mean(numbers) - 0.5) < 5 * 0.5 / 20  # fails for one seed in a million


def test_other_parts_keep_their_arrivals() -> None:
    """A part that is drawn apart disturbs neither the ordinary arrivals nor the other classes."""
    ordinary = tape_of({}, demand={"car": {"all": EVERYDAY}, "bus": {"all": EVERYDAY}})[1]
    more = {"car": {"all": EVERYDAY, "ferry": {"schedule": FERRY}}, "bus": {"all": EVERYDAY}}
    plan, tape = tape_of({}, demand=more)
    cars, buses = tape.arrived_at[tape.cls == 0], tape.arrived_at[tape.cls == 2]
    assert set(ordinary.arrived_at[ordinary.cls == 0]) == set(cars) - {plan.start + 390 * MINUTE}
    assert np.array_equal(buses, ordinary.arrived_at[ordinary.cls == 2])


def test_nobody_comes_before_the_start_or_after_the_end() -> None:
    rows = [{"at": "00:00", "parties": 5}, {"at": "23:50", "parties": 400}]
    plan, tape = tape_of({"schedule": {"rows": rows, "spread": "20 min"}})
    assert plan.start < tape.arrived_at.min()
    assert tape.arrived_at.max() < plan.horizon
    at = (tape.arrived_at - plan.start) / MINUTE
    assert 100 < (at < 10).sum() < 310, "the ferry of the evening before is still unloading"
    assert 100 < (at > 1430).sum() < 310


def test_the_mean_of_all_parts_is_known() -> None:
    demand = {
        "car": {"a": EVERYDAY, "b": {**EVERYDAY, "bursts": 4}, "c": {"schedule": FERRY}},
        "bus": {"d": {"bookings": {"rows": HOURLY, "no_show": "10 %"}}},
        "foot": {"e": {"log": [{"at": "2022-09-21T05:00"}]}},
    }
    found = described({}, demand=demand, classes=FAMILIES, changes=[{"scale_demand": 2, "classes": ["bus"]}])
    total = all_expected(found, grid(found))[0, :, -1]
    assert total == pytest.approx([240 + 240 + 100, 0, 252, 0, 1, 0])
