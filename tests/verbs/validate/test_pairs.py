"""Joint checks of two figures: in worlds in which the model is right, and with a pair that cannot hold together."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sim.measures.likelihood import Target
from sim.plotting.style import sheet, styled
from sim.scenario.model.calibration import ErrorModel
from sim.scenario.model.reported import Reported
from sim.verbs.validate.pairs import pairs_of
from sim.verbs.validate.pictures import COLUMNS, PANEL, WIDTH, _draw_pair, _ticks, panels
from tests.verbs.calibrate.small_calibration import row

ERRORS = ErrorModel.model_validate({"spread": {"press": 0.1}, "discrepancy": 0.1, "shared": 0.7})
BOTH = [[0.25, 0.24], [0.24, 0.25]]


def target(name: str, quantity: str, value: float, **changes: object) -> Target:
    given = f"{value} h" if quantity == "quoted_wait" else value
    read = Reported.model_validate(row(name, quantity, given, trust="press", **changes))
    return Target(read, value, value, value, 0, 0.1, 1.0, False, math.inf, 0.0)


def observed(seed: int, number: int = 500) -> np.ndarray:
    """A queue and the wait for it, which rise and fall together: correlation 0.96."""
    logs = np.random.default_rng(seed).multivariate_normal(np.log([1000, 20]), BOTH, number)
    return np.asarray(np.exp(logs))


QUEUE, WAIT = target("queue", "queue", 1000), target("wait", "quoted_wait", 20)


def test_where_the_model_is_right_tails_are_even() -> None:
    """200 worlds: the mean tail has a standard error of 0.02; 4 of them are allowed, a shift of 0.1 is seen."""
    rng, tails = np.random.default_rng(1), []
    for world in range(200):
        truth = observed(1000 + world, 1)[0]
        errors = rng.multivariate_normal([0, 0], [[0.02, 0.007], [0.007, 0.02]])
        queue, wait = truth * np.exp(errors)
        rows = (replace(QUEUE, reported=float(queue)), replace(WAIT, reported=float(wait)))
        (pair,) = pairs_of(rows, ERRORS, observed(world), 3)
        tails.append(pair.tail)
    assert np.mean(tails) == pytest.approx(0.5, abs=0.08)


def test_a_long_queue_with_a_short_wait_stands_out_though_each_alone_is_usual() -> None:
    apart = (replace(QUEUE, reported=1700.0), replace(WAIT, reported=11.0))
    (pair,) = pairs_of(apart, ERRORS, observed(2), 3)
    assert pair.tail < 0.01
    assert pair.ratio_tail < 0.01
    assert pair.correlation > 0.7
    for side in (0, 1):
        reported = apart[side].reported
        assert 0.05 < (pair.reports[:, side] <= reported).mean() < 0.95
    (usual,) = pairs_of((QUEUE, WAIT), ERRORS, observed(2), 3)
    assert usual.tail > 0.5


def test_bounds_other_days_and_the_same_kind_make_no_pair() -> None:
    values = observed(4)
    assert pairs_of((replace(QUEUE, bound=1), WAIT), ERRORS, values, 3) == ()
    later = {"from": "2022-09-25T18:00", "until": "2022-09-25T20:00"}
    assert pairs_of((QUEUE, target("wait", "quoted_wait", 20, **later)), ERRORS, values, 3) == ()
    assert pairs_of((QUEUE, target("again", "queue", 1000)), ERRORS, values, 3) == ()
    assert pairs_of((), ERRORS, np.empty((500, 0)), 3) == ()


@styled
def test_labels_of_panels_stay_beside_their_own_axes() -> None:
    """Six panels in two rows, with long figures and long numbers."""
    week = target("week", "crossed_people", 115_000, statistic="sum", directions="both", outbound_share="50 %")
    cars = target("cars", "queue", 148_000, classes=["car", "truck", "bus"])
    values = np.exp(np.random.default_rng(1).multivariate_normal(np.log([115_000, 148_000]), BOTH, 500))
    (pair,) = pairs_of((week, cars), ERRORS, values, 3)
    turned = replace(pair, first=pair.second, second=pair.first, reports=pair.reports[:, ::-1])
    figure = sheet(WIDTH, 2 * PANEL + 1.15)
    for k, axes in enumerate(panels(figure, 2 * COLUMNS)):
        _draw_pair(axes, pair if k % 2 else turned)
    figure.draw_without_rendering()
    boxes = [axes.get_window_extent() for axes in figure.axes]
    labels = [axis.label.get_window_extent() for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    assert all(not label.overlaps(box) for label in labels for box in boxes)
    for k, box in enumerate(boxes):
        assert labels[2 * k].width <= box.width
        assert labels[2 * k + 1].height <= box.height


@pytest.mark.parametrize(
    "ends", [(2000.0, 5500.0), (7600.0, 9900.0), (6.0, 50.0), (25_000.0, 65_000.0), (1.0, 4000.0), (5e-4, 20.0)]
)
def test_an_axis_of_a_pair_has_round_numbers_that_fit(ends: tuple[float, float]) -> None:
    ticks = _ticks(np.array(ends))
    assert 2 <= len(ticks) <= 4
    assert all(ends[0] <= tick <= ends[1] for tick in ticks)
