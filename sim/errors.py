"""Exceptions for users: each prints one clear sentence per problem, and the command ends with exit code 2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class SimError(Exception):
    """An error that the user can correct; `str()` is the message."""


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


class ScenarioError(SimError):
    """All problems of one validation pass, one per line, in `problems`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[tuple[Problem, ...]]]:
        """Return how to rebuild the error in another process."""
        return ScenarioError, (self.problems,)
