"""The independent re-check: silent about a sound log, and it names whatever was tampered with."""

import pytest
from sqlalchemy import delete, insert, update

from lmscompliance.evidence import enrolment_stream
from lmscompliance.evidence.fsck import fsck
from lmscompliance.evidence.models import Checkpoint, Disclosure, Entry, Log, Outbox, Position, Stream, Tile
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.storage.transaction import reading, transaction
from tests.evidence.logs import CLASS, TRAINEE, assert_sound, disarm, signer_in, write
from tests.tlog.keys import Key

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SECOND = enrolment_stream("f" * 26)


@pytest.fixture
def log(services, tmp_path):
    """Seal some entries, record one more, and return the services."""
    signer = signer_in(tmp_path)
    write(services, count=4, disclose={"ip": "203.0.113.7"})
    seal_all(services, signer)
    write(services, SECOND, count=300)
    seal_all(services, signer)
    write(services)
    assert_sound(services, signer)
    return services


def problems(services, vkeys=()):
    """Return what the re-check finds."""
    with reading(services.database) as session:
        return fsck(session, services, vkeys).problems


def test_a_sound_log_is_counted(log, tmp_path):
    """The report tells what was looked at."""
    report = assert_sound(log, signer_in(tmp_path))
    assert (report.entries, report.sealed, report.waiting) == (305, 304, 1)
    assert (report.checkpoints, report.disclosures, report.sound) == (2, 4, True)


def first(model, **where):
    """Return the filter of one row of a stream."""
    return [getattr(model, name) == value for name, value in where.items()]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            update(Entry).where(*first(Entry, stream=TRAINEE, n=2)).values(leaf=b"{}"),
            "entry 2 of enrolment/eeeeeeeeeeeeeeeeeeeeeeeeee of class",
        ),
        (
            update(Entry).where(*first(Entry, stream=TRAINEE, n=2)).values(type="x"),
            "says it is another entry",
        ),
        (delete(Entry).where(*first(Entry, stream=TRAINEE, n=1)), "entry 1 was expected here"),
        (delete(Entry).where(*first(Entry, stream=TRAINEE, n=4)), "its head row is not that of its entries"),
        (update(Entry).where(*first(Entry, stream=TRAINEE, n=1)).values(n=1000), "does not follow"),
        (update(Stream).where(*first(Stream, stream=TRAINEE)).values(count=4), "its head row is not"),
        (delete(Stream).where(*first(Stream, stream=TRAINEE)), "its head row is not"),
        (update(Position).where(Position.log_index == 3).values(log_index=900), "index 3 is missing"),
        (delete(Position).where(Position.log_index == 303), "303 places are taken where 304 should be"),
        (update(Log).values(root=bytes(32)), "the tree head is not that of its 304 entries"),
        (update(Log).values(size=303), "beyond the tree head"),
        (delete(Checkpoint).where(Checkpoint.size == 304), "of size 304 has no checkpoint"),
        (
            update(Checkpoint).where(Checkpoint.size == 4).values(root=bytes(32)),
            "its root is not that of the entries",
        ),
        (update(Checkpoint).where(Checkpoint.size == 4).values(note="x"), "checkpoint of size 4: a note"),
        (update(Checkpoint).where(Checkpoint.size == 4).values(size=5), "checkpoint of size 5: its root"),
        (update(Tile).where(Tile.level == 1).values(data=bytes(32)), "tile/1/000.p/1 is wrong"),
        (delete(Tile).where(Tile.level == 0, Tile.tile_index == 1), "tile/0/001.p/48 is wrong"),
        (update(Tile).where(Tile.level == 1).values(level=2), "tile/2/000.p/1 should not exist"),
        (delete(Outbox), "305 entries are recorded, but 304 have a place and 0 wait"),
        (
            insert(Outbox).values(class_id=CLASS, stream=TRAINEE, n=1, queued_at=None),
            "1 entries wait although they have a place",
        ),
        (update(Disclosure).where(Disclosure.n == 1).values(name="name"), "the value of name is not"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_tampering_is_named(log, statement, problem):
    """Whatever row is altered, removed or added, the re-check says which and how."""
    if statement.is_insert:
        statement = statement.values(queued_at=log.clock.now())
    disarm(log)
    with transaction(log.database) as session:
        session.execute(statement)
    assert any(problem in found for found in problems(log)), problems(log)


def test_swapped_entries_are_named(log):
    """Two leaves that changed places break the tree and the order of their stream."""
    disarm(log)
    with transaction(log.database) as session:
        for old, new in [(1, 9001), (2, 1), (9001, 2)]:
            session.execute(update(Position).where(Position.log_index == old).values(log_index=new))
    found = problems(log)
    assert any("breaks the order" in item for item in found)
    assert any("the tree head is not" in item for item in found)


def test_a_checkpoint_of_another_key_is_named(log):
    """With the log's key given, a note signed by anybody else is a problem."""
    assert any(
        "no signature of a known key" in item for item in problems(log, [Key("stranger.example", 5).vkey])
    )


def test_a_removed_guard_is_named(log):
    """An owner can take the guards away, but not unseen."""
    removed = disarm(log)
    assert "compliance_evidence_entry_no_delete" in removed
    assert sorted(problems(log)) == sorted(
        f"the guard {name} is missing from the database" for name in removed
    )
