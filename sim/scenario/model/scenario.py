"""The scenario: the whole experiment as frozen models. The field descriptions are the reference documentation."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sim.scenario.model.changes import Change, NamedChange
from sim.scenario.model.demand import DemandPart
from sim.scenario.model.laws import Law, People, ServiceTime
from sim.scenario.model.network import Destination, Network
from sim.scenario.model.quantities import (
    CLASSES,
    ClassName,
    ClockTime,
    Count,
    Duration,
    Factor,
    HazardByWait,
    Instant,
    Length,
    Model,
    Name,
    Servers,
    Share,
    ShareByWait,
    Span,
    StreamName,
    StreamShares,
    Weekday,
)
from sim.scenario.model.reported import Relief, Reported

NO_LAW = Law(family="deterministic", mean=0.0)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone; expected a name such as 'Europe/Moscow'; got {name!r}") from None
    return name


class Clock(Model):
    """When the run begins and ends; all instants of the file are local times of `timezone`."""

    timezone: Annotated[str, AfterValidator(_zone)]
    t0: Instant = Field(description="the instant that times count from inside; the event that began it all")
    start: Instant = Field(description="first instant simulated")
    horizon: Instant = Field(description="last instant simulated; who is still inside then is `unfinished`")
    report_every: Duration = Field(3600.0, description="distance of the points of every time series")

    @model_validator(mode="after")
    def _order(self) -> Clock:
        if self.horizon <= self.start:
            raise ValueError(f"horizon must be later than start; got {self.start} to {self.horizon}")
        return self


class PartyClass(Model):
    """Who moves as one unit: a vehicle with its people, a cyclist, a group on foot."""

    spacing: Length = Field(description="length of queue one party takes up in one file, gap included")
    people: People = Field(description="people per party")
    men_share: Share = Field(description="share of the people who are men of call-up age")
    local_share: Share = Field(0.0, description="share of parties with local plates")


class FilesStretch(Model):
    """A stretch of the approach road, counted from the border outwards."""

    until: Length | None = Field(None, description="distance from the border where the stretch ends; left out: no end")
    files: Annotated[float, Field(gt=0, le=20)] = Field(description="rows of vehicles standing abreast (mean)")


class HoldingLot(Model):
    """A place off the road that takes waiting vehicles of some classes as long as it has room."""

    classes: tuple[ClassName, ...] = Field(min_length=1)
    capacity: Count
    from_: Instant | None = Field(None, alias="from", description="when it opens; left out: always open")


class Road(Model):
    """The approach road: turns waiting vehicles into kilometres of queue."""

    stretches: tuple[FilesStretch, ...] = Field(min_length=1, description="from the border outwards")
    lots: dict[Name, HoldingLot] = Field({})

    @model_validator(mode="after")
    def _outwards(self) -> Road:
        ends = [stretch.until for stretch in self.stretches]
        if ends[-1] is not None or None in ends[:-1]:
            raise ValueError("the last stretch, and only the last, has no 'until'")
        if ends[:-1] != sorted(set(ends[:-1])):  # type: ignore[type-var]
            raise ValueError("'until' must grow from one stretch to the next")
        return self


class StaffingStep(Model):
    """From an instant on, so many servers."""

    from_: Instant = Field(alias="from")
    servers: Servers


class Shift(Model):
    """In these hours of these days, so many servers, whatever the steps say; of several the last listed wins."""

    days: tuple[Weekday, ...] = Field(min_length=1)
    from_: ClockTime = Field(alias="from")
    until: ClockTime
    servers: Servers

    @model_validator(mode="after")
    def _order(self) -> Shift:
        if self.until <= self.from_:
            raise ValueError("until must be later than from; write a night shift as two shifts")
        return self


def _bare_staffing(value: Any) -> Any:
    return {"servers": value} if isinstance(value, int) and not isinstance(value, bool) else value


class Staffing(Model):
    """Capacity over time: how many servers work at once."""

    servers: Servers = Field(description="at the start")
    steps: tuple[StaffingStep, ...] = ()
    shifts: tuple[Shift, ...] = ()


class Priority(Model):
    """Streams in order of precedence; streams of one row are served in order of joining."""

    priority: tuple[tuple[StreamName, ...], ...] = Field(min_length=1)


class Shares(Model):
    """Every stream has its share of the service starts as long as somebody of it waits."""

    shares: StreamShares = Field(min_length=1, description="one may be `rest`: what the others leave of 100 %")

    @model_validator(mode="after")
    def _whole(self) -> Shares:
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares must add up to 100 %; they add up to {100 * total:g} %")
        if min(self.shares.values()) < 1e-3:
            raise ValueError("every share must be at least 0.1 %; leave a stream nobody serves out of 'serves'")
        return self


class Release(Model):
    """At every tick the station may start that many services; unused starts are lost."""

    size: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    every: Duration


class Refusal(Model):
    """Some are turned back by the authority at this station, which takes staff time."""

    probability: Share = Field(description="per party (at an enlistment office: per party sent on)")
    service_time: Law = Field(NO_LAW, description="staff time a refusal takes on top of the service")


class OnHit(Model):
    """What becomes of men found on the list; the shares add up to 100 %."""

    passed: Share = Field(0.0, alias="pass", description="let through all the same")
    summoned: Share = Field(0.0, description="given draft papers and turned back")
    refused: Share = Field(0.0, description="turned back without papers")
    sent_on: Share = Field(0.0, description="sent on to the enlistment office")

    @model_validator(mode="after")
    def _whole(self) -> OnHit:
        total = self.passed + self.summoned + self.refused + self.sent_on
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares must add up to 100 %; they add up to {100 * total:g} %")
        return self


class Screening(Model):
    """A station whose officers check men of call-up age against a list."""

    intensity: Share = Field(description="share of the men of call-up age who are checked")
    hit_rate: Share = Field(description="share of the men checked who are found on the list")
    on_hit: OnHit
    office: Name | None = Field(None, description="the enlistment office men are sent on to")
    if_office_closed: Literal["pass", "summoned", "refused"] = Field(
        "refused", description="what becomes of men who would be sent on while the office does not work (closed)"
    )
    stays_together: Share = Field(1.0, description="share of parties that share the fate of the men stopped")


def _serves_default(value: Any) -> Any:
    return CLASSES if value == "all" else value


def _by_class(value: Any) -> Any:
    if isinstance(value, dict) and set(value) & {*CLASSES, "any"}:
        return value
    if isinstance(value, str | int | float) or (isinstance(value, dict) and set(value) & set(Law.model_fields)):
        return {"any": {"party": value}}
    return {"any": value}


class Station(Model):
    """A place with servers and a queue; stations are visited in the order of the file."""

    serves: Annotated[tuple[ClassName, ...], BeforeValidator(_serves_default), Field(min_length=1)] = Field(
        CLASSES, description="classes that stop here ('all'); the others pass by"
    )
    staffing: Annotated[Staffing, BeforeValidator(_bare_staffing)]
    service_time: Annotated[dict[Literal[ClassName, "any"], ServiceTime], BeforeValidator(_by_class)] = Field(
        description="one law for all, or one for each class ('any' for the rest)"
    )
    discipline: Literal["fifo"] | Priority | Shares = "fifo"
    hall: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | Name | None = Field(
        None, description="waiting places, or the name of a zone; left out: no limit (the queue stands on the road)"
    )
    release: Release | None = Field(None, description="release in batches")
    patience: Law | None = Field(None, description="a party leaves the queue (reneges) when it waited this long here")
    when_staff_leave: Literal["finish", "preempt"] = Field(
        "finish", description="parties in service when capacity falls finish, or go back to the head of the queue"
    )
    refusal: Refusal | None = None
    screening: Screening | None = None
    only_sent_on: bool = Field(False, description="an enlistment office: only those sent on by draft screening stop")
    active_from: Instant | None = Field(None, description="before this instant the station is not there: all pass by")
    active_until: Instant | None = Field(None, description="from this instant on newcomers pass by")


class Zone(Model):
    """Ground shared by the queues of several stations, such as the neutral zone."""

    capacity: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = Field(None, description="in parties")
    length: Length | None = Field(None, description="in metres of one file; every party takes its spacing")

    @model_validator(mode="after")
    def _one(self) -> Zone:
        if (self.capacity is None) == (self.length is None):
            raise ValueError("needs exactly one of 'capacity' and 'length'")
        return self


class Balk(Model):
    """Seeing the queue, or hearing of the wait, and not joining."""

    queue_over: Count | None = Field(None, description="does not join a queue of this many parties or more")
    by_quoted_wait: ShareByWait


class Leaving(Model):
    """Leaving the main queue while waiting; the hazard answers to the quoted wait."""

    by_quoted_wait: HazardByWait
    from_: Instant | None = Field(None, alias="from")
    until: Instant | None = None


class ChangeMode(Leaving):
    """Leaving the vehicle and going on by bike or on foot."""

    to: dict[Literal["bike", "foot"], Share] = Field({"foot": 1.0})
    takes: Law = Field(NO_LAW, description="time until the party stands at the first station for its new class")

    @model_validator(mode="after")
    def _whole(self) -> ChangeMode:
        if abs(sum(self.to.values()) - 1) > 1e-6:
            raise ValueError(f"to: shares must add up to 100 %; they add up to {100 * sum(self.to.values()):g} %")
        return self


class BypassStream(Leaving):
    """Passing outside the main queue: locals, escorts, paid passage."""

    joins: Name = Field(description="the station where the bypass meets the way of the others")
    local: Share = Field(0.0, description="share of parties with local plates that never join the main queue")
    at_arrival: ShareByWait = Field(((0.0, 0.0),), description="share of the others that do so, by quoted wait")


class Behaviour(Model):
    """What parties of one class do at the queue of their first station, the main queue."""

    balk: Balk | None = None
    renege: Leaving | None = Field(None, description="giving up and going home")
    change_mode: ChangeMode | None = None
    bypass: BypassStream | None = None


class Quote(Model):
    """The wait as an official quotes it: parties in the queue over recent departures from it."""

    every: Duration = Field(1800.0, description="distance of the announcements")
    window: Duration = Field(6 * 3600.0, description="recent means this long; a whole multiple of `every`")
    delay: Span = Field(0.0, description="until an announcement is known to those who choose between crossings")

    @model_validator(mode="after")
    def _multiple(self) -> Quote:
        ratio = self.window / self.every
        if ratio < 1 or abs(ratio - round(ratio)) > 1e-9:
            raise ValueError("window must be a whole multiple of every")
        return self


class Crossing(Model):
    """One place where the border can be crossed: its road, stations, demand and the behaviour of those who come."""

    title: str = ""
    road: Road
    zones: dict[Name, Zone] = Field({})
    stations: dict[Name, Station] = Field(min_length=1)
    demand: dict[ClassName, dict[Name, DemandPart]] = Field({})
    initial_queue: dict[ClassName, Count] = Field({}, description="parties already waiting at the start")
    behaviour: dict[ClassName, Behaviour] = Field({})
    quote: Quote = Quote()
    destination: Destination = Destination()
    changes: tuple[Change, ...] = ()


class Intervention(Model):
    """A named what-if: values set or scaled before the run, and dated changes."""

    description: str
    set: dict[str, Any] = Field({}, description="path: value")
    scale: dict[str, Factor] = Field({}, description="path: factor")
    changes: tuple[NamedChange, ...] = ()


class Scenario(Model):
    """A whole experiment."""

    name: Name
    title: str
    description: str = ""
    clock: Clock
    classes: dict[ClassName, PartyClass] = Field(min_length=1)
    crossings: dict[Name, Crossing] = Field(min_length=1)
    network: Network | None = Field(None, description="origins of travellers who choose between the crossings")
    interventions: dict[Name, Intervention] = Field({})
    apply: tuple[Name, ...] = Field((), description="interventions in force in this scenario")
    reported: tuple[Reported, ...] = Field((), description="rows, or the name of a file that holds them")
    relief: Relief | None = None
    replications: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 20
    seed: Annotated[int, Field(ge=0, lt=2**63, strict=True)] = 2022
