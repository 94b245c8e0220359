"""The verb `copy`: copies a scenario with every file it needs, for editing."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from sim.play.completion import names_and_files
from sim.play.console import echo, echo_path
from sim.scenario.resolve import SCENARIOS

EXAMPLES = """\b
Examples:
  sim copy verkhny_lars
  sim copy verkhny_lars my_border && cd my_border && sim run scenarios/verkhny_lars.yaml
  sim copy us_land_port my_border
"""


@click.command(epilog=EXAMPLES, short_help="Copy a scenario with all it needs, for editing.")
@click.argument("scenario", type=click.Path(), shell_complete=names_and_files(SCENARIOS))
@click.argument("folder", required=False, default=".", metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--quiet", is_flag=True, help="Print only the path of the copied scenario.")
def copy(scenario: str, folder: Path, quiet: bool) -> None:
    """Copy SCENARIO, with every file it needs, into DIR for editing.

    SCENARIO is a catalogue name or a path; DIR is the current folder by default. The scenarios it extends or borrows
    from, its reported figures, fitted values, posterior and calibration file are copied too. Existing files are never
    overwritten.
    """
    from sim.verbs.copy.files import copy_files

    copies, copied = copy_files(scenario, folder)
    if quiet:
        echo_path(copied)
        return
    for path in copies:
        echo(path)
    if not copies:
        echo("All files already exist.")
    enter = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    echo(f"Run the copy: {enter}sim run {shlex.quote(str(copied.relative_to(folder)))}")
