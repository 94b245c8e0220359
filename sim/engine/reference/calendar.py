"""The border's calendar: what happens at instants known beforehand (switches, releases, announcements of the wait)."""

from __future__ import annotations

from collections.abc import Generator
from itertools import groupby
from typing import Any

import simpy

from sim.engine.event_order import Kind
from sim.engine.plan import REFUSAL, REFUSAL_UNIT, SERVICE_FACTOR, SWITCHES, TO_PEOPLE, TO_QUEUE
from sim.engine.reference.border import Border
from sim.engine.reference.choices import (
    expected_wait,
    stations_of_main_queue,
    wait_after_main_queue,
    waiting_in_main_queue,
)
from sim.engine.reference.controls import Lightening, StaffingControl
from sim.engine.reference.main_queue import MainQueue
from sim.engine.reference.state import Station
from sim.engine.reference.team import Team

Process = Generator[simpy.Event, Any, None]


def begin(border: Border) -> None:
    """Start the processes of the calendar, with controls as they were at the end of an earlier run."""
    for row in border.tape.controls.tolist():
        take_up_control(border, *row)
    border.env.process(switches(border))
    for crossing, every in enumerate(border.plan.quote_every.tolist()):
        if every:
            border.env.process(announcements(border, crossing, every))
    for station in border.stations:
        if station.batch:
            border.env.process(releases(border, station))
        if station.lightening:
            border.env.process(lightening(border, station, station.lightening))
    for team in border.teams.values():
        if team.control:
            border.env.process(checks(border, team, team.control))


def take_up_control(border: Border, number: int, added: int, light_for: int) -> None:
    """Let a control begin with the servers that it had added, and with checks lightened for so long, unless below 0."""
    station = border.stations[number]
    if station.team.control:
        station.team.control.added = station.team.control.decided = added
    if station.lightening and light_for >= 0:
        station.lightening.in_force, station.lightening.turned_at = True, border.plan.start - light_for
        border.log.beside["lightened"].append((border.plan.start, number, 1))


def switches(border: Border) -> Process:
    """Turn the plan's switches; nobody is called before all switches of the same millisecond are turned."""
    rows = [(row[0], table, row[1:]) for table in SWITCHES for row in rows_of(border, table)]
    rows.sort(key=lambda row: row[0])  # stable: keeps the order of SWITCHES
    for at, together in groupby(rows, key=lambda row: row[0]):
        yield border.until(at, Kind.SWITCH, 0)
        calling = set()
        for _, table, values in together:
            turn(border, table, values)
            if table in ("staffing", "outages", "opening"):
                calling.add(values[0])
        for number in sorted(calling):
            border.call_and_unblock(border.stations[number])
        border.jockeys.act_later()


def rows_of(border: Border, table: str) -> list[list[int]]:
    """Return the rows of a table of switches."""
    rows: list[list[int]] = getattr(border.tape if table == "outages" else border.plan, table).tolist()
    return rows


def turn(border: Border, table: str, values: list[int]) -> None:
    """Turn one switch: what a row of a table of the plan sets, after its instant."""
    *place, value = values
    match table:
        case "staffing":
            plan_staff(border, border.stations[place[0]].team, value)
        case "outages":
            border.stations[place[0]].team.out_of_order = value
            restaff(border, border.stations[place[0]].team)
        case "opening":
            open_or_close(border.stations[place[0]], place[1], bool(value))
        case "activity":
            border.stations[place[0]].active = bool(value)
        case "intensity":
            border.stations[place[0]].intensity = value
        case "conditions":
            set_condition(border.stations[place[0]], place[1], value)
        case "way_open":  # of leaving a main queue; the hazard follows at the next announcement
            crossing, cls, way = place
            border.main_queues[crossing][cls].is_open[way] = bool(value)
        case "epoch":
            border.roads.epoch = value


def set_condition(station: Station, what: int, value: int) -> None:
    """Set the factor on service times or on patience, or the probability of a refusal."""
    if what == SERVICE_FACTOR:
        station.service_factor = value
    elif what == REFUSAL:
        station.refusal = value / REFUSAL_UNIT
    else:
        station.patience_factor = value


def plan_staff(border: Border, team: Team, servers: int) -> None:
    """Follow the plan of the staffing."""
    team.planned = servers
    if team.control:
        team.control.follow_plan(servers, border.now)
    restaff(border, team)


def restaff(border: Border, team: Team) -> None:
    """Staff a team by the plan, with what a control adds to it, and without the servers that are out of order."""
    control = team.control
    servers = control.servers(control.added) if control else team.planned
    staff(border, team, max(0, servers - team.out_of_order))


def staff(border: Border, team: Team, servers: int) -> None:
    """Change the staffing; those in service finish, or the last to begin go back to the head of the queue.

    A service that is due to end at this millisecond is not interrupted.
    """
    if team.staff_varies and (servers != team.servers or border.now == border.plan.start):
        border.log.beside["staffing"].append((border.now, team.number, servers))
    team.servers = servers
    if not team.preempt:
        return
    going_on = [visit for visit in team.in_service if visit.ends_at > border.now]
    due = len(team.in_service) - len(going_on)
    while going_on and team.busy - due > servers:
        border.interrupt_service(going_on.pop())


def checks(border: Border, team: Team, control: StaffingControl) -> Process:
    """Let the control of a team decide at regular instants; a decision takes effect at once, or after its delay."""
    for at in range(border.plan.start + control.every, border.plan.horizon, control.every):
        yield border.until(at, Kind.CHECK, team.number)
        rests = not control.planned or not any(station.active for station in team.stations)
        if not rests and control.decide(level_seen(border, team.stations, control.reacts_to)):
            if control.delay:
                border.env.process(reaction(border, team, control, control.decided))
            else:
                react(border, team, control, control.decided)


def lightening(border: Border, station: Station, control: Lightening) -> Process:
    """Lighten the checks of a station or restore them, at regular instants, before anything else happens there."""
    for at in range(border.plan.start + control.every, border.plan.horizon, control.every):
        yield border.until(at, Kind.LIGHTENING, station.number)
        if station.active and control.turn(level_seen(border, [station], control.reacts_to), at):
            border.log.beside["lightened"].append((at, station.number, int(control.in_force)))


def reaction(border: Border, team: Team, control: StaffingControl, added: int) -> Process:
    """Let a decision take effect after its delay."""
    yield border.until(border.now + control.delay, Kind.REACTION, team.number)
    react(border, team, control, added)


def react(border: Border, team: Team, control: StaffingControl, added: int) -> None:
    """Let a decision take effect."""
    if control.take_effect(added, border.now - control.delay):
        restaff(border, team)
        border.call_and_unblock(team.stations[0])


def level_seen(border: Border, stations: list[Station], reacts_to: int) -> int:
    """Return what a control sees: the parties or people waiting, or the longest quoted wait of the main queues here."""
    if reacts_to == TO_QUEUE:
        return sum(sum(station.waiting) for station in stations)
    if reacts_to == TO_PEOPLE:
        queues = (queue for station in stations for queue in station.queues)
        return sum(visit.people - visit.called for queue in queues for visit in queue if visit.waiting)
    crossing = int(border.plan.crossing[stations[0].number])
    main_queues = border.main_queues[crossing]
    here = [
        queue
        for queue in main_queues
        if not set(stations).isdisjoint(stations_of_main_queue(border, crossing, queue.cls))
    ]
    return max((queue.quoted_wait for queue in here), default=0)


def open_or_close(station: Station, cls: int, is_open: bool) -> None:
    """Open or close a station for a class."""
    station.is_open[cls] = is_open
    if is_open:  # a closed stream saves up no share
        station.passed = [max(passed, station.pass_called) for passed in station.passed]
        station.team.begin_claim(station)


def releases(border: Border, station: Station) -> Process:
    """Release a batch at every tick; what is left of the last is lost."""
    every = int(border.plan.release_every[station.number])
    for at in range(border.plan.start, border.plan.horizon, every):
        yield border.until(at, Kind.RELEASE, station.number)
        station.starts_left = station.batch
        border.call_and_unblock(station)


def announcements(border: Border, crossing: int, every: int) -> Process:
    """Announce the wait of every main queue of a crossing, and take the share of men stopped, at regular instants."""
    word = border.words_of_stops[crossing]
    for at in range(border.plan.start, border.plan.horizon, every):
        yield border.until(at, Kind.QUOTE, crossing)
        stopped = 0
        if word.window:
            word.announce(border.is_screened(crossing))
            stopped = word.heard(border.now)
        for station in border.stations:
            if border.plan.crossing[station.number] == crossing:
                station.posted_wait = expected_wait(border, station)
        for main_queue in border.main_queues[crossing]:
            announce(border, main_queue, stopped)


def announce(border: Border, main_queue: MainQueue, stopped: int) -> None:
    """Announce the wait of a main queue; where quotes cover the way, with the waits expected after it."""
    crossing, cls = main_queue.crossing, main_queue.cls
    covers_way = bool(border.plan.quotes_way[crossing])
    before, after = main_queue.announced_wait, wait_after_main_queue(border, crossing, cls) if covers_way else 0
    main_queue.announce(border.now, waiting_in_main_queue(border, crossing, cls), after, stopped)
    if covers_way and (main_queue.announced_wait != before or border.now == border.plan.start):
        border.log.beside["quotes"].append((border.now, crossing, cls, main_queue.announced_wait))
    border.leave_when_due(main_queue)
