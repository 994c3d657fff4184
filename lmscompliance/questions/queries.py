"""What other rooms may ask of the banks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.models import Question, QuestionPicture


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
    level: str = ""
    pictures: tuple[str, ...] = ()
    option_pictures: tuple[str, ...] = ()


_WHOLE = select(
    Question.id,
    Question.version,
    Question.topic,
    Question.kind,
    Question.stem,
    Question.options,
    Question.key,
    Question.level,
    Question.pictures,
    Question.option_pictures,
)
_AT_ONCE = 500


def depth(session: Session, topics: Iterable[str]) -> dict[tuple[str, ...], int]:
    """Return how many questions may be drawn for each topic and kind, and of these for each level.

    What has none is left out; questions without a level count for topic and kind alone.
    """
    counted = (
        select(Question.topic, Question.kind, Question.level, func.count())
        .where(Question.topic.in_(set(topics)), may_be_drawn())
        .group_by(Question.topic, Question.kind, Question.level)
    )
    found: Counter[tuple[str, ...]] = Counter()
    for topic, kind, level, count in session.execute(counted):
        found[topic, kind] += count
        if level:
            found[topic, kind, level] += count
    return dict(found)


def drawable(session: Session, topic: str, kind: str) -> list[QuestionValue]:
    """Return the questions of ``topic`` and ``kind`` that may be drawn, ordered by id.

    A flagged question is never among them until a person has confirmed it.
    """
    wanted = select(Question.id).where(Question.topic == topic, Question.kind == kind, may_be_drawn())
    found = whole(session, session.scalars(wanted).all())
    return [found[one] for one in sorted(found)]


def whole(session: Session, ids: Sequence[str]) -> dict[str, QuestionValue]:
    """Return questions in their present version by id; those that are none are left out."""
    found: dict[str, QuestionValue] = {}
    for start in range(0, len(ids), _AT_ONCE):
        # Columns, not entities: nothing of it is changed.
        rows = session.execute(_WHOLE.where(Question.id.in_(ids[start : start + _AT_ONCE])))
        for id_, version, topic, kind, stem, options, key, level, shown, offered in rows:
            pictures = (tuple(shown or ()), tuple(offered or ()))
            found[id_] = QuestionValue(id_, version, topic, kind, stem, tuple(options), key, level, *pictures)
    return found


def drawable_ids(session: Session, topic: str, kinds: Iterable[str]) -> list[str]:
    """Return the ids of the questions of ``topic`` and ``kinds`` that may be drawn, in their order.

    Those that need a picture are left out: they are asked where none can be shown.
    """
    wanted = select(Question.id).where(Question.topic == topic, Question.kind.in_(kinds), may_be_drawn())
    pictured = exists().where(QuestionPicture.question_id == Question.id)
    return list(session.scalars(wanted.where(~pictured).order_by(Question.id)))


def question(session: Session, question_id: str) -> QuestionValue:
    """Return one question in its present version; ``KeyError`` without it."""
    return whole(session, [question_id])[question_id]


def awaiting(session: Session, bank: str | None = None) -> list[Question]:
    """Return the flagged questions that nobody has confirmed yet, oldest first, of one bank or of all."""
    wanted = select(Question).where(Question.flagged, Question.confirmed_at.is_(None)).order_by(Question.id)
    return list(session.scalars(wanted if bank is None else wanted.where(Question.bank == bank)))


def may_be_drawn() -> ColumnElement[bool]:
    """Return the condition that a question is not flagged, or that a person has confirmed it."""
    return or_(Question.flagged.is_(False), Question.confirmed_at.is_not(None))
