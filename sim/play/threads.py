"""Work in threads that end with the process, so that a signal takes effect at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

T = TypeVar("T")


def begun(work: Callable[..., T], *arguments: Any) -> Future[T]:
    """Start `work(*arguments)` in a thread of its own and return what will hold its result."""
    done: Future[T] = Future()

    def attempt() -> None:
        try:
            done.set_result(work(*arguments))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=attempt, daemon=True).start()
    return done


def outcome(done: Future[T]) -> T:
    """Wait for the result of work that was begun; raise what it raised. Signals are handled meanwhile."""
    while not wait([done], timeout=0.1).done:
        pass
    return done.result()
