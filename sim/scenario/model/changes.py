"""Dated changes of a scenario: closures, staffing, screening, demand, and what travellers hear of a crossing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.scenario.model.network import Price, Utility
from sim.scenario.model.quantities import ClassName, Factor, Instant, Model, Name, Servers, Share


class Change(Model):
    """One dated alteration (undated: the whole run). Later entries of the list win over earlier ones."""

    from_: Instant | None = Field(None, alias="from")
    until: Instant | None = None
    classes: tuple[ClassName, ...] | None = Field(None, description="left out: all classes")
    stations: tuple[Name, ...] | None = Field(None, description="left out: all stations")
    close: Literal[True] | None = Field(None, description="nobody is called to a server")
    open: Literal[True] | None = Field(None, description="takes back earlier closures")
    servers: Servers | None = Field(None, description="this many servers")
    add_servers: Annotated[int, Field(ge=-1000, le=1000, strict=True)] | None = None
    scale_servers: Factor | None = Field(None, description="servers times this, rounded half up")
    intensity: Share | None = Field(None, description="screening intensity")
    scale_demand: Factor | None = Field(None, description="arrival rate times this")
    bar_non_local: Share | None = Field(None, description="share of parties without local plates that is kept away")
    admits: Share | None = Field(None, description="share of travellers from origins whose papers are accepted")
    informed: Share | None = Field(None, description="share of travellers from origins that hears the quoted wait")
    risk: Share | None = Field(None, description="chance of being turned back that they expect")
    price: Price | None = Field(None, description="what this way costs a person, in euros")
    attraction: Utility | None = Field(None, description="utility of this way, all else equal")

    @model_validator(mode="after")
    def _one_action(self) -> Change:
        given = [key for key in CHANGE_ACTIONS if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(CHANGE_ACTIONS)}; got {', '.join(given) or 'none'}")
        if self.from_ and self.until and self.until <= self.from_:
            raise ValueError("until must be later than from")
        if given[0] in ("servers", "add_servers", "scale_servers", "intensity"):
            if self.classes is not None:
                raise ValueError(f"{given[0]!r} acts on stations; leave 'classes' out")
            if self.stations is None:
                raise ValueError(f"{given[0]!r} needs 'stations'")
        if given[0] in ("scale_demand", "bar_non_local", "admits") and self.stations is not None:
            raise ValueError(f"{given[0]!r} acts on classes; leave 'stations' out")
        if given[0] in DESTINATION_ACTIONS[1:] and (self.stations is not None or self.classes is not None):
            raise ValueError(f"{given[0]!r} acts on the crossing; leave 'stations' and 'classes' out")
        return self


DESTINATION_ACTIONS = ("admits", "informed", "risk", "price", "attraction")
"""What travellers who choose know of a crossing; the fields of `Destination` that may change."""
CHANGE_ACTIONS = (
    *("close", "open", "servers", "add_servers", "scale_servers", "intensity", "scale_demand", "bar_non_local"),
    *DESTINATION_ACTIONS,
)


class NamedChange(Change):
    """A change of an intervention; `crossing` may be left out where the scenario has one, or `all`."""

    crossing: Name | None = None
