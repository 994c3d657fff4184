"""One person's file (一人一档) as an archive: for people, for programs, and with its proofs.

The proofs are C2SP receipts, one for each sealed entry of the person's streams: ``verify`` checks the whole
file, ``verify-receipt`` any fact by itself, without what belongs to anybody else.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance.certificates import reading as certificates
from lmscompliance.documents.font import Typeface
from lmscompliance.evidence import enrolment_stream
from lmscompliance.evidence.models import Entry
from lmscompliance.evidence.receipts import holders_receipt
from lmscompliance.kernel.clock import shanghai
from lmscompliance.kernel.jcs import Json
from lmscompliance.persons.own_data import by_class, is_own
from lmscompliance.persons.paper import typeset_file
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading

Place = tuple[str, str, str]
"""Class code, class and enrolment."""


def build(
    services: Services, data: Mapping[str, Json], page: str, places: Sequence[Place], *, locale: str
) -> bytes:
    """Return a ZIP of ``data``: as a page, as PDF/A, as JSON and as a table; certificates and receipts."""
    now = services.clock.now()
    files: dict[str, bytes] = {
        "my-data.html": page.encode("utf-8"),
        "my-data.pdf": typeset_file(data, now, locale, Typeface(services.settings.fonts_dir)),
        "my-data.json": json.dumps(data, ensure_ascii=False, indent=2).encode("utf-8"),
        # The mark at the start is what makes spreadsheets read Chinese names correctly.
        "sessions.csv": ("\ufeff" + _sessions(data)).encode("utf-8"),
    }
    with reading(services.database) as session:
        for place in places:
            files |= dict(_documents(session, services, place))
    return _zip(files, now)


def _documents(session: Session, services: Services, place: Place) -> Iterator[tuple[str, bytes]]:
    _, class_id, enrolment_id = place
    for number, pdf in certificates.documents(session, services, class_id, enrolment_id).items():
        yield f"certificates/{number}.pdf", pdf
    stream = enrolment_stream(enrolment_id)
    count = session.scalar(select(func.count()).where(Entry.class_id == class_id, Entry.stream == stream))
    for n in range(count or 0):
        text = holders_receipt(session, services, class_id, stream, n, disclosing=is_own)
        if text is not None:
            yield f"proofs/{enrolment_id}/{n:05}.tlog-proof", text.encode("utf-8")


def _zip(files: Mapping[str, bytes], at: datetime) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, shanghai(at).timetuple()[:6]), content)
    return target.getvalue()


def _sessions(data: Mapping[str, Json]) -> str:
    target = io.StringIO()
    writer = csv.writer(target)
    names = ("session", "lesson", "start", "end", "credited_seconds")
    writer.writerow(["class", *names, "excluded_seconds", "addresses"])
    for one in by_class(data):
        class_, sessions = one["class"], one["sessions"]
        if isinstance(class_, dict) and isinstance(sessions, list):
            for row in sessions:
                if isinstance(row, dict):
                    excluded = json.dumps(row["excluded_seconds"], ensure_ascii=False)
                    seen = row["addresses"]
                    addresses = ";".join(str(each) for each in seen) if isinstance(seen, list) else ""
                    writer.writerow([class_["code"], *(row[name] for name in names), excluded, addresses])
    return target.getvalue()
