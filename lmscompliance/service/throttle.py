"""Slows guessing down: a growing delay for each login, counted in the database so that all workers agree.

A restart forgets nothing. The delay is by login and not by account, so an unknown login is answered as a
known one; and by a counter for each address, wide enough for a factory that shares one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, select

from lmscompliance.identity.accounts import GUESS_WINDOW, count_guess
from lmscompliance.kernel.errors import ComplianceError, TooMany
from lmscompliance.service.models import FORGOTTEN_AFTER, LOGIN, LoginThrottle
from lmscompliance.storage.statements import upsert

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.services import Services

FREE = 5
"""Wrong passwords before the first delay; it doubles with each more."""
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
MOST_OF_ADDRESS = 300
"""Tries from one address within ``GUESS_WINDOW``: a shift of trainees behind one router stays below."""
_LONGEST_EXPONENT = 12


def count(session: Session, services: Services, login: str) -> ComplianceError | None:
    """Count a try for a (normalised) login before its password is looked at.

    Returns why it may not be made now; the caller raises that after its transaction, so that the try stays
    counted. A burst of simultaneous tries queues at this row and is counted whole.
    """
    now = services.clock.now()
    row = _row(session, services, login)
    if row.until is not None and now < row.until:
        return TooMany("service.try_later", minutes=_minutes(row.until - now))
    if row.failed_at <= now - FORGOTTEN_AFTER:
        row.failures = 0
    row.failures, row.failed_at, row.until = row.failures + 1, now, None
    if row.failures >= FREE:
        delay = FIRST_DELAY * 2 ** min(row.failures - FREE, _LONGEST_EXPONENT)
        row.until = now + min(delay, LONGEST_DELAY)
    return None


def waits_until(session: Session, services: Services, login: str) -> datetime | None:
    """Return until when a login has to wait, if it has to."""
    return _later(
        services.clock.now(), *session.scalars(select(LoginThrottle.until).where(_of(services, login)))
    )


def forget(session: Session, services: Services, login: str) -> None:
    """Clear the count after a right password, or when an administrator unlocks."""
    session.execute(delete(LoginThrottle).where(_of(services, login)))


def _row(session: Session, services: Services, login: str) -> LoginThrottle:
    """Return the one locked row of a login, with what was counted under a key that is being replaced."""
    locked = select(LoginThrottle).order_by(LoginThrottle.login_blind).with_for_update()
    rows = session.scalars(locked.where(_of(services, login))).all()
    current = services.vault.blind(LOGIN, login)
    row = next((one for one in rows if one.login_blind == current), None)
    if row is None:
        now = services.clock.now()
        empty = upsert(session, LoginThrottle).values(login_blind=current, failures=0, failed_at=now)
        session.execute(empty.on_conflict_do_nothing())
        row = session.get_one(LoginThrottle, current, with_for_update=True)
    for other in rows:
        if other is not row:
            row.failed_at = max(other.failed_at, row.failed_at) if row.failures else other.failed_at
            row.failures += other.failures
            row.until = _later(None, row.until, other.until)
            session.delete(other)
    return row


def _of(services: Services, login: str) -> ColumnElement[bool]:
    return LoginThrottle.login_blind.in_(services.vault.blinds(LOGIN, login))


def _later(than: datetime | None, *instants: datetime | None) -> datetime | None:
    found = max((one for one in instants if one is not None), default=None)
    return None if found is None or (than is not None and found <= than) else found


def count_address(session: Session, services: Services, ip: str) -> ComplianceError | None:
    """Count a try from an address; returns why it may not be made now."""
    return limited(session, services, f"address/{services.vault.blind('service.ip', ip)}", MOST_OF_ADDRESS)


def limited(session: Session, services: Services, key: str, most: int) -> ComplianceError | None:
    """Count one use of ``key``; returns why not when there were ``most`` within ``GUESS_WINDOW``."""
    if count_guess(session, f"service/{key}", services.clock.now()) <= most:
        return None
    return TooMany("service.try_later", minutes=_minutes(GUESS_WINDOW))


def _minutes(delay: timedelta) -> int:
    return -(-int(delay.total_seconds()) // 60) or 1
