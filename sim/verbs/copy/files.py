"""Copies a scenario with every file it needs, so that the copy runs and can be edited in its new folder."""

from __future__ import annotations

import os
from pathlib import Path

from sim import store
from sim.errors import ScenarioError, SimError
from sim.scenario.model.calibration import Fitted
from sim.scenario.resolve import CALIBRATIONS, FOLDERS, SCENARIOS, file_named, shipped
from sim.scenario.text.fitted_values import load_fitted
from sim.scenario.text.load_calibration import read_calibration
from sim.scenario.text.load_scenario import load
from sim.scenario.text.yaml_text import FITTED, kinds, read_file, recorded_reads


def needed_files(scenario: Path) -> list[Path]:
    """Return every file that a scenario needs, the scenario first.

    These are the scenarios it extends or borrows from, its tables and reported rows, its fitted files with their
    posterior, and its calibration file with all that it needs. Raises ScenarioError.
    """
    with recorded_reads() as read:
        load(scenario)
        for calibration in _calibration_files(scenario, list(read)):
            read_calibration(calibration)
    files = [scenario, *read]
    files += [path.parent / fitted.posterior for path in read if (fitted := _fitted(path))]
    return [path for path in dict.fromkeys(file.resolve() for file in files) if path.is_file()]


def copy_files(given: str | Path, folder: Path) -> tuple[list[Path], Path]:
    """Copy a scenario (path or catalogue name) with all it needs to `folder`; return the new files and the scenario.

    The files keep their places relative to each other. A file that already exists with the same content is left
    unchanged. Raises ScenarioError, or SimError before anything is written if a file exists with different content.
    """
    places = _places(needed_files(file_named(given, SCENARIOS)))
    contents = {folder / place: path.read_bytes() for path, place in places.items()}
    missing = {target: content for target, content in contents.items() if not _has(target, content)}
    for target, content in missing.items():
        store.write(target, content)
    return list(missing), next(iter(contents))


def _places(files: list[Path]) -> dict[Path, Path]:
    """Return where each file goes. Those of a user who names shipped scenarios go beside the copies of these."""
    program = shipped().resolve()
    own = [path for path in files if not any(path.is_relative_to(program / folder) for folder in FOLDERS)]
    root = _root(own) if own else program
    alone = len(own) == len(files) or (root / SCENARIOS).is_dir()
    beside = Path() if alone else Path(SCENARIOS)
    return {path: beside / path.relative_to(root) if path in own else path.relative_to(program) for path in files}


def _root(files: list[Path]) -> Path:
    """Return the folder that holds all files; for scenarios of a folder `scenarios`, the one above it."""
    root = Path(os.path.commonpath([path.parent for path in files]))
    return root.parent if root.name == SCENARIOS else root


def _calibration_files(scenario: Path, read: list[Path]) -> list[Path]:
    """Return the calibration files that the fitted files among `read` come from, and the one of the scenario's name."""
    files = [path.parent / fitted.calibration for path in read if (fitted := _fitted(path))]
    files.append(scenario.resolve().parent.parent / CALIBRATIONS / scenario.name)
    return [path for path in dict.fromkeys(file.resolve() for file in files) if path.is_file()]


def _fitted(path: Path) -> Fitted | None:
    """Return the content of a file of fitted values; None for any other file."""
    try:
        return load_fitted(path) if FITTED in kinds(read_file(path)) else None
    except ScenarioError:
        return None


def _has(target: Path, content: bytes) -> bool:
    """Say whether a file with this content exists. Raises SimError if its content differs."""
    if not os.path.lexists(target):
        return False
    if target.is_file() and target.read_bytes() == content:
        return True
    raise SimError(f"{target}: already exists with different content; choose another folder (nothing was copied)")
