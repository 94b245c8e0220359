"""The class whose wait stands for a crossing, and whether its queue is counted in people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.measures.names import Key, plural
from sim.plotting.sentences import summary
from sim.plotting.story import Story
from sim.plotting.waiting import by_people, wait_classes
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
