"""Reads enrolment streams, one trainee at a time: registration, sessions, attempts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from lmscompliance.rules import ledger_attempts, ledger_certificates, ledger_corrections, ledger_quizzes
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.attendance import PURPOSES, SIGNS, Mark
from lmscompliance.rules.facts import (
    MARKS,
    Beat,
    MarkFact,
    PresenceFact,
    Segment,
    SessionFact,
    SignFact,
)
from lmscompliance.rules.ledger_body import BadFact, Body
from lmscompliance.rules.ledger_class import Unknown
from lmscompliance.rules.ledger_facts import (
    ClassRecord,
    Record,
    SessionRecord,
    TraineeRecord,
)
from lmscompliance.rules.ledger_identity import (
    read_corrected,
    read_merged,
    read_registered,
    read_separated,
    read_suspicion,
    read_verified,
    read_yields,
)
from lmscompliance.rules.ledger_proofs import read_added, read_reviewed
from lmscompliance.rules.ledger_reported import read_session
from lmscompliance.rules.ledger_steps import read_steps


def read_trainees(records: Iterable[Record], known: ClassRecord, unknown: Unknown) -> Iterator[TraineeRecord]:
    """Yield each trainee of ``records``, which hold whole enrolment streams one after the other.

    Raises ``BadFact`` for a leaf that does not say what it must or a stream no enrolment was recorded for.
    """
    for stream, group in groupby(records, key=lambda record: record.leaf.stream):
        enrolment = stream.removeprefix("enrolment/")
        trainee = TraineeRecord(enrolment, known.enrolments.get(enrolment, -1))
        for record in group:
            if trainee.ordinal < 0:
                raise BadFact(record.leaf, "the class's stream records no such enrolment")
            if awarded := _AWARDED.get(record.leaf.t):
                # Follows from what was judged and changes nothing in it.
                awarded(trainee, record, Body(record.leaf))
            elif reader := _TRAINEE.get(record.leaf.t):
                reader(trainee, record, Body(record.leaf))
                trainee.changed_us = max(trainee.changed_us, record.leaf.at_us)
                trainee.changes += 1
            elif record.leaf.t not in _TRAINEE_IGNORED:
                unknown(record.leaf)
        yield trainee


def _registered(trainee: TraineeRecord, record: Record, body: Body) -> None:
    trainee.registered_us = body.whole("registered_us")
    read_registered(trainee, body)
    trainee.name = record.text("name")
    trainee.sex = record.text("sex")
    trainee.id_number = record.text("id_number")
    trainee.phone = record.text("phone")
    trainee.department = record.text("department")
    trainee.household = record.text("household")


def _activated(trainee: TraineeRecord, record: Record, body: Body) -> None:
    trainee.activated_us = body.whole("activated_us")
    trainee.consent_version = body.inner("consent").text("version")
    trainee.address = record.text("ip")


def _session_opened(trainee: TraineeRecord, record: Record, body: Body) -> None:
    session = body.text("session")
    if session in trainee.sessions:
        msg = "the session is opened twice"
        raise body.refuse(msg)
    opened = SessionRecord(SessionFact(session, body.text("lesson"), body.whole("opened_us")))
    trainee.sessions[session] = opened
    _seen(opened, record)


def _session_segment(trainee: TraineeRecord, record: Record, body: Body) -> None:
    session = _session(trainee, body, late=body.maybe_whole("arrived_us") is not None)
    segment = Segment(
        session=session.fact.session,
        n=body.whole("n"),
        start_us=body.whole("start_us"),
        end_us=body.whole("end_us"),
        closed_by=body.text("closed_by"),
        beats=_beats(body),
        arrived_us=body.maybe_whole("arrived_us"),
    )
    if segment.n != len(session.fact.segments):
        msg = f"segment {segment.n} follows {len(session.fact.segments)} segments"
        raise body.refuse(msg)
    _change(session, segments=(*session.fact.segments, segment))
    if session.fact.closed_us is not None:
        _change(session, closed_us=max(session.fact.closed_us, segment.end_us))
    _seen(session, record)


def _beats(body: Body) -> tuple[Beat, ...]:
    marks = {seq: mark for mark in MARKS for seq in body.maybe_wholes(mark)}
    return tuple(
        Beat(seq, offset, position, state, marks.get(seq, ""))
        for seq, offset, position, state in body.tuples("beats", int, int, int, str)
    )


def _session_superseded(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    # Late beats can reach into another class's session after the end was written.
    _change(_session(trainee, body, late=True), superseded_us=body.whole("superseded_us"))


def _session_closed(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    session = _session(trainee, body)
    if body.whole("segments") != len(session.fact.segments):
        msg = f"it counts {body.whole('segments')} segments, {len(session.fact.segments)} are there"
        raise body.refuse(msg)
    _change(session, closed_us=body.whole("closed_us"), close_reason=body.text("reason"))


def _presence_issued(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    check, number = body.text("check"), body.whole("number")
    if number != len(trainee.checks) or any(
        one.check == check or one.decided_us is None for one in trainee.checks.values()
    ):
        msg = "a presence check is out of order, issued twice, or issued while another is open"
        raise body.refuse(msg)
    session = trainee.sessions.get(body.text("session"))
    if session is None:
        msg = "the session was never opened"
        raise body.refuse(msg)
    trainee.checks[check] = PresenceFact(
        check=check,
        number=number,
        session=session.fact.session,
        issued_us=body.whole("issued_us"),
        until_us=body.whole("until_us"),
        asked=body.flag("asked"),
    )


def _presence_answered(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    check, answered_us = _open_check(trainee, body), body.whole("answered_us")
    if not check.issued_us <= answered_us <= check.until_us:
        msg = "the answer lies outside the time for it"
        raise body.refuse(msg)
    trainee.checks[check.check] = replace(check, decided_us=answered_us, passed=body.flag("passed"))


def _presence_missed(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    check = _open_check(trainee, body)
    if body.whole("until_us") != check.until_us:
        msg = "it was to be answered until another moment"
        raise body.refuse(msg)
    trainee.checks[check.check] = replace(check, decided_us=check.until_us)


def _unlocked(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    trainee.unlocked_us = body.whole("unlocked_us")


def _locked(trainee: TraineeRecord, _record: Record, body: Body) -> None:
    trainee.locked_us = body.whole("locked_us")


def _lock_lifted(trainee: TraineeRecord, _record: Record, _body: Body) -> None:
    trainee.locked_us = None


def _signed(trainee: TraineeRecord, record: Record, body: Body) -> None:
    sign = SignFact(body.text("lesson"), body.text("purpose"), body.whole("signed_us"))
    if sign.purpose not in PURPOSES:
        msg = f"'{sign.purpose}' is neither in nor out"
        raise body.refuse(msg)
    trainee.signs.append(sign)
    addresses = trainee.sign_addresses.setdefault(sign.lesson, [])
    if (address := record.text("ip")) and address not in addresses:
        addresses.append(address)


def _marked(trainee: TraineeRecord, record: Record, body: Body) -> None:
    mark = body.text("mark")
    if mark not in set(Mark):
        msg = f"'{mark}' is not a mark"
        raise body.refuse(msg)
    entry = MarkFact(
        body.text("lesson"),
        mark,
        body.whole("marked_us"),
        body.maybe_whole("in_us"),
        body.maybe_whole("out_us"),
    )
    trainee.marks.append(entry)
    said = f"{words.moment(entry.marked_us)} {record.text('by')} 登记“{SIGNS[Mark(mark)]}”"
    reason = record.text("reason")
    trainee.entries.setdefault(entry.lesson, []).append(f"{said}：{reason}" if reason else said)


_TRAINEE = {
    "attendance.signed": _signed,
    "attendance.marked": _marked,
    "trainee.registered": _registered,
    "trainee.activated": _activated,
    "session.opened": _session_opened,
    "session.segment": _session_segment,
    "session.steps": read_steps,
    "session.superseded": _session_superseded,
    "session.closed": _session_closed,
    "presence.issued": _presence_issued,
    "presence.answered": _presence_answered,
    "presence.missed": _presence_missed,
    "credit.corrected": ledger_corrections.read_correction,
    "dispute.opened": ledger_corrections.read_opened,
    "dispute.decided": ledger_corrections.read_decided,
    "exam.unlocked": _unlocked,
    "exam.locked": _locked,
    "presence.accommodation": ledger_attempts.read_accommodation,
    "attempt.opened": ledger_attempts.read_opened,
    "attempt.submitted": ledger_attempts.read_submitted,
    "attempt.graded": ledger_attempts.read_graded,
    "attempt.marked": ledger_attempts.read_marked,
    "attempt.regraded": ledger_attempts.read_regraded,
    "exam.lock_lifted": _lock_lifted,
    "quiz.opened": ledger_quizzes.read_opened,
    "quiz.submitted": ledger_quizzes.read_submitted,
    "attempt.photo": ledger_attempts.read_photo,
    "attempt.void_requested": ledger_attempts.read_void_requested,
    "attempt.void_decided": ledger_attempts.read_void_decided,
    "record.reported": read_session,
    "identity.verified": read_verified,
    "identity.suspicion": read_suspicion,
    "identity.corrected": read_corrected,
    "identity.merged": read_merged,
    "identity.separated": read_separated,
    "credit.yields": read_yields,
    "proof.added": read_added,
    "proof.reviewed": read_reviewed,
}
_AWARDED = {
    "certificate.issued": ledger_certificates.read_issued,
    "certificate.revoked": ledger_certificates.read_revoked,
}
_TRAINEE_IGNORED = frozenset(
    {
        "consent.given",
        "consent.withdrawn",
        "correction.asked",
        "correction.decided",
        "notice.read",
    }
)


def _session(trainee: TraineeRecord, body: Body, *, late: bool = False) -> SessionRecord:
    """Return the session that ``body`` is about; a closed one takes only what may come ``late``."""
    session = trainee.sessions.get(body.text("session"))
    if session is None:
        msg = "the session was never opened"
        raise body.refuse(msg)
    if session.fact.closed_us is not None and not late:
        msg = "the session is already closed"
        raise body.refuse(msg)
    return session


def _open_check(trainee: TraineeRecord, body: Body) -> PresenceFact:
    check = trainee.checks.get(body.text("check"))
    if check is None or check.decided_us is not None:
        msg = "the presence check was never issued, or is already decided"
        raise body.refuse(msg)
    return check


def _seen(session: SessionRecord, record: Record) -> None:
    for name, seen in (("ip", session.addresses), ("agent", session.agents)):
        text = record.text(name)
        if text and text not in seen:
            seen.append(text)


def _change(session: SessionRecord, **changes: Any) -> None:
    fact = session.fact
    values = {name: getattr(fact, name) for name in fact.__slots__} | changes
    session.fact = SessionFact(**values)
