"""Blocks of figures: which there are, and their scores against evidences that are computed from the prior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.measures.likelihood import total_log_likelihood
from sim.verbs.calibrate.blocks import SHARES, SIZES, blocks_of, with_blocks
from sim.verbs.calibrate.findings import Findings, findings_of
from sim.verbs.calibrate.fit import Fit
from sim.verbs.calibrate.study import group_of, without
from tests.verbs.calibrate import synthetic_fit


@pytest.fixture(scope="module")
def fit() -> Fit:
    return synthetic_fit.fit(2000)


@pytest.fixture(scope="module")
def findings(fit: Fit) -> Findings:
    return with_blocks(findings_of(fit))


def log_evidence(fit: Fit, targets: tuple, **changes: float) -> float:
    """Return the log probability of the figures: the mean of the likelihood over the prior."""
    model = fit.loaded.calibration.observation.model_copy(update=changes)
    observed = np.concatenate([start.observed for start in fit.starts])
    return float(np.log(np.exp(total_log_likelihood(targets, model, observed, fit.noise)).mean()))


def test_a_block_has_figures_of_one_day_or_kind_and_leaves_some(fit: Fit) -> None:
    fitted = {group_of(target) for target in fit.targets if target.fitted}
    names = [name for name, _ in blocks_of(fit.targets)]
    assert len(names) == len(set(names)) > 1
    for name, rows in blocks_of(fit.targets):
        inside = {group_of(fit.targets[j]) for j in rows}
        assert 1 < len(inside) < len(fitted), name
        rest = without(fit.targets, rows)
        assert {group_of(target) for target in rest if target.fitted} == fitted - inside
        described = [fit.targets[j].row for j in rows]
        days = {(row.from_ + (row.until - row.from_) / 2).day for row in described}
        assert len({row.quantity for row in described}) == 1 or len(days) == 1


@pytest.mark.slow
def test_the_log_score_is_a_ratio_of_evidences(fit: Fit, findings: Findings) -> None:
    for (name, rows), block in zip(blocks_of(fit.targets), findings.blocks, strict=True):
        ratio = log_evidence(fit, fit.targets) - log_evidence(fit, without(fit.targets, rows))
        assert block.name == name
        assert block.log_score == pytest.approx(ratio, abs=1e-6 + 0.1), name
        assert block.reliable == (block.ess >= 100)
        assert all(row.ess == block.ess for row in block.predictions)


def test_other_errors_of_the_model_are_scored_by_re_weighting(fit: Fit, findings: Findings) -> None:
    assumed = fit.loaded.calibration.observation
    assert len(findings.error_models) == len(SHARES) * len(SIZES)
    for score in findings.error_models:
        changes = {"shared": score.shared, "discrepancy": score.discrepancy}
        ratio = log_evidence(fit, fit.targets, **changes) - log_evidence(fit, fit.targets)
        assert score.together == pytest.approx(ratio, abs=0.1)
    same = next(
        score
        for score in findings.error_models
        if score.shared == assumed.shared and score.discrepancy == assumed.discrepancy
    )
    assert same.together == pytest.approx(0, abs=1e-9)
    assert same.days + same.kinds == pytest.approx(sum(block.log_score for block in findings.blocks))


def test_too_few_effective_draws_are_told(findings: Findings) -> None:
    assert not replace(findings.blocks[0], ess=99.0).reliable
