"""The scenario: the whole experiment as frozen models. The field descriptions are the reference documentation."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from sim.scenario.model.behaviour import Behaviour, Quote, WordOfStops
from sim.scenario.model.changes import Change, NamedChange
from sim.scenario.model.demand import DemandParts
from sim.scenario.model.network import Destination, Network
from sim.scenario.model.parallel import Parallel
from sim.scenario.model.quantities import ClassName, Count, Duration, Factor, Instant, Model, Name, Title
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
    road: Road
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
    classes: dict[ClassName, PartyClass] = Field(min_length=1)
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
