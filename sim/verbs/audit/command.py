"""The verb `audit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.play.completion import names_and_files
from sim.play.console import command_line, echo, echo_path, exclude, options, out_option, print_json, shown
from sim.scenario.resolve import CALIBRATIONS

if TYPE_CHECKING:
    from sim.verbs.audit.study import Audit

AUDIT_EXAMPLES = """\b
Examples:
  sim audit verkhny_lars
  sim audit verkhny_lars --csv > audit.csv
  sim audit verkhny_lars --out results/audit
"""


@click.command(epilog=AUDIT_EXAMPLES, short_help="Check which reported figures can hold together.")
@click.argument("calibration", type=click.Path(path_type=Path), shell_complete=names_and_files(CALIBRATIONS))
@out_option("results/CALIBRATION/audit-TIME")
@options("no_pictures", "svg", "as_json")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for a spreadsheet.")
@options("quiet")
def audit(calibration: Path, out: str | None, no_pictures: bool, svg: bool, **printed: bool) -> None:
    """Check which reported figures of a CALIBRATION file are consistent with each other, without running the model.

    Arithmetic only: queue divided by wait, metres of road per vehicle, counts over time, people per vehicle.
    """
    exclude(quiet=printed["quiet"], json=printed["as_json"], csv=printed["as_csv"])
    from sim.scenario.text.load_calibration import read_calibration
    from sim.verbs.audit.files import folder
    from sim.verbs.audit.result import AuditResult
    from sim.verbs.audit.study import audit as audited

    loaded = read_calibration(calibration)
    result = AuditResult(audited(loaded), loaded.path)
    with folder(loaded.path, out) as draft:
        result.write_into(draft.path, command_line(), pictures=not no_pictures, svg=svg)
    _print(result.audit, shown(out, draft.final), **printed)


def _print(audit: Audit, where: Path, *, as_json: bool, as_csv: bool, quiet: bool) -> None:
    from sim.verbs.audit import tables as audit_tables

    if quiet:
        echo_path(where)
    elif as_json:
        document = {**audit_tables.document(audit), "folder": str(where)}
        print_json(document)
    elif as_csv:
        click.echo((where / "audit.csv").read_text(encoding="utf-8"), nl=False)
    else:
        audit_tables.show(audit)
        echo(f"Results are in {where}")
