"""The architecture, kept true: which room a module is in, what it may import, who owns a library, and the budgets.

ROOMS is the architecture document: a module imports from its own room and from rooms above it in the list, whether at
the top of the file or late inside a function. `sim/__init__.py` belongs to no room: it hands out `sim.face`.
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
from sim.play.engines import ENGINES

ROOT = Path(__file__).parents[1]

ROOMS = {
    "foundations": "errors units store",
    "scenario": """
        scenario.quantities scenario.laws scenario.demand scenario.reported scenario.network scenario.changes
        scenario.calibration scenario.schema scenario.passages scenario.clock
        scenario.node scenario.yaml_source scenario.passports scenario.shape scenario.explain scenario.mend
        scenario.inline scenario.borrow scenario.check_dates scenario.check_network scenario.check
        scenario.interventions scenario.calibrated scenario.read
        scenario.levers scenario.sweep_file
        scenario.read_calibration scenario.examine scenario.catalogue scenario.json_schema
        """,
    "engine": """
        engine.plan engine.records engine.arrivals engine.switches engine.rows engine.lower_network engine.lower
        engine.draws engine.tape_groups engine.tape
        engine.moments engine.places engine.reference_roads engine.reference_queues engine.reference_calendar
        engine.reference
        engine.kernel_cache engine.kernel_tables engine.kernel_lists engine.kernel_queues engine.kernel_calendar
        engine.kernel_roads engine.kernel engine.compiled
        """,
    "measures": """
        measures.names measures.grid measures.road measures.tables measures.passes measures.tally measures.series
        measures.totals measures.flows measures.measures
        measures.estimates measures.observe measures.likelihood measures.parties
        """,
    "study": """
        study.engines study.workers study.posterior study.replication study.flows study.run study.provenance
        study.results
        study.sampling study.evaluations study.priors study.fit study.observing study.trials study.learnt
        study.calibrate study.calibration_results
        study.designs study.possible study.kept study.cluster study.sweep study.sweep_results study.constraint
        study.search
        study.sensitivity study.sweep_asked
        study.moves study.pairing study.differences study.compare study.gains study.comparison_results
        study.audit_arithmetic study.audit_assumed study.audit_figures study.audit study.audit_results
        """,
    "show": "show.style show.events show.marks show.story show.panels show.plots show.poster show.tables "
    "show.calibration_tables show.calibration_pictures show.calibration_page "
    "show.comparison_lines show.comparison_words show.comparison_tables show.comparison_frame show.comparison_gains "
    "show.comparison_differences show.comparison_pictures "
    "show.network_words show.network_tables show.network_ribbons show.network_map show.network_pictures "
    "show.network_comparison "
    "show.sweep_tables show.sweep_pictures "
    "show.audit_words show.audit_tables show.audit_picture",
    "python": "api",
    "command line": "cli_signals cli_scenario cli_catalogue cli_run cli_calibration cli_calibrate cli_compare "
    "cli_sweep cli __main__",
}
ROOM_OF = {f"sim.{name}": room for room, names in ROOMS.items() for name in names.split()}
ORDER = list(ROOMS)

OWNERS = {
    "simpy": ["sim.engine.reference.story*"],
    "cmaes": ["sim.verbs.calibrate.study"],
    "distributed": ["sim.play.cluster"],
    "numba": ["sim.engine.compiled.kernel*"],
    "matplotlib": ["sim.show.*", "sim.face"],  # sim.face names its type only
    "yaml": ["sim.scenario.*"],
    "pydantic": ["sim.scenario.*", "sim.study.*"],
    "pyarrow": ["sim.store"],
    "click": ["sim.cli*"],
    "rich": ["sim.show.*tables", "sim.cli*"],
    "scipy": ["sim.measures.*", "sim.engine.*", "sim.study.*"],
    "numpy": ["sim.engine.*", "sim.measures.*", "sim.study.*", "sim.show.*", "sim.store"],
}

APART = {
    "sim.measures.*": "sim.engine.(reference.*|compiled|kernel(?!_cache).*|places|tape|lower)",
    "sim.show.*": "sim.engine.(reference.*|compiled|kernel.*|places|tape|lower)",
    "sim.engine.reference.story*": "sim.(scenario.(?!quantities)|engine.(compiled|kernel.*))",
    "sim.engine.compiled.engine": "sim.(scenario.(?!quantities)|engine.(reference.*|places))",
    "sim.engine.compiled.kernel*": "sim.(scenario|engine.(reference.*|places|tape|lower|compiled))",
}
"""Who must not import what, though the rooms would allow it; the engines know nothing of a scenario but its words."""

LINES_A_MODULE, LINES_A_FUNCTION, LINES_A_CLASS, USUAL_FUNCTION = 400, 50, 150, 30
LONGER_BY_DECISION: dict[str, int] = {}
"""Functions and classes (`module:name`) allowed more lines."""

WRITING = {"write_text", "write_bytes", "mkdir", "rmdir", "unlink", "rmtree", "rename", "touch", "symlink_to"}


def modules() -> dict[str, ast.Module]:
    paths = sorted((ROOT / "sim").rglob("*.py"))
    named = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in named.items()}


MODULES = modules()
LISTED = {name: tree for name, tree in MODULES.items() if not name.endswith("__init__")}


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the modules a file imports: `from sim.show import plots` is sim.verbs.run.pictures where there is one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else str(node.module)


def breaches(name: str, tree: ast.AST) -> list[str]:
    """Return what a module imports against the rules."""
    found = []
    for target in imports(tree):
        library = target.split(".")[0]
        if library == "sim":
            if target != "sim" and ORDER.index(ROOM_OF[target]) > ORDER.index(ROOM_OF[name]):
                found.append(f"{name} ({ROOM_OF[name]}) imports {target} ({ROOM_OF[target]})")
            apart = [rule for who, rule in APART.items() if fnmatch(name, who)]
            found += [f"{name} must not know {target}" for rule in apart if re.match(rule, target)]
        elif library in OWNERS and not any(fnmatch(name, owner) for owner in OWNERS[library]):
            found.append(f"{name} imports {library}, which belongs to {', '.join(OWNERS[library])}")
    return found


def test_every_module_has_a_room() -> None:
    assert set(ROOM_OF) == set(LISTED)
    assert set(ENGINES.values()) <= set(LISTED)


def test_imports_go_up_the_list_only() -> None:
    assert [breach for name, tree in LISTED.items() for breach in breaches(name, tree)] == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("sim.measures.road", "def f():\n    from sim.show import plots"),
        ("sim.units", "import sim.scenario.model.scenario"),
        ("sim.verbs.run.study", "import simpy.core"),
        ("sim.verbs.run.pictures", "from pyarrow import csv"),
        ("sim.measures.totals", "from sim.engine.tape import Tape"),
        ("sim.engine.reference.story", "from sim.scenario.model.scenario import Scenario"),
        ("sim.engine.reference.story", "from sim.engine import kernel"),
        ("sim.engine.compiled.kernel", "from sim.engine.reference.state import Zone"),
        ("sim.verbs.run.study", "import numba"),
    ],
)
def test_a_forbidden_import_would_be_seen(name: str, line: str) -> None:
    assert len(breaches(name, ast.parse(line))) == 1


def test_every_library_is_declared_and_has_an_owner() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [*project["dependencies"], *project["optional-dependencies"]["cluster"]]
    declared = {requirement.split(">")[0] for requirement in requirements}
    names = {"yaml": "pyyaml"}
    used = {target.split(".")[0] for tree in LISTED.values() for target in imports(tree)}
    libraries = used - set(sys.stdlib_module_names) - {"sim"}
    assert libraries <= set(OWNERS)
    assert {names.get(library, library) for library in libraries} <= declared


def test_the_package_hands_out_the_python_face_and_its_version() -> None:
    assert set(imports(MODULES["sim.__init__"])) - {"__future__", "typing"} == {"sim.face"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == sim.__version__


def test_only_the_store_writes() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in LISTED.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name != "sim.store" and writes(node)
    ]
    assert found == []


def writes(call: ast.Call) -> bool:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [part.value for part in (*call.args, *(k.value for k in call.keywords)) if isinstance(part, ast.Constant)]
    opens = called == "open" and any(isinstance(text, str) and set(text) & set("wax+") for text in texts)
    return called in WRITING or opens


def definitions() -> Iterator[tuple[str, ast.AST, int]]:
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield f"{name}:{node.name}", node, 1 + (node.end_lineno or 0) - node.lineno


def test_modules_functions_and_classes_stay_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in sorted((ROOT / "sim").rglob("*.py"))
        if (lines := path.read_text(encoding="utf-8").count("\n")) > LINES_A_MODULE
    ]
    for name, node, lines in definitions():
        usual = LINES_A_CLASS if isinstance(node, ast.ClassDef) else LINES_A_FUNCTION
        if lines > LONGER_BY_DECISION.get(name, usual):
            long.append(f"{name}: {lines} lines")
    assert long == []


def test_nearly_all_functions_are_short() -> None:
    lines = sorted(lines for _, node, lines in definitions() if not isinstance(node, ast.ClassDef))
    assert lines[int(0.95 * len(lines))] <= USUAL_FUNCTION
