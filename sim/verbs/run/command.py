"""The verbs `run` and `rerun`: options in, table and folder out."""

from __future__ import annotations

import json
import math
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim import units
from sim.play.engines import DEFAULT, ENGINES, Waiting, ready
from sim.play.signals import heed

if TYPE_CHECKING:
    from sim.face import Result
    from sim.verbs.run.study import Progress

DIFFERENT = 1


class Precision(click.ParamType):  # type: ignore[type-arg]  # older releases of click have no type argument
    """A share such as 5% or 0.05."""

    name = "SHARE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the fraction, above 0 and below 1."""
        try:
            share = units.parse("share", value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not 0 < share < 1:
            self.fail(f"must be above 0 and below 100 %, such as 5%; got {value}", param, ctx)
        return share


WORKERS = click.option("--workers", type=click.IntRange(1, 1024), help="Processes.  [default: one per core]")

RUN_EXAMPLES = """\b
Examples:
  sim run scenarios/verkhny_lars.yaml
  sim run scenarios/verkhny_lars.yaml --intervene full_screening
  sim run scenarios/verkhny_lars.yaml --set stations.exit_cars.staffing=24
  sim run scenarios/verkhny_lars.yaml --posterior --replications 200
  sim run scenarios/verkhny_lars.yaml --precision 5% --out results/precise
  cd $(sim run scenarios/verkhny_lars.yaml --quiet)
"""


@click.command(epilog=RUN_EXAMPLES)
@click.argument("scenario", type=click.Path())
@click.option("--replications", type=click.IntRange(1, 1_000_000), help="How many.  [default: as the scenario says]")
@click.option(
    "--precision", type=Precision(), metavar="SHARE",
    help="Go on until the 95 % intervals of the headline numbers are within this share of their means (5%), "
    "for at most --replications, or 1000.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Of all chance.  [default: as the scenario says]")
@click.option(
    "--engine",
    type=click.Choice(sorted(ENGINES)),
    default=DEFAULT,
    show_default=True,
    help="Who plays; both give the same results.",
)
@WORKERS
@click.option(
    "--out", type=click.Path(), metavar="DIR",
    help="Folder for the results; it must not exist or be empty.  [default: results/SCENARIO/TIME-HASH]",
)  # fmt: skip
@click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Change a value first; may be repeated.")
@click.option("--intervene", multiple=True, metavar="NAME", help="Put an intervention in force; may be repeated.")
@click.option(
    "--posterior", is_flag=True,
    help="Take the calibrated parameters of each replication from the fitted posterior: bands then show what the "
    "reported figures leave open, too.",
)  # fmt: skip
@click.option("--records", is_flag=True, help="Store every visit of every party as well.")
@click.option("--no-pictures", is_flag=True, help="Draw nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of the table.")
@click.option("--quiet", is_flag=True, help="Print nothing but the folder.")
def run(scenario: str, **options: Any) -> None:
    """Play a scenario; print a table; store tables, series and pictures in a folder."""
    quiet, as_json = options["quiet"], options["as_json"]
    if quiet and as_json:
        raise click.UsageError("--quiet and --json exclude each other")
    _say(quiet, f"reading {scenario}")
    from dataclasses import replace

    from sim.face import load
    from sim.verbs.run.study import Request

    experiment = load(scenario, options["sets"], options["intervene"], posterior=options["posterior"])
    asked = replace(experiment.asked, command_line=shlex.join(["sim", *sys.argv[1:]]))
    experiment = replace(experiment, asked=asked)
    named = ("replications", "precision", "seed", "workers")
    engine = ready(options["engine"], _waiting(quiet))
    request = Request(engine=engine, **{name: options[name] for name in named})
    with _progress(quiet, f"playing {experiment.scenario.name}") as progress:
        result, folder = experiment.run_into(
            options["out"], request, records=options["records"], pictures=not options["no_pictures"], progress=progress
        )
    shown = Path(options["out"] or folder.relative_to(Path.cwd()))
    _print(result, shown, quiet=quiet, as_json=as_json)


@click.command(epilog="\b\nExample:\n  sim rerun results/verkhny_lars/20220921T100000Z-s0123abcd")
@click.argument("folder", type=click.Path(path_type=Path))
@WORKERS
def rerun(folder: Path, workers: int | None) -> None:
    """Play the provenance of a result FOLDER again and check that the bytes are the same (exit code 1: they differ)."""
    _say(False, f"reading {folder}")
    from sim.verbs.run import files as results

    with _progress(False, "playing again") as progress:
        found = results.rerun(folder, workers, progress)
    for note in found.notes:
        click.echo(f"Note: {note}.")
    for name, sameness in found.files.items():
        click.echo(f"{name}: {sameness}")
    click.echo("The bytes are the same." if found.same else "The results are not the same.")
    if not found.same:
        raise click.exceptions.Exit(DIFFERENT)


def _say(quiet: bool, words: str) -> None:
    """Tell somebody who waits at a terminal, or reads a log, what is going on."""
    if not quiet:
        click.echo(f"{words} ...", err=True)


def _waiting(quiet: bool) -> Waiting:
    """Return what shows that a long wait is alive: a spinner on a terminal, one line elsewhere, nothing when quiet."""

    @contextmanager
    def waiting(words: str) -> Iterator[None]:
        if quiet or not sys.stderr.isatty():
            _say(quiet, words)
            yield
            return
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as spinner:
            spinner.add_task(words)
            yield

    return waiting


@contextmanager
def _progress(quiet: bool, words: str) -> Iterator[Progress]:
    """Yield what shows progress: a bar on a terminal, one line elsewhere, nothing when quiet."""
    if quiet or not sys.stderr.isatty():

        def start(done: int, planned: int) -> None:
            heed()
            if not done:
                _say(quiet, f"{words}, {planned} replication{'' if planned == 1 else 's'}")

        yield start
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=None)

        def progress(done: int, planned: int) -> None:
            heed()
            after = "storing and drawing" if done == planned else words
            bar.update(task, completed=done, total=planned, description=after)

        yield progress


def _print(result: Result, folder: Path, *, quiet: bool, as_json: bool) -> None:
    if quiet:
        click.echo(folder)
    elif as_json:
        click.echo(json.dumps(_document(result, folder), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        from sim.verbs.run.tables import show

        found = result.found
        show(found.loaded.scenario, found.plan, found.estimates, found.comparisons, found.flows)
        click.echo(found.note)
        click.echo(f"Results are in {folder}")


def _document(result: Result, folder: Path) -> dict[str, Any]:
    found = result.found
    return {
        "scenario": found.loaded.scenario.name,
        "scenario_hash": found.loaded.scenario_hash,
        "seed": found.request.seed,
        "replications": found.request.replications,
        "engine": found.request.engine,
        "note": found.note,
        "headline": [_finite(row) for row in result.headline],
        "reported": [_finite(row) for row in result.reported],
        **({"flows": [_finite(row) for row in result.flows]} if result.flows else {}),
        "folder": str(folder),
    }


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with None for what JSON has no number for."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
