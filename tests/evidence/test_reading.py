"""Reading the sealed log: one class's entries, proofs at any size, receipts, withheld values."""

import pytest
from sqlalchemy import delete

from lmscompliance.evidence import ed25519, enrolment_stream, reader, staging
from lmscompliance.evidence.models import Disclosure
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.kernel.errors import NotFound
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog import merkle
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.leaf import Leaf, leaf_hash
from lmscompliance.tlog.notes import Note
from lmscompliance.tlog.proof import TlogProof
from lmscompliance.tlog.trust import TrustPolicy
from tests.evidence.logs import CLASS, ORIGIN, OTHER, TRAINEE, signer_in, write

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_class_has_its_own_entries_in_the_logs_order(services, tmp_path):
    """Foreign entries do not appear, ``n`` ascends within each stream, and the size bounds what is seen."""
    for number in range(12):
        write(services, enrolment_stream(f"{number % 3:026d}"), class_id=CLASS if number % 4 else OTHER)
        services.clock.advance(1)
    seal_all(services, signer_in(tmp_path))
    with reading(services.database) as session:
        entries = list(reader.class_entries(session, CLASS, 12))
        assert [entry.index for entry in entries] == [1, 2, 3, 5, 6, 7, 9, 10, 11]
        leaves = [Leaf.decode(entry.leaf) for entry in entries]
        assert {leaf.class_id for leaf in leaves} == {CLASS}
        for stream in {leaf.stream for leaf in leaves}:
            assert [leaf.n for leaf in leaves if leaf.stream == stream] == [0, 1, 2]
        assert [entry.index for entry in reader.class_entries(session, CLASS, 6)] == [1, 2, 3, 5]


def test_staged_entries_are_not_read(services, tmp_path):
    """An entry has its index before it is published, but nobody sees it."""
    write(services)
    staging.stage(services, ORIGIN, 10)
    with reading(services.database) as session:
        assert list(reader.class_entries(session, CLASS, 100)) == []
        assert reader.receipt(session, CLASS, TRAINEE, 0) is None
        assert reader.log_size(session) == 0
        assert list(reader.disclosures(session, services, CLASS)) == []


def test_proofs_and_checkpoints_at_every_size(services, tmp_path):
    """Each entry is proved under each checkpoint, and each checkpoint under each later one."""
    signer = signer_in(tmp_path)
    sizes = []
    for number in (3, 1, 253, 10, 300):
        write(services, count=number)
        sizes.append(seal_all(services, signer).size)
    with reading(services.database) as session:
        leaves = [leaf_hash(entry.leaf) for entry in reader.class_entries(session, CLASS, sizes[-1])]
        roots = {}
        for size in sizes:
            note = Note.parse(reader.checkpoint(session, size))
            note.verify([signer.vkey], ed25519.verify)
            head = Checkpoint.parse(note.text)
            roots[size] = head.root
            assert head == Checkpoint(ORIGIN, size, merkle.root_of_leaves(leaves[:size]))
            for index in {0, size // 2, size - 1}:
                proof = reader.inclusion_proof(session, index, size)
                merkle.verify_inclusion(index, size, leaves[index], proof, head.root)
        assert reader.checkpoint(session) == reader.checkpoint(session, sizes[-1])
        tree = reader.tree(session)
        for old in sizes:
            for new in sizes:
                if old <= new:
                    proof = tree.consistency(old, new)
                    merkle.verify_consistency(old, new, proof, roots[old], roots[new])


def test_a_session_that_outlives_a_sealing_still_proves(services, tmp_path):
    """Tiles that a session has read before the log grew are read again when they are too short."""
    signer = signer_in(tmp_path)
    write(services, count=3)
    seal_all(services, signer)
    with transaction(services.database) as session:
        reader.inclusion_proof(session, 0, 3)
        trees = session.info
    write(services, count=3)
    seal_all(services, signer)
    with transaction(services.database) as session:
        session.info.update(trees)
        assert len(reader.inclusion_proof(session, 5, 6)) == 2


@sqlite_only
def test_without_a_checkpoint_the_reader_says_what_to_do(services, tmp_path):
    """Asking before the first sealing, or for a size never published, is an error with the remedy."""
    with reading(services.database) as session, pytest.raises(NotFound, match="seal first"):
        reader.checkpoint(session)
    write(services)
    seal_all(services, signer_in(tmp_path))
    with reading(services.database) as session, pytest.raises(NotFound):
        reader.checkpoint(session, 2)


def test_a_receipt_can_be_checked_by_whoever_holds_the_entry(services, tmp_path):
    """The receipt is a tlog-proof that verifies offline with the leaf and a trust policy."""
    signer = signer_in(tmp_path)
    recorded = write(services, count=5)
    seal_all(services, signer)
    write(services, count=5)
    seal_all(services, signer)
    with reading(services.database) as session:
        text = reader.receipt(session, CLASS, TRAINEE, 2)
        assert reader.receipt(session, CLASS, TRAINEE, 99) is None
    policy = TrustPolicy.parse(f"log {signer.vkey}\nquorum none\n")
    accepted = TlogProof.parse(text).verify(recorded[2].leaf_hash, policy, ed25519.verify)
    assert accepted.checkpoint.size == 10


def test_disclosures_come_in_the_logs_order_and_may_be_erased(services, tmp_path):
    """Values are read back with their salts; an erased one is absent and the log is as before."""
    write(services, disclose={"name": "张三", "ip": "203.0.113.7"})
    write(services, disclose={"answers": [[0], [1, 2], ["钢"]]})
    write(services, class_id=OTHER, disclose={"name": "李四"})
    report = seal_all(services, signer_in(tmp_path))
    write(services, disclose={"ip": "203.0.113.8"})

    def read(**bounds):
        with reading(services.database) as session:
            found = list(reader.disclosures(session, services, CLASS, **bounds))
        return [(stream, n, name, value) for stream, n, name, _, value in found]

    everything = [
        (TRAINEE, 0, "ip", "203.0.113.7"),
        (TRAINEE, 0, "name", "张三"),
        (TRAINEE, 1, "answers", [[0], [1, 2], ["钢"]]),
    ]
    assert read() == everything
    assert read(up_to_size=2) == everything[:2]  # the other class's entry has index 0
    with transaction(services.database) as session:
        session.execute(delete(Disclosure).where(Disclosure.name == "name"))
    assert read() == [item for item in everything if item[2] != "name"]
    with reading(services.database) as session:
        assert reader.checkpoint(session) == report.checkpoint


def test_stream_heads_are_what_the_streams_say(services):
    """Each stream of the class with its count and the hash of its last entry, sorted by name."""
    second = enrolment_stream("z" * 26)
    last = write(services, second, 2)[-1]
    first = write(services)[-1]
    write(services, class_id=OTHER)
    with reading(services.database) as session:
        assert reader.stream_heads(session, CLASS) == [
            (TRAINEE, 1, first.leaf_hash),
            (second, 2, last.leaf_hash),
        ]
