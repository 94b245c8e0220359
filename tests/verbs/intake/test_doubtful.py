"""Files that mean something else than they seem to: what cannot be told is asked, and nothing is made up."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from sim.scenario.text.load_calibration import read_calibration
from sim.scenario.text.load_scenario import load
from sim.verbs.intake.holiday import holidays_of
from tests.verbs.intake.test_command import at, done, refused, written  # noqa: F401  (a fixture)

pytestmark = pytest.mark.usefixtures("at")
VISITORS = ("--into", "hall.yaml", "--class", "visitor")


def rows(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def clock(second: int) -> str:
    return f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def test_single_arrivals_with_other_numbers_are_not_counts(at: Path) -> None:  # noqa: F811
    dice = random.Random(1)
    seconds = sorted(dice.sample(range(14 * 86400), 3000))
    text = rows(
        "id,arrived,service_s",
        *(f"{n},2026-06-{1 + s // 86400:02d} {clock(s)},{dice.randint(30, 90)}" for n, s in enumerate(seconds)),
    )
    assert "each row is one arrival" in done("arrivals", written(at, text), *VISITORS)
    constant = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["everyday"].constant
    assert constant is not None
    assert constant.rate == pytest.approx(3000 / 14 / 24, rel=0.05)


def test_readings_are_not_arrivals(at: Path) -> None:  # noqa: F811
    dice = random.Random(2)
    minutes = sorted(dice.sample(range(14 * 1440), 800))
    text = rows(
        "time,wait_min,lanes_open",
        *(f"2026-06-{1 + m // 1440:02d} {m // 60 % 24:02d}:{m % 60:02d},{m % 90},{m % 7}" for m in minutes),
    )
    assert "no column is clearly the count of arrivals" in refused("arrivals", written(at, text), *VISITORS)


def test_several_rows_at_a_time_are_not_open_booths(at: Path) -> None:  # noqa: F811
    text = rows("time,lane,open", *(f"2026-06-01T{h:02d}:00,{lane},1" for h in range(24) for lane in "abc"))
    said = refused("staffing", written(at, text), "--into", "hall.yaml", "--station", "desks")
    assert "a time has up to 3 rows" in said
    assert "--where lane=a, as 'lane' has 3 values ('a', 'b', 'c')" in said


def test_one_date_serves_two_times_of_day_also_past_midnight(at: Path) -> None:  # noqa: F811
    ends = ["00:05" if n > 55 else "23:59" for n in range(60)]
    text = rows("date,start,end", *(f"2026-06-{1 + n % 28:02d},23:{n:02d},{ends[n]}" for n in range(60)))
    done("service", written(at, text), "--into", "hall.yaml", "--station", "gates")
    mean = load("hall.yaml").scenario.crossings["hall"].stations["gates"].law_of("citizen").party.mean_s
    assert 60 < mean < 60 * 60


@pytest.mark.parametrize("what", ["arrivals", "timetable", "log"])
def test_times_without_a_date_are_asked_for(at: Path, what: str) -> None:  # noqa: F811
    text = rows("time,people", *(f"{h:02d}:00,{h}" for h in range(24)))
    assert "give their date with --date" in refused(what, written(at, text), *VISITORS)


def test_an_id_is_no_duration(at: Path) -> None:  # noqa: F811
    text = rows("id,duration", *(f"{n},{3 + n % 4} min {n % 60} s" for n in range(100)))
    done("service", written(at, text), "--into", "hall.yaml", "--station", "gates")
    mean = load("hall.yaml").scenario.crossings["hall"].stations["gates"].law_of("citizen").party.mean_s
    assert mean == pytest.approx(4.5 * 60 + 27.5, rel=0.05)


def test_dates_and_times_in_two_columns_of_any_name(at: Path) -> None:  # noqa: F811
    text = rows(
        "Datum;Uhrzeit;Anzahl",
        *(f"{d:02d}.06.2026;{h:02d}:00-{h + 1:02d}:00;{h}" for d in range(1, 29) for h in range(24)),
    )
    done("arrivals", written(at, text), *VISITORS)
    constant = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["everyday"].constant
    assert constant is not None
    assert constant.hours is not None
    assert constant.hours[23] == pytest.approx(2, rel=0.01)


def test_one_week_does_not_tell_days_apart(at: Path) -> None:  # noqa: F811
    text = rows(
        "hour,people", *(f"2026-06-{d:02d}T{h:02d}:00,{20 + d * h % 7}" for d in range(1, 8) for h in range(24))
    )
    assert "7 full days are too few to tell how much days differ" in done("arrivals", written(at, text), *VISITORS)


def test_weekly_counts_have_no_weekdays(at: Path) -> None:  # noqa: F811
    text = rows("week,people", *(f"2026-0{1 + n // 4}-{1 + 7 * (n % 4):02d},{700 + n}" for n in range(4)))
    done("arrivals", written(at, text), *VISITORS)
    part = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["everyday"]
    assert part.constant is not None
    assert part.constant.weekdays is None
    assert part.day_factor is None
    assert part.constant.rate == pytest.approx(701.5 / 168, rel=0.01)


def test_numbers_that_stand_for_nothing_and_running_counters(at: Path) -> None:  # noqa: F811
    hours = [(d, h) for d in range(1, 29) for h in range(24)]
    text = rows("hour,people", *(f"2026-06-{d:02d}T{h:02d}:00,{9999 if (d * h) % 50 == 7 else 10}" for d, h in hours))
    assert "9999 stands for no count" in done("arrivals", written(at, text), *VISITORS)
    constant = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["everyday"].constant
    assert constant is not None
    assert constant.rate == pytest.approx(10, rel=0.01)
    text = rows("hour,people", *(f"2026-06-{d:02d}T{h:02d}:00,{10 * (24 * d + h)}" for d, h in hours))
    assert "a counter that runs on" in refused("arrivals", written(at, text), *VISITORS)


def test_a_total_among_the_classes_is_left_out(at: Path) -> None:  # noqa: F811
    lines = [f"2026-06-{d:02d}T{h:02d}:00,{cls},{n}" for d in range(1, 29) for h in range(24) for cls, n in
             (("visitor", 10), ("citizen", 5), ("Total", 15))]  # fmt: skip
    assert "rows of 'Total' are left out" in done(
        "arrivals", written(at, rows("hour,class,people", *lines)), "--into", "hall.yaml"
    )


def test_replayed_counts_play_on_their_own_days(at: Path) -> None:  # noqa: F811
    text = rows("hour,people", *(f"2026-06-{d:02d}T{h:02d}:00,{h}" for d in range(1, 4) for h in range(24)))
    done("arrivals", written(at, text), "--into", "new.yaml", "--zone", "Europe/Paris", "--replay")
    loaded = load("new.yaml")
    assert str(loaded.scenario.clock.start) == "2026-06-01 00:00:00"
    assert [row.source for row in loaded.passports if row.path.endswith("table")] == ["data.csv"]


def test_a_failed_import_leaves_nothing_behind(at: Path) -> None:  # noqa: F811
    text = rows("at", *(f"2030-01-01T{h:02d}:00" for h in range(24)))
    before = sorted(path.name for path in at.iterdir())
    refused("log", written(at, text), *VISITORS)
    assert sorted(path.name for path in at.iterdir() if path.suffix in (".yaml", ".csv")) == sorted(
        {*before, "data.csv"}
    )


def test_a_file_that_exists_is_as_it_was_after_a_failed_import(at: Path) -> None:  # noqa: F811
    done("log", written(at, rows("at", "2026-07-04T10:00", "2026-07-04T11:00")), *VISITORS)
    before = {path.name: path.read_bytes() for path in at.glob("hall*")}
    refused("log", written(at, rows("at", "2030-01-01T10:00", "2030-01-01T11:00")), *VISITORS)
    assert {path.name: path.read_bytes() for path in at.glob("hall*")} == before


def test_data_of_another_zone_are_written_in_that_of_the_scenario(at: Path) -> None:  # noqa: F811
    done("log", written(at, rows("at", "2026-07-04T10:00", "2026-07-04T11:00")), *VISITORS, "--zone", "UTC")
    log = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["log"].log
    assert log is not None
    assert [row.at.hour for row in log.rows] == [12, 13]  # Madrid in summer
    hours = rows(
        "hour,people", *(f"2026-06-{d:02d}T{h:02d}:00,{60 * (h == 10)}" for d in range(1, 29) for h in range(24))
    )
    done("arrivals", written(at, hours), *VISITORS, "--zone", "UTC")
    constant = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["everyday"].constant
    assert constant is not None
    assert constant.hours is not None
    assert constant.hours.index(24) == 12


def test_counts_of_six_hours_are_replayed_whole(at: Path) -> None:  # noqa: F811
    text = rows("from,until,people", *(f"2026-07-04T{h:02d}:00,2026-07-04T{h + 5:02d}:59,10" for h in (0, 6, 12, 18)))
    done("arrivals", written(at, text), *VISITORS, "--replay")
    part = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["counted"]
    assert [row.count for row in part.table or ()] == [10] * 4


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--zone", "Europe/Warszawa"], "--zone: unknown time zone"),
        (["--unit", "fortnight"], "--unit: expected s, min or h"),
        (["--column", "foo=hour"], "--column: there is no role 'foo'"),
        (["--since", "2031-01-01"], "between --since and --until"),
    ],
)
def test_options_that_mean_nothing_are_told(at: Path, option: list[str], words: str) -> None:  # noqa: F811
    text = rows("hour,people", *(f"2026-06-01T{h:02d}:00,{h}" for h in range(24)))
    assert words in refused("arrivals", written(at, text), *VISITORS, *option)


def test_the_zone_is_asked_for_where_nothing_tells_it(at: Path) -> None:  # noqa: F811
    text = rows("hour,people", *(f"2026-06-01T{h:02d}:00,{h}" for h in range(24)))
    assert "the time zone is unknown" in done("arrivals", written(at, text), "--into", "new.yaml")
    text = rows("hour,people", *(f"2026-06-01T{h:02d}:00Z,{h}" for h in range(24)))
    assert "the time zone is unknown" not in done("arrivals", written(at, text), "--into", "other.yaml")


def test_patience_of_one_class_takes_its_rows_alone(at: Path) -> None:  # noqa: F811
    dice = random.Random(5)
    lines = []
    for n in range(2000):
        cls, mean = ("visitor", 60) if n % 2 else ("citizen", 6000)
        patience, wait = dice.expovariate(1 / mean), dice.expovariate(1 / 60)
        lines.append(f"{min(patience, wait):.1f},{cls},{'gave up' if patience < wait else 'served'}")
    done("patience", written(at, rows("wait_s,class,outcome", *lines)), *VISITORS, "--station", "desks")
    law = load("hall.yaml").scenario.crossings["hall"].stations["desks"].patience
    assert law is not None
    assert law.mean == pytest.approx(60, rel=0.2)


def test_waits_of_several_posts_are_not_one_series(at: Path) -> None:  # noqa: F811
    text = rows("time,post,wait_min", *(f"2026-06-01T{h:02d}:00,{post},{h}" for h in range(24) for post in "ab"))
    said = refused("waits", written(at, text), "--into", "hall.yaml", "--class", "visitor")
    assert "a time has up to 2 rows" in said
    assert "--where post=a, as 'post' has 2 values" in said


def test_more_waits_than_a_series_may_have_are_averaged(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr("sim.verbs.intake.waits.MOST_POINTS", 100)
    text = rows(
        "time,wait", *(f"2026-06-0{1 + n // 288} {n // 12 % 24:02d}:{n % 12 * 5:02d},{n % 6}" for n in range(576))
    )
    said = done("waits", written(at, text), "--into", "hall.yaml", "--class", "visitor")
    assert "numbers are minutes" in said
    assert "the 576 rows are averaged over 30 min each: 96 points in hall_data_means.csv" in said
    (series,) = read_calibration(at / "hall_figures.yaml").calibration.reported_series
    assert len(series.series) == 96
    assert {round(60 * point.value, 6) for point in series.series} == {2.5}


@pytest.mark.parametrize("high", [1792, 30])
def test_a_wait_that_stands_alone_is_said(at: Path, high: int) -> None:  # noqa: F811
    waits = [high if n == 100 else n % 12 for n in range(240)]
    text = rows("time,wait_min", *(f"2026-06-{1 + n // 24:02d} {n % 24:02d}:00,{wait}" for n, wait in enumerate(waits)))
    said = done("waits", written(at, text), "--into", "hall.yaml", "--class", "visitor")
    assert ("stand alone, a factor of 4 or more from those near them: line 102 (30 h)" in said) is (high == 1792)


def test_a_date_that_is_given_is_not_asked_for_and_one_day_is_said(at: Path) -> None:  # noqa: F811
    text = rows("time,people", *(f"{h:02d}:00,{h}" for h in range(8, 16)))
    said = done("arrivals", written(at, text), *VISITORS, "--date", "2026-07-04")
    assert "all rows are taken to be of 2026-07-04" in said
    assert "--date" not in said
    assert "visitor: 8 counts of 1 h" in said
    assert "But one day was counted" in said


def test_waits_of_an_hour_that_exists_twice_are_two_points(at: Path) -> None:  # noqa: F811
    clocks = ["00:00", "01:00", "02:00", "02:00", "03:00"]
    text = rows("time,wait", *(f"25.10.2026 {clock},1:5{n}" for n, clock in enumerate(clocks)))
    said = done("waits", written(at, text), "--into", "hall.yaml", "--class", "visitor")
    assert "1:50 is 1 h 50 min" in said
    assert "2 local times exist twice" in said
    (series,) = read_calibration(at / "hall_figures.yaml").calibration.reported_series
    assert [round(60 * point.value) for point in series.series] == [110, 111, 112, 113, 114]


@pytest.mark.parametrize("blended", [True, False])
def test_figures_of_two_kinds_are_noticed(at: Path, blended: bool) -> None:  # noqa: F811
    """Readings in steps of 15 min, and ten days mixed with a usual wait; the control is readings all through."""
    dice = random.Random(4)
    lines = []
    for hour in range(40 * 24):
        wait = 15 * dice.randint(1, 6)
        mixed = round(0.4 * wait + 0.6 * dice.uniform(30, 60)) if blended and hour >= 30 * 24 else wait
        lines.append(f"2026-{6 + hour // 720:02d}-{1 + hour // 24 % 30:02d}T{hour % 24:02d}:00,{mixed}")
    said = done("waits", written(at, rows("time,wait_min", *lines)), "--into", "hall.yaml", "--class", "visitor")
    assert ("of two kinds: from 2026-06-01 to 2026-06-30 100% of them are multiples of 15 min" in said) is blended


def test_unusual_days_are_named_where_holidays_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    days = [20196, 20197]  # Good Friday of 2025, and the day after
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "holidays", None)
        assert holidays_of("Europe/Lisbon", days) == {}
    pytest.importorskip("holidays")
    assert list(holidays_of("Europe/Lisbon", days)) == [20196]
    assert "Good Friday" in holidays_of("Europe/Lisbon", days)[20196]
    assert holidays_of("UTC", days) == {}


@pytest.mark.parametrize("what", ["staffing", "service", "waits"])
def test_only_rows_of_the_period_are_taken(at: Path, what: str) -> None:  # noqa: F811
    heading, cell = {"staffing": ("open", "2"), "service": ("service_s", "60"), "waits": ("wait_min", "5")}[what]
    text = rows(f"start,{heading}", *(f"2026-06-{d:02d}T{h:02d}:00,{cell}" for d in range(1, 11) for h in range(24)))
    where = () if what == "waits" else ("--station", "desks")
    period = ("--since", "2026-06-03", "--until", "2026-06-06")
    said = " ".join(done(what, written(at, text), "--into", "hall.yaml", *where, *period).split())
    assert "rows of the period: 72 of 240" in said
    made = "".join(path.read_text(encoding="utf-8") for path in at.glob("hall*.yaml"))
    assert "2026-06-05" in made
    assert "2026-06-10" not in made
    if what == "waits":
        (series,) = read_calibration(Path("hall_figures.yaml")).calibration.reported_series
        assert len(series.series) == 72
        assert [point.value for point in series.series] == pytest.approx([5 / 60] * 72)
        done(what, "data.csv", "--into", "hall.yaml", "--since", "2026-06-04")  # the file that it made is made anew


def test_a_replay_spans_the_days_of_its_period(at: Path) -> None:  # noqa: F811
    text = rows("hour,people", *(f"2026-06-{d:02d}T{h:02d}:00,{h}" for d in range(1, 29) for h in range(24)))
    period = ("--since", "2026-06-03", "--until", "2026-06-06")
    done("arrivals", written(at, text), "--into", "new.yaml", "--replay", *period)
    clock = load("new.yaml").scenario.clock
    assert (clock.horizon - clock.start).days == 3


@pytest.mark.parametrize(("days", "filled"), [(1, True), (14, False)])
def test_a_short_gap_of_few_days_is_missing_and_of_many_days_closed(at: Path, days: int, filled: bool) -> None:  # noqa: F811
    hours = [h for h in range(8, 20) if h not in (12, 13)]
    text = rows("hour,people", *(f"2026-06-{1 + d:02d}T{h:02d}:00,{60}" for d in range(days) for h in hours))
    said = " ".join(done("arrivals", written(at, text), *VISITORS).split())
    part = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["everyday"].constant
    assert part is not None
    rates = [part.rate * factor for factor in part.hours]
    assert rates[12] == pytest.approx(60 if filled else 0, rel=0.02)
    assert rates[3] == rates[22] == 0
    assert ("the hours 12, 13, between hours with rows" in said) == filled
    assert ("the hours 00, 01, 02, 03, 04, 05, 06, 07, 20" in said) == filled


@pytest.mark.parametrize(
    ("code", "times", "taken"), [("999", 5, False), ("999", 1, True), ("30", 5, True), ("-1", 5, False)]
)
def test_a_code_that_is_repeated_is_no_wait(at: Path, code: str, times: int, taken: bool) -> None:  # noqa: F811
    waits = [code if n % 40 == 7 and n < 40 * times else str(n % 12) for n in range(240)]
    text = rows("time,wait_min", *(f"2026-06-{1 + n // 24:02d} {n % 24:02d}:00,{wait}" for n, wait in enumerate(waits)))
    said = " ".join(done("waits", written(at, text), "--into", "hall.yaml", "--class", "visitor").split())
    assert ("999 stands for no reading" in said) == (code == "999" and not taken)
    (series,) = read_calibration(Path("hall_figures.yaml")).calibration.reported_series
    assert (max(point.value for point in series.series) > 0.2) == taken
