"""The verb `calibrate`."""

from __future__ import annotations

import time
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
    out_option,
    print_json,
    progress,
    read_request,
    say,
    shown,
)
from sim.play.signals import exit_code
from sim.scenario.resolve import CALIBRATIONS

if TYPE_CHECKING:
    from sim.verbs.calibrate.findings import Findings

EXAMPLES = """\b
Examples:
  sim calibrate verkhny_lars
  sim calibrate verkhny_lars --held-out --out results/fit
  sim calibrate verkhny_lars --update
  sim calibrate verkhny_lars --until 2022-09-27 --out results/early_fit
  sim calibrate verkhny_lars --recovery 200 --refits 10
"""


@click.command(epilog=EXAMPLES, short_help="Fit parameters to reported figures.")
@click.argument("calibration", type=click.Path(path_type=Path), shell_complete=names_and_files(CALIBRATIONS))
@out_option("results/calibration/CALIBRATION/TIME")
@click.option(
    "--held-out",
    is_flag=True,
    help="Also predict each figure from a fit without it, and the figures of each day and kind.",
)
@click.option(
    "--update",
    is_flag=True,
    help="Also update the fitted file that the scenario names; for an installed scenario, write one in this folder.",
)
@click.option(
    "--until",
    metavar="DATE",
    help="Fit only the figures whose window ends by then (local time; a date without a time includes that day); the "
    "later ones are only predicted.",
)
@click.option(
    "--recovery",
    type=click.IntRange(2, 10_000),
    metavar="N",
    help="Instead of a fit, check the method by simulation-based calibration: draw N sets of parameters from the "
    "priors, simulate their reports, and count how often the intervals hold the truth.",
)
@click.option(
    "--refits",
    type=click.IntRange(0, 10_000),
    default=0,
    metavar="N",
    help="With --recovery: fit so many of the simulated worlds in full, to check the emulator.",
)
@click.option(
    "--intervene",
    multiple=True,
    metavar="NAME",
    help="With --recovery: an intervention in force in the simulated worlds and not in the fit, to see the coverage "
    "under a wrong model; may be repeated.",
)
@options("seed", "workers", "no_pictures", "svg", "as_json", "quiet")
def calibrate(calibration: Path, **given: Any) -> None:
    """Fit the parameters of a CALIBRATION file to its reported figures, and report how well they are determined.

    Finished simulations are kept: the same command continues where it was stopped.
    """
    exclude(quiet=given["quiet"], json=given["as_json"])
    if given["recovery"] is None and (given["refits"] or given["intervene"]):
        raise click.UsageError("--refits and --intervene need --recovery")
    if given["recovery"] is not None and given["refits"] > given["recovery"]:
        raise click.UsageError(f"--refits must be at most --recovery, {given['recovery']}; got {given['refits']}")
    for other in ("held_out", "update"):
        exclude(recovery=given["recovery"] is not None, **{other.replace("_", "-"): given[other]})
    say(given["quiet"], f"reading {calibration} ...")
    try:
        if given["recovery"] is not None:
            _recover(calibration, given)
            return
        findings, where, updated = _fit_and_write(calibration, given)
    except KeyboardInterrupt as stop:
        click.echo("\nstopped; finished simulations are kept; the same command continues from there", err=True)
        raise click.exceptions.Exit(exit_code(stop)) from None
    _print(findings, where, updated, given)


def _recover(calibration: Path, given: dict[str, Any]) -> None:
    """Check the method on simulated worlds, write and print."""
    from sim.scenario.text.load_calibration import known_until, read_calibration
    from sim.verbs.calibrate import files as results
    from sim.verbs.calibrate import recovery_tables
    from sim.verbs.calibrate.recovery import Design, recover

    began = time.perf_counter()
    loaded = known_until(read_calibration(calibration), given["until"])
    request, cache = read_request(given), results.evaluation_folder(calibration)
    design = Design(given["recovery"], given["refits"], given["intervene"])
    with results.folder(calibration, given["out"]) as draft:
        with progress(given["quiet"], "simulating worlds") as shown_progress:
            found = recover(loaded, request, design, shown_progress, cache)
        wall_s = time.perf_counter() - began
        drawn = {"pictures": not given["no_pictures"], "svg": given["svg"]}
        recovery_tables.write(draft.path, found, command_line(), wall_s, **drawn)
    where = shown(given["out"], draft.final)
    if given["quiet"]:
        echo_path(where)
    elif given["as_json"]:
        sentences, records = list(recovery_tables.words_of(found)), recovery_tables.records_of(found)
        print_json({"coverage": records, "sentences": sentences, "folder": str(where)})
    else:
        recovery_tables.show(found)
        echo(f"Results are in {where}")


def _fit_and_write(calibration: Path, given: dict[str, Any]) -> tuple[Findings, Path, dict[Path, str]]:
    """Fit and write; return the findings, the folder, and what became of the fitted file and its posterior."""
    from sim.scenario.text.load_calibration import known_until, read_calibration
    from sim.verbs.calibrate import files as results
    from sim.verbs.calibrate import study
    from sim.verbs.calibrate.blocks import with_blocks
    from sim.verbs.calibrate.findings import findings_of
    from sim.verbs.calibrate.result import CalibrationResult

    loaded = known_until(read_calibration(calibration), given["until"])
    file = results.fitted_file(loaded) if given["update"] else None
    request = read_request(given)
    cache = results.evaluation_folder(calibration)
    with results.folder(calibration, given["out"]) as draft:
        with progress(given["quiet"], "calibrating") as shown_progress:
            fit = study.calibrate(loaded, request, shown_progress, cache)
            held_out = study.held_out(fit, request, shown_progress, cache) if given["held_out"] else ()
            findings = findings_of(fit, held_out)
            if held_out:
                findings = with_blocks(findings, shown_progress)
        CalibrationResult(findings).write_into(
            draft.path, command_line(), pictures=not given["no_pictures"], svg=given["svg"]
        )
    became = "updated" if file and file.exists() else "written"
    updated = dict.fromkeys(results.update(fit, file), became) if file else {}
    return findings, shown(given["out"], draft.final), updated


def _print(findings: Findings, where: Path, updated: dict[Path, str], given: dict[str, Any]) -> None:
    from sim.verbs.calibrate import tables as calibration_tables

    if given["quiet"]:
        echo_path(where)
        return
    if given["as_json"]:
        document = {**calibration_tables.document(findings), "folder": str(where), "updated": [str(p) for p in updated]}
        print_json(document)
        return
    calibration_tables.show(findings)
    for path, became in updated.items():
        echo(f"{path} was {became}")
    echo(f"Results are in {where}")
