"""Instants, numbers and durations as people write them, and columns found by what they mean."""

import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import SimError
from sim.table.columns import Role
from sim.table.numbers import read_durations, read_numbers, words_of
from sim.table.read import read_rows
from sim.table.reader import Reader
from sim.table.times import form_of, local_seconds, read_times, text_of

KYIV = "Europe/Kyiv"
WHEN = Role(("time", "at", "day", "hour"), alone=True)


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-25 14:30",
        "2026-07-25T14:30:00",
        "2026/07/25 14:30",
        "25.07.2026 14:30",
        "07/25/2026 2:30 PM",
        "25 July 2026 14:30",
        "Sat, 25 Jul 2026 14:30",
        "Jul 25, 2026 2:30 pm",
        "20260725T1430",
        "2026-07-25T11:30Z",
        "2026-07-25 13:30+02:00",
        "2026-07-25T07:30-0400",
    ],
)
def test_an_instant_is_read_however_it_is_written(text: str) -> None:
    cells = pa.array([text])
    form = form_of("seen", cells)
    assert form is not None
    assert text_of(float(read_times(cells, form, KYIV).at[0]), KYIV) == "2026-07-25T14:30"


@given(st.datetimes(datetime.datetime(1980, 1, 1), datetime.datetime(2037, 1, 1)))
def test_instants_agree_with_the_standard_library(moment: datetime.datetime) -> None:
    moment = moment.replace(microsecond=0, fold=0)
    local = moment.replace(tzinfo=ZoneInfo(KYIV))
    if local.astimezone(datetime.UTC).astimezone(ZoneInfo(KYIV)).replace(tzinfo=None) != moment:
        return  # an hour that the clocks skip
    cells = pa.array([moment.isoformat()])
    form = form_of("at", cells)
    assert form is not None
    found = read_times(cells, form, KYIV).at
    assert found[0] == local.timestamp()
    assert local_seconds(found, KYIV)[0] == moment.replace(tzinfo=datetime.UTC).timestamp()


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "31.04.2026", "2026-07-04 25:00"])
def test_a_date_that_does_not_exist_is_no_instant(text: str) -> None:
    cells = pa.array([text, "01.01.2026" if "." in text else "2026-01-01 00:00"])
    form = form_of("at", cells)
    assert form is not None
    assert np.isnan(read_times(cells, form, "UTC").at).tolist() == [True, False]


@pytest.mark.parametrize(
    ("dates", "day_first", "doubt"),
    [
        (["03/04/2026", "13/04/2026"], True, False),
        (["03/04/2026", "03/14/2026"], False, False),
        (["01/02/2026", "02/02/2026", "03/02/2026", "04/02/2026"], True, False),
        (["02/01/2026", "02/02/2026", "02/03/2026", "02/04/2026"], False, False),
        (["03/04/2026"], True, True),
    ],
)
def test_the_order_of_day_and_month_follows_from_the_data(dates: list[str], day_first: bool, doubt: bool) -> None:
    form = form_of("day", pa.array(dates))
    assert form is not None
    assert (form.day_first, bool(form.doubt)) == (day_first, doubt)


def test_local_times_at_the_change_of_clocks_are_counted() -> None:
    cells = pa.array(["2026-03-29 03:30", "2026-10-25 03:30", "2026-07-04 03:30"])
    form = form_of("at", cells)
    assert form is not None
    found = read_times(cells, form, KYIV)
    assert (found.unclear, found.skipped) == (1, 1)
    assert text_of(float(found.at[1]), "UTC") == "2026-10-25T00:30"


def test_numbers_of_several_countries() -> None:
    assert read_numbers(pa.array(["1,234.5", "1 234", "12 %", "-3", "x"])).tolist()[:4] == [1234.5, 1234, 12, -3]
    assert read_numbers(pa.array(["1.234,5", "0,5", "3"])).tolist() == [1234.5, 0.5, 3]


def test_the_rest_of_a_file_says_what_a_dot_divides(tmp_path: Path) -> None:
    when = "at;share;n\n24.10.2026 22:00;{};1.234\n24.10.2026 23:00;3;17\n"
    for share, n in (("12,5", 1234), ("12.5", 1.234), ("12", 1.234)):
        found = a_reader(tmp_path, when.format(share)).numbers("count", Role(("n",)))
        assert found is not None
        assert found.tolist() == [n, 17]
    assert read_numbers(pa.array(["1.234.567", "1.234"])).tolist() == [1234567, 1234]
    assert read_numbers(pa.array(["1.234", "1.5"]), commas=True).tolist() == [1.234, 1.5]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    ("clocks", "hours"),
    [
        ("01:00 02:00 02:00 03:00", "23:00 00:00 01:00 02:00"),
        ("01:30 02:00 02:30 02:00 02:30 03:00", "23:30 00:00 00:30 01:00 01:30 02:00"),
        ("01:00 01:00 02:00 02:00 02:00 02:00 03:00 03:00", "23:00 23:00 00:00 00:00 01:00 01:00 02:00 02:00"),
        ("01:00 01:00 02:00 02:00 03:00 03:00", "23:00 23:00 00:00 00:00 02:00 02:00"),
        ("01:00 02:00 03:00", "23:00 00:00 02:00"),
    ],
)
def test_an_hour_that_exists_twice_is_told_by_the_order_of_rows(clocks: str, hours: str, backwards: bool) -> None:
    way = -1 if backwards else 1
    cells = pa.array([f"25.10.2026 {clock}" for clock in clocks.split()][::way])
    form = form_of("at", cells)
    assert form is not None
    found = read_times(cells, form, "Europe/Warsaw")
    assert [text_of(at, "UTC")[-5:] for at in found.at[::way]] == hours.split()
    assert bool(found.ordered) is (hours.count("01:") > 0)
    assert bool(found.unclear) is not bool(found.ordered)


def test_durations_with_their_units() -> None:
    cells = pa.array(["90", "1:30", "00:01:30", "1.5 min", "90s"])
    found = read_durations("service", cells)
    assert found.seconds.tolist() == [90] * 5
    assert found.guessed
    assert read_durations("wait_min", pa.array(["2"])).seconds.tolist() == [120]
    assert read_durations("wait (h)", pa.array(["1:30"])).seconds.tolist() == [5400]


@pytest.mark.parametrize(
    ("heading", "cells", "seconds"),
    [
        ("wait", ["1:50", "0:05"], [6600, 300]),
        ("wait", ["45:10", "30:00"], [2710, 1800]),
        ("wait", ["0", "60", "20"], [0, 3600, 1200]),
        ("wait", ["0", "6000", "2000"], [0, 6000, 2000]),
        ("service", ["1:50", "0:05"], [110, 5]),
        ("wait", ["1 day, 1:00:00", "0:05:00"], [90000, 300]),
    ],
)
def test_waits_without_a_unit_are_read_as_is_likely(
    tmp_path: Path, heading: str, cells: list[str], seconds: list[float]
) -> None:
    found = read_durations(heading, pa.array(cells))
    assert found.seconds.tolist() == seconds
    assert found.guessed is (heading == "wait" and "day" not in cells[0])
    text = f"at;{heading}\n" + "".join(f"2026-07-04 1{n}:00;{cell}\n" for n, cell in enumerate(cells))
    if heading == "wait" and ":" in cells[0]:  # for a reader that wants numbers
        minutes = a_reader(tmp_path, text).numbers("value", Role(("wait",)))
        assert minutes is not None
        assert (minutes * 60).tolist() == pytest.approx(seconds)


def test_words_of_a_heading() -> None:
    assert words_of("waitMean_min (s)") == ["wait", "mean", "min", "s"]


def a_reader(folder: Path, text: str, **more: object) -> Reader:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return Reader(read_rows(path), **more)  # type: ignore[arg-type]


def test_columns_are_found_by_what_they_mean(tmp_path: Path) -> None:
    reader = a_reader(tmp_path, "id,Date,Hour,Cars,Lane\n7,2026-07-04,9,12,red\n8,2026-07-04,10,x,green\n", zone=KYIV)
    at = reader.instants("time", WHEN)
    counts = reader.numbers("count", Role(("count", "cars")))
    names = reader.names("class", Role(("class", "lane")))
    assert at is not None
    assert counts is not None
    assert [text_of(moment, KYIV) for moment in at] == ["2026-07-04T09:00", "2026-07-04T10:00"]
    assert counts[0] == 12
    assert names == ["red", "green"]
    assert [(row.line, row.reason) for row in reader.rejected] == [(3, "Cars: 'x' is not a number")]
    assert reader.unused == ["id"]


def test_rows_are_chosen_and_a_wrong_choice_is_told(tmp_path: Path) -> None:
    text = "at,lane,n\n2026-07-04 10:00,red,1\n2026-07-04 10:00,green,2\n"
    reader = a_reader(tmp_path, text)
    reader.only({"lane": "red"})
    assert reader.table.rows == 1
    with pytest.raises(SimError, match="did you mean 'green'"):
        a_reader(tmp_path, text).only({"lane": "gren"})
    with pytest.raises(SimError, match="no column 'lan'"):
        a_reader(tmp_path, text, given={"class": "lan"})


def test_a_role_without_a_column_is_an_error_that_lists_the_columns(tmp_path: Path) -> None:
    reader = a_reader(tmp_path, "a,b\nx,y\nz,w\n")
    with pytest.raises(SimError, match=r"no column has the time.*a, b"):
        reader.instants("time", WHEN)
    with pytest.raises(SimError, match="no column is clearly the count"):
        reader.numbers("count", Role(("count",)))


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_text(text, encoding="utf-8", errors="replace")
        try:
            reader = Reader(read_rows(path))
            reader.instants("time", WHEN, needed=False)
            reader.numbers("count", Role(("count",), alone=True), needed=False)
            reader.durations("wait", Role(("wait",), alone=True), needed=False)
        except SimError as error:
            sentence = str(error)
        else:
            sentence = ""
    assert "\n" not in sentence
