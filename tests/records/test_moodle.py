"""Moodle logs as they come: languages, separators, file kinds, doubtful people and doubtful dates."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.records import date_order, moodle, moodle_time
from lmscompliance.rules.reported import Event, sessions
from tests.records.conftest import ZONE, Course, stamp

ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ENGLISH = "Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address"
CHINESE = "时间,用户全名,受影响用户,事件情境,组件,事件名称,描述,来源,IP地址"
GERMAN = (
    "Zeit,Vollständiger Name,Betroffener Nutzer,Ereigniskontext,Komponente,Ereignisname,Beschreibung,"
    "Herkunft,IP-Adresse"
)
FRENCH = (
    "Heure,Nom complet de l'utilisateur,Utilisateur touché,Contexte de l'événement,Composant,"
    "Nom de l'événement,Description,Origine,Adresse IP"
)
NOW = datetime(2022, 12, 31, tzinfo=UTC)


def _row(time: str, name: str = "张三丰", id_: int = 7, context: str = "页面: 课件3", ip: str = "10.0.0.1"):
    about = f"The user with id '{id_}' viewed the 'page' activity with course module id '9'."
    return [time, name, "-", context, "System", "Course module viewed", about, "web", ip]


def _csv(rows: list[list[str]], heading: str = CHINESE, separator: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerows([heading.split(","), *rows])
    return out.getvalue()


ROWS = [_row(stamp(second)) for second in (0, 600, 1500, 3300, 3360, 90_000)]
SESSIONS = [3360, 0]


@ONCE
def test_a_chinese_log_by_exact_name(course: Course) -> None:
    """Year first, headings in Chinese, lessons by title: two sessions of 56 and 0 minutes, address kept."""
    report = course.take(course.write(_csv(ROWS)))
    assert [one.seconds for one in course.sessions()] == SESSIONS
    assert [one.lesson for one in course.sessions()] == [course.lessons()[2]] * 2
    assert (
        datetime.fromtimestamp(course.sessions()[0].start_s, ZONE).isoformat() == "2021-02-03T08:00:00+08:00"
    )
    assert (report.events, len(report.findings), report.people[0].ordinal) == (6, 0, 1)


@ONCE
@pytest.mark.parametrize(
    ("separator", "encoding", "heading"),
    [
        ("\t", "utf-16", CHINESE),
        ("\t", "utf-16-le", CHINESE),
        (",", "utf-16-be", CHINESE),
        (";", "gb18030", CHINESE),
        (",", "utf-8-sig", ENGLISH),
        (";", "utf-8", GERMAN),
        (",", "utf-8", FRENCH),
        (",", "utf-8", "Ώρα,Όνομα,Χρήστης,Πλαίσιο,Στοιχείο,Γεγονός,Περιγραφή,Προέλευση,IP"),
    ],
)  # fmt: skip
def test_other_separators_encodings_and_languages(course: Course, separator, encoding, heading) -> None:
    """The same events are found; an unknown language is read by the columns' standard places."""
    text = _csv(ROWS, heading, separator)
    if heading.startswith("Ώρα"):
        text = text.partition("\n")[2]
    course.take(course.write(text, encoding=encoding), order="ymd")
    assert [one.seconds for one in course.sessions()] == SESSIONS


@ONCE
def test_spreadsheets_with_real_dates(course: Course) -> None:
    """A workbook's date cells need no guess about day and month."""
    book = openpyxl.Workbook()
    book.active.append(CHINESE.split(","))
    for row in ROWS:
        at = datetime.strptime(row[0], "%y/%m/%d, %H:%M")  # noqa: DTZ007  # as in a cell
        book.active.append([at, *row[1:]])
    path = course.folder / "log.xlsx"
    book.save(path)
    course.take(path)
    assert [one.seconds for one in course.sessions()] == SESSIONS


def _ods(rows: list[list[object]]) -> bytes:
    """Return an OpenDocument spreadsheet, as Moodle offers beside Excel's; times are date cells."""
    lines = []
    for row in rows:
        cells = [
            f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
            if isinstance(value, datetime)
            else f'<table:table-cell office:value-type="string"><text:p>{escape(str(value))}</text:p>'
            "</table:table-cell>"
            for value in row
        ]
        lines.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2">'
        f'<office:body><office:spreadsheet><table:table table:name="日志">{"".join(lines)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    target = io.BytesIO()
    with ZipFile(target, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("content.xml", content)
        file.writestr("META-INF/manifest.xml", "<manifest/>")
    return target.getvalue()


@ONCE
def test_open_document_spreadsheets_with_real_dates(course: Course) -> None:
    """The other workbook Moodle exports is read alike."""
    times = [datetime.strptime(row[0], "%y/%m/%d, %H:%M") for row in ROWS]  # noqa: DTZ007  # as in a cell
    path = course.folder / "log.ods"
    path.write_bytes(
        _ods([CHINESE.split(","), *([at, *row[1:]] for at, row in zip(times, ROWS, strict=True))])
    )
    course.take(path)
    assert [one.seconds for one in course.sessions()] == SESSIONS


@ONCE
@pytest.mark.parametrize("objects", [False, True])
def test_json_as_moodle_writes_it(course: Course, objects) -> None:
    """Nested lists without a heading, or objects by column name."""
    value = [dict(zip(CHINESE.split(","), row, strict=True)) for row in ROWS] if objects else [[*ROWS]]
    course.take(course.write(json.dumps(value), "log.json"), order="ymd")
    assert [one.seconds for one in course.sessions()] == SESSIONS


@ONCE
def test_people_who_cannot_be_told_are_reported_and_can_be_mapped(course: Course) -> None:
    """Two trainees of one name, two accounts of one name, a stranger: each says so; a map settles it."""
    rows = [
        _row(stamp(0), "王芳", 20),
        _row(stamp(60), "李四", 30),
        _row(stamp(120), "李四", 31),
        _row(stamp(180), "赵六", 40),
        [*_row(stamp(240), "-", 5)[:6], "System cleanup", "cli", ""],
    ]
    path = course.write(_csv(rows))
    report = course.take(path, check=True)
    assert {one.code: one.row for one in report.findings} == {
        "shared_name": 2,
        "several_accounts": 4,
        "unknown_person": 5,
    }
    assert (report.passed, report.events, course.sessions(2)) == (1, 0, [])
    mapping = course.write(f"用户,身份证号\n20,{course.numbers[3]}\n31,{course.numbers[1]}", "who.csv")
    report = course.take(path, users=mapping)
    assert [one.ordinal for one in report.people] == [2, 4]
    assert {one.code for one in report.findings} == {"several_accounts", "unknown_person"}
    bad = course.write("用户,身份证号\n20,110101199003070000", "bad.csv")
    with pytest.raises(InvalidInput, match="mapping_users"):
        course.take(path, users=bad)


@ONCE
def test_a_longer_export_continues_where_the_first_ended(course: Course) -> None:
    """Rows known from the first file add nothing, and the time between the last and the next is not lost."""
    course.take(course.write(_csv(ROWS[:2])))
    report = course.take(course.write(_csv(ROWS)))
    assert (report.known, report.events) == (2, 6)
    found = course.sessions()
    assert [one.seconds for one in found] == [600, 2760, 0]
    assert found[0].end_s == found[1].start_s


@ONCE
def test_what_lies_in_the_future_or_is_no_time_is_refused(course: Course) -> None:
    """Rows keep their number, field and remedy; the good ones are imported."""
    rows = [*ROWS[:2], _row("31/02/30, 10:00"), _row("soon")]
    report = course.take(course.write(_csv(rows)), order="ymd")
    assert [(one.row, one.field, one.code) for one in report.findings] == [
        (4, "time", "bad_time"),
        (5, "time", "bad_time"),
    ]
    report = course.take(course.write(_csv([_row("24/02/03, 10:00")])), order="ymd", check=True)
    assert [one.code for one in report.findings] == ["in_future"]


@ONCE
def test_a_file_that_is_no_log_is_refused(course: Course) -> None:
    """The remedy says how to export one."""
    with pytest.raises(InvalidInput, match="no_log"):
        course.take(course.write("a,b\n1,2"))


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("17/10/21, 12:39", "dmy"),
        ("10/17/21, 12:39 PM", "mdy"),
        ("21/10/17, 12:39", "ymd"),
        ("17.10.2021, 12:39", "dmy"),
        ("17. Oktober 2021, 12:39", "dmy"),
        ("Sunday, 17 October 2021, 12:39 PM", "dmy"),
        ("October 17, 2021, 12:39 PM", "dmy"),
        ("17 de outubro de 2021, 12:39", "dmy"),
        ("2021年10月17日 12:39", "dmy"),
        ("2021年10月17日 星期日 下午12:39", "dmy"),
        ("2021-10-17 12:39:00", "dmy"),
        ("2021-10-17T04:39:00Z", "dmy"),
        ("1634445540", "dmy"),
    ],
)
def test_one_instant_in_many_spellings(text: str, order: str) -> None:
    """Each means 12:39 on 17 October 2021 in Shanghai."""
    written = moodle_time.read(text)
    assert written is not None
    at = written.on(order, ZONE)
    assert at is not None
    assert at.astimezone(ZONE).isoformat() == "2021-10-17T12:39:00+08:00"


@pytest.mark.parametrize("text", ["", "-", "soon", "2021-10-17", "99:99", "17/10/21, 25:00"])
def test_what_is_no_time(text: str) -> None:
    """Nothing is made of half a time."""
    assert moodle_time.read(text) is None


def test_undecided_dates_are_asked_for() -> None:
    """A single 03/04/21 may be either; the order of a whole log decides, and so does what nobody lived."""
    both = [moodle_time.read("03/04/21, 10:00")]
    assert date_order.order_of(both, ZONE, NOW) is None
    assert date_order.order_of(both, ZONE, NOW, usual={"ymd"}) == "ymd"
    falling = [moodle_time.read(f"{day}/04/21, 10:00") for day in ("12", "05", "03")]
    rising = [moodle_time.read(text) for text in ("11/09/21, 10:00", "01/10/21, 10:00", "05/10/21, 11:00")]
    assert date_order.order_of([*falling, moodle_time.read("28/03/21, 09:00")], ZONE, NOW) == "dmy"
    assert date_order.order_of(rising, ZONE, NOW) == "dmy"


FORMS = st.sampled_from([
    ("%d/%m/%y, %H:%M", "dmy"), ("%m/%d/%y, %H:%M", "mdy"), ("%y/%m/%d, %H:%M", "ymd"),
    ("%d.%m.%Y, %H:%M", "dmy"), ("%Y-%m-%d %H:%M:%S", ""), ("%A, %d %B %Y, %I:%M %p", ""),
])  # fmt: skip


@given(
    st.lists(
        st.tuples(st.integers(0, 400_000).map(lambda n: n * 60), st.integers(1, 3)), min_size=1, max_size=40
    ),
    FORMS,
    st.sampled_from([",", ";", "\t"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
def test_generated_logs_come_back(tmp_path: Path, events, form, separator) -> None:
    """Whatever is written as a log is read as the same instants of the same people."""
    pattern, order = form
    rows = [_row(stamp(at, pattern), f"甲{who}", who) for at, who in sorted(events, reverse=True)]
    path = tmp_path / "log.csv"
    path.write_text(_csv(rows, ENGLISH, separator), encoding="utf-8")
    reading = moodle.read(path, ZONE, NOW, order)
    start = int(datetime(2021, 2, 3, 8, 0, tzinfo=ZONE).timestamp())
    assert reading.findings == []
    assert sorted((one.at_s - start, int(one.actor.key)) for one in reading.events) == sorted(events)
    own = [Event(one.at_s) for one in reading.events if one.actor.key == "1"]
    assert all(one.seconds % 60 == 0 for one in sessions(own, 1800))
