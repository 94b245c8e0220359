"""Which engine plays: compiled once and kept, and the reference engine where the compiled one cannot be had."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sim.engine.compiled import engine as compiled
from sim.errors import SimError
from sim.play import engines

ROOT = Path(__file__).parents[2]
TINY = Path(__file__).parents[1] / "tiny.yaml"


COMPILING = "compiling the engine (once per installation, about half a minute) ...\n"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program with a bare environment of its own."""
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True, timeout=300)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that does not know yet whether the compiled engine can be used."""
    monkeypatch.setattr(engines, "_compiled", engines._Compiled())


@pytest.mark.usefixtures("fresh")
def test_that_it_compiles_is_said_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(compiled, "is_compiled", lambda: False)
    assert [engines.ready("compiled") for _ in range(2)] == ["compiled", "compiled"]
    assert capsys.readouterr().err == COMPILING


@pytest.mark.usefixtures("fresh")
def test_what_is_kept_is_loaded_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert compiled.is_compiled()
    assert engines.ready("compiled") == "compiled"
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_what_another_installation_compiled_is_not_held(tmp_path: Path) -> None:
    """Numba compiles the same text anew in another folder, and that must be said."""
    code = "import one; from sim.engine.compiled.cache import holds\n"
    code += "print(holds(one.one), one.one(), holds(one.one))"
    said = []
    for folder in ("here", "here", "there"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "one.py").write_text(
            "from sim.engine.compiled.cache import entry\none = entry(lambda: 1)\n", encoding="utf-8"
        )
        path = f"{ROOT}{os.pathsep}{tmp_path / folder}"
        said.append(python(code, PYTHONPATH=path, XDG_CACHE_HOME=str(tmp_path)).stdout)
    assert said == ["False 1 True\n", "True 1 True\n", "False 1 True\n"]


@pytest.mark.usefixtures("fresh")
def test_an_engine_that_does_not_compile_gives_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("no such instruction\nand more")

    forgotten: list[bool] = []
    monkeypatch.setattr(compiled, "prepare", fail)
    monkeypatch.setattr(compiled, "is_compiled", lambda: True)
    monkeypatch.setattr(compiled, "clear_cache", lambda: forgotten.append(True))
    assert [engines.ready("compiled") for _ in range(2)] == ["reference", "reference"]
    said = capsys.readouterr().err
    assert forgotten == [True]
    assert said.count("\n") == 1
    assert said.startswith("Note: the compiled engine cannot be used here (ValueError: no such instruction); the ref")


def test_reference_needs_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_compiled", None)
    assert engines.ready("reference") == "reference"
    with pytest.raises(SimError, match="there is no engine 'compield'; did you mean 'compiled'"):
        engines.ready("compield")


@pytest.mark.slow
def test_without_numba_the_reference_engine_finds_the_same(tmp_path: Path) -> None:
    shutil.copy(TINY, tmp_path / "tiny.yaml")
    arguments = ["run", "tiny.yaml", "--replications", "1", "--workers", "1", "--no-pictures", "--quiet", "--out"]
    code = "import os, sys\nos.chdir({at!r}); sys.modules.update({absent}); sys.argv = {argv}"
    code += "; import sim.cli; sim.cli.main()"
    for absent, out in (({"numba": None}, "without"), ({}, "with")):
        done = python(code.format(at=str(tmp_path), absent=absent, argv=["sim", *arguments, out]), **HOME)
        assert done.returncode == 0, done.stderr
        assert len(done.stderr.splitlines()) == len(absent)
    folders = [tmp_path / "without", tmp_path / "with"]
    said = [json.loads((folder / "provenance.json").read_text())["engine"] for folder in folders]
    assert said == ["reference", "compiled"]
    for name in ("summary.csv", "series.parquet"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


HOME = {name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME") if name in os.environ}
FOLDER = "from sim.engine.compiled import cache; print(cache.FOLDER)"


def test_the_folder_is_the_users_alone(tmp_path: Path) -> None:
    where = Path(python(FOLDER, XDG_CACHE_HOME=str(tmp_path)).stdout.strip())
    assert where.parent == tmp_path / "border-queues"
    assert [path.stat().st_mode & 0o777 for path in (where, where.parent)] == [0o700, 0o700]
    assert Path(python(FOLDER, XDG_CACHE_HOME=str(tmp_path)).stdout.strip()) == where
    where.parent.chmod(0o755)  # others could look in, or worse
    (tmp_path / "tmp").mkdir()
    second = Path(python(FOLDER, XDG_CACHE_HOME=str(tmp_path), TMPDIR=str(tmp_path / "tmp")).stdout.strip())
    assert second.parent == tmp_path / "tmp" / f"border-queues-{os.getuid()}"


def test_without_a_home_a_temporary_folder_serves(tmp_path: Path) -> None:
    found = python(FOLDER, HOME="/dev/null/nowhere", TMPDIR=str(tmp_path))
    assert Path(found.stdout.strip()).parent == tmp_path / f"border-queues-{os.getuid()}", found.stderr


NOWHERE = "import tempfile; tempfile.tempdir = '/dev/null/nowhere'\n"


def test_with_nowhere_to_keep_it_the_engine_still_loads() -> None:
    done = python(
        NOWHERE + FOLDER + "; import sim.engine.compiled.engine as c; print(c.is_compiled())", HOME="/dev/null/nowhere"
    )
    assert (done.stdout, done.stderr) == ("None\nFalse\n", "")


SMALL = "from sim.engine.compiled import kernel; kernel.play = lambda border: None\n"
"""Leaves out the largest function: the others show just as well how compiled code is stored."""


@pytest.mark.slow
def test_a_read_only_installation_without_a_home_compiles(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sim", tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    for path in sorted(tmp_path.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    code = NOWHERE + SMALL + "from sim.play import engines; print(engines.ready('compiled'))"
    done = python(code, HOME="/dev/null/nowhere", PYTHONPATH=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")
    assert (done.stdout, done.stderr) == (
        "compiled\n",
        COMPILING,
    )


@pytest.mark.slow
def test_ctrl_c_is_heard_while_it_compiles() -> None:
    code = (
        "import os, sys, time; from sim.engine.compiled import engine as compiled; from sim.play import engines\n"
        "compiled.prepare = lambda: (os.write(1, b'begin\\n'), time.sleep(3600))\n"
        "try: engines.ready('compiled')\n"
        "except KeyboardInterrupt: sys.exit(130)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(300) == 130
        finally:
            process.kill()


@pytest.mark.slow
def test_what_was_kept_and_is_damaged_is_made_again(tmp_path: Path) -> None:
    code = SMALL + "from sim.play import engines; print(engines.ready('compiled'))"
    for said in (COMPILING, ""):
        done = python(code, XDG_CACHE_HOME=str(tmp_path))
        assert (done.stdout, done.stderr) == ("compiled\n", said)
    damaged = [path for name in ("output.copy", "passes.queues") for path in tmp_path.rglob(f"{name}*.nbc")]
    assert len(damaged) == 2
    for path in damaged:
        path.write_bytes(b"")
    for said in (COMPILING, ""):
        done = python(code, XDG_CACHE_HOME=str(tmp_path))
        assert (done.stdout, done.stderr) == ("compiled\n", said)


@pytest.mark.slow
def test_numba_that_breaks_in_its_own_way_leaves_the_reference_engine(tmp_path: Path) -> None:
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text("raise OSError('no libllvm')", encoding="utf-8")
    code = f"import sim; print(sim.load({str(TINY)!r}).run(1, workers=1).run.request.engine)"
    done = python(code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.stdout == "reference\n"
    assert "OSError: no libllvm" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_a_long_play_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.engine.compiled.engine.play", lambda *_: time.sleep(60))
    begun = time.monotonic()
    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        engines.player(engines.COMPILED)(None, None)
    assert time.monotonic() - begun < 30
