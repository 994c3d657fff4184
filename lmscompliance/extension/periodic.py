"""The periodic jobs: what is done again and again, how often, and each under its lease.

Every job finds its own work in the database, so a missed run, a crash or a second process changes nothing
but the delay. The order below is the order in which facts flow: sessions close, exams close, completion is
decided, asked-for ledgers are built, what was recorded is sealed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from lmscompliance.jobs import leases
from lmscompliance.services import Services

_log = logging.getLogger(__name__)

LEASE_SECONDS = 300
"""How long one run may take before another process may start it as well."""

Run = Callable[[Services], object]


@dataclass(frozen=True, slots=True)
class Periodic:
    """One job: its lease's name, the seconds between runs, and the function."""

    name: str
    seconds: int
    run: Run


def run_leased(services: Services, job: Periodic) -> bool:
    """Run ``job`` if no other process is running it; tell whether it ran. Errors are the caller's."""
    with leases.held(services, f"periodic/{job.name}", seconds=LEASE_SECONDS) as lease:
        if lease is not None:
            job.run(services)
        return lease is not None


def run_logged(services: Services, job: Periodic) -> None:
    """Run ``job`` as the scheduler does: a failing one is logged and runs again next time."""
    try:
        run_leased(services, job)
    except Exception:  # noqa: BLE001  # the scheduler must outlive any job
        _log.exception("the periodic job %s failed; it runs again in %s s", job.name, job.seconds)
