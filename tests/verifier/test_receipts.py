"""Receipts that a trainee and an enterprise keep: one small file, checked years later."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from lmscompliance.cli import main
from lmscompliance.kernel import jcs
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.proof import TlogProof
from lmscompliance.verifier import Verdict, verify_receipt
from tests.verifier.conftest import Exported


@pytest.fixture
def receipt(exported: Exported) -> TlogProof:
    """Return the receipt of an export."""
    return TlogProof.parse(exported.export.receipt.read_text(encoding="utf-8"))


def judged(receipt: TlogProof, trust: str | None, leaf: bytes | None = None):
    """Return the verdict on a receipt."""
    return verify_receipt(receipt.encode().encode(), trust, leaf).report.verdict


def test_an_exports_receipt_names_the_files_digests(exported: Exported, receipt: TlogProof) -> None:
    """It is valid by the trust file alone, and says which files were recorded."""
    found = verify_receipt(receipt.encode().encode(), exported.trust)
    assert found.report.verdict is Verdict.VALID, found.report.lines("en")
    assert found.leaf.t == "export.recorded"
    assert "exports/ledger.xlsx" in json.dumps(found.leaf.body)


def test_a_receipt_without_its_entry_takes_it_from_elsewhere(exported: Exported, receipt: TlogProof) -> None:
    """A plain tlog-proof is taken with the entry beside it, and not without."""
    leaf = str(jcs.decode(receipt.extra)["leaf"]).encode()
    bare = replace(receipt, extra=None)
    assert judged(bare, exported.trust) is Verdict.INVALID
    assert judged(bare, exported.trust, leaf) is Verdict.VALID
    assert judged(bare, exported.trust, leaf.replace(b'"data_size":1', b'"data_size":2')) is Verdict.INVALID


def _other_extra(receipt: TlogProof, **changed: object) -> TlogProof:
    return replace(receipt, extra=jcs.encode({**jcs.decode(receipt.extra), **changed}))


def test_what_is_changed_in_a_receipt_makes_it_invalid(exported: Exported, receipt: TlogProof) -> None:
    """Entry, place, proof, checkpoint and added values each."""
    made_up = [{"name": "ip", "salt": to_base64(b"0" * 16), "value": "10.0.0.1"}]
    other = receipt.checkpoint.replace("example.com/log\n", "example.com/log\n1", 1)
    for changed in (
        replace(receipt, index=receipt.index - 1),
        replace(receipt, hashes=receipt.hashes[:-1]),
        replace(receipt, checkpoint=other),
        _other_extra(receipt, disclosures=made_up),
        _other_extra(receipt, leaf=str(jcs.decode(receipt.extra)["leaf"]).replace("sha256", "sha257")),
        replace(receipt, extra=b"{}"),
    ):
        assert judged(changed, exported.trust) is Verdict.INVALID


def test_without_trust_nothing_can_be_said(exported: Exported, receipt: TlogProof) -> None:
    """Neither without a trust file nor with that of another log."""
    assert judged(receipt, None) is Verdict.UNVERIFIABLE
    other = "".join(line for line in exported.trust.splitlines(keepends=True) if not line.startswith("log "))
    assert judged(receipt, other) is Verdict.UNVERIFIABLE


def test_by_command(exported: Exported, tmp_path: Path) -> None:
    """The command says what the entry holds, and its exit status is the verdict."""
    file = exported.export.receipt
    done = CliRunner().invoke(main, ["verify-receipt", str(file), "--trust", str(exported.export.trust)])
    assert (done.exit_code, "export.recorded" in done.output) == (0, True), done.output
    damaged = tmp_path / "damaged.tlog-proof"
    damaged.write_bytes(file.read_bytes().replace(b"index ", b"index 1", 1))
    done = CliRunner().invoke(main, ["verify-receipt", str(damaged), "--trust", str(exported.export.trust)])
    assert done.exit_code == 1
