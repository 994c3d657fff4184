"""Periodic work of this room; ``extension`` runs it under a lease."""

from __future__ import annotations

from lmscompliance.learning import service
from lmscompliance.services import Services


def close_silent_sessions(services: Services) -> int:
    """Close sessions nobody has heard of for longer than their policy's gap; return how many."""
    return service.close_silent(services)
