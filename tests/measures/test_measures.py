"""The hand-made morning of hand_made, measured, and identities that hold on every path."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.records import NEVER, Outcome
from sim.engine.reference.story import play
from sim.measures.names import LONGEST_QUOTE, SERIES, TOTALS, TRAVELLERS, Key
from sim.measures.replication import measure
from sim.measures.servers import staffing
from tests.measures.hand_made import MINUTE, MORNING, border, row, table

NAN = np.nan
H = 60.0

SERIES_BY_HAND = [
    # at 00:00, 01:00, 02:00, 03:00 and 04:00 (the horizon: no interval begins there)
    ("queue", "all", [1, 0, 2, 3, 1]),
    ("queue", "vehicles", [1, 0, 2, 3, 1]),
    ("queue", "car", [1, 0, 1, 1, 0]),
    ("queue", "truck", [0, 0, 1, 2, 1]),
    ("queue", "station:gate", [1, 0, 2, 3, 1]),
    ("queue", "station:booth", [0, 0, 0, 0, 0]),
    ("queue_people", "all", [3, 0, 5, 4, 1]),
    ("in_system", "all", [1, 2, 4, 3, 1]),
    ("in_system", "car", [1, 2, 3, 1, 0]),
    ("in_system_people", "all", [3, 5, 9, 4, 1]),
    ("queue_length", "all", [0.005, 0, 0.005, 0.015, 0]),  # two files; one truck stands in the lot
    ("in_lots", "all", [0, 0, 1, 1, 1]),
    ("quoted_wait", "car", [NAN, 0, 2 / 3, 2, 0]),
    ("quoted_wait", "truck", [0, 0, 1, 2, 3]),  # nobody is called: the quote grows
    ("arrived_parties", "all", [1, 3, 2, 3, NAN]),
    ("crossed_parties", "all", [0, 1, 3, 1, NAN]),
    ("crossed_parties", "vehicles", [0, 1, 2, 1, NAN]),
    ("crossed_parties", "car/main", [0, 1, 1, 1, NAN]),
    ("crossed_parties", "car/bypass", [0, 0, 1, 0, NAN]),
    ("crossed_parties", "car/changed_mode", [0, 0, 1, 0, NAN]),
    ("crossed_parties_per_hour", "all", [0, 1 / 2, 4 / 2, 4 / 2, 1]),  # an hour to each side, in the run
    ("crossed_parties_per_hour", "car/main", [0, 1 / 2, 2 / 2, 2 / 2, 1]),
    ("crossed_people_per_hour", "foot", [0, 0, 4 / 2, 4 / 2, 0]),
    ("crossed_people", "all", [0, 3, 7, 2, NAN]),
    ("crossed_people", "foot", [0, 0, 4, 0, NAN]),
    ("balked_people", "foot", [0, 0, 0, 2, NAN]),
    ("barred_parties", "car", [0, 0, 0, 1, NAN]),
    ("reneged_parties", "truck", [0, 0, 0, 1, NAN]),
    ("changed_mode_people", "car", [0, 0, 4, 0, NAN]),
    ("bypassed_parties", "car", [0, 1, 0, 0, NAN]),
    ("summoned_people", "car", [0, 0, 2, 0, NAN]),
    ("refused_people", "foot", [0, 0, 1, 0, NAN]),
    ("wait", "car", [55 / H, NAN, NAN, 10 / H, NAN]),
    ("wait_p90", "car", [55 / H, NAN, NAN, 10 / H, NAN]),
    ("virtual_wait", "all", [55 / H, 150 / H, NAN, 10 / H, NAN]),
    ("virtual_wait_censored", "all", [0, 1, NAN, 0, NAN]),
    ("sojourn", "car", [NAN, NAN, (140 + 90 + 20) / 3 / H, 1, NAN]),  # not the one that waited at the start
    ("sojourn", "car/main", [NAN, NAN, 140 / H, 1, NAN]),
    ("sojourn", "car/changed_mode", [NAN, NAN, 90 / H, NAN, NAN]),  # in the car, on the way and on foot
    ("sojourn", "truck", [NAN, NAN, NAN, NAN, NAN]),
    ("servers", "station:booth", [2, 2, 3, 4, NAN]),
    ("utilisation", "station:gate", [1 / 2, 1 / 3, 1 / 6, 1 / 6, NAN]),
    ("utilisation", "station:booth", [0, 40 / 120, 50 / 180, 40 / 240, NAN]),
    ("blocked", "station:gate", [0, 0, 1, 0, 0]),
]

TOTALS_BY_HAND = [
    ("arrived_parties", "all", 9),
    ("initial_people", "car", 3),
    ("crossed_parties", "all", 5),
    ("crossed_parties", "car/main", 3),
    ("crossed_parties", "car/bypass", 1),
    ("crossed_parties_longest_day", "vehicles", 4 / 4),
    ("crossed_parties_longest_day", "car/main", 3 / 4),
    ("crossed_people", "all", 12),
    ("unfinished_parties", "truck", 1),
    ("refused_parties", "station:booth", 1),
    ("summoned_people", "station:booth", 2),
    ("wait_mean", "all", (55 + 10 + 10 + 70) / 4 / H),
    ("wait_mean", "all/main", 32.5 / H),
    ("wait_p50", "car/main", 32.5 / H),
    ("wait_max", "car", 70 / H),
    ("wait_mean", "car/bypass", 10 / H),
    ("wait_mean", "car/changed_mode", 70 / H),
    ("wait_mean", "truck", NAN),
    ("sojourn_mean", "all/main", 100 / H),
    ("past_queue_share", "all", 5 / 12),
    ("past_queue_share_longest_day", "car", 2 / 5),
    ("past_queue_share_longest_day", "truck", NAN),
    ("past_queue_starts_longest_day", "station:gate", 0),
    ("past_queue_starts_longest_day", "station:booth", 2 / 6),
    ("people_per_party", "vehicles", 8 / 4),
    ("people_per_party", "foot", 4),
    ("max_queue", "all", 3),
    ("max_queue_people", "all", 7),  # from 02:05 on: four, two and one
    ("max_queue_length", "all", 0.015),
    ("max_quoted_wait", "truck", 2),  # at 03:00; nothing is announced at the horizon
    ("visits", "station:gate", 7),
    ("visits", "station:booth", 6),
    ("wait_per_visit", "station:gate", (50 + 0 + 10 + 150) / 4 / H),
    ("service_per_visit", "station:booth", (30 + 20 + 10 + 10 + 20 + 40) / 6 / H),
    ("blocked_per_visit", "station:gate", 45 / 4 / H),
    ("blocked_hours", "station:gate", 45 / H),
    ("blocked_share", "station:gate", 45 / 245),  # with 5 min of service beside it
    ("utilisation", "station:gate", 70 / 240),
    ("utilisation_worst_day", "station:gate", 70 / 240),
    ("men_checked", "all", 2),
    ("men_stopped", "all", 2),
    ("men_summoned", "all", 1),
    ("crossed_people_day", "2022-09-21", 12),
    ("crossed_vehicles_week", "2022-W38", 4),
    ("person_hours_waited", "all", (90 + 110 + 280 + 10 + 150 + 40 + 60 + 20) / H),
    ("people_overnight_max", "all", 9),
    ("person_nights", "all", 9),
    ("stuck_people", "2022-09-21", 9),
    ("stuck_people", "car/2022-09-21", 8),
    ("stuck_people", "truck/2022-09-21", 1),
    ("stuck_vehicles", "2022-09-21", 4),
    ("stuck_water", "2022-09-21", 9 * 3),
    ("drinking_water", "all", 760 / H / 24 * 3),
]


@pytest.mark.parametrize(("quantity", "scope", "expected"), SERIES_BY_HAND)
def test_series_by_hand(scenario, plan, morning, quantity, scope, expected):
    np.testing.assert_allclose(measure(scenario, plan, morning).series[Key("pass", quantity, scope)], expected)


@pytest.mark.parametrize(("quantity", "scope", "expected"), TOTALS_BY_HAND)
def test_totals_by_hand(scenario, plan, morning, quantity, scope, expected):
    np.testing.assert_allclose(measure(scenario, plan, morning).totals[Key("pass", quantity, scope)], expected)


def test_every_quantity_is_described_and_every_described_one_is_there(scenario, plan, morning):
    measures = measure(scenario, plan, morning)
    of_networks = {f"{event}_{what}" for event in TRAVELLERS for what in ("parties", "people")}
    of_some = {"servers_in_service", "lightened", "sent_aside_share", "sent_aside_parties", "served_parties"}
    assert {key.quantity for key in measures.series} == set(SERIES) - of_networks - of_some
    of_some_stations = {"sent_aside_parties", "sent_aside_people", "out_of_order_share", "jockeyed_parties"}
    of_some_stations |= {"served_people", "wait_per_person", "waved_through_parties"}
    of_some_stations |= {f"lightened_{what}" for what in ("parties", "people", "share")}
    assert {key.quantity for key in measures.totals} == set(TOTALS) - of_networks - of_some_stations


def test_keys_do_not_depend_on_what_happened(scenario, plan, morning):
    nothing = measure(scenario, plan, table([]))
    something = measure(scenario, plan, morning)
    assert list(nothing.series) == list(something.series)
    assert list(nothing.totals) == list(something.totals)
    assert nothing.totals[Key("pass", "crossed_people")] == 0
    assert nothing.totals[Key("pass", "max_queue")] == 0
    assert np.isnan(nothing.totals[Key("pass", "wait_mean")])
    assert np.isnan(nothing.totals[Key("pass", "crossed_parties_longest_day", "vehicles")])


def test_without_relief_there_are_no_nights_and_no_water(morning):
    dry = border(relief=None)
    totals = measure(dry, lower(dry), morning).totals
    assert Key("pass", "person_nights") not in totals
    assert Key("pass", "drinking_water") not in totals


def test_queue_integrated_is_time_waited(morning):
    """All instants of the morning are whole minutes, so a grid of minutes integrates exactly."""
    minutes = border(report_every="1 min")
    measures = measure(minutes, lower(minutes), morning)
    waits = [
        (min(r["left_at"] if r["started_at"] == NEVER else r["started_at"], 240 * MINUTE), r)
        if r["outcome"] != Outcome.UNFINISHED
        else (240 * MINUTE, r)
        for r in MORNING
    ]
    waited = sum(end - r["arrived_at"] for end, r in waits) / MINUTE
    assert measures.series[Key("pass", "queue")][:-1].sum() == waited == 405
    in_system = sum(
        min(240 * MINUTE, 240 * MINUTE if r["left_at"] == NEVER else r["left_at"]) - r["arrived_at"] for r in MORNING
    )
    walked = 10 * MINUTE
    assert measures.series[Key("pass", "in_system")][:-1].sum() == (in_system + walked) / MINUTE


def test_a_grid_that_misses_the_horizon_still_counts_everything(morning):
    uneven = border(report_every="95 min")
    measures = measure(uneven, lower(uneven), morning)
    np.testing.assert_array_equal(measures.at, np.array([0, 95, 190]) * MINUTE)
    np.testing.assert_array_equal(measures.series[Key("pass", "crossed_parties")], [1, 3, 1])
    busy = measures.series[Key("pass", "utilisation", "station:gate")] * [95, 95, 50]
    np.testing.assert_allclose(busy, [30 + 20, 10, 10])


@pytest.mark.parametrize("replication", range(3))
def test_people_and_time_are_conserved_in_a_played_replication(scenario, plan, replication):
    records = play(plan, draw(scenario, plan, 1, replication))
    measures = measure(scenario, plan, records)
    totals = {key[1:]: value for key, value in measures.totals.items()}
    assert totals["changed_mode_parties", "all"] > 0, "a path on which nothing happens proves nothing"
    assert totals["bypassed_parties", "all"] > 0
    ends = ("crossed", "balked", "barred", "reneged", "refused", "summoned", "unfinished")
    came = totals["arrived_people", "all"] + totals["initial_people", "all"]
    assert came == sum(totals[f"{end}_people", "all"] for end in ends)
    for quantity in ("arrived_parties", "crossed_people", "max_queue"):
        assert totals[quantity, "all"] >= totals[quantity, "car"]
    by_class = sum(measures.series[Key("pass", "queue", cls)] for cls in scenario.classes)
    by_station = sum(measures.series[Key("pass", "queue", f"station:{s}")] for s in plan.stations)
    np.testing.assert_array_equal(by_class, by_station)
    np.testing.assert_array_equal(by_class, measures.series[Key("pass", "queue")])
    cars = [measures.series[Key("pass", "crossed_parties", f"car/{way}")] for way in ("main", "bypass")]
    assert all(np.nansum(way) > 0 for way in cars)
    np.testing.assert_array_equal(sum(cars), measures.series[Key("pass", "crossed_parties", "car")])
    assert totals["crossed_people_day", "2022-09-21"] == totals["crossed_people", "all"]


def test_a_fine_grid_integrates_a_played_replication():
    """To within the rounding of each end of each wait to the grid of one second."""
    fine = border(report_every="1 s")
    plan = lower(fine)
    records = play(plan, draw(fine, plan, 3, 0))
    measures = measure(fine, plan, records)
    people_seconds = measures.series[Key("pass", "queue_people")][:-1].sum()
    hours = measures.totals[Key("pass", "person_hours_waited")]
    assert hours > 10
    assert people_seconds / 3600 == pytest.approx(hours, abs=records.people.sum() / 3600)
    busy = measures.series[Key("pass", "utilisation", "station:booth")][:-1]
    servers = measures.series[Key("pass", "servers", "station:booth")][:-1]
    whole = measures.totals[Key("pass", "utilisation", "station:booth")]
    assert (busy * servers).sum() / servers.sum() == pytest.approx(whole)


def test_the_fates_of_the_morning_add_up(scenario, plan, morning):
    """The twin's one person is on top: the engine takes it off the other's number, this morning does not."""
    totals = measure(scenario, plan, morning).totals
    ends = ("crossed", "balked", "barred", "reneged", "refused", "summoned", "unfinished")
    assert sum(totals[Key("pass", f"{end}_people")] for end in ends) == 3 + 2 + 4 + 1 + 1 + 2 + 5 + 2 + 1 + 2 + 1


def test_crossings_are_measured_apart(scenario, plan, morning):
    """The same morning at the second of two crossings, alone and beside another at the first."""
    one = scenario.crossings["pass"]
    two = scenario.model_copy(update={"crossings": {"ford": one, "pass": one}})
    there = [r | {"crossing": 1, "station": r["station"] + 3} for r in MORNING]
    here = [r | {"party": r["party"] + 12} for r in MORNING if r["party"] == 9]
    alone = measure(scenario, plan, morning)
    for rows, at_the_ford in ((there, 0), (there + here, 2)):
        both = measure(two, lower(two), table(rows))
        assert both.totals[Key("ford", "crossed_people")] == at_the_ford
        for mine, expected in ((both.series, alone.series), (both.totals, alone.totals)):
            for key, value in expected.items():
                np.testing.assert_array_equal(mine[key], value, err_msg=str(key))


def test_days_and_nights_of_a_longer_run(morning):
    """Two days: one truck still stands there in the second night; the horizon, a midnight, begins no third day."""
    clock = border().clock.model_copy(update={"horizon": datetime(2022, 9, 23)})
    longer = border(clock=clock)
    totals = {key[1:]: value for key, value in measure(longer, lower(longer), morning).totals.items()}
    days = {scope: value for (quantity, scope), value in totals.items() if quantity == "crossed_people_day"}
    assert days == {"2022-09-21": 12, "2022-09-22": 0}
    assert totals["people_overnight_max", "all"] == 9
    assert totals["person_nights", "all"] == 10


def test_the_longest_day_is_the_local_day_of_the_longest_queue():
    """A second day on which one truck waits and one car crosses: the first day, of 24 hours, had the longest queue."""
    clock = border().clock.model_copy(update={"horizon": datetime(2022, 9, 23)})
    longer = border(clock=clock)
    day = 24 * 60
    late = row((12, 0), 1, ("car", 1), (day + 10, day + 10, day + 20, day + 20), "CROSSED", first=False)
    for more, expected in (([], 4 / 24), ([late], 4 / 24), ([late, *waiting(6, day)], 1 / 24)):
        measures = measure(longer, lower(longer), table([*MORNING, *more]))
        assert measures.totals[Key("pass", "crossed_parties_longest_day", "vehicles")] == pytest.approx(expected)


def waiting(number, at):
    """Cars that come at the minute `at` and wait to the end."""
    return [row((20 + n, 0), 0, ("car", 1), (at, None, None, None), "UNFINISHED") for n in range(number)]


@pytest.mark.parametrize(
    ("every", "expected"), [("30 min", [0, 2]), ("10 h", [np.nan]), ("95 min", [1 / 95 * H, 3 / 95 * H])]
)
def test_flows_per_hour_on_other_grids(morning, every, expected):
    """At the first point and at the last; of one point there is no flow, and what follows the last is left out."""
    described = border(report_every=every)
    found = measure(described, lower(described), morning).series[Key("pass", "crossed_parties_per_hour")]
    np.testing.assert_allclose(found[[0, -1][: len(found)]], expected)


A_GATE = {"road": {"stretches": [{"files": 1}]}, "demand": {"car": {"all_day": {"constant": {"rate": "1/h"}}}}}
EIGHT_HOURS = {"timezone": "Europe/Moscow", "t0": "2022-09-21", "start": "2022-09-21", "horizon": "2022-09-21T08:00",
               "report_every": "1 h"}  # fmt: skip
A_LONG_PAUSE = {
    "servers": 1,
    "steps": [{"from": "2022-09-21T00:05", "servers": 0}, {"from": "2022-09-21T06:00", "servers": 1}],
}


def one_gate(clock=EIGHT_HOURS, **station):
    """One station on the road, from midnight to 08:00."""
    gate = {"staffing": 1, "service_time": "10 min"} | station
    return border(clock=clock, crossings={"pass": A_GATE | {"stations": {"gate": gate}}})


@pytest.mark.parametrize("ended", [None, 5], ids=["no end written", "end written"])
def test_an_interrupted_service_is_one_visit(ended):
    """Comes at 00:00, is served until 00:05 and from 06:00 to 06:05; another party is served afterwards, in one go."""
    gate = one_gate(EIGHT_HOURS | {"start": "2022-09-20T23:00"}, staffing=A_LONG_PAUSE, when_staff_leave="preempt")
    rows = [
        row((0, 0), 0, ("car", 2), (0, 0, ended, 5), "INTERRUPTED"),
        row((0, 1), 0, ("car", 2), (5, 360, 365, 365), "CROSSED", first=False),
        row((1, 0), 0, ("car", 1), (1, 365, 375, 375), "CROSSED"),
    ]
    measures = measure(gate, lower(gate), table(rows))
    series, totals = ({key[1:]: value for key, value in found.items()} for found in (measures.series, measures.totals))
    expected = {
        "visits": 2, "wait_per_visit": (355 + 364) / 2 / H, "service_per_visit": 10 / H, "blocked_per_visit": 0,
        "utilisation": 20 / 185,
    }  # fmt: skip
    for quantity, value in expected.items():
        assert totals[quantity, "station:gate"] == pytest.approx(value), quantity
    assert totals["wait_mean", "car/main"] == pytest.approx((355 + 364) / 2 / H)
    assert totals["person_hours_waited", "all"] == pytest.approx((2 * 355 + 364) / H)
    assert totals["arrived_parties", "all"] == totals["crossed_parties", "all"] == 2
    assert totals["unfinished_parties", "all"] == 0
    np.testing.assert_array_equal(series["queue", "all"], [0, 0, 2, 2, 2, 2, 2, 1, 0, 0])
    np.testing.assert_array_equal(series["in_system", "all"], [0, 1, 2, 2, 2, 2, 2, 2, 0, 0])
    assert series["quoted_wait", "car"][2] == 4  # two wait, one was called in the two hours before
    np.testing.assert_allclose(series["utilisation", "station:gate"], [0, 1, *[NAN] * 5, 15 / 60, 0, NAN])


def test_a_party_that_passes_every_station_by_is_no_visit():
    gate = one_gate()
    rows = [
        row((0, 0), 0, ("car", 2), (5, None, None, 5), "CROSSED", first=False),
        row((1, 0), 0, ("car", 1), (10, 10, 20, 20), "CROSSED"),
    ]
    totals = {key[1:]: value for key, value in measure(gate, lower(gate), table(rows)).totals.items()}
    assert totals["crossed_parties", "all"] == 2
    assert totals["visits", "station:gate"] == 1


def test_a_service_interrupted_for_good_is_not_over():
    gate = one_gate(staffing=A_LONG_PAUSE, when_staff_leave="preempt")
    rows = [
        row((0, 0), 0, ("car", 2), (1, 1, None, 5), "INTERRUPTED"),
        row((0, 1), 0, ("car", 2), (5, None, None, None), "UNFINISHED", first=False),
    ]
    totals = {key[1:]: value for key, value in measure(gate, lower(gate), table(rows)).totals.items()}
    assert totals["visits", "station:gate"] == 1
    assert np.isnan(totals["service_per_visit", "station:gate"])
    assert totals["wait_per_visit", "station:gate"] == 475 / 60  # it waits again, to the end at 08:00
    assert totals["unfinished_people", "all"] == 2
    assert totals["person_hours_waited", "all"] == pytest.approx(2 * 475 / H)


def test_servers_count_only_while_their_station_is_there():
    """Two servers, four from 05:00, at a station that is there from 02:30 to 06:00; one car is served 05:30-06:30."""
    gate = one_gate(
        staffing={"servers": 2, "steps": [{"from": "2022-09-21T05:00", "servers": 4}]},
        active_from="2022-09-21T02:30", active_until="2022-09-21T06:00",
    )  # fmt: skip
    measures = measure(gate, lower(gate), table([row((0, 0), 0, ("car", 1), (330, 330, 390, 390), "CROSSED")]))
    series = {key[1:]: value for key, value in measures.series.items()}
    np.testing.assert_array_equal(series["servers", "station:gate"], [0, 0, 1, 2, 2, 4, 0, 0, NAN])
    np.testing.assert_allclose(
        series["utilisation", "station:gate"], [NAN, NAN, 0, 0, 0, 30 / 240, 1, NAN, NAN]
    )  # what is finished after 06:00 counts as staffed
    assert measures.totals[Key("pass", "utilisation", "station:gate")] == pytest.approx(60 / (60 + 240 + 240 + 30))


def test_a_closed_station_is_staffed():
    gate = one_gate()
    closed = gate.crossings["pass"].model_copy(
        update={"changes": tuple(border(crossings={"pass": A_GATE | {
            "stations": {"gate": {"staffing": 1, "service_time": "10 min"}}, "changes": [{"close": True}],
        }}).crossings["pass"].changes)}
    )  # fmt: skip
    plan = lower(gate.model_copy(update={"crossings": {"pass": closed}}))
    assert (plan.opening[:, 3] == 0).any()
    assert [column.tolist() for column in staffing(plan, plan.staffing, 0)] == [[0], [1], [1]]


def test_nobody_quotes_more_than_twenty_days():
    """One is called in the first hour, thousands wait and nobody moves: as at a border that closes."""
    clock = EIGHT_HOURS | {"horizon": "2022-10-21"}
    gate = one_gate(clock)
    plan = lower(gate)
    assert plan.wait_step * plan.hazard.shape[-1] == LONGEST_QUOTE * 60 * MINUTE
    called = [row((0, 0), 0, ("car", 1), (1, 1, 11, 11), "CROSSED")]
    crowd = [row((n, 0), 0, ("car", 1), (2, None, None, None), "UNFINISHED") for n in range(1, 1001)]
    quoted = measure(gate, plan, table([*called, *crowd])).series[Key("pass", "quoted_wait", "car")]
    assert quoted[0] == 0
    assert (quoted[1:] == LONGEST_QUOTE).all()
    alone = measure(gate, plan, table([*called, crowd[0]])).series[Key("pass", "quoted_wait", "car")]
    assert alone[24] < LONGEST_QUOTE
    assert alone[-1] == LONGEST_QUOTE


def test_those_who_came_by_bike_or_on_foot_have_no_queue_to_pass(scenario, plan, morning):
    scopes = {key.scope for key in measure(scenario, plan, morning).totals if key.quantity == "past_queue_share"}
    assert scopes == {"all", "car", "truck"}


def test_no_array_is_compared_with_an_enum():
    """NumPy swallows a Ctrl-C that comes while it turns a member of an IntEnum into an array."""
    sources = (Path(measure.__code__.co_filename).parent).glob("*.py")
    found = [line for file in sources for line in file.read_text(encoding="utf-8").splitlines()
             if re.search(r"[!=]=\s*Outcome\b", line)]  # fmt: skip
    assert found == []
