"""The verb `validate`."""

from __future__ import annotations

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
from sim.play.request import RANGES
from sim.scenario.resolve import CALIBRATIONS

if TYPE_CHECKING:
    from sim.verbs.validate.result import ValidationResult

EXAMPLES = """\b
Examples:
  sim validate verkhny_lars
  sim validate verkhny_lars --all --replications 500 --out results/scores
  sim validate calibration/verkhny_lars.yaml --page docs/validation.md
"""


@click.command(epilog=EXAMPLES, short_help="Score the model on figures that no fit has used.")
@click.argument("calibration", type=click.Path(path_type=Path), shell_complete=names_and_files(CALIBRATIONS))
@click.option(
    "--replications",
    type=click.IntRange(*RANGES["replications"]),
    metavar="N",
    help="Number of replications, each with its own parameters from the posterior.  [default: 200]",
)
@click.option("--all", "everything", is_flag=True, help="Also score the fitted figures; this is no test of the model.")
@click.option(
    "--page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also replace the section of this calibration on a Markdown page, and write its pictures beside the page.",
)
@out_option("results/CALIBRATION/validation-TIME")
@options("seed", "engine", "workers", "no_pictures", "svg", "as_json", "quiet")
def validate(calibration: Path, **given: Any) -> None:
    """Score the model, and naive forecasts, on the figures of a CALIBRATION file that no fit has used.

    These are the figures with `status: validation`, and those later than `known_until`.
    """
    exclude(quiet=given["quiet"], json=given["as_json"])
    say(given["quiet"], f"reading {calibration} ...")
    from sim.scenario.text.load_calibration import read_calibration
    from sim.verbs.validate import files, page
    from sim.verbs.validate.result import ValidationResult
    from sim.verbs.validate.study import validate as scored

    loaded = read_calibration(calibration, validation=True)
    if given["page"] is not None:
        page.check(given["page"], loaded.path.stem)
    request = read_request(given)
    with files.folder(loaded.path, given["out"]) as draft:
        with progress(given["quiet"], f"playing {loaded.central.scenario.name}") as shown_progress:
            result = ValidationResult(scored(loaded, request, shown_progress, given["everything"]))
        result.write_into(draft.path, command_line(), pictures=not given["no_pictures"], svg=given["svg"])
    if given["page"] is not None:
        page.update(given["page"], result.validation, {} if given["no_pictures"] else result.plots)
    _print(result, shown(given["out"], draft.final), given)


def _print(result: ValidationResult, where: Path, given: dict[str, Any]) -> None:
    from sim.verbs.validate import tables

    if given["quiet"]:
        echo_path(where)
    elif given["as_json"]:
        print_json({**tables.document(result.validation), "folder": str(where)})
    else:
        tables.show(result.validation)
        if given["page"] is not None:
            echo(f"{given['page']} was updated")
        echo(f"Results are in {where}")
