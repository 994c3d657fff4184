"""Accounts and what they may do: made by invitation, widened and narrowed by grants, locked and unlocked."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from lmscompliance.identity import uscc
from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.service import journal, sessions, throttle
from lmscompliance.service.models import LOGIN, LOGIN_PLACE, Login, LoginGrant, OneTimeLink
from lmscompliance.service.tokens import token_hash
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training.queries import class_by_code

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.services import Services

LINK_LIFETIME = timedelta(days=3)
STAFF = (Role.ENTERPRISE, Role.INSTITUTION, Role.INSPECTOR, Role.AUDITOR, Role.ADMINISTRATOR)
"""The roles that an administrator gives; trainees come by themselves, with the phone of the roster."""
_NAME_PLACE = f"{Login.__tablename__}.name_sealed"
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Grant:
    """A role within a scope: an enterprise's code, a class's id, a district, or nothing."""

    id: str
    role: Role
    scope: str
    granted_at: datetime
    granted_by: str


@dataclass(frozen=True, slots=True)
class Known:
    """An account in plain text, for administrators and its owner; never logged."""

    id: str
    login: str
    name: str
    grants: Sequence[Grant]
    invited: bool
    second_factor: bool
    locked: bool
    waits_until: datetime | None

    def __repr__(self) -> str:
        return f"Known({self.id})"


def normal(login: str) -> str:
    """Return a login as it is compared, however somebody typed it: case and width do not matter."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def login_of(services: Services, account: Login) -> str:
    """Return the (normalised) login of an account."""
    return services.vault.open(LOGIN_PLACE, account.login_sealed)


def invite(services: Services, *, login: str, name: str, role: Role, scope: str, by: str) -> str:
    """Make an account for a member of staff and return the token of its one-time link.

    Raises ``Conflict`` for a login that is taken, ``InvalidInput`` for a scope that does not fit the role.
    """
    login, name = normal(login), name.strip()
    if not 3 <= len(login) <= _LONGEST or not name or len(name) > _LONGEST:  # noqa: PLR2004  # a login's least
        raise InvalidInput("service.invite_form")
    with transaction(services.database) as session:
        if find(session, services, login) is not None:
            raise Conflict("service.login_taken", login=login)
        made = make(session, services, login=login, name=name, person_id=None)
        _grant(session, services, made, role=role, scope=scope, by=by)
        journal.note(session, services, "account.invited", login_id=made.id, by=by)
        return one_time_link(session, services, made)


def make(session: Session, services: Services, *, login: str, name: str, person_id: str | None) -> Login:
    """Add an account that has no password yet and may do nothing yet."""
    made = Login(
        id=services.ids.new(),
        login_blind=services.vault.blind(LOGIN, login),
        login_sealed=services.vault.seal(LOGIN_PLACE, login),
        name_sealed=services.vault.seal(_NAME_PLACE, name),
        person_id=person_id,
        password_hash="",
        totp_step=0,
        locale=services.settings.locale,
        created_at=services.clock.now(),
    )
    session.add(made)
    session.flush()
    return made


def grant(services: Services, login_id: str, *, role: Role, scope: str, by: str) -> None:
    """Give an account a role within a scope; what it has already changes nothing."""
    with transaction(services.database) as session:
        _grant(session, services, _locked(session, login_id), role=role, scope=scope, by=by)


def revoke(services: Services, login_id: str, grant_id: str, *, by: str) -> None:
    """Take a grant away, and end the sessions that act by that role.

    Raises ``NotFound``; ``Conflict`` for the last administrator, who could let nobody back in.
    """
    with transaction(services.database) as session:
        _locked(session, login_id)
        found = session.get(LoginGrant, (login_id, grant_id), with_for_update=True)
        if found is None or found.revoked_at is not None:
            raise NotFound("web.not_found")
        if found.role == Role.ADMINISTRATOR.value:
            _require_another_administrator(session, login_id)
        found.revoked_at, found.revoked_by = services.clock.now(), by
        journal.note(
            session, services, "grant.revoked", login_id=login_id, by=by, role=found.role, scope=found.scope
        )
        sessions.end_all(session, services, login_id=login_id, role=found.role)


def lock(services: Services, login_id: str, *, by: str) -> None:
    """Keep an account out, at once and until it is unlocked; ``Conflict`` for the last administrator."""
    with transaction(services.database) as session:
        account = _locked(session, login_id)
        _require_another_administrator(session, login_id)
        account.locked_at = services.clock.now()
        journal.note(session, services, "account.locked", login_id=login_id, by=by)
        sessions.end_all(session, services, login_id=login_id)


def unlock(services: Services, login_id: str, *, by: str) -> None:
    """Let a locked account in again, and forget its wrong passwords."""
    with transaction(services.database) as session:
        account = _locked(session, login_id)
        account.locked_at = None
        throttle.forget(session, services, login_of(services, account))
        journal.note(session, services, "account.unlocked", login_id=login_id, by=by)


def reset(services: Services, login_id: str, *, by: str) -> str:
    """Take password and second factor away, end all sessions, and return a one-time link's token."""
    with transaction(services.database) as session:
        account = _locked(session, login_id)
        account.password_hash, account.totp_sealed, account.totp_since, account.totp_step = "", None, None, 0
        throttle.forget(session, services, login_of(services, account))
        journal.note(session, services, "account.reset", login_id=login_id, by=by)
        sessions.end_all(session, services, login_id=login_id)
        return one_time_link(session, services, account)


def one_time_link(session: Session, services: Services, account: Login) -> str:
    """Return a new token for the account; any earlier one stops working."""
    session.execute(delete(OneTimeLink).where(OneTimeLink.login_id == account.id))
    token, now = services.ids.token(), services.clock.now()
    session.add(
        OneTimeLink(
            token_hash=token_hash(token), login_id=account.id, made_at=now, expires_at=now + LINK_LIFETIME
        )
    )
    return token


def staff(services: Services) -> Sequence[Known]:
    """Return every account that is or was staff, the newest first."""
    with reading(services.database) as session:
        rows = session.scalars(
            select(Login).where(Login.person_id.is_(None)).order_by(Login.created_at.desc(), Login.id)
        )
        return [opened(session, services, one) for one in rows]


def known(services: Services, login_id: str) -> Known:
    """Return one account; raises ``NotFound``."""
    with reading(services.database) as session:
        found = session.get(Login, login_id)
        if found is None:
            raise NotFound("web.not_found")
        return opened(session, services, found)


def known_by_login(services: Services, login: str) -> Known:
    """Return the account of a login, as the command line names it; raises ``NotFound``."""
    with reading(services.database) as session:
        found = find(session, services, login)
        if found is None:
            raise NotFound("service.no_login", login=login)
        return opened(session, services, found)


def find(session: Session, services: Services, login: str) -> Login | None:
    """Return the account of a login as somebody typed it."""
    blinds = services.vault.blinds(LOGIN, normal(login))
    return session.scalars(select(Login).where(Login.login_blind.in_(blinds))).one_or_none()


def opened(session: Session, services: Services, account: Login) -> Known:
    """Decrypt an account; the caller answers for who sees it."""
    return Known(
        id=account.id,
        login=login_of(services, account),
        name=services.vault.open(_NAME_PLACE, account.name_sealed),
        grants=grants_of(session, account.id),
        invited=not account.password_hash,
        second_factor=account.totp_since is not None,
        locked=account.locked_at is not None,
        waits_until=throttle.waits_until(session, services, login_of(services, account)),
    )


def grants_of(session: Session, login_id: str) -> Sequence[Grant]:
    """Return what an account may do now."""
    rows = session.scalars(
        select(LoginGrant)
        .where(LoginGrant.login_id == login_id, LoginGrant.revoked_at.is_(None))
        .order_by(LoginGrant.id)
    )
    return [Grant(one.id, Role(one.role), one.scope, one.granted_at, one.granted_by) for one in rows]


def give(session: Session, services: Services, account: Login, *, role: Role, scope: str, by: str) -> None:
    """Add a grant whose scope is known to be good, in the caller's transaction."""
    if any((one.role, one.scope) == (role, scope) for one in grants_of(session, account.id)):
        return
    session.add(
        LoginGrant(
            login_id=account.id,
            id=services.ids.new(),
            role=role.value,
            scope=scope,
            granted_at=services.clock.now(),
            granted_by=by,
        )
    )
    journal.note(session, services, "grant.given", login_id=account.id, by=by, role=role.value, scope=scope)


def _grant(session: Session, services: Services, account: Login, *, role: Role, scope: str, by: str) -> None:
    if account.person_id is not None:
        # A trainee who also were staff could decide about themselves.
        raise Conflict("service.trainee_no_staff")
    kept = _checked_scope(session, role, scope.strip())
    give(session, services, account, role=role, scope=kept, by=by)


def _checked_scope(session: Session, role: Role, scope: str) -> str:
    """Return the scope as it is kept; a class is named by its code and kept by its id."""
    if role not in STAFF:
        raise InvalidInput("service.role_staff")
    if role is Role.ADMINISTRATOR:
        return ""
    if not scope or len(scope) > _LONGEST:
        code = f"service.scope_{role.value}"
        raise InvalidInput(code)
    if role is Role.ENTERPRISE:
        return uscc.check(scope)
    if role in {Role.INSTITUTION, Role.AUDITOR}:
        return class_by_code(session, scope).id
    return scope


def _require_another_administrator(session: Session, login_id: str) -> None:
    holders = select(LoginGrant.login_id).where(
        LoginGrant.role == Role.ADMINISTRATOR.value, LoginGrant.revoked_at.is_(None)
    )
    # All administrators' rows are locked, in one order: two who lock each other out at once do not both.
    active = session.scalars(
        select(Login.id)
        .where(Login.id.in_(holders), Login.locked_at.is_(None))
        .order_by(Login.id)
        .with_for_update()
    ).all()
    if list(active) == [login_id]:
        raise Conflict("service.last_administrator")


def _locked(session: Session, login_id: str) -> Login:
    found = session.get(Login, login_id, with_for_update=True)
    if found is None:
        raise NotFound("web.not_found")
    return found
