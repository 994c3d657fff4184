"""Host accounts: bound to a person once, by a one-time code, with a limit on guessing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import case, delete, select

from lmscompliance.identity import links
from lmscompliance.identity.models import Account, GuessCounter
from lmscompliance.kernel.errors import Conflict
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.services import Services

MAX_GUESSES = 5
GUESS_WINDOW = timedelta(minutes=15)


def count_guess(session: Session, account: str, now: datetime) -> int:
    """Count one attempt of ``account`` and return how many there were in the present window.

    Called before a code is looked at, so a burst of simultaneous guesses queues at this row and is counted
    whole. Failures stay counted only if the caller's transaction commits, whatever it answers.
    """
    over = GuessCounter.first_failed_at <= now - GUESS_WINDOW
    first = upsert(session, GuessCounter).values(external_id=account, failures=1, first_failed_at=now)
    statement = first.on_conflict_do_update(
        index_elements=[GuessCounter.external_id],
        set_={
            "failures": case((over, 1), else_=GuessCounter.failures + 1),
            "first_failed_at": case(
                (over, first.excluded.first_failed_at), else_=GuessCounter.first_failed_at
            ),
        },
    ).returning(GuessCounter.failures)
    return session.execute(statement).scalar_one()


def forget_guesses(session: Session, account: str) -> None:
    """Clear the count after a right code."""
    session.execute(delete(GuessCounter).where(GuessCounter.external_id == account))


def forget_counts(services: Services) -> int:
    """Delete the counters whose window is over, which count from nought again; return how many there were.

    Otherwise every client address that ever looked something up would stay behind.
    """
    over = GuessCounter.first_failed_at <= services.clock.now() - GUESS_WINDOW
    with transaction(services.database) as session:
        gone = session.execute(delete(GuessCounter).where(over).returning(GuessCounter.external_id))
        return len(gone.all())


def bind(
    session: Session, services: Services, *, account: str, person_id: str, ip: str, consent_version: str
) -> None:
    """Bind the host account to the person; binding the same two again changes nothing.

    Records that were united are one person, each with the account it had.

    Raises ``Conflict`` when the account already is another person, or the person another account.
    """
    bound = session.get(Account, account)
    if bound is not None:
        if links.holder(session, bound.person_id) != links.holder(session, person_id):
            raise Conflict("identity.account_other_person")
        return
    if session.scalar(select(Account.external_id).where(Account.person_id == person_id)) is not None:
        raise Conflict("identity.person_other_account")
    session.add(
        Account(
            external_id=account,
            person_id=person_id,
            activated_at=services.clock.now(),
            ip_sealed=services.vault.seal(f"{Account.__tablename__}.ip_sealed", ip),
            consent_version=consent_version,
        )
    )
    session.flush()
