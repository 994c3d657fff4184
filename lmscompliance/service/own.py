"""What service mode holds about somebody who signs in, for the copy of their own data."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai_text
from lmscompliance.kernel.jcs import Json
from lmscompliance.service import journal, sessions
from lmscompliance.service.models import Login, LoginSession
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading


def held(services: Services, actor: Actor) -> Mapping[str, Json]:
    """Return the actor's account, every session of it and every event, the newest first; reads only.

    Which of the staff acted stays out; that it was somebody else is said.
    """
    with reading(services.database) as session:
        login = session.get(Login, actor.account)
        if login is None:
            return {}
        rows = select(LoginSession).where(LoginSession.login_id == login.id)
        found = [
            (row, sessions.shown(services, row))
            for row in session.scalars(rows.order_by(LoginSession.id.desc()))
        ]
        browsers: list[Json] = [
            {
                "start": shanghai_text(row.created_at),
                "last": shanghai_text(row.seen_at),
                "end": shanghai_text(row.ended_at),
                "ip": shown.ip,
                "agent": shown.agent,
            }
            for row, shown in found
        ]
        events: list[Json] = [
            {
                "at": shanghai_text(one.at),
                "what": one.kind,
                "ip": one.ip,
                "by_others": one.by not in {"", login.id},
            }
            for one in journal.of_login(session, services, login.id, limit=None)
        ]
        created = shanghai_text(login.created_at)
    return {"login": {"created": created, "sessions": browsers, "events": events}}
