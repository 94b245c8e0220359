"""What an audit leaves behind: where its folder is, and the provenance that tells how it came about."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from sim import about, store
from sim.play import provenance
from sim.verbs.audit.study import Audit

RESULTS = Path("results")
FILE = provenance.FILE


def folder(calibration: Path, out: str | Path | None) -> AbstractContextManager[store.Draft]:
    """Return the draft of the folder `out`, or of `results/<calibration>/audit-<time>`. Raises SimError on entering."""
    if out is not None:
        return store.new_folder(Path(out))
    return store.new_folder(RESULTS / calibration.stem / f"audit-{store.stamp()}", numbered=True)


def told(audit: Audit, calibration: Path, command_line: str | None, files: Mapping[str, str]) -> str:
    """Return the provenance of an audit as JSON text; `files` are the SHA-256 of what else is in its folder."""
    found = {
        "version": about.__version__,
        "code": provenance.code(),
        "git": provenance.git(),
        "calibration": str(calibration),
        "calibration_sha256": store.digest(calibration),
        "scenario": audit.assumed.middle.name,
        "command_line": command_line,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "files": dict(files),
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
