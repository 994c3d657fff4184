"""The present as sessions keep it: whole milliseconds, so that a beat's offset is exact."""

from __future__ import annotations

from datetime import datetime

from lmscompliance.services import Services


def instant(services: Services) -> datetime:
    """Return the present instant, cut to whole milliseconds as all instants of a session are."""
    now = services.clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def instant_us(services: Services) -> int:
    """Return the same in microseconds since the epoch."""
    return services.clock.micros() // 1000 * 1000
