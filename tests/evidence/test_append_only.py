"""The database refuses to change the log's past, to whoever may write but does not own it."""

import re

import pytest
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from lmscompliance.evidence import class_stream, snapshot
from lmscompliance.evidence.models import Checkpoint, Cosignature
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.storage import migrate
from lmscompliance.storage.database import Database
from lmscompliance.storage.transaction import transaction
from lmscompliance.tlog.notes import Note
from lmscompliance.witness import WitnessKey
from tests.evidence.logs import CLASS, TRAINEE, assert_sound, signer_in, write
from tests.house.sources import ROOT
from tests.support.erasure import erase

GROWING = {"stream", "log", "tile"}
FROZEN = {"entry", "position", "checkpoint", "cosignature", "snapshot"}
EMPTYING = {
    name: f"DELETE FROM {{}}{name}"  # noqa: S608  # our own names
    for name in sorted(FROZEN | GROWING)
}
ATTACKS = {
    "alter a leaf": "UPDATE {}entry SET leaf = '' WHERE n = 1",
    "alter what is the same": "UPDATE {}entry SET n = n",
    "move an entry": "UPDATE {}position SET log_index = 99 WHERE log_index = 1",
    "forge a note": "UPDATE {}checkpoint SET note = 'x'",
    "forge a cosignature": "UPDATE {}cosignature SET line = 'x'",
    "forge a snapshot": "UPDATE {}snapshot SET pages = 0",
    "set a stream back": "UPDATE {}stream SET count = count - 1",
    "let a stream leap": "UPDATE {}stream SET count = count + 2",
    "alter a stream's head in place": "UPDATE {}stream SET head = leaf_hash FROM {}entry AS e WHERE e.n = 0",
    "rename a stream": "UPDATE {}stream SET stream = 'x', count = count + 1",
    "set the tree head back": "UPDATE {}log SET size = size - 1",
    "alter the root in place": "UPDATE {}log SET root = leaf_hash FROM {}entry AS e WHERE e.n = 0",
    "rename the log": "UPDATE {}log SET origin = 'x', size = size + 1",
    "cut a tile": "UPDATE {}tile SET data = substr(data, 1, 32)",
    "alter a tile": "UPDATE {}tile SET data = leaf_hash FROM {}entry AS e WHERE e.n = 1",
    "move a tile": "UPDATE {}tile SET tile_index = 7",
    **{f"empty {name}": statement for name, statement in EMPTYING.items()},
}
SQLITE_ATTACKS = {
    "replace a leaf": "INSERT OR REPLACE INTO {}entry SELECT class_id, stream, n, 'x', x'', x'' FROM {}entry",
    "replace by rowid": (
        "INSERT OR REPLACE INTO {}entry (rowid, class_id, stream, n, type, leaf_hash, leaf) "
        "SELECT rowid, 'other', stream, n, type, leaf_hash, leaf FROM {}entry WHERE n = 1"
    ),
    "replace a place by its entry": (
        "INSERT OR REPLACE INTO {}position SELECT log_id, 99, class_id, stream, n FROM {}position"
    ),
    "replace a note": "REPLACE INTO {}checkpoint SELECT log_id, size, root, 'x', 0 FROM {}checkpoint",
    "replace a cosignature": "REPLACE INTO {}cosignature SELECT log_id, size, witness, '' FROM {}cosignature",
    "replace a snapshot": "REPLACE INTO {}snapshot SELECT class_id, id, 'x', 0, 0, 0, x'' FROM {}snapshot",
    "replace a stream": "REPLACE INTO {}stream SELECT class_id, stream, 0, x'', 0 FROM {}stream",
    "replace the log": "REPLACE INTO {}log SELECT id, origin, 0, x'' FROM {}log",
    "replace the log by its name": "REPLACE INTO {}log SELECT id + 1, origin, 0, x'' FROM {}log",
    "replace a tile": "REPLACE INTO {}tile SELECT log_id, level, tile_index, x'00' FROM {}tile",
    "replace a tile by rowid": (
        "REPLACE INTO {}tile (rowid, log_id, level, tile_index, data) "
        "SELECT rowid, log_id, level, 9, data FROM {}tile"
    ),
    "upsert a tile": (
        "INSERT INTO {}tile SELECT log_id, level, tile_index, x'00' FROM {}tile WHERE true "
        "ON CONFLICT DO UPDATE SET data = excluded.data"
    ),
    "take another tile's rowid": "UPDATE OR REPLACE {}tile SET rowid = 2 WHERE rowid = 1",
    "take another stream's rowid": "UPDATE OR REPLACE {}stream SET rowid = 2, count = 4 WHERE rowid = 1",
}
POSTGRESQL_ATTACKS = {
    **{f"truncate {name}": f"TRUNCATE {{}}{name} CASCADE" for name in sorted(FROZEN | GROWING)},
    "upsert a leaf": (
        "INSERT INTO {}entry SELECT * FROM {}entry ON CONFLICT (class_id, stream, n) DO UPDATE SET leaf = ''"
    ),
    "merge into a tile": (
        "MERGE INTO {}tile t USING {}tile s ON t.level = s.level WHEN MATCHED THEN UPDATE SET data = ''"
    ),
}


@pytest.fixture
def database_url(empty_database_url):
    """Return the URL of a database made by the migrations, once on each kind."""
    database = Database(empty_database_url)
    migrate.upgrade(database)
    database.dispose()
    return empty_database_url


@pytest.fixture
def log(services, tmp_path):
    """Return services over a sealed log with a row in each of its tables."""
    signer = signer_in(tmp_path)
    write(services, count=3, disclose={"ip": "203.0.113.7"})
    with transaction(services.database) as session:
        snapshot(session, services, CLASS, "export")
    seal_all(services, signer)
    with transaction(services.database) as session:
        sealed = session.scalars(select(Checkpoint)).one()
        witness = WitnessKey.create(tmp_path / "witness", "w.example")
        line = witness.cosign(Note.parse(sealed.note).text, 1).line()
        session.add(Cosignature(log_id=1, size=sealed.size, witness=str(witness.vkey), line=line))
    # Levels of tiles, so that a tile has a neighbour.
    write(services, class_stream(CLASS), count=260)
    seal_all(services, signer)
    return services


def _attack(engine, statement, *before):
    with engine.connect() as connection:
        for one in before:
            connection.execute(text(one))
        connection.execute(text(statement.replace("{}", "compliance_evidence_")))
        connection.commit()


def test_T16_every_change_of_the_past_is_refused(log, tmp_path):
    """By plain SQL, also by the ways that walk around simple triggers; and nothing has changed."""
    own = SQLITE_ATTACKS if log.database.is_sqlite else POSTGRESQL_ATTACKS
    for name, statement in (ATTACKS | own).items():
        with pytest.raises(IntegrityError, match="the evidence log is append-only"):
            _attack(log.database.engine, statement)
            pytest.fail(f"{name} was let through")
    assert_sound(log, signer_in(tmp_path))


def test_a_replica_session_is_refused_too(log, tmp_path):
    """Only ordinary triggers sleep when a session says it replays another's changes."""
    if log.database.is_sqlite:
        pytest.skip("PostgreSQL alone has such a setting")
    for statement in (*ATTACKS.values(), *POSTGRESQL_ATTACKS.values()):
        with pytest.raises(IntegrityError, match="append-only"):
            _attack(log.database.engine, statement, "SET session_replication_role = replica")
    assert_sound(log, signer_in(tmp_path))


def test_recursive_triggers_make_no_difference(log, tmp_path):
    """A setting of the connection that lets REPLACE fire triggers on DELETE opens nothing."""
    if not log.database.is_sqlite:
        pytest.skip("SQLite alone has such a setting")
    for setting in ("OFF", "ON"):
        for statement in SQLITE_ATTACKS.values():
            with log.database.engine.connect() as connection:
                raw = connection.connection.driver_connection
                raw.execute(f"PRAGMA recursive_triggers={setting}")
                try:
                    with pytest.raises(IntegrityError, match="append-only"):
                        connection.execute(text(statement.replace("{}", "compliance_evidence_")))
                finally:
                    raw.rollback()
                    raw.execute("PRAGMA recursive_triggers=OFF")
    assert_sound(log, signer_in(tmp_path))


def test_the_log_goes_on_growing(log, tmp_path):
    """The guards let through what recording, sealing and an equal upsert of a tile do."""
    write(log, TRAINEE, count=300)
    seal_all(log, signer_in(tmp_path), limit=70)
    assert assert_sound(log, signer_in(tmp_path)).sealed > 560


@pytest.fixture
def as_app(log, database_url):
    """Return an engine that works as the application's role, after the documented grants."""
    if log.database.is_sqlite:
        pytest.skip("SQLite has no roles")
    document = (ROOT / "docs" / "append-only.md").read_text(encoding="utf-8")
    grants = re.search(r"```sql\n(.*?)```", document, re.DOTALL)[1]
    for _ in range(2):  # it may be run after each upgrade
        with log.database.engine.begin() as connection:
            connection.connection.driver_connection.execute(grants)
    engine = create_engine(database_url)
    event.listen(engine, "connect", lambda raw, _: raw.execute("SET ROLE compliance_app") and raw.commit())
    yield engine
    engine.dispose()


def test_the_documented_grants_stop_even_the_guards_removal(as_app, log, tmp_path):
    """A role that owns nothing can neither change the past nor take the guards away."""
    attacks = [
        *(f"DROP TABLE {{}}{name}" for name in FROZEN | GROWING),
        *(f"ALTER TABLE {{}}{name} DISABLE TRIGGER ALL" for name in FROZEN | GROWING),
        *(f"DROP TRIGGER compliance_evidence_{n}_no_delete ON {{}}{n}" for n in FROZEN | GROWING),
        *(f"TRUNCATE {{}}{name} CASCADE" for name in FROZEN | GROWING),
        *EMPTYING.values(),
        "UPDATE {}entry SET n = n",
        "UPDATE {}position SET n = n",
        "DROP FUNCTION compliance_evidence_refuse() CASCADE",
        "CREATE OR REPLACE FUNCTION compliance_evidence_refuse() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
        "SET session_replication_role = replica",
        "DELETE FROM compliance_alembic_version",
    ]
    for statement in attacks:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            _attack(as_app, statement)
    assert_sound(log, signer_in(tmp_path))


def test_the_application_works_with_the_documented_grants(as_app, log, tmp_path):
    """Recording, sealing, erasing and the re-check need no more than the grants give."""
    log.database.engine, owner = as_app, log.database.engine
    try:
        write(log, TRAINEE, count=3, disclose={"ip": "203.0.113.9"})
        seal_all(log, signer_in(tmp_path))
        assert_sound(log, signer_in(tmp_path))
        with transaction(log.database) as session:
            erase(session, log, CLASS, ["ip"])
        migrate.require_current(log.database)
        with pytest.raises(DBAPIError, match="append-only"):
            _attack(as_app, "UPDATE {}tile SET data = ''")
    finally:
        log.database.engine = owner
