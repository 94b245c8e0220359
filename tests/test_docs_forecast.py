"""The page "From your own data to a forecast" is followed to the letter: its commands run, in order."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import commands

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "forecast.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_is_followed_to_the_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "docs" / "sample_data", tmp_path / "docs" / "sample_data")
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```yaml\n# what_if.yaml\n(.*?)```", PAGE, re.DOTALL)
    Path("what_if.yaml").write_text(block, encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    assert len(lines) >= 6
    for line in lines:
        program, *words = shlex.split(line, comments=True)
        assert program == "sim"
        result = CliRunner().invoke(commands, words, prog_name="sim")
        assert result.exit_code == 0, f"{line}\n{result.output}"
