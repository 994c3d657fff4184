"""Opening an attempt: exactly one may win, however many requests arrive at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence import enrolment_stream, record
from lmscompliance.exams import closing, drawing, forms, gate, proctoring
from lmscompliance.exams.drawing import Drawn
from lmscompliance.exams.facts import attempts_of
from lmscompliance.exams.models import ExamAttempt, ExamPaper, ExamSheet, ExamUnlock
from lmscompliance.identity import consent
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict
from lmscompliance.rules.exam import extra_seconds
from lmscompliance.rules.paper import disclosures
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import verifying
from lmscompliance.training.accommodations import is_accommodated


@dataclass(frozen=True, slots=True)
class Sitter:
    """Who opens an attempt, and from where."""

    account: str
    ip: str
    agent: str


def start(services: Services, *, class_id: str, enrolment_id: str, sitter: Sitter) -> str:
    """Open the next attempt of an enrolment and return its id, once it is durable.

    Raises ``Conflict`` or ``Forbidden`` with the clause as ``gate.refuse`` does: not published, not
    unlocked, one still open, passed already, none left, or a verification of identity that is missing.

    The paper is drawn from a snapshot before the write begins, so that refused requests and the draw hold
    no lock. Then attempts are counted again under the lock of the unlock row; whoever comes second is
    refused there, and the primary key (class, enrolment, number) would refuse it even without.
    """
    closing.close_overdue(services, class_id, enrolment_id)
    with reading(services.database) as session:
        consent.require_learning(session, (class_id, enrolment_id))
        planned = gate.admit(session, class_id, enrolment_id).blueprint
    verifying.require_recent(services, class_id, enrolment_id)
    with reading(services.database) as session:
        before = attempts_of(session, class_id, enrolment_id)
        drawn = drawing.draw(session, planned, before, services.ids.token(24))
    with transaction(services.database) as session:
        lock(session, class_id, enrolment_id)
        # Were another blueprint published meanwhile, the paper would still be by the one it was drawn by.
        entry = replace(gate.admit(session, class_id, enrolment_id), blueprint=planned)
        if len(attempts_of(session, class_id, enrolment_id)) != len(before):
            raise Conflict("exams.started_elsewhere")
        return _open(session, services, entry, drawn, sitter, number=len(before) + 1)


def lock(session: Session, class_id: str, enrolment_id: str) -> None:
    """Let nobody else open or void an attempt of the enrolment until the commit."""
    mine = select(ExamUnlock).where(ExamUnlock.class_id == class_id, ExamUnlock.enrolment_id == enrolment_id)
    session.execute(mine.with_for_update())


def _open(
    session: Session, services: Services, entry: gate.Entry, drawn: Drawn, sitter: Sitter, *, number: int
) -> str:
    now = services.clock.now()
    duration = entry.blueprint.duration_seconds
    extra = extra_seconds(duration, entry.notice) if is_accommodated(session, entry.enrolment_id) else 0
    attempt = ExamAttempt(
        class_id=entry.class_id,
        enrolment_id=entry.enrolment_id,
        number=number,
        id=services.ids.new(),
        blueprint_version=entry.blueprint.version,
        seed=drawn.seed,
        opened_at=now,
        deadline_at=now + timedelta(seconds=duration + extra),
    )
    sheet = ExamSheet(
        class_id=entry.class_id,
        attempt_id=attempt.id,
        enrolment_id=entry.enrolment_id,
        account=sitter.account,
        kinds=forms.kinds_of(drawn.questions),
        deadline_at=attempt.deadline_at + timedelta(seconds=entry.notice.exam.grace_seconds),
        is_open=True,
        seq=0,
        saved_at=None,
        address_blind="",
        answers="{}",
        timeline="",
    )
    paper = ExamPaper(class_id=entry.class_id, attempt_id=attempt.id, questions=jcs.encode(drawn.questions))
    session.add_all([attempt, sheet, paper])
    session.flush()
    photos = proctoring.draw(session, services, attempt, entry.notice.proctor)
    record(
        session,
        services,
        class_id=entry.class_id,
        stream=enrolment_stream(entry.enrolment_id),
        type="attempt.opened",
        at=now,
        body={
            "attempt": attempt.id,
            "number": number,
            "opened_us": to_micros(now),
            "deadline_us": to_micros(attempt.deadline_at),
            "blueprint_version": attempt.blueprint_version,
            "extra_seconds": extra,
        },
        disclose={
            "ip": sitter.ip,
            "agent": sitter.agent,
            "draw": drawn.basis,
            **({"photos": [*photos]} if photos else {}),
            **disclosures(drawn.questions),
        },
    )
    return attempt.id
