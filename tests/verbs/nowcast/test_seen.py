"""Reading what was seen: bad, late and doubled rows are said, and wrong files get one sentence."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import SimError
from sim.verbs.nowcast.seen import UNKNOWN_ZONE, Columns, columns_named, read_seen
from sim.verbs.nowcast.study import nowcast
from tests.table.test_read import sheet

ROWS = [f"2026-07-{1 + n // 24:02d} {n % 24:02d}:00,{100 + n}" for n in range(72)]


def written(folder: Path, rows: list[str], head: str = "time,waiting") -> Path:
    path = folder / "waits.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def test_a_clean_file(tmp_path: Path) -> None:
    seen = read_seen(written(tmp_path, ROWS), Columns(given_zone="UTC"))
    assert (len(seen.readings), seen.name, seen.notes, seen.rejected) == (72, "waiting", (), ())
    assert read_seen(seen.path, Columns()).notes == (UNKNOWN_ZONE,)


def test_a_sheet_of_an_excel_file(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    rows: list[list[str | float]] = [["time", "waiting"], *([at, float(value)] for at, value in map(cut, ROWS))]
    path = sheet(tmp_path / "t.xlsx", rows, notes=True)
    assert len(read_seen(path, columns_named((), (), "UTC", "a")).readings) == 72
    with pytest.raises(SimError, match="its sheet 'notes' has no rows"):
        read_seen(path, columns_named((), (), "UTC", "notes"))


def cut(row: str) -> list[str]:
    return row.split(",")


def test_bad_late_doubled_and_empty_rows_are_said(tmp_path: Path) -> None:
    rows = [*ROWS[:40], *ROWS[41:], ROWS[40], ROWS[-1], "2026-07-03 10:00,", "soon,5", "2026-07-03 11:00,-4"]
    seen = read_seen(written(tmp_path, rows), Columns())
    said = " ".join((*seen.notes, *seen.rejected))
    assert len(seen.readings) == 72
    for words in ("out of the order of time", "at the time of a later one", "1 row is without a value"):
        assert words in said
    assert "waits.csv:76: time: 'soon' is not a date and time" in said
    assert "waits.csv:77: waiting: -4 is below zero" in said


def test_rows_after_now_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS)
    seen = read_seen(path, Columns(given_zone="Europe/Kyiv"), datetime(2026, 7, 2, 12))
    assert len(seen.readings) == 37
    assert seen.notes == ("35 rows are later than the time of the forecast and left out",)


def test_several_series_in_a_file_must_be_told_apart(tmp_path: Path) -> None:
    rows = [f"{row},{post}" for row in ROWS for post in ("north", "south")]
    path = written(tmp_path, rows, "time,waiting,post")
    with pytest.raises(SimError, match=r"72 of 144 rows are at the time of another row; .* --where post=north"):
        read_seen(path, Columns())
    assert len(read_seen(path, Columns(where=(("post", "south"),))).readings) == 72


@pytest.mark.parametrize(
    ("rows", "columns", "words"),
    [
        (ROWS[:5], Columns(), "has 5 usable readings; a forecast needs 8 or more"),
        (ROWS, Columns("trucks"), "there is no column 'trucks'"),
        (ROWS, Columns(where=(("post", "x"),)), "there is no column 'post'"),
        (ROWS, Columns(given_zone="Mars"), "is no time zone"),
        (ROWS, Columns("waiting", "waiting"), "has no instants"),
    ],
)
def test_one_sentence_for_what_cannot_be(tmp_path: Path, rows: list[str], columns: Columns, words: str) -> None:
    with pytest.raises(SimError, match=words):
        read_seen(written(tmp_path, rows), columns)


@pytest.mark.parametrize(("columns", "where"), [(["price=x"], []), ([], ["post"]), ([], ["post="])])
def test_wrong_names_of_columns(columns: list[str], where: list[str]) -> None:
    with pytest.raises(SimError, match="expected"):
        columns_named(columns, where, "UTC")


def test_a_report_that_sticks_is_said_and_the_forecast_widens(tmp_path: Path) -> None:
    rows = [*ROWS[:60], *(f"2026-07-{3 + n // 24:02d} {n % 24:02d}:00,159" for n in range(12, 40))]
    seen = read_seen(written(tmp_path, rows), Columns())
    assert any("159 has stood since" in note for note in seen.notes)
    stuck, fresh = (
        nowcast(each, 3.0).samples[-1, 0] for each in (seen, read_seen(written(tmp_path, ROWS[:60]), Columns()))
    )
    assert stuck[37] - stuck[2] > fresh[37] - fresh[2]


def test_a_level_beyond_all_before_is_said(tmp_path: Path) -> None:
    high = [f"2026-07-04 0{hour}:00,{900 + hour}" for hour in range(3)]
    said = read_seen(written(tmp_path, [*ROWS, *high]), Columns()).notes
    assert any("since 4 Jul 00:00 all readings are 900 or more" in note for note in said), said
    usual = [f"2026-07-04 0{hour}:00,{250 + hour}" for hour in range(3)]
    assert not any("all readings" in note for note in read_seen(written(tmp_path, [*ROWS, *usual]), Columns()).notes)


@pytest.mark.parametrize("slip", [999_999, 900])
def test_a_slip_is_said_and_set_aside_unless_the_next_reading_agrees(tmp_path: Path, slip: int) -> None:
    """The last reading, and one in the middle; a year that cannot be; two in a row are believed."""
    clean = read_seen(written(tmp_path, ROWS), Columns())
    rows = [*ROWS, f"2026-07-04 00:00,{slip}"]
    seen = read_seen(written(tmp_path, rows), Columns())
    assert np.array_equal(seen.readings.values, clean.readings.values)
    assert seen.now == clean.now + 1
    assert any("at 4 Jul 00:00; the last reading is one of them" in note for note in seen.notes)
    twice = read_seen(written(tmp_path, [*rows, f"2026-07-04 01:00,{slip}"]), Columns())
    assert twice.readings.values[-1] == slip
    middle = read_seen(written(tmp_path, [*ROWS[:30], f"2026-07-02 06:00,{slip}", *ROWS[31:]]), Columns())
    assert len(middle.readings) == 71
    far = read_seen(written(tmp_path, [*ROWS, "2099-07-04 00:00,171"]), Columns())
    assert far.now == clean.now
    assert any("4 Jul 2099 00:00" in note for note in far.notes)


@pytest.mark.parametrize(("code", "times", "taken"), [("999", 5, False), ("999", 1, False), ("300", 5, True)])
def test_a_code_that_is_repeated_is_no_reading(tmp_path: Path, code: str, times: int, taken: bool) -> None:
    """Five in a row at the end, where the sensor is off; once, it is a slip; a high queue that lasts is believed."""
    clean = read_seen(written(tmp_path, ROWS), Columns())
    off = [f"2026-07-04 {hour:02d}:00,{code}" for hour in range(times)]
    seen = read_seen(written(tmp_path, [*ROWS, *off]), Columns())
    assert seen.now == clean.now + times
    assert bool(seen.readings.values.max() == float(code)) is taken
    said = [note for note in seen.notes if "repeated and far above all others" in note]
    assert bool(said) is (code == "999" and times == 5)
    if said:
        assert np.array_equal(seen.readings.values, clean.readings.values)
        assert "so set aside: waiting 999 at 4 Jul 04:00, 999 at 4 Jul 03:00" in said[0]
        assert "and 2 more; the last reading is one of them, so the bands are wider" in said[0]
        with pytest.raises(SimError, match="has 6 usable readings; a forecast needs 8 or more"):
            read_seen(written(tmp_path, [*ROWS[:6], *off]), Columns())


def test_frequent_readings_are_thinned_so_that_weeks_are_kept(tmp_path: Path) -> None:
    start = datetime(2026, 7, 1)
    rows = [f"{start + timedelta(minutes=5 * n):%Y-%m-%d %H:%M},{100 + n % 50}" for n in range(8000)]
    seen = read_seen(written(tmp_path, rows), Columns())
    assert (len(seen.readings), seen.readings.values[-1]) == (2000, 149)
    assert set(np.round(np.diff(seen.readings.hours), 6)) == {0.25}
    assert seen.notes[0] == "of each 15 min the last reading is used"
    assert len(read_seen(written(tmp_path, rows), Columns(), whole=True).readings) == 8000


CELL = st.one_of(
    st.integers(-5, 5000).map(str), st.floats(allow_nan=True).map(str), st.sampled_from(["", "n/a", "1:30", "7,5", "x"])
)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 400), CELL), min_size=1, max_size=60))
def test_any_cells_give_a_forecast_or_one_sentence(tmp_path: Path, cells: list[tuple[int, str]]) -> None:
    rows = [f'2026-07-{1 + n // 24:02d} {n % 24:02d}:00,"{cell}"' for n, cell in cells]
    with suppress(SimError):
        found = nowcast(read_seen(written(tmp_path, rows), Columns("waiting")), 6.0)
        assert (found.samples[:, 0] >= 0).all()
