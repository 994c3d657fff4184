"""One-time activation codes: shown once to whoever hands them out, kept as a keyed hash, good for a month."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from lmscompliance.storage.transaction import transaction
from lmscompliance.training.models import ActivationCode, Enrolment
from lmscompliance.training.queries import class_by_code, open_roster

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.services import Services
    from lmscompliance.vault import Vault

LIFETIME = timedelta(days=30)
_DOMAIN = "activation.code"


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code to hand to one person; this is the only time it is known. ``ordinal`` is theirs in the class."""

    enrolment_id: str
    ordinal: int
    name: str
    code: str
    expires_at: datetime

    def __repr__(self) -> str:
        """Keep the code and the name out of logs and tracebacks."""
        return f"IssuedCode({self.enrolment_id})"


def blinds(vault: Vault, typed: str) -> list[str]:
    """Return what a code as somebody typed it may be kept as: case, spaces and hyphens do not matter."""
    return vault.blinds(_DOMAIN, _plain(typed))


def _plain(typed: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", typed).upper())


def issue(session: Session, services: Services, enrolment: Enrolment, name: str) -> IssuedCode:
    """Make a code for ``enrolment``; any earlier one stops working."""
    now = services.clock.now()
    session.execute(
        delete(ActivationCode).where(
            ActivationCode.class_id == enrolment.class_id, ActivationCode.enrolment_id == enrolment.id
        )
    )
    code = services.ids.code()
    session.add(
        ActivationCode(
            code_blind=services.vault.blind(_DOMAIN, _plain(code)),
            class_id=enrolment.class_id,
            enrolment_id=enrolment.id,
            issued_at=now,
            expires_at=now + LIFETIME,
            used_at=None,
            used_by=None,
        )
    )
    return IssuedCode(enrolment.id, enrolment.ordinal, name, code, now + LIFETIME)


def reissue(services: Services, class_code: str) -> list[IssuedCode]:
    """Give every enrolment of a class that is not yet activated a new code (the old ones were lost)."""
    with transaction(services.database) as session:
        class_ = class_by_code(session, class_code)
        waiting = {
            one.id: one
            for one in session.scalars(
                select(Enrolment).where(Enrolment.class_id == class_.id, Enrolment.activated_at.is_(None))
            )
        }
        return [
            issue(session, services, waiting[entry.enrolment_id], entry.person.name)
            for entry in open_roster(session, services.vault, class_.id)
            if entry.enrolment_id in waiting
        ]
