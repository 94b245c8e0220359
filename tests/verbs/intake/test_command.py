"""`sim import` from the first counts to a scenario that runs, and what it says when it cannot."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import sim
from sim.cli import commands
from sim.scenario.text.load_scenario import load

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "docs" / "sample_data"
HALL = """\
name: hall
title: Hall
clock: {timezone: Europe/Madrid, t0: 2026-07-04, start: 2026-07-04, horizon: 2026-07-05}
classes: {citizen: {kind: foot}, visitor: {kind: foot}}
crossings:
  hall:
    stations:   # two kinds of desks
      gates: {serves: [citizen], staffing: 4, service_time: 20 s}
      desks: {staffing: 6, service_time: 60 s}   # for everybody else
    demand:
      visitor:
        everyday: {constant: {rate: 10/h}}
"""


def invoke(*words: object) -> Result:
    return CliRunner().invoke(commands, ["import", *map(str, words)], prog_name="sim")


def done(*words: object) -> str:
    result = invoke(*words, "--no-pictures")
    assert result.exit_code == 0, result.output
    return result.output


def refused(*words: object) -> str:
    result = invoke(*words, "--no-pictures")
    assert result.exit_code == 2, result.output
    return result.stderr.splitlines()[-1]


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hall.yaml").write_text(HALL, encoding="utf-8")
    return tmp_path


def written(at: Path, text: str, name: str = "data.csv") -> str:
    (at / name).write_text(text, encoding="utf-8")
    return name


@pytest.mark.slow
@pytest.mark.usefixtures("at")
def test_a_port_is_built_from_its_records() -> None:
    """The records of the sample port give back its numbers: rates within 10 %, laws and the rule as they are."""
    done("arrivals", SAMPLE / "arrivals.csv", "--into", "port.yaml", "--zone", "Europe/Lisbon")
    done("service", SAMPLE / "services.csv", "--into", "port.yaml")
    done("staffing", SAMPLE / "staffing.csv", "--into", "port.yaml")
    done("patience", SAMPLE / "patience.csv", "--into", "port.yaml")
    found, true = (load(path).scenario for path in ("port.yaml", ROOT / "scenarios" / "sample_port.yaml"))
    mine, theirs = found.crossings["port"], true.crossings["port"]
    for cls, rate in (("car", 22), ("truck", 3)):
        part = mine.demand[cls]["everyday"]
        assert part.constant is not None
        assert part.constant.rate == pytest.approx(rate, rel=0.1)
        assert part.day_factor == pytest.approx(0.2, abs=0.05)
        got, wanted = (each.stations["booths"].law_of(cls).party for each in (mine, theirs))
        assert got.mean == pytest.approx(wanted.mean, rel=0.03)
    assert mine.stations["booths"].law_of("car").party.family == "lognormal"
    reacts, rule = (each.stations["booths"].staffing.reacts for each in (mine, theirs))
    assert reacts == rule
    patience = mine.stations["booths"].patience
    assert patience is not None
    assert patience.mean == pytest.approx(50 * 60, rel=0.1)
    assert sim.run("port.yaml", replications=2).table("summary")


def test_a_dry_run_and_a_repeated_import_change_nothing_more(at: Path) -> None:
    words = ("arrivals", SAMPLE / "arrivals.csv", "--into", "port.yaml", "--zone", "Europe/Lisbon")
    assert "Would be written to port.yaml" in done(*words, "--dry-run")
    assert not (at / "port.yaml").exists()
    done(*words)
    first = (at / "port.yaml").read_bytes()
    done(*words, "--out", "again")
    assert (at / "port.yaml").read_bytes() == first
    assert {"import.json", "provenance.json"} <= {path.name for path in (at / "again").iterdir()}


def test_every_number_has_its_passport(at: Path) -> None:
    done("arrivals", SAMPLE / "arrivals.csv", "--into", "port.yaml", "--zone", "Europe/Lisbon")
    rows = [row for row in load("port.yaml").passports if "demand" in row.path]
    assert {row.source for row in rows} == {"arrivals.csv"}
    assert all("1,344 rows, sha256" in (row.reason or "") and "2025-03-03 to" in (row.date or "") for row in rows)
    assert all(load("port.yaml").without_passport[n].startswith(("clock", "classes")) for n in range(2))
    assert str(at) not in (at / "port.yaml").read_text(encoding="utf-8")


def test_the_rest_of_the_file_stays_as_it_was(at: Path) -> None:
    rows = "\n".join(f"{30 + n % 7},visitor" for n in range(60))
    done("service", written(at, f"seconds,class\n{rows}\n"), "--into", "hall.yaml", "--station", "desks")
    text = (at / "hall.yaml").read_text(encoding="utf-8")
    assert "stations:   # two kinds of desks" in text
    assert "      gates: {serves: [citizen], staffing: 4, service_time: 20 s}\n" in text
    laws = load("hall.yaml").scenario.crossings["hall"].stations["desks"]
    assert laws.law_of("visitor").party.mean == pytest.approx(33, abs=0.5)
    assert laws.law_of("citizen").party.mean == 60


def test_a_log_is_played_as_it_was(at: Path) -> None:
    file = written(
        at, "arrived;who;service_s\n04.07.2026 08:00:30;Visitors;40\n04.07.2026 08:00;citizen;\nx;citizen;3\n"
    )
    output = done("log", file, "--into", "hall.yaml", "--column", "class=who", "--station", "desks")
    assert "rows that cannot be used, in whole or in part: 1" in output
    assert "line 4: arrived: 'x' is not a date and time" in output
    part = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["log"]
    assert part.log is not None
    assert [(row.at.isoformat(), dict(row.service_times)) for row in part.log.rows] == [
        ("2026-07-04T08:00:30", {"desks": 40.0})
    ]


def test_a_log_with_services_makes_a_scenario_with_the_waits_that_were(at: Path) -> None:
    begun = [0, 1, 6, 7, 30]  # min; each is served for 5 min
    starts = [max(begun[0], 0), 5, 10, 15, 30]
    rows = "\n".join(
        f"2026-07-04 08:{a:02},2026-07-04 08:{s:02},2026-07-04 08:{s + 5:02}"
        for a, s in zip(begun, starts, strict=True)
    )
    output = done("log", written(at, f"arrival,start,end\n{rows}\n"), "--into", "new.yaml")
    assert "all with their service times at booths" in output
    rows = sim.run("new.yaml", replications=1).summary
    waits = [row["mean"] for row in rows if (row["quantity"], row["scope"]) == ("wait_mean", "all")]
    assert waits == [pytest.approx((0 + 4 + 4 + 8 + 0) / 5 / 60)]
    assert "its station is called 'booths'" in refused("log", "data.csv", "--into", "newer.yaml", "--station", "desks")


def test_a_timetable_with_actual_times_gives_the_law_of_delays(at: Path) -> None:
    rows = "\n".join(f"2026-07-{n % 28 + 1:02d} 10:00,2026-07-{n % 28 + 1:02d} 10:{n % 12:02d},180" for n in range(84))
    output = done(
        "timetable", written(at, f"scheduled,actual,passengers\n{rows}\n"), "--into", "hall.yaml", "--class", "visitor"
    )
    assert "84 arrivals of the timetable bring 15,120 people" in output
    part = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["timetable"]
    assert part.schedule is not None
    assert part.schedule.delay.mean_s == pytest.approx(5.5 * 60, rel=0.05)
    assert len(part.schedule.rows) == 84


def test_counts_can_be_replayed(at: Path) -> None:
    rows = "\n".join(f"2026-07-04T{hour:02d}:00,{hour}" for hour in range(24))
    done("arrivals", written(at, f"hour,people\n{rows}\n"), "--into", "hall.yaml", "--class", "visitor", "--replay")
    part = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["counted"]
    assert part.exact
    assert sum(row.count for row in part.table or ()) == sum(range(24))


def test_daily_counts_keep_the_hours_of_the_file(at: Path) -> None:
    hours = ", ".join(["0"] * 12 + ["2"] * 12)
    (at / "hall.yaml").write_text(HALL.replace("rate: 10/h", f"rate: 10/h, hours: [{hours}]"), encoding="utf-8")
    rows = "\n".join(f"2026-06-{day:02d},{240 + day}" for day in range(1, 29))
    output = done("arrivals", written(at, f"day,people\n{rows}\n"), "--into", "hall.yaml", "--class", "visitor")
    assert "the hours of the file stay" in output
    part = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["everyday"]
    assert part.constant is not None
    assert part.constant.hours == (0,) * 12 + (2,) * 12


def test_missing_hours_are_gaps_unless_the_user_says_zero(at: Path) -> None:
    rows = "\n".join(f"2026-06-{day:02d}T{hour:02d}:00,60" for day in range(1, 29) for hour in range(24) if hour % 3)
    file = written(at, f"hour,people\n{rows}\n")
    words = ("arrivals", file, "--into", "hall.yaml", "--class", "visitor")
    assert "they are gaps, not zeros" in done(*words)
    hours = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["everyday"].constant
    assert hours is not None
    assert hours.hours is not None
    assert hours.hours[1] == hours.hours[2]
    kept = random.Random(1).sample(range(1, 28 * 24 - 1), 576 - 2)
    rows = "\n".join(f"2026-06-{1 + n // 24:02d}T{n % 24:02d}:00,60" for n in sorted([0, *kept, 28 * 24 - 1]))
    file = written(at, f"hour,people\n{rows}\n")
    done(*words)
    gaps = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["everyday"].constant
    done(*words, "--gaps-are-zero")
    zeros = load("hall.yaml").scenario.crossings["hall"].demand["visitor"]["everyday"].constant
    assert gaps is not None
    assert zeros is not None
    assert gaps.rate == pytest.approx(60, rel=0.01)
    assert zeros.rate == pytest.approx(60 * 6 / 7, rel=0.03)


def test_pace_is_found_and_its_absence_told(at: Path) -> None:
    slow = "\n".join(f"{(40 + n % 11) * (1 + 0.1 * (n % 5))},{2 + n % 5}" for n in range(1000))
    output = done("service", written(at, f"seconds,booths\n{slow}\n"), "--into", "hall.yaml", "--station", "gates")
    assert "Services depend on the number of open booths" in output
    pace = load("hall.yaml").scenario.crossings["hall"].stations["gates"].pace
    assert pace is not None
    assert pace.servers[6] / pace.servers[2] == pytest.approx(1.4, rel=0.03)
    same = "\n".join(f"{40 + n % 11},{2 + n % 5}" for n in range(1000))
    output = done("service", written(at, f"seconds,booths\n{same}\n"), "--into", "hall.yaml", "--station", "gates")
    assert "Services do not depend on the open booths" in output


def test_json_and_quiet(at: Path) -> None:
    words = ("arrivals", SAMPLE / "arrivals.csv", "--into", "port.yaml", "--zone", "Europe/Lisbon")
    document = json.loads(invoke(*words, "--json", "--no-pictures").stdout)
    assert document["facts"]["car"]["day_cv"] == pytest.approx(0.2, abs=0.05)
    assert document["understood"][0]["column"] == "hour"
    assert (at / document["folder"] / "import.json").exists()
    assert invoke(*words, "--quiet", "--no-pictures", "--out", "here").stdout == "here\n"


def test_from_python(at: Path) -> None:
    result = sim.import_data("arrivals", SAMPLE / "arrivals.csv", "port.yaml", zone="Europe/Lisbon")
    assert not (at / "port.yaml").exists()
    assert "parties an hour on average" in repr(result)
    assert result.write_scenario() == Path("port.yaml")
    folder = result.save("pictures")
    assert {"arrivals_car.png", "arrivals_truck.png", "import.json"} <= {path.name for path in folder.iterdir()}
    with pytest.raises(sim.SimError, match="what: expected one of"):
        sim.import_data("counts", "x.csv", "y.yaml")  # type: ignore[arg-type]
    with pytest.raises(sim.SimError, match="there is no such option"):
        sim.import_data("arrivals", "x.csv", "y.yaml", klass="car")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["arrivals", "none.csv", "--into", "port.yaml"], "none.csv: there is no such file"),
        (["service", "data.csv", "--into", "port.yaml"], "begin it with `sim import arrivals`"),
        (["arrivals", "data.csv", "--into", "airport_hall"], "airport_hall is a shipped scenario; copy it first"),
        (["arrivals", "data.csv", "--into", "hall.yaml"], "no column has the time"),
        (["arrivals", "good.csv", "--into", "hall.yaml", "--class", "visitr"], "did you mean 'visitor'"),
        (["arrivals", "good.csv", "--into", "hall.yaml", "--crossing", "hal"], "did you mean 'hall'"),
        (["arrivals", "good.csv", "--into", "hall.yaml", "--column", "count=peopl"], "did you mean 'people'"),
        (["arrivals", "good.csv", "--into", "hall.yaml", "--where", "people=9"], "no row has people = '9'"),
        (["service", "good.csv", "--into", "hall.yaml", "--station", "desk"], "did you mean 'desks'"),
        (["arrivals", "times.csv", "--into", "hall.yaml", "--class", "visitor"], "give their date with --date"),
        (["patience", "few.csv", "--into", "hall.yaml", "--station", "desks"], "0 parties gave up"),
        (["staffing", "few.csv", "--into", "hall.yaml", "--station", "desks"], "no column"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(at: Path, words: list[str], sentence: str) -> None:
    written(at, "a,b\n1,2\n3,4\n")
    written(at, "hour,people\n2026-07-04T10:00,5\n2026-07-04T11:00,6\n", "good.csv")
    written(at, "time,people\n10:00,5\n11:00,6\n", "times.csv")
    written(at, "wait_s,outcome\n10,served\n20,served\n", "few.csv")
    before = (at / "hall.yaml").read_bytes()
    said = refused(*words)
    assert sentence in said
    assert (at / "hall.yaml").read_bytes() == before


def test_a_file_beside_the_scenario_is_never_overwritten(at: Path) -> None:
    file = written(at, "at,class\n2026-07-04T10:00,visitor\n2026-07-04T11:00,visitor\n")
    (at / "hall_visitor_log.csv").write_text("mine", encoding="utf-8")
    assert "already exists" in refused("log", file, "--into", "hall.yaml")
    assert (at / "hall_visitor_log.csv").read_text(encoding="utf-8") == "mine"
