"""The workbook writer: text stays text, bytes repeat, and other programs agree on what a cell holds."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from errno import ENOSPC
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest

from lmscompliance.documents import xlsx
from lmscompliance.documents.archive import DeflatedFile
from lmscompliance.rules import ledger_table
from lmscompliance.rules.ledger_table import MAX_TEXT, Column, Sheet, Style, Workbook, printable, row
from lmscompliance.verifier.parts import SheetTail
from lmscompliance.verifier.sheets import WorkbookReader

CREATED = datetime(2021, 2, 1, tzinfo=UTC)
EVIL = ("=1+1", "@SUM(A1)", "+1", "-1", "http://example.com", "<r><t>x</t></r>", "0012", "1e5")


def _workbook(*cells) -> Workbook:
    sheets = (Sheet("①表", "&C第 &P 页 / 共 &N 页", tuple(Column(12) for _ in cells), 2, 1),)
    rows = [row(Style.TITLE, "标题"), row(Style.HEAD, *["头"] * len(cells)), row(Style.DATA, *cells)]
    return Workbook("台账", sheets, ((0, one) for one in rows))


def _cells(path: Path):
    return [cell.value for cell in openpyxl.load_workbook(path).active[3]]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither clock nor zone nor place of writing is in the file."""
    contents = set()
    with monkeypatch.context() as elsewhere:
        for zone in ("UTC", "Asia/Shanghai", "America/New_York"):
            elsewhere.setenv("TZ", zone)
            time.tzset()
            path = tmp_path / zone.replace("/", "-")
            xlsx.write(path, _workbook("甲", 1, Fraction(1, 3)), CREATED)
            contents.add(path.read_bytes())
    time.tzset()
    assert len(contents) == 1


def test_no_text_becomes_anything_else(tmp_path: Path) -> None:
    """What looks like a formula, link, number or markup is the text that was typed."""
    path = tmp_path / "evil.xlsx"
    xlsx.write(path, _workbook(*EVIL), CREATED)
    found = _cells(path)
    assert all(isinstance(value, str) for value in found)
    assert [str(value).strip() for value in found] == list(EVIL)
    assert {cell.data_type for cell in openpyxl.load_workbook(path).active[3]} == {"s"}


def test_a_number_that_outgrows_its_column_is_shown_smaller(tmp_path: Path) -> None:
    """No sum is shown as ###: numbers shrink, and texts wrap."""
    columns = (Column(5), Column(5, centred=True), Column(5))
    cells = (Fraction(10**9, 3), 10**9, "一二三四五六七八九十")
    rows = [row(style, *cells) for style in (Style.DATA, Style.TOTAL)]
    made = Workbook("t", (Sheet("表", "", columns),), ((0, one) for one in rows))
    xlsx.write(tmp_path / "sums.xlsx", made, CREATED)
    for found in openpyxl.load_workbook(tmp_path / "sums.xlsx").active.iter_rows():
        looks = [(cell.alignment.shrink_to_fit, cell.alignment.wrap_text) for cell in found]
        assert looks == [(True, None), (True, None), (None, True)]


def test_ids_and_phones_keep_every_digit(tmp_path: Path) -> None:
    """Eighteen digits are text with the text format, not a number that lost its tail."""
    path = tmp_path / "ids.xlsx"
    xlsx.write(path, _workbook("110105194912310021", "13800138000"), CREATED)
    sheet = openpyxl.load_workbook(path).active
    assert [(cell.value, cell.number_format) for cell in sheet[3]] == [
        ("110105194912310021", "@"),
        ("13800138000", "@"),
    ]


def test_numbers_show_what_they_are(tmp_path: Path) -> None:
    """Minutes have two decimals; a score shows all its digits, so 59.99 never looks like 60."""
    path = tmp_path / "numbers.xlsx"
    xlsx.write(path, _workbook(Fraction(100, 60), Decimal("59.99"), 7, None), CREATED)
    cells = openpyxl.load_workbook(path).active[3]
    assert [(cell.value, cell.number_format) for cell in cells] == [
        (pytest.approx(1.6666666666667), "0.00"),
        (59.99, "General"),
        (7, "0"),
        (None, "@"),
    ]


def test_print_set_up(tmp_path: Path) -> None:
    """A4 landscape, one page wide, headings repeated, page X/Y, panes frozen, filter on."""
    path = tmp_path / "print.xlsx"
    xlsx.write(path, _workbook("甲", "乙"), CREATED)
    sheet = openpyxl.load_workbook(path).active
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$2:$2"
    assert sheet.freeze_panes == "B3"
    assert sheet.auto_filter.ref == "A2:B3"
    assert sheet.oddFooter.center.text == "第 &P 页 / 共 &N 页"


def test_what_is_stamped_ends_its_page(tmp_path: Path) -> None:
    """What follows the room for stamps begins on a page of its own, and only that."""
    rows = [
        row(Style.SECTION, "一"),
        row(Style.STAMP, "企业", ""),
        row(Style.FIELDS, "经办人", ""),
        row(Style.SECTION, "二"),
        row(Style.SECTION, "三"),
    ]
    sheet = Sheet("封面", "", (Column(12), Column(12)))
    xlsx.write(tmp_path / "cover.xlsx", Workbook("台账", (sheet,), ((0, one) for one in rows)), CREATED)
    found = openpyxl.load_workbook(tmp_path / "cover.xlsx").active
    assert [one.id for one in found.row_breaks.brk] == [3]
    with WorkbookReader(tmp_path / "cover.xlsx") as ours:
        assert len(list(ours.rows(0, SheetTail()))) == len(rows)


def test_wrapped_text_has_room(tmp_path: Path) -> None:
    """A row is as high as its longest cell needs, in joined cells too."""
    path = tmp_path / "high.xlsx"
    sheets = (Sheet("表", "", (Column(10), Column(10))),)
    texts = [(Style.NOTE, "说明" * 40), (Style.DATA, "短", "很长的一句话" * 5), (Style.DATA, "短", "短")]
    rows = [row(*one) for one in texts]
    xlsx.write(path, Workbook("t", sheets, ((0, one) for one in rows)), CREATED)
    heights = [openpyxl.load_workbook(path).active.row_dimensions[number].height for number in (1, 2, 3)]
    assert heights[0] > 5 * heights[2]
    assert heights[1] > 5 * heights[2]


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    """If the rows end in an error, nothing stands there, not even scratch files."""

    def rows():
        yield 0, row(Style.DATA, "甲")
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        xlsx.write(tmp_path / "half.xlsx", Workbook("t", (Sheet("表", "", (Column(9),)),), rows()), CREATED)
    assert list(tmp_path.iterdir()) == []


def _long(count: int) -> Workbook:
    rows = [row(Style.DATA, number, f"学员{number}", "甲班") for number in range(count)]
    return Workbook("t", (Sheet("表", "", (Column(9),) * 3),), ((0, one) for one in rows))


def test_pieces_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet that is compressed beside its making has the bytes of one that is compressed at the end."""
    xlsx.write(tmp_path / "whole", _long(3000), CREATED)
    monkeypatch.setattr(xlsx, "_CHUNK", 5000)
    xlsx.write(tmp_path / "pieces", _long(3000), CREATED)
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "pieces").read_bytes()


def test_a_full_disk_is_told_to_who_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong in the compressing thread is raised by the writing, which leaves no file or thread."""

    def full(_file: DeflatedFile, _data: bytes | None) -> None:
        raise OSError(ENOSPC, "disk full")

    monkeypatch.setattr(xlsx, "_CHUNK", 100)
    monkeypatch.setattr(DeflatedFile, "take", full)
    with pytest.raises(OSError, match="disk full"):
        xlsx.write(tmp_path / "full.xlsx", _long(100), CREATED)
    assert list(tmp_path.iterdir()) == []
    assert not [one for one in threading.enumerate() if one.name == "deflate"]


def test_a_column_of_anything(tmp_path: Path) -> None:
    """Values keep their kind beside equal ones of another, however many others stood in between."""
    kinds = [1, Fraction(1), Decimal(1), "1", None]
    cells = [*kinds, *(f"第{number}号" for number in range(3000)), *kinds]
    made = Workbook("t", (Sheet("表", "", (Column(9),)),), ((0, row(Style.DATA, one)) for one in cells))
    xlsx.write(tmp_path / "any.xlsx", made, CREATED)
    found = [line[0] for line in openpyxl.load_workbook(tmp_path / "any.xlsx").active.iter_rows()]
    assert [one.value for one in found] == cells
    looks = [(1, "0"), (1, "0.00"), (1, "General"), ("1", "@"), (None, "@")]
    assert [(one.value, one.number_format) for one in found[:5]] == looks
    assert [(one.value, one.number_format) for one in found[-5:]] == looks


def test_joined_cells_with_nothing_in_them(tmp_path: Path) -> None:
    """A row that says less than its style has room for is still joined and whole."""
    rows = [row(Style.NOTE), row(Style.FIELD, "项目"), row(Style.FIELD, "项目", "甲"), row(Style.DATA)]
    made = Workbook("t", (Sheet("表", "", (Column(9),) * 4),), ((0, one) for one in rows))
    xlsx.write(tmp_path / "joined.xlsx", made, CREATED)
    sheet = openpyxl.load_workbook(tmp_path / "joined.xlsx").active
    assert sorted(map(str, sheet.merged_cells.ranges)) == ["A1:D1", "B2:D2", "B3:D3"]
    assert [sheet[2][0].value, sheet[3][0].value, sheet[3][1].value] == ["项目", "项目", "甲"]


def test_more_rows_than_a_sheet_can_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest stands on further sheets with the same headings, each says so, and nothing is lost."""
    monkeypatch.setattr(ledger_table, "MAX_ROWS", 5)
    frame = Sheet("②明细", "&L ②明细", (Column(9), Column(9)), 2, 1)
    rows = [row(Style.TITLE, "标题"), row(Style.HEAD, "序号", "姓名")]
    rows += [row(Style.DATA, number, f"学员{number}") for number in range(1, 8)] + [row(Style.TOTAL, 7)]
    path = tmp_path / "long.xlsx"
    last = Sheet("末表", "", (Column(9),))
    numbered = [(0, one) for one in rows] + [(1, row(Style.DATA, "末"))]
    xlsx.write(path, Workbook("t", (frame, last), iter(numbered)), CREATED)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["②明细", "②明细（续1）", "②明细（续2）", "②明细（续3）", "末表"]
    found = []
    for number, name in enumerate(book.sheetnames[:-1]):
        sheet = book[name]
        assert sheet.max_row <= 5
        assert (sheet["A1"].value, sheet["A2"].value, sheet.print_title_rows) == ("标题", "序号", "$2:$2")
        assert str(sheet.oddFooter.left.text).strip() == name
        values = [line[0].value for line in sheet.iter_rows(min_row=3)]
        if number < 3:
            assert values.pop() == f"本表行数已满，续见工作表“②明细（续{number + 1}）”。"
        found += values
    assert found == [1, 2, 3, 4, 5, 6, 7, 7]


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("a\x00b\x0bc", "a\ufffdb\ufffdc"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("<r>x</r>", " <r>x</r>"),
        ("\ufffe", "\ufffd"),
        ("𠮷野家", "𠮷野家"),
        ("长" * 40_000, "长" * (MAX_TEXT - 1) + "…"),
    ],
)
def test_what_a_cell_cannot_hold(typed: str, printed: str) -> None:
    """Texts are made fit once, before writer and verifier see them."""
    assert printable(typed) == printed
