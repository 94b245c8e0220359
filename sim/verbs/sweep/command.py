"""The verb `sweep`: a scenario and its levers in; a table of everything, pictures and answers out."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.play.engines import DEFAULT, ENGINES, ready
from sim.play.signals import heed
from sim.verbs.run.command import WORKERS, _waiting

if TYPE_CHECKING:
    from sim.verbs.sweep.request import Asked, Found
    from sim.verbs.sweep.study import Progress

INTERRUPTED, SOME_FAILED = 130, 1
SIGN_OF_LIFE = 20.0
"""Seconds after which a log that nobody watches gets a line."""
A_WHILE = 100
"""Seconds below which the time left is told in seconds."""
GIVEN_DESIGNS = ("grid", "one-at-a-time", "lhs", "sobol", "sensitivity")

EXAMPLES = """\b
Examples:
  sim sweep scenarios/verkhny_lars.yaml --over stations.exit_cars.staffing=12:36:4 --replications 10
  sim sweep scenarios/verkhny_lars.yaml --over stations.exit_cars.staffing=12:36:4 \\
      --over 'demand.car*=0.5:1.5:0.25' --threshold 'wait.p90@car/main < 24 h'
  sim sweep scenarios/verkhny_lars.yaml --design sensitivity --points 64 \\
      --over stations.exit_cars.staffing=whole:12:36 --over 'demand.car*=0.5:1.5'
  sim sweep scenarios/verkhny_lars.yaml --find 'stations.exit_cars.staffing=12:60 such that wait.p90@car/main < 24 h'
  sim sweep my_sweep.yaml --on dask://10.0.0.1:8786
"""


@click.command(epilog=EXAMPLES)
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--over", multiple=True, metavar="PATH=VALUES",
    help="A lever: 4,8,12 or 0:1:0.1 or log:1:100:5 or whole:4:24, with a unit at the end; 'PATH*=' multiplies; "
    "'intervene=none,NAME' puts interventions in force; may be repeated.",
)  # fmt: skip
@click.option("--design", type=click.Choice(GIVEN_DESIGNS), help="How points are chosen.  [default: grid]")
@click.option("--points", type=click.IntRange(1, 1_000_000), help="How many, for designs that choose.  [default: 64]")
@click.option("--posterior", type=click.IntRange(1), metavar="N", help="So many vectors of the fitted posterior.")
@click.option(
    "--find", metavar="QUESTION",
    help="The smallest (or 'largest') value that meets a bound: 'PATH=LOW:HIGH such that wait.p90 < 6 h'.",
)  # fmt: skip
@click.option("--measure", multiple=True, metavar="NAME[@SCOPE]", help="What is shown and drawn; may be repeated.")
@click.option("--threshold", multiple=True, metavar="BOUND", help="'wait.p90 < 6 h': drawn as a line or contour.")
@click.option(
    "--replications", type=click.IntRange(1, 1_000_000), help="Of each point.  [default: as the scenario says]"
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Of all chance.  [default: as the scenario says]")
@click.option("--engine", type=click.Choice(sorted(ENGINES)), default=DEFAULT, show_default=True, help="Who plays.")
@WORKERS
@click.option("--on", metavar="ADDRESS", help="A running cluster: dask://HOST:PORT.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR",
    help="Folder of the sweep; what it holds already is used.  [default: results/SCENARIO/sweep-LEVERS]",
)  # fmt: skip
@click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Change a value at every point.")
@click.option("--intervene", multiple=True, metavar="NAME", help="An intervention in force at every point.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first point that fails.")
@click.option("--retry-failed", is_flag=True, help="Play points again that failed before.")
@click.option("--no-pictures", is_flag=True, help="Draw nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of the tables.")
@click.option("--quiet", is_flag=True, help="Print nothing but the folder.")
def sweep(scenario: Path, **options: Any) -> None:
    """Play a SCENARIO (or a sweep file) at many points of its levers, all on the same tapes.

    Every finished point is kept: the same command goes on where it was stopped, and more values or replications
    compute only what is new. Exit code 1: some points failed.
    """
    quiet = options["quiet"]
    if quiet and options["as_json"]:
        raise click.UsageError("--quiet and --json exclude each other")
    if not quiet:
        click.echo(f"reading {scenario} ...", err=True)
    from sim.verbs.sweep.request import asked, carry_out

    told = asked(scenario, options)
    ready(options["engine"], _waiting(quiet))
    done = [0, 0]
    command = shlex.join(["sim", *sys.argv[1:]])
    try:
        with _progress(quiet, f"playing {told.base.loaded.scenario.name}", done) as progress:
            found = carry_out(told, command, progress, lambda words: _tell(quiet, words))
        _finish(told, found, command, options)
    except KeyboardInterrupt:
        kept = f"{done[0]:,} of {done[1]:,} plays are kept" if done[1] else "nothing new was played; what was kept is"
        click.echo(f"\nstopped; {kept} in {told.folder}; the same command goes on from there", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    if found.swept.failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _tell(quiet: bool, words: str) -> None:
    if not quiet:
        click.echo(words, err=True)


def _finish(told: Asked, found: Found, command: str, options: dict[str, Any]) -> None:
    """Draw, write the provenance, and print."""
    from sim.face import SweepResult
    from sim.verbs.sweep import tables as sweep_tables

    _tell(options["quiet"], "storing and drawing ...")
    SweepResult(found, told.folder).finish(command, pictures=not options["no_pictures"])
    if options["quiet"]:
        click.echo(told.folder)
    elif options["as_json"]:
        document = sweep_tables.document(found.swept, found.keys, found.indices, found.answer)
        click.echo(json.dumps({**document, "folder": str(told.folder)}, ensure_ascii=False, indent=2, allow_nan=False))
    else:
        sweep_tables.show(found.swept, found.keys, found.indices, found.answer)
        click.echo(f"Results are in {told.folder}")


@contextmanager
def _progress(quiet: bool, words: str, reached: list[int]) -> Iterator[Progress]:
    """Yield what shows progress with rate and time left; it also notes in `reached` how far the sweep has come."""
    if quiet or not sys.stderr.isatty():
        lines = Lines(words, quiet, reached)
        yield lines
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=120) as bar:
        task = bar.add_task(words, total=None, rate="")

        def progress(done: int, planned: int) -> None:
            reached[:] = done, planned
            heed()
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, total=planned, rate=f"{speed:.1f} plays/s" if speed else "")

        yield progress


class Lines:
    """Progress as lines: one when the sweep begins, one now and then with rate and time left."""

    def __init__(self, words: str, quiet: bool, reached: list[int]) -> None:
        self.words, self.quiet, self.reached = words, quiet, reached
        self.began: tuple[float, int] | None = None
        self.told_at = 0.0

    def __call__(self, done: int, planned: int) -> None:
        """Tell how far the sweep has come, if it is time to."""
        self.reached[:] = done, planned
        heed()
        now = time.monotonic()
        if self.began is None or done < self.began[1]:
            self.began, self.told_at = (now, done), now
            known = f" ({done:,} known from before)" if done else ""
            _tell(self.quiet, f"{self.words}: {planned:,} play{'' if planned == 1 else 's'}{known} ...")
        elif now - self.told_at > SIGN_OF_LIFE and done > self.began[1]:
            self.told_at = now
            rate = (done - self.began[1]) / (now - self.began[0])
            left = (planned - done) / rate
            time_left = f"{left:.0f} s" if left < A_WHILE else f"{left / 60:.0f} min"
            _tell(self.quiet, f"{done:,} of {planned:,} plays, {rate:.1f} a second, {time_left} left ...")
