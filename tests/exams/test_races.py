"""Fifty at once: one attempt is opened, one save wins, one closing counts. On both databases."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

from lmscompliance.exams import service
from lmscompliance.exams.models import ExamAttempt, ExamSheet
from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.storage.transaction import reading

THREADS = 50


def at_once(act) -> Counter[str]:
    """Call ``act(n)`` in fifty threads at the same moment; return what came of it, counted."""
    ready = Barrier(THREADS)

    def run(n: int) -> str:
        ready.wait()
        try:
            act(n)
        except ComplianceError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(run, range(THREADS)))


def counted(hall, model) -> int:
    """Return the number of rows."""
    with reading(hall.services.database) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_fifty_starts_open_one_attempt_each_time_and_never_a_third(hall):
    """First and second round open exactly one; after two fails, or while one runs, none."""
    for number in (1, 2):
        outcome = at_once(lambda _: hall.start())
        assert outcome["done"] == 1
        assert set(outcome) <= {"done", "exams.attempt_running", "exams.started_elsewhere"}
        assert counted(hall, ExamAttempt) == counted(hall, ExamSheet) == number
        with reading(hall.services.database) as session:
            attempt = session.scalars(select(ExamAttempt).where(ExamAttempt.number == number)).one().id
        hall.submit(attempt, 1)
    assert at_once(lambda _: hall.start()) == {"exams.gate_attempts_used": THREADS}
    assert counted(hall, ExamAttempt) == 2
    assert [leaf.t for leaf in hall.told()].count("attempt.opened") == 2


def test_fifty_saves_under_one_number_store_one(hall):
    """Of fifty tabs with the same number one is acknowledged, and its answer is the one that is there."""
    attempt = hall.start()
    outcome = at_once(lambda n: hall.save(attempt, 1, {"1": [n]}))
    assert outcome == {"done": 1, "exams.stale": THREADS - 1}
    assert hall.sheet(attempt).timeline.count("\n") == 1


def test_fifty_closings_count_once(hall):
    """Hand-ins, looks and the job at the deadline: the attempt is closed and graded once."""
    attempt = hall.start()
    hall.save(attempt, 1, hall.right(attempt, 6))
    hall.clock.advance(3600)

    def close(n: int) -> None:
        if n % 3 == 0:
            service.close_overdue(hall.services)
        elif n % 3 == 1:
            hall.paper(attempt)
        else:
            hall.submit(attempt, 2, {})

    outcome = at_once(close)
    assert set(outcome) == {"done", "exams.too_late"}
    told = [leaf.t for leaf in hall.told()]
    assert (told.count("attempt.submitted"), told.count("attempt.graded")) == (1, 1)
    assert hall.paper(attempt).result.score == 60
