"""Checking and importing banks, and confirming what a machine would not vouch for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lmscompliance.files import service as files
from lmscompliance.kernel.errors import InvalidInput, NotFound
from lmscompliance.questions import sources
from lmscompliance.questions.draft import FileReading, Reason, Source
from lmscompliance.questions.exporting import Exported, export
from lmscompliance.questions.models import Question
from lmscompliance.questions.pools import ListedPool, draw, note, pools
from lmscompliance.questions.queries import QuestionValue, awaiting, depth, drawable, whole
from lmscompliance.questions.report import Awaiting, BankReport, Finding
from lmscompliance.questions.sifting import Sifted, sift
from lmscompliance.questions.storing import Stored, store
from lmscompliance.rules.pictured import worded
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction

__all__ = [
    "Awaiting",
    "BankReport",
    "Exported",
    "ListedPool",
    "QuestionValue",
    "awaiting",
    "check_files",
    "confirm",
    "depth",
    "draw",
    "drawable",
    "export",
    "import_paths",
    "pools",
    "unconfirmed",
    "whole",
]


def check_files(paths: Sequence[Path | str]) -> BankReport:
    """Read bank files (a directory is walked) and report on every row; nothing is stored.

    Raises ``InvalidInput`` for a file that is missing, of an unknown format or cannot be opened.
    """
    readings = sources.read_all(paths)
    kept, duplicates = sift(sources.place(readings))
    return _report([reading for _, reading in readings], kept, duplicates, Stored())


def import_paths(services: Services, paths: Sequence[Path | str], topic: str | None = None) -> BankReport:
    """Import bank files (a directory is walked) in one transaction and report on every row.

    A question's topic is its GIFT category, else what ``topics.toml`` beside the file says, else
    ``topic``. Raises ``InvalidInput``, with nothing stored, when a file cannot be read or a question has
    no topic. If the process dies, restart sees none of it, and importing again is safe.
    """
    readings = sources.read_all(paths)
    known = {name for notice in services.policies.all() for name in notice.topics.required}
    kept, duplicates = sift(sources.place(readings, topic, known))
    homeless = next((question for question in kept if question.placed.topic is None), None)
    if homeless is not None:
        raise InvalidInput("questions.no_topic", file=homeless.placed.draft.source.file)
    drafts = [question.placed.draft for question in kept]
    shown = {one for draft in drafts for one in (*draft.pictures, *draft.option_pictures) if one}
    ready = [files.prepare(services, one) for one in sorted(shown)]
    with transaction(services.database) as session:
        for one in ready:
            files.keep(session, services, one)
        stored = store(session, services, kept)
    return _report([reading for _, reading in readings], kept, duplicates, stored)


def confirm(services: Services, question_id: str, account: str | None = None) -> None:
    """Let a flagged question be drawn from now on; ``account`` is the host's account of who looked at it.

    Confirming again keeps the first confirmation. Raises ``NotFound``. A new version of the question has
    to be confirmed anew when it is flagged.
    """
    with transaction(services.database) as session:
        question = session.get(Question, question_id)
        if question is None:
            raise NotFound("questions.no_question", question=question_id)
        if question.flagged and question.confirmed_at is None:
            question.confirmed_at = services.clock.now()
            question.confirmed_by = account
            note(session, [question.topic])


def unconfirmed(services: Services, bank: str | None = None) -> list[Awaiting]:
    """Return the flagged questions that nobody has confirmed yet, of one bank or of all, file by file."""
    with reading(services.database) as session:
        found = [
            Awaiting(
                id=one.id,
                bank=one.bank,
                topic=one.topic,
                kind=one.kind,
                stem=one.stem,
                options=tuple(worded(one.options, one.option_pictures or ())),
                key=tuple(one.key),
                finding=Finding(
                    Source.from_json(one.source), tuple(Reason.from_json(flag) for flag in one.flags)
                ),
            )
            for one in awaiting(session, bank)
        ]
    return sorted(
        found, key=lambda one: (one.finding.source.file, one.finding.source.sheet, one.finding.source.row)
    )


def _report(
    readings: Sequence[FileReading], kept: Sequence[Sifted], duplicates: Sequence[Finding], stored: Stored
) -> BankReport:
    doubtful = [question.placed.draft for question in kept]
    flagged = {draft.source: Finding(draft.source, draft.flags) for draft in doubtful if draft.flags}
    for finding in stored.flagged:
        before = flagged[finding.source].reasons if finding.source in flagged else ()
        flagged[finding.source] = Finding(finding.source, before + finding.reasons)
    refused = [refusal for reading in readings for refusal in reading.refusals]
    return BankReport(
        files=tuple(reading.file for reading in readings),
        rows=sum(reading.rows for reading in readings),
        imported=sum(len(reading.drafts) for reading in readings),
        refused=tuple(Finding(refusal.source, (refusal.reason,)) for refusal in refused),
        flagged=tuple(flagged.values()),
        duplicates=(*duplicates, *stored.duplicates),
        added=stored.added,
        changed=stored.changed,
        unchanged=stored.unchanged,
    )
