"""Runs claimed jobs: one function a kind, errors kept for the person who waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from lmscompliance.jobs import queue
from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.kernel.logs import logger
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction

_log = logger(__name__)

Handler = Callable[[Services, queue.Claim], dict[str, Any] | None]
"""Does the work of one kind and returns its outcome (JSON); it calls ``queue.progress`` as it goes.

``None`` means that it has called ``queue.finish`` itself, in the transaction that makes its result count."""


def work_once(services: Services, handlers: Mapping[str, Handler]) -> bool:
    """Claim and run one job; ``False`` when nothing was due.

    A refusal (``ComplianceError``) fails the job for good with its code and parameters. Any other error
    is logged and leaves the job claimed: it is tried again when the claim has run out, a bounded number
    of times, exactly as after a crash.
    """
    taken = queue.claim(services, handlers.keys())
    if taken is None:
        return False
    try:
        outcome = handlers[taken.kind](services, taken)
        if outcome is not None:
            with transaction(services.database) as session:
                queue.finish(session, taken, outcome)
    except queue.ClaimLost:
        _log.warning("job %s (%s) was cancelled or taken over; its result is discarded", taken.id, taken.kind)
    except ComplianceError as error:
        # Nothing to fail where somebody cancelled it meanwhile; the jobs behind it are still done.
        with suppress(queue.ClaimLost), transaction(services.database) as session:
            queue.fail(session, taken, error.to_json())
    except Exception:  # noqa: BLE001  # whatever broke, the worker lives on and the claim runs out
        _log.exception("job %s (%s) broke; it will be tried again", taken.id, taken.kind)
    return True


def work_off(services: Services, handlers: Mapping[str, Handler], *, limit: int = 1000) -> int:
    """Run due jobs until none is left (at most ``limit``) and return how many there were."""
    for count in range(limit):
        if not work_once(services, handlers):
            return count
    return limit
