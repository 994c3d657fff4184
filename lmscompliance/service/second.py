"""The second factor: time-based codes (RFC 6238) of an app, and recovery codes for a lost phone."""

from __future__ import annotations

import base64
import hmac
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyotp
import segno
from sqlalchemy import delete, select

from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.service import journal
from lmscompliance.service.models import Login, RecoveryCode

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.services import Services

STEP_SECONDS = 30
_DRIFT = (0, -1, 1)
"""Steps by which a phone's clock may be off (RFC 6238, section 5.2 recommends one)."""
RECOVERY_CODES = 10
_RECOVERY_LENGTH = 12
_PLACE = f"{Login.__tablename__}.totp_sealed"
_DOMAIN = "service.recovery"
_LOGIN_PLACE = f"{Login.__tablename__}.login_sealed"


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret to put into an app: as a picture (SVG) and in letters."""

    secret: str
    picture: str

    def __repr__(self) -> str:
        return "Offer()"


def offer(services: Services, account: Login) -> Offer:
    """Return a locked account's secret that is not yet confirmed; made, for the caller to commit, if none is.

    Raises ``Conflict`` when a second factor is set up already: it is never shown again.
    """
    if account.totp_since is not None:
        raise Conflict("service.second_is_set")
    if account.totp_sealed is None:
        # 160 bits, as RFC 4226 (section 4, R6) recommends.
        secret = base64.b32encode(services.ids.salt() + services.ids.salt()[:4]).decode()
        account.totp_sealed = services.vault.seal(_PLACE, secret)
    secret = services.vault.open(_PLACE, account.totp_sealed)
    login = services.vault.open(_LOGIN_PLACE, account.login_sealed)
    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=services.settings.platform_name)
    drawn = io.BytesIO()
    segno.make(address, error="m").save(
        drawn, kind="svg", scale=4, xmldecl=False, svgclass=None, lineclass=None
    )
    return Offer(secret, drawn.getvalue().decode())


def confirm(session: Session, services: Services, account: Login, code: str) -> list[str]:
    """Switch the second factor on by its first code; return the recovery codes, which are shown only now."""
    if account.totp_sealed is None or account.totp_since is not None or not _by_app(services, account, code):
        raise InvalidInput("service.wrong_first_code")
    account.totp_since = services.clock.now()
    journal.note(session, services, "second.set", login_id=account.id, by=account.id)
    return recovery_codes(session, services, account)


def recovery_codes(session: Session, services: Services, account: Login) -> list[str]:
    """Return new recovery codes; all earlier ones stop working."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.login_id == account.id))
    codes = [services.ids.code(_RECOVERY_LENGTH) for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(login_id=account.id, code_blind=services.vault.blind(_DOMAIN, _plain(code)))
        for code in codes
    )
    return codes


def accepts(session: Session, services: Services, account: Login, code: str) -> bool:
    """Take a code of the locked account's app, or one of its recovery codes; each is taken once."""
    if account.totp_since is None:
        return False
    if _by_app(services, account, code):
        return True
    found = session.scalars(
        select(RecoveryCode)
        .where(
            RecoveryCode.login_id == account.id,
            RecoveryCode.code_blind.in_(services.vault.blinds(_DOMAIN, _plain(code))),
        )
        .with_for_update()
    ).one_or_none()
    if found is None or found.used_at is not None:
        return False
    found.used_at = services.clock.now()
    journal.note(session, services, "recovery.used", login_id=account.id, by=account.id)
    return True


def _by_app(services: Services, account: Login, code: str) -> bool:
    if account.totp_sealed is None:
        return False
    totp = pyotp.TOTP(services.vault.open(_PLACE, account.totp_sealed))
    typed = "".join(code.split()).encode()
    now = to_micros(services.clock.now()) // (STEP_SECONDS * 1_000_000)
    # Every step is compared, whichever fits: the time this takes tells nothing.
    fitting = [
        now + drift for drift in _DRIFT if hmac.compare_digest(totp.generate_otp(now + drift).encode(), typed)
    ]
    if not fitting or max(fitting) <= account.totp_step:
        return False
    account.totp_step = max(fitting)
    return True


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").upper()
