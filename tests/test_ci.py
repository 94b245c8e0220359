"""What README tells people to type is what the checks run."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

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
