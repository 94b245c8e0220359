"""The key of the compiled cache: it covers every source file that the compiled code is made of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim
from sim.engine.compiled import cache

PACKAGE = Path(sim.__file__).parent
NOT_COMPILED = {"sim", "sim.store"}
"""Modules that the sources import, but of which nothing is compiled and no constant is used."""


def path_of(name: str) -> Path | None:
    """Return the file of a module of sim; None for a package or a name that is no module."""
    path = PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".py")
    return path if name.startswith("sim.") and path.is_file() else None


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of sim that a file imports, at the top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if path_of(name))


def compiled_modules() -> set[str]:
    """Return the modules that call `entry`, which compiles, and what they import, directly or not."""
    paths = PACKAGE.rglob("*.py")
    entries = [path for path in paths if "@entry\n" in path.read_text(encoding="utf-8")]
    queue = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in entries]
    modules: set[str] = set()
    while queue:
        name = queue.pop()
        if name not in modules | NOT_COMPILED:
            modules.add(name)
            path = path_of(name)
            assert path is not None
            queue += imported(path)
    return modules


def missing(sources: list[Path]) -> list[str]:
    """Return the modules that the compiled code is made of and that are not among the sources."""
    return sorted(name for name in compiled_modules() if path_of(name) not in sources)


@pytest.mark.slow
def test_every_module_of_the_compiled_code_is_a_source() -> None:
    assert {"sim.engine.compiled.kernel", "sim.measures.count.passes"} <= compiled_modules()
    assert missing(cache.sources(PACKAGE)) == []


def test_a_source_left_out_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = "engine/records.py"
    monkeypatch.setattr(cache, "SOURCES", tuple(name for name in cache.SOURCES if name != pattern))
    assert missing(cache.sources(PACKAGE)) == ["sim.engine.records"]


def test_a_pattern_without_a_file_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SOURCES", (*cache.SOURCES, "engine/no_such_folder/*.py"))
    with pytest.raises(RuntimeError, match=r"no source file matches 'engine/no_such_folder/\*\.py'"):
        cache.sources(PACKAGE)


def test_the_folder_of_sources_is_the_package() -> None:
    assert Path(cache.__file__).parents[2] == PACKAGE
