"""The names of classes and streams: standard ones, and those of a file's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator

from sim.scenario.model.quantities import BYPASS, CLASSES, STREAMS, Name, Share, with_rest
from sim.suggest import no_such

OWN = "or a class of your own, described under 'classes' with its kind"
RESERVED = ("any", "all", "vehicles", "others", "rest", BYPASS)
"""Words that stand beside the names of classes in files, tables and keys of measures."""


_known_classes: ContextVar[tuple[str, ...]] = ContextVar("_known_classes", default=())


@contextmanager
def only_classes(known: tuple[str, ...]) -> Iterator[None]:
    """Let `known` be the only names of classes while a scenario is validated; elsewhere any name is accepted."""
    token = _known_classes.set(known)
    try:
        yield
    finally:
        _known_classes.reset(token)


def known_classes() -> tuple[str, ...]:
    """Return the names of classes while a scenario is validated; empty elsewhere."""
    return _known_classes.get()


def _not_reserved(name: str) -> str:
    if name in RESERVED:
        what = "has a meaning of its own beside the names of classes"
        raise ValueError(f"the name {name!r} is reserved, because it {what}; choose another name for the class")
    return name


def _name_of(besides: tuple[str, ...] = ()) -> AfterValidator:
    """Return a validator of names of classes, or of one of the words `besides`."""

    def check(name: str) -> str:
        known = _known_classes.get()
        if known and name not in (*known, *besides):
            sentence = no_such("class", name, [*known, *besides])
            raise ValueError(sentence if "did you mean" in sentence else f"{sentence}, {OWN}")
        return name

    return AfterValidator(check)


class NamesClass(NamedTuple):
    """Marks a name as that of a class; besides the `usual` words, a file may have classes of its own."""

    usual: tuple[str, ...] = CLASSES


ClassName = Annotated[Name, _name_of(), NamesClass()]
"""A standard class, or one of the file's own."""
NewClassName = Annotated[Name, AfterValidator(_not_reserved), _name_of(), NamesClass()]
"""The name of a class where it is described."""
ClassOrAny = Annotated[Name, _name_of(("any",)), NamesClass((*CLASSES, "any"))]
StreamName = Annotated[Name, _name_of((BYPASS,)), NamesClass(STREAMS)]


StreamShares = Annotated[dict[StreamName, Share], BeforeValidator(with_rest)]
