"""One replication of M/M/3 in a process of its own: `python -m benchmarks.memory PARTIES [measured]` prints bytes.

They are those of the peak resident set above start-up: when everything is imported, compiled and planned.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CAN_TELL = Path("/proc/self/clear_refs").exists()


def bytes_per_party(parties: int, *, measured: bool) -> float:
    """Return peak bytes above start-up per party of a replication that keeps no records. Linux only."""
    command = [sys.executable, "-m", "benchmarks.memory", str(parties), *(["measured"] if measured else [])]
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout) / parties


def _status(field: str) -> int:
    """Return a size from Linux's account of this process, in bytes.

    The peak that `getrusage` reports will not do: a process inherits it from the one that started it.
    """
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(field):
            return 1024 * int(line.split()[1])
    raise LookupError(field)


def _main() -> None:
    from benchmarks import ours

    measured = "measured" in sys.argv
    ours.played(ours.mm3(1000), 1, measured=measured)
    planned = ours.mm3(int(sys.argv[1]))
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak begins anew
    ours.played(planned, 1, measured=measured)
    print(_status("VmHWM") - before)


if __name__ == "__main__":
    _main()
