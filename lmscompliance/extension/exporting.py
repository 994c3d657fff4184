"""Builds ledgers and judges claims that were asked for in a process of its own: no beat waits for one.

    python -m lmscompliance.extension.exporting ledgers|claims < settings.json

The scheduler starts it when something waits, and waits for it. The settings come on standard input, because
others can read a process's arguments. A child that outlives its parent finishes what it has claimed; one that
is killed leaves its claim to run out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from lmscompliance.claims import jobs as claim_jobs
from lmscompliance.extension.building import build_services
from lmscompliance.extension.signing import signer_of
from lmscompliance.kernel.settings import Settings
from lmscompliance.ledgers import jobs
from lmscompliance.services import Services

NICENESS = 10
"""How far exports stand back where processors are scarce (nice(2)); beats run at 0."""


def build_apart(services: Services) -> None:
    """Build what waits, if anything, in a process of its own; raises ``CalledProcessError`` if it broke."""
    if jobs.asked_for(services):
        _apart(services, "ledgers")


def judge_apart(services: Services) -> None:
    """Judge the claims that wait, if any, likewise."""
    if claim_jobs.asked_for(services):
        _apart(services, "claims")


def _apart(services: Services, what: str) -> None:
    command = [sys.executable, "-m", "lmscompliance.extension.exporting", what]
    subprocess.run(command, input=dump(services.settings), check=True, text=True)  # noqa: S603  # this interpreter and a module of ours


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
    os.nice(NICENESS)
    services = build_services(load(sys.stdin.read()))
    try:
        if sys.argv[1:] == ["claims"]:
            claim_jobs.work_asked(services)
        else:
            jobs.build_asked(services, signer_of(services))
    finally:
        services.database.dispose()


if __name__ == "__main__":
    main()
