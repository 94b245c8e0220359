"""The class whose wait stands for a crossing, and whether its queue is counted in people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.measures.names import Key
from sim.plotting.colours import colour_of
from sim.plotting.sentences import period, summary
from sim.plotting.story import Story
from sim.plotting.waiting import by_people, layers_of, queue_scope, wait_classes
from sim.scenario.model.class_words import plural
from sim.scenario.model.scenario import Clock, Scenario
from tests.plotting import synthetic


def story_with(reported: list[object] | None = None, **people: float) -> Story:
    """A story in which this many people of each class wait at all times."""
    story = synthetic.story(2, **({} if reported is None else {"reported": reported}))
    band = story.band("queue", "car")
    assert band is not None
    for name, number in (*people.items(), ("all", sum(people.values()))):
        even = replace(band, mean=np.full(len(story.at), number))
        story.estimates.series[Key(story.crossing, "queue_people", name)] = even
    story.estimates.totals[Key(story.crossing, "max_queue_people")] = synthetic.exactly(sum(people.values()))
    story.estimates.totals[Key(story.crossing, "wait_mean", "truck/main")] = synthetic.exactly(2)
    return story


def test_the_class_that_waits_most_comes_first() -> None:
    assert wait_classes(story_with([], car=10, truck=200, foot=5))[0] == "truck"
    assert "; trucks that cross wait" in summary(story_with([], car=10, truck=200, foot=5))


def test_a_class_with_a_reported_wait_comes_before_it() -> None:
    assert wait_classes(story_with(car=10, truck=200))[0] == "car"


def test_people_are_counted_where_most_wait_without_a_vehicle() -> None:
    assert not by_people(story_with([], car=100, truck=50, foot=120))
    many = story_with([], car=100, truck=50, foot=300)
    assert by_people(many)
    assert "the queue peaks at 450 people" in summary(many)


@pytest.mark.parametrize(
    ("one", "many"),
    [("family", "families"), ("lorry", "lorries"), ("day", "days"), ("crew", "crews"), ("coach", "coaches"),
     ("tour bus", "tour buses"), ("citizens", "citizens"), ("truck", "trucks")],
)  # fmt: skip
def test_the_plural_follows_the_rules_of_spelling(one: str, many: str) -> None:
    assert plural(one) == many


def test_people_are_counted_where_vehicles_carry_many() -> None:
    story = story_with([], bus=4_000)
    even = replace(story.band("queue", "car"), mean=np.full(len(story.at), 100.0))  # type: ignore[type-var]
    story.estimates.series[Key(story.crossing, "queue", "vehicles")] = even
    assert by_people(story)
    assert queue_scope(story) == "all"


def test_of_many_classes_the_small_ones_are_shown_together() -> None:
    own = {f"class_{n}": {"kind": "foot"} for n in range(20)}
    tree = synthetic.tree(reported=[])
    tree["classes"] |= own
    scenario = Scenario.model_validate(tree)
    story = replace(synthetic.story(2), scenario=scenario)
    for n, name in enumerate(own):
        story.estimates.totals[Key(story.crossing, "arrived_people", name)] = synthetic.exactly(n)
        story.estimates.totals[Key(story.crossing, "initial_people", name)] = synthetic.exactly(0)
    layers = layers_of(story, list(own))
    assert [layer.classes for layer in layers[:-1]] == [(f"class_{n}",) for n in range(15, 20)]
    assert layers[-1].label == "the other 15"
    assert len({colour_of(scenario, name) for name in own}) == 20
    assert len(layers_of(story, list(own)[:6])) == 6


def test_relief_is_for_long_waits() -> None:
    story = story_with([], car=10)
    totals = story.estimates.totals
    came = {name: synthetic.exactly(number) for name, number in (("arrived_people", 90), ("initial_people", 10))}
    totals |= {Key(story.crossing, name): number for name, number in came.items()}
    for longest, hours, needed in ((3.9, 390, False), (4, 390, True), (1, 400, True)):
        totals[Key(story.crossing, "wait_max")] = synthetic.exactly(longest)
        totals[Key(story.crossing, "person_hours_waited")] = synthetic.exactly(hours)
        assert story.needs_relief == needed


@pytest.mark.parametrize(
    ("start", "horizon", "warm_up", "words"),
    [
        ("2025-06-02", "2025-06-03", 0, "On 2 June"),
        ("2025-06-02T08:00", "2025-06-02T14:00", 7200, "On 2 June from 10:00 to 14:00"),
        ("2025-06-02T08:00", "2025-06-03", 0, "On 2 June from 08:00 to 24:00"),
        ("2025-06-02", "2025-06-05", 0, "Between 2 June and 4 June"),
        ("2025-06-02", "2025-06-05", 21600, "From 06:00 on 2 June to 4 June"),
        ("2025-06-02T04:00", "2025-06-03T02:00", 0, "From 04:00 on 2 June to 02:00 on 3 June"),
    ],
)
def test_the_headline_says_what_part_of_a_day_is_counted(start: str, horizon: str, warm_up: int, words: str) -> None:
    clock = {"timezone": "Etc/UTC", "t0": start, "start": start, "horizon": horizon, "warm_up": f"{warm_up} s"}
    assert period(Clock.model_validate(clock)) == words
