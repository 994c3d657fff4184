"""Setting a lesson's quiz: which questions, how many, and whether it releases the lesson's hours."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.policy import Notice
from lmscompliance.questions import service as questions
from lmscompliance.quizzes.models import LessonQuiz, TakenQuiz
from lmscompliance.rules.blueprint import LEVELS, Blueprint, Part
from lmscompliance.rules.class_life import OVER
from lmscompliance.rules.facts import OFFLINE
from lmscompliance.rules.marking import MACHINE_KINDS
from lmscompliance.rules.quizzes import ALWAYS, NEVER, NONE, PRACTICE, REQUIRED, USES, releases
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Lesson

REASON_PLACE = "compliance_lesson_quiz.reason"
MOST_QUESTIONS = 50
"""More is an exam."""
LONGEST_REASON = 500
_POINT = Decimal(1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a quiz is to be: ``parts`` draw from the bank, ``named`` lists questions by their ids instead."""

    use: str
    parts: tuple[Part, ...] = ()
    named: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class QuizLine:
    """A version of a lesson's quiz, with how many were handed in by it and how many of them passed."""

    version: int
    use: str
    blueprint: Blueprint
    named: tuple[str, ...]
    set_at: datetime
    reason: str
    taken: int
    passed: int


@dataclass(frozen=True, slots=True)
class LessonQuizzes:
    """A lesson with the versions of its quiz, the newest first; ``mode`` says how it is taught."""

    lesson_id: str
    ordinal: int
    title: str
    topic: str
    mode: str
    versions: Sequence[QuizLine]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the page on which staff set quizzes shows; ``depth`` counts what may be drawn."""

    notice: Notice
    lessons: Sequence[LessonQuizzes]
    topics: tuple[str, ...]
    depth: Mapping[tuple[str, ...], int]

    @property
    def uses(self) -> tuple[str, ...]:
        """What a quiz may be set for under the class's policy."""
        return uses(self.notice)


def uses(notice: Notice) -> tuple[str, ...]:
    """Return what quizzes may be set for; ``NONE`` takes one away."""
    barred = {NEVER: REQUIRED, ALWAYS: PRACTICE}.get(notice.quiz.release)
    return tuple(one for one in USES if one != barred)


def part(topic: str, kind: str, count: int, level: str = "") -> Part:
    """Return so many questions of a kind, each worth one point."""
    return Part(topic, kind, count, _POINT, level)


def lesson_by_ordinal(services: Services, class_id: str, ordinal: int) -> tuple[str, str]:
    """Return id and topic of the lesson with this number in the plan; raises ``NotFound``."""
    with reading(services.database) as session:
        found = next((one for one in queries.lessons(session, class_id) if one.ordinal == ordinal), None)
    if found is None:
        raise NotFound("quizzes.no_lesson", ordinal=ordinal)
    return found.id, found.topic


def set_quiz(services: Services, class_id: str, lesson_id: str, wanted: Wanted, *, by: str) -> int:
    """Let ``wanted`` be the lesson's quiz from now on; return its version, once it is durable.

    Sessions that were opened before keep to what held then (``rules.quizzes``). The same once more changes
    nothing. Raises ``Conflict`` for an offline lesson, a class that is over, or nothing to take away;
    ``InvalidInput`` when the lesson is none of the class's, the policy does not permit the use, the questions
    are no quiz or more than the bank holds, or a change has no reason.
    """
    reason = " ".join(wanted.reason.split())
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        if class_.status in OVER:
            raise Conflict("training.class_over", code=class_.code)
        lesson = session.get(Lesson, (class_id, lesson_id))
        if lesson is None:
            raise InvalidInput("quizzes.lesson_unknown")
        if lesson.mode == OFFLINE:
            raise Conflict("quizzes.offline", title=lesson.title)
        notice = queries.class_notice(session, class_id)
        _permitted(wanted.use, notice)
        before = current(session, class_id, lesson_id)
        if wanted.use == NONE:
            if before is None or before.use == NONE:
                raise Conflict("quizzes.nothing_set", title=lesson.title)
            blueprint = Blueprint(())
        else:
            blueprint = _blueprint(session, wanted)
        parts = json.dumps([one.to_json() for one in blueprint.parts], ensure_ascii=False)
        named = json.dumps(sorted(wanted.named) if blueprint.parts else [])
        if before is not None:
            if (before.use, before.parts, before.named) == (wanted.use, parts, named):
                return before.version
            if not reason:
                raise InvalidInput("quizzes.no_reason", title=lesson.title)
        if len(reason) > LONGEST_REASON:
            raise InvalidInput("quizzes.reason_long", limit=LONGEST_REASON)
        now = services.clock.now()
        row = LessonQuiz(
            class_id=class_id,
            lesson_id=lesson_id,
            version=1 if before is None else before.version + 1,
            use=wanted.use,
            parts=parts,
            named=named,
            content_sha256=lesson.content_sha256,
            set_at=now,
            set_by=by,
            reason_sealed=services.vault.seal(REASON_PLACE, reason),
        )
        session.add(row)
        session.flush()
        _record(session, services, row, blueprint, by=by, reason=reason)
        return row.version


def current(session: Session, class_id: str, lesson_id: str) -> LessonQuiz | None:
    """Return the version that holds, which may have taken the quiz away; ``None`` without any."""
    return session.scalars(
        select(LessonQuiz)
        .where(LessonQuiz.class_id == class_id, LessonQuiz.lesson_id == lesson_id)
        .order_by(LessonQuiz.version.desc())
        .limit(1)
    ).one_or_none()


def blueprint_of(row: LessonQuiz) -> Blueprint:
    """Return what a version draws."""
    return Blueprint(tuple(Part.from_json(one) for one in json.loads(row.parts)))


def desk(services: Services, class_id: str) -> Desk:
    """Return every lesson with its quizzes, and what the bank holds; raises ``NotFound``."""
    with reading(services.database) as session:
        notice = queries.class_notice(session, class_id)
        lessons = queries.lessons(session, class_id)
        rows = session.scalars(
            select(LessonQuiz).where(LessonQuiz.class_id == class_id).order_by(LessonQuiz.version.desc())
        ).all()
        taken = _taken(session, class_id)
        topics = tuple(dict.fromkeys(one.topic for one in lessons))
        depth = questions.depth(session, topics)
    return Desk(
        notice,
        [
            LessonQuizzes(
                one.id,
                one.ordinal,
                one.title,
                one.topic,
                one.mode,
                [_line(services, row, taken) for row in rows if row.lesson_id == one.id],
            )
            for one in lessons
        ],
        topics,
        depth,
    )


def deciding(row: LessonQuiz | None, notice: Notice) -> bool:
    """Tell whether the quiz that holds decides over its lesson's time."""
    return row is not None and releases(row.use, notice.quiz)


def _permitted(use: str, notice: Notice) -> None:
    if use not in USES:
        raise InvalidInput("quizzes.use_unknown", use=use[:20])
    if use not in uses(notice):
        raise InvalidInput("quizzes.not_permitted_" + use, clause=notice.citation("quiz.release"))


def _blueprint(session: Session, wanted: Wanted) -> Blueprint:
    """Return what is to be drawn, once the bank is known to hold it."""
    if bool(wanted.parts) == bool(wanted.named):
        raise InvalidInput("quizzes.questions_or_parts")
    parts = _of_named(session, wanted.named) if wanted.named else wanted.parts
    for one in parts:
        if one.kind not in MACHINE_KINDS or one.level not in {"", *LEVELS} or one.count < 1:
            raise InvalidInput("quizzes.part", topic=one.topic, kind=one.kind, count=one.count)
    blueprint = Blueprint(tuple(parts))
    if blueprint.count > MOST_QUESTIONS:
        raise InvalidInput("quizzes.too_many", count=blueprint.count, limit=MOST_QUESTIONS)
    held = questions.depth(session, blueprint.topics())
    for cell, needed in blueprint.cells().items():
        if held.get(cell, 0) < needed:
            topic, kind, *level = cell
            raise InvalidInput(
                "quizzes.bank_too_small",
                topic=topic,
                kind=kind,
                level="".join(level),
                held=held.get(cell, 0),
                needed=needed,
            )
    return blueprint


def _of_named(session: Session, named: Iterable[str]) -> list[Part]:
    """Return the parts that questions named by id make up; raises ``InvalidInput`` for one that is none."""
    ids = list(named)
    found = questions.whole(session, ids)
    needs = {(one.topic, one.kind) for one in found.values()}
    drawable = {one.id for pool in questions.pools(session, needs).values() for one in pool.questions}
    for one in ids:
        if one not in drawable or ids.count(one) > 1:
            raise InvalidInput("quizzes.no_question", question=one[:40])
    counted = Counter((found[one].topic, found[one].kind) for one in ids)
    return [part(topic, kind, count) for (topic, kind), count in sorted(counted.items())]


def _record(
    session: Session, services: Services, row: LessonQuiz, blueprint: Blueprint, *, by: str, reason: str
) -> None:
    body: dict[str, Json] = {
        "lesson": row.lesson_id,
        "version": row.version,
        "use": row.use,
        "at_us": to_micros(row.set_at),
        "content_sha256": row.content_sha256,
        "parts": [one.to_json() for one in blueprint.parts],
        "named": json.loads(row.named),
    }
    evidence.record(
        session,
        services,
        class_id=row.class_id,
        stream=evidence.class_stream(row.class_id),
        type="lesson.quiz_set",
        at=row.set_at,
        body=body,
        disclose={"by": by, "reason": reason},
    )


def _line(services: Services, row: LessonQuiz, taken: Mapping[tuple[str, int], tuple[int, int]]) -> QuizLine:
    handed_in, passed = taken.get((row.lesson_id, row.version), (0, 0))
    return QuizLine(
        row.version,
        row.use,
        blueprint_of(row),
        tuple(json.loads(row.named)),
        row.set_at,
        services.vault.open(REASON_PLACE, row.reason_sealed) if row.reason_sealed else "",
        handed_in,
        passed,
    )


def _taken(session: Session, class_id: str) -> dict[tuple[str, int], tuple[int, int]]:
    rows = session.execute(
        select(TakenQuiz.lesson_id, TakenQuiz.version, TakenQuiz.passed, func.count())
        .where(TakenQuiz.class_id == class_id, TakenQuiz.submitted_at.is_not(None))
        .group_by(TakenQuiz.lesson_id, TakenQuiz.version, TakenQuiz.passed)
    )
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for lesson, version, passed, count in rows:
        all_, good = found.get((lesson, version), (0, 0))
        found[lesson, version] = (all_ + count, good + (count if passed else 0))
    return found
