"""The verb `compare`."""

from __future__ import annotations

from collections.abc import Sequence
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
    say_warnings,
    shown,
    warner,
)
from sim.scenario.resolve import SCENARIOS

if TYPE_CHECKING:
    from sim.measures.names import Key
    from sim.verbs.compare.statistics import Ranking
    from sim.verbs.compare.study import ComparisonData

EXAMPLES = """\b
Examples:
  sim compare verkhny_lars no_screening
  sim compare verkhny_lars +no_screening +full_screening
  sim compare verkhny_lars +twice_the_booths+no_screening
  sim compare verkhny_lars +no_screening --point
  sim compare verkhny_lars +no_screening +twice_the_booths \\
      --best person_hours_waited --replications 50
"""
BEST, SCOPE = "crossed_people", "all"
FEW_TO_RANK = 3


@click.command(epilog=EXAMPLES, short_help="Compare scenarios on the same random numbers.")
@click.argument("base", type=click.Path(), shell_complete=names_and_files(SCENARIOS))
@click.argument("others", nargs=-1, required=True, metavar="OTHER...", shell_complete=names_and_files(SCENARIOS))
@options("replications", "seed", "engine", "workers")
@options("posterior")
@click.option(
    "--best",
    metavar="QUANTITY",
    help=f"Rank the scenarios by this total.  [default: {BEST}, with {FEW_TO_RANK} scenarios or more]",
)
@click.option(
    "--scope", default=SCOPE, show_default=True, help="Scope of that total: all, vehicles, a class, car/main ..."
)
@click.option(
    "--highest/--lowest",
    default=None,
    help="Whether the highest or the lowest is best.  [default: highest for people and parties across, else lowest]",
)
@out_option("results/comparisons/BASE/TIME")
@options("no_pictures", "svg", "as_json", "quiet")
def compare(base: str, others: tuple[str, ...], **given: Any) -> None:
    """Simulate scenarios on the same tapes; report differences from BASE, whom they affect, and their uncertainty.

    BASE and OTHER are scenario files, optionally with interventions: FILE+NAME+NAME; +NAME alone is BASE with NAME.
    """
    exclude(quiet=given["quiet"], json=given["as_json"])
    comparison, rankings, where = _carried_out(base, others, given)
    if given["quiet"]:
        echo_path(where)
        return
    from sim.verbs.compare import tables as comparison_tables

    if given["as_json"]:
        document = {**comparison_tables.document(comparison, rankings), "folder": str(where)}
        print_json(document)
        return
    comparison_tables.show(comparison, rankings)
    echo(f"\nResults are in {where}")


def _carried_out(
    base: str, others: tuple[str, ...], given: dict[str, Any]
) -> tuple[ComparisonData, list[Ranking], Path]:
    """Play and write; return the comparison, the rankings, and the folder."""
    from sim.measures.names import check_total
    from sim.play.signals import raise_pending
    from sim.verbs.compare import files as results
    from sim.verbs.compare.result import Comparison
    from sim.verbs.compare.study import compare as compare_variants
    from sim.verbs.compare.study import read_variants

    quiet = given["quiet"]
    say(quiet, f"reading {', '.join((base, *others))} ...")
    if given["best"] is not None:
        check_total(given["best"])
    variants = read_variants(base, others, posterior=given["posterior"], tell=warner(quiet))
    say_warnings(quiet, {variant.label: variant.loaded for variant in variants})
    request = read_request(given)
    playing = progress(quiet, f"playing {len(variants)} scenarios on the same tapes")
    with results.folder(variants[0].label, given["out"]) as draft, playing as shown_progress:
        comparison = compare_variants(variants, request, shown_progress, lambda keys: _check_keys(keys, given))
        rankings = _rankings(comparison, given)
        Comparison(comparison, tuple(rankings)).write_into(
            draft.path, command_line(), pictures=not given["no_pictures"], svg=given["svg"], pause=raise_pending
        )
    return comparison, rankings, shown(given["out"], draft.final)


def _check_keys(keys: Sequence[Sequence[Key]], given: dict[str, Any]) -> None:
    """Raise SimError, before any simulation starts, if the total for the ranking does not exist."""
    from sim.verbs.compare.study import common_totals

    if given["best"] is not None or len(keys) >= FEW_TO_RANK:
        common_totals(keys, given["best"] or BEST, given["scope"])


def _rankings(comparison: ComparisonData, given: dict[str, Any]) -> list[Ranking]:
    if given["best"] is None and len(comparison.variants) < FEW_TO_RANK:
        return []
    return comparison.ranking(given["best"] or BEST, given["scope"], given["highest"])
