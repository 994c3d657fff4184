"""How much later than the deadline something may arrive, and how much later it may be: by policy."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.exams import service
from lmscompliance.kernel.clock import from_micros
from lmscompliance.kernel.errors import Gone
from lmscompliance.learning.presence import grants
from lmscompliance.ledgers.service import export
from lmscompliance.verifier import Verdict, verify
from tests.completion.classroom import open_classroom, publish_exam
from tests.exams.hall import STATED, open_hall, with_terms
from tests.support.app import administrator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

GRACE = 60
HOUR = 3600
EXTRA = 900
"""A quarter of the hour: 250 permille."""


@pytest.fixture
def hall(services, tmp_path):
    """Return a hall under a notice that gives a minute's grace and a quarter more time where granted."""
    told = with_terms(
        services,
        tmp_path / "policies",
        grace_seconds=GRACE,
        accessible_extra_permille=EXTRA * 1000 // HOUR,
    )
    return open_hall(told, tmp_path / "bank", notice=STATED)


def test_what_arrives_within_the_grace_is_taken(hall):
    """A save and a paper a minute late still count; the deadline that is shown stays where it was."""
    saving, handing_in = hall.start(), hall.start("trainee-2")
    deadline = hall.paper(saving).deadline_at
    assert deadline == hall.clock.now() + timedelta(seconds=HOUR)
    hall.clock.advance(HOUR + GRACE - 1)
    hall.save(saving, 1, hall.right(saving, 6))
    assert service.close_overdue(hall.services) == 0
    result = hall.submit(handing_in, 1, hall.right(handing_in), "trainee-2")
    assert (result.score, result.closed_by) == (100, "trainee")
    hall.clock.advance(1)
    with pytest.raises(Gone, match="too_late"):
        hall.save(saving, 2, hall.right(saving))
    closed = hall.paper(saving)
    assert (closed.result.score, closed.result.closed_by) == (60, "deadline")
    assert closed.submitted_at == deadline


def test_a_second_after_the_grace_nothing_is_taken(hall):
    """The job closes with what had come by then."""
    attempt = hall.start()
    hall.clock.advance(HOUR + GRACE)
    assert service.close_overdue(hall.services) == 1
    assert hall.paper(attempt).result.score == 0


def test_granted_time_and_grace_add_up(hall):
    """Who was granted more time has it before the grace begins, and only attempts begun later are longer."""
    before = hall.start("trainee-2")
    for account in ("trainee-1", "trainee-2"):
        grants.accommodate(
            hall.services,
            administrator(),
            hall.class_id,
            hall.enrolment(account),
            granted=True,
            reason="读屏",
        )
    attempt = hall.start()
    assert hall.paper(attempt).deadline_at == hall.clock.now() + timedelta(seconds=HOUR + EXTRA)
    assert hall.paper(before, "trainee-2").deadline_at == hall.clock.now() + timedelta(seconds=HOUR)
    hall.clock.advance(HOUR + EXTRA + GRACE - 1)
    assert service.close_overdue(hall.services) == 1
    assert hall.submit(attempt, 1, hall.right(attempt)).score == 100


def test_the_verifier_knows_grace_and_granted_time(services, tmp_path):
    """A paper that came within the grace, and one that lasted longer by a grant, leave nothing to say."""
    told = with_terms(
        services, tmp_path / "policies", "demo-short", grace_seconds=GRACE, requires_training=False
    )
    room = open_classroom(told, tmp_path, people=3, notice=STATED)
    publish_exam(room, tmp_path)
    hall = room.hall
    grants.accommodate(
        told, administrator(), room.class_id, room.enrolment("trainee-2"), granted=True, reason="读屏"
    )
    for account in ("trainee-1", "trainee-2"):
        hall.unlock(account)
        attempt = hall.start(account)
        hall.clock.set(hall.paper(attempt, account).deadline_at + timedelta(seconds=GRACE - 1))
        hall.submit(attempt, 1, hall.right(attempt), account)
        late = next(leaf for leaf in hall.told(account) if leaf.t == "attempt.submitted")
        assert from_micros(late.body["submitted_us"]) == hall.clock.now()
    hall.clock.advance(60)
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    bundle = export(told, signer, room.class_id, tmp_path / "out").bundle
    report = verify(bundle, f"log {signer.vkey}\nquorum none\n")
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
