"""Shell completion of catalogue names and file names."""

from __future__ import annotations

from collections.abc import Callable

from click import Context, Parameter
from click.shell_completion import CompletionItem

from sim.scenario.resolve import names

Complete = Callable[[Context, Parameter, str], list[CompletionItem]]


def names_and_files(*kinds: str) -> Complete:
    """Return a completion of catalogue names of these kinds (of `resolve.FOLDERS`) and of files."""

    def complete(_context: Context, _parameter: Parameter, incomplete: str) -> list[CompletionItem]:
        matches = [CompletionItem(name) for name in names(*kinds) if name.startswith(incomplete)]
        return [*matches, CompletionItem(incomplete, type="file")]

    return complete
