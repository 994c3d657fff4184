"""The heartbeat: the seam that every lane in front of the database calls.

``accept`` is one conditional UPDATE of the session's hot row. It is answered after its commit, so an
acknowledged beat is a durable row; if the process dies before that, the page sends the same number again
and nothing is counted twice. Only the server's time of receipt is used.

Whatever is not plain (a segment is due, the page went out of sight, another address, a silence, a number
seen before) makes the UPDATE match nothing, and the beat takes the slow path under the row's lock. So does a
beat without the nonce that was answered to the one before it, and one that brings others which are late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    String,
    Update,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    type_coerce,
    update,
)
from sqlalchemy.types import TypeEngine

from lmscompliance.learning import beatlog, delivery, limits, nonces, origin, segments, tokens
from lmscompliance.learning.instants import instant_us
from lmscompliance.learning.limits import Limits
from lmscompliance.learning.models import OPEN_SESSION, OpenSession
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.presence import watch
from lmscompliance.learning.sent import SentBeat
from lmscompliance.services import Services
from lmscompliance.storage.transaction import bare_transaction, transaction

ACTIVE = "active"
SUPERSEDED = "superseded"
CLOSED = "closed"

COLUMNS: dict[str, TypeEngine[Any]] = {
    "enrolment": String(),
    "session": String(),
    "at": BigInteger(),
    "since": BigInteger(),
    "seq": Integer(),
    "position": BigInteger(),
    "state": String(),
    "ip": String(),
    "agent": String(),
}
"""What a plain beat's statement is given: instants in microseconds, ``since`` the earliest that the last
beat may be; address and device as their digests. The first two name the row."""

KEY = 2

_HIDDEN = literal_column("'hidden'", String)
_COMMA = literal_column("','", String)
_END = literal_column("';'", String)
_last_at = type_coerce(OpenSession.last_at, BigInteger)
_segment_start = type_coerce(OpenSession.segment_start, BigInteger)


def plain_beat(sent: Mapping[str, ColumnElement[Any]]) -> Update:
    """Return the one statement of a plain beat, which matches no row when the beat is not plain.

    Every lane runs this one; they differ in how they hand over the values ``sent``.
    """
    # What ``beatlog.entry`` writes, its offset reckoned by the database from the row's own segment start.
    # The integer division is exact because all instants of a session are whole milliseconds.
    offset = (sent["at"] - _segment_start) // literal_column("1000", BigInteger)
    numbers = (cast(number, String) + _COMMA for number in (sent["seq"], offset, sent["position"]))
    return (
        update(OPEN_SESSION)
        .where(
            OpenSession.enrolment_id == sent["enrolment"],
            OpenSession.session_id == sent["session"],
            OpenSession.last_seq < sent["seq"],
            _last_at <= sent["at"],
            _last_at >= sent["since"],
            type_coerce(OpenSession.slow_at, BigInteger) > sent["at"],
            func.length(OpenSession.beats) < literal_column(str(beatlog.FULL), Integer),
            OpenSession.ip_blind == sent["ip"],
            OpenSession.agent_blind == sent["agent"],
            or_(sent["state"] != _HIDDEN, OpenSession.last_state == _HIDDEN),
        )
        .values(
            last_at=sent["at"],
            last_seq=sent["seq"],
            last_position_ms=sent["position"],
            last_state=sent["state"],
            beats=reduce(add, numbers, OpenSession.beats) + sent["state"] + _END,
        )
    )


def plain_row(
    claims: tokens.Claims, limits: Limits, now_us: int, beat: tuple[int, int, str], blinds: tuple[str, str]
) -> tuple[str | int, ...]:
    """Return the values of ``COLUMNS`` for a beat (number, position, state) received now, from ``blinds``."""
    session_id, enrolment_id, _ = claims
    return enrolment_id, session_id, now_us, now_us - limits.gap_us, *beat, *blinds


# Built once: putting a statement together costs more than running it.
_PLAIN_BEAT = plain_beat({name: bindparam(f"b_{name}", type_=type_) for name, type_ in COLUMNS.items()})
_PLAIN_BEAT = _PLAIN_BEAT.returning(OpenSession.active)
_PARAMETERS = tuple(f"b_{name}" for name in COLUMNS)


@dataclass(frozen=True, slots=True)
class BeatAck:
    """What a page is told: the last number that is durable, how its session stands, when to beat next.

    ``nonce`` is what the next beat must show. A closed session keeps nothing any more: ``seq`` and
    ``next_seconds`` are then 0, and ``nonce`` is empty. ``presence`` is ``due`` while a presence check waits
    for its answer, ``missed`` while a missed one waits for a passed one.
    """

    seq: int
    state: str
    next_seconds: int
    nonce: str
    presence: str = ""

    def to_json(self) -> str:
        """Return it as it is answered; by hand, for plain members need no encoder."""
        said = f',"presence":"{self.presence}"' if self.presence else ""
        return (
            f'{{"seq":{self.seq},"state":"{self.state}","next_seconds":{self.next_seconds},'
            f'"nonce":"{self.nonce}"{said}}}'
        )


def acknowledge(
    services: Services, session_id: str, seq: int, limits: Limits, *, active: bool, presence: str = ""
) -> BeatAck:
    """Return the answer to a beat of an open session whose last durable number is ``seq``."""
    nonce = nonces.after(services, session_id, seq)
    return BeatAck(seq, ACTIVE if active else SUPERSEDED, limits.beat_seconds, nonce, presence)


def accept(services: Services, token: str, beat: SentBeat, ip: str, agent: str) -> BeatAck:
    """Keep ``beat`` and return its acknowledgement.

    Raises ``Unauthenticated`` for a token that is not ours. Safe to repeat with the same number.
    """
    claims = tokens.read(services, token)
    held_to = limits.of_class(services, claims.class_id)
    sender = Origin(ip, agent)
    plain = not beat.late and beat.acked == beat.seq - 1
    if plain and nonces.is_after(services, claims.session_id, beat.acked, beat.nonce):
        said = beat.seq, beat.position_ms, beat.state
        now_us, blinds = instant_us(services), origin.blinds(services, sender)
        row = plain_row(claims, held_to, now_us, said, blinds)
        parameters = dict(zip(_PARAMETERS, row, strict=True))
        with bare_transaction(services.database) as connection:
            active = connection.execute(_PLAIN_BEAT, parameters).scalar_one_or_none()
        if active is not None:
            return acknowledge(services, claims.session_id, beat.seq, held_to, active=active)
    with transaction(services.database) as session:
        open_row = segments.lock(session, claims.enrolment_id, claims.session_id)
        if open_row is None:
            delivery.take_closed(session, services, claims, beat, sender=sender, limits=held_to)
            return BeatAck(0, CLOSED, 0, "")
        delivery.take(session, services, open_row, beat, sender=sender, limits=held_to)
        stands = watch.attend(session, services, open_row, held_to)
        return acknowledge(
            services,
            claims.session_id,
            open_row.last_seq,
            held_to,
            active=open_row.active,
            presence=stands,
        )
