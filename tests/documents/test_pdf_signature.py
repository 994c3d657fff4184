"""Signatures on PDF/A: pdfsig and openssl accept them, beside each other, and the file stays PDF/A."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from lmscompliance.documents.docx import Form
from lmscompliance.documents.font import BUILT_IN
from lmscompliance.documents.form import typeset_form
from lmscompliance.documents.pdf_signature import Key, sign
from lmscompliance.kernel.errors import InvalidInput, Unavailable
from tests.documents.pdfa import assert_pdfa
from tests.support.pkcs12 import PASSWORD, key_of
from tests.support.tsa import Authority

NOW = datetime.now(UTC)
NAMES = ("虚构企业签章", "虚构平台签章")


@pytest.fixture(scope="module")
def keys() -> list[tuple[Key, bytes]]:
    """Return an enterprise's and a platform's key."""
    return [key_of(name, NOW) for name in NAMES]


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    """Yield a timestamping authority."""
    found = Authority(tmp_path / "tsa")
    yield found
    found.close()


def test_two_sign_one_after_the_other(keys, authority: Authority, tmp_path: Path, caplog) -> None:
    """The second is appended: the first still covers what it covered, both have the authority's time."""
    caplog.set_level(logging.DEBUG)
    plain = typeset_form(Form("台账", paragraphs=["内容"]), NOW, BUILT_IN)
    first = sign(plain, keys[0][0], NOW, tsa_url=authority.url, reason="归档")
    second = sign(first.pdf, keys[1][0], NOW, tsa_url=authority.url)
    assert second.pdf.startswith(first.pdf)
    assert first.pdf.startswith(plain)
    assert [first.signer, second.signer] == list(NAMES)
    path = tmp_path / "signed.pdf"
    path.write_bytes(second.pdf)
    assert_pdfa(path, "2", "A")
    found = _signatures(path)
    assert [one["Name"] for one in found] == list(NAMES)
    said = _pdfsig(path)
    assert said.count("Signature is Valid") == 2
    assert said.count("ETSI.CAdES.detached") == 2
    for one, (_, certificate) in zip(found, keys, strict=True):
        assert _openssl(path, one, certificate, tmp_path)
        assert b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0e" in one["Contents"], "a timestamp token (B-T)"
    assert PASSWORD not in caplog.text


def test_an_edited_page_is_found_out(keys, tmp_path: Path) -> None:
    """Without an authority it is signed without its time; a changed byte breaks the signature."""
    made = sign(typeset_form(Form("台账"), NOW, BUILT_IN), keys[0][0], NOW)
    assert not made.stamped
    path = tmp_path / "edited.pdf"
    path.write_bytes(
        made.pdf.replace(b"/Type/Catalog", b"/Type /atalog", 1).replace(b"/Lang(zh-CN)", b"/Lang(en-GB)", 1)
    )
    assert path.read_bytes() != made.pdf
    assert "Digest Mismatch" in _pdfsig(path)


def test_what_cannot_sign_is_told_without_the_password(keys, authority: Authority) -> None:
    """A wrong password, no key file, an expired certificate, no PDF, an authority that is down."""
    plain, good = typeset_form(Form("台账"), NOW, BUILT_IN), keys[0][0]
    expired, _ = key_of("过期", NOW, days=-1)
    for key, code in (
        (Key(good.pkcs12, "wrong-password"), "documents.bad_key"),
        (Key(b"no key", PASSWORD), "documents.bad_key"),
        (expired, "documents.certificate_expired"),
    ):
        with pytest.raises(InvalidInput) as caught:
            sign(plain, key, NOW)
        assert caught.value.code == code
        assert key.password not in caught.value.message() + repr(caught.value)
    with pytest.raises(InvalidInput) as caught:
        sign(b"not a pdf", good, NOW)
    assert caught.value.code == "documents.not_signable"
    authority.mood = "down"
    with pytest.raises(Unavailable):
        sign(plain, good, NOW, tsa_url=authority.url)
    assert repr(good) == "Key(…)"


def _signatures(path: Path) -> list[dict[str, object]]:
    with pikepdf.open(path) as pdf:
        fields = [one for one in pdf.Root.AcroForm.Fields if one.get("/FT") == "/Sig"]
        return [
            {
                "Name": str(one.V.Name),
                "Contents": bytes(one.V.Contents),
                "ByteRange": [int(at) for at in one.V.ByteRange],
            }
            for one in fields
        ]


def _pdfsig(path: Path) -> str:
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig is missing (apt-get install poppler-utils)")
    return subprocess.run(["pdfsig", path], check=False, capture_output=True, text=True).stdout


def _openssl(path: Path, one: dict[str, object], certificate: bytes, folder: Path) -> bool:
    """Ask openssl whether the CMS signs exactly the bytes that the signature's range names."""
    data, (first, size, second, rest) = path.read_bytes(), one["ByteRange"]
    (folder / "covered").write_bytes(data[first : first + size] + data[second : second + rest])
    contents = one["Contents"]
    length = 4 + int.from_bytes(contents[2:4], "big")
    (folder / "cms").write_bytes(contents[:length])
    (folder / "signer.pem").write_bytes(certificate)
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", folder / "cms"]
    command += ["-content", folder / "covered", "-CAfile", folder / "signer.pem", "-purpose", "any"]
    done = subprocess.run([*command, "-out", "/dev/null"], check=False, capture_output=True)
    return done.returncode == 0
