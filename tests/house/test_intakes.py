"""Whatever is handed in, wherever files are taken: read, or refused with what is wrong and what to do."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lmscompliance.claims import list_rows
from lmscompliance.claims.models import INSURED
from lmscompliance.documents import spreadsheet
from lmscompliance.files.cleaning import clean
from lmscompliance.filing import projects, sheets
from lmscompliance.identity import roster
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions import sources
from lmscompliance.records import matching, moodle, statements
from lmscompliance.training import plan_file
from tests.files import samples
from tests.identity.sheets import HEADING, person, workbook

DATA = Path(__file__).parent.parent / "data" / "intakes"
TODAY, NOW, ZONE = date(2021, 2, 1), datetime(2021, 2, 28, tzinfo=UTC), ZoneInfo("Asia/Shanghai")
MIB = 1 << 20

Intake = Callable[[Path], object]


def _catalogue(path: Path) -> object:
    listing = sheets.read(path, projects.COLUMNS, projects.NEEDED, "catalogue")
    listing.settle()
    return listing.rows


TABLES: dict[str, Intake] = {
    "roster": lambda path: roster.check(path, TODAY).accepted,
    "plan": plan_file.read,
    "bank": lambda path: [draft for _, found in sources.read_all([path]) for draft in found.drafts],
    "log": lambda path: moodle.read(path, ZONE, NOW).events,
    "mapping": lambda path: matching.People([], path),
    "statements": lambda path: statements.read(path, cmi5=False).events,
    "insured": lambda path: list_rows.read(path, INSURED, TODAY),
    "catalogue": _catalogue,
}
"""Everything that reads a table or a list, and what it takes from a file."""


ONLY_A_HEADING = {
    "roster": "姓名,身份证号,联系电话",
    "plan": "内容类别,课件名称,课时,时长(分钟)",
    "bank": "题目,题型,答案,选项A,选项B",
    "log": "时间,用户全名,事件情境,组件,事件名称",
    "mapping": "用户,序号",
    "statements": "[]",
    "insured": "身份证号,月份",
    "catalogue": "项目编号,项目名称,职业（工种）",
}
"""A file of each intake in which nothing follows what names its columns."""


def _scan(path: Path) -> object:
    return clean(path.read_bytes(), max_bytes=20 * MIB, max_pixels=50_000_000)


def _good(tmp: Path) -> bytes:
    return workbook(tmp / "good.xlsx", 名单=[HEADING, person(1)]).read_bytes()


def _zip(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


@cache
def _bomb(*, honest: bool) -> bytes:
    """Return an archive that unpacks to more than is allowed, or says that it is small."""
    size = spreadsheet.MAX_UNPACKED_BYTES + 1 if honest else 8 * MIB
    data = bytearray(_zip({"xl/workbook.xml": b"<w/>", "xl/worksheets/sheet1.xml": bytes(size)}))
    while not honest and (place := data.find(size.to_bytes(4, "little"))) >= 0:
        data[place : place + 4] = (1000).to_bytes(4, "little")
    return bytes(data)


def _encrypted_member(tmp: Path) -> bytes:
    data = bytearray(_good(tmp))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := data.find(signature, place + 1)) >= 0:
            data[place + flags] |= 1
    return bytes(data)


NO_TABLE: dict[str, Callable[[Path], bytes]] = {
    "empty.xlsx": lambda _: b"",
    "empty.csv": lambda _: b"",
    "blank.csv": lambda _: b"\r\n \r\n",
    "only-a-mark.csv": lambda _: b"\xef\xbb\xbf",
    "bomb.xlsx": lambda _: _bomb(honest=True),
    "lying-bomb.xlsx": lambda _: _bomb(honest=False),
    "half.xlsx": lambda tmp: _good(tmp)[:2000],
    "no-workbook.xlsx": lambda _: _zip({"readme.txt": b"nothing here"}),
    "pdf.xlsx": lambda _: samples.document(),
    "pdf-then-workbook.xlsx": lambda tmp: samples.document() + _good(tmp),
    "picture.csv": lambda _: samples.picture(),
    "old.xls": lambda _: spreadsheet.OLE + bytes(600),
    "program.xlsx": lambda _: b"MZ" + bytes(300),
    "nested.csv": lambda _: b"[" * 200_000,
    "lines.csv": lambda _: b"\n" * 300_000,
    "commas.csv": lambda _: b"," * 200_000,
    "accents.csv": lambda _: b"\xe9 " * 300_000,
    "locked.xlsx": lambda _: (DATA / "locked.xlsx").read_bytes(),
    "locked-members.xlsx": _encrypted_member,
    "locked.ods": lambda _: _zip({"content.xml": b"?", "META-INF/manifest.xml": b"<m:encryption-data/>"}),
}


HEAVY = {"bomb.xlsx", "lying-bomb.xlsx", "nested.csv", "lines.csv", "commas.csv", "accents.csv"}
NO_QUESTION = {"picture.csv", "nested.csv", "accents.csv"}
"""Text in which a bank finds no question, and says of each row why."""


@pytest.mark.parametrize("name", NO_TABLE)
@pytest.mark.parametrize("intake", TABLES)
def test_what_is_no_table_is_refused_by_name(tmp_path: Path, intake: str, name: str):
    """The error names the file in both languages, and a password as such."""
    path = tmp_path / name
    path.write_bytes(NO_TABLE[name](tmp_path))
    if intake == "bank" and name in NO_QUESTION:
        assert TABLES[intake](path) == []
        return
    with pytest.raises(InvalidInput) as refusal:
        TABLES[intake](path)
    said = {locale: refusal.value.message(locale) for locale in ("zh_CN", "en")}
    assert all(name in text for text in said.values())
    if name.startswith("locked") and intake != "statements":
        assert "password" in said["en"]
        assert "密码" in said["zh_CN"]


@pytest.mark.parametrize("content", ["", "\ufeff\r\n", "heading"])
@pytest.mark.parametrize("intake", ONLY_A_HEADING)
def test_nothing_to_import_is_an_error_everywhere(tmp_path: Path, intake: str, content: str):
    """An empty file and one with a heading alone are refused in the same words, and never count as done."""
    path = tmp_path / "a.csv"
    path.write_text(ONLY_A_HEADING[intake] if content == "heading" else content, encoding="utf-8")
    with pytest.raises(InvalidInput) as refusal:
        TABLES[intake](path)
    assert (refusal.value.code, refusal.value.params) == ("documents.no_rows", {"file": "a.csv"})


@pytest.mark.parametrize("name", sorted(HEAVY))
def test_little_is_unpacked(tmp_path: Path, name: str):
    """What would become large is refused before it has: memory stays in proportion to the file."""
    path = tmp_path / name
    path.write_bytes(NO_TABLE[name](tmp_path))
    tracemalloc.start()
    try:
        with pytest.raises(InvalidInput):
            TABLES["roster"](path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24 * MIB + 40 * path.stat().st_size


@pytest.mark.parametrize("name", [name for name in NO_TABLE if name not in {"pdf.xlsx", "picture.csv"}])
def test_what_is_no_scan_is_refused(tmp_path: Path, name: str):
    """Where pictures and PDFs are taken, nothing else is, whatever it is called or hidden behind."""
    path = tmp_path / name
    path.write_bytes(NO_TABLE[name](tmp_path))
    with pytest.raises(InvalidInput, match=r"files\."):
        _scan(path)


def _heavy(mebibytes: int) -> bytes:
    """Return a PDF whose list of objects unpacks to so much."""
    packed = zlib.compressobj(9)
    listed = packed.compress(b"1 0 <</Type/Catalog/Pages 2 0 R>>")
    listed += b"".join(packed.compress(b" " * MIB) for _ in range(mebibytes)) + packed.flush()
    pieces = [
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n",
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n",
        b"4 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(listed)
        + listed
        + b"\nendstream endobj\n",
    ]
    made, places = b"%PDF-1.5\n", []
    for piece in pieces:
        places.append(len(made))
        made += piece
    rows = [(0, 0, 65535), (2, 4, 0), *((1, place, 0) for place in (*places, len(made)))]
    table = b"".join(bytes([kind]) + at.to_bytes(4, "big") + n.to_bytes(2, "big") for kind, at, n in rows)
    made += b"5 0 obj<</Type/XRef/Size 6/W[1 4 2]/Root 1 0 R/Length %d>>stream\n" % len(table) + table
    return made + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % rows[-1][1]


def test_a_document_that_unpacks_to_a_lot_is_refused(tmp_path: Path):
    """A list of objects is unpacked as far as an honest one needs, and the library's limits are as before."""
    import pikepdf.settings

    before = pikepdf.settings.get_qpdf_limits()
    path = tmp_path / "heavy.pdf"
    path.write_bytes(_heavy(1))
    assert _scan(path)
    path.write_bytes(_heavy(64))
    with pytest.raises(InvalidInput, match=r"files\.broken"):
        _scan(path)
    assert pikepdf.settings.get_qpdf_limits() == before


ROSTER = [["员工花名册", "", "", ""], ["序号", "姓名", "身份证号", "联系电话"]]
ROSTER += [[str(n), person(n)[1], person(n)[3], person(n)[4]] for n in (1, 2, 3)]
PLAN = [
    ["教学计划", "", "", ""],
    ["内容类别", "课件名称", "课时", "时长(分钟)"],
    ["岗位技能", "焊接", "1", "30"],
]
BANK = [["题目", "题型", "答案", "选项A", "选项B"], ["哪一个对？", "单选题", "A", "对的", "错的"]]
LOG = [["时间", "用户全名", "事件情境", "组件", "事件名称"]]
LOG += [["2021/02/03 09:00:00", "张三", "课程：焊接", "系统", "查看了课程"]]
GOOD = {"roster": (ROSTER, 3), "plan": (PLAN, 1), "bank": (BANK, 1), "log": (LOG, 1)}


@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("intake", "ending"),
    # A bank's format is named by its ending; everywhere else the content alone tells.
    [(one, end) for one in GOOD for end in (".csv", ".xls", ".txt") if one != "bank" or end == ".csv"],
)
def test_text_tables_in_every_encoding_under_every_name(tmp_path, intake, encoding, ending):
    """GBK, UTF-8 with and without a mark and UTF-16 say the same, also where the name says something else."""
    rows, count = GOOD[intake]
    path = tmp_path / f"a{ending}"
    path.write_bytes("\r\n".join(",".join(row) for row in rows).encode(encoding))
    assert len(TABLES[intake](path)) == count


@pytest.mark.parametrize("intake", ["roster", "plan"])
def test_merged_headings(tmp_path: Path, intake: str):
    """A heading of two rows with merged cells is read as the flat one."""
    import xlsxwriter

    rows, count = GOOD[intake]
    path = tmp_path / "merged.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.merge_range(0, 0, 0, 3, rows[0][0])
    sheet.merge_range(1, 0, 2, 0, rows[1][0])
    sheet.merge_range(1, 1, 1, 3, "基本信息")
    sheet.write_row(2, 1, rows[1][1:])
    for at, row in enumerate(rows[2:], 3):
        sheet.write_row(at, 0, row)
    book.close()
    assert len(TABLES[intake](path)) == count


def test_a_workbook_of_the_nineties():
    """A real .xls, as office programs still write them, is read like any other."""
    assert len(TABLES["roster"](DATA / "roster.xls")) == 2
