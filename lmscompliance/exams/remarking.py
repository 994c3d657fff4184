"""Marking all papers again after a wrong key: who changes is listed first, then it is done at one stroke."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.exams import regrading, sheets
from lmscompliance.exams.models import ExamAttempt, ExamPaper, ExamRekey
from lmscompliance.kernel import jcs
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.jcs import Json
from lmscompliance.questions import rekeying
from lmscompliance.questions.rekeying import Corrected
from lmscompliance.rules.marking import plain
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries as training

_AT_ONCE = 200
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Changed:
    """What a re-marking does to one closed attempt. ``ordinal`` is the trainee's number in the class."""

    class_id: str
    code: str
    ordinal: int
    enrolment_id: str
    attempt: str
    number: int
    score_before: Decimal
    score: Decimal
    passed_before: bool
    passed: bool

    @property
    def turns(self) -> str:
        """``passes``, ``fails`` or nothing when only the score changes."""
        if self.passed is self.passed_before:
            return ""
        return "passes" if self.passed else "fails"

    def to_json(self) -> dict[str, Json]:
        """Return the change for a report; it names nobody."""
        return {
            "class": self.code,
            "ordinal": self.ordinal,
            "attempt": self.attempt,
            "number": self.number,
            "score_before": plain(self.score_before),
            "score": plain(self.score),
            "passed_before": self.passed_before,
            "passed": self.passed,
        }


@dataclass(frozen=True, slots=True)
class Remarking:
    """A re-marking, done or tried: the corrected question and every attempt that had it.

    ``changed`` are the attempts whose score changes, ``unchanged`` counts the others, ``still_open`` those
    that will be marked by the new key as they close, ``voided`` those that count for nothing and stay as
    they are.
    """

    question: Corrected
    done: bool
    changed: tuple[Changed, ...]
    unchanged: int
    still_open: int
    voided: int

    def turning(self, turn: str) -> list[Changed]:
        """Return the attempts that turn: ``passes`` or ``fails``."""
        return [one for one in self.changed if one.turns == turn]

    def to_json(self) -> dict[str, Json]:
        """Return the report."""
        return {
            "question": self.question.id,
            "version": self.question.version,
            "key_version": self.question.key_version,
            "old_key": self.question.old_key,
            "key": self.question.key,
            "done": self.done,
            "changed": [one.to_json() for one in self.changed],
            "to_pass": len(self.turning("passes")),
            "to_fail": len(self.turning("fails")),
            "unchanged": self.unchanged,
            "still_open": self.still_open,
            "voided": self.voided,
        }


def try_remark(services: Services, *, question_id: str, key: str, version: int | None = None) -> Remarking:
    """Return what ``remark`` would do, changing nothing; raises as it does."""
    with reading(services.database) as session:
        correction = rekeying.corrected(session, question_id, key, version)
        return _walk(session, services, correction, None)


def remark(
    services: Services, *, question_id: str, key: str, by: str, why: str, version: int | None = None
) -> Remarking:
    """Correct a question's key and mark every attempt again that had that version of it.

    One transaction: bank, attempts, locks and evidence change together or not at all. Repeating it is
    refused (the key is as it should be already), or changes no score. Raises ``InvalidInput`` without
    ``by`` and ``why`` or for an unreadable key, ``NotFound``, ``Conflict`` when nothing would change.
    """
    if not by.strip() or not why.strip():
        raise InvalidInput("exams.remark_unsigned")
    if len(why) > _LONGEST_REASON:
        raise InvalidInput("exams.remark_reason_long", limit=_LONGEST_REASON)
    with transaction(services.database) as session:
        correction = rekeying.corrected(session, question_id, key, version, lock=True)
        entry = ExamRekey(
            id=services.ids.new(),
            question_id=question_id,
            version=correction.version,
            key_version=correction.key_version,
            correct=jcs.encode(_content(correction)),
            by=by.strip(),
            why=why.strip(),
            at=services.clock.now(),
        )
        session.add(entry)
        rekeying.rekey(session, services, correction)
        session.flush()
        return _walk(session, services, correction, entry)


def _walk(session: Session, services: Services, correction: Corrected, entry: ExamRekey | None) -> Remarking:
    """Go through every attempt that drew the question; without an ``entry`` nothing is written."""
    changed: list[Changed] = []
    unchanged = still_open = voided = 0
    codes: dict[str, str] = {}
    for attempt in _drawn(session, correction, lock=entry is not None):
        if attempt.voided_at is not None:
            voided += 1
            continue
        if attempt.submitted_at is None or attempt.score is None or attempt.passed is None:
            still_open += 1
            continue
        before = (attempt.score, attempt.passed)
        outcome = regrading.outcome_of(
            session, attempt, correction.id, correction.version, _content(correction)
        )
        if outcome is None or outcome.score == before[0]:
            unchanged += 1
        else:
            code = codes.setdefault(attempt.class_id, training.class_by_id(session, attempt.class_id).code)
            ordinal = training.enrolment(session, attempt.class_id, attempt.enrolment_id).ordinal
            changed.append(
                Changed(
                    attempt.class_id,
                    code,
                    ordinal,
                    attempt.enrolment_id,
                    attempt.id,
                    attempt.number,
                    before[0],
                    outcome.score,
                    before[1],
                    outcome.passed,
                )
            )
        if entry is not None and outcome is not None:
            regrading.write(session, services, attempt, entry, outcome)
    order = sorted(changed, key=lambda one: (one.code, one.ordinal, one.number))
    return Remarking(correction, entry is not None, tuple(order), unchanged, still_open, voided)


def _drawn(session: Session, correction: Corrected, *, lock: bool) -> list[ExamAttempt]:
    """Return the attempts whose frozen paper has the question, found row by row through all papers.

    With ``lock`` none of them closes or is voided before the commit: whoever closes one later finds the
    correction. Their sheets are locked before anything is written, in the order in which others lock.
    """
    needle = correction.id.encode()
    papers = session.execute(
        select(ExamPaper.class_id, ExamPaper.attempt_id, ExamPaper.questions).order_by(ExamPaper.attempt_id),
        execution_options={"yield_per": _AT_ONCE},
    )
    holding = [
        (class_id, attempt_id)
        for class_id, attempt_id, paper in papers
        if needle in paper
        and regrading.place_of(json.loads(paper), correction.id, correction.version) is not None
    ]
    if lock:
        for _, attempt_id in holding:
            sheets.find(session, attempt_id, lock=True)
    return [
        session.scalars(
            select(ExamAttempt).where(ExamAttempt.class_id == class_id, ExamAttempt.id == attempt_id)
        ).one()
        for class_id, attempt_id in holding
    ]


def _content(correction: Corrected) -> dict[str, Json]:
    return {"kind": correction.kind, "options": list(correction.options), "key": correction.key}
