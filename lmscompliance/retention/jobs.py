"""The periodic part of retention: whatever a purge left outside the database goes in the end."""

from __future__ import annotations

from lmscompliance.retention import purging
from lmscompliance.services import Services


def clear(services: Services) -> int:
    """Remove files of purges that were carried out and not yet cleared; return how many purges."""
    return purging.clear(services)
