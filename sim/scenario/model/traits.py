"""Traits: what a party of a class has or lacks, drawn once; conditions such as `unless registered` refer to it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, WithJsonSchema

if TYPE_CHECKING:
    from sim.scenario.model.scenario import Scenario

WHEN, UNLESS = "when", "unless"
_CONDITION = re.compile(r"(when|unless) ([a-z][a-z0-9_]{0,60})")


def _condition(text: str) -> str:
    if not _CONDITION.fullmatch(text):
        raise ValueError(f"expected 'when TRAIT' or 'unless TRAIT', such as 'unless registered'; got {text!r}")
    return text


Condition = Annotated[
    str, AfterValidator(_condition), WithJsonSchema({"type": "string", "pattern": f"^{_CONDITION.pattern}$"})
]
"""`when registered` or `unless registered`. Neither holds for a class without the trait."""


_WHO = re.compile(r"((when|unless) )?[a-z][a-z0-9_]{0,60}")


def _who(text: str) -> str:
    if not _WHO.fullmatch(text):
        raise ValueError(f"expected a class, 'any', or a condition such as 'unless registered'; got {text!r}")
    return text


Who = Annotated[str, AfterValidator(_who), WithJsonSchema({"type": "string", "pattern": f"^{_WHO.pattern}$"})]
"""A class, `any`, or a condition."""


def is_condition(who: str) -> bool:
    """Return whether a key is a condition, and not a class or `any`."""
    return " " in who


def trait_of(condition: str) -> str:
    """Return the trait that a condition refers to."""
    return condition.split(" ", 1)[1]


def traits_of(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of all traits, in the order of the classes that have them."""
    return tuple(dict.fromkeys(name for cls in scenario.classes.values() for name in cls.traits))


def conditions_of(scenario: Scenario, cls: str) -> tuple[str, ...]:
    """Return the conditions on the traits of a class: for each, that a party has it, and that it lacks it."""
    return tuple(f"{word} {name}" for name in scenario.classes[cls].traits for word in (WHEN, UNLESS))


def bit(names: tuple[str, ...], trait: str, has: bool) -> int:
    """Return the bit of `Tape.traits` that tells whether a party has a trait, or lacks one that its class may have."""
    return 1 << (2 * names.index(trait) + (not has))


def mask(names: tuple[str, ...], conditions: Iterable[str]) -> int:
    """Return the bits of `Tape.traits` that a party has if all the conditions hold for it."""
    bits = 0
    for condition in conditions:
        bits |= bit(names, trait_of(condition), condition.startswith(WHEN))
    return bits
