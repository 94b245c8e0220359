"""Figures, numbers and findings of a calibration in words, for tables, page and pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.measures.reports import amount
from sim.plotting.story import rounded, window
from sim.scenario.model.reported import Reported
from sim.units import to_figures
from sim.verbs.calibrate.findings import CORRELATED, most_correlated_figures
from sim.verbs.calibrate.fit import Range

if TYPE_CHECKING:
    from sim.verbs.calibrate.findings import FigureFinding, Findings


def source_words(row: Reported) -> str:
    """Return the dates of a figure and its source: '25 Sep, Russian state media (Sky News)'."""
    return f"{window(row)}, {row.who} ({row.source})"


def quantity(value: float, unit: str) -> str:
    """Return the value of a parameter with its unit: '155/h', '38 %', '1.2'."""
    return f"{rounded(value)}{'' if unit.startswith('/') else ' '}{unit}".rstrip()


def interval(span: Range, unit: str = "") -> str:
    """Return a median with its 90 % interval: '155/h [97–240]'."""
    return f"{quantity(span.median, unit)} {ends(span)}"


def ends(span: Range) -> str:
    """Return the 90 % interval alone: '[97–240]'."""
    return f"[{rounded(span.low)}–{rounded(span.high)}]"


def modelled(span: Range, unit: str) -> str:
    """Return the model's own figure with its 90 % interval: '3,370 [2,900–3,900]', '57 h [51–66]'."""
    return f"{amount(to_figures(span.median), unit)} {ends(span)}"


def percent(share: float) -> str:
    """Return a share in percent: '12 %', '4.3 %', '< 1 %', '> 99 %'."""
    if not math.isfinite(share):
        return "-"
    if share < 0.1:
        return "< 1 %" if share < 0.01 else f"{100 * share:.2g} %"
    return "> 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def verdict_words(finding: FigureFinding) -> str:
    """Return the verdict, and whether the figure is in tension: 'met', 'off, in tension'."""
    return f"{finding.verdict}, in tension" if finding.in_tension else finding.verdict


def gate_words(findings: Findings) -> str:
    """Return method, seed and the numbers that the gate judges, in a few sentences."""
    fit, gate = findings.fit, findings.fit.gate
    distance = ""
    if len(fit.starts) > 1:
        most = f"{gate.disagreement:.2f} standard deviations"
        distance = f" The medians of the {len(fit.starts)} starts differ by at most {most}."
    return (
        f"Method: {fit.method}; seed {fit.seed}; {gate.evaluations:,} evaluations of the model"
        f"{_times(fit.replications, 'replication', ' each')}, {_times(gate.rounds, 'round', '')[2:]}."
        f" Effective sample size: {gate.ess:,.0f}; largest weight: {100 * gate.largest_weight:.2g} %.{distance}"
    )


def tape_words(findings: Findings) -> str:
    """Return why a model's value here and in a run of the fitted scenario can differ, in two sentences."""
    fit = findings.fit
    plays = "once, all on the same tape" if fit.replications == 1 else f"on the same {fit.replications} tapes"
    count = fit.loaded.central.scenario.replications
    run = "one tape" if count == 1 else f"{count} tapes"
    return (
        "The model's values are the median and 90 % range over the posterior, each vector of parameters played"
        f" {plays}. `sim run` shows means over {run}, so its values may differ within chance."
    )


def combination_words(findings: Findings) -> str:
    """Return how many combinations of the parameters the figures identify, in two sentences; '' for one parameter."""
    count = len(findings.parameters)
    if count < 2:
        return ""
    sentence = f"Together, the figures identify {findings.combinations} of {count} independent parameter combinations."
    rest = count - findings.combinations
    if rest == 0:
        return sentence
    others = "the other" if rest == 1 else f"each of the other {rest}"
    return f"{sentence} More than half of the prior variance remains in {others}."


def caveats(findings: Findings) -> list[str]:
    """Return the limits of the result, in paragraphs: those given in the file, shared errors, power of the test."""
    paragraphs = [" ".join(findings.fit.loaded.calibration.limits.split())]
    pair = most_correlated_figures(findings.fit)
    if pair and pair[2] >= CORRELATED and not findings.fit.loaded.calibration.observation.shared:
        names = " and ".join(f"'{findings.label(target)}'" for target in pair[:2])
        paragraphs.append(
            "The model error is assumed to be independent for each figure, but its figures are correlated:"
            f" those for {names} have a correlation of {pair[2]:.2f} after the fit. An error common to them is treated"
            " as if it averaged out, so the intervals are somewhat too narrow; `shared` makes it common."
        )
    if findings.held_out:
        ratio = float(np.median([row.reports.high / row.reports.low for row in findings.held_out]))
        paragraphs.append(
            "A held-out figure contradicts the model only if it lies outside its predicted band, and"
            f" the upper end of a band is {ratio:.2g} times the lower one (median). A figure inside its band shows that"
            " the model is not far off; it does not show that the model is right."
        )
    return [paragraph for paragraph in paragraphs if paragraph]


def _times(count: int, what: str, each: str) -> str:
    return f", {count} {what}{'' if count == 1 else 's'}{each}"
