"""Space: party classes and their length in the queue, the approach road, its holding lots, and shared zones."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from sim.scenario.model.class_names import ClassName
from sim.scenario.model.laws import People
from sim.scenario.model.quantities import Count, Instant, Kind, Length, Model, Name, Share, Title

USUAL: dict[str, dict[str, Any]] = {
    "car": {"spacing": "7 m", "people": {"mean": 2, "max": 5}},
    "truck": {"spacing": "19 m", "people": 1},
    "bus": {"spacing": "14 m", "people": {"mean": 30, "max": 60}},
    "bike": {"spacing": "2 m", "people": 1},
    "foot": {"spacing": "1 m", "people": 1},
}
"""What a class of a kind has unless the file says otherwise.

The spacing of cars was measured (Bell 1977, Long 2002, Czech TP 135: 5.8 to 8.2 m); the other numbers are assumptions.
"""


def _nothing_required(schema: dict[str, Any]) -> None:
    """Let a file leave out what the kind of a class gives, or its name."""
    schema.pop("required", None)


class PartyClass(Model):
    """A class of parties, which move as one unit: a vehicle with its people, a cyclist, a group on foot."""

    model_config = ConfigDict(json_schema_extra=_nothing_required)

    kind: Kind = Field(description="what the parties are; default: the name of the class, if it is one of these")
    spacing: Length = Field(
        description="length of queue taken up by one party in one file, including the gap; default: that of the kind"
    )
    people: People = Field(description="people per party; default: as many as is usual for the kind")
    men_share: Share = Field(0.0, description="share of the people who are men of call-up age")
    local_share: Share = Field(0.0, description="share of parties with local plates")
    traits: dict[Name, Share] = Field(
        {},
        description="share of parties that have each trait, such as `{registered: 70 %}`; drawn once for a party."
        " Tables say 'with chip' and 'without chip' for a noun, 'registered' and 'not registered' for an adjective",
    )

    @model_validator(mode="before")
    @classmethod
    def _usual(cls, value: Any) -> Any:
        """Add what is usual for the kind; of a kind that does not exist, that alone is told."""
        if not isinstance(value, dict):
            return value
        return {**USUAL.get(str(value.get("kind")), USUAL["foot"]), **value}


class FilesStretch(Model):
    """A stretch of the approach road, counted from the border outwards."""

    until: Length | None = Field(None, description="distance from the border where the stretch ends; default: no end")
    files: Annotated[float, Field(ge=0.1, le=20)] = Field(description="mean number of vehicles abreast")


class HoldingLot(Model):
    """An area off the road where waiting vehicles of some classes stand while it has room."""

    classes: tuple[ClassName, ...] = Field(min_length=1, description="classes whose parties may stand here")
    capacity: Count = Field(description="number of parties that have room here")
    from_: Instant | None = Field(None, alias="from", description="when it opens; default: always open")


class Landmark(Model):
    """A place along the approach road, which pictures name."""

    name: Title = Field(description="name of the place")
    at: Length = Field(description="distance from the border along the road")


class Road(Model):
    """The approach road, which converts waiting vehicles into kilometres of queue."""

    stretches: tuple[FilesStretch, ...] = Field(
        (FilesStretch(files=1.0),), min_length=1, description="from the border outwards; default: one file"
    )
    lots: dict[Name, HoldingLot] = Field({}, max_length=100, description="areas off the road for waiting, by name")
    landmarks: tuple[Landmark, ...] = Field(
        (),
        max_length=50,
        description="places along the road, named in the picture of `sim serve`; they change nothing else",
        examples=[[{"name": "Vladikavkaz", "at": "31 km"}]],
    )

    @model_validator(mode="after")
    def _outwards(self) -> Road:
        ends = [stretch.until for stretch in self.stretches]
        if ends[-1] is not None or None in ends[:-1]:
            raise ValueError("every stretch but the last needs 'until', and the last has none")
        if ends[:-1] != sorted(set(ends[:-1])):  # type: ignore[type-var]
            ends_m = ", ".join(f"{end:g} m" for end in ends[:-1])
            raise ValueError(f"'until' must increase from stretch to stretch; got {ends_m}")
        return self


class Zone(Model):
    """Ground shared by the queues of several stations, such as the neutral zone."""

    capacity: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = Field(
        None, description="room, in parties"
    )
    people: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = Field(None, description="room, in people")
    length: Length | None = Field(None, description="room, in metres of one file; every party takes up its spacing")

    @model_validator(mode="after")
    def _one(self) -> Zone:
        given = [key for key in ("capacity", "people", "length") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(
                f"needs exactly one of 'capacity', 'people' and 'length'; got {' and '.join(given) or 'none'}"
            )
        return self
