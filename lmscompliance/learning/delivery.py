"""Takes a beat together with those that its page had to keep back while the network was away.

A page that read the answer to the beat ``acked`` may tell later what it would have sent since, by its own
steady clock: each late beat is placed so long after that answer, and never after its arrival. They become a
segment of their own that says when it arrived; whether it came within the policy's window is for ``rules``
to say. A number that is kept already is not taken again, so a batch may be sent any number of times.

Everything is written in the caller's transaction; a session that was closed meanwhile gets one more segment
and its further leaf, and nothing that was written before is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from lmscompliance.learning import beatlog, history, nonces, segments, tokens
from lmscompliance.learning.instants import instant
from lmscompliance.learning.limits import Limits
from lmscompliance.learning.models import CLOSED_SESSION, ClosedSegment, ClosedSession, OpenSession
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.sent import SentBeat
from lmscompliance.rules.facts import UNANSWERED, UNTIMELY
from lmscompliance.services import Services
from lmscompliance.training.models import Enrolment

_MILLISECOND = timedelta(milliseconds=1)
_SEGMENTS = (
    select(ClosedSegment.start_at, ClosedSegment.beats)
    .where(
        ClosedSegment.enrolment_id == bindparam("b_enrolment"),
        ClosedSegment.session_id == bindparam("b_session"),
    )
    .order_by(ClosedSegment.n)
)
_CLOSED = (
    select(ClosedSession)
    .where(
        ClosedSession.enrolment_id == bindparam("b_enrolment"),
        ClosedSession.session_id == bindparam("b_session"),
    )
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Late beats as they are kept: from ``start`` to ``end``, in the form of ``beatlog``."""

    start: datetime
    end: datetime
    text: str
    position_ms: int
    state: str


def take(
    session: Session,
    services: Services,
    row: OpenSession,
    beat: SentBeat,
    *,
    sender: Origin,
    limits: Limits,
    final: bool = False,
) -> None:
    """Put ``beat`` and its late ones into the locked ``row``; otherwise as ``segments.take``."""
    if not beat.late and beat.acked == beat.seq - 1:
        answered = nonces.is_after(services, row.session_id, beat.acked, beat.nonce)
        mark = "" if answered else UNANSWERED
        segments.take(session, services, row, beat, mark, sender=sender, limits=limits, final=final)
        return
    kept = _kept(session, row.enrolment_id, row.session_id, (row.segment_start, row.beats))
    now = max(instant(services), row.last_at)
    mark = _mark(services, row.session_id, beat, kept, now=now, limits=limits)
    batch = _batch(services, row.session_id, beat, kept, now=now, limits=limits)
    if batch is None:
        segments.take(session, services, row, beat, mark, sender=sender, limits=limits, final=final)
        return
    number = segments.interrupt(session, services, row)
    late = history.LateSegment(number, batch.start, batch.end, now, batch.text)
    history.add_late(session, services, row, late, sender)
    segments.resume(services, row, beat, mark, sender=sender, limits=limits, now=now)


def take_closed(
    session: Session,
    services: Services,
    claims: tokens.Claims,
    beat: SentBeat,
    *,
    sender: Origin,
    limits: Limits,
) -> None:
    """Add what ``beat`` brings late to a session that was closed meanwhile, itself included.

    Nothing happens without late beats, when all of them are kept already, or when even the history of the
    session is gone.
    """
    if not beat.late:
        return
    found = session.scalars(
        _CLOSED, {"b_enrolment": claims.enrolment_id, "b_session": claims.session_id}
    ).one_or_none()
    if found is None:
        return
    kept = _kept(session, claims.enrolment_id, claims.session_id)
    now = max(instant(services), found.closed_at)
    batch = _batch(services, claims.session_id, beat, kept, now=now, limits=limits, with_itself=True)
    if batch is None:
        return
    late = history.LateSegment(found.segments, batch.start, batch.end, now, batch.text)
    history.add_late(session, services, found, late, sender)
    later = batch.end > found.closed_at
    session.execute(
        update(CLOSED_SESSION)
        .where(
            CLOSED_SESSION.c.enrolment_id == claims.enrolment_id,
            CLOSED_SESSION.c.session_id == claims.session_id,
        )
        .values(
            segments=found.segments + 1,
            closed_at=max(found.closed_at, batch.end),
            last_position_ms=batch.position_ms if later else found.last_position_ms,
            last_state=batch.state if later else found.last_state,
        )
    )
    _give_way(session, services, found, batch.end)
    history.tell_closed(session, services, claims.class_id, claims.enrolment_id)


def _give_way(session: Session, services: Services, found: ClosedSession, end: datetime) -> None:
    """Let a closed session end where the same person went on in another class, now that it reaches further.

    Within a class the rules see both sessions; across classes they never do, so the fact is written down in
    the class whose time must stop to count.
    """
    if found.superseded_at is not None:
        return
    elsewhere = select(Enrolment.id).where(
        Enrolment.person_id == found.person_id, Enrolment.class_id != found.class_id
    )
    later = [
        session.execute(
            select(table.opened_at, table.session_id)
            .where(
                table.enrolment_id.in_(elsewhere),
                table.opened_at >= found.opened_at,
                table.opened_at < end,
            )
            .order_by(table.opened_at, table.session_id)
            .limit(1)
        ).one_or_none()
        for table in (OpenSession, ClosedSession)
    ]
    first = min((row for row in later if row is not None), key=tuple, default=None)
    if first is not None:
        history.supersede_closed(session, services, found, at=first.opened_at, by=first.session_id)


def _kept(
    session: Session, enrolment_id: str, session_id: str, *running: tuple[datetime, str]
) -> dict[int, datetime]:
    """Return when each number of the session was kept for."""
    kept: dict[int, datetime] = {}
    closed = session.execute(_SEGMENTS, {"b_enrolment": enrolment_id, "b_session": session_id})
    for start, text in [*closed, *running]:
        for one in beatlog.parse(text):
            kept.setdefault(one.seq, start + one.offset_ms * _MILLISECOND)
    return kept


def _is_answer(services: Services, session_id: str, beat: SentBeat, kept: Mapping[int, datetime]) -> bool:
    return beat.acked in kept and nonces.is_after(services, session_id, beat.acked, beat.nonce)


def _mark(
    services: Services,
    session_id: str,
    beat: SentBeat,
    kept: Mapping[int, datetime],
    *,
    now: datetime,
    limits: Limits,
) -> str:
    """Return what is to be said against a beat whose page has not read the latest answers.

    It must tell again everything it sent since the answer it did read, and that not for longer than it
    might have been without a network: otherwise a script could go on for ever with its first nonce.
    """
    told = {one.seq for one in beat.late}
    silent = any(beat.acked < seq < beat.seq and seq not in told for seq in kept)
    if silent or not _is_answer(services, session_id, beat, kept):
        return UNANSWERED
    return UNTIMELY if now - kept[beat.acked] > limits.late_window else ""


def _batch(
    services: Services,
    session_id: str,
    beat: SentBeat,
    kept: Mapping[int, datetime],
    *,
    now: datetime,
    limits: Limits,
    with_itself: bool = False,
) -> _Batch | None:
    """Place those late beats whose numbers are not kept; ``None`` if there are none."""
    answered = _is_answer(services, session_id, beat, kept)
    # Without an answer that was read nothing says what their clock started from.
    start = kept[beat.acked] if answered else max(kept.values())
    most = (now - start) // _MILLISECOND
    tolerated = most + limits.terms.position_tolerance_ms
    reached, state = 0, ""
    position = 0
    entries: list[str] = []
    for one in [*beat.late, *([beat.at_last(most)] if with_itself else [])]:
        timely = reached <= one.offset_ms <= tolerated
        reached = min(max(reached, one.offset_ms), most)
        if one.seq in kept:
            continue
        mark = UNANSWERED if not answered else "" if timely else UNTIMELY
        entries.append(beatlog.entry(one.seq, reached, one.position_ms, one.state, mark))
        position, state = one.position_ms, one.state
    if not entries:
        return None
    return _Batch(start, start + reached * _MILLISECOND, "".join(entries), position, state)
