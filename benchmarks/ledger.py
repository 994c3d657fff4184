"""A class's whole export: how fast workbook and bundle are, and in how much memory.

The export runs in a process of its own. It reads and derives every cell from the leaves, writes the workbook,
the bundle with its proofs and the trust file, records and seals. The long run is of 10,000 trainees with
600,000 sessions. What beats feel of exports is in ``benchmarks.exports``.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from benchmarks.support.multiplied import BEGINNING, filled
from benchmarks.support.reporting import called, say
from benchmarks.support.scratch import analyze, platform
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.extension.exporting import dump
from lmscompliance.extension.signing import signer_of
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.services import Services
from lmscompliance.verifier import verify
from lmscompliance.verifier.archive import Archive

SESSIONS = 60
_CHUNK = 1 << 20


def main() -> None:
    """Measure each database."""
    call = called(__doc__)
    trainees = 20 if call.quick else 10_000
    for database in call.databases:
        clock = ManualClock(BEGINNING)
        with platform(database, clock) as services, tempfile.TemporaryDirectory() as folder:
            class_id = filled(services, clock, trainees, SESSIONS)
            # An idle platform has sealed what it knows: an export has seconds to seal, not years.
            seal_all(services, signer_of(services))
            analyze(services)
            measure(services, database, class_id, trainees, Path(folder), check=call.quick)


def measure(
    services: Services, database: str, class_id: str, trainees: int, folder: Path, *, check: bool
) -> None:
    """Export the class, check what came out, and do the bare work of each part once more."""
    took = json.loads(_started(services, class_id, folder / "out").communicate()[0])
    workbook, bundle, trust = map(Path, took["files"])
    if check:
        report = verify(bundle, trust.read_bytes())
        if report.verdict.exit != 0:
            raise RuntimeError(report.lines("en"))
    count, writing = _bare_workbook(workbook, folder / "bare.xlsx")
    size, packing, worked = _bare_bundle(bundle, folder)
    of = f"of a class of {trainees} trainees with {SESSIONS} sessions each"
    say(
        f"ledger_{database}",
        value=count / took["seconds"],
        unit="cells/s",
        limit=count / writing,
        how=f"whole export {of} (evidence read, every cell derived, workbook, bundle, trust file, sealings); "
        f"limit: the workbook's {count} cells written by bare XlsxWriter with constant memory",
        more_mib=round(took["more_mib"], 1),
        rows_s=round(took["rows"], 2),
    )
    say(
        f"ledger_workbook_{database}",
        value=count / took["workbook"],
        unit="cells/s",
        limit=count / writing,
        how=f"all sheets {of} written from their rows; limit: as above. A ratio of 2.9 is 0.35 of its time",
    )
    say(
        f"ledger_bundle_{database}",
        value=size / took["bundle"] / _CHUNK,
        unit="MiB/s",
        limit=size / packing / _CHUNK,
        how=f"data files {of} read from the database, proofs made, and the archive packed; limit: its {size} "
        "bytes read, hashed and deflated once. A ratio of 0.5 is twice its time",
        cpu_ratio=round(worked / took["bundle_cpu"], 3),
    )


def _started(services: Services, class_id: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.support.exporting", class_id, str(folder)]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    )
    if child.stdin is None:
        raise RuntimeError(command)
    child.stdin.write(dump(services.settings))
    child.stdin.close()
    child.stdin = None
    return child


def _bare_workbook(source: Path, target: Path) -> tuple[int, float]:
    """Return how many cells the workbook has, and how long bare XlsxWriter takes for them."""
    found = CalamineWorkbook.from_path(str(source))
    count, spent = 0, 0.0
    book = xlsxwriter.Workbook(str(target), {"constant_memory": True})
    for name in found.sheet_names:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(_rows(found, name)):
            began = time.perf_counter()
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif isinstance(value, int | float):
                    sheet.write_number(number, column, value)
            spent += time.perf_counter() - began
            count += sum(value != "" for value in row)
    began = time.perf_counter()
    book.close()
    return count, spent + time.perf_counter() - began


def _rows(book: CalamineWorkbook, name: str) -> Iterator[list[Any]]:
    return book.get_sheet_by_name(name).iter_rows()


def _bare_bundle(source: Path, folder: Path) -> tuple[int, float, float]:
    """Return the size of the bundle's content; the time and work of reading, hashing and deflating it."""
    flat = folder / "flat"
    with Archive(source) as archive, flat.open("wb") as file:
        for name in archive.members:
            file.writelines(archive.chunks(name))
    began, worked = time.perf_counter(), time.process_time()
    digest, deflate = hashlib.sha256(), zlib.compressobj(6, zlib.DEFLATED, -15)
    with flat.open("rb") as file, (folder / "packed").open("wb") as target:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            target.write(deflate.compress(chunk))
        target.write(deflate.flush())
    return flat.stat().st_size, time.perf_counter() - began, time.process_time() - worked


if __name__ == "__main__":
    main()
