"""Rotating the log's key: the log says so itself, and exports stay verifiable on both sides of it."""

from pathlib import Path

import pytest
from sqlalchemy import select

from lmscompliance.evidence.models import Checkpoint, Entry
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.ledgers.service import export
from lmscompliance.signer import life
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.tlog.notes import Note
from lmscompliance.tlog.trust import TrustPolicy
from lmscompliance.verifier import verify
from lmscompliance.verifier.report import Verdict
from tests.evidence.logs import ORIGIN, assert_sound, signer_in, write
from tests.judge import gojudge
from tests.ledgers.miniature import build

GOOD = {Verdict.VALID, Verdict.VALID_WITH_FINDINGS}


def announced(services):
    """Return the bodies of the log's own entries."""
    with reading(services.database) as session:
        leaves = session.scalars(select(Entry.leaf).where(Entry.type == "log.keys").order_by(Entry.n)).all()
    return [Leaf.decode(leaf).body for leaf in leaves]


@pytest.mark.judge
def test_a_rotation_is_in_the_log(services, tmp_path):
    """Two entries, one when the new key joins and one when the old retires; never one a seal."""
    directory = tmp_path / "signer"
    write(services, count=3)
    seal_all(services, signer_in(tmp_path))
    assert announced(services) == []
    old = signer_in(tmp_path).vkey
    new = life.begin_rotation(directory, ORIGIN, None)
    for _ in range(2):
        # Nothing waits but the announcement itself, and it gets both signatures.
        assert seal_all(services, signer_in(tmp_path)).size == 4
    life.finish_rotation(directory, ORIGIN, None)
    write(services, count=2)
    assert seal_all(services, signer_in(tmp_path)).size == 7
    assert [(one["signing"], one["retired"]) for one in announced(services)] == [
        ([str(old), str(new)], []),
        ([str(new)], [str(old)]),
    ]
    assert_sound(services, signer_in(tmp_path))
    with reading(services.database) as session:
        notes = session.execute(select(Checkpoint.size, Checkpoint.note)).all()
    signers = {size: [one.key_id for one in Note.parse(note).signatures] for size, note in notes}
    assert signers == {3: [old.key_id], 4: [old.key_id, new.key_id], 7: [new.key_id]}
    leaves, evidence = gojudge.collect(services, new)
    evidence["Notes"] = [note for size, note in notes if size > 3]
    accepted, said = gojudge.ask(leaves, **evidence)
    assert accepted, said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_exports_on_both_sides_of_a_rotation(services, clock, tmp_path: Path):
    """With the old trust until the overlap ends, with the new from then on."""
    directory = tmp_path / "signer"
    miniature = build(services, clock)
    old = f"log {signer_in(tmp_path).vkey}\nquorum none\n"

    def exported():
        done = export(services, signer_in(tmp_path), miniature.class_id, tmp_path / "out")
        trust = done.trust.read_text(encoding="utf-8")
        assert verify(done.bundle, trust).verdict in GOOD
        return trust, {name: verify(done.bundle, text).verdict for name, text in trusts.items()}

    trusts = {"old": old}
    assert exported()[1]["old"] in GOOD
    new = life.begin_rotation(directory, ORIGIN, None)
    trusts["new"] = f"log {new}\nquorum none\n"
    miniature.record(
        f"class/{miniature.class_id}", "platform.declared", {"name": "p", "recognition_number": ""}
    )
    verdicts = exported()[1]
    assert verdicts["old"] in GOOD
    assert verdicts["new"] in GOOD
    life.finish_rotation(directory, ORIGIN, None)
    trust, verdicts = exported()
    assert verdicts["old"] is Verdict.UNVERIFIABLE
    miniature.record(
        f"class/{miniature.class_id}", "platform.declared", {"name": "q", "recognition_number": ""}
    )
    trust, verdicts = exported()
    assert (verdicts["old"], verdicts["new"] in GOOD) == (Verdict.UNVERIFIABLE, True)
    assert [str(log.vkey) for log in TrustPolicy.parse(trust).logs] == [
        str(new),
        old.partition("\n")[0].removeprefix("log "),
    ]
