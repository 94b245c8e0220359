"""Copies of a station: stations of their own, in a choice, wherever the file names them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.scenario.checks.crossings import check
from sim.scenario.model.scenario import Scenario
from tests.engine.build import scenario

BOOTH: dict[str, Any] = {"staffing": 1, "service_time": "3 min"}


def hall(copies: Any, **rest: Any) -> Scenario:
    stations = {"gate": BOOTH, "booth": BOOTH | {"copies": copies}, "exit": BOOTH}
    return scenario(stations, demand={"car": "20/h"}, **rest)


def by_hand(number: int, choice: dict[str, Any], **rest: Any) -> Scenario:
    names = [f"booth_{n + 1}" for n in range(number)]
    stations = {"gate": BOOTH, **dict.fromkeys(names, BOOTH), "exit": BOOTH}
    return scenario(stations, parallel={"booth": {"one_of": names, **choice}}, demand={"car": "20/h"}, **rest)


@pytest.mark.parametrize(("copies", "choice"), [(3, {}), ({"number": 3, "by": "first"}, {"by": "first"}),
                                                ({"number": 3, "jockeying": 2}, {"jockeying": 2})])  # fmt: skip
def test_copies_are_what_one_would_write_by_hand(copies: Any, choice: dict[str, Any]) -> None:
    change = [{"stations": ["booth_1", "booth_2", "booth_3"], "servers": 2, "from": "2022-09-21T12:00"}]
    bypass = {"car": {"bypass": {"joins": "booth", "local": 0.5}}}
    short = hall(copies, changes=[change[0] | {"stations": ["booth"]}], behaviour=bypass)
    bypass["car"]["bypass"]["joins"] = "booth_1"
    long = by_hand(3, choice, changes=change, behaviour=bypass)
    assert not list(check(short))
    assert lower(short) == lower(long)
    assert draw(short, lower(short), 1, 0) == draw(long, lower(long), 1, 0)


def test_a_choice_that_names_the_station_has_its_copies() -> None:
    stations = {"booth": BOOTH | {"copies": 2}, "gate": BOOTH}
    game = scenario(stations, parallel={"both": {"one_of": ["gate", "booth"]}})
    assert game.crossings["x"].parallel["both"].one_of == ("gate", "booth_1", "booth_2")
    game = scenario(stations, parallel={"both": {"shares": {"gate": 0.4, "booth": "rest"}}})
    assert game.crossings["x"].parallel["both"].shares == pytest.approx({"gate": 0.4, "booth_1": 0.3, "booth_2": 0.3})


@pytest.mark.parametrize(("copies", "rest", "sentence"), [
    (1, {}, "greater than or equal to 2"),
    ({"number": 2, "by": "first"}, {"parallel": {"both": {"one_of": ["gate", "booth"]}}}, "give only their number"),
    (2, {"parallel": {"booth": {"one_of": ["gate", "exit"]}}}, "need a choice of that name"),
])  # fmt: skip
def test_what_cannot_be_is_refused(copies: Any, rest: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        hall(copies, **rest)


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValidationError, match="which another station has"):
        scenario({"booth": BOOTH | {"copies": 2}, "booth_2": BOOTH})
