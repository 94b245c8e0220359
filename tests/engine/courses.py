"""What must hold of the course of a party from an origin, written independently of both engines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from sim.engine.plan import ANY_NUMBER, BARRED, DRIVE_UNIT, NEWS, NOWHERE, PAPERS, PER_MILLE, Plan
from sim.engine.records import Outcome
from sim.engine.tape import Tape

TURNED_AWAY = (Outcome.BALKED, Outcome.BARRED)


class Course:
    """The visits of one such party, compared with what it could know and where it could drive."""

    def __init__(self, plan: Plan, tape: Tape, visits: list[Any]) -> None:
        self.plan, self.visits, self.party = plan, visits, visits[0].party
        self.home, self.set_out_at = int(tape.cls[self.party]), int(tape.arrived_at[self.party])
        self.origin = int(tape.source[self.party]) - len(plan.crossings)
        self.slowness = int(tape.times[plan.drive_row, self.party])
        self.papers, self.news, self.bar = (float(tape.tastes[self.party, k]) for k in (PAPERS, NEWS, BARRED))
        self.would_stay = bool(np.isfinite(plan.stay))

    def faults(self) -> Iterator[str]:
        """Yield a sentence for each rule that is broken."""
        diverted = [row for row in self.visits if row.outcome == Outcome.DIVERTED]
        if len(diverted) > self.plan.diversions:
            yield "diverts too often"
        if any(row.outcome == Outcome.STAYED for row in self.visits):
            yield from self._stayed()
            return
        if self.visits[0].arrived_at not in self._could_come(self.visits[0].crossing):
            yield "comes when no drive ends"
        for here, there in pairwise(self.visits):
            if here.outcome == Outcome.DIVERTED and there.crossing not in self._would_take(here):
                yield "goes on to a crossing without a way, or that does not take it"
        beginnings = [self.visits[0]] + [b for a, b in pairwise(self.visits) if a.outcome == Outcome.DIVERTED]
        for row in beginnings:
            yield from self._tail(row)
        last = self.visits[-1]
        gives_up = last.outcome in TURNED_AWAY or (last.outcome == Outcome.RENEGED and last.first)
        if gives_up and not self.would_stay and len(diverted) < self.plan.diversions and self._would_take(last):
            yield "goes home although another crossing would take it"

    def _stayed(self) -> Iterator[str]:
        row = self.visits[0]
        if len(self.visits) > 1 or not row.arrived_at == row.left_at == self.set_out_at:
            yield "stays, but not at once and for good"
        if self.plan.drive[self.origin, row.crossing] == NOWHERE or not self._served(row.crossing):
            yield "stays, but would have preferred a crossing that it cannot reach"
        if not self.would_stay and self._open_ways(self.origin, row.left_at):
            yield "stays although a crossing would take it"

    def _tail(self, row: Any) -> Iterator[str]:
        """What happens as a party comes to a crossing."""
        x, at = row.crossing, row.arrived_at
        if row.cls != self.plan.travels_as[x, self.home]:
            yield "is of another class than it is there"
        if row.outcome == Outcome.ON_THE_WAY or (row.outcome == Outcome.CROSSED and row.started_at > row.left_at):
            return  # never came there, or found no station
        epoch = self._epoch(at)
        barred = self.bar < self.plan.bars[epoch, x, row.cls] or self.papers >= self.plan.accepts[epoch, x, row.cls]
        barred = barred or at >= self.plan.closes[x, row.cls]
        if barred:
            if row.outcome not in (*TURNED_AWAY, Outcome.DIVERTED) or row.left_at > at or row.first:
                yield "joins where it is barred"
        elif row.outcome == Outcome.DIVERTED and not row.first:
            by_news = self.plan.balk_share[x, row.cls].any() or self.plan.deterred_share[x, row.cls].any()
            patient = self.plan.balk_over[x, row.cls] == ANY_NUMBER and not by_news
            if patient and self.news >= self.plan.informed[self._epoch(at), x]:
                yield "goes on of its own accord, but hears of no wait"
        if row.outcome == Outcome.BARRED and not barred:
            yield "is barred, but may come"

    def _could_come(self, x: int) -> Iterator[int]:
        """Yield the instants at which it can come to a crossing first: directly, or after another choice on the way."""
        plan, begun = self.plan, self.set_out_at
        for y in self._open_ways(self.origin, begun):
            mean = int(plan.drive[self.origin, y])
            takes = mean * self.slowness // DRIVE_UNIT
            again_at = begun + takes * plan.reconsider // PER_MILLE
            if y == x:
                yield begun + takes
            elif plan.reconsider and again_at < plan.horizon and plan.drive[self.origin, x] != NOWHERE:
                there, across = int(plan.drive[self.origin, x]), int(plan.drive[len(plan.origins) + y, x])
                left = (there * (PER_MILLE - plan.reconsider) + across * plan.reconsider) // PER_MILLE
                hears = self.news < min(plan.informed[self._epoch(at), y] for at in (begun, again_at))
                if across != NOWHERE and hears and self._admitted(x, again_at):
                    yield again_at + left * self.slowness // DRIVE_UNIT

    def _would_take(self, row: Any) -> list[int]:
        """The crossings it could go on to at the end of a visit."""
        return self._open_ways(len(self.plan.origins) + row.crossing, row.left_at)

    def _open_ways(self, place: int, at: int) -> list[int]:
        ways = self.plan.drive[place].tolist()
        return [x for x, way in enumerate(ways) if way != NOWHERE and self._admitted(x, at)]

    def _served(self, x: int) -> bool:
        return bool(self.plan.first[x, self.plan.travels_as[x, self.home]] != NOWHERE)

    def _admitted(self, x: int, at: int) -> bool:
        share = self.plan.admits[self._epoch(at), x, self.plan.travels_as[x, self.home]]
        return self._served(x) and bool(self.papers < share)

    def _epoch(self, at: int) -> int:
        return bisect_right(self.plan.epoch[:, 0].tolist(), at) - 1
