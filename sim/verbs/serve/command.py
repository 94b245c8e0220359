"""The verb `serve`."""

from __future__ import annotations

import click

from sim.play.completion import names_and_files
from sim.play.console import echo, options, say
from sim.scenario.resolve import SCENARIOS

EXAMPLES = """\b
Examples:
  sim serve
  sim serve airport_hall
  sim serve my_port/scenarios/ferry_port.yaml --port 9000 --no-browser
  sim serve --host 0.0.0.0     for others in your network, with a token
"""


@click.command(epilog=EXAMPLES, short_help="Open a page to play with a scenario.")
@click.argument("scenario", default="verkhny_lars", type=click.Path(), shell_complete=names_and_files(SCENARIOS))
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any that is free.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Address to listen at. By default only this machine can open the page; at any other, a token is needed.",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@options("quiet")
def serve(scenario: str, port: int, host: str, no_browser: bool, quiet: bool) -> None:
    """Open a page in the browser to play with SCENARIO: move a lever and see the queue change at once.

    The page is served by this machine and loads nothing from elsewhere. Ctrl-C ends it.
    """
    from sim.verbs.serve.server import Server

    say(quiet, f"reading {scenario} ...")
    server = Server(scenario, port=port, host=host)
    echo(server.url if quiet else f"The page is at {server.url}   (Ctrl-C ends it)")
    try:
        server.run(browser=not no_browser)
    except KeyboardInterrupt:
        say(quiet, "the page is closed")
