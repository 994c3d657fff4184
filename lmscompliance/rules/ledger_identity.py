"""Reads what an enrolment's stream says about who the trainee is."""

from __future__ import annotations

from lmscompliance.rules.identity import SUSPICIONS, VERDICTS, IdentityFact
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_facts import Record, TraineeRecord


def read_registered(trainee: TraineeRecord, body: Body) -> None:
    """Read the verification that stood at registration."""
    said = body.inner("verification")
    method, result, at_us = said.text("method"), said.text("result"), said.maybe_whole("at_us")
    trainee.verification = (method, result, at_us)
    _note(trainee, body, result, at_us or 0, VERDICTS)


def read_verified(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Read a later verification."""
    verified = (body.text("method"), body.text("result"), body.whole("at_us"))
    trainee.verified.append(verified)
    trainee.verification = verified
    _note(trainee, body, verified[1], verified[2], VERDICTS)


def read_suspicion(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    """Read what people decided about a suspicion of fraud."""
    _note(trainee, body, body.text("kind"), body.whole("at_us"), SUSPICIONS)


def read_corrected(trainee: TraineeRecord, record: Record, _body: Body) -> None:
    """Read a name that was corrected: from here on the ledger shows it."""
    trainee.name = record.text("name")


def _note(trainee: TraineeRecord, body: Body, kind: str, at_us: int, known: tuple[str, ...]) -> None:
    if kind not in known:
        msg = f"'{kind}' is none of {', '.join(known)}"
        raise body.refuse(msg)
    trainee.identity.append(IdentityFact(at_us, kind))
