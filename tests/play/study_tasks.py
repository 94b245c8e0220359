"""Tasks that spawned workers can import."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from sim.errors import SimError
from sim.verbs.run.study import RunTask


def square(number: int) -> int:
    return number * number


def total(numbers: tuple[float, ...]) -> float:
    return sum(numbers)


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def sleep(number: int) -> int:
    """Say so and sleep far longer than any test waits."""
    print("asleep", flush=True)  # noqa: T201
    time.sleep(3600)
    return number


def refuse(number: int) -> int:
    raise SimError(f"number {number} cannot be done")


@dataclass(frozen=True)
class DieOnce:
    """Dies in the middle of the first try at every odd number; `task` does the work, `seen` is a folder."""

    seen: Path
    task: RunTask | None = None

    def __call__(self, number: int) -> object:
        mark = self.seen / str(number)
        if number % 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.task(number) if self.task else number


@dataclass(frozen=True)
class LaterFirst:
    """Numbers finish in the opposite order."""

    last: int

    def __call__(self, number: int) -> int:
        time.sleep(0.05 * (self.last - number))
        return number


@dataclass(frozen=True)
class DieHandingOver:
    """Returns `size` bytes; at the first try at every third number the worker dies when part of them is on its way.

    On its way means: the first part is in the pipe to the parent, or the file is written but has not its name.
    """

    seen: Path
    size: int

    def __call__(self, number: int) -> bytes:
        mark = self.seen / str(number)
        if number % 3 == 0 and not mark.exists():
            mark.touch()
            os.fsync = die  # type: ignore[assignment]
            send = Connection._send  # type: ignore[attr-defined]

            def send_half(connection: Connection, content: bytes) -> None:
                if len(content) > 16384:
                    os.write(connection.fileno(), content[:16384])
                    die(0)
                send(connection, content)

            Connection._send = send_half  # type: ignore[attr-defined]
        return bytes(self.size)
