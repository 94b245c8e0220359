"""The verb `report`."""

from __future__ import annotations

from pathlib import Path

import click

from sim.play.console import echo, echo_path, options, say

EXAMPLES = """\b
Examples:
  sim report results/verkhny_lars/20220921T100000Z-s0123abcd
  sim report results/friday results/saturday --out weekend.html
  sim report results/friday --pdf
"""


@click.command(epilog=EXAMPLES, short_help="Make one page to send from results.")
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FOLDER...")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="The page. [default: report.html in FOLDER]"
)
@click.option("--pdf", is_flag=True, help="Also write it as PDF; needs Chromium or Chrome.")
@options("quiet")
def report(results: tuple[Path, ...], out: Path | None, pdf: bool, quiet: bool) -> None:
    """Make one HTML page from the FOLDERs of results.

    They may be of run, compare, sweep, calibrate, validate, backtest, nowcast and audit. The page holds sentences,
    charts, tables, pictures, assumptions and where everything comes from. It is one file of less than 5 MB, and needs
    no network.
    """
    from sim.verbs.report import result

    say(quiet, f"making a page of {', '.join(map(str, results))} ...")
    path = result.report(results, out, pdf=pdf)
    if quiet:
        echo_path(path)
    else:
        also = f" and in {path.with_suffix('.pdf')}" if pdf else ""
        echo(f"The report is in {path}{also}")
