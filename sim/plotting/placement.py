"""Where a label stands: of many places around its mark, the one that covers least.

Boxes are arrays (..., 4) of left, bottom, right and top in pixels; lengths without a unit are pixels too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from sim.arrays import Floats, Ints

BESIDE, SHIFTS, OVER, UNDER = (9, 40, 80, 125, 180), (0, 18, -18, 40, -40, 64, -64), (9, 27, 45, 68, 95), (9, 30, 55)
"""Possible positions of a label, in points: beside its mark and shifted up or down, above it, or below it."""
LEADER = 24
"""Distance in points beyond which a thin line connects a label to its mark."""
STEPS = 30
"""Number of small boxes that stand for this line."""
HIT = 3.0
"""Cost of a line from a label to its mark through another mark or label."""
AROUND = np.array([-3.0, -2.0, 3.0, 2.0])
"""What the box of a label is extended by where it keeps clear of lines."""
MOST_POINTS = 60
"""Points of drawn lines under a label beyond which more of them cost nothing."""
SIDES = {"left": 0.0, "center": 0.5, "right": 1.0, "bottom": 0.0, "top": 1.0}
"""Where on the box of a label the line to its mark begins, in shares of the box."""


class Spot(NamedTuple):
    """A place for a label: offset from its mark in points, horizontal and vertical alignment, and what it costs."""

    dx: int
    dy: int
    ha: str
    va: str
    cost: float


@dataclass(frozen=True)
class Obstacles:
    """What a label avoids: the edge of the panel (4,), boxes (N, 4), and points (P, 2) of the lines drawn.

    `crossed` (M, 4) are the boxes that the line from the label to its mark avoids.
    """

    frame: Floats
    taken: Floats
    crossed: Floats
    points: Floats


def _spots() -> Iterator[Spot]:
    for dx, dy in product(BESIDE, SHIFTS):
        far = float(np.hypot(dx - BESIDE[0], dy)) / 60
        yield Spot(dx, dy, "left", "center", far)
        yield Spot(-dx, dy, "right", "center", far + 0.1)
    for dy in OVER:
        yield Spot(0, dy, "center", "bottom", 0.1 + (dy - OVER[0]) / 60)
    for dy in UNDER:
        yield Spot(0, -dy, "center", "top", 0.2 + (dy - UNDER[0]) / 60)


SPOTS = tuple(_spots())
_OFFSETS = np.array([(spot.dx, spot.dy) for spot in SPOTS], np.float64)
_SHARES = np.array([(SIDES[spot.ha], SIDES[spot.va]) for spot in SPOTS])
_COSTS = np.array([spot.cost for spot in SPOTS])
_FAR = np.hypot(*_OFFSETS.T) > LEADER


def least_covering(marks: Floats, size: tuple[float, float], around: Obstacles, point: float) -> tuple[Spot, Floats]:
    """Return the place where a label of this `size` covers least, and the boxes (1 + steps of its line, 4) there.

    `marks` (S, 2) is the point to which the label belongs for each of `SPOTS`, and `point` the pixels in a point.
    """
    low = marks + _OFFSETS * point - np.array(size) * _SHARES
    boxes = np.hstack([low, low + size])
    begins = low + _SHARES * (boxes[:, 2:] - boxes[:, :2])
    lines = np.linspace(begins[_FAR], marks[_FAR], STEPS, axis=1) - 1
    lines = np.concatenate([lines, lines + 2], axis=2)
    costs = _COSTS + _covered(boxes, around)
    costs[_FAR] += HIT * _overlap(lines[:, :, None], around.crossed).any(axis=1).sum(axis=1)
    n = int(np.argmin(costs))
    line = lines[np.count_nonzero(_FAR[:n])] if _FAR[n] else np.empty((0, 4))
    return SPOTS[n], np.vstack([boxes[n], line])


def _covered(boxes: Floats, around: Obstacles) -> Floats:
    """Return what boxes (S, 4) cost by what they cover: other boxes, points of lines, and what is beyond the panel."""
    beyond = np.maximum(0.0, np.hstack([around.frame[:2] - boxes[:, :2], boxes[:, 2:] - around.frame[2:]]))
    outside = beyond @ (1.0, 2.0, 1.0, 2.0)
    common = np.minimum(boxes[:, None, 2:], around.taken[:, 2:]) - np.maximum(boxes[:, None, :2], around.taken[:, :2])
    covered = np.where((common >= 0).all(axis=2), common.prod(axis=2), 0.0).sum(axis=1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    hits = _points_inside(boxes + AROUND, around.points)
    return np.asarray(outside + 40 * covered / area + np.minimum(hits, MOST_POINTS) / 12 + (hits > 0))


def _points_inside(boxes: Floats, points: Floats) -> Ints:
    """Return how many points (P, 2) are inside each box (S, 4)."""
    x, y = points.T
    inside = (x > boxes[:, :1]) & (x < boxes[:, 2:3]) & (y > boxes[:, 1:2]) & (y < boxes[:, 3:])
    return np.asarray(inside.sum(axis=1))


def _overlap(boxes: Floats, others: Floats) -> Floats:
    """Return which boxes share a point with which others; both are broadcast."""
    return np.asarray(
        (boxes[..., 0] <= others[..., 2])
        & (others[..., 0] <= boxes[..., 2])
        & (boxes[..., 1] <= others[..., 3])
        & (others[..., 1] <= boxes[..., 3])
    )
