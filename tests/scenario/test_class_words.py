"""Words for classes, guessed from their names, and doubts about classes and pools."""

from __future__ import annotations

import pytest

from sim.scenario.checks.warnings import warnings_of
from sim.scenario.model.class_words import words_of
from sim.scenario.model.scenario import Scenario


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("visitor", "visitors"), ("fast_truck", "fast trucks"), ("fast", "fast parties"),
        ("enrolled", "enrolled parties"),
        ("eu", "EU parties"), ("non_eu", "non EU parties"), ("staff", "staff"), ("seaman", "seamen"), ("man", "men"),
        ("family", "families"), ("van", "vans"), ("coach", "coaches"), ("first_time", "first time parties"),
        ("crew", "crews"),
    ],
)  # fmt: skip
def test_words(name: str, words: str) -> None:
    assert words_of(name) == words


def test_what_has_no_effect_is_doubted() -> None:
    booths = {"staffing": {"pool": "officers", "at_most": 9}, "service_time": "1 min"}
    clock = {"timezone": "UTC", "t0": "2025-06-02", "start": "2025-06-02", "horizon": "2025-06-03"}
    port = {
        "stations": {"booths": booths},
        "pools": {"officers": 4, "others": 2},
        "demand": {"van": {"d": {"constant": {"rate": "60/h"}}}, "vans": {"d": {"constant": {"rate": "60/h"}}}},
    }
    tree = {"name": "p", "title": "P", "clock": clock, "crossings": {"port": port}}
    tree["classes"] = {"van": {"kind": "car"}, "vans": {"kind": "car"}}
    assert [what for _, what in warnings_of(Scenario.model_validate(tree))] == [
        "is called 'vans' in tables and pictures, as class 'van' is; give it another name",
        "no station uses this pool; name it in the 'staffing' of a station, or remove it",
        "is more than the 4 servers of pool 'officers', so this has no effect; got 9",
    ]
