"""Reads a class's sealed leaves and opened disclosures into the facts a ledger is made of.

Records come in the bundle's order: first the class's own stream, then each enrolment's stream in the order
of enrolment, each stream from entry 0 on. So one trainee at a time stands in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.facts import AttemptFact, Beat, ClassFact, LessonFact, Segment, SessionFact
from lmscompliance.tlog.leaf import Leaf

WITHHELD = "〔未披露〕"
"""Stands wherever a value was recorded as a digest but is not disclosed (withheld, or erased)."""


class BadFact(ValueError):
    """A leaf does not say what its type must say; names the entry."""

    def __init__(self, leaf: Leaf, reason: str) -> None:
        """Keep which entry it is."""
        super().__init__(f"{leaf.stream} #{leaf.n} ({leaf.t}): {reason}")
        self.leaf = leaf
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Record:
    """A leaf together with those of its withheld values that are disclosed."""

    leaf: Leaf
    values: Mapping[str, Json] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the disclosed text ``name``: ``WITHHELD`` if not disclosed, empty if never recorded."""
        if name not in self.leaf.d:
            return ""
        value = self.values.get(name, WITHHELD)
        return value if isinstance(value, str) else "" if value is None else str(value)


@dataclass(slots=True)
class Blueprint:
    """The published exam of a class."""

    id: str
    version: int
    full_marks: Decimal
    duration_seconds: int
    parts: tuple[tuple[str, str, int, Decimal], ...]
    """Topic, kind, count and points each."""


@dataclass(slots=True)
class Snapshot:
    """The listing of all enrolment streams that says what a complete class is."""

    id: str
    at_us: int
    purpose: str
    pages: int
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Stream → number of entries, base64 leaf hash of the last."""


@dataclass(slots=True)
class ClassRecord:
    """Everything the class's own stream says."""

    fact: ClassFact
    policy_status: str
    district: str
    enterprise_name: str
    enterprise_uscc: str
    filing_number: str = ""
    plan_version: int = 0
    lessons: tuple[LessonFact, ...] = ()
    blueprint: Blueprint | None = None
    enrolments: dict[str, int] = field(default_factory=dict)
    """Enrolment id → ordinal, in the order of ordinals."""
    platform_name: str = ""
    recognition_number: str = ""
    closed_us: int | None = None
    snapshot: Snapshot | None = None


@dataclass(slots=True)
class SessionRecord:
    """A learning session with the addresses and devices it came from, in order of appearance."""

    fact: SessionFact
    addresses: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)


@dataclass(slots=True)
class AttemptRecord:
    """An exam attempt with its frozen paper; ``items`` holds ``None`` where a question is not disclosed."""

    fact: AttemptFact
    address: str
    items: list[Mapping[str, Json] | None]
    answers: Sequence[Json] | None = None


@dataclass(slots=True)
class TraineeRecord:
    """Everything one enrolment's stream says."""

    enrolment: str
    ordinal: int
    name: str = ""
    sex: str = ""
    id_number: str = ""
    phone: str = ""
    department: str = ""
    household: str = ""
    registered_us: int | None = None
    verification: tuple[str, str, int | None] = ("", "", None)
    """Method, result, instant."""
    activated_us: int | None = None
    consent_version: str = ""
    address: str = ""
    sessions: dict[str, SessionRecord] = field(default_factory=dict)
    attempts: dict[str, AttemptRecord] = field(default_factory=dict)
    unlocked_us: int | None = None
    locked_us: int | None = None


Unknown = Callable[[Leaf], None]


def read_class(records: Iterable[Record], unknown: Unknown) -> ClassRecord:
    """Read the class's own stream; ``unknown`` is told of leaf types this release does not know.

    Raises ``BadFact`` for a leaf that does not say what it must, ``ValueError`` when the class was never
    filed.
    """
    found: ClassRecord | None = None
    for record in records:
        leaf = record.leaf
        with_body = _Body(leaf)
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
            if reader := _TRAINEE.get(record.leaf.t):
                reader(trainee, record, _Body(record.leaf))
            elif record.leaf.t not in _TRAINEE_IGNORED:
                unknown(record.leaf)
        yield trainee


class _Body:
    """Typed access to a leaf's body."""

    def __init__(self, leaf: Leaf, body: Mapping[str, Json] | None = None) -> None:
        self._leaf = leaf
        self._body = leaf.body if body is None else body

    def text(self, name: str) -> str:
        return self._typed(name, str)  # type: ignore[no-any-return]  # _typed checks it

    def whole(self, name: str) -> int:
        return self._typed(name, int)  # type: ignore[no-any-return]  # _typed checks it

    def flag(self, name: str) -> bool:
        return self._typed(name, bool)  # type: ignore[no-any-return]  # _typed checks it

    def maybe_whole(self, name: str) -> int | None:
        return None if self._body.get(name) is None else self.whole(name)

    def maybe_text(self, name: str) -> str:
        return "" if self._body.get(name) is None else self.text(name)

    def exact(self, name: str) -> Decimal:
        try:
            value = Decimal(self.text(name))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            raise BadFact(self._leaf, f"'{name}' is not a decimal")
        return value

    def inner(self, name: str) -> _Body:
        return _Body(self._leaf, self._typed(name, dict))

    def items(self, name: str) -> list[_Body]:
        entries = self._typed(name, list)
        if not all(isinstance(entry, dict) for entry in entries):
            raise BadFact(self._leaf, f"'{name}' is not a list of objects")
        return [_Body(self._leaf, entry) for entry in entries]

    def tuples(self, name: str, *types: type) -> list[list[Any]]:
        entries = self._typed(name, list)
        for entry in entries:
            if not isinstance(entry, list) or tuple(type(part) for part in entry) != types:
                raise BadFact(self._leaf, f"'{name}' has an entry of the wrong form")
        return entries  # type: ignore[no-any-return]  # each entry was checked just above

    def refuse(self, reason: str) -> BadFact:
        return BadFact(self._leaf, reason)

    def _typed(self, name: str, wanted: type) -> Any:
        value = self._body.get(name)
        if type(value) is not wanted:
            raise BadFact(self._leaf, f"'{name}' is missing or of the wrong kind")
        return value


def _filed(record: Record, body: _Body) -> ClassRecord:
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


def _approved(found: ClassRecord, _record: Record, body: _Body) -> None:
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


def _plan(found: ClassRecord, _record: Record, body: _Body) -> None:
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
        )
        for lesson in body.items("lessons")
    ]
    found.lessons = tuple(sorted(lessons, key=lambda lesson: (lesson.ordinal, lesson.id)))


def _exam(found: ClassRecord, _record: Record, body: _Body) -> None:
    found.blueprint = Blueprint(
        id=body.text("blueprint"),
        version=body.whole("version"),
        full_marks=body.exact("full_marks"),
        duration_seconds=body.whole("duration_seconds"),
        parts=tuple(
            (part.text("topic"), part.text("kind"), part.whole("count"), part.exact("points"))
            for part in body.items("parts")
        ),
    )


def _enrolled(found: ClassRecord, _record: Record, body: _Body) -> None:
    if body.text("enrolment") in found.enrolments:
        msg = "the enrolment is recorded twice"
        raise body.refuse(msg)
    found.enrolments[body.text("enrolment")] = body.whole("ordinal")


def _heads(found: ClassRecord, record: Record, body: _Body) -> None:
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


def _platform(found: ClassRecord, _record: Record, body: _Body) -> None:
    found.platform_name = body.text("name")
    found.recognition_number = body.maybe_text("recognition_number")


def _closed(found: ClassRecord, _record: Record, body: _Body) -> None:
    found.closed_us = body.whole("closed_us")


_CLASS = {
    "class.approved": _approved,
    "plan.published": _plan,
    "exam.published": _exam,
    "enrolment.created": _enrolled,
    "class.heads": _heads,
    "platform.declared": _platform,
    "class.closed": _closed,
}
_CLASS_IGNORED = frozenset({"export.recorded"})


def _registered(trainee: TraineeRecord, record: Record, body: _Body) -> None:
    trainee.registered_us = body.whole("registered_us")
    verification = body.inner("verification")
    trainee.verification = (
        verification.text("method"),
        verification.text("result"),
        verification.maybe_whole("at_us"),
    )
    trainee.name = record.text("name")
    trainee.sex = record.text("sex")
    trainee.id_number = record.text("id_number")
    trainee.phone = record.text("phone")
    trainee.department = record.text("department")
    trainee.household = record.text("household")


def _activated(trainee: TraineeRecord, record: Record, body: _Body) -> None:
    trainee.activated_us = body.whole("activated_us")
    trainee.consent_version = body.inner("consent").text("version")
    trainee.address = record.text("ip")


def _session_opened(trainee: TraineeRecord, record: Record, body: _Body) -> None:
    session = body.text("session")
    if session in trainee.sessions:
        msg = "the session is opened twice"
        raise body.refuse(msg)
    opened = SessionRecord(SessionFact(session, body.text("lesson"), body.whole("opened_us")))
    trainee.sessions[session] = opened
    _seen(opened, record)


def _session_segment(trainee: TraineeRecord, record: Record, body: _Body) -> None:
    session = _session(trainee, body)
    segment = Segment(
        session=session.fact.session,
        n=body.whole("n"),
        start_us=body.whole("start_us"),
        end_us=body.whole("end_us"),
        closed_by=body.text("closed_by"),
        beats=tuple(Beat(*beat) for beat in body.tuples("beats", int, int, int, str)),
    )
    if segment.n != len(session.fact.segments):
        msg = f"segment {segment.n} follows {len(session.fact.segments)} segments"
        raise body.refuse(msg)
    _change(session, segments=(*session.fact.segments, segment))
    _seen(session, record)


def _session_superseded(trainee: TraineeRecord, _record: Record, body: _Body) -> None:
    _change(_session(trainee, body), superseded_us=body.whole("superseded_us"))


def _session_closed(trainee: TraineeRecord, _record: Record, body: _Body) -> None:
    session = _session(trainee, body)
    if body.whole("segments") != len(session.fact.segments):
        msg = f"it counts {body.whole('segments')} segments, {len(session.fact.segments)} are there"
        raise body.refuse(msg)
    _change(session, closed_us=body.whole("closed_us"), close_reason=body.text("reason"))


def _unlocked(trainee: TraineeRecord, _record: Record, body: _Body) -> None:
    trainee.unlocked_us = body.whole("unlocked_us")


def _locked(trainee: TraineeRecord, _record: Record, body: _Body) -> None:
    trainee.locked_us = body.whole("locked_us")


def _attempt_opened(trainee: TraineeRecord, record: Record, body: _Body) -> None:
    attempt = body.text("attempt")
    if attempt in trainee.attempts:
        msg = "the attempt is opened twice"
        raise body.refuse(msg)
    fact = AttemptFact(attempt, body.whole("number"), body.whole("opened_us"), body.whole("deadline_us"))
    names = sorted(name for name in record.leaf.d if len(name) == 4 and name[0] == "q")  # noqa: PLR2004  # q001
    items: list[Mapping[str, Json] | None] = []
    for name in names:
        value = record.values.get(name)
        if name in record.values and not isinstance(value, dict):
            msg = f"the question {name} is not an object"
            raise body.refuse(msg)
        items.append(value if isinstance(value, dict) else None)
    trainee.attempts[attempt] = AttemptRecord(fact, record.text("ip"), items)


def _attempt_submitted(trainee: TraineeRecord, record: Record, body: _Body) -> None:
    attempt = _attempt(trainee, body)
    _amend(attempt, submitted_us=body.whole("submitted_us"), closed_by=body.text("closed_by"))
    answers = record.values.get("answers")
    if "answers" in record.values and not isinstance(answers, list):
        msg = "the answers are not a list"
        raise body.refuse(msg)
    attempt.answers = answers if isinstance(answers, list) else None


def _attempt_graded(trainee: TraineeRecord, _record: Record, body: _Body) -> None:
    _amend(_attempt(trainee, body), score=body.exact("score"), passed=body.flag("passed"))


_TRAINEE = {
    "trainee.registered": _registered,
    "trainee.activated": _activated,
    "session.opened": _session_opened,
    "session.segment": _session_segment,
    "session.superseded": _session_superseded,
    "session.closed": _session_closed,
    "exam.unlocked": _unlocked,
    "exam.locked": _locked,
    "attempt.opened": _attempt_opened,
    "attempt.submitted": _attempt_submitted,
    "attempt.graded": _attempt_graded,
}
_TRAINEE_IGNORED: frozenset[str] = frozenset()


def _session(trainee: TraineeRecord, body: _Body) -> SessionRecord:
    session = trainee.sessions.get(body.text("session"))
    if session is None:
        msg = "the session was never opened"
        raise body.refuse(msg)
    if session.fact.closed_us is not None:
        msg = "the session is already closed"
        raise body.refuse(msg)
    return session


def _attempt(trainee: TraineeRecord, body: _Body) -> AttemptRecord:
    attempt = trainee.attempts.get(body.text("attempt"))
    if attempt is None:
        msg = "the attempt was never opened"
        raise body.refuse(msg)
    return attempt


def _seen(session: SessionRecord, record: Record) -> None:
    for name, seen in (("ip", session.addresses), ("agent", session.agents)):
        text = record.text(name)
        if text and text not in seen:
            seen.append(text)


def _change(session: SessionRecord, **changes: Any) -> None:
    fact = session.fact
    values = {name: getattr(fact, name) for name in fact.__slots__} | changes
    session.fact = SessionFact(**values)


def _amend(attempt: AttemptRecord, **changes: Any) -> None:
    fact = attempt.fact
    values = {name: getattr(fact, name) for name in fact.__slots__} | changes
    attempt.fact = AttemptFact(**values)
