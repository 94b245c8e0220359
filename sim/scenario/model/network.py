"""Crossings that share one demand: origins, what travellers know of each crossing, and how they choose."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.scenario.model.class_names import ClassName
from sim.scenario.model.demand import DemandParts
from sim.scenario.model.quantities import DriveVariation, Model, Name, Share, Span, Title

Weight = Annotated[float, Field(ge=-1000, le=0)]
"""Utility per unit of something unwanted, at most 0."""
Utility = Annotated[float, Field(ge=-1000, le=1000)]
Price = Annotated[float, Field(ge=0, le=1e6)]
"""Euros a person."""


class Place(Model):
    """A place on the map, in degrees. Only pictures use it; drives are given, not measured."""

    longitude: Annotated[float, Field(ge=-180, le=180)] = Field(description="degrees east of Greenwich")
    latitude: Annotated[float, Field(ge=-90, le=90)] = Field(description="degrees north of the equator")


class Destination(Model):
    """What travellers who choose know of a crossing; all but `travels_as` and `place` may change by date."""

    admits: Share = Field(
        1.0,
        description="share of travellers whose papers the country beyond accepts; part of any larger share",
    )
    informed: Share = Field(1.0, description="share that know the quoted wait here; the others expect no wait")
    risk: Share = Field(0.0, description="probability of being turned back that parties with men of call-up age expect")
    price: Price = Field(0.0, description="cost of this crossing for one person, in euros")
    attraction: Utility = Field(0.0, description="utility of this crossing, all else equal")
    travels_as: dict[ClassName, ClassName] = Field(
        {}, description="class of parties at this crossing, such as {car: foot} at an airport; default: unchanged"
    )
    place: Place | None = Field(
        None, description="position in pictures; there is a map only if every crossing and origin has one"
    )


class Choice(Model):
    """How parties choose: the crossing of highest utility, with Gumbel errors (multinomial logit, McFadden 1974)."""

    travel: Weight = Field(description="utility of an hour of driving")
    wait: Weight = Field(description="utility of an hour of expected wait")
    risk: Weight = Field(0.0, description="utility of being sure to be turned back")
    price: Weight = Field(0.0, description="utility of 100 euros a person")
    stay: Utility | None = Field(
        None,
        description="utility of staying home; without it, a party stays only if it has no crossing or all refused it",
    )
    switching: Annotated[float, Field(ge=0, le=1000)] = Field(
        1.0, description="advantage in utility that another crossing must have for a party to change its course"
    )
    reconsider: Share = Field(
        0.5, description="share of the drive after which parties that know the waits choose again; 0: never"
    )
    diversions: Annotated[int, Field(ge=0, le=20, strict=True)] = Field(
        3, description="maximum number of times a party diverts to another crossing"
    )
    drive_cv: DriveVariation = Field(
        0.3, description="coefficient of variation of a party's driving time about the mean (gamma law)"
    )


class Origin(Model):
    """Where travellers set out, and the mean drive to each crossing they can choose."""

    title: Title = Field("", description="name of the origin in pictures and tables; default: its key")
    demand: dict[ClassName, DemandParts] = Field(min_length=1, description="parties that set out")
    travel: dict[Name, Span] = Field(min_length=1, description="mean drive to each crossing that travellers may choose")
    place: Place | None = Field(
        None, description="position in pictures; there is a map only if every crossing and origin has one"
    )


class Network(Model):
    """Travellers who choose between crossings."""

    origins: dict[Name, Origin] = Field(min_length=1, description="where travellers set out, by name")
    choice: Choice = Field(description="how they choose between the crossings")
    between: dict[Name, dict[Name, Span]] = Field(
        {}, description="mean drive between two crossings, in both directions; default: nobody diverts between them"
    )

    def drive_between(self, one: str, other: str) -> float | None:
        """Return the mean drive between two crossings in seconds, None if nobody diverts between them."""
        there = self.between.get(one, {}).get(other)
        return self.between.get(other, {}).get(one) if there is None else there
