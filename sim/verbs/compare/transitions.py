"""Where the people of a network end up in a scenario, and where the same people end up in the base.

A state is the last crossing with whether the person got across there, or having stayed at home. The people of a party
that splits are distinguished: those who remained with it come first in both scenarios.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.arrays import Floats, Ints
from sim.engine.records import Outcome
from sim.engine.tape import Tape
from sim.measures.parties import Parties

ACROSS, NOT_ACROSS, STAYED = "across", "not_across", "stayed"


class State(NamedTuple):
    """Where a person ends up: a crossing ('' if the person stayed at home), and ACROSS, NOT_ACROSS or STAYED."""

    crossing: str
    end: str


def states(crossings: tuple[str, ...]) -> list[State]:
    """Return all states, in the order of `transition_matrix`."""
    return [*(State(x, end) for x in crossings for end in (ACROSS, NOT_ACROSS)), State("", STAYED)]


def transition_matrix(
    crossings: int, base: tuple[Tape, Parties], here: tuple[Tape, Parties], same: tuple[Ints, Ints]
) -> Floats:
    """Return people by state in the base and here, (2 X + 1, 2 X + 1), for those who choose between `crossings`.

    `same` are the columns of the parties that are on both tapes, here and in the base.
    """
    size = 2 * crossings + 1
    columns_here, columns_base = (columns[here[0].source[same[0]] >= crossings] for columns in same)
    states_here, starts_here = _persons(here, crossings)
    states_base, starts_base = _persons(base, crossings)
    people = np.minimum(np.diff(starts_here)[columns_here], np.diff(starts_base)[columns_base])
    within = np.arange(people.sum()) - np.repeat(np.cumsum(people) - people, people)
    before = states_base[np.repeat(starts_base[columns_base], people) + within]
    after = states_here[np.repeat(starts_here[columns_here], people) + within]
    return np.bincount(before * size + after, minlength=size * size).reshape(size, size).astype(np.float64)


def _persons(outcomes: tuple[Tape, Parties], crossings: int) -> tuple[Ints, Ints]:
    """Return the state of every person, by party and within it its twins last, and where each party begins."""
    tape, parties = outcomes
    state = 2 * parties.crossing + ~parties.crossed
    state[parties.outcome == int(Outcome.STAYED)] = 2 * crossings
    order = np.lexsort((parties.twin, parties.origin))
    number = np.bincount(parties.origin, parties.people, len(tape)).astype(np.int64)
    return np.repeat(state[order], parties.people[order]), np.append(0, np.cumsum(number))
