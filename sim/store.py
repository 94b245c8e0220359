"""The only module that writes to disk: result folders (complete or absent), their tables and their digests.

A folder is written under a temporary name beside its final one (`.NAME.partial-HOST-PID-TOKEN`) and renamed at the
end. The drafts of a process that was killed are removed by the next run in the same place.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import SimError
from sim.paths import possible

Columns = Mapping[str, "NDArray[Any] | Labels"]
_PARTIAL = re.compile(r"\..+\.partial-(?P<host>.+)-(?P<pid>\d+)-[0-9a-f]{8}")
_TAKEN = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EISDIR}
_MOST_RUNS_A_SECOND = 1000
_FACTS = b"sim"
APP = "border-queues"
DIGITS = 10
"""Significant digits in result files; later digits differ from one processor to another."""


@dataclass(frozen=True)
class Labels:
    """A column of names, stored as numbers: `names[codes]`."""

    codes: NDArray[Any]
    names: tuple[str, ...]

    def tolist(self) -> list[str]:
        """Return the column as names."""
        return [self.names[code] for code in self.codes]


@dataclass
class Draft:
    """A folder being written: `path` is where it is now, `final` where it will be when complete."""

    path: Path
    final: Path


@contextmanager
def new_folder(final: Path, *, numbered: bool = False) -> Iterator[Draft]:
    """Yield a draft of the folder `final`, which appears only if the block ends without an exception.

    `final` must be absent or empty; with `numbered`, a name that is taken becomes `final-2`, `final-3` and so on.
    Raises SimError if the folder contains files or cannot be written.
    """
    final = Path(os.path.abspath(possible(final)))  # noqa: PTH100  (a name with '..' must not follow links twice)
    try:
        if not numbered:
            _refuse_taken(final)
        final.parent.mkdir(parents=True, exist_ok=True)
        _sweep(final.parent)
        mark = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        draft = Draft(final.parent / f".{final.name}.partial-{mark}", final)
        draft.path.mkdir()
    except OSError as error:
        raise _error(error, final) from None
    try:
        yield draft
        draft.path = draft.final = _claim(draft, numbered)
    except BaseException:
        shutil.rmtree(draft.path, ignore_errors=True)
        raise


def results_folder(out: str | Path | None, usual: Path) -> AbstractContextManager[Draft]:
    """Return the draft of `out`, or of `usual`, numbered where it is taken. Raises SimError on entering."""
    return new_folder(usual, numbered=True) if out is None else new_folder(Path(out))


def stamp() -> str:
    """Return the current time as a name that sorts by time: 20220921T100000Z."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a temporary folder that is removed when the block ends."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="sim-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _error(error, Path(tempfile.gettempdir())) from None
    with folder as name:
        yield Path(name)


def private_folder(path: Path) -> bool:
    """Create the folder if needed; say whether it exists, belongs to this user alone, and is writable."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
    except OSError:
        return False
    ours = os.name != "posix" or (status.st_uid == os.geteuid() and not status.st_mode & 0o077)
    return stat.S_ISDIR(status.st_mode) and ours and os.access(path, os.W_OK | os.X_OK)


def user_cache() -> Path | None:
    """Return the private folder for caches of this user, one for temporary files if need be; None if there is none."""
    user = str(getattr(os, "getuid", lambda: "")())
    places = []
    with suppress(OSError, RuntimeError):  # there is no home folder
        places.append(_cache_home() / APP)
    with suppress(OSError):
        places.append(Path(tempfile.gettempdir()) / f"{APP}-{user}")
    return next((place for place in places if private_folder(place)), None)


def _cache_home() -> Path:
    """Return the folder for caches by the convention of the platform."""
    if named := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return home if home.is_absolute() else Path.home() / ".cache"


def write(path: Path, content: bytes | str, *, lasting: bool = True) -> None:
    """Write a file under a temporary name and rename it, so that it is complete or absent. Raises SimError.

    The temporary name is always the same, so that a second try replaces what a killed writer left. With `lasting`,
    return only once the file is on the disk.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as handle:
            handle.write(content.encode() if isinstance(content, str) else content)
            if lasting:
                handle.flush()
                os.fsync(handle.fileno())
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise _error(error, path) from None


def write_shared(path: Path, content: bytes | str) -> None:
    """Write a file that others may write at the same time: the last to finish wins. Raises SimError.

    `tidy` removes what a killed writer leaves beside it.
    """
    content = content.encode() if isinstance(content, str) else content
    partial = path.with_name(f".{path.name}.partial-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("xb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _error(error, path) from None


def tidy(folder: Path) -> None:
    """Remove the drafts in a folder that killed processes of this machine left."""
    _sweep(folder)


def take(path: Path) -> bytes:
    """Return the content of a file and remove it. Raises SimError."""
    try:
        content = path.read_bytes()
        path.unlink()
    except OSError as error:
        raise SimError(f"{path}: cannot be read: {error.strerror or error}") from None
    return content


def remove(path: Path) -> None:
    """Remove a file, if it is there. Raises SimError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SimError(f"{path}: cannot be removed: {error.strerror or error}") from None


def write_table(path: Path, columns: Columns) -> None:
    """Write `columns` of equal length as CSV or Parquet, by the ending of `path`; `datetime64` are instants in UTC."""
    write(path, _csv(columns) if path.suffix == ".csv" else parquet_bytes(columns))


def write_table_shared(path: Path, columns: Columns) -> None:
    """Write `columns` to a file that others may write at the same time. Raises SimError."""
    write_shared(path, _csv(columns) if path.suffix == ".csv" else parquet_bytes(columns))


def read_table(path: Path) -> dict[str, NDArray[Any]]:
    """Return the columns of a Parquet file of numbers. Raises SimError if it cannot be read or is incomplete."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SimError(f"{path}: cannot be read: {error.strerror or error}") from None
    return table_of(content, path)


def table_of(content: bytes, path: Path) -> dict[str, NDArray[Any]]:
    """Return the columns in the bytes of a Parquet file; `path` is for messages. Raises SimError if it is damaged.

    It is read without threads: a short command that ended while they began was aborted (code 134).
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(io.BytesIO(content), pre_buffer=False).read(use_threads=False)
        table.validate(full=True)
        return {name: table[name].to_numpy() for name in table.column_names}
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        what = next(iter(str(error).splitlines()), type(error).__name__)
        raise SimError(f"{path}: is damaged: {what}") from None


def labelled_table(content: bytes, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns in the bytes of a Parquet file, those of names as Labels, and the facts stored with them.

    `path` is for messages. Raises SimError if the file is damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(content), pre_buffer=False, page_checksum_verification=True)
        table = file.read(use_threads=False).combine_chunks()
        table.validate(full=True)
        facts = json.loads((table.schema.metadata or {}).get(_FACTS, b"{}"))
        return {name: _labelled(table[name]) for name in table.column_names}, facts
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        what = next(iter(str(error).splitlines()), type(error).__name__)
        raise SimError(f"{path}: is damaged: {what}") from None


def _labelled(column: Any) -> NDArray[Any] | Labels:
    """Return a column of Arrow; names as Labels."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        return np.asarray(column.to_numpy())
    column = column.combine_chunks()
    return Labels(column.indices.to_numpy(zero_copy_only=False), tuple(column.dictionary.to_pylist()))


def _csv(columns: Columns) -> str:
    """Return CSV text; NaN becomes an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*(column.tolist() for column in columns.values()), strict=True):
        writer.writerow(["" if value != value else value for value in row])
    return text.getvalue()


def parquet_bytes(columns: Columns, facts: Mapping[str, Any] | None = None) -> bytes:
    """Return `columns` of equal length as the bytes of a Parquet file; with `facts` about them, it has checksums."""
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({name: _arrow(column) for name, column in columns.items()})
    if facts is not None:
        table = table.replace_schema_metadata({_FACTS: json.dumps(facts)})
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="zstd", write_page_checksum=facts is not None)
    return buffer.getvalue()


def digests(folder: Path, leave_out: str) -> dict[str, str]:
    """Return the SHA-256 of every file below `folder`, except `leave_out`, by relative name, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: digest(path) for name, path in named.items() if name != leave_out}


def digest(path: Path) -> str:
    """Return the SHA-256 of a file. Raises SimError if it cannot be read."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise SimError(f"{path}: cannot be read: {error.strerror or error}") from None


def rounded(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table whose float columns are rounded to DIGITS significant digits."""
    return {
        name: column if isinstance(column, Labels) else _rounded(np.asarray(column)) for name, column in table.items()
    }


def _rounded(column: NDArray[Any]) -> NDArray[Any]:
    return round_off(column) if column.dtype.kind == "f" else column


def round_off(values: NDArray[Any]) -> NDArray[Any]:
    """Return `values` rounded to DIGITS significant digits."""
    bits, places = np.unique(np.ascontiguousarray(values, np.float64).view(np.int64), return_inverse=True)
    texts = [f"{value:.{DIGITS}g}" for value in bits.view(np.float64).tolist()]  # each once: counts repeat a lot
    return np.array(texts, dtype=np.float64)[places].reshape(values.shape)


def _arrow(column: NDArray[Any] | Labels) -> Any:
    import pyarrow as pa

    if isinstance(column, Labels):
        # a name that stands twice would make the writer store texts, whose compressed bytes vary
        places = {name: place for place, name in enumerate(dict.fromkeys(column.names))}
        codes = np.array([places[name] for name in column.names], np.int32)[column.codes]
        return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(places), pa.string()))
    if column.dtype.kind == "M":
        return pa.array(column).cast(pa.timestamp("ms")).cast(pa.timestamp("ms", tz="UTC"))
    return pa.array(column)


def _refuse_taken(final: Path) -> None:
    if final.is_dir():
        if any(final.iterdir()):
            raise SimError(f"{final}: already contains files; choose another folder (nothing was changed)")
    elif final.exists() or final.is_symlink():
        raise SimError(f"{final}: is a file; choose a folder that does not exist")


def _claim(draft: Draft, numbered: bool) -> Path:
    """Give the draft its final name. Renaming onto a folder that is not empty fails, so no results are lost."""
    names = (draft.final.with_name(f"{draft.final.name}-{n}") for n in range(2, _MOST_RUNS_A_SECOND))
    for final in (draft.final, *(names if numbered else ())):
        try:
            return draft.path.replace(final)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise _error(error, final) from None
    raise SimError(f"{draft.final}: was created by another run in the meantime; choose another folder")


def _sweep(parent: Path) -> None:
    """Remove the drafts that killed processes of this machine left."""
    if os.name != "posix":
        return
    for path in parent.glob(".*.partial-*"):
        match = _PARTIAL.fullmatch(path.name)
        if match and match["host"] == socket.gethostname() and not _alive(int(match["pid"])):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _error(error: OSError, path: Path) -> SimError:
    if error.errno == errno.ENOSPC:
        return SimError(f"{path}: the disk is full; nothing was written")
    return SimError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}")
