"""What a trainee's stream says of certificates: issued, revoked; and how sheet ⑤ shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace
from types import MappingProxyType

from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.certificates import MOST, Basis, CertificateRecord
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_facts import Record, TraineeRecord
from lmscompliance.rules.ledger_table import Cell, Column

COLUMNS = {"证书编号": Column(17), "证书状态": Column(25)}


def read_issued(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Add a certificate; raises ``BadFact`` for one that is issued twice, and for one too many."""
    certificate = body.text("certificate")
    if certificate in trainee.certificates:
        msg = "the certificate is issued twice"
        raise body.refuse(msg)
    if len(trainee.certificates) >= MOST:
        msg = f"it is the trainee's certificate {len(trainee.certificates) + 1}; at most {MOST} are issued"
        raise body.refuse(msg)
    trainee.certificates[certificate] = CertificateRecord(
        number=body.text("number"),
        serial=body.whole("serial"),
        issued_us=body.whole("issued_us"),
        pdf_sha256=body.text("pdf_sha256"),
        score=body.exact("score"),
        hours=body.exact("hours"),
        template=body.whole("template"),
        template_sha256=body.text("template_sha256"),
        replaces=body.maybe_text("replaces"),
        content=record.text("content"),
        basis=_basis(trainee),
    )


def read_revoked(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Note that a certificate does not hold any more; raises ``BadFact`` for an unknown or revoked one."""
    found = trainee.certificates.get(body.text("certificate"))
    if found is None or found.revoked_us is not None or found.number != body.text("number"):
        msg = "no valid certificate of that number was issued"
        raise body.refuse(msg)
    found.revoked_us = body.whole("revoked_us")


def cells(trainee: TraineeRecord) -> list[Cell]:
    """Return the newest certificate's number, and how it and those before it stand."""
    given = [*trainee.certificates.values()]
    if not given:
        return ["", ""]
    after = successors(given)
    newest = given.pop()
    lines = [_state(newest), *(f"原 {one.number} {_state(one, after)}" for one in reversed(given))]
    return [newest.number, "\n".join(lines)]


def successors(given: Iterable[CertificateRecord]) -> dict[str, str]:
    """Return by the number of each certificate that another stands in for, that one's."""
    return {one.replaces: one.number for one in given if one.replaces}


def _state(one: CertificateRecord, after: Mapping[str, str] = MappingProxyType({})) -> str:
    issued = f"{words.day(one.issued_us)} 颁发"
    if one.revoked_us is None:
        return f"有效（{issued}）"
    by = f"，由 {after[one.number]} 替代" if one.number in after else ""
    return f"已撤销（{issued}，{words.day(one.revoked_us)} 撤销{by}）"


def _basis(trainee: TraineeRecord) -> Basis:
    """Keep what has been read so far: the trainee's record goes on growing.

    What was kept of another certificate serves where nothing came since. With that, and with ``MOST``, no log
    makes more work than is in it.
    """
    newest = next(reversed(trainee.certificates.values()), None)
    if newest is not None and newest.basis.trainee.changes == trainee.changes:
        return newest.basis
    kept = replace(
        trainee,
        sessions={},
        attempts={},
        checks=dict(trainee.checks),
        quizzes={key: copy(one) for key, one in trainee.quizzes.items()},
        identity=[*trainee.identity],
        merges=[*trainee.merges],
        signs=[*trainee.signs],
        marks=[*trainee.marks],
        reported=[*trainee.reported],
        certificates={},
    )
    return Basis(
        kept,
        tuple(one.fact for one in trainee.sessions.values()),
        tuple(one.fact for one in trainee.attempts.values()),
    )
