"""How many recorded entries a second are sealed, against plain batched INSERTs of the same entries' rows."""

from __future__ import annotations

import gc
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import MetaData, insert, select
from sqlalchemy.orm import Session

from benchmarks.support.reporting import called, say
from benchmarks.support.scratch import platform
from lmscompliance.evidence import enrolment_stream
from lmscompliance.evidence.fsck import fsck
from lmscompliance.evidence.models import Entry
from lmscompliance.evidence.recording import record
from lmscompliance.evidence.sealer import BATCH_LIMIT, seal_all
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import to_micros
from lmscompliance.services import Services
from lmscompliance.storage.database import Database
from lmscompliance.storage.transaction import reading, transaction

STREAMS = 40
BEATS = [[seq, seq * 60_000, seq * 60_000, "playing"] for seq in range(6)]


def main() -> None:
    """Measure each database."""
    call = called(__doc__)
    entries = BATCH_LIMIT * (1 if call.quick else 4)
    for database in call.databases:
        with platform(database) as services, tempfile.TemporaryDirectory() as keys:
            measure(services, database, entries, Path(keys))


def measure(services: Services, database: str, entries: int, keys: Path) -> None:
    """Record, seal, check, and insert the same rows once more without anything else."""
    class_id = services.ids.new()
    streams = [enrolment_stream(services.ids.opaque()) for _ in range(STREAMS)]
    for number in range(0, entries, STREAMS):
        with transaction(services.database) as session:
            for stream in streams[: entries - number]:
                _segment(session, services, class_id, stream)
    signer = LocalSigner.load_or_create(keys / "signer", "benchmark.example/log")
    # As in a process that has run for a while: looking through what was imported is the cost of neither.
    gc.collect()
    began = time.perf_counter()
    report = seal_all(services, signer)
    sealing = time.perf_counter() - began
    if report.sealed != entries:
        msg = f"{report.sealed} of {entries} entries were sealed"
        raise RuntimeError(msg)
    with reading(services.database) as session:
        if problems := fsck(session, services, [signer.vkey]).problems:
            raise RuntimeError(problems)
    inserting = _insert_again(services.database)
    say(
        f"sealing_{database}",
        value=entries / sealing,
        unit="entries/s",
        limit=entries / inserting,
        how=f"{entries} recorded segments of {STREAMS} streams staged, re-hashed, signed and published in "
        f"batches of {BATCH_LIMIT}, the log re-checked afterwards; limit: the same entries' rows inserted "
        "into an equal table of the same database in batches of that size, nothing else done",
    )


def _segment(session: Session, services: Services, class_id: str, stream: str) -> None:
    now = services.clock.now()
    body = {
        "session": services.ids.new(),
        "n": 0,
        "start_us": to_micros(now - timedelta(minutes=5)),
        "end_us": to_micros(now),
        "closed_by": "length",
        "beats": BEATS,
    }
    record(session, services, class_id=class_id, stream=stream, type="session.segment", at=now, body=body)


def _insert_again(database: Database) -> float:
    """Return how many seconds the entries' rows take to be inserted into an empty copy of their table."""
    table = Entry.metadata.tables[Entry.__tablename__]
    with reading(database) as session:
        rows = [dict(row) for row in session.execute(select(table)).mappings()]
    copy = table.to_metadata(MetaData(), name="benchmark_entry")
    copy.primary_key.name = "pk_benchmark_entry"
    copy.create(database.engine)
    gc.collect()
    began = time.perf_counter()
    for start in range(0, len(rows), BATCH_LIMIT):
        with database.engine.begin() as connection:
            connection.execute(insert(copy), rows[start : start + BATCH_LIMIT])
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
