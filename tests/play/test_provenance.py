"""Provenance says which commit, runs nothing that a checkout names, and does not say who the user is."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from sim.play import provenance

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=x", "-c", "user.email=x@y"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "sim").mkdir(parents=True)
    (root / "sim" / "a.py").write_text("1\n")
    git(tmp_path, "init", "-q", str(root))
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    return root


def test_the_commit_and_whether_files_differ_from_it(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    assert provenance.git(checkout) == {"commit": commit, "dirty": False}
    git(checkout, "pack-refs", "--all")
    assert provenance.git(checkout) == {"commit": commit, "dirty": False}
    git(checkout, "checkout", "-q", "--detach")
    (checkout / "sim" / "a.py").write_text("2\n")
    assert provenance.git(checkout) == {"commit": commit, "dirty": True}


def test_a_folder_without_a_checkout_has_no_commit(tmp_path: Path) -> None:
    assert provenance.git(tmp_path) is None


@pytest.mark.parametrize(
    "setting", [("core.fsmonitor", "touch ../ran; false"), ("filter.x.clean", "touch ../ran; cat")]
)
def test_no_command_of_a_configuration_is_run(checkout: Path, setting: tuple[str, str]) -> None:
    (checkout / ".gitattributes").write_text("*.py filter=x\n")
    git(checkout, "config", *setting)
    (checkout / "sim" / "a.py").write_text("2\n")
    assert provenance.git(checkout) is not None
    assert not (checkout.parent / "ran").exists()
    git(checkout, "status", "--porcelain")  # the control: git alone runs it
    assert (checkout.parent / "ran").exists()


def test_the_home_folder_is_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/jane")
    facts = {"source": "/home/jane/a.yaml", "sets": ["x=/home/jane", "y=/home/janet/b", "z=/mnt/home/jane/c"]}
    provenance.write(tmp_path, facts, "sim run /home/jane/a.yaml --out=/home/jane/out '/home/jane/b c'")
    told = json.loads((tmp_path / provenance.FILE).read_text(encoding="utf-8"))
    assert (told["source"], told["sets"]) == ("~/a.yaml", ["x=~", "y=/home/janet/b", "z=/mnt/home/jane/c"])
    assert told["command_line"] == "sim run ~/a.yaml --out=~/out '~/b c'"
