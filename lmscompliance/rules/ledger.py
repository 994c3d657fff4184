"""The learning ledger (学习台账): cover and sheets ①–⑩, every cell derived from leaf, disclosure and policy.

The product builds the workbook from its evidence log, the verifier from a bundle, both with this code, so a
cell that differs was edited. One pass over the class, one trainee in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, tee

from lmscompliance.policy import Notice
from lmscompliance.rules import quizzes, reported
from lmscompliance.rules.account import Account
from lmscompliance.rules.attendance import Attendance, attended, credited, stays, taught_online
from lmscompliance.rules.certificates import CertificateRecord
from lmscompliance.rules.completion import TrainingVerdict, training_verdict
from lmscompliance.rules.credit import account
from lmscompliance.rules.eligibility import eligibility
from lmscompliance.rules.exam import ExamVerdict, exam_verdict
from lmscompliance.rules.facts import AttendanceFacts, SessionFact
from lmscompliance.rules.identity import unverified
from lmscompliance.rules.ledger_attendance import AttendanceDetail, SignInSheet
from lmscompliance.rules.ledger_class import read_class
from lmscompliance.rules.ledger_context import Context, DataFile, Judged, Provenance
from lmscompliance.rules.ledger_cover import Cover
from lmscompliance.rules.ledger_exam import Content, Results
from lmscompliance.rules.ledger_facts import ClassRecord, Record, TraineeRecord
from lmscompliance.rules.ledger_filing import Application, Commitment, Plan
from lmscompliance.rules.ledger_learning import Detail, Summary
from lmscompliance.rules.ledger_live import LiveLessons
from lmscompliance.rules.ledger_masked import masked
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_proofs import Proofs
from lmscompliance.rules.ledger_quizzes import Quizzes
from lmscompliance.rules.ledger_register import Register
from lmscompliance.rules.ledger_reported import Imported
from lmscompliance.rules.ledger_steps import Steps
from lmscompliance.rules.ledger_subsidy import ClaimRoster, ClaimSteps, ClaimSummary
from lmscompliance.rules.ledger_table import Row, Workbook
from lmscompliance.rules.ledger_trainee import read_trainees
from lmscompliance.rules.live import held
from lmscompliance.rules.merging import merged_voids
from lmscompliance.rules.presence import voids
from lmscompliance.tlog.leaf import Leaf

__all__ = ["EDITION", "DataFile", "Judged", "Observer", "Provenance", "Record", "build"]

EDITION = 1
"""Which edition of sheets and words this is; recorded with each export, so that old ledgers are recomputed
by the edition they were made with."""

PARTS: tuple[type[Part], ...] = (
    Cover,
    Register,
    Detail,
    Summary,
    Content,
    Results,
    Proofs,
    ClaimSummary,
    ClaimRoster,
    Application,
    Commitment,
    Plan,
    SignInSheet,
    AttendanceDetail,
    LiveLessons,
    Steps,
    Imported,
    ClaimSteps,
    Quizzes,
)
"""The sheets in their order; one that does not apply to a class is left out."""


def _nothing(_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Observer:
    """Told what is met on the way: leaf types nobody knows, and each trainee with every verdict."""

    unknown: Callable[[Leaf], None] = _nothing
    trainee: Callable[[Judged], None] = _nothing


def build(
    records: Iterable[Record],
    notice: Notice,
    provenance: Callable[[ClassRecord], Provenance],
    observer: Observer | None = None,
    *,
    public: bool = False,
) -> Workbook:
    """Return the ledger of the class whose ``records`` come in the bundle's order.

    A ``public`` one is masked (``ledger_masked``); its verdicts are those of the whole one. The class's own
    stream is read at once, the trainees while the rows are consumed. Raises ``BadFact`` or ``ValueError``,
    now or then, when a leaf does not say what it must or the policy is not the class's.
    """
    told = observer or Observer()
    class_part, trainee_part = _split(records)
    own = list(class_part)
    found = read_class(own, told.unknown)
    if notice.digest != found.fact.policy_digest:
        filed = found.fact.policy_digest
        msg = f"class {found.fact.code} was filed under policy digest {filed}, not {notice.digest}"
        raise ValueError(msg)
    found.lessons = tuple(held(found.lessons, found.shows, notice.delivery))
    shown = read_class(map(masked, own), _nothing) if public else found
    shown.lessons = found.lessons
    context = Context(shown, notice, provenance(found), public=public)
    whole, copy = tee(trainee_part) if public else (trainee_part, iter(()))
    trainees: Iterator[Judged] = (
        judge(one, found, notice) for one in read_trainees(whole, found, told.unknown)
    )
    if public:
        trainees = map(_masked, trainees, read_trainees(map(masked, copy), shown, _nothing))
    parts = [part for part in (kind(context) for kind in PARTS) if part.applies()]
    title = f"学习台账 {found.fact.code}" + ("（公示用）" if public else "")
    return Workbook(title, tuple(part.frame() for part in parts), _rows(parts, trainees, told))


def _masked(judged: Judged, shown: TraineeRecord) -> Judged:
    """Return the verdicts on a trainee beside what a public list may show of them."""
    return replace(judged, trainee=shown)


def judge(trainee: TraineeRecord, found: ClassRecord, notice: Notice) -> Judged:
    """Return ``trainee`` with every verdict on them."""
    sessions = [session.fact for session in trainee.sessions.values()]
    accounted, counted, attendance, training = _trained(trainee, sessions, found, notice)
    exam = exam_verdict([attempt.fact for attempt in trainee.attempts.values()], notice)
    complete = training.met or _complete_at_unlock(trainee, sessions, found, notice)
    eligible = eligibility(training, exam, notice)
    return Judged(trainee, accounted, attendance, training, exam, eligible, counted, complete)


def judge_issued(
    one: CertificateRecord, found: ClassRecord, notice: Notice
) -> tuple[TrainingVerdict, ExamVerdict]:
    """Return what training and exam came to when a certificate was issued."""
    basis = one.basis
    training = _trained(basis.trainee, basis.sessions, found, notice, by_us=one.issued_us)[-1]
    return training, exam_verdict(basis.attempts, notice)


def _trained(
    trainee: TraineeRecord,
    sessions: Sequence[SessionFact],
    found: ClassRecord,
    notice: Notice,
    *,
    by_us: int | None = None,
) -> tuple[Account, Mapping[str, int], Attendance, TrainingVerdict]:
    taken = voids(trainee.checks.values(), notice.presence, unlocked_us=trainee.unlocked_us)
    tries = [one.fact for one in trainee.quizzes.values()]
    waits = quizzes.held_since([one.setting for one in found.quizzes], tries, notice.quiz, by_us=by_us)
    taken += quizzes.waiting(sessions, waits)
    against = unverified(trainee.identity, notice.identity, by_us=by_us)
    against += merged_voids(trainee.merges, by_us=by_us)
    came = attended(
        found.lessons,
        AttendanceFacts(
            tuple(one for one in trainee.signs if by_us is None or one.at_us <= by_us),
            tuple(one for one in trainee.marks if by_us is None or one.marked_us <= by_us),
        ),
        {lesson for lesson, (at_us, _) in found.confirmed.items() if by_us is None or at_us <= by_us},
        notice.attendance,
    )
    accounted = account(
        sessions,
        taught_online(found.lessons),
        notice.credit,
        found.fact,
        taken + against,
        stays=stays(came, notice, found.fact, against),
    )
    elsewhere = [one.fact for one in trainee.reported]
    counted = reported.credited(elsewhere, accounted, found.lessons, notice, found.fact, held=waits)
    counting = reported.with_reported(accounted, elsewhere, counted)
    attendance = credited(came, accounted)
    training = training_verdict(found.fact, found.lessons, counting, notice, attendance)
    return accounted, counted, attendance, training


def _complete_at_unlock(
    trainee: TraineeRecord, sessions: Sequence[SessionFact], found: ClassRecord, notice: Notice
) -> bool:
    """Tell whether the training was complete by the corrections there were when the exam was unlocked."""
    unlocked_us = trainee.unlocked_us
    changed = [one.at_us for one in trainee.identity] + [one.at_us for one in trainee.merges]
    changed += [*(one.fact.at_us for one in trainee.corrections), *(one.marked_us for one in trainee.marks)]
    changed += [at_us for at_us, _ in found.confirmed.values()]
    changed += [one.setting.at_us for one in found.quizzes]
    if unlocked_us is None or all(at_us <= unlocked_us for at_us in changed):
        return False
    as_it_was = [
        replace(one, corrections=tuple(each for each in one.corrections if each.at_us <= unlocked_us))
        for one in sessions
    ]
    return _trained(trainee, as_it_was, found, notice, by_us=unlocked_us)[-1].met


def _rows(parts: Sequence[Part], trainees: Iterator[Judged], told: Observer) -> Iterator[tuple[int, Row]]:
    for number, part in enumerate(parts):
        yield from _on(number, part.opening())
    for judged in trainees:
        told.trainee(judged)
        for number, part in enumerate(parts):
            yield from _on(number, part.rows(judged))
    for number, part in enumerate(parts):
        yield from _on(number, part.closing())


def _on(sheet: int, rows: Iterator[Row]) -> Iterator[tuple[int, Row]]:
    return ((sheet, row) for row in rows)


def _split(records: Iterable[Record]) -> tuple[Iterator[Record], Iterator[Record]]:
    """Return the class's own records and, once those are used up, the others."""
    source = iter(records)
    first_other: list[Record] = []

    def own() -> Iterator[Record]:
        for record in source:
            if not record.leaf.stream.startswith("class/"):
                first_other.append(record)
                return
            yield record

    def others() -> Iterator[Record]:
        yield from chain(first_other, source)

    return own(), others()
