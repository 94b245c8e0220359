"""Which waits are only lower bounds: a share of those who joined, not of those who came."""

from __future__ import annotations

import pytest

from sim.measures.bounds import left_out, lower_bounds
from sim.measures.names import Key


def means(**parties: float) -> dict[Key, float]:
    return {Key("x", f"{event}_parties"): number for event, number in parties.items()} | {Key("x", "wait_mean"): 0.05}


@pytest.mark.parametrize("event", ["barred", "balked", "diverted"])
def test_those_who_did_not_join_do_not_hide_those_still_inside(event: str) -> None:
    totals = means(arrived=2700, crossed=37, unfinished=22, **{event: 2641})
    assert left_out(totals, "x") == pytest.approx(22 / 59)
    assert Key("x", "wait_mean") in lower_bounds(totals)


def test_the_initial_queue_has_joined_and_few_inside_are_no_bound() -> None:
    totals = means(arrived=900, initial=100, crossed=981, unfinished=19)
    assert left_out(totals, "x") == pytest.approx(0.019)
    assert Key("x", "wait_mean") not in lower_bounds(totals)
