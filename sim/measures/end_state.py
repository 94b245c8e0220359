"""The end state of a run: the parties inside at the horizon of each replication, as another run takes them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from sim import store
from sim.arrays import Bools, Ints
from sim.engine.plan import AFOOT, CARRIED, FIRST, INSIDE, JOINS, NOWHERE, OTHERWISE, Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.engine.tape import Tape
from sim.measures.count.counters import HERE, SINCE_JOINING, WAITED
from sim.measures.end_of_controls import controls_at_end
from sim.measures.returns import returns_of
from sim.measures.waited import waited_by_start
from sim.scenario.model.end_state import TRAIT, Control
from sim.scenario.model.scenario import Scenario
from sim.scenario.model.traits import bit, traits_of

MOST_ROWS = 1_000_000
"""Rows after which the end states of further replications are not kept."""
WALKING, DRIVING = "walking", "driving"
PARTY, JOINED_FROM, MEN_STOPPED, BACK_TO = map(CARRIED.index, ("party", "joins", "men_stopped", "back_to"))
_FROM_INSIDE = [int(outcome) for outcome in (Outcome.SERVED, Outcome.SENT_ASIDE, Outcome.SENT_ON)]


@dataclass(frozen=True)
class Inside:
    """The parties inside at the horizon of one replication, those in service or blocked first, by name of the column.

    `left_out` says how many are not among them, by what they do: they walk or drive to a queue.
    """

    columns: dict[str, Ints]
    left_out: dict[str, int]
    controls: tuple[Control, ...] = ()


def inside(scenario: Scenario, plan: Plan, tape: Tape, records: Records) -> Inside:
    """Return the end state of a replication of `scenario`, whose plan is `plan`."""
    controls = tuple(controls_at_end(scenario, plan, tape, records))
    driving = int((records.outcome == int(Outcome.ON_THE_WAY)).sum())
    records = _of_the_unfinished(records, len(tape))
    rows = np.flatnonzero(records.outcome == int(Outcome.UNFINISHED))
    walks = records.arrived_at[rows] >= plan.horizon
    left_out = {WALKING: int(walks.sum()), DRIVING: driving}
    rows = rows[~walks]
    trail = _Trail(plan, tape, records)
    rows = rows[trail.order(rows)]
    party = records.party[rows].astype(np.int64)
    column = party % max(1, len(tape))
    columns = {
        "crossing": records.crossing[rows],
        "station": records.station[rows],
        "class": records.cls[rows],
        "stream": records.stream[rows],
        "joined_from": trail.joins(rows),
        "people": records.people[rows],
        "men": np.where(party < len(tape), tape.men[column] - trail.men_parted(column), records.people[rows]),
        "local": tape.local[column],
        "men_stopped": trail.men_stopped(rows),
        "back_to": trail.back_to(rows),
        "returns": returns_of(tape, records)[rows],
        **trail.waits(rows),
    }
    names = traits_of(scenario)
    for name in names:
        has, lacks = (tape.traits[column] & bit(names, name, which) != 0 for which in (True, False))
        columns[TRAIT + name] = np.where(has, 1, np.where(lacks, 0, -1))
    arrays = {name: np.asarray(values).astype(np.int64) for name, values in columns.items()}
    return Inside(arrays, left_out, controls)


def _of_the_unfinished(records: Records, size: int) -> Records:
    """Return the rows of parties that are inside at the horizon, and of those that parted from them."""
    is_inside = np.zeros(max(1, size), np.bool_)
    is_inside[records.party[records.outcome == int(Outcome.UNFINISHED)] % max(1, size)] = True
    kept = is_inside[records.party % max(1, size)]
    return Records(**{name: values[kept] for name, values in records.columns().items()})


class _Trail:
    """What the rows of a party before its last one say of it; `begin` (rows,) is the first row of the same party."""

    def __init__(self, plan: Plan, tape: Tape, records: Records) -> None:
        self.plan, self.tape, self.records = plan, tape, records
        place = np.arange(len(records))
        self.outcome = records.outcome.astype(np.int64)
        self.begins = np.append(True, records.party[1:] != records.party[:-1])[: len(records)]
        self.begin = _last(self.begins)
        after = np.append(-1, self.outcome[:-1])[: len(records)]
        self.after = np.where(self.begins, NOWHERE, after)  # outcome of the row before
        self.visit = _last(self.after != int(Outcome.INTERRUPTED))  # row in which the visit began
        resumes = np.isin(self.after, [int(Outcome.INTERRUPTED), int(Outcome.JOCKEYED)])
        self.joined = _last(~resumes)  # row in which it joined the queue, or another beside it
        self.came = _last((place == self.begin) | (self.after == int(Outcome.DIVERTED)))  # to the crossing
        self.carried = np.full(len(tape), NOWHERE)
        self.carried[tape.carried[:, PARTY]] = np.arange(len(tape.carried))
        self.before = waited_by_start(tape)

    def order(self, rows: Ints) -> Ints:
        """Return the order of rows: those called first, by when they were; then by joining."""
        records, number = self.records, self.records.party[rows].astype(np.int64)
        called = records.started_at[rows] != NEVER
        at = np.where(called, records.started_at[rows], records.arrived_at[self.visit[rows]])
        place = self._carried(rows, number)
        return np.lexsort((place, at, ~called))

    def joins(self, rows: Ints) -> Ints:
        """Return how each party joined its queue, as JOINS says."""
        head = self.joined[rows]
        after = self.after[head]
        twin = self.records.party[rows] >= len(self.tape)
        started_so = self._carried_cell(rows, head, JOINED_FROM, OTHERWISE)
        return np.select(
            [self.records.first[head], after == int(Outcome.CHANGED_MODE), np.isin(after, _FROM_INSIDE) & ~twin],
            [FIRST, AFOOT, INSIDE],
            np.where(after == NOWHERE, started_so, OTHERWISE),
        )

    def back_to(self, rows: Ints) -> Ints:
        """Return the station to which each party goes back from here; NOWHERE: none."""
        head = self.joined[rows]
        sender = self.records.station[np.maximum(head - 1, 0)].astype(np.int64)
        comes_back = (self.after[head] == int(Outcome.SENT_ASIDE)) & self.plan.aside_back[sender]
        return np.where(comes_back, sender, self._carried_cell(rows, head, BACK_TO, NOWHERE))

    def men_stopped(self, rows: Ints) -> Ints:
        """Return the men of each party that were stopped at draft screening, where it stands at an office."""
        head = self.joined[rows]
        sent = self.after[head] == int(Outcome.SENT_ON)
        men = self.records.men[np.maximum(head - 1, 0)].astype(np.int64)
        return np.where(sent, men, self._carried_cell(rows, head, MEN_STOPPED, 0))

    def men_parted(self, column: Ints) -> Ints:
        """Return how many men parted from the parties of these columns of the tape."""
        records, size = self.records, len(self.tape)
        heads = np.flatnonzero(self.begins & (records.party >= size))
        parted = np.zeros(size, np.int64)
        parted[records.party[heads] - size] = records.people[heads]
        return parted[column]

    def waits(self, rows: Ints) -> dict[str, Ints]:
        """Return the waits (ms) here and in all queues, and the time since joining the first; 0: not known."""
        records, horizon = self.records, self.plan.horizon
        party = np.minimum(records.party[rows], len(self.tape))  # that of a twin began before its rows
        called = np.where(records.started_at == NEVER, horizon, records.started_at)
        left = np.where(records.left_at == NEVER, horizon, records.left_at)
        wait = np.maximum(np.minimum(np.minimum(called, left), horizon) - records.arrived_at, 0)
        so_far = np.append(0, np.cumsum(wait))
        came, visit = self.came[rows], self.visit[rows]
        before = self.before[party] * self._was_there(came)[:, None]
        unknown = (self._was_there(came) & (before[:, WAITED] == 0)) | (party == len(self.tape))
        here = so_far[rows + 1] - so_far[visit]
        stayed = horizon - records.arrived_at[came]
        first_here = self._was_there(visit)
        return {
            "waited_here_ms": _known(
                here + np.where(first_here, before[:, HERE], 0), first_here & (before[:, HERE] == 0)
            ),
            "waited_ms": _known(so_far[rows + 1] - so_far[came] + before[:, WAITED], unknown),
            "stayed_ms": _known(stayed + before[:, SINCE_JOINING], unknown),
        }

    def _was_there(self, head: Ints) -> Bools:
        """Whether rows are the first of a party that was there at the start."""
        party = self.records.party[head]
        initial = np.append(self.tape.initial, False)[np.minimum(party, len(self.tape))]
        return np.asarray(initial & (head == self.begin[head]))

    def _carried(self, rows: Ints, otherwise: Ints) -> Ints:
        """Return the places in `Tape.carried` of those that still stand where they began."""
        party = self.records.party[rows]
        place = np.append(self.carried, NOWHERE)[np.minimum(party, len(self.tape))]
        return np.where((place != NOWHERE) & (self.visit[rows] == self.begin[rows]), place, otherwise)

    def _carried_cell(self, rows: Ints, head: Ints, column: int, otherwise: int) -> Ints:
        """Return a column of `Tape.carried` where `head` is the first row of a carried party."""
        party = self.records.party[rows]
        place = np.append(self.carried, NOWHERE)[np.minimum(party, len(self.tape))]
        table = np.vstack([self.tape.carried, np.zeros((1, len(CARRIED)), np.int64)])
        return np.where((place != NOWHERE) & (head == self.begin[rows]), table[place, column], otherwise)


def _last(marked: Bools) -> Ints:
    """Return the last marked place up to each one."""
    return np.asarray(np.maximum.accumulate(np.where(marked, np.arange(len(marked)), 0)))


def _known(spans: Ints, unknown: Bools) -> Ints:
    return np.where(unknown, 0, np.maximum(spans, 1))


@dataclass
class EndStates:
    """The end states of the first replications of a run, in order, up to about MOST_ROWS rows."""

    _kept: list[Inside] = field(default_factory=list)
    _rows: int = 0

    def add(self, state: Inside) -> None:
        """Add that of the next replication, unless there are many rows already."""
        if self._rows <= MOST_ROWS:
            self._kept.append(state)
            self._rows += len(state.columns["station"])

    def content(self, scenario: Scenario, plan: Plan) -> bytes:
        """Return the bytes of the file."""
        kept = self._kept
        sizes = [len(state.columns["station"]) for state in kept]
        table: dict[str, Any] = {"replication": np.repeat(np.arange(len(kept), dtype=np.int32), sizes)}
        names: dict[str, Sequence[str]] = {
            "crossing": plan.crossings,
            "station": plan.stations,
            "class": scenario.streams,
            "stream": scenario.streams,
            "joined_from": JOINS,
            "back_to": (*plan.stations, ""),
        }
        for name in kept[0].columns:
            column = np.concatenate([state.columns[name] for state in kept])
            table[name] = store.Labels(column, tuple(names[name])) if name in names else column
        left_out = {what: sum(state.left_out[what] for state in kept) / len(kept) for what in kept[0].left_out}
        clock = scenario.clock
        ended_at = clock.horizon.replace(tzinfo=ZoneInfo(clock.timezone)).isoformat()
        facts: dict[str, Any] = {"replications": len(kept), "ended_at": ended_at, "left_out": left_out}
        controls = [(k, *control) for k, state in enumerate(kept) for control in state.controls]
        if controls:
            facts["controls"] = controls
        return store.parquet_bytes(table, facts)
