"""Execution of tasks in this process, in threads of it, or in spawned processes, which are replaced if they die.

Results come in the order of the items for any number of workers, and only a few are computed ahead. A spawned worker
returns its result through a file: with a pipe, a worker killed in the middle of a large result would leave the pool
waiting for ever. Spawned workers do not load the caller's `__main__`, so a script needs no guard, and they leave
Ctrl-C to the parent.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from threadpoolctl import threadpool_limits

from sim import store
from sim.errors import SimError
from sim.play.threads import begun, outcome

AHEAD = 4
"""Tasks submitted per worker ahead of the oldest result that was not yet returned."""
MOST_LOSSES = 5
"""Maximum number of consecutive failures of the workers without a result in between."""

Task = Callable[[Any], Any]
_carry_out: Callable[[int, Any], Path] | None = None


def cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crew:
    """Workers that execute `task(item)`; a context manager.

    They are `threads` of this process, or processes; then task and items must be picklable, unless `workers` is 1.
    """

    def __init__(self, task: Task, workers: int, *, threads: bool = False) -> None:
        self.task, self.workers, self.threads = task, workers, threads
        self._pool: ProcessPoolExecutor | None = None
        self._open = ExitStack()
        self._results: Path | None = None
        self._asked = 0  # so that no two items share a result file

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._open:
            self._stop(at_once=kind is not None)

    def results(self, items: Sequence[Any]) -> Iterator[Any]:
        """Yield `task(item)` for each of `items`, in order. Raises SimError if workers keep dying."""
        if self.workers == 1:
            yield from map(self.task, items)
            return
        if self.threads:
            yield from self._in_threads(items)
            return
        handed_out: dict[int, Future[Any]] = {}
        losses = 0
        begin, self._asked = self._asked, self._asked + len(items)
        for position in range(begin, self._asked):
            while True:
                try:
                    ahead = items[position - begin : position - begin + AHEAD * self.workers]
                    self._hand_out(dict(enumerate(ahead, position)), handed_out)
                    result = pickle.loads(store.take(handed_out[position].result()))
                    break
                except BrokenProcessPool:
                    losses += 1
                    if losses > MOST_LOSSES:
                        raise SimError(_LOST) from None
                    self._stop(at_once=True)
                    handed_out = {n: future for n, future in handed_out.items() if _succeeded(future)}
            losses = 0
            del handed_out[position]
            yield result

    def _in_threads(self, items: Sequence[Any]) -> Iterator[Any]:
        handed_out = deque[Future[Any]]()
        for item in items:
            handed_out.append(begun(self.task, item))
            if len(handed_out) == self.workers:
                yield outcome(handed_out.popleft())
        while handed_out:
            yield outcome(handed_out.popleft())

    def _hand_out(self, items: dict[int, Any], handed_out: dict[int, Future[Any]]) -> None:
        self._results = self._results or self._open.enter_context(store.scratch())
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            arguments = (self.task, self._results)
            self._pool = ProcessPoolExecutor(self.workers, context, initializer=_begin, initargs=arguments)
        with _signals_held(), _bare_main():
            for position, item in items.items():
                if position not in handed_out:
                    handed_out[position] = self._pool.submit(_work, position, item)

    def _stop(self, *, at_once: bool) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=not at_once, cancel_futures=True)
        if at_once:
            for process in processes:
                process.kill()
            for process in processes:
                process.join(timeout=1)


_LOST = (
    f"the worker processes were killed {MOST_LOSSES + 1} times in a row, perhaps because memory ran out; "
    "try --workers 1, or fewer workers"
)


def _succeeded(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _begin(task: Task, results: Path) -> None:
    """Make this process a worker: leave Ctrl-C to the parent, and end when the parent has ended.

    There is a worker per core, so that linear algebra on several threads in each would only make them wait.
    """
    global _carry_out

    def carry_out(position: int, item: Any) -> Path:
        path = results / str(position)
        store.write(path, pickle.dumps(task(item)), lasting=False)
        return path

    _carry_out = carry_out
    threadpool_limits(1, "blas")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _work(position: int, item: Any) -> Any:
    if _carry_out is None:
        raise AssertionError("a worker receives its task when it starts")
    return _carry_out(position, item)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Delay Ctrl-C and SIGTERM while workers start, so that no worker is left partly started.

    The workers inherit the blocked Ctrl-C. A signal received in the block is raised afterwards.
    """
    caught: list[int] = []
    in_main = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)} if in_main else {}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    for number in handlers:
        signal.signal(number, lambda number, _: caught.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if caught:
            signal.raise_signal(caught[0])


@contextmanager
def _bare_main() -> Iterator[None]:
    """Hide the caller's `__main__`, which spawned processes would otherwise import (and run, if it has no guard)."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
