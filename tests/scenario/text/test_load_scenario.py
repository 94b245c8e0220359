from __future__ import annotations

import copy
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.text.load_scenario import Loaded, dump, from_tree, load
from sim.scenario.text.overrides import times

SMALL = Path(__file__).parents[1] / "small.yaml"
BASE = load(SMALL)


def small(*sets: str, intervene: tuple[str, ...] = ()) -> Loaded:
    return load(SMALL, sets, intervene)


def station(loaded: Loaded, name: str):
    return loaded.scenario.crossings["pass"].stations[name]


def test_the_small_scenario_is_read():
    assert station(BASE, "passport").staffing.servers == 12
    assert station(BASE, "passport").service_time["car"].person.mean_s == 30
    assert BASE.scenario.classes["truck"].people == {1: 0.9, 2: 0.1}
    assert list(BASE.interventions) == ["twice_the_booths", "no_screening", "closed"]
    assert BASE.applied == ()


@pytest.mark.parametrize(
    ("sets", "intervene"),
    [
        ((), ()),
        ((), ("twice_the_booths", "closed")),
        (("clock.horizon=2022-09-22", "demand.car.rumour=null"), ("no_screening",)),
    ],
)
def test_the_resolved_tree_reads_back_the_same(sets, intervene, tmp_path):
    first = small(*sets, intervene=intervene)
    path = tmp_path / "resolved.yaml"
    path.write_text(dump(first.tree), encoding="utf-8")
    again = load(path)
    assert again.scenario == first.scenario
    assert again.tree == first.tree
    assert again.scenario_hash == first.scenario_hash
    assert dump(again.tree) == dump(first.tree)
    assert from_tree(first.tree).scenario_hash == first.scenario_hash


def test_the_hash_is_a_letter_and_16_digits_and_follows_every_value():
    assert BASE.scenario_hash[0] == "s"
    assert len(BASE.scenario_hash) == 17
    int(BASE.scenario_hash[1:], 16)
    others = {small("seed=8").scenario_hash, small(intervene=("closed",)).scenario_hash, BASE.scenario_hash}
    assert len(others) == 3


def test_the_order_of_stations_changes_the_hash():
    tree = copy.deepcopy(BASE.tree)
    stations = tree["crossings"]["pass"]["stations"]
    tree["crossings"]["pass"]["stations"] = {"entry": stations.pop("entry"), **stations}
    assert from_tree(tree).scenario_hash != BASE.scenario_hash


def test_a_program_sees_problems_at_dict():
    tree = copy.deepcopy(BASE.tree)
    tree["seed"] = -1
    with pytest.raises(ScenarioError, match=r"^<dict>: seed: must be at least 0; got -1"):
        from_tree(tree)
    for bad in ({"a": object()}, {"a": float("nan")}, {"a": 10**18}, [], {}):
        with pytest.raises(ScenarioError, match="<dict>"):
            from_tree(bad)
    assert from_tree(BASE.tree).tree == BASE.tree


def test_from_tree_leaves_the_callers_tree_alone():
    tree = {**copy.deepcopy(BASE.tree), "apply": []}
    before = copy.deepcopy(tree)
    from_tree(tree)
    assert tree == before


# passports


def test_sources_lists_passports_in_order_and_what_has_none():
    rows, none = BASE.passports, BASE.without_passport
    assert [row.path for row in rows] == [
        "classes.car.spacing",
        "crossings.pass.stations.passport.staffing.servers",
        "relief.water_per_person_day",
    ]
    assert (rows[0].value, rows[0].source, rows[0].date, rows[0].reason) == (
        "7 m", "a road handbook", "2019", "car and gap",
    )  # fmt: skip
    assert (rows[0].file, rows[0].line) == (str(SMALL), 11)
    assert {"clock.t0", "classes.car.men_share", "relief.night_hour"} < set(none)
    assert not any(path.startswith(("title", "name", "reported", "seed", "classes.car.spacing")) for path in none)


def test_a_passport_on_a_mapping_covers_what_is_below_and_may_hold_others(small_text, tmp_path):
    text = small_text.replace(
        "{mean: 2.9, max: 7}", "{value: {mean: {value: 2.9, source: inner}, max: 7}, reason: outer, uncertainty: 0.2}"
    )
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    loaded = load(path)
    assert loaded.scenario == BASE.scenario
    rows = {row.path: row for row in loaded.passports}
    assert rows["classes.car.people"].value == {"mean": 2.9, "max": 7}
    assert rows["classes.car.people"].uncertainty == 0.2
    assert rows["classes.car.people.mean"].source == "inner"
    assert not any(path.startswith("classes.car.people") for path in loaded.without_passport)


def test_every_value_may_stand_in_a_passport():
    def wrapped(value, depth):
        if isinstance(value, dict) and "value" in value:
            return value
        if depth > 0 and isinstance(value, dict):
            return {"value": {k: wrapped(v, depth + 1) for k, v in value.items()}, "source": "s"}
        if isinstance(value, dict):
            return {k: v if k == "reported" else wrapped(v, depth + 1) for k, v in value.items()}
        if isinstance(value, list):
            return {"value": [wrapped(item, depth + 1) for item in value], "reason": "r"}
        return {"value": value, "date": "d"}

    loaded = from_tree(wrapped(BASE.tree, 0))
    assert loaded.scenario == BASE.scenario
    assert loaded.without_passport == ()


def test_a_whole_scenario_in_a_passport(problems_of):
    assert problems_of("value: {name: x}\nsource: y\n") == [
        "s.yaml:1:1: value: a passport cannot hold a whole scenario; give each value its own"
    ]


# --set


def test_set_replaces_and_takes_over_the_passport():
    loaded = small("stations.passport.staffing.servers=24", "seed=9")
    assert station(loaded, "passport").staffing.servers == 24
    assert len(station(loaded, "passport").staffing.steps) == 1
    rows = {row.path: row for row in loaded.passports}
    row = rows["crossings.pass.stations.passport.staffing.servers"]
    assert (row.value, row.source, row.reason, row.file) == (24, None, "set on the command line", "--set")
    assert station(small("stations.passport.staffing=24"), "passport").staffing.steps == ()


def holds(read, loaded: Loaded) -> bool:
    try:
        return bool(read(loaded.scenario, loaded.scenario.crossings["pass"]))
    except (KeyError, AttributeError):
        return False


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("replications=50", lambda s, _: s.replications == 50),
        ("title=Another", lambda s, _: s.title == "Another"),
        ("crossings.pass.stations.gate.staffing.servers=7", lambda _, x: x.stations["gate"].staffing.servers == 7),
        ("road.stretches[1].files=2", lambda _, x: x.road.stretches[1].files == 2),
        ("road.stretches.1.files=2", lambda _, x: x.road.stretches[1].files == 2),
        ("behaviour.truck.renege.by_quoted_wait=3 %/h", lambda _, x: x.behaviour["truck"].renege is not None),
        ("demand.foot.w={constant: {rate: 3/h}}", lambda _, x: x.demand["foot"]["w"].constant.rate == 3),
        ("demand.car.rumour=null", lambda _, x: "rumour" not in x.demand["car"]),
        ("stations.gate.service_time.mean=9 s", lambda _, x: x.stations["gate"].service_time["any"].party.mean == 9),
        ("stations.gate.patience={value: 2 h, source: me}", lambda _, x: x.stations["gate"].patience.mean == 7200),
        ("quote.window=2 h", lambda _, x: x.quote.window == 7200),
    ],
)
def test_set(text, read):
    assert holds(read, small(text))
    assert not holds(read, BASE)


def test_all_bad_sets_at_once():
    with pytest.raises(ScenarioError) as error:
        small("x", "titel=3")
    assert len(error.value.problems) == 2


def test_a_horizon_cut_by_hand_is_no_mistake_of_the_file(small_text, problems_of):
    assert small("clock.horizon=2022-09-23").scenario.clock.horizon.day == 23
    assert len(problems_of(small_text.replace("horizon: 2022-09-30", "horizon: 2022-09-23"))) == 5


def test_short_paths_need_a_single_crossing():
    tree = copy.deepcopy(BASE.tree)
    tree["crossings"]["other"] = copy.deepcopy(tree["crossings"]["pass"])
    with pytest.raises(ScenarioError, match="there is no 'stations'"):
        from_tree(tree, ["stations.gate.staffing=3"])
    loaded = from_tree(tree, ["crossings.other.stations.gate.staffing=3"])
    assert loaded.scenario.crossings["other"].stations["gate"].staffing.servers == 3
    assert loaded.scenario.crossings["pass"].stations["gate"].staffing.servers == 4


# interventions


def test_scale_goes_through_staffing_and_claims_no_source():
    loaded = small(intervene=("twice_the_booths",))
    staffing = station(loaded, "passport").staffing
    assert (staffing.servers, staffing.steps[0].servers, staffing.shifts[0].servers) == (24, 28, 20)
    row = next(r for r in loaded.passports if r.path.endswith("passport.staffing.servers"))
    assert (row.source, row.reason) == (None, "intervention twice_the_booths: times 2 (before: 12)")
    assert loaded.applied == ("twice_the_booths",)


def test_changes_are_appended_and_set_is_set():
    loaded = small(intervene=("closed", "no_screening"))
    changes = loaded.scenario.crossings["pass"].changes
    assert [change.close for change in changes] == [None, True]
    assert station(loaded, "passport").screening.intensity == 0
    assert loaded.scenario.interventions == {}


def test_set_comes_last_and_apply_first(small_text, tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(small_text + "apply: [twice_the_booths]\n", encoding="utf-8")
    again = load(path, ["stations.passport.staffing.servers=5"], ["twice_the_booths"])
    assert again.applied == ("twice_the_booths", "twice_the_booths")
    staffing = station(again, "passport").staffing
    assert (staffing.servers, staffing.steps[0].servers) == (5, 56)


@pytest.mark.parametrize("name", ["nope", "clsed"])
def test_unknown_intervention(name):
    with pytest.raises(ScenarioError) as error:
        small(intervene=(name,))
    near = "; did you mean 'closed'?" if name == "clsed" else ""
    said = f"--intervene: unknown intervention '{name}'; the scenario has twice_the_booths, no_screening, closed{near}"
    assert str(error.value) == said


@pytest.mark.parametrize(
    ("value", "factor", "product"),
    [
        (3, 1.5, 5), (1, 0.5, 1), (12, 0, 0), (5, 0.5, 3), (2.5, 2, 5.0), (0.1, 3, 0.3), ("62/h", 1.5, "93/h"),
        ("4 min", 0.5, "2 min"), ("50 %", 2, "100 %"), ("1_700 m", 2, "3400 m"), ("fifo", 2, "fifo"),
    ],
)  # fmt: skip
def test_times(value, factor, product):
    assert times(value, factor) == product
    assert type(times(value, factor)) is type(product)


def test_scale_a_law_leaves_its_shape():
    tree = copy.deepcopy(BASE.tree)
    tree["interventions"] = {"slow": {"description": "d", "scale": {"stations.passport.service_time": 2}}}
    law = station(from_tree(tree, intervene=["slow"]), "passport").service_time["car"]
    assert (law.party.mean, law.party.cv, law.person.mean) == (480, 0.5, 60)


def test_an_intervention_that_breaks_the_scenario_is_found_on_load():
    tree = copy.deepcopy(BASE.tree)
    tree["interventions"] = {"no_office": {"description": "d", "set": {"stations.office": None}}}
    with pytest.raises(ScenarioError) as error:
        from_tree(tree)
    assert str(error.value) == (
        "<dict>: interventions.no_office: crossings.pass.stations.passport.screening.office: "
        "there is no station 'office'; expected gate, passport or entry"
    )


def test_a_zone_passed_twice_is_refused():
    with pytest.raises(ScenarioError, match=r"class 'car' waits in zone 'neutral' twice, at 'passport' and here"):
        small("stations.passport.hall=neutral")
    small("stations.passport.hall=neutral", "stations.entry.hall=null")


def test_men_sent_on_without_their_party_need_a_class_to_go_on_as():
    apart = ("stations.passport.screening.stays_together=50 %",)
    no_walkers = ("classes.foot=null", "behaviour.car.change_mode=null", "stations.passport.discipline=fifo")
    small(*apart)
    small(*no_walkers)
    with pytest.raises(ScenarioError, match=r"stays_together: men sent on without their party continue on foot"):
        small(*apart, *no_walkers)


def test_a_title_is_one_line_and_no_page(tmp_path, small_text):
    path = tmp_path / "small.yaml"
    title = next(line for line in small_text.splitlines() if line.startswith("title:"))
    path.write_text(small_text.replace(title, 'title: "two\\n  lines\\n"'))
    assert load(path).scenario.title == "two lines"
    path.write_text(small_text.replace(title, f"title: {'x' * 201}"))
    with pytest.raises(ScenarioError, match="title: is a title of 201 characters; at most 200 are allowed"):
        load(path)
