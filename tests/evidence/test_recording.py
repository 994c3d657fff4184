"""Recording: one transaction, contiguous streams, digests instead of personal values."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lmscompliance.evidence import enrolment_stream, record
from lmscompliance.evidence.models import Disclosure, Entry, Outbox
from lmscompliance.evidence.reader import opened
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import Leaf, disclosure_digest, leaf_hash
from tests.evidence.logs import CLASS, OTHER, TRAINEE, assert_sound, write

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def entries(services, stream=TRAINEE):
    """Return the stream's entries in order."""
    with reading(services.database) as session:
        return list(session.scalars(select(Entry).where(Entry.stream == stream).order_by(Entry.n)))


def test_entries_of_a_stream_are_numbered_and_chained(services):
    """Each entry holds the hash of the one before, and the stored bytes are the hashed ones."""
    recorded = write(services, count=3)
    stored = entries(services)
    leaves = [Leaf.decode(entry.leaf) for entry in stored]
    assert [item.n for item in recorded] == [leaf.n for leaf in leaves] == [0, 1, 2]
    assert [leaf.prev for leaf in leaves] == ["", *(to_base64(item.leaf_hash) for item in recorded[:2])]
    assert [leaf_hash(entry.leaf) for entry in stored] == [item.leaf_hash for item in recorded]
    assert leaves[0].at_us == to_micros(services.clock.now())
    assert_sound(services)


def test_the_same_stream_name_in_another_class_is_another_stream(services):
    """Streams belong to their class."""
    write(services, count=2)
    assert write(services, class_id=OTHER)[0].n == 0
    assert_sound(services)


def test_a_withheld_value_leaves_only_its_digest(services):
    """The leaf holds a digest that the encrypted disclosure fulfils, and no trace of the value."""
    write(services, disclose={"name": "张三", "ip": "203.0.113.7"})
    (entry,) = entries(services)
    assert "张三".encode() not in entry.leaf
    assert b"203.0.113.7" not in entry.leaf
    with reading(services.database) as session:
        kept = {row.name: row.sealed for row in session.scalars(select(Disclosure))}
    assert "张三".encode() not in kept["name"]
    salt, name, value = opened(services, kept["name"])
    assert (name, value) == ("name", "张三")
    assert Leaf.decode(entry.leaf).d["name"] == disclosure_digest(salt, name, value)


def test_equal_values_have_unequal_digests(services):
    """The salt keeps anybody from finding a name by trying."""
    write(services, count=2, disclose={"name": "张三"})
    first, second = (Leaf.decode(entry.leaf).d["name"] for entry in entries(services))
    assert first != second


def test_what_is_rolled_back_was_never_recorded(services):
    """Entry, outbox row and disclosure go with the business row's transaction, and ``n`` stays contiguous."""
    with suppress(ZeroDivisionError), transaction(services.database) as session:
        record(
            session,
            services,
            class_id=CLASS,
            stream=TRAINEE,
            type="session.opened",
            at=services.clock.now(),
            body={},
            disclose={"ip": "203.0.113.7"},
        )
        _ = 1 / 0
    with reading(services.database) as session:
        for model in (Entry, Outbox, Disclosure):
            assert session.scalar(select(func.count()).select_from(model)) == 0
    assert write(services)[0].n == 0


@sqlite_only
def test_a_leaf_over_the_limit_is_refused_with_the_reason(services):
    """An oversized body is an error that names type, stream and both sizes, in both languages."""
    with pytest.raises(InvalidInput) as caught, transaction(services.database) as session:
        record(
            session,
            services,
            class_id=CLASS,
            stream=TRAINEE,
            type="attempt.opened",
            at=services.clock.now(),
            body={"x": "a" * 65_535},
        )
    assert TRAINEE in caught.value.message("zh_CN")
    assert "65535" in caught.value.message("zh_CN")
    assert "over the limit of 65535" in caught.value.message("en")


@sqlite_only
@pytest.mark.parametrize("body", [{"score": 59.99}, {"成绩": 1}, {"n": 2**60}, {"at": object()}])
def test_a_body_outside_the_profile_is_refused(services, body):
    """Floats, keys beyond ASCII and integers beyond 2^53 have no canonical form here."""
    with pytest.raises(InvalidInput), transaction(services.database) as session:
        record(
            session,
            services,
            class_id=CLASS,
            stream=TRAINEE,
            type="attempt.graded",
            at=services.clock.now(),
            body=body,
        )


def test_a_clock_that_goes_back_does_not_reorder_a_stream(services):
    """Entries wait in the order of ``n`` even when the machine's clock is set back in between."""
    write(services)
    services.clock.advance(-3600)
    write(services)
    services.clock.advance(7200)
    write(services)
    with reading(services.database) as session:
        waiting = list(session.scalars(select(Outbox).order_by(Outbox.queued_at, Outbox.n)))
    assert [row.n for row in waiting] == [0, 1, 2]
    assert waiting[1].queued_at == waiting[0].queued_at
    assert waiting[2].queued_at - waiting[0].queued_at == timedelta(hours=1)


def test_many_writers_of_one_stream_leave_no_gap(services):
    """Eight writers that start on the same new stream at once make one contiguous chain."""
    barrier = threading.Barrier(8)

    def work():
        barrier.wait()
        write(services, enrolment_stream("x" * 26), 10)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert assert_sound(services).entries == 80
