"""Sessions on the server's side: the cookie holds a random token, everything else is a row.

A session ends when nobody used it for a while, after a day's work at the latest, when its browser presents
itself otherwise, when it or its right is taken away, and on signing out. A restart ends none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.errors import NotFound
from lmscompliance.learning.origin import Origin
from lmscompliance.service import journal
from lmscompliance.service.models import AuditorLink, Login, LoginGrant, LoginSession
from lmscompliance.service.tokens import token_hash
from lmscompliance.storage.transaction import reading, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.services import Services

FULL, CODE, ENROL = "full", "code", "enrol"
STAGES = (FULL, CODE, ENROL)
"""What a session is: whole, owing the second factor's code, or owing a second factor."""
_PENDING = timedelta(minutes=10)
"""How long a password alone is remembered while the second factor is asked for."""
_SEEN_EVERY = timedelta(seconds=60)
_IP_PLACE = f"{LoginSession.__tablename__}.ip_sealed"
_AGENT_PLACE = f"{LoginSession.__tablename__}.agent_sealed"


@dataclass(frozen=True, slots=True)
class Present:
    """The session behind a request. ``actor`` is ``None`` until nothing is owed any more."""

    id: str
    login_id: str | None
    stage: str
    actor: Actor | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A session as the account's owner sees it."""

    id: str
    role: str
    agent: str
    ip: str
    created_at: datetime
    seen_at: datetime


def begin(
    session: Session,
    services: Services,
    sender: Origin,
    *,
    stage: str,
    role: Role,
    scope: str,
    login_id: str | None = None,
    link: AuditorLink | None = None,
) -> str:
    """Open a session and return its token: new each time, so what a browser held before is worth nothing."""
    now = services.clock.now()
    ends = now + (timedelta(hours=services.settings.session_hours) if stage == FULL else _PENDING)
    if link is not None:
        ends = min(ends, link.expires_at)
    token = services.ids.token()
    session.add(
        LoginSession(
            token_hash=token_hash(token),
            id=services.ids.new(),
            login_id=login_id,
            class_id=None if link is None else link.class_id,
            link_id=None if link is None else link.id,
            stage=stage,
            role=role.value,
            scope=scope,
            agent_blind=services.vault.blind("service.agent", sender.agent),
            agent_sealed=services.vault.seal(_AGENT_PLACE, sender.agent),
            ip_sealed=services.vault.seal(_IP_PLACE, sender.ip),
            created_at=now,
            seen_at=now,
            ends_at=ends,
        )
    )
    return token


def present(services: Services, token: str, agent: str) -> Present | None:
    """Return the session of ``token`` when it is good for the browser ``agent``, else ``None``.

    Asked with each request; writes at most once a minute, to keep when the session was last seen.
    """
    now = services.clock.now()
    with reading(services.database) as session:
        row = session.get(LoginSession, token_hash(token))
        if row is None or not _good(services, row, agent, now):
            return None
        actor = _actor(session, row, now)
        if actor is None:
            return None
    if now - row.seen_at >= _SEEN_EVERY:
        with transaction(services.database) as session:
            session.execute(
                update(LoginSession)
                .where(LoginSession.token_hash == row.token_hash, LoginSession.seen_at < now)
                .values(seen_at=now)
            )
    return Present(row.id, row.login_id, row.stage, actor if row.stage == FULL else None)


def _good(services: Services, row: LoginSession, agent: str, now: datetime) -> bool:
    idle = timedelta(minutes=services.settings.session_idle_minutes)
    return (
        row.ended_at is None
        and now < row.ends_at
        and now - row.seen_at < idle
        and services.vault.matches("service.agent", agent, row.agent_blind)
    )


def _actor(session: Session, row: LoginSession, now: datetime) -> Actor | None:
    """Return whom the session acts as by what is granted at this moment."""
    role = Role(row.role)
    if row.login_id is None:
        link = session.get(AuditorLink, (row.class_id, row.link_id))
        if link is None or link.revoked_at is not None or link.expires_at <= now:
            return None
        return Actor(f"link-{link.id}", role, classes=frozenset({link.class_id}))
    account = session.get_one(Login, row.login_id)
    if account.locked_at is not None:
        return None
    scopes = frozenset(
        session.scalars(
            select(LoginGrant.scope).where(
                LoginGrant.login_id == row.login_id,
                LoginGrant.role == row.role,
                LoginGrant.revoked_at.is_(None),
            )
        )
    )
    if not scopes or (role is Role.ENTERPRISE and row.scope not in scopes):
        return None
    return Actor(
        account=account.id,
        role=role,
        enterprise=row.scope if role is Role.ENTERPRISE else None,
        districts=scopes if role is Role.INSPECTOR else frozenset(),
        classes=scopes if role in {Role.INSTITUTION, Role.AUDITOR} else frozenset(),
        locale=account.locale,
    )


ENDED, REPLACED = "session.ended", "session.replaced"
"""Somebody signed out; a session that still owed a step gave way to the one that does not."""


def end(services: Services, session_id: str, *, by: str, kind: str = ENDED) -> None:
    """End one session, whoever's it is; the caller answers for that. An ended one stays ended."""
    with transaction(services.database) as session:
        row = session.scalars(select(LoginSession).where(LoginSession.id == session_id)).one_or_none()
        if row is not None and row.ended_at is None:
            row.ended_at = services.clock.now()
            journal.note(session, services, kind, login_id=row.login_id, by=by)


def end_own(services: Services, login_id: str, session_id: str) -> None:
    """End one of an account's own sessions; raises ``NotFound`` for another's."""
    with reading(services.database) as session:
        row = session.scalars(select(LoginSession).where(LoginSession.id == session_id)).one_or_none()
    if row is None or row.login_id != login_id:
        raise NotFound("web.not_found")
    end(services, session_id, by=login_id)


def end_all(
    session: Session,
    services: Services,
    *,
    login_id: str | None = None,
    link_id: str | None = None,
    role: str = "",
    but: str = "",
) -> None:
    """End the sessions of an account or a link, those of one role alone, or all but one."""
    wanted = [LoginSession.ended_at.is_(None), LoginSession.id != but]
    if login_id is not None:
        wanted.append(LoginSession.login_id == login_id)
    else:
        wanted.append(LoginSession.link_id == link_id)
    if role:
        wanted.append(LoginSession.role == role)
    session.execute(update(LoginSession).where(*wanted).values(ended_at=services.clock.now()))


def end_others(services: Services, login_id: str, session_id: str) -> None:
    """End every session of an account but the present one."""
    with transaction(services.database) as session:
        end_all(session, services, login_id=login_id, but=session_id)
        journal.note(session, services, "session.others_ended", login_id=login_id, by=login_id)


def listed(services: Services, login_id: str) -> Sequence[Shown]:
    """Return an account's sessions that are still good, the one used last first."""
    now = services.clock.now()
    idle = now - timedelta(minutes=services.settings.session_idle_minutes)
    with reading(services.database) as session:
        rows = session.scalars(
            select(LoginSession)
            .where(
                LoginSession.login_id == login_id,
                LoginSession.ended_at.is_(None),
                LoginSession.stage == FULL,
                LoginSession.ends_at > now,
                LoginSession.seen_at > idle,
            )
            .order_by(LoginSession.seen_at.desc(), LoginSession.id)
        )
        return [shown(services, one) for one in rows]


def shown(services: Services, row: LoginSession) -> Shown:
    """Return a session with its device and address in plain text."""
    agent = services.vault.open(_AGENT_PLACE, row.agent_sealed)
    ip = services.vault.open(_IP_PLACE, row.ip_sealed)
    return Shown(row.id, row.role, agent, ip, row.created_at, row.seen_at)
