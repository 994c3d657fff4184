"""What other rooms may ask of the banks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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
    level: str = ""
    pictures: tuple[str, ...] = ()


class ListedQuestion(NamedTuple):
    """A question that may be drawn, by id, version and level of difficulty."""

    id: str
    version: int
    level: str


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
)
_AT_ONCE = 500


def depth(session: Session, topics: Iterable[str]) -> dict[tuple[str, ...], int]:
    """Return how many questions may be drawn for each topic and kind, and of these for each level.

    What has none is left out; questions without a level count for topic and kind alone.
    """
    counted = (
        select(Question.topic, Question.kind, Question.level, func.count())
        .where(Question.topic.in_(set(topics)), _may_be_drawn())
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
    ids = [one.id for one in listed(session, [(topic, kind)])[topic, kind]]
    found = whole(session, ids)
    return [found[one] for one in ids]


def listed(session: Session, needs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[ListedQuestion]]:
    """Return, by topic and kind, what a draw goes by of the questions that ``drawable`` returns, in order.

    A bank of thousands is asked for so with each paper: only what is drawn is read in full.
    """
    pools: dict[tuple[str, str], list[ListedQuestion]] = {need: [] for need in needs}
    # Plain columns over the connection: a row of thousands must cost next to nothing.
    wanted = select(Question.topic, Question.kind, Question.id, Question.version, Question.level).where(
        Question.topic.in_({topic for topic, _ in pools}), Question.kind.in_({kind for _, kind in pools})
    )
    rows = session.connection().execute(wanted.where(_may_be_drawn()).order_by(Question.id)).all()
    for topic, kind, id_, version, level in rows:
        if (topic, kind) in pools:
            pools[topic, kind].append(ListedQuestion(id_, version, level))
    return pools


def whole(session: Session, ids: Sequence[str]) -> dict[str, QuestionValue]:
    """Return questions in their present version by id; those that are none are left out."""
    found: dict[str, QuestionValue] = {}
    for start in range(0, len(ids), _AT_ONCE):
        # Columns, not entities: nothing of it is changed.
        rows = session.execute(_WHOLE.where(Question.id.in_(ids[start : start + _AT_ONCE])))
        for id_, version, topic, kind, stem, options, key, level, shown in rows:
            found[id_] = QuestionValue(
                id_, version, topic, kind, stem, tuple(options), key, level, tuple(shown or ())
            )
    return found


def drawable_ids(session: Session, topic: str, kinds: Iterable[str]) -> list[str]:
    """Return the ids of the questions of ``topic`` and ``kinds`` that may be drawn, in their order."""
    wanted = select(Question.id).where(Question.topic == topic, Question.kind.in_(kinds), _may_be_drawn())
    return list(session.scalars(wanted.order_by(Question.id)))


def question(session: Session, question_id: str) -> QuestionValue:
    """Return one question in its present version; ``KeyError`` without it."""
    return whole(session, [question_id])[question_id]


def awaiting(session: Session, bank: str | None = None) -> list[Question]:
    """Return the flagged questions that nobody has confirmed yet, oldest first, of one bank or of all."""
    wanted = select(Question).where(Question.flagged, Question.confirmed_at.is_(None)).order_by(Question.id)
    return list(session.scalars(wanted if bank is None else wanted.where(Question.bank == bank)))


def _may_be_drawn() -> ColumnElement[bool]:
    return or_(Question.flagged.is_(False), Question.confirmed_at.is_not(None))
