"""Which room's work runs when, and who hears of whom: the only place that knows all rooms at once."""

from __future__ import annotations

from typing import Any

from lmscompliance.certificates import jobs as certificate_jobs
from lmscompliance.claims import jobs as claim_jobs
from lmscompliance.completion import jobs as completion_jobs
from lmscompliance.completion import service as completion
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.stamping import stamp_due
from lmscompliance.exams import service as exams
from lmscompliance.extension import exporting
from lmscompliance.extension.periodic import Periodic
from lmscompliance.extension.signing import signer_of
from lmscompliance.files import jobs as file_jobs
from lmscompliance.filing import reminders
from lmscompliance.identity.accounts import forget_counts
from lmscompliance.learning import jobs as learning_jobs
from lmscompliance.learning.history import SESSION_CLOSED
from lmscompliance.learning.presence import service as presence
from lmscompliance.learning.tracker import compliance_tracker
from lmscompliance.ledgers import jobs as ledger_jobs
from lmscompliance.persons import apart
from lmscompliance.quizzes import taking as quizzes
from lmscompliance.retention import jobs as retention_jobs
from lmscompliance.services import Services
from lmscompliance.supervision import jobs as supervision_jobs
from lmscompliance.training import life, verifying


def periodic_jobs(*, own_process: bool = False) -> list[Periodic]:
    """Return every periodic job, in the order in which facts flow.

    ``own_process`` builds ledgers, judges claims and issues certificates in processes of their own, by the
    machine's clock.
    """
    judge_claims = (
        exporting.Child(exporting.CLAIMS, claim_jobs.asked_for).begin
        if own_process
        else claim_jobs.work_asked
    )
    build_ledgers = (
        exporting.Child(exporting.LEDGERS, ledger_jobs.asked_for).begin if own_process else _build_ledgers
    )
    issue_certificates = (
        exporting.Child(exporting.CERTIFICATES, certificate_jobs.asked_for).begin
        if own_process
        else certificate_jobs.issue_asked
    )
    return [
        Periodic("learning.close_silent", 30, learning_jobs.close_silent),
        Periodic("learning.close_unanswered", 10, presence.close_unanswered),
        Periodic("exams.close_overdue", 10, exams.close_overdue, prompt=True),
        Periodic("training.ask_pending", 10, verifying.ask_pending),
        Periodic("training.advance_due", 60, life.advance_due),
        Periodic("filing.remind_due", 600, reminders.remind_due),
        Periodic("completion.refresh_due", 30, completion_jobs.refresh_due),
        Periodic("persons.keep_apart", 600, apart.keep_apart),
        Periodic("supervision.watch", 60, supervision_jobs.watch),
        Periodic("supervision.compare", 600, supervision_jobs.compare),
        Periodic("ledgers.build_asked", 3, build_ledgers),
        Periodic("claims.work_asked", 3, judge_claims),
        Periodic("certificates.issue_asked", 3, issue_certificates),
        Periodic("identity.forget_counts", 3600, forget_counts),
        Periodic("retention.clear", 600, retention_jobs.clear),
        Periodic("files.collect", 3600, file_jobs.collect),
        Periodic("evidence.seal", 5, _seal),
        Periodic("evidence.stamp", 600, _stamp),
    ]


def _build_ledgers(services: Services) -> None:
    ledger_jobs.build_asked(services, signer_of(services))


def _seal(services: Services) -> None:
    seal_all(services, signer_of(services))


def _stamp(services: Services) -> None:
    stamp_due(services)


def connect_events(services: Services) -> None:
    """Let completion hear of whatever can complete a training.

    A lost notice is made good by ``completion.refresh_due``. Closed attempts are not among it: whether a
    trainee passed is read from the attempts each time it is shown.
    """

    def heard(subject: str) -> None:
        class_id, _, enrolment_id = subject.partition("/")
        completion.refresh(services, class_id, enrolment_id)

    services.events.connect(SESSION_CLOSED, heard)
    services.events.connect(presence.RESTORED, heard)
    services.events.connect(quizzes.PASSED, heard)
    services.events.connect(verifying.DECIDED, heard)


def template_context() -> dict[str, Any]:
    """Return what a host's own templates may use; every name begins with ``compliance_``."""
    return {"compliance_tracker": compliance_tracker}
