"""Visits of parties whose people are served one by one, as rows of their people; and what must hold of these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sim.engine.plan import Plan
from sim.engine.records import NEVER, Records

Services = dict[tuple[int, int], list[tuple[int, int]]]
FOREVER = 2**62


def services_of(records: Records) -> Services:
    """Starts and ends of the services of people, by party and visit."""
    services: Services = defaultdict(list)
    for party, visit, _, started_at, ended_at in records.one_by_one.tolist():
        services[party, visit].append((started_at, FOREVER if ended_at == NEVER else ended_at))
    return services


def each_person(records: Records, rows: list[Any]) -> list[Any]:
    """The rows, with one for each person called in place of that of a party served one by one, and one for the rest.

    The last one through keeps the server until the party leaves.
    """
    services, found = services_of(records), []
    for row in rows:
        called = services.get((row.party, row.visit), [])
        last = max((ended_at for _, ended_at in called), default=FOREVER)
        keeps = [n for n, (_, ended_at) in enumerate(called) if ended_at == last and row.ended_at != FOREVER][-1:]
        for n, (started_at, ended_at) in enumerate(called):
            left_at = row.left_at if n in keeps else ended_at
            found.append(row._replace(people=1, started_at=started_at, ended_at=ended_at, left_at=left_at))
        if len(called) < row.people or not called:
            found.append(row._replace(people=row.people - len(called)))
    return found


def broken_services(plan: Plan, records: Records, rows: list[Any]) -> Iterator[str]:
    """Each person is called once; the row of the party tells when the last was called and when the last was through."""
    services = services_of(records)
    if records.one_by_one[:, 3].tolist() != sorted(records.one_by_one[:, 3].tolist()):
        yield "services of people are not in order of their beginning"
    of_visit = {(row.party, row.visit): row for row in rows}
    stations = {(party, visit): s for party, visit, s, *_ in records.one_by_one.tolist()}
    for key, called in services.items():
        row = of_visit[key]
        if not plan.one_by_one[row.station, row.cls] or stations[key] != row.station:
            yield f"people served at a place that serves parties {row}"
        all_called = len(called) == row.people
        starts, ends = [began for began, _ in called], [over for _, over in called]
        if min(starts) < row.arrived_at or row.started_at != (max(starts) if all_called else FOREVER):
            yield f"the last is not called as the party is: {row}, {called}"
        if row.ended_at != (max(ends) if all_called else FOREVER):
            yield f"the last is not through as the party is: {row}, {called}"
    for row in rows:
        if (
            plan.one_by_one[row.station, row.cls]
            and row.started_at != FOREVER
            and (row.party, row.visit) not in services
        ):
            yield f"nobody was served of {row}"
