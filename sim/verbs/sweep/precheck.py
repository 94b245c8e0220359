"""Finds out, before anything is played, which settings of a sweep are possible at no point.

A setting is tried alone, with the rest as the scenario has it; one that fails may still do beside others, so some of
its points are tried, too. Of many settings of a lever, some are tried, among them the first and the last by size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from sim.errors import Problem, ScenarioError
from sim.scenario.text.levers import Levers, Setting
from sim.verbs.sweep.designs import Design, numbers

MOST_SETTINGS, MOST_POINTS, MOST_TOLD = 25, 10, 3
"""How many settings of a lever and points of a setting are tried, and how many problems are told."""


def check_settings(levers: Levers, design: Design, option: str = "--over") -> None:
    """Raise ScenarioError with what is wrong with settings of a design that no point can be played with."""
    found = [problem for lever in range(len(design.levers)) for problem in _impossible(levers, design, lever, option)]
    if len(found) > MOST_TOLD:
        found[MOST_TOLD:] = [Problem(option, "", "more settings are impossible")]
    if found:
        raise ScenarioError(found)


def _impossible(levers: Levers, design: Design, lever: int, option: str) -> Iterator[Problem]:
    name = design.levers[lever]
    for text in _some([text for text in dict.fromkeys(point[lever] for point in design.points) if text]):
        wrong = _wrong(levers, [(name, text)])
        if not wrong:
            continue
        points = islice((point for point in design.points if point[lever] == text), MOST_POINTS)
        beside = ([pair for pair in zip(design.levers, point, strict=True) if pair[1]] for point in points)
        if all(_wrong(levers, settings) for settings in beside):
            yield Problem(f"{option} {name}={text}", "", "; ".join(_said(problem, name) for problem in wrong))


def _some(texts: list[str]) -> Sequence[str]:
    """Return at most so many of the settings, from the smallest to the largest where they are numbers."""
    if len(texts) <= MOST_SETTINGS:
        return texts
    sizes = numbers(texts)
    if sizes is not None:
        texts = [text for _, text in sorted(zip(sizes, texts, strict=True))]
    return [texts[n * (len(texts) - 1) // (MOST_SETTINGS - 1)] for n in range(MOST_SETTINGS)]


def _wrong(levers: Levers, settings: Sequence[Setting]) -> tuple[Problem, ...]:
    try:
        levers.scenario(settings)
    except ScenarioError as error:
        return error.problems
    return ()


def _said(problem: Problem, lever: str) -> str:
    """Return what is wrong without what the user has written anyway."""
    where = "" if problem.where.startswith("--") else problem.where
    path = "" if problem.path.endswith(lever) else problem.path
    return ": ".join(part for part in (where, path, problem.what) if part)
