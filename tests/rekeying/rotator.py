"""A process that changes a key until it is done or killed; run by the kill tests.

It writes one line to standard output after each step that was committed.
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
    tell("begun")
    service.rotate(services, Kind(kind), lambda done, _total: tell("replaced", done))
    tell("whole")


if __name__ == "__main__":
    main(*sys.argv[1:])
