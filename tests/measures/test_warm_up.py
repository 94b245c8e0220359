"""A warm-up is played and not counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from sim.engine.compiled.engine import play
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.measures.names import STATES, Key, from_origin
from sim.measures.replication import Measures, measure
from sim.scenario.checks.dates import check_dates
from sim.scenario.checks.warnings import warnings_of
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import load
from tests.engine.build import scenario
from tests.engine.networks import FREE, network
from tests.measures.hand_made import border, written

WARM_UP = 7200
BY_JOINING = ("wait", "wait_p10", "wait_p90", "wait_median", "wait_median_censored", "virtual_wait", "utilisation")


def warmed(example: Scenario, seconds: float = WARM_UP) -> Scenario:
    return example.model_copy(update={"clock": example.clock.model_copy(update={"warm_up": seconds})})


def both(example: Scenario, seconds: float = WARM_UP, replication: int = 0) -> tuple[Measures, Measures]:
    """The measures of a replication without and with a warm-up; the records are the same."""
    plan = lower(example)
    assert lower(warmed(example, seconds)) == plan
    tape = draw(example, plan, 1, replication)
    records = play(plan, tape)
    without, with_it = (measure(each, plan, records, tape) for each in (example, warmed(example, seconds)))
    return without, with_it


@pytest.mark.parametrize("name", ["small", "mongolia"])
def test_series_are_those_of_the_whole_run_from_the_end_of_the_warm_up_on(name: str) -> None:
    """Sojourns are by crossing, and leave out who came before; rates are means around the point."""
    example = border() if name == "small" else load(name).scenario
    seconds = WARM_UP if name == "small" else 3 * 86400
    whole, after = both(example, seconds)
    skipped = int(seconds / example.clock.report_every)
    assert np.array_equal(after.at, whole.at[skipped:])
    for key, values in after.series.items():
        exact = key.quantity in STATES and not key.quantity.endswith("_per_hour")
        if exact or key.quantity in BY_JOINING or (key.quantity.endswith(("_parties", "_people"))):
            known = np.isfinite(values) if key.quantity == "quoted_wait" else slice(None)
            assert np.array_equal(values[known], whole.series[key][skipped:][known], equal_nan=True), key


def test_totals_count_from_the_end_of_the_warm_up() -> None:
    whole, after = both(border())
    for key, total in after.totals.items():
        if key.quantity.endswith(("_parties", "_people")) and key in after.series:
            assert total == np.nansum(whole.series[key][2:]), key
    inside = whole.series[Key("pass", "in_system_people", "all")][2]
    came, left = (
        sum(after.totals[Key("pass", f"{name}_people", "all")] for name in names)
        for names in (
            ("initial", "arrived"),
            ("crossed", "balked", "barred", "reneged", "refused", "summoned", "unfinished"),
        )
    )
    assert after.totals[Key("pass", "initial_people", "all")] == inside > 0
    assert came == left
    assert after.totals[Key("pass", "max_queue", "all")] >= whole.series[Key("pass", "queue", "all")][2]
    assert (
        after.totals[Key("pass", "person_hours_waited", "all")]
        < whole.totals[Key("pass", "person_hours_waited", "all")]
    )


def test_people_of_an_origin_count_from_the_end_of_the_warm_up() -> None:
    game = network({"a": FREE, "b": FREE}, {"a": "1 h", "b": "1 h"}, demand={"car": "30/h"})
    whole, after = both(game)
    for end in ("crossed", "unfinished", "on_the_way"):
        for crossing in ("a", "b"):
            of_home, of_all = (Key(crossing, f"{end}_people", scope) for scope in (from_origin("home"), "all"))
            assert after.totals[of_home] == after.totals[of_all]
    crossed = Key("a", "crossed_people", from_origin("home"))
    assert 0 < after.totals[crossed] < whole.totals[crossed]


def test_a_run_without_warm_up_gives_the_same_numbers_as_before() -> None:
    whole, same = both(border(), 0)
    assert whole.totals.keys() == same.totals.keys()
    assert all(np.array_equal(whole.totals[key], same.totals[key], equal_nan=True) for key in whole.totals)


RATE, SERVERS, BEGIN, END, STATES_KEPT = 3.8, 4, 60.0, 180.0, 150


def queue_integral(begin: float, end: float) -> float:
    """Expected waiting time (party minutes) between two minutes in an M/M/4 queue that starts empty.

    Exact from the forward equations: the integral of the state probabilities by the augmented exponential (Van Loan
    1978).
    """
    n = np.arange(STATES_KEPT)
    generator = np.diag(np.full(STATES_KEPT - 1, RATE), 1) + np.diag(np.minimum(n[1:], SERVERS).astype(float), -1)
    generator -= np.diag(generator.sum(axis=1))
    double = np.block([[generator, np.eye(STATES_KEPT)], [np.zeros_like(generator), np.zeros_like(generator)]])
    at = np.zeros(STATES_KEPT)
    at[0] = 1
    at = at @ expm(generator * begin)
    spent = at @ expm(double * (end - begin))[:STATES_KEPT, STATES_KEPT:]
    return float(spent @ np.maximum(n - SERVERS, 0))


@pytest.mark.slow
def test_a_queue_that_starts_empty_waits_as_long_as_the_equations_say_with_and_without_warm_up() -> None:
    """400 replications; |z| < 3.5, which fails by chance in one of 1,000.

    The control: the mean queue is longer after the warm-up, by 5 standard errors of the difference.
    """
    station = {"staffing": SERVERS, "service_time": {"mean": "1 min", "family": "exponential"}}
    example = scenario({"s": station}, demand={"car": f"{60 * RATE}/h"}, horizon="2022-09-21T03:00")
    key = Key("x", "person_hours_waited", "all")
    found = np.array([[each.totals[key] for each in both(example, BEGIN * 60, n)] for n in range(400)]) * 60
    expected = np.array([queue_integral(0, END), queue_integral(BEGIN, END)])
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - expected) < 3.5 * error).all()
    longer = found[:, 1] / (END - BEGIN) - found[:, 0] / END
    assert longer.mean() > 5 * longer.std(ddof=1) / np.sqrt(len(found))


def reported(begin: str, end: str) -> dict[str, Any]:
    return {
        "id": "queue", "crossing": "pass", "quantity": "queue", "classes": ["car"], "statistic": "max", "value": 3,
        "from": begin, "until": end, "who": "a", "source": "b", "date": "2022-09-21", "qualifier": "=", "reading": "",
    }  # fmt: skip


def test_a_figure_in_the_warm_up_is_refused_with_a_sentence() -> None:
    inside, after = (border(reported=[reported(*times)]) for times in (
        ("2022-09-21T01:00", "2022-09-21T03:00"), ("2022-09-21T02:00", "2022-09-21T03:00"),
    ))  # fmt: skip
    assert list(check_dates(warmed(after))) == [] == list(check_dates(inside))
    assert list(check_dates(warmed(inside))) == [
        (("reported", 0, "from"), "the warm-up lasts until 2022-09-21T02:00 and is not counted; make it shorter")
    ]


def test_a_night_in_the_warm_up_is_told_and_not_counted() -> None:
    told = [what for loc, what in warnings_of(warmed(border(), 3 * 3600)) if loc == ("clock", "warm_up")]
    assert told == ["one night falls into the warm-up; who is at the border then is not counted"]
    assert not [loc for loc, _ in warnings_of(warmed(border())) if loc == ("clock", "warm_up")]
    _, after = both(border(), 3 * 3600)
    assert not any(key.quantity == "stuck_people" for key in after.totals)


def test_a_warm_up_as_long_as_the_run_is_refused() -> None:
    clock = written()["clock"] | {"warm_up": "4 h"}
    with pytest.raises(ValueError, match=r"warm_up must be shorter than the run \(4 h\); got 4 h"):
        border(clock=clock)
