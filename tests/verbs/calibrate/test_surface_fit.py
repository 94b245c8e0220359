"""Fits with few plays: the service time of the sample port is found again.

The plays stand in one cache for all trials: the scenario at the vectors of a fit, and twelve weeks that happened.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.measures.series_likelihood import SeriesTarget
from sim.play.request import Request, silent
from sim.scenario.text.load_calibration import read_calibration
from sim.verbs.calibrate.evaluator import Evaluator
from sim.verbs.calibrate.surface_fit import METHOD, fit_by_surface

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
TRUE = np.log(4 / 5) / 0.3
"""The score of 4 min under the prior of the file."""
WEEKS = 12


@pytest.fixture(scope="module")
def distances() -> dict[bool, np.ndarray]:
    """The distance of the posterior mean from the truth in standard deviations, with dependent points, and without."""
    loaded = read_calibration(ROOT / "calibration" / "sample_port.yaml")
    found: dict[bool, list[float]] = {True: [], False: []}
    with Evaluator(loaded, Request(workers=1), silent) as evaluator:
        single = len(evaluator.targets)
        weeks = [evaluator.replication(np.array([[TRUE]]), 100 + week)[0, single:] for week in range(WEEKS)]
        first = evaluator.evidence
        for week in weeks:
            value = np.round(60 * week) / 60
            for dependent in found:
                (series,) = first.series
                series = replace(series, value=value, offset=max(series.rounding, float(value.mean())))
                evaluator.evidence = replace(first, series=(series if dependent else alone(series),))
                evaluator.start_anew(1)
                evaluator._first_evidence = evaluator.evidence
                result = fit_by_surface(evaluator)
                assert result is not None
                mean = result.draws.weights @ result.draws.scores[:, 0]
                sd = np.sqrt(result.draws.weights @ np.square(result.draws.scores[:, 0] - mean))
                found[dependent].append(float((mean - TRUE) / sd))
    return {dependent: np.array(each) for dependent, each in found.items()}


class Alone(SeriesTarget):
    """A series whose points are taken as independent witnesses."""

    def __init__(self, series: SeriesTarget) -> None:
        for name in SeriesTarget.__dataclass_fields__:
            object.__setattr__(self, name, getattr(series, name))
        independent = replace(series.structure, fresh=1.0, fast=0.0, power=1.0)
        object.__setattr__(self, "structure", independent)
        object.__setattr__(self, "discrepancy", 1e-6)


def alone(series: SeriesTarget) -> SeriesTarget:
    return Alone(series)


def test_the_service_time_is_recovered(distances):
    """Of 12 weeks at least 8 are within 1.645 standard deviations.

    With a true coverage of 90 % this fails in 0.4 % of all sets of weeks; with one of 50 %, it passes in 19 %.
    """
    assert (np.abs(distances[True]) < 1.645).sum() >= 8


def test_independent_errors_make_the_band_too_narrow(distances):
    """The negative control: the same fit without dependence is surer than it may be."""
    assert np.std(distances[False]) > 1.3 * np.std(distances[True])


def test_the_findings_say_which_method_was_used():
    assert METHOD.startswith("surfaces through plays")
