"""Opening spreadsheets: what they may not do to us, and what their formats tell."""

from __future__ import annotations

import struct
import zipfile
import zlib
from datetime import date, datetime, time
from pathlib import Path

import pytest
import xlsxwriter

from lmscompliance.documents import spreadsheet
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.formats import package, workbook, xlsx
from tests.questions.books import codes


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A workbook that would unpack beyond the limit is refused by its directory alone."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    monkeypatch.setattr(spreadsheet, "MAX_UNPACKED_BYTES", 1_000_000)
    with pytest.raises(InvalidInput) as caught:
        workbook.read(path)
    assert caught.value.code == "documents.file_too_large"


@pytest.mark.parametrize("place", [(0, 16_383), (1_048_575, 0)])
def test_a_stray_cell_far_outside_is_named(tmp_path: Path, place: tuple[int, int]):
    """A lone cell at the far edge, which would blow up memory, is named instead of being read."""
    path = tmp_path / "far.xlsx"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet().write(*place, "x")
    book.close()
    with pytest.raises(InvalidInput) as caught:
        workbook.read(path)
    assert caught.value.code == "documents.stray_cell"


def test_cells_read_as_they_are_shown(tmp_path: Path):
    """Percent cells, whole numbers, binary artefacts, dates and clock times read as a person sees them."""
    path = tmp_path / "formats.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    percent, day = book.add_format({"num_format": "0.0%"}), book.add_format({"num_format": 'm"月"d"日"'})
    full, clock = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "h:mm"})
    sheet.write_row(0, 0, [36, 0.1 + 0.2, 1e15, -0.5, True, " 甲\u00a0乙_x000D_\n"])
    sheet.write(0, 6, 0.155, percent)
    sheet.write(0, 7, date(2018, 2, 3), day)
    sheet.write(0, 8, datetime(2018, 2, 3), full)  # noqa: DTZ001 - spreadsheets know no zones
    sheet.write(0, 9, time(1, 2), clock)
    book.close()
    (row,) = workbook.read(path)[0].rows
    told = [
        "36",
        "0.3",
        "1000000000000000",
        "-0.5",
        "TRUE",
        "甲 乙",
        "15.5%",
        "2/3",
        "2018年2月3日",
        "01:02:00",
    ]
    assert [cell.text for cell in row.cells] == told
    assert [cell.oddity for cell in row.cells[6:]] == ["", "date", "date", "date"]


def test_a_picture_over_a_row_is_seen(tmp_path: Path):
    """A question takes the picture on its row with it; one whose options are pictures is refused."""
    picture = tmp_path / "p.png"
    picture.write_bytes(_png(80))
    sliver = tmp_path / "s.png"
    sliver.write_bytes(_png(2))
    path = tmp_path / "pictures.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    rows = [
        ["题型", "题目", "选项", "答案"],
        ["判断题", "看图", "", "对"],
        ["单选题", "哪一个", "A.", "A"],
        ["判断题", "无图", "", "对"],
    ]
    for index, values in enumerate(rows):
        sheet.set_row(index, 100)
        sheet.write_row(index, 0, values)
    sheet.insert_image(1, 1, picture, {"object_position": 2})
    sheet.insert_image(2, 2, picture, {"object_position": 2})
    sheet.insert_image(3, 1, sliver, {"object_position": 2})
    book.close()
    reading = xlsx.read(path, "p")
    assert {draft.source.row: codes(draft) for draft in reading.drafts} == {2: [], 4: []}
    assert [draft.pictures for draft in reading.drafts] == [(_png(80),), ()]
    assert [(r.source.row, r.reason.code) for r in reading.refusals] == [(3, "options_are_pictures")]


def test_a_package_that_is_no_spreadsheet(tmp_path: Path):
    """A zip file without a workbook has no details, and opening it is an error for people."""
    path = tmp_path / "z.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    assert package.inspect(path.read_bytes()) == package.Details()
    with pytest.raises(InvalidInput) as caught:
        workbook.read(path)
    assert caught.value.code == "documents.file_unreadable"


def _png(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress((b"\0" + b"\x80" * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
