"""The command `sim`: its verbs, and the messages and exit codes after errors.

Start-up is fast because each verb imports what it needs when it runs.
"""

from __future__ import annotations

import os
from typing import Any

import click

from sim import about
from sim.errors import SimError, printable
from sim.play import terminal
from sim.play.signals import exit_code, listen
from sim.suggest import did_you_mean
from sim.verbs.audit.command import audit
from sim.verbs.backtest.command import backtest
from sim.verbs.calibrate.command import calibrate
from sim.verbs.catalogue.command import catalogue
from sim.verbs.check.command import check, schema, sources
from sim.verbs.compare.command import compare
from sim.verbs.copy.command import copy
from sim.verbs.intake.command import import_
from sim.verbs.nowcast.command import nowcast
from sim.verbs.report.command import report
from sim.verbs.run.command import rerun, run
from sim.verbs.serve.command import serve
from sim.verbs.sweep.command import sweep
from sim.verbs.tour.command import tour
from sim.verbs.validate.command import validate

USER_ERROR = 2

EXAMPLES = """\b
Examples:
  sim tour
  sim run verkhny_lars
  sim run verkhny_lars --intervene no_screening --replications 5
  sim run verkhny_lars --set seed=7 --out /tmp/seven
  sim catalogue
  sim check scenarios/*.yaml
  sim audit verkhny_lars
  sim calibrate verkhny_lars
  sim validate verkhny_lars
  sim nowcast --seen waits.csv --column trucks_waiting --ahead 12h
  sim compare verkhny_lars +no_screening
  sim sweep verkhny_lars --over stations.exit_cars.staffing=12:36:4
  sim rerun results/verkhny_lars/20220921T100000Z-s0123abcd
  sim report results/verkhny_lars/20220921T100000Z-s0123abcd
  sim serve verkhny_lars
"""
COMPLETION = """\b
Completion of verbs and options in your shell:
  bash: eval "$(sim completion bash)"      in ~/.bashrc
  zsh:  eval "$(sim completion zsh)"       in ~/.zshrc
  fish: sim completion fish | source       in ~/.config/fish/config.fish
"""


class Verbs(click.Group):
    """A group of verbs that reports each problem in one sentence and suggests a verb for an unknown name."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb. The exit code is 2 after an error of the user, 130 after Ctrl-C, and 143 after SIGTERM."""
        try:
            return super().invoke(ctx)
        except SimError as error:
            click.echo(str(error), err=True)
            ctx.exit(USER_ERROR)
        except click.UsageError as error:
            raise click.UsageError(printable(error.format_message()), error.ctx) from None
        except KeyboardInterrupt as stop:
            click.echo("\nstopped; nothing was written", err=True)
            ctx.exit(exit_code(stop))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or suggest one with a similar name."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            verbs = self.list_commands(ctx)
            listed = f"; the verbs are {', '.join(verbs)}"
            ctx.fail(f"there is no verb {args[0]!r}{did_you_mean(args[0], verbs) or listed}")
        return super().resolve_command(ctx, args)


@click.group(cls=Verbs, epilog=EXAMPLES + "\n" + COMPLETION, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(about.__version__, prog_name="sim")
def commands() -> None:
    """Simulate queues at a border; a scenario file describes the whole experiment."""


@commands.command(epilog=COMPLETION)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes verbs and options in a shell."""
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    if script is None:
        raise SimError(f"there is no completion for {shell}")
    click.echo(script(commands, {}, "sim", "_SIM_COMPLETE").source())


VERBS = (
    *(run, rerun, check, schema, sources, audit, backtest, calibrate, catalogue, copy, compare, import_),
    *(nowcast, report, serve, sweep, tour, validate),
)
for verb in VERBS:
    commands.add_command(verb)


def main() -> None:
    """Run the command line of this process. Whatever happens, it ends with a sentence and an exit code."""
    listen()
    terminal.spell_out()
    try:
        os.getcwd()  # noqa: PTH109  (only whether there is one)
        commands(prog_name="sim")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except Exception as error:
        code = terminal.explain(error)
    terminal.close(code)
