"""Tasks on a running Dask cluster instead of local processes; needs the extra `[cluster]`.

Scheduler and workers must have the same version of the program. The scheduler reassigns the tasks of a worker that
dies. Results come in the order of the items and are identical to the byte.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Any

from sim.errors import SimError
from sim.play import provenance
from sim.play.workers import AHEAD

SCHEME = "dask://"
PATIENCE = 15
"""Seconds to wait for the scheduler to answer, and for its first worker."""
TALKATIVE = (
    "distributed", "distributed.client", "distributed.core", "distributed.utils", "tornado.application", "asyncio",
)  # fmt: skip
"""Loggers of Dask and its libraries that report lost connections and interruptions; silenced, as a message follows."""
RETRIES, PORTS = 3, 65536


class Cluster:
    """The workers of the cluster at `address` (dask://HOST:PORT), which execute `task(item)`; a context manager."""

    def __init__(self, task: Callable[[Any], Any], address: str) -> None:
        host, _, port = address.removeprefix(SCHEME).rpartition(":")
        if not (address.startswith(SCHEME) and host and port.isdecimal() and 0 < int(port) < PORTS):
            raise SimError(f"--on {address}: expected dask://HOST:PORT, the address that `dask scheduler` prints")
        self.task = task
        self.address = address
        self._client: Any = None

    def __enter__(self) -> Cluster:
        """Connect, and check that the workers have the same version of the program. Raises SimError."""
        try:
            import distributed
        except ModuleNotFoundError:
            raise SimError("--on needs Dask: pip install 'border-queues[cluster]'") from None
        try:
            for name in TALKATIVE:
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
            client: Any = distributed.Client
            self._client = client(f"tcp://{self.address.removeprefix(SCHEME)}", timeout=PATIENCE, set_as_default=False)
            self._client.wait_for_workers(1, timeout=PATIENCE)
            codes = {self._client.run_on_scheduler(provenance.code), *self._client.run(provenance.code).values()}
        except (OSError, TimeoutError) as error:
            self._close()
            raise SimError(f"{self.address}: no scheduler with workers answers ({error})") from None
        except ImportError as error:
            self._close()
            raise SimError(
                f"{self.address}: scheduler and workers must have this program installed ({error})"
            ) from None
        if codes != {provenance.code()}:
            self._close()
            raise SimError(f"{self.address}: scheduler or workers have a different version of this program")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def results(self, items: Sequence[Any]) -> Iterator[Any]:
        """Yield `task(item)` for each of `items`, in order. Raises SimError if the cluster is lost."""
        from distributed import CancelledError, KilledWorker

        try:
            task = self._client.scatter(self.task, broadcast=True)
            rest, sent = iter(items), deque[Any]()
            while True:
                threads = sum(self._client.nthreads().values()) or 1
                wanted = max(0, AHEAD * threads - len(sent))
                sent.extend(
                    self._client.submit(_carry_out, task, item, pure=False, retries=RETRIES)
                    for item in islice(rest, wanted)
                )
                if not sent:
                    return
                yield sent.popleft().result()
        except KilledWorker:
            raise SimError(
                f"{self.address}: several workers died on the same task, perhaps because memory ran out; "
                "finished results are kept"
            ) from None
        except (CancelledError, OSError, TimeoutError) as error:
            raise SimError(
                f"{self.address}: the cluster was lost ({type(error).__name__}); finished results are kept"
            ) from None

    def _close(self) -> None:
        if self._client is not None:
            self._client.close(timeout=1)
            self._client = None


def _carry_out(task: Callable[[Any], Any], item: Any) -> Any:
    return task(item)
