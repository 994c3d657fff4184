"""A session's running segment: what a beat adds to it, when it ends, and how the next one begins.

Everything here runs inside the caller's transaction and under the lock of the session's own row, so a
segment's row, its leaf and the moved hot row become durable together or not at all. If the process dies
before the commit, restart sees the open row as it was, with every acknowledged beat in it.

Two consecutive segments share the beat they meet at: it is the last of the one and, with offset 0, the
first of the other, so no second lies between them. Only after a silence over the policy's gap does a hole
remain, and it is never filled in.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lmscompliance.learning import beatlog, history, origin
from lmscompliance.learning.instants import instant
from lmscompliance.learning.limits import Limits
from lmscompliance.learning.models import OpenSession
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.sent import SentBeat
from lmscompliance.services import Services

# Built once: putting a statement together costs more than running it.
_THE_ROW = select(OpenSession).where(
    OpenSession.enrolment_id == bindparam("b_enrolment"), OpenSession.session_id == bindparam("b_session")
)
_LOCK = _THE_ROW.with_for_update()
_LOCK_FREE = _THE_ROW.with_for_update(skip_locked=True)


def lock(
    session: Session, enrolment_id: str, session_id: str, *, skip_locked: bool = False
) -> OpenSession | None:
    """Return the session's hot row, locked until the transaction ends; ``None`` when it is closed.

    With ``skip_locked`` a row that somebody else is working on counts as not there.
    """
    query = _LOCK_FREE if skip_locked else _LOCK
    return session.scalars(query, {"b_enrolment": enrolment_id, "b_session": session_id}).one_or_none()


def take(
    session: Session,
    services: Services,
    row: OpenSession,
    beat: SentBeat,
    mark: str,
    *,
    sender: Origin,
    limits: Limits,
    final: bool = False,
) -> None:
    """Put ``beat`` into the locked ``row``, closing and opening segments as it requires.

    A beat whose number was seen before adds nothing. ``mark`` (of ``rules.facts``) is kept with it.
    ``final`` keeps the running segment open at its due end, because the caller closes the session next and
    an empty segment would follow.
    """
    if beat.seq <= row.last_seq:
        return
    # The machine's clock may have been set back; time within a session does not run backwards.
    now = max(instant(services), row.last_at)
    moved = not origin.same(services, sender, (row.ip_blind, row.agent_blind))
    if not moved:  # under a new index key, so that the next beat is plain again
        row.ip_blind, row.agent_blind = origin.blinds(services, sender)
    if now - row.last_at > limits.gap:
        history.close_segment(session, services, row, "missed", row.last_at)
        _open_segment(services, row, beat, mark, now=now, limits=limits, moved_to=sender if moved else None)
        return
    hides = beat.state == "hidden" and row.last_state != "hidden"
    row.beats += beatlog.entry(
        beat.seq, (now - row.segment_start) // timedelta(milliseconds=1), beat.position_ms, beat.state, mark
    )
    _remember(row, beat, now)
    due = now - row.segment_start >= limits.segment or len(row.beats) >= beatlog.FULL
    if moved:
        history.close_segment(session, services, row, "address", now)
        _open_segment(services, row, beat, mark, now=now, limits=limits, moved_to=sender)
    elif (hides or due) and not final:
        history.close_segment(session, services, row, "hidden" if hides else "length", now)
        _open_segment(services, row, beat, mark, now=now, limits=limits)


def interrupt(session: Session, services: Services, row: OpenSession) -> int:
    """Close the running segment of the locked ``row`` for one of late beats; return that one's number."""
    history.close_segment(session, services, row, "missed", row.last_at)
    row.segment_n += 1
    return row.segment_n


def resume(
    services: Services,
    row: OpenSession,
    beat: SentBeat,
    mark: str,
    *,
    sender: Origin,
    limits: Limits,
    now: datetime,
) -> None:
    """Open the next segment after ``interrupt`` with ``beat``, received ``now``.

    If it was seen before, the last one that was kept in time opens it. Its address and device are those that
    the late segment names already.
    """
    row.ip_sealed, row.agent_sealed = origin.seal(services, sender)
    row.ip_blind, row.agent_blind = origin.blinds(services, sender)
    if beat.seq <= row.last_seq:
        last = beatlog.parse(row.beats)[-1]
        beat, mark, now = SentBeat(last.seq, last.position_ms, last.state), last.mark, row.last_at
    _open_segment(services, row, beat, mark, now=now, limits=limits)


def _remember(row: OpenSession, beat: SentBeat, now: datetime) -> None:
    row.last_at = now
    row.last_seq = beat.seq
    row.last_position_ms = beat.position_ms
    row.last_state = beat.state


def _open_segment(
    services: Services,
    row: OpenSession,
    beat: SentBeat,
    mark: str,
    *,
    now: datetime,
    limits: Limits,
    moved_to: Origin | None = None,
) -> None:
    row.segment_n += 1
    row.segment_start = now
    row.slow_at = now + limits.segment
    row.beats = beatlog.entry(beat.seq, 0, beat.position_ms, beat.state, mark)
    _remember(row, beat, now)
    row.address_new = moved_to is not None
    if moved_to is not None:
        row.ip_sealed, row.agent_sealed = origin.seal(services, moved_to)
        row.ip_blind, row.agent_blind = origin.blinds(services, moved_to)
