"""Space: party classes and their length in the queue, the approach road, its holding lots, and shared zones."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sim.scenario.model.laws import People
from sim.scenario.model.quantities import ClassName, Count, Instant, Length, Model, Name, Share


class PartyClass(Model):
    """A class of parties, which move as one unit: a vehicle with its people, a cyclist, a group on foot."""

    spacing: Length = Field(description="length of queue taken up by one party in one file, including the gap")
    people: People = Field(description="people per party")
    men_share: Share = Field(description="share of the people who are men of call-up age")
    local_share: Share = Field(0.0, description="share of parties with local plates")
    traits: dict[Name, Share] = Field(
        {}, description="share of parties that have each trait, such as `{registered: 70 %}`; drawn once for a party"
    )


class FilesStretch(Model):
    """A stretch of the approach road, counted from the border outwards."""

    until: Length | None = Field(None, description="distance from the border where the stretch ends; default: no end")
    files: Annotated[float, Field(ge=0.1, le=20)] = Field(description="mean number of vehicles abreast")


class HoldingLot(Model):
    """An area off the road where waiting vehicles of some classes stand while it has room."""

    classes: tuple[ClassName, ...] = Field(min_length=1)
    capacity: Count
    from_: Instant | None = Field(None, alias="from", description="when it opens; default: always open")


class Road(Model):
    """The approach road, which converts waiting vehicles into kilometres of queue."""

    stretches: tuple[FilesStretch, ...] = Field(min_length=1, description="from the border outwards")
    lots: dict[Name, HoldingLot] = Field({}, max_length=100)

    @model_validator(mode="after")
    def _outwards(self) -> Road:
        ends = [stretch.until for stretch in self.stretches]
        if ends[-1] is not None or None in ends[:-1]:
            raise ValueError("every stretch but the last needs 'until', and the last has none")
        if ends[:-1] != sorted(set(ends[:-1])):  # type: ignore[type-var]
            raise ValueError("'until' must increase from stretch to stretch")
        return self


class Zone(Model):
    """Ground shared by the queues of several stations, such as the neutral zone."""

    capacity: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = Field(None, description="in parties")
    people: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = Field(None, description="in people")
    length: Length | None = Field(None, description="in metres of one file; every party takes up its spacing")

    @model_validator(mode="after")
    def _one(self) -> Zone:
        if sum(room is not None for room in (self.capacity, self.people, self.length)) != 1:
            raise ValueError("needs exactly one of 'capacity', 'people' and 'length'")
        return self
