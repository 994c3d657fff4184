"""Does long work that was asked for (ledgers, claims, certificates) in processes of its own: no beat waits.

The scheduler starts them when something waits. The settings come on standard input, because others can read a
process's arguments. A child that outlives its parent finishes what it has claimed; one that is killed leaves
its claim to run out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from lmscompliance.certificates import jobs as certificate_jobs
from lmscompliance.claims import jobs as claim_jobs
from lmscompliance.extension.building import build_services
from lmscompliance.extension.signing import signer_of
from lmscompliance.jobs.aside import Apart
from lmscompliance.kernel.settings import Settings
from lmscompliance.ledgers import jobs
from lmscompliance.services import Services

LEDGERS, CLAIMS, CERTIFICATES = "ledgers", "claims", "certificates"
NICENESS = 5
"""How far judging stands back where processors are scarce (nice(2)); beats run at 0. It writes to the
database as well: farther back, a busy machine would stop it for long while others wait for its lock. Whoever
makes ledgers hands what only reads and computes to a process that stands back altogether (``jobs.aside``)."""
_MAIN = "from lmscompliance.extension.exporting import main; main()"


class Child:
    """Starts this application's children for one kind of work, one at a time."""

    def __init__(self, what: str, asked_for: Callable[[Services], bool]) -> None:
        """Do ``what`` (``LEDGERS``, ``CLAIMS`` or ``CERTIFICATES``) when ``asked_for`` says that it waits."""
        self._what = what
        self._asked_for = asked_for
        self._child: subprocess.Popen[str] | None = None

    def begin(self, services: Services) -> subprocess.Popen[str] | None:
        """Start a child if something waits and none of ours is at it; return the one that is running."""
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._child = None
        if self._asked_for(services):
            command = [sys.executable, "-c", _MAIN, self._what]
            child = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)  # noqa: S603  # a module of ours
            # Somebody has to wait for it as it ends, or it stays in the process table until we do.
            told = (dump(services.settings),)
            threading.Thread(target=child.communicate, args=told, name="exporting", daemon=True).start()
            self._child = child
        return self._child


def dump(settings: Settings) -> str:
    """Return ``settings`` for another process's standard input."""
    return json.dumps({field.name: _plain(getattr(settings, field.name)) for field in fields(settings)})


def load(text: str) -> Settings:
    """Return the settings that ``dump`` wrote."""
    values = json.loads(text)
    for field in fields(Settings):
        if "Path" in str(field.type) and values[field.name] is not None:
            values[field.name] = Path(values[field.name])
    return Settings(**values)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return str(value) if isinstance(value, Path) else value


def main() -> None:
    """Do what waits, then end."""
    if sys.argv[1:] == [CLAIMS]:
        os.nice(NICENESS)
    services = build_services(load(sys.stdin.read()))
    try:
        if sys.argv[1:] == [CLAIMS]:
            claim_jobs.work_asked(services)
        elif sys.argv[1:] == [CERTIFICATES]:
            certificate_jobs.issue_asked(services)
        else:
            jobs.build_asked(services, signer_of(services), Apart(services))
    finally:
        services.database.dispose()
