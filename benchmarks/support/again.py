"""Exports one class for download again and again, in a process as the scheduler's child is, until terminated.

    python -m benchmarks.support.again CLASS

One line of settings comes on standard input; a line goes out when the first export has its first entries,
with all that starts a process behind it, and after each.
"""

from __future__ import annotations

import sys

from lmscompliance.extension.building import build_services
from lmscompliance.extension.exporting import load
from lmscompliance.extension.signing import signer_of
from lmscompliance.jobs.aside import Apart
from lmscompliance.ledgers.service import How, export_for_download


def main(class_id: str) -> None:
    """Export the class with all that a full ledger has."""
    services = build_services(load(sys.stdin.readline()))
    signer = signer_of(services)
    begun = False

    def progress(_phase: str, done: int, _total: int) -> None:
        nonlocal begun
        if done and not begun:
            begun = True
            print(flush=True)

    while True:
        how = How(services.ids.new(), Apart(services))
        export_for_download(services, signer, class_id, progress, pdf=True, how=how)
        print(flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
