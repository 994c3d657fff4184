"""The national suite: SM2 lines that standard readers skip and ``openssl`` verifies, SM3 beside SHA-256."""

import json
import shutil
import subprocess
import sys
import zipfile

import pytest

from lmscompliance.evidence.sealer import seal_all
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.ledgers.service import export
from lmscompliance.signer import LocalSigner, RemoteSigner, life
from lmscompliance.tlog.national import SIGNER_IDENTITY, demanded, sm2_point, sm2_vkey
from lmscompliance.tlog.notes import Note
from lmscompliance.verifier import verify
from lmscompliance.verifier.report import Status, Verdict
from tests.evidence.logs import assert_sound, write
from tests.judge import gojudge
from tests.ledgers.miniature import build
from tests.signer.heads import ORIGIN, head, proof, signer_in
from tests.signer.served import serving

pytest.importorskip("gmssl_pyx", reason="the extra national is not installed")

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

GOOD = {Verdict.VALID, Verdict.VALID_WITH_FINDINGS}
SM2_INFO = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
"""SubjectPublicKeyInfo up to the point, after GM/T 0006: id-ecPublicKey on the SM2 curve."""


@pytest.fixture
def national(tmp_path):
    """Return a signer that has an SM2 key."""
    signer_in(tmp_path)
    life.add_national(tmp_path / "signer", ORIGIN, None)
    return signer_in(tmp_path)


def openssl_accepts(tmp_path, vkey, message, signature):
    """Ask the ``openssl`` command."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing")
    files = {"key": SM2_INFO + b"\x04" + sm2_point(vkey), "message": message, "signature": signature}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    arguments = ["-verify", "-pubin", "-inkey", tmp_path / "key", "-keyform", "DER", "-rawin"]
    arguments += ["-in", tmp_path / "message", "-sigfile", tmp_path / "signature", "-digest", "sm3"]
    arguments += ["-pkeyopt", f"distid:{SIGNER_IDENTITY.decode()}"]
    asked = subprocess.run(["openssl", "pkeyutl", *arguments], capture_output=True, check=False)
    return asked.returncode == 0


def sm2_line(note, vkey):
    """Return the signature of ``vkey`` on the note."""
    return next(one.blob for one in note.signatures if one.key_id == vkey.key_id)


def test_openssl_verifies_the_line(tmp_path, national):
    """It belongs to this text and this key, and to no other."""
    note = Note.parse(national.sign_checkpoint(*head(3), []))
    signature = sm2_line(note, national.national)
    text = note.text.encode()
    assert openssl_accepts(tmp_path, national.national, text, signature)
    assert not openssl_accepts(tmp_path, national.national, text.replace(b"3", b"4"), signature)
    other = life.add_national(_another(tmp_path), ORIGIN, None)
    assert not openssl_accepts(tmp_path, other, text, signature)


def _another(tmp_path):
    LocalSigner.load_or_create(tmp_path / "another", ORIGIN)
    return tmp_path / "another"


@pytest.mark.judge
@sqlite_only
def test_standard_readers_skip_the_line(services, tmp_path, national):
    """Go's note package opens the checkpoints as ever; the log says that it has such a key."""
    write(services, count=3)
    assert seal_all(services, national).size == 4
    assert_sound(services, national)
    gojudge.assert_accepts(services, national.vkey)


def test_it_goes_along_with_rotation_passphrase_and_protocol(tmp_path, national):
    """The SM2 key stays through a rotation, is encrypted with the others, and is told over the socket."""
    vkey = national.national
    assert life.add_national(tmp_path / "signer", ORIGIN, None) == vkey
    life.begin_rotation(tmp_path / "signer", ORIGIN, None)
    life.protect(tmp_path / "signer", ORIGIN, None, b"a passphrase for tests")
    assert "PRIVATE" not in (tmp_path / "signer" / "key.sm2").read_text()
    with serving(tmp_path / "signer", f"unix://{tmp_path}/s") as url:
        remote = RemoteSigner(url, ORIGIN)
        assert (remote.national, len(remote.vkeys)) == (vkey, 2)
        note = Note.parse(remote.sign_checkpoint(*head(3), proof(0, 3)))
    assert [one.key_id for one in note.signatures] == [*(one.key_id for one in remote.signing), vkey.key_id]


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    """A signer's machine without the library refuses to make such a key."""
    signer_in(tmp_path)
    monkeypatch.setitem(sys.modules, "gmssl_pyx", None)
    with pytest.raises(Misconfigured, match=r"lmscompliance\[national\]"):
        life.add_national(tmp_path / "signer", ORIGIN, None)
    assert not (tmp_path / "signer" / "key.sm2").exists()


@pytest.fixture
def exported(services, clock, tmp_path, national):
    """Return the export of a class under a log with an SM2 key."""
    miniature = build(services, clock)
    return export(services, national, miniature.class_id, tmp_path / "out")


def step(report):
    """Return the step about the national suite."""
    return next((one for one in report.steps if one.name == "national"), None)


@sqlite_only
def test_an_export_is_checked_where_the_trust_asks_for_it(exported, national, monkeypatch):
    """Signatures and SM3 digests pass; who does not ask is told nothing; who cannot check is told so."""
    trust = exported.trust.read_text(encoding="utf-8")
    assert demanded(trust) == (national.national,)
    report = verify(exported.bundle, trust)
    assert report.verdict in GOOD
    assert step(report).status is Status.PASS
    silent = verify(exported.bundle, f"log {national.vkey}\nquorum none\n")
    assert (silent.verdict, step(silent)) == (report.verdict, None)
    with zipfile.ZipFile(exported.bundle) as archive:
        files = json.loads(archive.read("manifest.json"))["files"]
        recorded = json.loads(archive.read("export/leaf.json"))["body"]["files"]
        checkpoint = archive.read("checkpoint")
    assert all(len(file["sm3"]) == 64 for file in [*files, *recorded])
    asked = subprocess.run(
        ["openssl", "dgst", "-sm3", "-r"], input=checkpoint, capture_output=True, check=True
    )
    assert asked.stdout.split()[0].decode() == files[0]["sm3"]
    monkeypatch.setitem(sys.modules, "gmssl_pyx", None)
    unable = verify(exported.bundle, trust)
    assert unable.verdict is report.verdict
    assert step(unable).status is Status.SKIP
    assert "owe_national" in [one.code for one in unable.owes]
    assert "未核验" in step(unable).because.message()


@sqlite_only
def test_what_is_wrong_with_it_is_named(exported, national, tmp_path):
    """A key that has not signed, a signature that is not its own, and a broken demand."""
    trust = exported.trust.read_text(encoding="utf-8")
    foreign = sm2_vkey(ORIGIN, bytes(63) + b"\x01")
    report = verify(exported.bundle, trust.replace(str(national.national), str(foreign)))
    assert report.verdict is Verdict.INVALID
    assert {one.code for one in step(report).problems} == {"national_missing"}
    bad = verify(exported.bundle, trust + "# sm2 nonsense\n")
    assert bad.verdict is Verdict.UNVERIFIABLE
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(exported.bundle) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "checkpoint":
                line = data.decode().splitlines()[-1]
                assert line.split(" ")[1] == ORIGIN
                data = data.replace(line[-12:-8].encode(), b"AAAA")
            new.writestr(name, data)
    report = verify(forged, trust)
    assert "national_bad" in {one.code for one in step(report).problems}
