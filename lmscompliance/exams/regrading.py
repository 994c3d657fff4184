"""Marking again after a wrong key: who changes is listed first, and each change is a new entry in the log.

A frozen paper is never touched. The correction (``ExamRekey``) and what it does to each closed attempt
(``ExamRegrade``) are rows that are only added; an attempt that is still open is marked again as it closes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance.evidence import enrolment_stream, record
from lmscompliance.exams import forms, locking
from lmscompliance.exams.models import ExamAttempt, ExamPaper, ExamRegrade, ExamRekey, ExamSheet
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.jcs import Json
from lmscompliance.questions import rekeying
from lmscompliance.questions.rekeying import Corrected
from lmscompliance.rules.exam import passes
from lmscompliance.rules.marking import Item, mark, plain
from lmscompliance.rules.rekey import BrokenPaper, shown_key
from lmscompliance.services import Services
from lmscompliance.storage.transaction import after_commit, reading, transaction
from lmscompliance.training import queries as training

REGRADED = "exams.attempt_regraded"
"""Event sent after the commit with ``class_id/enrolment_id``."""
_CORRECTIONS = select(ExamRekey.id, ExamRekey.question_id).order_by(ExamRekey.id)
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
    that will be marked by the new key as they close.
    """

    question: Corrected
    done: bool
    changed: tuple[Changed, ...]
    unchanged: int
    still_open: int

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


def _walk(session: Session, services: Services, correction: Corrected, entry: ExamRekey | None) -> Remarking:
    """Go through every attempt that drew the question; without an ``entry`` nothing is written."""
    changed: list[Changed] = []
    unchanged = still_open = 0
    codes: dict[str, str] = {}
    for attempt in _drawn(session, correction):
        if attempt.submitted_at is None or attempt.score is None or attempt.passed is None:
            still_open += 1
            continue
        before = (attempt.score, attempt.passed)
        outcome = _outcome(session, attempt, correction.id, correction.version, _content(correction))
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
            _write(session, services, attempt, entry, outcome)
    order = sorted(changed, key=lambda one: (one.code, one.ordinal, one.number))
    return Remarking(correction, entry is not None, tuple(order), unchanged, still_open)


def _drawn(session: Session, correction: Corrected) -> Iterator[ExamAttempt]:
    """Yield the attempts whose frozen paper has the question, row by row through all papers."""
    needle = correction.id.encode()
    papers = session.execute(
        select(ExamPaper.class_id, ExamPaper.attempt_id, ExamPaper.questions).order_by(
            ExamPaper.class_id, ExamPaper.attempt_id
        ),
        execution_options={"yield_per": _AT_ONCE},
    )
    holding = [(class_id, attempt_id) for class_id, attempt_id, paper in papers if needle in paper]
    for class_id, attempt_id in holding:
        frozen = corrected_paper(session, class_id, attempt_id)
        if _place(frozen, correction.id, correction.version) is not None:
            yield session.scalars(
                select(ExamAttempt).where(ExamAttempt.class_id == class_id, ExamAttempt.id == attempt_id)
            ).one()


@dataclass(frozen=True, slots=True)
class _Outcome:
    item: int
    key: list[Json]
    score: Decimal
    passed: bool


def _outcome(
    session: Session, attempt: ExamAttempt, question: str, version: int, content: Mapping[str, Json]
) -> _Outcome | None:
    """Mark an attempt by the corrected key; ``None`` when its paper has that key already."""
    paper = corrected_paper(session, attempt.class_id, attempt.id)
    place = _place(paper, question, version)
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
    marked = mark([Item.from_json(question) for question in paper], listed, notice.exam)
    return _Outcome(place + 1, key, marked.score, passes(marked.score, notice))


def _apply(session: Session, services: Services, attempt: ExamAttempt, entry: ExamRekey) -> bool:
    content = jcs.decode(entry.correct)
    if not isinstance(content, dict):
        return False
    outcome = _outcome(session, attempt, entry.question_id, entry.version, content)
    if outcome is not None:
        _write(session, services, attempt, entry, outcome)
    return outcome is not None


def _write(
    session: Session, services: Services, attempt: ExamAttempt, entry: ExamRekey, outcome: _Outcome
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
    record(
        session,
        services,
        class_id=attempt.class_id,
        stream=enrolment_stream(attempt.enrolment_id),
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


def _place(paper: Sequence[Mapping[str, Json]], question: str, version: int) -> int | None:
    places = (
        place
        for place, item in enumerate(paper)
        if item["question"] == question and item["version"] == version
    )
    return next(places, None)


def _content(correction: Corrected) -> dict[str, Json]:
    return {"kind": correction.kind, "options": list(correction.options), "key": correction.key}
