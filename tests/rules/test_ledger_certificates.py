"""What is kept of a trainee when a certificate is issued stays within what the log holds."""

from __future__ import annotations

import pytest

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.certificates import MOST
from lmscompliance.rules.facts import SessionFact
from lmscompliance.rules.ledger_body import BadFact, Body
from lmscompliance.rules.ledger_certificates import read_issued, read_revoked
from lmscompliance.rules.ledger_facts import Record, SessionRecord, TraineeRecord
from lmscompliance.tlog.leaf import Leaf

SESSIONS = 400


def _learnt(trainee: TraineeRecord, count: int) -> None:
    for number in range(len(trainee.sessions), len(trainee.sessions) + count):
        trainee.sessions[str(number)] = SessionRecord(SessionFact(str(number), "lesson", number))
        trainee.changes += 1


def _issued(trainee: TraineeRecord, count: int) -> None:
    one: dict[str, Json] = {"certificate": str(count), "number": f"PX-2021-{count:06}", "revoked_us": count}
    of: dict[str, Json] = {
        "score": "80",
        "hours": "4",
        "template": 1,
        "template_sha256": "",
        "pdf_sha256": "",
    }
    leaf = Leaf(
        "certificate.issued", "class", "stream", 0, "", 0, one | of | {"serial": count, "issued_us": count}
    )
    read_issued(trainee, Record(leaf), Body(leaf))
    read_revoked(trainee, Record(leaf), Body(leaf))


def _kept(trainee: TraineeRecord) -> int:
    """Return how many facts are kept for the certificates, those that several share once."""
    bases = {id(one.basis): one.basis for one in trainee.certificates.values()}
    return sum(len(one.sessions) for one in bases.values())


def test_certificates_without_anything_between_them_share_what_is_kept() -> None:
    """However many are issued and revoked in a row, the record is kept once."""
    trainee = TraineeRecord("one", 1)
    _learnt(trainee, SESSIONS)
    for count in range(1, MOST + 1):
        _issued(trainee, count)
    assert _kept(trainee) == SESSIONS


def test_a_log_of_certificates_without_end_is_refused_before_it_costs_more_than_it_holds() -> None:
    """With learning between them each keeps its own record; the first one too many is refused by number."""
    trainee = TraineeRecord("one", 1)
    _learnt(trainee, SESSIONS)
    for count in range(1, MOST + 1):
        _issued(trainee, count)
        _learnt(trainee, 1)
    assert _kept(trainee) == sum(range(SESSIONS, SESSIONS + MOST))
    before = trainee.certificates["1"].basis
    with pytest.raises(BadFact, match=f"certificate {MOST + 1}; at most {MOST}"):
        _issued(trainee, MOST + 1)
    assert len(before.sessions) == SESSIONS
