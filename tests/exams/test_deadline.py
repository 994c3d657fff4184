"""The server closes what nobody hands in: by its job, and by any look at it."""

from __future__ import annotations

from sqlalchemy import delete

from lmscompliance.exams import service
from lmscompliance.exams.models import ExamPaper
from lmscompliance.kernel.clock import to_micros
from lmscompliance.storage.transaction import transaction


def test_the_job_closes_what_is_overdue_and_nothing_else(hall):
    """Saved answers are marked, the moment of handing in is the deadline, a running attempt runs on."""
    attempt = hall.start()
    hall.save(attempt, 1, hall.right(attempt, 6))
    hall.clock.advance(1800)
    other = hall.start("trainee-2")
    hall.clock.advance(1800)
    assert service.close_overdue(hall.services) == 1
    assert service.close_overdue(hall.services) == 0
    closed = hall.paper(attempt)
    assert (closed.result.score, closed.result.passed) == (60, True)
    assert closed.submitted_at == hall.sheet(attempt).deadline_at
    assert hall.sheet(other).is_open
    submitted, graded = hall.told()[-2:]
    assert submitted.body["closed_by"] == "deadline"
    assert submitted.body["submitted_us"] == to_micros(closed.submitted_at)
    assert set(submitted.d) == {"answers", "timeline"}
    assert graded.body["score"] == "60"


def test_looking_closes_it_without_the_job(hall):
    """The trainee's own look at the paper or at the exam's page is enough."""
    attempt = hall.start()
    hall.clock.advance(3600)
    assert hall.paper(attempt).result.closed_by == "deadline"
    other = hall.start("trainee-2")
    hall.clock.advance(3600)
    now = service.situation(hall.services, hall.class_id, hall.enrolment("trainee-2"))
    assert now.open_attempt is None
    assert not hall.sheet(other).is_open


def test_an_abandoned_attempt_is_a_failed_one(hall):
    """Two attempts left to run out lock the exam like any two fails."""
    for _ in range(2):
        hall.start()
        hall.clock.advance(4000)
    assert service.close_overdue(hall.services, hall.class_id) == 1
    assert [leaf.t for leaf in hall.told()][-1] == "exam.locked"


def test_starting_again_first_closes_the_overdue_one(hall):
    """Nobody has to wait for the job to begin the second attempt."""
    hall.start()
    hall.clock.advance(3600)
    second = hall.start()
    assert hall.paper(second).number == 2


def test_one_that_cannot_be_closed_keeps_nobody_else_waiting(hall, caplog):
    """A damaged paper is logged by its id, and those after it are closed all the same."""
    broken = hall.start()
    hall.clock.advance(1)
    hall.start("trainee-2")
    with transaction(hall.services.database) as session:
        session.execute(delete(ExamPaper).where(ExamPaper.attempt_id == broken))
    hall.clock.advance(4000)
    assert service.close_overdue(hall.services) == 1
    assert broken in caplog.text
    assert hall.sheet(broken).is_open
