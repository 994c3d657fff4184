"""Lists about people: what is taken, matched and refused."""

from __future__ import annotations

import base64
import html
import io
import re
from datetime import date

import openpyxl
import pytest
from sqlalchemy import select

from lmscompliance.claims import judging, lists, projects
from lmscompliance.claims.models import ClaimFact
from lmscompliance.kernel.errors import FaultyRows, InvalidInput
from lmscompliance.rules.subsidy import Project
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from tests.claims.office import closed_class, paying, table
from tests.support.app import administrator, client_for, make_app

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _numbers(services, class_id):
    with reading(services.database) as session:
        return [one.person.id_number for one in queries.open_roster(session, services.vault, class_id)]


def _reasons(services, class_id):
    return [
        [missing.reason for missing in one.decision.missing] for one in judging.preview(services, class_id)
    ]


def _take(services, class_id, kind, path, name=""):
    return lists.import_list(services, class_id, kind, path, by="clerk-1", name=name)


def test_T31_insurance_is_imported_and_replaced(services, tmp_path):
    """Unknown, then one month short, then paid; people of other classes are counted and forgotten."""
    services = paying(
        services,
        subsidy__requires=["social_insurance"],
        subsidy__insured_months=["2021-02", "2021-03"],
    )
    class_id = closed_class(services, tmp_path, "A")
    one, two = _numbers(services, class_id)
    assert _reasons(services, class_id) == [["insurance_unknown"], ["insurance_unknown"]]
    path = table(
        tmp_path / "s.csv",
        "姓名,身份证号,缴费月份",
        f"张三,{one},2021-02、2021年3月",
        f"李四四,{two},202102",
        "别人,11010519491231002X,2021-02",
    )
    report = _take(services, class_id, "insured", path)
    assert (report.rows, report.matched) == (3, 2)
    assert _reasons(services, class_id) == [[], ["insurance_missing"]]
    with reading(services.database) as session:
        assert len(session.scalars(select(ClaimFact)).all()) == 3
    path = table(tmp_path / "t.csv", "身份证号,月份", f"{two},2021-02/2021-03")
    _take(services, class_id, "insured", path)
    assert _reasons(services, class_id) == [["insurance_missing"], []]


def test_W4_an_exclusion_list_bears_the_notices_name(services, tmp_path):
    """Another name is refused with those there are; whoever stands on the list is out."""
    services = paying(services, subsidy__excludes=["财政供养人员"])
    class_id = closed_class(services, tmp_path, "A")
    path = table(tmp_path / "l.csv", "姓名,身份证号", f"张三,{_numbers(services, class_id)[0]}")
    with pytest.raises(InvalidInput) as refused:
        _take(services, class_id, "listed", path, "公务员")
    assert "财政供养人员" in refused.value.message()
    _take(services, class_id, "listed", path, "财政供养人员")
    assert _reasons(services, class_id) == [["person_excluded"], []]


def test_T3_categories_are_declared_by_a_list(services, tmp_path):
    """Nobody's category is guessed."""
    services = paying(services, subsidy__categories=["留苏职工"])
    class_id = closed_class(services, tmp_path, "A")
    one, two = _numbers(services, class_id)
    path = table(tmp_path / "c.csv", "证件号码,人员类别", f"{one},留苏职工", f"{two},实习生")
    _take(services, class_id, "category", path)
    assert _reasons(services, class_id) == [[], ["category_unknown"]]


def test_T33_earlier_subsidies_from_elsewhere_count(services, tmp_path):
    """The bureau's own list of who had the project before keeps them from having it again."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    one, _ = _numbers(services, class_id)
    path = table(
        tmp_path / "e.csv", "身份证号,项目名称,结束日期,等级,金额", f"{one},demo-short,2020-11-30,五级,300"
    )
    _take(services, class_id, "subsidised", path)
    assert _reasons(services, class_id) == [["project_repeated"], []]
    assert [line.line.first for line in judging.preview(services, class_id)] == [False, True]


@pytest.mark.parametrize(
    ("kind", "lines", "said"),
    [
        ("insured", ("身份证号,月份", "{one},二月"), "第 2 行“月份”"),
        ("insured", ("身份证号,月份", "1101051949123100,2021-02"), "第 2 行“身份证号”"),
        ("subsidised", ("身份证号,项目,结束日期", "{one},p,2021-02-30"), "没有这一天"),
        ("subsidised", ("身份证号,项目,结束日期", "{one},p,2021-02-03至2021-03-04"), "只留结束的一天"),
        ("subsidised", ("身份证号,项目,结束日期,金额", "{one},p,2021-02-03,三百"), "第 2 行“金额”"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_imported(services, tmp_path, kind, lines, said):
    """Row and field are said, the number never is."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    one, _ = _numbers(services, class_id)
    with pytest.raises(InvalidInput) as refused:
        _take(services, class_id, kind, table(tmp_path / "x.csv", lines[0], lines[1].format(one=one)))
    assert said in refused.value.message()
    assert one not in refused.value.message()
    with reading(services.database) as session:
        assert session.scalars(select(ClaimFact)).all() == []


def test_a_list_without_its_columns_is_refused(services, tmp_path):
    """The missing column is named."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    with pytest.raises(InvalidInput) as refused:
        _take(services, class_id, "insured", table(tmp_path / "x.csv", "姓名,身份证号", "a,b"))
    assert "月份" in refused.value.message()


def test_T33_a_project_named_by_the_notice_is_one_whatever_a_class_or_a_list_calls_it(services, tmp_path):
    """A class that renames its project, or a list that writes it in full, does not open a second grant."""
    services = paying(services, subsidy__project="留苏优技")
    class_id = closed_class(services, tmp_path, "A")
    projects.set_project(services, class_id, Project("焊工提升"), by="clerk-1")
    one, _ = _numbers(services, class_id)
    path = table(tmp_path / "e.csv", "身份证号,项目,结束日期", f"{one},“留苏优技”项目制培训,2021-01-30")
    _take(services, class_id, "subsidised", path)
    assert _reasons(services, class_id) == [["project_repeated"], []]


def _months(services, class_id):
    with reading(services.database) as session:
        rows = session.scalars(select(ClaimFact).order_by(ClaimFact.enrolment_id, ClaimFact.n))
        return sorted(services.vault.open(lists.PLACE, row.value_sealed) for row in rows)


def _book(path, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.active.merge_cells("A1:D1")
    book.save(path)
    return path


def test_W4_a_bureaus_workbook_is_read_as_it_comes(services, tmp_path):
    """Title, heading, page headings, sums, small x, full width, fifteen digits, doubled and foreign rows."""
    services = paying(services, subsidy__requires=["social_insurance"])
    class_id = closed_class(services, tmp_path, "A")
    one, two = _numbers(services, class_id)
    wide = "".join(chr(ord(char) + 0xFEE0) for char in two)
    heading = ["序号", "姓 名", "公民身份证号码（18位）", "缴费\n年月", "备注"]
    path = _book(
        tmp_path / "s.xlsx",
        ["2021年社会保险缴费比对结果", "", "", ""],
        ["单位：某局", "", "", "", ""],
        heading,
        [1, "张三", f" {one.lower()}", date(2021, 2, 1), ""],
        [2, "张三", one, "2021-02", "重复"],
        heading,
        [3, "李四 四", wide, 202103, ""],
        [4, "另有其人", one, "2021-04", ""],
        [5, "外人", "610104620927690", "2021-02", ""],
        ["", "合计", "", "5 人", ""],
        ["", "制表：王某", "", "", ""],
    )
    report = _take(services, class_id, "insured", path)
    assert (report.rows, report.matched, report.doubtful) == (4, 3, (8,))
    assert _months(services, class_id) == [f'{{"month":"2021-0{month}"}}' for month in (2, 3, 4)]


@pytest.mark.parametrize(
    ("kind", "rows", "said"),
    [
        ("insured", ["张三,{one},2021-02至2021-04"], ["第 2 行“月份”", "逐个写出"]),
        ("insured", ["张三,{one},2021-02-15"], ["第 2 行“月份”"]),
        ("insured", ["张三,3.20522E+17,2021-02"], ["第 2 行“身份证号”", "科学计数", "索取"]),
        ("insured", ["张三,,2021-02"], ["第 2 行“身份证号”：没有填写"]),
        ("insured", ["张三,{one}"], ["第 2 行“月份”"]),
        ("category", ["张三,{one},留苏职工", "张三,{low},实习生"], ["第 3 行“类别”", "第 2 行是同一个人"]),
    ],
)
def test_what_would_be_taken_wrongly_is_refused(services, tmp_path, kind, rows, said):
    """A range, a lost number, a person without one, a row too short, two categories: each with what to do."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    one, _ = _numbers(services, class_id)
    heading = "姓名,身份证号,月份" if kind == "insured" else "姓名,身份证号,类别"
    filled = [row.format(one=one, low=one.lower()) for row in rows]
    with pytest.raises(FaultyRows) as refused:
        _take(services, class_id, kind, table(tmp_path / "x.csv", heading, *filled))
    message = refused.value.message()
    assert all(part in message for part in said)
    assert one not in message
    assert _months(services, class_id) == []


def test_a_half_bad_file_leaves_a_report_and_nothing_else(services, tmp_path):
    """Twenty faults are said; the page offers all of them, and the earlier list stands."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    one, _ = _numbers(services, class_id)
    client = client_for(make_app(services), administrator())
    page = f"/compliance/classes/{class_id}/claims/lists"

    def post(*rows):
        data = "\n".join(["姓名,身份证号,月份", *rows]).encode("gb18030")
        return client.post(page, data={"kind": "insured", "file": (io.BytesIO(data), "比对.csv")})

    assert post(f"张三,{one},2021-02").status_code == 303
    answer = post(f"张三,{one},2021-03", *(["李某,1101,2021-02"] * 30))
    assert answer.status_code == 422
    assert "有 30 处不能使用" in answer.text
    (found,) = re.findall(r"base64,([^\"]+)", answer.text)
    lines = base64.b64decode(html.unescape(found)).decode("utf-8-sig").splitlines()
    assert len(lines) == 31
    assert lines[0] == "行,列,问题与处理"
    assert lines[30].startswith("32,身份证号,")
    assert _months(services, class_id) == ['{"month":"2021-02"}']
    assert "第 2 行" in post(f"王某,{one},2021-03").text
