"""Totals are of every instant of the run: they do not depend on how often the series are reported."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.reference.story import play
from sim.measures.names import Key
from sim.measures.replication import measure
from sim.scenario.model.scenario import Scenario
from tests.engine.build import scenario
from tests.measures.hand_made import MORNING, border, row, table, written

LOTS = {
    "trucks": {"classes": ["truck"], "capacity": 2},
    "late": {"classes": ["car", "truck"], "capacity": 3, "from": "2022-09-21T01:17:30"},
}


def crowded(report_every: str) -> Scenario:
    """The small border for 27 hours with more trucks, lots of which one opens late, and booths that close."""
    tree = written(report_every)
    tree["clock"] |= {"horizon": "2022-09-22T03:00"}
    place = tree["crossings"]["pass"]
    place["road"] = {"stretches": [{"until": "60 m", "files": 1}, {"files": 2}], "lots": LOTS}
    place["demand"]["truck"]["all_day"]["constant"]["rate"] = "5/h"
    shifts = [{"days": ["wed", "thu"], "from": "00:20", "until": "05:05", "servers": 0}]
    place["stations"]["booth"]["staffing"] = {"servers": 3, "shifts": shifts}
    place["stations"]["entry"]["staffing"] = {"servers": 3, "shifts": [shifts[0] | {"servers": 1}]}
    place["stations"]["entry"]["when_staff_leave"] = "preempt"
    return Scenario.model_validate(tree)


@pytest.mark.parametrize("coarse", ["7 min", "6 h", "2 d"])
def test_no_total_depends_on_the_points_of_the_series(coarse: str) -> None:
    scenario = crowded("1 min")
    plan = lower(scenario)
    records = play(plan, draw(scenario, plan, 5, 0))
    fine, rough = (measure(each, plan, records) for each in (scenario, crowded(coarse)))
    assert list(fine.totals) == list(rough.totals)
    for key, value in fine.totals.items():
        np.testing.assert_allclose(rough.totals[key], value, rtol=1e-12, err_msg=str(key))
    for quantity, least in (("max_queue_length", 0.04), ("blocked_hours", 1), ("max_quoted_wait", 1)):
        assert any(value > least for key, value in fine.totals.items() if key.quantity == quantity), quantity


def test_the_largest_queues_are_those_of_every_millisecond() -> None:
    """All instants of the morning are whole minutes, so points a minute apart miss nothing."""
    scenario = border("1 min")
    measures = measure(scenario, lower(scenario), table(MORNING))
    for quantity, total in (("queue", "max_queue"), ("queue_length", "max_queue_length")):
        series = {key: values for key, values in measures.series.items() if key.quantity == quantity}
        for key, values in series.items():
            if not key.scope.startswith("station:"):
                assert measures.totals[Key("pass", total, key.scope)] == values.max(), key


def gate(**station: object) -> Scenario:
    """One gate from midnight to 06:00, reported at the start and the end."""
    clock = {"timezone": "Etc/UTC", "t0": "2024-06-03", "start": "2024-06-03", "horizon": "2024-06-03T06:00"}
    place = {"road": {"stretches": [{"files": 1}]}, "stations": {"gate": {"service_time": "1 min"} | station}}
    return border(clock=clock | {"report_every": "6 h"}, crossings={"pass": place}, relief=None)


def test_a_queue_between_two_points_is_the_largest() -> None:
    """Three come at 0:10, 0:20 and 0:20 and are called at 0:30; the points are at 0:00 and 6:00."""
    scenario = gate(staffing=3)
    rows = [row((n, 0), 0, ("car", 2), (at, 30, 31, 31), "CROSSED") for n, at in enumerate((10, 20, 20))]
    totals = measure(scenario, lower(scenario), table(rows)).totals
    assert totals[Key("pass", "max_queue")] == totals[Key("pass", "max_queue", "car")] == 3
    assert totals[Key("pass", "max_queue_people")] == 6
    assert totals[Key("pass", "max_queue_length")] == 0.03


def test_who_is_called_on_arrival_is_never_in_the_queue() -> None:
    scenario = gate(staffing=1)
    rows = [row((n, 0), 0, ("car", 1), (n, n, n + 1, n + 1), "CROSSED") for n in range(5)]
    assert measure(scenario, lower(scenario), table(rows)).totals[Key("pass", "max_queue")] == 0


@pytest.mark.parametrize(
    ("until", "expected"), [(180, 3 / (0.5 + 2.5 + 2.5)), (20, (1 / 3) / (0.5 + 2.5)), (240, 4 / (0.5 + 3 + 2.5))]
)
def test_a_service_beyond_the_shift_counts_as_staffed_for_its_time_only(until: int, expected: float) -> None:
    """Staff leave at 0:30 and are back at 3:30; the service lasts from 0:00 to `until` (min)."""
    steps = [{"from": "2024-06-03T00:30", "servers": 0}, {"from": "2024-06-03T03:30", "servers": 1}]
    scenario = gate(staffing={"servers": 1, "steps": steps})
    records = table([row((0, 0), 0, ("car", 1), (0, 0, until, until), "CROSSED")])
    measures = measure(scenario, lower(scenario), records)
    key = Key("pass", "utilisation", "station:gate")
    assert measures.totals[key] == pytest.approx(expected)
    assert measures.series[key][0] == pytest.approx(expected)


def test_a_visit_blocked_to_the_end_counts() -> None:
    """One visit is served from 1:00 to 2:00 and blocked to the end at 4:00; another is blocked for an hour."""
    scenario = border()
    rows = [
        row((0, 0), 0, ("car", 1), (10, 60, 120, None), "UNFINISHED"),
        row((1, 0), 1, ("car", 1), (0, 0, 60, 120), "SERVED"),
        row((1, 1), 2, ("car", 1), (120, 120, 180, 180), "CROSSED", first=False),
    ]
    totals = measure(scenario, lower(scenario), table(rows)).totals
    assert totals[Key("pass", "blocked_hours", "station:gate")] == 2
    assert totals[Key("pass", "blocked_per_visit", "station:gate")] == 2
    assert totals[Key("pass", "blocked_share", "station:gate")] == 2 / 4
    assert totals[Key("pass", "utilisation", "station:gate")] == 1 / 4
    assert totals[Key("pass", "unfinished_parties", "station:gate")] == 1
    assert totals[Key("pass", "blocked_per_visit", "station:booth")] == 1
    assert totals[Key("pass", "blocked_hours", "station:booth")] == 1


def test_who_still_waits_counts_in_the_wait_of_the_station() -> None:
    """10 min until called, and 180 min of waiting up to the end at 04:00."""
    scenario = border()
    rows = [
        row((0, 0), 0, ("car", 1), (10, 20, 30, 30), "REFUSED"),
        row((1, 0), 0, ("car", 1), (60, None, None, None), "UNFINISHED"),
        row((2, 0), 0, ("car", 1), (60, None, None, 90), "RENEGED"),
    ]
    totals = measure(scenario, lower(scenario), table(rows)).totals
    assert totals[Key("pass", "wait_per_visit", "station:gate")] == pytest.approx((10 + 180) / 2 / 60)
    assert totals[Key("pass", "visits", "station:gate")] == 3


def test_the_worst_day_of_a_station() -> None:
    """Busy for 2 of 12 hours on the first day and 6 of 12 on the second; not staffed on the third."""
    clock = {"timezone": "Etc/UTC", "t0": "2024-06-03", "start": "2024-06-03", "horizon": "2024-06-06"}
    hours = [{"days": ["mon", "tue"], "from": "08:00", "until": "20:00", "servers": 1}]
    stations = {"gate": {"service_time": "1 h", "staffing": {"servers": 0, "shifts": hours}}}
    place = {"road": {"stretches": [{"files": 1}]}, "stations": stations}
    scenario = border(clock=clock | {"report_every": "5 h"}, crossings={"pass": place}, relief=None)
    services = ((8 * 60, 10 * 60), (34 * 60, 40 * 60))
    rows = [row((n, 0), 0, ("car", 1), (begin, begin, end, end), "CROSSED") for n, (begin, end) in enumerate(services)]
    totals = measure(scenario, lower(scenario), table(rows)).totals
    assert totals[Key("pass", "utilisation_worst_day", "station:gate")] == 1 / 2
    assert totals[Key("pass", "utilisation", "station:gate")] == 8 / 24


def test_a_closed_way_quotes_no_wait() -> None:
    changes = [{"from": "2022-09-21T06:00", "until": "2022-09-21T12:00", "stations": ["t"], "close": True}]
    stations = {"s": {"staffing": 1, "service_time": "3 min"}, "t": {"staffing": 1, "service_time": "1 min"}}
    example = scenario(stations, demand={"car": "25/h"}, changes=changes, report_every="30 min")  # as quotes are
    plan = lower(example)
    measured = measure(example, plan, play(plan, draw(example, plan, 1, 0)))
    quoted = measured.series[Key("x", "quoted_wait", "car")]
    hours = (measured.at - plan.start) / 3_600_000
    assert np.array_equal(np.isnan(quoted), (hours >= 6) & (hours < 12))
    assert measured.totals[Key("x", "max_quoted_wait", "car")] >= np.nanmax(quoted[:-1])
