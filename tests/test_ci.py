"""What README tells people to type is what the checks run."""

from __future__ import annotations

import re
import subprocess
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
