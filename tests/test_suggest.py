from __future__ import annotations

import pytest

from sim.suggest import closest, did_you_mean, no_such


def test_the_most_similar_choice_is_suggested() -> None:
    assert closest("statoin", ["station", "stations", "zone"]) == "station"
    assert closest("xyz", ["station", "zone"]) == ""
    assert did_you_mean("statoin", {"station": 1}) == "; did you mean 'station'?"
    assert did_you_mean("xyz", ["station"]) == ""


@pytest.mark.parametrize(
    ("name", "choices", "sentence"),
    [
        ("gaet", ["gate", "entry"], "there is no station 'gaet'; did you mean 'gate'?"),
        ("x", ["gate", "hall", "entry"], "there is no station 'x'; expected gate, hall or entry"),
        ("x", ["gate"], "there is no station 'x'; expected gate"),
        ("x", [], "there is no station 'x'"),
    ],
)
def test_what_does_not_exist_gets_a_suggestion_or_the_choices(name: str, choices: list[str], sentence: str) -> None:
    assert no_such("station", name, choices) == sentence
