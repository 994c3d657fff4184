"""What a trainee sees of a lesson's quiz: how it stands, the open paper, the last one's result."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import from_micros, to_micros
from lmscompliance.kernel.jcs import Json
from lmscompliance.policy import Notice
from lmscompliance.questions import shown
from lmscompliance.quizzes import setting, taking
from lmscompliance.quizzes.facts import quiz_settings, quiz_tries
from lmscompliance.quizzes.models import TakenQuiz
from lmscompliance.rules.marking import ItemMark
from lmscompliance.rules.paper import shown as shown_question
from lmscompliance.rules.quizzes import NONE, QuizTry, held_since, not_before_us
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.own_lessons import own_lesson


@dataclass(frozen=True, slots=True)
class Standing:
    """How a trainee stands with a lesson's quiz.

    ``releases`` says that it decides over the lesson's time, ``passed`` that it (a practice quiz: any try)
    is passed, ``waits`` that time may wait for it, which includes an older quiz that holds no more.
    """

    releases: bool
    passed: bool
    waits: bool
    questions: int
    tries: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A question of a quiz that was handed in, with what it earned; ``key`` only where it may be shown."""

    no: int
    question: Mapping[str, Json]
    answer: Json
    mark: ItemMark
    told: bool


@dataclass(frozen=True, slots=True)
class OpenQuiz:
    """A quiz that is being taken."""

    id: str
    number: int
    questions: Sequence[Mapping[str, Json]]
    pictures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DoneQuiz:
    """The quiz that was handed in last."""

    number: int
    submitted_at: datetime
    score: Decimal
    full: Decimal
    passed: bool
    review: Sequence[Reviewed]
    pictures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class QuizPage:
    """The page of a lesson's quiz; ``not_before`` is when the next one may be begun, if not at once."""

    class_id: str
    lesson_id: str
    ordinal: int
    title: str
    notice: Notice
    standing: Standing | None
    current: OpenQuiz | None
    last: DoneQuiz | None
    not_before: datetime | None


def page(services: Services, actor: Actor, lesson_id: str) -> QuizPage:
    """Return the actor's page of a lesson's quiz; raises ``NotFound`` for a foreign lesson."""
    with reading(services.database) as session:
        lesson, enrolment = own_lesson(session, actor, lesson_id)
        notice = queries.class_notice(session, lesson.class_id)
        rows = taking.taken(session, enrolment.id, lesson.id)
        tries = _tries(session, enrolment.id, lesson.id)
        stands = standing(session, lesson.class_id, enrolment.id, lesson.id)
        done = [one for one in rows if one.submitted_at is not None]
        being = rows[-1] if rows and rows[-1].submitted_at is None else None
        free_us = None
        if being is None:
            free_us = not_before_us(tries, notice.quiz, to_micros(services.clock.now()))
        return QuizPage(
            lesson.class_id,
            lesson.id,
            lesson.ordinal,
            lesson.title,
            notice,
            stands,
            None if being is None else _open(session, services, being),
            _done(session, services, done[-1], notice, stands) if done else None,
            None if free_us is None else from_micros(free_us),
        )


def standing(session: Session, class_id: str, enrolment_id: str, lesson_id: str) -> Standing | None:
    """Return how an enrolment stands with a lesson's quiz; ``None`` for a lesson without one."""
    quiz = setting.current(session, class_id, lesson_id)
    if quiz is None or quiz.use == NONE:
        return None
    notice = queries.class_notice(session, class_id)
    tries = _tries(session, enrolment_id, lesson_id)
    settings = [one for one in quiz_settings(session, class_id) if one.lesson == lesson_id]
    waits = lesson_id in held_since(settings, tries, notice.quiz)
    releases = setting.deciding(quiz, notice)
    return Standing(
        releases=releases,
        passed=not waits if releases else any(one.passed for one in tries),
        waits=waits,
        questions=setting.blueprint_of(quiz).count,
        tries=len(tries),
        is_open=any(one.handed_in_us is None for one in tries),
    )


def _tries(session: Session, enrolment_id: str, lesson_id: str) -> list[QuizTry]:
    return [one for one in quiz_tries(session, [enrolment_id])[enrolment_id] if one.lesson == lesson_id]


def _open(session: Session, services: Services, row: TakenQuiz) -> OpenQuiz:
    paper = taking.paper_of(row)
    return OpenQuiz(
        row.id,
        row.number,
        [shown_question(one, number) for number, one in enumerate(paper, 1)],
        shown.pictures(session, services, paper),
    )


def _done(
    session: Session, services: Services, row: TakenQuiz, notice: Notice, stands: Standing | None
) -> DoneQuiz:
    paper, answers = taking.paper_of(row), json.loads(row.answers or "[]")
    marked = taking.marks(row, answers, notice)
    # What releases hours gives its keys away only when there is nothing left to release.
    told = stands is None or not stands.waits
    return DoneQuiz(
        row.number,
        row.submitted_at or row.opened_at,
        marked.score,
        marked.full,
        bool(row.passed),
        [
            Reviewed(number, question, answer, earned, told or earned.correct)
            for number, (question, answer, earned) in enumerate(
                zip(paper, answers, marked.per_item, strict=False), 1
            )
        ],
        shown.pictures(session, services, paper),
    )
