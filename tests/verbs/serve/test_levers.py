"""The levers of the page: what they do is a valid scenario, the same as that of the file that the page hands over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.tape import Tape
from sim.errors import SimError
from sim.scenario.text.load_scenario import load, template_of
from sim.verbs.serve.base import Base, Bases, read_base
from sim.verbs.serve.lever import Lever, read_settings

QUICK = ("airport_hall", "made_up_port", "verkhny_lars")
OTHERS = ("eu", "ferry_port", "finland", "kazakhstan", "mongolia", "russia_2022", "truck_terminal", "us_land_port")
BASES: dict[str, Base] = {}


def base_of(name: str) -> Base:
    return BASES.get(name) or BASES.setdefault(name, read_base(name))


def another(lever: Lever, base: Base) -> Any:
    """Return a value of a lever that is not the present one."""
    if lever.kind == "switch":
        return not lever.value
    if lever.kind == "instant":
        return base.loaded.scenario.clock.start.isoformat(timespec="minutes")
    if not isinstance(lever.value, int | float):
        return lever.high / 2
    up = lever.value + 2 * lever.step
    return up if up <= lever.high else lever.value - 2 * lever.step


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_every_lever_makes_another_valid_scenario(name: str) -> None:
    base = base_of(name)
    plain = base.variant({}).scenario
    assert len(base.levers) > 8
    for lever in base.levers if name in QUICK else base.levers[::3]:
        # a fitted factor may be too small a change for whole numbers of servers at one of its ends
        values = (lever.low, lever.high) if lever.id.startswith("fitted/") else (another(lever, base),)
        settings = [read_settings(base.levers, {lever.id: value}) for value in values]
        assert any(base.variant(each).scenario != plain for each in settings), lever.id


@pytest.mark.parametrize("name", QUICK)
def test_levers_that_do_not_redraw_leave_the_tape_as_it_is(name: str) -> None:
    """One lever of each sort is tried; that of the demand is the negative control."""
    base = base_of(name)

    def tape_of(settings: dict[str, Any]) -> Tape:
        variant = base.variant(read_settings(base.levers, settings))
        return draw(variant.scenario, variant.plan, 0, 0)

    plain = tape_of({})
    alike = {lever.id.rpartition("/")[2]: lever for lever in base.levers if not lever.redraws}
    assert len(alike) > 1
    for lever in alike.values():
        for value in (lever.low, lever.high):
            assert tape_of({lever.id: value}) == plain, (lever.id, value)
    demand = next(lever for lever in base.levers if "/demand/" in lever.id)
    assert demand.redraws
    assert tape_of({demand.id: another(demand, base)}) != plain


def test_the_ends_of_every_range_are_valid() -> None:
    base = base_of("airport_hall")
    for lever in (lever for lever in base.levers if lever.kind == "number"):
        for end in (lever.low, lever.high):
            base.variant(read_settings(base.levers, {lever.id: end}))


@pytest.mark.parametrize("name", QUICK)
def test_the_file_that_is_handed_over_is_the_scenario_that_was_played(name: str, tmp_path: Path) -> None:
    base = base_of(name)
    chosen = [lever for n, lever in enumerate(base.levers) if n % 3 == 0 and not lever.id.startswith("what_if/")]
    settings = read_settings(base.levers, {lever.id: another(lever, base) for lever in chosen})
    path = tmp_path / "what_if.yaml"
    path.write_text(base.what_if(settings, tmp_path), encoding="utf-8")
    played = base.variant(settings).scenario
    assert load(path).scenario.model_copy(update={"name": played.name}) == played


def test_a_fitted_number_is_set_wherever_the_scenario_uses_it() -> None:
    base = base_of("verkhny_lars")
    fitted = [lever for lever in base.levers if lever.id.startswith("fitted/")]
    assert len(fitted) > 20
    for lever in fitted:
        value = lever.low + 0.6 * (lever.high - lever.low)
        name = lever.id.removeprefix("fitted/")
        expected = template_of(base.root).checked({**base.values, name: value}, base.units)
        assert base.variant({lever.id: value}).scenario == expected, name


def test_an_edited_text_is_handed_over_whole(tmp_path: Path) -> None:
    shown = base_of("airport_hall")
    base = read_base("airport_hall", shown.text.replace("replications: ", "replications: 1"))
    path = tmp_path / "what_if.yaml"
    path.write_text(base.what_if({"hall/demand/visitor": 1.5}), encoding="utf-8")
    assert load(path).scenario == base.variant({"hall/demand/visitor": 1.5}).scenario


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "settings: expected a mapping"),
        ({"hall/desks/servers": 3}, "there is no lever 'hall/desks/servers'"),
        ({"hall/kiosks/servers": "many"}, "expected a number from 0 to"),
        ({"hall/kiosks/servers": True}, "expected a number from 0 to"),
        ({"hall/kiosks/servers": 1e9}, "expected a number from 0 to"),
        ({"hall/kiosks/servers": 2.5}, "expected a whole number; got 2.5"),
        ({"hall/kiosks/servers": None}, "expected a number from 0 to"),
        ({"hall/closed_from": "soon"}, "expected a local date and time such as"),
        ({"hall/closed_from": "2022-09-28T00:00+03:00"}, "expected a local date and time such as"),
    ],
)
def test_a_setting_that_a_lever_does_not_have_is_told(given: Any, sentence: str) -> None:
    with pytest.raises(SimError, match=sentence):
        read_settings(base_of("airport_hall").levers, given)


def test_a_text_on_the_page_reads_no_other_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: tell nobody\n", encoding="utf-8")
    text = f"extends: {secret}\n" + base_of("airport_hall").text
    with pytest.raises(SimError, match="may only name files of the scenario's own folders") as error:
        read_base("airport_hall", text)
    assert "tell nobody" not in str(error.value)


def test_a_scenario_is_read_again_when_a_file_that_it_names_changes(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    tiny = Path(__file__).parents[2] / "tiny.yaml"
    (folder / "base.yaml").write_text(tiny.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "more.yaml").write_text("extends: base.yaml\nseed: 6\n", encoding="utf-8")
    bases = Bases()
    first = bases.get(str(folder / "more.yaml"))
    assert bases.get(str(folder / "more.yaml")) is first
    changed = (folder / "base.yaml").read_text(encoding="utf-8").replace("staffing: 2", "staffing: 5")
    (folder / "base.yaml").write_text(changed, encoding="utf-8")
    again = bases.get(str(folder / "more.yaml"))
    assert again.loaded.scenario.crossings["post"].stations["exit_control"].staffing.servers == 5  # type: ignore[union-attr]
