"""Plays with other numbers of people per car in a period, for docs/assumptions.py.

The scenario language has one law of the people in a car for all dates. What another law in a period would change is
measured on the tape: cars that come to the border in the period are filled by a law with another mean, on the same
random numbers; their men, and the service times that depend on them, follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import numpy as np

from sim.engine.draw.groups import Group
from sim.scenario.model.instants import since_t0
from sim.scenario.model.laws import PeopleSpread
from sim.scenario.model.road import PartyClass


class People(NamedTuple):
    """A factor on the mean people per car of cars that come from `begin` until before `end`."""

    begin: datetime
    end: datetime
    factor: float


PERIODS = {
    "before 21 September": (datetime(2022, 9, 14), datetime(2022, 9, 21)),
    "from 21 to 27 September": (datetime(2022, 9, 21), datetime(2022, 9, 28)),
    "from 28 September on": (datetime(2022, 9, 28), datetime(2022, 10, 11)),
    "on all dates": (datetime(2022, 9, 14), datetime(2022, 10, 11)),
}


@contextmanager
def filled(people: People | None) -> Iterator[None]:
    """Fill the cars of a period otherwise, on every tape drawn meanwhile."""
    usual = Group._who
    if people is not None:
        Group._who = _filling(people)  # type: ignore[method-assign]
    try:
        yield
    finally:
        Group._who = usual  # type: ignore[method-assign]


def _filling(people: People):  # type: ignore[no-untyped-def]
    usual = Group._who

    def who(group: Group, party_class: PartyClass) -> None:
        usual(group, party_class)
        law = party_class.people
        if group.cls != "car" or not isinstance(law, PeopleSpread):
            return
        tape, place = group.tape, group.place
        before = group.people, tape.men[place].copy()
        other = PeopleSpread(mean=min(max(1.0, law.mean * people.factor), law.max), max=law.max)
        usual(group, party_class.model_copy(update={"people": other}))
        begin, end = (since_t0(group.scenario.clock, at) for at in (people.begin, people.end))
        inside = (group.at >= begin) & (group.at < end)
        group.people = np.where(inside, group.people, before[0])
        tape.people[place] = group.people
        tape.men[place] = np.where(inside, tape.men[place], before[1])

    return who
