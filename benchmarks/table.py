"""The table as Markdown, with versions and machine, and its place in README.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from benchmarks.rows import Answer, Row

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- table: written by python -m benchmarks --write -->", "<!-- end of table -->"
LIBRARIES = ("numpy", "numba", "simpy", "ciw", "cimba")


def markdown(found: Iterable[Row | Answer]) -> str:
    """Return machine, table of ratios and table of answers."""
    found = list(found)
    rows, answers = [x for x in found if isinstance(x, Row)], [x for x in found if isinstance(x, Answer)]
    lines = [machine(), ""]
    if rows:
        lines += ["| work | against | goal | CPU | wall | met | |", "|---|---|--:|--:|--:|---|---|"]
        lines += map(_row, rows)
    if answers:
        lines += ["", "| the same work | engine | found | expected | by | off by (standard errors) | right |"]
        lines += ["|---|---|--:|--:|---|--:|---|", *map(_answer, answers)]
    return "\n".join(lines)


def machine() -> str:
    """Return processor, cores, system and versions in a sentence; no names of hosts or folders."""
    versions = [f"{name} {_version(name)}" for name in LIBRARIES]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    host = f"{_processor()}, {cores} cores, {platform.system()}"
    return f"{host}; Python {platform.python_version()}, {', '.join(versions)}."


def write(text: str) -> None:
    """Put the text between the markers of README.md."""
    readme = README.read_text(encoding="utf-8")
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _row(row: Row) -> str:
    goal = "" if row.goal is None else f"{'≥' if row.at_least else '≤'} {row.goal:g}"
    met = {True: "yes", False: "**no**", None: ""}[row.met]
    return f"| {row.work} | {row.against} | {goal} | {_number(row.cpu)} | {_number(row.wall)} | {met} | {row.note} |"


def _answer(answer: Answer) -> str:
    found, expected = (
        f"{s.mean:.4f}" + (f" ± {s.error:.4f}" if s.error else "") for s in (answer.found, answer.expected)
    )
    off = f"{answer.found.off(answer.expected):.1f}"
    right = "yes" if answer.right else "**no**"
    return f"| {answer.work} | {answer.engine} | {found} | {expected} | {answer.by} | {off} | {right} |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
