"""The part of one's own data that learning left beside sessions: attendance, checks, decisions, notices."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.attendance.models import MarkEntry, Sign
from lmscompliance.completion.disputes import ANSWER_PLACE, TEXT_PLACE
from lmscompliance.completion.judging import TraineeStatus
from lmscompliance.completion.models import Dispute
from lmscompliance.filing.models import NoticeReceipt, TrainingNotice
from lmscompliance.kernel.clock import shanghai_text
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning.corrections import REASON_PLACE
from lmscompliance.learning.models import CreditCorrection
from lmscompliance.learning.presence.models import PresenceCheck
from lmscompliance.records.models import ReportedSession
from lmscompliance.services import Services
from lmscompliance.training.models import Accommodation, IdentityNote, MergeNote

Place = tuple[str, str]
"""Class and enrolment."""


def learnt(session: Session, services: Services, place: Place, judged: TraineeStatus) -> dict[str, Json]:
    """Return each kind as the copy lists it; who of the staff acted is not among it."""
    lessons = {one.id: one.title for one in judged.course.lessons}
    return {
        "identity_notes": _identity(session, place),
        "presence_checks": _checks(session, place, lessons),
        "reported": _reported(session, place, judged, lessons),
        "signs": _signs(session, place, lessons),
        "marks": _marks(session, place, lessons),
        "disputes": _disputes(session, services, place),
        "time_corrections": _corrections(session, services, place),
        "accommodation": _accommodation(session, place),
        "notices_read": _notices(session, place),
    }


def _identity(session: Session, place: Place) -> list[Json]:
    """Return what was decided about who the person is, and unions of their records, in order of time."""
    notes = select(IdentityNote.at, IdentityNote.kind).where(
        IdentityNote.class_id == place[0], IdentityNote.enrolment_id == place[1]
    )
    unions = select(MergeNote.at, MergeNote.kind).where(
        MergeNote.class_id == place[0], MergeNote.enrolment_id == place[1]
    )
    found = [*session.execute(notes), *session.execute(unions)]
    return [{"at": shanghai_text(at), "noted": kind} for at, kind in sorted(found)]


def _checks(session: Session, place: Place, lessons: Mapping[str, str]) -> list[Json]:
    rows = select(PresenceCheck).where(PresenceCheck.enrolment_id == place[1])
    return [
        {
            "lesson": lessons.get(one.lesson_id, one.lesson_id),
            "asked": shanghai_text(one.issued_at),
            "decided": shanghai_text(one.decided_at),
            "passed": one.passed,
        }
        for one in session.scalars(rows.order_by(PresenceCheck.number))
    ]


def _reported(
    session: Session, place: Place, judged: TraineeStatus, lessons: Mapping[str, str]
) -> list[Json]:
    rows = select(ReportedSession).where(
        ReportedSession.class_id == place[0], ReportedSession.enrolment_id == place[1]
    )
    return [
        {
            "lesson": lessons.get(one.lesson_id, one.lesson_id),
            "start": shanghai_text(one.start_at),
            "end": shanghai_text(one.end_at),
            "format": one.format,
            "recorded": shanghai_text(one.recorded_at),
            "credited_seconds": judged.elsewhere_counted.get(one.record_id, 0),
        }
        for one in session.scalars(rows.order_by(ReportedSession.start_at, ReportedSession.record_id))
    ]


def _signs(session: Session, place: Place, lessons: Mapping[str, str]) -> list[Json]:
    rows = select(Sign).where(Sign.class_id == place[0], Sign.enrolment_id == place[1])
    return [
        {
            "lesson": lessons.get(one.lesson_id, one.lesson_id),
            "at": shanghai_text(one.at),
            "signed": one.purpose,
        }
        for one in session.scalars(rows.order_by(Sign.at, Sign.id))
    ]


def _marks(session: Session, place: Place, lessons: Mapping[str, str]) -> list[Json]:
    rows = select(MarkEntry).where(MarkEntry.class_id == place[0], MarkEntry.enrolment_id == place[1])
    return [
        {
            "lesson": lessons.get(one.lesson_id, one.lesson_id),
            "mark": one.mark,
            "start": shanghai_text(one.in_at),
            "end": shanghai_text(one.out_at),
            "at": shanghai_text(one.marked_at),
        }
        for one in session.scalars(rows.order_by(MarkEntry.marked_at, MarkEntry.id))
    ]


def _disputes(session: Session, services: Services, place: Place) -> list[Json]:
    rows = select(Dispute).where(Dispute.class_id == place[0], Dispute.enrolment_id == place[1])
    return [
        {
            "start": shanghai_text(one.start_at),
            "end": shanghai_text(one.end_at),
            "said": services.vault.open(TEXT_PLACE, one.text_sealed),
            "asked": shanghai_text(one.opened_at),
            "decision": one.decision or "waiting",
            "decided": shanghai_text(one.decided_at),
            "answer": ""
            if one.answer_sealed is None
            else services.vault.open(ANSWER_PLACE, one.answer_sealed),
        }
        for one in session.scalars(rows.order_by(Dispute.opened_at, Dispute.dispute_id))
    ]


def _corrections(session: Session, services: Services, place: Place) -> list[Json]:
    rows = select(CreditCorrection).where(CreditCorrection.enrolment_id == place[1])
    return [
        {
            "start": shanghai_text(one.start_at),
            "end": shanghai_text(one.end_at),
            "effect": one.effect,
            "at": shanghai_text(one.corrected_at),
            "role": one.by_role,
            "reason": services.vault.open(REASON_PLACE, one.reason_sealed),
        }
        for one in session.scalars(
            rows.order_by(CreditCorrection.corrected_at, CreditCorrection.correction_id)
        )
    ]


def _accommodation(session: Session, place: Place) -> list[Json]:
    rows = select(Accommodation).where(Accommodation.enrolment_id == place[1])
    return [{"allowed": one.granted, "at": shanghai_text(one.set_at)} for one in session.scalars(rows)]


def _notices(session: Session, place: Place) -> list[Json]:
    rows = (
        select(TrainingNotice.title, NoticeReceipt.at)
        .join(
            TrainingNotice,
            (TrainingNotice.class_id == NoticeReceipt.class_id) & (TrainingNotice.n == NoticeReceipt.n),
        )
        .where(NoticeReceipt.class_id == place[0], NoticeReceipt.enrolment_id == place[1])
        .order_by(NoticeReceipt.n)
    )
    return [{"title": title, "at": shanghai_text(at)} for title, at in session.execute(rows)]
