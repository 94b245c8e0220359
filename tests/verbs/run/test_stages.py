"""The stations in order, and those to which parties go next."""

from __future__ import annotations

import numpy as np

from sim.engine.lower.plan_from import lower
from sim.measures.estimates import Estimates
from sim.plotting.story import Story
from sim.verbs.run.stages import next_stations, stages_of
from tests.engine.build import scenario

DESK = {"staffing": 1, "service_time": "1 min", "serves": ["car"]}
ASIDE = {"to": "office", "share": 0.1, "then": "back"}


def test_parties_go_on_aside_and_back_and_not_to_the_stations_of_others() -> None:
    gate, lorries = DESK | {"serves": ["car", "truck"], "sent_aside": ASIDE}, DESK | {"serves": ["truck"]}
    office = DESK | {"only_sent_on": True}
    example = scenario({"gate": gate, "lorries": lorries, "cars": DESK, "last": DESK, "office": office})
    story = Story(example, lower(example), Estimates(example.clock, np.zeros(1, np.int64), 2, {}, {}), (), "x")
    assert stages_of(story) == [["gate"], ["lorries", "cars"], ["last"], ["office"]]
    ahead = {name: set(next_stations(story, name)) for name in story.stations}
    assert ahead.pop("gate") == {"lorries", "cars", "office"}
    assert ahead == {"lorries": set(), "cars": {"last"}, "last": set(), "office": {"gate"}}
