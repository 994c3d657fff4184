"""Signing the archive copy of a ledger: on its page and at the command line, beside earlier signatures."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from lmscompliance.cli.main import main
from lmscompliance.documents.docx import Form
from lmscompliance.documents.font import BUILT_IN
from lmscompliance.documents.form import typeset_form
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import SystemClock
from lmscompliance.ledgers.service import export_for_download
from lmscompliance.services import Services
from tests.ledgers.miniature import Miniature
from tests.support.app import administrator, client_for, inspector, make_app
from tests.support.pkcs12 import PASSWORD, key_of
from tests.training.school import leaves

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@sqlite_only
def test_a_page_signs_twice_and_keeps_the_first(
    services: Services, signer: LocalSigner, miniature: Miniature
) -> None:
    """The unsigned copy stays, the signed one grows, the log names each; a wrong password changes nothing."""
    done = export_for_download(services, signer, miniature.class_id, pdf=True)
    assert done.pdf is not None
    app = make_app(services)
    client = client_for(app, administrator())
    base = f"/compliance/classes/{miniature.class_id}/ledger"
    at = f"{base}/{done.id}/signature"
    now = services.clock.now()
    first, second = (key_of(name, now)[0] for name in ("虚构企业签章", "虚构平台签章"))
    assert client.post(at, data={}).status_code == 422
    wrong = client.post(at, data={"key": (io.BytesIO(first.pkcs12), "a.p12"), "password": "x"})
    assert wrong.status_code == 422
    assert "密码不对" in wrong.text
    signed = done.pdf.with_name(f"{done.pdf.stem}.signed.pdf")
    assert not signed.exists()
    grown = [done.pdf.read_bytes()]
    for key in (first, second):
        answer = client.post(at, data={"key": (io.BytesIO(key.pkcs12), "a.p12"), "password": key.password})
        assert answer.status_code == 303
        grown.append(signed.read_bytes())
        assert grown[-1].startswith(grown[-2])
    assert done.pdf.read_bytes() == grown[0]
    told = [leaf for _, kind, leaf in leaves(services, miniature.class_id) if kind == "export.signed"]
    assert [one["body"]["sha256"] for one in told] == [hashlib.sha256(one).hexdigest() for one in grown[1:]]
    assert [path.name for path in signed.parent.iterdir() if path.name.startswith(".")] == []
    page = client.get(base)
    assert "已签名归档本" in page.text
    assert "签名不带可信时间（PAdES B-B）" in page.text
    with client.post(f"{base}/{done.id}/signed", data={"purpose": "归档"}, follow_redirects=True) as taken:
        assert taken.data == grown[-1]
    refused = client_for(app, inspector("*")).post(at, data={})
    assert refused.status_code == 403


def test_a_command_signs_any_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a database; the password comes from a file or the terminal and is never shown."""
    monkeypatch.delenv("COMPLIANCE_TSA_URL", raising=False)
    key, _ = key_of("虚构企业签章", SystemClock().now())
    pdf, key_file, secret = tmp_path / "A.pdf", tmp_path / "k.p12", tmp_path / "password"
    pdf.write_bytes(typeset_form(Form("台账"), SystemClock().now(), BUILT_IN))
    key_file.write_bytes(key.pkcs12)
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    command = ["ledger", "sign", str(pdf), "--key", str(key_file)]
    done = CliRunner().invoke(main, [*command, "--password-file", str(secret)])
    assert done.exit_code == 0, done.output
    assert "虚构企业签章" in done.output
    signed = tmp_path / "A.signed.pdf"
    assert signed.read_bytes().startswith(pdf.read_bytes())
    again = CliRunner().invoke(main, [*command[:2], str(signed), *command[3:]], input=PASSWORD + "\n")
    assert again.exit_code == 0, again.output
    assert len(re.findall(rb"/ByteRange", signed.read_bytes())) == 2
    refused = CliRunner().invoke(main, command, input="wrong\n")
    assert refused.exit_code == 1
    assert PASSWORD not in done.output + again.output + refused.output
