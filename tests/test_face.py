"""The Python face: load, run, look, save."""

from __future__ import annotations

import inspect
import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import sim
from sim.errors import SimError
from sim.verbs.run.result import _in_words

TINY = Path(__file__).parent / "tiny.yaml"


@pytest.fixture(scope="module")
def result() -> sim.RunResult:
    return sim.load(TINY).run(replications=2, workers=1)


def test_a_result_tells_its_numbers(result: sim.RunResult) -> None:
    crossed = [row for row in result.summary if (row["quantity"], row["scope"]) == ("crossed_people", "all")]
    assert len(crossed) == 1
    assert crossed[0]["p05"] <= crossed[0]["mean"] <= crossed[0]["p95"]
    assert crossed[0] in result.main_rows
    assert result.table("reported")["id"] == ["queue_at_noon"]
    assert len({len(column) for column in result.table("series").values()}) == 1


def test_interventions_and_sets_are_taken_into_account(result: sim.RunResult) -> None:
    more = sim.load(TINY, sets=["seed=9"], intervene=["more_booths"])
    assert more.scenario.seed == 9
    assert more.run(2, workers=1).summary != result.summary


@pytest.mark.slow
def test_a_result_draws_and_shows_itself(result: sim.RunResult, tmp_path: Path) -> None:
    assert "poster" in result.plots
    assert result.plot("poster")._repr_png_().startswith(b"\x89PNG")
    html = result._repr_html_()
    assert html.index("The post") < html.index("<iframe") < html.index("<img")
    assert "People waiting (people)" in html
    assert result.plot("queue_km").save(tmp_path / "q.svg").read_bytes().lstrip().startswith(b"<?xml")
    with pytest.raises(SimError, match=r"there is no picture 'postr'; did you mean 'poster'\?; the pictures are "):
        result.plot("postr")
    with pytest.raises(SimError, match=r"ends in .png or .svg"):
        result.plot().save(tmp_path / "q.gif")


def test_a_result_is_saved_once(result: sim.RunResult, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "out", pictures=False)
    said = json.loads((folder / "provenance.json").read_text())
    assert (said["command_line"], said["records"], said["source"]) == (None, False, str(TINY))
    with pytest.raises(SimError, match="already contains files"):
        result.save(tmp_path / "out")


def test_what_was_loaded_says_what_it_is() -> None:
    text = repr(sim.load(TINY, sets="seed=9", intervene="more_booths"))
    assert text.startswith("A small post for tests\n2022-09-21")
    assert text.endswith("crossings: post\nchanged: seed=9, +more_booths")


def test_without_a_name_results_go_to_a_folder_of_the_scenario(
    result: sim.RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one, two = (result.save(pictures=False) for _ in range(2))
    assert one != two
    assert {one.parent, two.parent} == {tmp_path / "results" / "tiny"}


def test_import_is_light_and_names_are_there() -> None:
    code = "import sim, sys; print(sorted({'numpy', 'pydantic', 'click'} & set(sys.modules)), 'load' in dir(sim))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] True\n"
    with pytest.raises(AttributeError, match="has no attribute 'lod'"):
        sim.lod  # noqa: B018


def test_a_comparison_tells_ranks_draws_and_saves(tmp_path: Path) -> None:
    found = sim.compare(TINY, "+more_booths", replications=3, workers=1)
    row = next(row for row in found.differences if (row["quantity"], row["scope"]) == ("crossed_people", "all"))
    assert row["scenario"] == "more_booths"
    assert re.search(
        r"more booths: most vehicles waiting \S+, −.* %\); mean wait (≥ )?\S+ min, −.*; people across", repr(found)
    )
    assert row["low"] < row["difference"] < row["high"]
    assert set(found.table("groups")["class"]) >= {"car", "all"}
    folder = found.ranked("wait_mean").save(tmp_path / "out", pictures=False)
    assert (folder / "ranking.csv").is_file()
    assert json.loads((folder / "provenance.json").read_text())["command_line"] is None
    assert found.plots["queues"]._repr_png_().startswith(b"\x89PNG")
    html = found._repr_html_()
    assert "Differences from tiny" in html
    assert "People waiting (people)" in html
    with pytest.raises(SimError, match="did you mean 'wait_mean'"):
        found.ranked("wait_mena")


def test_a_loaded_base_is_compared_with_its_own_changes() -> None:
    def people(comparison: sim.Comparison) -> tuple[float, float]:
        key = ("crossed_people", "all")
        row = next(row for row in comparison.differences if (row["quantity"], row["scope"]) == key)
        return row["base"], row["base"] + row["difference"]

    short = {"replications": 2, "workers": 1}
    base = sim.load(TINY, sets="demand.car.surge.step.rate=40/h")
    more = sim.load(TINY, sets="demand.car.surge.step.rate=40/h", intervene="more_booths")
    found = people(sim.compare(base, "+more_booths", **short))
    assert found == pytest.approx(people(sim.compare(base, more, **short)))
    assert found != pytest.approx(people(sim.compare(TINY, "+more_booths", **short)))
    with pytest.raises(SimError, match="loaded already"):
        sim.compare(base, "+more_booths", posterior=True, **short)


def test_a_base_given_as_a_dict_is_compared_with_its_interventions() -> None:
    tree = yaml.safe_load(TINY.read_text(encoding="utf-8"))
    assert sim.compare(tree, "+more_booths", replications=2, workers=1).data.labels[1] == "tiny+more_booths"
    with pytest.raises(SimError, match="or the dict itself"):
        sim.compare(sim.load(tree), "+more_booths", replications=2, workers=1)


def test_a_sweep_tells_draws_and_goes_on(tmp_path: Path) -> None:
    settings = {"stations.exit_control.staffing": [1, 2], "demand.car*": "0.5:1:0.5"}
    out, short = tmp_path / "out", {"sets": ["clock.horizon=2022-09-21T13:00"], "workers": 1, "measure": ["max_queue"]}
    found = sim.sweep(TINY, settings, out=out, replications=2, **short)
    assert found.failed == {}
    assert found.answer is None
    copy = found.save(tmp_path / "copy", pictures=False)
    assert (copy / "summary.csv").read_bytes() == (found.save(pictures=False) / "summary.csv").read_bytes()
    rows = [row for row in found.summary if (row["quantity"], row["scope"]) == ("max_queue", "all")]
    assert [(row["stations.exit_control.staffing"], row["demand.car*"]) for row in rows] == [
        ("1", "0.5"), ("1", "1"), ("2", "0.5"), ("2", "1"),
    ]  # fmt: skip
    assert len({len(column) for column in found.table("sweep").values()}) == 1
    assert found.plots["map_max_queue_all"]._repr_png_().startswith(b"\x89PNG")
    assert "most parties waiting" in found._repr_html_()
    assert (out / "provenance.json").is_file()
    more = sim.sweep(TINY, settings, out=out, replications=3, pictures=True, **short)
    assert (more.data.sweep.reused, more.data.sweep.played) == (8, 4)
    assert (out / "pictures" / "map_max_queue_all.png").is_file()
    asked = sim.sweep(TINY, find="stations.exit_control.staffing=1:4 such that max_queue < 1000", out=out, **short)
    assert asked.answer is not None
    assert asked.answer.startswith("The smallest stations.exit_control.staffing that meets")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"replications": "ten"}, "must be a whole number"),
        ({"engine": "fast"}, "there is no engine 'fast'"),
        ({"measure": ["max_quue"]}, "did you mean"),
    ],
)
def test_what_a_sweep_cannot_be_told(tmp_path: Path, options: dict[str, object], says: str) -> None:
    with pytest.raises(SimError, match=says):
        sim.sweep(TINY, {"stations.exit_control.staffing": [1, 2]}, out=tmp_path / "out", **options)


VERBS = ("load", "run", "compare", "sweep", "calibrate", "validate", "audit", "catalogue")


def sections(docstring: str) -> dict[str, str]:
    """Return the sections of a docstring in the numpydoc style by their heading."""
    parts = re.split(r"^(\w+)\n-+$", docstring, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_is_a_documented_function_with_typed_keywords(name: str) -> None:
    function = getattr(sim, name)
    parameters = inspect.signature(function).parameters
    assert all(p.kind is not inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    assert all(p.annotation is not inspect.Parameter.empty for p in parameters.values())
    found = sections(inspect.getdoc(function) or "")
    assert list(found) == ["Parameters", "Returns", "Raises"]
    documented = re.findall(r"^(\w[\w, ]*)$", found["Parameters"], flags=re.MULTILINE)
    assert {word for line in documented for word in line.split(", ")} == set(parameters)


def test_the_check_of_docstrings_sees_a_parameter_left_out() -> None:
    found = sections("Do.\n\nParameters\n----------\na, b\n    Text.\n\nReturns\n-------\nint\n    Text.\n")
    assert list(found) == ["Parameters", "Returns"]
    assert re.findall(r"^(\w[\w, ]*)$", found["Parameters"], flags=re.MULTILINE) == ["a, b"]


def test_one_text_may_stand_for_several() -> None:
    assert sim.load(TINY, "seed=9", "more_booths").scenario.seed == 9
    with pytest.raises(SimError, match="a scenario is a path, a catalogue name or a dict; got int"):
        sim.load(3)
    with pytest.raises(SimError, match="a sweep needs a path"):
        sim.sweep({"name": "x"}, ["seed=1,2"])


def test_a_scenario_may_be_a_dict_a_name_or_loaded(result: sim.RunResult) -> None:
    tree = yaml.safe_load(TINY.read_text())
    again = sim.run(tree, replications=2, workers=1)
    assert again.table()["mean"] == pytest.approx(result.table()["mean"], rel=0, abs=0, nan_ok=True)
    experiment = sim.load(TINY)
    assert sim.run(experiment, replications=2, workers=1).run.loaded is experiment.loaded
    assert sim.load("verkhny_lars").scenario.name == "verkhny_lars"
    with pytest.raises(SimError, match="loaded already"):
        sim.run(experiment, sets=["seed=9"])


def test_loaded_scenarios_are_compared_and_swept(tmp_path: Path) -> None:
    short = ["clock.horizon=2022-09-21T13:00"]
    base, other = sim.load(TINY, short), sim.load(TINY, short, ["more_booths"])
    comparison = sim.compare(base, other, replications=2, workers=1)
    assert comparison.data.labels == ("tiny", "tiny+more_booths")
    swept = sim.sweep(base, {"stations.exit_control.staffing": [2]}, out=tmp_path / "out", replications=2, workers=1)
    key = ("post", "max_queue", "all")
    totals = swept.data.sweep.totals[0]
    assert totals is not None
    assert totals.values[:, totals.keys.index(key)].tolist() == pytest.approx(
        comparison.data.totals[0][:, comparison.data.keys[0].index(key)].tolist()
    )


def test_only_the_picture_that_is_shown_is_drawn() -> None:
    fresh = sim.run(TINY, replications=1, workers=1)
    assert "<img" in fresh._repr_html_()
    assert list(fresh.plots._pictures) == ["poster"]


def test_a_repr_fits_on_a_screen(result: sim.RunResult) -> None:
    lines = repr(result).splitlines()
    assert len(lines) <= 20
    assert lines[0] == "A small post for tests: 2 replications, seed 5; 95 % intervals of the mean: chance only"


def test_the_repr_of_a_run_has_the_words_of_the_table_and_marks_lower_bounds(result: sim.RunResult) -> None:
    said, bounds = repr(result), result.run.estimates.lower_bounds
    assert re.search(r"\n  post: people across: [\d,]+ \([\d,.]+ to [\d,.]+\)", said)
    wait = next(key for key in result.run.estimates.totals if key[1:] == ("wait_mean", "all/main"))
    mark = "≥ " if wait in bounds else ""
    assert re.search(rf"\n  post: mean wait, all queues: {mark}\S+ (s|min|h|d)( \(|\n)", said)
    total = result.run.estimates.totals[wait]
    assert _in_words(replace(total, mean=2.0, low=1.5, high=2.5), "h", is_bound=True) == "≥ 2 h (1.5 to 2.5)"
    assert _in_words(replace(total, mean=0.5, low=math.nan, high=math.nan), "h", is_bound=False) == "30 min"
    assert _in_words(replace(total, mean=math.nan, low=math.nan, high=math.nan), "h", is_bound=True) == "-"


def test_tables_are_ready_for_data_frames(result: sim.RunResult) -> None:
    assert result.tables == ("summary", "series", "reported", "nights")
    for name in result.tables:
        assert len({len(column) for column in result.table(name).values()}) == 1
    frame = result.to_pandas()
    assert list(frame.columns) == list(result.table())
    assert frame["mean"].tolist() == pytest.approx(result.table()["mean"], nan_ok=True)
    with pytest.raises(
        SimError, match=r"there is no table 'sumary'; did you mean 'summary'\?; the tables are summary, "
    ):
        result.table("sumary")


@pytest.mark.slow
def test_the_catalogue_and_an_audit_from_python(tmp_path: Path) -> None:
    catalogue = sim.catalogue()
    assert "verkhny_lars" in {entry.name for entry in catalogue}
    assert len(catalogue) == len(catalogue.table()["name"])
    assert len(repr(catalogue).splitlines()) <= 20
    assert "<table>" in catalogue._repr_html_()
    assert (catalogue.save(tmp_path / "list") / "catalogue.csv").read_text().startswith("name,title,extends,status")
    audit = sim.audit("verkhny_lars")
    assert audit.table()["verdict"]
    assert "Verkhny Lars" in repr(audit)
    folder = audit.save(tmp_path / "out")
    assert {"audit.csv", "audit.png", "provenance.json", "sentences.md"} <= {path.name for path in folder.iterdir()}


IMPOSSIBLE = {"a NUL": "a\0b", "300 letters": "x" * 300, "half a character": "\ud800"}


@pytest.mark.parametrize("name", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_name_that_no_file_can_have_is_one_sentence(name: str) -> None:
    scenario = TINY
    for ask in (
        sim.load,
        sim.catalogue,
        sim.audit,
        sim.calibrate,
        sim.validate,
        sim.compare,
        lambda path: sim.sweep(path, {"seed": [1]}),
        lambda path: sim.sweep(scenario, {"stations.exit_control.staffing": [1]}, out=path),
    ):
        with pytest.raises(sim.SimError) as error:
            ask(name)
        assert "\n" not in str(error.value)
