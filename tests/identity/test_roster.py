"""Rosters as enterprises send them: the real one, and every deformation that is to be expected."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from lmscompliance.documents.font import Typeface
from lmscompliance.identity import roster
from lmscompliance.kernel.errors import InvalidInput
from tests.identity.sheets import HEADING, number, person, workbook
from tests.support.fonts import write_font

REAL = Path(__file__).parent.parent / "data" / "real"
TODAY = date(2021, 2, 1)


def _check(path):
    report = roster.check(path, TODAY).to_json()
    assert report["rows"] == len(report["accepted"]) + len(report["refused"])
    return report


def test_T9_the_real_roster_becomes_what_is_expected():
    """Each of the 320 rows is accepted or refused as the list beside it says.

    Of the two rows left open, the name that is a formula is refused (in an export it could run) and the
    15-digit number is accepted with a warning.
    """
    report = _check(REAL / "花名册.xlsx")
    accepted = {one["row"]: one for one in report["accepted"]}
    refused = {one["row"]: one for one in report["refused"]}
    expected = json.loads((REAL / "花名册.expected.json").read_text(encoding="utf-8"))
    assert report["rows"] == len(expected) == 320
    for row in expected:
        if row["expect"] == "accept":
            assert row["row"] in accepted, row
        elif row["expect"] == "reject":
            assert row["row"] in refused, row
    assert refused[315]["field"] == "name"
    assert accepted[319]["warnings"]
    fields = {row: one["field"] for row, one in refused.items()}
    assert fields == {
        306: "id_number",
        307: "id_number",
        308: "id_number",
        309: "id_number",
        310: "id_number",
        311: "sex",
        312: "phone",
        313: "name",
        314: "id_number",
        315: "name",
        320: "id_number",
        321: "id_number",
    }
    assert "丢失" in refused[314]["reason"]


def test_the_report_shows_no_whole_number():
    """Neither an accepted nor a refused row gives a number, phone or name away."""
    rows = roster.read(REAL / "花名册.xlsx", TODAY)
    shown = json.dumps(rows.report().to_json(), ensure_ascii=False)
    for one in rows.accepted:
        assert one.number.raw not in shown
        assert one.phone not in shown
        assert one.name not in shown


def test_title_rows_other_names_and_order(tmp_path):
    """The heading is found below titles, with columns renamed, reordered and decorated."""
    rows = [
        ["太仓某某公司培训花名册"],
        ["填表单位:某某公司", None, None, "2021年2月"],
        [],
        ["手 机(必填)", "*身份证号码", "名字", "所在部门"],
        ["13800000001", number(1), "张三", "质检"],
    ]
    report = _check(workbook(tmp_path / "a.xlsx", 名单=rows))
    assert [one["row"] for one in report["accepted"]] == [5]


def test_merged_heading(tmp_path):
    """A heading of two rows with merged cells is read as one."""
    path = tmp_path / "merged.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.merge_range("A1:E1", "培训人员花名册")
    sheet.merge_range("A2:A3", "序号")
    sheet.merge_range("B2:C2", "身份信息")
    sheet.merge_range("D2:D3", "联系电话")
    sheet.write_row("B3", ["姓名", "证件号码"])
    sheet.write_row("A4", ["1", "张三", number(1), "13800000001"])
    book.close()
    report = _check(path)
    assert [one["row"] for one in report["accepted"]] == [4]


def test_blank_rows_notes_and_repeated_headings(tmp_path):
    """Blank and merely numbered rows and repeated headings are nothing; a note is refused as a note."""
    rows = [HEADING, person(1), [], [2], HEADING, person(3), [], ["备注:以上人员均为我司职工"]]
    report = _check(workbook(tmp_path / "a.xlsx", 名单=rows))
    assert [one["row"] for one in report["accepted"]] == [2, 6]
    assert [(one["row"], one["field"]) for one in report["refused"]] == [(8, "row")]


@pytest.mark.parametrize("column", ["姓名", "身份证号", "联系电话"])
def test_a_missing_column_is_named(tmp_path, column):
    """Without a needed column there is one error, and it names the column."""
    keep = [index for index, name in enumerate(HEADING) if name != column]
    rows = [[row[index] for index in keep] for row in (HEADING, person(1), person(2))]
    with pytest.raises(InvalidInput) as refusal:
        roster.check(workbook(tmp_path / "a.xlsx", 名单=rows), TODAY)
    assert refusal.value.code == "identity.no_column"
    assert column in refusal.value.message()


def test_no_heading_at_all(tmp_path):
    """A sheet without column names is one clear error."""
    with pytest.raises(InvalidInput) as refusal:
        roster.check(workbook(tmp_path / "a.xlsx", 名单=[person(1), person(2)]), TODAY)
    assert refusal.value.code == "identity.no_heading"


def test_sex_may_be_left_to_the_number(tmp_path):
    """Without a sex the number tells it; where it does not, the row is refused."""
    rows = [
        ["姓名", "身份证号", "联系电话"],
        ["张三", number(1), "13800000001"],
        ["史密斯", "USA110173060812", "13800000002"],
    ]
    found = roster.read(workbook(tmp_path / "a.xlsx", 名单=rows), TODAY)
    assert [one.sex for one in found.accepted] == ["男"]
    assert [one.field for one in found.refused] == ["sex"]


@pytest.mark.parametrize(
    ("cell", "warned"),
    [
        ("1990-01-01", False),
        ("1990/1/1", False),
        ("１９９０年１月１日", False),
        ("19900101", False),
        (19900101, False),
        ("1990.01", False),
        ("1990年1月", False),
        ("1990", False),
        (datetime(1990, 1, 1), False),  # noqa: DTZ001  # a spreadsheet's dates have no zone
        ("", False),
        ("1990-01-02", True),
        ("1991年1月", True),
        (datetime(1990, 2, 1), True),  # noqa: DTZ001  # as above
        ("不详", True),
    ],
)
def test_a_birth_column_is_compared_with_the_number(tmp_path, cell, warned):
    """A date of birth that the number contradicts is a warning: the number is the one with a check digit."""
    rows = [[*HEADING, "出生年月"], [*person(1), cell]]
    path = tmp_path / "r.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for index, row in enumerate(rows):
            sheet.write_row(index, 0, row)
    report = _check(path)
    assert report["rows"] == len(report["accepted"]) == 1
    assert any("出生日期" in text for text in report["accepted"][0]["warnings"]) is warned


def test_fifteen_and_eighteen_digits_are_one_person(tmp_path):
    """Both forms of one number in a file are the same person twice."""
    rows = [
        HEADING,
        [1, "韩善丽", "女", "610104620927690", "13800000001"],
        [2, "韩善丽", "女", "610104196209276908", "13800000001"],
    ]
    report = _check(workbook(tmp_path / "a.xlsx", 名单=rows))
    assert [one["row"] for one in report["accepted"]] == [2]
    assert [one["row"] for one in report["refused"]] == [3]


def test_a_refused_row_does_not_spoil_the_good_one(tmp_path):
    """A person whose first row lacked a phone is accepted from the second."""
    bad = person(1)
    bad[4] = ""
    report = _check(workbook(tmp_path / "a.xlsx", 名单=[HEADING, bad, person(1)]))
    assert [one["row"] for one in report["accepted"]] == [3]


def test_number_cells(tmp_path):
    """A phone survives a number cell, an ID number does not, not even as text like 3.2E+17."""
    phone = person(1)
    phone[4] = 13800000001
    lost = person(3)
    lost[3] = 3.20522199001010e17
    text = person(5)
    text[3] = "3.20522E+17"
    report = _check(workbook(tmp_path / "a.xlsx", 名单=[HEADING, phone, lost, text]))
    assert [one["row"] for one in report["accepted"]] == [2]
    assert all("丢失" in one["reason"] for one in report["refused"])


def test_all_faults_of_a_row_are_told_at_once(tmp_path):
    """One row, one refusal, every reason."""
    row = [1, "", "男", number(2), "123"]
    report = _check(workbook(tmp_path / "a.xlsx", 名单=[HEADING, row]))
    (refused,) = report["refused"]
    assert refused["field"] == "name"
    assert all(word in refused["reason"] for word in ("姓名", "性别", "联系电话"))


def test_people_on_two_sheets_are_not_lost(tmp_path):
    """An empty second sheet is ignored, a second list is refused rather than dropped."""
    path = workbook(tmp_path / "a.xlsx", 说明=[["填写说明"]], 名单=[HEADING, person(1)], 空=[HEADING])
    assert len(_check(path)["accepted"]) == 1
    with pytest.raises(InvalidInput) as refusal:
        roster.check(workbook(tmp_path / "b.xlsx", 甲=[HEADING, person(1)], 乙=[HEADING, person(2)]), TODAY)
    assert "甲、乙" in refusal.value.message()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv(tmp_path, encoding, delimiter):
    """A csv in any of the usual encodings and separators is a roster too."""
    path = tmp_path / "a.csv"
    lines = [
        HEADING,
        [str(value) for value in person(1)],
        [],
        [*map(str, person(3)[:3]), f'="{number(3)}"', "13800000003"],
    ]
    text = "\r\n".join(delimiter.join(line) for line in lines)
    path.write_bytes(text.encode(encoding))
    assert [one["row"] for one in _check(path)["accepted"]] == [2, 4]


def test_a_limit_stops_after_that_many_good_rows():
    """Of a capped roster nothing below the last needed row is looked at."""
    found = roster.read(REAL / "花名册.xlsx", TODAY, limit=40)
    assert len(found.accepted) == 40
    assert found.report().rows == 40


def test_english(tmp_path):
    """Reasons come in the reader's language."""
    report = roster.check(workbook(tmp_path / "a.xlsx", 名单=[HEADING, [1, "", "男", number(1), "1"]]), TODAY)
    assert "fill it in" in report.to_json("en")["refused"][0]["reason"]


def test_characters_that_documents_cannot_show(tmp_path):
    """A rare one is accepted with its place and code point; the report still shows no name."""
    rows = [person(1, "张𬪪"), person(3, "李\ue863"), person(5, "阿依古丽·买买提"), person(7, "王䶮")]
    report = _check(workbook(tmp_path / "a.xlsx", 名单=[HEADING, *rows]))
    assert [one["warnings"] for one in report["accepted"][2:]] == [[], []]
    (rare,), (private,) = (one["warnings"] for one in report["accepted"][:2])
    assert "第 2 个字符（U+2CAAA）" in rare
    assert "字库" in rare
    assert "第 2 个字符（U+E863）是自造字" in private
    assert "标准汉字" in private
    assert "\U0002caaa" not in json.dumps(report, ensure_ascii=False)


def test_a_character_that_a_further_font_has_is_no_matter(tmp_path):
    """With the platform's own font nothing is said; without it, the warning names the setting for one."""
    path = workbook(tmp_path / "a.xlsx", 名单=[HEADING, person(1, "王𠮷")])
    (warned,) = roster.check(path, TODAY).accepted
    assert "COMPLIANCE_FONTS_DIR" in warned.warnings[0].message("zh_CN")
    (silent,) = roster.check(path, TODAY, Typeface(write_font(tmp_path / "fonts", "𠮷"))).accepted
    assert silent.warnings == ()
