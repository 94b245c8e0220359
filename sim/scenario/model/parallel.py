"""Parallel stations: a step of the way at which a party goes to one of several stations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from sim.scenario.model.quantities import Model, Name, Share, with_rest

ChoiceRule = Literal["shortest_queue", "least_wait", "first"]


class Parallel(Model):
    """Stations side by side: a party goes to one of those that are open to it, and then on to the step after them."""

    one_of: tuple[Name, ...] = Field((), description="the stations, by order of preference if nothing else decides")
    by: ChoiceRule = Field(
        "shortest_queue",
        description="fewest parties waiting, least expected wait, or the first station that is open and has room",
    )
    shares: Annotated[dict[Name, Share], BeforeValidator(with_rest)] = Field(
        {}, description="instead of `one_of`: the share of each station; one may be `rest`, the remainder to 100 %"
    )

    @model_validator(mode="after")
    def _one(self) -> Parallel:
        if bool(self.one_of) == bool(self.shares):
            raise ValueError(f"needs exactly one of 'one_of' and 'shares'; got {'both' if self.shares else 'none'}")
        if self.shares and "by" in self.model_fields_set:
            raise ValueError("'by' has no meaning beside 'shares'; remove it")
        if len(self.stations) < 2:
            raise ValueError(f"needs at least two stations; got {', '.join(self.stations)}")
        twice = [name for name in dict.fromkeys(self.stations) if self.stations.count(name) > 1]
        if twice:
            raise ValueError(f"names {', '.join(map(repr, twice))} twice; name each station once")
        if self.shares and abs(sum(self.shares.values()) - 1) > 1e-6:
            raise ValueError(f"shares must add up to 100 %; they add up to {100 * sum(self.shares.values()):g} %")
        return self

    @property
    def stations(self) -> tuple[Name, ...]:
        """The stations in the order of the file."""
        return self.one_of or tuple(self.shares)
