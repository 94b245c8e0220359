"""The page of a calibration: what the figures identify and what they leave open, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim import store
from sim.measures.reports import unit_of
from sim.verbs.calibrate.findings import CORRELATED, TENSION, FigureFinding, Findings, ParameterFinding
from sim.verbs.calibrate.tables import csv_tables
from sim.verbs.calibrate.words import (
    caveats,
    combination_words,
    ends,
    figure_words,
    gate_words,
    interval,
    modelled,
    percent,
    quantity,
    source_words,
)

if TYPE_CHECKING:
    from sim.plotting.picture import Picture

PAGE = "page.md"
FAR = 1.0
"""Least shift, in prior standard deviations, of a parameter that the page lists as moved by the figures."""


def write(folder: Path, findings: Findings, pictures: Mapping[str, Picture]) -> None:
    """Write the page, the tables and the pictures of a calibration into `folder`. Raises SimError."""
    for name, columns in csv_tables(findings).items():
        store.write_table(folder / name, columns)
    if pictures:
        from sim.plotting import picture

        picture.write(folder / "pictures", pictures, formats=("png",))
    store.write(folder / PAGE, markdown(findings, list(pictures)))


def markdown(findings: Findings, pictures: Sequence[str] = ()) -> str:
    """Return the page as Markdown with links to these `pictures` (pictures/NAME.png)."""
    scenario = findings.fit.loaded.central.scenario
    parts: list[str] = [f"# What the reported figures tell: {scenario.title}", _opening(findings)]
    for heading, picture, section in (
        ("What was learnt", "parameters", _parameters),
        ("What cannot be known from these figures", "correlations", _unknown),
        ("Figure by figure", "figures", _figures),
        ("Every figure predicted without it", "held_out", _held_out),
        ("How it was done", "", _method),
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
    return (
        f"The calibration file `{fit.loaded.path.name}` has {_many(len(findings.figures), 'reported figure')}: {fitted}"
        f" fitted{more}. To fit the scenario `{Path(fit.loaded.calibration.scenario).name}` to them,"
        f" {_many(len(findings.parameters), 'number')} may change. Brackets hold 90 %."
    )


def _parameters(findings: Findings) -> Iterator[str]:
    for identification, opening in (
        ("identified", "The figures identify (at least half of the variance assumed before is gone):"),
        ("somewhat identified", "They narrow, but less:"),
    ):
        rows = [row for row in findings.parameters if row.identification == identification]
        if rows:
            yield _bullets(opening, map(_parameter_words, rows))
        elif identification == "identified":
            yield "The figures identify no parameter by itself."
    moved = [row for row in findings.parameters if abs(row.shift) >= FAR]
    if moved:
        yield _bullets("The figures pull these away from what was held likely before:", map(_moved_words, moved))
    if len(findings.parameters) > 1:
        yield combination_words(findings)
    header = ("parameter", "what it is", "before", "after", "best", "narrowed", "the figures", "tied to")
    yield _table(header, map(_parameter_row, findings.parameters))


def _unknown(findings: Findings) -> Iterator[str]:
    open_ = [row for row in findings.parameters if row.identification == "not identified"]
    if open_:
        opening = "The figures hardly narrow these; what stands after the fit is mostly what was assumed before:"
        yield _bullets(opening, map(_parameter_words, open_))
    pairs = [(row, other, value) for row in findings.parameters for other, value in row.correlated if row.name < other]
    if pairs:
        opening = (
            f"The figures fix these pairs (correlation of {CORRELATED} or more) better together than each by itself:"
        )
        yield _bullets(opening, (_pair_words(findings, *pair) for pair in pairs))
    yield (
        "Everything here supposes that the scenario is right in what is not fitted: its other numbers are taken as they"
        " are, and no interval here holds their uncertainty."
    )
    yield from caveats(findings)


def _figures(findings: Findings) -> Iterator[str]:
    fitted = [finding for finding in findings.figures if finding.target.fitted]
    tense = [finding for finding in fitted if finding.verdict == "in tension"]
    yield (
        f"{len(fitted) - len(tense)} of {_many(len(fitted), 'fitted figure')} can be what an honest reporter would say"
        " if the fitted model were true. That they were fitted makes this likely; it is no test of the model."
    )
    for verdict, opening in (
        ("in tension", f"In tension (a chance of less than {percent(TENSION)}):"),
        ("predicted: outside", "Not fitted, and missed by the prediction:"),
        ("predicted: inside", "Not fitted, and as predicted:"),
    ):
        rows = [row for row in findings.figures if row.verdict == verdict]
        if rows:
            yield _bullets(opening, map(_figure_words, rows))
    rejected = [row for row in findings.figures if row.verdict == "rejected"]
    if rejected:
        yield _bullets("Rejected before the fit, with the reason:", map(_rejected_words, rejected))
    yield (
        "`model` is the model's own figure; `reporters` what honest reporters would say of it, before and after the"
        " fit; `tail` the chance of a report as far out as this one, for a bound the chance that it holds."
    )
    header = ("reported", "when and by whom", "model", "reporters before", "reporters after", "tail", "verdict")
    yield _table(header, map(_figure_row, findings.figures))


def _held_out(findings: Findings) -> Iterator[str]:
    if not findings.held_out:
        return
    inside = sum(prediction.tail >= TENSION for prediction in findings.held_out)
    yield (
        f"Each figure was left out in turn and predicted by the others: {inside} of {len(findings.held_out)} lie where"
        f" a report would be expected (a tail of {percent(TENSION)} or more)."
        " By chance alone up to one in ten would not."
    )
    rows = []
    for prediction in findings.held_out:
        row = prediction.target.row
        span = modelled(prediction.reports, unit_of(row))
        words = (figure_words(row, prediction.target.reported), source_words(row))
        rows.append((*words, span, percent(prediction.tail), f"{prediction.ess:,.0f}", prediction.how))
    yield _table(("reported", "when and by whom", "predicted", "tail", "effective sample", "how"), rows)


def _method(findings: Findings) -> Iterator[str]:
    fit, observation = findings.fit, findings.fit.loaded.calibration.observation
    yield gate_words(findings)
    if fit.gate.reasons:
        yield _bullets("What was noted on the way:", fit.gate.reasons)
    shared = [
        figure_words(target.row, target.reported) for target in fit.targets if target.fitted and target.weight < 1
    ]
    if shared:
        yield f"These repeat what others say and share one weight with them: {'; '.join(shared)}."
    spreads = ", ".join(f"{trust.replace('_', ' ')} {spread:g}" for trust, spread in observation.spread.items())
    yield (
        f"Assumed of the reports, as standard deviations of logarithms (0.1 is about 10 %): {spreads}; of the model:"
        f" {observation.discrepancy:g}. With a chance of {percent(observation.outlier.chance)} a figure is taken to be"
        " about something else altogether; what reporters would say, and the tails, leave that out. Other assumptions"
        " would give other intervals."
    )


def _parameter_words(finding: ParameterFinding) -> str:
    return (
        f"{finding.label} (`{finding.name}`): {interval(finding.posterior, finding.unit)}, before"
        f" {interval(finding.prior, finding.unit)}"
    )


def _moved_words(finding: ParameterFinding) -> str:
    way = "up" if finding.shift > 0 else "down"
    return f"{finding.label} (`{finding.name}`): {way} by {abs(finding.shift):.1f} standard deviations"


def _pair_words(findings: Findings, finding: ParameterFinding, other: str, value: float) -> str:
    label = next(row.label for row in findings.parameters if row.name == other)
    way = "both higher or both lower" if value > 0 else "one higher and the other lower"
    number = f"{value:+.2f}".replace("-", "−")
    return (
        f"{finding.label} (`{finding.name}`) and {label} (`{other}`): with {way} the figures are met about as well"
        f" (correlation {number})"
    )


def _figure_words(finding: FigureFinding) -> str:
    row, reported = finding.target.row, finding.target.reported
    return (
        f"{figure_words(row, reported)}, {source_words(row)}: the model says {modelled(finding.model, finding.unit)},"
        f" {finding.model.median / reported:.2g} times that; reporters would say {ends(finding.reports)}; tail"
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
        figure_words(row, finding.target.reported),
        source_words(row),
        modelled(finding.model, finding.unit),
        ends(finding.reports_before)[1:-1],
        ends(finding.reports)[1:-1],
        percent(finding.tail),
        finding.verdict,
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _bullets(opening: str, lines: Iterable[str]) -> str:
    return "\n".join([opening, "", *(f"- {line}" for line in lines)])


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

    return "\n".join([line(header), f"|{'---|' * len(header)}", *map(line, rows)])
