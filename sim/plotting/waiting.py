"""Who waits most: the classes whose wait is shown, and whether people or vehicles are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.measures.names import ALL, VEHICLES, by_way
from sim.plotting.colours import TOGETHER_COLOUR, class_label, colour_of
from sim.plotting.story import Story, others
from sim.scenario.model.reported import WAIT_KINDS

MOST_CLASSES = 6
"""Classes that a picture shows one by one; of more, the largest are, and the others together."""


CROWDED = 10
"""Mean people in a vehicle above which people are counted, not vehicles, as where most come by bus."""
MUCH = 1 / 3
"""Share of all waiting from which one class of many stands for the crossing."""


class Layer(NamedTuple):
    """One class of a picture, or several small ones together."""

    classes: tuple[str, ...]
    colour: str
    label: str


def layers_of(story: Story, names: Sequence[str]) -> list[Layer]:
    """Return the layers of a stack of classes: the largest by the people who came, and last the others as one."""
    came = {name: story.total("arrived_people", name).mean + story.total("initial_people", name).mean for name in names}
    most = sorted(names, key=lambda name: -came[name])[: MOST_CLASSES - 1 if len(names) > MOST_CLASSES else None]
    layers = [
        Layer((name,), colour_of(story.scenario, name), class_label(story.scenario, name))
        for name in names
        if name in most
    ]
    small = tuple(name for name in names if name not in most)
    return layers + ([Layer(small, TOGETHER_COLOUR, f"the other {len(small)}")] if small else [])


def wait_classes(story: Story) -> list[str]:
    """Return the classes whose wait is drawn: all with a reported wait, then those that wait most, at least two."""
    reported = [s.row.classes[0] for s in story.shown(*WAIT_KINDS)]
    having = [name for name in story.classes if story.band("wait", name) or story.band("quoted_wait", name)]
    having.sort(key=lambda name: -waited(story, name))
    classes = list(dict.fromkeys(name for name in (*story.classes, *reported) if name in reported))
    more = [name for name in having if name not in classes]
    return (classes + more[: max(0, 2 - len(classes))]) or list(story.classes[:1]) or ["car"]


def waited(story: Story, name: str) -> float:
    """Return the people of a class in queues, summed over the points of the series."""
    band = story.band("queue_people", name)
    return 0.0 if band is None else float(np.nansum(band.mean))


def by_people(story: Story) -> bool:
    """Return whether a queue is best counted in people: most wait without a vehicle, or many in each."""
    if not story.vehicles:
        return True
    afoot, driven = (sum(waited(story, name) for name in names) for names in (others(story), story.vehicles))
    vehicles = story.band("queue", VEHICLES)
    return afoot > driven or (vehicles is not None and driven > CROWDED * float(np.nansum(vehicles.mean)))


def queue_scope(story: Story) -> str:
    """Return whose queue stands for the crossing: all parties if it is best counted in people, else all vehicles."""
    return ALL if by_people(story) else story.scope


def parties_are_people(story: Story) -> bool:
    """Return whether every party is one person, so that parties may be called people."""
    people = story.band("queue_people")
    parties = story.band("queue")
    same = people is not None and parties is not None and np.array_equal(people.mean, parties.mean, equal_nan=True)
    return bool(same) and not story.vehicles


def wait_told(story: Story) -> tuple[str, float]:
    """Return the class whose wait stands for the crossing, and its mean wait (h) in all queues.

    Of many classes of which none has much of the waiting, all stand for it.
    """
    name = wait_classes(story)[0]
    of_all = sum(waited(story, each) for each in story.classes)
    if len(story.classes) > MOST_CLASSES and waited(story, name) < MUCH * of_all and not story.shown(*WAIT_KINDS):
        name = ALL
    return name, story.total("wait_mean", by_way(name, "main")).mean
