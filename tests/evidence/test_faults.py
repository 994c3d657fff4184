"""The fault matrix on both databases: nothing acknowledged lost, no fork signed, recovery the ordinary way.

After each fault the whole log is checked from storage and handed to the Go judge. Killed processes are in
``test_kill`` and ``test_kill_apart``.
"""

import shutil
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import DBAPIError, OperationalError

from lmscompliance.evidence.fsck import fsck
from lmscompliance.evidence.models import Checkpoint, Entry, Position
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.signer import RemoteSigner, SignerRefuses, SignerUnreachable
from lmscompliance.evidence.tree import Tree, tile_reader
from lmscompliance.signer import LocalSigner, files
from lmscompliance.signer.protocol import Service
from lmscompliance.signer.server import open_server
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.notes import Note
from lmscompliance.witness import Witness
from tests.evidence.faults import backed_up, database_on, lying_commit, small_disk
from tests.evidence.logs import TRAINEE, assert_sound, disarm, signer_in, write
from tests.evidence.test_witnesses import running
from tests.judge import gojudge
from tests.signer.heads import ORIGIN

pytestmark = pytest.mark.judge


@pytest.fixture
def remote(tmp_path):
    """Yield the signer behind its protocol; the statuses it gives are told by the errors' codes."""
    service = lambda token: Service(signer_in(tmp_path), token)  # noqa: E731  # one line, one use
    with running(open_server(f"unix://{tmp_path}/s.sock", service, None)) as server:
        yield RemoteSigner(server.url, ORIGIN)


@pytest.fixture
def witness(tmp_path, clock):
    """Return a witness of the test log."""
    return Witness.open(tmp_path / "w", "w.example", [signer_in(tmp_path).vkey], clock)


def judged(services, tmp_path, sealed):
    """Check everything again, also against the signer's mark, and ask the Go judge."""
    signer = signer_in(tmp_path)
    assert assert_sound(services, signer).sealed == sealed
    with reading(services.database) as session:
        assert fsck(session, services, signer.vkeys, signer.mark()).problems == []
    gojudge.assert_accepts(services, signer.vkey)


def stored(services):
    """Return how many entries there are."""
    with reading(services.database) as session:
        return session.scalar(select(func.count()).select_from(Entry))


def cosign(services, witness, old):
    """Let the witness see the newest checkpoint; return its answer."""
    with reading(services.database) as session:
        note, size = session.execute(
            select(Checkpoint.note, Checkpoint.size).order_by(Checkpoint.size.desc()).limit(1)
        ).one()
        proof = Tree(tile_reader(session)).consistency(old, size) if old <= size else []
    lines = "".join(f"{to_base64(one)}\n" for one in proof)
    return witness.add_checkpoint(f"old {old}\n{lines}\n{note}".encode())


def test_a_commit_that_persisted_and_failed(services, tmp_path):
    """Whichever commit of sealing is reported as failed although durable, the next sealing ends it right."""
    for number in range(1, 20):
        write(services, count=2)
        with lying_commit(services, number) as made:
            try:
                seal_all(services, signer_in(tmp_path))
            except OperationalError:
                assert made[0] == number
        size = seal_all(services, signer_in(tmp_path)).size
        assert size == 2 * number
        judged(services, tmp_path, size)
        if made[0] < number:
            return
    pytest.fail("sealing makes more commits than this test tried")


def test_a_fact_whose_commit_was_reported_as_failed(services, tmp_path):
    """It was never acknowledged, and yet it is there: once, in its place, with whatever follows it."""
    with lying_commit(services, 1), pytest.raises(OperationalError):
        write(services)
    assert stored(services) == 1
    assert [one.n for one in write(services, count=2)] == [1, 2]
    seal_all(services, signer_in(tmp_path))
    judged(services, tmp_path, 3)


def test_a_mark_that_was_written_and_failed(services, tmp_path, monkeypatch, remote):
    """The signer's file is in place and syncing its directory failed: asking again gives the same note."""
    write(services, count=3)
    with monkeypatch.context() as patched:

        def fail(_):
            raise OSError(5, "Input/output error")

        patched.setattr(files, "sync_directory", fail)
        with pytest.raises(SignerUnreachable, match="nothing recorded is lost"):
            seal_all(services, remote)
    kept = signer_in(tmp_path).mark_note()
    assert seal_all(services, remote).checkpoint == kept
    judged(services, tmp_path, 3)


def test_a_database_restored_from_a_backup(services, tmp_path, remote, witness):
    """Signer and witness answer 409 while it is behind and 422 once it is ahead; the newer one goes on."""
    write(services, count=3)
    seal_all(services, remote)
    old = backed_up(services, tmp_path)
    write(services, count=4)
    seal_all(services, remote)
    assert cosign(services, witness, 0).status == 200
    assert cosign(old, witness, 7).status == 400  # smaller than what it says it comes from
    assert cosign(old, witness, 3).status == 409
    write(old, count=2)
    with pytest.raises(SignerRefuses) as caught:
        seal_all(old, remote)
    assert (caught.value.code, caught.value.params["signed"]) == ("signer.refuses", 7)
    write(old, count=9)
    with pytest.raises(SignerRefuses):  # the staged batch comes first
        seal_all(old, remote)
    # The thief of the key, too, is found out: what it signs the witness refuses.
    thief = tmp_path / "thief" / "signer"
    shutil.copytree(tmp_path / "signer", thief)
    (thief / "checkpoint").write_text(_checkpoint_of(old, 3))
    forked = LocalSigner(thief, ORIGIN)
    seal_all(old, forked)
    assert seal_all(old, forked).size == 14
    assert cosign(old, witness, 3).body == "7\n"
    assert cosign(old, witness, 7).status == 422
    with pytest.raises(SignerRefuses) as caught:
        _ask_for(old, remote, 14)
    assert caught.value.code == "signer.refuses_history"
    old.database.dispose()
    write(services)
    assert seal_all(services, remote).size == 8
    assert cosign(services, witness, 7).status == 200
    judged(services, tmp_path, 8)


def _checkpoint_of(services, size):
    with reading(services.database) as session:
        return session.execute(select(Checkpoint.note).where(Checkpoint.size == size)).scalar_one()


def _ask_for(services, signer, size):
    with reading(services.database) as session:
        tree = Tree(tile_reader(session))
        return signer.sign_checkpoint(size, tree.root(size), tree.consistency(signer.mark().size, size))


def test_a_log_whose_tail_was_cut(services, tmp_path, remote):
    """The rest is sound by itself, not against the signer's mark, and cannot go on; put back, it does."""
    write(services, count=3)
    seal_all(services, remote)
    whole_three = backed_up(services, tmp_path)
    write(services, count=4)
    seal_all(services, remote)
    whole = backed_up(services, tmp_path)
    # Three entries by everything the database holds: an owner of it can do no better.
    cut = whole_three
    signer = signer_in(tmp_path)
    with reading(cut.database) as session:
        assert fsck(session, cut, signer.vkeys).problems == []
        found = fsck(session, cut, signer.vkeys, signer.mark()).problems
    assert found == [f"log {ORIGIN}: the signer has signed 7 entries, 3 are here"]
    write(cut)
    with pytest.raises(SignerRefuses):
        seal_all(cut, remote)
    # A tail cut less carefully shows by itself.
    disarm(services)
    with transaction(services.database) as session:
        session.execute(delete(Entry).where(Entry.n == 6))
    with reading(services.database) as session:
        assert fsck(session, services, signer.vkeys).problems
    cut.database.dispose()
    write(whole)
    assert seal_all(whole, remote).size == 8
    judged(whole, tmp_path, 8)
    whole.database.dispose()


def test_a_log_whose_tail_was_forked(services, tmp_path, remote):
    """Another tail with all its hashes made to fit: fsck says so, and the signer signs nothing on it."""
    write(services, count=3)
    seal_all(services, remote)
    short = backed_up(services, tmp_path)
    write(services, count=4)
    seal_all(services, remote)
    write(short, count=4, kind="session.closed")
    thief = tmp_path / "thief" / "signer"
    shutil.copytree(tmp_path / "signer", thief)
    (thief / "checkpoint").write_text(_checkpoint_of(short, 3))
    assert seal_all(short, LocalSigner(thief, ORIGIN)).size == 7
    signer = signer_in(tmp_path)
    with reading(short.database) as session:
        found = fsck(session, short, signer.vkeys, signer.mark()).problems
    assert found == [f"log {ORIGIN}: its first 7 entries are not those the signer signed"]
    write(short)
    with pytest.raises(SignerRefuses) as caught:
        seal_all(short, remote)
    assert caught.value.code == "signer.refuses_history"
    short.database.dispose()
    write(services)
    assert seal_all(services, remote).size == 8
    judged(services, tmp_path, 8)


def test_a_clock_that_was_set_back(services, tmp_path, clock, remote, witness):
    """A year back in the middle: streams keep their order, the log grows, no cosignature is dated earlier."""
    write(services, count=3)
    seal_all(services, remote)
    first = cosign(services, witness, 0).body
    write(services, count=2)
    clock.set(clock.now() - timedelta(days=365))
    write(services, count=2)
    assert seal_all(services, remote).size == 7
    second = cosign(services, witness, 3).body
    stamps = [Note.parse(f"x\n\n{line}").signatures[0].blob[:8] for line in (first, second)]
    assert stamps == sorted(stamps)
    with reading(services.database) as session:
        order = session.scalars(
            select(Position.n).where(Position.stream == TRAINEE).order_by(Position.log_index)
        ).all()
    assert order == list(range(7))
    judged(services, tmp_path, 7)


def test_a_full_disk(services, tmp_path):
    """What was acknowledged before is there; after room was made all goes on as if nothing had been."""
    with small_disk("40m") as disk, database_on(services, disk) as full:
        write(full, count=3)
        seal_all(full, signer_in(tmp_path))
        ballast = disk.path / "ballast"
        _fill(ballast)
        acknowledged = 3
        with pytest.raises(DBAPIError):
            for _ in range(5000):
                write(full, disclose={"ip": "x" * 500})
                acknowledged += 1
        with suppress(DBAPIError):  # whether it still finds room is up to the last free page
            seal_all(full, signer_in(tmp_path))
        disk.make_room()
        assert stored(full) == acknowledged
        write(full, count=2)
        assert seal_all(full, signer_in(tmp_path)).size == acknowledged + 2
        judged(full, tmp_path, acknowledged + 2)


def _fill(path):
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            return


def test_a_full_disk_at_the_signer(services, tmp_path):
    """It signs nothing that it could not keep; with room again the same head gets its signature."""
    with small_disk("64k") as disk:
        signer = signer_in(disk.path)
        write(services, count=3)
        seal_all(services, signer)
        _fill(disk.path / "ballast")
        write(services, count=4)
        with pytest.raises(OSError, match="No space"):
            seal_all(services, signer)
        assert signer.mark().size == 3
        assert not list((disk.path / "signer").glob(".*"))
        disk.make_room()
        assert seal_all(services, signer).size == 7
        assert assert_sound(services, signer).sealed == 7
        gojudge.assert_accepts(services, signer.vkey)
