"""Puts the facts of the rooms below before ``rules``; decides nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy.orm import Session

from lmscompliance.attendance.facts import attendance_facts, confirmed
from lmscompliance.attendance.live import class_facts
from lmscompliance.exams.service import attempt_facts, unlocked_at
from lmscompliance.learning.service import presence_facts, session_facts
from lmscompliance.policy import Notice
from lmscompliance.quizzes.facts import quiz_settings, quiz_tries
from lmscompliance.records.service import reported as reported_sessions
from lmscompliance.rules import attendance as rules
from lmscompliance.rules import credit, quizzes, reported
from lmscompliance.rules.account import Account
from lmscompliance.rules.attendance import Attendance, taught_online
from lmscompliance.rules.completion import TrainingVerdict, training_verdict
from lmscompliance.rules.eligibility import eligibility
from lmscompliance.rules.exam import ExamVerdict, exam_gate, exam_verdict
from lmscompliance.rules.facts import (
    AttemptFact,
    AttendanceFacts,
    ClassFact,
    LessonFact,
    PresenceFact,
    SessionFact,
)
from lmscompliance.rules.identity import IdentityFact, unverified
from lmscompliance.rules.merging import MergeFact, merged_voids
from lmscompliance.rules.presence import voids
from lmscompliance.rules.quizzes import QuizSetting, QuizTry
from lmscompliance.rules.verdict import Verdict
from lmscompliance.training import queries
from lmscompliance.training.verifying import identity_facts

_AT_ONCE = 100
"""Enrolments whose beats stand in memory together."""


@dataclass(frozen=True, slots=True)
class Course:
    """What all trainees of a class are judged by."""

    fact: ClassFact
    lessons: tuple[LessonFact, ...]
    notice: Notice
    confirmed: frozenset[str] = frozenset()
    """Offline lessons whose attendance the teacher confirmed."""
    quizzes: tuple[QuizSetting, ...] = ()
    """Every version of every lesson's quiz."""


@dataclass(frozen=True, slots=True)
class TraineeStatus:
    """Everything the rules say about one enrolment as of now.

    ``gate`` is whether an exam attempt may start by the training as judged here; whether it has been
    unlocked is for the exams room to say. Sessions that still run are in ``account`` as far as they got.
    """

    enrolment_id: str
    course: Course
    sessions: tuple[SessionFact, ...]
    attempts: tuple[AttemptFact, ...]
    account: Account
    attended: AttendanceFacts
    attendance: Attendance
    training: TrainingVerdict
    exam: ExamVerdict
    gate: Verdict
    eligibility: Verdict
    checks: tuple[PresenceFact, ...] = ()
    identity: tuple[IdentityFact, ...] = ()
    merges: tuple[MergeFact, ...] = ()
    quizzes: tuple[QuizTry, ...] = ()
    elsewhere: tuple[reported.Reported, ...] = ()
    """Sessions that other systems reported; never part of ``account``."""
    elsewhere_counted: Mapping[str, int] = field(default_factory=dict)
    """Seconds that count of each of them, by its record."""

    @property
    def decided_checks(self) -> int:
        """How many presence checks were answered or missed, and quizzes handed in."""
        decided = sum(one.decided_us is not None for one in self.checks)
        return decided + sum(one.handed_in_us is not None for one in self.quizzes)

    @property
    def seen(self) -> int:
        """How many facts this has seen.

        Segments of closed sessions (one may still get more), corrections, signs, entries, confirmed lists,
        versions of quizzes, facts about the identity, unions of records, and sessions that were reported.
        """
        segments = sum(len(one.segments) for one in self.sessions if one.closed_us is not None)
        corrections = sum(len(one.corrections) for one in self.sessions)
        signed = len(self.attended.signs) + len(self.attended.marks)
        known = len(self.identity) + len(self.merges) + len(self.elsewhere)
        lists = len(self.course.confirmed) + len(self.course.quizzes)
        return segments + corrections + signed + lists + known


def course_of(session: Session, class_id: str) -> Course:
    """Return what trainees of the class are judged by; raises ``NotFound``."""
    fact, lessons = class_facts(session, class_id)
    notice = queries.class_notice(session, class_id)
    return Course(
        fact, tuple(lessons), notice, confirmed(session, class_id), quiz_settings(session, class_id)
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one enrolment."""

    sessions: Sequence[SessionFact]
    checks: Sequence[PresenceFact]
    attempts: Sequence[AttemptFact]
    elsewhere: Sequence[reported.Reported]
    unlocked_us: int | None
    attended: AttendanceFacts
    identity: Sequence[IdentityFact]
    merges: Sequence[MergeFact]
    quizzes: Sequence[QuizTry]


def judge(session: Session, course: Course, enrolment_ids: Iterable[str]) -> Iterator[TraineeStatus]:
    """Judge each enrolment, in the order given, holding the beats of a few of them at a time."""
    for enrolment_id, facts in read_facts(session, course, enrolment_ids):
        yield _judged(course, enrolment_id, facts)


def read_facts(session: Session, course: Course, enrolment_ids: Iterable[str]) -> Iterator[tuple[str, Facts]]:
    """Return all that is known of each enrolment, in the order given, a few of them read at a time."""
    for some in _batches(enrolment_ids):
        sessions = session_facts(session, course.fact.id, some)
        checks = presence_facts(session, some)
        unlocked = unlocked_at(session, course.fact.id, some)
        attempts = attempt_facts(session, course.fact.id, some)
        elsewhere = reported_sessions(session, course.fact.id, some)
        people = identity_facts(session, course.fact.id, some)
        united = queries.merge_facts(session, course.fact.id, some)
        taken = quiz_tries(session, some)
        attended = attendance_facts(session, course.fact.id, some)
        for enrolment_id in some:
            yield (
                enrolment_id,
                Facts(
                    sessions[enrolment_id],
                    checks[enrolment_id],
                    attempts[enrolment_id],
                    elsewhere[enrolment_id],
                    unlocked.get(enrolment_id),
                    attended[enrolment_id],
                    people[enrolment_id],
                    united[enrolment_id],
                    taken[enrolment_id],
                ),
            )


def _judged(course: Course, enrolment_id: str, facts: Facts) -> TraineeStatus:
    notice = course.notice
    taken = voids(facts.checks, notice.presence, unlocked_us=facts.unlocked_us)
    held = quizzes.held_since(course.quizzes, facts.quizzes, notice.quiz)
    taken += quizzes.waiting(facts.sessions, held)
    against = unverified(facts.identity, notice.identity) + merged_voids(facts.merges)
    came = rules.attended(course.lessons, facts.attended, course.confirmed, notice.attendance)
    account = credit.account(
        facts.sessions,
        taught_online(course.lessons),
        notice.credit,
        course.fact,
        taken + against,
        stays=rules.stays(came, notice, course.fact, against),
    )
    counted = reported.credited(facts.elsewhere, account, course.lessons, notice, course.fact, held=held)
    counting = reported.with_reported(account, facts.elsewhere, counted)
    attendance = rules.credited(came, account)
    training = training_verdict(course.fact, course.lessons, counting, notice, attendance)
    exam = exam_verdict(facts.attempts, notice)
    return TraineeStatus(
        enrolment_id=enrolment_id,
        course=course,
        sessions=tuple(facts.sessions),
        attempts=tuple(facts.attempts),
        account=account,
        attended=facts.attended,
        attendance=attendance,
        training=training,
        exam=exam,
        gate=exam_gate(facts.attempts, training.met, notice),
        eligibility=eligibility(training, exam, notice),
        checks=tuple(facts.checks),
        identity=tuple(facts.identity),
        merges=tuple(facts.merges),
        quizzes=tuple(facts.quizzes),
        elsewhere=tuple(facts.elsewhere),
        elsewhere_counted=counted,
    )


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(ids)
    while some := list(islice(remaining, _AT_ONCE)):
        yield some
