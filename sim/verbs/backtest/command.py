"""The verb `backtest`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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

EXAMPLES = """\b
Examples:
  sim backtest my_port_waits.yaml --fit 2019-05-20..2019-05-26 --score 2019-05-27..2019-06-09
  sim backtest my_port_waits.yaml --fit 2019-05-20..2019-05-26 --score 2019-05-27..2019-06-02 --rolling 1d
"""


@click.command(epilog=EXAMPLES, short_help="Score forecasts of a series that the fit has not seen.")
@click.argument("calibration", type=click.Path(path_type=Path), shell_complete=names_and_files(CALIBRATIONS))
@click.option("--fit", required=True, metavar="FROM..UNTIL", help="The days that the parameters are fitted to.")
@click.option("--score", required=True, metavar="FROM..UNTIL", help="The days that are predicted and scored.")
@click.option(
    "--rolling",
    metavar="TIME",
    help="Forecast only so far ahead, then fit anew to the latest days.  [default: all at once]",
)
@click.option(
    "--lead-in", default="1 d", show_default=True, metavar="TIME", help="Time that is played before each window."
)
@options("replications")
@out_option("results/CALIBRATION/backtest-TIME")
@options("seed", "workers", "no_pictures", "svg", "as_json", "quiet")
def backtest(calibration: Path, **given: Any) -> None:
    """Fit a CALIBRATION file to one time window, predict a later one, and score the forecast.

    The file needs at least one reported series (`sim import waits` makes one). The same is done by naive forecasts: the
    last value, the same hour yesterday and last week, the mean by hour of the week. The first sentence says whether the
    model is better than a table of averages. Finished plays of the fits are kept.
    """
    exclude(quiet=given["quiet"], json=given["as_json"])
    from sim.scenario.text.load_calibration import read_calibration
    from sim.verbs.backtest.result import BacktestResult, evaluations, folder
    from sim.verbs.backtest.study import run_backtest
    from sim.verbs.backtest.windows import windows_of

    spans = windows_of(given["fit"], given["score"], given["rolling"], given["lead_in"])
    quiet = given["quiet"] or given["as_json"]
    say(quiet, f"reading {calibration} ...")
    loaded = read_calibration(calibration)
    try:
        with folder(loaded.path, given["out"]) as draft:
            with progress(quiet, "predicting") as display:
                result = BacktestResult(
                    run_backtest(loaded, spans, read_request(given), display, evaluations(calibration))
                )
            result.write_into(draft.path, command_line(), pictures=not given["no_pictures"], svg=given["svg"])
    except KeyboardInterrupt as stop:
        click.echo("\nstopped; finished plays are kept; the same command continues from there", err=True)
        raise click.exceptions.Exit(exit_code(stop)) from None
    _print(result, shown(given["out"], draft.final), given)


def _print(result: Any, where: Path, given: dict[str, Any]) -> None:
    from sim.verbs.backtest import tables

    if given["quiet"]:
        echo_path(where)
    elif given["as_json"]:
        print_json({**tables.document(result.backtest), "folder": str(where)})
    else:
        tables.show(result.backtest)
        echo(f"Results are in {where}")
