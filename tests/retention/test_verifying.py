"""What auditors see of a purge: bundles from before stay valid, later ones name what was destroyed."""

from __future__ import annotations

import json

import pytest

from lmscompliance.evidence import class_stream, streams
from lmscompliance.evidence.fsck import fsck
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.ledgers.service import export
from lmscompliance.retention import certificates
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.verifier.receipt import verify_receipt
from lmscompliance.verifier.report import Verdict
from lmscompliance.verifier.verify import verify
from tests.ledgers.miniature import build as build_miniature
from tests.retention.test_purge import destroy, release
from tests.support.erasure import erase
from tests.verifier import busy

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def made(services, clock):
    """Return a class in which nearly everything happened that a leaf can tell of."""
    made = build_miniature(services, clock)
    busy.happenings(made)
    return made


def test_a_bundle_from_before_stays_valid_and_a_later_one_names_what_went(
    services, signer, made, later, tmp_path
):
    """Each kind of destroyed value is a finding that leads to the certificate's entry; the rest verifies."""
    before = export(services, signer, made.class_id, tmp_path / "before")
    first = verify(before.bundle, before.trust.read_bytes())
    later(5)
    destroy(services, made.class_id)
    seal_all(services, signer)
    again = verify(before.bundle, before.trust.read_bytes())
    assert (again.verdict, again.findings) == (first.verdict, first.findings)
    after = export(services, signer, made.class_id, tmp_path / "after")
    report = verify(after.bundle, after.trust.read_bytes())
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    (certificate,) = certificates.listed(services, made.class_id)
    named = {one.code: one.params for one in report.findings if one.code.startswith("erased_")}
    said = {f"erased_{one.category}": one.values for one in certificate.categories if one.values}
    assert {code: found["count"] for code, found in named.items()} == said
    assert {found["index"] for found in named.values()} == {certificate.index}
    assert "withheld" not in {one.code for one in report.findings}
    with reading(services.database) as session:
        assert fsck(session, services, signer.vkeys).problems == []


def test_a_certificate_is_checked_offline(services, signer, made, later, tmp_path):
    """Its receipt proves the entry and names who ordered and who confirmed."""
    later(5)
    done = destroy(services, made.class_id)
    assert certificates.receipt(services, made.class_id, done.body["purge"]) is None
    seal_all(services, signer)
    text = certificates.receipt(services, made.class_id, done.body["purge"])
    after = export(services, signer, made.class_id, tmp_path / "after")
    receipt = verify_receipt(text.encode(), after.trust.read_bytes())
    assert receipt.report.verdict is Verdict.VALID, "\n".join(receipt.report.lines("en"))
    assert receipt.values == {"ordered_by": "anna", "confirmed_by": "bert"}
    (found,) = certificates.listed(services, made.class_id)
    shown = found.to_json(text)
    assert json.loads(json.dumps(shown))["entry"]["n"] == found.n


def test_values_that_go_without_a_certificate_are_missed(services, signer, made, tmp_path):
    """Whoever fakes an order in the database gets the values, and is told of by fsck and verifier."""
    with transaction(services.database) as session:
        erase(session, services, made.class_id, ["name"])
    seal_all(services, signer)
    with reading(services.database) as session:
        problems = fsck(session, services, signer.vkeys).problems
    assert len(problems) == len(made.enrolments)
    assert all("no certificate covers" in one for one in problems)
    done = export(services, signer, made.class_id, tmp_path)
    report = verify(done.bundle, done.trust.read_bytes())
    assert "withheld" in {one.code for one in report.findings}


def test_a_certificate_that_says_too_much_is_refused(services, signer, made, tmp_path):
    """Count and digest have to follow from the leaves it covers."""
    body = {
        "purge": "p",
        "snapshot": "none",
        "purged_us": made.now_us(),
        "categories": [{"category": "identity", "values": 7, "values_sha256": "0" * 64}],
    }
    made.record(class_stream(made.class_id), "retention.purged", body, ordered_by="a", confirmed_by="b")
    done = export(services, signer, made.class_id, tmp_path)
    report = verify(done.bundle, done.trust.read_bytes())
    assert report.verdict is Verdict.INVALID
    assert "purge_differs" in {one.code for one in report.problems}


def test_holds_are_entries(services, signer, world):
    """Placing and releasing a hold stands in the class's stream, without a name or a reason in the leaf."""
    mine = world.mine.objects["class_id"]
    release(services, mine)
    with reading(services.database) as session:
        held = streams.last_of_type(session, mine, class_stream(mine), "retention.held")
        freed = streams.last_of_type(session, mine, class_stream(mine), "retention.released")
    assert held is not None
    assert freed is not None
    assert b"anna" not in freed
    assert "审计".encode() not in held
