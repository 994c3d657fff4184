"""The log of security events: who signed in or failed to, who was given or lost what, which link was used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.service.models import SecurityEvent
from lmscompliance.services import Services

_PLACE = f"{SecurityEvent.__tablename__}.ip_sealed"


@dataclass(frozen=True, slots=True)
class Happened:
    """An event in plain text, for the account's owner and administrators."""

    at: datetime
    kind: str
    by: str
    ip: str


def note(
    session: Session,
    services: Services,
    kind: str,
    *,
    login_id: str | None = None,
    by: str = "",
    ip: str = "",
    **detail: str,
) -> None:
    """Add an event in the caller's transaction: it is kept exactly if what it tells of is.

    ``detail`` holds ids, roles and scopes, never a name, a phone or a secret.
    """
    session.add(
        SecurityEvent(
            id=services.ids.new(),
            at=services.clock.now(),
            kind=kind,
            login_id=login_id,
            by=by,
            ip_sealed=services.vault.seal(_PLACE, ip) if ip else None,
            detail=json.dumps(detail, sort_keys=True),
        )
    )


def of_login(
    session: Session, services: Services, login_id: str, limit: int | None = 50
) -> Sequence[Happened]:
    """Return the last events of an account (``None``: all), the newest first."""
    rows = session.scalars(
        select(SecurityEvent)
        .where(SecurityEvent.login_id == login_id)
        .order_by(SecurityEvent.id.desc())
        .limit(limit)
    )
    return [
        Happened(
            one.at,
            one.kind,
            one.by,
            "" if one.ip_sealed is None else services.vault.open(_PLACE, one.ip_sealed),
        )
        for one in rows
    ]
