"""What a reader of some format hands over: events of people as that system names them, and findings."""

from __future__ import annotations

import dataclasses
import unicodedata
from dataclasses import dataclass

from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import DEFAULT_LOCALE, text


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a row became no time: its row, the field, what stood there, and what to do (by message code)."""

    row: int
    field: str
    value: str
    code: str
    params: dict[str, object] = dataclasses.field(default_factory=dict)

    def reason(self, locale: str = DEFAULT_LOCALE) -> str:
        """Return what is wrong."""
        return text(f"records.{self.code}", locale, **self.params)

    def remedy(self, locale: str = DEFAULT_LOCALE) -> str:
        """Return what to do about it."""
        return text(f"records.{self.code}_remedy", locale, **self.params)

    def to_json(self, locale: str) -> dict[str, Json]:
        """Return ``{row, field, value, reason, remedy}``."""
        return {
            "row": self.row,
            "field": self.field,
            "value": self.value,
            "reason": self.reason(locale),
            "remedy": self.remedy(locale),
        }


@dataclass(frozen=True, slots=True)
class Actor:
    """Whom a row names: ``key`` tells people of that system apart, ``name`` is their name if it says one.

    ``handles`` are all ways in which a mapping file may call them.
    """

    key: str
    name: str
    handles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """One row's event: when (whole seconds since the epoch), how long, who, and what it was about.

    ``about`` are names and addresses by which a lesson may be found; ``identity`` is what makes the row
    itself again in another export.
    """

    row: int
    at_s: int
    length_s: int
    actor: Actor
    about: tuple[str, ...]
    group: str
    ip: str
    identity: str


@dataclass(slots=True)
class Reading:
    """What a file holds. ``rows`` counts everything but headings; ``passed`` what was no learning.

    ``date_order`` is how its dates were read (of ``moodle_time.ORDERS``), where that could be doubtful.
    """

    rows: int = 0
    passed: int = 0
    date_order: str = ""
    events: list[SourceEvent] = dataclasses.field(default_factory=list)
    findings: list[Finding] = dataclasses.field(default_factory=list)


def folded(value: str) -> str:
    """Return ``value`` as names are compared: one width, one case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", value).split()).casefold()
