"""What an audit leaves behind: where its folder is, and the provenance that tells how it came about."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from sim import store
from sim.play import provenance
from sim.verbs.audit.study import Audit

RESULTS = Path("results")


def folder(calibration: Path, out: str | Path | None) -> AbstractContextManager[store.Draft]:
    """Return the draft of the folder `out`, or of `results/<calibration>/audit-<time>`. Raises SimError on entering."""
    if out is not None:
        return store.new_folder(Path(out))
    return store.new_folder(RESULTS / calibration.stem / f"audit-{store.stamp()}", numbered=True)


def write_provenance(folder: Path, audit: Audit, calibration: Path, command_line: str | None) -> None:
    """Write where an audit came from, last of all: it holds the digests of everything else in `folder`."""
    facts = {
        **provenance.calibration_facts(calibration),
        "scenario": audit.assumed.middle.name,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    provenance.write(folder, facts, command_line)
