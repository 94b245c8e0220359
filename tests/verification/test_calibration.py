"""Calibration recovers what it should: known parameters, simulated reports, and the posterior of `sim calibrate`.

Simulation-based calibration (Talts et al. 2018): if parameters are drawn from the prior and reports from the
observation model, the truth is at a uniformly distributed place of its posterior. The truth of every repetition is
played with chance of its own, and the thresholds of bounds are drawn before anything is played; only on which side of
them the report lies is up to the outcome. Seeds are fixed, so a failure means a change; the checks fail by bad luck
once in 10,000 (coverage) and once in a million (places) choices of seeds, for each parameter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, kstest

from sim.measures.likelihood import Target, predicted, targets, total_log_likelihood
from sim.play.request import Request, silent
from sim.scenario.text.load_calibration import LoadedCalibration, read_calibration
from sim.verbs.calibrate import evaluator, study
from sim.verbs.calibrate.evaluator import Evaluator
from sim.verbs.calibrate.sampling import Draws, Sampler

SCENARIO = Path(__file__).parent / "recovery.yaml"
REPETITIONS, CONTROL, BANK, WORTH = 80, 40, 512, 150
PARAMETERS = {
    "surge": ("/h", {"family": "lognormal", "median": 40, "spread": 0.4}),
    "service": ("min", {"family": "uniform", "low": 4, "high": 7}),
    "leaving": ("", {"family": "lognormal", "median": 1, "spread": 0.6}),
}
ROWS = {  # quantity, from, until, statistic, value (of a bound: the middle of its thresholds), unit, rounding, bound?
    "evening": ("queue", "21T18:00", "21T20:00", "mean", 200, "", 10, False),
    "morning": ("queue", "22T06:00", "22T08:00", "mean", 200, "", None, True),
    "crossed": ("crossed_parties", "21T06:00", "22T00:00", "sum", 400, "", None, False),
    "quoted": ("quoted_wait", "21T16:00", "22T00:00", "max", 9, " h", None, True),
    "length": ("queue_length", "21T12:00", "22T00:00", "max", 1.5, " km", None, True),
}
FACTORS = 4.0
"""Thresholds lie up to so many times above and below the middle."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedCalibration:
    described = {
        "scenario": str(SCENARIO),
        "observation": {"spread": {"press": 0.2}, "discrepancy": 0.05, "outlier": {"chance": 0.01, "spread": 1}},
        "parameters": {
            name: {"unit": unit, "label": name, "reason": "made up", "prior": prior}
            for name, (unit, prior) in PARAMETERS.items()
        },
        "reported": [row(name) for name in ROWS],
    }
    path = tmp_path_factory.mktemp("recovery") / "calibration.yaml"
    path.write_text(json.dumps(described))
    return read_calibration(path)


def row(name: str) -> dict[str, object]:
    quantity, begin, end, statistic, value, unit, rounding, _ = ROWS[name]
    said = {
        "id": name, "crossing": "post", "quantity": quantity, "classes": ["car"], "from": f"2022-09-{begin}",
        "until": f"2022-09-{end}", "statistic": statistic, "value": f"{value}{unit}" if unit else value,
        "qualifier": "about", "who": "a test", "source": "made up", "date": "2022-09-21", "reading": "made up",
    }  # fmt: skip
    return said | ({"rounding": rounding} if rounding else {})


@dataclass
class World:
    """A truth that was drawn, and what was reported of it."""

    scores: np.ndarray
    rows: tuple[Target, ...]


class Recovery:
    """Simulated worlds, and the posterior for each; evaluations are shared by all, since the model is one."""

    def __init__(self, evaluator: Evaluator, loaded: LoadedCalibration) -> None:
        self.evaluator, self.calibration = evaluator, loaded.calibration
        self.bank = evaluator.priors.spread_out(BANK, 1)
        plays = np.log([evaluator.replication(self.bank[:16], number) for number in range(4)])
        evaluator.noise = plays.std(axis=0, ddof=1).mean(axis=0) * 2**0.5

    def world(self, number: int) -> World:
        rng = np.random.default_rng([7, number])
        scores = rng.standard_normal((1, len(PARAMETERS)))
        thresholds = [value * FACTORS ** rng.uniform(-1, 1) for *_, value, _, _, _ in ROWS.values()]
        happened = self.evaluator.replication(scores, 1 + number)
        chances = rng.standard_normal(happened.shape), rng.random(happened.shape)
        none = np.zeros(len(ROWS))
        said = predicted(self.evaluator.targets, self.evaluator.error_model, happened, none, chances)[0]
        return World(scores[0], self.rows(said, thresholds))

    def rows(self, said: np.ndarray, thresholds: list[float]) -> tuple[Target, ...]:
        """Return what was said as targets: numbers, or on which side of its threshold it lies."""
        rows = []
        for old, number, threshold in zip(self.calibration.reported, said, thresholds, strict=True):
            *_, unit, _, bound = ROWS[old.id]
            value, qualifier = float(number), "about"
            if bound:
                value, qualifier = threshold, "at least" if number >= threshold else "at most"
            text = f"{value:.12g}{unit}" if unit else value
            rows.append(old.model_copy(update={"value": text, "qualifier": qualifier}))
        return targets(self.calibration.model_copy(update={"reported": tuple(rows)}))

    def posterior(self, rows: tuple[Target, ...], number: int) -> Draws:
        """Return the posterior as `sim calibrate` draws it, from a larger start."""

        def likelihood(scores: np.ndarray) -> np.ndarray:
            observed = self.evaluator.observed(scores)
            return total_log_likelihood(rows, self.evaluator.error_model, observed, self.evaluator.noise)

        return Sampler(likelihood, self.bank, number, 64).extend(WORTH, 4 * BANK)


@pytest.fixture(scope="module")
def recovery(loaded: LoadedCalibration):
    with Evaluator(loaded, Request(workers=1, seed=1), silent) as evaluator:
        yield Recovery(evaluator, loaded)


def place(draws: Draws, truth: np.ndarray) -> np.ndarray:
    """Return how much of the posterior lies below the truth, for every parameter."""
    below: np.ndarray = draws.weights @ (draws.scores < truth)
    return below


def covered(places: list[np.ndarray]) -> np.ndarray:
    """Return how often the 90 % interval held the truth, for every parameter."""
    return ((np.array(places) > 0.05) & (np.array(places) < 0.95)).sum(axis=0)


def allowed(repetitions: int) -> tuple[float, float]:
    """Return between what `covered` is, but once in 10,000 times."""
    low, high = binom.ppf([0.5e-4, 1 - 0.5e-4], repetitions, 0.9)
    return float(low), float(high)


def as_about(rows: tuple[Target, ...]) -> tuple[Target, ...]:
    """Return bounds read as "about": the deliberately wrong likelihood."""
    return tuple(replace(row, low=row.reported, high=row.reported, bound=0) if row.bound else row for row in rows)


@pytest.mark.slow
def test_the_truth_is_where_the_posterior_says(recovery: Recovery) -> None:
    places, drawn_anew = [], 0
    for number in range(REPETITIONS):
        world = recovery.world(number)
        draws = recovery.posterior(world.rows, number)
        drawn_anew += draws.rounds > 0
        places.append(place(draws, world.scores))
    low, high = allowed(REPETITIONS)
    columns = dict(zip(PARAMETERS, np.transpose(places), strict=True))
    tenths = {name: np.histogram(column, 10, (0, 1))[0].tolist() for name, column in columns.items()}
    said = f"covered {covered(places)} of {REPETITIONS}, allowed {low:.0f} to {high:.0f}; places in tenths {tenths}"
    assert (covered(places) >= low).all(), said
    assert (covered(places) <= high).all(), said
    assert min(kstest(column, "uniform").pvalue for column in np.transpose(places)) > 1e-6, said
    assert drawn_anew >= REPETITIONS / 10, "the sampler itself was hardly tried"


@pytest.mark.slow
def test_bounds_read_as_about_are_caught(recovery: Recovery) -> None:
    """The control: the same check, on fewer worlds, with a likelihood that is wrong on purpose."""
    places = []
    for number in range(CONTROL):
        world = recovery.world(number)
        places.append(place(recovery.posterior(as_about(world.rows), number), world.scores))
    assert (covered(places) < allowed(CONTROL)[0]).any(), "the control passes"


@pytest.mark.slow
def test_calibrate_itself_recovers_a_world(
    loaded: LoadedCalibration, recovery: Recovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of `calibrate`, on reports of one world; all lie in their 99.9 % intervals (false alarm: 0.3 %)."""
    monkeypatch.setattr(study, "START", 128)
    monkeypatch.setattr(evaluator, "MAX_REPLICATIONS", 1)
    monkeypatch.setattr(study, "MOST_PARAMETERS", 0)
    world = recovery.world(1000)
    rows = tuple(target.row for target in world.rows)
    reported = replace(loaded, calibration=loaded.calibration.model_copy(update={"reported": rows}))
    fit = study.calibrate(reported, Request(workers=1, seed=1))
    truth = recovery.evaluator.priors.values(world.scores[None])[0]
    below = fit.posterior.weights @ (fit.posterior.values < truth)
    assert fit.gate.passed
    assert (np.abs(below - 0.5) < 0.4995).all()
    assert fit.posterior.weights.sum() == pytest.approx(1)
    assert fit.prior.ess == pytest.approx(len(fit.prior.weights))
