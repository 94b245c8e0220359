"""Finds settings of a sweep that are invalid at every point, before any simulation starts.

A setting is tried alone, with the rest of the scenario unchanged. One that fails may still be valid with other levers,
so some of its points are tried as well. Of many settings of a lever only some are tried, with the smallest and
the largest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from sim.errors import Problem, ScenarioError
from sim.scenario.text.levers import Levers, Setting
from sim.verbs.sweep.designs import Design, numbers

MOST_SETTINGS, MOST_POINTS, MOST_REPORTED = 25, 10, 3
"""Settings of a lever and points of a setting that are tried, and problems that are reported."""


def check_settings(levers: Levers, design: Design, option: str = "--over") -> None:
    """Raise ScenarioError with the problems of settings that are invalid at every point of a design."""
    problems = [problem for lever in range(len(design.levers)) for problem in _invalid(levers, design, lever, option)]
    if len(problems) > MOST_REPORTED:
        problems[MOST_REPORTED:] = [Problem(option, "", "more settings are invalid")]
    if problems:
        raise ScenarioError(problems)


def _invalid(levers: Levers, design: Design, lever: int, option: str) -> Iterator[Problem]:
    name = design.levers[lever]
    for text in _selection([text for text in dict.fromkeys(point[lever] for point in design.points) if text]):
        problems = _problems(levers, [(name, text)])
        if not problems:
            continue
        points = islice((point for point in design.points if point[lever] == text), MOST_POINTS)
        combinations = ([pair for pair in zip(design.levers, point, strict=True) if pair[1]] for point in points)
        if all(_problems(levers, settings) for settings in combinations):
            yield Problem(f"{option} {name}={text}", "", "; ".join(_short_text(problem, name) for problem in problems))


def _selection(texts: list[str]) -> Sequence[str]:
    """Return at most MOST_SETTINGS of the settings, from smallest to largest if they are numbers."""
    if len(texts) <= MOST_SETTINGS:
        return texts
    sizes = numbers(texts)
    if sizes is not None:
        texts = [text for _, text in sorted(zip(sizes, texts, strict=True))]
    return [texts[n * (len(texts) - 1) // (MOST_SETTINGS - 1)] for n in range(MOST_SETTINGS)]


def _problems(levers: Levers, settings: Sequence[Setting]) -> tuple[Problem, ...]:
    try:
        levers.scenario(settings)
    except ScenarioError as error:
        return error.problems
    return ()


def _short_text(problem: Problem, lever: str) -> str:
    """Return a problem as text, without the option and the lever, which the user has written."""
    where = "" if problem.where.startswith("--") else problem.where
    path = "" if problem.path.endswith(lever) else problem.path
    return ": ".join(part for part in (where, path, problem.what) if part)
