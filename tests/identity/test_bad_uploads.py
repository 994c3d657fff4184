"""Rosters nobody should send: each ends in a report by row or in one error that names the file."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest
import xlsxwriter
from sqlalchemy import func, select

from lmscompliance.identity import roster
from lmscompliance.identity.models import Person
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.storage.transaction import reading
from lmscompliance.training.registration import import_roster
from tests.identity.sheets import HEADING, number, person, workbook
from tests.training.school import file_class

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def _good(tmp_path) -> bytes:
    return workbook(tmp_path / "good.xlsx", 名单=[HEADING, person(1)]).read_bytes()


def _bomb(_tmp_path) -> bytes:
    """Make a member that claims to be small and unpacks to far more."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (64 << 20))
    data = bytearray(made.getvalue())
    size = (64 << 20).to_bytes(4, "little")
    while (place := data.find(size)) >= 0:
        data[place : place + 4] = (1000).to_bytes(4, "little")
    return bytes(data)


REFUSED = {
    "empty.xlsx": lambda _: b"",
    "blank.csv": lambda _: b"\r\n \r\n",
    "only-a-mark.csv": lambda _: b"\xef\xbb\xbf",
    "bomb.xlsx": _bomb,
    "pdf.xlsx": lambda _: PDF,
    "pdf-then-workbook.xlsx": lambda tmp: PDF + _good(tmp),
    "picture.csv": lambda _: b"\x89PNG\r\n\x1a\n" + bytes(200),
    "page.xls": lambda _: "<html><table><tr><td>姓名</td><td>无</td></tr></table></html>".encode(),
    "half.xlsx": lambda tmp: _good(tmp)[:2000],
    "old.xls": lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "program.xlsx": lambda _: b"MZ" + bytes(300),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_roster_is_refused_by_name(services, tmp_path, name):
    """Whatever it is, the error names the file, and no person, code or evidence is left behind."""
    file_class(services)
    path = tmp_path / name
    path.write_bytes(REFUSED[name](tmp_path))
    with pytest.raises(InvalidInput) as refusal:
        import_roster(services, "K1", path)
    assert name in refusal.value.message()
    with reading(services.database) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_a_workbook_that_is_a_pdf_behind_is_read_as_the_workbook(services, tmp_path):
    """What follows the archive is nobody's data: the same rows as without it, and nothing of it is kept."""
    file_class(services)
    path = tmp_path / "polyglot.pdf"
    path.write_bytes(_good(tmp_path) + PDF)
    assert len(import_roster(services, "K1", path).issued) == 1


def test_a_workbook_under_another_name_is_what_it_holds(services, tmp_path):
    """The extension is not believed, in either direction."""
    today = shanghai_day(services.clock.now())
    wrong = tmp_path / "a.csv"
    wrong.write_bytes(_good(tmp_path))
    assert len(roster.check(wrong, today).accepted) == 1
    text = tmp_path / "a.xls"
    text.write_bytes("\n".join(",".join(map(str, row)) for row in (HEADING, person(1))).encode("gbk"))
    assert len(roster.check(text, today).accepted) == 1


def test_formulas_and_hidden_sheets(services, tmp_path):
    """A formula's stored result is what is read; a list on a hidden sheet is not passed over in silence."""
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("名单")
    sheet.write_row(0, 0, HEADING)
    row = person(1)
    for column, value in enumerate(row):
        sheet.write(1, column, value)
    sheet.write_formula(1, 3, '=CONCATENATE("3205","…")', None, row[3])
    sheet.write_row(2, 0, person(3)[:3])
    sheet.write_formula(2, 3, "=1/0", None, "#DIV/0!")
    sheet.write(2, 4, person(3)[4])
    hidden = book.add_worksheet("旧名单")
    hidden.write_row(0, 0, HEADING)
    hidden.hide()
    book.close()
    today = shanghai_day(services.clock.now())
    report = roster.check(path, today)
    assert [one.row for one in report.accepted] == [2]
    assert [(one.row, one.field) for one in report.refused] == [(3, "id_number")]
    both = workbook(tmp_path / "b.xlsx", 甲=[HEADING, person(1)], 乙=[HEADING, person(3)])
    data = io.BytesIO(both.read_bytes())
    with zipfile.ZipFile(data) as source, zipfile.ZipFile(both, "w") as target:
        for member in source.infolist():
            content = source.read(member)
            if member.filename == "xl/workbook.xml":
                content = content.replace(b'sheetId="2"', b'sheetId="2" state="hidden"')
            target.writestr(member, content)
    with pytest.raises(InvalidInput, match="甲, 乙"):
        roster.check(both, today)


def _rows(path, count):
    good, bad = person(1), [2, "李四", "女", number(2)[:-1] + "?", "138"]
    lines = [",".join(map(str, row)) for row in (HEADING, good)] + [",".join(map(str, bad))] * (count - 1)
    path.write_text("\n".join(lines), encoding="gb18030")
    return path


def test_a_hundred_thousand_rows_are_reported(services, tmp_path):
    """Every row of a huge roster is accounted for."""
    report = roster.check(_rows(tmp_path / "huge.csv", 100_000), shanghai_day(services.clock.now()))
    assert (len(report.accepted), len(report.refused)) == (1, 99_999)


def test_memory_stays_in_proportion(services, tmp_path):
    """A row costs a few kilobytes at most, so the limit on rows is one on memory."""
    path, today = _rows(tmp_path / "many.csv", 5_000), shanghai_day(services.clock.now())
    tracemalloc.start()
    roster.check(path, today)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000 * 4_000
