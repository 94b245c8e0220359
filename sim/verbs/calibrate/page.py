"""The page of a calibration: what was learnt and what cannot be known, in plain words made from the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim import store
from sim.measures.reports import unit_of
from sim.verbs.calibrate.findings import TENSION, TIED, Figure, Learning, Learnt, Range
from sim.verbs.calibrate.tables import (
    caveats,
    combination_words,
    ends,
    figure_words,
    gate_words,
    interval,
    modelled,
    percent,
    quantity,
    row_of,
    source_words,
    tables,
)

if TYPE_CHECKING:
    from sim.plotting.picture import Picture

PAGE = "page.md"
FAR = 1.0
"""Prior standard deviations from which on a parameter is said to have been moved by the figures."""


def write(folder: Path, learnt: Learnt, pictures: Mapping[str, Picture]) -> None:
    """Write the page, the tables and the pictures of a calibration into `folder`. Raises SimError."""
    for name, columns in tables(learnt).items():
        store.write_table(folder / name, columns)
    if pictures:
        from sim.plotting import picture

        picture.write(folder / "pictures", pictures, formats=("png",))
    store.write(folder / PAGE, page(learnt, list(pictures)))


def page(learnt: Learnt, drawn: Sequence[str] = ()) -> str:
    """Return the page as Markdown with links to the pictures in `drawn` (pictures/NAME.png)."""
    scenario = learnt.fit.loaded.central.scenario
    parts: list[str] = [f"# What the reported figures tell: {scenario.title}", _opening(learnt)]
    for heading, picture, tell in (
        ("What was learnt", "parameters", _parameters),
        ("What cannot be known from these figures", "correlations", _unknown),
        ("Figure by figure", "figures", _figures),
        ("Every figure predicted without it", "held_out", _held_out),
        ("How it was done", "", _method),
    ):
        told = list(tell(learnt))
        if told:
            parts += [f"## {heading}", *told]
            parts += [f"![{heading}](pictures/{picture}.png)"] if picture in drawn else []
    return "\n\n".join(parts) + "\n"


def _opening(learnt: Learnt) -> str:
    fit = learnt.fit
    fitted = sum(found.target.fitted for found in learnt.figures)
    rejected = sum(found.verdict == "rejected" for found in learnt.figures)
    others = [(rejected, "rejected"), (len(learnt.figures) - fitted - rejected, "only predicted")]
    more = "".join(f", {count} {what}" for count, what in others if count)
    return (
        f"The calibration file `{fit.loaded.path.name}` has {_many(len(learnt.figures), 'reported figure')}: {fitted}"
        f" fitted{more}. To fit the scenario `{Path(fit.loaded.calibration.scenario).name}` to them,"
        f" {_many(len(learnt.parameters), 'number')} may change. Brackets hold 90 %."
    )


def _parameters(learnt: Learnt) -> Iterator[str]:
    for found, opening in (
        ("identified", "The figures identify (at least half of the variance assumed before is gone):"),
        ("somewhat identified", "They narrow, but less:"),
    ):
        rows = [row for row in learnt.parameters if row.found == found]
        if rows:
            yield _bullets(opening, map(_learnt_words, rows))
        elif found == "identified":
            yield "The figures identify no parameter by itself."
    moved = [row for row in learnt.parameters if abs(row.shift) >= FAR]
    if moved:
        yield _bullets("The figures pull these away from what was held likely before:", map(_moved_words, moved))
    if len(learnt.parameters) > 1:
        yield combination_words(learnt)
    header = ("parameter", "what it is", "before", "after", "best", "narrowed", "the figures", "tied to")
    yield _table(header, map(_parameter_row, learnt.parameters))


def _unknown(learnt: Learnt) -> Iterator[str]:
    open_ = [row for row in learnt.parameters if row.found == "not identified"]
    if open_:
        opening = "The figures hardly narrow these; what stands after the fit is mostly what was assumed before:"
        yield _bullets(opening, map(_learnt_words, open_))
    pairs = [(row, other, value) for row in learnt.parameters for other, value in row.tied if row.name < other]
    if pairs:
        opening = f"The figures fix these pairs (correlation of {TIED} or more) better together than each by itself:"
        yield _bullets(opening, (_tied_words(learnt, *pair) for pair in pairs))
    yield (
        "Everything here supposes that the scenario is right in what is not fitted: its other numbers are taken as they"
        " are, and no interval here holds their uncertainty."
    )
    yield from caveats(learnt)


def _figures(learnt: Learnt) -> Iterator[str]:
    fitted = [found for found in learnt.figures if found.target.fitted]
    tense = [found for found in fitted if found.verdict == "in tension"]
    yield (
        f"{len(fitted) - len(tense)} of {_many(len(fitted), 'fitted figure')} can be what an honest reporter would say"
        " if the fitted model were true. That they were fitted makes this likely; it is no test of the model."
    )
    for found, opening in (
        ("in tension", f"In tension (a chance of less than {percent(TENSION)}):"),
        ("predicted: outside", "Not fitted, and missed by the prediction:"),
        ("predicted: inside", "Not fitted, and as predicted:"),
    ):
        rows = [row for row in learnt.figures if row.verdict == found]
        if rows:
            yield _bullets(opening, map(_figure_told, rows))
    rejected = [row for row in learnt.figures if row.verdict == "rejected"]
    if rejected:
        yield _bullets("Rejected before the fit, with the reason:", map(_rejected_words, rejected))
    yield (
        "`model` is the model's own figure; `reporters` what honest reporters would say of it, before and after the"
        " fit; `tail` the chance of a report as far out as this one, for a bound the chance that it holds."
    )
    header = ("reported", "when and by whom", "model", "reporters before", "reporters after", "tail", "verdict")
    yield _table(header, map(_figure_row, learnt.figures))


def _held_out(learnt: Learnt) -> Iterator[str]:
    if not learnt.held_out:
        return
    inside = sum(found.tail >= TENSION for found in learnt.held_out)
    yield (
        f"Each figure was left out in turn and predicted by the others: {inside} of {len(learnt.held_out)} lie where a"
        f" report would be expected (a tail of {percent(TENSION)} or more). By chance alone up to one in ten would not."
    )
    rows = []
    for found in learnt.held_out:
        row = row_of(learnt, found)
        span = modelled(Range(found.low, found.median, found.high), unit_of(row))
        words = (figure_words(row, found.reported), source_words(row))
        rows.append((*words, span, percent(found.tail), f"{found.ess:,.0f}", found.how))
    yield _table(("reported", "when and by whom", "predicted", "tail", "effective sample", "how"), rows)


def _method(learnt: Learnt) -> Iterator[str]:
    fit, observation = learnt.fit, learnt.fit.loaded.calibration.observation
    yield gate_words(learnt)
    if fit.gate.reasons:
        yield _bullets("What was noted on the way:", fit.gate.reasons)
    shared = [
        figure_words(target.row, target.reported) for target in fit.targets if target.fitted and target.weight < 1
    ]
    if shared:
        yield f"These repeat what others say and share one weight with them: {'; '.join(shared)}."
    spreads = ", ".join(f"{who.replace('_', ' ')} {spread:g}" for who, spread in observation.spread.items())
    yield (
        f"Assumed of the reports, as standard deviations of logarithms (0.1 is about 10 %): {spreads}; of the model:"
        f" {observation.discrepancy:g}. With a chance of {percent(observation.outlier.chance)} a figure is taken to be"
        " about something else altogether; what reporters would say, and the tails, leave that out. Other assumptions"
        " would give other intervals."
    )


def _learnt_words(found: Learning) -> str:
    return (
        f"{found.label} (`{found.name}`): {interval(found.posterior, found.unit)}, before"
        f" {interval(found.prior, found.unit)}"
    )


def _moved_words(found: Learning) -> str:
    way = "up" if found.shift > 0 else "down"
    return f"{found.label} (`{found.name}`): {way} by {abs(found.shift):.1f} standard deviations"


def _tied_words(learnt: Learnt, found: Learning, other: str, value: float) -> str:
    label = next(row.label for row in learnt.parameters if row.name == other)
    way = "both higher or both lower" if value > 0 else "one higher and the other lower"
    number = f"{value:+.2f}".replace("-", "−")
    return (
        f"{found.label} (`{found.name}`) and {label} (`{other}`): with {way} the figures are met about as well"
        f" (correlation {number})"
    )


def _figure_told(found: Figure) -> str:
    row, reported = found.target.row, found.target.reported
    return (
        f"{figure_words(row, reported)}, {source_words(row)}: the model says {modelled(found.model, found.unit)},"
        f" {found.model.median / reported:.2g} times that; reporters would say {ends(found.said)}; tail"
        f" {percent(found.tail)}"
    )


def _rejected_words(found: Figure) -> str:
    return f"{_figure_told(found)}. {' '.join(found.target.row.reading.split())}"


def _parameter_row(found: Learning) -> Sequence[str]:
    return (
        f"`{found.name}`",
        found.label,
        interval(found.prior, found.unit),
        interval(found.posterior, found.unit),
        quantity(found.point, found.unit),
        percent(max(found.contraction, 0.0)),
        found.found,
        ", ".join(f"`{name}`" for name, _ in found.tied),
    )


def _figure_row(found: Figure) -> Sequence[str]:
    row = found.target.row
    return (
        figure_words(row, found.target.reported),
        source_words(row),
        modelled(found.model, found.unit),
        ends(found.said_before)[1:-1],
        ends(found.said)[1:-1],
        percent(found.tail),
        found.verdict,
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _bullets(opening: str, lines: Iterable[str]) -> str:
    return "\n".join([opening, "", *(f"- {line}" for line in lines)])


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

    return "\n".join([line(header), f"|{'---|' * len(header)}", *map(line, rows)])
