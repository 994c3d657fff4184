"""APScheduler, in memory, as a metronome: what runs and whether is decided by leases, not by it."""

from __future__ import annotations

from datetime import UTC

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from lmscompliance.extension.periodic import Periodic, run_logged
from lmscompliance.kernel.clock import SystemClock
from lmscompliance.services import Services

_PROMPT = "prompt"


def start(services: Services, jobs: list[Periodic]) -> BackgroundScheduler:
    """Start a background scheduler that runs ``jobs``; its threads end with the process."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        daemon=True,
        executors={"default": ThreadPoolExecutor(2), _PROMPT: ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in jobs:
        executor = _PROMPT if job.prompt else "default"
        # The job itself, at once by the machine's clock, which is the one APScheduler goes by. A second job
        # for the start alone would not do: to remove one that ran but once raises while the scheduler ends.
        first = {"next_run_time": SystemClock().now()} if job.prompt else {}
        scheduler.add_job(
            run_logged,
            "interval",
            seconds=job.seconds,
            id=job.name,
            args=(services, job),
            executor=executor,
            **first,
        )
    scheduler.start()
    return scheduler
