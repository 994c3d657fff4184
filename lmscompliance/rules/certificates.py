"""Certificates as evidence has them: issued once, one at a time, each with a number of its own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from lmscompliance.rules.facts import AttemptFact, SessionFact

if TYPE_CHECKING:
    from lmscompliance.rules.ledger_facts import TraineeRecord

DIGITS = 6
"""The least that a number's last part has, with zeros before it."""

MOST = 30
"""Certificates that a trainee is issued of one class: each is judged by what was recorded until then, so
without a bound a log could make whoever verifies it do far more work than is in it."""


def number_of(prefix: str, year: int, count: int) -> str:
    """Return the number of a series' certificate ``count``."""
    return f"{series_of(prefix, year)}-{count:0{DIGITS}}"


def series_of(prefix: str, year: int) -> str:
    """Return the series of a prefix and a year: its numbers have no gap."""
    return f"{prefix}-{year}"


@dataclass(frozen=True, slots=True)
class Basis:
    """What was recorded of a trainee when their certificate was issued; nothing that follows changes it."""

    trainee: TraineeRecord
    sessions: tuple[SessionFact, ...]
    attempts: tuple[AttemptFact, ...]


@dataclass(slots=True)
class CertificateRecord:
    """A certificate that was issued; the document itself has that SHA-256 (hexadecimal).

    ``serial`` counts the class's certificates of a year from 1, ``replaces`` is the number of the revoked
    one that it stands in for. ``template`` is the edition of the document's look, ``template_sha256`` that of
    what it consisted of. ``content`` is what it says as JSON, where that is disclosed.
    """

    number: str
    serial: int
    issued_us: int
    pdf_sha256: str
    score: Decimal
    hours: Decimal
    template: int
    template_sha256: str
    replaces: str
    content: str
    basis: Basis
    revoked_us: int | None = None

    def holds_at(self, instant_us: int) -> bool:
        """Tell whether it was valid at an instant."""
        return self.issued_us <= instant_us and (self.revoked_us is None or self.revoked_us > instant_us)
