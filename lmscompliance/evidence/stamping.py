"""Has an RFC 3161 authority stamp checkpoints: one a day, each export's, each again before it expires.

An authority that is down, slow or wrong holds nothing up: the checkpoint then stands without a timestamp,
which is how it says so, and the next run asks again. What it answers is kept only after it was checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from lmscompliance.evidence import reader
from lmscompliance.evidence.models import Checkpoint, Log, Timestamp
from lmscompliance.evidence.tree import FIRST_LOG
from lmscompliance.kernel.clock import from_micros, shanghai_day, to_micros
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.logs import logger
from lmscompliance.outbound.exchange import Bounds, NoAnswer, exchange
from lmscompliance.services import Services
from lmscompliance.storage.statements import table
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.notes import Note
from lmscompliance.tlog.tsa import tsa_line
from lmscompliance.verifier import rfc3161
from lmscompliance.verifier.bundle import Stamp
from lmscompliance.verifier.rfc3161 import BadTimestamp

_log = logger(__name__)

TIMEOUT_SECONDS = 10
"""How long one answer may take in all; an export waits this long for an authority that is down."""
_MOST_BYTES = 65_536
_REQUEST = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


@dataclass(frozen=True, slots=True)
class StampReport:
    """What a run did: how many checkpoints were stamped, how many timestamps renewed, how many were not."""

    stamped: int
    renewed: int
    failed: int


def stamp_due(services: Services) -> StampReport:
    """Stamp the newest checkpoint if none was stamped today (in Shanghai), and renew what will expire.

    Does nothing without ``COMPLIANCE_TSA_URL``. Each timestamp is committed as it comes; if the process dies
    before, the next run asks again. Two runs at once keep one answer.
    """
    if not services.settings.tsa_url:
        return StampReport(0, 0, 0)
    now = services.clock.now()
    with reading(services.database) as session:
        newest = reader.log_size(session)
        last = session.execute(
            select(Timestamp.size, Timestamp.stamped_at)
            .where(Timestamp.log_id == FIRST_LOG, Timestamp.number == 0)
            .order_by(Timestamp.size.desc())
            .limit(1)
        ).one_or_none()
        expiring = _expiring(session, now + timedelta(days=services.settings.tsa_renew_days), now)
    due = newest > 0 and (
        last is None or (last.size < newest and shanghai_day(last.stamped_at) < shanghai_day(now))
    )
    first = [_ask(services, newest, 0)] if due else []
    again = [_ask(services, size, number) for size, number in expiring]
    return StampReport(
        sum(one is not None for one in first),
        sum(one is not None for one in again),
        sum(one is None for one in (*first, *again)),
    )


def stamp(services: Services, size: int) -> datetime | None:
    """Have the checkpoint of ``size`` stamped and return the authority's time; ``None`` if it was not to be.

    Asked again for one that is stamped, returns that time. Never raises for what the authority does.
    """
    with reading(services.database) as session:
        known = session.get(Timestamp, (FIRST_LOG, size, 0))
    if known is not None:
        return known.stamped_at
    return _ask(services, size, 0) if services.settings.tsa_url else None


def stamps_between(session: Session, first: int, last: int) -> dict[int, tuple[Stamp, ...]]:
    """Return the timestamps of checkpoints over ``first`` and up to ``last`` entries, by size."""
    rows = session.scalars(
        select(Timestamp)
        .where(Timestamp.log_id == FIRST_LOG, Timestamp.size > first, Timestamp.size <= last)
        .order_by(Timestamp.size, Timestamp.number)
    )
    found: dict[int, tuple[Stamp, ...]] = {}
    for row in rows:
        one = Stamp(row.response, tuple(rfc3161.certificates(row.chain)), to_micros(row.stamped_at))
        found[row.size] = (*found.get(row.size, ()), one)
    return found


def trust_lines(services: Services) -> str:
    """Return the lines of a trust file that name the authority's roots; empty where none is configured."""
    roots, _ = _certificates(services)
    return "".join(tsa_line(root) for root in roots)


def _expiring(session: Session, until: datetime, now: datetime) -> list[tuple[int, int]]:
    """Return (size, next number) of what expires before ``until`` and has not expired by ``now``."""
    last = (
        select(Timestamp.size, func.max(Timestamp.number).label("number"))
        .where(Timestamp.log_id == FIRST_LOG)
        .group_by(Timestamp.size)
        .subquery()
    )
    rows = session.execute(
        select(Timestamp.size, Timestamp.number)
        .join(last, (last.c.size == Timestamp.size) & (last.c.number == Timestamp.number))
        # A new timestamp may rest on certificates that expire just as soon: once a day is enough then.
        .where(
            Timestamp.log_id == FIRST_LOG,
            Timestamp.expires_at < until,
            Timestamp.expires_at > now,
            Timestamp.stamped_at < now - timedelta(days=1),
        )
        .order_by(Timestamp.size)
    )
    return [(size, number + 1) for size, number in rows]


def _ask(services: Services, size: int, number: int) -> datetime | None:
    """Get and keep timestamp ``number`` of the checkpoint of ``size``; ``None`` says that there is none."""
    try:
        roots, chain = _certificates(services)
        with reading(services.database) as session:
            message = _message(session, size, number)
        request, nonce = rfc3161.request(message)
        response = _post(services.settings.tsa_url, request)
        if roots:
            stamped = rfc3161.check(response, message, chain, roots, nonce)
        else:
            stamped = rfc3161.read(response, message, chain, nonce)
    except (BadTimestamp, NoAnswer, ValueError, Misconfigured) as error:
        _log.warning("the checkpoint of size %s has no timestamp: %s", size, error or type(error).__name__)
        return None
    made = from_micros(stamped.time_us)
    row = {
        "log_id": FIRST_LOG,
        "size": size,
        "number": number,
        "stamped_at": made,
        "expires_at": from_micros(stamped.expires_us),
        "response": response,
        "chain": _chain_text(services),
    }
    with transaction(services.database) as session:
        # Two processes may have asked at once: the log's row makes them take turns, the first answer stays.
        session.execute(select(Log.id).where(Log.id == FIRST_LOG).with_for_update())
        known = session.get(Timestamp, (FIRST_LOG, size, number))
        if known is not None:
            return known.stamped_at
        session.execute(insert(table(Timestamp)).values(row))
    return made


def _message(session: Session, size: int, number: int) -> bytes:
    """Return what timestamp ``number`` is of: the checkpoint's text, then the answer before."""
    if number == 0:
        note = session.scalars(
            select(Checkpoint.note).where(Checkpoint.log_id == FIRST_LOG, Checkpoint.size == size)
        ).one()
        return Note.parse(note).text.encode()
    return session.scalars(
        select(Timestamp.response).where(
            Timestamp.log_id == FIRST_LOG, Timestamp.size == size, Timestamp.number == number - 1
        )
    ).one()


def _chain_text(services: Services) -> str:
    path = services.settings.tsa_chain
    return "" if path is None else path.read_text(encoding="ascii")


def _certificates(services: Services) -> tuple[Sequence[bytes], Sequence[bytes]]:
    """Return the authority's roots and the whole chain file (DER); raises ``Misconfigured``."""
    try:
        chain = rfc3161.certificates(_chain_text(services))
        roots = rfc3161.self_signed(chain)
    except (OSError, ValueError) as error:
        path = str(services.settings.tsa_chain)
        raise Misconfigured("evidence.bad_tsa_chain", path=path, reason=str(error)) from error
    if chain and not roots:
        path = str(services.settings.tsa_chain)
        raise Misconfigured("evidence.bad_tsa_chain", path=path, reason="no self-signed root")
    return roots, chain


def _post(url: str, request: bytes) -> bytes:
    answer = exchange(url, Bounds(TIMEOUT_SECONDS, _MOST_BYTES), request, _REQUEST)
    if answer.status != HTTPStatus.OK:
        msg = f"the authority answered {answer.status} with {len(answer.body)} bytes"
        raise BadTimestamp(msg)
    return answer.body
