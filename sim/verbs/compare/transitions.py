"""Where the people of a network end up in one scenario, and where the same people do in the base, person by person.

A state is the last crossing and whether the person got across there, or having stayed at home. The people of a party
that splits are told apart: those who stayed with it come first in both scenarios.
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
    """Where somebody ends up: a crossing ('' for who stayed at home), and ACROSS, NOT_ACROSS or STAYED."""

    crossing: str
    end: str


def states(crossings: tuple[str, ...]) -> list[State]:
    """Return all states, in the order of the tables of `moves`."""
    return [*(State(x, end) for x in crossings for end in (ACROSS, NOT_ACROSS)), State("", STAYED)]


def moves(crossings: int, base: tuple[Tape, Parties], here: tuple[Tape, Parties], same: tuple[Ints, Ints]) -> Floats:
    """Return people by state in the base and here, (2 X + 1, 2 X + 1); only those who choose between `crossings`.

    `same` are the columns of the parties that both tapes have, here and in the base.
    """
    size = 2 * crossings + 1
    ours, theirs = (each[here[0].source[same[0]] >= crossings] for each in same)
    now, began = _persons(here, crossings)
    before, begun = _persons(base, crossings)
    people = np.minimum(np.diff(began)[ours], np.diff(begun)[theirs])
    within = np.arange(people.sum()) - np.repeat(np.cumsum(people) - people, people)
    cell = before[np.repeat(begun[theirs], people) + within] * size + now[np.repeat(began[ours], people) + within]
    return np.bincount(cell, minlength=size * size).reshape(size, size).astype(np.float64)


def _persons(played: tuple[Tape, Parties], crossings: int) -> tuple[Ints, Ints]:
    """Return the state of every person, party by party and of a party its twins last, and where each party begins."""
    tape, found = played
    state = 2 * found.crossing + ~found.crossed
    state[found.outcome == int(Outcome.STAYED)] = 2 * crossings
    order = np.lexsort((found.twin, found.origin))
    number = np.bincount(found.origin, found.people, len(tape)).astype(np.int64)
    return np.repeat(state[order], found.people[order]), np.append(0, np.cumsum(number))
