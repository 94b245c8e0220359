"""All problems of one validation pass are reported together, and none that only follows from another.

Names and dates are compared only when every single value is valid.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.text.load_scenario import load

UNIT = ("spacing: 20 m", "spacing: 20 s", "16:14: classes.truck.spacing:")
ZONE = ("hall: neutral", "hall: nozone", "62:15: crossings.pass.stations.entry.hall: there is no zone 'nozone'")
LATE = ("at: 2022-09-26", "at: 2030-01-01", "67:30: crossings.pass.demand.car.rumour.pulse.at: outside the run")
KEY = ("staffing: 8", "stafing: 8", "60:9: crossings.pass.stations.entry.stafing: unknown key 'stafing'")
GONE = ("          hit_rate: 2 %\n", "", "48:9: crossings.pass.stations.passport.screening: missing key 'hit_rate'")
MISSPELT = ("    zones:", "    zoness:", "32:5: crossings.pass.zoness: unknown key 'zoness'; did you mean 'zones'?")
LAW = (", cv: 50 %", "", "44:17: crossings.pass.stations.passport.service_time.car.party: family 'gamma' needs 'cv'")
COUNT = ("staffing: 4\n", "staffing: 4.5\n", "36:19: crossings.pass.stations.gate.staffing:")
ORDER = ("horizon: 2022-09-30", "horizon: 2022-09-10", "3:1: clock: horizon must be later than start")
SCALE = (
    "set: {stations",
    "set: {statons",
    "84:11: interventions.no_screening.set.statons.passport.screening.intensity:",
)
TWICE = ("replications: 4", "seed: 4", "106:1: duplicate key 'seed'; each key may appear only once")


SINGLE_VALUES = [(UNIT, KEY, GONE), (MISSPELT, UNIT), (COUNT, LAW), (UNIT, COUNT, TWICE, LAW), (COUNT, ORDER)]
COMPARED = [(ZONE, LATE), (ZONE, SCALE), (ZONE, LATE, SCALE), (TWICE, ZONE, LATE)]


def with_mistakes(text: str, mistakes: tuple[tuple[str, str, str], ...]) -> str:
    for old, new, _ in mistakes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def assert_reported(problems: list[str], mistakes: tuple[tuple[str, str, str], ...]) -> None:
    """Compare columns and sentences; lines move where a mistake takes a line away."""
    assert len(problems) == len(mistakes)
    for _, _, begin in mistakes:
        column, sentence = begin.split(":")[1], begin.split(": ", 1)[1]
        assert [line for line in problems if sentence in line and line.split(":")[2] == column], (begin, problems)


@pytest.mark.parametrize("mistakes", [*SINGLE_VALUES, *COMPARED])
def test_all_mistakes_of_one_pass_together(mistakes, small_text, problems_of):
    assert_reported(problems_of(with_mistakes(small_text, mistakes)), mistakes)


@pytest.mark.parametrize(("first", "second"), [((UNIT,), (ZONE, LATE)), ((KEY, GONE), (LATE,)), ((COUNT,), (SCALE,))])
def test_names_and_dates_are_compared_once_every_value_is_valid(first, second, small_text, problems_of):
    assert_reported(problems_of(with_mistakes(small_text, (*first, *second))), first)
    assert_reported(problems_of(with_mistakes(small_text, second)), second)


FOLLOWS = {
    "a bad start hides mistakes in dates": ("start: 2022-09-20", "start: 2022-09-20x"),
    "a bad clock": ("  start: 2022-09-20\n", ""),
    "stations that are none": ("    stations:\n", "    stations: 3\n    unknown:\n"),
    "a bad station": ("        only_sent_on: true\n", "        only_sent_on: maybe\n"),
    "a stream nobody knows": ("[foot], [car, truck]]", "[foot], [car, zzz]]"),
    "a bad office": ("office: office", "office: [1]"),
    "a screening that is none": ("intensity: 50 %", "intensity: much"),
    "a zone without size": ("capacity: 60", "capacity: sixty"),
    "a screening without a hit rate": ("          hit_rate: 2 %\n", ""),
    "a share of what adds up": ("{1: 90 %, 2: 10 %}", "{1: ninety, 2: 10 %}"),
    "an action nobody knows": ("bar_non_local: 100 %", "barring: 100 %"),
    "a first step that is no date": ("[{from: 2022-09-24, servers: 14}]", "[{from: x, servers: 14}]"),
}


@pytest.mark.parametrize("name", FOLLOWS)
def test_what_follows_is_not_told(name, small_text, problems_of):
    old, new = FOLLOWS[name]
    assert old in small_text
    problems = problems_of(small_text.replace(old, new, 1))
    assert len(problems) == (2 if "unknown:" in new else 1), problems


def test_sorted_by_line_and_column(small_text, problems_of):
    text = small_text.replace("seed: 7", "seed: x").replace("2 km, files: 1", "2 s, files: 0").replace("20 m", "20 s")
    places = [tuple(map(int, problem.split(":")[1:3])) for problem in problems_of(text + "colour: red\n")]
    assert places == sorted(places)
    assert [line for line, _ in places] == [16, 28, 28, 106, 107]


def test_all_of_a_table_and_of_the_file_that_names_it(tmp_path, small_text):
    rows = [
        "from,until,count",
        "2022-09-20,2022-09-21,many",
        "2022-09-22,2022-09-21,3",
        "2022-09-22,2022-09-23,-1",
        "1,2",
    ]
    (tmp_path / "counts.csv").write_text("\n".join(rows), encoding="utf-8")
    text = small_text.replace("{pulse: {at: 2022-09-26, parties: 200, lag: 10 h}}", "{table: counts.csv}")
    path = tmp_path / "s.yaml"
    path.write_text(text.replace("staffing: 4\n", "staffing: 4.5\n"), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load(path)
    problems = [str(problem).replace(f"{tmp_path}/", "") for problem in error.value.problems]
    table = "crossings.pass.demand.car.rumour.table"
    assert problems == [
        f"counts.csv:2:23: {table}[0].count: expected a number; got 'many'",
        f"counts.csv:3:1: {table}[1]: until must be later than from (2022-09-22T00:00); got 2022-09-21T00:00",
        f"counts.csv:4:23: {table}[2].count: must be at least 0; got -1; allowed 0 to 1000000000",
        "counts.csv:5:1: expected 3 cells; got 2",
        "s.yaml:36:19: crossings.pass.stations.gate.staffing: expected a whole number of servers, a mapping "
        "(servers, steps, shifts, reacts), or the name of a pool; got 4.5",
    ]


def test_a_missing_table_hides_nothing(tmp_path, small_text):
    text = small_text.replace("{pulse: {at: 2022-09-26, parties: 200, lag: 10 h}}", "{table: counts.csv}")
    path: Path = tmp_path / "s.yaml"
    path.write_text(text.replace("spacing: 20 m", "spacing: 20 s"), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load(path)
    first, second = error.value.problems
    assert first.path == "classes.truck.spacing"
    assert (second.path, second.what) == (
        "crossings.pass.demand.car.rumour.table",
        f"there is no file {str(tmp_path / 'counts.csv')!r}",
    )


def test_every_bad_row_of_a_wait_table(small_text, problems_of):
    problems = problems_of(small_text.replace("{12 h: 0 %/h, 48 h: 2 %/h}", "{12 h: -1 %/h, 6 h: 2 %, 50 h: 3 %/h}"))
    assert [line.split(": ", 3)[1].rsplit(".", 1)[1] for line in problems] == ["12 h", "6 h", "6 h"]
    assert problems[0].endswith("must be between 0 and 10000 %/h; got '-1 %/h'")
