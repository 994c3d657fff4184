"""The pools that papers are drawn from: listed once, and known by a digest ever after.

A class of a thousand draws from the same pools within a minute, and a bank has thousands of questions. What
a pool holds is kept in memory by its digest, so that what is kept can never be out of date: the row that
names the digest changes with the questions, in one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from lmscompliance.kernel.errors import Conflict
from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.models import Question, QuestionPool
from lmscompliance.questions.queries import may_be_drawn, whole
from lmscompliance.rules.blueprint import Blueprint
from lmscompliance.rules.paper import BankTooSmall, draw_listed, pool_digest
from lmscompliance.storage.statements import upsert

Need = tuple[str, str]
"""Topic and kind."""

_MOST_KEPT = 512
_kept: dict[str, ListedPool] = {}


class ListedQuestion(NamedTuple):
    """A question that may be drawn, by id, version and level of difficulty."""

    id: str
    version: int
    level: str


@dataclass(frozen=True, slots=True)
class ListedPool:
    """The questions of a topic and kind that may be drawn, ordered by id, and ``pool_digest`` of them."""

    questions: tuple[ListedQuestion, ...]
    sha256: str

    def only(self, ids: Collection[str]) -> ListedPool:
        """Return the pool of those of its questions that are named."""
        some = tuple(one for one in self.questions if one.id in ids)
        return ListedPool(some, pool_digest(some))


def pools(session: Session, needs: Iterable[Need]) -> dict[Need, ListedPool]:
    """Return, by topic and kind, what a draw goes by. Only what is drawn is read in full, by ``whole``."""
    wanted = list(dict.fromkeys(needs))
    known = select(QuestionPool.topic, QuestionPool.kind, QuestionPool.sha256).where(
        tuple_(QuestionPool.topic, QuestionPool.kind).in_(wanted)
    )
    digests = {(topic, kind): sha256 for topic, kind, sha256 in session.execute(known)}
    held = {need: _kept[digests[need]] for need in wanted if digests.get(need) in _kept}
    missing = [need for need in wanted if need not in held]
    for need, pool in _read(session, missing).items() if missing else ():
        held[need] = pool
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[pool.sha256] = pool
    return {need: held[need] for need in wanted}


def draw(
    session: Session,
    blueprint: Blueprint,
    held: Mapping[Need, ListedPool],
    seed: str,
    seen: Collection[str],
    *,
    shrunk: str,
) -> list[dict[str, Json]]:
    """Return a frozen paper of questions from ``held``, reading in full only those that were drawn.

    Raises ``Conflict(shrunk)`` with topic, kind and both counts when a pool holds too few by now.
    """
    try:
        return draw_listed(
            blueprint,
            {need: pool.questions for need, pool in held.items()},
            seed,
            seen,
            read=lambda drawn: whole(session, [one.id for one in drawn]),
        )
    except BankTooSmall as error:
        raise Conflict(
            shrunk, topic=error.topic, kind=error.kind, held=error.held, needed=error.needed
        ) from error


def note(session: Session, topics: Iterable[str]) -> None:
    """Bring the pools of ``topics`` up to date with their questions, in the transaction that changed them.

    The rows are there and locked before the questions are read, so that of two imports at once the later
    sees what the earlier stored.
    """
    session.flush()
    mine = QuestionPool.topic.in_(set(topics))
    kinds = select(Question.topic, Question.kind).where(Question.topic.in_(set(topics))).distinct()
    for topic, kind in sorted((topic, kind) for topic, kind in session.execute(kinds)):
        fresh = upsert(session, QuestionPool).values(topic=topic, kind=kind, sha256="")
        session.execute(fresh.on_conflict_do_nothing())
    order = (QuestionPool.topic, QuestionPool.kind)
    rows = session.scalars(select(QuestionPool).where(mine).order_by(*order).with_for_update()).all()
    found = _read(session, [(row.topic, row.kind) for row in rows])
    for row in rows:
        row.sha256 = found[row.topic, row.kind].sha256
    session.flush()


def _read(session: Session, needs: Iterable[Need]) -> dict[Need, ListedPool]:
    found: dict[Need, list[ListedQuestion]] = {need: [] for need in needs}
    # Plain columns over the connection: a row of thousands must cost next to nothing.
    wanted = select(Question.topic, Question.kind, Question.id, Question.version, Question.level).where(
        Question.topic.in_({topic for topic, _ in found}), Question.kind.in_({kind for _, kind in found})
    )
    rows = session.connection().execute(wanted.where(may_be_drawn()).order_by(Question.id))
    for topic, kind, id_, version, level in rows:
        if (topic, kind) in found:
            found[topic, kind].append(ListedQuestion(id_, version, level))
    return {need: ListedPool(tuple(listed), pool_digest(listed)) for need, listed in found.items()}
