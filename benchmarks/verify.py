"""How fast a bundle is verified, against hashing its bytes once, in how much memory; and proofs alone."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from benchmarks.support.multiplied import BEGINNING, filled
from benchmarks.support.reporting import called, say
from benchmarks.support.scratch import platform
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.ledgers.service import Export, export
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.leaf import leaf_hash
from lmscompliance.tlog.merkle import verify_inclusion
from lmscompliance.tlog.notes import Note
from lmscompliance.verifier import bundle
from lmscompliance.verifier.archive import Archive

SESSIONS = 100
PROOFS = 10_000
MORE_MIB = 64
"""What the verifier may use at most above the idle program, however large the bundle is."""


def main() -> None:
    """Export a large class once, then verify it."""
    call = called(__doc__)
    clock = ManualClock(BEGINNING)
    with platform("sqlite", clock) as services, tempfile.TemporaryDirectory() as folder:
        class_id = filled(services, clock, 25 if call.quick else 2000, SESSIONS)
        signer = LocalSigner.load_or_create(Path(folder) / "signer", "benchmark.example/log")
        done = export(services, signer, class_id, Path(folder) / "out")
        whole(done)
        proofs(done)


def whole(done: Export) -> None:
    """Verify all of the bundle as its recipient would."""
    command = [sys.executable, "-m", "benchmarks.support.verifying", done.bundle, done.trust]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    took = json.loads(ended.stdout)
    more_mib = took["more_kib"] / 1024
    if took["verdict"] != "valid" or more_mib > MORE_MIB:
        raise RuntimeError(took)
    with Archive(done.bundle) as archive:
        entries = sum(1 for _ in archive.lines(bundle.ENTRIES, bundle.MAX_LINE))
    began = time.perf_counter()
    with done.bundle.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    hashing = time.perf_counter() - began
    say(
        "verify_bundle",
        value=entries / took["seconds"],
        unit="entries/s",
        limit=entries / hashing,
        how=f"a class's bundle of {entries} entries ({done.bundle.stat().st_size} bytes) verified whole, "
        "each entry's proof and every cell of its workbook, in a process of its own; "
        "limit: SHA-256 over the bundle's bytes once",
        more_mib=round(more_mib, 1),
    )


def proofs(done: Export) -> None:
    """Verify entries' inclusion proofs and nothing else."""
    with Archive(done.bundle) as archive:
        head = Checkpoint.parse(Note.parse(archive.read(bundle.CHECKPOINT, bundle.MAX_SMALL)).text)
        lines = islice(archive.lines(bundle.ENTRIES, bundle.MAX_LINE), PROOFS)
        entries = [bundle.Entry.decode(line) for line in lines]
    if len(entries) < PROOFS:
        raise RuntimeError(len(entries))
    began = time.perf_counter()
    for entry in entries:
        verify_inclusion(
            entry.index, head.size, leaf_hash(entry.leaf.encode("utf-8")), entry.proof, head.root
        )
    verifying = time.perf_counter() - began
    # A leaf is hashed behind a byte that marks it; so are the two hashes below each node of the way.
    count = sum(1 + len(entry.leaf.encode("utf-8")) + 65 * len(entry.proof) for entry in entries)
    data = bytes(count)
    began = time.perf_counter()
    hashlib.sha256(data)
    hashing = time.perf_counter() - began
    say(
        "verify_proofs",
        value=PROOFS / verifying,
        unit="proofs/s",
        limit=PROOFS / hashing,
        how=f"{PROOFS} inclusion proofs in a tree of {head.size} verified, leaves hashed; "
        f"limit: SHA-256 over as many bytes ({count}) at once",
    )


if __name__ == "__main__":
    main()
