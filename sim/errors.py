"""Exceptions for users: each prints one clear sentence per problem, and the command ends with exit code 2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


def printable(text: str) -> str:
    """Return a text with its control characters, except line breaks and tabs, as escapes: for a terminal."""
    return "".join(letter if letter.isprintable() or letter in "\n\t\xa0" else ascii(letter)[1:-1] for letter in text)


class SimError(Exception):
    """An error that the user can correct; `str()` is the message, fit for a terminal."""

    def __str__(self) -> str:
        return printable(super().__str__())


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one place of an input.

    `where` is `file:line:column` (or `--set`, `--intervene`), `path` the dotted key, `what` the sentence.
    """

    where: str
    path: str
    what: str

    def __str__(self) -> str:
        return ": ".join(part for part in (f"{self.where}: {self.path}".rstrip(": "), self.what) if part)


MOST_SHOWN = 20
"""Problems in the message of an error; further ones are counted."""


class ScenarioError(SimError):
    """All problems of one validation pass, in `problems`; the message has one per line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        if len(self.problems) > MOST_SHOWN:
            lines.append(f"and {len(self.problems) - MOST_SHOWN:,} more problems")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[tuple[Problem, ...]]]:
        """Return how to rebuild the error in another process."""
        return ScenarioError, (self.problems,)
