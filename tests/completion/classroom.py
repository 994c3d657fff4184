"""A short class under the demo policy: four lessons of 90 seconds, people who really registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lmscompliance.exams import service as exams
from lmscompliance.learning import service as learning
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import activation, registration
from lmscompliance.training import service as training
from lmscompliance.training.models import Enrolment, Lesson
from tests.exams.hall import Hall, fill_bank
from tests.identity.sheets import person
from tests.learning.school import PHONE, TOPICS, AtSchool, Player, School
from tests.training.school import USCC, roster

NAMES = ("张三", "李四四", "王小五", "赵六")
SECONDS = 90


@dataclass(frozen=True)
class Classroom(AtSchool):
    """The class, seen through the helpers of the rooms below."""

    hall: Hall

    def player(self, lesson: int, account: str = "trainee-1", *, takeover: bool = False) -> Player:
        """Open a session of ``account`` in a lesson and return its page."""
        return Player(self.school, self.school.start(account, lesson, PHONE, takeover=takeover), PHONE)

    def learn(self, lesson: int, account: str = "trainee-1", seconds: int = SECONDS) -> None:
        """Watch a lesson for ``seconds`` and end the session."""
        player = self.player(lesson, account)
        player.play(seconds, every=5)
        player.end()

    def learn_all(self, account: str = "trainee-1") -> None:
        """Watch every lesson to its end."""
        for lesson in range(len(self.school.lessons)):
            self.learn(lesson, account)


def open_classroom(
    services: Services,
    folder: Path,
    people: int = 2,
    *,
    approve: bool = True,
    code: str = "D1",
    rows: Sequence[list[Any]] | None = None,
    account: str = "trainee",
    notice: str = "demo-short",
) -> Classroom:
    """File, plan, enrol and activate; ``people`` are at most four, the last is never activated.

    ``rows`` are the roster's instead, and each of them is activated, as ``account``-1 and so on.
    """
    class_id = training.file_class(
        services,
        code=code,
        title="演示班",
        policy_id=notice,
        enterprise=training.EnterpriseInput(USCC, "示范企业", "城厢镇"),
        window=(date(2021, 2, 1), date(2021, 2, 28)),
    )
    if approve:
        training.approve_class(services, class_id, "备-1")
    lessons = [
        training.LessonInput(
            ordinal=number,
            topic=topic,
            course="演示课程",
            title=f"{topic}课",
            delivery="录播",
            class_hours=Decimal(1),
            planned_seconds=SECONDS,
            content_url="/media/clip.mp4",
        )
        for number, topic in enumerate(TOPICS, 1)
    ]
    training.publish_plan(services, class_id, lessons)
    active = max(1, people - 1) if rows is None else len(rows)
    if rows is None:
        rows = [person(number, name) for number, name in enumerate(NAMES[:people], 1)]
    imported = registration.import_roster(services, code, roster(folder / f"{code}.xlsx", *rows))
    with reading(services.database) as session:
        enrolments = session.scalars(
            select(Enrolment.id).where(Enrolment.class_id == class_id).order_by(Enrolment.ordinal)
        ).all()
        ids = list(
            session.scalars(select(Lesson.id).where(Lesson.class_id == class_id).order_by(Lesson.ordinal))
        )
    accounts = {f"{account}-{number}": enrolment for number, enrolment in enumerate(enrolments, 1)}
    for whose, enrolment in list(accounts.items())[:active]:
        activation.activate(services, account=whose, code=imported.codes[enrolment], ip="203.0.113.7")
    school = School(services, class_id, ids, accounts)
    return Classroom(school, Hall(school))


def publish_exam(room: Classroom, folder: Path) -> None:
    """Fill the bank and publish an exam of ten questions worth ten points each."""
    fill_bank(room.services, folder / "bank")
    exams.publish_blueprint(
        room.services, room.class_id, exams.default_blueprint(room.services, room.class_id, 10)
    )


def silence(room: Classroom) -> None:
    """Let enough time pass that open sessions count as silent, and close them."""
    clock = room.hall.clock
    clock.set(clock.now() + timedelta(minutes=5))
    learning.close_silent(room.services)
