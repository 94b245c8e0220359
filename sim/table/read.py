"""Reads a table of rows, be it CSV, Parquet or Excel, as cells of text with the line of each row.

The reader finds out the encoding, the character between cells, the lines above the headings, and whether there are
headings. Lines with a wrong number of cells are set aside with their place, and not lost.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sim.errors import SimError
from sim.suggest import did_you_mean
from sim.table.hour_headings import hours_in
from sim.units import counted

SAMPLE_LINES = 200
MOST_BYTES = 2_000_000_000
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
EXCEL = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_NOTHING = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "-", "--", "#N/A")
_NUMBER_OR_TIME = re.compile(r"[-+]?[\d.,:/ TZ+-]*\d[\d.,:/ TZ+-]*%?")


@dataclass
class Rejected:
    """A row that cannot be used: its line (or row) in the file, and the reason."""

    line: int
    reason: str


@dataclass(frozen=True)
class Table:
    """The rows of a file as text.

    `columns` has the cells of each column by its heading, null where a cell is empty; `lines` is the line (in Excel and
    Parquet: the row) of each row; `rejected` are the lines that could not be read.
    """

    path: Path
    columns: dict[str, pa.Array]
    lines: NDArray[np.int64]
    rejected: list[Rejected] = field(default_factory=list)
    form: str = "CSV"
    digest: str = ""

    @property
    def rows(self) -> int:
        """The number of rows that could be read."""
        return len(self.lines)

    def taken(self, mask: NDArray[np.bool_]) -> Table:
        """Return the table of the rows at which `mask` is true."""
        kept = pa.array(mask)
        columns = {name: cells.filter(kept) for name, cells in self.columns.items()}
        return Table(self.path, columns, self.lines[mask], self.rejected, self.form, self.digest)


def read_rows(path: Path, sheet: str | None = None) -> Table:
    """Read a table from a file: CSV (also compressed by gzip), Parquet or Excel, told apart by name and content.

    `sheet` names a sheet of Excel; without it the longest is read.

    Raises SimError with one sentence if there is no such file, or it has no rows, or is no table.
    """
    raw = _bytes(path)
    digest = hashlib.sha256(raw).hexdigest()
    name = path.name.lower()
    if raw[:2] == b"\x1f\x8b":
        raw, name = _unzipped(raw, path), name.removesuffix(".gz")
    if raw[:4] == b"PAR1" or name.endswith((".parquet", ".pq")):
        columns, form = _parquet(raw, path), "Parquet"
    elif name.endswith(EXCEL):
        return _excel(raw, path, digest, sheet)
    elif sheet is not None:
        raise SimError(f"{path}: is not Excel, so it has no sheet {sheet!r}")
    else:
        return _from_text(raw, path, digest)
    lengths = {len(cells) for cells in columns.values()}
    if not columns or lengths == {0}:
        raise SimError(f"{path}: has no rows")
    lines = np.arange(lengths.pop(), dtype=np.int64) + 2
    return Table(path, columns, lines, [], form, digest)


def _bytes(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise SimError(f"{path}: is not a regular file; expected a table, such as a CSV file")
        if path.stat().st_size > MOST_BYTES:
            raise SimError(f"{path}: is larger than {MOST_BYTES / 1e9:g} GB; take a part of it")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise SimError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise SimError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not raw.strip():
        raise SimError(f"{path}: is empty; expected a line of headings, then the rows")
    return raw


def _unzipped(raw: bytes, path: Path) -> bytes:
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise SimError(f"{path}: is not readable as gzip: {error}") from None


def _parquet(raw: bytes, path: Path) -> dict[str, pa.Array]:
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(io.BytesIO(raw), pre_buffer=False).read(use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise SimError(f"{path}: is not readable as Parquet: {' '.join(str(error).split())[:200]}") from None
    return {str(name): _text(table.column(name).combine_chunks()) for name in table.column_names}


def _text(cells: Any) -> pa.Array:
    """Return an array of any type as text: instants with their zone, numbers as they are, null where empty."""
    if isinstance(cells, pa.ChunkedArray):
        cells = pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.array([], cells.type)
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    if pa.types.is_timestamp(cells.type):
        zone = cells.type.tz
        shown = pc.cast(cells, pa.timestamp("us", tz="UTC")) if zone else pc.cast(cells, pa.timestamp("us"))
        text = pc.strftime(shown, format="%Y-%m-%dT%H:%M:%SZ" if zone else "%Y-%m-%dT%H:%M:%S")
        return _clean(pc.replace_substring_regex(text, r"\.0+", ""))
    try:
        return _clean(pc.cast(cells, pa.string()))
    except pa.ArrowException:
        return _clean(pa.array([None if cell is None else str(cell) for cell in cells.to_pylist()], pa.string()))


def _clean(cells: Any) -> pa.Array:
    """Return cells without spaces around them, null where they say that there is nothing."""
    if isinstance(cells, pa.ChunkedArray):
        cells = pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.array([], pa.string())
    trimmed = pc.utf8_trim_whitespace(cells)
    nothing = pc.is_in(trimmed, value_set=pa.array(_NOTHING))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), trimmed)


def _excel(raw: bytes, path: Path, digest: str, sheet: str | None) -> Table:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        more = "pip install 'border-queues[excel]'"
        raise SimError(f"{path}: reading Excel needs one more package; install it with {more}") from None
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        if sheet is not None and sheet not in book.sheet_names:
            near = did_you_mean(sheet, book.sheet_names) or f"; its sheets are {', '.join(book.sheet_names)}"
            raise SimError(f"{path}: there is no sheet {sheet!r}{near}")
        names = [sheet] if sheet is not None else book.sheet_names
        cells = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names}
    except (CalamineError, OSError, ValueError) as error:
        raise SimError(f"{path}: is not readable as Excel: {error}") from None
    texts = {name: [[_cell(cell) or "" for cell in row] for row in rows] for name, rows in cells.items()}
    longest = max(texts, key=lambda name: sum(sum(map(bool, row)) > 1 for row in texts[name]), default="")
    table = _from_sheet(texts.get(longest, []), longest, path, digest)
    of = "" if sheet is not None else f", the longest of {len(texts)}"
    return replace(table, form=f"{table.form}, sheet {longest!r}{of}") if len(book.sheet_names) > 1 else table


def _from_sheet(rows: list[list[str]], name: str, path: Path, digest: str) -> Table:
    """Return the table of a sheet, in which titles may stand above the headings, and notes below the rows."""
    filled = [number for number, row in enumerate(rows) if any(cell.strip() for cell in row)]
    above = _titles([rows[number] for number in filled[:SAMPLE_LINES]])
    names, below = _headings(rows[filled[above]]) if filled else [], filled[above + 1 :]
    if not below:
        raise SimError(f"{path}: its sheet {name!r} has no rows below the headings")
    places = [n for n in range(len(names)) if any(rows[number][n].strip() for number in filled[above:])]
    columns = {names[n]: _clean(pa.array([rows[number][n] for number in below], pa.string())) for n in places}
    form = "Excel" + (f", rows above the headings: {above}" if above else "")
    return Table(path, columns, np.array(below, np.int64) + 1, [], form, digest)


def _titles(rows: list[list[str]]) -> int:
    """Return how many rows stand above the headings, which are the first with most of the usual number of cells."""
    widths = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual = Counter(width for width in widths if width > 1).most_common(1)
    least = max(2, 0.6 * usual[0][0]) if usual else 1
    return next((number for number, width in enumerate(widths) if width >= least), 0)


def _cell(cell: Any) -> str | None:
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return None if cell is None else str(cell)


def _from_text(raw: bytes, path: Path, digest: str) -> Table:
    encoding, name = _encoding(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise SimError(f"{path}: is not text; expected a table, such as a CSV file") from None
    if "\0" in text[:100_000]:
        raise SimError(f"{path}: is not text; expected a table, such as a CSV file")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    sample = text.split("\n", SAMPLE_LINES)[:SAMPLE_LINES]
    separator, width = _separator(sample)
    above = _lines_above(sample, separator, width)
    first = next(csv.reader([sample[above]], delimiter=separator))
    has_headings = not _looks_like_data(first)
    names = _headings(first) if has_headings else [f"column {n + 1}" for n in range(len(first))]
    skipped = above + has_headings
    body = text.split("\n", skipped)[skipped] if text.count("\n") >= skipped else ""
    columns, lines, rejected = _cells(body, names, separator, skipped, path)
    if not len(lines):
        more = f"; {rejected[0].reason} in line {rejected[0].line}" if rejected else ""
        raise SimError(f"{path}: has no rows below the headings{more}")
    form = f"CSV with {SEPARATORS[separator]}" if len(names) > 1 else "one column of text"
    form += (
        name
        + (f", {counted(above, 'line')} above the headings" if above else "")
        + ("" if has_headings else ", no headings")
    )
    return Table(path, columns, lines, rejected, form, digest)


def _encoding(raw: bytes) -> tuple[str, str]:
    """Return the encoding of a text, and its name for the user where it is not UTF-8."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", ", UTF-16"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252", ", Windows-1252"
    return "utf-8", ""


def _separator(lines: list[str]) -> tuple[str, int]:
    """Return the character between cells, and the usual number of cells."""
    best = (0.0, 0, ",", 1)
    for rank, separator in enumerate(SEPARATORS):
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=separator) if row)
        if not widths:
            continue
        width, times = max(widths.items(), key=lambda pair: (pair[1] * (pair[0] > 1), pair[0]))
        share = times / sum(widths.values())
        if width > 1 and (share, -rank) > best[:2]:
            best = (share, -rank, separator, width)
    return best[2], best[3]


def _lines_above(lines: list[str], separator: str, width: int) -> int:
    """Return how many lines stand above the headings: titles, empty lines and remarks."""
    rows = [next(csv.reader([line], delimiter=separator), []) for line in lines]
    fits = [number for number, row in enumerate(rows) if len(row) == width and not lines[number].startswith("#")]
    fits = [number for number in fits if lines[number].strip()]
    return fits[_titles([rows[number] for number in fits])] if fits else 0


def _looks_like_data(cells: list[str]) -> bool:
    """Say whether the first row has no headings: most of its cells are numbers or times.

    A word before nothing but hours that rise is a row of headings, as of a table of dates by hours.
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    if filled and not _NUMBER_OR_TIME.fullmatch(filled[0]) and hours_in(filled):
        return False
    return bool(filled) and 2 * sum(bool(_NUMBER_OR_TIME.fullmatch(cell)) for cell in filled) > len(filled)


def _headings(cells: list[str]) -> list[str]:
    """Return the headings, with a number where one is empty or occurs twice."""
    names: list[str] = []
    for number, cell in enumerate(cells):
        name = " ".join(cell.split()) or f"column {number + 1}"
        names.append(name if name not in names else f"{name} ({number + 1})")
    return names


def _cells(
    body: str, names: list[str], separator: str, above: int, path: Path
) -> tuple[dict[str, pa.Array], NDArray[np.int64], list[Rejected]]:
    """Return the columns below the headings, the line of each row, and the lines that could not be read."""
    import pyarrow.csv as pacsv

    wrong: list[Any] = []

    def set_aside(row: Any) -> str:
        wrong.append(row)
        return "skip"

    if not body.strip():
        return {}, np.zeros(0, np.int64), []
    raw = body.encode()
    try:
        table = pacsv.read_csv(
            pa.BufferReader(raw),
            pacsv.ReadOptions(use_threads=False, column_names=names, block_size=max(1 << 20, 2 * _longest(raw))),
            pacsv.ParseOptions(delimiter=separator, newlines_in_values='"' in body, invalid_row_handler=set_aside),
            pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True),
        )
    except pa.ArrowException as error:
        raise SimError(f"{path}: is not readable as CSV: {' '.join(str(error).split())[:200]}") from None
    columns = {name: _clean(table.column(name)) for name in names}
    numbers = _row_lines(raw, table.num_rows + len(wrong), above)
    broken = np.array([row.number - 1 for row in wrong], dtype=np.int64)
    rejected = [
        Rejected(int(numbers[row.number - 1]), f"expected {row.expected_columns} cells; got {row.actual_columns}")
        for row in wrong
    ]
    lines = np.delete(numbers, broken)
    filled = ~np.logical_and.reduce([np.asarray(cells.is_null()) for cells in columns.values()])
    kept = pa.array(filled)
    return {name: cells.filter(kept) for name, cells in columns.items()}, lines[filled], rejected


def _longest(raw: bytes) -> int:
    ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == ord("\n"))
    return int(np.diff(ends, prepend=-1).max()) if len(ends) else len(raw)


def _row_lines(raw: bytes, rows: int, above: int) -> NDArray[np.int64]:
    """Return the line of each row; where cells have line breaks in them, the number of the row instead."""
    text = np.frombuffer(raw, np.uint8)
    ends = np.append(np.flatnonzero(text == ord("\n")), len(text))
    lengths = np.diff(ends, prepend=-1) - 1
    filled = np.flatnonzero(lengths > 0)
    return (filled if len(filled) == rows else np.arange(rows)) + above + 1
