"""Tables as people have them: separators, encodings, headings, broken lines, Parquet and Excel."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.errors import SimError
from sim.table.columns import Role
from sim.table.read import read_rows
from sim.table.reader import Reader


def written(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separator_encoding_and_line_ends_are_found(tmp_path: Path, separator: str, encoding: str, end: str) -> None:
    lines = [["at", "café", "count"], ["2026-07-04", "é", "1"], ["2026-07-05", "ü", "2"]]
    text = end.join(separator.join(line) for line in lines) + end
    table = read_rows(written(tmp_path, text.encode(encoding)))
    assert {name: cells.to_pylist() for name, cells in table.columns.items()} == {
        "at": ["2026-07-04", "2026-07-05"],
        "café": ["é", "ü"],
        "count": ["1", "2"],
    }
    assert table.lines.tolist() == [2, 3]


def test_broken_lines_are_set_aside_with_their_place(tmp_path: Path) -> None:
    table = read_rows(written(tmp_path, "a,b,c\n1,2,3\n\n4,5\n6,7,8\n9,10,11,12\n,,\n13,14,15\n"))
    assert table.columns["a"].to_pylist() == ["1", "6", "13"]
    assert table.lines.tolist() == [2, 5, 8]
    assert [(row.line, row.reason) for row in table.rejected] == [
        (4, "expected 3 cells; got 2"),
        (6, "expected 3 cells; got 4"),
    ]


def test_titles_above_the_headings_are_skipped(tmp_path: Path) -> None:
    table = read_rows(written(tmp_path, "Export of the port\n\n# made today\nday;cars\n2026-07-04;5\n2026-07-05;6\n"))
    assert list(table.columns) == ["day", "cars"]
    assert table.lines.tolist() == [5, 6]
    assert "3 lines above" in table.form


def test_titles_of_a_sheet_are_skipped_too(tmp_path: Path) -> None:
    """A spreadsheet saved as CSV has separators in its titles and notes, too."""
    table = read_rows(written(tmp_path, "Export of the port,,\n,,\nday,cars,trucks\n2026-07-04,5,1\n2026-07-05,6,\n"))
    assert list(table.columns) == ["day", "cars", "trucks"]
    assert table.lines.tolist() == [4, 5]


def test_an_excel_sheet_with_titles_and_notes(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    rows = [
        ["Border post, July"], [], ["hour", "cars", "", "remark"], ["2026-07-04 10:00", 5, "", ""],
        ["2026-07-04 11:00", 6.5, "", "fog"], ["Total", 11.5, "", ""], [], ["Counted by hand"],
    ]  # fmt: skip
    table = read_rows(sheet(tmp_path / "t.xlsx", rows))
    assert list(table.columns) == ["hour", "cars", "remark"]
    assert table.columns["cars"].to_pylist() == ["5", "6.5", "11.5", None]
    assert table.lines.tolist() == [4, 5, 6, 8]
    assert table.form == "Excel, rows above the headings: 1"
    reader = Reader(table)
    assert np.isfinite(reader.instants("time", Role(("hour",)))).tolist() == [True, True, False, False]  # type: ignore[arg-type]
    assert [row.line for row in reader.rejected] == [6, 8]


def sheet(path: Path, rows: list[list[str | float]], notes: bool = False) -> Path:
    """Write a workbook with the sheet `a`, as small as it may be; `notes` puts a sheet with one note before it."""

    def cell(value: str | float, place: str) -> str:
        if isinstance(value, str):
            return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>' if value else ""
        return f'<c r="{place}"><v>{value}</v></c>'

    lines = "".join(
        f'<row r="{n}">{"".join(cell(value, f"{chr(65 + k)}{n}") for k, value in enumerate(row))}</row>'
        for n, row in enumerate(rows, 1)
    )
    before = '<sheet name="notes" sheetId="2" r:id="r2"/>' if notes else ""
    main, office = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "application/vnd.openxmlformats"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = f"{office}-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        f'<Default Extension="rels" ContentType="{office}-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}">'
        f'<sheets>{before}<sheet name="a" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{relations}/worksheet" Target="worksheets/sheet2.xml"/></Relationships>',
        "xl/worksheets/sheet2.xml": f'<worksheet xmlns="{main}"><sheetData><row r="1">{cell("Counts", "A1")}</row>'
        "</sheetData></worksheet>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w") as folder:
        for name, text in parts.items():
            folder.writestr(name, text)
    return path


def test_the_longest_sheet_is_read_or_the_one_that_is_named(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    path = sheet(tmp_path / "t.xlsx", [["hour", "cars"], ["2026-07-04 10:00", 5], ["2026-07-04 11:00", 6]], notes=True)
    assert read_rows(path).form == "Excel, sheet 'a', the longest of 2"
    assert read_rows(path, "a").columns["cars"].to_pylist() == ["5", "6"]
    with pytest.raises(SimError, match="its sheet 'notes' has no rows"):
        read_rows(path, "notes")
    with pytest.raises(SimError, match="no sheet 'nots'; did you mean 'notes'"):
        read_rows(path, "nots")


def test_a_table_without_headings_has_numbered_columns(tmp_path: Path) -> None:
    table = read_rows(written(tmp_path, "2026-07-04 10:00,5\n2026-07-04 11:00,6\n"))
    assert list(table.columns) == ["column 1", "column 2"]
    assert table.rows == 2


def test_empty_cells_and_words_for_nothing_are_null(tmp_path: Path) -> None:
    table = read_rows(written(tmp_path, "a,b\n1,NA\n2, \n3,x\n"))
    assert table.columns["b"].to_pylist() == [None, None, "x"]


def test_compressed_parquet_and_excel_say_the_same(tmp_path: Path) -> None:
    import datetime

    at = [datetime.datetime(2026, 7, 4, 10), datetime.datetime(2026, 7, 4, 11)]
    pq.write_table(pa.table({"at": pa.array(at, pa.timestamp("us", "UTC")), "n": [1.5, 2.0]}), tmp_path / "t.parquet")
    table = read_rows(tmp_path / "t.parquet")
    assert table.columns["at"].to_pylist() == ["2026-07-04T10:00:00Z", "2026-07-04T11:00:00Z"]
    assert [float(cell) for cell in table.columns["n"].to_pylist()] == [1.5, 2]
    zipped = read_rows(written(tmp_path, gzip.compress(b"at,n\n1,2\n3,4\n"), "t.csv.gz"))
    assert zipped.columns["n"].to_pylist() == ["2", "4"]
    assert len(zipped.digest) == 64


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "t.csv", "is empty"),
        (b"a,b\n", "t.csv", "has no rows"),
        (b"\x00\x01\x02\xff" * 50, "t.csv", "is not text"),
        (b"PAR1nonsense", "t.parquet", "not readable as Parquet"),
        (b"\x1f\x8bnonsense", "t.csv.gz", "not readable as gzip"),
        (b"no sheet", "t.xlsx", "not readable as Excel"),
    ],
)
def test_what_is_no_table_is_told_in_one_sentence(tmp_path: Path, content: bytes, name: str, words: str) -> None:
    with pytest.raises(SimError, match=words) as caught:
        read_rows(written(tmp_path, content, name))
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none.csv", "no such file"), (tmp_path, "not a regular file")):
        with pytest.raises(SimError, match=words):
            read_rows(path)
