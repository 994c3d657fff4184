"""Signing in: password, then the second factor where the account has or needs one; one-time links.

Each step that succeeds opens a new session, so a token that somebody planted or overheard before is worth
nothing after.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.errors import Forbidden, Gone, InvalidInput, NotFound, Unauthenticated
from lmscompliance.learning.origin import Origin
from lmscompliance.service import directory, journal, passwords, second, sessions, throttle
from lmscompliance.service.models import Login, OneTimeLink
from lmscompliance.service.tokens import token_hash
from lmscompliance.storage.transaction import reading, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.service.directory import Grant, Known
    from lmscompliance.services import Services


@dataclass(frozen=True, slots=True)
class Opened:
    """A session's token, for the cookie, and what is still owed."""

    token: str
    stage: str

    def __repr__(self) -> str:
        return f"Opened({self.stage})"


def sign_in(services: Services, login: str, password: str, sender: Origin) -> Opened:
    """Open a session by password.

    Raises ``Unauthenticated`` in the same words, after the same work, for an unknown login, a wrong
    password, an account that was invited only, and one that is locked; ``TooMany`` after too many tries;
    ``Forbidden`` where the password is right and nothing is granted.
    """
    with transaction(services.database) as session:
        refused = throttle.count_address(session, services, sender.ip) or throttle.count(
            session, services, directory.normal(login)
        )
        account = directory.find(session, services, login)
        if refused is not None:
            login_id = None if account is None else account.id
            journal.note(session, services, "login.delayed", login_id=login_id, ip=sender.ip)
    if refused is not None:
        raise refused
    right = passwords.matches("" if account is None else account.password_hash, password)
    if account is None or not right or account.locked_at is not None:
        with transaction(services.database) as session:
            login_id = None if account is None else account.id
            journal.note(session, services, "login.failed", login_id=login_id, ip=sender.ip)
        raise Unauthenticated("service.wrong_login")
    renewed = passwords.renewed(account.password_hash, password)
    with transaction(services.database) as session:
        throttle.forget(session, services, directory.normal(login))
        account = session.get_one(Login, account.id, with_for_update=True)
        if renewed is not None:
            account.password_hash = renewed
        grants = directory.grants_of(session, account.id)
        if not grants:
            raise Forbidden("service.nothing_granted")
        return _open_first(session, services, account, grants[0], sender)


def answer_code(services: Services, present: sessions.Present, code: str, sender: Origin) -> Opened:
    """Finish signing in by a code of the second factor, or by a recovery code.

    Raises ``Unauthenticated`` for a wrong one, which counts as a wrong password does.
    """
    account = _pending(services, present, sessions.CODE)
    with transaction(services.database) as session:
        refused = throttle.count(session, services, directory.login_of(services, account))
        locked = session.get_one(Login, account.id, with_for_update=True)
        right = refused is None and second.accepts(session, services, locked, code)
        if right:
            throttle.forget(session, services, directory.login_of(services, account))
            opened = open_whole(session, services, locked, sender)
        else:
            journal.note(session, services, "second.failed", login_id=account.id, ip=sender.ip)
    if refused is not None:
        raise refused
    if not right:
        raise Unauthenticated("service.wrong_code")
    sessions.end(services, present.id, by=account.id, kind=sessions.REPLACED)
    return opened


def offer_second(services: Services, present: sessions.Present) -> second.Offer:
    """Return the secret to set up, for whoever owes a second factor."""
    account = _pending(services, present, sessions.ENROL)
    with transaction(services.database) as session:
        return second.offer(services, session.get_one(Login, account.id, with_for_update=True))


def confirm_second(
    services: Services, present: sessions.Present, code: str, sender: Origin
) -> tuple[Opened, list[str]]:
    """Set the second factor up by its first code; return the session and the recovery codes, once."""
    account = _pending(services, present, sessions.ENROL)
    with transaction(services.database) as session:
        locked = session.get_one(Login, account.id, with_for_update=True)
        recovery = second.confirm(session, services, locked, code)
        opened = open_whole(session, services, locked, sender)
    sessions.end(services, present.id, by=account.id, kind=sessions.REPLACED)
    return opened, recovery


def act_as(services: Services, login_id: str, present_id: str, grant_id: str, sender: Origin) -> Opened:
    """Go on by another of the account's grants, in a new session; raises ``NotFound``."""
    with transaction(services.database) as session:
        account = session.get_one(Login, login_id)
        chosen = next((one for one in directory.grants_of(session, login_id) if one.id == grant_id), None)
        if chosen is None:
            raise NotFound("web.not_found")
        # A role that needs the second factor gets none past it: whoever is in by less signs in anew.
        owed = _owed(services, account, chosen)
        stage = sessions.FULL if owed != sessions.ENROL else sessions.ENROL
        opened = _open(session, services, account, sender, grant=chosen, stage=stage)
    sessions.end(services, present_id, by=login_id, kind=sessions.REPLACED)
    return opened


def link_owner(services: Services, token: str) -> Known:
    """Return whose one-time link it is; raises ``Gone`` when it is none, used up or too old."""
    with reading(services.database) as session:
        found = session.get(OneTimeLink, token_hash(token))
        if not _usable(found, services.clock.now()):
            raise Gone("service.link_gone")
        return directory.opened(session, services, session.get_one(Login, found.login_id))  # type: ignore[union-attr]  # usable


def use_link(services: Services, token: str, password: str, sender: Origin) -> Opened:
    """Set the password by a one-time link and sign in; ``Gone``, or ``InvalidInput`` as ``hashed``."""
    owner = link_owner(services, token)
    hashed = passwords.hashed(services.settings, password, login=owner.login)
    with transaction(services.database) as session:
        found = session.get(OneTimeLink, token_hash(token), with_for_update=True)
        if not _usable(found, services.clock.now()):
            raise Gone("service.link_gone")
        account = session.get_one(Login, owner.id, with_for_update=True)
        found.used_at = services.clock.now()  # type: ignore[union-attr]  # usable
        account.password_hash = hashed
        journal.note(session, services, "link.used", login_id=owner.id, by=owner.id, ip=sender.ip)
        grants = directory.grants_of(session, owner.id)
        if account.locked_at is not None or not grants:
            raise Forbidden("service.nothing_granted")
        return _open_first(session, services, account, grants[0], sender)


def change_password(services: Services, login_id: str, present_id: str, old: str, new: str) -> None:
    """Change an account's own password and end its other sessions; raises ``InvalidInput``."""
    owner = directory.known(services, login_id)
    with transaction(services.database) as session:
        account = session.get_one(Login, login_id)
        refused = throttle.count(session, services, directory.login_of(services, account))
    if refused is not None:
        raise refused
    if not passwords.matches(account.password_hash, old):
        raise InvalidInput("service.wrong_old_password")
    hashed = passwords.hashed(services.settings, new, login=owner.login)
    with transaction(services.database) as session:
        session.get_one(Login, login_id, with_for_update=True).password_hash = hashed
        throttle.forget(session, services, directory.login_of(services, account))
        sessions.end_all(session, services, login_id=login_id, but=present_id)
        journal.note(session, services, "password.changed", login_id=login_id, by=login_id)


def open_whole(session: Session, services: Services, account: Login, sender: Origin) -> Opened:
    """Open a session for who owes nothing any more, in the caller's transaction."""
    return _open(
        session, services, account, sender, grant=_present_grant(session, account), stage=sessions.FULL
    )


def _open(
    session: Session, services: Services, account: Login, sender: Origin, *, grant: Grant, stage: str
) -> Opened:
    kind = "login.done" if stage == sessions.FULL else "login.first_step"
    journal.note(session, services, kind, login_id=account.id, by=account.id, ip=sender.ip)
    scope = grant.scope if grant.role is Role.ENTERPRISE else ""
    token = sessions.begin(
        session, services, sender, stage=stage, role=grant.role, scope=scope, login_id=account.id
    )
    return Opened(token, stage)


def _open_first(session: Session, services: Services, account: Login, grant: Grant, sender: Origin) -> Opened:
    stage = _owed(services, account, grant)
    return _open(session, services, account, sender, grant=grant, stage=stage)


def _owed(services: Services, account: Login, grant: Grant) -> str:
    if account.totp_since is not None:
        return sessions.CODE
    staff = grant.role is not Role.TRAINEE
    return sessions.ENROL if staff and services.settings.totp_required else sessions.FULL


def _present_grant(session: Session, account: Login) -> Grant:
    grants = directory.grants_of(session, account.id)
    if not grants or account.locked_at is not None:
        raise Forbidden("service.nothing_granted")
    return grants[0]


def _pending(services: Services, present: sessions.Present, stage: str) -> Login:
    if present.login_id is None or present.stage != stage:
        raise Unauthenticated("web.sign_in_required")
    with reading(services.database) as session:
        return session.get_one(Login, present.login_id)


def _usable(found: OneTimeLink | None, now: datetime) -> bool:
    return found is not None and found.used_at is None and now < found.expires_at
