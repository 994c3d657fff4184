"""Voiding after an incident: two people, nothing erased, the attempt given back."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from lmscompliance.exams import service, voiding
from lmscompliance.exams.models import ExamLock
from lmscompliance.kernel.errors import Conflict, Forbidden, InvalidInput
from lmscompliance.storage.transaction import reading
from tests.support.app import administrator

ASKING, CONFIRMING = administrator("staff-1"), administrator("staff-2")


def ask(hall, attempt, actor=ASKING):
    """Ask to void an attempt after a power cut."""
    voiding.request(hall.services, actor, hall.class_id, attempt, "考场停电")


def decide(hall, attempt, actor=CONFIRMING, *, confirmed=True):
    """Confirm or decline."""
    voiding.decide(hall.services, actor, hall.class_id, attempt, confirmed=confirmed)


def test_a_voided_attempt_is_given_back_and_stays_on_record(hall):
    """After two fails the exam is locked; voiding one opens it again, and the log tells all of it."""
    hall.sit(10)
    last = hall.sit(20).attempt
    with pytest.raises(Conflict):
        hall.start()
    ask(hall, last)
    decide(hall, last)
    with reading(hall.services.database) as session:
        assert session.scalar(select(func.count()).select_from(ExamLock)) == 0
    assert hall.paper(last).result.voided
    again = hall.sit(80)
    assert (again.number, again.passed, again.state.value) == (3, True, "passed")
    told = [leaf.t for leaf in hall.told()]
    assert [t for t in told if "void" in t] == ["attempt.void_requested", "attempt.void_decided"]
    assert told.count("attempt.graded") == 3


def test_whoever_asks_cannot_confirm(hall):
    """Two accounts are needed; a declined request leaves the attempt and may be made again."""
    attempt = hall.sit(10).attempt
    with pytest.raises(Conflict):
        decide(hall, attempt)
    ask(hall, attempt)
    with pytest.raises(Conflict):
        ask(hall, attempt, CONFIRMING)
    with pytest.raises(Forbidden):
        decide(hall, attempt, ASKING)
    decide(hall, attempt, confirmed=False)
    assert not hall.paper(attempt).result.voided
    ask(hall, attempt)
    decide(hall, attempt)
    with pytest.raises(Conflict):
        ask(hall, attempt)


def test_a_reason_is_needed(hall):
    """Blank or endless reasons are refused and nothing is recorded."""
    attempt = hall.sit(10).attempt
    before = len(hall.told())
    for reason in ("  ", "因" * 501):
        with pytest.raises(InvalidInput):
            voiding.request(hall.services, ASKING, hall.class_id, attempt, reason)
    assert len(hall.told()) == before


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_running_attempt_is_closed_with_what_was_saved(hall):
    """The power cut ends the attempt; another begins at once, and what was saved is kept."""
    attempt = hall.start()
    hall.save(attempt, 1, hall.right(attempt, 3))
    ask(hall, attempt)
    decide(hall, attempt)
    closed = hall.paper(attempt).result
    assert (closed.score, closed.closed_by, closed.voided) == (30, "voided", True)
    hall.start()
    now = service.situation(hall.services, hall.class_id, hall.enrolment())
    assert now.open_attempt.number == 2
