"""Links for auditors: one class, read only, until a day that is set; each use is evidence of that class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from lmscompliance import evidence
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Gone, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning.origin import Origin
from lmscompliance.service import journal, sessions
from lmscompliance.service.models import AuditorLink
from lmscompliance.service.tokens import token_hash
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.services import Services

MOST_DAYS = 90
_LONGEST = 64
_PLACE = f"{AuditorLink.__tablename__}.holder_sealed"


@dataclass(frozen=True, slots=True)
class Shown:
    """A link as those who may make one see it; its address was shown once."""

    id: str
    holder: str
    made_at: datetime
    expires_at: datetime
    ended: bool
    uses: int
    used_at: datetime | None


def make(services: Services, actor: Actor, class_id: str, *, holder: str, days: int) -> str:
    """Make a link for ``holder`` and return its token; raises ``InvalidInput``."""
    holder = holder.strip()
    if not holder or len(holder) > _LONGEST or not 1 <= days <= MOST_DAYS:
        raise InvalidInput("service.link_form", most=MOST_DAYS)
    token, now = services.ids.token(), services.clock.now()
    with transaction(services.database) as session:
        link = AuditorLink(
            class_id=class_id,
            id=services.ids.new(),
            token_hash=token_hash(token),
            holder_sealed=services.vault.seal(_PLACE, holder),
            made_at=now,
            made_by=actor.account,
            expires_at=now + timedelta(days=days),
            uses=0,
        )
        session.add(link)
        journal.note(
            session, services, "auditor.link_made", by=actor.account, class_id=class_id, link=link.id
        )
        body: dict[str, Json] = {"expires_us": to_micros(link.expires_at)}
        disclosed = {"holder": holder, "by": actor.account}
        _record(session, services, link, "auditor.link_made", body=body, disclosed=disclosed)
    return token


def revoke(services: Services, actor: Actor, class_id: str, link_id: str) -> None:
    """Take a link back and end its sessions; raises ``NotFound``. A second time changes nothing."""
    with transaction(services.database) as session:
        link = session.get(AuditorLink, (class_id, link_id), with_for_update=True)
        if link is None:
            raise NotFound("web.not_found")
        if link.revoked_at is not None:
            return
        link.revoked_at = services.clock.now()
        sessions.end_all(session, services, link_id=link_id)
        journal.note(
            session, services, "auditor.link_revoked", by=actor.account, class_id=class_id, link=link_id
        )
        _record(session, services, link, "auditor.link_revoked", body={}, disclosed={"by": actor.account})


def title_of(services: Services, token: str) -> str:
    """Return the title of the class a good link leads to; raises ``Gone``."""
    with reading(services.database) as session:
        found = session.scalars(
            select(AuditorLink).where(AuditorLink.token_hash == token_hash(token))
        ).one_or_none()
        return queries.class_by_id(session, _usable(found, services.clock.now()).class_id).title


def use(services: Services, token: str, sender: Origin) -> tuple[str, str]:
    """Open a session by a link and return its token and the class's id; raises ``Gone``."""
    with transaction(services.database) as session:
        statement = select(AuditorLink).where(AuditorLink.token_hash == token_hash(token)).with_for_update()
        link = _usable(session.scalars(statement).one_or_none(), services.clock.now())
        link.uses, link.used_at = link.uses + 1, services.clock.now()
        journal.note(
            session, services, "auditor.link_used", ip=sender.ip, class_id=link.class_id, link=link.id
        )
        _record(
            session, services, link, "auditor.link_used", body={"use": link.uses}, disclosed={"ip": sender.ip}
        )
        opened = sessions.begin(
            session, services, sender, stage=sessions.FULL, role=Role.AUDITOR, scope="", link=link
        )
        return opened, link.class_id


def listed(services: Services, class_id: str) -> Sequence[Shown]:
    """Return a class's links, the newest first."""
    now = services.clock.now()
    with reading(services.database) as session:
        rows = session.scalars(
            select(AuditorLink).where(AuditorLink.class_id == class_id).order_by(AuditorLink.id.desc())
        )
        return [
            Shown(
                one.id,
                services.vault.open(_PLACE, one.holder_sealed),
                one.made_at,
                one.expires_at,
                one.revoked_at is not None or one.expires_at <= now,
                one.uses,
                one.used_at,
            )
            for one in rows
        ]


def link_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless ``class_id`` is in scope and ``link_id`` is of it."""
    with reading(services.database) as session:
        if (
            not queries.in_scope(session, actor, arguments["class_id"])
            or session.get(AuditorLink, (arguments["class_id"], arguments["link_id"])) is None
        ):
            raise NotFound("web.not_found")


def _usable(found: AuditorLink | None, now: datetime) -> AuditorLink:
    if found is None or found.revoked_at is not None or found.expires_at <= now:
        raise Gone("service.link_gone")
    return found


def _record(
    session: Session,
    services: Services,
    link: AuditorLink,
    kind: str,
    *,
    body: dict[str, Json],
    disclosed: dict[str, str],
) -> None:
    evidence.record(
        session,
        services,
        class_id=link.class_id,
        stream=evidence.class_stream(link.class_id),
        type=kind,
        at=services.clock.now(),
        body={"link": link.id} | body,
        disclose=disclosed,
    )
