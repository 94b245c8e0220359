"""A calibration in words and tables: for the terminal, as columns for CSV files, and as a document for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import store
from sim.measures.reports import unit_of
from sim.plotting.rail import words
from sim.plotting.sheet import Sheet, print_sheets
from sim.plotting.story import amount, counted, rounded, window
from sim.scenario.model.reported import Reported
from sim.verbs.calibrate.findings import TENSION, TIED, Figure, Learning, Learnt, Range, logarithmic, moving_together

if TYPE_CHECKING:
    from sim.store import Columns
    from sim.verbs.calibrate.fit import HeldOut

FOUND_STYLES = {"identified": "green", "somewhat identified": "yellow", "not identified": "dim"}
VERDICT_STYLES = {
    "met": "green",
    "in tension": "red",
    "predicted: inside": "green",
    "predicted: outside": "red",
    "rejected": "dim",
}


def figure_words(row: Reported, reported: float) -> str:
    """Return a reported figure in full: 'more than 3,000 cars waiting', 'about 37,000 vehicles across, both ways'."""
    qualifier = "" if row.qualifier == "=" else row.qualifier
    said = [qualifier, amount(reported, unit_of(row)), counted(row), row.kind.words]
    if row.within is not None:
        said.append("near the border")  # how near may be fitted
    both = ", both ways" if row.directions == "both" else ""
    return " ".join(part for part in said if part) + both


def source_words(row: Reported) -> str:
    """Return when a figure holds and who said it: '25 Sep, Russian state media (Sky News)'."""
    return f"{window(row)}, {row.who} ({row.source})"


def quantity(value: float, unit: str) -> str:
    """Return the value of a parameter to three figures with its unit: '155/h', '38 %', '1.2'."""
    return f"{rounded(value)}{'' if unit.startswith('/') else ' '}{unit}".rstrip()


def interval(found: Range, unit: str = "") -> str:
    """Return a median with its 90 % interval: '155/h [97–240]'."""
    return f"{quantity(found.median, unit)} {ends(found)}"


def ends(found: Range) -> str:
    """Return the 90 % interval alone: '[97–240]'."""
    return f"[{rounded(found.low)}–{rounded(found.high)}]"


def modelled(found: Range, unit: str) -> str:
    """Return what the model says for a figure: '3,370 [2,900–3,900]', '57 h [51–66]'."""
    return f"{amount(float(f'{found.median:.3g}'), unit)} {ends(found)}"


def percent(share: float) -> str:
    """Return a share in percent: '12 %', '4.3 %', '< 1 %', '> 99 %'."""
    if not math.isfinite(share):
        return "-"
    if share < 0.1:
        return "< 1 %" if share < 0.01 else f"{100 * share:.2g} %"
    return "> 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def gate_words(learnt: Learnt) -> str:
    """Return method, seed and the numbers by which the sample was judged, in a few sentences."""
    fit, gate = learnt.fit, learnt.fit.gate
    apart = ""
    if len(fit.starts) > 1:
        apart = (
            f" The medians of {len(fit.starts)} starts lie at most {gate.disagreement:.2f} standard deviations apart."
        )
    return (
        f"Method: {fit.method}; seed {fit.seed}; {gate.evaluations:,} evaluations of the model"
        f"{_times(fit.replications, 'replication', ' each')}, {_times(gate.rounds, 'round', '')[2:]}."
        f" Effective size of the sample: {gate.ess:,.0f}; largest weight {100 * gate.largest_weight:.2g} %.{apart}"
    )


def combination_words(learnt: Learnt) -> str:
    """Return how many combinations of the parameters the figures identify, in two sentences; '' for one parameter."""
    count = len(learnt.parameters)
    if count < 2:
        return ""
    told = (
        f"Taken together, the figures identify {learnt.combinations} of {count} independent combinations of the"
        " parameters."
    )
    rest = count - learnt.combinations
    return (
        f"{told} In each of the other {rest}, more than half of the variance assumed before is left." if rest else told
    )


def caveats(learnt: Learnt) -> list[str]:
    """Return what limits the result, in paragraphs: what the file says of it, shared errors, power of the test."""
    told = [" ".join(learnt.fit.loaded.calibration.limits.split())]
    pair = moving_together(learnt.fit)
    if pair and pair[2] >= TIED:
        names = " and ".join(f"'{figure_words(target.row, target.reported)}'" for target in pair[:2])
        told.append(
            "The model is taken to be off by another, independent amount for each figure, though its figures move"
            f" together: those for {names} have a correlation of {pair[2]:.2f} after the fit. An error that they share"
            " counts as if it averaged out, so the intervals are somewhat too narrow."
        )
    if learnt.held_out:
        wide = float(np.median([found.high / found.low for found in learnt.held_out]))
        told.append(
            "A figure that was left out would have been a surprise only outside its band, or as a bound beyond it,"
            f" and the upper end of a band is {wide:.2g} times the lower one (median). That a figure lies"
            " inside shows that the model is not far off; it does not show that it is right."
        )
    return [paragraph for paragraph in told if paragraph]


def _times(count: int, what: str, each: str) -> str:
    return f", {count} {what}{'' if count == 1 else 's'}{each}"


def show(learnt: Learnt) -> None:
    """Print the tables of a calibration to standard output; 80 columns wide where that is not a terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    print_sheets(console, sheets(learnt))
    for paragraph in (combination_words(learnt), *caveats(learnt), gate_words(learnt)):
        if paragraph:
            console.print("", paragraph, sep="\n", markup=False)


def sheets(learnt: Learnt) -> list[Sheet]:
    """Return the tables for people: parameters, figures and, if there are any, figures left out."""
    held_out = [_held_out(learnt)] if learnt.held_out else []
    return [_parameters(learnt.parameters), _figures(learnt.figures), *held_out]


def _parameters(parameters: Sequence[Learning]) -> Sheet:
    from rich.markup import escape

    title = "Parameters: median [90 %] before and after the figures; narrowed: share of the variance that is gone"
    columns = ("parameter", "before", "after", "narrowed", "found")
    sheet = Sheet(title, columns, [], (True, False, False, False, True))
    for found in parameters:
        spans = (escape(interval(span, found.unit)) for span in (found.prior, found.posterior))
        tied = "".join(f"; tied to {words(name)}" for name, _ in found.tied)
        said = f"[{FOUND_STYLES[found.found]}]{found.found}[/]{tied}"
        sheet.rows.append((words(found.name), *spans, percent(max(found.contraction, 0.0)), said))
    return sheet


def _figures(figures: Sequence[Figure]) -> Sheet:
    from rich.markup import escape

    title = "Figures: what the fitted model says [90 %], and what reporters of such a world would say (90 %)"
    sheet = Sheet(title, ("reported", "model", "reporters", "verdict, tail"), [], (True, False, False, True))
    for found in figures:
        row = found.target.row
        said = f"{window(row)}: {figure_words(row, found.target.reported)}"
        verdict = f"[{VERDICT_STYLES[found.verdict]}]{found.verdict}[/], {percent(found.tail)}"
        sheet.rows.append((escape(said), escape(modelled(found.model, found.unit)), ends(found.said)[1:-1], verdict))
    return sheet


def _held_out(learnt: Learnt) -> Sheet:
    from rich.markup import escape

    title = "Left out in turn: what reporters would say [90 %] by the other figures alone"
    sheet = Sheet(title, ("reported", "predicted", "tail", "sample", "how"), [], (True, False, False, False, True))
    for found in learnt.held_out:
        row = row_of(learnt, found)
        said = f"{window(row)}: {figure_words(row, found.reported)}"
        predicted = modelled(Range(found.low, found.median, found.high), unit_of(row))
        sheet.rows.append((escape(said), escape(predicted), percent(found.tail), f"{found.ess:,.0f}", found.how))
    return sheet


def row_of(learnt: Learnt, held_out: HeldOut) -> Reported:
    """Return the reported row that was left out."""
    return next(target.row for target in learnt.fit.targets if target.row.id == held_out.id)


def tables(learnt: Learnt) -> dict[str, Columns]:
    """Return the tables as columns by the name of their file; docs/calibration.md says what each column means."""
    records = {
        "parameters.csv": [_parameter_record(learnt, found) for found in learnt.parameters],
        "figures.csv": [_figure_record(found) for found in learnt.figures],
        "correlations.csv": _correlation_records(learnt),
        "held_out.csv": [_held_out_record(learnt, found) for found in learnt.held_out],
    }
    return {name: _columns(rows) for name, rows in records.items() if rows}


def document(learnt: Learnt) -> dict[str, Any]:
    """Return everything told as one JSON document; None where there is no number."""
    fit, gate = learnt.fit, learnt.fit.gate
    judged = ("ess", "largest_weight", "disagreement", "evaluations", "rounds", "passed")
    return {
        "calibration": fit.loaded.path.name,
        "scenario": fit.loaded.calibration.scenario,
        "method": fit.method,
        "seed": fit.seed,
        "replications": fit.replications,
        "gate": _finite({name: getattr(gate, name) for name in judged}) | {"reasons": list(gate.reasons)},
        "combinations_identified": learnt.combinations,
        "limits": caveats(learnt),
        "parameters": [_finite(_parameter_record(learnt, found)) for found in learnt.parameters],
        "figures": [_finite(_figure_record(found)) for found in learnt.figures],
        "correlations": [_finite(record) for record in _correlation_records(learnt)],
        "held_out": [_finite(_held_out_record(learnt, found)) for found in learnt.held_out],
    }


def _parameter_record(learnt: Learnt, found: Learning) -> dict[str, Any]:
    described = learnt.fit.loaded.calibration.parameters[found.name]
    return {
        "parameter": found.name,
        "label": found.label,
        "unit": found.unit,
        "scale": "logarithmic" if logarithmic(described) else "linear",
        **_named("prior", found.prior),
        **_named("posterior", found.posterior),
        "point": found.point,
        "contraction": found.contraction,
        "shift": found.shift,
        "starts_apart": found.apart,
        "found": found.found,
        "tied_to": " ".join(name for name, _ in found.tied),
    }


def _figure_record(found: Figure) -> dict[str, Any]:
    target, row = found.target, found.target.row
    return {
        "id": row.id,
        "crossing": row.crossing,
        "quantity": row.quantity,
        "unit": found.unit,
        "qualifier": row.qualifier,
        "reported": target.reported,
        "rounded_from": target.low,
        "rounded_to": target.high,
        "trust": row.trust,
        "weight": float(target.weight),
        "fitted": "yes" if target.fitted else "no",
        **_named("model", found.model),
        **_named("said", found.said),
        **_named("before", found.said_before),
        "tail": found.tail,
        "verdict": found.verdict,
    }


def _correlation_records(learnt: Learnt) -> list[dict[str, Any]]:
    names = [found.name for found in learnt.parameters]
    pairs = [(a, b) for a in range(len(names)) for b in range(a + 1, len(names))]
    return [
        {"parameter": names[a], "other": names[b], "correlation": float(learnt.correlations[a, b])} for a, b in pairs
    ]


def _held_out_record(learnt: Learnt, found: HeldOut) -> dict[str, Any]:
    row = row_of(learnt, found)
    return {
        "id": found.id,
        "unit": unit_of(row),
        "qualifier": row.qualifier,
        "reported": found.reported,
        **_named("said", Range(found.low, found.median, found.high)),
        "tail": found.tail,
        "inside": "yes" if found.tail >= TENSION else "no",
        "effective_sample": found.ess,
        "how": found.how,
    }


def _named(prefix: str, found: Range) -> dict[str, float]:
    return {f"{prefix}_{end}": float(value) for end, value in found._asdict().items()}


def _columns(records: Sequence[dict[str, Any]]) -> Columns:
    columns = {name: np.array([record[name] for record in records]) for name in records[0]}
    return store.rounded(columns)


def _finite(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with None for what JSON has no number for, and plain numbers for numpy's."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in record.items()}
    return {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in plain.items()}
