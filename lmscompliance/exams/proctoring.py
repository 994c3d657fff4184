"""Photos at random moments of an attempt (考试抽拍): asked for by the server, never a verdict by themselves.

Off unless the notice asks for them and the trainee has agreed to that separately. The moments are drawn as
the attempt opens and stand in its evidence as a disclosure, so that nobody knows them before and nobody can
leave one out afterwards. That there is no camera is kept (``UNAVAILABLE``) and holds nothing up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.exams.models import ExamAttempt, ExamPhoto, ExamSheet
from lmscompliance.files import service as files
from lmscompliance.files.service import Content
from lmscompliance.files.sniffing import Kind
from lmscompliance.identity import consent, looks
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.logs import logger
from lmscompliance.kernel.presence import ComparesFaces
from lmscompliance.policy.terms import ProctorTerms
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries as training

_log = logger(__name__)

PURPOSE = "exam_photo"
"""What the separate consent is for."""
TAKEN, UNAVAILABLE = "taken", "unavailable"
SAME, DIFFERS, UNKNOWN = "same", "differs", "unknown"
"""What the host's comparison said; ``UNKNOWN`` where it could not say, empty where there is none."""
OCCASION = "exam"


@dataclass(frozen=True, slots=True)
class Ask:
    """A photo that is asked for now, to be answered within so many seconds."""

    n: int
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Watch:
    """How a trainee stands with photos in exams before an attempt: whether they agreed, and to what."""

    version: str
    text_zh: str
    text_en: str
    agreed: bool


def before(session: Session, class_id: str, enrolment_id: str) -> Watch | None:
    """Return what the gate's page shows; ``None`` where the notice asks for no photos."""
    terms = training.class_notice(session, class_id).proctor
    if not terms.photos:
        return None
    return Watch(
        terms.consent_version,
        terms.consent_zh,
        terms.consent_en,
        agrees(session, (class_id, enrolment_id), terms),
    )


def agrees(session: Session, place: tuple[str, str], terms: ProctorTerms) -> bool:
    """Tell whether the trainee's consent to the present text holds."""
    return consent.version_given(session, place, PURPOSE) == terms.consent_version


def agree(services: Services, class_id: str, enrolment_id: str, *, given: bool) -> None:
    """Keep a trainee's separate consent to photos in exams, or that it is taken back.

    Raises ``Conflict`` where the notice asks for no photos. Photos of an attempt that runs are not asked for
    any more once it is taken back.
    """
    place = (class_id, enrolment_id)
    with transaction(services.database) as session:
        terms = training.class_notice(session, class_id).proctor
        if not terms.photos:
            raise Conflict("exams.no_photos")
        if given:
            consent.give(session, services, place, PURPOSE, terms.consent_version)
        else:
            consent.withdraw(session, services, place, PURPOSE)


def draw(session: Session, services: Services, attempt: ExamAttempt, terms: ProctorTerms) -> list[int]:
    """Draw the moments of an attempt that is being opened and return them (µs); none without consent.

    Between two of them, and before the first, lies the notice's shortest to longest interval, every second
    of which is equally likely; a moment too late for an answer before the deadline is left out.
    """
    place = (attempt.class_id, attempt.enrolment_id)
    if not terms.photos or not agrees(session, place, terms):
        return []
    moments: list[int] = []
    at = attempt.opened_at
    last = attempt.deadline_at - timedelta(seconds=terms.answer_seconds)
    spread = terms.max_interval_seconds - terms.min_interval_seconds + 1
    for n in range(1, terms.photos + 1):
        at += timedelta(seconds=terms.min_interval_seconds + services.ids.below(spread))
        if at > last:
            break
        moments.append(to_micros(at))
        session.add(
            ExamPhoto(
                class_id=attempt.class_id,
                attempt_id=attempt.id,
                n=n,
                enrolment_id=attempt.enrolment_id,
                due_at=at,
                asked_at=None,
                answered_at=None,
                outcome="",
                verdict="",
                sha256=None,
            )
        )
    return moments


def asked(services: Services, attempt_id: str) -> Ask | None:
    """Return the photo that the page has to ask for now, if one is due; its time begins with this answer.

    The caller has made sure that the attempt is the actor's.
    """
    now = services.clock.now()
    with reading(services.database) as session:
        # Every open paper asks every few seconds, and hardly ever is there anything to write.
        if _due(session, attempt_id, now) is None:
            return None
    with transaction(services.database) as session:
        row = _due(session, attempt_id, now, lock=True)
        if row is None:
            return None
        terms = training.class_notice(session, row.class_id).proctor
        if not agrees(session, (row.class_id, row.enrolment_id), terms):
            return None
        if row.asked_at is None:
            row.asked_at = now
        left = (row.asked_at + timedelta(seconds=terms.answer_seconds) - now).total_seconds()
        return Ask(row.n, left) if left > 0 else None


def answer(services: Services, attempt_id: str, n: int, photo: bytes | None) -> str:
    """Keep the photo that was asked for, or (``None``) that there is no camera; return the outcome.

    The file is cleaned of what a camera writes into it, encrypted and kept by its digest. Where the host has
    plugged in a comparison, and the trainee agreed to that too, it is asked outside of any transaction; what
    it says is a hint for people. Raises ``Conflict`` when no such photo is asked for, or consent was taken
    back since, ``InvalidInput`` for what is no picture. If the process dies before the commit, the
    photo is still being asked for.
    """
    now = services.clock.now()
    ready = None if photo is None else files.prepare(services, photo)
    if ready is not None and ready.cleaned.kind is Kind.PDF:
        raise InvalidInput("exams.photo_kind")
    with reading(services.database) as session:
        row = _asked(session, attempt_id, n, now)
        if ready is not None:
            _require_consent(session, row)
        whose = row.enrolment_id
        comparer = None if ready is None else _comparer(session, services, row)
    verdict = "" if comparer is None or ready is None else _compared(comparer, whose, ready.cleaned.data)
    with transaction(services.database) as session:
        row = _asked(session, attempt_id, n, now, lock=True)
        if ready is not None:
            _require_consent(session, row)
        row.outcome, row.verdict, row.answered_at = UNAVAILABLE, verdict, now
        body: dict[str, Json] = {
            "attempt": attempt_id,
            "n": n,
            "due_us": to_micros(row.due_at),
            "asked_us": to_micros(row.asked_at or now),
            "answered_us": to_micros(now),
        }
        if ready is not None:
            row.outcome, row.sha256 = TAKEN, files.keep(session, services, ready)
            body |= {"sha256": row.sha256, "original_sha256": ready.original_sha256}
        body |= {"outcome": row.outcome, "compared": verdict}
        evidence.record_for(session, services, row, type="attempt.photo", at=now, body=body)
        return row.outcome


def photos_of(session: Session, class_id: str, attempt_ids: Iterable[str]) -> Sequence[ExamPhoto]:
    """Return the photos that attempts were to be asked for, by attempt and number."""
    wanted = select(ExamPhoto).where(
        ExamPhoto.class_id == class_id, ExamPhoto.attempt_id.in_(list(attempt_ids))
    )
    return session.scalars(wanted.order_by(ExamPhoto.attempt_id, ExamPhoto.n)).all()


def look(services: Services, actor: Actor, class_id: str, attempt_id: str, n: int) -> Content:
    """Return a kept photo and keep who looked; raises ``NotFound``."""
    with transaction(services.database) as session:
        row = session.get(ExamPhoto, (class_id, attempt_id, n))
        if row is None or row.sha256 is None:
            raise NotFound("web.not_found")
        content = files.read(session, services, row.sha256)
        place = (class_id, row.enrolment_id)
        looks.record(session, services, actor, place, what=looks.PHOTO, occasion=OCCASION)
        return content


def _due(session: Session, attempt_id: str, now: datetime, *, lock: bool = False) -> ExamPhoto | None:
    """Return the last photo that is due and not answered; only while the attempt is open."""
    query = (
        select(ExamPhoto)
        .join(
            ExamSheet,
            (ExamSheet.class_id == ExamPhoto.class_id) & (ExamSheet.attempt_id == ExamPhoto.attempt_id),
        )
        .where(
            ExamPhoto.attempt_id == attempt_id,
            ExamPhoto.due_at <= now,
            ExamPhoto.outcome == "",
            ExamSheet.is_open,
        )
        .order_by(ExamPhoto.n.desc())
        .limit(1)
    )
    return session.scalars(query.with_for_update(of=ExamPhoto) if lock else query).one_or_none()


def _asked(session: Session, attempt_id: str, n: int, now: datetime, *, lock: bool = False) -> ExamPhoto:
    query = select(ExamPhoto).where(ExamPhoto.attempt_id == attempt_id, ExamPhoto.n == n)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None or row.outcome or row.asked_at is None:
        raise Conflict("exams.photo_not_asked")
    terms = training.class_notice(session, row.class_id).proctor
    if now > row.asked_at + timedelta(seconds=terms.answer_seconds):
        raise Conflict("exams.photo_late")
    return row


def _require_consent(session: Session, row: ExamPhoto) -> None:
    # Whoever took it back after the page had asked must not find their picture kept.
    terms = training.class_notice(session, row.class_id).proctor
    if not agrees(session, (row.class_id, row.enrolment_id), terms):
        raise Conflict("exams.photo_not_asked")


def _comparer(session: Session, services: Services, row: ExamPhoto) -> ComparesFaces | None:
    """Return who compares faces; ``None`` without such a plug-in, or without the trainee's consent to it."""
    for name, method in services.presence.items():
        purpose = consent.PRESENCE + name
        if isinstance(method, ComparesFaces) and method.consent == consent.version_given(
            session, (row.class_id, row.enrolment_id), purpose
        ):
            return method
    return None


def _compared(comparer: ComparesFaces, enrolment_id: str, photo: bytes) -> str:
    try:
        return SAME if comparer.same_person(enrolment_id, photo) else DIFFERS
    except Exception:  # noqa: BLE001  # a plug-in may raise anything
        _log.exception("the comparison of a photo failed")
        return UNKNOWN
