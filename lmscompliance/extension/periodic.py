"""The periodic jobs: what is done again and again, how often, and each under its lease.

Every job finds its own work in the database, so a missed run, a crash or a second process changes nothing
but the delay. The order below is the order in which facts flow: sessions close, exams close, completion is
decided, asked-for ledgers are built, what was recorded is sealed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lmscompliance.jobs import leases
from lmscompliance.kernel.logs import logger
from lmscompliance.services import Services

_log = logger(__name__)

LEASE_SECONDS = 300
"""How long one run may take before another process may start it as well."""
PROMPT_LEASE_SECONDS = 15
"""The same for a job that must not wait: so long at most does a killed process keep the others from it."""

Run = Callable[[Services], object]


@dataclass(frozen=True, slots=True)
class Periodic:
    """One job: its lease's name, the seconds between runs, and the function.

    A ``prompt`` one keeps a promise about time, and a killed server must not break it: its lease is short, it
    runs as soon as the scheduler starts, and it waits behind no other job.
    """

    name: str
    seconds: int
    run: Run
    prompt: bool = False


def run_leased(services: Services, job: Periodic) -> bool:
    """Run ``job`` if no other process is running it; tell whether it ran. Errors are the caller's."""
    seconds = PROMPT_LEASE_SECONDS if job.prompt else LEASE_SECONDS
    with leases.held(services, f"periodic/{job.name}", seconds=seconds) as lease:
        if lease is not None:
            job.run(services)
        return lease is not None


def run_logged(services: Services, job: Periodic) -> None:
    """Run ``job`` as the scheduler does: a failing one is logged and runs again next time."""
    try:
        run_leased(services, job)
    except Exception:  # noqa: BLE001  # the scheduler must outlive any job
        _log.exception("the periodic job %s failed; it runs again in %s s", job.name, job.seconds)
