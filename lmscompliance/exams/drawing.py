"""What a paper is drawn from: the published blueprint, the bank, and what this person has already seen."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.exams.models import ExamAttempt, ExamBlueprint, ExamPaper
from lmscompliance.exams.publishing import blueprint_of
from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json
from lmscompliance.questions import service as questions
from lmscompliance.rules import paper as rules


@dataclass(frozen=True, slots=True)
class Drawn:
    """A frozen paper and what anybody can repeat the draw with.

    ``basis`` goes into evidence: the seed, the questions avoided because an earlier paper had them, and of
    each pool its size and the digest of its questions' ids and versions.
    """

    seed: str
    questions: list[dict[str, Json]]
    basis: dict[str, Json]


def draw(session: Session, blueprint: ExamBlueprint, attempts: list[ExamAttempt], seed: str) -> Drawn:
    """Draw a paper after ``blueprint`` that overlaps with the papers of ``attempts`` as little as possible.

    Raises ``Conflict`` naming topic and kind when the bank has shrunk below what was published.
    """
    plan = blueprint_of(blueprint)
    pools = questions.pools(session, plan.needs())
    seen = _seen(session, attempts)
    paper = questions.draw(session, plan, pools, seed, seen, shrunk="exams.bank_shrunk")
    return Drawn(seed, paper, rules.basis(pools, seed, seen))


def _seen(session: Session, attempts: list[ExamAttempt]) -> set[str]:
    if not attempts:
        return set()
    papers = session.scalars(
        select(ExamPaper.questions).where(
            ExamPaper.class_id == attempts[0].class_id,
            ExamPaper.attempt_id.in_([attempt.id for attempt in attempts]),
        )
    )
    seen: set[str] = set()
    for paper in papers:
        frozen = jcs.decode(paper)
        seen.update(str(one["question"]) for one in frozen if isinstance(one, dict))  # type: ignore[union-attr]
    return seen
