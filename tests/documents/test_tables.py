"""Files that are not what they seem end in one clear error, quickly and within bounds."""

from __future__ import annotations

import zipfile

import pytest
import xlsxwriter
from python_calamine import PasswordError

from lmscompliance.documents import spreadsheet, tables
from lmscompliance.kernel.errors import InvalidInput
from tests.identity.sheets import HEADING, person, workbook


def _refused(path):
    with pytest.raises(InvalidInput) as refusal:
        tables.read(path)
    assert path.name in refusal.value.message()
    return refusal.value.code


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    """Declared sizes are summed before anything is read."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * (spreadsheet.MAX_UNPACKED_BYTES + 1))
    assert path.stat().st_size < spreadsheet.MAX_FILE_BYTES
    assert _refused(path) == "documents.file_too_large"


@pytest.mark.parametrize("place", [(1_048_575, 16_383), (1_048_575, 0), (0, 16_383)])
def test_a_stray_cell_in_the_last_corner_is_refused(tmp_path, place):
    """A sheet is measured before it is laid out as a table."""
    path = tmp_path / "corner.xlsx"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet().write(*place, "x")
    book.close()
    assert _refused(path) == "documents.stray_cell"


def test_a_sheet_that_is_far_too_long_and_wide_is_refused(tmp_path):
    """Within both limits, rows times columns still have one of their own."""
    path = tmp_path / "large.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write(0, 400, "x")
    sheet.write(100_000, 0, "x")
    book.close()
    with pytest.raises(InvalidInput, match="A100001"):
        tables.read(path)


def test_cells_that_only_have_a_look_are_no_content(tmp_path):
    """A frame drawn over whole rows, as some programs write it, is neither stray nor laid out."""
    path = tmp_path / "framed.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("名单")
    framed = book.add_format({"border": 1})
    sheet.write_row(0, 0, ["姓名", "电话"])
    for row in range(3):
        sheet.write_blank(row, 16_383, None, framed)
    book.close()
    assert [(one.name, one.rows) for one in tables.read(path)] == [("名单", [["姓名", "电话"]])]


@pytest.mark.parametrize(
    "error", [RuntimeError("encrypted"), type("PanicException", (BaseException,), {})("range")]
)
def test_a_library_that_breaks_down(tmp_path, monkeypatch, error):
    """A damaged file over which the spreadsheet library panics is unreadable, not a crash."""

    def broken(_data):
        raise error

    monkeypatch.setattr(spreadsheet.CalamineWorkbook, "from_filelike", broken)
    assert _refused(workbook(tmp_path / "a.xlsx", 名单=[HEADING])) == "documents.file_unreadable"


def test_a_password_that_only_the_library_sees(tmp_path, monkeypatch):
    """An old workbook's password shows when it is read; the remedy is the same."""

    def locked(_data):
        raise PasswordError("Password")

    monkeypatch.setattr(spreadsheet.CalamineWorkbook, "from_filelike", locked)
    assert _refused(workbook(tmp_path / "a.xlsx", 名单=[HEADING])) == "documents.file_locked"


def test_an_ods_of_repeated_cells_is_refused(tmp_path):
    """Repeats that hold something are multiplied out before they are laid out."""
    path = tmp_path / "repeat.ods"
    table = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
    text = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    content = (
        f'<d xmlns:table="{table}" xmlns:text="{text}"><table:table-row table:number-rows-repeated="1000000">'
        '<table:table-cell table:number-columns-repeated="1000"><text:p>x</text:p></table:table-cell>'
        "</table:table-row></d>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", content)
    assert _refused(path) == "documents.file_too_large"


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 and then nothing",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        b"\x89PNG\r\n\0\0",
        b"%PDF-1.7\0\xff\xfe",
    ],
)
def test_damaged_and_foreign_files(tmp_path, content):
    """A broken ZIP, a broken OLE file and a picture are no spreadsheets."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    assert _refused(path) == "documents.file_unreadable"


SIMPLIFIED = "时间,用户全名,事件情境\r\n08:00,张三丰,电工作业安全操作规程、劳动保护与应急处置一课\r\n"
TRADITIONAL = "時間,使用者全名,事件情境\r\n08:00,許蓋功,電工作業安全操作規程、勞動保護與應急處置一課\r\n"
WESTERN = "Heure,Nom complet,Événement\r\n08:00,José Müller,Cours de sécurité électrique : prévention\r\n"


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (SIMPLIFIED, "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be gbk gb18030"),
        (TRADITIONAL, "utf-8 utf-16-le utf-16-be gbk gb18030 big5"),
        (WESTERN, "utf-8 utf-16-le utf-16-be cp1252"),
    ],
)
def test_a_csv_says_by_its_bytes_how_it_is_written(text: str, encodings: str) -> None:
    """Spreadsheet programs leave out the mark, and name no encoding at all."""
    for encoding in encodings.split():
        (sheet,) = tables.parse("a.csv", text.encode(encoding))
        assert sheet.rows == [line.split(",") for line in text.splitlines()], encoding


def test_truncated_workbook(tmp_path):
    """A file cut off while it was copied is refused, at whatever byte."""
    whole = workbook(tmp_path / "a.xlsx", 名单=[HEADING, *(person(n) for n in range(1, 40))]).read_bytes()
    cut = tmp_path / "cut.xlsx"
    for size in range(0, len(whole) - 1, 499):
        cut.write_bytes(whole[:size])
        try:
            said = tables.read(cut)[0].name
        except InvalidInput as refusal:
            said = refusal.code
        # Below four bytes it is a very short csv, and of none there is nothing to read.
        assert said in (("documents.file_unreadable", "cut") if size else ("documents.no_rows",))


def test_a_missing_file(tmp_path):
    """What is not there is said to be unreadable."""
    assert _refused(tmp_path / "none.xlsx") == "documents.file_unreadable"


def test_too_large_a_file(tmp_path):
    """A file over the limit is not even opened."""
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(spreadsheet.MAX_FILE_BYTES + 1)
    assert _refused(path) == "documents.file_too_large"
