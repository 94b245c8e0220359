"""Findings of a calibration, against numbers worked out by hand and samples whose law is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from sim.measures.likelihood import Target, predicted, targets
from sim.measures.reports import observation_of
from sim.scenario.model.calibration import Calibration
from sim.scenario.model.reported import Reported
from sim.verbs.calibrate.findings import Findings, binned, findings_of, predictive, quantiles, tail
from sim.verbs.calibrate.fit import Gate, Sample
from sim.verbs.calibrate.series_findings import SeriesFinding, in_its_unit, series_words

ROW = {"crossing": "pass", "quantity": "queue", "classes": ["car"], "from": "2022-09-25", "until": "2022-09-26",
       "statistic": "max", "value": 1000, "who": "-", "source": "-", "date": "-", "reading": "-"}  # fmt: skip
ONE = np.ones(1)
EVEN = (np.arange(4000) + 0.5) / 4000
NORMAL = ndtri(EVEN)
"""4,000 values that are normal as nearly as can be."""


def calibration(rows: list[dict[str, Any]], parameters: dict[str, Any] | None = None, **changes: Any) -> Calibration:
    tree = {
        "scenario": "pass.yaml",
        "observation": {"spread": {"press": 0.3}, "discrepancy": 0.4, "outlier": {"chance": 1e-9}},
        "parameters": {name: {"label": name, "reason": "-", "prior": law} for name, law in (parameters or {}).items()},
        "reported": [ROW | {"id": f"row_{n}", "qualifier": "about"} | row for n, row in enumerate(rows)],
    }
    return Calibration.model_validate(tree | changes)


def target(**row: Any) -> Target:
    return targets(calibration([row]))[0]


def sample(values: np.ndarray, observed: np.ndarray | None = None) -> Sample:
    count, nothing = len(values), np.zeros(len(values))
    observed = np.full((count, 1), 1000.0) if observed is None else observed
    names = tuple("abc"[: values.shape[1]])
    return Sample(names, values, np.full(count, 1 / count), observed, nothing, nothing)


def findings_from(described: Calibration, prior: Sample, *starts: Sample) -> Findings:
    posterior = starts[0]
    fit = SimpleNamespace(
        loaded=SimpleNamespace(calibration=described, rows_at=lambda _: described.reported),
        targets=targets(described),
        prior=prior,
        posterior=posterior,
        starts=starts,
        point=dict(zip(posterior.parameters, posterior.values[0].tolist(), strict=True)),
        noise=np.zeros(len(described.reported)),
        gate=Gate(1, 1, 0, 1, 1, True, ()),
    )
    return findings_of(fit)  # type: ignore[arg-type]


def test_quantiles_are_weighted() -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert quantiles(values, np.array([0.0, 0.5, 0.5])).median == pytest.approx(1.5)
    assert quantiles(values, np.array([0.98, 0.01, 0.01])).median == pytest.approx(3 - 0.02 / 0.99)
    assert quantiles(EVEN, np.full(4000, 1 / 4000)) == pytest.approx((0.05, 0.5, 0.95))


def test_reports_of_one_value_are_log_normal_around_it() -> None:
    low, median, high = predictive(target(), 1000 * ONE, ONE, 0.5)
    assert (low, median, high) == pytest.approx((1000 * np.exp(-0.8224), 1000, 1000 * np.exp(0.8224)), rel=1e-4)


def test_the_tail_of_a_bound_is_the_chance_that_it_holds() -> None:
    bound, half = target(qualifier="at least"), np.full(2, 0.5)
    assert tail(bound, 1000 * ONE, ONE, 0.5) == pytest.approx(0.5)
    assert tail(bound, np.array([1000, 1e9]), half, 0.5) == pytest.approx(0.75)
    assert tail(target(qualifier="at most"), np.array([1000, 1e9]), half, 0.5) == pytest.approx(0.25)
    assert tail(bound, 5000 * ONE, ONE, 0.5) > 0.99 > 0.01 > tail(target(qualifier="about"), 5000 * ONE, ONE, 0.5)


def test_the_tail_of_a_rounded_figure_begins_at_its_rounding() -> None:
    rounded = target(rounding=400)
    assert tail(rounded, 1200 * ONE, ONE, 0.5) == pytest.approx(0.5)
    assert tail(rounded, 1200 * np.exp(1.645 * 0.5) * ONE, ONE, 0.5) == pytest.approx(0.05, abs=1e-4)
    assert tail(rounded, 800 * np.exp(-1.645 * 0.5) * ONE, ONE, 0.5) == pytest.approx(0.05, abs=1e-4)


def test_a_length_read_from_a_picture_that_ends_is_a_lower_bound() -> None:
    seen = target(quantity="queue_length", value="16 km", frame="16 km", qualifier="about")
    assert tail(seen, 30 * ONE, ONE, 0.3) > 0.95


def test_a_model_that_says_nothing_is_in_tension_with_every_figure() -> None:
    for value in (0.0, np.nan):
        assert tail(target(), value * ONE, ONE, 0.5) < 1e-6
        assert predictive(target(), value * ONE, ONE, 0.5).median == pytest.approx(1.0)


def test_the_interval_covers_what_reporters_say_as_often_as_it_promises() -> None:
    """20,000 reports: the standard error of the share is 0.2 %, so 1 % off has a chance below 1e-5."""
    described, luck = calibration([{}]), np.random.default_rng(1)
    values = 1000 * np.exp(0.6 * luck.standard_normal(3000))
    span = predictive(targets(described)[0], values, np.full(3000, 1 / 3000), 0.5)
    chances = luck.standard_normal((20_000, 1)), luck.random((20_000, 1))
    observed = luck.choice(values, (20_000, 1))
    reports = predicted(targets(described), described.observation, observed, np.zeros(1), chances)
    assert np.mean((span.low <= reports) & (reports <= span.high)) == pytest.approx(0.9, abs=0.01)
    assert np.mean((span.median <= reports) & (reports <= span.high)) == pytest.approx(0.45, abs=0.015)


def test_condensing_keeps_mass_and_mean() -> None:
    weights = np.linspace(1, 2, 4000) / 6000
    values, mass = binned(NORMAL, weights, cells=50)
    assert len(values) <= 50
    assert mass.sum() == pytest.approx(weights.sum())
    assert mass @ values == pytest.approx(weights @ NORMAL)
    assert binned(NORMAL, weights, cells=4000)[0] is NORMAL
    span = predictive(target(), 1000 * np.exp(NORMAL), weights / weights.sum(), 0.3)
    below = [weights @ ndtr((np.log(end / 1000) - NORMAL) / 0.3) / weights.sum() for end in span]
    assert below == pytest.approx([0.05, 0.5, 0.95], abs=1e-5)


def test_contraction_and_shift_are_on_the_scale_of_the_prior() -> None:
    laws = {"a": {"family": "normal", "mean": 10, "sd": 2}, "b": {"family": "lognormal", "median": 5, "spread": 0.4}}
    other = np.random.default_rng(0).permutation(NORMAL)
    prior = sample(np.column_stack([10 + 2 * NORMAL, 5 * np.exp(0.4 * other)]))
    after = sample(np.column_stack([12 + NORMAL, 5 * np.exp(0.4 * np.sqrt(0.7) * other)]))
    a, b = findings_from(calibration([{}], laws), prior, after).parameters
    assert (a.contraction, a.shift, a.identification) == (
        pytest.approx(0.75),
        pytest.approx(1.0, abs=1e-3),
        "identified",
    )
    assert (b.contraction, b.shift, b.identification) == (
        pytest.approx(0.3),
        pytest.approx(0, abs=1e-6),
        "somewhat identified",
    )
    assert a.posterior == pytest.approx((12 - 1.645, 12, 12 + 1.645), abs=0.01)
    assert np.isnan(a.start_distance)
    assert a.correlated == b.correlated == ()


def test_starts_that_differ_are_told_in_posterior_standard_deviations() -> None:
    laws = {"a": {"family": "normal", "mean": 10, "sd": 2}}
    first, second = (sample((at + NORMAL)[:, None]) for at in (10, 10.5))
    (a,) = findings_from(calibration([{}], laws), first, first, second).parameters
    assert a.start_distance == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("sign", "correlation"), [(1, 0.95), (-1, -0.95)])
def test_a_tied_pair_is_one_combination_though_neither_is_identified(sign: int, correlation: float) -> None:
    laws = {name: {"family": "normal", "mean": 0, "sd": 1} for name in "abc"}
    luck = np.random.default_rng(3)
    prior = luck.standard_normal((20_000, 3))
    after = luck.standard_normal((20_000, 3))
    after[:, 1] = sign * (0.95 * after[:, 0] + np.sqrt(1 - 0.95**2) * after[:, 1])
    findings = findings_from(calibration([{}], laws), sample(prior), sample(after))
    a, b, c = findings.parameters
    assert {row.identification for row in findings.parameters} == {"not identified"}
    assert (a.correlated, b.correlated, c.correlated) == (
        (("b", pytest.approx(correlation, abs=0.02)),), (("a", pytest.approx(correlation, abs=0.02)),), ()
    )  # fmt: skip
    assert findings.combinations == 1
    assert findings_from(calibration([{}], laws), sample(prior), sample(prior)).combinations == 0


def findings_rows(findings: Findings) -> list[Reported]:
    return [figure.target.row for figure in findings.figures]


def test_verdicts() -> None:
    rows: list[dict[str, Any]] = [
        {"value": 1000},
        {"value": 9000},
        {"value": 9000, "qualifier": "at most"},
        {"value": 9000, "status": "rejected"},
        {"value": 1000, "until": "2022-10-02"},
        {"value": 9000, "until": "2022-10-02"},
    ]
    laws = {"a": {"family": "normal", "mean": 10, "sd": 2}}
    after = sample((10 + NORMAL)[:, None], np.full((4000, 6), 1100.0))
    findings = findings_from(calibration(rows, laws, known_until="2022-09-28"), after, after)
    assert [figure.verdict for figure in findings.figures] == ["met", "off", "met", "rejected", "met", "off"]
    assert [figure.in_tension for figure in findings.figures] == [False, True, False, False, False, True]
    as_in_a_run = [observation_of(row, float(row.value), (1100.0, 1100.0, 1100.0)) for row in findings_rows(findings)]
    assert [figure.verdict for figure in findings.figures] == [observation.verdict for observation in as_in_a_run]
    first = findings.figures[0]
    assert first.model == pytest.approx((1100, 1100, 1100))
    assert first.reports == first.reports_before
    assert first.reports.high == pytest.approx(1100 * np.exp(1.6449 * 0.5), rel=1e-4), "spread 0.3, discrepancy 0.4"


def test_a_series_of_short_waits_is_told_in_minutes() -> None:
    found = SeriesFinding("waits", "waits, 3–9 Mar", "h", 20, 20, 0, 0.1, 0.062, 0.9, 0.05, 0.3, 2.0, 8.0)
    assert "Mean reported 6 min, expected 3.7; 90 % of the points lie in the 90 % band, CRPS 3 min" in series_words(
        found
    )
    long = SeriesFinding("waits", "waits, 3–9 Mar", "h", 20, 20, 0, 48.0, 0.062, 0.9, 0.05, 0.3, 2.0, 8.0)
    assert in_its_unit(long) == long
