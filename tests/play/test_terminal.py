"""Every command ends with a sentence, whatever the terminal, the disk or the program does."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.errors import SimError
from sim.play import terminal

ROOT = Path(__file__).parents[2]


def ended(code: str, at: Path, **more: object) -> subprocess.CompletedProcess[str]:
    """Run Python code that calls `main` in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(at), **more.pop("environment", {})}  # type: ignore[dict-item]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more}
    return subprocess.run([sys.executable, "-c", code], cwd=at, env=environment, timeout=300, check=False, **options)  # type: ignore[call-overload,no-any-return]


CALL = "import sys, sim.cli as c; sys.argv = ['sim', *{}]; c.main()"
FAILING = "import sys, sim.cli as c; c.commands = lambda **_: {}; c.main()"


def test_a_folder_that_was_removed(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = ended(f"import os; os.rmdir({str(gone)!r}); {CALL.format(['schema'])}", gone)
    assert done.returncode == 2
    assert done.stderr == "the working directory no longer exists; change to another folder\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["schema"], ["--help"]])
def test_an_output_that_is_full(tmp_path: Path, arguments: list[str], unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = ended(CALL.format(arguments), tmp_path, stdout=full, environment={"PYTHONUNBUFFERED": unbuffered})
    assert done.returncode == 2
    words = "the output cannot be written: no space left on device; results that were finished are kept\n"
    assert done.stderr == words


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize(("code", "said"), [(0, 1), (2, 0)])
def test_a_full_output_is_told_once(tmp_path: Path, code: int, said: int) -> None:
    """After an error, which has been told, nothing is said again."""
    with Path("/dev/full").open("w") as full:
        lines = f"from sim.play import terminal as t; print('x'); t.close({code})"
        done = ended(lines, tmp_path, stdout=full, environment={"PYTHONUNBUFFERED": ""})
    assert (done.returncode, len(done.stderr.splitlines())) == (2, said)


def test_a_terminal_of_few_characters(tmp_path: Path) -> None:
    code = "from sim.play import terminal as t; t.spell_out(); print('1 \\u00b1 2 \\u017e')"
    done = ended(code, tmp_path, environment={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 +- 2 \\u017e\n", "")


HEADINGS = ("numbers.py", "request.py", "arrivals.py", "hour_headings.py", "times.py")


def test_every_character_that_the_program_prints_has_a_spelling() -> None:
    left: dict[str, str] = {}
    for file in (ROOT / "sim").rglob("*.py"):
        if file.name == "yaml_text.py":  # its letters are the limits of what a file may hold
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                letters = {letter for letter in node.value if letter.isprintable() and not letter.isascii()}
                if file.name in HEADINGS:  # words that the files of users have, in several languages
                    letters = {letter for letter in letters if not letter.isalpha()}
                left |= dict.fromkeys(letters, file.name)
    assert {"\u2265", "\u00b3"} <= set(left)
    assert {letter: name for letter, name in left.items() if letter not in terminal._SPELT} == {}


@pytest.mark.slow
def test_the_table_of_a_run_in_ascii(tmp_path: Path) -> None:
    scenario = ROOT / "tests" / "tiny.yaml"
    rush = ["--set", "demand.car.surge.step.rate=120/h"]  # they wait for hours, and so relief is told
    options = ["--replications", "2", "--workers", "1", "--no-pictures", *rush]
    done = ended(CALL.format(["run", str(scenario), *options]), tmp_path, environment={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "\\u" not in done.stdout
    assert "m3" in done.stdout


def test_a_fault_of_the_program_is_one_sentence_and_a_file(tmp_path: Path) -> None:
    done = ended(FAILING.format("{}['\\x1b[31m']"), tmp_path)
    (file,) = tmp_path.glob("sim-error-*.txt")
    assert done.returncode == terminal.UNFORESEEN
    assert done.stderr == (
        "sim stopped through a fault of its own (KeyError: '\\x1b[31m'); "
        f"please report it where you got sim with the file {file}\n"
    )
    assert "Traceback" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "memory ran out; use fewer --workers, a shorter run or less demand\n"),
        (PermissionError(13, "Permission denied", "x.csv"), "x.csv: permission denied\n"),
    ],
)
def test_what_the_system_refuses(error: Exception, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.explain(error) == 2
    assert capsys.readouterr().err == sentence


def test_no_message_holds_a_control_character() -> None:
    assert str(SimError("a\x1b]0;title\x07b\nc")) == "a\\x1b]0;title\\x07b\nc"
