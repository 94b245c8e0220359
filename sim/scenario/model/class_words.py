"""What classes and traits are called in sentences, guessed from their names."""

from __future__ import annotations

import re
from collections.abc import Mapping

Words = Mapping[str, str]
"""What the parties of each class are called, by class."""
STANDARD_WORDS: Words = {"car": "cars", "truck": "trucks", "bus": "buses", "bike": "bikes", "foot": "walkers"}
TRAVELLERS = "travellers"
"""Those of a class of the kind `foot` that is called by an adjective."""
_ADJECTIVE = re.compile(
    r"(?<!fami)(ed|able|ible|ous|less|ly|ary)$"
    r"|\b(big|early|empty|exempt|express|fast|first|foreign|general|known|large|late|legal|light|local|national|new|official"
    r"|old|other|pregnant|priority|ready|regular|slow|small|special|urgent|young|[a-z]+ time)$"
)
_SHORT_NOUNS = {"bus", "cab", "car", "kid", "man", "van"}
"""Nouns of up to three letters; other names so short are taken for initials."""
_MOST_INITIALS = 3
_INITIALS = ("eea", "eu", "uk", "usa")
_PLURALS = {"man": "men", "child": "children", "person": "people"}
_UNCHANGED = re.compile(r"\b(people|personnel|police|staff)$")


def is_adjective(words: str) -> bool:
    """Return whether a name is an adjective by its last word, and not a noun."""
    return bool(_ADJECTIVE.search(words))


def plural(words: str) -> str:
    """Return the plural of a noun by the rules of spelling; a word that ends in -s is taken for one already."""
    for one, many in _PLURALS.items():
        if words.endswith(one) and not words.endswith(("human", "german")):
            return f"{words.removesuffix(one)}{many}"
    if re.search(r"(ss|x|z|ch|sh|\bbus)$", words):
        return f"{words}es"
    if re.search(r"[^aeiou]y$", words):
        return f"{words[:-1]}ies"
    return words if words.endswith("s") or _UNCHANGED.search(words) else f"{words}s"


def words_of(name: str, kind: str) -> str:
    """Return what the parties of a class of a file's own are called: 'visitors', 'enrolled cars', 'EU travellers'."""
    of_kind = TRAVELLERS if kind == "foot" else STANDARD_WORDS[kind]
    *before, last = name.split("_")
    if len(last) <= _MOST_INITIALS and last.isalpha() and last not in _SHORT_NOUNS:
        return " ".join((*before, last.upper(), of_kind))
    words = " ".join(part.upper() if part in _INITIALS else part for part in (*before, last))
    return f"{words} {of_kind}" if is_adjective(words) else plural(words)


def of_classes(classes: tuple[str, ...] | None, words: Words) -> str:
    """Return 'cars and buses' for class names, '' for all standard ones."""
    if classes is None or set(classes) == set(STANDARD_WORDS):
        return ""
    named = [words[name] for name in words if name in classes]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
