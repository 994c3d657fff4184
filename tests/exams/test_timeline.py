"""What led to the answers is evidence: every save with time and address, and what the page noticed."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.evidence.models import Disclosure
from lmscompliance.evidence.recording import DISCLOSURE_PLACE
from lmscompliance.exams import service
from lmscompliance.exams.service import Change
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import to_micros
from lmscompliance.learning.presence import grants
from lmscompliance.rules.timeline import saves
from lmscompliance.storage.transaction import reading
from tests.exams.hall import IP
from tests.support.app import administrator


def disclosed(hall, leaf, name):
    """Return what a leaf discloses under a name."""
    with reading(hall.services.database) as session:
        sealed = session.scalars(
            select(Disclosure.sealed).where(
                Disclosure.stream == leaf.stream, Disclosure.n == leaf.n, Disclosure.name == name
            )
        ).one()
    return jcs.decode(hall.services.vault.open(DISCLOSURE_PLACE, sealed).encode())[2]


def test_the_leaf_holds_counts_and_discloses_every_save(hall):
    """Counts of leaving and pasting stand in the leaf; addresses only in its disclosure."""
    attempt = hall.start()
    hall.save(attempt, 1, {"4": [1]})
    flags = {"left": 1, "away_ms": 2500}
    change = Change(2, {}, "198.51.100.4", flags)
    service.save(hall.services, attempt_id=attempt, account="trainee-1", change=change)
    hall.submit(attempt, 3, {"4": [2]})
    submitted = hall.told()[-2]
    assert submitted.body["saves"] == 3
    assert submitted.body["flags"] == {"left": 1, "away_ms": 2500, "copied": 0, "pasted": 0}
    made = list(saves(disclosed(hall, submitted, "timeline")))
    assert [(one.number, one.changes, one.address) for one in made] == [
        (1, {"4": [1]}, IP),
        (2, {}, "198.51.100.4"),
        (3, {"4": [2]}, IP),
    ]


def test_a_repeated_save_counts_what_it_noticed_once(hall):
    """A save of flags alone whose acknowledgement was lost is stored once."""
    attempt = hall.start()
    change = Change(1, {}, IP, {"left": 1})
    for _ in range(2):
        assert service.save(hall.services, attempt_id=attempt, account="trainee-1", change=change) == 1
    hall.submit(attempt, 2)
    assert hall.told()[-2].body["flags"]["left"] == 1


def test_granted_time_makes_an_attempt_longer(hall):
    """Who was granted more time gets half as much again, and the leaf says so; others do not."""
    grants.accommodate(
        hall.services, administrator(), hall.class_id, hall.enrolment(), granted=True, reason="使用读屏软件"
    )
    for account, extra in (("trainee-1", 1800), ("trainee-2", 0)):
        paper = hall.paper(hall.start(account), account)
        assert (paper.deadline_at - paper.opened_at).total_seconds() == 3600 + extra
        opened = hall.told(account)[-1]
        assert opened.body["extra_seconds"] == extra
        assert opened.body["deadline_us"] == to_micros(paper.deadline_at)
