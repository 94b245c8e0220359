"""Probability laws of a scenario: durations (family and mean) and people per party."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sim.scenario.model.quantities import Model, Share, Span, Variation

Family = Literal["exponential", "erlang", "gamma", "lognormal", "uniform", "deterministic", "empirical"]
FAMILIES: tuple[Family, ...] = get_args(Family)
"""The families of laws of durations that a scenario may name."""


class Law(Model):
    """A law of durations. Bare `90 s` means exactly 90 s; `{mean: 90 s, family: gamma, cv: 50 %}` varies."""

    family: Family = Field(
        "exponential",
        description="shape of the law; `uniform` is from 0 to twice the mean, a bare duration is deterministic",
    )
    mean: Span | None = Field(None, description="mean duration; not for `empirical`")
    k: Annotated[int, Field(ge=1, le=1000, strict=True)] | None = Field(
        None, description="number of phases, for `erlang`"
    )
    cv: Variation | None = Field(None, description="standard deviation over mean, for `gamma` and `lognormal`")
    values: tuple[Span, ...] | None = Field(
        None, max_length=10_000, description="observed durations to draw from, for `empirical`"
    )

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return {"family": "deterministic", "mean": value} if isinstance(value, str | int | float) else value

    @model_validator(mode="after")
    def _complete(self) -> Law:
        needs = {"erlang": "k", "gamma": "cv", "lognormal": "cv", "empirical": "values"}.get(self.family)
        if needs and not getattr(self, needs):
            raise ValueError(f"family {self.family!r} needs {needs!r}")
        if self.family != "empirical" and self.mean is None:
            raise ValueError(f"family {self.family!r} needs 'mean'")
        for key in ("k", "cv", "values"):
            if key != needs and getattr(self, key) is not None:
                raise ValueError(f"family {self.family!r} has no {key!r}")
        if self.family == "empirical" and self.mean is not None:
            raise ValueError("family 'empirical' takes its mean from 'values'; leave 'mean' out")
        return self

    @property
    def mean_s(self) -> float:
        """Mean in seconds."""
        if self.values:
            return sum(self.values) / len(self.values)
        return self.mean or 0.0


NO_TIME = Law(family="deterministic", mean=0.0)


class ServiceTime(Model):
    """Service of one party: a part for the party, a part for every person, and a part for every man concerned.

    A law alone, such as `90 s`, holds once per party.

    Or `one_by_one`: its people queue and are served one by one, and the party goes on when the last is through.
    """

    party: Law = Field(NO_TIME, description="once per party")
    person: Law | None = Field(None, description="once per person, as for passport checks")
    man: Law | None = Field(None, description="once per man checked (draft screening) or summoned (enlistment office)")
    one_by_one: Law | None = Field(
        None,
        description="service of one person: people of a party queue and are served one by one, and it goes on when the "
        "last is through; in place of the other parts",
    )

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        if value == {}:
            raise ValueError("how long a service takes is missing; write 0 s if it takes no time")
        keys = set(value) if isinstance(value, dict) else set()
        of_law, parts = sorted(keys & set(Law.model_fields)), [key for key in cls.model_fields if key in keys]
        if of_law and "one_by_one" in parts:
            raise ValueError(f"one_by_one is the whole service of a person; remove {' and '.join(map(repr, of_law))}")
        if of_law and parts:
            raise ValueError(
                f"beside {parts[0]!r}, the law of the party goes under 'party'; move {', '.join(of_law)} there"
            )
        return {"party": value} if of_law or isinstance(value, str | int | float) else value

    @model_validator(mode="after")
    def _apart(self) -> ServiceTime:
        others = [part for part in ("party", "person", "man") if part in self.model_fields_set]
        if self.one_by_one is not None and others:
            raise ValueError(f"one_by_one is the whole service of a person; remove {' and '.join(map(repr, others))}")
        return self

    @property
    def each(self) -> Law | None:
        """The law of what each person takes, be it as part of the party or one by one."""
        return self.person or self.one_by_one


_SMALL_NUMBER = re.compile("[0-9]{1,6}")


class PeopleSpread(Model):
    """People per party as 1 + Binomial(max - 1, (mean - 1)/(max - 1))."""

    mean: Annotated[float, Field(ge=1, le=200)] = Field(description="mean number of people in a party")
    max: Annotated[int, Field(ge=1, le=200, strict=True)] = Field(description="largest number of people in a party")

    @model_validator(mode="after")
    def _possible(self) -> PeopleSpread:
        if self.mean > self.max:
            raise ValueError(f"mean ({self.mean:g}) must not be above max ({self.max})")
        return self


def _people(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"mean": value, "max": value}
    return value


def _pmf(value: object) -> object:
    if isinstance(value, dict) and not {"mean", "max"} & set(value):
        return {int(k) if isinstance(k, str) and _SMALL_NUMBER.fullmatch(k) else k: v for k, v in value.items()}
    return value


def _sums_to_one(pmf: dict[int, float]) -> dict[int, float]:
    total = sum(pmf.values())
    if abs(total - 1) > 1e-6:
        raise ValueError(f"shares must add up to 100 %; they add up to {100 * total:g} %")
    return pmf


PeoplePmf = Annotated[
    dict[Annotated[int, Field(ge=1, le=200)], Share], BeforeValidator(_pmf), AfterValidator(_sums_to_one)
]
People = Annotated[PeopleSpread | PeoplePmf, BeforeValidator(_people)]
"""A whole number, `{1: 30 %, 2: 70 %}` or `{mean: 2.9, max: 7}`."""


def mean_people(law: PeopleSpread | dict[int, float]) -> float:
    """Return the mean number of people (or of what else the law counts)."""
    return law.mean if isinstance(law, PeopleSpread) else sum(number * share for number, share in law.items())


def most_people(law: PeopleSpread | dict[int, float]) -> int:
    """Return the largest number of people that a party may have."""
    return law.max if isinstance(law, PeopleSpread) else max(law)
