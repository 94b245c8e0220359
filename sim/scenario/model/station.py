"""Stations: queue disciplines, batches, refusals and draft screening."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from sim.scenario.model.aside import SentAside
from sim.scenario.model.class_names import ClassName, ClassOrAny, StreamName, StreamShares, known_classes
from sim.scenario.model.controls import Lightening, Outages, Pace
from sim.scenario.model.copies import Copies, bare_copies
from sim.scenario.model.laws import NO_TIME, Law, ServiceTime
from sim.scenario.model.quantities import (
    CLASSES,
    Duration,
    Factor,
    Instant,
    Model,
    Name,
    Share,
)
from sim.scenario.model.road import Zone
from sim.scenario.model.staffing import Pooled, Staffing, bare_staffing
from sim.scenario.model.traits import Condition
from sim.suggest import did_you_mean


class Priority(Model):
    """Streams in order of precedence; streams of one row are served in order of joining."""

    priority: tuple[tuple[StreamName, ...], ...] = Field(
        min_length=1,
        description="rows of classes (or `bypass`), served first to last; within a row in order of joining",
    )
    interrupts: bool = Field(
        False, description="where no server is free, a party interrupts the service of one of a later row"
    )


class Shares(Model):
    """Shares of the service starts; each stream gets its share while it has parties waiting."""

    shares: StreamShares = Field(
        min_length=1, description="share of each stream; one may be `rest`, the remainder to 100 %"
    )

    @model_validator(mode="after")
    def _whole(self) -> Shares:
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares must add up to 100 %; they add up to {100 * total:g} %")
        if min(self.shares.values()) < 1e-3:
            raise ValueError("every share must be at least 0.1 %; to exclude a class, remove it from 'serves'")
        return self


class Release(Model):
    """Batches: at every tick the station may start `size` services; unused starts are lost."""

    size: Annotated[int, Field(ge=1, le=10_000, strict=True)] = Field(description="services that may start at a tick")
    every: Duration = Field(description="time from tick to tick")


class Refusal(Model):
    """Refusals by the authority at this station; they take staff time."""

    probability: Share = Field(description="per party (at an enlistment office: per party sent on)")
    service_time: Law = Field(NO_TIME, description="staff time of a refusal, in addition to the service")


class OnHit(Model):
    """Outcomes of men found on the list; the shares add up to 100 %."""

    passed: Share = Field(0.0, alias="pass", description="let through regardless")
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
    on_hit: OnHit = Field(description="what happens to men found on the list")
    office: Name | None = Field(None, description="the enlistment office men are sent on to")
    if_office_closed: Literal["pass", "summoned", "refused"] = Field(
        "refused", description="outcome of men who would be sent on while the office is closed or not active"
    )
    stays_together: Share = Field(
        1.0, description="share of parties that stay with the men stopped and share their outcome"
    )


def _serves_default(value: Any) -> Any:
    return CLASSES if value == "all" else value


def _bare_condition(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _by_class(value: Any) -> Any:
    if isinstance(value, dict) and (set(value) & {*CLASSES, "any"} or _names_classes(value)):
        return value
    return {"any": value}


def _names_classes(value: dict[Any, Any]) -> bool:
    """Return whether a service time is given by names, which can only be those of a file's own classes."""
    keys = {*Law.model_fields, *ServiceTime.model_fields}
    known = [*CLASSES, *known_classes()]
    named = any(name in known or did_you_mean(name, known) or isinstance(each, dict) for name, each in value.items())
    return bool(named) and not set(value) & keys


class Station(Model):
    """A place with servers and a queue; stations are visited in the order of the file."""

    serves: Annotated[tuple[ClassName, ...], BeforeValidator(_serves_default), Field(min_length=1)] = Field(
        CLASSES, description="classes that stop here, or `all`; other classes pass by"
    )
    only: Annotated[tuple[Condition, ...], BeforeValidator(_bare_condition)] = Field(
        (), description="conditions under which a party may stop here, such as `when enrolled`; others pass by"
    )
    staffing: Annotated[Staffing | Pooled, BeforeValidator(bare_staffing)] = Field(
        description="how many servers are at work: a number, a number with steps, shifts or a rule that reacts, or the "
        "name of a pool"
    )
    service_time: Annotated[dict[ClassOrAny, ServiceTime], BeforeValidator(_by_class)] = Field(
        description="one law for all, or one for each class ('any' for the rest): `{car: 100 s, bus: {person: 20 s}}`"
    )
    scale_service: dict[Condition, Factor] = Field(
        {}, description="factors on the service time of parties for which a condition holds: `{unless registered: 2}`"
    )
    pace: Pace | None = Field(None, description="factors on the service time by servers at work, or by the queue")
    discipline: Literal["fifo"] | Priority | Shares = Field(
        "fifo", description="who is served next: first come first served, some streams before others, or by shares"
    )
    hall: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] | Name | Zone | None = Field(
        None,
        description="number of waiting places (0: parties move up only to a free server), room such as "
        "`{people: 50}` or `{length: 30 m}`, or the name of a zone; default: no limit (the queue stands on the road)",
    )
    release: Release | None = Field(None, description="release in batches")
    patience: Law | None = Field(None, description="wait in the queue of this station after which a party reneges")
    when_staff_leave: Literal["finish", "preempt"] = Field(
        "finish", description="when capacity falls, parties in service finish, or return to the head of the queue"
    )
    lightened: Lightening | None = Field(None, description="checks that are lightened while the queue is long")
    outages: Outages | None = Field(None, description="breakdowns of servers at random")
    refusal: Refusal | None = Field(None, description="parties turned back by the authority here")
    screening: Screening | None = Field(None, description="men of call-up age are checked against a list here")
    sent_aside: SentAside | None = Field(None, description="a share that goes to another station after its service")
    copies: Annotated[Copies | None, BeforeValidator(bare_copies)] = Field(
        None, description="so many equal stations side by side, such as booths 1 to 12, each with a queue of its own"
    )
    only_sent_on: bool = Field(
        False, description="only those sent here stop: by draft screening (an enlistment office), or `sent_aside`"
    )
    active_from: Instant | None = Field(
        None, description="before this instant the station does not exist and all parties pass by"
    )
    active_until: Instant | None = Field(None, description="from this instant on, arriving parties pass by")

    def law_of(self, cls: ClassName) -> ServiceTime:
        """Return the law of the service of a class."""
        return self.service_time.get(cls) or self.service_time.get("any") or ServiceTime(party=NO_TIME)

    @property
    def one_by_one(self) -> bool:
        """Whether the people of some class are served one by one."""
        return any(law.one_by_one is not None for law in self.service_time.values())
