"""A model is corrected by what it got wrong in the fitted window; one that tells nothing is left out."""

from __future__ import annotations

import numpy as np
import pytest

from sim.verbs.backtest.correction import Ensemble, corrected, with_errors
from sim.verbs.backtest.naive import HOUR, History

DAYS, ORIGIN = 28, 21
AT = 4 * 86400.0 + np.arange(DAYS * 24) * HOUR
FITTED, LATER = (AT[14 * 24] <= AT) & (AT[ORIGIN * 24] > AT), AT[ORIGIN * 24] <= AT


def known_and_said(tells: bool) -> tuple[History, Ensemble]:
    """Return waits that a model says well but three times too long, or that it says nothing of."""
    rng = np.random.default_rng(8)
    load = np.exp(0.8 * rng.standard_normal(len(AT)))
    truth = 10 * load * np.exp(0.1 * rng.standard_normal(len(AT)))
    said = 30 * (load if tells else np.exp(0.8 * rng.standard_normal(len(AT))))
    plays = said * np.exp(0.05 * rng.standard_normal((100, len(AT))))
    return History(AT, truth), Ensemble((AT[FITTED], AT[LATER]), plays[:, FITTED], plays[:, LATER])


@pytest.mark.parametrize("tells", [True, False])
def test_a_model_that_is_off_by_a_factor_is_put_right_and_noise_is_left_out(tells: bool) -> None:
    """168 points: the exponent of noise is below 0.2 in all but one of 10,000 draws (standard error 0.05)."""
    history, ensemble = known_and_said(tells)
    found = corrected(ensemble, history, float(AT[ORIGIN * 24]), AT[LATER])
    assert found is not None
    truth = history.value[LATER]
    error = np.abs(np.median(found.samples, axis=1) - truth).mean()
    raw = np.abs(np.median(with_errors(ensemble, history, AT[LATER]), axis=1) - truth).mean()
    inside = np.mean((np.quantile(found.samples, 0.05, 1) < truth) & (truth < np.quantile(found.samples, 0.95, 1)))
    assert inside == pytest.approx(0.9, abs=0.08)
    if tells:
        assert found.model == pytest.approx(1, abs=0.15)
        assert error < 0.15 * truth.mean() < 1.5 * truth.mean() < raw
    else:
        assert found.model < 0.2
        assert error < 0.7 * raw


def test_two_days_are_too_few_to_correct() -> None:
    history, ensemble = known_and_said(True)
    short = Ensemble((ensemble.at[0][:48], ensemble.at[1]), ensemble.fitted[:, :48], ensemble.predicted)
    assert corrected(short, history, float(AT[ORIGIN * 24]), AT[LATER]) is None
