"""What is believed comes from outside the bundle, and without it nothing is vouched for."""

from __future__ import annotations

from pathlib import Path

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.tlog.encoding import from_base64, to_base64
from lmscompliance.verifier import Verdict, bundle, verify
from tests.verifier.conftest import Exported, make
from tests.verifier.tamper import check, codes, take_apart


def test_a_foreign_key_under_the_same_name(exported: Exported, tmp_path: Path) -> None:
    """A whole log re-signed by somebody else's key is not vouched for, though it carries the right name."""
    forged = make(tmp_path)
    report = verify(forged.export.bundle, exported.trust)
    assert report.verdict is Verdict.UNVERIFIABLE
    assert [remark.code for remark in report.unverifiable] == ["unknown_log", "unknown_log"]
    assert verify(forged.export.bundle, forged.trust).verdict is Verdict.VALID


def test_a_checkpoint_re_signed_by_a_foreign_key(exported: Exported, tmp_path: Path) -> None:
    """Replacing the note alone also breaks the digest that the log recorded."""
    files = take_apart(exported.export.bundle)
    foreign = LocalSigner.load_or_create(tmp_path / "foreign", "example.com/log")
    text = files[bundle.CHECKPOINT].decode()
    origin, size, root = text.split("\n")[:3]
    assert origin == "example.com/log"
    note = foreign.sign_checkpoint(int(size), from_base64(root), [])
    report = check(files | {bundle.CHECKPOINT: note.encode()}, exported.trust, tmp_path)
    assert report.verdict is Verdict.INVALID
    assert codes(report) == {"digest_recorded"}
    assert [remark.code for remark in report.unverifiable] == ["unknown_log"]


def test_a_forged_signature_under_the_right_key(exported: Exported, tmp_path: Path) -> None:
    """A signature line that claims the trusted key and is wrong is a forgery."""
    files = take_apart(exported.export.bundle)
    head, _, encoded = files[bundle.CHECKPOINT].decode().rstrip("\n").rpartition(" ")
    blob = bytearray(from_base64(encoded))
    blob[-1] ^= 1
    forged = f"{head} {to_base64(bytes(blob))}\n".encode()
    report = check(files | {bundle.CHECKPOINT: forged}, exported.trust, tmp_path)
    assert report.verdict is Verdict.INVALID
    assert "bad_signature" in codes(report)


def test_the_wrong_trust_file(exported: Exported, tmp_path: Path) -> None:
    """A trust file of another platform makes a good bundle unverifiable, with what to do."""
    other = LocalSigner.load_or_create(tmp_path / "other", "other.example/log")
    report = verify(exported.export.bundle, f"log {other.vkey}\nquorum none\n")
    assert report.verdict is Verdict.UNVERIFIABLE
    assert "信任文件" in report.unverifiable[0].message()


def test_no_trust_file_and_a_broken_one(exported: Exported) -> None:
    """Neither vouches for anything; the steps that need no trust are still taken."""
    for trust in (None, "", "quorum none\n", b"\xff\xff", "log nonsense\nquorum none\n"):
        report = verify(exported.export.bundle, trust)
        assert report.verdict is Verdict.UNVERIFIABLE, trust
        assert next(step for step in report.steps if step.name == "workbook").status == "pass"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """An unreadable bundle is unverifiable, not invalid."""
    report = verify(tmp_path / "none.zip", "quorum none\n")
    assert report.verdict is Verdict.UNVERIFIABLE
    assert report.verdict.exit == 2


def test_trailing_data(exported: Exported, tmp_path: Path) -> None:
    """Anything behind the end of the archive makes it another file."""
    longer = tmp_path / "longer.zip"
    longer.write_bytes(exported.export.bundle.read_bytes() + b"x")
    report = verify(longer, exported.trust)
    assert report.verdict is Verdict.INVALID
    assert codes(report) == {"not_canonical"}
