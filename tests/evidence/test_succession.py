"""A log that goes on under another name: nothing is copied, nothing lost, and the old key counts no more."""

import pytest
from sqlalchemy import select

from lmscompliance.evidence.fsck import fsck
from lmscompliance.evidence.models import Checkpoint as Stored
from lmscompliance.evidence.models import Entry
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.succession import succeed
from lmscompliance.kernel.errors import Conflict, Misconfigured
from lmscompliance.ledgers.service import export
from lmscompliance.signer import LocalSigner, SignerFrozen, SignerRefuses, life
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.tlog.notes import Note
from lmscompliance.tlog.trust import TrustPolicy
from lmscompliance.verifier import verify
from lmscompliance.verifier.report import Verdict
from lmscompliance.witness import Witness
from lmscompliance.witness.server import WitnessServer
from tests.evidence.logs import ORIGIN, disarm, signer_in, write
from tests.evidence.test_faults import cosign
from tests.evidence.test_witnesses import running, witnessed
from tests.judge import gojudge
from tests.ledgers.miniature import build

NEW = "log.example/second"
GOOD = {Verdict.VALID, Verdict.VALID_WITH_FINDINGS}

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def frozen(tmp_path):
    """Freeze the test log's signer; return (its last note, the trust policy of before)."""
    trust = TrustPolicy.parse(f"log {signer_in(tmp_path).vkey}\nquorum none\n")
    return life.freeze(tmp_path / "signer", "tried"), trust


def successor(tmp_path, final):
    """Return the new name's signer."""
    return life.create(tmp_path / "second", NEW, None, Checkpoint.parse(Note.parse(final).text))


def checked(services, signer):
    """Check all from storage, under both names."""
    with reading(services.database) as session:
        report = fsck(session, services, signer.vkeys, signer.mark())
    assert report.problems == []
    return report


@pytest.mark.judge
def test_the_log_goes_on(services, tmp_path):
    """What was sealed stays, what waited gets the new name, and the old checkpoint is in the log."""
    write(services, count=3)
    seal_all(services, signer_in(tmp_path))
    final, trust = frozen(tmp_path)
    write(services, count=2)
    with pytest.raises(SignerFrozen):
        seal_all(services, signer_in(tmp_path))
    signer = successor(tmp_path, final)
    with pytest.raises(Misconfigured, match=ORIGIN):
        seal_all(services, signer)
    succeed(services, signer, trust, final, "tried")
    with pytest.raises(Misconfigured, match=NEW):
        seal_all(services, signer_in(tmp_path))
    assert seal_all(services, signer).size == 6
    checked(services, signer)
    with reading(services.database) as session:
        body = Leaf.decode(
            session.scalars(select(Entry.leaf).where(Entry.type == "log.succeeded")).one()
        ).body
    assert (body["checkpoint"], body["before"], body["origin"]) == (final, ORIGIN, NEW)
    leaves, evidence = gojudge.collect(services, signer.vkey)
    evidence["Notes"] = [note for note in evidence["Notes"] if note.startswith(NEW)]
    assert len(evidence["Notes"]) == 2  # what had its place already, then the succession and the rest
    accepted, said = gojudge.ask(leaves, **evidence)
    assert accepted, said
    with pytest.raises(Conflict, match="nothing was changed"):
        succeed(services, signer, trust, final, "again")


@sqlite_only
def test_the_new_signer_continues_the_old_tree(services, tmp_path):
    """It begins at the final checkpoint, so that not even its first signature can be for another history."""
    write(services, count=3)
    seal_all(services, signer_in(tmp_path))
    signer = successor(tmp_path, frozen(tmp_path)[0])
    assert signer.mark().size == 3
    with pytest.raises(SignerRefuses):
        signer.sign_checkpoint(5, bytes(32), [])


@sqlite_only
@pytest.mark.parametrize("wrong", ["trust", "older", "forged", "signer"])
def test_what_is_not_a_succession_is_refused(services, tmp_path, wrong):
    """A stranger's trust, an old or altered checkpoint, a signer that begins elsewhere: no."""
    write(services, count=3)
    first = seal_all(services, signer_in(tmp_path)).checkpoint
    write(services)
    seal_all(services, signer_in(tmp_path))
    final, trust = frozen(tmp_path)
    signer = successor(tmp_path, final)
    if wrong == "trust":
        other = LocalSigner.load_or_create(tmp_path / "other", ORIGIN)
        trust = TrustPolicy.parse(f"log {other.vkey}\nquorum none\n")
    elif wrong == "older":
        final = first
    elif wrong == "forged":
        final = final.replace("\n4\n", "\n5\n")
    else:
        signer = LocalSigner.load_or_create(tmp_path / "empty", NEW)
    with pytest.raises(Conflict):
        succeed(services, signer, trust, final, "tried")
    with reading(services.database) as session:
        assert session.scalars(select(Entry).where(Entry.type == "log.succeeded")).all() == []


@sqlite_only
def test_ledgers_before_and_after(services, clock, tmp_path):
    """With the new trust the old bundle is not believed, and told why; the new one has the same class."""
    miniature = build(services, clock)
    before = export(services, signer_in(tmp_path), miniature.class_id, tmp_path / "before")
    old_trust = before.trust.read_text(encoding="utf-8")
    final, _ = frozen(tmp_path)
    signer = successor(tmp_path, final)
    succeed(services, signer, TrustPolicy.parse(old_trust), final, "tried")
    seal_all(services, signer)
    after = export(services, signer, miniature.class_id, tmp_path / "after")
    trust = after.trust.read_text(encoding="utf-8")
    assert f"# ended {ORIGIN} " in trust
    assert verify(after.bundle, trust).verdict in GOOD
    old = verify(before.bundle, trust)
    assert old.verdict is Verdict.UNVERIFIABLE
    assert {one.code for one in old.unverifiable} == {"ended_log"}
    assert "重新导出" in old.unverifiable[0].message()
    assert verify(before.bundle, old_trust).verdict in GOOD
    assert verify(after.bundle, f"{trust}# ended x y z\n").verdict is Verdict.UNVERIFIABLE


@sqlite_only
def test_witnesses_see_the_new_name_from_its_beginning(services, tmp_path):
    """A witness that knows the new key cosigns the new name, whatever it has seen of the old."""
    write(services, count=3)
    seal_all(services, signer_in(tmp_path))
    final, trust = frozen(tmp_path)
    signer = successor(tmp_path, final)
    logs = [signer_in(tmp_path).vkey, signer.vkey]
    witness = Witness.open(tmp_path / "w", "w1.example", logs, services.clock)
    assert cosign(services, witness, 0).status == 200
    with running(WitnessServer(("127.0.0.1", 0), witness)) as server:
        asking = witnessed(services, tmp_path, [server])
        succeed(asking, signer, trust, final, "tried")
        report = seal_all(asking, signer)
    assert (report.size, report.unwitnessed) == (4, ())
    assert checked(services, signer).cosignatures == 1


@sqlite_only
def test_a_forged_old_checkpoint_is_found(services, tmp_path):
    """Checkpoints under the old name are still checked, with the keys that the succession names."""
    write(services, count=3)
    seal_all(services, signer_in(tmp_path))
    final, trust = frozen(tmp_path)
    signer = successor(tmp_path, final)
    succeed(services, signer, trust, final, "tried")
    seal_all(services, signer)
    disarm(services)
    with transaction(services.database) as session:
        stored = session.get(Stored, (1, 3))
        stored.note = stored.note[:-10] + "AAAAAAA==\n"
    with reading(services.database) as session:
        problems = [one for one in fsck(session, services, signer.vkeys).problems if "guard" not in one]
    assert len(problems) == 1
    assert "checkpoint of size 3" in problems[0]
