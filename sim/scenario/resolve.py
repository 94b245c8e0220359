"""Finds the scenario, calibration or sweep file that a command or a function asks for, by path or by catalogue name.

An existing file comes first. A bare name such as `verkhny_lars` is then looked for in the folders `scenarios`,
`calibration` and `sweeps` of the working directory, and last in those that came with the program.
"""

from __future__ import annotations

from pathlib import Path

from sim.about import PACKAGE
from sim.errors import Problem, ScenarioError, SimError
from sim.paths import exists, is_file
from sim.suggest import closest

SCENARIOS, CALIBRATIONS, SWEEPS = "scenarios", "calibration", "sweeps"
FOLDERS = (SCENARIOS, CALIBRATIONS, SWEEPS)
SUFFIXES = (".yaml", ".yml")
READ = (*SUFFIXES, ".csv", ".parquet")
_FITTED = "_fitted"
LONGEST_SHOWN = 150
"""Characters of a file name in a message."""
_IN_WHEEL = PACKAGE / "data"


def shipped() -> Path:
    """Return the folder that holds the catalogue's folders: inside an installed package, or that of the checkout."""
    return _IN_WHEEL if _IN_WHEEL.is_dir() else PACKAGE.parent


def is_shipped(path: Path) -> bool:
    """Say whether a file came with the program, unless the program is run from the checkout that holds the file."""
    root = shipped().resolve()
    if root == PACKAGE.parent.resolve() and Path.cwd().resolve().is_relative_to(root):
        return False
    return any(path.resolve().is_relative_to(root / folder) for folder in FOLDERS)


def catalogue_folders(kind: str) -> list[Path]:
    """Return the existing folders that hold files of a kind (of FOLDERS): that of the working directory first."""
    folders = {folder.resolve(): folder for folder in (shipped() / kind, Path(kind)) if folder.is_dir()}
    return list(reversed(folders.values()))


def names(*kinds: str) -> list[str]:
    """Return the catalogue names of these kinds (of FOLDERS), sorted; fitted values have none."""
    files = (path for kind in kinds for folder in catalogue_folders(kind) for path in folder.iterdir())
    return sorted({path.stem for path in files if path.suffix in SUFFIXES and not path.stem.endswith(_FITTED)})


def file_named(given: str | Path, *kinds: str) -> Path:
    """Return the file of a path or catalogue name; the first of `kinds` that has the name is used.

    Raises ScenarioError with a suggestion if there is none, and SimError if it is neither.
    """
    if not isinstance(given, str | Path) or not str(given).strip():
        got = repr(given) if isinstance(given, str) else type(given).__name__
        raise SimError(f"expected a path or a catalogue name; got {got}")
    path = Path(given)
    if is_file(path):
        return path
    for kind in kinds:
        if file := in_catalogue(given, kind):
            return file
    if exists(path):
        return path  # a folder or a device: the reader says what is wrong with it
    raise ScenarioError([Problem(_short(path), "", f"there is no such file{_suggestion(path, kinds)}")])


def in_catalogue(given: str | Path, kind: str) -> Path | None:
    """Return the file of a kind (of FOLDERS) that has a catalogue name; None if it is no such name."""
    return _first_file(str(given), *catalogue_folders(kind)) if _is_name(given) else None


def scenario_named_in(folder: Path, given: str) -> Path | None:
    """Return the scenario that a file in `folder` names without path and suffix: beside it, or of those shipped.

    The working directory does not matter, so a file means the same wherever it is run.
    """
    return _first_file(given, folder, shipped() / SCENARIOS) if _is_name(given) else None


def _short(path: Path) -> str:
    """Return a path for a message, cut where it is very long."""
    text = str(path)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def no_file(path: Path, advice: str = "") -> str:
    """Return the message for a missing file named in another file, with a similar name in its folder or `advice`."""
    near = _near_file(path)
    near = None if near == path else near
    beside = None if near else next(filter(None, (in_catalogue(path.stem, kind) for kind in FOLDERS)), None)
    hint = f"did you mean {str(near)!r}?" if near else advice
    if beside and beside.name == path.name:
        hint = f"there is one in {str(beside.parent)!r}"
    return f"there is no file '{_short(path)}'{'; ' if hint else ''}{hint}"


def _is_name(given: str | Path) -> bool:
    return len(Path(given).parts) == 1 and "/" not in str(given) and Path(given).suffix not in SUFFIXES


def _first_file(name: str, *folders: Path) -> Path | None:
    candidates = (folder / f"{name}{suffix}" for folder in folders for suffix in SUFFIXES)
    return next((path for path in candidates if is_file(path)), None)


def _suggestion(path: Path, kinds: tuple[str, ...]) -> str:
    known = names(*kinds)
    if _is_name(path) and path.name in names(SWEEPS) and SWEEPS not in kinds:
        return f"; it is a sweep: `sim sweep {path.name}`"
    if _is_name(path) and path.name in names(SCENARIOS) and kinds == (CALIBRATIONS,):
        return "; this scenario of the catalogue has no calibration file of its own"
    near = path.stem if path.stem in known else ""
    if not near and (beside := _near_file(path)):
        return f"; did you mean {str(beside)!r}?"
    if near:
        return f"; {_did_you_mean(near)}"
    if name := like_a_name(path, *kinds):
        return f"; {name}"
    return "; `sim catalogue` lists the available names" if _is_name(path) else ""


def like_a_name(given: str | Path, *kinds: str) -> str:
    """Return a suggestion if a catalogue name of these kinds is similar to a mistyped one; '' if none is."""
    near = closest(Path(given).stem, names(*kinds))
    return _did_you_mean(near) if near else ""


def _did_you_mean(name: str) -> str:
    return f"did you mean {name!r}, which is in the catalogue?"


def _near_file(path: Path) -> Path | None:
    """Return the file beside `path` whose name, without its suffix, is most similar."""
    try:
        files = {one.stem: path.parent / one.name for one in sorted(path.parent.iterdir()) if one.suffix in READ}
    except (OSError, ValueError):
        return None
    return files.get(closest(path.stem, files))
