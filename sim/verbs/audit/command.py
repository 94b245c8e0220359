"""The verb `audit`: a calibration file in, sentences, table and folder out."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sim.verbs.audit.study import Audit

AUDIT_EXAMPLES = """\b
Examples:
  sim audit calibration/verkhny_lars.yaml
  sim audit calibration/verkhny_lars.yaml --csv > audit.csv
  sim audit calibration/verkhny_lars.yaml --out results/audit
"""


@click.command(epilog=AUDIT_EXAMPLES)
@click.argument("calibration", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(), metavar="DIR",
    help="Folder for the results; it must not exist or be empty.  [default: results/CALIBRATION/audit-TIME]",
)  # fmt: skip
@click.option("--no-pictures", is_flag=True, help="Draw nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of the sentences.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for a spreadsheet.")
@click.option("--quiet", is_flag=True, help="Print nothing but the folder.")
def audit(calibration: Path, out: str | None, no_pictures: bool, as_json: bool, as_csv: bool, quiet: bool) -> None:
    """Say which reported figures of a CALIBRATION file can hold at the same time, without running the model.

    Arithmetic only: waiting over wait, metres of road for each vehicle, counts over time, people for each vehicle.
    """
    if quiet + as_json + as_csv > 1:
        raise click.UsageError("--quiet, --json and --csv exclude each other")
    from sim.scenario.text.load_calibration import load_calibration
    from sim.verbs.audit import study as figures
    from sim.verbs.audit.files import folder

    loaded = load_calibration(calibration)
    found, calibration = figures.audit(loaded), loaded.path
    with folder(calibration, out) as draft:
        _write(draft.path, found, calibration, pictures=not no_pictures)
    where = Path(out or draft.final.relative_to(Path.cwd()))
    _print(found, where, as_json=as_json, as_csv=as_csv, quiet=quiet)


def _write(folder: Path, found: Audit, calibration: Path, *, pictures: bool) -> None:
    """Write everything about an audit into an existing empty folder; the provenance last, with the digests."""
    from sim import store
    from sim.verbs.audit import files as audit_results
    from sim.verbs.audit import tables as audit_tables

    store.write(folder / "sentences.md", audit_tables.markdown(found))
    store.write_table(folder / "audit.csv", audit_tables.columns(found))
    if pictures:
        from sim.plotting import picture
        from sim.verbs.audit.picture import pictures as drawn

        picture.write(folder, drawn(found))
    command = shlex.join(["sim", *sys.argv[1:]])
    digests = store.digests(folder, leave_out=audit_results.FILE)
    store.write(folder / audit_results.FILE, audit_results.told(found, calibration, command, digests))


def _print(found: Audit, where: Path, *, as_json: bool, as_csv: bool, quiet: bool) -> None:
    from sim.verbs.audit import tables as audit_tables

    if quiet:
        click.echo(where)
    elif as_json:
        document = {**audit_tables.document(found), "folder": str(where)}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))
    elif as_csv:
        click.echo((where / "audit.csv").read_text(encoding="utf-8"), nl=False)
    else:
        audit_tables.show(found)
        click.echo(f"Results are in {where}")
