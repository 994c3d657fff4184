"""Reading the sealed log: entries of a stream, proofs at any size, receipts, withheld values."""

import json

import pytest
from sqlalchemy import update

from lmscompliance.evidence import enrolment_stream, proofs, reader, staging, streams
from lmscompliance.evidence.models import Tile
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.kernel.errors import NotFound
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog import merkle
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import Leaf, leaf_hash
from lmscompliance.tlog.notes import Note
from lmscompliance.tlog.proof import TlogProof
from lmscompliance.tlog.tiles import MissingHashes
from lmscompliance.tlog.trust import TrustPolicy
from lmscompliance.verifier import ed25519
from tests.evidence.logs import CLASS, ORIGIN, OTHER, TRAINEE, disarm, signer_in, write
from tests.support.erasure import erase

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def sealed_leaves(services, count, size):
    """Return the test trainee's first ``count`` entries as far as they are below ``size``."""
    with reading(services.database) as session:
        return list(streams.stream_entries(session, CLASS, TRAINEE, count, size=size))


def test_a_stream_is_read_up_to_its_count_and_the_logs_size(services, tmp_path):
    """Foreign entries do not appear, ``n`` ascends without a gap, and indexes are those of the log."""
    for number in range(12):
        write(services, TRAINEE if number % 2 else enrolment_stream("f" * 26))
        write(services, class_id=OTHER)
        services.clock.advance(1)
    size = seal_all(services, signer_in(tmp_path)).size
    entries = sealed_leaves(services, 6, size)
    leaves = [Leaf.decode(entry.leaf) for entry in entries]
    assert [(leaf.class_id, leaf.stream, leaf.n) for leaf in leaves] == [
        (CLASS, TRAINEE, n) for n in range(6)
    ]
    indexes = [entry.index for entry in entries]
    assert indexes == sorted(indexes)
    assert [len(sealed_leaves(services, 4, size)), len(sealed_leaves(services, 6, indexes[3]))] == [4, 3]


def test_staged_entries_are_not_part_of_the_log(services):
    """An entry has its index before it is published, but the log's size does not cover it."""
    write(services)
    staging.stage(services, ORIGIN, 10)
    with reading(services.database) as session:
        size = reader.log_size(session)
        assert size == 0
        assert streams.index_of(session, CLASS, TRAINEE, 0) == 0
        assert reader.receipt(session, CLASS, TRAINEE, 0) is None
    assert sealed_leaves(services, 1, size) == []


def test_proofs_and_checkpoints_at_every_size(services, tmp_path):
    """Each entry is proved under each checkpoint, and each checkpoint under each later one."""
    signer = signer_in(tmp_path)
    sizes = []
    for number in (3, 1, 253, 10, 300):
        write(services, count=number)
        sizes.append(seal_all(services, signer).size)
    with reading(services.database) as session:
        entries = streams.stream_entries(session, CLASS, TRAINEE, sizes[-1], size=sizes[-1])
        leaves = [leaf_hash(entry.leaf) for entry in entries]
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
def test_proofs_in_any_order_are_those_of_the_tree(services, tmp_path, monkeypatch):
    """At sizes around a tile's end: a tile that is kept, one that is not, one that the tree's end cuts."""
    signer = signer_in(tmp_path)
    sizes = []
    for number in (255, 1, 1, 343):
        write(services, count=number)
        sizes.append(seal_all(services, signer).size)
    assert sizes == [255, 256, 257, 600]
    monkeypatch.setattr(proofs, "_MOST", 1)
    with reading(services.database) as session:
        for size in sizes:
            with proofs.Proofs(session, size, tmp_path) as made:
                for index in [*range(0, size, 37), *range(size - 1, -1, -41)]:
                    expected = reader.inclusion_proof(session, index, size)
                    assert from_json(made.text(index)) == [to_base64(one) for one in expected], (index, size)


@sqlite_only
def test_a_tile_that_was_cut_short_is_named(services, tmp_path):
    """A damaged tile is an error, never a wrong proof."""
    write(services, count=300)
    seal_all(services, signer_in(tmp_path))
    disarm(services)
    with transaction(services.database) as session:
        session.execute(update(Tile).where(Tile.level == 0, Tile.tile_index == 0).values(data=b"x" * 64))
    with (
        reading(services.database) as session,
        proofs.Proofs(session, 300, tmp_path) as made,
        pytest.raises(MissingHashes, match="tile/0/000 holds 2 hashes"),
    ):
        made.text(0)


def from_json(members):
    """Return the list whose members stand in ``members``."""
    return json.loads(b"[%b]" % members)


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


def test_withheld_values_are_read_in_order_and_may_be_erased(services, tmp_path):
    """Values are read back with their salts; an erased one is absent and the log is as before."""
    write(services, disclose={"name": "张三", "ip": "203.0.113.7"})
    write(services, disclose={"answers": [[0], [1, 2], ["钢"]]})
    write(services, class_id=OTHER, disclose={"name": "李四"})
    report = seal_all(services, signer_in(tmp_path))

    def read(count):
        with reading(services.database) as session:
            found = list(streams.stream_disclosures(session, services, CLASS, TRAINEE, count))
        return [(n, name, value) for n, name, _, value in found]

    everything = [(0, "ip", "203.0.113.7"), (0, "name", "张三"), (1, "answers", [[0], [1, 2], ["钢"]])]
    assert read(2) == everything
    assert read(1) == everything[:2]
    with transaction(services.database) as session:
        erase(session, services, CLASS, ["name"])
    assert read(2) == [everything[0], everything[2]]
    with reading(services.database) as session:
        assert reader.checkpoint(session) == report.checkpoint


def test_single_entries_are_found_sealed_or_not(services):
    """The newest leaf of a type, any leaf by its number, and the index once there is one."""
    write(services, kind="session.opened")
    write(services, count=2)
    with reading(services.database) as session:
        newest = streams.last_of_type(session, CLASS, TRAINEE, "session.segment")
        assert newest == streams.leaf_of(session, CLASS, TRAINEE, 2)
        assert streams.last_of_type(session, CLASS, TRAINEE, "session.closed") is None
        assert streams.index_of(session, CLASS, TRAINEE, 0) is None


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
