"""The wheel: built, installed in an environment of its own, and used from an empty folder.

The environment has the libraries of the one that runs the tests, by a path file, and nothing of this checkout.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
FOLDERS = ("scenarios", "calibration", "sweeps")
HANGING = 1200
"""Seconds after which a command is taken to hang."""
QUICKLY = """
from sim.verbs.calibrate import evaluator, study
study.START, study.EFFORTS, evaluator.MAX_REPLICATIONS = 32, ((2.0, 64),), 1
study.MIN_ESS, study.MIN_ESS_OF_START, study.MAX_WEIGHT, study.MAX_DISAGREEMENT = 0.0, 0.0, 1.0, 1e9
from sim.cli import main
main()
"""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel and an environment with it, made once for all processes of this run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "made"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            _install(_build(folder / "wheel"), folder / "environment")
            (folder / "done").touch()
    return folder


def _build(folder: Path) -> Path:
    backend = [] if importlib.util.find_spec("hatchling") is None else ["--no-build-isolation"]
    _call(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *backend, "-w", folder, ROOT)
    return _wheel(folder)


def _wheel(folder: Path) -> Path:
    (path,) = folder.glob("border_queues-*.whl")
    return path


def _install(wheel: Path, folder: Path) -> None:
    venv.create(folder, with_pip=False)
    _call(sys.executable, "-m", "pip", "--python", folder, "install", "-q", "--no-deps", "--no-index", wheel)
    (packages,) = folder.glob("lib/python*/site-packages")
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "libraries.pth").write_text("\n".join(sorted(paths)) + "\n", encoding="utf-8")
    _call(folder / "bin" / "python", "-P", "-c", "from sim.play import engines; engines.ready('compiled')")


def _call(*command: str | Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANGING, check=False, env=environment)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def wheel(made: Path) -> Path:
    return _wheel(made / "wheel")


@pytest.fixture
def installed(made: Path) -> Path:
    """Return the folder of an environment with the wheel."""
    return made / "environment"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    return tmp_path


def run(installed: Path, at: Path, *arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run the installed `sim` (or `code` in its place) in the folder `at`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    program = [str(installed / "bin" / "python"), "-c", code] if code else [str(installed / "bin" / "sim")]
    return subprocess.run(
        [*program, *arguments], cwd=at, env=environment, capture_output=True, text=True, timeout=HANGING, check=False
    )


def test_the_wheel_holds_every_file_of_the_catalogue(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist() if name.startswith("sim/data/")}
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).iterdir())]
    assert packed == {f"sim/data/{path.relative_to(ROOT).as_posix()}": path.read_bytes() for path in files}


def test_it_is_the_installed_copy_that_runs(installed: Path, empty: Path) -> None:
    done = run(installed, empty, code="import sim.cli; print(sim.__file__); print(sim.__version__)")
    file, version = done.stdout.split()
    assert Path(file).is_relative_to(installed)
    assert run(installed, empty, "--version").stdout == f"sim, version {version}\n"


@pytest.mark.parametrize(
    "command",
    [
        ["catalogue"],
        ["check", "verkhny_lars"],
        ["sources", "verkhny_lars"],
        ["run", "verkhny_lars", "--replications", "1", "--no-pictures"],
        ["run", "finland", "--replications", "2", "--no-pictures", "--posterior"],
        ["audit", "verkhny_lars", "--no-pictures"],
        ["sweep", "verkhny_lars_levers", "--points", "2", "--replications", "1", "--no-pictures"],
        ["compare", "verkhny_lars", "+no_screening", "twice_the_booths", "--replications", "2", "--no-pictures"],
    ],
    ids=" ".join,
)
def test_names_work_in_an_empty_folder(command: list[str], installed: Path, empty: Path) -> None:
    before = files(installed / "lib")
    done = run(installed, empty, *command)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in empty.iterdir()] in ([], ["results"])
    assert {path for path in files(installed / "lib") - before if "__pycache__" not in path.parts} == set()


def test_calibrate_updates_the_current_folder_and_never_the_package(installed: Path, empty: Path) -> None:
    data = next((installed / "lib").glob("python*/site-packages/sim/data"))
    before = {path: path.read_bytes() for path in files(data)}
    arguments = ("calibrate", "verkhny_lars", "--update", "--no-pictures", "--json")
    done = run(installed, empty, *arguments, code=QUICKLY)
    assert done.returncode == 0, done.stderr
    names = ["verkhny_lars_fitted.yaml", "verkhny_lars_posterior.parquet"]
    assert json.loads(done.stdout)["updated"] == names
    assert sorted(path.name for path in empty.iterdir()) == ["results", *names]
    assert {path: path.read_bytes() for path in files(data)} == before


def test_a_copy_runs_and_can_be_edited(installed: Path, empty: Path) -> None:
    done = run(installed, empty, "copy", "no_screening", "mine")
    assert done.returncode == 0, done.stderr
    base = empty / "mine" / "scenarios" / "verkhny_lars.yaml"
    base.write_text(base.read_text(encoding="utf-8").replace("seed: 2022", "seed: 7"), encoding="utf-8")
    done = run(installed, empty / "mine", "run", "no_screening", "--replications", "1", "--no-pictures", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["scenario"], document["seed"]) == ("no_screening", 7)
    assert (empty / "mine" / document["folder"] / "provenance.json").is_file()


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["run", "verkny_lars"], "verkny_lars: there is no such file; did you mean 'verkhny_lars', which is in the"),
        (["check", "scenarios/finland.yaml"], "scenarios/finland.yaml: there is no such file; did you mean 'finland'"),
    ],
)
def test_a_mistyped_name_gets_a_suggestion(command: list[str], sentence: str, installed: Path, empty: Path) -> None:
    done = run(installed, empty, *command)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(sentence)


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}
