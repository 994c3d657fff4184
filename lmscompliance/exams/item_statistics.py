"""Statistics of a class's exam by question and topic, from its closed papers and the keys that hold now."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from lmscompliance.exams import essays, forms, regrading
from lmscompliance.exams.analysis import Figures, Taken, figures
from lmscompliance.exams.models import ExamAttempt, ExamSheet
from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.marking import Item, mark
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries as training


@dataclass(frozen=True, slots=True)
class QuestionFigures:
    """One question in one version."""

    question: str
    version: int
    topic: str
    kind: str
    stem: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class TopicFigures:
    """A topic over all its questions: how many were used, how often, and the share of points earned."""

    topic: str
    questions: int
    drawn: int
    difficulty: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """A class's exam in figures. Questions stand suspicious ones first.

    ``papers`` are the closed ones; the ``voided`` among all are left out.
    """

    papers: int
    voided: int
    questions: Sequence[QuestionFigures]
    topics: Sequence[TopicFigures]

    def to_json(self) -> dict[str, Json]:
        """Return the figures, ratios as text with four decimals."""
        return {
            "papers": self.papers,
            "voided": self.voided,
            "topics": [
                {
                    "topic": one.topic,
                    "questions": one.questions,
                    "drawn": one.drawn,
                    "difficulty": _text(one.difficulty),
                }
                for one in self.topics
            ],
            "questions": [dict(zip(_COLUMNS, _row(one), strict=True)) for one in self.questions],
        }

    def to_csv(self) -> str:
        """Return the questions as CSV; a text that a spreadsheet would take for a formula is disarmed."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(_COLUMNS)
        for one in self.questions:
            writer.writerow([_disarmed(value) if isinstance(value, str) else value for value in _row(one)])
        return out.getvalue()


_COLUMNS = (
    "question", "version", "topic", "kind", "stem", "drawn", "blank", "right",
    "difficulty", "correlation", "upper_lower", "suspicious",
)  # fmt: skip


def class_statistics(services: Services, class_id: str) -> Statistics:
    """Return the figures of a class's closed papers; raises ``NotFound`` for an unknown class. Reads only."""
    with reading(services.database) as session:
        terms = training.class_notice(session, class_id).exam
        rows = session.execute(
            select(ExamAttempt.id, ExamSheet.answers)
            .join(
                ExamSheet,
                (ExamSheet.class_id == ExamAttempt.class_id) & (ExamSheet.attempt_id == ExamAttempt.id),
            )
            .where(
                ExamAttempt.class_id == class_id,
                ExamAttempt.score.is_not(None),
                ExamAttempt.voided_at.is_(None),
            )
            .order_by(ExamAttempt.id)
        ).all()
        voided = session.scalar(
            select(func.count()).where(ExamAttempt.class_id == class_id, ExamAttempt.voided_at.is_not(None))
        )
        taken: dict[tuple[str, int], list[Taken]] = defaultdict(list)
        known: dict[tuple[str, int], dict[str, Json]] = {}
        for attempt_id, kept in rows:
            paper = regrading.corrected_paper(session, class_id, attempt_id)
            answers = jcs.decode(kept.encode())
            listed = forms.as_list(len(paper), answers if isinstance(answers, dict) else {})
            items = [Item.from_json(question) for question in paper]
            marked = mark(items, listed, terms, essays.given(session, class_id, attempt_id))
            for question, item, earned in zip(paper, items, marked.per_item, strict=True):
                identity = (str(question["question"]), int(str(question["version"])))
                known.setdefault(identity, question)
                taken[identity].append(Taken(earned.points, item.points, earned.answered, marked.score))
    questions = [_question(identity, known[identity], found) for identity, found in taken.items()]
    questions.sort(key=_order)
    return Statistics(len(rows), voided or 0, questions, _topics(known, taken))


def _question(
    identity: tuple[str, int], question: dict[str, Json], found: Sequence[Taken]
) -> QuestionFigures:
    topic, kind, stem = (str(question[name]) for name in ("topic", "kind", "stem"))
    return QuestionFigures(identity[0], identity[1], topic, kind, stem, figures(found))


def _order(one: QuestionFigures) -> tuple[bool, str, float, str]:
    return (not one.figures.suspicious, one.topic, one.figures.difficulty, one.question)


def _topics(
    known: dict[tuple[str, int], dict[str, Json]], taken: dict[tuple[str, int], list[Taken]]
) -> list[TopicFigures]:
    grouped: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for identity, question in known.items():
        grouped[str(question["topic"])].append(identity)
    result = []
    for topic, identities in sorted(grouped.items()):
        found = [one for identity in identities for one in taken[identity]]
        result.append(TopicFigures(topic, len(identities), len(found), figures(found).difficulty))
    return result


def _row(one: QuestionFigures) -> list[Json]:
    told = one.figures
    return [
        one.question, one.version, one.topic, one.kind, one.stem, told.drawn, told.blank, told.right,
        _text(told.difficulty), _text(told.correlation), _text(told.upper_lower), told.suspicious,
    ]  # fmt: skip


def _text(value: float | None) -> str | None:
    return None if value is None else f"{value:.4f}"


def _disarmed(text: str) -> str:
    if text[:1] in {"=", "+", "@", "\t", "\r"} or (text[:1] == "-" and not _number(text)):
        return "'" + text
    return text


def _number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()
