"""Every periodic job run several times at once, without a lease, leaves what one run would have left."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import func, select

from lmscompliance.completion import service as completion
from lmscompliance.evidence.fsck import fsck
from lmscompliance.extension.signing import signer_of
from lmscompliance.extension.wiring import periodic_jobs
from lmscompliance.ledgers import jobs as ledgers
from lmscompliance.ledgers.models import LedgerExport
from lmscompliance.storage.transaction import reading
from tests.completion.classroom import open_classroom, publish_exam
from tests.support.app import administrator

AT_ONCE = 4


def test_losing_a_lease_does_no_harm(services, tmp_path):
    """A silent session, an overdue attempt, a completion, a ledger and a batch are each dealt with once."""
    room = open_classroom(services, tmp_path, people=4)
    publish_exam(room, tmp_path)
    room.learn_all("trainee-1")
    completion.refresh(services, room.class_id, room.enrolment("trainee-1"))
    room.hall.start("trainee-1")
    room.learn_all("trainee-2")
    room.player(0, "trainee-3").play(30, every=5)
    room.hall.clock.set(room.hall.clock.now() + timedelta(minutes=20))
    ledgers.ask(services, administrator(), room.class_id)

    errors: list[Exception] = []
    for job in periodic_jobs():
        start = threading.Barrier(AT_ONCE)

        def run(job=job, start=start):
            start.wait()
            try:
                job.run(services)
            except Exception as error:  # noqa: BLE001  # told below, in the test's own thread
                errors.append(error)

        threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []

    told = {account: [leaf.t for leaf in room.hall.told(account)] for account in room.school.trainees}
    assert told["trainee-1"].count("attempt.graded") == 1
    assert told["trainee-2"].count("exam.unlocked") == 1
    assert told["trainee-3"].count("session.closed") == 1
    with reading(services.database) as session:
        assert session.scalar(select(func.count()).select_from(LedgerExport)) == 1
        report = fsck(session, services, [signer_of(services).vkey])
    assert report.problems == []
    assert report.waiting == 0
