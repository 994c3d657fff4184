"""What service mode lets go of: logins of people that no class needs any more, and auditors' links."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.rules.retention import ACCOUNTS, IDENTITY
from lmscompliance.service.models import (
    LOGIN,
    LOGIN_PLACE,
    AuditorLink,
    Login,
    LoginGrant,
    LoginSession,
    LoginThrottle,
    OneTimeLink,
    PhoneCode,
    RecoveryCode,
    SecurityEvent,
)
from lmscompliance.storage.erasing import Erasing, chunks


def forget(erasing: Erasing) -> None:
    """Name the rows of trainees' logins; staff's are not a class's."""
    session = erasing.session
    logins = [
        row
        for chunk in chunks(erasing.persons)
        for row in session.execute(select(Login.id, Login.login_sealed).where(Login.person_id.in_(chunk)))
    ]
    ids = [row.id for row in logins]
    for column in (
        LoginGrant.login_id,
        LoginSession.login_id,
        OneTimeLink.login_id,
        RecoveryCode.login_id,
        SecurityEvent.login_id,
        Login.id,
    ):
        erasing.rows(ACCOUNTS, column, ids)
    vault = erasing.vault
    counted = [
        blind for row in logins for blind in vault.blinds(LOGIN, vault.open(LOGIN_PLACE, row.login_sealed))
    ]
    erasing.rows(ACCOUNTS, LoginThrottle.login_blind, counted)
    erasing.rows(ACCOUNTS, PhoneCode.person_id, erasing.persons)
    erasing.of_class(IDENTITY, AuditorLink, LoginSession)
