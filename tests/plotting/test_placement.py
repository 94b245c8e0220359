"""Where labels stand, and how much work that is."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.transforms import Bbox

from sim.arrays import Floats
from sim.plotting.marks import Mark, draw_marks
from sim.plotting.placement import HIT, LEADER, MOST_POINTS, SIDES, SPOTS, STEPS, Obstacles, Spot, least_covering
from sim.plotting.style import sheet

FRAME = np.array([0.0, 0.0, 400.0, 300.0])
MARK, SIZE, POINT = np.array([210.0, 140.0]), (90.0, 30.0), 1.5


def box_at(spot: Spot) -> tuple[Bbox, list[Bbox]]:
    """Return the box of a label at a place and those of its line, one by one."""
    low = MARK + np.array([spot.dx, spot.dy]) * POINT - np.array(SIZE) * [SIDES[spot.ha], SIDES[spot.va]]
    box = Bbox.from_bounds(*low, *SIZE)
    if np.hypot(spot.dx, spot.dy) <= LEADER:
        return box, []
    begin = low + np.array(SIZE) * [SIDES[spot.ha], SIDES[spot.va]]
    return box, [Bbox.from_bounds(x - 1, y - 1, 2, 2) for x, y in np.linspace(begin, MARK, STEPS)]


def cost_at(spot: Spot, around: Obstacles) -> float:
    """Return what a place costs, box by box and point by point."""
    box, line = box_at(spot)
    beyond = max(0.0, FRAME[0] - box.x0) + max(0.0, box.x1 - FRAME[2])
    beyond += 2 * (max(0.0, FRAME[1] - box.y0) + max(0.0, box.y1 - FRAME[3]))
    common = [Bbox.intersection(box, Bbox.from_extents(*other)) for other in around.taken]
    covered = sum(each.width * each.height for each in common if each is not None) / (box.width * box.height)
    wide = Bbox.from_extents(box.x0 - 3, box.y0 - 2, box.x1 + 3, box.y1 + 2)
    points = sum(wide.fully_contains(x, y) for x, y in around.points)
    crossed = sum(any(Bbox.from_extents(*other).overlaps(part) for part in line) for other in around.crossed)
    return float(spot.cost + beyond + 40 * covered + min(points, MOST_POINTS) / 12 + (points > 0) + HIT * crossed)


def some_boxes(random: np.random.Generator, count: int) -> Floats:
    low = random.uniform(0, 380, (count, 2))
    return np.hstack([low, low + random.uniform(2, 60, (count, 2))])


@pytest.mark.parametrize("seed", range(20))
def test_a_label_stands_where_it_costs_least(seed: int) -> None:
    random = np.random.default_rng(seed)
    around = Obstacles(FRAME, some_boxes(random, 25), some_boxes(random, 8), random.uniform(0, 400, (150, 2)))
    spot, boxes = least_covering(np.tile(MARK, (len(SPOTS), 1)), SIZE, around, POINT)
    assert cost_at(spot, around) == pytest.approx(min(cost_at(each, around) for each in SPOTS))
    box, line = box_at(spot)
    assert boxes == pytest.approx(np.array([each.extents for each in (box, *line)]))


def test_nothing_around_leaves_a_label_right_beside_its_mark() -> None:
    empty = np.empty((0, 4))
    spot, boxes = least_covering(
        np.tile(MARK, (len(SPOTS), 1)), SIZE, Obstacles(FRAME, empty, empty, empty[:, :2]), POINT
    )
    assert spot == SPOTS[0]
    assert len(boxes) == 1


def test_places_are_compared_as_arrays_and_not_box_by_box(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(Bbox, "overlaps", lambda *_: calls.append("overlaps"))
    monkeypatch.setattr(Bbox, "intersection", staticmethod(lambda *_: calls.append("intersection")))
    axes = sheet(5, 3).add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set(xlim=(0, 10), ylim=(0, 60))
    draw_marks(axes, [Mark(n, n + 1, 20 + n, "about", f"about {20 + n} h") for n in range(8)], [np.eye(2)])
    assert len([text for text in axes.texts if text.get_text()]) == 8
    assert not calls
