"""The reference engine's calendar: switches, releases in batches, and announcements of the wait."""

from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import groupby
from typing import Any

import simpy

from sim.engine.event_order import Kind
from sim.engine.reference.queues import Moment, Queues
from sim.engine.reference.state import Station

Process = Generator[simpy.Event, Any, None]


class Calendar:
    """What happens at instants known beforehand."""

    def __init__(self, queues: Queues) -> None:
        self.queues, self.plan, self.env = queues, queues.plan, queues.env
        self.stations, self.main_queues = queues.stations, queues.main_queues

    def begin(self) -> None:
        """Start the processes."""
        self.env.process(self.switches())
        for x in range(len(self.plan.crossings)):
            if self.plan.quote_every[x]:
                self.env.process(self.announcements(x))
        for station in self.stations:
            if station.batch:
                self.env.process(self.releases(station))

    def switches(self) -> Process:
        """Turn the plan's switches; nobody is called before all switches of the same millisecond are turned."""
        actions: list[tuple[int, Callable[..., None], list[int]]] = [
            (row[0], action, row[1:])
            for table, action in (
                (self.plan.staffing, self.staff),
                (self.plan.opening, self.open_or_close),
                (self.plan.activity, self.activate),
                (self.plan.intensity, self.screen),
                (self.plan.way_open, self.open_way),
                (self.plan.epoch, self.tell),
            )
            for row in table.tolist()
        ]
        for at, together in groupby(sorted(actions, key=lambda row: row[0]), key=lambda row: row[0]):
            yield Moment(self.env, at, Kind.SWITCH, 0)
            changed = set()
            for _, action, values in together:
                action(*values)
                changed |= {values[0]} if action in (self.staff, self.open_or_close) else set()
            for s in sorted(changed):
                self.queues.settle(self.stations[s])

    def staff(self, s: int, servers: int) -> None:
        """Change the staffing; those in service finish, or the last to start go back to the head of the queue."""
        station = self.stations[s]
        station.servers = servers
        while station.preempt and station.in_service and station.busy > servers:
            visit = station.in_service.pop()
            station.busy -= 1
            visit.party.process.interrupt(self.queues.put_back(visit))

    def open_or_close(self, s: int, cls: int, is_open: int) -> None:
        """Open or close a station for a class."""
        station = self.stations[s]
        station.open[cls] = bool(is_open)
        if is_open:
            station.passed = [max(passed, station.clock) for passed in station.passed]  # the closed saved nothing up

    def activate(self, s: int, there: int) -> None:
        """From now on newcomers stop at the station, or pass by."""
        self.stations[s].active = bool(there)

    def screen(self, s: int, intensity: int) -> None:
        """Change the share of men checked."""
        self.stations[s].intensity = intensity

    def open_way(self, x: int, cls: int, way: int, is_open: int) -> None:
        """Open or close a way of leaving the main queue; hazards follow at the next announcement."""
        self.main_queues[x][cls].open[way] = bool(is_open)

    def tell(self, epoch: int) -> None:
        """Let travellers know what is new."""
        self.queues.roads.epoch = epoch

    def releases(self, station: Station) -> Process:
        """Let a batch through at every tick."""
        every = int(self.plan.release_every[station.number])
        at = self.plan.start
        while at < self.plan.horizon:
            yield Moment(self.env, at, Kind.RELEASE, station.number)
            station.starts_left = station.batch
            self.queues.settle(station)
            at += every

    def announcements(self, x: int) -> Process:
        """Announce the wait of every main queue of a crossing at regular instants."""
        at = self.plan.start
        while at < self.plan.horizon:
            yield Moment(self.env, at, Kind.QUOTE, x)
            for queue in self.main_queues[x]:
                station = self.queues.standing(self.plan.first[x, queue.cls], queue.cls)
                queue.announce(self.queues.now, station.waiting[queue.cls] if station else 0)
                for w in queue.ways:
                    self.queues.leave_when_due(queue, w)
            at += int(self.plan.quote_every[x])
