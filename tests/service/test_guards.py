"""What happened to accounts is only ever added to, and goes with nobody but its owner."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from lmscompliance.evidence import guards
from lmscompliance.rekeying import service as rekeying
from lmscompliance.retention.models import Purge
from lmscompliance.service import journal
from lmscompliance.service.models import SecurityEvent
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.vault.keys import Kind

CHANGES = (
    "UPDATE compliance_security_event SET kind = 'login.opened'",
    "UPDATE compliance_security_event SET at = at + 1",
    "UPDATE compliance_security_event SET login_id = NULL WHERE login_id = '01'",
    "UPDATE compliance_security_event SET \"by\" = 'x'",
    "UPDATE compliance_security_event SET detail = '{}x'",
    "UPDATE compliance_security_event SET ip_sealed = NULL",
    "DELETE FROM compliance_security_event",
)
REPLACED = (
    'INSERT OR REPLACE INTO compliance_security_event (id, at, kind, login_id, "by", detail) '
    "SELECT id, at, 'x', login_id, \"by\", detail FROM compliance_security_event"
)
AROUND_ON_SQLITE = (REPLACED, "UPDATE compliance_security_event SET rowid = rowid + 100")
AROUND_ON_POSTGRESQL = ("TRUNCATE compliance_security_event",)


@pytest.fixture
def events(services: Services) -> Services:
    """Note an event of an account and one of nobody."""
    with transaction(services.database) as session:
        journal.note(session, services, "login.failed", login_id="01", by="01", ip="198.51.100.7")
        journal.note(session, services, "phone.failed", ip="198.51.100.7")
    return services


def _refused(services: Services, statement: str) -> bool:
    try:
        with transaction(services.database) as session:
            session.execute(text(statement))
    except DBAPIError as error:
        return "a security event stays" in str(error)
    return False


def test_nothing_is_changed_removed_or_replaced(events: Services):
    """Neither by an update of any column, nor a delete, nor what walks around both."""
    walks_around = AROUND_ON_SQLITE if events.database.is_sqlite else AROUND_ON_POSTGRESQL
    statements = (*CHANGES, *walks_around)
    assert [one for one in statements if not _refused(events, one)] == []
    with reading(events.database) as session:
        assert len(session.scalars(select(SecurityEvent.id)).all()) == 2
        assert guards.missing(session) == []


def test_a_change_of_keys_encrypts_addresses_anew(events: Services):
    """The one change there is leaves every event as it was."""
    rekeying.add(events, Kind.ENCRYPTION)
    assert rekeying.rotate(events, Kind.ENCRYPTION, lambda _done, _total: None).remaining == {}
    with reading(events.database) as session:
        assert [one.ip for one in journal.of_login(session, events, "01")] == ["198.51.100.7"]


def test_an_accounts_events_go_with_a_purge_alone(events: Services):
    """While one is carried out, those of accounts can be removed; those of nobody stay."""
    now = events.clock.now()
    order = {"categories": "[]", "names": "[]", "report": "{}", "objects": "[]", "ordered_at": now}
    with transaction(events.database) as session:
        session.add(Purge(class_id="K", id="1", state="ordered", ordered_by="one", **order))
    assert _refused(events, "DELETE FROM compliance_security_event WHERE login_id = '01'")
    with transaction(events.database) as session:
        session.execute(
            text("UPDATE compliance_retention_purge SET state = 'confirmed', confirmed_by = 'two'")
        )
        session.execute(text("DELETE FROM compliance_security_event WHERE login_id = '01'"))
        session.execute(text("UPDATE compliance_retention_purge SET state = 'done'"))
    assert _refused(events, "DELETE FROM compliance_security_event")
