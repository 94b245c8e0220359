"""One replication of several scenarios, each on its own tape of the same numbers, and what changed party by party.

A party is the same in two scenarios if it has the same number within its crossing, class and group (waiting at the
start, or arriving): all its random numbers are then the same. People are counted by the class and the local day they
came as and on; the last day stands for those waiting at the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats, Ints
from sim.engine.plan import Plan
from sim.engine.records import Outcome
from sim.engine.tape import Tape
from sim.measures.count.tally import local_days
from sim.measures.names import Key
from sim.measures.parties import Parties, parties_of
from sim.measures.replication import Measures
from sim.measures.reports import observations
from sim.play.one import Subject
from sim.scenario.model.instants import since_t0
from sim.scenario.model.quantities import CLASSES
from sim.scenario.model.scenario import Scenario
from sim.units import MS_PER_H
from sim.verbs.compare.transitions import moves

ENDS = (
    "crossed", "refused", "summoned", "reneged", "balked", "barred", "unfinished", "stayed", "on_the_way",
)  # fmt: skip
"""What can become of people, as in the names of measures."""
GROUP_COLUMNS = ("came", *ENDS, "parties_crossed", "hours_waited")
"""People of a group by what became of them; its parties across, and the hours these spent in queues."""
PAIR_COLUMNS = ("sooner", "as_soon", "later", "only_here", "only_base", "neither", "gone", "new", "hours")
"""People of a group by what changed: across in both, sooner or later or neither; across in one of the two only; in
neither; on the base's tape only, or on this one only; and for those across in both the hours they need more."""
ALIKE = 60_000
"""Milliseconds up to which two times to get across are the same."""
WAIT_STEPS = 240
KEPT = ("queue", "queue_people", "queue_length", "in_system_people", "quoted_wait", "wait")
"""The series that a comparison keeps; a run keeps all."""
_ENDS = np.array([Outcome[end.upper()] for end in ENDS])


class Kept(NamedTuple):
    """What is kept of a replication of one scenario; X crossings, C classes, D days and the start.

    `observed` is what reporters would have said; `groups` (X, C, D + 1, GROUP_COLUMNS), `pairs` the same with
    PAIR_COLUMNS, against the base; `waits` (X, C + 1, WAIT_STEPS) the share of the parties that came and have crossed
    with a wait up to each of `wait_steps`, by class and of all together; `moves` as in `transitions`, against the
    base, empty without a network.
    """

    measures: Measures
    observed: Floats
    groups: Floats
    pairs: Floats
    waits: Floats
    moves: Floats


@dataclass(frozen=True)
class PlayAll:
    """Plays one replication of every scenario, the base first; call it with the number of the replication."""

    subjects: tuple[Subject, ...]
    engine: str
    seed: int

    def __call__(self, replication: int) -> tuple[Kept, ...]:
        """Return what is kept of each scenario."""
        base: Fates | None = None
        kept = []
        for subject in self.subjects:
            played = subject.play(self.seed, replication, self.engine)
            ends = parties_of(played.plan, played.records, max(len(played.tape), 1))
            fates = Fates(played.tape, ends, groups_of(played.scenario, played.plan, played.tape, ends))
            base = base or fates
            measures = played.measures
            series = {key: values for key, values in measures.series.items() if _is_kept(key)}
            kept.append(
                Kept(
                    measures=Measures(measures.at, series, measures.totals),
                    observed=observations(played.scenario, measures),
                    groups=fates.by_group(),
                    pairs=fates.against(base),
                    waits=fates.waits(wait_steps(played.plan)),
                    moves=fates.moves(base, played.plan),
                )
            )
        return tuple(kept)


def _is_kept(key: Key) -> bool:
    return key.quantity in KEPT and not key.scope.startswith("station:")


def wait_steps(plan: Plan) -> Floats:
    """Return the waits (ms) at which their distribution is read: 0, then evenly on a logarithmic scale from a minute.

    (WAIT_STEPS,).
    """
    longest = max(plan.horizon - plan.start, 2 * 60_000)
    return np.append(0.0, np.geomspace(60_000, longest, WAIT_STEPS - 1))


class Groups(NamedTuple):
    """The group of every party (P,), an index into (X, C, D + 1), and that shape."""

    of: Ints
    shape: tuple[int, int, int]


def groups_of(scenario: Scenario, plan: Plan, tape: Tape, found: Parties) -> Groups:
    """Return the groups of the parties on a tape: the crossing they come to at last, class, and local day of coming.

    Who sets out from an origin comes, here, on the day of setting out.
    """
    days = days_of(scenario, plan)
    midnights = np.array([since_t0(scenario.clock, day) for day in days], np.int64)
    day = np.searchsorted(midnights, tape.arrived_at, side="right") - 1
    day = np.where(tape.initial, len(days), np.maximum(day, 0))
    shape = len(plan.crossings), len(CLASSES), len(days) + 1
    crossing = np.zeros(len(tape), np.int64)
    crossing[found.origin[~found.twin]] = found.crossing[~found.twin]
    return Groups(np.ravel_multi_index((crossing, tape.cls, day), shape).astype(np.int64), shape)


def days_of(scenario: Scenario, plan: Plan) -> list[datetime]:
    """Return the local midnights of the days of a run."""
    return local_days(scenario.clock, plan.start, plan.horizon)


class Fates:
    """What became of the parties on a tape."""

    def __init__(self, tape: Tape, found: Parties, groups: Groups) -> None:
        self.tape, self.found, self.groups = tape, found, groups
        size = len(tape)
        people = found.people * found.crossed
        self.across = np.bincount(found.origin, people, size)
        took = np.bincount(found.origin, people * (found.left_at - tape.arrived_at[found.origin]), size)
        self.took = np.rint(took / np.maximum(self.across, 1))

    def by_group(self) -> Floats:
        """Return the table of GROUP_COLUMNS."""
        found, groups = self.found, self.groups.of[self.found.origin]
        own = found.crossed & ~found.twin & ~self.tape.initial[found.origin]
        weights = [found.people, *(found.people * (found.outcome == end) for end in _ENDS), own,
                   own * found.waited / MS_PER_H]  # fmt: skip
        return self._table(groups, weights)

    def against(self, base: Fates) -> Floats:
        """Return the table of PAIR_COLUMNS; who is on one tape only belongs to the group there."""
        here, there = _same_parties(self.tape, base.tape)
        people = np.bincount(base.found.origin, base.found.people, len(base.tape))[there]
        across, before = self.across[here], base.across[there]
        both = np.minimum(across, before)
        later = self.took[here] - base.took[there]
        matched = [
            both * (later < -ALIKE),
            both * (np.abs(later) <= ALIKE),
            both * (later > ALIKE),
            across - both,
            before - both,
            np.maximum(people - np.maximum(across, before), 0),
        ]
        table = self._table(base.groups.of[there], [*matched, 0 * both, 0 * both, both * later / MS_PER_H])
        for column, (fates, rows) in {"gone": (base, there), "new": (self, here)}.items():
            alone = np.ones(len(fates.tape), np.bool_)
            alone[rows] = False
            weights = fates.tape.people * alone
            table[..., PAIR_COLUMNS.index(column)] = self._table(fates.groups.of, [weights])[..., 0]
        return table

    def moves(self, base: Fates, plan: Plan) -> Floats:
        """Return where those who choose between crossings end up in the base and here, () without a network."""
        if not plan.origins:
            return np.zeros((0, 0))
        there, here = (base.tape, base.found), (self.tape, self.found)
        return moves(len(plan.crossings), there, here, _same_parties(self.tape, base.tape))

    def waits(self, steps: Floats) -> Floats:
        """Return the shares (X, C + 1, steps) of those who came and have crossed with a wait up to each step."""
        x_count, classes, _ = self.groups.shape
        came = ~self.tape.initial
        came[self.found.origin[self.found.outcome == int(Outcome.STAYED)]] = False
        cell = self.groups.of // self.groups.shape[2]
        number = np.bincount(cell[came], minlength=x_count * classes).reshape(x_count, classes)
        own = self.found.crossed & ~self.found.twin & came[self.found.origin]
        step = np.searchsorted(steps, self.found.waited[own])
        flat = cell[self.found.origin[own]] * len(steps) + np.minimum(step, len(steps) - 1)
        counts = np.bincount(flat, minlength=number.size * len(steps)).reshape(x_count, classes, len(steps))
        counts = np.concatenate((counts, counts.sum(axis=1, keepdims=True)), axis=1)
        number = np.concatenate((number, number.sum(axis=1, keepdims=True)), axis=1)[..., None]
        return np.where(number > 0, np.cumsum(counts, axis=2) / np.maximum(number, 1), np.nan)

    def _table(self, groups: Ints, weights: list[NDArray[np.generic]]) -> Floats:
        shape = self.groups.shape
        size = int(np.prod(shape))
        columns = [np.bincount(groups, each, size).astype(np.float64) for each in weights]
        return np.stack(columns, axis=-1).reshape(*shape, len(weights))


def _same_parties(here: Tape, there: Tape) -> tuple[Ints, Ints]:
    """Return the columns of the parties that both tapes have."""
    _, ours, theirs = np.intersect1d(_names(here), _names(there), assume_unique=True, return_indices=True)
    return ours, theirs


def _names(tape: Tape) -> Ints:
    group = (tape.source.astype(np.int64) * len(CLASSES) + tape.cls) * 2 + tape.initial
    return (group << 32) + tape.number
