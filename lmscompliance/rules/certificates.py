"""Certificates as evidence has them: issued once, one at a time, each with a number of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class CertificateRecord:
    """A certificate that was issued; the document itself has that SHA-256 (hexadecimal)."""

    number: str
    issued_us: int
    pdf_sha256: str
    revoked_us: int | None = None

    def holds_at(self, instant_us: int) -> bool:
        """Tell whether it was valid at an instant."""
        return self.issued_us <= instant_us and (self.revoked_us is None or self.revoked_us > instant_us)
