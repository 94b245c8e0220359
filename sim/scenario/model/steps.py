"""The way of a class through a crossing, step by step; at a step, a party goes to one of the stations."""

from __future__ import annotations

from sim.scenario.model.scenario import Crossing


def beside(crossing: Crossing, name: str) -> tuple[str, ...]:
    """Return the stations from which a party chooses at a station's step, the station itself among them."""
    return next((choice.stations for choice in crossing.parallel.values() if name in choice.stations), (name,))


def steps_of(crossing: Crossing, cls: str) -> list[list[str]]:
    """Return the stations that may serve a class, step by step, in the order of the file."""
    steps: list[list[str]] = []
    for name, station in crossing.stations.items():
        if cls not in station.serves or station.only_sent_on:
            continue
        if steps and steps[-1][0] in beside(crossing, name):
            steps[-1].append(name)
        else:
            steps.append([name])
    return steps


def closing_steps(crossing: Crossing, cls: str) -> list[list[str]]:
    """Return the steps that close the way of a class when all their stations are closed.

    A step of one station `only` for some parties is none of them: the others pass it by.
    """
    steps = steps_of(crossing, cls)
    return [step for step in steps if len(step) > 1 or not crossing.stations[step[0]].only]
