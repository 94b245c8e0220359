"""How the kernel is compiled, and where the outcome is kept, so that it is compiled once and not at every start.

numba looks only at the file of a function to decide whether what it kept is still good. So the folder is named by a
hash of all that is compiled. What is kept is code: the folder must be this user's alone. Where no such folder
can be had, everything works, but compiles anew in every process.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from sim import store

SOURCES = (
    "arrays.py",
    "engine/compiled/*.py",
    "engine/event_order.py",
    "engine/plan.py",
    "engine/records.py",
    "measures/count/*.py",
    "scenario/model/quantities.py",
    "units.py",
)
LAST = ("kernel.in_order", "passes.regroup")
"""What is compiled last in each of the two."""
APP = "border-queues"
_config: Any = numba.config


def _user_cache() -> Path:
    """Return the folder in which this user's programs keep what they can make again, by the custom of the platform."""
    if _config.CACHE_DIR:  # the environment variable NUMBA_CACHE_DIR
        return Path(_config.CACHE_DIR)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return named if named.is_absolute() else Path.home() / ".cache"


def _places() -> list[Callable[[], Path]]:
    user = str(getattr(os, "getuid", lambda: "")())
    return [lambda: _user_cache() / APP, lambda: Path(tempfile.gettempdir()) / f"{APP}-{user}"]


def sources(package: Path) -> list[Path]:
    """Return the source files that the compiled code is made of.

    Raises RuntimeError if a pattern of SOURCES matches no file: an outdated kernel would run.
    """
    matches = {name: sorted(package.glob(name)) for name in SOURCES}
    for name, paths in matches.items():
        if not paths:
            raise RuntimeError(f"no source file matches {name!r} in {package}")
    return [path for paths in matches.values() for path in paths]


def _folder() -> Path | None:
    """Return a private folder for this very kernel; None if there is nowhere to keep it."""
    made_of = [numba.__version__, np.__version__, sys.version, platform.machine()]
    try:
        made_of += [path.read_text(encoding="utf-8") for path in sources(Path(__file__).parents[2])]
    except OSError:
        return None
    key = hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:16]
    for place in _places():
        try:
            parent = place()
        except (OSError, RuntimeError):  # there is no home
            continue
        if store.private_folder(parent) and store.private_folder(parent / f"kernel-{key}"):
            return parent / f"kernel-{key}"
    return None


FOLDER = _folder()


def kept() -> bool:
    """Whether the kernel and the passes of the measures were compiled and kept before."""
    return FOLDER is not None and all(any(FOLDER.rglob(f"{last}*.nbc")) for last in LAST)


def forget() -> None:
    """Take away what was kept, as when a file of it is damaged. Raises SimError."""
    for path in FOLDER.rglob("*.nb[ci]") if FOLDER is not None else ():
        store.remove(path)


def rule(function: Callable[..., Any]) -> Any:
    """Compile a function of the kernel into each that calls it: then what it is given and returns costs nothing."""
    return numba.njit(error_model="numpy", forceinline=True)(function)


def long_rule(function: Callable[..., Any]) -> Any:
    """Compile a function of the kernel that is too long to be put into each that calls it."""
    return numba.njit(error_model="numpy", forceinline=False)(function)  # left out, its callers' is taken over


def entry(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls, with all that it calls, and keep the outcome."""
    if FOLDER is None:
        return numba.njit(error_model="numpy", nogil=True)(function)
    before, _config.CACHE_DIR = _config.CACHE_DIR, str(FOLDER)
    try:
        return numba.njit(error_model="numpy", nogil=True, cache=True)(function)
    finally:
        _config.CACHE_DIR = before
