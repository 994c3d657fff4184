"""xAPI and cmi5 statements as reported sessions."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.kernel.errors import InvalidInput
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
    for text in ("[]", "a,b\n1,2", '{"a": 1}', "[1]"):
        with pytest.raises(InvalidInput, match="no_statements"):
            course.take(course.write(text, "s.json"), "xapi")


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
