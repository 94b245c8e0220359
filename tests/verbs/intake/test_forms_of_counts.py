"""Counts as offices write them: an hour beside a date, a column for each hour or class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.scenario.text.load_scenario import load
from sim.table.hour_headings import hours_in
from tests.verbs.intake.test_command import at, done, refused, written  # noqa: F401

DAYS = 14
COUNTS = np.random.default_rng(5).poisson(np.tile(np.concatenate([np.full(8, 2), np.full(16, 20)]), DAYS))
INTO = ("--into", "new.yaml", "--zone", "Europe/Madrid")


def day(n: int) -> str:
    return f"{1 + n:02d}.07.2026"


@pytest.mark.parametrize(("heading", "first"), [("Stunde", 0), ("hour", 1), ("Std", 0), ("час", 1), ("heure", 0)])
def test_an_hour_beside_a_date_is_an_hour_of_the_day(at: Path, heading: str, first: int) -> None:  # noqa: F811
    rows = [f"{day(n // 24)};{n % 24 + first};{count}" for n, count in enumerate(COUNTS)]
    text = done("arrivals", written(at, "\n".join([f"Datum;{heading};Fahrzeuge", *rows])), *INTO)
    assert f"{len(COUNTS)} counts of 1 h, {COUNTS.sum():,} parties" in text
    assert f"hour of the day, {first} to {23 + first}" in " ".join(text.split())
    hours = load("new.yaml").scenario.crossings["new"].demand["car"]["everyday"].constant
    assert hours is not None
    assert hours.hours[7] < 0.5 < 1 < hours.hours[8]


@pytest.mark.parametrize("form", ["{}:00", "{:02d}", "{}h", "{0:02d}:00-{1:02d}:00", "{} Uhr"])
def test_a_table_of_dates_by_hours_is_read_by_hour(at: Path, form: str) -> None:  # noqa: F811
    head = ",".join(["Datum", *(form.format(hour, hour + 1) for hour in range(24))])
    rows = [",".join([day(n), *map(str, COUNTS[24 * n : 24 * n + 24])]) for n in range(DAYS)]
    text = done("arrivals", written(at, "\n".join([head, *rows])), *INTO)
    assert f"{len(COUNTS)} counts of 1 h, {COUNTS.sum():,} parties" in text
    hours = load("new.yaml").scenario.crossings["new"].demand["car"]["everyday"].constant
    assert hours is not None
    assert hours.hours[7] < 0.5 < 1 < hours.hours[8]


def test_hours_numbered_from_one_begin_an_hour_earlier() -> None:
    assert list(hours_in([f"{n}" for n in range(1, 25)]).values()) == [60 * n for n in range(24)]
    assert not hours_in(["5", "3", "4", "8", "12", "9", "7", "1", "0"])
    assert not hours_in(["1", "2", "3"])


def pairs(at: Path) -> str:  # noqa: F811
    rows = [f"{day(n // 24)} {n % 24}:00,{count},{count // 4}" for n, count in enumerate(COUNTS)]
    return written(at, "\n".join(["Zeit,Anzahl PKW,Anzahl LKW", *rows]))


def test_columns_of_several_classes_are_all_read(at: Path) -> None:  # noqa: F811
    text = done("arrivals", pairs(at), *INTO)
    assert f"truck: {len(COUNTS)} counts of 1 h, {(COUNTS // 4).sum():,} parties" in text
    assert {cls: str(made.kind) for cls, made in load("new.yaml").scenario.classes.items()}.keys() == {"car", "truck"}


def test_a_class_that_is_not_there_is_named_and_told_how_to_add(at: Path) -> None:  # noqa: F811
    file = pairs(at)
    done("arrivals", written(at, (at / file).read_text().replace(",Anzahl LKW", ",id"), "cars.csv"), *INTO)
    assert "add `truck: {kind: truck}` under `classes`" in done("arrivals", file, *INTO)
    assert "Add `truck: {kind: truck}` under" in refused("arrivals", file, *INTO, "--class", "truck")
    text = (at / "new.yaml").read_text().replace("  car: {kind: car}", "  car: {kind: car}\n  truck: {kind: truck}")
    (at / "new.yaml").write_text(text)
    said = done("arrivals", file, *INTO, "--class", "truck")
    assert f"truck: {len(COUNTS)} counts of 1 h, {(COUNTS // 4).sum():,} parties" in said
    assert "car" in load("new.yaml").scenario.crossings["new"].demand


def test_a_role_given_twice_is_an_error(at: Path) -> None:  # noqa: F811
    words = ["--column", "count=Anzahl PKW", "--column", "count=Anzahl LKW"]
    assert "count is given twice, as Anzahl PKW and Anzahl LKW" in refused("arrivals", pairs(at), *INTO, *words)


def hourly(first: str, counts: list[int]) -> list[str]:
    begin = np.datetime64(first, "h")
    return [f"{begin + n}:00,{count}" for n, count in enumerate(counts)]


def test_an_hour_that_does_not_exist_is_said(at: Path) -> None:  # noqa: F811
    text = done(
        "arrivals", written(at, "\n".join(["time,cars", *hourly("2026-03-28T00", list(range(60, 12, -1)))])), *INTO
    )
    assert "time: 1 local time does not exist, as clocks change in Europe/Madrid; the end of the skipped hour" in text
    assert "1 row repeats the time of another; the counts of both are added" in text
    assert "twice" not in text


def test_rows_of_two_lanes_are_added_though_some_are_equal(at: Path) -> None:  # noqa: F811
    rows = hourly("2026-07-01T00", COUNTS.tolist())
    assert f"{2 * COUNTS.sum():,} parties" in done(
        "arrivals", written(at, "\n".join(["time,cars", *(row for row in rows for _ in "ab")])), *INTO
    )


@pytest.mark.parametrize(("wrong", "warned"), [(0.05, False), (0.4, True), (0.6, True)])
def test_rows_that_cannot_be_used_are_said_first(at: Path, wrong: float, warned: bool) -> None:  # noqa: F811
    rows = hourly("2026-07-01T00", COUNTS.tolist())
    many = round(wrong * len(rows))
    rows[:many] = [f"{row.split(',')[0]},many" for row in rows[:many]]
    words = ["--column", "count=cars"]
    file = written(at, "\n".join(["time,cars", *rows]))
    if wrong > 0.5:
        message = refused("arrivals", file, *INTO, *words)
        assert f"{many} of {len(rows)} rows (60 %) cannot be used; the first is line 2 (cars: 'many' is not" in message
        assert not (at / "new.yaml").exists()
        words.append("--partial")
    text = done("arrivals", file, *INTO, *words)
    assert (f"Careful: {many} of {len(rows)} rows" in text) == warned
    assert not warned or text.index("Careful") < text.index("read as")
