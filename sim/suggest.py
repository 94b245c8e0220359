"""Suggests the name that the user probably meant when a name is unknown."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from sim.paths import exists


def closest(word: str, choices: Iterable[str]) -> str:
    """Return the choice most similar to a word, or '' if none is similar enough."""
    return next(iter(difflib.get_close_matches(word, list(choices), n=1, cutoff=0.6)), "")


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return '; did you mean ...?' if one of the choices is similar to a word, else ''."""
    match = closest(word, choices)
    return f"; did you mean {match!r}?" if match else ""


def no_such(kind: str, name: str, choices: list[str]) -> str:
    """Return the sentence that there is no `kind` called `name`, with a suggestion or the list of choices."""
    sentence = f"there is no {kind} {name!r}"
    if not choices:
        return sentence
    listed = f"{', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else choices[0]
    return f"{sentence}{did_you_mean(name, choices) or f'; expected {listed}'}"


def no_folder(path: Path) -> str:
    """Return the sentence that there is no folder `path`, with the most similar folder beside it as a suggestion."""
    if exists(path):
        return f"{path}: is a file; expected a folder"
    try:
        beside = {one.name: str(path.parent / one.name) for one in path.parent.iterdir() if one.is_dir()}
    except (OSError, ValueError):
        beside = {}
    near = beside.get(closest(path.name, beside), "")
    return f"{path}: there is no such folder" + (f"; did you mean {near!r}?" if near else "")
