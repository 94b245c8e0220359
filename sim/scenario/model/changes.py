"""Dated changes of a scenario: closures, staffing, screening, demand, and what travellers know of a crossing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.scenario.model.class_names import ClassName
from sim.scenario.model.network import Price, Utility
from sim.scenario.model.quantities import Factor, Instant, Model, Name, Servers, Share, later_than


class Change(Model):
    """One change, dated or for the whole run. Later entries of the list override earlier ones.

    An entry has exactly one of the actions, which are the keys after `stations` (`demand` goes with `scale_demand`).
    Two actions at one time are two entries.
    """

    from_: Instant | None = Field(None, alias="from", description="begin of the change; default: the whole run")
    until: Instant | None = Field(None, description="end of the change; default: to the end of the run")
    classes: tuple[ClassName, ...] | None = Field(None, description="classes that it concerns; default: all")
    stations: tuple[Name, ...] | None = Field(
        None, description="stations that it concerns, or pools where it changes the servers; default: all"
    )
    close: Literal[True] | None = Field(None, description="no service starts")
    open: Literal[True] | None = Field(None, description="cancels earlier closures")
    servers: Servers | None = Field(None, description="number of servers")
    add_servers: Annotated[int, Field(ge=-1000, le=1000, strict=True)] | None = Field(
        None, description="servers more, or fewer if negative"
    )
    scale_servers: Factor | None = Field(None, description="factor on the servers, rounded half up")
    intensity: Share | None = Field(None, description="screening intensity")
    scale_service: Factor | None = Field(None, description="factor on the service times of services that begin")
    refusal: Share | None = Field(None, description="probability of a refusal")
    scale_patience: Factor | None = Field(None, description="factor on the patience of parties that join the queue")
    scale_demand: Factor | None = Field(None, description="factor on the arrival rate")
    demand: tuple[Name, ...] | None = Field(
        None,
        min_length=1,
        description="parts of the demand that `scale_demand` acts on; default: all",
        examples=[["surge"]],
    )
    bar_non_local: Share | None = Field(None, description="share of parties without local plates that is barred")
    admits: Share | None = Field(None, description="share of travellers from origins whose papers are accepted")
    informed: Share | None = Field(None, description="share of travellers from origins that know the quoted wait")
    risk: Share | None = Field(None, description="expected probability of being turned back")
    price: Price | None = Field(None, description="cost of this crossing for one person, in euros")
    attraction: Utility | None = Field(None, description="utility of this crossing, all else equal")

    @model_validator(mode="after")
    def _one_action(self) -> Change:
        given = [key for key in CHANGE_ACTIONS if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(CHANGE_ACTIONS)}; got {', '.join(given) or 'none'}")
        if self.from_ and self.until and self.until <= self.from_:
            raise ValueError(f"until {later_than('from', self.until, self.from_)}")
        if given[0] in STATION_ACTIONS:
            if self.classes is not None:
                raise ValueError(f"{given[0]!r} acts on stations; leave 'classes' out")
            if self.stations is None:
                raise ValueError(f"{given[0]!r} needs 'stations'")
        if self.demand is not None and given[0] != "scale_demand":
            raise ValueError(f"'demand' names parts for 'scale_demand'; leave it out beside {given[0]!r}")
        if given[0] in ("scale_demand", "bar_non_local", "admits") and self.stations is not None:
            raise ValueError(f"{given[0]!r} acts on classes; leave 'stations' out")
        if given[0] in DESTINATION_ACTIONS[1:] and (self.stations is not None or self.classes is not None):
            raise ValueError(f"{given[0]!r} acts on the crossing; leave 'stations' and 'classes' out")
        return self


DESTINATION_ACTIONS = ("admits", "informed", "risk", "price", "attraction")
"""Changes of what travellers who choose know of a crossing; all are fields of `Destination`."""
STAFF_ACTIONS = ("servers", "add_servers", "scale_servers")
"""Changes of the number of servers, at stations or in pools."""
STATION_ACTIONS = (
    *(*STAFF_ACTIONS, "intensity"),
    *("scale_service", "refusal", "scale_patience"),
)
"""Changes that need the names of stations."""
CHANGE_ACTIONS = (
    *("close", "open", *STATION_ACTIONS, "scale_demand", "bar_non_local"),
    *DESTINATION_ACTIONS,
)


EVERYWHERE = "all"
"""The name that makes a change of an intervention apply to every crossing, unless a crossing has it."""


class NamedChange(Change):
    """A change in an intervention; `crossing` is a name or `all`, and optional where the scenario has only one."""

    crossing: Name | None = Field(
        None, description="the crossing that it concerns, or `all`; may be left out where there is only one"
    )
