"""The reader refuses whatever could show a person something other than what the cells hold."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from lmscompliance.documents import xlsx
from lmscompliance.rules.ledger_table import Column, Sheet, Style, Workbook, row
from lmscompliance.verifier.parts import NotOurWorkbook, SheetTail
from lmscompliance.verifier.report import Report
from lmscompliance.verifier.sheets import WorkbookReader
from lmscompliance.verifier.workbook import WorkbookCheck, compare
from tests.verifier.tamper import edit_part

SHEET = "xl/worksheets/sheet1.xml"


def _expected() -> Workbook:
    sheets = (Sheet("表", "&C第 &P 页", (Column(10), Column(10), Column(10)), head_row=2),)
    rows = [
        row(Style.TITLE, "标题"),
        row(Style.HEAD, "甲", "乙", "丙"),
        row(Style.DATA, "110105194912310021", Fraction(100, 60), Decimal("59.99")),
        row(Style.DATA, "=1+1", 7, None),
    ]
    return Workbook("t", sheets, ((0, one) for one in rows))


@pytest.fixture
def workbook(tmp_path: Path) -> bytes:
    """Return the bytes of a small workbook of ours."""
    path = tmp_path / "made.xlsx"
    xlsx.write(path, _expected(), datetime(2021, 2, 1, tzinfo=UTC))
    return path.read_bytes()


def test_what_is_cut_off_is_named(tmp_path: Path) -> None:
    """A row too low for its text shows less than it holds; the writer's own heights always do."""
    sheets = (Sheet("表", "", (Column(10), Column(8))),)
    texts = ["甲乙丙丁戊己庚辛壬癸" * 4, "a\nb\nc", "word " * 30, "1" * 90, "😀" * 20, "x" * 9000]
    rows = [row(Style.NOTE, "很长的说明" * 20), *(row(Style.DATA, text, text) for text in texts)]
    rows += [row(style, text, text) for style in (Style.FIELD, Style.FIELDS, Style.HEAD) for text in texts]

    def made() -> Workbook:
        return Workbook("t", sheets, ((0, one) for one in rows))

    path = tmp_path / "made.xlsx"
    xlsx.write(path, made(), datetime(2021, 2, 1, tzinfo=UTC))
    ours = path.read_bytes()
    assert _problems(ours, tmp_path, made) == []
    for number in range(1, len(rows) + 1):
        lower = re.compile(rf'(<row r="{number}" ht=")[0-9.]+')
        changed = edit_part(ours, SHEET, lambda xml, lower=lower: lower.sub(r"\g<1>18", xml))
        assert any(f"'place': '{number}:{number}'" in one for one in _problems(changed, tmp_path, made))


def _problems(data: bytes, folder: Path, made: Callable[[], Workbook] = _expected) -> list[str]:
    path = folder / "checked.xlsx"
    path.write_bytes(data)
    report = Report()
    step = report.step("workbook")
    compare([WorkbookCheck(step, path)], made)
    return [f"{problem.code} {dict(problem.params)}" for problem in step.problems]


def test_what_we_write_reads_back_the_same(workbook: bytes, tmp_path: Path) -> None:
    """Every kind of cell survives."""
    assert _problems(workbook, tmp_path) == []


@pytest.mark.parametrize(
    "edit",
    [
        (SHEET, "<t>=1+1</t>", "<t>=1+2</t>", "cell_differs"),
        (SHEET, "<v>7</v>", "", "cell_differs"),
        (SHEET, "<v>59.99</v>", "<v>60</v>", "cell_differs"),
        (SHEET, "<v>59.99</v>", "<v>59.990</v>", "cell_differs"),
        (SHEET, "<v>59.99</v>", "<f>30+30</f><v>59.99</v>", "never has"),
        (SHEET, "</sheetData>", '<row r="9"><c r="A9"><v>1</v></c></row></sheetData>', "'cell': 'A9'"),
        (SHEET, '<row r="3"', '<row r="3" hidden="1"', "hidden"),
        (SHEET, '<row r="4"', '<row r="3"', "out of order"),
        (SHEET, '<c r="B3"', '<c r="A3"', "out of order"),
        (SHEET, 't="inlineStr"', 't="s"', "of type s"),
        (SHEET, "A1:C1", "A1:C2", "merges_differ"),
        (SHEET, "&amp;P 页", "1 页", "footer_differs"),
        (SHEET, "</sheetData>", "</sheetData><conditionalFormatting/>", "never has"),
        (SHEET, "<worksheet", '<!DOCTYPE x [<!ENTITY a "b">]><worksheet', "document type"),
        (SHEET, "</worksheet>", "", "damaged"),
        ("xl/styles.xml", "<fonts", '<numFmts><numFmt numFmtId="2"/></numFmts><fonts', "numFmts"),
        ("xl/styles.xml", "FF1F1F1F", "FFFFFFFF", "never does"),
        ("xl/styles.xml", "FFE7EEF5", "FF1F1F1F", "never does"),
        ("xl/styles.xml", '<sz val="10"/>', '<sz val="1"/>', "never does"),
        ("xl/styles.xml", 'indent="1"', 'indent="99"', "never does"),
        (SHEET, 'showGridLines="0"', 'showZeros="0"', "never does"),
        ("xl/workbook.xml", "_xlnm.Print_Titles", "_xlnm.Print_Area", "Print_Area"),
        ("xl/styles.xml", 'numFmtId="2"', 'numFmtId="9"', "format_differs"),
        ("xl/workbook.xml", 'name="表"', 'name="表" state="hidden"', "hidden"),
        ("xl/workbook.xml", 'name="表"', 'name="别的"', "sheets_differ"),
        ("xl/workbook.xml", "<workbookView ", '<workbookView showSheetTabs="0" ', "never does"),
        ("xl/workbook.xml", "</sheets>", "</sheets><externalReferences/>", "never has"),
        ("xl/workbook.xml", ">表!$2:$2<", ">表!$1:$4<", "being printed"),
        ("xl/workbook.xml", 'hidden="1">表!', "hidden=\"1\">'file:///x'#", "being printed"),
        ("xl/styles.xml", '<color rgb="FF1F1F1F"/>', '<color theme="0"/>', "never does"),
        ("xl/styles.xml", '<color rgb="FF1F1F1F"/>', '<color theme="1"/>', "format_differs"),
        ("xl/styles.xml", '<color rgb="FF1F1F1F"/>', '<color indexed="9"/>', "never does"),
        ("xl/styles.xml", '<color rgb="FF1F1F1F"/>', '<color rgb="FF1F1F1F" theme="1"/>', "format_differs"),
        ("xl/styles.xml", '<fgColor rgb="FFE7EEF5"/>', "", "is black"),
        ("xl/styles.xml", "</cellStyleXfs>", "<xf><alignment/></xf></cellStyleXfs>", "never has"),
        ("xl/styles.xml", "</fonts>", '</fonts><fonts><font><color theme="1"/></font></fonts>', "never has"),
        ("xl/styles.xml", 'name val="宋体"', 'name val="Wingdings"', "never does"),
        ("xl/styles.xml", '<family val="2"/>', '<family val="2"/><scheme val="minor"/>', "never has"),
        ("xl/styles.xml", "<b/>", "<b/><strike/>", "never has"),
        ("xl/styles.xml", 'horizontal="right"', 'horizontal="fill"', "never does"),
        ("xl/styles.xml", ' wrapText="1"', "", "'place': 'A3'"),
        ("xl/styles.xml", "<border>", '<border diagonalUp="1">', "never does"),
        ("_rels/.rels", "xl/workbook.xml", "docProps/app.xml", "leads to other parts"),
        ("xl/_rels/workbook.xml.rels", "styles.xml", "theme/theme1.xml", "leads to other parts"),
        ("xl/_rels/workbook.xml.rels", "worksheets/sheet1", "../docProps/core", "leads to other parts"),
        ("[Content_Types].xml", "worksheet+xml", "chartsheet+xml", "something else"),
        (SHEET, '<c r="A3" s="3"', '<c r="A3"', "format_differs"),
        (SHEET, "<is><t>乙</t></is>", "<is/><t>乙</t>", "never has"),
        (SHEET, "<is><t>乙</t></is>", "<is><t>乙</t><t>丁</t></is>", "more than one value"),
        (SHEET, '<col min="2" max="2" width="10', '<col min="2" max="2" width="3', "'place': 'B:B'"),
        (SHEET, 'orientation="landscape"', 'orientation="landscape" errors="blank"', "never does"),
        (SHEET, 'left="0.4"', 'left="8"', "never does"),
        (SHEET, "<headerFooter>", '<headerFooter differentFirst="1">', "never does"),
        (SHEET, "</sheetData>", '</sheetData><sheetProtection sheet="1"/>', "never has"),
        (SHEET, "</sheetData>", '</sheetData><legacyDrawing r:id="rId1"/>', "never has"),
        (SHEET, "</sheetData>", '</sheetData><hyperlinks><hyperlink ref="A3"/></hyperlinks>', "never has"),
        (SHEET, 'frozen"', 'split"', "never does"),
    ],
)  # fmt: skip
def test_an_edit_is_refused(workbook: bytes, tmp_path: Path, edit: tuple[str, str, str, str]) -> None:
    """Each way of changing what is shown is a problem."""
    part, old, new, expected = edit
    changed = edit_part(workbook, part, lambda xml: xml.replace(old, new))
    problems = _problems(changed, tmp_path)
    assert problems, "the edit went unnoticed"
    assert any(expected in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<row r="4"', '<row r="4" hidden="1"'),
        ("</sheetData>", "</sheetData><conditionalFormatting/>"),
    ],
)
def test_cells_are_named_although_the_file_is_refused(
    workbook: bytes, tmp_path: Path, old: str, new: str
) -> None:
    """A refusal half-way hides no edit, before or behind it, and names none twice."""
    changed = edit_part(
        workbook,
        SHEET,
        lambda xml: xml.replace("乙", "丁").replace("<v>7</v>", "<v>8</v>").replace(old, new),
    )
    problems = _problems(changed, tmp_path)
    assert problems[0].startswith("not_our_workbook")
    cells = {"B2", "B4"}
    assert sorted(problem.partition("'cell': '")[2][:2] for problem in problems[1:]) == sorted(cells)


def test_a_formula_is_named(workbook: bytes, tmp_path: Path) -> None:
    """What a formula shows today it need not show tomorrow."""
    changed = edit_part(workbook, SHEET, lambda xml: xml.replace("<v>7</v>", "<f>3+4</f><v>7</v>"))
    assert any("'cell': 'B4'" in problem for problem in _problems(changed, tmp_path))


def test_a_part_that_does_not_belong(workbook: bytes, tmp_path: Path) -> None:
    """Macros, drawings, links: a part of another kind is refused."""
    out = io.BytesIO(workbook)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    assert "does not belong" in _problems(out.getvalue(), tmp_path)[0]


def test_a_part_that_occurs_twice(workbook: bytes, tmp_path: Path) -> None:
    """Two parts of one name are two readings of one file."""
    out = io.BytesIO(workbook)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(SHEET, b"<worksheet/>")
    assert "occurs twice" in _problems(out.getvalue(), tmp_path)[0]


def test_a_method_that_inflates_without_bounds_is_refused(workbook: bytes, tmp_path: Path) -> None:
    """One read of it could take all memory; and its damage is told in ways of its own."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert "compression method" in "".join(_problems(packed.getvalue(), tmp_path))


def test_a_bomb_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    """The declared size is looked at first."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * 50_000_000)
    with pytest.raises(NotOurWorkbook, match="claims to inflate"):
        WorkbookReader(path)


def test_what_is_no_workbook_at_all(tmp_path: Path) -> None:
    """Any file may be handed in."""
    path = tmp_path / "not.xlsx"
    path.write_bytes(b"PK nonsense")
    with pytest.raises(NotOurWorkbook):
        WorkbookReader(path)


def test_excel_escapes_are_read_as_what_they_stand_for(tmp_path: Path) -> None:
    """A text that looks like an escape comes back as that text."""
    path = tmp_path / "escape.xlsx"
    sheets = (Sheet("表", "", (Column(10),)),)
    rows = [row(Style.DATA, "_x0041_ and\ttab\nline")]
    xlsx.write(path, Workbook("t", sheets, ((0, one) for one in rows)), datetime(2021, 2, 1, tzinfo=UTC))
    with WorkbookReader(path) as reader:
        [(_, cells)] = reader.rows(0, SheetTail())
    assert cells[0].content == "_x0041_ and\ttab\nline"
