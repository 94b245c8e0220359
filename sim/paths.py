"""Questions about paths; a name that the system cannot have is the name of nothing."""

from __future__ import annotations

import os
from pathlib import Path

from sim.errors import SimError, printable


def is_file(path: Path) -> bool:
    """Say whether there is such a file."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Say whether there is such a folder."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def exists(path: Path) -> bool:
    """Say whether there is anything of that name."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def possible(path: Path) -> Path:
    """Return a path that is to be written. Raises SimError if the system cannot have a file of that name."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return path
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or "no file can have this name"
        raise SimError(f"{printable(str(path))[:150]}: cannot be written: {what.lower()}") from None
    return path
