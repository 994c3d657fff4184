"""What the ledger page says about its class."""

from __future__ import annotations

from dataclasses import dataclass

from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries


@dataclass(frozen=True, slots=True)
class Subject:
    """The class a ledger is of."""

    class_id: str
    code: str
    title: str
    enterprise: str
    document: str
    policy_status: str


def subject(services: Services, class_id: str) -> Subject:
    """Return the class; raises ``NotFound``."""
    with reading(services.database) as session:
        found = queries.class_by_id(session, class_id)
        notice = queries.notice_of(session, found)
        return Subject(
            class_id=found.id,
            code=found.code,
            title=found.title,
            enterprise=queries.enterprise_of(session, found).name,
            document=notice.document,
            policy_status=notice.status,
        )
