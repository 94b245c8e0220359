"""Paired intervals: they cover a known difference at their stated rate, and are narrower than unpaired ones.

Seeds are fixed, so a failure means a change.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sim.engine.compiled.engine import play
from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.measures.names import Key
from sim.play.request import Request
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import load
from sim.verbs.compare.statistics import paired
from sim.verbs.compare.study import Variant, compare
from tests.verification import theory
from tests.verification.cases import mean_wait, queue

SCENARIOS = Path(__file__).parents[2] / "scenarios"
TRIALS, REPLICATIONS = 200, 20
KEY = Key("x", "wait_mean")


def waits(scenario: Scenario) -> np.ndarray:
    """Return mean waits (minutes) of TRIALS times REPLICATIONS replications."""
    plan = lower(scenario)
    tapes = (draw(scenario, plan, trial, k) for trial in range(TRIALS) for k in range(REPLICATIONS))
    return np.array([mean_wait(plan, tape, play(plan, tape)) for tape in tapes]).reshape(TRIALS, REPLICATIONS)


@pytest.mark.slow
def test_paired_intervals_cover_the_difference_of_two_mmc_at_their_rate() -> None:
    minutes, law = 1200, {"mean": "1 min", "family": "exponential"}
    two, three = (waits(queue(1.2, minutes, {"staffing": c, "service_time": law})) for c in (2, 3))
    expected = theory.mmc_wait(1.2, 3) - theory.mmc_wait(1.2, 2)
    wrong = theory.mmc_wait(1.2, 3) - theory.mmc_wait(1.25, 2)
    found = [paired((KEY,), a[:, None], b[:, None])[0] for a, b in zip(two, three, strict=True)]
    covered = sum(each.low <= expected <= each.high for each in found)
    least, most = stats.binom.ppf((5e-7, 1 - 5e-7), TRIALS, 0.95)  # fails by bad luck once in a million
    assert least <= covered <= most, f"{covered} of {TRIALS}"
    assert sum(each.low <= wrong <= each.high for each in found) < least, "the control passes"
    assert np.mean([each.saved for each in found]) > 0.1


@pytest.mark.slow
def test_paired_intervals_are_narrower_than_unpaired_ones_on_the_base_case() -> None:
    entries = []
    for names in ((), ("no_screening",), ("full_screening",), ("twice_the_booths",)):
        loaded = load(SCENARIOS / "verkhny_lars.yaml", (), names)
        entries.append(Variant("+".join(names) or "base", "", loaded, lower(loaded.scenario)))
    comparison = compare(entries, Request(12, workers=1))
    screening = ("crossed_people", "person_hours_waited", "max_queue_people")
    booths = ("crossed_people", "person_hours_waited")  # without the queue, its length has nothing in common any more
    for n, quantities in ((1, screening), (2, screening), (3, booths)):
        for quantity in quantities:
            key = Key("verkhny_lars", quantity)
            base, here = (comparison.totals[s][:, comparison.keys[s].index(key)] for s in (0, n))
            unpaired = stats.ttest_ind(here, base, equal_var=False).confidence_interval()
            found = next(each for each in comparison.differences[n - 1] if each.key == key)
            narrower = (found.high - found.low) / (unpaired.high - unpaired.low)
            assert narrower < (0.7 if n == 3 else 0.3), (comparison.labels[n], quantity, narrower)
