"""The CSV files of a scenario: timetables, bookings, logs, calendars, profiles and steps, and mistakes in them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.checks.warnings import warning_lines
from sim.scenario.text.load_scenario import load

SCENARIO = """
name: port
title: A port
clock: {timezone: UTC, t0: 2024-07-01, start: 2024-07-01, horizon: 2024-07-03}
classes:
  car: {spacing: 7 m, people: 2, men_share: 0}
  foot: {spacing: 1 m, people: 2, men_share: 0}
crossings:
  port:
    road: {stretches: [{files: 1}]}
    stations:
      hall: {staffing: {servers: 2, steps: steps.csv}, service_time: 90 s}
    demand:
      foot:
        ferries: {schedule: {rows: ferries.csv, spread: 20 min}}
      car:
        ferries: {schedule: ferries.csv}
        slots: {bookings: {rows: slots.csv, no_show: 10 %}}
        seen: {log: seen.csv}
        others: {constant: {rate: 10/h, hours: hours.csv, weekdays: days.csv}, calendar: calendar.csv}
"""
FILES = {
    "steps.csv": "from,servers\n2024-07-01T06:00,3\n2024-07-02,4\n",
    "ferries.csv": "at,class,people,parties,delay,days,every,until\n"
    "2024-07-01T06:30,foot,300,,,,,\n06:30,car,,80,5 min,mon tue,,\n"
    "2024-07-02T09:00,foot,200,,,,2 h,2024-07-02T20:00\n",
    "slots.csv": "at,parties\n2024-07-01T08:00,4\n2024-07-01T08:30,5\n",
    "seen.csv": "at,class,people,hall\n2024-07-01T06:30:20,car,3,\n2024-07-01T06:31,foot,,60 s\n"
    "2024-07-01T07:00,car,,75 s\n",
    "hours.csv": "hour,factor\n" + "".join(f"{hour},{hour % 3}\n" for hour in range(24)),
    "days.csv": "day,factor\nmon,1\ntue,1\nwed,1\nthu,1\nfri,2\nsat,2\nsun,0.5\n",
    "calendar.csv": "date,factor\n2024-07-02,1.5\n2024-12-25,0\n",
}


def written(folder: Path, **changed: str) -> Path:
    """Write the scenario and its files, some of them changed (`seen="..."`)."""
    for name, text in FILES.items():
        (folder / name).write_text(changed.get(name.removesuffix(".csv"), text), encoding="utf-8")
    path = folder / "s.yaml"
    path.write_text(changed.get("scenario", SCENARIO), encoding="utf-8")
    return path


def test_every_list_may_be_a_file(tmp_path: Path) -> None:
    crossing = load(written(tmp_path)).scenario.crossings["port"]
    assert [step.servers for step in crossing.stations["hall"].staffing.steps] == [3, 4]
    foot, car = crossing.demand["foot"], crossing.demand["car"]
    assert foot["ferries"].schedule is not None
    assert car["ferries"].schedule is not None
    assert [(row.at, row.people) for row in foot["ferries"].schedule.rows] == [
        (datetime(2024, 7, 1, 6, 30), 300), (datetime(2024, 7, 2, 9), 200),
    ]  # fmt: skip
    row = car["ferries"].schedule.rows[0]
    assert (row.at, row.days, row.parties) == (timedelta(hours=6.5), ("mon", "tue"), 80)
    assert row.delay is not None
    assert row.delay.mean == 300
    assert car["slots"].bookings is not None
    assert car["seen"].log is not None
    assert [row.parties for row in car["slots"].bookings.rows] == [4, 5]
    assert [(row.people, row.service_times) for row in car["seen"].log.rows] == [(3, {}), (None, {"hall": 75})]
    others = car["others"]
    assert others.constant is not None
    assert others.constant.hours == tuple(float(hour % 3) for hour in range(24))
    assert others.constant.weekdays is not None
    assert others.constant.weekdays["sun"] == 0.5
    assert others.calendar == {date(2024, 7, 2): 1.5, date(2024, 12, 25): 0}


def test_origins_may_name_files_too(tmp_path: Path) -> None:
    network = """network:
  choice: {travel: -1, wait: -1}
  origins:
    town: {travel: {port: 1 h}, demand: {car: {buses: {schedule: slots.csv}}}}
"""
    scenario = load(written(tmp_path, scenario=SCENARIO + network)).scenario
    assert scenario.network is not None
    part = scenario.network.origins["town"].demand["car"]["buses"]
    assert part.schedule is not None
    assert [row.parties for row in part.schedule.rows] == [4, 5]


PART = "crossings.port.demand.car"
TIMES = "schedule: ferries.csv"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("steps", "from,servers", "from,booths", "steps.csv:1:1: expected the columns from,servers; got from,booths"),
        ("steps", "from,servers", "from,servers,note", "steps.csv:1:1: unknown column 'note'; expected the"),
        ("steps", FILES["steps.csv"], "", "steps.csv:1:1: is empty; expected the columns from,servers, then the rows"),
        ("steps", ",4\n", ",4.5\n", "steps.csv:3:12: crossings.port.stations.hall.staffing.steps[1].servers: expected"),
        ("steps", "2024-07-02,4", "2024-06-02,4", "steps[1].from: must be later than the step before (2024-07-01"),
        ("ferries", "at,class", "on,class", "ferries.csv:1:1: expected the columns at, and if needed class, parties"),
        ("ferries", "people,", "peple,", "ferries.csv:1:1: unknown column 'peple'; did you mean 'people'?"),
        ("ferries", "people,parties", "people,people", "ferries.csv:1:1: two columns have the same name"),
        ("ferries", ",80,", ",,", f"ferries.csv:3:1: {PART}.ferries.schedule.rows[0]: needs 'parties' or"),
        ("ferries", "300,,", "300,5,", "ferries.csv:2:1: crossings.port.demand.foot.ferries.schedule.rows[0]: needs"),
        ("ferries", "5 min", "5", f"ferries.csv:3:15: {PART}.ferries.schedule.rows[0].delay: a number needs its unit"),
        ("ferries", "mon tue", "mon tu", f"ferries.csv:3:21: {PART}.ferries.schedule.rows[0].days[1]: expected mon"),
        ("ferries", "06:30,car", "6.30,car", f"{PART}.ferries.schedule.rows[0].at: expected a date and time such as"),
        ("ferries", "06:30,car", "6:30,car", f"{PART}.ferries.schedule.rows[0].at: expected a time of day such as"),
        ("ferries", ",2 h,", ",,", "ferries.csv:4:1: crossings.port.demand.foot.ferries.schedule.rows[1]: 'every' and"),
        ("ferries", "2 h,2024-07-02T20:00", "2 h,20:00", "must both have a date, or both be times of day"),
        ("ferries", "T20:00", "T08:00", "foot.ferries.schedule.rows[1]: until must be later than at"),
        ("ferries", ",car,", ",cars,", "ferries.csv:1:1: has no row of class 'car'; its classes are cars, foot"),
        ("ferries", "2024-07-01T06:30,foot,300", "2024-07-01T06:30,foot", "ferries.csv:2:1: expected 8 cells; got 7"),
        ("slots", "at,parties", "at;parties", "and if needed class, days, every, until; separate them by commas"),
        ("slots", "at,parties", "at,people", "slots.csv:1:1: expected the columns at,parties, and if needed class"),
        ("slots", ",4\n", ",\n", f"slots.csv:2:1: {PART}.slots.bookings.rows[0].parties: expected a whole number"),
        ("seen", ",3,", ",0,", f"seen.csv:2:25: {PART}.seen.log.rows[0].people: must be at least 1; got 0"),
        ("seen", "people,hall", "people,hal", f"seen.csv:4:23: {PART}.seen.log.rows[1].service_times.hal: there is no"),
        ("seen", "75 s", "75", f"seen.csv:4:23: {PART}.seen.log.rows[1].service_times.hall: a number needs its unit"),
        ("seen", "T07:00", " 7:00", f"seen.csv:4:1: {PART}.seen.log.rows[1].at: expected a date or a local time"),
        ("hours", "5,2\n", "6,2\n", "hours.csv:7:1: expected hour 5 here; got 6"),
        ("hours", "23,2\n", "", "hours.csv:1:1: expected 24 rows, one for each hour from 0 to 23; got 23"),
        ("hours", "7,1", "7,x", f"hours.csv:9:3: {PART}.others.constant.hours[7]: expected a number; got 'x'"),
        ("days", "fri,2\n", "", f"{PART}.others.constant: weekdays: needs all of mon, tue"),
        ("calendar", "2024-12-25", "25.12.2024", f"{PART}.others.calendar.25.12.2024: expected a date such as"),
        ("calendar", "2024-12-25", "2024-07-02", "calendar.csv:3:1: date '2024-07-02' occurs twice; give it once"),
        ("calendar", ",1.5", ",-1", f"calendar.csv:2:12: {PART}.others.calendar.2024-07-02: must be at least 0; got"),
        ("scenario", "seen.csv", "sen.csv", f"{PART}.seen.log: there is no file"),
        ("scenario", "seen.csv", "5", f"{PART}.seen.log: expected a CSV file or a list of rows; got 5"),
    ],
)  # fmt: skip
def test_one_mistake_one_sentence(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    text = SCENARIO if file == "scenario" else FILES[f"{file}.csv"]
    assert old in text
    with pytest.raises(ScenarioError) as error:
        load(written(tmp_path, **{file: text.replace(old, new, 1)}))
    assert said in str(error.value)
    assert len(error.value.problems) <= 2


@pytest.mark.parametrize(
    ("file", "rows", "path"),
    [
        ("steps", "2025-07-01,5\n", "stations.hall.staffing.steps: 1 of 3 rows is after the end of the run"),
        ("ferries", "2025-07-01,foot,1,,,,,\n", "demand.foot.ferries.schedule: 1 of 3 rows is due outside the run"),
        ("slots", "2025-07-01,5\n2020-01-01,2\n", "demand.car.slots.bookings: 2 of 4 rows are due outside the run"),
        ("seen", "2025-07-01,car,,\n", "demand.car.seen.log: 1 of 3 rows is outside the run"),
        ("calendar", "2025-07-01,5\n", ""),
    ],
)
def test_rows_outside_the_run_are_left_out_with_a_note(tmp_path: Path, file: str, rows: str, path: str) -> None:
    scenario = load(written(tmp_path, **{file: FILES[f"{file}.csv"] + rows})).scenario
    notes = [line for line in warning_lines(scenario, {}, ()) if "run (" in line]
    where = "(2024-07-01T00:00 to 2024-07-03T00:00)"
    assert notes == ([f"crossings.port.{path} {where}"] if path else [])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (TIMES, "schedule: [{at: 2025-01-01, parties: 3}]", "schedule: no row falls within the run"),
        (TIMES, "schedule: []", "schedule: needs at least one row"),
        (TIMES, "schedule: [{at: 06:00, days: [sat], parties: 3}]", "schedule: no row falls within"),
        (TIMES, "schedule: [{at: 2024-07-01, days: [mon], parties: 3}]", "'days' goes with a time of"),
        (TIMES, "schedule: [{at: 06:00, every: 1 s, until: 24:00, parties: 3}]", "names more than 1"),
        (TIMES, "schedule: [{at: 06:00, parties: 3}], bursts: 4", "'bursts' goes with random arrivals"),
        ("log: seen.csv", "log: seen.csv, calendar: calendar.csv", "a log is played as it was; leave 'calendar' out"),
        ("log: seen.csv", "log: seen.csv, exact: true", "'exact' goes with a table of counts; the part has 'log'"),
        ("{rate: 10/h", "{rate: 10/h, day: 3", "unknown key 'day'; expected rate, hours or weekdays"),
        ("calendar: calendar.csv", "calendar: {2025-07-01: 0}", "others.calendar: no date falls within the run"),
        ("calendar: calendar.csv", "calendar: [1]", "others.calendar: expected a CSV file, or factors by date such as"),
        ("calendar: calendar.csv", "bursts: many", "others.bursts: expected a whole number from 1 to 200, shares such"),
        ("calendar: calendar.csv", "bursts: {0: 100 %}", "others.bursts.0: expected a whole number of parties"),
        ("calendar: calendar.csv", "day_factor: 300 %", "others.day_factor: must be at most 200 %; got '300 %'"),
        ("no_show: 10 %", "early: {share: 70 %, by: 1 h}, late: {share: 40 %, by: 1 h}", "they add up to 110 %"),
        ("no_show: 10 %", "late: {share: 40 %, by: 1 h, then: wait}", "so 'wait' is only for early parties"),
        ("no_show: 10 %", "early: {share: 40 %, by: 1 h, then: stay}", "early.then: expected let_in, wait or"),
        ("service_time: 90 s", "service_time: 90 s, serves: [foot]", "does not serve class 'car'"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SCENARIO
    with pytest.raises(ScenarioError) as error:
        load(written(tmp_path, scenario=SCENARIO.replace(old, new, 1)))
    assert said in str(error.value)


def test_origins_have_no_slots_and_no_stations(tmp_path: Path) -> None:
    network = """network:
  choice: {travel: -1, wait: -1}
  origins:
    town: {travel: {port: 1 h}, demand: {car: {slots: {bookings: slots.csv}, seen: {log: seen.csv}}}}
"""
    with pytest.raises(ScenarioError) as error:
        load(written(tmp_path, scenario=SCENARIO + network))
    assert "town.demand.car.slots.bookings: slots belong to a crossing" in str(error.value)
    assert "town.demand.car.seen.log.rows[1].service_times.hall: parties from an origin choose their" in str(
        error.value
    )


def test_an_intervention_may_set_a_file_and_scale_numbers(tmp_path: Path) -> None:
    interventions = """interventions:
  other:
    description: Another timetable.
    set:
      demand.car.ferries.schedule: slots.csv
      crossings.port.stations.hall.staffing.steps: [{from: 2024-07-02, servers: 9}]
  more:
    description: Twice the demand.
    scale: {demand.car.slots: 2, demand.foot: 2, demand.car.others: 2}
"""
    path = written(tmp_path, scenario=SCENARIO + interventions)
    share = "demand.car.ferries.schedule.share=30 %"
    demand = load(path, [share], ["other", "more"]).scenario.crossings["port"].demand
    assert demand["car"]["ferries"].schedule is not None
    assert demand["car"]["slots"].bookings is not None
    assert demand["car"]["ferries"].schedule.share == 0.3
    assert [row.parties for row in demand["car"]["ferries"].schedule.rows] == [4, 5]
    assert [row.parties for row in demand["car"]["slots"].bookings.rows] == [8, 10]
    assert demand["car"]["slots"].bookings.no_show == 0.1
    foot = demand["foot"]["ferries"].schedule
    assert foot is not None
    assert [row.people for row in foot.rows] == [600, 400]
    assert (foot.spread.mean, foot.rows[1].every) == (600, 7200)
    others = demand["car"]["others"]
    assert others.constant is not None
    assert others.constant.rate == 20
    assert others.calendar[date(2024, 7, 2)] == 1.5
    with pytest.raises(ScenarioError, match=r"interventions.other.*: there is no file"):
        load(written(tmp_path, scenario=SCENARIO + interventions.replace("slots.csv", "slot.csv")))
