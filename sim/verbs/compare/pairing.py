"""One replication of several scenarios on the same random numbers, and what changed for each party.

A party is the same in two scenarios if it has the same number within its crossing, class and group (waiting at the
start, or arriving): all its random numbers are then the same. People are counted by the class and the local day of
their arrival; the last day holds those waiting at the start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Bools, Floats, Ints
from sim.engine.plan import Plan
from sim.engine.records import Outcome
from sim.engine.tape import Tape
from sim.measures.count.tally import local_days
from sim.measures.names import Key
from sim.measures.parties import Parties, parties_of
from sim.measures.replication import Measures
from sim.measures.reports import observed_values
from sim.play.one import Played, Subject
from sim.scenario.model.instants import counted_from, since_t0
from sim.scenario.model.scenario import Scenario
from sim.units import MS_PER_H
from sim.verbs.compare.transitions import transition_matrix

ENDS = (
    "crossed",
    "refused",
    "summoned",
    "reneged",
    "balked",
    "barred",
    "unfinished",
    "stayed",
    "on_the_way",
)
"""The outcomes of people, as in the names of measures."""
GROUP_COLUMNS = ("came", *ENDS, "parties_crossed", "hours_waited")
"""People of a group who came, and by outcome; its arriving parties that crossed, and their hours in queues."""
PAIR_COLUMNS = ("sooner", "as_soon", "later", "only_here", "only_base", "neither", "gone", "new", "hours")
"""People of a group by what changed: across in both scenarios, after less, the same or more time; across here only, in
the base only, or in neither; on the base's tape only, or on this one only. `hours` is the additional time until across,
summed over the people across in both."""
ALIKE = 60_000
"""Milliseconds by which two times until across may differ and still count as the same."""
WAIT_STEPS = 240
STAYED = ("stayed_parties", "stayed_people")
"""Totals that only some scenarios of a comparison may have; the others get 0, so that the change is shown."""
STORED_SERIES = (
    *("queue", "queue_people", "queue_length", "in_system_people", "quoted_wait"),
    *("wait", "virtual_wait", "virtual_wait_censored"),
)
"""The series that a comparison stores; a run stores all."""
_ENDS = np.array([Outcome[end.upper()] for end in ENDS])


class Tables(NamedTuple):
    """The tables of one replication of one scenario: X crossings, C classes, D days.

    `groups` (X, C, D + 1, GROUP_COLUMNS); `pairs`, the same with PAIR_COLUMNS, against the base; `waits` (X, C + 1,
    WAIT_STEPS), for each class and for all together the share of the arriving parties that crossed with a wait up to
    each of `wait_steps`; `transitions` as in the module of that name, against the base, empty without a network.
    """

    groups: Floats
    pairs: Floats
    waits: Floats
    transitions: Floats


class ReplicationData(NamedTuple):
    """The results of one replication of one scenario; `observed` are the figures that reporters would have given."""

    measures: Measures
    observed: Floats
    tables: Tables


@dataclass(frozen=True)
class PlayAll:
    """Plays one replication of every scenario, the base first. Call it with the number of the replication."""

    subjects: tuple[Subject, ...]
    engine: str
    seed: int

    def __call__(self, replication: int) -> tuple[ReplicationData, ...]:
        """Return the results of each scenario."""
        base: PartyOutcomes | None = None
        results = []
        for subject in self.subjects:
            played = subject.play(self.seed, replication, self.engine)
            outcomes = PartyOutcomes(played)
            base = base or outcomes
            measures = played.measures
            series = {key: values for key, values in measures.series.items() if _is_stored(key)}
            tables = Tables(
                groups=outcomes.by_group(),
                pairs=outcomes.against(base),
                waits=outcomes.waits(wait_steps(played.plan)),
                transitions=outcomes.transitions(base),
            )
            observed = observed_values(played.scenario, measures)
            results.append(ReplicationData(Measures(measures.at, series, measures.totals), observed, tables))
        stayed = {key: 0.0 for each in results for key in each.measures.totals if key.quantity in STAYED}
        return tuple(_with_totals(each, stayed) for each in results)


def _with_totals(data: ReplicationData, totals: dict[Key, float]) -> ReplicationData:
    """Return the results with those of `totals` that they lack, as the last."""
    absent = {key: value for key, value in totals.items() if key not in data.measures.totals}
    return data._replace(measures=replace(data.measures, totals=data.measures.totals | absent)) if absent else data


def _is_stored(key: Key) -> bool:
    return key.quantity in STORED_SERIES and not key.scope.startswith("station:")


def wait_steps(plan: Plan) -> Floats:
    """Return the waits (ms) at which distributions of waits are evaluated, (WAIT_STEPS,).

    0, then evenly spaced on a logarithmic scale from one minute.
    """
    longest = max(plan.horizon - plan.start, 2 * 60_000)
    return np.append(0.0, np.geomspace(60_000, longest, WAIT_STEPS - 1))


class Groups(NamedTuple):
    """The group of every party (P,) as a flat index into (X, C, D + 1), and that shape."""

    of: Ints
    shape: tuple[int, int, int]


def groups_of(scenario: Scenario, plan: Plan, tape: Tape, parties: Parties) -> Groups:
    """Return the groups of the parties on a tape: their last crossing, class, and local day of arrival.

    For parties from an origin the day is that on which they set out. The last day holds those who came `early`.
    """
    days = days_of(scenario, plan)
    midnights = np.array([since_t0(scenario.clock, day) for day in days], np.int64)
    day = np.searchsorted(midnights, tape.arrived_at, side="right") - 1
    day = np.where(came_early(scenario, tape), len(days), np.maximum(day, 0))
    shape = len(plan.crossings), len(scenario.streams), len(days) + 1
    crossing = np.zeros(len(tape), np.int64)
    crossing[parties.origin[~parties.twin]] = parties.crossing[~parties.twin]
    return Groups(np.ravel_multi_index((crossing, tape.cls, day), shape).astype(np.int64), shape)


def came_early(scenario: Scenario, tape: Tape) -> Bools:
    """Return whether each party was waiting at the start, or came during the warm-up."""
    return np.asarray(tape.initial | (tape.arrived_at < counted_from(scenario.clock)))


def days_of(scenario: Scenario, plan: Plan) -> list[datetime]:
    """Return the local midnights of the days of a run, after its warm-up."""
    return local_days(scenario.clock, counted_from(scenario.clock), plan.horizon)


class PartyOutcomes:
    """What became of the parties of one replication.

    `people_across` and `time_across` (ms, mean over the people across) have an entry per column of the tape.
    """

    def __init__(self, played: Played) -> None:
        tape = played.tape
        parties = parties_of(played.plan, played.records, max(len(tape), 1))
        self.tape, self.parties, self.crossings = tape, parties, len(played.plan.crossings)
        self.has_network = bool(played.plan.origins)
        self.early = came_early(played.scenario, tape)
        self.groups = groups_of(played.scenario, played.plan, tape, parties)
        people = parties.people * parties.crossed
        self.people_across = np.bincount(parties.origin, people, len(tape))
        person_time = people * (parties.left_at - tape.arrived_at[parties.origin])
        total_time = np.bincount(parties.origin, person_time, len(tape))
        self.time_across = np.rint(total_time / np.maximum(self.people_across, 1))

    def by_group(self) -> Floats:
        """Return the table of GROUP_COLUMNS."""
        parties, groups = self.parties, self.groups.of[self.parties.origin]
        arrived = parties.crossed & ~parties.twin & ~self.early[parties.origin]
        by_outcome = [parties.people * (parties.outcome == end) for end in _ENDS]
        return self._table(groups, [parties.people, *by_outcome, arrived, arrived * parties.waited / MS_PER_H])

    def against(self, base: PartyOutcomes) -> Floats:
        """Return the table of PAIR_COLUMNS. Parties that are on one tape only belong to their group there."""
        here, there = _same_parties(self.tape, base.tape)
        people = np.bincount(base.parties.origin, base.parties.people, len(base.tape))[there]
        across, before = self.people_across[here], base.people_across[there]
        both = np.minimum(across, before)
        later = self.time_across[here] - base.time_across[there]
        matched = [
            both * (later < -ALIKE),
            both * (np.abs(later) <= ALIKE),
            both * (later > ALIKE),
            across - both,
            before - both,
            np.maximum(people - np.maximum(across, before), 0),
        ]
        table = self._table(base.groups.of[there], [*matched, 0 * both, 0 * both, both * later / MS_PER_H])
        for column, (outcomes, places) in {"gone": (base, there), "new": (self, here)}.items():
            unmatched = np.ones(len(outcomes.tape), np.bool_)
            unmatched[places] = False
            weights = outcomes.tape.people * unmatched
            table[..., PAIR_COLUMNS.index(column)] = self._table(outcomes.groups.of, [weights])[..., 0]
        return table

    def transitions(self, base: PartyOutcomes) -> Floats:
        """Return where those who choose between crossings end in the base and here; empty without a network."""
        if not self.has_network:
            return np.zeros((0, 0))
        there, here = (base.tape, base.parties), (self.tape, self.parties)
        return transition_matrix(self.crossings, there, here, _same_parties(self.tape, base.tape))

    def waits(self, steps: Floats) -> Floats:
        """Return the shares (X, C + 1, steps) of the arriving parties that crossed with a wait up to each step."""
        x_count, classes, _ = self.groups.shape
        parties = self.parties
        arrived = ~self.early
        arrived[parties.origin[parties.outcome == int(Outcome.STAYED)]] = False
        cell = self.groups.of // self.groups.shape[2]
        number = np.bincount(cell[arrived], minlength=x_count * classes).reshape(x_count, classes)
        crossed = parties.crossed & ~parties.twin & arrived[parties.origin]
        step = np.searchsorted(steps, parties.waited[crossed])
        flat = cell[parties.origin[crossed]] * len(steps) + np.minimum(step, len(steps) - 1)
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
    """Return the columns of the parties that are on both tapes."""
    _, ours, theirs = np.intersect1d(_names(here), _names(there), assume_unique=True, return_indices=True)
    return ours, theirs


def _names(tape: Tape) -> Ints:
    group = ((tape.source.astype(np.int64) << 8) + tape.cls) * 2 + tape.initial
    return (group << 32) + tape.number
