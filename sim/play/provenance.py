"""The provenance of results: everything needed to repeat them, and the software that produced them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from sim import store
from sim.about import PACKAGE, __version__
from sim.errors import SimError
from sim.paths import is_folder
from sim.play.request import Request
from sim.scenario.text.start_from import sets_end_state
from sim.scenario.text.tree import show
from sim.suggest import no_folder

FILE = "provenance.json"
LONGEST_NAME = 255
"""Characters of the name of a file or folder."""
LIBRARIES = ("numpy", "scipy", "simpy", "numba", "pyarrow", "pydantic", "matplotlib")


@dataclass(frozen=True)
class Source:
    """The user's input: the scenario as given, changes to it, and the command line, if any."""

    source: str
    sets: tuple[str, ...] = ()
    interventions: tuple[str, ...] = ()
    command_line: str | None = None


def write(
    folder: Path,
    facts: Mapping[str, Any],
    command_line: str | None,
    files: Sequence[str] | None = None,
) -> None:
    """Write the provenance of the results in a folder. Call this last: it stores the digests of all other files.

    `facts` are those of the verb; version, code, platform and libraries are added. `files` are the names of the
    results if the folder also holds other files; the default is all files. Raises SimError.
    """
    digests = (
        store.digests(folder, leave_out=FILE)
        if files is None
        else {name: store.digest(folder / name) for name in sorted(files)}
    )
    document = {
        "version": __version__,
        "code": code(),
        "git": git(),
        **facts,
        "command_line": command_line,
        "platform": platform.platform(),
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "files": digests,
    }
    text = json.dumps(without_home(document), indent=2, ensure_ascii=False)
    store.write_shared(folder / FILE, text + "\n")


def without_home(value: Any) -> Any:
    """Return a document in which `~` stands for the user's home folder, whose name is nobody's business."""
    if isinstance(value, Mapping):
        return {name: without_home(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [without_home(part) for part in value]
    home = os.path.expanduser("~")  # noqa: PTH111  (Path.home raises an exception where there is none)
    if not isinstance(value, str) or len(home) < len("/x"):
        return value
    return re.sub(rf"(?<![^\s'\"=:]){re.escape(home)}(?![^/\s'\":,+])", "~", value)


def timing(started_at: datetime, wall_s: float) -> dict[str, Any]:
    """Return the start time and the duration (s) as facts."""
    return {"started_at": started_at.isoformat(timespec="seconds"), "wall_seconds": round(wall_s, 3)}


def calibration_facts(path: Path) -> dict[str, Any]:
    """Return the facts about the calibration file on which results are based."""
    return {"calibration": str(path), "calibration_sha256": store.digest(path)}


@dataclass(frozen=True)
class Provenance:
    """The part of a stored provenance that is needed to repeat a run.

    `sets` and `interventions` are those still to be applied: a stored scenario already includes them, unless its
    parameters are drawn from a posterior.
    """

    version: str
    code: str
    request: Request
    records: bool
    files: dict[str, str]
    posterior: bool
    sets: tuple[str, ...]
    interventions: tuple[str, ...]
    libraries: dict[str, str]
    replicates: bool = False


class _Damaged(Exception):
    """What is wrong with a stored provenance."""


_OTHER_KINDS = {
    "seen": "a nowcast",
    "forecasts": "a validation",
    "method": "a calibration",
    "scenarios": "a comparison",
    "points": "a sweep",
    "calibration": "an audit",
}
"""Other kinds of results by a key that identifies them; if several keys are present, the first one decides."""


def read(folder: Path) -> Provenance:
    """Read the provenance of a result folder. Raises SimError if there is none or it is damaged."""
    path = folder / FILE
    if not is_folder(folder):
        raise SimError(no_folder(folder))
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        kind = next(
            (kind for key, kind in _OTHER_KINDS.items() if isinstance(document, dict) and key in document), None
        )
        if kind is not None:
            command = document.get("command_line")
            again = f": {command}" if command else ""
            raise SimError(f"{folder}: is the folder of {kind}, not of a run; repeat its command{again}")
        return _parsed(document)
    except FileNotFoundError:
        raise SimError(f"{folder}: is not a result folder; it has no {FILE}") from None
    except OSError as error:
        raise SimError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, RecursionError, _Damaged) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise SimError(f"{path}: is damaged: {what}") from None


def _parsed(document: Any) -> Provenance:
    if not isinstance(document, dict) or not isinstance(document["files"], dict):
        raise TypeError("expected a mapping with the key 'files'")
    try:
        request = Request(replications=document["replications"], seed=document["seed"], engine=str(document["engine"]))
    except SimError as error:
        raise _Damaged(str(error)) from None
    if request.replications is None or request.seed is None:
        raise TypeError("replications and seed must be whole numbers")
    files = {str(name): str(digest) for name, digest in document["files"].items()}
    strange = next((name for name in files if not _is_name(name)), None)
    if strange is not None:
        raise _Damaged(f"no file of a result folder is called {show(strange)}")
    libraries = document.get("libraries", {})
    known = {name: str(libraries[name]) for name in LIBRARIES if isinstance(libraries, dict) and libraries.get(name)}
    posterior, replicates = (_flag(key, document.get(key, False)) for key in ("posterior", "replicates"))
    needed = document if posterior else {"sets": [], "interventions": [], **document}
    given = [_texts(key, needed[key]) for key in ("sets", "interventions")]
    sets, interventions = given if posterior else ((), ())
    sets = tuple(text for text in sets if not sets_end_state(text))  # the stored scenario names a copy
    records = _flag("records", document["records"])
    return Provenance(
        str(document["version"]),
        str(document["code"]),
        request,
        records,
        files,
        posterior,
        sets,
        interventions,
        known,
        replicates,
    )


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Damaged(f"{key} must be true or false; got {show(value)}")
    return value


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _Damaged(f"{key} must be a list of texts; got {show(value)}")
    return tuple(value)


def _is_name(name: str) -> bool:
    """Say whether a name, relative to a result folder, is that of a file within it."""
    parts = name.split("/")
    return name.isprintable() and all(0 < len(part) <= LONGEST_NAME and part not in (".", "..") for part in parts)


def changed_libraries(record: Provenance) -> dict[str, tuple[str, str]]:
    """Return the versions, then and now, of the libraries that differ from those of a stored run."""
    now = {name: _version(name) or "none" for name in record.libraries}
    return {name: (then, now[name]) for name, then in record.libraries.items() if now[name] != then}


def code(package: Path = PACKAGE) -> str:
    """Return a digest of the project's source files, which distinguishes an edited copy from the original version."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return "c" + digest.hexdigest()[:16]


def program() -> str:
    """Return a digest of the parts of the program on which the results of a replication depend."""
    rooms = [code(PACKAGE / room) for room in ("scenario", "engine", "measures")]
    own = [store.digest(PACKAGE / "units.py"), __version__, np.__version__]
    return hashlib.sha256(json.dumps([rooms, own]).encode()).hexdigest()[:16]


def git(root: Path = PACKAGE.parent) -> dict[str, Any] | None:
    """Return the commit and whether the working copy differs from it; None if the sources belong to no checkout.

    The configuration of the checkout is not read, as it may name commands to run: git sees its files, objects and index
    through an empty repository.
    """
    commit = _commit(root / ".git")
    if commit is None:
        return None
    try:
        with store.scratch() as empty:
            for name in ("objects", "refs"):
                store.private_folder(empty / name)
            store.write(empty / "HEAD", commit + "\n")
            changes = _changes(root, empty)
    except SimError:  # there is no temporary folder
        return None
    return None if changes is None else {"commit": commit, "dirty": changes}


def _commit(folder: Path) -> str | None:
    """Return the commit that is checked out, as a `.git` folder names it; None if it is not one."""
    try:
        head = (folder / "HEAD").read_text(encoding="ascii").strip()
        if head.startswith("ref: "):
            name = head.removeprefix("ref: ")
            packed = folder / "packed-refs"
            lines = packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else []
            found = [line.partition(" ")[0] for line in lines if line.endswith(f" {name}")]
            head = (folder / name).read_text(encoding="ascii").strip() if (folder / name).is_file() else found[0]
    except (OSError, ValueError, IndexError):
        return None
    return head if re.fullmatch("[0-9a-f]{40}", head) else None


def _changes(root: Path, empty: Path) -> bool | None:
    """Say whether files differ from the commit; None if git cannot say."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    places = {"GIT_OBJECT_DIRECTORY": root / ".git" / "objects", "GIT_INDEX_FILE": root / ".git" / "index"}
    environment = {**own, "GIT_OPTIONAL_LOCKS": "0", **{name: str(place) for name, place in places.items()}}
    command = ["git", f"--git-dir={empty}", f"--work-tree={root}", "-c", "core.fsmonitor=false", "status"]
    command += ["--porcelain", "--", "sim", "scenarios", "calibration"]
    try:
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, timeout=10, env=environment, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() != ""


def _version(library: str) -> str | None:
    """Return the version of a library; None if it is not installed (numba is optional)."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
