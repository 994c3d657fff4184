"""Periodic work of this room; ``extension`` runs it under a lease."""

from __future__ import annotations

from lmscompliance.services import Services
from lmscompliance.supervision import comparing, identities, photos, scanning


def watch(services: Services) -> int:
    """Look at whoever learnt something new, or is in doubt by identity or photos; return how many."""
    return scanning.scan(services) + identities.scan(services) + photos.scan(services)


def compare(services: Services) -> int:
    """Compare people of one class with one another; return how many classes had something new."""
    return comparing.compare(services)
