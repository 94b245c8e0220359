"""Tasks are carried out in order, survive the death of workers, and stop at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from sim.errors import SimError
from sim.play.workers import AHEAD, Crew, _signals_held
from tests.play import study_tasks as tasks

PATHS = str(Path(__file__).parents[2])


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order_over_several_batches(workers: int) -> None:
    with Crew(tasks.square, workers) as crew:
        assert list(crew.results(range(3))) == [0, 1, 4]
        assert list(crew.results(range(3, 20))) == [n * n for n in range(3, 20)]
        assert list(crew.results(range(0))) == []
    assert multiprocessing.active_children() == []


def test_items_may_be_anything_picklable() -> None:
    with Crew(tasks.total, 2) as crew:
        assert list(crew.results([(1, 2), (0.5, 0.25), (7,)])) == [3, 0.75, 7]


def test_those_that_finish_early_wait_for_their_turn() -> None:
    with Crew(tasks.LaterFirst(3), 2) as crew:
        assert list(crew.results(range(4))) == [0, 1, 2, 3]


def test_no_more_is_handed_out_than_can_wait() -> None:
    with Crew(tasks.square, 2) as crew:
        handed_out: dict[int, object] = {}
        hand_out = crew._hand_out
        most = 0

        def watched(items: dict, futures: dict) -> None:
            nonlocal most, handed_out
            hand_out(items, futures)
            handed_out, most = futures, max(most, len(futures))

        crew._hand_out = watched  # type: ignore[method-assign]
        assert sum(crew.results(range(100))) == sum(n * n for n in range(100))
    assert most == 2 * AHEAD
    assert handed_out == {}


@pytest.mark.slow
def test_killed_workers_are_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    with Crew(tasks.DieOnce(tmp_path), 2) as crew:
        assert list(crew.results(range(6))) == list(range(6))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "3", "5"]


def test_a_worker_killed_while_it_hands_over_a_large_result_is_replaced(tmp_path: Path) -> None:
    size = 3_000_000  # far more than a pipe holds
    with Crew(tasks.DieHandingOver(tmp_path, size), 2) as crew:
        for content in crew.results(range(12)):
            assert len(content) == size
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.slow
def test_workers_that_always_die_give_one_sentence() -> None:
    with pytest.raises(SimError, match=r"killed 6 times in a row.*try --workers 1"), Crew(tasks.die, 2) as crew:
        list(crew.results(range(2)))
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(("workers", "threads"), [(1, False), (2, False), (2, True)])
def test_an_error_of_a_task_is_the_callers(workers: int, threads: bool) -> None:
    with pytest.raises(SimError, match="number 0 cannot be done"), Crew(tasks.refuse, workers, threads=threads) as crew:
        list(crew.results(range(2)))


def test_threads_work_at_the_same_time_and_return_results_in_order() -> None:
    both, running, most = threading.Barrier(2, timeout=60), threading.Semaphore(2), []

    def task(item: int) -> int:
        most.append(running.acquire(blocking=False))  # False if a third one runs
        both.wait()
        running.release()
        return item * item

    with Crew(task, 2, threads=True) as crew:
        assert list(crew.results(range(6))) == [0, 1, 4, 9, 16, 25]
    assert most == [True] * 6


SCRIPT = """
    import sys
    from sim.play.workers import Crew
    from tests.play import study_tasks as tasks
    print("begin", flush=True)
    with Crew(tasks.{task}, 2) as crew:
        print(list(crew.results(range(3))), flush=True)
"""


def script(task: str, scratch: Path) -> subprocess.Popen[str]:
    # through a file, as users do: its main part has no guard and must not be run again by the workers
    environment = {**os.environ, "PYTHONPATH": PATHS, "TMPDIR": str(scratch)}
    code = textwrap.dedent(SCRIPT.format(task=task))
    command = [sys.executable, "-c", f"import sys; exec(compile({code!r}, 'script', 'exec'))"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.slow
def test_a_script_without_a_guard_works(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(SCRIPT.format(task="square")))
    environment = {**os.environ, "PYTHONPATH": PATHS}
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=300, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "begin\n[0, 1, 4]\n", "")


@pytest.mark.slow
def test_ctrl_c_ends_the_workers(tmp_path: Path) -> None:
    with script("sleep", tmp_path) as process:
        children = asleep(process)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(300)
        finally:
            process.kill()
        assert process.returncode == -signal.SIGINT
    assert list(tmp_path.iterdir()) == []
    assert_all_gone(children)


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    with script("sleep", tmp_path) as process:
        children = asleep(process)
        process.kill()
    assert_all_gone(children)


def asleep(process: subprocess.Popen[str]) -> list[int]:
    """Return the ids of both workers when each has begun its task."""
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(3)] == ["begin\n", "asleep\n", "asleep\n"]
    return workers_of(process.pid)


def workers_of(pid: int) -> list[int]:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        found = subprocess.run(["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True)
        workers = [int(line.split()[0]) for line in found.stdout.splitlines() if "spawn_main" in line]
        if len(workers) == 2:
            return workers
        time.sleep(0.05)
    raise AssertionError("the workers never came")


def assert_all_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in pids):
        time.sleep(0.05)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_a_signal_while_workers_start_comes_through_afterwards() -> None:
    began: list[str] = []

    def start() -> None:
        with _signals_held():
            signal.raise_signal(signal.SIGINT)
            began.append("whole")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert began == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
