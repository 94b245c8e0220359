"""A validation in words: figures, bands and scores for tables, page and picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from sim.measures.reports import amount
from sim.plotting.story import rounded, window
from sim.units import to_figures
from sim.verbs.validate.naive import NAMES, reason
from sim.verbs.validate.pairs import Pair
from sim.verbs.validate.scores import NEAR_ZERO, Overall, Score, Share, error_factor
from sim.verbs.validate.study import MODEL, ScoredRow, Validation, series_scored_by

GENERAL = (
    "Bands are of the reports expected: they include the posterior, chance, the error of reports of that kind and the "
    "model's discrepancy, as the calibration assumes them, without outliers. Log scores include outliers; only "
    "differences between forecasts of the same figures mean something.",
    "CRPS is of the logarithm (0.2 is about 20 %), but in the unit of the figure near zero: below "
    f"{', '.join(f'{value:g} {unit}' for unit, value in NEAR_ZERO.items() if '/' not in unit)}.",
    "Intervals of coverage (Clopper and Pearson) treat the figures as independent. Figures of the same days are not, "
    "so the true intervals are wider.",
)
"""How the scores are to be read."""
AS_BEFORE = 1.05
"""Factor below which the error of a figure counts as unchanged."""
FAR, APART = 0.05, 0.01
"""Tails of pairs that lie far out, and that the model hardly allows together."""


def dated(row: ScoredRow) -> str:
    """Return a figure with its window: '25 Sep: 11,143 people across'."""
    return f"{window(row.target.row)}: {row.label}"


def own_value(row: ScoredRow) -> str:
    """Return the model's own value, mean and 5-95 %: '10,600 [9,000–12,600]'."""
    return with_ends(row.mean, row.low, row.high, row.unit)


def first_value(row: ScoredRow) -> str:
    """Return the first score in the same form; '-' if there is none."""
    return "-" if row.first is None else with_ends(row.first.mean, row.first.low, row.first.high, row.unit)


def with_ends(value: float, low: float, high: float, unit: str) -> str:
    """Return a value with its unit and, where they exist, the ends of its band."""
    if not math.isfinite(value):
        return "-"
    band = f" [{rounded(low)}–{rounded(high)}]" if math.isfinite(low) and low < high else ""
    return f"{amount(to_figures(value), unit)}{band}"


def band(score: Score) -> str:
    """Return the 90 % band of the reports expected: '8,100–13,900'."""
    return f"{rounded(score.low)}–{rounded(score.high)}"


def inside(score: Score) -> str:
    """Return the narrowest band that holds the report: 'in 50 %', 'in 90 %' or 'outside'."""
    return "in 50 %" if score.inside_50 else "in 90 %" if score.inside_90 else "outside"


def percent(share: float) -> str:
    """Return a share in percent: '12 %', '< 1 %', '> 99 %'."""
    if share < 0.1:
        return "< 1 %" if share < 0.01 else f"{100 * share:.2g} %"
    return "> 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def tail_words(row: ScoredRow, score: Score) -> str:
    """Return the tail of a report; of a bound, the share of the reports expected that keep it: 'kept by 97 %'."""
    return f"kept by {percent(score.tail)}" if row.target.bound else percent(score.tail)


def verdict(row: ScoredRow, score: Score) -> str:
    """Return where a report lies: 'in 90 %, tail 8 %'; of a bound: 'bound kept by 97 %'."""
    words = tail_words(row, score)
    return f"bound {words}" if row.target.bound else f"{inside(score)}, tail {words}"


def number(value: float) -> str:
    """Return a score with two decimals and a true minus; '-' where there is none."""
    return f"{value:.2f}".replace("-", "−") if math.isfinite(value) else "-"


def crps_words(row: ScoredRow, score: Score) -> str:
    """Return the CRPS, with its unit where it is not of the logarithm."""
    return f"{number(score.crps)} {row.unit}" if score.absolute else number(score.crps)


def share_words(share: Share) -> str:
    """Return '11 of 14 (49–95 %)'."""
    return f"{share.hits} of {share.total} ({100 * share.low:.0f}–{100 * share.high:.0f} %)" if share.total else "-"


def against_first(row: ScoredRow) -> str:
    """Return whether the model's mean is 'nearer' to the report than at the first score, 'farther' or 'as before'."""
    if row.first is None or not math.isfinite(row.mean):
        return "-"
    if not row.first.comparable:
        return "not comparable"
    now, then = (error_factor(row.target, value) for value in (row.mean, row.first.mean))
    if max(now, then) <= AS_BEFORE * min(now, then):
        return "as before"
    return "nearer" if now < then else "farther"


def overall_cells(scores: Overall) -> tuple[str, ...]:
    """Return the cells of the scores over several figures: rows, two coverages, error, width, log score."""
    return (
        str(scores.rows),
        share_words(scores.inside_50),
        share_words(scores.inside_90),
        number(scores.error_factor),
        number(scores.width_factor),
        number(scores.log_score),
    )


def pair_words(pair: Pair) -> str:
    """Return both figures with their windows: '25 Sep: about 48 h of quoted wait, and 26 Sep: about 4,800 cars'."""
    sides = [f"{window(side.target.row)}: {side.label}" for side in (pair.first, pair.second)]
    return ", and ".join(sides)


def pairs_sentence(pairs: Sequence[Pair]) -> str:
    """Return how many pairs lie far out, beside what luck gives."""
    far, apart = (sum(pair.tail < level for pair in pairs) for level in (FAR, APART))
    named = "; ".join(pair_words(pair) for pair in pairs if pair.tail < APART)
    return (
        f"Joint checks: of {len(pairs)} pairs of figures of different kinds within a day, {far} lie farther out than "
        f"{percent(1 - FAR)} of the pairs expected; luck alone gives about {FAR * len(pairs):.0f}, but pairs share "
        "figures." + (f" The model hardly allows {apart} of them together: {named}." if apart else "")
    )


def notes(validation: Validation) -> Iterator[str]:
    """Yield how the numbers are to be read, and what is missing."""
    yield from GENERAL
    if validation.pairs:
        yield pairs_sentence(validation.pairs)
    yield from particulars(validation)


def used_sentence(validation: Validation) -> str:
    """Return which figures the posterior was fitted to although the calibration does not fit them now."""
    names, path = ", ".join(validation.used_before), validation.loaded.path
    return (
        f"The posterior was fitted to {names}, which {path.name} does not fit now: counted as fitted, not scored; "
        f"`sim calibrate {path} --update` fits without them."
    )


def particulars(validation: Validation) -> Iterator[str]:
    """Yield what holds for these figures: an earlier fit, bounds, figures near zero, and forecasts that are missing."""
    if validation.used_before:
        yield used_sentence(validation)
    scored = [(row, row.scores[MODEL]) for row in validation.rows]
    near = [row.target.row.id for row, score in scored if score.absolute]
    if near:
        yield f"CRPS in the unit of the figure, near zero: {', '.join(near)}."
    bounds = [row.target.row.id for row in validation.rows if row.target.bound]
    if bounds:
        kind = "Bounds, for which the band has to reach their side only, which is easier than for a number"
        yield f"{kind}: {', '.join(bounds)}."
    if validation.posterior is None:
        yield "The scenario has no posterior: bands include chance and the errors of reports and model, no parameters."
    if validation.everything:
        yield "Fitted figures have been used to make the model; their scores are no test of it."
    if series := [each.id for each in validation.loaded.calibration.reported_series if each.status != "rejected"]:
        yield f"Series, which are not scored here: {', '.join(series)}; {series_scored_by(validation.loaded)}."
    for name in NAMES:
        missing = [(row.target.row.id, reason(name, row.naive[name])) for row in validation.rows]
        for why in dict.fromkeys(why for _, why in missing if why):
            yield f"No forecast '{name}': {', '.join(each for each, its in missing if its == why)} ({why})."
