"""Exports one class for download again and again, in a process as the scheduler's child is, until terminated.

    python -m benchmarks.support.again CLASS

One line of settings comes on standard input; a line goes out before the first export and after each.
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
    while True:
        print(flush=True)
        how = How(services.ids.new(), Apart(services))
        export_for_download(services, signer, class_id, lambda *_: None, pdf=True, how=how)


if __name__ == "__main__":
    main(sys.argv[1])
