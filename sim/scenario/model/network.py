"""Crossings that share one demand: origins, what those who set out know of a crossing, and how they choose."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from sim import units
from sim.scenario.model.demand import DemandPart
from sim.scenario.model.quantities import ClassName, Model, Name, Share, Span

Weight = Annotated[float, Field(ge=-1000, le=0)]
"""Utility per unit of something unwanted, at most 0."""
Utility = Annotated[float, Field(ge=-1000, le=1000)]
Price = Annotated[float, Field(ge=0, le=1e6)]
"""Euros a person."""


class Place(Model):
    """Where something is on the map, in degrees, for pictures alone: drives are given, not measured."""

    longitude: Annotated[float, Field(ge=-180, le=180)] = Field(description="degrees east of Greenwich")
    latitude: Annotated[float, Field(ge=-90, le=90)] = Field(description="degrees north of the equator")


class Destination(Model):
    """What a crossing is to travellers who choose; all but `travels_as` and `place` may change by date."""

    admits: Share = Field(
        1.0, description="share of these travellers whose papers the country beyond accepts; 10 % are among any 20 %"
    )
    informed: Share = Field(1.0, description="share that hears the quoted wait here; the others expect none")
    risk: Share = Field(0.0, description="chance of being turned back that parties with men of call-up age expect")
    price: Price = Field(0.0, description="what this way costs a person, in euros")
    attraction: Utility = Field(0.0, description="utility of this way, all else equal")
    travels_as: dict[ClassName, ClassName] = Field(
        {}, description="class that parties are of here, such as {car: foot} at an airport; left out: the same"
    )
    place: Place | None = Field(None, description="where pictures draw it; left out for one: none is on a map")


class Choice(Model):
    """How parties choose: the crossing of highest utility, with Gumbel errors (multinomial logit, McFadden 1974)."""

    travel: Weight = Field(description="utility of an hour of driving")
    wait: Weight = Field(description="utility of an hour of expected wait")
    risk: Weight = Field(0.0, description="utility of being sure to be turned back")
    price: Weight = Field(0.0, description="utility of 100 euros a person")
    stay: Utility | None = Field(
        None, description="utility of not leaving; left out: stays only who has no way, or was turned away everywhere"
    )
    switching: Annotated[float, Field(ge=0, le=1000)] = Field(
        1.0, description="by how much another crossing must be better for a party to change its course"
    )
    reconsider: Share = Field(
        0.5, description="share of the drive after which parties that hear the waits choose again; 0: never"
    )
    diversions: Annotated[int, Field(ge=0, le=20, strict=True)] = Field(
        3, description="how often a party goes from one crossing on to another at most"
    )
    drive_cv: Annotated[float, Field(ge=0, le=2), BeforeValidator(lambda v: units.parse("share", v))] = Field(
        0.3, description="coefficient of variation of a party's driving time about the mean (gamma law)"
    )


class Origin(Model):
    """Where travellers set out, and the mean drive to each crossing they can choose."""

    title: str = ""
    demand: dict[ClassName, dict[Name, DemandPart]] = Field(min_length=1, description="parties that set out")
    travel: dict[Name, Span] = Field(min_length=1, description="mean drive to each crossing that is open to choice")
    place: Place | None = Field(None, description="where pictures draw it; left out for one: none is on a map")


class Network(Model):
    """Travellers who choose between crossings."""

    origins: dict[Name, Origin] = Field(min_length=1)
    choice: Choice
    between: dict[Name, dict[Name, Span]] = Field(
        {}, description="mean drive from a crossing to another, both ways; left out: nobody goes from one to the other"
    )

    def drive_between(self, one: str, other: str) -> float | None:
        """Return the mean drive between two crossings in seconds, None if nobody goes from one to the other."""
        there = self.between.get(one, {}).get(other)
        return self.between.get(other, {}).get(one) if there is None else there
