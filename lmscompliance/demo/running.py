"""The running class of ``make demo``: four lessons of 90 seconds, an exam of ten questions, today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from flask import Flask

from lmscompliance import Compliance
from lmscompliance.demo.accounts import Course, HostStore
from lmscompliance.demo.month import DATA, ENTERPRISE, PASSWORD
from lmscompliance.demo.people import invent, write_roster
from lmscompliance.exams.service import default_blueprint, publish_blueprint
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.ids import Ids
from lmscompliance.questions.service import import_paths
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.registration import import_roster
from lmscompliance.training.service import LessonInput, approve_class, file_class, publish_plan

CODE = "DEMO-RUNNING"
POLICY = "demo-short"
TRAINEES = 5
_QUESTIONS = 10
SECONDS = 90
_WINDOW_DAYS = 30


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An account that waits for its person, and the code that joins the two."""

    login: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class _Part:
    slug: str
    topic: str
    course: str
    title: str
    video: str | None


_PARTS = (
    _Part("1-skills", "岗位技能", "焊接岗位技能", "焊接基础", "skills.mp4"),
    _Part("2-safety", "安全生产", "企业安全生产", "危险源辨识", "safety.mp4"),
    _Part("3-ethics", "职业道德", "职业道德与工匠精神", "职业道德基本规范", None),
    _Part("4-health", "防疫知识", "疫情防控知识", "个人防护", "health.mp4"),
)


def begin(
    app: Flask,
    compliance: Compliance,
    chance: Ids,
    work_dir: Path,
    *,
    policy: str = POLICY,
    seconds: int = SECONDS,
) -> list[Newcomer]:
    """File, approve and publish the class around today, and give its trainees accounts of the host.

    Each lesson lasts ``seconds``, which ``policy`` must agree to.
    """
    services = compliance.services(app)
    today = shanghai_day(services.clock.now())
    window = (today - timedelta(days=1), today + timedelta(days=_WINDOW_DAYS))
    class_id = file_class(
        services,
        code=CODE,
        title="示范培训班（正在进行）",
        policy_id=policy,
        enterprise=ENTERPRISE,
        window=window,
    )
    publish_plan(services, class_id, [_lesson(n, part, seconds) for n, part in enumerate(_PARTS, start=1)])
    import_paths(services, [DATA / "questions"])
    publish_blueprint(services, class_id, default_blueprint(services, class_id, _QUESTIONS))
    approve_class(services, class_id, "示范-正在进行")
    roster = work_dir / "示范花名册.xlsx"
    write_roster(roster, invent(chance, TRAINEES))
    codes = import_roster(services, CODE, roster).codes
    store: HostStore = app.extensions["demo_store"]
    with reading(services.database) as session:
        entries = queries.open_roster(session, services.vault, class_id)
        lessons = {lesson.ordinal: lesson.id for lesson in queries.lessons(session, class_id)}
    for number, part in enumerate(_PARTS, start=1):
        title = f"{part.topic}：{part.title}"
        store.add_course(Course(part.slug, title, part.video, class_id, lessons[number], seconds))
    newcomers = []
    for entry in entries:
        login = f"trainee{entry.ordinal}"
        store.add_user(login, name=entry.person.name, password=PASSWORD, role="trainee")
        newcomers.append(Newcomer(login, entry.person.name, codes[entry.enrolment_id]))
    return newcomers


def ended(services: Services) -> date | None:
    """Return the class's last day once that is over: nothing that is watched counts any more."""
    with reading(services.database) as session:
        end = queries.class_by_code(session, CODE).window_end
    return shanghai_day(end) - timedelta(days=1) if end <= services.clock.now() else None


def _lesson(ordinal: int, part: _Part, seconds: int) -> LessonInput:
    return LessonInput(
        ordinal=ordinal,
        topic=part.topic,
        course=part.course,
        title=part.title,
        delivery="录播" if part.video else "图文",
        class_hours=Decimal(1),
        planned_seconds=seconds,
        content_kind="video" if part.video else "text",
        content_url=f"/media/{part.video}" if part.video else f"/courses/{part.slug}",
    )
