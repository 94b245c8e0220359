"""The architecture: which room a module is in, what it may import, who owns a library, and how long things may be.

A room is a folder, or a list of files at the top of `sim/`. A module imports from its own room and from earlier rooms
only, whether at the top of the file or late inside a function. Verbs stand in a declared order as well.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

import sim
from sim import about
from sim.play.engines import ENGINES

ROOT = Path(__file__).parents[1]

ROOMS = (
    {"errors", "units", "arrays", "suggest", "about", "store", "paths"},
    {"table"},
    {"scenario"},
    {"engine"},
    {"measures"},
    {"play", "plotting"},
    {"verbs"},
    {"experiment", "face", "face_data", "cli", "__init__", "__main__"},
)
"""Rooms from the foundations up. A module may import what stands in its own row or in an earlier one."""

VERBS = (
    {"check", "catalogue", "copy", "intake"},
    {"run"},
    {"compare", "sweep", "calibrate", "audit"},
    {"validate", "backtest"},
    {"nowcast"},
    {"report", "serve"},
    {"tour"},
)
"""The order of the verbs. A verb may import a SHARED module of an earlier row, and never another verb of its own."""
SHARED = {"study", "result", "pictures"}

OWNERS = {
    "simpy": ["sim.engine.reference.*"],
    "numba": ["sim.engine.compiled.*"],
    "distributed": ["sim.play.cluster"],
    "matplotlib": ["sim.plotting.*", "sim.verbs.*"],
    "yaml": ["sim.scenario.text.*"],
    "pydantic": ["sim.scenario.*", "sim.play.provenance"],
    "pyarrow": ["sim.store", "sim.table.*"],
    "python_calamine": ["sim.table.read"],
    "sklearn": ["sim.verbs.backtest.boosting"],
    "holidays": ["sim.verbs.intake.holiday"],
    "starlette": ["sim.verbs.serve.*"],
    "uvicorn": ["sim.verbs.serve.server"],
    "anyio": ["sim.verbs.serve.app"],
    "markdown_it": ["sim.plotting.interactive.page"],
    "PIL": ["sim.plotting.picture", "sim.plotting.interactive.page"],
    "click": ["sim.cli", "sim.verbs.*.command", "sim.play.console", "sim.play.completion"],
    "rich": ["sim.plotting.sheet", "sim.play.console", "sim.verbs.*.tables", "sim.verbs.*.command"],
    "scipy": ["sim.table.*", "sim.measures.*", "sim.engine.*", "sim.verbs.*"],
    "pandas": ["sim.plotting.result"],
    "threadpoolctl": ["sim.play.workers", "sim.verbs.calibrate.*"],
    "numpy": [
        "sim.arrays",
        "sim.store",
        "sim.table.*",
        "sim.engine.*",
        "sim.measures.*",
        "sim.play.*",
        "sim.plotting.*",
        "sim.verbs.*",
    ],
}
"""The modules that may import a library. Every library that is used has an owner."""

APART = {
    "sim.measures.*": r"sim\.engine\.(reference|lower|draw|compiled\.(?!cache))",
    "sim.plotting.*": r"sim\.engine\.(reference|compiled|lower|draw)",
    "sim.engine.reference.*": r"sim\.(scenario\.(?!model\.quantities)|engine\.(compiled|lower|draw))",
    "sim.engine.compiled.*": r"sim\.(scenario\.(?!model\.quantities)|engine\.(reference|lower|draw))",
    "sim.scenario.model.*": r"sim\.scenario\.(text|checks)",
}
"""Imports that the rooms would allow and that are forbidden all the same."""

LINES_A_MODULE, LINES_A_FUNCTION, LINES_A_CLASS, USUAL_FUNCTION = 400, 60, 200, 30
LONGER_BY_DECISION: dict[str, int] = {}
"""Functions and classes (`module:name`) that may have more lines."""
FORMATTER_OFF = 40
"""Most lines of `sim/` that may keep the formatter away."""

WRITING = {"write_text", "write_bytes", "mkdir", "rmdir", "unlink", "rmtree", "rename", "touch", "symlink_to"}


def modules() -> dict[str, ast.Module]:
    paths = sorted((ROOT / "sim").rglob("*.py"))
    named = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in named.items()}


MODULES = modules()
LISTED = {name: tree for name, tree in MODULES.items() if not name.endswith("__init__")}


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the modules a file imports: `from sim.plotting import style` is sim.plotting.style where there is one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else str(node.module)


def row(name: str, rows: tuple[set[str], ...], part: int) -> int:
    """Return the row in which part `part` of a dotted module name is listed."""
    word = name.split(".")[part]
    return next(number for number, words in enumerate(rows) if word in words)


def breaches(name: str, tree: ast.AST) -> list[str]:
    """Return the imports of a module that break a rule."""
    broken = []
    for target in imports(tree):
        library = target.split(".")[0]
        if library == "sim" and target != "sim":
            if row(target, ROOMS, 1) > row(name, ROOMS, 1):
                broken.append(f"{name} imports {target}, which stands in a later room")
            elif name.startswith("sim.verbs.") and target.startswith("sim.verbs."):
                broken += verb_breach(name, target)
            rules = [rule for who, rule in APART.items() if fnmatch(name, who)]
            broken += [f"{name} must not import {target}" for rule in rules if re.match(rule, target)]
        elif library in OWNERS and not any(fnmatch(name, owner) for owner in OWNERS[library]):
            broken.append(f"{name} imports {library}, which belongs to {', '.join(OWNERS[library])}")
    return broken


def verb_breach(name: str, target: str) -> list[str]:
    """Return the sentence about a verb that imports another verb against the rule, if it does."""
    if name.split(".")[2] == target.split(".")[2]:
        return []
    earlier = row(target, VERBS, 2) < row(name, VERBS, 2)
    if earlier and target.split(".")[3] in SHARED:
        return []
    return [f"{name} imports {target}: not a shared module of an earlier verb"]


def test_every_module_has_a_room_and_every_verb_a_place_in_the_order() -> None:
    assert {name.split(".")[1] for name in MODULES} <= set().union(*ROOMS)
    assert {name.split(".")[2] for name in MODULES if name.startswith("sim.verbs.")} - {"__init__"} == set().union(
        *VERBS
    )
    assert set(ENGINES.values()) <= set(LISTED)


def test_imports_keep_the_rules() -> None:
    assert [breach for name, tree in LISTED.items() for breach in breaches(name, tree)] == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("sim.measures.road", "def f():\n    from sim.plotting import panels"),
        ("sim.units", "import sim.scenario.model.scenario"),
        ("sim.play.one", "from sim.verbs.run import study"),
        ("sim.verbs.run.study", "from sim import face"),
        ("sim.verbs.run.study", "import simpy.core"),
        ("sim.verbs.run.study", "from sim.verbs.compare import study"),
        ("sim.verbs.compare.study", "from sim.verbs.sweep import study"),
        ("sim.verbs.compare.study", "from sim.verbs.run import poster_sheet"),
        ("sim.plotting.panels", "from pyarrow import csv"),
        ("sim.measures.totals", "from sim.engine.draw.streams import uniforms"),
        ("sim.engine.reference.story", "from sim.scenario.model.scenario import Scenario"),
        ("sim.engine.reference.story", "from sim.engine.compiled import kernel"),
        ("sim.engine.compiled.kernel", "from sim.engine.reference.state import Zone"),
        ("sim.scenario.model.scenario", "from sim.scenario.text import tree"),
        ("sim.verbs.run.study", "import numba"),
        ("sim.verbs.run.tables", "import click"),
    ],
)
def test_a_forbidden_import_would_be_seen(name: str, line: str) -> None:
    assert len(breaches(name, ast.parse(line))) == 1


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("sim.verbs.compare.study", "from sim.verbs.run import study"),
        ("sim.verbs.compare.command", "import click"),
        ("sim.plotting.panels", "from sim.play import one"),
        ("sim.engine.compiled.kernel", "import numba"),
    ],
)
def test_an_allowed_import_is_allowed(name: str, line: str) -> None:
    assert breaches(name, ast.parse(line)) == []


def test_no_module_has_the_name_of_its_package_or_of_a_function_in_it() -> None:
    clashes = [
        name
        for name, tree in LISTED.items()
        for word in [name.split(".")[-1]]
        if word == name.split(".")[-2]
        or any(isinstance(node, ast.FunctionDef) and node.name == word for node in tree.body)
    ]
    assert clashes == []


def test_init_files_of_folders_are_empty() -> None:
    inits = [path for path in (ROOT / "sim").rglob("__init__.py") if path != ROOT / "sim" / "__init__.py"]
    assert [str(path) for path in inits if path.read_text(encoding="utf-8").strip()] == []


def test_every_library_is_declared_and_has_an_owner() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [*project["dependencies"], *project["optional-dependencies"]["cluster"]]
    requirements += project["optional-dependencies"]["pandas"] + project["optional-dependencies"]["excel"]
    requirements += project["optional-dependencies"]["boosting"] + project["optional-dependencies"]["holidays"]
    requirements += project["optional-dependencies"]["web"]
    declared = {requirement.split(">")[0] for requirement in requirements}
    names = {
        "yaml": "pyyaml",
        "python_calamine": "python-calamine",
        "sklearn": "scikit-learn",
        "markdown_it": "markdown-it-py",
        "PIL": "pillow",
    }
    used = {target.split(".")[0] for tree in LISTED.values() for target in imports(tree)}
    libraries = used - set(sys.stdlib_module_names) - {"sim"}
    assert libraries <= set(OWNERS)
    assert {names.get(library, library) for library in libraries} <= declared


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" in project["dynamic"]
    assert sim.__version__ == about.__version__
    assert f"\nversion: {sim.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {sim.__version__}, " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_only_the_store_writes() -> None:
    writers = [
        f"{name}:{node.lineno}"
        for name, tree in LISTED.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name != "sim.store" and writes(node)
    ]
    assert writers == []


def writes(call: ast.Call) -> bool:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [part.value for part in (*call.args, *(k.value for k in call.keywords)) if isinstance(part, ast.Constant)]
    opens = called == "open" and any(isinstance(text, str) and set(text) & set("wax+") for text in texts)
    return called in WRITING or opens


@pytest.mark.parametrize("line", ["path.write_text(x)", "open(p, 'w')", "path.open('ab')", "shutil.rmtree(p)"])
def test_a_writing_call_would_be_seen(line: str) -> None:
    (statement,) = ast.parse(line).body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Call)
    assert writes(statement.value)


def definitions(trees: dict[str, ast.Module]) -> Iterator[tuple[str, ast.AST, int]]:
    """Yield functions and classes with their number of lines, docstrings not counted."""
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                first = node.body[0]
                documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
                docstring = 1 + (first.end_lineno or 0) - first.lineno if documented else 0
                yield f"{name}:{node.name}", node, 1 + (node.end_lineno or 0) - node.lineno - docstring


def too_long(trees: dict[str, ast.Module]) -> list[str]:
    """Return the functions and classes over their budget."""
    over = []
    for name, node, lines in definitions(trees):
        budget = LINES_A_CLASS if isinstance(node, ast.ClassDef) else LINES_A_FUNCTION
        if lines > LONGER_BY_DECISION.get(name, budget):
            over.append(f"{name}: {lines} lines")
    return over


def test_modules_functions_and_classes_stay_short() -> None:
    sizes = {path: path.read_text(encoding="utf-8").count("\n") for path in sorted((ROOT / "sim").rglob("*.py"))}
    assert [f"{path.relative_to(ROOT)}: {lines} lines" for path, lines in sizes.items() if lines > LINES_A_MODULE] == []
    assert too_long(MODULES) == []


@pytest.mark.parametrize(("head", "lines"), [("def f():", LINES_A_FUNCTION), ("class C:", LINES_A_CLASS)])
def test_a_long_definition_would_be_seen(head: str, lines: int) -> None:
    body = "".join(f"    x{n} = 0\n" for n in range(lines))
    assert too_long({"m": ast.parse(f"{head}\n{body}")}) == [f"m:{head.split()[1].strip('():')}: {lines + 1} lines"]


def test_nearly_all_functions_are_short() -> None:
    lines = sorted(lines for _, node, lines in definitions(MODULES) if not isinstance(node, ast.ClassDef))
    assert lines[int(0.95 * len(lines))] <= USUAL_FUNCTION


def test_the_formatter_is_rarely_kept_away() -> None:
    count = sum(path.read_text(encoding="utf-8").count("# fmt: skip") for path in (ROOT / "sim").rglob("*.py"))
    assert count <= FORMATTER_OFF
