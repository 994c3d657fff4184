"""The terms a running session is held to, remembered by class.

A class keeps its policy version for ever, so what is remembered here can never become wrong; it saves the
beat a query. A process that starts anew simply asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from lmscompliance.policy.terms import CreditTerms, PresenceTerms
from lmscompliance.services import Services
from lmscompliance.storage.database import Database
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries


@dataclass(frozen=True, slots=True)
class Limits:
    """How often to beat, how long a silence may be, how long a segment, how late a delivery."""

    beat_seconds: int
    gap: timedelta
    gap_us: int
    segment: timedelta
    late_window: timedelta
    terms: CreditTerms
    presence: PresenceTerms


_remembered: WeakKeyDictionary[Database, dict[str, Limits]] = WeakKeyDictionary()


def of_class(services: Services, class_id: str) -> Limits:
    """Return the limits of a class, asking the database if need be; raises ``NotFound`` without the class.

    Never call it inside a transaction: it would wait for a second connection while holding the first.
    """
    known = _remembered.get(services.database, {}).get(class_id)
    if known is not None:
        return known
    with reading(services.database) as session:
        return within(session, services, class_id)


def within(session: Session, services: Services, class_id: str) -> Limits:
    """Return the limits of a class inside a transaction that is already open; as ``of_class``."""
    known = _remembered.setdefault(services.database, {})
    if class_id not in known:
        notice = queries.class_notice(session, class_id)
        terms = notice.credit
        known[class_id] = Limits(
            beat_seconds=terms.beat_seconds,
            gap=timedelta(seconds=terms.max_gap_seconds),
            gap_us=terms.max_gap_seconds * 1_000_000,
            segment=timedelta(seconds=terms.segment_seconds),
            late_window=timedelta(seconds=terms.late_window_seconds),
            terms=terms,
            presence=notice.presence,
        )
    return known[class_id]
