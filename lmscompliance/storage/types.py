"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Dialect, String
from sqlalchemy.types import TypeDecorator

from lmscompliance.kernel.clock import from_micros, to_micros

Id = String(26)
"""A ULID or opaque id of ``kernel.ids``."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime kept as integer microseconds: exact, ordered and free of time zones."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Store microseconds since the epoch."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the UTC instant."""
        return None if value is None else from_micros(value)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal kept as its text, because SQLite would turn it into a float and 59.99 into a pass."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Store the decimal's own digits."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Return the decimal as it was written."""
        return None if value is None else Decimal(value)
