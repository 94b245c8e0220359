"""The approach road: the length of the queue of waiting vehicles, measured from the border.

Only vehicles stand in the files of the road; bikes and people on foot pass beside them. The classes are mixed, so there
is one tail. The queue begins at the border, so its length is the position of its tail.
"""

from __future__ import annotations

import numpy as np

from sim.arrays import Bools, Floats, Ints
from sim.engine.plan import NOWHERE, Plan
from sim.measures.count.counters import Lots
from sim.scenario.model.instants import since_t0
from sim.scenario.model.road import FilesStretch, HoldingLot, Road
from sim.scenario.model.scenario import Scenario


def queue_on_road(scenario: Scenario, road: Road, at: Ints, waiting: Floats) -> tuple[Floats, Floats]:
    """Return the distance from border to tail (km) and the vehicles in holding lots, both (T,).

    `waiting` (C, T) are the parties in queues without a hall, by class, at the instants `at` (T,).
    """
    spacing = _spacing(scenario)
    standing, in_lots = _park(scenario, road, at, np.where(spacing[:, None] > 0, waiting, 0.0))
    return tail(road.stretches, spacing @ standing) / 1000, in_lots


def on_road(plan: Plan) -> Bools:
    """Return whether the queue of each station stands on the road, (S,): not in a zone or before an office."""
    return np.asarray((plan.zone == NOWHERE) & ~plan.only_sent_on)


def lots_of(scenario: Scenario, plan: Plan) -> Lots:
    """Return the lots of all crossings in the order in which `_park` fills them, and the room of vehicles."""
    lots = [(x, lot) for x, name in enumerate(plan.crossings) for lot in scenario.crossings[name].road.lots.values()]
    opens = [plan.start if lot.from_ is None else since_t0(scenario.clock, lot.from_) for _, lot in lots]
    crossing, open_from, capacity = (
        np.array(column, np.int64) for column in ([x for x, _ in lots], opens, [lot.capacity for _, lot in lots])
    )
    streams = scenario.streams
    classes = np.array([_numbers(lot, streams) for _, lot in lots], np.int64).reshape(len(lots), len(streams))
    return Lots(crossing, open_from, capacity, classes, _spacing(scenario))


def _numbers(lot: HoldingLot, streams: tuple[str, ...]) -> list[int]:
    """Return the numbers of the classes of a lot in order, followed by NOWHERE."""
    numbers = [streams.index(cls) for cls in dict.fromkeys(lot.classes)]
    return numbers + [NOWHERE] * (len(streams) - len(numbers))


def _spacing(scenario: Scenario) -> Floats:
    """Return the room that a party of each class takes on the road (m), 0 for those who pass beside it, (C,)."""
    vehicles = set(scenario.vehicles) & set(scenario.classes)
    return np.array([scenario.classes[cls].spacing if cls in vehicles else 0.0 for cls in scenario.streams])


def _park(scenario: Scenario, road: Road, at: Ints, waiting: Floats) -> tuple[Floats, Floats]:
    """Fill the lots in order, each with its classes in order; return the parties left (C, T) and the number parked."""
    left = waiting.copy()
    for lot in road.lots.values():
        is_open = True if lot.from_ is None else at >= since_t0(scenario.clock, lot.from_)
        room = np.where(is_open, float(lot.capacity), 0.0)
        for number in map(scenario.streams.index, lot.classes):
            taken = np.minimum(left[number], room)
            left[number] -= taken
            room = room - taken
    return left, (waiting - left).sum(axis=0)


def tail(stretches: tuple[FilesStretch, ...], metres: Floats) -> Floats:
    """Return the tail (m from the border) of a queue that would be `metres` long in one file; any shape."""
    ends, files, holds = _stretches(stretches)
    stretch = np.searchsorted(holds, metres, side="right") - 1
    position: Floats = ends[stretch] + (metres - holds[stretch]) / files[stretch]
    return position


def beyond(scenario: Scenario, road: Road, seen: tuple[Ints, Floats], length: Floats, within: float) -> Floats:
    """Return the parties (C, T) in lots, or on the road more than `within` metres from the border.

    `seen` are the instants (T,) and all parties waiting then, by class (C, T); `length` (T,) is the tail (m). The
    classes are mixed in the proportions of the parties not in lots; halls hold few of them.
    """
    at, waiting = seen
    spacing = _spacing(scenario)
    standing = np.where(spacing[:, None] > 0, waiting, 0.0)
    left, _ = _park(scenario, road, at, standing)
    past = np.maximum(in_one_file(road.stretches, length) - in_one_file(road.stretches, np.array(within)), 0.0)
    share = np.minimum(past / np.maximum(spacing @ left, 1e-9), 1.0)
    return share * left + standing - left


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
