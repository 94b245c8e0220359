"""What README tells people to type is what the checks run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from sim.verbs.report.result import BROWSERS

ROOT = Path(__file__).parents[1]


def commands(mark: str) -> str:
    """Return the fenced block after `<!-- mark -->` in README.md."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^<!-- {mark} -->\n+```\w*\n(.*?)\n```", text, re.DOTALL | re.MULTILINE)
    assert found, f"README.md has no block after <!-- {mark} -->"
    return found[1]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    done = subprocess.run([ROOT / ".ci" / "run", "--show"], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip("\n") == commands("test")
    assert "-m pytest" in done.stdout


def test_ci_looks_for_the_browsers_of_the_tests() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    found = re.search(r"for name in (chromium [\w -]+); do", script)
    assert found
    assert found[1].split() == list(BROWSERS)


def ci_browser(folder: Path, programs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Let `.ci/run` see to the browser on a machine with these programs only."""
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    for name in ("bash", "dirname", "tail", "timeout", "cat", "chmod"):
        (folder / name).symlink_to(str(shutil.which(name)))
    command = [str(shutil.which("bash")), ROOT / ".ci" / "run", "--browser"]
    return subprocess.run(command, env={"PATH": str(folder)}, capture_output=True, text=True, check=True)


def test_ci_warns_where_there_is_no_browser_and_none_may_be_installed(tmp_path: Path) -> None:
    done = ci_browser(tmp_path, {"id": "echo 1000", "apt-get": "echo called >&2"})
    assert done.stderr == "WARNING: no Chromium here: the tests in a browser are skipped\n"


def test_ci_says_why_a_browser_cannot_be_installed(tmp_path: Path) -> None:
    done = ci_browser(tmp_path, {"id": "echo 0", "apt-get": "echo no network; exit 1"})
    assert done.stderr == "no network\nWARNING: no Chromium here: the tests in a browser are skipped\n"


def test_ci_installs_a_browser_where_it_may(tmp_path: Path) -> None:
    install = f"""test "$2" = install || exit 0
echo '#!/bin/sh' > {tmp_path}/chromium
chmod +x {tmp_path}/chromium"""
    done = ci_browser(tmp_path, {"id": "echo 0", "apt-get": install})
    assert done.stdout + done.stderr == ""
    assert (tmp_path / "chromium").exists()


def test_ci_leaves_a_browser_that_is_there(tmp_path: Path) -> None:
    done = ci_browser(tmp_path, {"id": "echo 0", "apt-get": "echo called >&2", "google-chrome": "exit"})
    assert done.stdout + done.stderr == ""


def test_the_readme_runs_the_base_case() -> None:
    command = commands("run")
    scenario = re.search(r"sim run (\S+)", command)
    assert scenario
    assert (ROOT / scenario[1]).is_file()


def requirements() -> set[str]:
    """Return the names of all libraries that pyproject.toml requires."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rows = [*project["dependencies"], *(row for extra in project["optional-dependencies"].values() for row in extra)]
    return {name(row) for row in rows} - {"border-queues"}


def name(row: str) -> str:
    found = re.match(r"[\w.-]+", row)
    assert found
    return found[0].lower().replace("_", "-")


def test_every_requirement_has_a_lowest_version() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "lowest_versions.py"], capture_output=True, text=True, check=True
    )
    assert {name(row) for row in done.stdout.splitlines()} == requirements()
    assert all(re.fullmatch(r"[\w.-]+==[\d.]+", row) for row in done.stdout.splitlines())


def test_the_constraints_name_a_version_of_every_requirement() -> None:
    rows = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert requirements() <= {name(row) for row in rows if "==" in row}
