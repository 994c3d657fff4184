"""Suspicions of fraud and failed verifications come to the worklist, once each."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select

from lmscompliance.kernel.verification import FAILED, PASSED
from lmscompliance.rules.identity import CLEARED, SUSPECTED
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.supervision import identities
from lmscompliance.supervision.models import Anomaly
from lmscompliance.training.models import Enrolment
from lmscompliance.training.verifying import note
from tests.learning.school import open_school
from tests.support.app import administrator, client_for, make_app


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whoever_is_in_doubt_is_a_line_until_people_decide(services, clock):
    """A failure passed later is none; a suspicion raised anew is another line; looking twice adds none."""
    school = open_school(services, trainees=3)

    def say(account: str, *kinds: str) -> None:
        for kind in kinds:
            clock.advance(60)
            with transaction(services.database) as session:
                key = (school.class_id, school.trainees[account])
                note(session, services, session.get_one(Enrolment, key), kind)

    def lines() -> list[tuple[str, str]]:
        identities.scan(services)
        with reading(services.database) as session:
            rows = session.scalars(select(Anomaly).order_by(Anomaly.kind, Anomaly.subject))
            return [(one.kind, one.severity) for one in rows]

    asked: list[str] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    say("trainee-1", FAILED, PASSED)
    asked.clear()
    assert identities.scan(services) == 0
    alone = sum("identity_note" in one for one in asked)
    say("trainee-2", FAILED, FAILED)
    say("trainee-3", SUSPECTED)
    expected = [("identity_failed", "medium"), ("identity_suspected", "high")]
    assert lines() == expected
    asked.clear()
    assert lines() == expected
    assert sum("identity_note" in one for one in asked) == alone == 1  # however many are in doubt
    say("trainee-3", CLEARED, SUSPECTED)
    assert lines() == [*expected, ("identity_suspected", "high")]
    page = client_for(make_app(services), administrator()).get("/compliance/anomalies").text
    assert "实名核验 2 次未通过" in page
    assert "冒名嫌疑" in page
