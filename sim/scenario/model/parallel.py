"""Parallel stations: a step of the way at which a party goes to one of several stations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from sim.scenario.model.quantities import MOST_CONDITIONS, Model, Name, Share, with_rest
from sim.scenario.model.traits import Condition
from sim.suggest import no_such

Shares = Annotated[dict[Name, Share], BeforeValidator(with_rest)]
ChoiceRule = Literal["shortest_queue", "least_wait", "first", "posted_wait"]


Jockeying = Annotated[int, Field(ge=2, le=1_000_000, strict=True)] | None


class Parallel(Model):
    """Stations side by side: a party goes to one of those that are open to it, and then on to the step after them."""

    one_of: tuple[Name, ...] = Field((), description="the stations, by order of preference if nothing else decides")
    by: ChoiceRule = Field(
        "shortest_queue",
        description="fewest parties waiting, least expected wait, the first station that is open and has room, or the "
        "least expected wait as posted with the last quote",
    )
    shares: Shares = Field(
        {}, description="instead of `one_of`: the share of each station; one may be `rest`, the remainder to 100 %"
    )
    shares_by_trait: dict[Condition, Shares] = Field(
        {},
        max_length=MOST_CONDITIONS,
        description="other `shares` for parties for which a condition holds, the first of several, such as "
        "`{when registered: {gates: 80 %, desks: rest}}`",
    )
    jockeying: Jockeying = Field(
        None,
        description="the last of a queue moves to the end of another that is shorter by at least so many parties; "
        "default: nobody changes queues",
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
        if self.shares_by_trait and not self.shares:
            raise ValueError("shares_by_trait needs 'shares', those of all other parties")
        for condition, shares in {"": self.shares, **self.shares_by_trait}.items():
            total = sum(shares.values())
            if shares and abs(total - 1) > 1e-6:
                what = f"shares {condition}".rstrip()
                raise ValueError(f"{what} must add up to 100 %; they add up to {100 * total:g} %")
            if other := next((name for name in shares if name not in self.shares), None):
                raise ValueError(f"shares_by_trait: {no_such('station', other, list(self.shares))} in 'shares'")
        return self

    @property
    def stations(self) -> tuple[Name, ...]:
        """The stations in the order of the file."""
        return self.one_of or tuple(self.shares)
