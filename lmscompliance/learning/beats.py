"""The heartbeat: the seam that every lane in front of the database calls.

``accept`` is one conditional UPDATE of the session's hot row. It is answered after its commit, so an
acknowledged beat is a durable row; if the process dies before that, the page sends the same number again
and nothing is counted twice. Only the server's time of receipt is used.

Whatever is not plain (a segment is due, the page went out of sight, another address, a silence, a number
seen before) makes the UPDATE match nothing, and the beat takes the slow path under the row's lock.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    type_coerce,
    update,
)

from lmscompliance.kernel.clock import to_micros
from lmscompliance.learning import beatlog, limits, origin, segments, tokens
from lmscompliance.learning.models import OPEN_SESSION, OpenSession
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.segments import SentBeat
from lmscompliance.services import Services
from lmscompliance.storage.transaction import bare_transaction, transaction
from lmscompliance.storage.types import Instant

ACTIVE = "active"
SUPERSEDED = "superseded"
CLOSED = "closed"

_HIDDEN = literal_column("'hidden'", String)
_now = bindparam("b_now", type_=BigInteger)
_seq = bindparam("b_seq", type_=Integer)
_position = bindparam("b_position", type_=BigInteger)
_state = bindparam("b_state", type_=String)
_last_at = type_coerce(OpenSession.last_at, BigInteger)
_segment_start = type_coerce(OpenSession.segment_start, BigInteger)
# What ``beatlog.entry`` writes, its offset reckoned by the database from the row's own segment start.
_entry = (
    bindparam("b_before", type_=String)
    + cast((_now - _segment_start) // literal_column("1000", BigInteger), String)
    + bindparam("b_after", type_=String)
)

# Built once; the integer division is exact because all instants of a session are whole milliseconds.
_PLAIN_BEAT = (
    update(OPEN_SESSION)
    .where(
        OpenSession.enrolment_id == bindparam("b_enrolment", type_=String),
        OpenSession.session_id == bindparam("b_session", type_=String),
        OpenSession.last_seq < _seq,
        _last_at <= _now,
        _last_at >= _now - bindparam("b_gap", type_=BigInteger),
        type_coerce(OpenSession.slow_at, BigInteger) > _now,
        func.length(OpenSession.beats) < literal_column(str(beatlog.FULL), Integer),
        OpenSession.ip_blind == bindparam("b_ip", type_=String),
        OpenSession.agent_blind == bindparam("b_agent", type_=String),
        or_(_state != _HIDDEN, OpenSession.last_state == _HIDDEN),
    )
    .values(
        last_at=bindparam("b_at", type_=Instant),
        last_seq=_seq,
        last_position_ms=_position,
        last_state=_state,
        beats=OpenSession.beats + _entry,
    )
    .returning(OpenSession.active)
)


@dataclass(frozen=True, slots=True)
class BeatAck:
    """What a page is told: the last number that is durable, how its session stands, when to beat next.

    A closed session keeps nothing any more: ``seq`` and ``next_seconds`` are then 0.
    """

    seq: int
    state: str
    next_seconds: int


def accept(services: Services, token: str, beat: SentBeat, ip: str, agent: str) -> BeatAck:
    """Keep ``beat`` and return its acknowledgement.

    Raises ``Unauthenticated`` for a token that is not ours. Safe to repeat with the same number.
    """
    claims = tokens.read(services, token)
    held_to = limits.of_class(services, claims.class_id)
    now = segments.instant(services)
    parameters = {
        "b_enrolment": claims.enrolment_id,
        "b_session": claims.session_id,
        "b_at": now,
        "b_now": to_micros(now),
        "b_gap": held_to.gap_us,
        "b_seq": beat.seq,
        "b_position": beat.position_ms,
        "b_state": beat.state,
        "b_before": f"{beat.seq},",
        "b_after": f",{beat.position_ms},{beat.state};",
        "b_ip": origin.ip_blind(services, ip),
        "b_agent": origin.agent_blind(services, agent),
    }
    with bare_transaction(services.database) as connection:
        active = connection.execute(_PLAIN_BEAT, parameters).scalar_one_or_none()
    if active is not None:
        return BeatAck(beat.seq, ACTIVE if active else SUPERSEDED, held_to.beat_seconds)
    with transaction(services.database) as session:
        row = segments.lock(session, claims.enrolment_id, claims.session_id)
        if row is None:
            return BeatAck(0, CLOSED, 0)
        segments.take(session, services, row, beat, sender=Origin(ip, agent), limits=held_to)
        return BeatAck(row.last_seq, ACTIVE if row.active else SUPERSEDED, held_to.beat_seconds)
