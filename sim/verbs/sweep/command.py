"""The verb `sweep`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.play.completion import names_and_files
from sim.play.console import (
    command_line,
    echo,
    echo_path,
    exclude,
    options,
    print_json,
    progress,
    read_request,
    say,
    say_warnings,
    warner,
)
from sim.play.signals import exit_code
from sim.scenario.resolve import SCENARIOS, SWEEPS

if TYPE_CHECKING:
    from sim.verbs.sweep.request import SweepAnalysis, SweepRequest

SOME_FAILED = 1
"""Exit code of a sweep in which points failed."""
GIVEN_DESIGNS = ("grid", "one-at-a-time", "lhs", "sobol", "sensitivity")

EXAMPLES = """\b
Examples:
  sim sweep verkhny_lars --over stations.exit_cars.staffing=12:36:4 --replications 10
  sim sweep verkhny_lars --over stations.exit_cars.staffing=12:36:4 \\
      --over 'demand.car*=0.5:1.5:0.25' --threshold 'wait.p90@car/main < 24 h'
  sim sweep verkhny_lars --design sensitivity --points 64 \\
      --over stations.exit_cars.staffing=whole:12:36 --over 'demand.car*=0.5:1.5'
  sim sweep verkhny_lars --find 'stations.exit_cars.staffing=12:60 such that wait.p90@car/main < 24 h'
  sim sweep my_sweep.yaml --on dask://10.0.0.1:8786
"""


@click.command(epilog=EXAMPLES, short_help="Run a scenario at many points of its levers.")
@click.argument("scenario", type=click.Path(path_type=Path), shell_complete=names_and_files(SCENARIOS, SWEEPS))
@click.option(
    "--over",
    multiple=True,
    metavar="PATH=VALUES",
    help="A lever: 4,8,12 or 0:1:0.1 or log:1:100:5 or whole:4:24, with a unit at the end; 'PATH*=' multiplies; "
    "'intervene=none,NAME' applies interventions; may be repeated.",
)
@click.option("--design", type=click.Choice(GIVEN_DESIGNS), help="Method of choosing the points.  [default: grid]")
@click.option(
    "--points",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="Number of points, for designs that choose them.  [default: 64]",
)
@click.option(
    "--posterior",
    type=click.IntRange(1),
    metavar="N",
    help="Number of parameter vectors of the fitted posterior that become points.",
)
@click.option(
    "--point",
    is_flag=True,
    help="Play the fitted values alone; else each replication has its own parameters from the posterior, if there is "
    "one.",
)
@click.option(
    "--find",
    metavar="QUESTION",
    help="Find the smallest (or 'largest') value that meets a bound: 'PATH=LOW:HIGH such that wait.p90 < 6 h'.",
)
@click.option("--measure", multiple=True, metavar="NAME[@SCOPE]", help="A measure to show and draw; may be repeated.")
@click.option(
    "--threshold", multiple=True, metavar="BOUND", help="A bound to draw as a line or contour: 'wait.p90 < 6 h'."
)
@options("replications", "seed", "engine", "workers")
@click.option("--on", metavar="ADDRESS", help="Address of a running Dask cluster: dask://HOST:PORT.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the sweep; results it already holds are used.  [default: results/SCENARIO/sweep-LEVERS]",
)
@options("sets", "intervene")
@click.option("--fail-fast", is_flag=True, help="Stop at the first point that fails.")
@click.option("--retry-failed", is_flag=True, help="Try points again that failed before.")
@options("no_pictures", "svg", "as_json", "quiet")
def sweep(scenario: Path, **given: Any) -> None:
    """Simulate a SCENARIO (or a sweep file) at many points of its levers, all on the same tapes.

    Finished points are kept: the same command continues where it was stopped, and adding values or replications
    computes only what is new. Exit code 1: some points failed.
    """
    quiet = given["quiet"]
    exclude(quiet=quiet, json=given["as_json"])
    say(quiet, f"reading {scenario} ...")
    from sim.verbs.sweep.request import SweepOptions, carry_out, read_sweep_request

    names = {field.name for field in fields(SweepOptions)}
    sweep_request = read_sweep_request(scenario, SweepOptions(**{name: given[name] for name in names}), warner(quiet))
    say_warnings(quiet, {"": sweep_request.base.loaded})
    read_request(given)
    try:
        with progress(quiet, f"playing {sweep_request.base.loaded.scenario.name}") as shown_progress:
            analysis = carry_out(sweep_request, command_line(), shown_progress)
        _finish(sweep_request, analysis, given)
    except KeyboardInterrupt as stop:
        count = f"{shown_progress.done:,} of {shown_progress.planned:,} replications are kept"
        kept = count if shown_progress.planned else "no new replications; earlier ones are kept"
        echo(f"\nstopped; {kept} in {sweep_request.folder}; the same command continues from there", err=True)
        raise click.exceptions.Exit(exit_code(stop)) from None
    if analysis.sweep.failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _finish(sweep_request: SweepRequest, analysis: SweepAnalysis, given: dict[str, Any]) -> None:
    """Draw, write the provenance, and print."""
    from sim.verbs.sweep import tables as sweep_tables
    from sim.verbs.sweep.result import SweepResult

    for line in analysis.warnings:
        say(given["quiet"], f"warning: {line}")
    say(given["quiet"], "storing and drawing ...")
    SweepResult(analysis, sweep_request.folder).finish(
        command_line(), pictures=not given["no_pictures"], svg=given["svg"]
    )
    if given["quiet"]:
        echo_path(sweep_request.folder)
    elif given["as_json"]:
        document = sweep_tables.document(analysis)
        print_json({**document, "folder": str(sweep_request.folder)})
    else:
        sweep_tables.show(analysis)
        echo(f"Results are in {sweep_request.folder}")
