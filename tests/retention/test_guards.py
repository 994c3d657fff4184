"""The database lets values go with a purge that two people stand behind, and never otherwise."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from lmscompliance.evidence import guards
from lmscompliance.evidence.models import Disclosure
from lmscompliance.storage import migrate
from lmscompliance.storage.database import Database
from lmscompliance.storage.transaction import reading, transaction
from tests.evidence.logs import CLASS, OTHER, write
from tests.support.erasure import erase

_TABLES = {
    "PURGE": "compliance_retention_purge",
    "HOLD": "compliance_retention_hold",
    "DISCLOSURE": "compliance_evidence_disclosure",
}
_OWN = f"WHERE class_id = '{CLASS}'"
_CONFIRMED = "UPDATE PURGE SET state = 'confirmed', names = '[\"ip\"]', confirmed_by = 'b'"
_HOLDS = "(class_id, id, person_id, reason_sealed, placed_at, placed_by, release_asked_by, released_at)"
ATTACKS = {
    "erase a value": "DELETE FROM DISCLOSURE",
    "rename a value": "UPDATE DISCLOSURE SET name = 'x'",
    "move a value": "UPDATE DISCLOSURE SET n = n + 1",
    "confirm one's own order": _CONFIRMED.replace("'b'", "ordered_by"),
    "confirm nobody's order": _CONFIRMED.replace("'b'", "NULL"),
    "confirm under a hold": _CONFIRMED,
    "skip the confirmation": "UPDATE PURGE SET state = 'done', confirmed_by = 'b'",
    "forge who ordered": "UPDATE PURGE SET ordered_by = 'x', state = 'withdrawn'",
    "move an order": "UPDATE PURGE SET class_id = 'x', state = 'withdrawn'",
    "take an order away": "DELETE FROM PURGE",
    "begin with a confirmed order": (
        "INSERT INTO PURGE (class_id, id, state, categories, names, ordered_at, ordered_by, confirmed_by, "
        "report, objects) SELECT class_id, 'x', 'confirmed', '', names, 0, 'a', 'b', '', '' FROM PURGE"
    ),
    "take a hold away": "DELETE FROM HOLD",
    "release what nobody asked for": "UPDATE HOLD SET released_at = 1, released_by = 'b'",
    "release it oneself": "UPDATE HOLD SET release_asked_by = 'b', released_at = 1, released_by = 'b'",
    "move a hold": "UPDATE HOLD SET class_id = 'x'",
    "place a released one": (
        "INSERT INTO HOLD COLUMNS SELECT class_id, 'x', NULL, reason_sealed, 0, 'a', 'b', 1 FROM HOLD"
    ),
}
SQLITE_ATTACKS = {
    "replace a value": "REPLACE INTO DISCLOSURE SELECT class_id, stream, n, name, x'' FROM DISCLOSURE",
    "replace a value by rowid": (
        "REPLACE INTO DISCLOSURE (rowid, class_id, stream, n, name, sealed) "
        "SELECT rowid, class_id, stream, n, 'x', sealed FROM DISCLOSURE"
    ),
    "take another value's rowid": "UPDATE OR REPLACE DISCLOSURE SET rowid = 2 WHERE rowid = 1",
    "replace a hold": (
        "REPLACE INTO HOLD COLUMNS SELECT class_id, id, 'x', reason_sealed, 0, 'a', 'b', NULL FROM HOLD"
    ),
    "replace an order": "REPLACE INTO PURGE SELECT * FROM PURGE",
}
POSTGRESQL_ATTACKS = {
    **{f"truncate {name}": f"TRUNCATE {name}" for name in _TABLES},
    "upsert a value": (
        "INSERT INTO DISCLOSURE SELECT * FROM DISCLOSURE "
        "ON CONFLICT (class_id, stream, n, name) DO UPDATE SET name = 'x'"
    ),
}
SHADOW = (
    "CREATE TEMP TABLE PURGE AS SELECT class_id, id, 'confirmed' AS state, '[\"ip\"]' AS names FROM PURGE",
    "DELETE FROM DISCLOSURE WHERE name = 'ip'",
)


@pytest.fixture
def database_url(empty_database_url):
    """Return the URL of a database made by the migrations, once on each kind."""
    database = Database(empty_database_url)
    migrate.upgrade(database)
    database.dispose()
    return empty_database_url


@pytest.fixture
def log(services):
    """Return services over values of two classes; an order waits in the first, which is held."""
    write(services, count=2, disclose={"ip": "203.0.113.7", "name": "张三"})
    write(services, class_id=OTHER, disclose={"ip": "203.0.113.8"})
    _attack(
        services,
        "INSERT INTO PURGE (class_id, id, state, categories, names, ordered_at, ordered_by, report, objects) "
        "VALUES ('CLASS', 'p', 'ordered', '[]', '[]', 0, 'a', '', '')",
        "INSERT INTO HOLD COLUMNS VALUES ('CLASS', 'h', NULL, '', 0, 'a', NULL, NULL)",
    )
    return services


def _attack(services, *statements):
    with services.database.engine.connect() as connection:
        for one in statements:
            connection.execute(text(_plain(one)))
        connection.commit()


def _plain(statement):
    for token, name in (_TABLES | {"COLUMNS": _HOLDS, "CLASS": CLASS}).items():
        statement = statement.replace(token, name)
    return statement


def _values(services):
    with reading(services.database) as session:
        return session.scalar(select(func.count()).select_from(Disclosure))


def test_every_other_way_is_refused(log):
    """By plain SQL, also by those that walk around simple triggers; and no value is gone."""
    own = SQLITE_ATTACKS if log.database.is_sqlite else POSTGRESQL_ATTACKS
    for name, statement in (ATTACKS | own).items():
        with pytest.raises(IntegrityError, match="is refused"):
            _attack(log, statement)
            pytest.fail(f"{name} was let through")
    assert _values(log) == 5


def test_a_table_of_ones_own_is_not_asked(log):
    """A temporary table of the same name does not stand in for the purges."""
    with pytest.raises(IntegrityError, match="is refused"):
        _attack(log, *SHADOW)
    log.database.engine.dispose()
    assert _values(log) == 5


def test_a_replica_session_is_refused_too(log):
    """Only ordinary triggers sleep when a session says it replays another's changes."""
    if log.database.is_sqlite:
        pytest.skip("PostgreSQL alone has such a setting")
    for statement in (*ATTACKS.values(), *POSTGRESQL_ATTACKS.values()):
        with pytest.raises(IntegrityError, match="is refused"):
            _attack(log, "SET session_replication_role = replica", statement)


def test_a_purge_lets_its_own_values_go_and_no_other(log):
    """What it names, of its class, until it is done; not another name, another class, or later."""
    with transaction(log.database) as session:
        erase(session, log, OTHER, ["ip"])
    assert _values(log) == 4
    _attack(
        log,
        "UPDATE HOLD SET release_asked_by = 'a'",
        "UPDATE HOLD SET released_at = 1, released_by = 'b'",
    )
    for statement in (
        "DELETE FROM DISCLOSURE WHERE name = 'name'",
        "DELETE FROM DISCLOSURE",
        "UPDATE PURGE SET state = 'done', names = '[]' WHERE state = 'confirmed'",
    ):
        with pytest.raises(IntegrityError, match="is refused"):
            _attack(log, f"{_CONFIRMED} {_OWN}", statement)
    _attack(
        log,
        f"{_CONFIRMED} {_OWN}",
        "DELETE FROM DISCLOSURE WHERE name = 'ip'",
        "UPDATE PURGE SET state = 'done' WHERE state = 'confirmed'",
    )
    assert _values(log) == 2
    for statement in (
        f"{_CONFIRMED} {_OWN}",
        "UPDATE PURGE SET state = 'ordered'",
        "DELETE FROM DISCLOSURE",
    ):
        with pytest.raises(IntegrityError, match="is refused"):
            _attack(log, statement)


def test_a_missing_guard_is_named(log):
    """``log fsck`` tells which guard somebody has removed."""
    on = "" if log.database.is_sqlite else " ON DISCLOSURE"
    _attack(log, "DROP TRIGGER DISCLOSURE_no_delete" + on)
    with reading(log.database) as session:
        assert guards.missing(session) == ["compliance_evidence_disclosure_no_delete"]
