"""The verb `catalogue`: lists the scenarios and their sources."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from sim.errors import printable
from sim.play.console import echo

if TYPE_CHECKING:
    from sim.scenario.catalogue import Entry

EXAMPLES = """\b
Examples:
  sim catalogue
  sim catalogue --json > catalogue.json
  sim catalogue --sources kazakhstan
  sim check $(sim catalogue --quiet)
"""
WIDEST = 110


@click.command(epilog=EXAMPLES, short_help="List the scenarios and what they rest on.")
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path())
@click.option(
    "--sources", "name", metavar="NAME", help="List the sources of one scenario and how many numbers come from each."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--quiet", is_flag=True, help="Print only the files, one per line.")
def catalogue(folder: str | None, name: str | None, as_json: bool, quiet: bool) -> None:
    """List the scenarios in DIR with their crossings, status, reported figures, interventions and number of sources.

    Without DIR, list the scenarios that came with the program, and those in the folder 'scenarios' of the current
    folder, which take precedence.
    A `calibrated` scenario has fitted values; in an `indicative` one every number was set by hand. What-ifs follow the
    scenario that they extend.
    """
    if quiet and (as_json or name):
        raise click.UsageError("--quiet excludes --json and --sources")
    from sim.scenario.catalogue import list_scenarios, named

    entries = list_scenarios(folder)
    if name:
        _print_sources(named(entries, name), as_json)
    elif as_json:
        click.echo(json.dumps([_document(entry) for entry in entries], indent=2, ensure_ascii=False))
    elif quiet:
        click.echo("\n".join(str(entry.file) for entry in entries))
    else:
        width = min(shutil.get_terminal_size().columns, WIDEST)
        for line in _lines(entries, width):
            click.echo(line)


def _document(entry: Entry) -> dict[str, object]:
    document: dict[str, object] = {
        "name": entry.name,
        "file": str(entry.file),
        "problems": [str(problem) for problem in entry.problems],
    }
    if entry.problems:
        return document
    return document | {
        "title": entry.title,
        "extends": entry.base and entry.base.name,
        "crossings": entry.crossings,
        "status": entry.status,
        "figures": entry.figures,
        "interventions": entry.interventions,
        "sources": entry.sources,
        "assumptions": entry.assumptions,
    }


def _lines(entries: list[Entry], width: int) -> Iterator[str]:
    """Yield a block for each scenario; what-ifs in the folder of their base are a line of its block."""
    files = {entry.file.resolve() for entry in entries}
    for entry in entries:
        if entry.problems:
            others = f" (and {len(entry.problems) - 1} more)" if len(entry.problems) > 1 else ""
            yield from ("", f"{click.style(printable(str(entry.file)), bold=True)}: cannot be read{others}")
            yield _wrapped("", str(entry.problems[0]), width)
        elif entry.base in files:
            yield _wrapped("+ ", f"{entry.name}: {entry.title}", width)
        else:
            yield from (
                "",
                f"{click.style(printable(entry.name), bold=True)}: {printable(entry.title)}",
                *_block(entry, width),
            )
    count = sum(entry.base not in files for entry in entries)
    yield from (
        "",
        f"{count} scenarios and {len(entries) - count} what-ifs (+); --sources NAME lists the sources of one",
    )


def _block(entry: Entry, width: int) -> Iterator[str]:
    figures = f"{entry.figures} reported figure{'' if entry.figures == 1 else 's'} used"
    yield f"  {entry.status}; {figures}; {len(entry.sources)} sources, {entry.assumptions} assumptions"
    yield _wrapped("crossings: ", ", ".join(entry.crossings), width)
    if entry.interventions:
        yield _wrapped("interventions: ", ", ".join(entry.interventions), width)


def _wrapped(head: str, text: str, width: int) -> str:
    return textwrap.fill(
        printable(head + text),
        width,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _print_sources(entry: Entry, as_json: bool) -> None:
    from sim.errors import ScenarioError

    if entry.problems:
        raise ScenarioError(entry.problems)
    if as_json:
        document = {"name": entry.name, "sources": entry.sources, "assumptions": entry.assumptions}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for source, count in entry.sources.items():
        echo(f"{count:5}  {source}")
    echo(f"{entry.assumptions:5}  assumptions without a published source")
