"""Slows guessing down: a growing delay for each login, counted in the database so that all workers agree.

A restart forgets nothing. The delay is by login and not by account, so an unknown login is answered as a
known one; and by a counter for each address, wide enough for a factory that shares one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete

from lmscompliance.identity.accounts import GUESS_WINDOW, count_guess
from lmscompliance.kernel.errors import ComplianceError, TooMany
from lmscompliance.service.models import LoginThrottle
from lmscompliance.storage.statements import upsert

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.services import Services

FREE = 5
"""Wrong passwords before the first delay; it doubles with each more."""
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(hours=24)
MOST_OF_ADDRESS = 300
"""Tries from one address within ``GUESS_WINDOW``: a shift of trainees behind one router stays below."""
_LONGEST_EXPONENT = 12


def count(session: Session, services: Services, login_blind: str) -> ComplianceError | None:
    """Count a try for a login before its password is looked at; returns why it may not be made now.

    The caller raises what is returned after its transaction, so that the try stays counted. A burst of
    simultaneous tries queues at this row and is counted whole.
    """
    now = services.clock.now()
    empty = upsert(session, LoginThrottle).values(login_blind=login_blind, failures=0, failed_at=now)
    session.execute(empty.on_conflict_do_nothing())
    row = session.get_one(LoginThrottle, login_blind, with_for_update=True)
    if row.until is not None and now < row.until:
        return TooMany("service.try_later", minutes=_minutes(row.until - now))
    if row.failed_at <= now - FORGOTTEN_AFTER:
        row.failures = 0
    row.failures, row.failed_at, row.until = row.failures + 1, now, None
    if row.failures >= FREE:
        delay = FIRST_DELAY * 2 ** min(row.failures - FREE, _LONGEST_EXPONENT)
        row.until = now + min(delay, LONGEST_DELAY)
    return None


def locked_until(session: Session, login_blind: str, now: datetime) -> datetime | None:
    """Return until when a login has to wait, if it has to."""
    row = session.get(LoginThrottle, login_blind)
    return None if row is None or row.until is None or row.until <= now else row.until


def forget(session: Session, login_blind: str) -> None:
    """Clear the count after a right password, or when an administrator unlocks."""
    session.execute(delete(LoginThrottle).where(LoginThrottle.login_blind == login_blind))


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
