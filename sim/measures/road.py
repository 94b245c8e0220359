"""The approach road: vehicles waiting become kilometres of queue, from the border outwards.

Only cars, trucks and buses stand in the road's files; bikes and people on foot pass beside them. All three classes
stand mixed, so that there is one tail. As the queue begins at the border, its length is the position of its tail.
"""

from __future__ import annotations

import numpy as np

from sim.arrays import Floats, Ints
from sim.measures.names import VEHICLE_CLASSES
from sim.scenario.model.instants import since_t0
from sim.scenario.model.quantities import CLASSES
from sim.scenario.model.road import FilesStretch, Road
from sim.scenario.model.scenario import Clock, Scenario


def queue_on_road(scenario: Scenario, road: Road, at: Ints, waiting: Floats) -> tuple[Floats, Floats]:
    """Return the distance from border to tail (km) and the vehicles in holding lots, both (T,).

    `waiting` (5, T) are the parties that wait in queues without a hall, by class, at the instants `at` (T,).
    """
    vehicles = np.array([cls in VEHICLE_CLASSES for cls in CLASSES])
    on_road, in_lots = _park(scenario.clock, road, at, np.where(vehicles[:, None], waiting, 0.0))
    spacing = np.array([scenario.classes[c].spacing if c in scenario.classes else 0.0 for c in CLASSES])
    return tail(road.stretches, spacing @ on_road) / 1000, in_lots


def _park(clock: Clock, road: Road, at: Ints, waiting: Floats) -> tuple[Floats, Floats]:
    """Fill the lots in their order, each with its classes in their order; return who is left (5, T), and the parked."""
    left = waiting.copy()
    for lot in road.lots.values():
        is_open = True if lot.from_ is None else at >= since_t0(clock, lot.from_)
        room = np.where(is_open, float(lot.capacity), 0.0)
        for cls in lot.classes:
            taken = np.minimum(left[CLASSES.index(cls)], room)
            left[CLASSES.index(cls)] -= taken
            room = room - taken
    return left, (waiting - left).sum(axis=0)


def tail(stretches: tuple[FilesStretch, ...], metres: Floats) -> Floats:
    """Return where (m from the border) a queue ends that would be `metres` long in one file, any shape."""
    ends, files, holds = _stretches(stretches)
    stretch = np.searchsorted(holds, metres, side="right") - 1
    position: Floats = ends[stretch] + (metres - holds[stretch]) / files[stretch]
    return position


def beyond(scenario: Scenario, road: Road, seen: tuple[Ints, Floats], length: Floats, within: float) -> Floats:
    """Return the parties (5, T) that stand in lots, or on the road more than `within` metres from the border.

    `seen` are the instants (T,) and all parties waiting then, by class (5, T); `length` (T,) is where the tail is (m).
    The classes stand mixed, in the proportions of those waiting that are not in lots: halls hold few of them.
    """
    at, waiting = seen
    vehicles = np.array([cls in VEHICLE_CLASSES for cls in CLASSES])
    standing = np.where(vehicles[:, None], waiting, 0.0)
    on_road, _ = _park(scenario.clock, road, at, standing)
    spacing = np.array([scenario.classes[c].spacing if c in scenario.classes else 0.0 for c in CLASSES])
    past = np.maximum(in_one_file(road.stretches, length) - in_one_file(road.stretches, np.array(within)), 0.0)
    share = np.minimum(past / np.maximum(spacing @ on_road, 1e-9), 1.0)
    return share * on_road + standing - on_road


def in_one_file(stretches: tuple[FilesStretch, ...], position: Floats) -> Floats:
    """Return how many metres long in one file a queue is whose tail is at `position` (m), any shape; undoes `tail`."""
    ends, files, holds = _stretches(stretches)
    stretch = np.searchsorted(ends, position, side="right") - 1
    metres: Floats = holds[stretch] + (position - ends[stretch]) * files[stretch]
    return metres


def _stretches(stretches: tuple[FilesStretch, ...]) -> tuple[Floats, Floats, Floats]:
    """Return where every stretch begins (m), its files, and the metres of one file nearer to the border than it."""
    ends = np.array([0.0, *(stretch.until for stretch in stretches[:-1])], dtype=np.float64)
    files = np.array([stretch.files for stretch in stretches])
    return ends, files, np.concatenate(([0.0], np.cumsum(np.diff(ends) * files[:-1])))
