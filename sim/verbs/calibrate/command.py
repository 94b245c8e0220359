"""The verb `calibrate`: a calibration file in, posterior, tables, pictures and a page out."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.play.signals import heed
from sim.verbs.run.command import WORKERS

if TYPE_CHECKING:
    from sim.verbs.calibrate.findings import Learnt
    from sim.verbs.calibrate.trials import Progress, Request

INTERRUPTED = 130
SIGN_OF_LIFE = 20.0
"""Seconds after which a log that nobody watches gets a line."""

EXAMPLES = """\b
Examples:
  sim calibrate calibration/verkhny_lars.yaml
  sim calibrate calibration/verkhny_lars.yaml --held-out --out results/fit
  sim calibrate calibration/verkhny_lars.yaml --update
"""


@click.command(epilog=EXAMPLES)
@click.argument("calibration", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(), metavar="DIR",
    help="Folder for the results; it must not exist or be empty.  [default: results/calibration/CALIBRATION/TIME]",
)  # fmt: skip
@click.option("--held-out", is_flag=True, help="Predict every figure without it as well.")
@click.option("--update", is_flag=True, help="Write the values also where the scenario takes them from.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Of all chance.  [default: as the scenario says]")
@WORKERS
@click.option("--no-pictures", is_flag=True, help="Draw nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of the tables.")
@click.option("--quiet", is_flag=True, help="Print nothing but the folder.")
def calibrate(calibration: Path, **options: Any) -> None:
    """Fit the parameters of a CALIBRATION file to its reported figures, and say how far they are known.

    Every play is kept: a command that was stopped goes on where it was.
    """
    if options["quiet"] and options["as_json"]:
        raise click.UsageError("--quiet and --json exclude each other")
    if not options["quiet"]:
        click.echo(f"reading {calibration} ...", err=True)
    try:
        told, where, updated = _carried_out(calibration, options)
    except KeyboardInterrupt:
        click.echo("\nstopped; the plays so far are kept, and the same command goes on from there", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    _print(told, where, updated, options)


def _carried_out(calibration: Path, options: dict[str, Any]) -> tuple[Learnt, Path, tuple[Path, ...]]:
    """Fit and write; return what was learnt, the folder, and the files that were updated."""
    from sim.play import engines
    from sim.scenario.text.load_calibration import load_calibration
    from sim.verbs.calibrate import files as results
    from sim.verbs.calibrate import page as calibration_page
    from sim.verbs.calibrate import study
    from sim.verbs.calibrate.findings import learnt
    from sim.verbs.calibrate.trials import Request
    from sim.verbs.run.command import _waiting

    loaded = load_calibration(calibration)
    file = results.named(loaded) if options["update"] else None
    engine = engines.ready(engines.DEFAULT, _waiting(options["quiet"]))
    request = Request(options["seed"], engine, options["workers"], results.evaluations(calibration))
    with results.folder(calibration, options["out"]) as draft:
        with _progress(options["quiet"], request) as (request, progress):
            fit = study.calibrate(loaded, request, progress)
            held_out = study.held_out(fit, request, progress) if options["held_out"] else ()
        told = learnt(fit, held_out)
        results.write(draft.path, fit)
        calibration_page.write(draft.path, told, pictures=not options["no_pictures"])
        results.write_provenance(draft.path, fit, shlex.join(["sim", *sys.argv[1:]]))
    updated = results.update(fit, file) if file else ()
    return told, Path(options["out"] or draft.final.relative_to(Path.cwd())), updated


@contextmanager
def _progress(quiet: bool, request: Request) -> Iterator[tuple[Request, Progress]]:
    """Yield the request and what shows progress: a bar on a terminal, lines elsewhere, nothing when quiet."""
    if quiet:
        yield request, lambda *_: heed()
        return
    if not sys.stderr.isatty():
        yield replace(request, say=lambda sentence: click.echo(sentence, err=True)), Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        latest = ""

        def progress(stage: str, done: int, planned: int) -> None:
            nonlocal latest
            heed()
            if stage != latest:
                bar.reset(task, description=stage, total=planned)
                latest = stage
            bar.update(task, completed=done, total=planned)

        yield replace(request, say=lambda sentence: bar.console.print(sentence, highlight=False)), progress


class Lines:
    """Progress as lines: one when a stage begins, and one now and then."""

    def __init__(self) -> None:
        self.stage, self.told_at = "", 0.0

    def __call__(self, stage: str, done: int, planned: int) -> None:
        """Tell how far a stage has come, if it is time to."""
        heed()
        now = time.monotonic()
        if stage != self.stage or now - self.told_at > SIGN_OF_LIFE:
            self.stage, self.told_at = stage, now
            click.echo(f"{stage}: {done} of about {planned} plays ...", err=True)


def _print(told: Learnt, where: Path, updated: tuple[Path, ...], options: dict[str, Any]) -> None:
    from sim.verbs.calibrate import tables as calibration_tables

    if options["quiet"]:
        click.echo(where)
        return
    if options["as_json"]:
        document = {**calibration_tables.document(told), "folder": str(where), "updated": [str(p) for p in updated]}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))
        return
    calibration_tables.show(told)
    for path in updated:
        click.echo(f"{path} was updated")
    click.echo(f"Results are in {where}")
