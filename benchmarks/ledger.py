"""How many cells a second a class's whole export writes, against bare XlsxWriter writing the same cells.

The export reads and derives every cell from the leaves, writes the workbook, the bundle with its proofs
and the trust file, records and seals; XlsxWriter is only handed the finished values.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import xlsxwriter
from python_calamine import CalamineWorkbook

from benchmarks.support.reporting import called, say
from benchmarks.support.scratch import platform
from lmscompliance import evidence
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import SHANGHAI, ManualClock
from lmscompliance.kernel.jcs import Json
from lmscompliance.ledgers.service import export
from lmscompliance.services import Services
from lmscompliance.verifier import verify
from tests.ledgers.miniature import Miniature

Cells = list[tuple[str, list[Sequence[object]]]]
"""Each sheet's name and rows."""


def main() -> None:
    """Measure each database."""
    call = called(__doc__)
    trainees = 100 if call.quick else 300
    for database in call.databases:
        clock = ManualClock(datetime(2021, 2, 1, 8, 0, tzinfo=SHANGHAI))
        with platform(database, clock) as services, tempfile.TemporaryDirectory() as folder:
            measure(services, clock, database, trainees, Path(folder))


def measure(services: Services, clock: ManualClock, database: str, trainees: int, folder: Path) -> None:
    """Fill a class, export it, check what came out, and write the same cells once more."""
    made = _filled(services, clock, trainees)
    signer = LocalSigner.load_or_create(folder / "signer", "benchmark.example/log")
    began = time.perf_counter()
    done = export(services, signer, made.class_id, folder)
    exporting = time.perf_counter() - began
    report = verify(done.bundle, done.trust.read_bytes())
    if report.verdict.exit != 0:
        raise RuntimeError(report.lines("en"))
    cells = _read(done.workbook)
    count = sum(value != "" for _, rows in cells for row in rows for value in row)
    began = time.perf_counter()
    _write(folder / "bare.xlsx", cells)
    writing = time.perf_counter() - began
    say(
        f"ledger_{database}",
        value=count / exporting,
        unit="cells/s",
        limit=count / writing,
        how="whole export (evidence read, every cell derived, workbook, bundle, trust file, two sealings) "
        f"of a class of {trainees} trainees with {made.recorded} facts, verified afterwards; limit: the "
        f"workbook's {count} cells written by bare XlsxWriter with constant memory",
    )


class _Class(Miniature):
    """The small class of the tests with as many people as are wanted."""

    recorded = 0

    def record(self, stream: str, type_: str, body: dict[str, Json], **disclose: Json) -> None:
        """Record one fact as of now, and count it."""
        super().record(stream, type_, body, **disclose)
        self.recorded += 1

    def enrol_invented(self, number: int) -> None:
        """Register and activate an invented person."""
        enrolment = self.services.ids.opaque()
        self.enrolments.append(enrolment)
        created: dict[str, Json] = {"enrolment": enrolment, "ordinal": number}
        self.record(evidence.class_stream(self.class_id), "enrolment.created", created)
        stream, at = evidence.enrolment_stream(enrolment), self.now_us()
        self.record(
            stream,
            "trainee.registered",
            {"registered_us": at, "verification": {"method": "offline", "result": "passed", "at_us": at}},
            name=f"虚构{number:04}",
            sex="male",
            id_number="11010519491231002X",
            phone="13800138000",
            department="装配车间",
            household="河南省周口市",
        )
        activated: dict[str, Json] = {"activated_us": at, "consent": {"version": "1"}}
        self.record(stream, "trainee.activated", activated, ip="10.0.0.1")


def _filled(services: Services, clock: ManualClock, trainees: int) -> _Class:
    made = _Class(services, clock)
    made.file()
    for who in range(trainees):
        made.enrol_invented(who + 1)
        for lesson in range(4):
            made.watch(who, lesson, 90)
        made.unlock(who)
        made.sit(who, 1, 4)
    return made


def _read(path: Path) -> Cells:
    book = CalamineWorkbook.from_path(str(path))
    return [
        (name, list(book.get_sheet_by_name(name).to_python(skip_empty_area=False)))
        for name in book.sheet_names
    ]


def _write(path: Path, cells: Cells) -> None:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    for name, rows in cells:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif isinstance(value, int | float):
                    sheet.write_number(number, column, value)
    book.close()


if __name__ == "__main__":
    main()
