"""The contract of a notifier plug-in: hands a reminder on, by whatever means the host has.

``Compliance(notifier=…)`` takes one; without one reminders stand on the pages alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from lmscompliance.kernel.actor import Role


@dataclass(frozen=True, slots=True)
class Message:
    """A reminder. Whom it is for: everybody in one of ``roles`` to whom the class belongs.

    An enterprise is known by its credit code, an inspector by the district; the host knows who that is and
    how to reach them. ``key`` is the same if one reminder is handed over again. ``text`` names nobody.
    """

    key: str
    kind: str
    class_id: str
    class_code: str
    enterprise: str
    district: str
    roles: tuple[Role, ...]
    due: date
    text: str


class Notifier(Protocol):
    """Somebody who tells people. Called by a job, never inside a request or a transaction."""

    def notify(self, message: Message) -> None:
        """Take the message over; an exception means that it was not, and it is handed over again later."""
        ...  # pragma: no cover  # a protocol
