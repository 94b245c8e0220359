"""The tape: every random number a party could need, drawn before anything runs.

The module `draw.tape_from` draws it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Bools, Floats, Ints
from sim.engine.plan import CARRIED


@dataclass(frozen=True)
class Tape:
    """Columns over P parties; durations and instants in integer milliseconds.

    Parties are sorted by crossing, then by class; within such a group they are in order of arrival. A party's number
    is its position. The plan's `..._row` fields number the rows of `times` and `chances`. There are rows only for what
    some party can need, and purposes that no party shares may use the same row. Cells that no party needs are 0.
    """

    arrived_at: Ints  # (P,) since t0; of a party from an origin: departure
    source: NDArray[np.int8]  # number of its crossing, or number of crossings + number of its origin
    cls: NDArray[np.int8]
    number: NDArray[np.int32]  # within source, class and `initial`: the same party in every scenario
    initial: Bools  # already waiting at the start
    waited: Ints  # by the start, of a party waiting then; 0: not known. The engines do not read it
    people: NDArray[np.int16]
    men: NDArray[np.int16]  # of call-up age
    local: Bools  # has local plates
    barred: Bools  # stopped on the approach
    traits: Ints  # bits 2k and 2k + 1: has, or lacks, the k-th trait of the scenario; 0 where the class has none
    mode_to: NDArray[np.int8]  # class after a change of mode, and of men that a party leaves behind
    times: Ints  # (rows, P) durations; clocks in 1 / HAZARD_UNIT; the factor on drives in 1 / DRIVE_UNIT
    chances: Floats  # (rows, P) uniforms on [0, 1)
    tastes: Floats  # (P, TASTES + X + 1), or (P, 0) without a network: for the choice between crossings

    outages: Ints = field(
        default_factory=lambda: np.zeros((0, 3), np.int64)
    )  # (., 3) at, station, servers out of order
    one_by_one: Ints = field(
        default_factory=lambda: np.zeros((0, 0), np.int64)
    )  # (rows, people) service times of people who are served one by one, those of a party next to each other
    carried: Ints = field(
        default_factory=lambda: np.zeros((0, len(CARRIED)), np.int64)
    )  # (., CARRIED) parties that begin at a station, in the order in which they take their places at the start
    controls: Ints = field(
        default_factory=lambda: np.zeros((0, 3), np.int64)
    )  # (., 3) station, servers its control has added before the start, ms for which its checks are lightened (-1: not)
    first_person: Ints = field(
        default_factory=lambda: np.zeros(0, np.int64)
    )  # (P,) column there of the first of a party; (0,) where nobody is served so

    def __len__(self) -> int:
        return len(self.arrived_at)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tape) and all(
            np.array_equal(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]
