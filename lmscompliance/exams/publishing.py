"""Publishing a blueprint: refused unless it covers the plan, totals the full marks and can be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence import class_stream, record
from lmscompliance.exams.models import ExamBlueprint
from lmscompliance.kernel import jcs
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.messages import Remark, text
from lmscompliance.policy import Notice
from lmscompliance.questions import service as questions
from lmscompliance.rules import blueprint as rules
from lmscompliance.rules.blueprint import Blueprint, Part, Problem
from lmscompliance.rules.marking import KINDS, plain
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries as training

DEFAULT_QUESTIONS = 20
"""How many questions a paper has when nobody says otherwise; no notice speaks of it."""


def default_blueprint(services: Services, class_id: str, count: int = DEFAULT_QUESTIONS) -> Blueprint:
    """Return a blueprint of ``count`` questions spread evenly over the plan's topics, totalling exactly.

    Nothing is stored. With a bank too small it has fewer questions; publishing says whether it will do.
    Raises ``NotFound`` for an unknown class and ``Conflict`` while the class has no plan.
    """
    with reading(services.database) as session:
        notice, topics = _demands(session, class_id)
        return rules.spread(topics, questions.depth(session, topics), notice.exam, count)


@dataclass(frozen=True, slots=True)
class Review:
    """What the gate says of a blueprint: why it may not be published, and where attempts would repeat.

    ``errors`` are the problems as the errors they are refused with. ``depth`` is what the bank holds.
    """

    notice: Notice
    topics: Sequence[str]
    depth: rules.Depth
    errors: Sequence[InvalidInput]
    shallow: Sequence[Problem]


def review(services: Services, class_id: str, blueprint: Blueprint) -> Review:
    """Return what publishing ``blueprint`` would say. Reads only; raises as ``default_blueprint`` does."""
    with reading(services.database) as session:
        notice, topics = _demands(session, class_id)
        depth = questions.depth(session, list(dict.fromkeys([*topics, *blueprint.topics()])))
        problems = rules.check(blueprint, topics, depth, notice.exam)
        return Review(
            notice,
            topics,
            depth,
            [_refusal([one], notice) for one in problems],
            [] if problems else rules.shallow(blueprint, depth, notice.exam.attempts),
        )


def published_blueprint(services: Services, class_id: str) -> tuple[int, Blueprint] | None:
    """Return version and parts of the blueprint new papers are drawn by; ``None`` before the first."""
    with reading(services.database) as session:
        row = published(session, class_id)
        return None if row is None else (row.version, blueprint_of(row))


def shallow_pools(services: Services, class_id: str, blueprint: Blueprint) -> list[Problem]:
    """Return where one trainee's attempts must share questions: the bank holds too few. Reads only."""
    with reading(services.database) as session:
        notice, _topics = _demands(session, class_id)
        depth = questions.depth(session, list(blueprint.topics()))
        return rules.shallow(blueprint, depth, notice.exam.attempts)


def worded(params: Mapping[str, object], locale: str) -> dict[str, object]:
    """Return the params of a problem with kind and level in words where they are known ones."""
    named = dict(params)
    if named.get("kind") in KINDS:
        named["kind"] = text(f"exams.kind_{named['kind']}", locale)
    if named.get("level") in rules.LEVELS:
        named["level"] = text(f"exams.level_{named['level']}", locale)
    return named


def shallow_text(problem: Problem, locale: str) -> str:
    """Return in words where attempts of one person must share questions."""
    named = worded(problem.params, locale)
    level = Remark("exams.shallow_level", {"level": named["level"]}) if "level" in named else ""
    return text("exams.shallow", locale, **named | {"level": level})


def publish_blueprint(services: Services, class_id: str, blueprint: Blueprint) -> int:
    """Publish ``blueprint`` as the class's next version and return that version.

    Attempts already opened keep the version they were drawn by. Raises ``InvalidInput`` naming the first
    problem (a missing topic before all others) and listing all of them; then nothing is stored.
    """
    with transaction(services.database) as session:
        training.locked_class(session, class_id)
        notice, topics = _demands(session, class_id)
        depth = questions.depth(session, list(dict.fromkeys([*topics, *blueprint.topics()])))
        problems = rules.check(blueprint, topics, depth, notice.exam)
        if problems:
            raise _refusal(problems, notice)
        last = published(session, class_id)
        now = services.clock.now()
        row = ExamBlueprint(
            class_id=class_id,
            version=last.version + 1 if last else 1,
            id=services.ids.new(),
            parts=jcs.encode([part.to_json() for part in blueprint.parts]),
            full_marks=notice.exam.full_marks,
            duration_seconds=notice.exam.duration_seconds,
            published_at=now,
        )
        session.add(row)
        record(
            session,
            services,
            class_id=class_id,
            stream=class_stream(class_id),
            type="exam.published",
            at=now,
            body={
                "blueprint": row.id,
                "version": row.version,
                "full_marks": plain(row.full_marks),
                "duration_seconds": row.duration_seconds,
                "parts": [part.to_json() for part in blueprint.parts],
            },
        )
        return row.version


def published(session: Session, class_id: str) -> ExamBlueprint | None:
    """Return the blueprint new papers are drawn by, or ``None`` before the first is published."""
    newest = select(ExamBlueprint).where(ExamBlueprint.class_id == class_id)
    return session.scalars(newest.order_by(ExamBlueprint.version.desc()).limit(1)).one_or_none()


def blueprint_of(row: ExamBlueprint) -> Blueprint:
    """Return a published row as the value that ``rules`` works with."""
    parts = jcs.decode(row.parts)
    if not isinstance(parts, list):
        raise NotFound("exams.not_published")
    return Blueprint(tuple(Part.from_json(part) for part in parts if isinstance(part, dict)))


def _demands(session: Session, class_id: str) -> tuple[Notice, list[str]]:
    class_ = training.class_by_id(session, class_id)
    topics = list(dict.fromkeys(lesson.topic for lesson in training.lessons(session, class_id)))
    if not topics:
        raise Conflict("exams.no_plan", code=class_.code)
    return training.notice_of(session, class_), topics


def _refusal(problems: list[Problem], notice: Notice) -> InvalidInput:
    first = problems[0]
    params = dict(first.params)
    if first.reason == "topic_missing":
        params["topic"] = [str(p.params["topic"]) for p in problems if p.reason == first.reason]
    params["clause"] = notice.citation(first.term) if first.term else ""
    params["problems"] = [{"reason": p.reason, **p.params} for p in problems]
    return InvalidInput(f"exams.blueprint_{first.reason}", **params)
