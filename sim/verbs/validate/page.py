"""The section of a validation on a page of documentation, between two marks; the rest of the page is left alone."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sim import about, store
from sim.errors import SimError
from sim.paths import exists, is_file, is_folder, possible
from sim.plotting.picture import Picture
from sim.plotting.story import window
from sim.verbs.validate.naive import NAMES
from sim.verbs.validate.study import MODEL, ScoredRow, Validation
from sim.verbs.validate.words import (
    against_first,
    band,
    crps_words,
    first_value,
    inside,
    number,
    overall_cells,
    own_value,
    pairs_sentence,
    particulars,
    tail_words,
)

WRAP, MAIN = 120, "validation"
NEW = "# Validation: figures that no fit has used\n"


def marks(name: str) -> tuple[str, str]:
    """Return the lines that enclose the section of a calibration."""
    return f"<!-- validation of {name} -->", f"<!-- end of validation of {name} -->"


def check(page: Path, name: str) -> str:
    """Return the text of a page on which the section of a calibration can be written. Raises SimError."""
    if is_folder(possible(page)):
        raise SimError(f"--page {page}: is a folder; expected a Markdown file such as {page / 'validation.md'}")
    if not page.suffix:
        raise SimError(f"--page {page}: has no ending; expected a Markdown file such as {page}.md")
    beside = page.with_suffix("")
    folder = next(path for path in (beside, *beside.absolute().parents) if exists(path))
    if not is_folder(folder) or not os.access(folder, os.W_OK):
        raise SimError(f"--page {page}: cannot be written, because {folder} is no folder that can be written to")
    try:
        text = page.read_text(encoding="utf-8") if is_file(page) else NEW
    except (OSError, UnicodeError) as error:
        raise SimError(f"{page}: cannot be read: {error}") from None
    with_section(text, name, "", page)
    return text


def update(page: Path, validation: Validation, pictures: Mapping[str, Picture]) -> None:
    """Replace the section of this calibration on `page`, or append it; write the pictures beside it. Raises SimError.

    `pictures` are those of the validation, by name.
    """
    name = validation.loaded.path.stem
    files = {kind: f"{name}.png" if kind == MAIN else f"{name}_{kind}.png" for kind in pictures}
    before = check(page, name)
    links = {kind: f"{page.stem}/{file}" for kind, file in files.items()}
    after = with_section(before, name, section(validation, links), page)
    for kind, file in files.items():
        pictures[kind].save(page.with_suffix("") / file)
    store.write(page, after)


def with_section(text: str, name: str, section: str, page: Path) -> str:
    """Return the text of a page with the section of a calibration replaced or appended. Raises SimError."""
    begin, end = marks(name)
    block = f"{begin}\n{section}{end}\n"
    if begin not in text and end not in text:
        return f"{text.rstrip()}\n\n{block}"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(end) < text.index(begin):
        raise SimError(f"{page}: expected '{begin}' once, and '{end}' once after it")
    head, rest = text.split(begin)
    return head + block + rest.split(end)[1].removeprefix("\n")


def section(validation: Validation, pictures: Mapping[str, str] | None = None) -> str:
    """Return the section as Markdown: figures with their first and present scores, forecasts, pairs, and notes.

    `pictures` are links by the name of the picture.
    """
    links = pictures or {}
    title = validation.loaded.central.scenario.title
    parts = [f"## {title}", _opening(validation)]
    parts += [f"![Reported and expected: {title}]({links[MAIN]})"] if MAIN in links else []
    parts.append(_figures(validation))
    parts += list(_changes(validation))
    for fitted in (False, True):
        if validation.overall(MODEL, fitted).rows:
            parts.append(_forecasts(validation, fitted))
    notes = [_filled(f"- {note}", "  ") for note in particulars(validation)]
    parts += [_filled(pairs_sentence(validation.pairs))] if validation.pairs else []
    parts += [f"![Two figures at once: {title}]({links['pairs']})"] if "pairs" in links else []
    parts += ["\n".join(notes)] if notes else []
    return "\n\n".join(parts) + "\n"


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WRAP, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _opening(validation: Validation) -> str:
    request, posterior = validation.request, validation.posterior
    parameters = f"posterior of {posterior.fitted.date}" if posterior else "no posterior: values set by hand"
    return _filled(
        f"`{validation.loaded.path.name}`, version {about.__version__}, {parameters}, {request.replications} "
        f"replications, seed {request.seed}. *Model* is the model's own value, mean [5–95 %]; *expected* are 90 % of "
        "the reports that would be made of it."
    )


def _figures(validation: Validation) -> str:
    version = next((row.first.version for row in validation.rows if row.first), "")
    columns = ["figure", "window", "reported", "model", "expected", "inside", "tail", "CRPS", "log score"]
    if version:
        columns[3:3] = [f"first score ({version})"]
        columns.append("model's mean against the first")
    rows = []
    for row in validation.rows:
        score = row.scores[MODEL]
        cells = [
            f"`{row.target.row.id}`{_standing(row)}",
            window(row.target.row),
            row.label,
            own_value(row),
            band(score),
            inside(score),
            tail_words(row, score),
            crps_words(row, score),
            number(score.log_score),
        ]
        if version:
            note = f"; {row.first.note}" if row.first and row.first.note else ""
            cells[3:3] = [first_value(row) + note]
            cells.append(against_first(row))
        rows.append(cells)
    return _table(columns, rows)


def _standing(row: ScoredRow) -> str:
    return "" if row.status == "validation" else f" ({row.status.removeprefix('validation, ')})"


def _changes(validation: Validation) -> Iterator[str]:
    """Yield which figures the model is nearer to than at the first score, and which not."""
    changes = {row.target.row.id: against_first(row) for row in validation.rows}
    for change, words in (
        ("nearer", "Nearer to the report than at the first score"),
        ("as before", "As near as before"),
        ("farther", "Farther from it"),
    ):
        names = [f"`{name}`" for name, what in changes.items() if what == change]
        if names:
            yield _filled(f"{words}: {', '.join(names)}.")
    outside = [f"`{row.target.row.id}`" for row in validation.rows if not row.scores[MODEL].inside_90]
    if outside:
        yield _filled(f"Outside the 90 % band now: {', '.join(outside)}.")


def _forecasts(validation: Validation, fitted: bool) -> str:
    columns = (
        "forecast",
        "figures",
        "in the 50 % band",
        "in the 90 % band",
        "median error",
        "median width",
        "log score",
    )
    rows = [(f"**the model**{', fitted figures' if fitted else ''}", *overall_cells(validation.overall(MODEL, fitted)))]
    for name, words in NAMES.items():
        if validation.overall(name, fitted).rows:
            rows.append((words, *overall_cells(validation.overall(name, fitted))))
            if validation.overall(name, fitted).rows < validation.overall(MODEL, fitted).rows:
                rows.append(("the model on the same figures", *overall_cells(validation.model_beside(name, fitted))))
    return _table(columns, rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

    return "\n".join([line(header), f"|{'---|' * len(header)}", *map(line, rows)])
