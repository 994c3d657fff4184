"""The job table on both databases: no job twice, none lost, no word from the dead."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from sqlalchemy import update

from lmscompliance.jobs import queue, worker
from lmscompliance.jobs.models import JobRow
from lmscompliance.kernel.errors import InvalidInput, NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction


def _enqueue(services: Services, subject: str = "class-1", **payload: object) -> str:
    with transaction(services.database) as session:
        return queue.enqueue(session, services, "export", subject, payload)


def _expire(services: Services, job: str) -> None:
    with transaction(services.database) as session:
        session.execute(update(JobRow).where(JobRow.id == job).values(claimed_until_us=1))


def _state(services: Services, job: str) -> queue.JobState:
    with reading(services.database) as session:
        return queue.state_of(session, job)


def test_a_job_runs_once_with_its_payload_and_outcome(services: Services) -> None:
    """A queued job reaches its handler and its outcome is kept."""
    job = _enqueue(services, copy="masked")
    seen = []

    def export(_services: Services, taken: queue.Claim) -> dict[str, object]:
        seen.append((taken.subject, taken.payload))
        queue.progress(services, taken, 3, 10)
        assert _state(services, job).done == 3
        return {"file": "ledger.xlsx"}

    assert worker.work_off(services, {"export": export}) == 1
    assert seen == [("class-1", {"copy": "masked"})]
    state = _state(services, job)
    assert (state.state, state.outcome) == ("done", {"file": "ledger.xlsx"})


def test_pressing_twice_queues_once(services: Services) -> None:
    """An unfinished job of the same kind and subject is returned instead of a second one."""
    job = _enqueue(services)
    assert _enqueue(services) == job
    assert queue.claim(services, ["export"]) is not None
    assert _enqueue(services) == job
    assert _enqueue(services, "class-2") != job


def test_a_rolled_back_fact_queues_nothing(services: Services) -> None:
    """The job belongs to the caller's transaction."""
    with pytest.raises(ZeroDivisionError), transaction(services.database) as session:
        queue.enqueue(session, services, "export", "class-1")
        raise ZeroDivisionError
    assert queue.claim(services, ["export"]) is None


def test_workers_never_share_a_job(services: Services) -> None:
    """Four workers draining sixty jobs at once run each exactly once."""
    jobs = {_enqueue(services, f"class-{n}") for n in range(60)}
    runs: Counter[str] = Counter()
    guard = threading.Lock()

    def export(_services: Services, taken: queue.Claim) -> dict[str, object]:
        with guard:
            runs[taken.id] += 1
        return {}

    threads = [
        threading.Thread(target=worker.work_off, args=(services, {"export": export})) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs == Counter(jobs)


def test_a_dead_workers_job_goes_to_another_and_the_dead_cannot_write(services: Services) -> None:
    """After the claim has run out another worker gets the job, and the first one's words are refused."""
    job = _enqueue(services)
    first = queue.claim(services, ["export"])
    assert first is not None
    assert queue.claim(services, ["export"]) is None
    _expire(services, job)
    second = queue.claim(services, ["export"])
    assert second is not None
    assert (second.id, second.fence) == (job, first.fence + 1)
    with pytest.raises(queue.ClaimLost):
        queue.progress(services, first, 1, 2)
    with pytest.raises(queue.ClaimLost), transaction(services.database) as session:
        queue.finish(session, first, {"file": "stale"})
    with transaction(services.database) as session:
        queue.finish(session, second, {"file": "fresh"})
    assert _state(services, job).outcome == {"file": "fresh"}


def test_a_refusal_fails_the_job_with_its_reason(services: Services) -> None:
    """An error raised on purpose is final and can be shown to the person who waits."""
    job = _enqueue(services)

    def refuse(_services: Services, _taken: queue.Claim) -> dict[str, object]:
        raise InvalidInput("jobs.no_such_job", job="x")

    worker.work_off(services, {"export": refuse})
    state = _state(services, job)
    assert (state.state, state.outcome["code"]) == ("failed", "jobs.no_such_job")


def test_a_refusal_of_what_was_cancelled_holds_up_nobody(services: Services) -> None:
    """It stays cancelled, and the same worker goes on with the next."""
    with transaction(services.database) as session:
        ids = [queue.enqueue(session, services, "export", subject) for subject in ("first", "second")]

    def refuse(services: Services, taken: queue.Claim) -> None:
        with transaction(services.database) as session:
            queue.cancel(session, taken.kind, taken.subject)
        raise InvalidInput("web.bad_form")

    assert worker.work_off(services, {"export": refuse}) == 2
    with reading(services.database) as session:
        assert {queue.state_of(session, one).state for one in ids} == {"cancelled"}


def test_a_job_that_keeps_breaking_is_given_up(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    """A defect is logged and tried again a bounded number of times, then the job is failed."""
    job = _enqueue(services)

    def broken(_services: Services, _taken: queue.Claim) -> dict[str, object]:
        raise ZeroDivisionError

    for _ in range(queue.MAX_CLAIMS):
        assert worker.work_once(services, {"export": broken})
        _expire(services, job)
    assert not worker.work_once(services, {"export": broken})
    assert _state(services, job).outcome == {"code": "jobs.worn_out"}
    assert "broke" in caplog.text


def test_an_unknown_job_is_not_found(services: Services) -> None:
    """Asking for a job that does not exist is refused as such."""
    with reading(services.database) as session, pytest.raises(NotFound):
        queue.state_of(session, "nothing")
