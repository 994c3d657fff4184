"""The page of figures: they add up, each sees their own, and the tables come as files."""

from __future__ import annotations

import csv
import itertools
import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from lmscompliance.completion import service as completion
from lmscompliance.completion.models import Completion
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import SHANGHAI, ManualClock
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.learning.models import ClosedSession
from lmscompliance.ledgers.service import export
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.supervision import statistics
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, Lesson
from tests.claims.office import closed_class
from tests.completion.classroom import open_classroom, silence
from tests.support.app import administrator, clerk, client_for, inspector, make_app, trainee
from tests.training.school import USCC

OTHER = "91320585MA1XXXXX0N"
NIGHT = datetime(2021, 2, 3, 23, 50, tzinfo=SHANGHAI)


def _studied(
    services: Services, class_id: str, topic: str, minutes: int, *, met: bool, day: datetime = NIGHT
) -> None:
    """Let everybody of the class learn for so long around midnight, half an hour apart."""
    with transaction(services.database) as session:
        lesson_id = services.ids.new()
        session.add(
            Lesson(
                class_id=class_id,
                id=lesson_id,
                ordinal=len(queries.lessons(session, class_id)) + 1,
                topic=topic,
                course="课程",
                title="第一讲",
                delivery="录播",
                class_hours=Decimal(1),
                planned_seconds=1800,
                content_kind="",
                content_url="",
                content_sha256="0" * 64,
            )
        )
        for number, one in enumerate(session.scalars(select(Enrolment).filter_by(class_id=class_id))):
            start = day + timedelta(minutes=30 * number)
            session.add(
                ClosedSession(
                    enrolment_id=one.id,
                    session_id=services.ids.new(),
                    class_id=class_id,
                    person_id=one.person_id,
                    lesson_id=lesson_id,
                    opened_at=start,
                    closed_at=start + timedelta(minutes=minutes),
                    close_reason="end",
                    segments=1,
                    last_position_ms=0,
                    last_state="playing",
                )
            )
            session.merge(
                Completion(
                    class_id=class_id,
                    enrolment_id=one.id,
                    judged_sessions=1,
                    judged_checks=0,
                    judged_at=start,
                    total_hours=Decimal(1),
                    average_minutes=Decimal(30),
                    credited_seconds=minutes * 30,
                    wall_seconds=minutes * 60,
                    training_met=met,
                )
            )


@pytest.fixture
def two(services: Services, tmp_path: Path) -> tuple[str, str]:
    """Return two classes of two enterprises, of three people and of one."""
    mine = closed_class(services, tmp_path, "STAT-1", (1, 2, 3))
    theirs = closed_class(services, tmp_path, "STAT-2", (1,), OTHER)
    _studied(services, mine, "安全生产", 30, met=True)
    _studied(services, theirs, "职业道德", 60, met=False)
    return mine, theirs


def test_W34_the_figures_add_up(services: Services, two: tuple[str, str]) -> None:
    """On both databases: people, hours, topics, and days as Beijing counts them."""
    found = statistics.gather(services, administrator())
    assert [(one.name, one.enrolled, one.completed, one.learnt_seconds) for one in found.classes] == [
        ("STAT-1 班STAT-1", 3, 3, 5400),
        ("STAT-2 班STAT-2", 1, 0, 3600),
    ]
    assert [(one.classes, one.enrolled, one.credited_seconds) for one in found.districts] == [(2, 4, 4500)]
    assert (found.total.classes, found.total.enrolled, found.total.completed) == (2, 4, 3)
    assert [(one.name, one.sessions, one.people, one.seconds) for one in found.topics] == [
        ("安全生产", 3, 3, 5400),
        ("职业道德", 1, 1, 3600),
    ]
    assert [(one.name, one.sessions, one.seconds) for one in found.days] == [
        ("2021-02-03", 2, 5400),
        ("2021-02-04", 2, 3600),
    ]
    one = statistics.gather(services, administrator(), two[1])
    assert (one.total.enrolled, len(one.enterprises), len(one.days)) == (1, 1, 1)


def test_a_period_takes_classes_that_touch_it_and_sessions_begun_in_it(
    services: Services, two: tuple[str, str]
) -> None:
    """Days are Beijing's and both ends belong to it, on both databases; a slip is told."""

    def figures(first: str, last: str) -> tuple[int, list[str]]:
        period = statistics.Period.parse(first, last)
        found = statistics.gather(services, administrator(), period=period)
        return found.total.classes, [one.name for one in found.days]

    assert figures("2021-02-04", "") == (2, ["2021-02-04"])
    assert figures("2021-02-03", "2021-02-03") == (2, ["2021-02-03"])
    assert figures("2021-02-28", "2021-12-31") == (2, [])
    assert figures("", "2021-02-01") == (2, [])
    assert figures("2021-03-01", "") == figures("", "2021-01-31") == (0, [])
    for first, last in (("2021-02-30", ""), ("x", ""), ("", "9999-12-31"), ("2021-02-02", "2021-02-01")):
        with pytest.raises(InvalidInput):
            figures(first, last)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_W34_the_figures_are_the_ledgers(services: Services, clock: ManualClock, tmp_path: Path) -> None:
    """Sessions learnt over midnight, with a gap and cut short, count as the ledger has them."""
    room = open_classroom(services, tmp_path, 3)
    clock.set(datetime(2021, 2, 3, 23, 58, 59, 700_000, tzinfo=SHANGHAI))
    room.learn_all()
    room.learn(1, "trainee-2", 40)
    player = room.player(2, "trainee-2")
    player.play(20, every=5)
    clock.advance(30)
    player.play(20, every=5)
    silence(room)
    completion.refresh_due(services)
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    book = openpyxl.load_workbook(export(services, signer, room.class_id, tmp_path / "out").workbook)
    heading, *rows = [list(row) for row in book["②学习记录明细"].iter_rows(min_row=3, values_only=True)]
    rows = rows_of_sessions = [row for row in rows if row[heading.index("记录编号")]]
    found = statistics.gather(services, administrator())

    def summed(column: str) -> list[tuple[str, int, float]]:
        by: dict[str, list[float]] = {}
        for row in rows:
            minutes = by.setdefault(str(row[heading.index(column)]), [])
            minutes.append(row[heading.index("时长(分)")] * 60)
        return sorted((name, len(minutes), round(sum(minutes), 3)) for name, minutes in by.items())

    for lines, column in ((found.days, "日期"), (found.topics, "内容类别")):
        assert sorted((one.name, one.sessions, one.seconds) for one in lines) == summed(column)
    assert [one.name for one in found.days] == ["2021-02-03", "2021-02-04"]
    heading, *rows = [list(row) for row in book["③学习汇总"].iter_rows(min_row=3, values_only=True)]
    (total,) = [row for row in rows if row[0] == "合计"]
    for column, seconds in (
        ("总学习时长(分)", found.total.learnt_seconds),
        ("有效时长(分)", found.total.credited_seconds),
    ):
        assert total[heading.index(column)] * 60 == pytest.approx(seconds)
    assert found.total.credited_seconds < found.total.learnt_seconds == sum(one.seconds for one in found.days)
    cells = [
        cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row if cell is not None
    ]
    cover = dict(itertools.pairwise(cells))
    shown = found.total
    assert [cover[name] for name in ("报名人数", "已实名激活人数", "完成培训人数", "考核合格人数")] == [
        shown.enrolled, shown.activated, shown.completed, shown.passed,
    ]  # fmt: skip
    assert (shown.enrolled, shown.activated, shown.completed) == (3, 2, 1)
    assert cover["学习记录(次)"] == sum(one.sessions for one in found.days) == len(rows_of_sessions)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_everybody_sees_their_own(services: Services, two: tuple[str, str]) -> None:
    """An enterprise its classes, a foreign district nothing, and no class by naming it."""
    assert statistics.gather(services, clerk(USCC)).total.enrolled == 3
    assert statistics.gather(services, clerk(USCC), two[1]).total.enrolled == 0
    assert statistics.gather(services, inspector("沙溪镇")).days == []
    app = make_app(services)
    assert client_for(app, trainee()).get("/compliance/statistics").status_code == 403


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_W34_the_page_and_its_files(services: Services, two: tuple[str, str]) -> None:
    """Charts without a script, tables beside them, and each table as a file that a spreadsheet opens."""
    client = client_for(make_app(services), administrator())
    page = client.get("/compliance/statistics").text
    assert page.count('<svg class="chart"') == 5
    assert "<script" not in page
    answer = client.get("/compliance/statistics?by=class&format=csv")
    rows = list(csv.DictReader(answer.data.decode("utf-8-sig").splitlines()))
    assert [(row["名称"], row["报名人数"], row["学习时长(小时)"]) for row in rows] == [
        ("STAT-1 班STAT-1", "3", "1.5"),
        ("STAT-2 班STAT-2", "1", "1.0"),
    ]
    days = json.loads(client.get("/compliance/statistics?by=day&format=json").data)
    assert [one["名称"] for one in days] == ["2021-02-03", "2021-02-04"]
    assert client.get("/compliance/statistics?by=year&format=csv").status_code == 422
    assert client.get("/compliance/statistics?since=2021-02-99").status_code == 422
    page = client.get("/compliance/statistics?since=2021-02-04").text
    assert "2021-02-04 至 …" in page
    assert "since=2021-02-04" in page
    assert "2021-02-04 每日的学习时长" in page
    _studied(services, two[0], "防疫知识", 10, met=True, day=NIGHT + timedelta(days=120))
    year = client.get("/compliance/statistics").text
    assert "每月的学习时长" in year
    assert "<title>2021-04: 0</title>" in year
    late = json.loads(
        client.get("/compliance/statistics?since=2021-02-04&until=2021-02-28&by=day&format=json").data
    )
    assert [one["学习记录(次)"] for one in late] == ["2"]
    with pytest.raises(InvalidInput):
        statistics.table(statistics.gather(services, administrator()), "", "json")
