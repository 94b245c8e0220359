"""The verb `compare`: scenarios in, one table of paired differences and a folder out."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.play.engines import DEFAULT, ENGINES, ready
from sim.verbs.run.command import WORKERS

if TYPE_CHECKING:
    from sim.measures.names import Key
    from sim.verbs.compare.statistics import Ranking
    from sim.verbs.compare.study import Compared

EXAMPLES = """\b
Examples:
  sim compare scenarios/verkhny_lars.yaml scenarios/no_screening.yaml
  sim compare scenarios/verkhny_lars.yaml +no_screening +full_screening
  sim compare scenarios/verkhny_lars.yaml +twice_the_booths+no_screening
  sim compare scenarios/verkhny_lars.yaml +no_screening --posterior
  sim compare scenarios/verkhny_lars.yaml +no_screening +twice_the_booths \\
      --best person_hours_waited --replications 50
"""
BEST, SCOPE = "crossed_people", "all"
FEW_TO_RANK = 3


@click.command(epilog=EXAMPLES)
@click.argument("base", type=click.Path())
@click.argument("others", nargs=-1, required=True, metavar="OTHER...")
@click.option("--replications", type=click.IntRange(1, 1_000_000), help="How many.  [default: as the base says]")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Of all chance.  [default: as the base says]")
@click.option(
    "--engine", type=click.Choice(sorted(ENGINES)), default=DEFAULT, show_default=True,
    help="Who plays; both give the same results.",
)  # fmt: skip
@WORKERS
@click.option(
    "--posterior", is_flag=True,
    help="Take the calibrated parameters of each replication from the fitted posterior, the same in every scenario.",
)  # fmt: skip
@click.option(
    "--best", metavar="QUANTITY",
    help=f"Say which scenario is best in this total.  [default: {BEST}, with {FEW_TO_RANK} scenarios or more]",
)  # fmt: skip
@click.option("--scope", default=SCOPE, show_default=True, help="Whose total: all, vehicles, a class, car/main ...")
@click.option(
    "--highest/--lowest", default=None,
    help="Whether the highest or the lowest is best.  [default: the highest of who crossed, else the lowest]",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(), metavar="DIR",
    help="Folder for the results; it must not exist or be empty.  [default: results/comparisons/BASE/TIME]",
)  # fmt: skip
@click.option("--no-pictures", is_flag=True, help="Draw nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of the tables.")
@click.option("--quiet", is_flag=True, help="Print nothing but the folder.")
def compare(base: str, others: tuple[str, ...], **options: Any) -> None:
    """Play scenarios on the same tapes and say what differs from BASE, for whom, and how sure that is.

    BASE and OTHER are scenario files, each perhaps with interventions: FILE+NAME+NAME; +NAME alone is BASE with it.
    """
    if options["quiet"] and options["as_json"]:
        raise click.UsageError("--quiet and --json exclude each other")
    compared, rankings, where = _carried_out(base, others, options)
    if options["quiet"]:
        click.echo(where)
        return
    from sim.verbs.compare import tables as comparison_tables

    if options["as_json"]:
        document = {**comparison_tables.document(compared, rankings), "folder": str(where)}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))
        return
    comparison_tables.show(compared, rankings)
    click.echo(f"\nResults are in {where}")


def _carried_out(base: str, others: tuple[str, ...], options: dict[str, Any]) -> tuple[Compared, list[Ranking], Path]:
    """Play and write; return what was found, the rankings, and the folder."""
    from sim.face import Comparison
    from sim.play.signals import heed
    from sim.verbs.compare import files as results
    from sim.verbs.compare.study import compare as played
    from sim.verbs.compare.study import gather
    from sim.verbs.run.command import _progress, _say, _waiting
    from sim.verbs.run.study import Request

    quiet = options["quiet"]
    _say(quiet, f"reading {', '.join((base, *others))}")
    contenders = gather(base, others, from_posterior=options["posterior"])
    engine = ready(options["engine"], _waiting(quiet))
    request = Request(engine=engine, **{name: options[name] for name in ("replications", "seed", "workers")})
    playing = _progress(quiet, f"playing {len(contenders)} scenarios on the same tapes")
    with results.folder(contenders[0].label, options["out"]) as draft, playing as progress:
        compared = played(contenders, request, progress, lambda keys: _look(keys, options))
        rankings = _rankings(compared, options)
        command, pictures = shlex.join(["sim", *sys.argv[1:]]), not options["no_pictures"]
        Comparison(compared, tuple(rankings)).write_into(draft.path, command, pictures=pictures, pause=heed)
    return compared, rankings, Path(options["out"] or draft.final.relative_to(Path.cwd()))


def _look(keys: Sequence[Sequence[Key]], options: dict[str, Any]) -> None:
    """Find out early whether there is the total that scenarios are to be ranked by. Raises SimError."""
    from sim.verbs.compare.study import in_all

    if options["best"] is not None or len(keys) >= FEW_TO_RANK:
        in_all(keys, options["best"] or BEST, options["scope"])


def _rankings(compared: Compared, options: dict[str, Any]) -> list[Ranking]:
    if options["best"] is None and len(compared.contenders) < FEW_TO_RANK:
        return []
    return compared.ranking(options["best"] or BEST, options["scope"], options["highest"])
