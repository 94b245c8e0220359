"""Shared parts of the commands: options, messages, progress, and exit codes."""

from __future__ import annotations

import json
import math
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sim import units
from sim.errors import printable
from sim.play.engines import DEFAULT, ENGINES, Waiting, ready
from sim.play.request import RANGES, Progress, Request
from sim.play.signals import raise_pending

if TYPE_CHECKING:
    from sim.scenario.text.load_scenario import Loaded

SIGN_OF_LIFE = 20.0
"""Seconds between two lines of progress where the output is not a terminal."""
SHOWN_IN_SECONDS = 100
"""Remaining times below this many seconds are shown in seconds, others in minutes."""

Command = TypeVar("Command", bound=Callable[..., Any])


class Share(click.ParamType):  # type: ignore[type-arg]  # older releases of click have no type argument
    """A share such as 5% or 0.05."""

    name = "SHARE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the fraction, above 0 and below 1."""
        try:
            share = units.parse("share", value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not 0 < share < 1:
            self.fail(f"must be above 0 and below 100 %, such as 5%; got {value}", param, ctx)
        return share


OPTIONS: Mapping[str, Callable[[Command], Command]] = {
    "replications": click.option(
        "--replications",
        type=click.IntRange(*RANGES["replications"]),
        metavar="N",
        help="Number of replications.  [default: from the scenario]",
    ),
    "seed": click.option(
        "--seed", type=click.IntRange(*RANGES["seed"]), metavar="N", help="Random seed.  [default: from the scenario]"
    ),
    "engine": click.option(
        "--engine",
        type=click.Choice(sorted(ENGINES)),
        default=DEFAULT,
        show_default=True,
        help="Simulation engine; both give identical results.",
    ),
    "workers": click.option(
        "--workers",
        type=click.IntRange(*RANGES["workers"]),
        metavar="N",
        help="Number of processes.  [default: one per core; threads where few replications are played]",
    ),
    "sets": click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Change a value; may be repeated."),
    "intervene": click.option(
        "--intervene", multiple=True, metavar="NAME", help="Apply an intervention; may be repeated."
    ),
    "posterior": click.option(
        "--posterior/--point",
        default=None,
        help="Give each replication its own parameters from the fitted posterior, so that bands include the "
        "uncertainty of the parameters; or play the fitted values alone.  [default: the posterior, if there is one]",
    ),
    "no_pictures": click.option("--no-pictures", is_flag=True, help="Do not draw pictures."),
    "svg": click.option("--svg", is_flag=True, help="Store every picture as SVG too, beside PNG."),
    "as_json": click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables."),
    "quiet": click.option("--quiet", is_flag=True, help="Print only the folder of the results."),
}
"""The options shared by several verbs, by the name of their parameter."""


def options(*names: str) -> Callable[[Command], Command]:
    """Return a decorator that adds these OPTIONS to a command, in this order."""

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            command = OPTIONS[name](command)
        return command

    return decorate


def out_option(default: str) -> Callable[[Command], Command]:
    """Return the option `--out` of a verb that writes a new folder; `default` describes the default folder."""
    return click.option(
        "--out",
        type=click.Path(),
        metavar="DIR",
        help=f"Folder for the results; it must be empty or not exist.  [default: {default}]",
    )


def command_line() -> str:
    """Return the command as the user typed it."""
    return shlex.join(["sim", *sys.argv[1:]])


def shown(out: str | Path | None, folder: Path) -> Path:
    """Return the path of a result folder as given by the user, or relative to the current folder."""
    return Path(out) if out is not None else folder.relative_to(Path.cwd())


def exclude(**flags: bool) -> None:
    """Raise UsageError if more than one of the `flags` is set."""
    if sum(flags.values()) > 1:
        names = [f"--{name.removeprefix('as_')}" for name in flags]
        raise click.UsageError(f"{', '.join(names[:-1])} and {names[-1]} exclude each other")


def print_json(document: Mapping[str, Any]) -> None:
    """Print a JSON document; numbers that JSON cannot represent become null."""
    click.echo(json.dumps(_finite(document), ensure_ascii=False, indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def say(quiet: bool, words: str) -> None:
    """Print a message to stderr unless `quiet`."""
    if not quiet:
        echo(words, err=True)


def warner(quiet: bool) -> Callable[[str], None]:
    """Return a function that prints a warning to stderr unless `quiet`."""
    return lambda sentence: say(quiet, f"warning: {sentence}")


def say_warnings(quiet: bool, scenarios: Mapping[str, Loaded]) -> None:
    """Print the warnings of scenarios by label ('' prints none), each once, unless `quiet`."""
    from sim.scenario.checks.warnings import warning_lines  # late: start-up must stay light

    said: set[str] = set()
    for label, loaded in () if quiet else scenarios.items():
        lines = [*loaded.notes, *warning_lines(loaded.scenario, loaded.interventions, loaded.applied)]
        for line in lines:
            if line not in said:
                say(quiet, f"warning: {f'{label}: ' if label else ''}{line}")
        said.update(lines)


def echo(words: object, err: bool = False) -> None:
    """Print a line; control characters of names of files and other texts of the user become escapes."""
    click.echo(printable(str(words)), err=err)


def echo_path(path: Path) -> None:
    """Print a path alone: as it is where a program reads it, with control characters as escapes on a terminal."""
    click.echo(printable(str(path)) if sys.stdout.isatty() else str(path))


def read_request(options: Mapping[str, Any]) -> Request:
    """Return the request that the options specify; compile its engine if this was not done before."""
    names = [name for name in ("replications", "precision", "seed", "workers") if name in options]
    engine = ready(options.get("engine", DEFAULT), waiting(options["quiet"]))
    return Request(engine=engine, **{name: options[name] for name in names})


def waiting(quiet: bool) -> Waiting:
    """Return an indicator of a long wait: a spinner on a terminal, one line elsewhere, nothing if `quiet`."""

    @contextmanager
    def wait(words: str) -> Iterator[None]:
        if quiet or not sys.stderr.isatty():
            say(quiet, f"{words} ...")
            yield
            return
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as spinner:
            spinner.add_task(words)
            yield

    return wait


@contextmanager
def progress(quiet: bool, words: str, unit: str = "replication") -> Iterator[Shown]:
    """Yield a progress display: a bar on a terminal, lines elsewhere, warnings alone if `quiet`.

    `words` name it; `unit` is what is counted.
    """
    if quiet:
        yield Shown()
    elif not sys.stderr.isatty():
        yield Lines(words, unit)
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        console = Console(stderr=True)
        with RichProgress(*columns, console=console, transient=True, speed_estimate_period=120) as bar:
            yield Bar(bar, words, unit)


class Shown(Progress):
    """Progress that stores the latest numbers for a final message. This class shows only warnings."""

    def __init__(self) -> None:
        self.done, self.planned, self.stage = 0, 0, ""

    def __call__(self, done: int, planned: int, stage: str = "") -> None:
        """Store the numbers. Raises KeyboardInterrupt if a signal arrived."""
        raise_pending()
        self.done, self.planned, self.stage = done, planned, stage

    def warn(self, sentence: str) -> None:
        """Print a sentence to stderr."""
        say(False, sentence)


class Bar(Shown):
    """A progress bar with rate and remaining time."""

    def __init__(self, bar: Any, words: str, unit: str) -> None:
        super().__init__()
        self.bar, self.words, self.unit = bar, words, unit
        self.task = bar.add_task(words, total=None, rate="")

    def __call__(self, done: int, planned: int, stage: str = "") -> None:
        """Update the bar."""
        if stage != self.stage:
            self.bar.reset(self.task, total=planned)
        super().__call__(done, planned, stage)
        speed = self.bar.tasks[0].speed
        words = stage or ("storing and drawing" if done == planned else self.words)
        rate = f"{speed:.1f} {self.unit}s/s" if speed else ""
        self.bar.update(self.task, completed=done, total=planned, description=words, rate=rate)

    def say(self, sentence: str) -> None:
        """Print a sentence above the bar."""
        self.bar.console.print(printable(sentence), highlight=False, markup=False)

    def warn(self, sentence: str) -> None:
        """Print a sentence above the bar."""
        self.say(sentence)


class Lines(Shown):
    """Progress as lines: one at the start of each stage, then one every SIGN_OF_LIFE seconds."""

    def __init__(self, words: str, unit: str = "replication") -> None:
        super().__init__()
        self.words, self.unit = words, unit
        self.began: tuple[float, int] | None = None
        self.printed_at = 0.0

    def __call__(self, done: int, planned: int, stage: str = "") -> None:
        """Print a line if one is due."""
        new = self.began is None or stage != self.stage or done < self.done
        super().__call__(done, planned, stage)
        now = time.monotonic()
        if new or self.began is None:
            self.began, self.printed_at = (now, done), now
            known = f" ({done:,} already finished)" if done else ""
            plural = "" if planned == 1 else "s"
            say(False, f"{stage or self.words}: {planned:,} {self.unit}{plural}{known} ...")
        elif now - self.printed_at > SIGN_OF_LIFE and done > self.began[1]:
            self.printed_at = now
            rate = (done - self.began[1]) / (now - self.began[0])
            left = (planned - done) / rate
            time_left = f"{left:.0f} s" if left < SHOWN_IN_SECONDS else f"{left / 60:.0f} min"
            say(False, f"{done:,} of {planned:,} {self.unit}s, {rate:.1f} per second, {time_left} left ...")

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        say(False, sentence)
