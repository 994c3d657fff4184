"""APScheduler, in memory, as a metronome: what runs and whether is decided by leases, not by it."""

from __future__ import annotations

from datetime import UTC

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from lmscompliance.extension.periodic import Periodic, run_logged
from lmscompliance.services import Services


def start(services: Services, jobs: list[Periodic]) -> BackgroundScheduler:
    """Start a background scheduler that runs ``jobs``; its threads end with the process."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        daemon=True,
        executors={"default": ThreadPoolExecutor(2)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in jobs:
        scheduler.add_job(run_logged, "interval", seconds=job.seconds, id=job.name, args=(services, job))
    scheduler.start()
    return scheduler
