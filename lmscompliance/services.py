"""The one frozen value every domain room receives: time, ids, settings, storage, keys and policies.

Built once per app by ``extension``; passing it in is what keeps clocks, randomness and configuration out
of the code that decides things.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lmscompliance.kernel.clock import Clock
from lmscompliance.kernel.events import Events
from lmscompliance.kernel.ids import Ids
from lmscompliance.kernel.notification import Notifier
from lmscompliance.kernel.presence import PresenceMethod
from lmscompliance.kernel.reading import DayReader
from lmscompliance.kernel.settings import Settings
from lmscompliance.kernel.verification import Verifier
from lmscompliance.policy import Catalogue
from lmscompliance.storage.database import Database
from lmscompliance.vault import Vault


@dataclass(frozen=True, slots=True)
class Services:
    """What a service function needs of the world outside its own tables."""

    clock: Clock
    ids: Ids
    settings: Settings
    database: Database
    vault: Vault
    policies: Catalogue
    events: Events = field(default_factory=Events)
    presence: Mapping[str, PresenceMethod] = field(default_factory=dict)
    """Ways to check presence that the host plugged in, by name."""
    day_reader: DayReader | None = None
    """Reads the day off an uploaded screenshot, where the host plugged one in."""
    verifier: Verifier | None = None
    """Who verifies real names, where that is neither offline nor by people."""
    notifier: Notifier | None = None
    """Hands reminders on, where the host plugged one in."""
