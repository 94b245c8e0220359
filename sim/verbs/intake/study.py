"""Reads a file of data, finds out what it says, and puts it into a scenario file with its passports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim import store
from sim.errors import ScenarioError, SimError
from sim.scenario.text.edit import edited
from sim.scenario.text.load_calibration import read_calibration
from sim.scenario.text.load_scenario import load
from sim.table.read import Rejected, read_rows
from sim.table.reader import Reader, Understood
from sim.table.wide import long_form
from sim.verbs.intake.arrivals import read_arrivals
from sim.verbs.intake.finding import Finding
from sim.verbs.intake.patience import read_patience
from sim.verbs.intake.period import take_period
from sim.verbs.intake.request import Target, What, target_of
from sim.verbs.intake.request import Wanted as Wanted
from sim.verbs.intake.service import read_service
from sim.verbs.intake.skeleton import new_scenario
from sim.verbs.intake.staffing import read_staffing
from sim.verbs.intake.timetable import read_log, read_timetable
from sim.verbs.intake.waits import read_waits

KINDS: dict[What, Callable[[Reader, Target, Wanted], Finding]] = {
    "arrivals": read_arrivals,
    "service": read_service,
    "staffing": read_staffing,
    "waits": read_waits,
    "patience": read_patience,
    "timetable": read_timetable,
    "log": read_log,
}
MANY, MOST = 0.1, 0.5
"""Share of rows that cannot be used from which it is said first, and from which nothing is imported."""
MADE = b"# Made by `sim import"
"""How files begin that an import made and may write again."""


@dataclass(frozen=True)
class Imported:
    """What was read and understood, what it says, and the text of the scenario before and after.

    `warning` says that many rows cannot be used, '' if few. `files` are the files beside the scenario, by path.
    """

    wanted: Wanted
    target: Target
    finding: Finding
    rows: int
    form: str
    understood: tuple[Understood, ...]
    unused: tuple[str, ...]
    notes: tuple[str, ...]
    rejected: tuple[Rejected, ...]
    warning: str
    before: str
    after: str
    files: dict[Path, bytes]


def import_file(wanted: Wanted) -> Imported:
    """Read a file and find out what it says; nothing is written. Raises SimError or ScenarioError."""
    target = target_of(wanted)
    table = read_rows(wanted.file, wanted.sheet)
    if wanted.what == "arrivals":
        table = long_form(table)
    zone = wanted.zone or target.zone
    reader = Reader(table, wanted.columns, wanted.unit, wanted.day_first, zone=zone, day=wanted.day)
    reader.only(wanted.where)
    take_period(reader, wanted)
    finding = KINDS[wanted.what](reader, target, wanted)
    warning = _of_unusable_rows(reader, wanted)
    if target.scenario is None and wanted.zone is None and reader.naive:
        reader.notes.append("the time zone is unknown, so times are taken as UTC; give that of the port with --zone")
    before = target.text or new_scenario(target, finding, wanted.what in ("timetable", "log") or wanted.replay)
    after = edited(before, str(target.path), finding.edits)
    folder = target.path.parent
    files = {folder / name: _csv(columns).encode() for name, columns in finding.files.items()}
    files |= {folder / name: path.read_bytes() for name, path in finding.copies.items()}
    files |= {folder / name: text.encode() for name, text in finding.texts.items()}
    return Imported(
        wanted, target, finding, table.rows, table.form, tuple(reader.understood), tuple(reader.unused),
        tuple(reader.notes), tuple(sorted(reader.rejected, key=lambda row: row.line)), warning, target.text, after,
        files,
    )  # fmt: skip


def _of_unusable_rows(reader: Reader, wanted: Wanted) -> str:
    """Return a sentence if many rows cannot be used. Raises SimError if most cannot, unless `partial` is wanted."""
    faults = {fault.line: fault.reason for fault in reversed(reader.rejected)}
    every = len(faults.keys() | set(reader.table.lines.tolist()))
    share = len(faults) / max(every, 1)
    if share <= MANY:
        return ""
    first = min(faults)
    words = f"{len(faults):,} of {every:,} rows ({100 * share:.0f} %) cannot be used; the first is line {first}"
    if share > MOST and not wanted.partial:
        raise SimError(
            f"{reader.table.path}: {words} ({faults[first]}). Mend the file, name the columns with --column, or say "
            "--partial to take the others"
        )
    return f"Careful: {words} ({faults[first]}). What is written comes from the other rows."


def _csv(columns: Mapping[str, Any]) -> str:
    names = list(columns)
    cells = [np.asarray(columns[name]).tolist() for name in names]
    return "\n".join([",".join(names), *(",".join(map(str, row)) for row in zip(*cells, strict=True))]) + "\n"


def write_scenario(imported: Imported) -> None:
    """Write the scenario and the files beside it, once the new text has been checked.

    The check reads the new text from a draft in the same folder, as it names files relative to itself. Raises SimError
    if the result would not be valid; then all files are as they were.
    """
    for file in imported.files:
        _refuse_other(file, imported)
    before = {file: file.read_bytes() if file.exists() else None for file in imported.files}
    try:
        for file, content in imported.files.items():
            store.write(file, content)
        _write_checked(imported)
    except BaseException:
        for file, old in before.items():
            if old is None:
                store.remove(file)
            else:
                store.write(file, old)
        raise


def _write_checked(imported: Imported) -> None:
    path = imported.target.path
    for file in imported.finding.texts:
        if file.endswith("_figures.yaml"):
            read_calibration(path.parent / file)
    draft = path.with_name(f".{path.stem}.checked{path.suffix}")
    store.write(draft, imported.after)
    try:
        load(draft)
    except ScenarioError as error:
        words = str(error).replace(str(draft), str(path))
        raise SimError(f"the result would not be a valid scenario, so nothing was changed:\n{words}") from None
    finally:
        store.remove(draft)
    if path.exists() and path.read_text(encoding="utf-8-sig") != imported.before:
        raise SimError(f"{path}: has changed meanwhile; repeat the import")
    if imported.after != imported.before:
        store.write(path, imported.after)


def _refuse_other(file: Path, imported: Imported) -> None:
    """Refuse to overwrite a file that neither the scenario names nor an earlier import made."""
    if not file.exists() or file.name in imported.before or file.read_bytes() == imported.files[file]:
        return
    made = [each.read_bytes() for each in imported.files if each.exists() and each.read_bytes().startswith(MADE)]
    if not file.read_bytes().startswith(MADE) and not any(file.name.encode() in text for text in made):
        raise SimError(f"{file}: already exists, and {imported.target.path} does not name it; move it away first")
