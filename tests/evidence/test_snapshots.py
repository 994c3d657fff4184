"""Snapshots: every enrolment's head, in pages that fit, taken again only when something moved."""

from sqlalchemy import select

from lmscompliance.evidence import class_stream, enrolment_stream, snapshot
from lmscompliance.evidence.models import Entry, Stream
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import MAX_LEAF_BYTES, Leaf
from tests.evidence.logs import CLASS, OTHER, TRAINEE, write


def take(services, purpose="export"):
    """Take a snapshot in a transaction of its own."""
    with transaction(services.database) as session:
        return snapshot(session, services, CLASS, purpose)


def pages(services, taken):
    """Return the bodies of the snapshot's leaves."""
    with reading(services.database) as session:
        leaves = session.scalars(
            select(Entry.leaf)
            .where(
                Entry.stream == class_stream(CLASS),
                Entry.n.between(taken.first_n, taken.first_n + taken.pages - 1),
            )
            .order_by(Entry.n)
        )
        return [Leaf.decode(leaf).body for leaf in leaves]


def test_a_snapshot_lists_every_enrolments_head(services):
    """Count and head hash of each enrolment's stream, none of the class's own or of another class."""
    write(services, class_stream(CLASS), 2, kind="class.filed")
    first = write(services, count=3)[-1]
    second = write(services, enrolment_stream("f" * 26))[-1]
    write(services, class_id=OTHER)
    taken = take(services)
    assert pages(services, taken) == [
        {
            "snapshot": taken.id,
            "purpose": "export",
            "page": 1,
            "pages": 1,
            "heads": [
                [TRAINEE, 3, to_base64(first.leaf_hash)],
                [second.stream, 1, to_base64(second.leaf_hash)],
            ],
        }
    ]
    assert (taken.first_n, taken.reused) == (2, False)


def test_an_unmoved_class_reuses_its_snapshot(services):
    """Records of exports do not count as movement; anything else in any stream does."""
    write(services)
    first = take(services)
    write(services, class_stream(CLASS), kind="export.recorded")
    again = take(services)
    assert (again.id, again.reused) == (first.id, True)
    write(services)
    third = take(services)
    assert not third.reused
    write(services, class_stream(CLASS), kind="enrolment.created")
    assert not take(services).reused


def test_closing_takes_its_own_snapshot_and_exports_may_reuse_it(services):
    """A close is never answered with an export's snapshot; the other way round it is the same listing."""
    write(services)
    assert not take(services).reused
    close = take(services, "close")
    assert (close.purpose, close.reused) == ("close", False)
    assert take(services, "close").id == close.id
    assert take(services).id == close.id


def test_a_class_without_enrolments_has_one_empty_page(services):
    """The absence of trainees is stated, not left out."""
    assert [page["heads"] for page in pages(services, take(services))] == [[]]


def test_ten_thousand_enrolments_fit_into_pages(services, tmp_path):
    """Pages keep within a leaf's limit, and together list each enrolment once."""
    with transaction(services.database) as session:
        now = services.clock.now()
        streams = [enrolment_stream(f"{number:026d}") for number in range(10_000)]
        session.add_all(
            Stream(class_id=CLASS, stream=stream, count=10**12, head=bytes(32), queued_at=now)
            for stream in streams
        )
    taken = take(services)
    with reading(services.database) as session:
        sizes = [len(leaf) for leaf in session.scalars(select(Entry.leaf))]
    assert taken.pages == len(sizes) > 10
    assert all(size <= MAX_LEAF_BYTES for size in sizes)
    listed = [head for page in pages(services, taken) for head in page["heads"]]
    assert [head[0] for head in listed] == streams
    assert take(services).reused
