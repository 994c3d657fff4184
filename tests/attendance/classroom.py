"""A blended class under the notice S2: one recorded lesson, two offline ones, 40.0 % online."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select

from lmscompliance.attendance import codes, marking, signing
from lmscompliance.attendance.marking import EntryInput
from lmscompliance.attendance.signing import Reader, Reading
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.policy.terms import AttendanceTerms
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import activation, queries, registration, service
from lmscompliance.training.models import Enrolment
from lmscompliance.training.service import EnterpriseInput, LessonInput
from tests.identity.sheets import person
from tests.learning.school import PHONE, AtSchool, Player, School
from tests.support.app import clerk, trainee
from tests.training.school import USCC, roster

FIRST = datetime(2021, 2, 8, 9, tzinfo=SHANGHAI)
SECOND = datetime(2021, 2, 9, 9, tzinfo=SHANGHAI)
HOURS = timedelta(hours=3)
NAMES = ("张三", "李四四", "王小五", "赵六")
RECORDED_SECONDS = 120


@dataclass(frozen=True)
class Classroom(AtSchool):
    """The class, its lessons (recorded, first, second) and a hand on the clock."""

    @property
    def terms(self) -> AttendanceTerms:
        """The policy's terms."""
        with reading(self.services.database) as session:
            class_ = queries.class_by_id(session, self.class_id)
            return queries.notice_of(session, class_).attendance

    @property
    def teacher(self) -> Reader:
        """The teacher, a clerk of the enterprise."""
        return Reader(clerk(USCC, "teacher-wang"), "192.0.2.10", "Teacher/1")

    def bearer(self, account: str = "trainee-1") -> Reader:
        """Return a trainee with a phone."""
        return Reader(trainee(account), "203.0.113.7", "Phone/1")

    def code(self, lesson: int = 1, purpose: str = "in", account: str = "") -> str:
        """Return the code shown now: the screen's, or the personal one of ``account``."""
        enrolment = self.school.trainees[account] if account else ""
        return codes.present(self.services, self.school.lessons[lesson], purpose, self.terms, enrolment)

    def sign(self, account: str = "trainee-1", lesson: int = 1, purpose: str = "in") -> Reading:
        """Let a trainee read the screen now."""
        return signing.sign(self.services, self.bearer(account), self.code(lesson, purpose))

    def attend(self, account: str = "trainee-1", lesson: int = 1) -> None:
        """Come in time and leave at the end."""
        start = FIRST if lesson == 1 else SECOND
        self.clock.set(start - timedelta(minutes=5))
        self.sign(account, lesson)
        self.clock.set(start + HOURS)
        self.sign(account, lesson, "out")

    def mark(self, account: str, mark: str, *, lesson: int = 1, reason: str = "", **times: datetime) -> None:
        """Enter a mark as the teacher."""
        entry = EntryInput(self.school.trainees[account], mark, **times)
        marking.enter(
            self.services, self.teacher, self.class_id, self.school.lessons[lesson], [entry], reason=reason
        )

    def confirm(self, lesson: int = 1) -> None:
        """Confirm a list as the teacher."""
        marking.confirm(self.services, self.teacher, self.class_id, self.school.lessons[lesson])

    def learn(self, account: str = "trainee-1") -> None:
        """Watch the recorded lesson to its end."""
        player = Player(self.school, self.school.start(account, 0, PHONE), PHONE)
        player.play(RECORDED_SECONDS, every=60)
        player.end()


def lessons() -> list[LessonInput]:
    """Return the plan: 14 课时 recorded, twice 10.5 offline, 40.0 % online of 35."""
    recorded = LessonInput(
        ordinal=1,
        topic="岗位技能",
        course="焊接理论",
        title="焊接基础",
        delivery="录播",
        class_hours=Decimal(14),
        planned_seconds=RECORDED_SECONDS,
        content_url="/media/clip.mp4",
    )
    offline = [
        LessonInput(
            ordinal=ordinal,
            topic="岗位技能",
            course="焊接实操",
            title=title,
            delivery="线下实操",
            class_hours=Decimal("10.5"),
            planned_seconds=int(HOURS.total_seconds()),
            mode="offline",
            starts_at=start,
            ends_at=start + HOURS,
            place="一号车间",
            teacher="王师傅",
        )
        for ordinal, title, start in ((2, "平焊", FIRST), (3, "立焊", SECOND))
    ]
    return [recorded, *offline]


def open_classroom(services: Services, folder: Path, people: int = 3) -> Classroom:
    """File, approve, plan, enrol and activate; the clock stands at 2021-02-01 08:00."""
    class_id = service.file_class(
        services,
        code="W1",
        title="“吴地工匠”焊工",
        policy_id="wudi-gongjiang-draft",
        enterprise=EnterpriseInput(USCC, "示范企业", "城厢镇"),
        window=(date(2021, 2, 1), date(2021, 2, 28)),
    )
    service.approve_class(services, class_id, "备-W1")
    service.publish_plan(services, class_id, lessons())
    rows = [person(number, name) for number, name in enumerate(NAMES[:people], 1)]
    imported = registration.import_roster(services, "W1", roster(folder / "roster.xlsx", *rows))
    with reading(services.database) as session:
        ids = [one.id for one in queries.lessons(session, class_id)]
        enrolments = session.scalars(
            select(Enrolment.id).where(Enrolment.class_id == class_id).order_by(Enrolment.ordinal)
        ).all()
    accounts = {f"trainee-{number}": one for number, one in enumerate(enrolments, 1)}
    for account, enrolment in accounts.items():
        activation.activate(services, account=account, code=imported.codes[enrolment], ip="203.0.113.7")
    return Classroom(School(services, class_id, ids, accounts))
