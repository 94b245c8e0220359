"""What classes and traits are called in sentences, guessed from their names."""

from __future__ import annotations

import re

STANDARD_WORDS = {"car": "cars", "truck": "trucks", "bus": "buses", "bike": "bikes", "foot": "walkers"}
_ADJECTIVE = re.compile(
    r"(?<!fami)(ed|able|ible|ous|less|ly|ary)$"
    r"|\b(big|early|empty|exempt|express|fast|first|foreign|general|known|large|late|legal|light|local|national|new|official"
    r"|old|other|pregnant|priority|ready|regular|slow|small|special|urgent|young|[a-z]+ time)$"
)
_SHORT_NOUNS = {"bus", "cab", "car", "kid", "man", "van"}
"""Nouns of up to three letters; other names so short are taken for initials."""
_MOST_INITIALS = 3
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


def words_of(name: str) -> str:
    """Return what the parties of a class of a file's own are called: 'visitors', 'enrolled parties', 'EU parties'."""
    *before, last = name.split("_")
    if len(last) <= _MOST_INITIALS and last.isalpha() and last not in _SHORT_NOUNS:
        return " ".join((*before, last.upper(), "parties"))
    words = " ".join((*before, last))
    return f"{words} parties" if is_adjective(words) else plural(words)
