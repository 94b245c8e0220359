"""Ctrl-C and requests to end: each becomes an exception, once, and is not lost.

Libraries swallow exceptions in odd places (NumPy does while it looks for attributes), so a long verb asks now and then.
"""

from __future__ import annotations

import signal
import time
from types import FrameType

TERMINATED = 143
STOP_TIME = 2.0
"""Seconds after a signal in which another changes nothing, so that stopping is not itself interrupted."""


class _Stop:
    """A signal handler that raises `exception`."""

    def __init__(self, exception: BaseException) -> None:
        self.exception = exception
        self.last: float | None = None

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        last, self.last = self.last, time.monotonic()
        if last is None or self.last - last > STOP_TIME:
            raise self.exception


_stops = (_Stop(KeyboardInterrupt()), _Stop(SystemExit(TERMINATED)))


def listen() -> None:
    """Turn Ctrl-C into KeyboardInterrupt and SIGTERM into SystemExit; leave Ctrl-C alone where it is ignored."""
    interrupt, terminate = _stops
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, terminate)


def raise_pending() -> None:
    """Raise again what a signal raised before; whoever is still at work then has not heard it."""
    for stop in _stops:
        if stop.last is not None:
            raise stop.exception
