"""xAPI and cmi5 statements as reported sessions."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.records import statements
from lmscompliance.records.statements import seconds
from tests.records.conftest import ZONE, Course

ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
VERBS = "http://adlnet.gov/expapi/verbs/"
SESSION = "https://w3id.org/xapi/cmi5/context/extensions/sessionid"
ZHANG = {"account": {"homePage": "https://lms.example", "name": "u-7"}, "name": "张三丰"}
LI = {"mbox": "mailto:li@example.com"}


def _statement(
    number: int, at: int, verb: str, actor=ZHANG, *, duration="", session="", thing="urn:x", title=""
) -> Any:
    title = title or ("课件5" if thing == "urn:5" else "别的")
    made: dict[str, Any] = {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "actor": {"objectType": "Agent", **actor},
        "verb": {"id": VERBS + verb},
        "object": {"id": thing, "definition": {"name": {"zh-CN": title}}},
        "timestamp": (datetime(2021, 2, 3, 8, 0, tzinfo=ZONE) + timedelta(seconds=at)).isoformat(),
    }
    if duration:
        made["result"] = {"duration": duration}
    if session:
        made["context"] = {"registration": "r", "extensions": {SESSION: session}}
    return made


def _file(course: Course, statements: list[Any], form: str = "array"):
    if form == "lines":
        return course.write("\n".join(map(json.dumps, statements)), "s.ndjson")
    value = {"statements": statements, "more": ""} if form == "lrs" else statements
    return course.write(json.dumps(value, ensure_ascii=False), "s.json")


@ONCE
@pytest.mark.parametrize("form", ["array", "lines", "lrs"])
def test_a_duration_reaches_back_from_the_statement(course: Course, form: str) -> None:
    """45 minutes until 8:45, a click at 9:00; another actor by mailbox; a lesson by its activity's name."""
    statements = [
        _statement(1, 2700, "experienced", duration="PT45M", thing="urn:5"),
        _statement(2, 3600, "answered", thing="urn:5"),
        _statement(3, 60, "experienced", LI, duration="PT1M0.9S"),
    ]
    mapping = course.write("account,ordinal\nli@example.com,2", "who.csv")
    report = course.take(_file(course, statements, form), "xapi", users=mapping)
    assert [one.seconds for one in course.sessions(1)] == [3600]
    assert course.sessions(1)[0].lesson == course.lessons()[4]
    assert [one.seconds for one in course.sessions(2)] == [60]
    assert (report.findings, report.events) == ([], 3)
    assert course.take(_file(course, statements, form), "xapi", users=mapping).sessions == 0


@ONCE
def test_bad_statements_come_back_with_field_and_remedy(course: Course) -> None:
    """Each refused statement names its place; voided ones are no time; good ones are imported."""
    no_zone = {**_statement(1, 0, "experienced"), "timestamp": "2021-02-03T08:00:00"}
    void = {
        **_statement(9, 900, "voided"),
        "object": {"objectType": "StatementRef", "id": _statement(5, 0, "x")["id"]},
    }
    group = {**_statement(4, 0, "experienced"), "actor": {"objectType": "Group", "member": []}}
    statements = [
        no_zone,
        _statement(2, 0, "experienced", duration="P1M"),
        {"actor": ZHANG, "timestamp": "2021-02-03T08:00:00Z"},
        group,
        _statement(5, 0, "experienced", duration="PT1H"),
        void,
        _statement(6, 60, "experienced", duration="PT1M"),
    ]
    report = course.take(_file(course, statements), "xapi")
    assert [(one.row, one.field, one.code) for one in report.findings] == [
        (1, "timestamp", "no_zone"),
        (2, "result.duration", "bad_duration"),
        (3, "verb", "no_part"),
        (4, "actor", "no_user"),
    ]
    assert all(one["reason"] and one["remedy"] for one in report.to_json("en")["findings"])
    assert (report.rows, report.passed, report.events) == (7, 2, 1)
    assert [one.seconds for one in course.sessions()] == [60]


@ONCE
def test_cmi5_sessions_keep_to_themselves(course: Course) -> None:
    """Two AUs of one person: each from initialized, as long as terminated says; launched is no time."""
    one = [
        _statement(1, 0, "launched", session="a"),
        _statement(2, 30, "initialized", session="a"),
        _statement(3, 3000, "completed", session="a"),
        _statement(4, 3630, "terminated", session="a", duration="PT1H"),
    ]
    two = [
        _statement(5, 600, "initialized", session="b", thing="urn:5"),
        _statement(6, 9000, "abandoned", session="b", duration="PT20M", thing="urn:5"),
        _statement(7, 9000, "experienced"),
    ]
    report = course.take(_file(course, [*one, *two]), "cmi5")
    assert [(item.seconds, item.lesson) for item in course.sessions()] == [
        (3600, ""),
        (1200, course.lessons()[4]),
    ]
    assert (report.seconds, report.passed) == (3600, 1)
    assert [(item.row, item.code) for item in report.findings] == [(7, "no_session")]


@ONCE
def test_statements_of_both_versions_are_read_alike(course: Course) -> None:
    """What 2.0 adds (agents of the context, times to the nanosecond, a version) changes nothing."""
    old = _statement(1, 1800, "experienced", duration="PT30M", thing="urn:5")
    new = {
        **_statement(2, 3600, "experienced", duration="PT30M", thing="urn:5"),
        "version": "2.0.0",
        "timestamp": "2021-02-03T01:00:00.123456789Z",
        "context": {"contextAgents": [{"objectType": "contextAgent", "agent": LI}], "contextGroups": []},
    }
    report = course.take(_file(course, [{**old, "version": "1.0.3"}, new], "lines"), "xapi")
    assert (report.findings, report.events) == ([], 2)
    assert [one.seconds for one in course.sessions(1)] == [3600]
    assert course.sessions(2) == []


@ONCE
def test_what_holds_no_statements_is_refused(course: Course) -> None:
    """A log given as xAPI is told what to give instead."""
    for text in ("a,b\n1,2", '{"a": 1}', "[1]"):
        with pytest.raises(InvalidInput, match="no_statements"):
            course.take(course.write(text, "s.json"), "xapi")


@ONCE
def test_a_question_belongs_to_the_lesson_it_names_as_its_parent(course: Course) -> None:
    """A list of parents, or one object as statements of old have it."""
    lesson = {"id": "urn:p", "definition": {"name": {"zh-CN": "课件5"}}}
    made = [
        {
            **_statement(n, at, "answered", duration="PT5M"),
            "context": {"contextActivities": {"parent": parent}},
        }
        for n, (at, parent) in enumerate(((300, lesson), (4000, [lesson])))
    ]
    course.take(_file(course, made), "xapi")
    assert [one.lesson for one in course.sessions()] == [course.lessons()[4]] * 2


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("timestamp", "0001-01-01T00:00:00+08:00", "bad_time"),
        ("timestamp", "9999-12-31T23:59:59-08:00", "bad_time"),
        ("timestamp", "2016-12-31T23:59:60Z", "bad_time"),
        ("result", {"duration": "PT" + "9" * 5000 + "S"}, "bad_duration"),
        ("result", {"duration": 3600}, "bad_duration"),
        ("object", {"id": "\ud800"}, "no_text"),
        ("verb", ["x"], "no_part"),
        ("actor", "张三丰", "no_part"),
        ("object", "http://learn.example/1", "no_part"),
    ],
)
def test_hostile_values_are_findings(tmp_path, field: str, value: object, code: str) -> None:
    """Whatever JSON can hold comes back with its row; nothing falls over."""
    path = tmp_path / "s.json"
    path.write_text(json.dumps([_statement(1, 0, "experienced"), {**_statement(2, 0, "x"), field: value}]))
    reading = statements.read(path, cmi5=False)
    assert ([one.row for one in reading.events], [(one.row, one.code) for one in reading.findings]) == (
        [1],
        [(2, code)],
    )


def test_answers_with_attachments_and_files_cut_off(tmp_path) -> None:
    """A multipart answer's first part is read; of a file of lines that broke off, the last line is named."""
    made = [_statement(1, 60, "experienced", duration="PT1.5S"), _statement(2, 0, "x")]
    head = b"--b1\r\nContent-Type: application/json\r\n\r\n"
    tail = b"\r\n--b1\r\nContent-Type: image/png\r\n\r\n\x89PNG\xff\r\n--b1--\r\n"
    path = tmp_path / "answer"
    path.write_bytes(head + json.dumps({"statements": made, "more": ""}).encode() + tail)
    assert [one.length_s for one in statements.read(path, cmi5=False).events] == [1, 0]
    path.write_text("\n".join([*map(json.dumps, made), '{"id": "3']), encoding="utf-16")
    cut = statements.read(path, cmi5=False)
    assert [(one.row, one.code) for one in cut.findings] == [(3, "no_statement")]


def test_lines_end_where_json_lines_do(tmp_path) -> None:
    """A line separator within a name ends no line; rows count alike with either end of line."""
    odd = {**LI, "name": "李\u2028四\x85"}
    made = [_statement(1, 60, "experienced"), _statement(2, 90, "experienced", odd)]
    path = tmp_path / "lines"
    for end in ("\n", "\r\n"):
        lines = (json.dumps(one, ensure_ascii=False) for one in made)
        path.write_bytes((end.join(lines) + end).encode())
        reading = statements.read(path, cmi5=False)
        assert [(one.row, one.actor.name) for one in reading.events] == [(1, "张三丰"), (2, odd["name"])]
        assert reading.findings == []


@pytest.mark.parametrize("field", ["timestamp", "actor", "verb", "object"])
def test_every_finding_can_be_written(tmp_path, field: str) -> None:
    """Half a character in any field is reported in words that a file and a terminal take."""
    made = [_statement(1, 60, "experienced"), {**_statement(2, 90, "experienced"), field: "\ud800"}]
    voids = {**_statement(3, 99, "x"), "verb": {"id": VERBS + "voided"}, "object": {"id": "\ud800"}}
    path = tmp_path / "half"
    path.write_text(json.dumps([*made, voids, "\ud800"]), encoding="ascii")
    findings = statements.read(path, cmi5=False).findings
    assert [one.row for one in findings] == [2, 4, 3]
    for one in findings:
        assert one.value.encode()


@pytest.mark.parametrize(
    ("text", "expected"), [("P0Y0M0DT1H2M3.45S", 3723), ("PT1H0M0,5S", 3600), ("P1DT2H", 93_600)]
)
def test_durations_as_authoring_tools_write_them(text: str, expected: int) -> None:
    """Years and months of zero and a decimal comma are what they say."""
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "P1M", "P1Y", "1H", "PT1H1", "-PT1H"])
def test_what_is_no_duration(text: str) -> None:
    """Months and years have no fixed length."""
    assert seconds(text) is None


@given(st.integers(0, 30), st.integers(0, 50), st.integers(0, 99), st.integers(0, 10_000))
def test_durations_add_up(days: int, hours: int, minutes: int, second: int) -> None:
    """Days, hours, minutes and seconds are what they say."""
    assert (
        seconds(f"P{days}DT{hours}H{minutes}M{second}.75S")
        == ((days * 24 + hours) * 60 + minutes) * 60 + second
    )
