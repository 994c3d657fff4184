"""Who is acting: the one value a host's user is translated into."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to this product. The host decides who has which."""

    TRAINEE = "trainee"
    ENTERPRISE = "enterprise"
    INSTITUTION = "institution"
    INSPECTOR = "inspector"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


RUNNING = (Role.ENTERPRISE, Role.INSTITUTION, Role.ADMINISTRATOR)
"""Who acts for a class in scope: the enterprise that filed it, the institution that runs it, the platform."""
SUPERVISING = (Role.INSPECTOR, Role.ADMINISTRATOR)
"""Who decides about a class from outside it."""
READING = (Role.ENTERPRISE, Role.INSTITUTION, Role.INSPECTOR, Role.AUDITOR, Role.ADMINISTRATOR)
"""Who may look at a class in scope; an auditor does nothing else."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user of the host, as far as this product cares.

    ``account`` is the host's own stable identifier of the user (never a name). ``enterprise`` bounds an
    enterprise's clerk to one enterprise code; ``districts`` bounds an inspector (empty: none; ``*``: all).
    ``classes`` holds the ids of the classes that an institution runs or an auditor was let into.
    """

    account: str
    role: Role
    enterprise: str | None = None
    districts: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    locale: str = "zh_CN"
