"""Real-name verifications of enrolments: asked of a verifier by a job, or decided by people, and recorded.

Each verdict is a row, a leaf ``identity.verified`` and a fact that ``rules.identity`` judges by; they commit
together. A verification is decided once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.identity import links
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import open_person
from lmscompliance.identity.verification import OFFLINE, method_of
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.logs import logger
from lmscompliance.kernel.verification import FAILED, PASSED, PENDING, Answer, Question, Verifier
from lmscompliance.rules.identity import VERDICTS, IdentityFact
from lmscompliance.services import Services
from lmscompliance.storage.transaction import after_commit, reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, IdentityNote, Verification

_log = logger(__name__)

DECIDED = "training.identity_decided"
"""Event sent after the commit with ``class_id/enrolment_id``."""
REGISTRATION, EXAM, REVIEW = "registration", "exam", "review"
REASON_PLACE = f"{Verification.__tablename__}.reason_sealed"
_A_RUN = 30
"""Questions a run: with the provider's patience of eight seconds each, a run ends within its lease."""
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)
_DOUBLINGS = 10


def begin(
    session: Session, services: Services, one: Enrolment, purpose: str, method: str = ""
) -> Verification:
    """Open a verification by ``method``, else the platform's; an offline one is passed at once."""
    now = services.clock.now()
    method = method or method_of(services)
    row = Verification(
        class_id=one.class_id,
        enrolment_id=one.id,
        id=services.ids.new(),
        purpose=purpose,
        method=method,
        result=PENDING,
        asked_at=now,
        due_at=now,
        asks=0,
        trouble="",
        photo=None,
        decided_at=None,
        reason_sealed=None,
    )
    session.add(row)
    session.flush()
    if purpose == REGISTRATION:
        note(session, services, one, PENDING)
    if method == OFFLINE:
        decide(session, services, row, PASSED)
    return row


def note(session: Session, services: Services, one: Enrolment, kind: str) -> datetime:
    """Keep a fact that credit is judged by, and tell those who judge after the commit."""
    now = services.clock.now()
    mine = (IdentityNote.class_id == one.class_id) & (IdentityNote.enrolment_id == one.id)
    n = session.scalar(select(func.count()).where(mine)) or 0
    session.add(IdentityNote(class_id=one.class_id, enrolment_id=one.id, n=n, kind=kind, at=now))
    session.flush()
    subject = f"{one.class_id}/{one.id}"
    after_commit(session, lambda: services.events.send(DECIDED, subject))
    return now


def decide(
    session: Session,
    services: Services,
    row: Verification,
    result: str,
    *,
    reason: str = "",
    disclose: dict[str, Json] | None = None,
) -> None:
    """Decide an open verification; the caller holds its row locked."""
    one = session.get_one(Enrolment, (row.class_id, row.enrolment_id), with_for_update=True)
    now = note(session, services, one, result)
    row.result, row.decided_at = result, now
    row.reason_sealed = services.vault.seal(REASON_PLACE, reason) if reason else None
    one.verification_method, one.verification_result, one.verified_at = row.method, result, now
    body: dict[str, Json] = {
        "verification": row.id,
        "purpose": row.purpose,
        "method": row.method,
        "result": result,
        "at_us": to_micros(now),
    }
    if row.photo:
        body["photo"] = row.photo
    evidence.record_for(
        session,
        services,
        row,
        type="identity.verified",
        at=now,
        body=body,
        disclose=disclose,
    )


def identity_facts(
    session: Session, class_id: str, enrolment_ids: Sequence[str]
) -> dict[str, list[IdentityFact]]:
    """Return what each enrolment's identity is judged by, in order; every id is a key."""
    found: dict[str, list[IdentityFact]] = {one: [] for one in enrolment_ids}
    rows = select(IdentityNote).where(
        IdentityNote.class_id == class_id, IdentityNote.enrolment_id.in_(enrolment_ids)
    )
    for row in session.scalars(rows.order_by(IdentityNote.enrolment_id, IdentityNote.n)):
        found[row.enrolment_id].append(IdentityFact(to_micros(row.at), row.kind))
    return found


def require_recent(services: Services, class_id: str, enrolment_id: str) -> None:
    """Let an exam begin only with a recent verification, where the policy wants one.

    Without one it is asked for now; offline it is passed at once, otherwise ``Conflict`` says what to wait
    for or to do.
    """
    with reading(services.database) as session:
        terms = queries.class_notice(session, class_id).identity
    if not terms.recheck_before_exam:
        return
    since = services.clock.now() - timedelta(seconds=terms.recheck_seconds)
    with transaction(services.database) as session:
        one = session.get_one(Enrolment, (class_id, enrolment_id), with_for_update=True)
        verdicts = select(IdentityNote.kind, IdentityNote.at).where(
            IdentityNote.class_id == class_id,
            IdentityNote.enrolment_id == enrolment_id,
            IdentityNote.kind.in_(VERDICTS),
        )
        last = session.execute(verdicts.order_by(IdentityNote.n.desc()).limit(1)).one_or_none()
        if last is not None and last.kind == PASSED and last.at >= since:
            return
        opened = open_of(session, class_id, enrolment_id) or begin(session, services, one, EXAM)
        state = opened.result
    if state != PASSED:
        failed = last is not None and last.kind == FAILED
        raise Conflict("training.recheck_failed" if failed else "training.recheck_pending")


def open_of(session: Session, class_id: str, enrolment_id: str, method: str = "") -> Verification | None:
    """Return the enrolment's newest open verification (by ``method``, if given), if there is one."""
    query = select(Verification).where(
        Verification.class_id == class_id,
        Verification.enrolment_id == enrolment_id,
        Verification.result == PENDING,
    )
    if method:
        query = query.where(Verification.method == method)
    return session.scalars(query.order_by(Verification.id.desc()).limit(1)).first()


def ask_pending(services: Services) -> int:
    """Ask the verifier about open verifications that are due; return how many were decided.

    If the process dies after the answer, the same question is asked again under the same key. Two runs at
    once ask twice; the first answer that is committed holds.
    """
    verifier = services.verifier
    if verifier is None:
        return 0
    now = services.clock.now()
    with reading(services.database) as session:
        due = session.scalars(
            select(Verification)
            .where(
                Verification.result == PENDING,
                Verification.method == verifier.method,
                Verification.due_at <= now,
            )
            .order_by(Verification.due_at, Verification.id)
            .limit(_A_RUN)
        ).all()
    return sum(_ask(services, verifier, (one.class_id, one.enrolment_id, one.id)) for one in due)


def _ask(services: Services, verifier: Verifier, key: tuple[str, str, str]) -> bool:
    class_id, enrolment_id, verification_id = key
    with reading(services.database) as session:
        one = session.get_one(Enrolment, (class_id, enrolment_id))
        person = open_person(services.vault, session.get_one(Person, links.holder(session, one.person_id)))
    question = Question(
        key=verification_id,
        nonce=services.ids.opaque(),
        now=services.clock.now(),
        name=person.name,
        id_kind=person.id_kind,
        id_number=person.id_number,
        phone=person.phone,
    )
    try:
        answer = verifier.verify(question)
    except Exception as error:  # noqa: BLE001  # a host's plug-in may break; the question stays open
        _log.warning("the verifier %s broke: %s", verifier.method, type(error).__name__)
        answer = Answer(PENDING, trouble=type(error).__name__)
    with transaction(services.database) as session:
        row = session.get_one(Verification, key, with_for_update=True)
        if row.result != PENDING:
            if answer.result not in {PENDING, row.result}:
                _log.warning(
                    "the verifier %s contradicts its first answer about %s; the first holds",
                    verifier.method,
                    verification_id,
                )
            return False
        if answer.result == PENDING:
            row.asks += 1
            row.trouble = answer.trouble[:64]
            pause = _FIRST_PAUSE * 2 ** min(row.asks - 1, _DOUBLINGS)
            row.due_at = services.clock.now() + min(pause, _LONGEST_PAUSE)
            return False
        disclose: dict[str, Json] | None = {"reference": answer.reference} if answer.reference else None
        decide(session, services, row, answer.result, disclose=disclose)
        return True
