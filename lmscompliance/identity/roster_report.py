"""What may be shown of a roster: accepted and refused rows without any name or whole number."""

from __future__ import annotations

from dataclasses import dataclass

from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import DEFAULT_LOCALE, Remark, Sentences


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was refused: ``field`` is the first that failed, ``remarks`` say everything that did."""

    row: int
    field: str
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted row as it may be shown."""

    row: int
    id_masked: str
    warnings: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class RosterReport:
    """The outcome of a check or an import, without any name or whole number."""

    accepted: list[Accepted]
    refused: list[Refusal]

    @property
    def rows(self) -> int:
        """How many rows held anything."""
        return len(self.accepted) + len(self.refused)

    def to_json(self, locale: str = DEFAULT_LOCALE) -> dict[str, Json]:
        """Return ``{rows, accepted: [{row, id_masked, warnings}], refused: [{row, field, reason}]}``."""
        return {
            "rows": self.rows,
            "accepted": [
                {
                    "row": one.row,
                    "id_masked": one.id_masked,
                    "warnings": [warning.message(locale) for warning in one.warnings],
                }
                for one in self.accepted
            ],
            "refused": [
                {
                    "row": one.row,
                    "field": one.field,
                    "reason": Sentences(one.remarks).message(locale),
                }
                for one in self.refused
            ],
        }
