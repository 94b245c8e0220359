"""The verb `tour`."""

from __future__ import annotations

from pathlib import Path

import click

from sim.play.console import command_line, echo, out_option, progress, say_warnings, shown, waiting

SCENARIO, REPLICATIONS, SUMMARY = "road_post", 10, "summary.md"


@click.command(
    epilog="\b\nExample:\n  sim tour", short_help="A first minute: check the installation, run a small case."
)
@out_option(f"results/{SCENARIO}/TIME-HASH")
def tour(out: str | None) -> None:
    """Check the installation, play a small border, make a page of it, and show where to go on."""
    echo("1. The installation")
    from sim.play import engines
    from sim.play.provenance import Source
    from sim.play.request import Request
    from sim.scenario.resolve import SCENARIOS, file_named
    from sim.scenario.text.load_scenario import load
    from sim.verbs.report.result import report
    from sim.verbs.run.result import Output, run_into
    from sim.verbs.tour.words import answer, installation, next_steps, places

    engine = engines.ready(engines.COMPILED, waiting(False))
    for line in installation(engine):
        echo(f"   {line}")
    path = file_named(SCENARIO, SCENARIOS)
    loaded = load(path)
    echo(f"\n2. A small case: {loaded.scenario.title}, {REPLICATIONS} times")
    say_warnings(False, {"": loaded})
    request = Request(REPLICATIONS, engine=engine)
    source = Source(SCENARIO, command_line=command_line())
    with progress(False, "playing") as display:
        _, folder = run_into(Output(out), loaded, source, request, display)
    page = report(folder)
    echo(f"   {answer((folder / SUMMARY).read_text(encoding='utf-8'))}")
    echo("\n3. Where things are")
    where = shown(out, folder)
    for name, place in places(where, where / page.name, Path(path)):
        echo(f"   {name:<24} {place}")
    echo("\n4. Try next")
    for command, why in next_steps(SCENARIO):
        echo(f"   {command}\n      {why}")
