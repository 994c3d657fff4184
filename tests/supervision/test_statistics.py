"""The page of figures: they add up, each sees their own, and the tables come as files."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from lmscompliance.completion.models import Completion
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.learning.models import ClosedSession
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.supervision import statistics
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, Lesson
from tests.claims.office import closed_class
from tests.support.app import administrator, clerk, client_for, inspector, make_app, trainee
from tests.training.school import USCC

OTHER = "91320585MA1XXXXX0N"
NIGHT = datetime(2021, 2, 3, 23, 50, tzinfo=SHANGHAI)


def _studied(services: Services, class_id: str, topic: str, minutes: int, *, met: bool) -> None:
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
            start = NIGHT + timedelta(minutes=30 * number)
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
    with pytest.raises(InvalidInput):
        statistics.table(statistics.gather(services, administrator()), "", "json")
