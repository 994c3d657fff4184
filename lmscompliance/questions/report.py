"""What a check or an import tells a person about each row."""

from __future__ import annotations

from dataclasses import dataclass

from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import DEFAULT_LOCALE
from lmscompliance.questions.draft import Reason, Source


@dataclass(frozen=True, slots=True)
class Finding:
    """A row and what is to be said of it; several reasons are joined into one sentence."""

    source: Source
    reasons: tuple[Reason, ...]

    def to_json(self, locale: str = DEFAULT_LOCALE) -> dict[str, Json]:
        """Return file, sheet, row, the codes for programs and the reason for people."""
        codes: list[Json] = [reason.code for reason in self.reasons]
        told = " ".join(reason.text(locale) for reason in self.reasons)
        return {**self.source.to_json(), "codes": codes, "reason": told}


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A stored question that is not drawn before a person has looked at it, and why.

    ``key`` is laid out as ``Draft.key`` says.
    """

    id: str
    bank: str
    topic: str
    kind: str
    stem: str
    options: tuple[str, ...]
    key: tuple[Json, ...]
    finding: Finding

    def to_json(self, locale: str = DEFAULT_LOCALE) -> dict[str, Json]:
        """Return everything a person needs to decide, the reason in ``locale``."""
        return {
            "id": self.id,
            "bank": self.bank,
            "topic": self.topic,
            "kind": self.kind,
            "stem": self.stem,
            "options": list(self.options),
            "key": list(self.key),
            **self.finding.to_json(locale),
        }


@dataclass(frozen=True, slots=True)
class BankReport:
    """The figures of a check or an import; ``rows`` = ``imported`` + the number of ``refused``.

    ``imported`` counts every well-formed row, those already in the bank included. ``flagged`` ones are
    imported but drawn only after a person confirmed them. ``duplicates`` are imported rows that add
    nothing because the same question stands elsewhere. ``added``, ``changed`` and ``unchanged`` say what an
    import did to the bank and are 0 after a check.
    """

    files: tuple[str, ...]
    rows: int
    imported: int
    refused: tuple[Finding, ...]
    flagged: tuple[Finding, ...]
    duplicates: tuple[Finding, ...]
    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def to_json(self, locale: str = DEFAULT_LOCALE) -> dict[str, Json]:
        """Return the report as JSON, its reasons in ``locale``."""
        return {
            "files": list(self.files),
            "rows": self.rows,
            "imported": self.imported,
            "refused": [finding.to_json(locale) for finding in self.refused],
            "flagged": [finding.to_json(locale) for finding in self.flagged],
            "duplicates": [finding.to_json(locale) for finding in self.duplicates],
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
        }
