"""Periodic work of this room; ``extension`` runs it under a lease."""

from __future__ import annotations

from lmscompliance.completion import service
from lmscompliance.services import Services


def refresh_due(services: Services) -> int:
    """Judge every enrolment that has sessions nobody judged yet; return how many there were."""
    return service.refresh_due(services)
