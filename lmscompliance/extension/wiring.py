"""Which room's work runs when, and who hears of whom: the only place that knows all rooms at once."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

from lmscompliance.extension.periodic import Periodic
from lmscompliance.extension.signing import signer_of
from lmscompliance.services import Services


def _find(module: str, name: str) -> Callable[..., Any] | None:
    full = f"lmscompliance.{module}"
    try:
        if importlib.util.find_spec(full) is None:
            return None
    except ModuleNotFoundError:
        return None
    return getattr(importlib.import_module(full), name, None)


def periodic_jobs() -> list[Periodic]:
    """Return every periodic job, in the order in which facts flow."""
    jobs = []
    for name, seconds, module, function in (
        ("learning.close_silent", 30, "learning.service", "close_silent"),
        ("exams.close_overdue", 10, "exams.service", "close_overdue"),
        ("completion.refresh_due", 30, "completion.service", "refresh_due"),
    ):
        run = _find(module, function)
        if run is not None:
            jobs.append(Periodic(name, seconds, run))
    seal = _find("evidence.sealer", "seal_all")
    if seal is not None:
        jobs.append(Periodic("evidence.seal", 5, lambda services: seal(services, signer_of(services))))
    return jobs


def connect_events(services: Services) -> None:
    """Let completion hear of closed sessions; a lost notice is made good by ``completion.refresh_due``."""
    refresh = _find("completion.service", "refresh")
    if refresh is not None:

        def heard(subject: str) -> None:
            class_id, _, enrolment_id = subject.partition("/")
            refresh(services, class_id, enrolment_id)

        services.events.connect("learning.session_closed", heard)


def template_context() -> dict[str, Any]:
    """Return what a host's own templates may use; every name begins with ``compliance_``."""
    tracker = _find("learning.tracker", "compliance_tracker")
    return {} if tracker is None else {"compliance_tracker": tracker}
