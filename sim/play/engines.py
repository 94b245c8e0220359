"""The engines by name. Each is a module with `play(plan, tape) -> Records`, loaded on first use."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from sim.errors import SimError
from sim.play.threads import begun, outcome
from sim.suggest import no_such

ENGINES = {"compiled": "sim.engine.compiled.engine", "reference": "sim.engine.reference.story"}
COMPILED, REFERENCE = ENGINES
DEFAULT = COMPILED
COMPILING = "compiling the engine (once per installation, about half a minute)"

T = TypeVar("T")
Waiting = Callable[[str], AbstractContextManager[object]]
"""A context manager, called with the words to show during a long wait; the wait ends with the block."""


def check(name: str) -> None:
    """Raise SimError with the choices if there is no engine called `name`."""
    if name not in ENGINES:
        raise SimError(no_such("engine", name, list(ENGINES)))


def player(name: str) -> Callable[..., Any]:
    """Return `play` of the engine called `name`. Raises SimError with the choices if there is no such engine.

    Ctrl-C and SIGTERM end a play at once, with either engine.
    """
    check(name)
    play: Callable[..., Any] = import_module(ENGINES[name]).play
    return partial(_in_thread, play) if name == COMPILED else play


@contextmanager
def announced(words: str) -> Iterator[None]:
    """Print one line on stderr that names what is in progress."""
    sys.stderr.write(f"{words} ...\n")
    yield


def ready(name: str, waiting: Waiting = announced) -> str:
    """Prepare an engine, compiling it if this was not done before; return the name of the engine that will be used.

    This is `name`, or the reference engine, which gives the same results, if the compiled engine is not available; a
    note on stderr says so once. Raises SimError if there is no engine `name`.
    """
    check(name)
    if name != COMPILED or _compiled.ready(waiting):
        return name
    return REFERENCE


class _Compiled:
    """Whether the compiled engine can be used, determined once."""

    def __init__(self) -> None:
        self.usable: bool | None = None

    def ready(self, waiting: Waiting) -> bool:
        if self.usable is None:
            try:
                engine = import_module(ENGINES[COMPILED])
                try:
                    self._prepare(engine, waiting)
                except Exception:  # the compiled code on disk may be damaged
                    engine.clear_cache()
                    self._prepare(engine, waiting)
                self.usable = True
            except Exception as error:  # numba may be missing, broken, or not support this platform
                why = f"{type(error).__name__}: {error}".splitlines()[0]
                sys.stderr.write(
                    f"Note: the compiled engine cannot be used here ({why}); "
                    "the reference engine is used, with the same results but far more slowly.\n"
                )
                self.usable = False
        return self.usable

    def _prepare(self, engine: Any, waiting: Waiting) -> None:
        measures = import_module("sim.measures.count.tally")
        is_compiled = engine.is_compiled() and measures.is_compiled()
        with nullcontext() if is_compiled else waiting(COMPILING), _without_collection():
            _in_thread(engine.prepare)
            _in_thread(measures.prepare)


_compiled = _Compiled()


@contextmanager
def _without_collection() -> Iterator[None]:
    """Do without garbage collection: the compiler makes very many long-lived objects, so it would take a sixth."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _in_thread(work: Callable[..., T], *arguments: Any) -> T:
    """Return what long work outside Python returns; it runs in a thread, so that a signal takes effect at once."""
    return outcome(begun(work, *arguments))
