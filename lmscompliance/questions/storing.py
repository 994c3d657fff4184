"""Merges freshly read questions into the bank, inside the caller's transaction.

Importing a file again changes nothing: a question is found by its digest. A corrected key, or options
corrected under an unchanged stem or GIFT title, makes a new version of the same question; the version
before it is kept. A question that vanished from its file stays in the bank, because nothing tells a
withdrawn question from a file that was split.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.questions import digest, pictures, pools
from lmscompliance.questions.draft import Reason, Source
from lmscompliance.questions.formats import levels
from lmscompliance.questions.models import Question, QuestionPicture, QuestionVersion
from lmscompliance.questions.report import Finding
from lmscompliance.questions.sifting import Sifted, contradicts, same_as
from lmscompliance.services import Services


@dataclass(slots=True)
class Stored:
    """What a merge did."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicates: list[Finding] = field(default_factory=list)
    flagged: list[Finding] = field(default_factory=list)


def store(session: Session, services: Services, questions: Sequence[Sifted]) -> Stored:
    """Merge ``questions``, each of which has a topic, and say what became of them."""
    bank = _Known(session, questions)
    stored = Stored()
    touched: list[tuple[Sifted, Question]] = []
    waiting = []
    topics = {str(question.placed.topic) for question in questions}
    for question in questions:
        # Equal ones first: what is left of the bank afterwards may be what a changed question once was.
        held = bank.equal(question)
        if held is None:
            waiting.append(question)
        elif question.placed.exported:
            # It came from here. The file tells less than the bank: no feedback, no doubts, no first source.
            bank.claim(held)
            stored.unchanged += 1
        elif held.bank == question.placed.bank:
            bank.claim(held)
            _refresh(held, question)
            touched.append((question, held))
            stored.unchanged += 1
        else:
            stored.duplicates.append(
                Finding(question.placed.draft.source, (same_as(Source.from_json(held.source)),))
            )
    for question in waiting:
        row = bank.former(question)
        if row is not None:
            bank.claim(row)
            topics.add(row.topic)
            session.add(history(row, services))
            row.version += 1
            stored.changed += 1
        else:
            row = Question(id=services.ids.new(), version=1)
            session.add(row)
            stored.added += 1
        _write(row, question, services)
        touched.append((question, row))
    stored.flagged = list(_contradictions(bank, touched))
    session.flush()
    for _, row in touched:
        for shown in {*(row.pictures or ()), *(row.option_pictures or ())} - {""}:
            session.merge(QuestionPicture(question_id=row.id, sha256=shown))
    pools.note(session, topics)
    return stored


def _contradictions(bank: _Known, touched: Sequence[tuple[Sifted, Question]]) -> Iterator[Finding]:
    """Flag each question that reads like one imported earlier but has another key, and that one too.

    Those within one import have been flagged when it was sifted.
    """
    fresh = {row.id for _, row in touched}
    for question, row in touched:
        for rival in bank.alike(question):
            if rival.id not in fresh and rival.topic == row.topic:
                _doubt(row, contradicts(Source.from_json(rival.source)))
                _doubt(rival, contradicts(Source.from_json(row.source)))
                yield Finding(question.placed.draft.source, (contradicts(Source.from_json(rival.source)),))


def _doubt(row: Question, why: Reason) -> None:
    row.flagged = True
    if why.to_json() not in row.flags:
        row.flags = [*row.flags, why.to_json()]


class _Known:
    """The part of the bank that an import can touch, found by each thing a question is known by."""

    def __init__(self, session: Session, questions: Iterable[Sifted]) -> None:
        banks = {question.placed.bank for question in questions}
        topics = {question.placed.topic for question in questions}
        wanted = select(Question).where(Question.bank.in_(banks) | Question.topic.in_(topics))
        self._claimed: set[str] = set()
        self._equal: dict[tuple[str | None, str], Question] = {}
        self._alike: dict[str, list[Question]] = defaultdict(list)
        self._by_trait: dict[tuple[str, str, str], list[Question]] = defaultdict(list)
        # A stable order, so that the same import always revises the same rows.
        for row in session.scalars(wanted.order_by(Question.id)):
            self._equal[row.topic, row.normal_digest] = row
            self._alike[row.wording_digest].append(row)
            traits = _traits(row.normal_digest, row.wording_digest, row.title, row.stem)
            for trait, value in traits:
                self._by_trait[row.bank, trait, value].append(row)

    def claim(self, row: Question) -> None:
        """Mark ``row`` as accounted for, so that no other question of this import becomes its new version."""
        self._claimed.add(row.id)

    def equal(self, question: Sifted) -> Question | None:
        """Return the row of the same topic that already holds ``question``, whichever bank brought it."""
        return self._equal.get((question.placed.topic, question.normal))

    def alike(self, question: Sifted) -> list[Question]:
        """Return the rows that read the same as ``question``."""
        return self._alike[question.wording]

    def former(self, question: Sifted) -> Question | None:
        """Return the row of the same bank that ``question`` is a correction of.

        The surest trait decides: the whole question under another topic, then its wording, its GIFT title,
        its stem. A trait that several rows share decides nothing.
        """
        draft = question.placed.draft
        for trait, value in _traits(question.normal, question.wording, draft.title, draft.stem):
            rows = self._by_trait[question.placed.bank, trait, value]
            free = [row for row in rows if row.id not in self._claimed]
            if len(free) == 1:
                return free[0]
        return None


def _traits(normal: str, wording: str, title: str, stem: str) -> list[tuple[str, str]]:
    traits = [("normal", normal), ("wording", wording), ("title", title), ("stem", digest.stem(stem))]
    return [(trait, value) for trait, value in traits if value]


def _write(row: Question, question: Sifted, services: Services) -> None:
    """Give ``row`` the content of ``question``; a confirmation belongs to the former content and is void."""
    draft = question.placed.draft
    row.bank, row.topic = question.placed.bank, str(question.placed.topic)
    row.kind, row.stem, row.options, row.key = draft.kind, draft.stem, list(draft.options), draft.key
    row.pictures = pictures.digests(draft.pictures)
    row.option_pictures = [pictures.digests([one])[0] if one else "" for one in draft.option_pictures] or None
    row.wording_digest, row.normal_digest = question.wording, question.normal
    row.imported_at = services.clock.now()
    row.confirmed_at = row.confirmed_by = None
    _refresh(row, question)


def _refresh(row: Question, question: Sifted) -> None:
    """Bring up to date what does not make another question: where it stands, and whether it is doubtful."""
    draft = question.placed.draft
    row.chapter, row.title, row.difficulty = draft.chapter, draft.title, draft.difficulty
    row.level = levels.level(draft.difficulty)
    row.source, row.extras = draft.source.to_json(), dict(draft.extras)
    row.flagged = bool(draft.flags)
    row.flags = [flag.to_json() for flag in draft.flags]


def history(row: Question, services: Services) -> QuestionVersion:
    """Return what ``row`` is now as a former version, for the transaction that replaces it."""
    content = {
        "bank": row.bank,
        "topic": row.topic,
        "kind": row.kind,
        "stem": row.stem,
        "options": list(row.options),
        "key": row.key,
        "pictures": list(row.pictures or ()),
        "option_pictures": list(row.option_pictures or ()),
        "source": row.source,
    }
    return QuestionVersion(
        question_id=row.id, version=row.version, content=content, replaced_at=services.clock.now()
    )
