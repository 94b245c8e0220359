"""The commands on the page of sweeps, and in the help, are commands that `sim sweep` understands."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from sim.verbs.sweep.command import EXAMPLES, sweep
from sim.verbs.sweep.request import SweepOptions, read_sweep_request

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Return every command of the page and the help, its lines joined."""
    blocks = [*re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL), EXAMPLES]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return sorted(
        {line.strip().replace("$(hostname)", "host") for line in lines if line.strip().startswith("sim sweep ")}
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_page_is_understood(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    block = re.search(r"```yaml\n(scenario: .*?)```", PAGE, re.DOTALL)
    assert block is not None
    file = tmp_path / "my_sweep.yaml"
    file.write_text(block[1].replace("scenario: ", f"scenario: {ROOT}/scenarios/"), encoding="utf-8")
    arguments = [str(file) if word == "my_sweep.yaml" else word for word in shlex.split(command)[2:]]
    parameters = sweep.make_context("sweep", arguments).params
    options = SweepOptions(**{field.name: parameters[field.name] for field in fields(SweepOptions)})
    request = read_sweep_request(parameters["scenario"], options)
    assert len(request.design.points if request.design else request.find.axis.values) > 1
