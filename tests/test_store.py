"""Result folders: complete or absent, never in place of older ones."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from sim import store
from sim.errors import SimError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    final = tmp_path / "deep" / "out"
    with store.new_folder(final) as draft:
        store.write(draft.path / "sub" / "a.txt", "words")
        assert not final.exists()
    assert draft.path == draft.final == final
    assert (final / "sub" / "a.txt").read_text() == "words"
    assert names(final.parent) == ["out"]
    assert final.stat().st_mode & 0o777 == 0o777 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    with store.new_folder(tmp_path / ".." / tmp_path.name / "out") as draft:
        store.write(draft.path / "a", b"1")
    (tmp_path / "empty").mkdir()
    with store.new_folder(tmp_path / "empty") as draft:
        store.write(draft.path / "a", b"2")
    assert (tmp_path / "out" / "a").read_bytes() + (tmp_path / "empty" / "a").read_bytes() == b"12"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError, SimError])
def test_nothing_is_left_when_the_work_fails(tmp_path: Path, error: type[BaseException]) -> None:
    def work() -> None:
        with store.new_folder(tmp_path / "out") as draft:
            store.write(draft.path / "a", "1")
            raise error

    with pytest.raises(error):
        work()
    assert names(tmp_path) == []


def test_older_results_are_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("precious")
    with pytest.raises(SimError, match=r"already contains files; choose another folder"), store.new_folder(tmp_path):
        raise AssertionError("never begins")
    with pytest.raises(SimError, match=r"old: is a file; choose a folder"), store.new_folder(tmp_path / "old"):
        raise AssertionError("never begins")
    with pytest.raises(SimError, match=r"below: cannot be written: "), store.new_folder(tmp_path / "old" / "below"):
        raise AssertionError("never begins")
    assert (tmp_path / "old").read_text() == "precious"
    assert names(tmp_path) == ["old"]


def test_results_that_came_meanwhile_are_kept(tmp_path: Path) -> None:
    final = tmp_path / "out"

    def work() -> None:
        with store.new_folder(final) as draft:
            store.write(draft.path / "a", "second")
            final.mkdir()
            (final / "a").write_text("first")

    with pytest.raises(SimError, match="was created by another run in the meantime"):
        work()
    assert (final / "a").read_text() == "first"
    assert names(tmp_path) == ["out"]


def test_two_at_once_get_two_names(tmp_path: Path) -> None:
    final = tmp_path / "stamp"
    with store.new_folder(final, numbered=True) as one, store.new_folder(final, numbered=True) as two:
        store.write(one.path / "a", "one")
        store.write(two.path / "a", "two")
    assert (two.final, one.final) == (final, tmp_path / "stamp-2")
    assert (two.final / "a").read_text() + (one.final / "a").read_text() == "twoone"


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    host, token = socket.gethostname(), "0a1b2c3d"
    dead = tmp_path / f".out.partial-{host}-{int(ended.stdout)}-{token}"
    alive = tmp_path / f".out.partial-{host}-{os.getpid()}-{token}"
    elsewhere = tmp_path / f".out.partial-not-{host}-{int(ended.stdout)}-{token}"
    for left in (dead, alive, elsewhere):
        left.mkdir()
    with store.new_folder(tmp_path / "out"):
        pass
    assert names(tmp_path) == sorted([alive.name, elsewhere.name, "out"])


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(SimError, match="the disk is full; nothing was written"),
        store.new_folder(tmp_path / "o") as draft,
    ):
        store.write(draft.path / "a", "1")
    assert names(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SimError, match="cannot be written: permission denied"), store.new_folder(tmp_path / "out"):
        raise AssertionError("never begins")


def test_a_file_is_replaced_whole_and_takes_up_a_dead_writers_place(tmp_path: Path) -> None:
    (tmp_path / ".a.partial").write_text("half")
    store.write(tmp_path / "a", "1")
    store.write(tmp_path / "a", "2")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "2"


def test_a_table_comes_back_from_parquet(tmp_path: Path) -> None:
    instants = np.array(["2022-09-21T07:00", "NaT"], dtype="datetime64[ms]")
    columns: store.Columns = {
        "station": store.Labels(np.array([1, 0]), ("exit", "entry")),
        "at": instants,
        "wait": np.array([0.5, np.nan]),
    }
    store.write_table(tmp_path / "t.parquet", columns)
    found = parquet.read_table(tmp_path / "t.parquet").to_pydict()
    assert found["station"] == ["entry", "exit"]
    assert [at and at.isoformat() for at in found["at"]] == ["2022-09-21T07:00:00+00:00", None]
    assert found["wait"][0] == 0.5


def test_the_bytes_of_a_table_are_always_the_same(tmp_path: Path) -> None:
    columns = {"name": np.array(["a", 'b, "c"']), "value": np.array([0.1, np.nan])}
    for ending in (".csv", ".parquet"):
        for name in ("one", "two"):
            store.write_table(tmp_path / f"{name}{ending}", columns)
        assert store.digest(tmp_path / f"one{ending}") == store.digest(tmp_path / f"two{ending}")
    assert (tmp_path / "one.csv").read_text() == 'name,value\na,0.1\n"b, ""c""",\n'


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SimError, match="cannot be read"):
        store.digest(tmp_path / "absent")


def test_digests_name_every_file_but_one(tmp_path: Path) -> None:
    store.write(tmp_path / "b" / "c", "x")
    store.write(tmp_path / "a", "x")
    store.write(tmp_path / "skip", "x")
    found = store.digests(tmp_path, leave_out="skip")
    assert list(found) == ["a", "b/c"]
    assert set(found.values()) == {"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}


def test_a_shared_file_is_whole_whoever_writes_it_last(tmp_path: Path) -> None:
    """Many at once, each with contents of its own; what a killed writer left is cleared up, a living one's is not."""
    path = tmp_path / "shared"
    contents = [bytes([n]) * 100_000 for n in range(8)]
    threads = [threading.Thread(target=store.write_shared, args=(path, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert [file.name for file in tmp_path.iterdir()] == ["shared"]
    host = socket.gethostname()
    dead, living = (tmp_path / f".shared.partial-{host}-{pid}-0123abcd" for pid in (2**22 + 1, os.getpid()))
    dead.touch()
    living.touch()
    store.tidy(tmp_path)
    assert (dead.exists(), living.exists()) == (False, True)


def test_a_name_that_stands_twice_is_stored_once(tmp_path: Path) -> None:
    """Two crossings may have stations of the same name; stored as texts, the bytes would depend on earlier files."""
    column = store.Labels(np.array([0, 1, 2, 0]), ("exit", "entry", "exit"))
    store.write_table(tmp_path / "labels.parquet", {"station": column})
    stored = parquet.read_table(tmp_path / "labels.parquet")["station"].combine_chunks()
    assert stored.to_pylist() == ["exit", "entry", "exit", "exit"]
    assert stored.dictionary.to_pylist() == ["exit", "entry"]
    assert "RLE_DICTIONARY" in parquet.read_metadata(tmp_path / "labels.parquet").row_group(0).column(0).encodings


READS = """
import os
from pathlib import Path
import numpy as np
from sim import store
from sim.table.read import read_rows
numbers = {"at": np.arange(5.0)}
path = Path("numbers.parquet")
path.write_bytes(store.parquet_bytes(numbers, {}))
before = len(os.listdir("/proc/self/task"))
store.read_table(path)
store.labelled_table(path.read_bytes(), path)
read_rows(path)
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_no_threads_are_left_by_reading(tmp_path: Path) -> None:
    """A process that ends while threads of Arrow begin is aborted: one `sim check` in five was, on a busy machine."""
    ended = subprocess.run([sys.executable, "-c", READS], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "0"
