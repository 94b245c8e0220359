"""How the kernel is compiled, and the cache of compiled code, which saves compiling at every start.

To decide whether cached code is valid, numba looks only at the file of the function itself. The folder is therefore
named by a hash of all source files of the compiled code. Because cached code is executed, the folder must be private to
this user. Without such a folder everything works, but every process compiles again.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from sim import store
from sim.engine.compiled.compilers import Entry, InlineRule, Rule

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
"""Patterns of the source files of the compiled code, and of all modules they import except `store`."""
_config: Any = numba.config


def sources(package: Path) -> list[Path]:
    """Return the source files of the compiled code.

    Raises RuntimeError if a pattern of SOURCES matches no file, because an outdated kernel could run.
    """
    matches = {name: sorted(package.glob(name)) for name in SOURCES}
    for name, paths in matches.items():
        if not paths:
            raise RuntimeError(f"no source file matches {name!r} in {package}")
    return [path for paths in matches.values() for path in paths]


def _folder() -> Path | None:
    """Return a private folder for this version of the kernel; None if there is none."""
    parts = [numba.__version__, np.__version__, sys.version, platform.machine()]
    try:
        parts += [path.read_text(encoding="utf-8") for path in sources(Path(__file__).parents[2])]
    except OSError:
        return None
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    parent = store.user_cache()
    folder = parent / f"kernel-{key}" if parent is not None else None
    return folder if folder is not None and store.private_folder(folder) else None


FOLDER = _folder()


def holds(function: Any) -> bool:
    """Return whether the cache holds an `entry` as it was compiled from its very file.

    Numba does not load code that was compiled from the same text in another folder, as by another installation.
    """
    if FOLDER is None or not hasattr(function, "_cache"):
        return False
    file = function._cache._cache_file  # numba has no public way to ask
    return any((Path(file._cache_path) / name).is_file() for name in file._load_index().values())


def clear_cache() -> None:
    """Remove the cached code, for example because a file is damaged. Raises SimError."""
    for path in FOLDER.rglob("*.nb[ci]") if FOLDER is not None else ():
        store.remove(path)


def rule(function: Callable[..., Any]) -> Any:
    """Compile a function of the kernel inline into its callers, so that passing arguments costs nothing."""
    return _never_alone(numba.njit(error_model="numpy", pipeline_class=InlineRule)(function))


def long_rule(function: Callable[..., Any]) -> Any:
    """Compile a function of the kernel that is too long to be inlined."""
    return _never_alone(numba.njit(error_model="numpy", pipeline_class=Rule)(function))


def _never_alone(function: Any) -> Any:
    """Let numba compile a function for its callers only: once for whole numbers, not for every constant again."""
    template: Any = function.get_call_template
    type_of: Any = numba.types.unliteral

    def with_types(args: Any, kws: Any) -> Any:
        return template([type_of(arg) for arg in args], {key: type_of(arg) for key, arg in kws.items()})

    function.get_call_template = with_types
    function._insert = lambda *_: None  # there is no machine code that Python could call
    return function


def entry(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls, with all that it calls, and save it in the cache."""
    if FOLDER is None:
        return numba.njit(error_model="numpy", pipeline_class=Entry)(function)
    before, _config.CACHE_DIR = _config.CACHE_DIR, str(FOLDER)
    try:
        return numba.njit(error_model="numpy", pipeline_class=Entry, cache=True)(function)
    finally:
        _config.CACHE_DIR = before
