"""A process that records and seals until it is killed; run by the kill tests.

It writes one line to standard output after each commit (``recorded …``) and each publication
(``sealed …``), straight to the pipe: whatever the parent reads was acknowledged.
"""

import itertools
import os
import sys
import threading
import time
from functools import partial
from pathlib import Path

from lmscompliance.evidence import enrolment_stream, record
from lmscompliance.evidence.sealer import seal
from lmscompliance.evidence.signer import RemoteSigner, Signer, SignerUnreachable
from lmscompliance.kernel.clock import SystemClock
from lmscompliance.kernel.ids import Ids, SystemRandomness
from lmscompliance.kernel.settings import Settings
from lmscompliance.policy import Catalogue
from lmscompliance.services import Services
from lmscompliance.storage.database import Database
from lmscompliance.storage.transaction import transaction
from lmscompliance.vault import Vault
from lmscompliance.vault.sources import FileKeys
from tests.evidence.logs import CLASS, ORIGIN, signer_in


def services_over(url, directory):
    """Return services as a process of its own would build them."""
    clock = SystemClock()
    return Services(
        clock=clock,
        ids=Ids(clock, SystemRandomness()),
        settings=Settings.from_mapping({"COMPLIANCE_DATA_DIR": directory, "SECRET_KEY": "test-secret"}),
        database=Database(url),
        vault=Vault(FileKeys(directory / "vault.json")),
        policies=Catalogue.builtin(),
    )


def tell(*words):
    """Acknowledge, in one write that cannot be half seen."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def recording(services, number, pause=0):
    """Record for ever, two facts a transaction, into a few shared streams and one of our own."""
    for round_ in itertools.count():
        streams = [enrolment_stream(f"{round_ % 5:026d}"), enrolment_stream(f"{number}{'w' * 25}")]
        with transaction(services.database) as session:
            facts = [
                record(
                    session,
                    services,
                    class_id=CLASS,
                    stream=stream,
                    type="session.segment",
                    at=services.clock.now(),
                    body={"n": round_},
                    disclose={"ip": "203.0.113.7"},
                )
                for stream in streams
            ]
        for fact in facts:
            tell("recorded", fact.stream, fact.n, fact.leaf_hash.hex())
        time.sleep(pause)


def sealing(services, signer: Signer):
    """Seal for ever in small batches, so that most of the time is spent between two steps."""
    while True:
        try:
            report = seal(services, signer, limit=11)
        except SignerUnreachable:
            time.sleep(0.05)
            continue
        if report.sealed:
            tell("sealed", report.size)


def main():
    """Record, seal, or both, each in two threads, and wait for the end.

    Arguments: the database's URL, the directory, and what to do; a sealer with a signer of another process
    is given that one's URL.
    """
    url, directory, what = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    services = services_over(url, directory)
    work = []
    if what != "seal":
        # Apart from the sealer nothing slows a recorder down, and a soak would grow beyond its checks.
        work += [(partial(recording, pause=0.02 * (what == "record")), number) for number in range(2)]
    if what != "record":
        far = sys.argv[4:]
        work += [(sealing, RemoteSigner(far[0], ORIGIN) if far else signer_in(directory)) for _ in range(2)]
    for do, with_what in work:
        threading.Thread(target=do, args=(services, with_what), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
