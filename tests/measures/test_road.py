"""Road geometry, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sim.measures.road import beyond, in_one_file, queue_on_road, tail
from sim.scenario.model.quantities import STREAMS
from sim.scenario.model.road import FilesStretch, Road

ROAD = (FilesStretch(until="2 km", files=1), FilesStretch(until="5 km", files=4), FilesStretch(files=2.5))


@pytest.mark.parametrize(
    ("metres", "position"),
    [
        (0, 0), (1500, 1500), (2000, 2000),
        (2004, 2001),  # 4 m abreast in four files
        (14_000, 5000),  # 2 km x 1 + 3 km x 4
        (16_500, 6000),  # 2.5 km more, in 2.5 files
    ],
)  # fmt: skip
def test_tail(metres, position):
    assert tail(ROAD, np.array([float(metres)]))[0] == pytest.approx(position)


def test_tail_never_moves_in_when_more_vehicles_wait():
    assert (np.diff(tail(ROAD, np.linspace(0, 40_000, 1000))) > 0).all()


def waiting(**by_class: int) -> np.ndarray:
    return np.array([[float(by_class.get(cls, 0))] for cls in STREAMS])


def test_lots_fill_in_order_and_the_rest_stands_on_the_road(scenario):
    road = Road(
        stretches=({"files": 1},),
        lots={"a": {"classes": ["truck"], "capacity": 2}, "b": {"classes": ["truck", "car"], "capacity": 4}},
    )
    length, parked = queue_on_road(scenario, road, np.array([0]), waiting(car=5, truck=3))
    assert parked[0] == 6  # two trucks in a; the third and three cars in b
    assert length[0] == pytest.approx(2 * 10 / 1000)


def test_a_lot_takes_nobody_before_it_opens(scenario):
    road = Road(stretches=({"files": 1},), lots={"a": {"classes": ["car"], "capacity": 9, "from": "2022-09-21T02:00"}})
    at = np.array([0, 7_199_999, 7_200_000])
    length, parked = queue_on_road(scenario, road, at, np.repeat(waiting(car=3), 3, axis=1))
    np.testing.assert_array_equal(parked, [0, 0, 3])
    np.testing.assert_allclose(length, [0.03, 0.03, 0])


def test_people_on_foot_take_no_room_in_the_files(scenario):
    road = Road(stretches=({"files": 1},))
    length, parked = queue_on_road(scenario, road, np.array([0]), waiting(foot=500, bike=20))
    assert length[0] == 0
    assert parked[0] == 0


def test_in_one_file_undoes_tail():
    metres = np.linspace(0, 40_000, 999)
    np.testing.assert_allclose(in_one_file(ROAD, tail(ROAD, metres)), metres)


def test_who_stands_farther_out_than_was_counted(scenario):
    """In one file: 6 cars (10 m) and 3 trucks (20 m) mixed are 120 m; a lot holds two more trucks."""
    road = Road(stretches=({"files": 1},), lots={"a": {"classes": ["truck"], "capacity": 2}})
    seen = np.array([0]), waiting(car=6, truck=5, foot=40)
    length = 1000 * queue_on_road(scenario, road, *seen)[0]
    assert length[0] == pytest.approx(120)
    for within, cars, trucks in ((120.0, 0, 2), (500.0, 0, 2), (60.0, 3, 2 + 1.5), (0.0, 6, 5)):
        found = dict(zip(STREAMS, beyond(scenario, road, seen, length, within)[:, 0], strict=True))
        assert found == pytest.approx({"car": cars, "truck": trucks, "bus": 0, "bike": 0, "foot": 0, "bypass": 0})


def test_who_waits_in_a_hall_is_within_any_distance(scenario):
    """Of 6 cars two stand in a hall, so that the road holds 40 m: half of it, two cars, lie beyond 20 m."""
    road = Road(stretches=({"files": 1},))
    found = beyond(scenario, road, (np.array([0]), waiting(car=6)), np.array([40.0]), 20.0)
    assert found[STREAMS.index("car"), 0] == pytest.approx(2)
