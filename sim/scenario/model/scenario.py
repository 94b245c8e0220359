"""The scenario: the whole experiment as frozen models. The field descriptions are the reference documentation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ModelWrapValidatorHandler, model_validator

from sim.scenario.model.behaviour import Behaviour, Quote, WordOfStops
from sim.scenario.model.changes import Change, NamedChange
from sim.scenario.model.class_names import RESERVED, ClassName, NewClassName, only_classes
from sim.scenario.model.class_words import STANDARD_WORDS, Words, words_of
from sim.scenario.model.copies import written_out
from sim.scenario.model.demand import DemandParts
from sim.scenario.model.end_state import StartFrom
from sim.scenario.model.laws import Law
from sim.scenario.model.network import Destination, Network
from sim.scenario.model.parallel import Parallel
from sim.scenario.model.quantities import (
    CLASSES,
    NAME,
    STREAMS,
    VEHICLE_CLASSES,
    Count,
    Duration,
    Factor,
    Instant,
    Kind,
    Model,
    Name,
    Span,
    Timezone,
    Title,
    later_than,
)
from sim.scenario.model.reported import Relief, Reported
from sim.scenario.model.reported_series import ReportedSeries
from sim.scenario.model.road import PartyClass, Road, Zone
from sim.scenario.model.staffing import Pool, bare_number
from sim.scenario.model.station import Station
from sim.units import show_duration

INTERVALS = ((timedelta(hours=12), 300.0), (timedelta(days=2), 900.0))
"""The longest run, and the interval (s) between the points of its series where the file gives none."""


def _interval(clock: dict[str, Any]) -> float:
    """Return the interval between the points of a series (s) for the length of a run."""
    run = clock["horizon"] - clock["start"]
    return next((every for longest, every in INTERVALS if run <= longest), 3600.0)


class Clock(Model):
    """When the run begins and ends; all instants of the file are local times of `timezone`."""

    timezone: Timezone = Field(
        description="time zone by its name, such as Europe/Moscow; changes to and from summer time follow from it"
    )
    t0: Instant = Field(description="origin of internal time; the event that starts the scenario")
    start: Instant = Field(description="first instant simulated")
    horizon: Instant = Field(description="last instant simulated; parties still inside then are `unfinished`")
    report_every: Duration = Field(
        default_factory=_interval,
        description="interval between the points of every time series; "
        "default: 5 min in runs of up to 12 h, 15 min in runs of up to 2 d, else 1 h",
    )
    warm_up: Span = Field(
        0.0, description="time from the start that is played but not counted: series and totals begin after it"
    )

    @model_validator(mode="after")
    def _order(self) -> Clock:
        if self.horizon <= self.start:
            raise ValueError(f"horizon {later_than('start', self.horizon, self.start)}")
        if self.counted_from >= self.horizon:
            run = show_duration((self.horizon - self.start).total_seconds())
            raise ValueError(f"warm_up must be shorter than the run ({run}); got {show_duration(self.warm_up)}")
        return self

    @property
    def counted_from(self) -> datetime:
        """The local time at which series and totals begin: the start, or the end of the warm-up."""
        return self.start + timedelta(seconds=self.warm_up)


class InitialQueue(Model):
    """The parties of a class that are waiting at the start. Bare `300`: nobody knows how long they have waited."""

    parties: Count = Field(description="how many there are")
    waited: Law | None = Field(
        None, description="how long each has waited by the start, a time or a law; their waits then count as a whole"
    )

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return {"parties": value} if isinstance(value, str | int | float) else value


class Crossing(Model):
    """One place where the border can be crossed: its road, stations, demand and the behaviour of its travellers."""

    title: Title = Field("", description="name of the crossing in pictures and tables; default: its key")
    road: Road = Field(
        Road(), description="the approach road; it does not matter where nobody comes by vehicle; default: one file"
    )
    zones: dict[Name, Zone] = Field({}, description="ground shared by the queues of several stations, by name")
    stations: dict[Name, Station] = Field(
        min_length=1, description="the stations by name, in the order in which parties pass them"
    )
    parallel: dict[Name, Parallel] = Field({}, description="choices between stations side by side, by name")
    pools: dict[Name, Annotated[Pool, BeforeValidator(bare_number)]] = Field(
        {}, description="servers that several stations share, by name"
    )
    demand: dict[ClassName, DemandParts] = Field(
        {}, description="parties that come, by class: the sum of parts, each with a name of your own"
    )
    initial_queue: dict[ClassName, InitialQueue] = Field({}, description="parties already waiting at the start")
    behaviour: dict[ClassName, Behaviour] = Field({}, description="what parties of a class do about the queue")
    quote: Quote = Field(Quote(), description="how the wait is quoted")
    word_of_stops: WordOfStops = Field(
        WordOfStops(), description="how travellers hear of men who were stopped; only where men are screened"
    )
    destination: Destination = Field(
        Destination(), description="what travellers who choose know of this crossing; only in a network"
    )
    changes: tuple[Change, ...] = Field(
        (), max_length=1000, description="dated changes; later entries override earlier ones"
    )

    @model_validator(mode="after")
    def _with_copies(self) -> Crossing:
        """Write out the copies of stations."""
        return written_out(self) if any(station.copies for station in self.stations.values()) else self


class Intervention(Model):
    """A named what-if: values set or scaled before the run, and dated changes."""

    description: str = Field(description="what is different, in a sentence")
    set: dict[str, Any] = Field({}, description="values set before the run: path and value, as after `--set`")
    scale: dict[str, Factor] = Field({}, description="numbers multiplied before the run: path and factor")
    changes: tuple[NamedChange, ...] = Field((), max_length=1000, description="dated changes, after those of the file")


class Scenario(Model):
    """A whole experiment."""

    name: Name = Field(description="name of the scenario: small letters, digits and underscores; by custom the file's")
    title: Title = Field(description="title of tables and pictures, in one line")
    description: str = Field("", description="what the scenario is about, in a few sentences")
    clock: Clock = Field(description="when the run begins and ends")
    classes: dict[NewClassName, PartyClass] = Field(
        min_length=1,
        description="the standard classes car, truck, bus, bike and foot, and up to 32 own ones with their `kind`",
    )
    crossings: dict[Name, Crossing] = Field(min_length=1, description="the crossings by name; most files have one")
    start_from: StartFrom | None = Field(
        None,
        description="a folder of `sim run`, or its file `end_state.parquet`: whoever was inside at the end of that run "
        "stands there again at the start, and controls go on as they were",
    )
    network: Network | None = Field(None, description="origins of travellers who choose between the crossings")
    interventions: dict[Name, Intervention] = Field(
        {}, description="what-ifs by name, for `--intervene` and `sim compare`"
    )
    apply: tuple[Name, ...] = Field((), description="interventions in force in this scenario")
    reported: tuple[Reported, ...] = Field((), description="rows, or the name of a file that holds them")
    reported_series: tuple[ReportedSeries, ...] = Field(
        (), description="series of figures; write them as rows of `reported` that have the key `series`"
    )
    relief: Relief | None = Field(
        Relief(), description="assumptions of relief planners; null where nobody spends a night at a border"
    )
    replications: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = Field(
        20, description="how many times the scenario is played, each time with other random numbers"
    )
    seed: Annotated[int, Field(ge=0, lt=2**63, strict=True)] = Field(
        2022, description="seed of the random numbers; the same seed gives the same run"
    )

    @property
    def figures(self) -> tuple[Reported, ...]:
        """All figures as rows: the single ones, and for every series the mean of its points."""
        return (*self.reported, *(series.row for series in self.reported_series))

    @model_validator(mode="wrap")
    @classmethod
    def _with_own_classes(cls, value: Any, validate: ModelWrapValidatorHandler[Scenario]) -> Scenario:
        """Give standard classes their kind, and let stations that serve everybody serve the file's own classes too."""
        classes = value.get("classes") if isinstance(value, dict) else None
        if not isinstance(classes, dict):
            return validate(value)
        described = {name: _with_kind(str(name), each) for name, each in classes.items()}
        own = [name for name, each in described.items() if name not in CLASSES and _has_kind(str(name), each)]
        known = (*CLASSES, *own)
        crossings = _serving(value.get("crossings"), known) if own else value.get("crossings")
        with only_classes(known):
            return validate({**value, "classes": described, **({"crossings": crossings} if own else {})})

    @model_validator(mode="after")
    def _tell_reported(self) -> Scenario:
        """Let the reported figures call the classes as the scenario does."""
        for row in self.reported:
            row.tell(self.class_words)
        return self

    @property
    def streams(self) -> tuple[str, ...]:
        """The names of all streams by number: the standard classes, the bypass, and the file's own classes."""
        return _streams(tuple(self.classes))

    @property
    def class_numbers(self) -> Mapping[str, int]:
        """The number of every class, standard or own: that of its stream."""
        return _class_numbers(tuple(self.classes))

    @property
    def class_words(self) -> Words:
        """What the parties of every class are called in tables and pictures."""
        return _class_words(tuple((name, self.kind(name)) for name in self.class_numbers))

    @property
    def present(self) -> tuple[str, ...]:
        """The classes that the file describes, in the order of their numbers."""
        return tuple(name for name in self.class_numbers if name in self.classes)

    def begin_at(self, crossing: str) -> dict[str, set[str]]:
        """Return the stations at which parties of an earlier run begin, by the class of these parties."""
        places: dict[str, set[str]] = {}
        for where, station, cls in self.start_from.places if self.start_from else ():
            if where == crossing:
                places.setdefault(cls, set()).add(station)
        return places

    def kind(self, cls: str) -> Kind:
        """Return the kind of a class; a standard class need not be described."""
        return self.classes[cls].kind if cls in self.classes else CLASSES[STREAMS.index(cls)]

    @property
    def vehicles(self) -> tuple[str, ...]:
        """The classes of vehicles, described or standard, in the order of their numbers."""
        return tuple(name for name in self.class_numbers if self.kind(name) in VEHICLE_CLASSES)


@lru_cache(1024)
def _streams(classes: tuple[str, ...]) -> tuple[str, ...]:
    return (*STREAMS, *(name for name in classes if name not in CLASSES))


@lru_cache(1024)
def _class_numbers(classes: tuple[str, ...]) -> Mapping[str, int]:
    streams = enumerate(_streams(classes))
    return MappingProxyType({name: number for number, name in streams if number != len(CLASSES)})


@lru_cache(1024)
def _class_words(kinds: tuple[tuple[str, Kind], ...]) -> Words:
    return {name: STANDARD_WORDS.get(name) or words_of(name, kind) for name, kind in kinds}


def _has_kind(name: str, described: Any) -> bool:
    return (
        name not in RESERVED
        and NAME.fullmatch(name) is not None
        and isinstance(described, dict)
        and "kind" in described
    )


def _with_kind(name: str, described: Any) -> Any:
    return {"kind": name, **described} if name in CLASSES and isinstance(described, dict) else described


def _serving(crossings: Any, everybody: tuple[str, ...]) -> Any:
    """Return crossings whose stations name all classes where they say `all` or nothing."""
    if not isinstance(crossings, dict):
        return crossings
    served = {}
    for name, crossing in crossings.items():
        stations = crossing.get("stations") if isinstance(crossing, dict) else None
        if isinstance(stations, dict):
            named = {
                key: {**each, "serves": list(everybody)}
                if isinstance(each, dict) and each.get("serves", "all") == "all"
                else each
                for key, each in stations.items()
            }
            served[name] = {**crossing, "stations": named}
        else:
            served[name] = crossing
    return served
