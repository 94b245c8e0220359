"""A path into a service time may go by any of its forms, short or long."""

from __future__ import annotations

import pytest

from sim.errors import ScenarioError
from sim.scenario.text.load_scenario import load

FORMS = {
    "bare": "20 s",
    "law": "{mean: 20 s, family: exponential}",
    "parts": "{party: 20 s}",
    "all": "{any: {party: 20 s}}",
    "all_bare": "{any: 20 s}",
    "all_law": "{any: {mean: 20 s, family: exponential}}",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", ["mean", "party.mean", "any.party.mean", "party", "any.party"])
def test_every_path_sets_the_part_of_the_party(tmp_path, small_text, form, path):
    file = tmp_path / "s.yaml"
    file.write_text(small_text.replace("service_time: 20 s", f"service_time: {FORMS[form]}"), encoding="utf-8")
    stations = load(file, [f"stations.gate.service_time.{path}=30 s"]).scenario.crossings["pass"].stations
    time = stations["gate"].service_time
    assert (list(time), time["any"].party.mean, time["any"].person) == (["any"], 30, None)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", ["person", "any.person"])
def test_a_part_is_added_beside_that_of_the_party(tmp_path, small_text, form, path):
    file = tmp_path / "s.yaml"
    file.write_text(small_text.replace("service_time: 20 s", f"service_time: {FORMS[form]}"), encoding="utf-8")
    stations = load(file, [f"stations.gate.service_time.{path}=5 s"]).scenario.crossings["pass"].stations
    time = stations["gate"].service_time
    assert (time["any"].party.mean, time["any"].person.mean) == (20, 5)


def test_a_mean_of_several_parts_has_nowhere_to_go(tmp_path, small_text):
    file = tmp_path / "s.yaml"
    text = small_text.replace("service_time: 20 s", "service_time: {any: {party: 20 s, person: 5 s}}")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(
        ScenarioError, match=r"for each of party, person; name one, such as service_time.any.party.mean$"
    ):
        load(file, ["stations.gate.service_time.mean=30 s"])


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("mean", "the service time is given for each of car, any; name one, such as service_time.car.mean"),
        ("party.mean", "given for each of car, any; name one, such as service_time.car.party.mean"),
        ("bla", "service_time has no 'bla'; it has car, any"),
    ],
)
def test_only_the_classes_of_the_file_are_listed(tmp_path, small_text, path, says):
    file = tmp_path / "s.yaml"
    text = small_text.replace("service_time: 20 s", "service_time: {car: {party: 20 s}, any: {party: 60 s}}")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load(file, [f"stations.gate.service_time.{path}=30 s"])
    assert str(error.value).endswith(says)


@pytest.mark.parametrize("form", FORMS)
def test_a_class_of_its_own_keeps_the_law_of_the_rest(tmp_path, small_text, form):
    file = tmp_path / "s.yaml"
    file.write_text(small_text.replace("service_time: 20 s", f"service_time: {FORMS[form]}"), encoding="utf-8")
    stations = load(file, ["stations.gate.service_time.car=30 s"]).scenario.crossings["pass"].stations
    time = stations["gate"].service_time
    assert (time["car"].party.mean, time["car"].party.family, time["any"].party.mean) == (30, "deterministic", 20)


@pytest.mark.parametrize("law", ["100 s", "{mean: 100 s, family: erlang, k: 2}", "{value: 100 s, source: observed}"])
@pytest.mark.parametrize("change", ["car.mean=30 s", "car.party.mean=30 s", "car=30 s", "car.person=5 s"])
def test_a_law_of_a_class_is_one_of_the_party(tmp_path, small_text, law, change):
    times = []
    for form in (law, f"{{party: {law}}}"):
        file = tmp_path / "s.yaml"
        text = small_text.replace("service_time: 20 s", f"service_time: {{car: {form}, any: {{person: 5 s}}}}")
        file.write_text(text, encoding="utf-8")
        assert load(file).scenario.crossings["pass"].stations["gate"].service_time["car"].party.mean == 100
        stations = load(file, [f"stations.gate.service_time.{change}"]).scenario.crossings["pass"].stations
        times.append(stations["gate"].service_time)
    assert times[0] == times[1]


def test_a_law_of_a_class_of_the_files_own(tmp_path, small_text):
    file = tmp_path / "s.yaml"
    text = small_text.replace("service_time: 20 s", "service_time: {enrolled: 30 s, any: 20 s}")
    file.write_text(text.replace("classes:\n", "classes:\n  enrolled: {kind: car}\n", 1), encoding="utf-8")
    time = load(file).scenario.crossings["pass"].stations["gate"].service_time
    assert (time["enrolled"].party.mean, time["any"].party.mean) == (30, 20)


def test_a_source_stays_with_the_law_that_is_written_out(tmp_path, small_text):
    file = tmp_path / "s.yaml"
    text = small_text.replace("service_time: 20 s", "service_time: {car: {value: 20 s, source: observed}, any: 5 s}")
    file.write_text(text, encoding="utf-8")
    rows = load(file, ["stations.gate.service_time.car.person=5 s"]).passports
    assert "observed" in [row.source for row in rows if row.path.endswith("service_time.car.party")]
