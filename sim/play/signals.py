"""Ctrl-C and SIGTERM: each becomes an exception, once, and is not lost. SIGTERM is handled as Ctrl-C is.

Libraries may suppress exceptions (NumPy does during attribute lookup), so a long verb checks for signals regularly.
"""

from __future__ import annotations

import signal
import time
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143
"""Exit codes after Ctrl-C and after SIGTERM."""
STOP_TIME = 2.0
"""Seconds after a signal during which further ones are ignored, so that stopping is not itself interrupted."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end by SIGTERM."""


def exit_code(stop: KeyboardInterrupt) -> int:
    """Return the exit code after Ctrl-C or SIGTERM."""
    return TERMINATED if isinstance(stop, Terminated) else INTERRUPTED


class _Stop:
    """A signal handler that raises `exception`."""

    def __init__(self, exception: BaseException) -> None:
        self.exception = exception
        self.last: float | None = None

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        last, self.last = self.last, time.monotonic()
        if last is None or self.last - last > STOP_TIME:
            raise self.exception


_stops = (_Stop(KeyboardInterrupt()), _Stop(Terminated()))


def listen() -> None:
    """Turn Ctrl-C into KeyboardInterrupt and SIGTERM into Terminated; leave Ctrl-C alone where it is ignored."""
    interrupt, terminate = _stops
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, terminate)


def raise_pending() -> None:
    """Raise the exception of an earlier signal again, if a library has suppressed it."""
    for stop in _stops:
        if stop.last is not None:
            raise stop.exception
