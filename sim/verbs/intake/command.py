"""The verb `import`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sim.play.completion import names_and_files
from sim.play.console import command_line, echo, echo_path, exclude, options, out_option, print_json, say, shown
from sim.scenario.resolve import SCENARIOS

EXAMPLES = """\b
Examples:
  sim import arrivals counts.csv --into my_port.yaml --zone Europe/Warsaw
  sim import service services.csv --into my_port.yaml --station booths
  sim import staffing lanes.csv --into my_port.yaml --where lane_type=general
  sim import patience calls.csv --into my_port.yaml --column wait=delay_min
"""

ABOUT = {
    "arrivals": "Counts of arrivals, or arrivals one by one: rates by hour and weekday, and how much days differ.",
    "service": "Service times: a law by class, and whether they depend on the number of open booths.",
    "staffing": "Open booths over time: shifts by hour and weekday, and whether they follow the queue.",
    "waits": "Waits or queue lengths over time: a series to calibrate with and to score forecasts on.",
    "patience": "Waits with what became of them, served or given up: how soon people leave.",
    "timetable": "Ferries, flights, trains or coaches: a timetable with the people they bring, and their delays.",
    "log": "Parties one by one, with their class and service times, to be played as they came.",
}


def _pairs(_: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    wrong = next((value for value, (_, sign, _) in zip(values, pairs, strict=True) if not sign), None)
    if wrong is not None:
        raise click.BadParameter(f"expected {param.metavar}; got {wrong!r}")
    found: dict[str, str] = {}
    for key, _sign, value in pairs:
        if found.setdefault(key.strip(), value.strip()) != value.strip():
            several = (
                "; columns of several classes are told apart by headings such as cars and trucks, without --column"
                if key.strip() == "count"
                else ""
            )
            raise click.BadParameter(f"{key.strip()} is given twice, as {found[key.strip()]} and {value}{several}")
    return found


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--into",
        required=True,
        type=click.Path(path_type=Path),
        shell_complete=names_and_files(SCENARIOS),
        help="The scenario file that gets the result; arrivals, timetable and log make a new one if there is none.",
    ),
    click.option("--class", "cls", metavar="CLASS", help="The class of all rows.  [default: by a column]"),
    click.option("--part", metavar="NAME", help="The part of the demand to replace.  [default: all parts]"),
    click.option("--station", metavar="NAME", help="The station.  [default: the only one that serves the class]"),
    click.option("--crossing", metavar="NAME", help="The crossing.  [default: the only one]"),
    click.option(
        "--column", "columns", multiple=True, metavar="ROLE=HEADING", callback=_pairs,
        help="Say which column is what, such as time=Datum; may be repeated.",
    ),
    click.option(
        "--where", multiple=True, metavar="HEADING=VALUE", callback=_pairs,
        help="Take only rows with this value; may be repeated.",
    ),
    click.option("--sheet", metavar="NAME", help="The sheet of an Excel file.  [default: the longest]"),
    click.option("--zone", metavar="ZONE", help="Time zone of local times.  [default: that of the scenario]"),
    click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Date of bare times of day."),
    click.option("--unit", metavar="UNIT", help="Unit of bare durations: s, min or h.  [default: by the heading]"),
    click.option("--day-first/--month-first", default=None, help="The order of 03/04/2026.  [default: by the data]"),
    click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Leave out what was before."),
    click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Leave out what was from then on."),
    click.option("--all-parts", is_flag=True, help="Counts take the place of all parts of the demand of a class."),
    click.option("--gaps-are-zero", is_flag=True, help="Nobody came in an interval without a row."),
    click.option("--partial", is_flag=True, help="Import although more than half of the rows cannot be used."),
    click.option("--replay", is_flag=True, help="Play counts or open booths as they were, not rates or shifts."),
    click.option(
        "--queue", type=click.Path(path_type=Path), metavar="FILE", help="For staffing: a file with the queue or wait."
    ),
    click.option("--quantity", metavar="NAME", help="Kind of waits, such as sojourn.  [default: by the column]"),
    click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing."),
    out_option("results/SCENARIO/import-WHAT-TIME"),
    options("no_pictures", "svg", "as_json", "quiet"),
)  # fmt: skip


@click.command("import", epilog=EXAMPLES, short_help="Take numbers of a scenario from your own data.")
@click.argument("what", type=click.Choice(list(ABOUT)))
@click.argument("file", type=click.Path(path_type=Path))
def import_(what: str, file: Path, into: Path, **given: Any) -> None:
    """Take numbers of a scenario from a FILE of data: CSV, Parquet or Excel.

    The columns, the format of times, units and gaps are found out and shown. The part of the scenario that the data
    support is written, with the source of each number; everything else in the file stays as it is.

    \b
    WHAT is one of
    """  # noqa: D301
    exclude(quiet=given["quiet"], json=given["as_json"])
    from sim.verbs.intake.request import Wanted
    from sim.verbs.intake.result import ImportResult, folder
    from sim.verbs.intake.study import import_file

    wanted = Wanted(
        what=what,  # type: ignore[arg-type]
        file=file,
        into=into,
        day=_date(given.pop("day")),
        since=_date(given.pop("since")),
        until=_date(given.pop("until")),
        **{name: given[name] for name in Wanted.__dataclass_fields__ if name in given},
    )
    say(given["quiet"] or given["as_json"], f"reading {file} …")
    result = ImportResult(import_file(wanted))
    where = None
    if not given["dry_run"]:
        with folder(result.imported, given["out"]) as draft:
            result.write_into(draft.path, command_line(), pictures=not given["no_pictures"], svg=given["svg"])
            result.write_scenario()
        where = shown(given["out"], draft.final)
    _print(result, where, given)


def _date(value: datetime | None) -> Any:
    return value.date() if value else None


def _print(result: Any, where: Path | None, given: dict[str, Any]) -> None:
    from sim.verbs.intake import tables

    if given["as_json"]:
        print_json({**tables.document(result.imported), "folder": str(where) if where else None})
    elif given["quiet"]:
        echo_path(where if where else result.imported.target.path)
    else:
        tables.show(result.imported, where is not None)
        if where:
            echo(f"Pictures and details are in {where}")


for decorate in reversed(_OPTIONS):
    import_ = decorate(import_)
import_.help = (import_.help or "") + "\n".join(f"  {name}: {words}" for name, words in ABOUT.items())
