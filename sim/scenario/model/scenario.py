"""The scenario: the whole experiment as frozen models. The field descriptions are the reference documentation."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ModelWrapValidatorHandler, model_validator

from sim.scenario.model.behaviour import Behaviour, Quote, WordOfStops
from sim.scenario.model.changes import Change, NamedChange
from sim.scenario.model.class_names import RESERVED, ClassName, only_classes
from sim.scenario.model.demand import DemandParts
from sim.scenario.model.network import Destination, Network
from sim.scenario.model.parallel import Parallel
from sim.scenario.model.quantities import (
    CLASSES,
    MOST_OWN_CLASSES,
    STREAMS,
    VEHICLE_CLASSES,
    Count,
    Duration,
    Factor,
    Instant,
    Kind,
    Model,
    Name,
    Title,
)
from sim.scenario.model.reported import Relief, Reported
from sim.scenario.model.road import PartyClass, Road, Zone
from sim.scenario.model.station import Station


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone; expected a name such as 'Europe/Moscow'; got {name!r}") from None
    return name


class Clock(Model):
    """When the run begins and ends; all instants of the file are local times of `timezone`."""

    timezone: Annotated[str, AfterValidator(_zone)]
    t0: Instant = Field(description="origin of internal time; the event that starts the scenario")
    start: Instant = Field(description="first instant simulated")
    horizon: Instant = Field(description="last instant simulated; parties still inside then are `unfinished`")
    report_every: Duration = Field(3600.0, description="interval between the points of every time series")

    @model_validator(mode="after")
    def _order(self) -> Clock:
        if self.horizon <= self.start:
            raise ValueError(f"horizon must be later than start; got {self.start} to {self.horizon}")
        return self


class Crossing(Model):
    """One place where the border can be crossed: its road, stations, demand and the behaviour of its travellers."""

    title: Title = ""
    road: Road = Field(Road(), description="default: one file; where nobody comes by vehicle it does not matter")
    zones: dict[Name, Zone] = Field({})
    stations: dict[Name, Station] = Field(min_length=1)
    parallel: dict[Name, Parallel] = Field({}, description="choices between stations side by side, by name")
    demand: dict[ClassName, DemandParts] = Field({})
    initial_queue: dict[ClassName, Count] = Field({}, description="parties already waiting at the start")
    behaviour: dict[ClassName, Behaviour] = Field({})
    quote: Quote = Quote()
    word_of_stops: WordOfStops = WordOfStops()
    destination: Destination = Destination()
    changes: tuple[Change, ...] = Field((), max_length=1000)


class Intervention(Model):
    """A named what-if: values set or scaled before the run, and dated changes."""

    description: str
    set: dict[str, Any] = Field({}, description="path: value")
    scale: dict[str, Factor] = Field({}, description="path: factor")
    changes: tuple[NamedChange, ...] = Field((), max_length=1000)


class Scenario(Model):
    """A whole experiment."""

    name: Name
    title: Title
    description: str = ""
    clock: Clock
    classes: dict[ClassName, PartyClass] = Field(
        min_length=1, description="the standard classes car, truck, bus, bike and foot, and own ones with their `kind`"
    )
    crossings: dict[Name, Crossing] = Field(min_length=1)
    network: Network | None = Field(None, description="origins of travellers who choose between the crossings")
    interventions: dict[Name, Intervention] = Field({})
    apply: tuple[Name, ...] = Field((), description="interventions in force in this scenario")
    reported: tuple[Reported, ...] = Field((), description="rows, or the name of a file that holds them")
    relief: Relief | None = Field(
        Relief(), description="assumptions of relief planners; null where nobody spends a night at a border"
    )
    replications: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 20
    seed: Annotated[int, Field(ge=0, lt=2**63, strict=True)] = 2022

    @model_validator(mode="wrap")
    @classmethod
    def _with_own_classes(cls, value: Any, validate: ModelWrapValidatorHandler[Scenario]) -> Scenario:
        """Give standard classes their kind, and let stations that serve everybody serve the file's own classes too."""
        classes = value.get("classes") if isinstance(value, dict) else None
        if not isinstance(classes, dict):
            return validate(value)
        described = {name: _with_kind(str(name), each) for name, each in classes.items()}
        own = [name for name, each in described.items() if name not in CLASSES and _has_kind(str(name), each)]
        known = (*CLASSES, *own[:MOST_OWN_CLASSES])
        crossings = _serving(value.get("crossings"), known) if own else value.get("crossings")
        with only_classes(known):
            return validate({**value, "classes": described, **({"crossings": crossings} if own else {})})

    @property
    def streams(self) -> tuple[str, ...]:
        """The names of all streams by number: the standard classes, the bypass, and the file's own classes."""
        return (*STREAMS, *(name for name in self.classes if name not in CLASSES))

    @property
    def class_numbers(self) -> dict[str, int]:
        """The number of every class, standard or own: that of its stream."""
        return {name: number for number, name in enumerate(self.streams) if number != len(CLASSES)}

    @property
    def present(self) -> tuple[str, ...]:
        """The classes that the file describes, in the order of their numbers."""
        return tuple(name for name in self.class_numbers if name in self.classes)

    def kind(self, cls: str) -> Kind:
        """Return the kind of a class; a standard class need not be described."""
        return self.classes[cls].kind if cls in self.classes else CLASSES[STREAMS.index(cls)]

    @property
    def vehicles(self) -> tuple[str, ...]:
        """The classes of vehicles, described or standard, in the order of their numbers."""
        return tuple(name for name in self.class_numbers if self.kind(name) in VEHICLE_CLASSES)


def _has_kind(name: str, described: Any) -> bool:
    return name not in RESERVED and isinstance(described, dict) and "kind" in described


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
