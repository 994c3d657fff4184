"""Why time was not credited, day by day and stretch by stretch, and what can still be objected to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.completion import objections
from lmscompliance.completion.disputes import ANSWER_PLACE, TEXT_PLACE
from lmscompliance.completion.judging import TraineeStatus
from lmscompliance.completion.models import Dispute
from lmscompliance.kernel.clock import from_micros, shanghai_day, to_micros
from lmscompliance.learning.corrections import REASON_PLACE
from lmscompliance.learning.models import CreditCorrection
from lmscompliance.rules import reasons
from lmscompliance.rules.account import AWAITING_QUIZ, Interval
from lmscompliance.rules.credit import EXCLUDE
from lmscompliance.rules.daytime import WHOLE_DAY
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading

_SECOND_US = objections.SECOND_US


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What a Shanghai day came to."""

    day: date
    credited_seconds: int
    excluded_seconds: int


@dataclass(frozen=True, slots=True)
class DisputeShown:
    """An objection with its texts opened; ``decision`` and ``answer`` are empty while it waits."""

    id: str
    session: str
    start_us: int
    end_us: int
    label: str
    text: str
    opened_us: int
    decision: str
    answer: str


@dataclass(frozen=True, slots=True)
class CorrectionShown:
    """A decision of staff about a stretch of a session."""

    session: str
    effect: str
    start_us: int
    end_us: int
    at_us: int
    role: str
    reason: str


@dataclass(frozen=True, slots=True)
class Uncredited:
    """A stretch of one day that did not count: why, by which clause, and what can be done.

    ``closed_to`` says why nobody can object (``limit``, ``quiz``, ``running``, ``late``); empty where one
    can, until ``last_day``, or where ``dispute`` is the objection that was raised.
    """

    session: str
    lesson: str
    title: str
    start_us: int
    end_us: int
    seconds: int
    label: str
    explanation: str
    clause: str
    corrections: Sequence[CorrectionShown]
    dispute: DisputeShown | None
    last_day: date
    closed_to: str


@dataclass(frozen=True, slots=True)
class UncreditedPage:
    """All days with learning, and one of them in full."""

    days: Sequence[DayTotal]
    day: DayTotal | None
    stretches: Sequence[Uncredited]
    disputes: Sequence[DisputeShown]


def day_totals(status: TraineeStatus) -> list[DayTotal]:
    """Return what each Shanghai day with learning came to, the latest first."""
    credited: dict[date, int] = {}
    excluded: dict[date, int] = {}
    for interval in _intervals(status):
        for start, end in _by_day(interval):
            sums = credited if interval.reason is None else excluded
            day = _day(start)
            sums[day] = sums.get(day, 0) + end - start
    days = sorted(credited.keys() | excluded.keys(), reverse=True)
    return [DayTotal(day, credited.get(day, 0), excluded.get(day, 0)) for day in days]


def uncredited(services: Services, status: TraineeStatus, day: date | None, locale: str) -> UncreditedPage:
    """Return ``day`` in full, or the latest day on which something did not count."""
    days = day_totals(status)
    found = next((one for one in days if one.day == day), None) if day else None
    found = found or next((one for one in days if one.excluded_seconds), days[0] if days else None)
    with reading(services.database) as session:
        disputes = _disputes(session, services, status, locale)
        corrected = _corrections(session, services, status)
    known = _Known(disputes, corrected, shanghai_day(services.clock.now()), locale)
    stretches = (
        []
        if found is None
        else [
            _shown(status, interval, part, known)
            for interval in _intervals(status)
            if interval.reason is not None
            for part in _by_day(interval)
            if _day(part[0]) == found.day
        ]
    )
    return UncreditedPage(days, found, stretches, disputes)


@dataclass(frozen=True, slots=True)
class _Known:
    """What all stretches of a page are shown by."""

    disputes: Sequence[DisputeShown]
    corrected: Sequence[CorrectionShown]
    today: date
    locale: str


def _shown(status: TraineeStatus, interval: Interval, part: tuple[int, int], known: _Known) -> Uncredited:
    reason, notice = interval.reason or "", status.course.notice
    titles: Mapping[str, str] = {lesson.id: lesson.title for lesson in status.course.lessons}
    start_us, end_us = part[0] * _SECOND_US, part[1] * _SECOND_US

    def touches(one: DisputeShown | CorrectionShown) -> bool:
        return one.session == interval.session and one.start_us < end_us and one.end_us > start_us

    last = objections.last_day(status, end_us)
    running = any(one.session == interval.session and one.closed_us is None for one in status.sessions)
    exclusions = [one for one in known.corrected if one.effect == EXCLUDE and touches(one)]
    # An objection from before staff excluded the time does not speak of that.
    since = max((one.at_us for one in exclusions), default=0)
    dispute = next((one for one in reversed(known.disputes) if touches(one) and one.opened_us >= since), None)
    closed_to = ""
    if not objections.disputable(reason):
        closed_to = "quiz" if reason == AWAITING_QUIZ else "limit"
    elif running:
        closed_to = "running"
    elif known.today > last:
        closed_to = "late"
    return Uncredited(
        session=interval.session,
        lesson=interval.lesson,
        title=titles.get(interval.lesson, interval.session),
        start_us=start_us,
        end_us=end_us,
        seconds=part[1] - part[0],
        label=reasons.label(reason, known.locale),
        explanation=reasons.explanation(reason, notice, known.locale),
        clause=reasons.cite(reason, notice, known.locale),
        corrections=exclusions,
        dispute=dispute,
        last_day=last,
        closed_to=closed_to,
    )


def _intervals(status: TraineeStatus) -> list[Interval]:
    """Return what became of sessions and offline lessons, in the order of time."""
    account = status.account
    return sorted((*account.intervals, *account.attended), key=lambda one: (one.start_s, one.session))


def _by_day(interval: Interval) -> Iterator[tuple[int, int]]:
    """Cut an interval at Shanghai's midnights."""
    for midnight, next_midnight in WHOLE_DAY.occurrences(interval.start_s, interval.end_s):
        yield max(interval.start_s, midnight), min(interval.end_s, next_midnight)


def _day(second: int) -> date:
    return shanghai_day(from_micros(second * _SECOND_US))


def _disputes(session: Session, services: Services, status: TraineeStatus, locale: str) -> list[DisputeShown]:
    query = select(Dispute).where(
        Dispute.class_id == status.course.fact.id, Dispute.enrolment_id == status.enrolment_id
    )
    return [shown(services, one, locale) for one in session.scalars(query.order_by(Dispute.dispute_id))]


def shown(services: Services, one: Dispute, locale: str) -> DisputeShown:
    """Return an objection with its texts opened."""
    vault = services.vault
    return DisputeShown(
        id=one.dispute_id,
        session=one.session_id,
        start_us=to_micros(one.start_at),
        end_us=to_micros(one.end_at),
        label=reasons.label(one.reason, locale),
        text=vault.open(TEXT_PLACE, one.text_sealed),
        opened_us=to_micros(one.opened_at),
        decision=one.decision or "",
        answer="" if one.answer_sealed is None else vault.open(ANSWER_PLACE, one.answer_sealed),
    )


def _corrections(session: Session, services: Services, status: TraineeStatus) -> list[CorrectionShown]:
    query = select(CreditCorrection).where(
        CreditCorrection.enrolment_id == status.enrolment_id,
        CreditCorrection.class_id == status.course.fact.id,
    )
    return [
        CorrectionShown(
            session=one.session_id,
            effect=one.effect,
            start_us=to_micros(one.start_at),
            end_us=to_micros(one.end_at),
            at_us=to_micros(one.corrected_at),
            role=one.by_role,
            reason=services.vault.open(REASON_PLACE, one.reason_sealed),
        )
        for one in session.scalars(query.order_by(CreditCorrection.correction_id))
    ]
