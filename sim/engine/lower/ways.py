"""Lower the ways through the crossings: who goes where after each station, and choices between stations."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.plan import ANY_NUMBER, BY_SHARES, CHOICES, NOWHERE
from sim.scenario.model.mean_service import mean_service_s
from sim.scenario.model.quantities import BYPASS, MOST_CONDITIONS
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.station import Station
from sim.scenario.model.steps import beside, returns_to, rounds_of
from sim.scenario.model.traits import mask, traits_of
from sim.units import MS_PER_S

Place = tuple[int, str, Crossing, Station]
"""Number of the crossing, name of the station, crossing, station."""


def way_fields(scenario: Scenario, stations: list[Place]) -> dict[str, Any]:
    """Return the fields of the ways; `stations` are all stations in the order of the plan."""
    names = traits_of(scenario)
    return {
        **_routes(scenario, stations),
        **_choices(stations, names),
        **_asides(stations),
        "rounds": rounds_of(scenario),
        "one_by_one": np.array(
            [[station.law_of(cls).one_by_one is not None for cls in scenario.streams] for *_, station in stations]
        ),
        "serves": np.array([[cls in station.serves for cls in scenario.streams] for *_, station in stations]),
        "only": np.array([mask(names, station.only) for *_, station in stations]),
        "mean_service": np.array([_mean_services(scenario, station) for *_, station in stations]),
    }


def _routes(scenario: Scenario, stations: list[Place]) -> dict[str, Any]:
    """Return the first station, the station that the bypass joins, and the next station, by class.

    Of stations side by side it is the first that serves the class.
    """
    names = [(x, name) for x, name, *_ in stations]
    first = np.full((len(scenario.crossings), len(scenario.streams)), NOWHERE, dtype=np.int64)
    joins, following = first.copy(), np.full((len(stations), len(scenario.streams)), NOWHERE, dtype=np.int64)

    def serving(x: int, cls: str, begin: int) -> int:
        """Return the number of the first station of crossing x from `begin` on that serves a class."""
        for s in range(begin, len(stations)):
            if stations[s][0] == x and cls in stations[s][3].serves and not stations[s][3].only_sent_on:
                return s
        return NOWHERE

    for cls, c in scenario.class_numbers.items():
        for x, crossing in enumerate(scenario.crossings.values()):
            first[x, c] = serving(x, cls, 0)
            behaviour = crossing.behaviour.get(cls)
            if behaviour and behaviour.bypass:
                joins[x, c] = serving(x, cls, names.index((x, behaviour.bypass.joins)))
        for s, (x, name, crossing, _) in enumerate(stations):
            last = max(names.index((x, other)) for other in beside(crossing, name))
            following[s, c] = serving(x, cls, last + 1)
    return {"crossing": np.array([x for x, *_ in stations]), "first": first, "joins": joins, "next": following}


def _choices(stations: list[Place], traits: tuple[str, ...]) -> dict[str, Any]:
    """Return the stations side by side as linked lists, and how parties choose between them."""
    numbers = {(x, name): s for s, (x, name, *_) in enumerate(stations)}
    step, following, rule = (np.full(len(stations), NOWHERE, dtype=np.int64) for _ in range(3))
    jockeying, when = np.zeros(len(stations), np.int64), np.zeros((len(stations), MOST_CONDITIONS + 1), np.int64)
    share = np.zeros(when.shape)
    for s, (x, name, crossing, station) in enumerate(stations):
        if station.only and not station.only_sent_on:
            step[s] = s
        for choice in crossing.parallel.values():
            if name in choice.stations:
                place = choice.stations.index(name)
                step[s] = numbers[x, choice.stations[0]]
                following[s] = NOWHERE if name == choice.stations[-1] else numbers[x, choice.stations[place + 1]]
                rule[s] = BY_SHARES if choice.shares else CHOICES.index(choice.by)
                rows = [*choice.shares_by_trait.values(), choice.shares]
                share[s, : len(rows)] = [row.get(name, 0.0) for row in rows]
                when[s, : len(rows) - 1] = [mask(traits, [condition]) for condition in choice.shares_by_trait]
                jockeying[s] = choice.jockeying or 0
    choices = {"choice_rule": rule, "choice_share": share, "choice_when": when, "jockeying": jockeying}
    return {"step": step, "beside": following, **choices}


def _asides(stations: list[Place]) -> dict[str, Any]:
    """Return where those sent aside go, and on which terms."""
    numbers = {(x, name): s for s, (x, name, *_) in enumerate(stations)}
    asides = [(x, name, crossing, station.sent_aside) for x, name, crossing, station in stations]
    return {
        "aside_to": np.array([numbers[x, aside.to] if aside else NOWHERE for x, _, _, aside in asides]),
        "aside_back": np.array([aside is not None and aside.then == "back" for *_, aside in asides]),
        "aside_passes": np.array([aside is not None and aside.if_full == "pass" for *_, aside in asides]),
        "aside_at_most": np.array(
            [
                aside.at_most if aside and returns_to(crossing, name) is not None else ANY_NUMBER
                for _, name, crossing, aside in asides
            ]
        ),
    }


def _mean_services(scenario: Scenario, station: Station) -> list[int]:
    """Return the mean service (ms) by stream; that of the bypass is the mean of the classes served."""
    means = {
        cls: round(MS_PER_S * mean_service_s(station, station.law_of(cls), scenario.classes[cls]))
        for cls in station.serves
        if cls in scenario.classes
    }
    means[BYPASS] = sum(means.values()) // max(1, len(means))
    return [means.get(stream, 0) for stream in scenario.streams]
