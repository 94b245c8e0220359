"""The files of an audit: its folder and its provenance."""

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
    return store.results_folder(out, RESULTS / calibration.stem / f"audit-{store.stamp()}")


def write_provenance(folder: Path, audit: Audit, calibration: Path, command_line: str | None) -> None:
    """Write the provenance of an audit, after all other files of `folder`, whose digests it holds."""
    facts = {
        **provenance.calibration_facts(calibration),
        "scenario": audit.assumed.middle.name,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    provenance.write(folder, facts, command_line)
