"""Evaluations are made once, kept as they come, and survive what happens to the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sim.play.evaluations import Evaluations

from sim.play import evaluations
from sim.play.workers import Crew

POINTS = [(x / 7, float(n)) for x in range(10) for n in (0, 1)]


class Task:
    """Two numbers for a point; `calls` tells which were asked for. Stops after so many if told to."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.calls: list[tuple[float, ...]] = []
        self.stop_after = stop_after

    def __call__(self, point: tuple[float, ...]) -> np.ndarray:
        if len(self.calls) == self.stop_after:
            raise KeyboardInterrupt
        self.calls.append(point)
        return np.array([sum(point), np.nan if point[1] else 1 / 3])


def made(folder: Path | None, task: Task, points=POINTS) -> tuple[Evaluations, np.ndarray]:
    kept = Evaluations(folder, ["x", "replication"], ["a", "b"])
    with Crew(task, 1) as crew:
        return kept, kept.of(points, crew, lambda *_: None)


def test_nothing_is_asked_twice_whether_in_memory_or_on_disk(tmp_path: Path):
    first, second = Task(), Task()
    kept, found = made(tmp_path, first, [*POINTS, POINTS[0]])
    with Crew(first, 1) as crew:
        kept.of(POINTS, crew, lambda *_: None)
    _, again = made(tmp_path, second)
    assert first.calls == POINTS
    assert second.calls == []
    np.testing.assert_array_equal(found[:-1], again)  # bit for bit, NaN too
    np.testing.assert_array_equal(found[-1], found[0])
    assert found[:4, 0] == pytest.approx([0, 1, 1 / 7, 8 / 7])


def test_without_a_folder_nothing_is_written(tmp_path: Path):
    made(None, Task())
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_what_was_known(tmp_path: Path):
    made(tmp_path, Task(), POINTS[:5])
    seen: list[int] = []
    kept = Evaluations(tmp_path, ["x", "replication"], ["a", "b"])
    with Crew(Task(), 1) as crew:
        kept.of(POINTS[:8], crew, seen.append)
    assert seen == [6, 7, 8]


def test_an_interrupted_batch_keeps_what_it_has(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, Task(stop_after=7))
    rest = Task()
    made(tmp_path, rest)
    assert rest.calls == POINTS[7:]


def test_parts_come_while_the_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evaluations, "PART_TIME", 0.0)
    made(tmp_path, Task(), POINTS[:3])
    assert len(list(tmp_path.glob("part-*.parquet"))) == 3


@pytest.mark.parametrize("left", [0, 10, 0.5, 0.98])
def test_a_truncated_part_is_told_and_made_again(tmp_path: Path, left: float):
    made(tmp_path, Task(), POINTS[:6])
    made(tmp_path, Task(), POINTS)
    part = max(tmp_path.glob("part-*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    content = part.read_bytes()
    part.write_bytes(content[: left if isinstance(left, int) else int(left * len(content))])
    task = Task()
    kept, found = made(tmp_path, task)
    assert kept.damaged == [part.name]
    assert task.calls == POINTS[6:]
    assert found[:, 0] == pytest.approx([sum(point) for point in POINTS])
    assert Evaluations(tmp_path, ["x", "replication"], ["a", "b"]).damaged == []


def test_two_processes_fill_one_folder_without_harm(tmp_path: Path):
    """Both start with nothing known and write the same points; a third finds everything."""
    first, second = (Evaluations(tmp_path, ["x", "replication"], ["a", "b"]) for _ in range(2))
    for kept in (first, second, first):
        with Crew(Task(), 1) as crew:
            kept.of(POINTS, crew, lambda *_: None)
    last = Task()
    made(tmp_path, last)
    assert len(list(tmp_path.glob("part-*.parquet"))) == 2
    assert last.calls == []
