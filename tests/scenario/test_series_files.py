"""A row of `reported` with a file of points: what is read, and what is said of a file that cannot be."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.model.reported_series import ReportedSeries
from sim.scenario.text.load_scenario import load

ROW = (
    "{id: board, series: board.csv, crossing: c, quantity: QUANTITY, classes: [car]KEYS, "
    "who: w, source: s, date: d, reading: r}"
)
SCENARIO = """
name: tiny
title: Tiny
clock: {timezone: Europe/Lisbon, t0: 2025-03-03, start: 2025-03-03, horizon: 2025-03-04}
classes: {car: {}}
crossings: {c: {stations: {booth: {staffing: 1, service_time: 1 min}}, demand: {car: {all: {constant: {rate: 20/h}}}}}}
reported:
  - ROW
"""


def read(folder: Path, lines: str, keys: str = "", quantity: str = "quoted_wait") -> ReportedSeries:
    (folder / "board.csv").write_text(lines, encoding="utf-8")
    row = ROW.replace("QUANTITY", quantity).replace("KEYS", f", {keys}" if keys else "")
    (folder / "tiny.yaml").write_text(SCENARIO.replace("ROW", row), encoding="utf-8")
    (series,) = load(folder / "tiny.yaml").scenario.reported_series
    return series


def fault(folder: Path, *arguments: str) -> str:
    with pytest.raises(ScenarioError) as error:
        read(folder, *arguments)
    return str(error.value)


def test_units_signs_and_gaps(tmp_path):
    series = read(tmp_path, "at,wait_min\n2025-03-03T09:00,30\n2025-03-03T10:00,\n2025-03-03T11:00,>120\n")
    assert [(point.value, point.qualifier) for point in series.series] == [(0.5, "="), (2.0, "more than")]
    assert series.series[1].from_ == datetime(2025, 3, 3, 11)


def test_a_unit_a_column_and_rows_of_one_kind(tmp_path):
    lines = "time,lane,delay,open\n2025-03-03 09:00,a,5,1\n2025-03-03 09:00,b,7,1\n"
    series = read(tmp_path, lines, "column: delay, unit: min, only: {lane: b}")
    assert [60 * point.value for point in series.series] == [pytest.approx(7.0)]


def test_windows_and_qualifiers(tmp_path):
    lines = "from,until,share,qualifier\n2025-03-03T08:00,2025-03-03T10:00,12 %,at most\n"
    (point,) = read(tmp_path, lines, "", "gave_up_share").series
    assert (point.until.hour, point.value, point.qualifier) == (10, 0.12, "at most")


def test_instants_of_another_zone_are_kept_in_utc(tmp_path):
    series = read(tmp_path, "at,wait_min\n2025-03-03T09:00,30\n", "timezone: Europe/Madrid")
    assert series.series[0].from_.isoformat() == "2025-03-03T08:00:00+00:00"


@pytest.mark.parametrize(
    ("lines", "keys", "said"),
    [
        ("at,wait_min\n2025-03-03T09:00,30\n2025-03-03T10:00,31\n2025-03-03T11:00,soon\n", "", "board.csv:4:1"),
        ("at,wait_min\n2025-03-03T09:00,-3\n", "", "the value is below 0"),
        ("at,wait\n2025-03-03T09:00,3\n", "", "unit: min"),
        ("at,wait_min\n2025-03-03T09:00,3\n2025-03-03T09:00,4\n", "", "two rows are for 2025-03-03T09:00"),
        ("at,wait_min,qualifier\n2025-03-03T09:00,3,roughly\n", "", "'roughly' is none of"),
        ("at,wait_min\n2025-03-03T09:00,3\n", "column: wait_mn", "wait_mn"),
        ("at,wait_min\n2025-03-03T09:00,3\n", "timezone: Europe/Lisboa", "unknown time zone"),
        ("at,wait_min\n2024-03-03T09:00,3\n", "", "no point lies in the run"),
    ],
)
def test_faults_name_the_file_and_what_would_be_right(tmp_path, lines, keys, said):
    assert said in fault(tmp_path, lines, keys)


def test_a_station_is_for_what_is_counted_there(tmp_path):
    assert "needs the station" in fault(tmp_path, "at,share\n2025-03-03T09:00,0.3\n", "", "utilisation")
    what = fault(tmp_path, "at,share\n2025-03-03T09:00,0.3\n", "station: boothe", "utilisation")
    assert "no station or pool 'boothe'" in what
