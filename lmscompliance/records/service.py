"""Importing a file of another system, once; and what was reported, for those who show or judge it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.clock import from_micros, to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.records import moodle, statements
from lmscompliance.records.matching import Lessons, People
from lmscompliance.records.models import ReportedRow, ReportedSession
from lmscompliance.records.reading import Finding, Reading, SourceEvent
from lmscompliance.records.report import ImportReport, Person
from lmscompliance.rules.class_life import OVER
from lmscompliance.rules.reported import SECOND_US, Event, Reported, sessions, union_seconds
from lmscompliance.services import Services
from lmscompliance.storage.statements import table
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries

FORMATS = ("moodle-log", "xapi", "cmi5")
IP_PLACE = "compliance_reported_session.ip"
ACTOR_PLACE = "compliance_reported_session.actor"
_BLIND = "reported.row"
_ROW_PLACE = f"{ReportedRow.__tablename__}.row_sealed"
_AT_ONCE = 200
_ADDRESSES = 10
"""Of more addresses than this within one session the further ones are left out of its record."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to import and how to read it. ``order`` is of ``moodle_time.ORDERS`` or empty.

    ``users`` and ``lessons`` are mapping files; ``zone`` is where a log without time zones was exported.
    """

    path: Path
    format: str
    users: Path | None = None
    lessons: Path | None = None
    order: str = ""
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class _Batch:
    """An import that is under way."""

    id: str
    class_id: str
    format: str


@dataclass(slots=True)
class _Share:
    """What the file says of one enrolled person."""

    enrolment_id: str
    ordinal: int
    user: str
    events: list[tuple[SourceEvent, str, list[str]]]
    """Each with its lesson and the digests its row may be known by, by time."""
    new: dict[str, None]
    """Identities of the rows nobody imported yet; personal, never shown."""
    made: list[Reported]


def import_records(
    services: Services, class_code: str, source: Source, *, check: bool = False
) -> ImportReport:
    """Import a file as reported sessions of a class; with ``check`` only say what would be imported.

    A row that was imported before, from this or another file, adds nothing. Each person is one transaction:
    if the process dies, what was committed stays, and importing the file again does the rest. Raises
    ``NotFound`` for the class, ``InvalidInput`` for a file that cannot be read, ``Conflict`` when the class
    is closed or another import of the same rows runs.
    """
    with reading(services.database) as session:
        class_ = queries.class_by_code(session, class_code)
        notice = queries.notice_of(session, class_)
        roster = queries.open_roster(session, services.vault, class_.id)
        plan = queries.lessons(session, class_.id)
    if class_.status in OVER:
        raise Conflict("training.class_closed", code=class_.code)
    people, lessons = People(roster, source.users), Lessons(plan, source.lessons)
    read = _read(services, source, (class_.window_start, class_.window_end))
    findings = list(read.findings)
    kept = _plausible(read, to_micros(services.clock.now()) // SECOND_US, findings)
    matched, missing = people.match(one.actor for one in kept)
    codes = {one.actor.key: one.code for one in missing}
    by_enrolment: dict[str, _Share] = {}
    for event in kept:
        one = matched.get(event.actor.key)
        if one is None:
            value = " / ".join(dict.fromkeys(event.actor.handles)) or event.actor.key
            findings.append(Finding(event.row, "user", value, codes[event.actor.key]))
            continue
        share = by_enrolment.setdefault(
            one.enrolment_id,
            _Share(one.enrolment_id, one.ordinal, event.actor.name or event.actor.key, [], {}, []),
        )
        digests = services.vault.blinds(_BLIND, event.identity)
        share.events.append((event, lessons.of(event), digests))
    shares = sorted(by_enrolment.values(), key=lambda share: share.ordinal)
    idle = notice.reported.idle_minutes * 60
    with reading(services.database) as session:
        for share in shares:
            _make(share, _known(session, share.enrolment_id), idle)
    report = ImportReport(
        file=source.path.name,
        format=source.format,
        rows=read.rows,
        passed=read.passed,
        idle_minutes=notice.reported.idle_minutes,
        credited=notice.reported.credited,
        people=[_person(share) for share in shares],
        findings=sorted(findings, key=lambda one: (one.row, one.code)),
        date_order=read.date_order,
    )
    if check or not report.sessions:
        return report
    return replace(report, batch=_write(services, class_.id, source, report, shares))


def reported(session: Session, class_id: str, enrolment_ids: Iterable[str]) -> dict[str, list[Reported]]:
    """Return each enrolment's reported sessions by start; every id asked for is a key."""
    found: dict[str, list[Reported]] = {one: [] for one in enrolment_ids}
    ids = list(found)
    for some in (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE)):
        rows = session.execute(
            select(ReportedSession)
            .where(ReportedSession.class_id == class_id, ReportedSession.enrolment_id.in_(some))
            .order_by(ReportedSession.start_at, ReportedSession.record_id)
        ).scalars()
        for row in rows:
            found[row.enrolment_id].append(
                Reported(
                    record=row.record_id,
                    lesson=row.lesson_id,
                    start_s=to_micros(row.start_at) // SECOND_US,
                    end_s=to_micros(row.end_at) // SECOND_US,
                    idle_seconds=row.idle_seconds,
                    moments=tuple(
                        (int(a), int(b)) for a, b in (m.split(",") for m in row.moments.split(";"))
                    ),
                    format=row.format,
                )
            )
    return found


def _read(services: Services, source: Source, period: tuple[datetime, datetime]) -> Reading:
    if source.format not in FORMATS:
        raise InvalidInput("records.format", format=source.format, formats=FORMATS)
    if source.format != "moodle-log":
        return statements.read(source.path, cmi5=source.format == "cmi5")
    try:
        zone = ZoneInfo(source.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput("records.zone", zone=source.zone) from error
    return moodle.read(source.path, zone, services.clock.now(), source.order, period)


def _plausible(read: Reading, now_s: int, findings: list[Finding]) -> list[SourceEvent]:
    kept = []
    for event in read.events:
        if event.at_s + event.length_s > now_s:
            findings.append(
                Finding(event.row, "time", from_micros(event.at_s * SECOND_US).isoformat(), "in_future")
            )
        else:
            kept.append(event)
    return kept


def _known(session: Session, enrolment_id: str) -> set[str]:
    return set(session.scalars(select(ReportedRow.row_blind).where(ReportedRow.enrolment_id == enrolment_id)))


def _make(share: _Share, known: set[str], idle_seconds: int) -> None:
    """Make sessions of the rows nobody imported yet.

    A known row right before a new one is where the new session begins, as its instant alone, and one right
    after a new one is where it ends: so a log that was exported twice, the second time longer, loses no time
    and doubles none. Rows of one instant come in their order in the file, which may run backwards.
    """
    if share.events[0][0].at_s > share.events[-1][0].at_s:
        share.events.reverse()
    share.events.sort(key=lambda entry: (entry[0].at_s, entry[0].length_s))
    events: list[Event] = []
    before: dict[str, tuple[SourceEvent, str]] = {}
    after: dict[str, int] = {}
    for turn, (source, lesson, digests) in enumerate(share.events):
        if not known.isdisjoint(digests):
            before[source.group] = (source, lesson)
            if source.at_s - after.pop(source.group, source.at_s) in range(1, idle_seconds + 1):
                events.append(Event(source.at_s, 0, "", source.group, turn))
            continue
        if source.identity in share.new:
            continue
        share.new[source.identity] = None
        if source.group in before:
            last, of = before.pop(source.group)
            end = last.at_s + last.length_s
            if end <= source.at_s <= end + idle_seconds:
                events.append(Event(end, 0, of, source.group, turn))
        events.append(Event(source.at_s, source.length_s, lesson, source.group, turn))
        after[source.group] = max(after.get(source.group, 0), source.at_s + source.length_s)
    share.made = sessions(events, idle_seconds)


def _person(share: _Share) -> Person:
    return Person(
        enrolment=share.enrolment_id,
        ordinal=share.ordinal,
        user=share.user,
        events=len(share.events),
        new=sum(event.identity in share.new for event, _, _ in share.events),
        sessions=len(share.made),
        seconds=union_seconds(share.made),
        mapped_lessons=len({one.lesson for one in share.made} - {""}),
    )


def _write(
    services: Services, class_id: str, source: Source, report: ImportReport, shares: Sequence[_Share]
) -> str:
    """Announce the import in the class's stream, then write person by person; return the batch's id.

    If the process dies in between, the announcement names more sessions than there are, which is the truth
    about that attempt; the next import of the file is a batch of its own with the rest.
    """
    batch = services.ids.new()
    now = services.clock.now()
    with transaction(services.database) as session:
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="records.imported",
            at=now,
            body={
                "batch": batch,
                "format": source.format,
                "source_sha256": hashlib.sha256(source.path.read_bytes()).hexdigest(),
                "rows": report.rows,
                "events": report.events - report.known,
                "sessions": report.sessions,
                "people": len(report.enrolments),
                "findings": len(report.findings),
                "idle_seconds": report.idle_minutes * 60,
            },
            disclose={"file": source.path.name},
        )
    for share in shares:
        if share.made:
            try:
                with transaction(services.database) as session:
                    _write_share(session, services, _Batch(batch, class_id, source.format), share)
            except IntegrityError:
                raise Conflict("records.at_once", file=source.path.name) from None
    return batch


def _write_share(session: Session, services: Services, batch: _Batch, share: _Share) -> None:
    # The rows first: a second import of them stops here, before any session of theirs is there twice.
    vault = services.vault
    keys = [
        {
            "enrolment_id": share.enrolment_id,
            "row_blind": vault.blind(_BLIND, one),
            "row_sealed": vault.seal(_ROW_PLACE, one),
            "batch_id": batch.id,
        }
        for one in share.new
    ]
    session.execute(insert(table(ReportedRow)), keys)
    addresses = _addresses(share)
    for one in share.made:
        record = services.ids.new()
        ip = addresses(one)
        start, end = from_micros(one.start_s * SECOND_US), from_micros(one.end_s * SECOND_US)
        now = services.clock.now()
        session.add(
            ReportedSession(
                enrolment_id=share.enrolment_id,
                record_id=record,
                class_id=batch.class_id,
                batch_id=batch.id,
                format=batch.format,
                lesson_id=one.lesson,
                start_at=start,
                end_at=end,
                idle_seconds=one.idle_seconds,
                moments=";".join(f"{offset},{length}" for offset, length in one.moments),
                ip_sealed=services.vault.seal(IP_PLACE, ip),
                actor_sealed=services.vault.seal(ACTOR_PLACE, share.user),
                recorded_at=now,
            )
        )
        evidence.record(
            session,
            services,
            class_id=batch.class_id,
            stream=evidence.enrolment_stream(share.enrolment_id),
            type="record.reported",
            at=now,
            body={
                "record": record,
                "batch": batch.id,
                "format": batch.format,
                "lesson": one.lesson,
                "start_us": to_micros(start),
                "end_us": to_micros(end),
                "idle_seconds": one.idle_seconds,
                "moments": [[offset, length] for offset, length in one.moments],
            },
            disclose={"actor": share.user, "ip": ip},
        )


def _addresses(share: _Share) -> Callable[[Reported], str]:
    """Return a function that tells the addresses of the rows that lie in a session."""
    by_group: dict[str, list[SourceEvent]] = defaultdict(list)
    for event, _, _ in share.events:
        if event.ip:
            by_group[event.group].append(event)

    def inside(one: Reported) -> str:
        found = (event.ip for event in by_group[one.group] if one.start_s <= event.at_s <= one.end_s)
        return "；".join(list(dict.fromkeys(found))[:_ADDRESSES])

    return inside
