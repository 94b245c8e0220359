"""Lower a network to arrays: what travellers know of the crossings and when, and the drives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sim.arrays import Floats, Ints
from sim.engine.lower import switches
from sim.engine.lower.arrivals import within
from sim.engine.plan import NOWHERE, PER_MILLE
from sim.scenario.model.changes import DESTINATION_ACTIONS, Change
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.instants import since_t0
from sim.scenario.model.network import Choice
from sim.scenario.model.scenario import Clock, Crossing, Scenario
from sim.scenario.model.steps import closing_steps
from sim.units import MS_PER_H, milliseconds

NO_CHOICE = Choice(travel=0.0, wait=0.0)


def network_fields(scenario: Scenario, wait_step: int, wait_columns: int) -> dict[str, Any]:
    """Return the network fields of the plan; tables by quoted wait have columns of `wait_step` ms."""
    choice = scenario.network.choice if scenario.network else NO_CHOICE
    instants = _instants(scenario) if scenario.network else []
    waits = np.arange(wait_columns) * (wait_step / MS_PER_H)
    return {
        "origins": tuple(scenario.network.origins) if scenario.network else (),
        "epoch": np.array([(at, e) for e, at in enumerate(instants)], dtype=np.int64).reshape(-1, 2),
        **_known(scenario, choice, instants),
        "drive": _drives(scenario),
        "travels_as": np.array(
            [_classes_there(crossing, scenario.streams) for crossing in scenario.crossings.values()], dtype=np.int64
        ),
        "quote_delay": np.array([milliseconds(crossing.quote.delay) for crossing in scenario.crossings.values()]),
        "wait_utility": choice.wait * waits,
        "drive_utility": choice.travel / MS_PER_H,
        "stay": -np.inf if choice.stay is None else choice.stay,
        "switching": choice.switching,
        "reconsider": round(PER_MILLE * choice.reconsider),
        "diversions": choice.diversions,
    }


def _classes_there(crossing: Crossing, streams: tuple[str, ...]) -> list[int]:
    return [streams.index(crossing.destination.travels_as.get(cls, cls)) for cls in streams]


def _drives(scenario: Scenario) -> Ints:
    """Return the mean drives in ms (O + X, X): from origins, then from crossings."""
    names = list(scenario.crossings)
    network = scenario.network
    if network is None:
        return np.full((len(names), len(names)), NOWHERE, dtype=np.int64)
    rows = [[origin.travel.get(name) for name in names] for origin in network.origins.values()]
    rows += [[network.drive_between(one, other) if one != other else None for other in names] for one in names]
    return np.array([[NOWHERE if t is None else milliseconds(t) for t in row] for row in rows], dtype=np.int64)


def _instants(scenario: Scenario) -> list[int]:
    """Return the start and every instant before the horizon at which what travellers know may change."""
    clock = scenario.clock
    start, horizon = since_t0(clock, clock.start), since_t0(clock, clock.horizon)
    changes_at = {start}
    for crossing in scenario.crossings.values():
        for change in crossing.changes:
            changes_at |= {since_t0(clock, at) for at in (change.from_, change.until) if at is not None}
        for station in crossing.stations.values():
            changes_at |= set(switches.active_window(clock, station))
    return sorted(at for at in changes_at if start <= at < horizon)


def _known(scenario: Scenario, choice: Choice, instants: list[int]) -> dict[str, Floats]:
    shape = len(instants), len(scenario.crossings)
    utility = np.zeros((shape[0], 2, shape[1]))
    admits, accepts, bars = (np.zeros((*shape, len(scenario.streams))) for _ in range(3))
    informed = np.zeros(shape)
    for x, crossing in enumerate(scenario.crossings.values()):
        facts = _Facts(scenario.clock, crossing)
        for e, at in enumerate(instants):
            known = {attribute: facts.at(at, attribute) for attribute in DESTINATION_ACTIONS}
            informed[e, x] = known["informed"]
            utility[e, :, x] = known["attraction"] + choice.price * known["price"] / 100
            utility[e, 1, x] += choice.risk * known["risk"]
            for cls, c in scenario.class_numbers.items():
                accepts[e, x, c] = facts.at(at, "admits", cls)
                admits[e, x, c] = accepts[e, x, c] * facts.is_open(at, cls)
                bars[e, x, c] = facts.at(at, "bar_non_local", cls)
    return {"utility": utility, "admits": admits, "accepts": accepts, "informed": informed, "bars": bars}


class _Facts:
    """What travellers know of a crossing: its description, with the changes in force applied in their order."""

    def __init__(self, clock: Clock, crossing: Crossing) -> None:
        self.clock, self.crossing = clock, crossing
        self.tests: list[tuple[Change, Callable[[Any], Any]]] = [(c, within(clock, c)) for c in crossing.changes]

    def at(self, at: int, attribute: str, cls: ClassName | None = None) -> float:
        """Return the value of one attribute: that of the last change for the class or for all classes that sets it."""
        value: float = getattr(self.crossing.destination, attribute, 0.0)
        for change in self._in_force(at, cls):
            changed = getattr(change, attribute)
            value = value if changed is None else changed
        return value

    def is_open(self, at: int, cls: ClassName) -> bool:
        """Return whether every step on the way of a class has a station that is open to it, or none that is active."""
        for step in closing_steps(self.crossing, cls):
            active = [name for name in step if self._is_active(at, name)]
            if active and all(self._is_closed(at, name, cls) for name in active):
                return False
        return True

    def _is_active(self, at: int, name: str) -> bool:
        begin, end = switches.active_window(self.clock, self.crossing.stations[name])
        return begin <= at < end

    def _is_closed(self, at: int, name: str, cls: ClassName) -> bool:
        closed = False
        for change in self._in_force(at, cls):
            if (change.close or change.open) and (change.stations is None or name in change.stations):
                closed = bool(change.close)
        return closed

    def _in_force(self, at: int, cls: ClassName | None) -> Iterator[Change]:
        for change, inside in self.tests:
            if inside(np.int64(at)) and (change.classes is None or cls is None or cls in change.classes):
                yield change
