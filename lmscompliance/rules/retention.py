"""How long what a class left must be kept, by category, and which withheld values belong to which (T27).

Category by category, because a notice demands that ledgers be kept for years, while the law on personal
information demands that what is no longer needed be destroyed. What a leaf itself holds is kept for ever: no
personal value stands in it.
"""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Iterable, Mapping
from datetime import date

from lmscompliance.policy.terms import RetentionTerms

PHOTOS = "photos"
RECORDS = "records"
ADDRESSES = "addresses"
PROOFS = "proofs"
ACCOUNTS = "accounts"
IDENTITY = "identity"
CATEGORIES = (PHOTOS, RECORDS, ADDRESSES, PROOFS, ACCOUNTS, IDENTITY)
"""Photos of verifications; what was learnt and examined; IP addresses and devices; files handed in and
scanned sheets; accounts; names, numbers, phones. Identity goes last: the others are found by it."""

_ADDRESSES = frozenset({"ip", "agent"})
_IDENTITY = frozenset({"name", "sex", "id_number", "phone", "department", "household"})
_IDENTITY_PREFIXES = ("name_", "id_number_", "phone_")
KEPT = frozenset({"ordered_by", "confirmed_by", "enterprise_name", "enterprise_uscc"})
"""Who ordered and who confirmed a destruction; and the enterprise, which is nobody's personal data."""
_MONTHS_A_YEAR = 12


def category_of(name: str) -> str | None:
    """Return the category that a disclosure of this name belongs to; ``None`` is never destroyed."""
    if name in KEPT:
        return None
    if name in _ADDRESSES:
        return ADDRESSES
    if name in _IDENTITY or name.startswith(_IDENTITY_PREFIXES):
        return IDENTITY
    return RECORDS


def due_days(began_on: date, terms: RetentionTerms) -> dict[str, date]:
    """Return the first day on which each category may be destroyed.

    ``began_on`` is the Shanghai day the term runs from: the last on which anything happened in the class. A
    term of years or months ends with the day of the same number (or the month's last); it is due the day
    after.
    """
    ledger = terms.years * _MONTHS_A_YEAR
    months = {
        PHOTOS: terms.photos_months,
        RECORDS: ledger,
        ADDRESSES: ledger + terms.addresses_extra_months,
        PROOFS: ledger + terms.proofs_extra_months,
        ACCOUNTS: ledger + terms.accounts_extra_months,
        IDENTITY: ledger + terms.identity_extra_months,
    }
    months[IDENTITY] = max(months.values())
    return {category: _after(began_on, months[category]) for category in CATEGORIES}


def _after(day: date, months: int) -> date:
    year, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + months, _MONTHS_A_YEAR)
    last = calendar.monthrange(year, month + 1)[1]
    return date.fromordinal(date(year, month + 1, min(day.day, last)).toordinal() + 1)


class Commitments:
    """The digest of what a leaf's values were bound to, over all leaves of a class, by category.

    Fed in a bundle's order (the class's own stream, then the enrolments' by ordinal; entries by number), so
    that whoever holds the leaves can compute what a destruction certificate says was destroyed.
    """

    def __init__(self, categories: Iterable[str]) -> None:
        """Count and hash the values of ``categories``."""
        self._hashes = {category: hashlib.sha256() for category in categories}
        self.counts = dict.fromkeys(self._hashes, 0)

    def add(self, stream: str, n: int, digests: Mapping[str, str]) -> None:
        """Take entry ``n`` of ``stream``, whose values have these ``digests`` (a leaf's ``d``)."""
        for name in sorted(digests):
            category = category_of(name)
            if category in self._hashes:
                self._hashes[category].update(f"{stream} {n} {name} {digests[name]}\n".encode("ascii"))
                self.counts[category] += 1

    def digest(self, category: str) -> str:
        """Return the SHA-256 (hex) over the lines ``stream n name digest`` of ``category``."""
        return self._hashes[category].hexdigest()
