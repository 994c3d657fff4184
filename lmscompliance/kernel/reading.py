"""What a host may plug in to read uploads (OCR); nothing is read unless somebody does."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class DayReader(Protocol):
    """Reads the day on which a screenshot was taken. Its answer is a suggestion that a person confirms."""

    def day(self, media_type: str, data: bytes) -> date | None:
        """Return the day that ``data`` shows, ``None`` when it cannot be read; must not raise."""
        ...  # pragma: no cover  # a protocol
