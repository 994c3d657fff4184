"""What an import did, or would do: in sums, person by person, and for each row that became no time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import DEFAULT_LOCALE
from lmscompliance.records.reading import Finding


@dataclass(frozen=True, slots=True)
class Person:
    """An enrolled person's share: of ``events`` rows ``new`` were not imported before."""

    enrolment: str
    ordinal: int
    user: str
    events: int
    new: int
    sessions: int
    seconds: int
    mapped_lessons: int

    def to_json(self) -> dict[str, Json]:
        """Return it by its field names."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome; ``rows == passed + len(findings) + events of people``.

    ``batch`` is empty when nothing was written: a check, or a file that holds nothing new. ``date_order`` is
    how dates of numbers alone were read: ``dmy``, ``mdy`` or ``ymd``.
    """

    file: str
    format: str
    rows: int
    passed: int
    idle_minutes: int
    credited: bool
    people: Sequence[Person]
    findings: Sequence[Finding]
    date_order: str = ""
    batch: str = ""

    @property
    def enrolments(self) -> list[str]:
        """The enrolments that got new sessions."""
        return [one.enrolment for one in self.people if one.sessions]

    @property
    def events(self) -> int:
        """Rows of enrolled people."""
        return sum(one.events for one in self.people)

    @property
    def known(self) -> int:
        """How many of them had been imported before."""
        return sum(one.events - one.new for one in self.people)

    @property
    def sessions(self) -> int:
        """New reported sessions."""
        return sum(one.sessions for one in self.people)

    @property
    def seconds(self) -> int:
        """What they cover, counted once where they overlap."""
        return sum(one.seconds for one in self.people)

    def grouped(self) -> list[tuple[Finding, list[int]]]:
        """Return the findings with all rows of the same kind and value together, the commonest first."""
        groups: dict[tuple[str, str, str], tuple[Finding, list[int]]] = {}
        for one in self.findings:
            groups.setdefault((one.code, one.field, one.value), (one, []))[1].append(one.row)
        return sorted(groups.values(), key=lambda group: (-len(group[1]), group[1][0]))

    def to_json(self, locale: str = DEFAULT_LOCALE) -> dict[str, Json]:
        """Return everything as JSON; texts in ``locale``."""
        return {
            "file": self.file,
            "format": self.format,
            "batch": self.batch,
            "date_order": self.date_order,
            "idle_minutes": self.idle_minutes,
            "credited_by_policy": self.credited,
            "rows": self.rows,
            "passed_over": self.passed,
            "events": self.events,
            "known_events": self.known,
            "sessions": self.sessions,
            "seconds": self.seconds,
            "people": [one.to_json() for one in self.people],
            "findings": [one.to_json(locale) for one in self.findings],
        }
