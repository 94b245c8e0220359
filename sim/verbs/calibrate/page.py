"""The page of a calibration: what the figures identify and what they leave open, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim import store
from sim.measures.reports import unit_of
from sim.units import show_duration
from sim.verbs.calibrate.findings import CORRELATED, TENSION, FigureFinding, Findings, ParameterFinding
from sim.verbs.calibrate.fit import MIN_ESS_HELD_OUT
from sim.verbs.calibrate.series_findings import findings_of_series, series_words
from sim.verbs.calibrate.tables import csv_tables
from sim.verbs.calibrate.words import (
    caveats,
    combination_words,
    ends,
    gate_words,
    interval,
    modelled,
    percent,
    quantity,
    source_words,
    tape_words,
    verdict_words,
)

if TYPE_CHECKING:
    from sim.plotting.result import Plots
    from sim.scenario.model.calibration import ErrorModel

PAGE = "page.md"
FAR = 1.0
"""Least shift, in prior standard deviations, of a parameter that the page lists as moved by the figures."""


def write(folder: Path, findings: Findings, pictures: Plots, *, svg: bool = False) -> None:
    """Write the page, the tables and the pictures (with `svg` also as SVG) of a calibration into `folder`.

    Raises SimError.
    """
    for name, columns in csv_tables(findings).items():
        store.write_table(folder / name, columns)
    if pictures:
        from sim.plotting import picture

        picture.write(folder / "pictures", pictures.one_by_one(), svg=svg)
    store.write(folder / PAGE, markdown(findings, list(pictures)))


def markdown(findings: Findings, pictures: Sequence[str] = ()) -> str:
    """Return the page as Markdown with links to these `pictures` (pictures/NAME.png)."""
    scenario = findings.fit.loaded.central.scenario
    parts: list[str] = [f"# Calibration: {scenario.title}", _opening(findings)]
    for heading, picture, section in (
        ("What the figures identify", "parameters", _parameters),
        ("What the figures leave open", "correlations", _unknown),
        ("Figure by figure", "figures", _figures),
        ("Series", "series", _series),
        ("Held-out figures", "held_out", _held_out),
        ("Method", "", _method),
    ):
        paragraphs = list(section(findings))
        if paragraphs:
            parts += [f"## {heading}", *paragraphs]
            parts += [f"![{heading}](pictures/{picture}.png)"] if picture in pictures else []
    return "\n\n".join(parts) + "\n"


def _opening(findings: Findings) -> str:
    fit = findings.fit
    fitted = sum(finding.target.fitted for finding in findings.figures)
    rejected = sum(finding.verdict == "rejected" for finding in findings.figures)
    others = [(rejected, "rejected"), (len(findings.figures) - fitted - rejected, "only predicted")]
    more = "".join(f", {count} {what}" for count, what in others if count)
    series = fit.evidence.series if fit.evidence is not None else ()
    points = sum(map(len, series))
    beside = f", and {len(series)} series with {points:,} points" if series else ""
    return (
        f"The calibration file `{fit.loaded.path.name}` has {_many(len(findings.figures), 'reported figure')}: {fitted}"
        f" fitted{more}{beside}. The fit has {_many(len(findings.parameters), 'parameter')} of the scenario"
        f" `{Path(fit.loaded.calibration.scenario).name}`. Brackets are 90 % intervals."
    )


def _parameters(findings: Findings) -> Iterator[str]:
    for identification, opening in (
        ("identified", "Identified (the figures remove at least half of the prior variance):"),
        ("somewhat identified", "Somewhat identified:"),
    ):
        rows = [row for row in findings.parameters if row.identification == identification]
        if rows:
            yield _bullets(opening, map(_parameter_words, rows))
        elif identification == "identified":
            yield "No parameter is identified by itself."
    moved = [row for row in findings.parameters if abs(row.shift) >= FAR]
    if moved:
        yield _bullets("The mean of these moved by at least one prior standard deviation:", map(_moved_words, moved))
    if len(findings.parameters) > 1:
        yield combination_words(findings)
    header = ("parameter", "meaning", "prior", "posterior", "best", "narrowed", "result", "correlated with")
    yield _table(header, map(_parameter_row, findings.parameters))


def _unknown(findings: Findings) -> Iterator[str]:
    open_ = [row for row in findings.parameters if row.identification == "not identified"]
    if open_:
        opening = "Not identified (the posterior is mostly the prior):"
        yield _bullets(opening, map(_parameter_words, open_))
    pairs = [(row, other, value) for row in findings.parameters for other, value in row.correlated if row.name < other]
    if pairs:
        opening = f"Pairs with a correlation of {CORRELATED} or more, which are known better jointly than separately:"
        yield _bullets(opening, (_pair_words(findings, *pair) for pair in pairs))
    yield (
        "All results assume that the numbers of the scenario that are not fitted are correct; no interval includes"
        " their uncertainty."
    )
    yield from caveats(findings)


def _figures(findings: Findings) -> Iterator[str]:
    if not findings.figures:
        return
    fitted = [finding for finding in findings.figures if finding.target.fitted]
    tense = [finding for finding in fitted if finding.in_tension]
    yield (
        f"{len(fitted) - len(tense)} of {_many(len(fitted), 'fitted figure')} agree with the fitted model: an honest"
        " reporter could have reported them if it were true. Since they were used in the fit, this is no test of it."
    )
    others = [row for row in findings.figures if not row.target.fitted and row.target.row.status == "used"]
    for rows, opening in (
        (tense, f"In tension (tail below {percent(TENSION)}):"),
        ([row for row in others if row.in_tension], "Not fitted, outside the prediction:"),
        ([row for row in others if not row.in_tension], "Not fitted, inside the prediction:"),
    ):
        if rows:
            yield _bullets(opening, map(_figure_words, rows))
    rejected = [row for row in findings.figures if row.verdict == "rejected"]
    if rejected:
        yield _bullets("Rejected before the fit, with the reason:", map(_rejected_words, rejected))
    yield (
        "`model` is the model's own figure; the verdict compares it with the report, as in a run. `expected` are the"
        " reports that honest reporters would make of it, before and after the fit. `tail` is the probability of a"
        " report as far out as this one; for a bound, that it holds."
    )
    yield tape_words(findings)
    header = ("reported", "date and source", "model", "expected before", "expected after", "tail", "verdict")
    yield _table(header, map(_figure_row, findings.figures))


def _series(findings: Findings) -> Iterator[str]:
    found = findings_of_series(findings.fit)
    if found:
        yield _bullets("Each series as a whole:", (series_words(finding) for finding, _ in found))
        yield (
            "The band holds 90 % of the reports expected at each point by itself: chance, the error of the model and of"
            " the report, and what is not known of the parameters."
        )


def _held_out(findings: Findings) -> Iterator[str]:
    if not findings.held_out:
        return
    inside = sum(prediction.tail >= TENSION for prediction in findings.held_out)
    yield (
        f"Each figure was held out and predicted from the others: {inside} of {len(findings.held_out)} lie"
        f" inside the prediction (tail of {percent(TENSION)} or more)."
        " By chance alone, up to one in ten would lie outside."
    )
    rows = []
    for prediction in findings.held_out:
        row = prediction.target.row
        span = modelled(prediction.reports, unit_of(row))
        words = (findings.label(prediction.target), source_words(row))
        rows.append((*words, span, percent(prediction.tail), f"{prediction.ess:,.0f}", prediction.how))
    yield _table(("reported", "date and source", "predicted", "tail", "effective sample size", "how"), rows)
    yield from _blocks(findings)


def _blocks(findings: Findings) -> Iterator[str]:
    if not findings.blocks:
        return
    yield (
        "Figures of one day, and of one kind, were also held out together. The log score is the logarithm of the"
        " probability of the block given the other figures; `unreliable` marks an effective sample size below"
        f" {MIN_ESS_HELD_OUT:.0f}."
    )
    rows = []
    for block in findings.blocks:
        labels = "; ".join(findings.label(each.target) for each in block.predictions)
        inside = sum(each.tail >= TENSION for each in block.predictions)
        ess = f"{block.ess:,.0f}{'' if block.reliable else ', unreliable'}"
        rows.append((block.name, labels, f"{inside} of {len(block.predictions)}", _signed(block.log_score), ess))
    yield _table(("held out together", "figures", "inside", "log score", "effective sample size"), rows)
    yield (
        "The same under other assumptions about the error of the model, by re-weighting: sums of the log scores of the"
        " days and of the kinds, and the log probability of all figures together relative to the assumption of the"
        " file. A difference below 1 says little."
    )
    models = [
        (
            f"{100 * score.shared:.0f} %",
            f"{score.discrepancy:.3g}",
            *(_signed(part) for part in (score.days, score.kinds, score.together)),
            f"{score.ess:,.0f}{'' if score.ess >= MIN_ESS_HELD_OUT else ', unreliable'}",
        )
        for score in findings.error_models
    ]
    yield _table(("shared", "discrepancy", "days", "kinds", "all figures", "least effective sample size"), models)


def _signed(number: float) -> str:
    return f"{number:+.2f}".replace("-", "−")


def _method(findings: Findings) -> Iterator[str]:
    fit, observation = findings.fit, findings.fit.loaded.calibration.observation
    yield gate_words(findings)
    yield f"Found by {fit.method}."
    if fit.gate.reasons:
        yield _bullets("Notes:", fit.gate.reasons)
    shared = [findings.label(target) for target in fit.targets if target.fitted and target.weight < 1]
    if shared:
        yield f"These figures repeat others and share one weight with them: {'; '.join(shared)}."
    spreads = ", ".join(f"{trust.replace('_', ' ')} {spread:g}" for trust, spread in observation.spread.items())
    yield (
        f"Assumed standard deviations of the logarithm (0.1 is about 10 %): of the reports, {spreads}; of the model,"
        f" {observation.discrepancy:g}{_common(observation)}. A figure is assumed to concern something else entirely"
        f" with a probability of {percent(observation.outlier.chance)}; expected reports and tails exclude this case."
        " Other assumptions would give other intervals."
    )


def _common(observation: ErrorModel) -> str:
    if not observation.shared:
        return ""
    common, fades = percent(observation.shared), show_duration(observation.fades)
    return f", of whose variance {common} is common to figures of one crossing and fades in {fades}"


def _parameter_words(finding: ParameterFinding) -> str:
    return (
        f"{finding.label} (`{finding.name}`): {interval(finding.posterior, finding.unit)}, prior"
        f" {interval(finding.prior, finding.unit)}"
    )


def _moved_words(finding: ParameterFinding) -> str:
    way = "up" if finding.shift > 0 else "down"
    return f"{finding.label} (`{finding.name}`): {way} by {abs(finding.shift):.1f} standard deviations"


def _pair_words(findings: Findings, finding: ParameterFinding, other: str, value: float) -> str:
    label = next(row.label for row in findings.parameters if row.name == other)
    way = "both are higher or both are lower" if value > 0 else "one is higher and the other lower"
    number = f"{value:+.2f}".replace("-", "−")
    return (
        f"{finding.label} (`{finding.name}`) and {label} (`{other}`): the figures are met about equally well"
        f" when {way} (correlation {number})"
    )


def _figure_words(finding: FigureFinding) -> str:
    row, reported = finding.target.row, finding.target.reported
    return (
        f"{finding.label}, {source_words(row)}: model {modelled(finding.model, finding.unit)},"
        f" {finding.model.median / reported:.2g} times the report; expected reports {ends(finding.reports)}; tail"
        f" {percent(finding.tail)}"
    )


def _rejected_words(finding: FigureFinding) -> str:
    return f"{_figure_words(finding)}. {' '.join(finding.target.row.reading.split())}"


def _parameter_row(finding: ParameterFinding) -> Sequence[str]:
    return (
        f"`{finding.name}`",
        finding.label,
        interval(finding.prior, finding.unit),
        interval(finding.posterior, finding.unit),
        quantity(finding.point, finding.unit),
        percent(max(finding.contraction, 0.0)),
        finding.identification,
        ", ".join(f"`{name}`" for name, _ in finding.correlated),
    )


def _figure_row(finding: FigureFinding) -> Sequence[str]:
    row = finding.target.row
    return (
        finding.label,
        source_words(row),
        modelled(finding.model, finding.unit),
        ends(finding.reports_before)[1:-1],
        ends(finding.reports)[1:-1],
        percent(finding.tail),
        verdict_words(finding),
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _bullets(opening: str, lines: Iterable[str]) -> str:
    return "\n".join([opening, "", *(f"- {line}" for line in lines)])


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

    return "\n".join([line(header), f"|{'---|' * len(header)}", *map(line, rows)])
