"""Files a scenario names: what it extends, reported rows, tables of counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.text.load_scenario import load

BASE = load(Path(__file__).parent / "small.yaml")


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / f"{next(iter(texts))}.yaml"


def test_extends_merges_mappings_and_replaces_the_rest(tmp_path, small_text):
    child = """
extends: base.yaml
name: child
classes: {car: {spacing: 8 m}}
crossings:
  pass:
    stations: {gate: {staffing: {value: 9, source: me}}, entry: {serves: [car]}}
    demand: {car: {rumour: null}}
interventions: {more: {description: d, scale: {demand.car.everyday.constant.rate: 3}}}
apply: [more, closed]
"""
    loaded = load(write(tmp_path, child=child, base=small_text))
    scenario = loaded.scenario
    assert (scenario.name, scenario.seed, scenario.classes["car"].spacing) == ("child", 7, 8)
    assert loaded.scenario.crossings["pass"].stations["gate"].staffing.servers == 9
    assert loaded.scenario.crossings["pass"].stations["entry"].serves == ("car",)
    assert scenario.crossings["pass"].demand["car"]["everyday"].constant.rate == 186
    assert "rumour" not in scenario.crossings["pass"].demand["car"]
    assert scenario.crossings["pass"].changes[-1].close is True
    rows = {row.path: (Path(row.file).name, row.source) for row in loaded.passports}
    assert "classes.car.spacing" not in rows
    assert rows["crossings.pass.stations.gate.staffing"] == ("child.yaml", "me")
    assert rows["relief.water_per_person_day"] == ("base.yaml", "Sphere handbook")


def test_a_chain_and_the_right_file_in_errors(tmp_path, small_text):
    middle = "extends: base.yaml\nseed: -1\n"
    child = "extends: middle.yaml\nreplications: -2\n"
    with pytest.raises(ScenarioError) as error:
        load(write(tmp_path, child=child, middle=middle, base=small_text))
    said = [line.replace(f"{tmp_path}/", "") for line in str(error.value).splitlines()]
    assert said == [
        "child.yaml:2:15: replications: must be at least 1; got -2; allowed 1 to 1000000",
        "middle.yaml:2:7: seed: must be at least 0; got -1; allowed 0 to below 9223372036854775808",
    ]


def test_extends_refuses(tmp_path):
    with pytest.raises(ScenarioError, match=r"a.yaml:1:10: extends: there is no file '.*nope.yaml'"):
        load(write(tmp_path, a="extends: nope.yaml\n"))
    circle = r"b.yaml:1:10: extends: the files extend each other in a circle: a.yaml -> b.yaml -> a.yaml"
    with pytest.raises(ScenarioError, match=circle):
        load(write(tmp_path, a="extends: b.yaml\n", b="extends: a.yaml\n"))
    with pytest.raises(ScenarioError, match=r"a.yaml:1:10: extends: expected the name of a scenario file"):
        load(write(tmp_path, a="extends: [b]\n"))


# files inlined


def test_reported_rows_of_another_file(tmp_path, small_text):
    head, rows = small_text.split("reported:\n")
    rows, tail = rows.split("relief:")
    path = write(tmp_path, s=f"{head}reported: rows.yaml\nrelief:{tail}", rows=f"reported:\n{rows}")
    assert load(path).scenario == BASE.scenario
    assert load(path).scenario_hash == BASE.scenario_hash
    write(tmp_path, rows=f"reported:\n{rows.replace('value: 3000', 'value: -3')}")
    with pytest.raises(ScenarioError, match=r"rows.yaml:9:12: reported\[0\].value: must be at least 0; got -3"):
        load(path)
    write(tmp_path, rows="rows: []\n")
    with pytest.raises(ScenarioError, match=r"rows.yaml:1:1: expected the key 'reported' with a list of rows"):
        load(path)
    write(tmp_path, s=f"{head}reported: nope.yaml\n")
    with pytest.raises(ScenarioError, match="reported: there is no file"):
        load(path)


TABLE = "crossings.pass.demand.car.rumour.table"
CSV = "from,until,count\n2022-09-20,2022-09-21,300\n2022-09-21,2022-09-22,12.5\n"


def with_table(tmp_path: Path, small_text: str, csv: str | None) -> Path:
    if csv is not None:
        (tmp_path / "counts.csv").write_text(csv, encoding="utf-8")
    part = "rumour: {pulse: {at: 2022-09-26, parties: 200, lag: 10 h}}"
    assert part in small_text
    return write(tmp_path, s=small_text.replace(part, "rumour: {table: counts.csv}"))


def test_a_table_of_counts(tmp_path, small_text):
    loaded = load(with_table(tmp_path, small_text, CSV))
    rows = loaded.scenario.crossings["pass"].demand["car"]["rumour"].table
    assert [row.count for row in rows] == [300, 12.5]
    assert loaded.tree["crossings"]["pass"]["demand"]["car"]["rumour"]["table"][0] == {
        "from": "2022-09-20", "until": "2022-09-21", "count": 300,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        (None, "s.yaml:67:25: crossings.pass.demand.car.rumour.table: there is no file"),
        ("", "counts.csv:1:1: is empty; expected the columns from,until,count"),
        ("from,until\n", "counts.csv:1:1: expected the columns from,until,count"),
        (CSV + "a,b\n", "counts.csv:4:1: expected 3 cells; got 2"),
        (CSV.replace("300", "many"), f"counts.csv:2:23: {TABLE}[0].count: expected a number; got 'many'"),
        (CSV.replace("300", "nan"), f"counts.csv:2:23: {TABLE}[0].count: every number must be finite; got 'nan'"),
        (CSV.replace("300", "-1"), "counts.csv:2:23: crossings.pass.demand.car.rumour.table[0].count: must be"),
        (CSV.replace("-22,", "-20,"), "counts.csv:3:1: crossings.pass.demand.car.rumour.table[1]: until must be later"),
        (CSV.replace("2022-09-20,", "20 Sep,"), "counts.csv:2:1: crossings.pass.demand.car.rumour.table[0].from: "),
    ],
)  # fmt: skip
def test_a_bad_table(csv, said, tmp_path, small_text):
    with pytest.raises(ScenarioError) as error:
        load(with_table(tmp_path, small_text, csv))
    assert str(error.value).replace(f"{tmp_path}/", "").startswith(said)


# names of files


NAMES = {
    "a number": ("5", "expected the name of"),
    "nothing": ("null", "expected the name of"),
    "300 letters": ("x" * 300, "there is no file"),
    "a letter that no name may have": (r'"a\u0001b"', "is not allowed in a text"),
    "a folder": (".", "there is no file"),
}
PLACES = {
    "extends": "extends: NAME\n",
    "reported": "extends: base.yaml\nreported: [{file: NAME}]\n",
    "calibrated": "extends: base.yaml\ncalibrated: NAME\n",
    "borrow": "extends: base.yaml\ncrossings: {pass: {borrow: NAME}}\n",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_names_no_file_gets_one_sentence(tmp_path, small_text, name, place):
    text, message = NAMES[name]
    if name == "nothing" and place in ("extends", "calibrated"):
        pytest.skip("null removes a key")
    path = write(tmp_path, a=PLACES[place].replace("NAME", text), base=small_text)
    with pytest.raises(ScenarioError, match=message) as error:
        load(path)
    assert len(error.value.problems) == 1
    assert re.match(r".*a\.yaml:[12]:\d+", str(error.value))


def test_reported_files_in_a_circle(tmp_path, small_text):
    a = "extends: base.yaml\nreported: [{file: b.yaml}]\n"
    path = write(tmp_path, a=a, b="reported: [{file: c.yaml}]\n", c="reported: [{file: b.yaml}]\n", base=small_text)
    with pytest.raises(ScenarioError, match=r"c.yaml:1:19: reported: the files name each other in a circle: b.yaml ->"):
        load(path)


@pytest.mark.parametrize("rows", ["5", "abc", "{a: 1}", ""])
def test_a_file_of_reported_rows_without_rows(tmp_path, small_text, rows):
    path = write(
        tmp_path, a="extends: base.yaml\nreported: [{file: b.yaml}]\n", b=f"reported: {rows}\n", base=small_text
    )
    with pytest.raises(ScenarioError, match=r"b.yaml:1:\d+: reported: expected a list of rows; got "):
        load(path)


def test_a_long_chain_of_files(tmp_path):
    files = {f"f{n}": f"extends: f{n + 1}.yaml\n" for n in range(400)}
    with pytest.raises(ScenarioError, match=r"f19.yaml:1:10: extends: more than 20 files extend each other"):
        load(write(tmp_path, **files))


def test_wrong_rows_of_a_table_are_counted(tmp_path, small_text):
    (tmp_path / "c.csv").write_text("from,until,count\n" + "2022-09-21,2022-09-22,1,5\n" * 3000, encoding="utf-8")
    demand = "    demand: {truck: {everyday: null, counted: {table: c.csv}}}\n"
    with pytest.raises(ScenarioError) as error:
        load(write(tmp_path, a=f"extends: base.yaml\ncrossings:\n  pass:\n{demand}", base=small_text))
    lines = str(error.value).splitlines()
    assert lines[0].endswith("c.csv:2:1: expected 3 cells; got 4")
    assert (len(lines), lines[-1]) == (21, "and 2,980 more problems")


def test_a_file_of_the_catalogue_is_named_where_it_is(tmp_path):
    with pytest.raises(ScenarioError, match=r"there is no file '.*verkhny_lars.yaml'; there is one in '.*scenarios'"):
        load(write(tmp_path, a="extends: verkhny_lars.yaml\nname: a\n"))
