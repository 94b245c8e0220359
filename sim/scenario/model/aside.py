"""Parties that are sent aside after their service: to an inspection bay, a manual desk, a kiosk, or back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sim.scenario.model.quantities import Model, Name, Share
from sim.scenario.model.traits import Who, is_condition, trait_of


def _bare_share(value: Any) -> Any:
    return value if isinstance(value, dict) else {"any": value}


class SentAside(Model):
    """A share of the parties goes to another station after its service here; the others pass that station by."""

    to: Name = Field(description="the station they are sent to")
    share: Annotated[dict[Who, Share], BeforeValidator(_bare_share)] = Field(
        min_length=1,
        description="one share for all, or rows by class, `any` for the rest, and conditions, which go before classes",
    )
    if_full: Literal["block", "pass"] = Field(
        "block", description="where its hall is full, the party waits at its server, or is waved through"
    )
    then: Literal["on", "back"] = Field("on", description="after that station, on from there, or back to this one")
    at_most: Annotated[int, Field(ge=1, le=10, strict=True)] = Field(
        1, description="where this leads back: after so many returns a party is not sent again"
    )


def may_be_sent(aside: SentAside, cls: str, traits: Mapping[str, float]) -> bool:
    """Return whether parties of a class with these traits may be sent aside."""
    rows = [share for who, share in aside.share.items() if is_condition(who) and trait_of(who) in traits]
    return max(*rows, 0.0, aside.share.get(cls, aside.share.get("any", 0.0))) > 0
