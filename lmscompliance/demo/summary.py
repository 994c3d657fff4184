"""What a headless run came to, as figures that a person can add up again."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lmscompliance.completion.service import TraineeStatus, class_status
from lmscompliance.demo.month import Played
from lmscompliance.evidence import reader
from lmscompliance.rules.exam import ExamState
from lmscompliance.storage.transaction import reading

if TYPE_CHECKING:
    from lmscompliance.ledgers.service import Export
    from lmscompliance.services import Services


@dataclass(frozen=True, slots=True)
class Summary:
    """One headless run. Seconds are whole; ``bundle``, ``workbook`` and ``trust`` are paths."""

    trainees: int
    sessions: int
    beats: int
    credited_seconds: int
    excluded_seconds: dict[str, int]
    passed: int
    failed_twice: int
    eligible: int
    evidence_entries: int
    verdict: str
    bundle: str
    workbook: str
    trust: str
    refused_rows: int
    behaviours: dict[str, int]
    refusals: dict[str, int]

    def to_json(self) -> dict[str, object]:
        """Return the summary as plain JSON values."""
        return asdict(self)


def sum_up(services: Services, played: Played, export: Export, verdict: str) -> Summary:
    """Judge the whole class by its facts and add everything up."""
    judged = class_status(services, played.class_id).trainees
    excluded: Counter[str] = Counter()
    for one in judged:
        excluded.update(one.account.excluded)
    with reading(services.database) as session:
        entries = sum(count for _, count, _ in reader.stream_heads(session, played.class_id))
    return Summary(
        trainees=len(judged),
        sessions=sum(len(one.sessions) for one in judged),
        beats=sum(_beats(one) for one in judged),
        credited_seconds=sum(one.account.credited_seconds for one in judged),
        excluded_seconds=dict(sorted(excluded.items())),
        passed=sum(one.exam.state is ExamState.PASSED for one in judged),
        failed_twice=sum(one.exam.state is ExamState.FAILED for one in judged),
        eligible=sum(one.eligibility.met for one in judged),
        evidence_entries=entries,
        verdict=verdict,
        bundle=str(export.bundle),
        workbook=str(export.workbook),
        trust=str(export.trust),
        refused_rows=played.refused_rows,
        behaviours=dict(sorted(played.behaviours.items())),
        refusals=dict(sorted(played.refusals.items())),
    )


def _beats(one: TraineeStatus) -> int:
    # Two consecutive segments share the beat they meet at; its number tells that it is one beat.
    return sum(
        len({beat.seq for segment in session.segments for beat in segment.beats}) for session in one.sessions
    )
