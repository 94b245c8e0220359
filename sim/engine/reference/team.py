"""Teams: the servers of a station, or those of a pool that several stations share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.engine.plan import Plan
from sim.engine.reference.controls import StaffingControl

if TYPE_CHECKING:
    from sim.engine.reference.state import Station, Visit


class Team:
    """Servers, and the rule by which a server who is free goes to one of the stations."""

    def __init__(self, plan: Plan, number: int) -> None:
        self.number = number  # of its first station
        self.stations: list[Station] = []
        self.servers = self.busy = 0
        self.planned = self.out_of_order = 0  # servers
        self.staff_varies = bool(plan.staff_varies[number])
        self.preempt = bool(plan.preempt[number])
        self.control = StaffingControl(plan, number) if plan.checked_every[number] else None
        self.in_service: list[Visit] = []  # by start; kept only where a service may be interrupted
        self._rank, self._stride = plan.pool_rank.tolist(), plan.pool_stride.tolist()
        self._passed: dict[Station, int] = {}  # stride scheduling, as between the streams of a station
        self._pass_called = 0

    def add(self, station: Station) -> None:
        """Serve another station."""
        self.stations.append(station)
        self._passed[station] = 0

    def begin_claim(self, station: Station) -> None:
        """Let a station claim its share from now on; where nobody waits or may be called, none is saved up."""
        self._passed[station] = max(self._passed[station], self._pass_called)

    def begin_service(self, station: Station) -> None:
        """Give a server to a station."""
        self.busy += 1
        self._pass_called = self._passed[station]
        self._passed[station] += self._stride[station.number]

    def next_to_call(self) -> Visit | None:
        """Return the visit that is called next; None if no server is free or nobody may be called."""
        foremost = [visit for station in self.stations if (visit := station.next_to_call())]
        return min(foremost, key=self._precedence, default=None)

    def served_before(self, station: Station) -> list[Station]:
        """Return the stations whose queues are served before that of a station or in turn with it, and itself."""
        rank = self._rank
        return [other for other in self.stations if rank[other.number] <= rank[station.number]]

    def _precedence(self, visit: Visit) -> tuple[int, int, int]:
        station = visit.station
        return self._passed[station], self._rank[station.number], visit.joined
