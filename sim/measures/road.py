"""The approach road: the length of the queue of waiting vehicles, measured from the border.

Only cars, trucks and buses stand in the files of the road; bikes and people on foot pass beside them. The three classes
are mixed, so there is one tail. The queue begins at the border, so its length is the position of its tail.
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

    `waiting` (5, T) are the parties in queues without a hall, by class, at the instants `at` (T,).
    """
    vehicles = np.array([cls in VEHICLE_CLASSES for cls in CLASSES])
    on_road, in_lots = _park(scenario.clock, road, at, np.where(vehicles[:, None], waiting, 0.0))
    spacing = np.array([scenario.classes[c].spacing if c in scenario.classes else 0.0 for c in CLASSES])
    return tail(road.stretches, spacing @ on_road) / 1000, in_lots


def _park(clock: Clock, road: Road, at: Ints, waiting: Floats) -> tuple[Floats, Floats]:
    """Fill the lots in order, each with its classes in order; return the parties left (5, T) and the number parked."""
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
    """Return the tail (m from the border) of a queue that would be `metres` long in one file; any shape."""
    ends, files, holds = _stretches(stretches)
    stretch = np.searchsorted(holds, metres, side="right") - 1
    position: Floats = ends[stretch] + (metres - holds[stretch]) / files[stretch]
    return position


def beyond(scenario: Scenario, road: Road, seen: tuple[Ints, Floats], length: Floats, within: float) -> Floats:
    """Return the parties (5, T) in lots, or on the road more than `within` metres from the border.

    `seen` are the instants (T,) and all parties waiting then, by class (5, T); `length` (T,) is the tail (m). The
    classes are mixed in the proportions of the parties not in lots; halls hold few of them.
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
    """Return the length (m) in one file of a queue with its tail at `position` (m), any shape; inverts `tail`."""
    ends, files, holds = _stretches(stretches)
    stretch = np.searchsorted(ends, position, side="right") - 1
    metres: Floats = holds[stretch] + (position - ends[stretch]) * files[stretch]
    return metres


def _stretches(stretches: tuple[FilesStretch, ...]) -> tuple[Floats, Floats, Floats]:
    """Return the start of every stretch (m), its files, and the metres of one file between the border and it."""
    ends = np.array([0.0, *(stretch.until for stretch in stretches[:-1])], dtype=np.float64)
    files = np.array([stretch.files for stretch in stretches])
    return ends, files, np.concatenate(([0.0], np.cumsum(np.diff(ends) * files[:-1])))
