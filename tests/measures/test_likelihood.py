"""How probable a report is: against SciPy's laws and numbers worked by hand."""

from __future__ import annotations

from math import exp, inf, log

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from sim.errors import SimError
from sim.measures.likelihood import FLOOR, log_likelihood, predicted, targets, total_log_likelihood
from sim.scenario.model.calibration import Calibration

PRESS, DISCREPANCY, NOISE = 0.3, 0.1, 0.2
SD = (PRESS**2 + DISCREPANCY**2 + NOISE**2) ** 0.5


def calibration(*rows, chance=1e-9, **changes):
    """A calibration with rows that differ from a plain one as given; outliers are left out by default."""
    plain = {
        "crossing": "pass", "quantity": "queue", "classes": ["car"], "from": "2022-09-21", "until": "2022-09-22",
        "statistic": "max", "value": 3000, "qualifier": "about", "who": "a guard", "source": "a paper",
        "date": "2022-09-22", "reading": "as it stands",
    }  # fmt: skip
    observation = {
        "spread": {"press": PRESS, "official_count": 0.05}, "discrepancy": DISCREPANCY,
        "outlier": {"chance": chance, "spread": 1.5},
    }  # fmt: skip
    reported = [plain | {"id": f"row_{i}"} | row for i, row in enumerate(rows)]
    return Calibration.model_validate(
        {"scenario": "x.yaml", "observation": observation, "reported": reported} | changes
    )


def by_row(described, observed, noise=NOISE):
    rows = targets(described)
    return log_likelihood(rows, described.observation, np.atleast_2d(observed), np.full(len(rows), noise))


def test_a_rounded_figure_is_an_interval():
    found = by_row(calibration({"rounding": 1000}), [2800.0])
    expected = norm.cdf(log(3500 / 2800) / SD) - norm.cdf(log(2500 / 2800) / SD)
    assert exp(found[0, 0]) == pytest.approx(expected, rel=1e-6)


def test_an_unrounded_figure_has_a_density():
    assert by_row(calibration({}), [2800.0])[0, 0] == pytest.approx(norm.logpdf(log(3000), log(2800), SD), rel=1e-6)


def test_the_wait_of_one_traveller_may_be_far_from_the_mean():
    wait = {"quantity": "virtual_wait", "value": "30 h", "individual": True}
    errors = {"spread": {"press": PRESS}, "discrepancy": DISCREPANCY, "outlier": {"chance": 1e-9}, "individual": 0.4}
    described = calibration(wait, {**wait, "individual": False}, observation=errors)
    one, mean = by_row(described, [[28.0, 28.0]])[0]
    assert one == pytest.approx(norm.logpdf(log(30), log(28), (SD**2 + 0.4**2) ** 0.5), rel=1e-6)
    assert mean == pytest.approx(norm.logpdf(log(30), log(28), SD), rel=1e-6)


def test_the_wait_of_one_traveller_needs_to_know_how_far_it_may_be():
    with pytest.raises(ValueError, match=r"observation.individual: row 'row_0' is the wait of one traveller"):
        calibration({"quantity": "virtual_wait", "value": "30 h", "individual": True})


@pytest.mark.parametrize(("qualifier", "says"), [("at least", 1), ("more than", 1), ("well over", 1), ("at most", -1)])
def test_a_bound_is_a_tail(qualifier, says):
    (target,) = targets(calibration({"qualifier": qualifier, "rounding": 1000}))
    assert (target.low, target.high, target.bound) == ((3000, inf, 1) if says > 0 else (0, 3000, -1))
    found = by_row(calibration({"qualifier": qualifier}), [[1000.0], [3000.0], [9000.0], [1e6]])[:, 0]
    expected = norm.cdf(says * np.log(np.array([1000, 3000, 9000, 1e6]) / 3000) / SD)
    assert np.exp(found) == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("value", "qualifier", "low", "bound"),
    [
        ("16 km", "about", 15, 1),  # seen to the edge of the picture: it may go on
        ("15.5 km", "about", 14.5, 1),
        ("12 km", "about", 11, 0),  # ends inside the picture
        ("16 km", "well over", 16, 1),
        ("20 km", "at least", 16, 1),  # nobody saw farther than the frame
    ],
)
def test_a_length_is_cut_at_the_frame(value, qualifier, low, bound):
    row = {"quantity": "queue_length", "value": value, "frame": "16 km", "rounding": "2 km", "qualifier": qualifier}
    (target,) = targets(calibration(row))
    assert (target.low, target.bound) == (pytest.approx(low), bound)


def test_an_outlier_may_be_far_off():
    sure, doubtful = (by_row(calibration({"rounding": 1000}, chance=c), [200.0])[0, 0] for c in (1e-9, 0.05))
    wild = (SD**2 + 1.5**2) ** 0.5
    expected = 0.05 * (norm.cdf(log(3500 / 200) / wild) - norm.cdf(log(2500 / 200) / wild))
    assert exp(doubtful) == pytest.approx(expected, rel=1e-3)
    assert doubtful > sure + 5


def test_nothing_in_the_model_is_improbable_and_finite():
    described = calibration({"rounding": 1000}, {"qualifier": "at least"}, {"qualifier": "at most"}, {}, chance=0.05)
    found = by_row(described, [[0.0] * 4, [np.nan] * 4, [FLOOR * 3000] * 4, [1e300] * 4])
    assert np.isfinite(found).all()
    assert (found[0] == found[2]).all()
    assert (found[1] == found[2]).all()
    assert (found[0, [0, 1, 3]] < -10).all()


def test_far_out_in_both_tails_the_interval_keeps_its_digits():
    described = calibration({"rounding": 2})
    ratios = np.array([1.0, 10.0, 100.0])
    above, below = (by_row(described, 3000 * ratios[:, None] ** sign)[:, 0] for sign in (1, -1))
    density = norm.logpdf(np.log(ratios) / SD) - log(SD) + log(2 / 3000)
    assert above[:2] == pytest.approx(density[:2], rel=1e-3)
    assert below[:2] == pytest.approx(density[:2], rel=1e-3)


def test_groups_weigh_as_one_and_rejected_rows_not_at_all():
    rows = [
        {"group": "agency"},
        {"group": "agency"},
        {},
        {"status": "rejected"},
        {"group": "agency", "status": "rejected"},
    ]
    described = calibration(*rows)
    found = targets(described)
    assert [(target.weight, target.fitted) for target in found[:4]] == [(0.5, True), (0.5, True), (1, True), (1, False)]
    each = by_row(described, np.full((2, 5), 2800.0))
    together = total_log_likelihood(found, described.observation, np.full((2, 5), 2800.0), np.full(5, NOISE))
    assert together == pytest.approx(2 * each[:, 0])


def test_what_was_not_yet_known_is_not_fitted():
    late = {"from": "2022-09-28", "until": "2022-09-29", "group": "both"}
    found = targets(calibration({"group": "both"}, late, known_until="2022-09-27"))
    assert [(target.weight, target.fitted) for target in found] == [(1, True), (1, False)]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"value": 0}, "'row_0': value: must be above 0, since it is compared by ratio; got 0"),
        ({"trust": "eyewitness"}, "'row_0': trust: observation.spread has no value for 'eyewitness'"),
        ({"rounding": "2 km"}, "'row_0': rounding: expected a count; got '2 km'"),
    ],
)
def test_what_cannot_be_compared_is_refused(row, sentence):
    with pytest.raises(SimError, match=sentence):
        targets(calibration(row))


def test_reports_drawn_from_the_model_are_as_the_likelihood_says():
    """The share of drawn reports in the interval is its probability: a test with 5 sd fails once in a million."""
    rows = (
        {"rounding": 1000},
        {"qualifier": "at least"},
        {"quantity": "queue_length", "value": "16 km", "frame": "16 km"},
    )
    described = calibration(*rows, chance=0.2)
    found, number = targets(described), 200_000
    rng = np.random.default_rng(1)
    chances = rng.standard_normal((number, 3)), rng.random((number, 3))
    observed = np.tile([2600.0, 2900.0, 15.0], (number, 1))
    said = predicted(found, described.observation, observed, np.full(3, NOISE), chances)
    expected = np.exp(by_row(described, [2600.0, 2900.0, 15.0])[0])
    shares = [(said[:, 0] == 3000).mean(), (said[:, 1] >= 3000).mean(), (said[:, 2] >= 16).mean()]
    assert np.abs(shares - expected).max() < 5 * 0.5 / number**0.5
    assert said[:, 2].max() == 16


def test_figures_of_one_day_share_an_error_and_others_do_not():
    """Against the closed form: jointly normal logarithms, with the covariance that the file describes."""
    days = [{}, {}, {"quantity": "crossed_parties", "statistic": "sum"}]
    described = calibration(*days, chance=1e-12)
    described = described.model_copy(
        update={"observation": described.observation.model_copy(update={"discrepancy": 0.4, "shared": 0.8})}
    )
    rows = targets(described)
    observed = np.array([[2500.0, 3300.0, 2700.0], [3000.0, 3000.0, 3000.0], [3600.0, 2700.0, 3100.0]])
    common = 0.8 * 0.4**2  # the first two are of one day; the third is a flow
    covariance = np.diag([PRESS**2 + 0.4**2 + NOISE**2] * 3)
    covariance[0, 1] = covariance[1, 0] = common
    expected = multivariate_normal(np.zeros(3), covariance).logpdf(np.log(3000 / observed))
    found = total_log_likelihood(rows, described.observation, observed, np.full(3, NOISE))
    alone = total_log_likelihood(
        rows, described.observation.model_copy(update={"shared": 0.0}), observed, np.full(3, NOISE)
    )
    assert found == pytest.approx(expected, abs=0.02)
    assert np.abs(alone - expected).max() > 0.1
