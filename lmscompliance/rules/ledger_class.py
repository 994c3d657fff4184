"""Reads a class's own stream: filing, plan, exam, enrolments, snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lmscompliance.rules import ledger_claims, ledger_live
from lmscompliance.rules.blueprint import Part
from lmscompliance.rules.facts import MODES, OFFLINE, ONLINE, ClassFact, LessonFact
from lmscompliance.rules.ledger_body import BadFact, Body
from lmscompliance.rules.ledger_facts import Blueprint, ClassRecord, Confirmation, Record, Snapshot
from lmscompliance.rules.ledger_filing import read_declared, read_document
from lmscompliance.rules.ledger_quizzes import read_set
from lmscompliance.rules.ledger_reported import read_batch
from lmscompliance.rules.ledger_steps import SIMULATION
from lmscompliance.tlog.leaf import Leaf

Unknown = Callable[[Leaf], None]


def read_class(records: Iterable[Record], unknown: Unknown) -> ClassRecord:
    """Read the class's own stream; ``unknown`` is told of leaf types this release does not know.

    Raises ``BadFact`` for a leaf that does not say what it must, ``ValueError`` when the class was never
    filed.
    """
    found: ClassRecord | None = None
    for record in records:
        leaf = record.leaf
        with_body = Body(leaf)
        if leaf.t == "class.filed" and found is None:
            found = _filed(record, with_body)
        elif found is None:
            raise BadFact(leaf, "a class's stream begins with class.filed")
        elif reader := _CLASS.get(leaf.t):
            reader(found, record, with_body)
        elif leaf.t not in _CLASS_IGNORED:
            unknown(leaf)
    if found is None:
        msg = "the class has no entries"
        raise ValueError(msg)
    found.enrolments = dict(sorted(found.enrolments.items(), key=lambda item: (item[1], item[0])))
    return found


def _filed(record: Record, body: Body) -> ClassRecord:
    policy, window = body.inner("policy"), body.inner("window")
    return ClassRecord(
        fact=ClassFact(
            id=record.leaf.class_id,
            code=body.text("code"),
            title=body.text("title"),
            policy_id=policy.text("id"),
            policy_version=policy.whole("version"),
            policy_digest=policy.text("digest"),
            window_start_us=window.whole("start_us"),
            window_end_us=window.whole("end_us"),
        ),
        policy_status=policy.text("status"),
        district=body.text("district"),
        enterprise_name=record.text("enterprise_name"),
        enterprise_uscc=record.text("enterprise_uscc"),
    )


def _approved(found: ClassRecord, _record: Record, body: Body) -> None:
    fact = found.fact
    found.filing_number = body.maybe_text("filing_number")
    found.fact = ClassFact(
        id=fact.id,
        code=fact.code,
        title=fact.title,
        policy_id=fact.policy_id,
        policy_version=fact.policy_version,
        policy_digest=fact.policy_digest,
        window_start_us=fact.window_start_us,
        window_end_us=fact.window_end_us,
        approved_us=body.whole("approved_us"),
    )


def _plan(found: ClassRecord, record: Record, body: Body) -> None:
    found.plan_version = body.whole("version")
    lessons = [
        LessonFact(
            id=lesson.text("id"),
            ordinal=lesson.whole("ordinal"),
            topic=lesson.text("topic"),
            course=lesson.text("course"),
            title=lesson.text("title"),
            delivery=lesson.text("delivery"),
            class_hours=lesson.exact("class_hours"),
            planned_seconds=lesson.whole("planned_seconds"),
            mode=_mode(lesson),
            starts_us=lesson.maybe_whole("starts_us"),
            ends_us=lesson.maybe_whole("ends_us"),
            place=lesson.maybe_text("place"),
        )
        for lesson in body.items("lessons")
    ]
    found.lessons = tuple(sorted(lessons, key=lambda lesson: (lesson.ordinal, lesson.id)))
    found.simulations |= {
        lesson.text("id")
        for lesson in body.items("lessons")
        if lesson.maybe_text("content_kind") == SIMULATION
    }
    teachers = {lesson.id: record.text(f"teacher{lesson.ordinal:03}") for lesson in lessons}
    found.teachers = {lesson: name for lesson, name in teachers.items() if name}


def _mode(lesson: Body) -> str:
    mode = lesson.maybe_text("mode") or ONLINE
    if mode not in MODES:
        msg = f"'{mode}' is not a mode of teaching"
        raise lesson.refuse(msg)
    return mode


def _exam(found: ClassRecord, record: Record, body: Body) -> None:
    version = body.whole("version")
    if version in found.blueprints:
        msg = "the version of the blueprint is published twice"
        raise body.refuse(msg)
    found.blueprints[version] = Blueprint(
        id=body.text("blueprint"),
        version=version,
        full_marks=body.exact("full_marks"),
        duration_seconds=body.whole("duration_seconds"),
        parts=tuple(
            Part(
                topic=part.text("topic"),
                kind=part.text("kind"),
                count=part.whole("count"),
                points=part.exact("points"),
                level=part.maybe_text("level") or "",
            )
            for part in body.items("parts")
        ),
        published_us=record.leaf.at_us,
        topics=tuple(dict.fromkeys(lesson.topic for lesson in found.lessons)),
    )


def _cosigned(found: ClassRecord, record: Record, body: Body) -> None:
    lesson, at_us = body.text("lesson"), body.whole("cosigned_us")
    if all(one.id != lesson or one.mode != OFFLINE for one in found.lessons):
        msg = "the plan has no such offline lesson"
        raise body.refuse(msg)
    found.confirmed.setdefault(lesson, (at_us, record.text("by")))
    marks = {str(enrolment): str(mark) for enrolment, mark in body.tuples("marks", str, str)}
    found.confirmations.append(Confirmation(lesson, at_us, marks))


def _content_changed(found: ClassRecord, _record: Record, body: Body) -> None:
    if body.maybe_text("kind") == SIMULATION:
        found.simulations.add(body.text("lesson"))


def _enrolled(found: ClassRecord, _record: Record, body: Body) -> None:
    if body.text("enrolment") in found.enrolments:
        msg = "the enrolment is recorded twice"
        raise body.refuse(msg)
    found.enrolments[body.text("enrolment")] = body.whole("ordinal")


def _heads(found: ClassRecord, record: Record, body: Body) -> None:
    page, pages = body.whole("page"), body.whole("pages")
    snapshot = found.snapshot
    if snapshot is None or snapshot.id != body.text("snapshot"):
        snapshot = Snapshot(body.text("snapshot"), record.leaf.at_us, body.text("purpose"), pages)
        found.snapshot = snapshot
    if pages != snapshot.pages or not 0 <= page <= pages:
        msg = "the pages of the snapshot do not fit together"
        raise body.refuse(msg)
    for stream, count, head in body.tuples("heads", str, int, str):
        if stream in snapshot.heads:
            msg = f"the stream {stream} is listed twice"
            raise body.refuse(msg)
        snapshot.heads[stream] = (count, head)


def _platform(found: ClassRecord, _record: Record, body: Body) -> None:
    found.platform_name = body.text("name")
    found.recognition_number = body.maybe_text("recognition_number")
    found.platforms.append((found.platform_name, found.recognition_number))


def _closed(found: ClassRecord, _record: Record, body: Body) -> None:
    found.closed_us = body.whole("closed_us")


_CLASS = {
    "class.approved": _approved,
    "plan.published": _plan,
    "exam.published": _exam,
    "lesson.content_changed": _content_changed,
    "attendance.cosigned": _cosigned,
    "live.started": ledger_live.read_started,
    "live.ended": ledger_live.read_ended,
    "enrolment.created": _enrolled,
    "class.heads": _heads,
    "platform.declared": _platform,
    "class.closed": _closed,
    "records.imported": read_batch,
    "filing.document_added": read_document,
    "filing.declared": read_declared,
    "claim.project_set": ledger_claims.read_project,
    "claim.lines": ledger_claims.read_lines,
    "claim.submitted": ledger_claims.read_submitted,
    "claim.returned": ledger_claims.read_returned,
    "claim.decided": ledger_claims.read_decided,
    "claim.money": ledger_claims.read_money,
    "lesson.quiz_set": read_set,
}
_CLASS_IGNORED = frozenset(
    {
        "export.recorded",
        "export.signed",
        "class.step",
        "details.revealed",
        "filing.dispatched",
        "filing.decision_stated",
        "filing.judged",
        "filing.licence_stated",
        "filing.project_chosen",
        "plan.mapped",
        "filing.acknowledged",
        "notice.published",
        "claim.list_imported",
        "plan.excepted",
        "attendance.printed",
        "attendance.scanned",
        "anomaly.decided",
        "network.declared",
        "auditor.link_made",
        "auditor.link_revoked",
        "auditor.link_used",
        "network.withdrawn",
        "retention.held",
        "retention.released",
        "retention.purged",
    }
)
"""Recorded in the class's stream, and of no consequence for any cell."""
