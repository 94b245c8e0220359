"""The verbs `run` and `rerun`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.play.completion import names_and_files
from sim.play.console import (
    Share,
    command_line,
    echo,
    echo_path,
    exclude,
    options,
    out_option,
    print_json,
    progress,
    read_request,
    say,
    say_warnings,
    shown,
    warner,
)
from sim.scenario.resolve import SCENARIOS

if TYPE_CHECKING:
    from sim.verbs.run.result import RunResult

DIFFERENT = 1


RUN_EXAMPLES = """\b
Examples:
  sim run verkhny_lars
  sim run verkhny_lars --intervene full_screening
  sim run verkhny_lars --set stations.exit_cars.staffing=24
  sim run verkhny_lars --point --replications 200
  sim run verkhny_lars --precision 5% --out results/precise
  cd $(sim run verkhny_lars --quiet)
"""


@click.command(epilog=RUN_EXAMPLES, short_help="Run a scenario many times; tables, pictures, a folder.")
@click.argument("scenario", type=click.Path(), shell_complete=names_and_files(SCENARIOS))
@options("replications")
@click.option(
    "--precision",
    type=Share(),
    metavar="SHARE",
    help="Add replications until the 95 % intervals of the headline measures are within this share of their means "
    "(such as 5%), up to --replications (here 1000 by default).",
)
@options("seed", "engine", "workers")
@out_option("results/SCENARIO/TIME-HASH")
@options("sets", "intervene")
@options("posterior")
@click.option("--records", is_flag=True, help="Also store every visit of every party, and when servers came and went.")
@click.option("--replicates", is_flag=True, help="Also store totals, series and reported figures of every replication.")
@options("no_pictures", "svg", "as_json", "quiet")
def run(scenario: str, **choices: Any) -> None:
    """Simulate a scenario; print a table; store tables, series and pictures in a folder."""
    quiet, as_json = choices["quiet"], choices["as_json"]
    exclude(quiet=quiet, json=as_json)
    say(quiet, f"reading {scenario} ...")
    from sim.play.posterior import posterior_of
    from sim.play.provenance import Source
    from sim.scenario.text.load_scenario import load
    from sim.verbs.run.result import Output, run_into

    sets, intervene = choices["sets"], choices["intervene"]
    loaded = load(scenario, sets, intervene)
    say_warnings(quiet, {"": loaded})
    posterior = posterior_of(scenario, sets, intervene, choices["posterior"], warner(quiet))
    output = Output(
        choices["out"], choices["records"], not choices["no_pictures"], choices["replicates"], choices["svg"]
    )
    source = Source(scenario, sets, intervene, command_line())
    request = read_request(choices)
    with progress(quiet, f"playing {loaded.scenario.name}") as shown_progress:
        result, folder = run_into(output, loaded, source, request, shown_progress, posterior)
    _print(result, shown(choices["out"], folder), quiet=quiet, as_json=as_json)


@click.command(
    epilog="\b\nExample:\n  sim rerun results/verkhny_lars/20220921T100000Z-s0123abcd",
    short_help="Repeat a run and compare the bytes.",
)
@click.argument("folder", type=click.Path(path_type=Path))
@options("workers")
def rerun(folder: Path, workers: int | None) -> None:
    """Repeat the run stored in FOLDER and check that the bytes are the same (exit code 1: they differ)."""
    say(False, f"reading {folder} ...")
    from sim.verbs.run import files as results

    with progress(False, "playing again") as shown_progress:
        comparison = results.rerun(folder, workers, shown_progress)
    for note in comparison.notes:
        echo(f"Note: {note}.")
    for name, sameness in comparison.files.items():
        echo(f"{name}: {sameness}")
    click.echo("The bytes are the same." if comparison.same else "The results are not the same.")
    if not comparison.same:
        raise click.exceptions.Exit(DIFFERENT)


def _print(result: RunResult, folder: Path, *, quiet: bool, as_json: bool) -> None:
    if quiet:
        echo_path(folder)
    elif as_json:
        print_json(_document(result, folder))
    else:
        from sim.verbs.run.tables import show

        show(result.run)
        echo(result.run.note)
        echo(f"Results are in {folder}")


def _document(result: RunResult, folder: Path) -> dict[str, Any]:
    run = result.run
    document = {
        "scenario": run.loaded.scenario.name,
        "scenario_hash": run.loaded.scenario_hash,
        "seed": run.request.seed,
        "replications": run.request.replications,
        "engine": run.request.engine,
        "note": run.note,
        "interval_includes": run.interval_includes,
        "headline": result.main_rows,
        "reported": _rows(result.table("reported")),
    }
    flows = {"flows": _rows(result.table("flows"))} if run.flows else {}
    return {**document, **flows, "folder": str(folder)}


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
