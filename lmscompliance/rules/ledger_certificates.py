"""What a trainee's stream says of certificates: issued, revoked."""

from __future__ import annotations

from lmscompliance.rules.certificates import CertificateRecord
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_facts import Record, TraineeRecord


def read_issued(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Add a certificate; raises ``BadFact`` for one that is issued twice."""
    certificate = body.text("certificate")
    if certificate in trainee.certificates:
        msg = "the certificate is issued twice"
        raise body.refuse(msg)
    trainee.certificates[certificate] = CertificateRecord(
        body.text("number"), body.whole("issued_us"), body.text("pdf_sha256")
    )


def read_revoked(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Note that a certificate does not hold any more; raises ``BadFact`` for an unknown or revoked one."""
    found = trainee.certificates.get(body.text("certificate"))
    if found is None or found.revoked_us is not None or found.number != body.text("number"):
        msg = "no valid certificate of that number was issued"
        raise body.refuse(msg)
    found.revoked_us = body.whole("revoked_us")
