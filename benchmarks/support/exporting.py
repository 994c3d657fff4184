"""Exports one class in a process of its own, as the scheduler's child does, and prints what it took.

    python -m benchmarks.support.exporting CLASS FOLDER < settings.json

Seconds are of the whole, of the workbook's rows (read, judged, put into words), of writing them, and of the
bundle (its data files, proofs included, and the archive), of this also the processor's, which other programs
on the machine do not change. The peak is above what this program used before the export began.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.support import memory
from lmscompliance.documents import xlsx
from lmscompliance.extension.building import build_services
from lmscompliance.extension.exporting import NICENESS, load
from lmscompliance.extension.signing import signer_of
from lmscompliance.ledgers import assemble
from lmscompliance.ledgers.service import export
from lmscompliance.rules.ledger_table import Row, Workbook

took = {"rows": 0.0, "workbook": 0.0, "bundle": 0.0, "bundle_cpu": 0.0}


def main(class_id: str, folder: Path) -> None:
    """Export the class into ``folder``."""
    os.nice(NICENESS)
    services = build_services(load(sys.stdin.read()))
    signer = signer_of(services)
    assemble.write_data = _timed(assemble.write_data)
    assemble.write_bundle = _timed(assemble.write_bundle)
    write, xlsx.write = xlsx.write, _write  # type: ignore[assignment]  # the same but for the time it takes
    _write.original = write  # type: ignore[attr-defined]  # as above
    idle_kib = memory.now_kib()
    began = time.perf_counter()
    done = export(services, signer, class_id, folder)
    seconds = time.perf_counter() - began
    more_mib = (memory.peak_kib() - idle_kib) / 1024
    services.database.dispose()
    found = {"seconds": seconds, "more_mib": more_mib, **took}
    print(json.dumps({**found, "files": [str(done.workbook), str(done.bundle), str(done.trust)]}))


def _write(path: Path, workbook: Workbook, created: datetime, *further: Any) -> None:
    def rows() -> Iterator[tuple[int, Row]]:
        source = iter(workbook.rows)
        while True:
            began = time.perf_counter()
            one = next(source, None)
            took["rows"] += time.perf_counter() - began
            if one is None:
                return
            yield one

    began, before = time.perf_counter(), took["rows"]
    _write.original(path, replace(workbook, rows=rows()), created, *further)  # type: ignore[attr-defined]  # see main
    took["workbook"] += time.perf_counter() - began - (took["rows"] - before)


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        began, worked = time.perf_counter(), time.process_time()
        try:
            return function(*arguments, **named)
        finally:
            took["bundle"] += time.perf_counter() - began
            took["bundle_cpu"] += time.process_time() - worked

    return timed


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
