"""What must hold in every replication of any scenario: each check yields a sentence for every violation."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from sim.engine.plan import ANY_NUMBER, DRIVE_UNIT, NOWHERE, Plan
from sim.engine.records import DTYPES, FINAL, NEVER, Outcome, Records
from sim.engine.tape import Tape
from sim.measures.servers import staffing_played
from sim.scenario.model.quantities import BYPASS, STREAMS
from tests.engine.courses import Course
from tests.engine.people import FOREVER, broken_services, each_person

BYPASS_STREAM = STREAMS.index(BYPASS)
ON = (Outcome.SERVED, Outcome.SENT_ASIDE)
NOT_SERVED = {
    Outcome.BALKED, Outcome.BARRED, Outcome.RENEGED, Outcome.CHANGED_MODE, Outcome.BYPASSED, Outcome.DIVERTED,
    Outcome.STAYED, Outcome.JOCKEYED,
}  # fmt: skip


class Row(NamedTuple):
    """One row of the records, with what has not happened at FOREVER."""

    party: int
    visit: int
    crossing: int
    station: int
    cls: int
    stream: int
    people: int
    men: int
    checked: int
    arrived_at: int
    started_at: int
    ended_at: int
    left_at: int
    outcome: int
    first: bool


def rows_of(records: Records) -> list[Row]:
    """The records as rows."""
    columns = records.columns()
    assert {name: column.dtype for name, column in columns.items()} == {n: np.dtype(t) for n, t in DTYPES.items()}
    listed = [np.where(column == NEVER, FOREVER, column).tolist() if name.endswith("_at") else column.tolist()
              for name, column in columns.items()]  # fmt: skip
    return [Row(*values) for values in zip(*listed, strict=True)]


def broken(plan: Plan, tape: Tape, records: Records) -> list[str]:
    """Return a sentence for everything that is not as it must be."""
    rows = rows_of(records)
    plan = replace(plan, staffing=staffing_played(plan, records))
    of_parties = (chances, instants, conservation, chains, path_identity, courses, halls)
    of_people = (order_of_service, servers, closures, releases, idling, pools, halls_of_people)
    people = each_person(records, rows)
    faults = [f"{check.__name__}: {fault}" for check in of_parties for fault in check(plan, tape, rows)]
    faults += [f"{check.__name__}: {fault}" for check in of_people for fault in check(plan, tape, people)]
    return faults + [f"one by one: {fault}" for fault in broken_services(plan, records, rows)]


def instants(plan: Plan, _: Tape, rows: list[Row]) -> Iterator[str]:
    """Instants are ordered, within the run, and fit the outcome."""
    after_drive = {(row.party, row.visit + 1) for row in rows if row.outcome == Outcome.DIVERTED}
    for row in rows:
        outcome = Outcome(row.outcome)
        happened = [at for at in (row.arrived_at, row.started_at, row.ended_at, row.left_at) if at != FOREVER]
        if happened != sorted(happened) or (
            happened[1:] and not plan.start <= happened[0] <= happened[-1] < plan.horizon
        ):
            yield f"instants out of order {row}"
        still_there = outcome in (Outcome.UNFINISHED, Outcome.ON_THE_WAY)
        if still_there != (row.left_at == FOREVER):
            yield f"only the unfinished never leave {row}"
        comes = row.visit == 0 or (row.party, row.visit) in after_drive
        at_once = outcome is Outcome.CROSSED and comes and row.started_at == FOREVER  # no station was there
        served = row.ended_at != FOREVER
        if not still_there and served != (outcome not in NOT_SERVED) and not at_once:
            yield f"{outcome.name} does not fit {row}"
        if served and row.started_at == FOREVER:
            yield f"ended but not started {row}"


def conservation(_: Plan, tape: Tape, rows: list[Row]) -> Iterator[str]:
    """Every party and everybody in it comes to exactly one end; twins take their people from the party."""
    by_party = grouped(rows, lambda row: row.party)
    size = len(tape)
    if {party for party in by_party if party < size} != set(range(size)):
        yield "some party has no row, or rows of nobody"
    people: dict[int, int] = defaultdict(int)
    for party, visits in by_party.items():
        if [row.visit for row in visits] != list(range(len(visits))):
            yield f"visits of party {party} are not numbered 0, 1, 2..."
        if [row.outcome in FINAL for row in visits] != [False] * (len(visits) - 1) + [True]:
            yield f"party {party} does not end once, at its last visit: {[Outcome(r.outcome).name for r in visits]}"
        if party >= 2 * size:
            yield f"party {party} is beyond the twins"
        people[party % size] += visits[-1].people
    wrong = [party for party in people if people[party] != tape.people[party]]
    if wrong:
        yield f"people of parties {wrong[:3]} are lost or doubled"


def chains(plan: Plan, tape: Tape, rows: list[Row]) -> Iterator[str]:
    """A party's visits follow each other in time and along the road, starting when it comes."""
    for party, visits in grouped(rows, lambda row: row.party).items():
        at_home = party < len(tape) and tape.source[party] < len(plan.crossings)
        if at_home and visits[0].arrived_at != tape.arrived_at[party]:
            yield f"party {party} does not join when it comes"
        for here, there in pairwise(visits):
            if there.arrived_at != here.left_at + between(plan, tape, here, there):
                yield f"a gap between {here} and {there}"
            bays = (here.station, *plan.list_of(here.station))  # it may have jockeyed from one to the other
            comes_back = (plan.aside_back & np.isin(plan.aside_to, bays)).any()
            backwards = there.station <= here.station and not comes_back
            if here.outcome in (Outcome.SERVED, Outcome.SENT_ON) and backwards:
                yield f"backwards from {here} to {there}"
            if there.station not in targets(plan, here):
                yield f"to another station than its outcome says, from {here} to {there}"
            if plan.crossing[here.station] != here.crossing:
                yield f"no station of that crossing {here}"
            if (there.crossing != here.crossing) != (here.outcome == Outcome.DIVERTED):
                yield f"to another crossing, from {here} to {there}"


def targets(plan: Plan, here: Row) -> set[int]:
    """The stations to which a party may go after a visit, as far as its outcome says."""
    s = here.station
    if here.outcome == Outcome.SENT_ASIDE:
        return {int(plan.aside_to[s])}
    if here.outcome == Outcome.SENT_ON:
        return {int(plan.office[s])}
    return {*plan.list_of(s)} - {s} if here.outcome == Outcome.JOCKEYED else {*range(len(plan.stations))}


def between(plan: Plan, tape: Tape, here: Row, there: Row) -> int:
    """Milliseconds on foot or on the road from one visit to the next."""
    column = here.party % len(tape)
    if here.outcome == Outcome.CHANGED_MODE:
        return int(tape.times[plan.walk_row, column])
    if here.outcome == Outcome.DIVERTED:
        mean = plan.drive[len(plan.origins) + here.crossing, there.crossing]
        return int(mean * tape.times[plan.drive_row, column]) // DRIVE_UNIT
    return 0


def path_identity(plan: Plan, tape: Tape, rows: list[Row]) -> Iterator[str]:
    """The integral of the number in the system is the sum of the times in the system, to the millisecond."""
    begun: list[int] = tape.arrived_at.tolist()
    gone: list[int] = []
    spans = 0
    for party, visits in grouped(rows, lambda row: row.party).items():
        begun += [visits[0].arrived_at] if party >= len(tape) else []
        gone.append(min(visits[-1].left_at, plan.horizon))
        if party < len(tape):
            spans += min(visits[0].arrived_at, plan.horizon) - int(tape.arrived_at[party])  # from home
        for row in visits:
            spans += min(row.left_at, plan.horizon) - min(row.arrived_at, plan.horizon)
        for here, there in pairwise(visits):
            spans += min(here.left_at + between(plan, tape, here, there), plan.horizon) - here.left_at
    number, last, integral = 0, plan.start, 0
    for at, step in sorted([(at, 1) for at in begun] + [(at, -1) for at in gone]):
        integral += number * (at - last)
        number, last = number + step, at
    if integral != spans:
        yield f"integral of N(t) is {integral} ms, the spans add up to {spans} ms"


def courses(plan: Plan, tape: Tape, rows: list[Row]) -> Iterator[str]:
    """Who sets out comes when its drives end, to crossings that take it, and goes home only if it must or would."""
    for party, visits in grouped(rows, lambda row: row.party).items():
        roams = party < len(tape) and tape.source[party] >= len(plan.crossings)
        if roams:
            for fault in Course(plan, tape, visits).faults():
                yield f"{fault}: {visits}"
        elif any(row.outcome in (Outcome.DIVERTED, Outcome.ON_THE_WAY) for row in visits):
            yield f"only who sets out chooses a crossing: {visits}"
        elif any(row.outcome == Outcome.STAYED for row in visits):
            row = visits[0]
            deters = plan.deterred_share[row.crossing, row.cls].any() and tape.men[party] > 0
            if not deters or len(visits) > 1 or row.left_at != row.arrived_at or tape.initial[party]:
                yield f"stays although nothing deters it, or not at once and for good: {visits}"


def order_of_service(plan: Plan, tape: Tape, rows: list[Row]) -> Iterator[str]:
    """Within a queue nobody who came later is called earlier; at a plain station that holds across the queues."""
    closing = {(station, cls) for _, station, cls, value in plan.opening.tolist() if not value}

    def queue(row: Row) -> tuple[int, ...]:
        plain = not plan.discipline[row.station] and len(set(plan.rank[row.station].tolist())) == 1
        always_open = not any(station == row.station for station, _ in closing)
        return (row.station,) if plain and always_open else (row.station, row.stream, row.cls)

    broken_off = {(row.party, row.visit + 1) for row in rows if row.outcome == Outcome.INTERRUPTED}  # keep their place
    waited = [row for row in rows if row.outcome not in NOT_SERVED and not born(row, len(tape))]
    waited = [row for row in waited if (row.party, row.visit) not in broken_off]
    waited = [row for row in waited if row.started_at != FOREVER or row.left_at == FOREVER]  # no station was there
    for key, visits in grouped(waited, queue).items():
        latest = -FOREVER
        for _, group in sorted(grouped(visits, lambda row: row.arrived_at).items()):
            if min(row.started_at for row in group) < latest:
                yield f"somebody overtakes in queue {key} at {group[0].arrived_at}"
            latest = max(latest, max(row.started_at for row in group))


def servers(plan: Plan, tape: Tape, rows: list[Row]) -> Iterator[str]:
    """Whoever begins finds a server: those in service or blocked are never more than the servers at that instant.

    Where a control acts at the millisecond of a start, that is the most servers there are in it.
    """
    for team, visits in of_teams(plan, tape, rows).items():
        switched = [row for row in plan.staffing.tolist() if row[1] == team]
        for at in {row.started_at for row in visits} - {FOREVER}:
            then = [servers for when, _, servers in switched if when == at]
            before = [state(plan.staffing, (team,), at - 1)] if then and at > plan.start else []
            busy, there = in_service(visits, at), max([*then, *before, state(plan.staffing, (team,), at)])
            if busy > there:
                yield f"{busy} in service with {there} servers of station {team}, {at}"
    for station, visits in at_stations(tape, rows):
        for at in {row.started_at for row in visits} - {FOREVER}:
            if in_service(visits, at) > plan.pool_limit[station]:
                yield f"more in service at station {station} than may be, {at}"


def closures(plan: Plan, tape: Tape, rows: list[Row]) -> Iterator[str]:
    """Nobody is called from a closed queue."""
    for row in rows:
        called = row.started_at != FOREVER and not born(row, len(tape))
        if called and not state(plan.opening, (row.station, row.cls), row.started_at):
            yield f"called while closed {row}"


def halls(plan: Plan, _: Tape, rows: list[Row], of_people: bool = False) -> Iterator[str]:
    """Those who came from the station before never stand in a zone beyond its room; the interrupted are at desks."""
    before: dict[tuple[int, int], int] = {}  # the outcome before a visit and those that it follows by jockeying
    for here, there in pairwise(rows):
        if here.party == there.party:
            came = before.get((here.party, here.visit), FOREVER) if here.outcome == Outcome.JOCKEYED else here.outcome
            before[there.party, there.visit] = came
    from_station = [row for row in rows if before.get((row.party, row.visit)) in ON]
    standing = [row for row in from_station if plan.zone[row.station] != NOWHERE]
    for zone, visits in grouped(standing, lambda row: int(plan.zone[row.station])).items():
        if plan.zone_counts_people[zone] != of_people:
            continue
        for at in {row.arrived_at for row in visits}:
            there = [row for row in visits if row.arrived_at <= at < min(row.started_at, row.left_at)]
            used = sum(int(plan.zone_space[zone, row.cls]) * (row.people if of_people else 1) for row in there)
            if used > plan.zone_capacity[zone]:
                yield f"zone {zone} holds {used} at {at}"


def halls_of_people(plan: Plan, tape: Tape, people: list[Row]) -> Iterator[str]:
    """The same of zones for people; who is called leaves it, although others of the party may still stand there."""
    yield from halls(plan, tape, people, of_people=True)


def releases(plan: Plan, tape: Tape, rows: list[Row]) -> Iterator[str]:
    """A station that releases in batches begins no more than a batch between ticks, twice that at a tick itself."""
    for station, visits in at_stations(tape, rows):
        if not plan.release_size[station]:
            continue
        starts = np.array([row.started_at for row in visits if row.started_at != FOREVER], dtype=np.int64) - plan.start
        every, size = plan.release_every[station], plan.release_size[station]
        between, at_ticks = starts[starts % every > 0] // every, starts[starts % every == 0]
        if most(between) > size or most(at_ticks) > 2 * size:
            yield f"{most(between)} starts between ticks, {most(at_ticks)} at one, station {station}"


def chances(_plan: Plan, tape: Tape, _rows: list[Row]) -> Iterator[str]:
    """A row of chances may serve several purposes, so that whoever has no use for it must find an ordinary chance."""
    if ((tape.chances < 0) | (tape.chances >= 1)).any():
        yield "a chance is not in [0, 1)"


def idling(plan: Plan, tape: Tape, rows: list[Row]) -> Iterator[str]:
    """No server stands idle while somebody waits who may be called."""
    teams = of_teams(plan, tape, rows)
    for station, visits in at_stations(tape, rows):
        team, limit = plan.team(station), plan.pool_limit[station]
        if plan.release_size[station]:
            continue
        for row in visits:
            until = min(row.started_at, row.left_at, plan.horizon) - 1
            if row.stream == BYPASS_STREAM or until < row.arrived_at or row.outcome in (Outcome.BALKED, Outcome.BARRED):
                continue
            is_open = state(plan.opening, (station, row.cls), until)
            is_free = in_service(teams[team], until) < state(plan.staffing, (team,), until)
            if is_open and is_free and in_service(visits, until) < limit:
                yield f"a server idles at {until} while {row} waits"


def pools(plan: Plan, tape: Tape, rows: list[Row]) -> Iterator[str]:
    """A server of a pool goes to the first station, or to who has waited longest; whoever else waits may not be called.

    Batches, limits, shares and streams may let somebody wait, so only pools without these are checked, and instants at
    which nothing else happens to whoever waits.
    """
    plain = (plan.release_size == 0) & (plan.pool_limit >= ANY_NUMBER) & (plan.pool_stride == 0)
    plain &= (plan.discipline == 0) & (plan.rank == 0).all(axis=1)
    for team, visits in of_teams(plan, tape, rows).items():
        if plan.pool[team] == NOWHERE or not plain[plan.pool == team].all():
            continue
        again = {(row.party, row.visit + 1) for row in visits if row.outcome == Outcome.INTERRUPTED}
        waiting = [row for row in visits if (row.party, row.visit) not in again and row.stream != BYPASS_STREAM]
        for row in waiting:
            rank = plan.pool_rank[row.station]
            for other in waiting if row.started_at != FOREVER else ():
                there = other.arrived_at < row.started_at < min(other.started_at, other.left_at)
                if not there or not state(plan.opening, (other.station, other.cls), row.started_at):
                    continue
                if (plan.pool_rank[other.station], other.arrived_at) < (rank, row.arrived_at):
                    yield f"{row} is called before {other}"


def of_teams(plan: Plan, tape: Tape, rows: list[Row]) -> dict[int, list[Row]]:
    """Rows by the station at which their staffing stands."""
    at = at_stations(tape, rows)
    return {
        team: [row for s, visits in at if plan.team(s) == team for row in visits] for team in map(plan.team, dict(at))
    }


def most(numbers: Any) -> int:
    """How often the commonest number occurs."""
    return int(np.unique(numbers, return_counts=True)[1].max(initial=0))


def grouped(rows: list[Row], key: Any) -> dict[Any, list[Row]]:
    """Rows by a key, in their order."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def born(row: Row, size: int) -> bool:
    """Whether the row is the beginning of a twin, which stands in no queue."""
    return row.party >= size and row.visit == 0


def at_stations(tape: Tape, rows: list[Row]) -> list[tuple[int, list[Row]]]:
    """Rows by station, the beginnings of twins left out."""
    return sorted(grouped([row for row in rows if not born(row, len(tape))], lambda row: row.station).items())


def in_service(visits: list[Row], at: int) -> int:
    """How many are in service or blocked just after an instant."""
    return sum(row.started_at <= at < row.left_at for row in visits)


def state(table: Any, target: tuple[int, ...], at: int) -> int:
    """The value a table of switches gives a target at an instant."""
    steps = [(row[0], row[-1]) for row in table.tolist() if tuple(row[1:-1]) == target]
    return int(steps[bisect_right([step[0] for step in steps], at) - 1][1])
