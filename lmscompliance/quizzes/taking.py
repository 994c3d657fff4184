"""Taking a lesson's quiz: begun, handed in, marked at once by the rules that mark exams."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.identity import consent
from lmscompliance.kernel import jcs
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import from_micros, shanghai, to_micros
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.policy import Notice
from lmscompliance.questions import service as questions
from lmscompliance.questions.shown import explanations
from lmscompliance.quizzes import setting
from lmscompliance.quizzes.facts import quiz_tries
from lmscompliance.quizzes.models import LessonQuiz, TakenQuiz
from lmscompliance.rules import paper as papers
from lmscompliance.rules.marking import Item, Marked, mark, plain
from lmscompliance.rules.quizzes import NONE, not_before_us, passes
from lmscompliance.services import Services
from lmscompliance.storage.transaction import after_commit, reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment
from lmscompliance.training.own_lessons import own_lesson

PASSED = "quizzes.passed"
"""Event sent after the commit with ``class_id/enrolment_id``: hours may have been released."""


def begin(services: Services, actor: Actor, lesson_id: str, *, ip: str, agent: str) -> str:
    """Begin the quiz of one of the actor's lessons and return its id; one that is open is gone on with.

    The paper is drawn by a recorded seed from the version that holds, questions of earlier quizzes last.
    Raises ``NotFound`` for a foreign lesson, ``Conflict`` when it has no quiz, the class is over, the policy
    asks for a pause or a day is used up, or the bank has shrunk. A crash leaves a begun quiz, or none.
    """
    with transaction(services.database) as session:
        lesson, enrolment = own_lesson(session, actor, lesson_id)
        queries.require_going(session, lesson.class_id)
        consent.require_learning(session, (lesson.class_id, enrolment.id))
        quiz = setting.current(session, lesson.class_id, lesson.id)
        if quiz is None or quiz.use == NONE:
            raise Conflict("quizzes.no_quiz", title=lesson.title)
        # Whoever taps twice waits here, and then finds the quiz that is open.
        session.get_one(Enrolment, (lesson.class_id, enrolment.id), with_for_update=True)
        before = taken(session, enrolment.id, lesson.id)
        if before and before[-1].submitted_at is None:
            return before[-1].id
        notice = queries.class_notice(session, lesson.class_id)
        # A clock that was set back puts no quiz before the one it follows, nor before what it is drawn by.
        ended = [one.submitted_at for one in before if one.submitted_at]
        now = max([services.clock.now(), quiz.set_at, *ended])
        tries = [one for one in quiz_tries(session, [enrolment.id])[enrolment.id] if one.lesson == lesson.id]
        free_us = not_before_us(tries, notice.quiz, to_micros(now))
        if free_us is not None:
            when = shanghai(from_micros(free_us)).strftime("%Y-%m-%d %H:%M:%S")
            raise Conflict("quizzes.not_yet", when=when, clause=notice.citation("quiz.tries_per_day"))
        seed = services.ids.token(24)
        paper, basis = _draw(session, quiz, before, seed)
        row = TakenQuiz(
            enrolment_id=enrolment.id,
            id=services.ids.new(),
            class_id=lesson.class_id,
            lesson_id=lesson.id,
            version=quiz.version,
            number=len(before) + 1,
            paper=jcs.encode(paper),
            opened_at=now,
            submitted_at=None,
            answers=None,
            score=None,
            passed=None,
        )
        session.add(row)
        session.flush()
        body: dict[str, Json] = {
            "quiz": row.id,
            "lesson": row.lesson_id,
            "version": row.version,
            "number": row.number,
            "opened_us": to_micros(now),
        }
        evidence.record_for(
            session,
            services,
            row,
            type="quiz.opened",
            at=now,
            body=body,
            disclose={"ip": ip, "agent": agent, "draw": basis, **papers.disclosures(paper)},
        )
        return row.id


def hand_in(
    services: Services, actor: Actor, lesson_id: str, quiz_id: str, answers: Sequence[Json], *, ip: str
) -> bool:
    """Mark an open quiz of the actor's and tell whether it is passed; a second time changes nothing.

    ``answers`` has one for each question, ``None`` where there is none. Raises ``NotFound`` for a quiz that
    is not the actor's, ``Conflict`` once the class is over. Marks and evidence commit together.
    """
    with transaction(services.database) as session:
        lesson, enrolment = own_lesson(session, actor, lesson_id)
        row = session.get(TakenQuiz, (enrolment.id, quiz_id), with_for_update=True)
        if row is None or row.lesson_id != lesson.id:
            raise NotFound("web.not_found")
        if row.submitted_at is not None:
            return bool(row.passed)
        queries.require_going(session, lesson.class_id)
        notice = queries.class_notice(session, lesson.class_id)
        now = max(services.clock.now(), row.opened_at)
        listed = [*answers][: len(paper_of(row))]
        marked = marks(row, listed, notice)
        row.submitted_at, row.score = now, marked.score
        row.answers = json.dumps(listed, ensure_ascii=False)
        row.passed = passes(marked.score, marked.full, notice.quiz)
        session.flush()
        body: dict[str, Json] = {
            "quiz": row.id,
            "submitted_us": to_micros(now),
            "score": plain(marked.score),
            "full": plain(marked.full),
            "passed": row.passed,
        }
        evidence.record_for(
            session,
            services,
            row,
            type="quiz.submitted",
            at=now,
            body=body,
            disclose={"answers": listed, "ip": ip},
        )
        if row.passed:
            subject = f"{row.class_id}/{row.enrolment_id}"
            after_commit(session, lambda: services.events.send(PASSED, subject))
        return row.passed


def open_paper(services: Services, actor: Actor, lesson_id: str, quiz_id: str) -> list[dict[str, Json]]:
    """Return the frozen questions of one of the actor's quizzes, keys included; raises ``NotFound``."""
    with reading(services.database) as session:
        lesson, enrolment = own_lesson(session, actor, lesson_id)
        row = session.get(TakenQuiz, (enrolment.id, quiz_id))
        if row is None or row.lesson_id != lesson.id:
            raise NotFound("web.not_found")
        return paper_of(row)


def taken(session: Session, enrolment_id: str, lesson_id: str) -> list[TakenQuiz]:
    """Return an enrolment's quizzes on a lesson, the first one first."""
    mine = select(TakenQuiz).where(TakenQuiz.enrolment_id == enrolment_id, TakenQuiz.lesson_id == lesson_id)
    return list(session.scalars(mine.order_by(TakenQuiz.number)))


def paper_of(row: TakenQuiz) -> list[dict[str, Json]]:
    """Return the frozen questions of a quiz."""
    frozen: list[dict[str, Json]] = json.loads(row.paper)
    return frozen


def marks(row: TakenQuiz, answers: Sequence[Json], notice: Notice) -> Marked:
    """Mark the answers to a quiz, as the verifier will."""
    return mark([Item.from_json(one) for one in paper_of(row)], answers, notice.exam)


def _draw(
    session: Session, quiz: LessonQuiz, before: Sequence[TakenQuiz], seed: str
) -> tuple[list[dict[str, Json]], dict[str, Json]]:
    """Return a frozen paper, and what the draw rested on."""
    plan = setting.blueprint_of(quiz)
    named = set(json.loads(quiz.named))
    pools = questions.pools(session, plan.needs())
    if named:
        pools = {need: pool.only(named) for need, pool in pools.items()}
    seen = {str(one["question"]) for row in before for one in paper_of(row)}
    drawn = questions.draw(session, plan, pools, seed, seen, shrunk="quizzes.bank_shrunk")
    told = explanations(session, [str(one["question"]) for one in drawn])
    return [_explained(one, told) for one in drawn], papers.basis(pools, seed, seen)


def _explained(question: dict[str, Json], told: Mapping[str, str]) -> dict[str, Json]:
    explanation = told.get(str(question["question"]))
    return {**question, "explanation": explanation} if explanation else question
