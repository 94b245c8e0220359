"""The verbs for input files: `schema`, `check` and `sources`.

Heavy imports stand inside the functions, so that `sim --help` stays fast.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from sim.errors import Problem, ScenarioError, SimError, printable
from sim.play.completion import names_and_files
from sim.play.console import echo
from sim.scenario.resolve import CALIBRATIONS, FOLDERS, SCENARIOS

if TYPE_CHECKING:
    from sim.scenario.file_kinds import Sources
    from sim.scenario.text.passports import PassportRow

Rows = list[dict[str, object]]
SOURCES_EXAMPLES = """\b
Examples:
  sim sources verkhny_lars
  sim sources verkhny_lars | grep staffing
  sim sources verkhny_lars --csv > sources.csv
  sim sources verkhny_lars --json > sources.json
  sim sources calibration/verkhny_lars.yaml
"""


SCHEMA_EXAMPLES = """\b
Examples:
  sim schema > scenario.schema.json
  sim schema --calibration > calibration.schema.json
"""
CHECK_EXAMPLES = """\b
Examples:
  sim check verkhny_lars
  sim check scenarios/*.yaml
  sim check calibration/*.yaml
"""


@click.command(epilog=SCHEMA_EXAMPLES, short_help="Print the JSON Schema of scenario files.")
@click.option("--calibration", is_flag=True, help="Print the schema of calibration files.")
def schema(calibration: bool) -> None:
    """Print the JSON Schema of scenario files, for completion in an editor.

    docs/reference.md explains every key in words, with its unit, default and an example.
    """
    from sim.scenario.json_schema import schema_text

    click.echo(schema_text(calibration), nl=False)


@click.command(epilog=CHECK_EXAMPLES, short_help="Check scenario, calibration and sweep files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=names_and_files(*FOLDERS))
@click.option("--quiet", is_flag=True, help="Print only problems.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(files: tuple[str, ...], quiet: bool, as_json: bool) -> None:
    """Check scenario, calibration and sweep files without running them.

    FILE is a path or a catalogue name. Of a single scenario, the stations that each class passes are listed. A warning
    is about something that is allowed and probably a mistake. Exit code 2: a file has problems.
    """
    from sim.scenario.file_kinds import describe

    results: Rows = []
    for file in files:
        row: dict[str, object] = {"file": file, "ok": True, "problems": []}
        try:
            row |= describe(file)
            if row.get("calibrated"):
                from sim.play.posterior import posterior_of

                posterior_of(file, tell=cast("list[str]", row["warnings"]).append)
        except SimError as error:
            problems = error.problems if isinstance(error, ScenarioError) else [Problem("", "", str(error))]
            row |= {"ok": False, "problems": [dataclasses.asdict(problem) for problem in problems]}
            if not as_json:
                click.echo(str(error), err=True)
        if row["ok"] and not (quiet or as_json):
            echo(f"{file}: OK{_network_size(row)}")
            for line in _ways(row) if len(files) == 1 else ():
                echo(line)
        for warning in () if as_json else cast("list[str]", row.get("warnings", [])):
            echo(f"{file}: warning: {warning}", err=True)
        results.append(row)
    if as_json:
        click.echo(json.dumps(results, indent=2, ensure_ascii=False))
    if not all(row["ok"] for row in results):
        raise click.exceptions.Exit(2)


def _ways(row: dict[str, object]) -> Iterator[str]:
    """Yield a line for each crossing and class: the stations that it passes, in order."""
    named = cast("dict[str, str]", row.get("class_words", {}))
    ways = cast("dict[str, dict[str, list[str]]]", row.get("ways", {}))
    for crossing, by_class in ways.items():
        place = f"{crossing}: " if len(ways) > 1 else ""
        for cls, stations in by_class.items():
            yield f"  {place}{named[cls]} pass {', then '.join(stations)}"


def _network_size(row: dict[str, object]) -> str:
    """Return how many origins and crossings a network has, in brackets."""
    if "origins" not in row:
        return ""
    sizes = (f"{row[what]} {what if row[what] != 1 else what[:-1]}" for what in ("origins", "crossings"))
    return f" (travellers from {' choose between '.join(sizes)})"


@click.command(epilog=SOURCES_EXAMPLES, short_help="List every number with its source.")
@click.argument("file", shell_complete=names_and_files(SCENARIOS, CALIBRATIONS))
@click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Change a value; may be repeated.")
@click.option("--intervene", multiple=True, metavar="NAME", help="Apply an intervention; may be repeated.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")
def sources(file: str, sets: tuple[str, ...], intervene: tuple[str, ...], as_json: bool, as_csv: bool) -> None:
    """Print the source of every number in a scenario or calibration FILE, then the numbers without a source.

    In a pipe: one line per number with path, value, source, date, reason and place, separated by tabs.
    """
    from sim.scenario.file_kinds import sources_of

    try:
        report = sources_of(file, sets, intervene)
    except SimError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(2) from None
    rows = [dataclasses.asdict(row) for row in report.passports]
    if as_json:
        document = {"passports": rows, "without_passport": report.without_passport}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif as_csv:
        click.echo(_csv(rows, report), nl=False)
    elif sys.stdout.isatty():
        _print(report, shutil.get_terminal_size().columns)
    else:
        for line in _lines(report):
            echo(line)


def _csv(rows: Rows, report: Sources) -> str:
    from sim.scenario.text.passports import PassportRow

    out = io.StringIO()
    writer = csv.DictWriter(out, [field.name for field in dataclasses.fields(PassportRow)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "value": _short(row["value"])} for row in rows)
    writer.writerows({"path": path} for path in report.without_passport)
    return out.getvalue()


def _lines(report: Sources) -> Iterator[str]:
    rows = [_cells(row) for row in report.passports]
    for cells in (*rows, *((path, *[""] * 5) for path in report.without_passport)):
        yield "\t".join(" ".join(cell.split()) for cell in cells)


def _print(report: Sources, columns: int) -> None:
    """Print a block for each passport, wrapped between words to the width of the terminal."""
    width = max(40, min(columns, 110))
    echo(f"Sources of {report.name}\n")
    for row in report.passports:
        path, value, source, date, reason, place = _cells(row)
        click.echo(click.style(printable(path), bold=True))
        origin = ", ".join(part for part in (source, date) if part)
        for text in (f"{value}  ({place})", origin and f"source: {origin}", reason and f"reason: {reason}"):
            if text:
                echo(_wrapped(text, width))
        click.echo()
    count = len(report.without_passport)
    click.echo(f"{count} without a passport:" if count else "Every number has a passport.")
    for path in report.without_passport:
        echo(f"  {path}")


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(
        text, width, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _cells(row: PassportRow) -> tuple[str, ...]:
    texts = (row.path, _short(row.value), row.source or "", row.date or "", row.reason or "")
    return (*texts, f"{Path(row.file).name}:{row.line}" if row.line else row.file)


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
