"""Looks up what the models allow at a path: the keys, and the range of a number."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from sim import units
from sim.scenario.model.class_names import NamesClass
from sim.scenario.model.laws import Law, ServiceTime
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.tree import is_index

Kind = tuple[Any, tuple[Any, ...]]
"""A type and its annotations."""

_SHORT_FORMS: dict[str, tuple[Any, ...]] = {
    "service_time": (ServiceTime, Law),
    "by_quoted_wait": (dict[str, float],),
    "by_risk": (dict[str, float],),
    "at_arrival": (dict[str, float],),
}
_PARTS_OF_SERVICE = {*ServiceTime.model_fields, *Law.model_fields}
_DIMENSIONS = {text: dimension for dimension, text in units.EXAMPLES.items()}


def kinds(annotation: Any, notes: tuple[Any, ...] = ()) -> list[Kind]:
    """Return the alternatives of an annotation, each with its notes."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return kinds(annotation.__origin__, (*annotation.__metadata__, *notes))
    if origin in (Union, types.UnionType):
        return [kind for part in get_args(annotation) for kind in kinds(part, notes)]
    return [] if annotation is type(None) else [(annotation, notes)]


def fields(model: type[BaseModel]) -> dict[str, list[Kind]]:
    """Return the keys of a model as written in a file, with the types each accepts."""
    return {
        info.alias or name: kinds(info.annotation, tuple(info.metadata)) for name, info in model.model_fields.items()
    }


def at(loc: Iterable[str | int], model: type[BaseModel] = Scenario) -> list[Kind]:
    """Return what a file of a model may contain at `loc`; unknown parts (tags of alternatives) are skipped.

    A part that is a key of a model (`people: {mean: 2}`) excludes mappings with free keys (`{1: 30 %}`).
    """
    here: list[Kind] = [(model, ())]
    for part in loc:
        named = [below for kind in here if not _is_mapping(kind[0]) for below in step(kind, part)]
        here = named or [below for kind in here for below in step(kind, part)] or here
    return here


def step(kind: Kind, part: str | int) -> list[Kind]:
    """Return what is allowed one level below `kind`."""
    annotation = kind[0]
    origin: Any = get_origin(annotation)
    below: list[Kind] = []
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        below = fields(annotation).get(str(part), [])
    elif origin is dict and _accepts(annotation, str(part)):
        below = kinds(get_args(annotation)[1])
    elif origin is tuple and is_index(part):
        below = kinds(get_args(annotation)[0])
    if below and str(part) in _SHORT_FORMS:
        below = [*below, *((form, ()) for form in _SHORT_FORMS[str(part)])]
    elif any(kind[0] is ServiceTime for kind in below):
        below = [*below, (Law, ())]
    return below


def _is_mapping(annotation: Any) -> bool:
    origin: Any = get_origin(annotation)
    return bool(origin is dict)


def _accepts(mapping: Any, part: str) -> bool:
    """Return whether a mapping may have a key; by class, it may have those of the file's own classes."""
    choices = _choices(mapping)
    return choices is None or part in choices or (bool(_usual_classes(mapping)) and part not in _PARTS_OF_SERVICE)


def _choices(mapping: Any) -> list[str] | None:
    """Return the only keys that a mapping allows, or None if any is allowed; a file's own classes are left out."""
    words = [word for key, _ in kinds(get_args(mapping)[0]) for word in literals(key)]
    return words or _usual_classes(mapping) or None


def _usual_classes(mapping: Any) -> list[str]:
    """Return the usual keys of a mapping by class; none of another."""
    notes = [note for _, notes in kinds(get_args(mapping)[0]) for note in notes]
    return [word for note in notes if isinstance(note, NamesClass) for word in note.usual]


def literals(annotation: Any) -> list[str]:
    """Return the words of a (nested) Literal."""
    if get_origin(annotation) is not Literal:
        return []
    nested = (literals(word) if get_origin(word) is Literal else [str(word)] for word in get_args(annotation))
    return [word for words in nested for word in words]


def keys(here: Iterable[Kind]) -> list[str] | None:
    """Return the keys allowed at a place: None if any name is allowed, an empty list if there are no parts."""
    allowed: list[str] = []
    for annotation, _ in here:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            allowed += fields(annotation)
        elif _is_mapping(annotation):
            choices = _choices(annotation)
            if choices is None:
                return None
            allowed += choices
    return list(dict.fromkeys(allowed))


def names(here: Iterable[Kind]) -> list[str] | None:
    """Return the keys that the mappings with free keys allow at a place, as `keys` does."""
    return keys(kind for kind in here if _is_mapping(kind[0]))


def ends(here: Iterable[Kind]) -> str:
    """Return the range of a place, such as 'above 0 to 366 d', or '' if it has none."""
    for _, notes in here:
        flat = [part for note in notes for part in (getattr(note, "metadata", None) or [note])]
        dimension = next((d for d in map(_dimension, notes) if d), None)
        low = [f"above {_end(n.gt, dimension)}" for n in flat if getattr(n, "gt", None) is not None]
        low += [_end(n.ge, dimension) for n in flat if getattr(n, "ge", None) is not None]
        high = [_end(n.le, dimension) for n in flat if getattr(n, "le", None) is not None]
        high += [f"below {_end(n.lt, dimension)}" for n in flat if getattr(n, "lt", None) is not None]
        if low and high:
            return f"{low[0]} to {high[0]}"
    return ""


def end(here: Iterable[Kind], number: float) -> str:
    """Return a bound as text, in the usual unit of the place."""
    return _end(number, next((d for _, notes in here for d in map(_dimension, notes) if d), None))


def _dimension(note: Any) -> str | None:
    schema = getattr(note, "json_schema", None) or {}
    return _DIMENSIONS.get(schema.get("description", ""))


def _end(number: float, dimension: str | None) -> str:
    if number == 0 or dimension is None:
        return f"{number:.15g}" if isinstance(number, float) else str(number)
    if dimension == "time":
        return f"{number / 86400:g} d"
    if dimension == "length":
        return f"{number / 1000:g} km"
    factor, unit = {"share": (100, " %"), "hazard": (100, " %/h"), "rate": (1, "/h")}.get(dimension, (1, " L"))
    return f"{number * factor:g}{unit}"
