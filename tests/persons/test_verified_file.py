"""One person's file is checked whole and offline: what was altered in it, or taken out of it, is named."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from lmscompliance.certificates import issuing, revoking
from lmscompliance.certificates.models import Certificate
from lmscompliance.cli.main import main
from lmscompliance.completion import service as completion
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.ledgers.assemble import trust_text
from lmscompliance.storage.transaction import transaction
from lmscompliance.verifier import Report, Verdict, verify_file
from tests.completion.classroom import open_classroom, publish_exam
from tests.support.app import administrator, client_for, make_app, trainee

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ADMIN, TRAINEE = administrator(), trainee("trainee-1")


def _judged(folder: Path, files: Mapping[str, bytes], trust: str | None) -> Report:
    path = folder / "my-data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return verify_file(path, trust).report


def _taken(services) -> dict[str, bytes]:
    answer = client_for(make_app(services), TRAINEE).post("/compliance/mine/export")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def room(services, tmp_path):
    """One trainee, who has learned, passed and got a certificate; nothing is sealed yet."""
    made = open_classroom(services, tmp_path, 3)
    publish_exam(made, tmp_path)
    made.learn_all()
    completion.refresh(services, made.class_id, made.enrolment())
    made.hall.sit(80)
    issuing.issue_all(services, ADMIN, made.class_id, "https://peixun.example.com")
    return made


@pytest.fixture
def signer(tmp_path):
    """Return the log's signer."""
    return LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")


def _retold(files: Mapping[str, bytes], change) -> dict[str, bytes]:
    told = json.loads(files["my-data.json"])
    change(told["classes"][0]["evidence"])
    return {"my-data.json": json.dumps(told).encode()}


def _other_value(rows) -> None:
    row = next(row for row in rows if row["values"])
    row["values"] = dict.fromkeys(row["values"], "别的")


def _falsely(row) -> dict[str, object]:
    return {"entry": row["entry"], "values": {"name": "别人"}}


def test_whatever_is_altered_or_taken_out_is_named(services, room, signer, tmp_path):
    """Entries, values, what the JSON tells, certificates: each by its own sentence, in both languages."""
    seal_all(services, signer)
    trust, files = trust_text(signer, services), _taken(services)
    whole = _judged(tmp_path, files, trust)
    assert whole.verdict is Verdict.VALID, whole.lines("en")
    assert _judged(tmp_path, files, None).verdict is Verdict.UNVERIFIABLE
    more = _judged(tmp_path, {**files, "证书.pdf": b"%PDF"}, trust)
    assert [one.code for one in more.findings] == ["person_unknown"]
    proofs = sorted(name for name in files if name.endswith(".tlog-proof"))
    (certificate,) = (name for name in files if name.startswith("certificates/"))
    altered = files[proofs[2]].replace(b"extra ", b"extra A", 1)
    gap = {"person_gap", "person_told_differs"}
    told = {"person_told_differs"}
    for changed, expected in (
        ({proofs[1]: None}, gap),
        ({proofs[0]: None}, gap),
        ({proofs[2]: altered}, {"person_receipt", "bad_receipt", *gap}),
        ({certificate: files[certificate] + b"\n"}, {"person_document"}),
        ({"my-data.json": b"[]"}, {"person_told_unreadable"}),
        (_retold(files, lambda rows: rows.pop(1)), told),
        (_retold(files, lambda rows: rows[0]["entry"].update(v=True)), told),
        (_retold(files, lambda rows: rows[0]["entry"].update(stream="\ud800")), {"person_told_unreadable"}),
        (_retold(files, _other_value), told),
        (_retold(files, lambda rows: rows.insert(0, _falsely(rows[0]))), told),
        (_retold(files, lambda rows: rows[0]["entry"].update(n=float("inf"))), {"person_told_unreadable"}),
        ({proofs[0]: bytes(2 << 20)}, {"person_unreadable"}),
    ):
        kept = {name: data for name, data in {**files, **changed}.items() if data is not None}
        report = _judged(tmp_path, kept, trust)
        assert {one.code for one in report.problems} == expected, report.lines("en")
        assert not any("{" in line for locale in ("zh_CN", "en") for line in report.lines(locale))


def test_what_is_not_sealed_yet_is_a_fact_and_no_lie(services, room, signer, tmp_path):
    """Before the first sealing nothing can be told; later the last entries may still wait for theirs."""
    trust = trust_text(signer, services)
    report = _judged(tmp_path, _taken(services), trust)
    assert (report.verdict, report.problems) == (Verdict.UNVERIFIABLE, []), report.lines("en")
    seal_all(services, signer)
    with transaction(services.database) as session:
        (certificate,) = session.scalars(select(Certificate))
    revoking.revoke(services, ADMIN, room.class_id, certificate.id, "替考")
    report = _judged(tmp_path, _taken(services), trust)
    assert {one.code for one in report.findings} == {"person_unsealed"}
    assert report.verdict is Verdict.VALID_WITH_FINDINGS
    seal_all(services, signer)
    report = _judged(tmp_path, _taken(services), trust)
    assert {one.code for one in report.findings} == {"person_revoked"}

    (tmp_path / "log.trust").write_text(trust, encoding="utf-8")
    call = ["verify", str(tmp_path / "my-data.zip"), "--trust", str(tmp_path / "log.trust")]
    done = CliRunner().invoke(main, call)
    assert (done.exit_code, certificate.number in done.output) == (3, True), done.output
