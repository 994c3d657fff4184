"""One evening's log in the many shapes in which Moodle's own menu hands it out, and whose doing a row is."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.records import moodle
from lmscompliance.records.reading import Reading
from lmscompliance.rules.reported import Event, sessions
from tests.records.conftest import ZONE, Course
from tests.records.test_moodle import CHINESE, ENGLISH, GERMAN, NOW, ONCE

START = datetime(2021, 2, 14, 20, 0, 11, tzinfo=ZONE)
SECONDS = (0, 600, 1500, 3300, 3360, 90_000)
PERIOD = (datetime(2021, 2, 1, tzinfo=ZONE), datetime(2021, 3, 1, tzinfo=ZONE))
POLISH = "Czas,Pełna nazwa,Użytkownik,Kontekst,Składnik,Nazwa zdarzenia,Opis,Źródło,adres IP"
VIEWED = "The user with id '7' viewed the 'page' activity with course module id '9'."
SHORT = "%d/%m/%y, %H:%M:%S"


def _row(
    second: int, form: str = SHORT, *, name: str = "张三丰", said: str = VIEWED, context: str = "页面: 课件3"
):
    at = (START + timedelta(seconds=second)).strftime(form)
    return [at, name, "-", context, "System", "Course module viewed", said, "web", "10.0.0.1"]


def _rows(form: str = SHORT) -> list[list[str]]:
    return [_row(second, form) for second in SECONDS]


def _csv(rows: list[list[str]], heading: str = ENGLISH, separator: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([heading.split(","), *rows])
    return out.getvalue()


def _html(rows: list[list[str]], heading: str = ENGLISH) -> str:
    lines = ["".join(f"<th>{escape(cell)}</th>" for cell in heading.split(","))]
    lines += ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><style>td {{}}</style></head><table>{body}</table>"
    )


def _london(second: int) -> str:
    return (START + timedelta(seconds=second)).astimezone(ZoneInfo("Europe/London")).strftime(SHORT)


SHAPES: dict[str, Callable[[], str]] = {
    "english": lambda: _csv(_rows()),
    "english, twelve hours": lambda: _csv(_rows("%d %B %Y, %I:%M:%S\u202f%p")),
    "american": lambda: _csv(_rows("%m/%d/%y, %I:%M:%S %p")),
    "chinese": lambda: _csv(_rows("%Y年%m月%d日 星期日 %H:%M:%S"), CHINESE),
    "chinese, short": lambda: _csv(_rows("%y/%m/%d, %H:%M:%S"), CHINESE),
    "german": lambda: _csv(_rows("%d.%m.%y, %H:%M:%S"), GERMAN, ";"),
    "an unknown language": lambda: _csv(_rows(), POLISH),
    "web page": lambda: _html(_rows()),
    "milliseconds": lambda: _csv([[str(int(START.timestamp() + s) * 1000), *_row(s)[1:]] for s in SECONDS]),
    "few columns": lambda: _csv([[row[0], row[1], row[3]] for row in _rows()], "Time,User full name,Context"),
    "old report": lambda: _csv(
        [[row[0], "10.0.0.1", row[1], "resource view", "课件3"] for row in _rows("%Y %B %d %H:%M:%S")],
        "Time,IP address,User full name,Action,Information",
    ),
    "shuffled and doubled": lambda: _csv(random.Random(7).sample(_rows() * 2, 12)),
    "title above": lambda: "站点日志\n\n" + _csv(_rows()),
    "line breaks": lambda: _csv([[*row[:3], '页面: "课件\n3", 二', *row[4:]] for row in _rows()]),
}  # fmt: skip


def _read(folder: Path, text: str, *, encoding: str = "utf-8", zone: ZoneInfo = ZONE) -> Reading:
    path = folder / "log"
    path.write_bytes(text.encode(encoding))
    return moodle.read(path, zone, NOW, period=PERIOD)


def _offsets(reading: Reading) -> list[int]:
    return sorted({one.at_s - int(START.timestamp()) for one in reading.events})


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_holds_the_same_evening(tmp_path: Path, shape: str) -> None:
    """The same six instants of one account, and the sessions that a hand counts: 56 and 0 minutes."""
    reading = _read(tmp_path, SHAPES[shape]())
    assert _offsets(reading) == list(SECONDS)
    assert reading.findings == []
    assert len({one.actor.key for one in reading.events}) == 1
    assert [one.seconds for one in sessions([Event(one.at_s) for one in reading.events], 1800)] == [3360, 0]


def test_other_zones_and_json_in_other_encodings(tmp_path: Path) -> None:
    """A log exported in London is the same evening; JSON may be in UTF-16."""
    rows = [[_london(second), *_row(second)[1:]] for second in SECONDS]
    assert _offsets(_read(tmp_path, _csv(rows), zone=ZoneInfo("Europe/London"))) == list(SECONDS)
    assert _offsets(_read(tmp_path, json.dumps([_rows()]), encoding="utf-16")) == list(SECONDS)


def test_undecided_dates_are_asked_for_where_the_period_says_nothing_or_the_opposite(tmp_path: Path) -> None:
    """3/02 is February in a class of February; with rows in the order of March and April, nobody guesses."""
    early = [["03/02/21, 10:00", *_row(0)[1:]], ["05/02/21, 10:00", *_row(0)[1:]]]
    reading = _read(tmp_path, _csv(early))
    assert (len(reading.events), reading.date_order) == (2, "dmy")
    both = [[f"02/{day:02}/21, 10:00", *_row(0)[1:]] for day in (1, 2, 12)]
    with pytest.raises(InvalidInput, match="date_order"):
        moodle.read(_file(tmp_path, both), ZONE, NOW, period=(PERIOD[0].replace(year=2020), PERIOD[0]))
    against = [[f"{day}/02/21, 10:00", *_row(0)[1:]] for day in ("04", "09", "11", "03")]
    rising = [[f"{month}/02/21, 10:00", *_row(0)[1:]] for month in ("03", "04", "05")]
    assert _read(tmp_path, _csv(against)).date_order == "dmy"
    with pytest.raises(InvalidInput, match="date_order"):
        moodle.read(_file(tmp_path, rising), ZONE, NOW)
    unpadded = [["6/08/20, 21:00", *_row(0)[1:]], ["4/08/20, 21:00", *_row(0)[1:]]]
    assert moodle.read(_file(tmp_path, unpadded), ZONE, NOW).date_order == "dmy"


def _file(folder: Path, rows: list[list[str]]) -> Path:
    path = folder / "log.csv"
    path.write_text(_csv(rows), encoding="utf-8")
    return path


def test_a_row_is_the_doing_of_whom_it_names(tmp_path: Path) -> None:
    """Rows without a number join the name's; what a teacher did as somebody else is nobody's learning."""
    rows = [
        *_rows(),
        _row(3400, said="User viewed their submission inbox at course: 111"),
        _row(3500, name="陈老师 代 张三丰"),
        _row(3600, name="陈老师", said="The user with id '2' updated the grade for the user with id '7'."),
        _row(3700, name="陈老师", said="The user with id '7' has been awarded the badge with id '3'."),
        _row(3800, name="-", said="The user with id '99' viewed the course with id '3'."),
    ]
    reading = _read(tmp_path, _csv(rows))
    by_key: dict[str, list[int]] = {}
    for one in reading.events:
        by_key.setdefault(one.actor.key, []).append(one.row)
    assert by_key == {"7": [2, 3, 4, 5, 6, 7, 8], "2": [10, 11], "99": [12]}
    assert [(one.row, one.code) for one in reading.findings] == [(9, "other_name")]


@ONCE
def test_the_same_rows_in_another_language_or_file_add_nothing(course: Course) -> None:
    """Headings, contexts and events are translated, the zone and the kind of file differ: nothing is new."""
    first = course.take(course.write(_csv(_rows())))
    other = [
        [*row[:3], "Page：课件3", "系统", "查看课程模块", *row[6:]] for row in _rows("%Y年%m月%d日 %H:%M:%S")
    ]
    london = [[_london(second), *_row(second)[1:]] for second in SECONDS]
    assert first.sessions == 2
    assert course.take(course.write(_csv(other, CHINESE))).sessions == 0
    assert course.take(course.write(_html(london)), zone="Europe/London").sessions == 0
    assert len(course.sessions()) == 2


@ONCE
def test_an_export_that_reaches_further_back_loses_no_time(course: Course) -> None:
    """What came before the known rows ends with the first of them."""
    course.take(course.write(_csv(_rows()[2:])))
    course.take(course.write(_csv(_rows())))
    assert [one.seconds for one in course.sessions()] == [1500, 1860, 0]


@ONCE
def test_lessons_of_one_minute_keep_the_order_of_the_file(course: Course) -> None:
    """A log that knows minutes only runs backwards: the lesson whose row is on top was opened last."""
    rows = [_row(second, "%d/%m/%y, %H:%M", context=f"页面: 课件{lesson}")
            for second, lesson in ((0, 5), (600, 5), (600, 1), (600, 7), (600, 3), (1200, 3))]  # fmt: skip
    for upwards in (rows, rows[::-1]):
        report = course.take(course.write(_csv(upwards)), check=True)
        assert report.seconds == 1200
    course.take(course.write(_csv(rows[::-1])))
    ordinal = {id_: number for number, id_ in enumerate(course.lessons(), 1)}
    assert [(ordinal[one.lesson], one.seconds) for one in course.sessions() if one.seconds] == [
        (5, 600),
        (3, 600),
    ]
