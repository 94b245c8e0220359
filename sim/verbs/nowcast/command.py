"""The verb `nowcast`."""

from __future__ import annotations

import time
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.errors import SimError
from sim.play.completion import names_and_files
from sim.play.console import (
    command_line,
    echo,
    echo_path,
    exclude,
    options,
    out_option,
    print_json,
    progress,
    say,
    shown,
)
from sim.play.signals import exit_code, raise_pending
from sim.scenario.resolve import SCENARIOS

if TYPE_CHECKING:
    from sim.verbs.nowcast.result import NowcastResult

EXAMPLES = """\b
Examples:
  sim nowcast --seen waits.csv --column trucks_waiting --ahead 12h
  sim nowcast --seen posts.csv --column trucks --where post=north --zone Europe/Kyiv
  sim nowcast --seen waits.csv --now "2026-07-25 18:00" --out results/saturday
  sim nowcast my_port.yaml --seen waits.csv --column queue --joins 18:00 --joins 22:00
  sim nowcast my_port.yaml --seen waits.csv --since "2026-07-25 06:00"
  sim nowcast my_port.yaml --seen staffing.csv --column queue --intervene faster_checks
  sim nowcast --score results/waits --seen waits.csv
"""
TIMES = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]
NEEDING = ("sets", "intervene", "quantity", "crossing", "joins")
"""Options that only a scenario gives a meaning."""


class _When(click.DateTime):
    """A local date and time, whose refusal gives an example."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the time. Raises BadParameter."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no time; expected one such as 2025-04-25 18:00", param, ctx)


@click.command(epilog=EXAMPLES, short_help="Forecast the next hours of a queue or wait from its readings.")
@click.argument("scenario", required=False, shell_complete=names_and_files(SCENARIOS))
@click.option(
    "--seen",
    type=click.Path(path_type=Path),
    metavar="FILE",
    required=True,
    help="Table of readings up to now: CSV, Parquet or Excel, a row for each time.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="HEADING",
    help="Column of the values; time=HEADING names that of the times, booths=HEADING that of open booths.",
)
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Only rows with this value; may be repeated.")
@click.option("--sheet", metavar="NAME", help="The sheet of an Excel file.  [default: the longest]")
@click.option(
    "--zone",
    metavar="NAME",
    help="Time zone of local times, such as Europe/Warsaw.  "
    "[default: that of the SCENARIO, with --score that of the forecasts, else UTC]",
)
@click.option("--ahead", default="12h", show_default=True, metavar="TIME", help="How far to look ahead, such as 6h.")
@click.option(
    "--now",
    type=_When(TIMES),
    metavar="TIME",
    help="Local time of the forecast; later rows are left out.  [default: that of the last reading]",
)
@click.option(
    "--score",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Instead, score the forecasts stored in FOLDER with the readings that have come since.",
)
@options("sets")
@click.option(
    "--intervene",
    multiple=True,
    metavar="NAME",
    help="What if this intervention of the SCENARIO began now, or at its own later time; may be repeated.",
)
@click.option(
    "--quantity",
    metavar="NAME",
    help="Series of the scenario that the column tells of, such as queue.truck.  [default: by the heading]",
)
@click.option("--crossing", metavar="NAME", help="Crossing that the readings are of, where the scenario has several.")
@click.option(
    "--joins",
    multiple=True,
    metavar="TIME",
    help="With a SCENARIO, the wait of who joins then, such as 18:00; repeatable.  [default: now, 18:00, 00:00]",
)
@click.option(
    "--since",
    type=_When(TIMES),
    metavar="TIME",
    help="Local time before which history no longer holds, such as a new rule; earlier rows are left out.",
)
@click.option(
    "--watch",
    type=click.FloatRange(min=1.0),
    metavar="SECONDS",
    help="Look at the file again and again; forecast when it has new rows, until Ctrl-C.",
)
@out_option("results/FILE/nowcast-TIME")
@options("no_pictures", "svg", "as_json", "quiet")
def nowcast(scenario: str | None, seen: Path, score: Path | None, **given: Any) -> None:
    """Forecast a queue, a wait or a count from its own readings, with bands of 50 and 90 %.

    The forecast is a blend of simple ones (the last value, the mean by hour of the week, yesterday, last week) and of
    two that learn, weighted by how well each did of late. With a SCENARIO, the simulator is one more; it also tells
    the wait of who joins, the people stuck overnight, and what an intervention would do. The command says how well such
    forecasts did on the last third of the readings.
    """
    exclude(quiet=given["quiet"], json=given["as_json"])
    say(given["quiet"], f"reading {seen} ...")
    from sim.verbs.nowcast.plays import zone_of
    from sim.verbs.nowcast.seen import columns_named

    zone = given["zone"] or (zone_of(scenario, given["sets"]) if scenario and score is None else None)
    columns = columns_named(given["columns"], given["where"], zone, given["sheet"])
    if score is not None:
        _score(score, seen, columns, given)
        return
    if given["watch"] is not None:
        _watch(scenario, seen, columns, given)
        return
    _forecast(scenario, seen, columns, given)


def _forecast(scenario: str | None, seen: Path, columns: Any, given: dict[str, Any]) -> None:
    from sim.verbs.nowcast import files
    from sim.verbs.nowcast.evidence import with_what_if
    from sim.verbs.nowcast.outlook import joining_times
    from sim.verbs.nowcast.plays import simulator_of
    from sim.verbs.nowcast.result import NowcastResult
    from sim.verbs.nowcast.seen import FEWEST, read_seen
    from sim.verbs.nowcast.study import nowcast as forecast

    now: datetime | None = given["now"]
    ahead, fewest = hours_of(given["ahead"]), FEWEST if scenario is None else 1
    readings = read_seen(seen, columns, now, given["since"], fewest)
    simulator = None
    if scenario is not None:
        joining_times(given["joins"], readings.now, ahead, columns.zone)
        simulator = simulator_of(scenario, given["sets"], readings.name, given["quantity"], given["crossing"])
        simulator = with_what_if(simulator, given["intervene"], seen, columns) if given["intervene"] else simulator
    elif wrong := next((name for name in NEEDING if given[name]), None):
        raise click.UsageError(f"--{'set' if wrong == 'sets' else wrong} needs a SCENARIO")
    with progress(given["quiet"] or given["as_json"], "forecasting", "day") as display:
        result = NowcastResult(forecast(readings, ahead, simulator, given["joins"], display))
    with files.folder(seen, given["out"]) as draft:
        result.write_into(draft.path, command_line(), pictures=not given["no_pictures"], svg=given["svg"])
    _print(result, shown(given["out"], draft.final), given)


def _watch(scenario: str | None, seen: Path, columns: Any, given: dict[str, Any]) -> None:
    """Forecast whenever the file has changed, each time into a folder of its own, until Ctrl-C."""
    from sim import store
    from sim.verbs.nowcast import files

    if given["now"] is not None:
        raise click.UsageError("--watch and --now exclude each other")
    within = Path(given["out"]) if given["out"] else files.home(seen)
    digest, known, said, made = "", "", "", 0
    try:
        while True:
            try:
                if (found := store.digest(seen)) != digest:
                    digest, said = found, ""
                    if (now := _state(seen, columns, given)) == known:
                        continue  # as after a half-written row; the pause is in `finally`
                    _forecast(
                        scenario, seen, columns, {**given, "out": str(within / f"nowcast-{store.stamp()}-{made}")}
                    )
                    known, made = now, made + 1
            except SimError as error:  # a row may be half written: the next look will tell
                digest = ""
                if str(error) != said:
                    said = str(error)
                    click.echo(said, err=True)
            finally:
                _pause(given["watch"])
    except KeyboardInterrupt as stop:
        say(given["quiet"], f"\nstopped; {made} forecasts are in {within}")
        raise click.exceptions.Exit(exit_code(stop)) from None


def _state(seen: Path, columns: Any, given: dict[str, Any]) -> str:
    """Return a digest of the readings, the same where no new one has come. Raises SimError."""
    from sim.verbs.nowcast.seen import read_seen

    readings = read_seen(seen, columns, None, given["since"], 1, whole=True).readings
    return sha256(readings.hours.tobytes() + readings.values.tobytes()).hexdigest()


def _pause(seconds: float) -> None:
    """Wait. Raises KeyboardInterrupt if a signal arrived."""
    time.sleep(seconds)
    raise_pending()


def hours_of(ahead: str) -> float:
    """Return a time ahead in hours. Raises UsageError."""
    from sim import units

    try:
        return units.parse("time", ahead) / 3600
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--ahead") from None


def _print(result: NowcastResult, where: Path, given: dict[str, Any]) -> None:
    from sim.verbs.nowcast import tables

    if given["quiet"]:
        echo_path(where)
    elif given["as_json"]:
        print_json({**tables.document(result.nowcast), "folder": str(where)})
    else:
        tables.show(result.nowcast)
        echo(f"Results are in {where}")


def _score(folder: Path, seen: Path, columns: Any, given: dict[str, Any]) -> None:
    from sim.verbs.nowcast import stored

    board = stored.score_folder(folder, seen, columns)
    with stored.folder(folder, given["out"]) as draft:
        stored.write(draft.path, board, command_line())
    where = shown(given["out"], draft.final) if given["out"] else draft.final
    if given["quiet"]:
        echo_path(where)
    elif given["as_json"]:
        print_json({**stored.document(board), "folder": str(where)})
    else:
        stored.show(board)
        echo(f"The scoreboard is in {where}")
