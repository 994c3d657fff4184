"""Time as the rest of the house sees it: an injected clock, microseconds, and Shanghai days.

Nothing outside this module asks the operating system for the time, so a test, the headless demo and
production differ only in the clock that is handed to them. No route and no setting can move it.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China Standard Time. A fixed offset is exact for every date this product handles (no DST since 1991)
and, unlike a zone file, needs nothing from the machine an auditor verifies on."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Where a service learns what time it is."""

    def now(self) -> datetime:
        """Return the present instant, timezone-aware, in UTC."""
        ...

    def micros(self) -> int:
        """Return the same in microseconds since the epoch, for who needs no ``datetime``."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return from_micros(self.micros())

    def micros(self) -> int:
        """Return the present instant in microseconds since the epoch."""
        return time.time_ns() // 1000


class ManualClock:
    """A clock that stands still until it is told to move; for tests and the headless demo."""

    def __init__(self, start: datetime) -> None:
        """Start at ``start``, which must be timezone-aware."""
        self._now = _aware(start)

    def now(self) -> datetime:
        """Return the instant the clock was last set to."""
        return self._now

    def micros(self) -> int:
        """Return that instant in microseconds since the epoch."""
        return to_micros(self._now)

    def set(self, instant: datetime) -> None:
        """Jump to ``instant``; going back is allowed, because machines' clocks do."""
        self._now = _aware(instant)

    def advance(self, seconds: float) -> None:
        """Move forward by ``seconds``."""
        self._now += timedelta(seconds=seconds)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z, exactly (no float is involved)."""
    return (_aware(instant) - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the UTC instant ``micros`` microseconds after the epoch."""
    return _EPOCH + timedelta(microseconds=micros)


def shanghai(instant: datetime) -> datetime:
    """Return the same instant on a Shanghai wall clock."""
    return _aware(instant).astimezone(SHANGHAI)


def shanghai_text(instant: datetime | None) -> str | None:
    """Return the instant to the second as ISO 8601 on a Shanghai wall clock; ``None`` as it is."""
    return None if instant is None else shanghai(instant).isoformat(timespec="seconds")


def shanghai_day(instant: datetime) -> date:
    """Return the Shanghai calendar day that ``instant`` falls on."""
    return shanghai(instant).date()


def day_start(day: date) -> datetime:
    """Return the instant at which the Shanghai day ``day`` begins."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def day_end(day: date) -> datetime:
    """Return the first instant after the Shanghai day ``day``."""
    return day_start(day) + timedelta(days=1)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        msg = "a naive datetime has no place here: pass one with a time zone"
        raise ValueError(msg)
    return instant
