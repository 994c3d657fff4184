"""Filing a class, approving it and publishing its plan: each one transaction with its own leaf."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select

from lmscompliance import evidence
from lmscompliance.identity import uscc
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import day_end, day_start, shanghai_day, to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import Sentences
from lmscompliance.rules import blended
from lmscompliance.rules.class_life import APPROVED, DRAFT, FILED
from lmscompliance.rules.facts import MODES, ONLINE, LessonFact
from lmscompliance.rules.plan import Problem, check_plan
from lmscompliance.rules.verdict import NotMet, Verdict
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import life
from lmscompliance.training.models import Enterprise, Lesson, PolicyText, TrainingClass
from lmscompliance.training.queries import TEACHER_PLACE, lesson_fact, locked_class, notice_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.policy import Notice
    from lmscompliance.services import Services

CONTENT_KINDS = ("video", "text", "pdf", "simulation")
_LONGEST_PLACE = 255


@dataclass(frozen=True, slots=True)
class EnterpriseInput:
    """The enterprise that files: its unified social credit code, registered name and district."""

    uscc: str
    name: str
    district: str


@dataclass(frozen=True, slots=True)
class LessonInput:
    """A planned lesson. ``class_hours`` is its 课时, ``planned_seconds`` its length.

    ``content_kind`` is ``video`` or ``text``. An empty ``content_url`` means our own lesson page with our
    own content. ``content_sha256`` (hex) is the digest of the content itself where the host knows it;
    otherwise the digest of what describes it stands in, so that a changed reference shows.

    ``mode`` is one of ``rules.facts.MODES``. A live or offline lesson has a time; its ``place`` may be a
    meeting's address. ``teacher`` is a name and is kept as one.
    """

    ordinal: int
    topic: str
    course: str
    title: str
    delivery: str
    class_hours: Decimal
    planned_seconds: int
    content_kind: str = "video"
    content_url: str = ""
    content_sha256: str = ""
    mode: str = ONLINE
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    place: str = ""
    teacher: str = ""


def file_class(
    services: Services,
    *,
    code: str,
    title: str,
    policy_id: str,
    enterprise: EnterpriseInput,
    window: tuple[date, date] | None = None,
    by: str = "",
    draft: bool = False,
) -> str:
    """File a class under the present version of a policy and return its id.

    A ``draft`` is bound to its policy as well, and is filed by a step of its own. ``window`` is the first
    and last Shanghai day of training; without it the notice's own window is taken. Raises ``InvalidInput``
    for a bad credit code or a window the notice does not allow, and ``Conflict`` when the code is taken or
    the policy is superseded. Where the district has a layer of its own over the policy, that one is taken.
    """
    now = services.clock.now()
    notice = services.policies.applicable(policy_id, enterprise.district, shanghai_day(now))
    start, end = _window(notice, window, code)
    number = uscc.check(enterprise.uscc)
    texts = ((code, 64), (title, 255), (enterprise.name, 255), (enterprise.district, 64))
    if not all(text.strip() and len(text) <= limit for text, limit in texts):
        raise InvalidInput("training.class_incomplete", code=code)
    with transaction(services.database) as session:
        if session.scalar(select(TrainingClass.id).where(TrainingClass.code == code)) is not None:
            raise Conflict("training.code_taken", code=code)
        owner = _enterprise(session, services, EnterpriseInput(number, enterprise.name, enterprise.district))
        if session.get(PolicyText, notice.digest) is None:
            session.add(
                PolicyText(
                    digest=notice.digest,
                    id=notice.id,
                    version=notice.version,
                    effective=notice.effective_json(),
                )
            )
            session.flush()
        class_ = TrainingClass(
            id=services.ids.new(),
            code=code,
            title=title,
            enterprise_id=owner.id,
            district=enterprise.district,
            policy_id=notice.id,
            policy_version=notice.version,
            policy_digest=notice.digest,
            window_start=start,
            window_end=end,
            status=DRAFT if draft else FILED,
            filed_at=now,
            approved_at=None,
            filing_number="",
            plan_version=0,
        )
        session.add(class_)
        session.flush()
        life.note(session, services, class_, "", by=by)
        evidence.record(
            session,
            services,
            class_id=class_.id,
            stream=evidence.class_stream(class_.id),
            type="class.filed",
            at=now,
            body={
                "code": code,
                "title": title,
                "policy": {
                    "id": notice.id,
                    "version": notice.version,
                    "digest": notice.digest,
                    "status": notice.status,
                },
                "window": {"start_us": to_micros(start), "end_us": to_micros(end)},
                "district": enterprise.district,
            },
            disclose={"enterprise_name": enterprise.name, "enterprise_uscc": number},
        )
        return class_.id


def approve_class(services: Services, class_id: str, filing_number: str = "", *, by: str = "") -> None:
    """Record the bureau's approval as of now; sessions before it are kept but never count.

    Approving again with the same number changes nothing (a retried request); with another it is a
    ``Conflict``. Raises ``InvalidInput`` without a number where the notice asks for one.
    """
    now = services.clock.now()
    with transaction(services.database) as session:
        class_ = locked_class(session, class_id)
        if class_.approved_at is not None:
            if class_.filing_number == filing_number:
                return
            raise Conflict("training.already_approved", code=class_.code, number=class_.filing_number)
        notice = notice_of(session, class_)
        if notice.filing.number and not filing_number.strip():
            clause = notice.citation("filing.number")
            raise InvalidInput("training.number_required", code=class_.code, clause=clause)
        life.take(session, services, class_, APPROVED, by=by)
        class_.approved_at = now
        class_.filing_number = filing_number
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="class.approved",
            at=now,
            body={"approved_us": to_micros(now), "filing_number": filing_number},
            disclose={"by": by} if by else {},
        )


def publish_plan(
    services: Services, class_id: str, lessons: Sequence[LessonInput], *, override_reason: str = ""
) -> None:
    """Publish the teaching plan of a class, once.

    Raises ``InvalidInput`` listing each reason when the plan is malformed or could never satisfy the
    notice (too few class hours, too short on average, a required topic missing), or when more of a blended
    plan is online than the notice allows; where the notice lets that pass for a reason
    (``delivery.on_excess``), ``override_reason`` is recorded with the plan.
    """
    with transaction(services.database) as session:
        class_ = locked_class(session, class_id)
        if class_.plan_version:
            raise Conflict("training.plan_published", code=class_.code)
        rows = [_lesson(services, class_, one) for one in _checked(class_, lessons)]
        facts: list[LessonFact] = [lesson_fact(row) for row in rows]
        notice = notice_of(session, class_)
        problems = [*check_plan(facts, notice), *_outside(class_, facts)]
        if problems:
            raise InvalidInput("training.plan_unreachable", code=class_.code, reasons=Sentences(problems))
        excess = _excess(class_, blended.verdict(facts, notice), notice, override_reason)
        session.add_all(rows)
        class_.plan_version = 1
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="plan.published",
            at=services.clock.now(),
            body={
                "version": class_.plan_version,
                "lessons": [
                    {
                        "id": row.id,
                        "ordinal": row.ordinal,
                        "topic": row.topic,
                        "course": row.course,
                        "title": row.title,
                        "delivery": row.delivery,
                        "class_hours": str(row.class_hours),
                        "planned_seconds": row.planned_seconds,
                        "content_sha256": row.content_sha256,
                        **({"content_kind": row.content_kind} if row.content_kind == "simulation" else {}),
                        **_meets(row),
                    }
                    for row in rows
                ],
            },
            disclose={
                f"teacher{row.ordinal:03}": one.teacher
                for row, one in zip(rows, _checked(class_, lessons), strict=True)
                if one.teacher
            },
        )
        if excess is not None:
            evidence.record(
                session,
                services,
                class_id=class_id,
                stream=evidence.class_stream(class_id),
                type="plan.excepted",
                at=services.clock.now(),
                body={"version": class_.plan_version, **excess.params},
                disclose={"reason": override_reason.strip()},
            )


def _meets(row: Lesson) -> dict[str, Json]:
    """Return what the leaf says of a lesson that takes place at a time; nothing of any other."""
    if row.starts_at is None or row.ends_at is None:
        return {}
    return {
        "mode": row.mode,
        "starts_us": to_micros(row.starts_at),
        "ends_us": to_micros(row.ends_at),
        "place": row.place,
    }


def _outside(class_: TrainingClass, lessons: Sequence[LessonFact]) -> list[Problem]:
    """Return the lessons that take place outside the class's window, where nothing counts."""
    start_us, end_us = to_micros(class_.window_start), to_micros(class_.window_end)
    return [
        Problem("plan_schedule_outside", "", "", {"ordinal": str(one.ordinal), "title": one.title})
        for one in lessons
        if one.starts_us is not None
        and one.ends_us is not None
        and not start_us <= one.starts_us < one.ends_us <= end_us
    ]


def _excess(class_: TrainingClass, share: Verdict | None, notice: Notice, reason: str) -> NotMet | None:
    """Return the share that was let pass for ``reason``; raises ``InvalidInput`` where it may not pass."""
    if not isinstance(share, NotMet) or notice.delivery.on_excess == "warn":
        return None
    if notice.delivery.on_excess == "override" and reason.strip():
        return share
    code = "training.share_needs_reason" if notice.delivery.on_excess == "override" else "training.share_high"
    raise InvalidInput(code, code=class_.code, reason=share, clause=notice.citation(share.term))


def _window(notice: Notice, window: tuple[date, date] | None, code: str) -> tuple[datetime, datetime]:
    terms = notice.window
    first, last = window or (terms.starts_on, terms.ends_on)
    if first is None or last is None:
        raise InvalidInput("training.window_missing", code=code, policy=notice.id)
    too_early = terms.starts_on is not None and first < terms.starts_on
    too_late = terms.ends_on is not None and last > terms.ends_on
    if first > last or too_early or too_late:
        raise InvalidInput(
            "training.window_outside",
            code=code,
            first=first,
            last=last,
            clause=notice.citation("window.starts_on"),
        )
    return day_start(first), day_end(last)


def _enterprise(session: Session, services: Services, given: EnterpriseInput) -> Enterprise:
    found = session.scalars(select(Enterprise).where(Enterprise.uscc == given.uscc)).one_or_none()
    if found is None:
        found = Enterprise(id=services.ids.new(), uscc=given.uscc, name=given.name, district=given.district)
        session.add(found)
        session.flush()
    elif found.name != given.name:
        raise Conflict("training.enterprise_name", uscc=given.uscc, name=found.name, given=given.name)
    return found


def _checked(class_: TrainingClass, lessons: Sequence[LessonInput]) -> Sequence[LessonInput]:
    if not lessons:
        raise InvalidInput("training.plan_empty", code=class_.code)
    seen: set[int] = set()
    for one in lessons:
        if (
            one.ordinal < 1
            or one.ordinal in seen
            or one.planned_seconds < 1
            or not one.class_hours.is_finite()
            or one.class_hours <= 0
            or one.content_kind not in CONTENT_KINDS
            or one.mode not in MODES
            or len(one.place) > _LONGEST_PLACE
            or not all(text.strip() and len(text) <= limit for text, limit in _texts(one))
        ):
            raise InvalidInput("training.lesson_bad", code=class_.code, ordinal=one.ordinal, title=one.title)
        seen.add(one.ordinal)
    return sorted(lessons, key=lambda one: one.ordinal)


def _texts(one: LessonInput) -> tuple[tuple[str, int], ...]:
    # Each with the width of its column.
    return (one.topic, 64), (one.course, 255), (one.title, 255), (one.delivery, 32)


def _lesson(services: Services, class_: TrainingClass, one: LessonInput) -> Lesson:
    described = {"kind": one.content_kind, "url": one.content_url, "title": one.title}
    return Lesson(
        class_id=class_.id,
        id=services.ids.new(),
        ordinal=one.ordinal,
        topic=one.topic,
        course=one.course,
        title=one.title,
        delivery=one.delivery,
        class_hours=Decimal(f"{one.class_hours.normalize():f}"),
        planned_seconds=one.planned_seconds,
        content_kind=one.content_kind,
        content_url=one.content_url,
        content_sha256=one.content_sha256 or hashlib.sha256(jcs.encode(described)).hexdigest(),
        mode=one.mode,
        starts_at=None if one.mode == ONLINE else one.starts_at,
        ends_at=None if one.mode == ONLINE else one.ends_at,
        place=one.place,
        teacher_sealed=services.vault.seal(TEACHER_PLACE, one.teacher) if one.teacher else None,
    )
