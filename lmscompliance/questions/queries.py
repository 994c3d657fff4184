"""What other rooms may ask of the banks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.models import Question


@dataclass(frozen=True, slots=True)
class QuestionValue:
    """A question as an exam freezes it; ``key`` is laid out as ``draft.Draft.key`` says."""

    id: str
    version: int
    topic: str
    kind: str
    stem: str
    options: tuple[str, ...]
    key: Json


def depth(session: Session, topics: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return how many questions may be drawn for each topic and kind; pairs without any are left out."""
    counted = (
        select(Question.topic, Question.kind, func.count())
        .where(Question.topic.in_(set(topics)), _may_be_drawn())
        .group_by(Question.topic, Question.kind)
    )
    return {(topic, kind): count for topic, kind, count in session.execute(counted)}


def drawable(session: Session, topic: str, kind: str) -> list[QuestionValue]:
    """Return the questions of ``topic`` and ``kind`` that may be drawn, ordered by id.

    A flagged question is never among them until a person has confirmed it.
    """
    # Columns, not entities: a bank of thousands is read for each paper, and nothing of it is changed.
    rows = session.execute(
        select(Question.id, Question.version, Question.stem, Question.options, Question.key)
        .where(Question.topic == topic, Question.kind == kind, _may_be_drawn())
        .order_by(Question.id)
    )
    return [
        QuestionValue(question, version, topic, kind, stem, tuple(options), key)
        for question, version, stem, options, key in rows
    ]


def drawable_ids(session: Session, topic: str, kinds: Iterable[str]) -> list[str]:
    """Return the ids of the questions of ``topic`` and ``kinds`` that may be drawn, in their order."""
    wanted = select(Question.id).where(Question.topic == topic, Question.kind.in_(kinds), _may_be_drawn())
    return list(session.scalars(wanted.order_by(Question.id)))


def question(session: Session, question_id: str) -> QuestionValue:
    """Return one question in its present version; ``KeyError`` without it."""
    found = session.get(Question, question_id)
    if found is None:
        raise KeyError(question_id)
    return QuestionValue(
        found.id, found.version, found.topic, found.kind, found.stem, tuple(found.options), found.key
    )


def awaiting(session: Session, bank: str | None = None) -> list[Question]:
    """Return the flagged questions that nobody has confirmed yet, oldest first, of one bank or of all."""
    wanted = select(Question).where(Question.flagged, Question.confirmed_at.is_(None)).order_by(Question.id)
    return list(session.scalars(wanted if bank is None else wanted.where(Question.bank == bank)))


def _may_be_drawn() -> ColumnElement[bool]:
    return or_(Question.flagged.is_(False), Question.confirmed_at.is_not(None))
