"""A process that changes a key until it is killed; run by the kill tests.

It writes one line to standard output after each step that was committed, and goes on when it is sent one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lmscompliance.rekeying import service, walk
from lmscompliance.vault.keys import Kind
from tests.evidence.victim import services_over, tell


def main(url: str, directory: str, kind: str) -> None:
    """Rotate in steps of a few rows."""
    walk.STEP_ROWS = 2
    services = services_over(url, Path(directory))

    def step(done: int, _total: int) -> None:
        tell("replaced", done)
        sys.stdin.readline()

    step(0, 0)
    service.rotate(services, Kind(kind), step)


if __name__ == "__main__":
    main(*sys.argv[1:])
