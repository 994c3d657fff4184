"""Marking one attempt again after a wrong key: a new row and a new entry in the log beside the first mark.

A frozen paper is never touched: what a correction (``ExamRekey``) does to an attempt (``ExamRegrade``) is
only added. ``remarking`` goes through all closed attempts; an open one is marked again as it closes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance.evidence import record_for
from lmscompliance.exams import essays, forms, locking
from lmscompliance.exams.models import ExamAttempt, ExamPaper, ExamRegrade, ExamRekey, ExamSheet
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.exam import passes
from lmscompliance.rules.marking import Item, mark, plain
from lmscompliance.rules.rekey import BrokenPaper, shown_key
from lmscompliance.services import Services
from lmscompliance.storage.transaction import after_commit
from lmscompliance.training import queries as training

REGRADED = "exams.attempt_regraded"
"""Event sent after the commit with ``class_id/enrolment_id``."""
_CORRECTIONS = select(ExamRekey.id, ExamRekey.question_id).order_by(ExamRekey.id)


def follow(
    session: Session, services: Services, attempt: ExamAttempt, paper: Sequence[Mapping[str, Json]]
) -> bool:
    """Apply what was corrected while ``attempt`` was open, right after it was graded; say whether it did."""
    drawn = {question["question"] for question in paper}
    # Corrections are few and papers come in by the thousand: naming each paper's questions would cost more.
    wrong = [row.id for row in session.connection().execute(_CORRECTIONS) if row.question_id in drawn]
    entries = [session.get_one(ExamRekey, id_) for id_ in wrong]
    return any([_apply(session, services, attempt, entry) for entry in entries])  # noqa: C419  # all of them


def corrected_paper(session: Session, class_id: str, attempt_id: str) -> list[dict[str, Json]]:
    """Return the questions of an attempt with the keys that hold now."""
    stored = jcs.decode(session.get_one(ExamPaper, (class_id, attempt_id)).questions)
    paper = [dict(one) for one in stored if isinstance(one, dict)] if isinstance(stored, list) else []
    for row in _regrades(session, class_id, attempt_id):
        paper[row.item - 1]["key"] = jcs.decode(row.key)
    return paper


def history(session: Session, class_id: str, attempt_id: str) -> list[tuple[ExamRegrade, ExamRekey]]:
    """Return each re-marking of an attempt with the correction it came from, in order."""
    rows = session.execute(
        select(ExamRegrade, ExamRekey)
        .join(ExamRekey, ExamRekey.id == ExamRegrade.rekey_id)
        .where(ExamRegrade.class_id == class_id, ExamRegrade.attempt_id == attempt_id)
        .order_by(ExamRegrade.n)
    )
    return [(regrade, rekey) for regrade, rekey in rows]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a corrected key makes of an attempt; ``item`` is the question's number, ``key`` as shown there."""

    item: int
    key: list[Json]
    score: Decimal
    passed: bool


def outcome_of(
    session: Session, attempt: ExamAttempt, question: str, version: int, content: Mapping[str, Json]
) -> Outcome | None:
    """Mark an attempt by the corrected key; ``None`` when its paper has that key already."""
    paper = corrected_paper(session, attempt.class_id, attempt.id)
    place = place_of(paper, question, version)
    if place is None:
        return None
    try:
        key = shown_key(paper[place], content)
    except BrokenPaper as error:
        raise InvalidInput("exams.remark_other_options", attempt=attempt.id, text=error.text) from error
    if paper[place]["key"] == key:
        return None
    paper[place]["key"] = key
    notice = training.class_notice(session, attempt.class_id)
    sheet = session.get_one(ExamSheet, (attempt.class_id, attempt.id))
    answers = jcs.decode(sheet.answers.encode())
    listed = forms.as_list(len(paper), answers if isinstance(answers, dict) else {})
    given = essays.given(session, attempt.class_id, attempt.id)
    marked = mark([Item.from_json(question) for question in paper], listed, notice.exam, given)
    return Outcome(place + 1, key, marked.score, passes(marked.score, notice))


def _apply(session: Session, services: Services, attempt: ExamAttempt, entry: ExamRekey) -> bool:
    content = jcs.decode(entry.correct)
    if not isinstance(content, dict):
        return False
    outcome = outcome_of(session, attempt, entry.question_id, entry.version, content)
    if outcome is not None:
        write(session, services, attempt, entry, outcome)
    return outcome is not None


def write(
    session: Session, services: Services, attempt: ExamAttempt, entry: ExamRekey, outcome: Outcome
) -> None:
    """Record one attempt's re-marking, in the transaction of the correction or of the closing."""
    now = services.clock.now()
    before, passed_before = attempt.score or Decimal(0), bool(attempt.passed)
    count = select(func.count()).where(
        ExamRegrade.class_id == attempt.class_id, ExamRegrade.attempt_id == attempt.id
    )
    session.add(
        ExamRegrade(
            class_id=attempt.class_id,
            attempt_id=attempt.id,
            n=session.execute(count).scalar_one() + 1,
            rekey_id=entry.id,
            item=outcome.item,
            key=jcs.encode(outcome.key),
            score_before=before,
            score=outcome.score,
            passed_before=passed_before,
            passed=outcome.passed,
            at=now,
        )
    )
    attempt.score, attempt.passed = outcome.score, outcome.passed
    record_for(
        session,
        services,
        attempt,
        type="attempt.regraded",
        at=now,
        body={
            "attempt": attempt.id,
            "regraded_us": to_micros(now),
            "item": outcome.item,
            "question": entry.question_id,
            "version": entry.version,
            "key_version": entry.key_version,
            "score_before": plain(before),
            "score": plain(outcome.score),
            "passed_before": passed_before,
            "passed": outcome.passed,
        },
        disclose={"key": outcome.key, "by": entry.by, "why": entry.why},
    )
    notice = training.class_notice(session, attempt.class_id)
    locking.settle(session, services, attempt, notice)
    subject = f"{attempt.class_id}/{attempt.enrolment_id}"
    after_commit(session, lambda: services.events.send(REGRADED, subject))


def _regrades(session: Session, class_id: str, attempt_id: str) -> Sequence[ExamRegrade]:
    wanted = select(ExamRegrade).where(ExamRegrade.class_id == class_id, ExamRegrade.attempt_id == attempt_id)
    return session.scalars(wanted.order_by(ExamRegrade.n)).all()


def place_of(paper: Sequence[Mapping[str, Json]], question: str, version: int) -> int | None:
    """Return where on a paper a version of a question stands, from 0; ``None`` where it does not."""
    places = (
        place
        for place, item in enumerate(paper)
        if item["question"] == question and item["version"] == version
    )
    return next(places, None)
